//! A run as the database keeps it, for its picture: the plan that it walked and what passed. It
//! must never compute what a run did: it shows what the run has left.

use super::GraphRun;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::{RunId, RunSample};
use weir_project::plan::outline::PlanOutline;
use weir_project::plan::picture::{SetAside, StageAsides, StagePassage, StageTraffic};
use weir_store::run_trace::{self, TracedRun};
use weir_store::{PgConnection, Result, figures};

/// A run as it is stored.
pub struct StoredRun {
    /// What is shown of it.
    pub shown: ShownRun,
    /// The plan that it walked.
    pub outline: PlanOutline,
    /// Wall clock at its end.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A run whose counts are on the picture.
#[derive(Default)]
pub struct ShownRun {
    /// The run in a few words.
    pub ran: Option<GraphRun>,
    /// What passed in it.
    pub traffic: StageTraffic,
    /// Why more or fewer ads reached a stage than left the one before it.
    pub asides: StageAsides,
    /// A few ads of it.
    pub samples: BTreeMap<String, Vec<RunSample>>,
}

/// The newest run of an institution that has left its plan.
///
/// # Errors
/// The database failed.
pub fn newest<'f>(
    connection: &'f mut PgConnection,
    institution: Uuid,
) -> BoxFuture<'f, Result<Option<StoredRun>>> {
    Box::pin(async move {
        match run_trace::newest(connection, institution).await? {
            Some(run) => Ok(Some(of(connection, institution, run).await?)),
            None => Ok(None),
        }
    })
}

/// A run; nothing if it has left no plan.
///
/// # Errors
/// The database failed.
pub fn one<'f>(
    connection: &'f mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> BoxFuture<'f, Result<Option<StoredRun>>> {
    Box::pin(async move {
        match run_trace::one(connection, institution, run).await? {
            Some(run) => Ok(Some(of(connection, institution, run).await?)),
            None => Ok(None),
        }
    })
}

async fn of(connection: &mut PgConnection, institution: Uuid, run: TracedRun) -> Result<StoredRun> {
    let traffic = traffic(connection, institution, run.id).await?;
    let summary = run.summary.unwrap_or_default();
    let total = serde_json::from_value(summary["total"].clone()).ok();
    let millis = run
        .finished_at
        .map_or(0, |end| (end - run.started_at).num_milliseconds());
    let ran = GraphRun {
        run: run.id,
        at: run.at,
        dry_run: false,
        millis,
        total: total.unwrap_or_default(),
    };
    let samples = run_trace::samples(connection, institution, run.id).await?;
    let outline: PlanOutline = serde_json::from_value(run.outline).unwrap_or_default();
    Ok(StoredRun {
        shown: ShownRun {
            ran: Some(ran),
            traffic,
            asides: asides(&outline, &summary),
            samples,
        },
        outline,
        finished_at: run.finished_at,
    })
}

async fn traffic(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> Result<StageTraffic> {
    let mut traffic = StageTraffic::new();
    for row in figures::stages(connection, institution, run).await? {
        let node = if row.source_id.is_empty() {
            row.stage
        } else {
            format!("{}:{}", row.stage, row.source_id)
        };
        let passage = StagePassage {
            rows_in: row.rows_in,
            rows_out: row.rows_out,
            refused: row.refused,
            micros: row.micros,
        };
        traffic.insert(node, passage);
    }
    Ok(traffic)
}

/// What the summary of a run says was set aside of each source.
fn asides(outline: &PlanOutline, summary: &Json) -> StageAsides {
    let set_aside = |(source, of): (&'_ String, &Json)| {
        Some((
            source.clone(),
            serde_json::from_value(of["set_aside"].clone()).ok()?,
        ))
    };
    let sources: BTreeMap<String, Vec<SetAside>> = summary["sources"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(set_aside)
        .collect();
    let sources = sources
        .iter()
        .map(|(source, of)| (source.as_str(), of.clone()));
    StageAsides::of(outline, sources.collect())
}
