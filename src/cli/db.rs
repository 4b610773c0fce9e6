//! `weir db`.

use super::database::{self, Database, block_on, blocking};
use super::{DONE, Edge, Failure, out};
use crate::store::server::{Server, Stopped};
use crate::store::tables;
use clap::Subcommand;
use std::io::Write;

/// The private PostgreSQL of this folder.
#[derive(clap::Args)]
pub struct Db {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Start it and let it run until `weir db stop`
    Start,
    /// Stop it
    Stop,
    /// Whether it runs, where its data are
    Status,
    /// The URL for other programs, such as psql
    Url,
    /// Bring the tables up to date
    Migrate,
    /// The reference of all tables, as Markdown
    Tables,
}

impl Db {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let foreign = edge.text("DATABASE_URL");
        if let (Some(_), Command::Start | Command::Stop) = (&foreign, self.command) {
            return Err(Failure::nothing(
                "`DATABASE_URL` is set: that server is not Weir's to start or stop\nhelp: unset it to use the private server",
            ));
        }
        let command = self.command;
        block_on(async {
            match command {
                Command::Start => start(edge).await,
                Command::Stop => stop(edge).await,
                Command::Status => status(edge, foreign).await,
                Command::Url => url(edge, foreign).await,
                Command::Migrate => migrate(edge).await,
                Command::Tables => reference(edge).await,
            }
        })?
        .map(|()| DONE)
    }
}

async fn start(edge: &Edge) -> Result<(), Failure> {
    let database = Database::open(edge).await?;
    database.pin()?;
    database.close().await?;
    let status = server_status(edge).await?;
    say!("running, data in {}", status.data.display());
    Ok(())
}

async fn stop(edge: &Edge) -> Result<(), Failure> {
    let (project, environment) = (edge.project.clone(), database::environment(edge));
    let stopped = blocking(move || Server::stop(&project, &environment)).await??;
    say!("{}", if stopped == Stopped::Now { "stopped" } else { "was not running" });
    Ok(())
}

async fn server_status(edge: &Edge) -> Result<crate::store::server::Status, Failure> {
    let (project, environment) = (edge.project.clone(), database::environment(edge));
    Ok(blocking(move || Server::status(&project, &environment)).await??)
}

async fn status(edge: &Edge, foreign: Option<String>) -> Result<(), Failure> {
    if foreign.is_some() {
        let database = Database::open(edge).await?;
        say!("`DATABASE_URL` is set and answers; the private server is not used");
        return database.close().await;
    }
    let status = server_status(edge).await?;
    let running = if status.running { "running" } else { "not running" };
    say!("{running}{}", if status.pinned { ", until `weir db stop`" } else { ", starts when a command needs it" });
    say!("data     {}", status.data.display());
    say!("log      {}", status.log.display());
    say!("version  {}", status.version.as_deref().unwrap_or("none yet"));
    if !status.users.is_empty() {
        say!("used by  processes {}", status.users.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    }
    if let Some(note) = status.location_note {
        say!("note     {note}");
    }
    Ok(())
}

async fn url(edge: &Edge, foreign: Option<String>) -> Result<(), Failure> {
    if let Some(url) = foreign {
        // Another program is to use it, password and all.
        out::raw().write_all(format!("{url}\n").as_bytes())?;
        return Ok(());
    }
    let server = database::start(edge).await?;
    say!("{}", server.url("weir"));
    tell!("help: `weir db start` keeps the server running for other programs");
    Ok(blocking(move || server.close()).await??)
}

async fn migrate(edge: &Edge) -> Result<(), Failure> {
    let database = Database::open(edge).await?;
    say!("the tables are up to date");
    database.close().await
}

async fn reference(edge: &Edge) -> Result<(), Failure> {
    let database = Database::open(edge).await?;
    let mut connection = database.store.connection().await?;
    put!("{}", tables::reference(&mut connection).await?);
    drop(connection);
    database.close().await
}
