//! `dedupe`, the stage that finds out which jobs advertise one opening (T8). It works in steps,
//! each in a transaction of its own: what was written to jobs is signed first, then what employers
//! print everywhere is learnt, then everything that this can change is judged; the result equals
//! that of judging all jobs at once.
//!
//! [`sign`] makes signatures of what was written, [`learn`] the boilerplate of employers; both mark
//! whom that can change, by [`marked`]. [`judge`] walks from marked jobs to their neighbours, by
//! [`answers`] of what is [`stored`]; [`naming`] compares the openings with those that were,
//! [`review`] asks about doubtful pairs. The decisions themselves are pure and live in
//! `weir-openings`. A decision of an operator and the roll-back of a run go through [`settle`], by
//! the settings of the newest run.

mod answers;
mod evidence;
mod judge;
mod learn;
mod marked;
mod naming;
mod review;
mod sign;
mod stored;

use super::RunError;
use super::event::RunEvent;
use super::opening_counts::OpeningCounts;
use super::run::RunningPlan;
use futures::future::BoxFuture;
use petgraph::stable_graph::NodeIndex;
use weir_model::Clock;
use weir_project::plan::Plan;
use weir_project::plan::picture::StagePassage;
use weir_stage::dedupe::OpeningSettings;
use weir_store::opening_marks;
use weir_store::openings::OpeningStamp;
use weir_store::signatures::{self, OpeningState};
use weir_store::statistics;
use weir_store::{PgConnection, Store, StoreError};

use std::time::Instant;
use uuid::Uuid;

pub use judge::{explain, pair_decision};

/// Jobs whose changes are judged together: it bounds the memory of a step.
const STEP: i64 = 4000;

/// Jobs from which the planner must know them.
const LARGE: usize = 1000;

/// Jobs that are counted to tell the planner.
const COUNTED: i64 = 100_000;

/// Why the stage has nothing to do.
const UNCHANGED: &str = "no job was written since it last ran";

/// The stage in a run.
pub(super) async fn find_openings(run: &RunningPlan<'_>, node: NodeIndex) -> Result<(), RunError> {
    let started = Instant::now();
    run.emit(RunEvent::NodeStarted(run.node(node)))?;
    let mut total = OpeningCounts::default();
    if let Some(dedupe) = &run.plan.openings {
        while let Some(step) = in_transaction(run, &dedupe.settings).await? {
            total.add(step);
        }
    }
    let rows = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut passage = StagePassage::through(rows(total.judged), started.elapsed());
    passage.rows_in = rows(total.written);
    let skipped = (total.written == 0).then(|| UNCHANGED.to_owned());
    run.emit(RunEvent::NodeFinished {
        node: run.node(node),
        passage,
        skipped,
    })
}

async fn in_transaction(
    run: &RunningPlan<'_>,
    settings: &OpeningSettings,
) -> Result<Option<OpeningCounts>, RunError> {
    let stamp = OpeningStamp {
        institution: run.plan.institution.id,
        run: Some(run.id),
        at: run.request.at,
        by: "etl_pipeline",
    };
    let mut held = run.lane.hold().await?;
    let mut tx = held.begin_batch().await?;
    let step = step(&mut tx, stamp, settings).await?;
    if let Some(counts) = step {
        let institution = run.plan.institution.slug.clone();
        run.emit(RunEvent::OpeningsJudged {
            institution,
            counts,
        })?;
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(step)
}

/// Signs what was written since the step before; once all is signed, learns, and judges some of what
/// is marked. `None` if nothing is left to do.
pub(super) async fn step(
    tx: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    settings: &OpeningSettings,
) -> Result<Option<OpeningCounts>, RunError> {
    let institution = stamp.institution;
    let stored = signatures::state(tx, institution).await?;
    let mut state = current(tx, institution, stored.as_ref(), settings).await?;
    let zone = &settings.zone;
    let jobs = signatures::written_since(tx, institution, state.watermark, zone, STEP).await?;
    let written = jobs.len();
    if let Some(last) = jobs.last() {
        state.watermark = last.written;
        state.run_id = stamp.run.or(state.run_id);
        sign::sign(tx, stamp, settings, &state, jobs).await?;
        renew_statistics(tx, institution, &state).await?;
    }
    let mut counts = None;
    if i64::try_from(written).is_ok_and(|written| written < STEP) {
        learn::learn(tx, institution, &settings.policy, &state).await?;
        counts = judge::judge_marked(tx, stamp, settings, &mut state, STEP).await?;
    }
    if stored.as_ref() != Some(&state) {
        signatures::keep_state(tx, institution, &state).await?;
    }
    if written == 0 && counts.is_none() {
        return Ok(None);
    }
    let counts = counts.unwrap_or_default();
    Ok(Some(OpeningCounts { written, ..counts }))
}

/// Tells the planner how many jobs there are, by the openings that were named or the jobs that wait.
async fn renew_statistics(
    tx: &mut PgConnection,
    institution: Uuid,
    state: &OpeningState,
) -> Result<(), RunError> {
    let marked = opening_marks::count(tx, institution, COUNTED).await?;
    let loaded = usize::try_from(marked.max(state.next_serial)).unwrap_or(usize::MAX);
    if loaded >= LARGE {
        statistics::renew_signatures(tx, institution, loaded).await?;
    }
    Ok(())
}

/// How far the stage has come by these settings: other settings judge everything again.
async fn current(
    tx: &mut PgConnection,
    institution: Uuid,
    stored: Option<&OpeningState>,
    settings: &OpeningSettings,
) -> Result<OpeningState, RunError> {
    let text = settings.text();
    if let Some(state) = stored.filter(|state| state.settings == text) {
        let mut state = state.clone();
        // What is written before everything was signed again belongs to it.
        if state.watermark < state.judged_until {
            state.judged_until = signatures::newest(tx, institution).await?;
        }
        return Ok(state);
    }
    Ok(OpeningState {
        watermark: 0,
        judged_until: signatures::newest(tx, institution).await?,
        settings: text,
        next_serial: stored.map_or(1, |state| state.next_serial),
        run_id: stored.and_then(|state| state.run_id),
    })
}

/// Judges again, by the settings of the newest run, what an operator decided about, and what was
/// written since. Does nothing where the stage never ran.
///
/// # Errors
/// The database failed.
pub fn settle<'f>(
    tx: &'f mut PgConnection,
    stamp: OpeningStamp<'f>,
    jobs: &'f [Uuid],
) -> BoxFuture<'f, Result<OpeningCounts, RunError>> {
    Box::pin(async move {
        let mut total = OpeningCounts::default();
        let Some(mut state) = signatures::state(tx, stamp.institution).await? else {
            return Ok(total);
        };
        // Settings of another version: the next run judges everything anyway.
        let Some(settings) = OpeningSettings::stored(&state.settings) else {
            return Ok(total);
        };
        while let Some(counts) = step(tx, stamp, &settings).await? {
            total.add(counts);
        }
        if let Some(newest) = signatures::state(tx, stamp.institution).await? {
            state = newest;
        }
        total.add(judge::judge(tx, stamp, &settings, &mut state, jobs).await?);
        signatures::keep_state(tx, stamp.institution, &state).await?;
        Ok(total)
    })
}

/// What other settings would do to the openings of an institution: everything is judged again, and
/// rolled back. `None` if nothing would be judged differently, or openings were never looked for.
///
/// # Errors
/// The database failed.
pub async fn rehearse(
    store: &Store,
    plan: &Plan,
    at: Clock,
) -> Result<Option<OpeningCounts>, RunError> {
    let Some(dedupe) = &plan.openings else {
        return Ok(None);
    };
    let institution = plan.institution.id;
    let lane = store.rehearsal().await?;
    let mut total = None;
    {
        let mut tx = lane.hold().await?;
        let stored = signatures::state(&mut tx, institution).await?;
        if stored.is_some_and(|state| state.settings != dedupe.settings.text()) {
            let stamp = OpeningStamp {
                institution,
                run: None,
                at,
                by: "rehearsal",
            };
            let counts: &mut OpeningCounts = total.get_or_insert_default();
            while let Some(step) = step(&mut tx, stamp, &dedupe.settings).await? {
                counts.add(step);
            }
        }
    }
    lane.roll_back().await?;
    Ok(total)
}

/// Work of the processor, aside from what waits for the database.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RunError> {
    let worked = tokio::task::spawn_blocking(work).await;
    worked.map_err(|error| RunError::Worker(error.to_string()))
}
