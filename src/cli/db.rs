//! `weir db`.

use super::database::{self, Database, block_on, blocking};
use super::distribute::{self, DistributeArgs};
use super::install::InstallArgs;
use super::tidy::TidyArgs;
use super::{CommandContext, CommandFailure, DONE, identity, out};
use crate::engine::person::{self, DecidedTable, DecisionRecord, DecisionScope};
use crate::model::{Alert, Clock};
use crate::store::server::{Server, StopOutcome};
use crate::store::{DatabaseDemand, PgConnection, Store, projects, runs, sessions, tables};
use clap::Subcommand;
use std::io::Write;
use uuid::Uuid;

/// The private PostgreSQL of this folder.
#[derive(clap::Args)]
pub struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
}

#[derive(Clone, Subcommand)]
enum DbCommand {
    /// Download the server programs of PostgreSQL for this user, where the machine has none
    Install(InstallArgs),
    /// Start it and keep it running until `weir db stop`
    Start,
    /// Stop it
    Stop,
    /// Show whether it is running and where its data is
    Status,
    /// Print the URL for other programs, such as psql
    Url,
    /// Bring the tables up to date
    Migrate,
    /// Print the reference of all tables, as Markdown
    Tables,
    /// Remove what nobody needs any more: finished work, and what `retention:` of weir.yaml no
    /// longer keeps
    Tidy(TidyArgs),
    /// Spread the tables over the nodes of Citus, by institution
    Distribute(DistributeArgs),
    /// Take over institutions from another project, whose runs are refused from then on
    Adopt {
        /// The institutions
        #[arg(required = true)]
        institutions: Vec<String>,
        /// Wait for a run of an institution to finish
        #[arg(long)]
        wait: bool,
    },
}

impl DbArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let foreign = edge.text("DATABASE_URL");
        if let (Some(_), DbCommand::Start | DbCommand::Stop) = (&foreign, &self.command) {
            return Err(CommandFailure::nothing(
                "`DATABASE_URL` is set; Weir does not start or stop that server",
            )
            .help("unset it to use the private server"));
        }
        let command = self.command.clone();
        block_on(async {
            match command {
                DbCommand::Install(install) => install.run(edge).await,
                DbCommand::Start => start(edge).await,
                DbCommand::Stop => stop(edge).await,
                DbCommand::Status => status(edge, foreign).await,
                DbCommand::Url => url(edge, foreign).await,
                DbCommand::Migrate => migrate(edge).await,
                DbCommand::Tables => reference(edge).await,
                DbCommand::Tidy(tidy) => return tidy.run(edge).await,
                DbCommand::Distribute(distribute) => return distribute.run(edge).await,
                DbCommand::Adopt { institutions, wait } => adopt(edge, &institutions, wait).await,
            }
            .map(|()| DONE)
        })?
    }
}

async fn start(edge: &CommandContext) -> Result<(), CommandFailure> {
    let database = Database::open(edge, DatabaseDemand::MIGRATE).await?;
    database.pin()?;
    database.close().await?;
    let status = server_status(edge).await?;
    say!("running, data in {}", status.data.display());
    Ok(())
}

async fn stop(edge: &CommandContext) -> Result<(), CommandFailure> {
    let (project, environment) = (edge.project.clone(), database::environment(edge));
    let stopped = blocking(move || Server::stop(&project, &environment)).await??;
    say!(
        "{}",
        if stopped == StopOutcome::Now {
            "stopped"
        } else {
            "was not running"
        }
    );
    Ok(())
}

async fn server_status(
    edge: &CommandContext,
) -> Result<crate::store::server::ServerStatus, CommandFailure> {
    let (project, environment) = (edge.project.clone(), database::environment(edge));
    Ok(blocking(move || Server::status(&project, &environment)).await??)
}

async fn status(edge: &CommandContext, foreign: Option<String>) -> Result<(), CommandFailure> {
    if foreign.is_some() {
        let database = Database::open(edge, DatabaseDemand::READ).await?;
        say!("`DATABASE_URL` is set and reachable; the private server is not used");
        let mut connection = database.store.connection().await?;
        for session in sessions::others(&mut connection).await? {
            say!("session  {session}");
        }
        put!("{}", distribute::status(&mut connection).await?);
        drop(connection);
        return database.close().await;
    }
    let status = server_status(edge).await?;
    let running = if status.running {
        "running"
    } else {
        "not running"
    };
    say!(
        "{running}{}",
        if status.pinned {
            ", until `weir db stop`"
        } else {
            ", starts when a command needs it"
        }
    );
    say!("data     {}", status.data.display());
    say!("log      {}", status.log.display());
    say!(
        "version  {}",
        status.version.as_deref().unwrap_or("none yet")
    );
    if !status.users.is_empty() {
        say!(
            "used by  processes {}",
            status
                .users
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    if let Some(note) = status.location_note {
        say!("note     {note}");
    }
    Ok(())
}

async fn url(edge: &CommandContext, foreign: Option<String>) -> Result<(), CommandFailure> {
    if let Some(url) = foreign {
        // Another program is to use it, password and all.
        out::raw().write_all(format!("{url}\n").as_bytes())?;
        return Ok(());
    }
    let server = database::start(edge).await?;
    say!("{}", server.url("weir"));
    if !server_status(edge).await?.pinned {
        tell!("help: `weir db start` keeps the server running for other programs");
    }
    Ok(blocking(move || server.close()).await??)
}

async fn migrate(edge: &CommandContext) -> Result<(), CommandFailure> {
    let database = Database::open(edge, DatabaseDemand::MIGRATE).await?;
    say!("the tables are up to date");
    database.close().await
}

async fn reference(edge: &CommandContext) -> Result<(), CommandFailure> {
    let database = Database::open(edge, DatabaseDemand::READ).await?;
    let mut connection = database.store.connection().await?;
    put!("{}", tables::reference(&mut connection).await?);
    drop(connection);
    database.close().await
}

/// Takes institutions over for this project.
async fn adopt(edge: &CommandContext, slugs: &[String], wait: bool) -> Result<(), CommandFailure> {
    let database = Database::open(edge, DatabaseDemand::DECIDE).await?;
    let done = adopt_all(edge, &database.store, slugs, wait).await;
    database.close().await?;
    done
}

async fn adopt_all(
    edge: &CommandContext,
    store: &Store,
    slugs: &[String],
    wait: bool,
) -> Result<(), CommandFailure> {
    let mut wanted: Vec<(&str, Uuid)> = Vec::new();
    for slug in slugs {
        let known = runs::institution(&mut *store.connection().await?, slug).await?;
        let never = || {
            CommandFailure::nothing(format!("`{slug}` has never run on this database"))
                .help("it will belong to the project that runs it first")
        };
        wanted.push((slug, known.ok_or_else(never)?));
    }
    let own = identity::made(edge)?;
    if !own.claims {
        return Err(CommandFailure::nothing(
            "a project without a `weir.yaml` cannot own institutions",
        )
        .help("create the file first"));
    }
    // Whose it was does not matter here.
    let store = store.clone().of_project(None);
    for (slug, institution) in wanted {
        let whose = DecisionScope {
            institution,
            slug,
            at: None,
            allow_future: false,
            wait,
        };
        let said = person::decide(
            &store,
            whose,
            DecisionRecord::InTable(DecidedTable::ProjectClaims),
            async |connection| take_over(edge, connection, whose, &own.project).await,
        )
        .await?;
        say!("{said}");
    }
    Ok(())
}

async fn take_over(
    edge: &CommandContext,
    connection: &mut PgConnection,
    whose: DecisionScope<'_>,
    own: &str,
) -> Result<String, CommandFailure> {
    let slug = whose.slug;
    let before = projects::owner(connection, whose.institution, slug).await?;
    if before.as_ref().is_some_and(|before| before.project == own) {
        return Ok(format!("`{slug}` already belongs to this project"));
    }
    let (now, person) = ((edge.now)(), edge.person(None)?);
    projects::claim(connection, whose.institution, own, now, &person).await?;
    let from = before.map_or_else(String::new, |before| {
        format!(" from project `{}`", before.project)
    });
    let message = format!("{person} moved `{slug}`{from} to project `{own}`");
    let alert = Alert {
        source: String::new(),
        kind: "adopted",
        severity: "warn",
        message,
    };
    runs::alert(connection, whose.institution, None, Clock(now), &alert).await?;
    Ok(format!(
        "`{slug}` now belongs to this project; runs of other projects are refused"
    ))
}
