//! How the database does, for whoever looks after it: its version and size, its largest tables, and
//! what holds back their clean-up. Estimates where a count would have to scan.

use crate::Result;
use serde::Serialize;
use sqlx::PgConnection;

/// The database.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct DatabaseState {
    /// The server's version.
    pub server: String,
    /// Its name.
    pub name: String,
    /// Bytes of the whole database.
    pub bytes: i64,
    /// Sessions of this database.
    pub sessions: i64,
    /// How many sessions the server allows.
    pub max_sessions: i64,
    /// Transactions that the oldest snapshot holds back from being cleaned up.
    pub oldest_xmin: Option<i64>,
    /// Seconds since the oldest transaction began.
    pub oldest_transaction: Option<i64>,
}

/// A table.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct TableState {
    /// Its name.
    pub name: String,
    /// Bytes with its indexes.
    pub bytes: i64,
    /// Rows, as last estimated.
    pub rows: i64,
    /// Rows that are dead and not yet cleaned up, as last estimated.
    pub dead: i64,
}

/// The state of the database.
///
/// # Errors
/// The database failed.
pub async fn state(connection: &mut PgConnection) -> Result<DatabaseState> {
    let sql = "SELECT current_setting('server_version') AS server, current_database()::text AS name, pg_database_size(current_database()) AS bytes,
                 (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS sessions,
                 current_setting('max_connections')::bigint AS max_sessions,
                 (SELECT max(age(backend_xmin))::bigint FROM pg_stat_activity WHERE datname = current_database()) AS oldest_xmin,
                 (SELECT max(extract(epoch FROM now() - xact_start))::bigint FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())
                   AS oldest_transaction";
    Ok(sqlx::query_as(sql).fetch_one(connection).await?)
}

/// The tables, the largest first.
///
/// # Errors
/// The database failed.
pub async fn tables(connection: &mut PgConnection) -> Result<Vec<TableState>> {
    let sql = "SELECT c.relname::text AS name, pg_total_relation_size(c.oid) AS bytes, GREATEST(c.reltuples, 0)::bigint AS rows,
                 COALESCE(pg_stat_get_dead_tuples(c.oid), 0) AS dead
               FROM pg_class c WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND c.relkind = 'r'
                 AND c.relname <> '_sqlx_migrations' ORDER BY bytes DESC, name LIMIT 100";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}
