//! A worker: claims units of work as long as it has hands free, runs them, says every few seconds
//! that it goes on, and writes their end. What it cannot run it gives back, with the reason.
//!
//! A unit that another has taken over is stopped at its next batch, which its fence refuses anyway.

use super::protocol::{self, MOST_ATTEMPTS};
use super::scheduler::project_of;
use super::{PlanSet, ProjectOrigin, foreseen};
use crate::engine::turn::WorkTurns;
use crate::engine::{
    DryRun, Engine, RunError, RunEvent, RunMode, RunPurpose, RunRequest, RunSummary, RunWatcher,
};
use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet, LocalSet};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use weir_model::{Alert, Clock};
use weir_project::plan::Plan;
use weir_source::SourceAccess;
use weir_store::queue::{self, ClaimedUnit, UnitEnd};
use weir_store::{Connection, Store, StoreError, host_turns, leases, robots, runs, snapshots};

/// How often the queue is looked at while nothing is due.
const LOOKS_EVERY: Duration = Duration::from_millis(500);
/// How often a worker says that it goes on: a third of the lease.
const BEATS_EVERY: Duration = Duration::from_secs(10);
/// After how long a unit is offered again that waits for somebody.
const OFFERED_AGAIN: Duration = Duration::from_secs(2);
/// For how long a worker passes over an institution whose unit it has given back.
const PASSES_OVER: Duration = Duration::from_secs(5);
/// How long the files of a project are kept after they were replaced: a worker may be reading them.
pub const REPLACED_FILES_KEPT: Duration = Duration::from_secs(60 * 60);
/// How long finished units are kept.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a worker has to say.
#[derive(Debug)]
pub enum WorkNotice<'n> {
    /// Its run has ended.
    Ended(&'n ClaimedUnit, &'n RunSummary),
    /// It went back to the queue, or was given up; with the reason.
    NotDone(&'n ClaimedUnit, &'n UnitEnd),
    /// The queue cannot be reached.
    Away(&'n StoreError),
    /// It can be reached again.
    Back,
}

/// Carries out units of work.
pub struct Worker {
    /// The database.
    pub store: Store,
    /// What readings may use.
    pub access: SourceAccess,
    /// How this worker is shown to others.
    pub name: String,
    /// Units under way at a time.
    pub hands: usize,
    /// The plans of today.
    pub plans: watch::Receiver<Arc<PlanSet>>,
    /// The wall clock.
    pub now: fn() -> DateTime<Utc>,
    /// The machine's name.
    pub host: String,
    /// Where dry runs keep what they read.
    pub spool: PathBuf,
    /// Who watches runs.
    pub watcher: RunWatcher,
    /// Who is told.
    pub told: Arc<dyn Fn(WorkNotice<'_>) + Send + Sync>,
    /// What it has just given back.
    pub given_back: Mutex<GivenBackWork>,
}

/// Institutions that a worker cannot run with the plans that it has: others come first.
#[derive(Default)]
pub struct GivenBackWork {
    plans: Option<Arc<PlanSet>>,
    until: HashMap<Uuid, Instant>,
}

impl GivenBackWork {
    fn add(&mut self, plans: &Arc<PlanSet>, institution: Uuid) {
        self.forget(plans);
        self.until.insert(institution, Instant::now() + PASSES_OVER);
    }

    /// Those that are still to be passed over.
    fn now(&mut self, plans: &Arc<PlanSet>) -> Vec<Uuid> {
        self.forget(plans);
        self.until.keys().copied().collect()
    }

    /// With other plans, or after a while, everything is tried again.
    fn forget(&mut self, plans: &Arc<PlanSet>) {
        if !self
            .plans
            .as_ref()
            .is_some_and(|had| Arc::ptr_eq(had, plans))
        {
            self.until.clear();
            self.plans = Some(Arc::clone(plans));
        }
        self.until.retain(|_, until| *until > Instant::now());
    }
}

/// The units that a worker has.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    claims: HashMap<Id, ClaimedWork>,
}

/// A unit that a worker has.
#[derive(Clone)]
struct ClaimedWork {
    unit: ClaimedUnit,
    stop: CancellationToken,
    /// The node of its plan that began last.
    node: Arc<Mutex<Option<String>>>,
}

impl Worker {
    /// Works until it is stopped; what is under way then ends with its batch and goes back to the
    /// queue, or is left to be rescued if that takes longer than `drain`.
    pub fn work(self, stop: CancellationToken, drain: Duration) -> LocalBoxFuture<'static, ()> {
        Box::pin(async move {
            // A run stays on one thread, as its stages spread over the cores by themselves.
            LocalSet::new().run_until(self.look_on(stop, drain)).await;
        })
    }

    async fn look_on(self, stop: CancellationToken, drain: Duration) {
        let worker = Rc::new(self);
        let mut under_way = UnderWay::default();
        let (mut beat_at, mut is_away) = (Instant::now(), false);
        while !stop.is_cancelled() {
            let looked = worker.look(&mut under_way, &mut beat_at).await;
            worker.tell_change(&looked, &mut is_away);
            if looked.is_ok_and(|claimed| claimed > 0) {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOKS_EVERY) => {}
                Some(ended) = under_way.tasks.join_next_with_id() => under_way.forget(&ended),
            }
        }
        let _ = timeout(drain, worker.drain(&mut under_way)).await;
    }

    fn tell_change(&self, looked: &Result<usize, StoreError>, is_away: &mut bool) {
        match (looked, *is_away) {
            (Err(error), false) => (self.told)(WorkNotice::Away(error)),
            (Ok(_), true) => (self.told)(WorkNotice::Back),
            _ => {}
        }
        *is_away = looked.is_err();
    }

    /// Beats and rescues if it is time, then claims as many units as hands are free.
    async fn look(
        self: &Rc<Self>,
        under_way: &mut UnderWay,
        beat_at: &mut Instant,
    ) -> Result<usize, StoreError> {
        while let Some(ended) = under_way.tasks.try_join_next_with_id() {
            under_way.forget(&ended);
        }
        if Instant::now() >= *beat_at {
            self.beat(under_way).await?;
            *beat_at = Instant::now() + BEATS_EVERY;
        }
        let free = self.hands.saturating_sub(under_way.claims.len());
        if free == 0 {
            return Ok(0);
        }
        let mut connection = self.store.connection().await?;
        let project = project_of(&self.store);
        let passed_over = self.given_back().now(&self.plans.borrow());
        let claimed =
            queue::claim(&mut connection, &project, &self.name, free, &passed_over).await?;
        drop(connection);
        let count = claimed.len();
        for unit in claimed {
            under_way.begin(Rc::clone(self), unit);
        }
        Ok(count)
    }

    async fn beat(&self, under_way: &UnderWay) -> Result<(), StoreError> {
        let mut connection = self.store.connection().await?;
        let claims = under_way.claims.values();
        let claims: Vec<_> = claims.map(ClaimedWork::beat).collect();
        let still = queue::beat(&mut connection, &claims).await?;
        for claimed in under_way.claims.values() {
            if !still.contains(&claimed.unit.id) {
                claimed.stop.cancel();
            }
        }
        leases::shorten(&mut connection).await?;
        for lost in queue::rescue(&mut connection, MOST_ATTEMPTS).await? {
            if lost.given_up && !lost.is_dry {
                let why = format!("was begun {MOST_ATTEMPTS} times: {}", lost.why);
                raise(
                    &self.store,
                    lost.institution_id,
                    lost.due_at,
                    &why,
                    self.now,
                )
                .await?;
            }
        }
        queue::sweep(&mut connection, KEPT).await?;
        snapshots::sweep(&mut connection, REPLACED_FILES_KEPT).await?;
        host_turns::forget(&mut connection).await?;
        robots::forget(&mut connection).await?;
        Ok(())
    }

    fn given_back(&self) -> MutexGuard<'_, GivenBackWork> {
        self.given_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn drain(&self, under_way: &mut UnderWay) {
        for claimed in under_way.claims.values() {
            claimed.stop.cancel();
        }
        while under_way.tasks.join_next().await.is_some() {}
    }

    /// Carries out one unit and writes its end.
    async fn carry_out(&self, claimed: ClaimedWork) {
        let unit = &claimed.unit;
        let (end, dry_run) = match self.run(&claimed).await {
            Ok(ended) => ended,
            Err(error) => (protocol::after_error(unit, &error), None),
        };
        if !matches!(end, UnitEnd::Done { .. }) {
            (self.told)(WorkNotice::NotDone(unit, &end));
        }
        self.end(unit, &end, dry_run.as_ref()).await;
    }

    /// Writes the end of a unit, again as long as a claim lasts if the database is away: a restart of
    /// the server delays nobody. After that the unit is rescued, and a run that has ended is found.
    async fn end(&self, unit: &ClaimedUnit, end: &UnitEnd, dry_run: Option<&DryRun>) {
        let until = Instant::now() + queue::LEASE;
        while self.write_end(unit, end, dry_run).await.is_err() && Instant::now() < until {
            tokio::time::sleep(LOOKS_EVERY).await;
        }
    }

    async fn write_end(
        &self,
        unit: &ClaimedUnit,
        end: &UnitEnd,
        dry_run: Option<&DryRun>,
    ) -> Result<(), RunError> {
        let mut connection = self.store.connection().await?;
        let mut tx = connection.begin().await.map_err(StoreError::from)?;
        let had = queue::end(&mut tx, unit, end).await?;
        if let (true, Some(dry_run)) = (had, dry_run) {
            foreseen::keep(&mut tx, unit, dry_run).await?;
        }
        tx.commit().await.map_err(StoreError::from)?;
        drop(connection);
        if let (true, false, UnitEnd::Failed { why }) = (had, unit.is_dry, end) {
            raise(&self.store, unit.institution_id, unit.due_at, why, self.now).await?;
        }
        Ok(())
    }

    /// Runs a unit; of a dry run it gives what that would have done.
    async fn run(&self, claimed: &ClaimedWork) -> Result<(UnitEnd, Option<DryRun>), RunError> {
        let unit = &claimed.unit;
        let mut connection = self.store.connection().await?;
        let last = runs::last(&mut connection, unit.institution_id, None).await?;
        drop(connection);
        let plans = Arc::clone(&self.plans.borrow());
        let plan = match self.plan_for(unit, &plans) {
            Ok(plan) => plan,
            Err(why) => {
                self.given_back().add(&plans, unit.institution_id);
                let after = OFFERED_AGAIN;
                return Ok((UnitEnd::GivenBack { after, why }, None));
            }
        };
        // The instant it was due, unless somebody has run it with a later clock since.
        let is_later = last.is_some_and(|(_, last)| last.0 > unit.due_at);
        let at = if is_later { (self.now)() } else { unit.due_at };
        let engine = self.engine(&plans, claimed);
        let request = self.request(unit, &plans, Clock(at));
        let wanted = foreseen::wanted();
        let mode = if unit.is_dry {
            let saves = false;
            RunMode::DryRun {
                wanted: &wanted,
                saves,
            }
        } else {
            RunMode::Live
        };
        let ran = engine.run(&plan, &request, mode).await?;
        (self.told)(WorkNotice::Ended(unit, ran.summary()));
        // What is rolled back has no run.
        let run = (!unit.is_dry).then(|| ran.summary().run);
        Ok((UnitEnd::Done { run }, ran.into_dry_run()))
    }

    /// The plan of a unit, or why this worker cannot run it.
    fn plan_for(&self, unit: &ClaimedUnit, plans: &PlanSet) -> Result<Arc<Plan>, String> {
        if let ProjectOrigin::Unusable(why) = &plans.origin {
            return Err(format!("{} cannot work: {why}", self.name));
        }
        let Some(plan) = plans.plans.get(&unit.slug) else {
            return Err(format!(
                "the files of {} have no such institution that can run",
                self.name
            ));
        };
        let same = |wanted: &Vec<u8>| *wanted == plan.fingerprint().to_vec();
        if !unit.plan_fingerprint.as_ref().is_none_or(same) {
            return Err(format!(
                "the files of {} are not those of the scheduler",
                self.name
            ));
        }
        let variables = &self.access.variables;
        let lack = plans.needs_folder(plan, &unit.source_id, variables);
        lack.map_or_else(|| Ok(Arc::clone(plan)), Err)
    }

    fn engine(&self, plans: &PlanSet, claimed: &ClaimedWork) -> Engine {
        Engine {
            store: self.store.clone(),
            access: self.access.clone(),
            sandbox: Arc::clone(&plans.sandbox),
            watcher: claimed.watcher(Arc::clone(&self.watcher)),
            stop: claimed.stop.clone(),
            turns: WorkTurns::new(1),
        }
    }

    fn request(&self, unit: &ClaimedUnit, plans: &PlanSet, at: Clock) -> RunRequest {
        RunRequest {
            at,
            allow_future: false,
            wait: false,
            now: self.now,
            host: self.host.clone(),
            spool: self.spool.clone(),
            occasion: RunPurpose {
                only: Some(unit.source_id.clone())
                    .filter(|source| !source.is_empty())
                    .into_iter()
                    .collect(),
                unit: Some(unit.id),
                project_version: Some(plans.version),
            },
        }
    }
}

impl UnderWay {
    fn begin(&mut self, worker: Rc<Worker>, unit: ClaimedUnit) {
        let claimed = ClaimedWork {
            unit,
            stop: CancellationToken::new(),
            node: Arc::default(),
        };
        let own = claimed.clone();
        let task = self
            .tasks
            .spawn_local(async move { worker.carry_out(own).await });
        self.claims.insert(task.id(), claimed);
    }

    /// A task has ended, well or not; a unit of one that broke is rescued.
    fn forget(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.claims.remove(&id);
    }
}

impl ClaimedWork {
    /// What a heartbeat says of it.
    fn beat(&self) -> (i64, i64, Option<String>) {
        let node = self.node.lock().unwrap_or_else(PoisonError::into_inner);
        (self.unit.id, self.unit.fence, node.clone())
    }

    /// Keeps the node that began last, and passes on what happens.
    fn watcher(&self, further: RunWatcher) -> RunWatcher {
        let node = Arc::clone(&self.node);
        Arc::new(move |event| {
            if let RunEvent::NodeStarted(begun) = event {
                *node.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun.node.clone());
            }
            further(event)
        })
    }
}

/// Raises an alert for work that is given up; an institution that never ran has nobody to tell.
async fn raise(
    store: &Store,
    institution: Uuid,
    due_at: DateTime<Utc>,
    why: &str,
    now: fn() -> DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut connection = store.connection().await?;
    if !runs::is_known(&mut connection, institution).await? {
        return Ok(());
    }
    let alert = Alert {
        source: String::new(),
        kind: "work_failed",
        severity: "error",
        message: format!(
            "the run due at {} was given up: {why}",
            due_at.format("%Y-%m-%d %H:%MZ")
        ),
    };
    runs::alert(&mut connection, institution, None, Clock((now)()), &alert).await
}
