//! The lock under which tables are made, changed and moved. It has a limit, and says who has it: a
//! command never waits without an end.

use super::{Result, StoreError, sessions};
use sqlx::PgConnection;
use std::time::Duration;

/// The key of the lock.
const LOCK: i64 = 0x7765_6972_7461_626c;
/// How often it is requested.
const ASKS_EVERY: Duration = Duration::from_millis(250);
const ASKS: u32 = 240;

/// Takes the lock.
///
/// # Errors
/// Another process has it and does not give it back.
pub(super) async fn take(connection: &mut PgConnection, database: &str) -> Result<()> {
    for _ in 0..ASKS {
        if sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *connection)
            .await?
        {
            return Ok(());
        }
        tokio::time::sleep(ASKS_EVERY).await;
    }
    let holder = sessions::holder(connection, LOCK).await?;
    let (who, help) = holder.map_or_else(
        || ("another process".to_owned(), "run again".to_owned()),
        |holder| {
            (
                holder.to_string(),
                format!(
                    "wait for it, or end it: SELECT pg_terminate_backend({})",
                    holder.pid
                ),
            )
        },
    );
    Err(StoreError::unsuitable(
        format!(
            "the tables of database `{database}` have been migrated for more than {} s by {who}",
            (ASKS_EVERY * ASKS).as_secs()
        ),
        help,
    ))
}

/// Gives it back.
///
/// # Errors
/// The database failed.
pub(super) async fn give_back(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(LOCK)
        .execute(connection)
        .await?;
    Ok(())
}
