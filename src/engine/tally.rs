//! What a run counts while it goes, and its summary at the end.

use super::Request;
use super::trail::{Samples, Trail};
use crate::model::{Alert, Bookkeeping, OutcomeCounts, ReadOutcome, StageRecord};
use crate::plan::outline::Outline;
use crate::plan::picture::{Passage, Traffic};
use crate::plan::{Plan, StandsIn};
use crate::quality::{Compared, FieldLoss};
use crate::store::waiting::WaitingHolds;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a run has counted so far.
#[derive(Debug, Default)]
pub struct Tally {
    stages: BTreeMap<(String, String), StageRecord>,
    /// How each source was read.
    pub reads: BTreeMap<String, ReadOutcome>,
    /// Why a source was not read, if it is to be read at other hours.
    pub waits: BTreeMap<String, String>,
    /// What became of the documents of each source.
    pub counts: BTreeMap<String, OutcomeCounts>,
    /// What is not as usual at each source.
    pub unusual: BTreeMap<String, Vec<Compared>>,
    /// Values of each source that could not be read and were left out.
    pub lost: BTreeMap<String, Vec<FieldLoss>>,
    /// What was noted of each source without changing a job.
    pub bookkeeping: BTreeMap<String, Bookkeeping>,
    /// What someone must look at.
    pub alerts: Vec<Alert>,
    /// What waits for a person at the end.
    pub waiting: Vec<WaitingHolds>,
    /// A few ads at each stage.
    pub(super) samples: Samples,
    /// Sources and rules that an alert has told of.
    pub broken_rules: BTreeSet<(String, String)>,
}

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The institution.
    pub institution: String,
    /// The run.
    pub run: i64,
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
    /// Sources that failed, and why.
    pub problems: BTreeMap<String, String>,
    /// Set where the run was of the last good version, as files are broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_in: Option<StandsIn>,
    /// What it leaves for the picture.
    #[serde(skip)]
    pub trail: Trail,
}

/// What came of one source.
#[derive(Debug, Clone, Serialize)]
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
    pub unusual: Vec<Compared>,
    /// Values that could not be read and were left out, by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<FieldLoss>,
    /// What was noted without changing a job.
    pub bookkeeping: Bookkeeping,
}

impl Tally {
    /// Adds what a stage did to a batch.
    pub fn stage(&mut self, stage: &str, source: &str, rows_in: usize, rows_out: usize, refused: usize, took: Duration) {
        let key = (stage.to_owned(), source.to_owned());
        let record =
            self.stages.entry(key).or_insert_with(|| StageRecord { stage: stage.to_owned(), source: source.to_owned(), ..StageRecord::default() });
        let wide = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        record.rows_in += wide(rows_in);
        record.rows_out += wide(rows_out);
        record.refused += wide(refused);
        record.micros += i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
    }

    /// Notes what changed no job.
    pub fn noted(&mut self, source: &str, note: impl FnOnce(&mut Bookkeeping)) {
        note(self.bookkeeping.entry(source.to_owned()).or_default());
    }

    /// Everything that the stages did.
    pub fn stages(&self) -> Vec<StageRecord> {
        self.stages.values().cloned().collect()
    }

    /// The summary.
    pub fn summary(
        &self,
        plan: &Plan,
        request: &Request,
        run: i64,
        millis: i64,
        tables: BTreeMap<String, i64>,
        problems: BTreeMap<String, String>,
    ) -> Summary {
        let mut total = OutcomeCounts::default();
        let mut sources = BTreeMap::new();
        for flow in &plan.flows {
            let counts = self.counts.get(&flow.source).cloned().unwrap_or_default();
            total.add(&counts);
            sources.insert(
                flow.source.clone(),
                SourceSummary {
                    counts,
                    read: self.reads.get(&flow.source).cloned(),
                    waits: self.waits.get(&flow.source).cloned(),
                    unusual: self.unusual.get(&flow.source).cloned().unwrap_or_default(),
                    lost: self.lost.get(&flow.source).cloned().unwrap_or_default(),
                    bookkeeping: self.bookkeeping.get(&flow.source).copied().unwrap_or_default(),
                },
            );
        }
        let trail = self.trail(plan);
        Summary {
            institution: plan.institution.slug.clone(),
            run,
            at: request.at.0,
            dry_run: request.dry_run,
            millis,
            total,
            sources,
            flowing: trail.traffic.iter().map(|(stage, passed)| (stage.clone(), passed.rows_out)).collect(),
            tables,
            alerts: self.alerts.clone(),
            waiting: self.waiting.clone(),
            problems,
            stands_in: plan.stands_in.clone(),
            trail,
        }
    }

    fn trail(&self, plan: &Plan) -> Trail {
        let (mut traffic, mut samples) = (Traffic::new(), BTreeMap::new());
        for node in plan.graph.node_weights() {
            let (kind, source) = (node.kind.name(), node.source.as_deref());
            let records = self.stages.values().filter(|record| record.stage == kind && source.is_none_or(|source| *source == record.source));
            let passed = records.fold(Passage::default(), |all, record| Passage {
                rows_in: all.rows_in + record.rows_in,
                rows_out: all.rows_out + record.rows_out,
                refused: all.refused + record.refused,
                micros: all.micros + record.micros,
            });
            traffic.insert(node.name.clone(), passed);
            samples.insert(node.name.clone(), self.samples.of(kind, source));
        }
        Trail { plan: Outline::of(plan), traffic, samples }
    }
}

impl Summary {
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
        use crate::model::ReadState::{Blocked, Partial, Unreachable};
        let unread = |source: &SourceSummary| source.read.as_ref().is_some_and(|read| matches!(read.state, Blocked | Partial | Unreachable));
        self.stands_in.is_some() || !self.problems.is_empty() || self.sources.values().any(unread)
    }
}
