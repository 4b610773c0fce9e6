//! Plan to run: walks the DAG, source by source, side by side. It knows stages by their role, never by their kind:
//! documents come in page by page (T1), flow through the segment batch by batch (T2), each source settles once its
//! read has ended (T3), and the run concludes.
//!
//! No transaction waits for the network; no state lives in the process that a query could not find again. Events go
//! out to whoever watches; a watcher may stop the run, which then rolls back the batch under way.

pub mod apply;
mod detail;
pub mod event;
pub mod foresee;
mod identity;
mod losses;
pub mod person;
pub mod preview;
mod quality;
pub mod rehearse;
pub mod rollback;
pub mod saved;
pub mod segment;
pub mod spool;
pub mod stream;
pub mod tally;
pub mod trail;
pub mod turn;
pub mod verdicts;

pub use event::{Event, Watcher};
pub use tally::Summary;

use crate::model::{Alert, Clock, RunStatus, SourceKey};
use crate::plan::{Flow, Plan};
use crate::rule::Sandbox;
use crate::source::Access;
use crate::stage::Setting;
use crate::store::runs::{self, InstitutionLock};
use crate::store::{PgConnection, Store, StoreError, WriteSession, figures, projects, tables, texts, waiting};
use chrono::{DateTime, Utc};
use futures::stream::{FuturesUnordered, StreamExt};
use spool::Feed;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tally::Tally;
use tokio_util::sync::CancellationToken;
use turn::{WorkTurn, WorkTurns};
use uuid::Uuid;

/// Files of one institution that are read at the same time.
const FILES_AT_ONCE: usize = 8;
/// Boards of one institution that are read at the same time: mostly they are waited for.
const BOARDS_AT_ONCE: usize = 64;

/// How a run was asked for.
#[derive(Clone)]
pub struct Request {
    /// The instant of the run.
    pub at: Clock,
    /// Whether an instant long after the last run is meant.
    pub allow_future: bool,
    /// Roll everything back in the end.
    pub dry_run: bool,
    /// Wait for another run of the institution instead of giving up.
    pub wait: bool,
    /// The wall clock, for durations and leases; handed in so that nothing below the command line reads it.
    pub now: fn() -> DateTime<Utc>,
    /// The machine's name.
    pub host: String,
    /// Where a dry run keeps what it has read.
    pub spool: PathBuf,
}

/// Why a run did not end well: for the operator.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another run has the institution.
    #[error("`{slug}` is being run by {who}\nhelp: wait until it has finished, or use `--wait`")]
    Busy {
        /// The institution.
        slug: String,
        /// The machine, process and start of the other run.
        who: String,
    },
    /// Another project has the institution.
    #[error(
        "`{slug}` belongs to project `{owner}` since {since} ({by}), and this folder is project `{own}`\n\
         help: for a clone of that project, copy its `weir.yaml` here; to move the institution to this project, run `weir db adopt {slug}`"
    )]
    OtherProject {
        /// The institution.
        slug: String,
        /// The project that it belongs to.
        owner: String,
        /// Since when.
        since: String,
        /// The run or the person that claimed it.
        by: String,
        /// The project of this folder.
        own: String,
    },
    /// The clock runs backwards.
    #[error(
        "`{slug}` has already run at {last}, later than {at}\nhelp: history cannot be written backwards: use a later `--at`; if the \
         clock of run {run} was wrong, `weir rollback {run} --reason ...` undoes what it did and resets the clock"
    )]
    Earlier {
        /// The institution.
        slug: String,
        /// Its newest run.
        run: i64,
        /// Clock of its newest run.
        last: DateTime<Utc>,
        /// Clock asked for.
        at: DateTime<Utc>,
    },
    /// The clock is far ahead of the newest run.
    #[error(
        "`{slug}` last ran at {last}, more than 400 days before {at}\nhelp: correct the clock of this machine, or `--at`; if this is \
         intended, `--allow-future` accepts it: all closing dates until then pass, and earlier runs are refused"
    )]
    Leap {
        /// The institution.
        slug: String,
        /// Clock of its newest run.
        last: DateTime<Utc>,
        /// Clock asked for.
        at: DateTime<Utc>,
    },
    /// Someone stopped it.
    #[error("interrupted: committed work is kept, the current batch was rolled back\nhelp: run the same command again to continue")]
    Interrupted,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spool of a dry run failed.
    #[error("the spool of the dry run: {0}\nhelp: check that `.weir/` is writable and the disk is not full")]
    Spool(#[from] std::io::Error),
    /// A saved plan is not what would happen now.
    #[error("the plan of `{slug}` was not applied: {why}\nhelp: make a new plan with `weir run {slug} --dry-run --out FILE`")]
    Moved {
        /// The institution.
        slug: String,
        /// What has moved on.
        why: String,
    },
    /// A worker thread broke: a bug.
    #[error("a worker panicked: {0}\nhelp: this is a bug in Weir; run again, and report it with the document that caused it")]
    Worker(String),
}

impl RunError {
    /// The error with the name of the institution, once.
    pub fn of(&self, slug: &str) -> String {
        match self {
            RunError::Busy { .. } | RunError::OtherProject { .. } | RunError::Moved { .. } => self.to_string(),
            RunError::Earlier { .. } | RunError::Leap { .. } | RunError::Store(StoreError::LockLost(_)) => self.to_string(),
            other => format!("`{slug}`: {other}"),
        }
    }
}

/// Runs plans.
pub struct Engine {
    /// The database.
    pub store: Store,
    /// What readings may use.
    pub access: Access,
    /// The engine for scripts.
    pub sandbox: Arc<Sandbox>,
    /// Who watches.
    pub watcher: Watcher,
    /// Stops runs.
    pub stop: CancellationToken,
    /// How many institutions work at the same time.
    pub turns: WorkTurns,
}

/// One run of one plan, under way.
struct Run<'e> {
    engine: &'e Engine,
    plan: &'e Plan,
    request: &'e Request,
    lane: WriteSession,
    turn: WorkTurn,
    id: i64,
    tally: Mutex<Tally>,
}

impl Engine {
    /// Runs one plan to its end, or rolls it back if it is a dry run.
    ///
    /// # Errors
    /// Why it did not end well; what was committed stays, and a further run goes on from there.
    pub async fn run(&self, plan: &Plan, request: &Request) -> Result<Summary, RunError> {
        let lock = take_lock(&self.store, plan.institution.id, &plan.institution.slug, request.wait).await?;
        let outcome = self.run_locked(plan, request, &lock).await;
        // The server releases the lock by itself if this fails.
        let _ = lock.release().await;
        outcome
    }

    async fn run_locked(&self, plan: &Plan, request: &Request, lock: &InstitutionLock) -> Result<Summary, RunError> {
        self.check_clock(plan, request).await?;
        let begun = (request.now)();
        let feeds = if request.dry_run { spool::read_all(self, plan, request).await? } else { plan.flows.iter().map(|_| Feed::Live).collect() };
        let turn = self.turns.one();
        // A dry run has read everything: what is left is work, in one transaction.
        let _working = if request.dry_run { Some(turn.take().await) } else { None };
        let lane = if request.dry_run { self.store.rehearsal().await? } else { self.store.lane() };
        let lane = lane.under(lock.guard(&plan.institution.slug));
        let run = Run::begin(self, plan, request, lane, turn).await?;
        let summary = run.go(feeds, begun).await?;
        if request.dry_run {
            run.roll_back(&summary).await?;
        }
        Ok(summary)
    }

    async fn check_clock(&self, plan: &Plan, request: &Request) -> Result<(), RunError> {
        let last = runs::last(&mut *self.store.connection().await?, plan.institution.id, None).await?;
        check_clock(&plan.institution.slug, last, request.at, request.allow_future)
    }
}

/// History is not written backwards, and not far ahead by mistake: whether a clock may follow that of the newest run of an
/// institution. Whether it is ahead of the machine's, the command line has seen to, which alone knows that.
fn check_clock(slug: &str, last: Option<(i64, Clock)>, at: Clock, allow_future: bool) -> Result<(), RunError> {
    let slug = || slug.to_owned();
    match last {
        Some((run, last)) if last > at => Err(RunError::Earlier { slug: slug(), run, last: last.0, at: at.0 }),
        Some((_, last)) if at.leaps_from(last) && !allow_future => Err(RunError::Leap { slug: slug(), last: last.0, at: at.0 }),
        _ => Ok(()),
    }
}

fn is_lost(error: &RunError) -> bool {
    matches!(error, RunError::Store(StoreError::LockLost(_)))
}

/// Takes the lock of an institution, or says who has it.
async fn take_lock(store: &Store, institution: Uuid, slug: &str, wait: bool) -> Result<InstitutionLock, RunError> {
    check_project(store, institution, slug).await?;
    if wait {
        return Ok(InstitutionLock::wait(store, institution).await?);
    }
    if let Some(lock) = InstitutionLock::try_take(store, institution).await? {
        return Ok(lock);
    }
    let holder = runs::holder(&mut *store.connection().await?, institution).await?;
    let who = holder.map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
    Err(RunError::Busy { slug: slug.to_owned(), who })
}

/// Refuses an institution that belongs to another project.
async fn check_project(store: &Store, institution: Uuid, slug: &str) -> Result<(), RunError> {
    let Some(own) = store.identity() else { return Ok(()) };
    match projects::owner(&mut *store.connection().await?, institution, slug).await? {
        Some(claim) if claim.project != *own.project => Err(RunError::OtherProject {
            slug: slug.to_owned(),
            owner: claim.project,
            since: claim.claimed_at.format("%Y-%m-%d").to_string(),
            by: claim.claimed_by,
            own: own.project.to_string(),
        }),
        _ => Ok(()),
    }
}

/// The first run of a project takes an institution that belongs to nobody.
async fn claim(tx: &mut PgConnection, engine: &Engine, plan: &Plan, request: &Request, run: i64) -> Result<(), RunError> {
    let Some(own) = engine.store.identity().filter(|own| own.claims) else { return Ok(()) };
    if projects::owner(tx, plan.institution.id, &plan.institution.slug).await?.is_none() {
        let by = format!("run {run} on {}", request.host);
        projects::claim(tx, plan.institution.id, &own.project, (request.now)(), &by).await?;
    }
    Ok(())
}

impl<'e> Run<'e> {
    /// A run gets its number.
    async fn begin(engine: &'e Engine, plan: &'e Plan, request: &'e Request, lane: WriteSession, turn: WorkTurn) -> Result<Run<'e>, RunError> {
        let mut held = lane.hold().await?;
        let mut tx = held.begin_batch().await?;
        let id = runs::begin(&mut tx, &plan.institution, request.at, (request.now)(), plan.fingerprint(), &request.host).await?;
        if let Some(written) = &plan.texts {
            texts::remember(&mut tx, plan.institution.id, request.at, &written.file, &written.texts).await?;
        }
        claim(&mut tx, engine, plan, request, id).await?;
        tx.commit().await.map_err(StoreError::from)?;
        drop(held);
        Ok(Run { engine, plan, request, lane, turn, id, tally: Mutex::new(Tally::default()) })
    }
}

impl Run<'_> {
    /// The end of a dry run.
    async fn roll_back(self, summary: &Summary) -> Result<(), RunError> {
        self.lane.roll_back().await?;
        Ok(tables::tidy(&mut *self.engine.store.connection().await?, summary.total.documents).await?)
    }

    async fn go(&self, feeds: Vec<Feed>, begun: DateTime<Utc>) -> Result<Summary, RunError> {
        self.emit(&Event::RunStarted {
            institution: self.plan.institution.slug.clone(),
            run: self.id,
            at: self.request.at.0,
            dry_run: self.request.dry_run,
            sources: self.plan.flows.iter().map(|flow| flow.source.clone()).collect(),
        })?;
        if let Some(stands_in) = &self.plan.stands_in {
            let message = stands_in.words(&self.plan.institution.slug);
            self.raise(&mut *self.lane.hold().await?, Alert { source: String::new(), kind: "last_good", severity: "error", message }).await?;
        }
        let errors = self.stream_all(feeds).await;
        self.conclude(begun, errors).await
    }

    /// Streams all sources side by side; a dead or slow one delays no other.
    async fn stream_all(&self, feeds: Vec<Feed>) -> BTreeMap<String, RunError> {
        let all = self.plan.flows.iter().zip(feeds);
        let (boards, files): (Vec<_>, Vec<_>) = all.partition(|(flow, feed)| feed.is_awaited(flow));
        let (mut errors, others) = tokio::join!(self.stream_some(boards, BOARDS_AT_ONCE), self.stream_some(files, FILES_AT_ONCE));
        errors.extend(others);
        errors
    }

    async fn stream_some(&self, sources: Vec<(&Flow, Feed)>, at_once: usize) -> BTreeMap<String, RunError> {
        let mut waiting = sources.into_iter();
        let mut working = FuturesUnordered::new();
        let mut errors = BTreeMap::new();
        let begin = |(flow, feed): (&Flow, Feed)| {
            let source = flow.source.clone();
            let work = stream::stream(self, self.setting(flow), flow.clone(), feed);
            async move { (source, work.await) }
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

    fn setting(&self, flow: &Flow) -> Arc<Setting> {
        let parts = flow.parts_at(self.request.at);
        Arc::new(Setting {
            stream: SourceKey { institution: self.plan.institution.id, source: flow.source.clone() },
            slug: self.plan.institution.slug.clone(),
            zone: flow.zone,
            at: self.request.at,
            run: self.id,
            fingerprint: parts.fingerprint(),
            steady: parts.steady(),
            parts,
            sandbox: Arc::clone(&self.engine.sandbox),
        })
    }

    async fn conclude(&self, started: DateTime<Utc>, errors: BTreeMap<String, RunError>) -> Result<Summary, RunError> {
        if errors.values().any(|error| matches!(error, RunError::Interrupted)) || self.engine.stop.is_cancelled() {
            self.finish(RunStatus::Interrupted, None, Some("interrupted")).await?;
            return Err(RunError::Interrupted);
        }
        if errors.values().any(is_lost) {
            return self.give_up(errors).await;
        }
        self.warn_of_removed_sources().await?;
        self.look_at_holds().await?;
        let summary = self.summary(started, &errors).await?;
        let failed = summary.problems.iter().map(|(source, why)| format!("{source}: {why}")).collect::<Vec<_>>().join("; ");
        let (status, error) = if errors.is_empty() { (RunStatus::Done, None) } else { (RunStatus::Failed, Some(failed.as_str())) };
        self.finish(status, Some(&summary), error).await?;
        self.emit(&Event::RunFinished { institution: self.plan.institution.slug.clone(), summary: Box::new(summary.clone()) })?;
        Ok(summary)
    }

    /// Whoever has the lock now has the institution: nothing more is said of it.
    async fn give_up(&self, errors: BTreeMap<String, RunError>) -> Result<Summary, RunError> {
        let lost = errors.into_values().find(is_lost).unwrap_or(RunError::Interrupted);
        self.finish(RunStatus::Failed, None, Some(&lost.to_string())).await?;
        Err(lost)
    }

    async fn finish(&self, status: RunStatus, summary: Option<&Summary>, error: Option<&str>) -> Result<(), RunError> {
        let mut held = self.lane.hold().await?;
        let stages = self.tally().stages();
        runs::record_stages(&mut held, self.plan.institution.id, self.id, &stages).await?;
        let json = summary.map(Summary::to_json).unwrap_or_default();
        Ok(runs::finish(&mut held, self.plan.institution.id, self.id, status, (self.request.now)(), &json, error).await?)
    }

    async fn summary(&self, started: DateTime<Utc>, errors: &BTreeMap<String, RunError>) -> Result<Summary, RunError> {
        let mut held = self.lane.hold().await?;
        let tables = figures::table_bytes(&mut held).await?;
        let millis = ((self.request.now)() - started).num_milliseconds();
        let problems = errors.iter().map(|(source, error)| (source.clone(), error.to_string()));
        Ok(self.tally().summary(self.plan, self.request, self.id, millis, tables, problems.collect()))
    }

    async fn warn_of_removed_sources(&self) -> Result<(), RunError> {
        let mut held = self.lane.hold().await?;
        let known = figures::known_sources(&mut held, self.plan.institution.id).await?;
        for source in known.into_iter().filter(|source| self.plan.flows.iter().all(|flow| flow.source != *source)) {
            let message = format!(
                "source `{source}` is no longer in the YAML; its jobs are unchanged; `weir retire {} {source}` archives them",
                self.plan.institution.slug
            );
            self.raise(&mut held, Alert { source, kind: "removed_from_yaml", severity: "warn", message }).await?;
        }
        Ok(())
    }

    /// What waits for a person is told in every run, and called for when it has waited long.
    async fn look_at_holds(&self) -> Result<(), RunError> {
        let mut held = self.lane.hold().await?;
        let found = waiting::waiting(&mut held, self.plan.institution.id).await?;
        for one in waiting::stale(&found, self.request.at) {
            let alert = Alert {
                source: one.source.clone(),
                kind: "stale_hold",
                severity: "warn",
                message: format!("{}; see `weir holds list`", one.words(self.request.at)),
            };
            self.raise(&mut held, alert).await?;
        }
        self.tally().waiting = found;
        Ok(())
    }

    async fn raise(&self, connection: &mut PgConnection, alert: Alert) -> Result<(), RunError> {
        runs::alert(connection, self.plan.institution.id, Some(self.id), self.request.at, &alert).await?;
        self.tally().alerts.push(alert.clone());
        self.emit(&Event::AlertRaised { institution: self.plan.institution.slug.clone(), alert })
    }

    /// Tells the watcher; it may stop the run.
    fn emit(&self, event: &Event) -> Result<(), RunError> {
        if (self.engine.watcher)(event).is_break() {
            self.engine.stop.cancel();
            return Err(RunError::Interrupted);
        }
        Ok(())
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
