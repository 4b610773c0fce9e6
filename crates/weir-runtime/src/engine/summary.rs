//! What came of a run: what `weir run` prints, what `runs.summary` keeps, what an event at its end
//! carries. It is counted by `run_stats`; nothing here decides anything.

use super::opening_counts::OpeningCounts;
use super::trail::RunTrail;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use weir_model::quality::{ComparedMeasure, FieldLoss};
use weir_model::{Alert, Bookkeeping, OutcomeCounts, ReadOutcome, RunId};
use weir_project::plan::StandsIn;
use weir_project::plan::picture::SetAside;
use weir_store::waiting::WaitingHolds;

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    /// The institution.
    pub institution: String,
    /// The run.
    pub run: RunId,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// Whether it was rolled back.
    pub dry_run: bool,
    /// Wall-clock milliseconds.
    pub millis: i64,
    /// All sources together.
    pub total: OutcomeCounts,
    /// Each source.
    pub sources: BTreeMap<String, SourceSummary>,
    /// Ads that left each stage, by its name in the plan.
    pub flowing: BTreeMap<String, i64>,
    /// Bytes of each table at the end.
    pub tables: BTreeMap<String, i64>,
    /// What someone must look at.
    pub alerts: Vec<Alert>,
    /// What waits for a person.
    pub waiting: Vec<WaitingHolds>,
    /// What became of openings, where a job was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openings: Option<OpeningCounts>,
    /// Sources that failed, and why.
    pub problems: BTreeMap<String, String>,
    /// Set where the run was of the last good version, as files are broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_in: Option<StandsIn>,
    /// What it leaves for the picture.
    #[serde(skip)]
    pub trail: RunTrail,
}

/// What came of one source.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceSummary {
    /// What became of its documents.
    #[serde(flatten)]
    pub counts: OutcomeCounts,
    /// How it was read.
    pub read: Option<ReadOutcome>,
    /// Why it was not read, if it is to be read at other hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// What is not as usual.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unusual: Vec<ComparedMeasure>,
    /// Values that could not be read and were left out, by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<FieldLoss>,
    /// What was noted without changing a job.
    pub bookkeeping: Bookkeeping,
    /// Why another number of ads was derived than read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<SetAside>,
}

impl RunSummary {
    /// The summary as JSON.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Whether values were there and could not be read.
    pub fn has_losses(&self) -> bool {
        self.sources.values().any(|source| !source.lost.is_empty())
    }

    /// Whether a source failed or could not be read as it should, or files are broken.
    pub fn has_problems(&self) -> bool {
        use weir_model::ReadState::{Blocked, Partial, Unreachable};
        let unread = |source: &SourceSummary| {
            source
                .read
                .as_ref()
                .is_some_and(|read| matches!(read.state, Blocked | Partial | Unreachable))
        };
        self.stands_in.is_some() || !self.problems.is_empty() || self.sources.values().any(unread)
    }
}
