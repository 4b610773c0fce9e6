//! How many connections a process takes: what the server, its database and the role have free, and
//! never more than the command can use. A command that needs more is refused before it starts.
//!
//! No task may hold one connection while it waits for another, except the lock of an institution
//! and the one transaction of a dry run: those are included in the demand of the command.

use super::demand::DatabaseDemand;
use super::{Result, StoreError, session};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use std::time::Duration;

/// How long a connection that has just been closed may still be counted.
const ASKS: u32 = 20;
const ASKS_EVERY: Duration = Duration::from_millis(150);
/// How long a pooler may take to provide a session.
const GIVES_WITHIN: Duration = Duration::from_secs(3);

/// Free connections, by limit.
#[derive(Debug, Clone, sqlx::FromRow)]
struct FreeConnections {
    server: i64,
    role: Option<i64>,
    database: Option<i64>,
    most: i32,
    port: i32,
}

impl FreeConnections {
    fn least(&self) -> i64 {
        [Some(self.server), self.role, self.database]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or_default()
    }

    /// Which limit it is.
    fn limit(&self) -> String {
        let least = self.least();
        if self.role == Some(least) {
            "the connection limit of the role".to_owned()
        } else if self.database == Some(least) {
            "the connection limit of the database".to_owned()
        } else {
            format!("`max_connections` = {}", self.most)
        }
    }
}

/// How many connections the command takes.
///
/// # Errors
/// Too few for it to work.
pub(super) async fn of(
    first: &mut PgConnection,
    second: Option<&mut PgConnection>,
    options: &PgConnectOptions,
    demand: DatabaseDemand,
) -> Result<u32> {
    if demand.is_private {
        return Ok(demand.most);
    }
    let mut own = vec![process(first).await?];
    if let Some(second) = second {
        own.push(process(second).await?);
    }
    let mut free = free(first, &own).await?;
    for _ in 0..ASKS {
        if free.least() >= i64::from(demand.least) {
            break;
        }
        tokio::time::sleep(ASKS_EVERY).await;
        free = self::free(first, &own).await?;
    }
    let left = u32::try_from(free.least().max(0)).unwrap_or(u32::MAX);
    if left < demand.least {
        return Err(too_few(demand.least, left, &free.limit()));
    }
    // Somebody else may want to connect, too.
    let most = demand.most.min(demand.least.max(left - left / 4));
    if i32::from(options.get_port()) == free.port {
        return Ok(most);
    }
    given(options, own.len(), demand, most).await
}

async fn process(connection: &mut PgConnection) -> Result<i32> {
    Ok(sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(connection)
        .await?)
}

async fn free(connection: &mut PgConnection, own: &[i32]) -> Result<FreeConnections> {
    let free = sqlx::query_as(
        "SELECT current_setting('max_connections')::bigint - COALESCE(used.all, 0) - CASE WHEN r.rolsuper THEN 0
             ELSE current_setting('superuser_reserved_connections')::int + COALESCE(current_setting('reserved_connections', true)::int, 0) END AS server,
           CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper THEN r.rolconnlimit - used.by_role END AS role,
           CASE WHEN d.datconnlimit >= 0 AND NOT r.rolsuper THEN d.datconnlimit - used.by_database END AS database,
           current_setting('max_connections')::int AS most, current_setting('port')::int AS port
         FROM pg_roles r CROSS JOIN pg_database d CROSS JOIN LATERAL (
           SELECT count(*) AS all, count(*) FILTER (WHERE a.usesysid = r.oid) AS by_role, count(*) FILTER (WHERE a.datid = d.oid) AS by_database
           FROM pg_stat_activity a WHERE a.datid IS NOT NULL AND COALESCE(a.backend_type, 'client backend') = 'client backend' AND a.pid <> ALL ($1)) AS used
         WHERE r.rolname = session_user AND d.datname = current_database()",
    );
    Ok(free.bind(own).fetch_one(connection).await?)
}

/// How many of them a pooler provides: tried, because it does not say.
async fn given(
    options: &PgConnectOptions,
    own: usize,
    demand: DatabaseDemand,
    most: u32,
) -> Result<u32> {
    let own = u32::try_from(own).unwrap_or(1);
    let tried = (own..most).map(|_| async {
        let mut connection = session::connect(options).await.ok()?;
        tokio::time::timeout(GIVES_WITHIN, process(&mut connection))
            .await
            .ok()?
            .ok()
            .map(|_| connection)
    });
    let tried: Vec<PgConnection> = futures::future::join_all(tried)
        .await
        .into_iter()
        .flatten()
        .collect();
    let given = own + u32::try_from(tried.len()).unwrap_or_default();
    for connection in tried {
        let _ = connection.close().await;
    }
    if given < demand.least {
        Err(too_few(demand.least, given, "the pooler"))
    } else {
        Ok(given.min(most))
    }
}

fn too_few(needed: u32, left: u32, limit: &str) -> StoreError {
    StoreError::unsuitable(
        format!(
            "the command needs {needed} connections to PostgreSQL, but {limit} leaves only {left}"
        ),
        "raise that limit, close other connections, or run fewer institutions at once",
    )
}
