//! The only home of SQL. Statements are set-based and lead with `institution_id`; values are always parameters.
//!
//! Each file holds the statements of one concept; the transaction that a change belongs to is listed in
//! `docs/decisions/0001-state.md`. Nothing here decides anything about ads: it stores decisions. To add a table,
//! add a migration with a `COMMENT` on every column and a file here.

pub mod audit;
pub mod biography;
pub mod digest;
pub mod documents;
pub mod export;
pub mod failures;
pub mod figures;
pub mod holds;
pub mod identity;
pub mod jobs;
pub mod lane;
pub mod quality;
pub mod reads;
pub mod records;
pub mod relations;
pub mod resolved;
pub mod rollback;
pub mod runs;
pub mod scratch;
pub mod server;
pub mod settle;
pub mod staging;
pub mod states;
pub mod tables;
pub mod texts;
pub mod versions;
pub mod work;

pub use lane::{Held, Lane};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use std::str::FromStr;
use std::time::Duration;
use uuid::Uuid;

/// Why the database could not do what was asked: for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is no PostgreSQL URL.
    #[error("`DATABASE_URL` is not a PostgreSQL URL such as postgres://user@host/name: {0}")]
    Url(sqlx::Error),
    /// No connection.
    #[error(
        "cannot connect to PostgreSQL: {0}\nhelp: check that the server runs and that `DATABASE_URL` is right; `weir db status` shows what Weir uses"
    )]
    Connect(sqlx::Error),
    /// No database for tests.
    #[error(
        "cannot make or remove a database for tests: {0}\nhelp: the user of `DATABASE_URL` needs the right to create databases; without \
         `DATABASE_URL`, Weir uses the private server"
    )]
    Scratch(sqlx::Error),
    /// A migration failed.
    #[error("cannot bring the tables up to date: {0}\nhelp: a database that a newer Weir has used needs that version or a newer one")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The session that held the lock of an institution has died.
    #[error("the lock of `{0}` was lost: another run may be under way; what was committed stays, and nothing more was written\nhelp: run again")]
    LockLost(String),
    /// A statement failed.
    #[error("database: {0}\nhelp: what was not committed is not lost; run again once PostgreSQL answers")]
    Statement(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether PostgreSQL refuses the data of a statement (class 22: a date out of range, a character that no text can hold; 54000: a row too large for
    /// an index). Such data are refused the next time, too; every other failure is of the world outside, and may pass.
    pub fn refuses_data(&self) -> bool {
        let StoreError::Statement(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| code.starts_with("22") || code == "54000")
    }

    /// What PostgreSQL itself says of it, where it says anything.
    pub fn said(&self) -> String {
        match self {
            StoreError::Statement(sqlx::Error::Database(error)) => error.message().to_owned(),
            other => other.to_string(),
        }
    }
}

/// Result of a store function.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The database of a project.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
}

/// Where a statement belongs: one source of one institution.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stream {
    /// The institution's id.
    pub institution: Uuid,
    /// The source's id.
    pub source: String,
}

impl Store {
    /// Connects with at most `connections` connections and brings the tables up to date. `who` is what others read of this process
    /// when it holds an institution: `process 7 on host`.
    ///
    /// # Errors
    /// No server, no right, or tables of a newer version.
    pub async fn open(url: &str, connections: u32, who: &str) -> Result<Store> {
        let store = Store::connect(url, connections, who).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Connects without touching the tables.
    ///
    /// # Errors
    /// No server or no right.
    pub async fn connect(url: &str, connections: u32, who: &str) -> Result<Store> {
        Store::connect_with(PgConnectOptions::from_str(url).map_err(StoreError::Url)?, connections, who).await
    }

    async fn connect_with(options: PgConnectOptions, connections: u32, who: &str) -> Result<Store> {
        let options = options.application_name(who).options([("timezone", "UTC"), ("jit", "off"), ("plan_cache_mode", "force_custom_plan")]);
        // A pool would try for half a minute and then not say why.
        PgConnection::connect_with(&options).await.map_err(StoreError::Connect)?.close().await.map_err(StoreError::Connect)?;
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(30)).test_before_acquire(false);
        let pool = pool.connect_with(options).await.map_err(StoreError::Connect)?;
        Ok(Store { pool })
    }

    /// Brings the tables up to date.
    ///
    /// # Errors
    /// A migration that failed, or tables of a newer version.
    pub async fn migrate(&self) -> Result<()> {
        sqlx::migrate!("./migrations").run(&self.pool).await?;
        Ok(())
    }

    /// A lane whose transactions commit.
    pub fn lane(&self) -> Lane {
        Lane::Pool(self.pool.clone(), None)
    }

    /// A lane whose transactions are savepoints of one transaction that is rolled back: the dry run.
    ///
    /// # Errors
    /// No connection.
    pub async fn rehearsal(&self) -> Result<Lane> {
        Lane::rehearsal(&self.pool).await
    }

    /// A connection of its own, for locks and look-ups.
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

/// A list as the text form of a `text[]`: PostgreSQL's `unnest` cannot take a list of lists.
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
    use super::array_literal;

    #[test]
    fn hostile_text_stays_one_item_of_an_array() {
        assert_eq!(array_literal(["a", "b,\"c\"", "\\}"]), r#"{"a","b,\"c\"","\\}"}"#);
        assert_eq!(array_literal([]), "{}");
    }
}
