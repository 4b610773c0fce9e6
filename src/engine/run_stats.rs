//! What a run counts: derived from its events alone, and its summary at the end.

use super::aside::DerivedAds;
use super::event::Event;
use super::run_log::RunLog;
use super::trail::{Samples, Trail};
use crate::model::{Alert, Bookkeeping, Clock, OutcomeCounts, ReadOutcome, RunEdge, RunTrace, StageRecord};
use crate::plan::outline::Outline;
use crate::plan::picture::{Asides, Passage, SetAside};
use crate::plan::{Flow, Node, Plan, StandsIn};
use crate::quality::{Compared, FieldLoss};
use crate::store::waiting::WaitingHolds;
use chrono::{DateTime, Utc};
use petgraph::stable_graph::NodeIndex;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a run has counted so far, event by event.
#[derive(Debug, Default)]
pub struct RunStats {
    passages: BTreeMap<(&'static str, String), Passage>,
    sources: BTreeMap<String, SourceSummary>,
    derived: BTreeMap<String, DerivedAds>,
    alerts: Vec<Alert>,
    waiting: Vec<WaitingHolds>,
    log: RunLog,
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
    pub unusual: Vec<Compared>,
    /// Values that could not be read and were left out, by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<FieldLoss>,
    /// What was noted without changing a job.
    pub bookkeeping: Bookkeeping,
    /// Why another number of ads was derived than read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<SetAside>,
}

/// How a run ended, beside what it counted.
pub(super) struct RunEnd {
    pub run: i64,
    pub at: Clock,
    pub is_dry: bool,
    pub millis: i64,
    /// Bytes of each table.
    pub tables: BTreeMap<String, i64>,
    /// Sources that failed, and why.
    pub problems: BTreeMap<String, String>,
}

impl RunStats {
    /// Counts an event: the only place that writes here.
    pub(super) fn count(&mut self, event: Event, at: DateTime<Utc>) {
        self.log.note(&event, at);
        match event {
            Event::StageDone { source, stage, ads, refused, micros, .. } => self.batch(stage, source, ads, refused, micros),
            Event::NodeFinished { node, passage, .. } => {
                self.passages.insert((node.stage, node.source), passage);
            }
            Event::ReadFinished { source, proof, .. } => self.of(source).read = Some(proof),
            Event::SourceWaits { source, why, .. } => self.of(source).waits = Some(why),
            Event::SourceCounted { source, counts, seen, set_aside, .. } => {
                let of = self.of(source);
                (of.counts, of.bookkeeping.seen, of.set_aside) = (counts, seen, set_aside);
            }
            Event::QualityWeighed { source, compared, .. } => self.of(source).unusual = compared,
            Event::ValuesLost { source, fields, .. } => self.of(source).lost = fields,
            Event::BatchWritten { source, refreshed, derived, .. } => {
                self.derived.entry(source.clone()).or_default().add(&derived);
                self.of(source).bookkeeping.refreshed += i64::try_from(refreshed).unwrap_or(i64::MAX);
            }
            Event::SourceSettled { source, missed, withdrawn, .. } => {
                let bookkeeping = &mut self.of(source).bookkeeping;
                bookkeeping.missed += i64::try_from(missed).unwrap_or(i64::MAX);
                bookkeeping.withdrawn += i64::try_from(withdrawn).unwrap_or(i64::MAX);
            }
            Event::AlertRaised { alert, .. } => self.alerts.push(alert),
            Event::DecisionsWaiting { waiting, .. } => self.waiting = waiting,
            Event::RunStarted { .. } | Event::NodeStarted(_) | Event::PageStored { .. } => {}
            Event::IdentitySettled { .. } | Event::RunFinished { .. } => {}
        }
    }

    fn of(&mut self, source: String) -> &mut SourceSummary {
        self.sources.entry(source).or_default()
    }

    /// Adds what a stage of single records did to a batch.
    fn batch(&mut self, stage: &'static str, source: String, ads: usize, refused: usize, micros: u64) {
        let passage = self.passages.entry((stage, source)).or_default();
        let wide = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        passage.rows_in += wide(ads);
        passage.rows_out += wide(ads - refused);
        passage.refused += wide(refused);
        passage.micros += i64::try_from(micros).unwrap_or(i64::MAX);
    }

    /// Why another number of ads of a source was derived than a read gave; `listed` says how the ads that it listed stand.
    pub(super) fn set_aside(&self, source: &str, read: i64, listed: &BTreeMap<String, i64>) -> Vec<SetAside> {
        let of = self.sources.get(source).and_then(|of| of.read.as_ref());
        let items = of.map_or(0, |proof| proof.items);
        self.derived.get(source).cloned().unwrap_or_default().set_aside(read, items, listed)
    }

    /// What has passed a stage of a source so far.
    pub(super) fn passage(&self, stage: &'static str, source: &str) -> Passage {
        self.passages.get(&(stage, source.to_owned())).copied().unwrap_or_default()
    }

    /// What passes a stage of the institution: the ads of all its sources.
    pub(super) fn passed(&self, took: Duration) -> Passage {
        let rows = self.sources.values().map(|source| source.counts.documents).sum();
        Passage { rows_in: rows, rows_out: rows, refused: 0, micros: i64::try_from(took.as_micros()).unwrap_or(i64::MAX) }
    }

    /// Everything that the nodes of a plan did, a record each.
    pub(super) fn nodes(&self, plan: &Plan) -> Vec<StageRecord> {
        let record = |node: &Node| {
            let source = node.source.clone().unwrap_or_default();
            let Passage { rows_in, rows_out, refused, micros } = self.passage(node.kind.name(), &source);
            StageRecord { stage: node.kind.name().to_owned(), source, rows_in, rows_out, refused, micros, ..StageRecord::default() }
        };
        plan.graph.node_weights().map(record).collect()
    }

    /// What the run leaves for whoever looks at it.
    pub(super) fn trace(&self, plan: &Plan, samples: &Samples) -> RunTrace {
        let graph = &plan.graph;
        let edge = |(from, to): (NodeIndex, NodeIndex)| {
            let (from, to) = (&graph[from], &graph[to]);
            let rows = self.passage(from.kind.name(), from.source.as_deref().unwrap_or_default()).rows_out;
            RunEdge { from: from.name.clone(), to: to.name.clone(), rows }
        };
        let edges = graph.edge_indices().filter_map(|edge| graph.edge_endpoints(edge)).map(edge).collect();
        let few = |node: &Node| {
            let name = node.name.clone();
            samples.of(node.kind.name(), node.source.as_deref()).into_iter().map(move |sample| (name.clone(), sample))
        };
        RunTrace { edges, samples: graph.node_weights().flat_map(few).collect(), log: self.log.lines() }
    }

    /// The summary.
    pub(super) fn summary(&self, plan: &Plan, end: RunEnd, samples: &Samples) -> Summary {
        let mut total = OutcomeCounts::default();
        let of = |flow: &Flow| (flow.source.clone(), self.sources.get(&flow.source).cloned().unwrap_or_default());
        let sources: BTreeMap<String, SourceSummary> = plan.flows.iter().map(of).collect();
        sources.values().for_each(|source| total.add(&source.counts));
        let trail = self.trail(plan, samples);
        Summary {
            institution: plan.institution.slug.clone(),
            run: end.run,
            at: end.at.0,
            dry_run: end.is_dry,
            millis: end.millis,
            total,
            sources,
            flowing: trail.traffic.iter().map(|(node, passed)| (node.clone(), passed.rows_out)).collect(),
            tables: end.tables,
            alerts: self.alerts.clone(),
            waiting: self.waiting.clone(),
            problems: end.problems,
            stands_in: plan.stands_in.clone(),
            trail,
        }
    }

    fn trail(&self, plan: &Plan, samples: &Samples) -> Trail {
        let outline = Outline::of(plan);
        let passage = |node: &Node| self.passage(node.kind.name(), node.source.as_deref().unwrap_or_default());
        let traffic = plan.graph.node_weights().map(|node| (node.name.clone(), passage(node))).collect();
        let few = |node: &Node| (node.name.clone(), samples.of(node.kind.name(), node.source.as_deref()));
        let of = self.sources.iter().map(|(source, of)| (source.as_str(), of.set_aside.clone()));
        let asides = Asides::of(&outline, of.collect());
        Trail { plan: outline, traffic, asides, samples: plan.graph.node_weights().map(few).collect() }
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
