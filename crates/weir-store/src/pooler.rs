//! Distinguishes a pooler that gives each client its own session (pgbouncer's session mode) from
//! one that shares sessions among clients (its transaction and statement modes). In a shared
//! session every setting would belong to the next client, and a lease would end with a session that
//! is not its holder's, so it is refused before anything is read.
//!
//! The evidence is behaviour, not a name: two clients that meet in one server process share it.

use super::{Result, StoreError, session};
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, Row};
use std::time::Duration;

/// Maximum time of the check: a pool with one session lets the second client wait.
const LOOKS_WITHIN: Duration = Duration::from_secs(5);

/// A second connection, if the server provides one.
///
/// # Errors
/// The sessions are shared.
pub(super) async fn second(
    first: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<Option<PgConnection>> {
    let Ok(Ok(mut second)) = tokio::time::timeout(LOOKS_WITHIN, session::connect(options)).await
    else {
        return Ok(None);
    };
    let Some(before) = process(first, "SELECT pg_backend_pid()").await? else {
        return Err(shared());
    };
    // A transaction keeps a session even where sessions are shared.
    let Some(held) = process(&mut second, "BEGIN; SELECT pg_backend_pid()")
        .await
        .map_err(|_| shared())?
    else {
        // The second waits for a session: the first keeps its own.
        return Ok(None);
    };
    let after = process(first, "SELECT pg_backend_pid()").await?;
    if held == before || after != Some(before) {
        return Err(shared());
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut second).await?;
    Ok(Some(second))
}

/// The server process behind a connection; `None` if there is none in time.
async fn process(connection: &mut PgConnection, sql: &'static str) -> Result<Option<i32>> {
    let Ok(rows) =
        tokio::time::timeout(LOOKS_WITHIN, sqlx::raw_sql(sql).fetch_all(connection)).await
    else {
        return Ok(None);
    };
    Ok(rows?.last().map(|row| row.try_get(0)).transpose()?)
}

fn shared() -> StoreError {
    StoreError::unsuitable(
        "`DATABASE_URL` points to a pooler that shares sessions among clients (pgbouncer: `pool_mode = transaction`), so settings and leases of a session would be those of others",
        "set `pool_mode = session` for this database, or connect to the server directly",
    )
}
