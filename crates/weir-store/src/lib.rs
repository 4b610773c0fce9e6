//! All SQL is here. Statements are set-based and start with `institution_id`; values are always
//! parameters.
//!
//! Each file contains the statements of one concept; `docs/decisions/0001-state.md` lists the
//! transaction of each change. Jobs are read in `views` and written in `jobs`. Nothing here decides
//! anything about ads: it stores decisions. To add a table, add a migration with a `COMMENT` on
//! every column and a file here.

pub mod alert_figures;
pub mod alerts;
pub mod api_tokens;
pub mod audit_trail;
mod budget;
pub mod classes;
mod closing;
pub mod columns;
pub mod company_aliases;
pub mod daily_reports;
mod demand;
pub mod distribution;
pub mod documents;
pub mod dry_runs;
pub mod erasure;
pub mod failures;
pub mod figures;
pub mod forgotten;
mod forms;
pub mod holds;
pub mod host_turns;
pub mod identity;
pub mod jobs;
pub mod lane;
pub mod leases;
pub mod losses;
pub mod masking;
pub mod metrics;
mod migrations;
mod narrow;
pub mod node_loads;
pub mod notices;
pub mod opening_marks;
pub mod opening_views;
pub mod openings;
mod pooler;
pub mod preflight;
pub mod presence;
pub mod projects;
pub mod quality;
pub mod queue;
pub mod reads;
pub mod redate;
pub mod relations;
pub mod resolved;
pub mod retention;
pub mod revisions;
pub mod robots;
pub mod rollback;
pub mod run_trace;
pub mod runs;
pub mod schedules;
pub mod scratch;
mod session;
pub mod sessions;
pub mod settle;
pub mod signatures;
mod sizes;
pub mod snapshots;
pub mod staging;
pub mod states;
pub mod statistics;
mod table_lock;
pub mod tables;
pub mod texts;
pub mod users;
pub mod versions;
pub mod views;
pub mod waiting;
pub mod warned;
pub mod watch;
pub mod work;

pub use weir_pg as server;

pub use narrow::NarrowStore;

pub use demand::{DatabaseDemand, TableUse};
pub use lane::{BatchConnection, WriteSession};

pub use sqlx::{Connection, PgConnection};

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Why a database operation failed, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is not a PostgreSQL URL.
    #[error("`DATABASE_URL` is not a PostgreSQL URL such as postgres://user@host/name: {0}")]
    Url(sqlx::Error),
    /// The URL is of another kind of database, or of none.
    #[error("`DATABASE_URL` starts with `{0}:`, but Weir uses PostgreSQL")]
    OtherScheme(String),
    /// No connection.
    #[error("cannot connect to PostgreSQL: {0}")]
    Connect(sqlx::Error),
    /// The database is not suitable.
    #[error("{problem}")]
    Unsuitable {
        /// Why.
        problem: String,
        /// What the operator does about it.
        help: String,
    },
    /// No database for tests.
    #[error("cannot create or remove a database for tests: {0}")]
    Scratch(sqlx::Error),
    /// A migration failed.
    #[error("cannot migrate the tables: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The session that held the lock of an institution has died.
    #[error(
        "the lock of `{0}` was lost: another run may be in progress; committed work is kept, and nothing more was written"
    )]
    LockLost(String),
    /// The lock of an institution was never given back.
    #[error("the lock of the institution was not given back within a day")]
    Endless,
    /// A statement failed.
    #[error("database: {0}")]
    Statement(#[from] sqlx::Error),
}

/// What helps a connection to come about.
fn help_connecting(error: &sqlx::Error) -> &'static str {
    match error {
        _ if session::is_of_tls(error) => {
            "the server's certificate does not satisfy `sslmode`: Weir supports X.509 v3; `sslmode=prefer` continues without TLS if it fails"
        }
        sqlx::Error::PoolTimedOut => {
            "no connection became available in time: raise `max_connections`, or run fewer institutions at once"
        }
        _ => {
            "check that the server is running and that `DATABASE_URL` is correct; `weir db status` shows what Weir uses"
        }
    }
}

/// What helps after PostgreSQL has refused or ended a statement (its error codes: appendix A of its
/// manual).
fn help_on(error: &sqlx::Error) -> &'static str {
    match error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .as_deref()
    {
        Some("42501") => {
            "the role lacks a right: docs/reference/database.md lists those it needs, with the SQL to grant them"
        }
        Some("55P03") => {
            "another session has held a lock for more than a minute: `weir db status` lists the sessions; then run again"
        }
        Some("57014") => {
            "a statement was cancelled by its time limit or by an administrator; its batch was not written: run again"
        }
        Some("25006") => {
            "the server or the role is read-only: use the primary server, or another role, in `DATABASE_URL`"
        }
        Some("53100") => "the disk of the server is full: free some space, then run again",
        Some("25P03" | "57P05") => {
            "the server ended an idle session: remove the limit for the role of Weir, then run again"
        }
        Some(code) if code.starts_with("22") || code.starts_with("54") => {
            "PostgreSQL rejects a value: run again, and report it if it persists"
        }
        _ => "nothing is lost; run again once PostgreSQL responds",
    }
}

impl StoreError {
    /// A database that does not suit, and what the operator does about it.
    fn unsuitable(problem: impl Into<String>, help: impl Into<String>) -> StoreError {
        StoreError::Unsuitable {
            problem: problem.into(),
            help: help.into(),
        }
    }

    /// What the operator does about it, where the message does not say so itself.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            StoreError::Url(_) => return None,
            StoreError::OtherScheme(_) => "write it as postgres://user@host/name",
            StoreError::Connect(error) => help_connecting(error),
            StoreError::Unsuitable { help, .. } => help,
            StoreError::Scratch(_) => {
                "the user of `DATABASE_URL` needs the right to create databases; without \
                 `DATABASE_URL`, Weir uses the private server"
            }
            StoreError::Migrate(_) => {
                "nothing was changed; docs/reference/database.md lists the rights it needs"
            }
            StoreError::LockLost(_) => "run again",
            StoreError::Endless => "`weir db status` lists the sessions; end the one that has it",
            StoreError::Statement(error) => help_on(error),
        };
        Some(help.to_owned())
    }

    /// Whether PostgreSQL rejects the data of a statement (class 22: a date out of range, an
    /// invalid character; 54000: a row too large for an index). Such data would be rejected again;
    /// every other failure is external and may be temporary.
    pub fn refuses_data(&self) -> bool {
        let StoreError::Statement(sqlx::Error::Database(error)) = self else {
            return false;
        };
        error
            .code()
            .is_some_and(|code| code.starts_with("22") || code == "54000")
    }

    /// Whether the server was away or stopping, had no room, or gave way to others: the same may
    /// succeed a little later.
    pub fn may_pass(&self) -> bool {
        if let StoreError::Connect(error) | StoreError::Statement(error) = self
            && matches!(
                error,
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed
            )
        {
            return true;
        }
        let passing = ["08", "40", "53", "55P03", "57P", "58"];
        self.code()
            .is_some_and(|code| passing.iter().any(|class| code.starts_with(class)))
    }

    /// The error code of PostgreSQL.
    fn code(&self) -> Option<Cow<'_, str>> {
        let StoreError::Statement(error) = self else {
            return None;
        };
        error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
    }

    /// PostgreSQL's own message, if any.
    pub fn said(&self) -> String {
        match self {
            StoreError::Statement(sqlx::Error::Database(error)) => error.message().to_owned(),
            other => other.to_string(),
        }
    }
}

/// How long a task waits for a connection that others use.
const WAITS_FOR_A_CONNECTION: Duration = Duration::from_secs(90);

/// Result of a store function.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The database of a project.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
    /// The schema that its sessions are bound to.
    schema: Option<Arc<str>>,
    connections: u32,
    identity: Option<projects::ActingProject>,
    awaited: Arc<Mutex<BTreeSet<String>>>,
    sizes: sizes::LastSizes,
}

/// Something that a task of this process waits for, until it is dropped.
pub struct PendingWait {
    what: String,
    all: Arc<Mutex<BTreeSet<String>>>,
}

impl Drop for PendingWait {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.what);
    }
}

impl Store {
    /// Opens a database for a command: everything that could fail later is checked first, and the
    /// tables are migrated if necessary. `who` identifies this process to others when it holds an
    /// institution: `process 7 on host`.
    ///
    /// # Errors
    /// There is no connection, or the database is not suitable.
    pub async fn open_for(url: &str, demand: DatabaseDemand, who: &str) -> Result<Store> {
        preflight::open(url, demand, who).await
    }

    /// Opens a database to write with at most `connections` connections.
    ///
    /// # Errors
    /// No connection, or the database does not suit.
    pub async fn open(url: &str, connections: u32, who: &str) -> Result<Store> {
        Store::open_for(url, DatabaseDemand::writing(connections), who).await
    }

    /// Creates the database `weir` of the server at `url`, unless it is there.
    ///
    /// # Errors
    /// No connection, or no right.
    pub async fn create_database(url: &str) -> Result<()> {
        let mut connection = PgConnection::connect(url)
            .await
            .map_err(StoreError::Connect)?;
        let known: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'weir')")
                .fetch_one(&mut connection)
                .await?;
        if !known {
            let created = sqlx::query("CREATE DATABASE weir")
                .execute(&mut connection)
                .await
                .map_err(StoreError::from);
            // Another process may have been quicker.
            let is_there = |error: &StoreError| {
                error
                    .code()
                    .is_some_and(|code| code == "42P04" || code == "23505")
            };
            if let Err(error) = created
                && !is_there(&error)
            {
                return Err(error);
            }
        }
        Ok(connection.close().await?)
    }

    /// Connects without looking at the tables.
    ///
    /// # Errors
    /// No server or no right.
    pub async fn connect(url: &str, connections: u32, who: &str) -> Result<Store> {
        let (first, options) = session::agree(session::options(url, who)?).await?;
        first.close().await.map_err(StoreError::Connect)?;
        Ok(Store::pooled(options, connections, None))
    }

    /// Whether the server at `url` cannot be reached, or is about to start or to stop.
    pub async fn is_away(url: &str) -> bool {
        let Ok(options) = session::options(url, "weir") else {
            return false;
        };
        match session::connect(&options).await {
            Err(StoreError::Connect(sqlx::Error::Io(_))) => true,
            Err(StoreError::Connect(sqlx::Error::Database(error))) => {
                error.code().is_some_and(|code| code.starts_with("57P"))
            }
            _ => false,
        }
    }

    /// A pool of sessions that are set up alike; with a schema, every name means a table of that
    /// schema. It connects when a connection is needed.
    fn pooled(options: PgConnectOptions, connections: u32, schema: Option<String>) -> Store {
        let schema: Option<Arc<str>> = schema.map(Arc::from);
        let bound = schema.clone();
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(WAITS_FOR_A_CONNECTION)
            .test_before_acquire(false);
        let pool = pool.after_connect(move |connection, _| {
            let schema = bound.clone();
            Box::pin(async move { session::settle(connection, schema.as_deref()).await })
        });
        Store {
            pool: pool.connect_lazy_with(options),
            schema,
            connections,
            identity: None,
            awaited: Arc::default(),
            sizes: Arc::default(),
        }
    }

    /// The same database on behalf of a project: see [`projects`].
    #[must_use]
    pub fn of_project(self, identity: Option<projects::ActingProject>) -> Store {
        Store { identity, ..self }
    }

    /// The project on whose behalf it is used; `None` if ownership does not matter.
    pub fn identity(&self) -> Option<&projects::ActingProject> {
        self.identity.as_ref()
    }

    /// Lets whoever watches say what is waited for.
    pub fn waits_for(&self, what: String) -> PendingWait {
        let all = Arc::clone(&self.awaited);
        let mut waiting = all.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert(what.clone());
        drop(waiting);
        PendingWait { what, all }
    }

    /// What tasks of this process wait for.
    pub fn awaited(&self) -> Vec<String> {
        let all = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().cloned().collect()
    }

    /// How many connections are in use just now.
    fn held(&self) -> i64 {
        i64::from(self.pool.size()) - i64::try_from(self.pool.num_idle()).unwrap_or_default()
    }

    /// How many connections it may hold at once.
    pub fn connections(&self) -> u32 {
        self.connections
    }

    /// A lane whose transactions commit.
    pub fn lane(&self) -> WriteSession {
        WriteSession::Pool(self.pool.clone(), None)
    }

    /// A lane whose transactions are savepoints of one transaction that is rolled back: the dry
    /// run.
    ///
    /// # Errors
    /// No connection.
    pub async fn rehearsal(&self) -> Result<WriteSession> {
        WriteSession::rehearsal(&self.pool).await
    }

    /// A separate connection, for locks and look-ups.
    ///
    /// # Errors
    /// No connection.
    pub async fn connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>> {
        self.pool.acquire().await.map_err(StoreError::Connect)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Text as PostgreSQL can store it: any character except NUL. External text that is not a document,
/// such as an error of a reader or a response of a server, must pass through here.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The same for JSON, names of members included.
pub(crate) fn storable_json(json: &serde_json::Value) -> serde_json::Value {
    let mut json = json.clone();
    weir_model::document::replace_nul(&mut json);
    json
}

/// A list in the text form of `text[]`: PostgreSQL's `unnest` cannot take a list of lists.
pub(crate) fn array_literal<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::from("{");
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push('"');
        item.chars().for_each(|letter| {
            if matches!(letter, '"' | '\\') {
                out.push('\\');
            }
            out.push(letter);
        });
        out.push('"');
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::{array_literal, storable, storable_json};

    #[test]
    fn nothing_that_postgresql_refuses_reaches_it() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        assert_eq!(
            storable_json(&serde_json::json!({ "a\0": ["\0"] })),
            serde_json::json!({ "a\u{fffd}": ["\u{fffd}"] })
        );
    }

    #[test]
    fn hostile_text_stays_one_item_of_an_array() {
        assert_eq!(
            array_literal(["a", "b,\"c\"", "\\}"]),
            r#"{"a","b,\"c\"","\\}"}"#
        );
        assert_eq!(array_literal([]), "{}");
    }
}
