//! Takes back what one run did to jobs: new versions, never less history. It has the institution's
//! lock, so that no run is under way, and one transaction: all of it or nothing. A dry run does the
//! same and rolls back.

use super::institution_lock::{LockRequest, check_clock, with_institution_lock};
use super::person::DecisionNote;
use super::{RunError, dedupe};
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use weir_model::Alert;
use weir_model::{Clock, Fingerprint, FingerprintParts, Hash};
use weir_store::openings::OpeningStamp;
use weir_store::rollback::{self, RollbackOrder, RolledBackRun, TakenBackJob};
use weir_store::runs::{self, LockGuard};
use weir_store::{PgConnection, Store, StoreError, forgotten, redate};

/// What was asked for.
#[derive(Debug, Clone)]
pub struct RollbackRequest {
    /// Who, when and why.
    pub order: RollbackOrder,
    /// Roll everything back in the end.
    pub dry_run: bool,
    /// The revision that the operator has seen: nothing is written if it has changed.
    pub seen: Option<String>,
    /// Wait for a run of the institution instead of giving up.
    pub wait: bool,
    /// Whether an instant long after the last run is meant.
    pub allow_future: bool,
}

/// What was taken back.
#[derive(Debug, Clone)]
pub struct TakenBack {
    /// What became of each job that the run had touched.
    pub jobs: Vec<TakenBackJob>,
    /// How many more it had touched that were removed on request.
    pub forgotten: i64,
    /// What a decision names: a hash of what becomes of the jobs.
    pub revision: String,
    /// Whether another revision had been seen, so that nothing was written.
    pub has_moved: bool,
    /// If the run was the newest, the institution's clock went back with it: to the run before, if
    /// there was one.
    pub clock: Option<Option<Clock>>,
}

/// Takes a run back, and the institution's clock with it if it is the newest.
///
/// # Errors
/// The institution is busy, the clock runs backwards, or the database failed: then nothing was
/// done.
pub fn take_back<'f>(
    store: &'f Store,
    run: &'f RolledBackRun,
    asked: &'f RollbackRequest,
) -> BoxFuture<'f, Result<TakenBack, RunError>> {
    Box::pin(async move {
        let wanted = LockRequest {
            institution: run.institution_id,
            slug: &run.slug,
            wait: asked.wait,
        };
        with_institution_lock(store, wanted, async |lock| {
            write(store, run, asked, &lock.guard(&run.slug)).await
        })
        .await
    })
}

async fn write(
    store: &Store,
    run: &RolledBackRun,
    asked: &RollbackRequest,
    guard: &LockGuard,
) -> Result<TakenBack, RunError> {
    let mut connection = store.connection().await?;
    let newest = runs::last(&mut connection, run.institution_id, None).await?;
    // The clock goes back with the whole run only.
    let is_whole = asked.order.jobs.is_empty();
    let is_newest = is_whole && newest.is_some_and(|(newest, _)| newest == run.id);
    let before = if is_newest {
        runs::last(&mut connection, run.institution_id, Some(run.id)).await?
    } else {
        newest
    };
    // Of several runs with a wrong clock, each is taken back at the right time.
    let before = before.filter(|(_, clock)| !(is_newest && clock.is_ahead_of(asked.order.now)));
    check_clock(&run.slug, before, asked.order.at, asked.allow_future)?;
    let mut tx = guard.begin(&mut connection).await?;
    let steady = steady(&mut tx, run).await?;
    let jobs = rollback::take_back(&mut tx, run, &asked.order, &steady).await?;
    let meant = asked.order.jobs.iter();
    let untouched = meant
        .copied()
        .find(|id| jobs.iter().all(|one| one.job_id != *id));
    if let Some(job) = untouched {
        return Err(RunError::Untouched { run: run.id, job });
    }
    let count = jobs.iter().filter(|one| one.left_alone.is_none()).count();
    let forgotten = forgotten::of_run(&mut tx, run.institution_id, run.id).await?;
    if count > 0 || is_newest {
        let number = format!("run {}", run.id);
        let note = note(&number, &asked.order);
        note.record(&mut tx, run.institution_id).await?;
        alert(&mut tx, run, asked.order.at, &asked.order.by, count).await?;
    }
    let clock = if is_newest {
        Some(redate::take_clock_back(&mut tx, run, &asked.order).await?)
    } else {
        None
    };
    let stamp = OpeningStamp {
        institution: run.institution_id,
        run: None,
        at: asked.order.at,
        by: &asked.order.by,
    };
    dedupe::settle(&mut tx, stamp, &[]).await?;
    let revision = revision(&jobs, clock.is_some());
    let has_moved = asked.seen.as_ref().is_some_and(|seen| *seen != revision);
    let ended = if asked.dry_run || has_moved {
        tx.rollback().await
    } else {
        tx.commit().await
    };
    ended.map_err(StoreError::from)?;
    Ok(TakenBack {
        jobs,
        forgotten,
        revision,
        has_moved,
        clock,
    })
}

/// What is on record of the decision.
fn note<'n>(subject: &'n str, order: &'n RollbackOrder) -> DecisionNote<'n> {
    DecisionNote {
        at: order.at,
        by: &order.by,
        what: "rolled back",
        kind: "run",
        subject,
        reason: order.reason.as_deref().unwrap_or_default(),
    }
}

/// Six digits, as of a hold.
fn revision(jobs: &[TakenBackJob], resets_clock: bool) -> String {
    let effect = |job: &TakenBackJob| {
        json!([
            job.job_id,
            job.did,
            job.restores,
            job.version,
            job.change_type,
            job.held,
            job.left_alone
        ])
    };
    let effects: Vec<Json> = jobs.iter().map(effect).collect();
    Hash::of(json!([resets_clock, effects]).to_string().as_bytes())
        .short()
        .chars()
        .take(6)
        .collect()
}

/// Each fingerprint that derived the ads, and the same with the date of the run left out: it
/// changes daily where a rule reads the clock, and must not let go what was taken back.
async fn steady(
    connection: &mut PgConnection,
    run: &RolledBackRun,
) -> Result<Vec<(Fingerprint, Fingerprint)>, RunError> {
    let all = rollback::fingerprints(connection, run).await?;
    let parts = runs::fingerprint_parts(connection, run.institution_id, &all).await?;
    Ok(parts
        .into_iter()
        .map(|(fingerprint, parts)| (fingerprint, FingerprintParts::stored(&parts).steady()))
        .collect())
}

async fn alert(
    connection: &mut PgConnection,
    run: &RolledBackRun,
    at: Clock,
    by: &str,
    count: usize,
) -> Result<(), RunError> {
    let message = format!(
        "{by} rolled back what run {} did to {count} job{}",
        run.id,
        if count == 1 { "" } else { "s" }
    );
    let alert = Alert {
        source: String::new(),
        kind: "rolled_back",
        severity: "warn",
        message,
    };
    Ok(runs::alert(connection, run.institution_id, Some(run.id), at, &alert).await?)
}
