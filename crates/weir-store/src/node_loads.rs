//! What the nodes of a distributed database hold, for `weir db status`. Read-only; only of a
//! database that uses Citus.

use super::Result;
use sqlx::PgConnection;

/// A node, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct NodeLoad {
    /// Its address.
    pub node: String,
    /// Shards of all tables that are on it, copies of tables that are on every node included.
    pub shards: i64,
    /// Bytes of them.
    pub bytes: i64,
}

/// A table over all nodes.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TableLoad {
    /// Its name.
    pub name: String,
    /// Its shards.
    pub shards: i64,
    /// Bytes of all.
    pub bytes: i64,
    /// Bytes of its largest shard.
    pub largest: i64,
}

/// What the nodes hold, and the largest distributed tables.
///
/// # Errors
/// The database failed, or a node cannot be reached.
pub async fn read(connection: &mut PgConnection) -> Result<(Vec<NodeLoad>, Vec<TableLoad>)> {
    let nodes = sqlx::query_as(
        "SELECT nodename || ':' || nodeport AS node, count(*) AS shards, COALESCE(sum(shard_size), 0)::bigint AS bytes
         FROM citus_shards GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let tables = sqlx::query_as(
        "SELECT table_name::text AS name, count(*) AS shards, COALESCE(sum(shard_size), 0)::bigint AS bytes, COALESCE(max(shard_size), 0) AS largest
         FROM citus_shards WHERE citus_table_type = 'distributed' GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT 10",
    )
    .fetch_all(connection)
    .await?;
    Ok((nodes, tables))
}
