//! What a run counts: derived from its events alone. [`RunStats::count`] is the only place that
//! writes here; to count something more, put it into an event.

use super::aside::DerivedAds;
use super::event::RunEvent;
use super::opening_counts::OpeningCounts;
use super::run_log::RunLog;
use super::summary::{RunSummary, SourceSummary};
use super::trail::{RunTrail, StageSamples};
use chrono::{DateTime, Utc};
use petgraph::stable_graph::NodeIndex;
use std::collections::BTreeMap;
use std::time::Duration;
use weir_model::{Alert, Clock, OutcomeCounts, RunEdge, RunId, RunTrace, StageRecord};
use weir_project::plan::outline::PlanOutline;
use weir_project::plan::picture::{SetAside, StageAsides, StagePassage};
use weir_project::plan::{Plan, PlanNode, SourcePlan};
use weir_store::waiting::WaitingHolds;

/// What a run has counted so far, event by event.
#[derive(Debug, Default)]
pub struct RunStats {
    passages: BTreeMap<(&'static str, String), StagePassage>,
    sources: BTreeMap<String, SourceSummary>,
    derived: BTreeMap<String, DerivedAds>,
    alerts: Vec<Alert>,
    waiting: Vec<WaitingHolds>,
    openings: Option<OpeningCounts>,
    log: RunLog,
}

/// How a run ended, beside what it counted.
pub(super) struct RunEnd {
    pub run: RunId,
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
    pub(super) fn count(&mut self, event: RunEvent, at: DateTime<Utc>) {
        self.log.note(&event, at);
        match event {
            RunEvent::StageDone {
                source,
                stage,
                ads,
                refused,
                micros,
                ..
            } => self.batch(stage, source, ads, refused, micros),
            RunEvent::NodeFinished { node, passage, .. } => {
                self.passages.insert((node.stage, node.source), passage);
            }
            RunEvent::ReadFinished { source, proof, .. } => self.of(source).read = Some(proof),
            RunEvent::SourceWaits { source, why, .. } => self.of(source).waits = Some(why),
            RunEvent::SourceCounted {
                source,
                counts,
                seen,
                set_aside,
                ..
            } => {
                let of = self.of(source);
                (of.counts, of.bookkeeping.seen, of.set_aside) = (counts, seen, set_aside);
            }
            RunEvent::QualityWeighed {
                source, compared, ..
            } => self.of(source).unusual = compared,
            RunEvent::ValuesLost { source, fields, .. } => self.of(source).lost = fields,
            RunEvent::BatchWritten {
                source,
                refreshed,
                derived,
                ..
            } => {
                self.derived
                    .entry(source.clone())
                    .or_default()
                    .add(&derived);
                self.of(source).bookkeeping.refreshed +=
                    i64::try_from(refreshed).unwrap_or(i64::MAX);
            }
            RunEvent::SourceSettled {
                source,
                missed,
                withdrawn,
                ..
            } => {
                let bookkeeping = &mut self.of(source).bookkeeping;
                bookkeeping.missed += i64::try_from(missed).unwrap_or(i64::MAX);
                bookkeeping.withdrawn += i64::try_from(withdrawn).unwrap_or(i64::MAX);
            }
            RunEvent::AlertRaised { alert, .. } => self.alerts.push(alert),
            RunEvent::DecisionsWaiting { waiting, .. } => self.waiting = waiting,
            RunEvent::OpeningsJudged { counts, .. } => {
                self.openings.get_or_insert_default().add(counts);
            }
            RunEvent::RunStarted { .. }
            | RunEvent::NodeStarted(_)
            | RunEvent::PageStored { .. } => {}
            RunEvent::IdentitySettled { .. } | RunEvent::RunFinished { .. } => {}
        }
    }

    fn of(&mut self, source: String) -> &mut SourceSummary {
        self.sources.entry(source).or_default()
    }

    /// Adds what a stage of single records did to a batch.
    fn batch(
        &mut self,
        stage: &'static str,
        source: String,
        ads: usize,
        refused: usize,
        micros: u64,
    ) {
        let passage = self.passages.entry((stage, source)).or_default();
        let wide = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        passage.rows_in += wide(ads);
        passage.rows_out += wide(ads - refused);
        passage.refused += wide(refused);
        passage.micros += i64::try_from(micros).unwrap_or(i64::MAX);
    }

    /// Why another number of ads of a source was derived than a read gave; `listed` says how the
    /// ads that it listed stand.
    pub(super) fn set_aside(
        &self,
        source: &str,
        lists: bool,
        listed: &BTreeMap<String, i64>,
    ) -> Vec<SetAside> {
        let of = self.sources.get(source).and_then(|of| of.read.as_ref());
        let items = of.map_or(0, |proof| proof.items);
        self.derived
            .get(source)
            .cloned()
            .unwrap_or_default()
            .set_aside(lists, items, listed)
    }

    /// What has passed a stage of a source so far.
    pub(super) fn passage(&self, stage: &'static str, source: &str) -> StagePassage {
        self.passages
            .get(&(stage, source.to_owned()))
            .copied()
            .unwrap_or_default()
    }

    /// What has passed a node so far.
    fn of_node(&self, node: &PlanNode) -> StagePassage {
        self.passage(node.kind.name(), node.source.as_deref().unwrap_or_default())
    }

    /// What passes a stage of the institution: the ads of all its sources.
    pub(super) fn passed(&self, took: Duration) -> StagePassage {
        StagePassage::through(
            self.sources
                .values()
                .map(|source| source.counts.documents)
                .sum(),
            took,
        )
    }

    /// Everything that the nodes of a plan did, a record each.
    pub(super) fn nodes(&self, plan: &Plan) -> Vec<StageRecord> {
        let record = |node: &PlanNode| {
            let source = node.source.clone().unwrap_or_default();
            let StagePassage {
                rows_in,
                rows_out,
                refused,
                micros,
            } = self.of_node(node);
            StageRecord {
                stage: node.kind.name().to_owned(),
                source,
                rows_in,
                rows_out,
                refused,
                micros,
                ..StageRecord::default()
            }
        };
        plan.graph.node_weights().map(record).collect()
    }

    /// What the run leaves for whoever looks at it.
    pub(super) fn trace(&self, plan: &Plan, samples: &StageSamples) -> RunTrace {
        let graph = &plan.graph;
        let edge = |(from, to): (NodeIndex, NodeIndex)| {
            let (from, to) = (&graph[from], &graph[to]);
            RunEdge {
                from: from.name.clone(),
                to: to.name.clone(),
                rows: self.of_node(from).rows_out,
            }
        };
        let edges = graph
            .edge_indices()
            .filter_map(|edge| graph.edge_endpoints(edge))
            .map(edge)
            .collect();
        let few = |node: &PlanNode| {
            let name = node.name.clone();
            samples
                .of(node.kind.name(), node.source.as_deref())
                .into_iter()
                .map(move |sample| (name.clone(), sample))
        };
        RunTrace {
            edges,
            samples: graph.node_weights().flat_map(few).collect(),
            log: self.log.lines(),
        }
    }

    /// The summary.
    pub(super) fn summary(
        &self,
        plan: &Plan,
        outline: &PlanOutline,
        end: RunEnd,
        samples: &StageSamples,
    ) -> RunSummary {
        let mut total = OutcomeCounts::default();
        let of = |flow: &SourcePlan| {
            (
                flow.source.clone(),
                self.sources.get(&flow.source).cloned().unwrap_or_default(),
            )
        };
        let sources: BTreeMap<String, SourceSummary> = plan.flows.iter().map(of).collect();
        sources
            .values()
            .for_each(|source| total.add(&source.counts));
        let trail = self.trail(plan, outline, samples);
        RunSummary {
            institution: plan.institution.slug.clone(),
            run: end.run,
            at: end.at.0,
            dry_run: end.is_dry,
            millis: end.millis,
            total,
            sources,
            flowing: trail
                .traffic
                .iter()
                .map(|(node, passed)| (node.clone(), passed.rows_out))
                .collect(),
            tables: end.tables,
            alerts: self.alerts.clone(),
            waiting: self.waiting.clone(),
            openings: self.openings,
            problems: end.problems,
            stands_in: plan.stands_in.clone(),
            trail,
        }
    }

    fn trail(&self, plan: &Plan, outline: &PlanOutline, samples: &StageSamples) -> RunTrail {
        let traffic = plan
            .graph
            .node_weights()
            .map(|node| (node.name.clone(), self.of_node(node)))
            .collect();
        let few = |node: &PlanNode| {
            (
                node.name.clone(),
                samples.of(node.kind.name(), node.source.as_deref()),
            )
        };
        let of = self
            .sources
            .iter()
            .map(|(source, of)| (source.as_str(), of.set_aside.clone()));
        let asides = StageAsides::of(outline, of.collect());
        RunTrail {
            plan: outline.clone(),
            traffic,
            asides,
            samples: plan.graph.node_weights().map(few).collect(),
        }
    }
}
