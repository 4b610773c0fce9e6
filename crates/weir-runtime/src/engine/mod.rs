//! Walks the DAG of a plan. What runs is what `weir graph` shows: [`walk`] goes from node to node,
//! source by source side by side, and knows stages by their scope; [`source_walk`] takes one source
//! along its nodes, [`segment`] streams its ads through the stages of single records.
//!
//! ```text
//!   Engine::run ── lock, clock ──┬── Mode::Live    batches commit as they come
//!                                ├── Mode::DryRun  one transaction, recorded, rolled back
//!                                └── Mode::Apply   one transaction, compared with a saved plan, committed
//!   Run::go ── walk ──┬── source_walk   fetch, details │ quality, identity │ segment │ archive, measure
//!                     └── institution   dedupe, report
//! ```
//!
//! No transaction waits for the network; no state lives in the process that a query could not find
//! again. What happens goes out as [`RunEvent`]s: to the statistics of the run, and to whoever
//! watches; a watcher may stop the run, which then rolls back the batch under way.

mod apply;
pub mod aside;
pub mod dedupe;
mod detail;
pub mod dry_run;
mod error;
pub mod event;
mod forgotten;
mod identity;
mod institution_lock;
mod losses;
pub mod opening_counts;
pub mod person;
pub mod preview;
mod quality;
mod reading;
pub mod records_file;
pub mod rehearse;
mod report;
pub mod rollback;
pub mod rule_comparison;
mod run;
mod run_log;
pub mod run_stats;
pub mod saved;
pub mod segment;
mod source_walk;
pub mod spool;
pub mod summary;
pub mod trail;
pub mod turn;
pub mod verdicts;
mod walk;

pub use dry_run::DryRun;
pub use error::RunError;
pub use event::{RunEvent, RunWatcher};
pub use summary::RunSummary;

use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;
use institution_lock::{LockRequest, check_clock, with_institution_lock};
use run::RunningPlan;
use saved::SavedPlan;
use spool::DocumentFeed;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use turn::WorkTurns;
use weir_model::{Clock, Hash, RecordFilter};
use weir_project::plan::{Plan, SourcePlan};
use weir_rule::ScriptSandbox;
use weir_source::SourceAccess;
use weir_store::queue;
use weir_store::runs::{self, InstitutionLock};
use weir_store::views::digest::digest;
use weir_store::{Store, WriteSession};

/// Files of one institution that are read at the same time.
const FILES_AT_ONCE: usize = 8;
/// Boards of one institution that are read at the same time: mostly they are waited for.
const BOARDS_AT_ONCE: usize = 64;

/// How a run was asked for.
#[derive(Clone)]
pub struct RunRequest {
    /// The instant of the run.
    pub at: Clock,
    /// Whether an instant long after the last run is meant.
    pub allow_future: bool,
    /// Wait for another run of the institution instead of giving up.
    pub wait: bool,
    /// The wall clock, for durations and leases; handed in so that nothing below the command line
    /// reads it.
    pub now: fn() -> DateTime<Utc>,
    /// The machine's name.
    pub host: String,
    /// Where a dry run keeps what it has read.
    pub spool: PathBuf,
    /// What it was started for.
    pub occasion: RunPurpose,
}

/// What a run was started for.
#[derive(Debug, Clone, Default)]
pub struct RunPurpose {
    /// The sources to read, all of them if none is named; of the others, what is stored is derived
    /// and settled.
    pub only: Vec<String>,
    /// The unit of due work that it carries out.
    pub unit: Option<i64>,
    /// Hash of all files of the project.
    pub project_version: Option<Hash>,
}

impl RunRequest {
    /// Why a source is not read: another one was asked for, or it is to be read at other hours.
    pub(crate) fn waits(&self, flow: &SourcePlan) -> Option<String> {
        let only = &self.occasion.only;
        if !only.is_empty() && !only.contains(&flow.source) {
            return Some(format!("only `{}` is read", only.join("`, `")));
        }
        flow.fetch.waits(self.at, flow.zone)
    }
}

/// What becomes of what a run does.
#[derive(Clone, Copy)]
pub enum RunMode<'m> {
    /// It stays.
    Live,
    /// It is recorded and rolled back.
    DryRun {
        /// Which records are wanted.
        wanted: &'m RecordFilter,
        /// Whether all is kept that is needed to do exactly that later.
        saves: bool,
    },
    /// It stays if it is exactly what a saved plan says.
    Apply(&'m SavedPlan),
}

/// What came of a run.
pub enum RunOutcome {
    /// It was committed.
    Committed(Box<RunSummary>),
    /// It was recorded and rolled back.
    RolledBack(Box<DryRun>),
}

impl RunOutcome {
    /// The counts.
    pub fn summary(&self) -> &RunSummary {
        match self {
            RunOutcome::Committed(summary) => summary,
            RunOutcome::RolledBack(dry_run) => &dry_run.summary,
        }
    }

    /// The counts alone.
    pub fn into_summary(self) -> RunSummary {
        match self {
            RunOutcome::Committed(summary) => *summary,
            RunOutcome::RolledBack(dry_run) => dry_run.summary,
        }
    }

    /// What it did record by record, if it was a dry run.
    pub fn into_dry_run(self) -> Option<DryRun> {
        match self {
            RunOutcome::Committed(_) => None,
            RunOutcome::RolledBack(dry_run) => Some(*dry_run),
        }
    }
}

/// Runs plans.
pub struct Engine {
    /// The database.
    pub store: Store,
    /// What readings may use.
    pub access: SourceAccess,
    /// The engine for scripts.
    pub sandbox: Arc<ScriptSandbox>,
    /// Who watches.
    pub watcher: RunWatcher,
    /// Stops runs.
    pub stop: CancellationToken,
    /// How many institutions work at the same time.
    pub turns: WorkTurns,
}

impl Engine {
    /// Runs one plan to its end: the only way in, whatever becomes of what it does.
    ///
    /// # Errors
    /// Why it did not end well. Of a live run, what was committed stays, and a further run goes on
    /// from there; of the others nothing was written. [`RunError::Moved`] if a saved plan is not
    /// what would happen now.
    pub fn run<'f>(
        &'f self,
        plan: &'f Plan,
        request: &'f RunRequest,
        mode: RunMode<'f>,
    ) -> LocalBoxFuture<'f, Result<RunOutcome, RunError>> {
        Box::pin(async move {
            let wanted = LockRequest {
                institution: plan.institution.id,
                slug: &plan.institution.slug,
                wait: request.wait,
            };
            with_institution_lock(&self.store, wanted, async |lock| {
                if let RunMode::Apply(saved) = mode {
                    apply::check(self, plan, saved).await?;
                }
                self.check_history(plan, request, mode).await?;
                self.run_locked(plan, request, mode, lock).await
            })
            .await
        })
    }

    /// Under the lock, because a worker that has lost its unit runs on until somebody takes the lock.
    async fn check_history(
        &self,
        plan: &Plan,
        request: &RunRequest,
        mode: RunMode<'_>,
    ) -> Result<(), RunError> {
        let (id, slug) = (plan.institution.id, &plan.institution.slug);
        let mut connection = self.store.connection().await?;
        if let (RunMode::Live, Some(unit)) = (mode, request.occasion.unit)
            && let Some(run) = queue::run_of(&mut connection, id, unit).await?
        {
            let slug = slug.clone();
            return Err(RunError::CarriedOut { slug, run });
        }
        let last = runs::last(&mut connection, id, None).await?;
        check_clock(slug, last, request.at, request.allow_future)
    }

    async fn run_locked(
        &self,
        plan: &Plan,
        request: &RunRequest,
        mode: RunMode<'_>,
        lock: &InstitutionLock,
    ) -> Result<RunOutcome, RunError> {
        let begun = (request.now)();
        let (feeds, saved) = self.feeds(plan, request, mode).await?;
        let turn = self.turns.one();
        // In one transaction everything has been read: what is left is work.
        let _working = if matches!(mode, RunMode::Live) {
            None
        } else {
            Some(turn.take().await)
        };
        let lane = self
            .lane(mode)
            .await?
            .under(lock.guard(&plan.institution.slug));
        let run = RunningPlan::begin(self, plan, request, mode, lane, turn).await?;
        let summary = run.go(feeds, begun).await?;
        match mode {
            RunMode::Live => {}
            RunMode::Apply(saved) => apply::finish(run, &summary, saved).await?,
            RunMode::DryRun { wanted, .. } => {
                let dry_run = dry_run::finish(run, summary, wanted, saved).await?;
                return Ok(RunOutcome::RolledBack(Box::new(dry_run)));
            }
        }
        Ok(RunOutcome::Committed(Box::new(summary)))
    }

    async fn lane(&self, mode: RunMode<'_>) -> Result<WriteSession, RunError> {
        match mode {
            RunMode::Live => Ok(self.store.lane()),
            RunMode::DryRun { .. } | RunMode::Apply(_) => Ok(self.store.rehearsal().await?),
        }
    }

    /// Where the documents come from: no transaction waits for the network, so a run in one
    /// transaction reads first. Beside them what a saved plan is begun with, if one is asked for.
    async fn feeds(
        &self,
        plan: &Plan,
        request: &RunRequest,
        mode: RunMode<'_>,
    ) -> Result<(Vec<DocumentFeed>, Option<SavedPlan>), RunError> {
        match mode {
            RunMode::Live => Ok((
                plan.flows.iter().map(|_| DocumentFeed::Live).collect(),
                None,
            )),
            RunMode::Apply(saved) => Ok((saved.feeds(), None)),
            RunMode::DryRun { saves, .. } => {
                let before = if saves {
                    Some(digest(&mut *self.store.connection().await?, plan.institution.id).await?)
                } else {
                    None
                };
                let feeds = spool::read_all(self, plan, request).await?;
                let saved = before.map(|before| SavedPlan::begin(plan, request, before, &feeds));
                Ok((feeds, saved))
            }
        }
    }
}
