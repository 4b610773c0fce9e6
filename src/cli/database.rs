//! Which PostgreSQL a command uses: `DATABASE_URL`, or the private server of the project folder,
//! started when needed and stopped by the last one out.

use super::{CommandContext, CommandFailure, FAILED, NOTHING, identity, install, out};
use crate::store::projects::ActingProject;
use crate::store::scratch::TestDatabases;
use crate::store::server::{ProgramSearch, Server, ServerEnvironment};
use crate::store::{DatabaseDemand, PgConnection, Store, TableUse, watch};
use futures::future::LocalBoxFuture;
use std::path::PathBuf;

/// An open database, and the private server behind it if there is one.
pub(super) struct Database {
    pub(super) store: Store,
    server: Option<Server>,
    watching: Option<tokio::task::AbortHandle>,
}

impl Database {
    /// Opens the database for the needs of a command; if that fails, nothing was attempted. Boxed,
    /// so that it is compiled once and not for each command.
    pub(super) fn open(
        edge: &CommandContext,
        demand: DatabaseDemand,
    ) -> LocalBoxFuture<'_, Result<Database, CommandFailure>> {
        Box::pin(Database::open_now(edge, demand))
    }

    async fn open_now(
        edge: &CommandContext,
        demand: DatabaseDemand,
    ) -> Result<Database, CommandFailure> {
        let own = if demand.need == TableUse::Write {
            identity::known(edge)?
        } else {
            None
        };
        let unfit = |error: crate::store::StoreError| CommandFailure {
            code: NOTHING,
            ..CommandFailure::from(error)
        };
        if let Some(url) = edge.text("DATABASE_URL") {
            let store = Store::open_for(&url, demand, &edge.process())
                .await
                .map_err(unfit)?
                .of_project(own);
            let watch = watch::watch(store.clone(), url, edge.process(), out::is_waiting, warn);
            let watching = tokio::spawn(watch).abort_handle();
            return Ok(Database {
                store,
                server: None,
                watching: Some(watching),
            });
        }
        let server = start(edge).await?;
        let url = server.url("weir");
        Store::create_database(&server.url("postgres")).await?;
        let store = Store::open_for(
            &url,
            DatabaseDemand {
                is_private: true,
                ..demand
            },
            &edge.process(),
        )
        .await
        .map_err(unfit)?
        .of_project(own);
        Ok(Database {
            store,
            server: Some(server),
            watching: None,
        })
    }

    /// Uses it on behalf of this project: see [`identity::on_behalf`].
    pub(super) async fn on_behalf(
        self,
        edge: &CommandContext,
        institutions: &[uuid::Uuid],
        writes: bool,
    ) -> Result<Database, CommandFailure> {
        let store = identity::on_behalf(edge, self.store.clone(), institutions, writes).await?;
        Ok(Database { store, ..self })
    }

    /// Uses it on behalf of a project.
    pub(super) fn of_project(self, own: ActingProject) -> Database {
        let store = self.store.clone().of_project(Some(own));
        Database { store, ..self }
    }

    /// Lets the private server run on after the last one out.
    pub(super) fn pin(&self) -> Result<(), CommandFailure> {
        self.server
            .as_ref()
            .map_or(Ok(()), Server::pin)
            .map_err(CommandFailure::from)
    }

    /// Closes the connections, then leaves the server.
    pub(super) async fn close(self) -> Result<(), CommandFailure> {
        if let Some(watching) = self.watching {
            watching.abort();
        }
        self.store.close().await;
        if let Some(server) = self.server {
            blocking(move || server.close()).await??;
        }
        Ok(())
    }
}

/// Reports what a watch has noticed. If PostgreSQL no longer responds, no orderly exit is possible.
fn warn(notice: watch::WatchNotice) {
    match notice {
        watch::WatchNotice::Waits(words) => note!("{words}"),
        watch::WatchNotice::Silent(words) => {
            tell!(
                "error: {words}\nhelp: committed work is kept; check the server and the network, \
                 then run again"
            );
            std::process::exit(i32::from(FAILED));
        }
    }
}

/// Opens the server on which databases for tests are made, for the work of a command; the database
/// of the project is not touched.
pub(super) fn with_yard<T>(
    edge: &CommandContext,
    work: impl AsyncFnOnce(&TestDatabases) -> Result<T, CommandFailure>,
) -> Result<T, CommandFailure> {
    block_on(async {
        let foreign = edge.text("DATABASE_URL");
        let server = if foreign.is_none() {
            Some(start(edge).await?)
        } else {
            None
        };
        let url = foreign
            .or_else(|| server.as_ref().map(|server| server.url("postgres")))
            .unwrap_or_default();
        let yard = TestDatabases::open(&url).await?;
        let result = work(&yard).await;
        yard.close().await?;
        if let Some(server) = server {
            blocking(move || server.close()).await??;
        }
        result
    })?
}

/// Opens the database for the work of a command, and always closes it.
pub(super) fn with_store<T>(
    edge: &CommandContext,
    demand: DatabaseDemand,
    work: impl AsyncFnOnce(&Store) -> Result<T, CommandFailure>,
) -> Result<T, CommandFailure> {
    block_on(async {
        let database = Database::open(edge, demand).await?;
        let result = work(&database.store).await;
        database.close().await?;
        result
    })?
}

/// The same for reading that one connection is enough for.
pub(super) fn with_connection<T>(
    edge: &CommandContext,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, CommandFailure>,
) -> Result<T, CommandFailure> {
    with_store(edge, DatabaseDemand::READ, async |store| {
        work(&mut *store.connection().await?).await
    })
}

/// Starts or joins the private server; on a terminal, missing server programs may be installed.
pub(super) async fn start(edge: &CommandContext) -> Result<Server, CommandFailure> {
    let open = || {
        let (project, environment) = (edge.project.clone(), environment(edge));
        blocking(move || Server::open(&project, &environment))
    };
    let server = match open().await? {
        Err(error)
            if error.lacks_programs() && install::may_be_asked(edge, environment(edge)).await =>
        {
            install::ask(edge).await?;
            open().await?
        }
        opened => opened,
    }?;
    if let Some(note) = server.location_note() {
        note!("{note}");
    }
    Ok(server)
}

/// Runs blocking work on its own thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CommandFailure> {
    Ok(tokio::task::spawn_blocking(work).await?)
}

/// Where the private server's binaries, data and sockets may be.
pub(super) fn environment(edge: &CommandContext) -> ServerEnvironment {
    let runtime = edge.text("XDG_RUNTIME_DIR").map(PathBuf::from);
    let temporary = edge
        .text("TMPDIR")
        .map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    ServerEnvironment {
        search: ProgramSearch {
            path: edge
                .environment
                .get(std::ffi::OsStr::new("PATH"))
                .cloned()
                .unwrap_or_default(),
            only: edge.text("WEIR_POSTGRES_PROGRAMS").map(PathBuf::from),
            installed: install::cache(edge).map(|cache| cache.folder().to_owned()),
        },
        state: None,
        sockets: runtime.into_iter().chain([temporary]).collect(),
    }
}

/// The runtime for commands that need the database. Boxed, so that the runtime is compiled for each
/// type of answer and not for each command.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, CommandFailure> {
    let work: LocalBoxFuture<'_, T> = Box::pin(work);
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work))
}
