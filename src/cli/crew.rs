//! What `weir serve` and `weir worker` have in common: a database, the plans of today, which follow
//! the files of a folder (or of the database: see `snapshots`), a worker, and one
//! way to stop.
//!
//! A file that is broken after an edit stops nothing: its institutions run on their last good
//! version if they declare that, and are left out otherwise; either is said once per edit.

use super::database::Database;
use super::project_files::{ChangeTimes, OF_PLANS, change_times};
use super::run::signal;
use super::{CommandContext, CommandFailure, DONE, INTERRUPTED, identity, last_good, show};
use crate::orchestration::shared_manners::StoredManners;
use crate::orchestration::{PlanSet, ProjectOrigin, WorkNotice, Worker, snapshot};
use crate::plan::CheckedProject;
use crate::report::{progress, summary};
use crate::source::door::HttpClient;
use crate::span::Span;
use crate::store::queue::UnitEnd;
use crate::store::{DatabaseDemand, Store};
use sd_notify::NotifyState;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often files are looked at.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// How often a database that is away is tried again.
const TRIES_EVERY: Duration = Duration::from_secs(3);

/// The files of the project, as they were read.
pub(super) struct WatchedFiles {
    pub(super) checked: Arc<CheckedProject>,
    seen: ChangeTimes,
}

/// A process that works until it is stopped.
pub(super) struct Crew {
    pub(super) database: Database,
    pub(super) plans: watch::Sender<Arc<PlanSet>>,
    pub(super) stop: CancellationToken,
    drain: Duration,
}

impl Crew {
    /// Reads the files, waits for the database, and listens to signals; nothing if one came before
    /// the database did.
    pub(super) async fn assemble(
        edge: &CommandContext,
        demand: DatabaseDemand,
        drain: &Span,
    ) -> Result<Option<(Crew, WatchedFiles)>, CommandFailure> {
        let seen = change_times(&edge.project, &[OF_PLANS]);
        let checked = Arc::new(edge.checked());
        show(&checked, edge, &[]);
        let Some((database, stop)) = reached(edge, demand).await? else {
            return Ok(None);
        };
        let own = identity::made(edge)?;
        let database = database.of_project(own);
        let today = plans_of_folder(edge, &database.store, &checked).await?;
        let crew = Crew::of(database, stop, today, drain);
        Ok(Some((crew, WatchedFiles { checked, seen })))
    }

    /// A crew that works with these plans, until there are others.
    pub(super) fn of(
        database: Database,
        stop: CancellationToken,
        today: PlanSet,
        drain: &Span,
    ) -> Crew {
        Crew {
            plans: watch::channel(Arc::new(today)).0,
            database,
            stop,
            drain: drain.0.to_std().unwrap_or_default(),
        }
    }

    /// Works until it is stopped; `follow` sends other plans, and never ends by itself.
    pub(super) async fn work(
        &self,
        edge: &CommandContext,
        hands: usize,
        follow: impl Future<Output = ()>,
    ) -> Result<(), CommandFailure> {
        let worker = self.worker(edge, hands)?;
        notify(NotifyState::Ready);
        tokio::select! {
            () = worker.work(self.stop.clone(), self.drain) => {}
            () = follow => {}
        }
        Ok(())
    }

    /// Closes the database.
    pub(super) async fn disband(self) -> Result<u8, CommandFailure> {
        self.database.close().await?;
        Ok(stopped())
    }

    fn worker(&self, edge: &CommandContext, hands: usize) -> Result<Worker, CommandFailure> {
        Ok(Worker {
            store: self.database.store.clone(),
            access: edge.access(HttpClient::sharing(&Arc::new(StoredManners(
                self.database.store.clone(),
            )))?),
            name: edge.process(),
            hands,
            plans: self.plans.subscribe(),
            now: edge.now,
            host: edge.host(),
            spool: edge.home().join("spool"),
            watcher: progress::quiet(),
            told: Arc::new(tell_notice),
            given_back: Mutex::default(),
        })
    }

    /// Works with other plans from here on.
    pub(super) fn go_on_with(&self, today: PlanSet) {
        tell!(
            "files have changed: {} institutions can run",
            today.plans.len()
        );
        self.plans.send_replace(Arc::new(today));
    }
}

/// The end of a process that was asked to stop.
pub(super) fn stopped() -> u8 {
    tell!("stopped");
    DONE
}

/// Waits until files are to be looked at again.
pub(super) async fn next_look() {
    tokio::time::sleep(LOOKS_EVERY).await;
    notify(NotifyState::Watchdog);
}

impl WatchedFiles {
    /// Reads the files again whenever one has changed; `changed` gets the project after each edit.
    /// Never ends by itself.
    pub(super) async fn follow(
        &self,
        crew: &Crew,
        edge: &CommandContext,
        changed: impl Fn(Arc<CheckedProject>),
    ) {
        let mut seen = self.seen.clone();
        loop {
            next_look().await;
            let now = change_times(&edge.project, &[OF_PLANS]);
            if now == seen {
                continue;
            }
            let checked = Arc::new(edge.checked());
            show(&checked, edge, &[]);
            match plans_of_folder(edge, &crew.database.store, &checked).await {
                Ok(today) => {
                    crew.go_on_with(today);
                    changed(checked);
                    seen = now;
                }
                // The database is away: what is known of the last good version is read later.
                Err(failure) => failure.tell(),
            }
        }
    }
}

/// The plans of the project folder, and its files for workers without it.
async fn plans_of_folder(
    edge: &CommandContext,
    store: &Store,
    checked: &CheckedProject,
) -> Result<PlanSet, CommandFailure> {
    let files = snapshot::pack(checked, &edge.project);
    if let Err(error) = &files {
        tell!(
            "warning: {error}\nhelp: until then, `weir worker --from-database` does not work for it"
        );
    }
    plans(edge, store, checked, ProjectOrigin::Folder(files.ok())).await
}

/// The plans of the institutions that can run; what stands in for broken ones included.
pub(super) async fn plans(
    edge: &CommandContext,
    store: &Store,
    checked: &CheckedProject,
    origin: ProjectOrigin,
) -> Result<PlanSet, CommandFailure> {
    let ready = checked.ready(&[]).map(Arc::clone);
    let broken = last_good::BrokenInstitution::of(&checked.institutions);
    let (standing_in, _) = last_good::stand_in(edge, store, broken).await?;
    Ok(PlanSet::new(ready.chain(standing_in), checked, origin))
}

/// Listens to signals, and opens the database as soon as it can be reached; nothing if a signal
/// came first.
pub(super) async fn reached(
    edge: &CommandContext,
    demand: DatabaseDemand,
) -> Result<Option<(Database, CancellationToken)>, CommandFailure> {
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let database = open(edge, demand, &stop).await?;
    Ok(database.map(|database| (database, stop)))
}

/// Opens the database, and waits for one that cannot be reached until there is a signal.
async fn open(
    edge: &CommandContext,
    demand: DatabaseDemand,
    stop: &CancellationToken,
) -> Result<Option<Database>, CommandFailure> {
    let (mut is_told, mut is_again) = (false, false);
    loop {
        let failure = match Database::open(edge, demand).await {
            Ok(database) => return Ok(Some(database)),
            Err(failure) => failure,
        };
        let is_away = match edge.text("DATABASE_URL") {
            Some(url) => Store::is_away(&url).await,
            None => false,
        };
        // A server may come back between the two looks: what fails a second time counts.
        let was_there = std::mem::replace(&mut is_again, !is_away);
        if !is_away && (was_there || edge.text("DATABASE_URL").is_none()) {
            return Err(failure);
        }
        if is_away && !std::mem::replace(&mut is_told, true) {
            failure.tell();
            tell!("waiting for the database");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(TRIES_EVERY) => {}
        }
    }
}

/// Lets systemd know; without it, nothing happens.
fn notify(state: NotifyState<'_>) {
    let _ = sd_notify::notify(&[state]);
}

/// The first signal lets runs finish their batch; the second ends the process.
async fn stop_on_signal(stop: CancellationToken) {
    signal().await;
    tell!("stopping: runs under way finish their batch; press Ctrl-C again to stop now");
    notify(NotifyState::Stopping);
    stop.cancel();
    signal().await;
    std::process::exit(i32::from(INTERRUPTED));
}

fn tell_notice(notice: WorkNotice<'_>) {
    match notice {
        WorkNotice::Ended(unit, ran) => {
            let late = if unit.attempts > 1 {
                format!(", attempt {}", unit.attempts)
            } else {
                String::new()
            };
            let what = if unit.is_dry {
                "dry run".to_owned()
            } else {
                format!("run {}", ran.run)
            };
            tell!("{}: {what}{late}: {}", unit.slug, ran.total.words());
            for note in summary::run_notes(ran) {
                if note.severity != "note" {
                    tell!(
                        "{}: {}/{}: {}",
                        note.severity,
                        unit.slug,
                        note.source,
                        note.words
                    );
                }
            }
        }
        WorkNotice::NotDone(unit, end) => match end {
            UnitEnd::Failed { why } => tell!("error: {}: given up: {why}", unit.slug),
            UnitEnd::Retried { why, .. } => tell!("warning: {}: tried again: {why}", unit.slug),
            UnitEnd::GivenBack { why, .. } => note!("{}: waits: {why}", unit.slug),
            UnitEnd::Done { .. } => {}
        },
        WorkNotice::Away(error) => tell!("error: {error}\nhelp: waiting for the database"),
        WorkNotice::Back => tell!("the database is back"),
    }
}
