//! Databases for tests on an available server: each is created with all tables, used like any
//! other, and removed. They are separate from the database of the project, which is never touched.

use super::{Result, Store, StoreError, migrations, session};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Connections of one test.
const CONNECTIONS: u32 = 12;
/// How their creator appears to others.
const WHO: &str = "weir test";
/// The lock shared by all who create such databases.
const LOCK: i64 = 0x7765_6972_7465_7374;

/// Where databases for tests are made.
pub struct TestDatabases {
    beside: PgConnectOptions,
    /// Holds the lock.
    connection: PgConnection,
    /// The prefix of their names.
    prefix: String,
}

/// A database that is thrown away.
pub struct TestDatabase {
    /// The database.
    pub store: Store,
    beside: PgConnectOptions,
    name: String,
}

impl TestDatabases {
    /// Connects to the server of a URL. If nobody else creates databases, those left behind by
    /// killed processes are removed first.
    ///
    /// # Errors
    /// There is no server.
    pub async fn open(beside: &str) -> Result<TestDatabases> {
        let (mut connection, beside) = session::agree(session::options(beside, WHO)?).await?;
        session::settle(&mut connection, None).await?;
        let (alone, database, session): (bool, String, i32) = sqlx::query_as(
            "SELECT pg_try_advisory_lock($1), (SELECT oid::text FROM pg_database WHERE datname = current_database()), pg_backend_pid()",
        )
        .bind(LOCK)
        .fetch_one(&mut connection)
        .await?;
        let prefix = format!("weir_test_{database}_");
        if alone {
            sweep(&mut connection, &prefix).await?;
        }
        sqlx::query("SELECT pg_advisory_lock_shared($1)")
            .bind(LOCK)
            .execute(&mut connection)
            .await?;
        if alone {
            sqlx::query("SELECT pg_advisory_unlock($1)")
                .bind(LOCK)
                .execute(&mut connection)
                .await?;
        }
        Ok(TestDatabases {
            beside,
            connection,
            prefix: format!("{prefix}{session}_"),
        })
    }

    /// Creates a database; the number distinguishes it from others created here.
    ///
    /// # Errors
    /// The server failed, or the right to create one is missing.
    pub async fn make(&self, number: usize, who: &str) -> Result<TestDatabase> {
        let name = format!("{}{number}", self.prefix);
        let mut connection = session::connect(&self.beside).await?;
        sqlx::raw_sql(AssertSqlSafe(format!(
            "CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"
        )))
        .execute(&mut connection)
        .await
        .map_err(StoreError::Scratch)?;
        connection.close().await.map_err(StoreError::Connect)?;
        let options = self.beside.clone().database(&name).application_name(who);
        let store = Store::pooled(options, CONNECTIONS, None);
        migrations::make(&mut *store.connection().await?).await?;
        Ok(TestDatabase {
            store,
            beside: self.beside.clone(),
            name,
        })
    }

    /// Leaves the server.
    ///
    /// # Errors
    /// The server failed.
    pub async fn close(self) -> Result<()> {
        self.connection.close().await.map_err(StoreError::Connect)
    }
}

impl TestDatabase {
    /// Removes it.
    ///
    /// # Errors
    /// The server failed.
    pub async fn remove(self) -> Result<()> {
        self.store.close().await;
        let mut connection = session::connect(&self.beside).await?;
        remove(&mut connection, &self.name).await?;
        connection.close().await.map_err(StoreError::Connect)
    }
}

/// Removes what killed processes left behind.
async fn sweep(connection: &mut PgConnection, prefix: &str) -> Result<()> {
    let left: Vec<String> = sqlx::query_scalar(
        "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1)",
    )
    .bind(prefix)
    .fetch_all(&mut *connection)
    .await?;
    for name in left {
        remove(connection, &name).await?;
    }
    Ok(())
}

async fn remove(connection: &mut PgConnection, name: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!(
        "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    )))
    .execute(connection)
    .await
    .map_err(StoreError::Scratch)?;
    Ok(())
}
