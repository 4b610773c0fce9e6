//! From node to node: the sources side by side, then the stages of the institution, each once all
//! that it waits for has ended.

use super::event::RunEvent;
use super::run::RunningPlan;
use super::source_walk::SourceWalk;
use super::spool::DocumentFeed;
use super::{BOARDS_AT_ONCE, FILES_AT_ONCE, RunError, RunSummary, dedupe, error, report};
use chrono::{DateTime, Utc};
use futures::stream::{FuturesUnordered, StreamExt};
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::stable_graph::StableDiGraph;
use std::collections::{BTreeMap, BTreeSet};
use weir_model::{Alert, RunStatus};
use weir_project::plan::SourcePlan;
use weir_stage::{StageKind, StageScope};
use weir_store::StoreError;

impl RunningPlan<'_> {
    /// Walks the sources, then what follows them.
    #[tracing::instrument(name = "run", skip_all, err(level = "debug"), fields(institution = %self.plan.institution.slug, run = self.id.0))]
    pub(super) async fn walk(
        &self,
        feeds: Vec<DocumentFeed>,
        begun: DateTime<Utc>,
    ) -> Result<RunSummary, RunError> {
        self.emit(RunEvent::RunStarted {
            institution: self.plan.institution.slug.clone(),
            run: self.id,
            at: self.request.at.0,
            dry_run: self.is_dry,
            sources: self
                .plan
                .flows
                .iter()
                .map(|flow| flow.source.clone())
                .collect(),
        })?;
        if let Some(stands_in) = &self.plan.stands_in {
            let message = stands_in.words(&self.plan.institution.slug);
            let alert = Alert {
                source: String::new(),
                kind: "last_good",
                severity: "error",
                message,
            };
            let mut held = self.lane.hold().await?;
            let mut tx = held.begin_batch().await?;
            self.raise(&mut tx, alert).await?;
            tx.commit().await.map_err(StoreError::from)?;
        }
        let mut errors = sources(self, feeds).await;
        if errors
            .values()
            .any(|error| matches!(error, RunError::Interrupted))
            || self.engine.stop.is_cancelled()
        {
            self.finish(RunStatus::Interrupted, None, Some("interrupted"))
                .await?;
            return Err(RunError::Interrupted);
        }
        let lost = errors
            .extract_if(.., |_, error| error::is_lost(error))
            .next();
        if let Some((_, lost)) = lost {
            return Err(lost);
        }
        if let Some(passing) = self.passing(&mut errors) {
            let why = passing.to_string();
            self.finish(RunStatus::Interrupted, None, Some(&why))
                .await?;
            return Err(passing);
        }
        institution(self).await?;
        self.conclude(begun, &errors).await
    }

    /// Why a run that was due is better tried again than ended without a source: the database was
    /// away, or full. Whoever runs by hand sees the others through, and what is wrong.
    fn passing(&self, errors: &mut BTreeMap<String, RunError>) -> Option<RunError> {
        self.request.occasion.unit?;
        let passes = |error: &RunError| matches!(error, RunError::Store(error) if error.may_pass());
        let mut found = errors.extract_if(.., |_, error| passes(error));
        found.next().map(|(_, error)| error)
    }
}

/// Walks all sources; a dead or slow one delays no other. Gives those that failed.
pub(super) async fn sources(
    run: &RunningPlan<'_>,
    feeds: Vec<DocumentFeed>,
) -> BTreeMap<String, RunError> {
    let all = run.plan.flows.iter().zip(feeds);
    let (boards, files): (Vec<_>, Vec<_>) = all.partition(|(flow, feed)| feed.is_awaited(flow));
    let some = |sources, at_once| some(run, sources, at_once);
    let (mut errors, others) =
        tokio::join!(some(boards, BOARDS_AT_ONCE), some(files, FILES_AT_ONCE));
    errors.extend(others);
    errors
}

async fn some(
    run: &RunningPlan<'_>,
    sources: Vec<(&SourcePlan, DocumentFeed)>,
    at_once: usize,
) -> BTreeMap<String, RunError> {
    let mut waiting = sources.into_iter();
    let mut working = FuturesUnordered::new();
    let mut errors = BTreeMap::new();
    let begin = |(flow, feed): (&SourcePlan, DocumentFeed)| {
        let source = flow.source.clone();
        let walk = SourceWalk::new(run, flow.clone());
        async move { (source, walk.walk(feed).await) }
    };
    working.extend(waiting.by_ref().take(at_once).map(begin));
    while let Some((source, result)) = working.next().await {
        if let Err(error) = result {
            errors.insert(source, error);
        }
        working.extend(waiting.next().map(begin));
    }
    errors
}

/// Walks the stages of the institution.
pub(super) async fn institution(run: &RunningPlan<'_>) -> Result<(), RunError> {
    let graph = &run.plan.graph;
    let nodes: BTreeSet<NodeIndex> = graph
        .node_indices()
        .filter(|node| graph[*node].kind.scope() == StageScope::Institution)
        .collect();
    in_order(graph, nodes, async |node| conclude(run, node).await).await
}

async fn conclude(run: &RunningPlan<'_>, node: NodeIndex) -> Result<(), RunError> {
    match run.plan.graph[node].kind {
        StageKind::Dedupe => dedupe::find_openings(run, node).await,
        StageKind::Report => report::sum_up(run, node).await,
        _ => Ok(()),
    }
}

/// Runs some nodes: each starts when those that it waits for have finished, and independent nodes
/// run side by side. After an error, no further node starts.
async fn in_order<N, E, W: AsyncFn(NodeIndex) -> Result<(), E>>(
    graph: &StableDiGraph<N, ()>,
    mut waiting: BTreeSet<NodeIndex>,
    work: W,
) -> Result<(), E> {
    let mut working = FuturesUnordered::new();
    let mut open = waiting.clone();
    loop {
        let is_free = |node: &NodeIndex| {
            !graph
                .neighbors_directed(*node, Direction::Incoming)
                .any(|before| open.contains(&before))
        };
        let free: Vec<NodeIndex> = waiting.iter().copied().filter(is_free).collect();
        for node in free {
            waiting.remove(&node);
            let work = &work;
            working.push(async move { work(node).await.map(|()| node) });
        }
        match working.next().await {
            Some(ended) => open.remove(&ended?),
            None => return Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::sync::Barrier;

    /// `a` before `b` and `c`, both before `d`.
    fn diamond() -> (StableDiGraph<&'static str, ()>, BTreeSet<NodeIndex>) {
        let mut graph = StableDiGraph::new();
        let nodes = ["a", "b", "c", "d"].map(|name| graph.add_node(name));
        for (from, to) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
            graph.add_edge(nodes[from], nodes[to], ());
        }
        (graph, nodes.into_iter().collect())
    }

    #[tokio::test]
    async fn nodes_that_do_not_wait_for_each_other_work_side_by_side() {
        let (graph, nodes) = diamond();
        let (done, both) = (Mutex::new(Vec::new()), Barrier::new(2));
        let worked: Result<(), ()> = in_order(&graph, nodes, async |node| {
            if matches!(graph[node], "b" | "c") {
                // One alone would wait for ever.
                both.wait().await;
            }
            done.lock().unwrap().push(graph[node]);
            Ok(())
        })
        .await;
        let mut done = done.into_inner().unwrap();
        done[1..3].sort_unstable();
        assert_eq!(
            (worked, done.as_slice()),
            (Ok(()), ["a", "b", "c", "d"].as_slice())
        );
    }

    #[tokio::test]
    async fn nothing_begins_after_an_error() {
        let (graph, nodes) = diamond();
        let done = Mutex::new(Vec::new());
        let worked = in_order(&graph, nodes, async |node| {
            done.lock().unwrap().push(graph[node]);
            Err(graph[node])
        })
        .await;
        assert_eq!(
            (worked, done.into_inner().unwrap().as_slice()),
            (Err("a"), ["a"].as_slice())
        );
    }
}
