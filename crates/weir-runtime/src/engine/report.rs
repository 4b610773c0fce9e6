//! `report`, the stage that sums up an institution: what waits for a decision, and which sources
//! are gone from the YAML (T7).

use super::RunError;
use super::event::RunEvent;
use super::run::RunningPlan;
use petgraph::stable_graph::NodeIndex;
use std::time::Instant;
use weir_model::Alert;
use weir_store::PgConnection;
use weir_store::{StoreError, figures, waiting};

/// Sums up.
pub(super) async fn sum_up(run: &RunningPlan<'_>, node: NodeIndex) -> Result<(), RunError> {
    let started = Instant::now();
    run.emit(RunEvent::NodeStarted(run.node(node)))?;
    let mut held = run.lane.hold().await?;
    let mut tx = held.begin_batch().await?;
    warn_of_removed_sources(run, &mut tx).await?;
    look_at_holds(run, &mut tx).await?;
    let passage = run.stats().passed(started.elapsed());
    run.emit(RunEvent::NodeFinished {
        node: run.node(node),
        passage,
        skipped: None,
    })?;
    Ok(tx.commit().await.map_err(StoreError::from)?)
}

async fn warn_of_removed_sources(
    run: &RunningPlan<'_>,
    tx: &mut PgConnection,
) -> Result<(), RunError> {
    let slug = &run.plan.institution.slug;
    let known = figures::known_sources(tx, run.plan.institution.id).await?;
    for source in known
        .into_iter()
        .filter(|source| run.plan.flows.iter().all(|flow| flow.source != *source))
    {
        let message = format!(
            "source `{source}` is no longer in the YAML; its jobs are unchanged; `weir retire {slug} {source}` archives them"
        );
        run.raise(
            tx,
            Alert {
                source,
                kind: "removed_from_yaml",
                severity: "warn",
                message,
            },
        )
        .await?;
    }
    Ok(())
}

/// What waits for an operator is reported by every run, and called for when it has waited long.
async fn look_at_holds(run: &RunningPlan<'_>, tx: &mut PgConnection) -> Result<(), RunError> {
    let waiting = waiting::waiting(tx, run.plan.institution.id).await?;
    for one in waiting::stale(&waiting, run.request.at) {
        let message = format!("{}; see `weir holds list`", one.words(run.request.at));
        run.raise(
            tx,
            Alert {
                source: one.source.clone(),
                kind: "stale_hold",
                severity: "warn",
                message,
            },
        )
        .await?;
    }
    run.emit(RunEvent::DecisionsWaiting {
        institution: run.plan.institution.slug.clone(),
        waiting,
    })
}
