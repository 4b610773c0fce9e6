//! Other connections: who holds a lock, and whom this process waits for. An ordinary role sees the
//! process and the name of others' sessions, but not since when: invisible details are omitted.
//!
//! Nothing here waits. To show more of a session, add it to [`ServerSession`].

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::fmt;

/// A session of the server.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ServerSession {
    /// Its server process.
    pub pid: i32,
    /// What it calls itself.
    pub name: Option<String>,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

impl fmt::Display for ServerSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => write!(f, "{name} (session {})", self.pid)?,
            None => write!(f, "session {}", self.pid)?,
        }
        self.since.map_or(Ok(()), |since| {
            write!(f, " since {}", since.format("%Y-%m-%d %H:%M:%SZ"))
        })
    }
}

/// Who holds an advisory lock, according to its server session.
///
/// # Errors
/// The database failed.
pub async fn holder(connection: &mut PgConnection, key: i64) -> Result<Option<ServerSession>> {
    let row = sqlx::query_as(
        "SELECT l.pid, a.application_name AS name, a.backend_start AS since FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND (l.classid::bigint << 32 | l.objid::bigint) = $1 LIMIT 1",
    );
    Ok(row.bind(key).fetch_optional(connection).await?)
}

/// Whom the sessions of a name wait for, and for what.
///
/// # Errors
/// The database failed.
pub async fn waits(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Vec<(String, ServerSession)>> {
    let rows: Vec<(Option<String>, i32, Option<String>, Option<DateTime<Utc>>)> = sqlx::query_as(
        "SELECT DISTINCT ON (p.pid) CASE WHEN l.locktype = 'advisory' THEN NULL WHEN l.relation IS NULL THEN 'a row' ELSE 'table ' || l.relation::regclass END,
           p.pid, b.application_name, COALESCE(b.xact_start, b.backend_start)
         FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND NOT l.granted
         CROSS JOIN LATERAL unnest(pg_blocking_pids(a.pid)) AS p (pid) LEFT JOIN pg_stat_activity b ON b.pid = p.pid
         WHERE a.application_name = left($1, 63) AND a.datname = current_database() AND b.application_name IS DISTINCT FROM left($1, 63)",
    )
    .bind(name)
    .fetch_all(connection)
    .await?;
    let wait =
        |(what, pid, name, since): (Option<String>, i32, Option<String>, Option<DateTime<Utc>>)| {
            (
                what.unwrap_or_else(|| "the lock of an institution".to_owned()),
                ServerSession { pid, name, since },
            )
        };
    Ok(rows.into_iter().map(wait).collect())
}

/// The state of the sessions of a name: whether all have been idle for minutes, and how many do
/// nothing but renew the lock of an institution: their last statement says so.
///
/// # Errors
/// The database failed.
pub async fn stand_still(connection: &mut PgConnection, name: &str) -> Result<(bool, i64)> {
    let row = sqlx::query_as(
        "SELECT COALESCE(bool_and(a.state <> 'active' AND a.state_change < now() - interval '3 min') FILTER (WHERE a.query !~ 'beaten_at = '), true),
           count(*) FILTER (WHERE a.query ~ 'beaten_at = ')
         FROM pg_stat_activity a WHERE a.application_name = left($1, 63) AND a.datname = current_database()",
    );
    Ok(row.bind(name).fetch_one(connection).await?)
}

/// The other sessions of this database that have been in a transaction for longest, and those that
/// call themselves as Weir does.
///
/// # Errors
/// The database failed.
pub async fn others(connection: &mut PgConnection) -> Result<Vec<ServerSession>> {
    let rows = sqlx::query_as(
        "SELECT pid, application_name AS name, COALESCE(xact_start, backend_start) AS since FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND (xact_start IS NOT NULL OR application_name ~ '^process [0-9]+ on ')
         ORDER BY 3 NULLS LAST, 1 LIMIT 20",
    );
    Ok(rows.fetch_all(connection).await?)
}
