//! What a run counts while it goes, and its summary at the end.

use super::Request;
use crate::plan::Plan;
use crate::store::figures::Counts;
use crate::store::reads::Proof;
use crate::store::records::Bookkeeping;
use crate::store::runs::{Alert, StageRecord};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a run has counted so far.
#[derive(Debug, Default)]
pub struct Tally {
    stages: BTreeMap<(String, String), StageRecord>,
    /// How each source was read.
    pub reads: BTreeMap<String, Proof>,
    /// What became of the documents of each source.
    pub counts: BTreeMap<String, Counts>,
    /// What was noted of each source without changing a job.
    pub bookkeeping: BTreeMap<String, Bookkeeping>,
    /// What someone must look at.
    pub alerts: Vec<Alert>,
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
    pub total: Counts,
    /// Each source.
    pub sources: BTreeMap<String, SourceSummary>,
    /// Ads that left each stage, by its name in the plan.
    pub flowing: BTreeMap<String, i64>,
    /// Bytes of each table at the end.
    pub tables: BTreeMap<String, i64>,
    /// What someone must look at.
    pub alerts: Vec<Alert>,
    /// Sources that failed, and why.
    pub problems: BTreeMap<String, String>,
}

/// What came of one source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceSummary {
    /// What became of its documents.
    #[serde(flatten)]
    pub counts: Counts,
    /// How it was read.
    pub read: Option<Proof>,
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
        let mut total = Counts::default();
        let mut sources = BTreeMap::new();
        for flow in &plan.flows {
            let counts = self.counts.get(&flow.source).cloned().unwrap_or_default();
            total.add(&counts);
            let (read, bookkeeping) = (self.reads.get(&flow.source).cloned(), self.bookkeeping.get(&flow.source).copied().unwrap_or_default());
            sources.insert(flow.source.clone(), SourceSummary { counts, read, bookkeeping });
        }
        Summary {
            institution: plan.tenant.slug.clone(),
            run,
            at: request.at.0,
            dry_run: request.dry_run,
            millis,
            total,
            sources,
            flowing: self.flowing(plan),
            tables,
            alerts: self.alerts.clone(),
            problems,
        }
    }

    fn flowing(&self, plan: &Plan) -> BTreeMap<String, i64> {
        let mut flowing = BTreeMap::new();
        for node in plan.graph.node_weights() {
            let records = self.stages.values().filter(|record| record.stage == node.kind.name());
            let of_node = records.filter(|record| node.source.as_ref().is_none_or(|source| *source == record.source));
            flowing.insert(node.name.clone(), of_node.map(|record| record.rows_out).sum());
        }
        flowing
    }
}

impl Summary {
    /// The summary as JSON.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Whether a source failed or could not be read as it should.
    pub fn has_problems(&self) -> bool {
        use crate::store::reads::ReadState::{Blocked, Partial, Unreachable};
        let unread = |source: &SourceSummary| source.read.as_ref().is_some_and(|read| matches!(read.state, Blocked | Partial | Unreachable));
        !self.problems.is_empty() || self.sources.values().any(unread)
    }
}
