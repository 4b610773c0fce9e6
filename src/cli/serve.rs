//! `weir serve` and `weir worker`: what an operator starts once and forgets.

use super::crew::{Crew, stopped};
use super::database::block_on;
use super::snapshots::SnapshotWatch;
use super::{CommandContext, CommandFailure, NOTHING, parse_span};
use crate::orchestration::scheduler::SchedulerTick;
use crate::orchestration::{PlanSet, Scheduler};
use crate::span::Span;
use crate::store::{DatabaseDemand, Store, TableUse, users};
use crate::web::{self, EntryPolicy, IdentityProxy, Site, TrustedNetwork};
use axum::http::HeaderName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Connections besides two for each run under way: the schedule, the queue, heartbeats, pages.
const BESIDES: u32 = 8;
/// How often the schedule is looked at.
const TICKS_EVERY: Duration = Duration::from_secs(1);

/// How a worker works.
#[derive(clap::Args, Clone)]
struct WorkerSettings {
    /// Institutions that run at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=64))]
    parallel: u8,
    /// How long runs under way may take to finish their batch when Weir is to end; what takes
    /// longer is rolled back and goes on elsewhere
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = parse_span)]
    drain: Span,
}

impl WorkerSettings {
    fn demand(&self) -> DatabaseDemand {
        DatabaseDemand {
            need: TableUse::Write,
            least: 4,
            most: u32::from(self.parallel) * 3 + BESIDES,
            is_private: false,
        }
    }
}

/// Run every institution when it is due, and answer over HTTP.
#[derive(clap::Args)]
#[command(
    after_help = "One process is enough. Further ones on the same database, here or elsewhere, \
                  share the work, and one of them takes over when the one that carries out the \
                  schedule ends. `weir worker` adds hands without pages.\nFiles are looked at \
                  before each run: no restart after an edit. Without users (`weir users`) it listens \
                  on this machine alone. /health answers while the process \
                  lives, /ready while it can work."
)]
pub struct ServeArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// A name by which a proxy in front calls it; others than localhost and addresses are refused
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// The header in which a proxy names who is logged in there, such as X-Forwarded-User
    #[arg(long, value_name = "HEADER", requires = "trusted_proxies")]
    identity_header: Option<HeaderName>,
    /// Where that proxy is: an address, or a network such as 10.1.0.0/16; may be repeated
    #[arg(
        long = "trusted-proxy",
        value_name = "ADDRESS",
        requires = "identity_header"
    )]
    trusted_proxies: Vec<TrustedNetwork>,
    /// Let people with the role `edit` save rule files of the project folder from the workbench
    #[arg(long)]
    edit: bool,
    #[command(flatten)]
    hands: WorkerSettings,
}

/// Run what is due, beside a `weir serve` on the same database.
#[derive(clap::Args)]
#[command(
    after_help = "It works in the project folder, or anywhere with `--from-database`: then it takes the files that \
                  `weir serve` stores in the database, and follows them. The variables that the YAML names must be set \
                  on this machine, too. What it cannot do, such as reading a file of the project folder, it leaves to \
                  others, and `weir status` says why."
)]
pub struct WorkerArgs {
    /// Work without the project folder, with the files that `weir serve` has stored in the database
    #[arg(long)]
    from_database: bool,
    /// The project, if the database has several: `project:` in its weir.yaml
    #[arg(long, value_name = "PROJECT", requires = "from_database")]
    of: Option<String>,
    #[command(flatten)]
    hands: WorkerSettings,
}

impl ServeArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        block_on(self.serve(edge))?
    }

    async fn serve(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let listener = self.listener().await?;
        let address = listener.local_addr()?;
        let assembled = Crew::assemble(edge, self.hands.demand(), &self.hands.drain).await?;
        let Some((crew, files)) = assembled else {
            return Ok(stopped());
        };
        let (is_ready, readiness) = watch::channel(Ok(()));
        let site = Site::new(
            crew.database.store.clone(),
            edge.project.clone(),
            edge.now,
            readiness,
            Arc::clone(&files.checked),
        );
        let doors = self.doors();
        if !doors.is_loopback && doors.proxy.is_none() {
            self.demand_users(&crew.database.store).await?;
        }
        let operator = edge.person(None).unwrap_or_default();
        let site = site
            .called(self.hosts.clone())
            .operated_by(operator)
            .saving_edits(self.edit);
        let site = Arc::new(site.entered_by(doors).stopped_by(crew.stop.clone()));
        tell!("listening on http://{address}");
        let serving = tokio::spawn(web::serve(listener, Arc::clone(&site), crew.stop.clone()));
        let telling = tokio::spawn(super::alerts::keep_telling(
            crew.database.store.clone(),
            Arc::clone(&site),
            super::alerts::sender(edge, &files.checked)?,
            crew.stop.clone(),
        ));
        let leading = tokio::spawn(lead(
            Scheduler::new(crew.database.store.clone()),
            crew.plans.subscribe(),
            edge.now,
            is_ready,
            crew.stop.clone(),
        ));
        let follow = files.follow(&crew, edge, |checked| site.set_project(checked));
        crew.work(edge, usize::from(self.hands.parallel), follow)
            .await?;
        leading.await?;
        telling.await?;
        serving.await??;
        site.close().await;
        crew.disband().await
    }

    /// How people come in.
    fn doors(&self) -> EntryPolicy {
        let proxy = self.identity_header.clone().map(|header| IdentityProxy {
            header,
            networks: self.trusted_proxies.clone(),
        });
        EntryPolicy {
            is_loopback: self.listen.ip().is_loopback(),
            proxy,
        }
    }

    /// Refuses to be reached from other machines while everybody would be let in.
    async fn demand_users(&self, store: &Store) -> Result<(), CommandFailure> {
        if users::are_any(&mut *store.connection().await?).await? {
            return Ok(());
        }
        Err(CommandFailure::nothing(format!(
            "{} can be reached from other machines, and there are no users",
            self.listen
        ))
        .help(
            "`weir users add NAME --role edit` adds one; or listen on 127.0.0.1; or name a proxy \
             that knows its users: `--identity-header` and `--trusted-proxy`",
        ))
    }

    async fn listener(&self) -> Result<TcpListener, CommandFailure> {
        TcpListener::bind(self.listen).await.map_err(|error| {
            CommandFailure {
                code: NOTHING,
                ..CommandFailure::from(error)
            }
            .help(format!(
                "another program may listen on {}; choose another with `--listen`",
                self.listen
            ))
        })
    }
}

impl WorkerArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        block_on(self.work(edge))?
    }

    async fn work(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let (demand, drain) = (self.hands.demand(), &self.hands.drain);
        let hands = usize::from(self.hands.parallel);
        if self.from_database {
            let begun = SnapshotWatch::begin(edge, demand, drain, self.of.as_deref()).await?;
            let Some((crew, watch)) = begun else {
                return Ok(stopped());
            };
            tell!("working without the project folder: at most {hands} runs at a time");
            crew.work(edge, hands, watch.follow(&crew, edge)).await?;
            return crew.disband().await;
        }
        let Some((crew, files)) = Crew::assemble(edge, demand, drain).await? else {
            return Ok(stopped());
        };
        tell!("working: at most {hands} runs at a time");
        crew.work(edge, hands, files.follow(&crew, edge, |_| {}))
            .await?;
        crew.disband().await
    }
}

/// Carries out the schedule as long as no other process does, and says what keeps it from it.
async fn lead(
    mut scheduler: Scheduler,
    plans: watch::Receiver<Arc<PlanSet>>,
    now: fn() -> chrono::DateTime<chrono::Utc>,
    is_ready: watch::Sender<Result<(), String>>,
    stop: CancellationToken,
) {
    let mut told = None;
    while !stop.is_cancelled() {
        let today = Arc::clone(&plans.borrow());
        let ticked = scheduler.tick(&today, now()).await;
        let _ = is_ready.send_replace(ticked.as_ref().map(|_| ()).map_err(ToString::to_string));
        if let Ok(tick) = ticked {
            tell_tick(&tick, &mut told);
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(TICKS_EVERY) => {}
        }
    }
    scheduler.stop().await;
}

/// Says who carries out the schedule whenever that changes.
fn tell_tick(tick: &SchedulerTick, told: &mut Option<ScheduleRole>) {
    let role = match tick {
        SchedulerTick::Follows => ScheduleRole::Follows,
        SchedulerTick::ClockDiffers(_) => ScheduleRole::Waits,
        SchedulerTick::Idle | SchedulerTick::Queued(_) => ScheduleRole::Leads,
    };
    if *told == Some(role) {
        return;
    }
    *told = Some(role);
    match tick {
        SchedulerTick::Follows => {
            tell!("another process carries out the schedule; this one shares the work");
        }
        SchedulerTick::ClockDiffers(apart) => tell!(
            "error: the clock of this machine differs by {} s from that of the database\nhelp: \
             correct it; nothing is scheduled until they agree",
            apart.num_seconds()
        ),
        SchedulerTick::Idle | SchedulerTick::Queued(_) => tell!("carrying out the schedule"),
    }
}

/// What a process does about the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScheduleRole {
    Leads,
    Follows,
    Waits,
}
