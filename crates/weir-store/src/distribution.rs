//! Where each table belongs when Citus spreads the database over several machines, and how it gets
//! there. Tables whose key leads with the institution are distributed by it, so that whatever
//! belongs to one institution is on one machine; what all institutions share is on every machine;
//! the rest stays on the coordinator. docs/decisions/0035-citus.md says why.
//!
//! Nothing here may lose a row: a move is one transaction. A new table needs no line here: its key
//! decides. Only a table that must not follow its key is listed.

use super::session::identifier;
use super::{Result, table_lock};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeSet;
use std::fmt;

/// The column that says on which machine a row is.
pub const COLUMN: &str = "institution_id";

/// Tables that every machine has in full: others refer to them, and they change rarely.
const ON_EVERY_NODE: [&str; 2] = ["frameworks", "institutions"];

/// Tables with a key of institutions that are looked at across all of them, beside the queue.
const WITH_THE_QUEUE: [&str; 2] = ["pauses", "schedule_marks"];

/// Where a table is, or belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TablePlacement {
    /// In shards, by institution.
    Distributed,
    /// In full on every node.
    Reference,
    /// On the coordinator alone.
    Coordinator,
}

impl fmt::Display for TablePlacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TablePlacement::Distributed => "by institution",
            TablePlacement::Reference => "on every node",
            TablePlacement::Coordinator => "coordinator",
        })
    }
}

/// Whether this database can be distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CitusState {
    /// The server does not have it.
    Missing,
    /// The server has it, the database does not use it.
    Available,
    /// The database uses it, but no node takes shards.
    Nodeless,
    /// The database uses it.
    Ready,
}

/// A table, where it is and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedTable {
    /// Its name.
    pub name: String,
    /// Where it belongs.
    pub wanted: TablePlacement,
    /// Where it is.
    pub placed: TablePlacement,
    /// Bytes that it has on the coordinator, indexes included: what a move copies.
    pub bytes: i64,
}

impl PlacedTable {
    /// Whether it is still to be moved; what somebody has placed otherwise is left there.
    fn moves(&self) -> bool {
        self.placed == TablePlacement::Coordinator && self.wanted != self.placed
    }
}

/// A foreign key, which can only be between tables that are distributed alike.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct ForeignKey {
    from_table: String,
    to_table: String,
    name: String,
    definition: String,
}

/// How far followers may read where nodes commit in two steps: Citus keeps a row for each
/// transaction until it knows that what it wrote is visible on every node. The row has the last 32 bits of the
/// transaction's number.
const HORIZON: &str = "CREATE OR REPLACE FUNCTION change_horizon() RETURNS XID8 LANGUAGE plpgsql STABLE AS $weir$
  DECLARE next BIGINT := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
  BEGIN
    RETURN LEAST(pg_snapshot_xmin(pg_current_snapshot()),
      (SELECT min(next - ((next - t.xmin::text::bigint) & 4294967295)) FROM pg_dist_transaction t)::text::xid8);
  END $weir$";

/// A function in SQL that gives rows. Citus plans none with parameters; in PL/pgSQL it does, at the
/// price that a condition on the rows is not looked at inside.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct RowFunction {
    name: String,
    arguments: String,
    result: String,
    body: String,
}

impl RowFunction {
    fn in_plpgsql(&self) -> String {
        format!(
            "CREATE OR REPLACE FUNCTION {} ({}) RETURNS {} LANGUAGE plpgsql STABLE AS $weir$BEGIN RETURN QUERY {}; END$weir$",
            identifier(&self.name),
            self.arguments,
            self.result,
            self.body.trim().trim_end_matches(';'),
        )
    }
}

/// All tables, and what has to move.
#[derive(Debug, Clone)]
pub struct DistributionPlan {
    /// Whether it can be done.
    pub citus: CitusState,
    /// Every table, by name.
    pub tables: Vec<PlacedTable>,
    keys: Vec<ForeignKey>,
    functions: Vec<RowFunction>,
}

impl DistributionPlan {
    /// What a database needs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of(connection: &mut PgConnection) -> Result<DistributionPlan> {
        let citus = citus(connection).await?;
        let tables = tables(connection, citus).await?;
        let moving: Vec<&str> = tables
            .iter()
            .filter(|table| table.moves())
            .map(|table| table.name.as_str())
            .collect();
        let keys = sqlx::query_as(
            "SELECT f.relname::text AS from_table, t.relname::text AS to_table, k.conname::text AS name, pg_get_constraintdef(k.oid) AS definition
             FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
             WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace AND (f.relname = ANY ($1) OR t.relname = ANY ($1))
             ORDER BY 1, 3",
        )
        .bind(&moving)
        .fetch_all(&mut *connection)
        .await?;
        let functions = sqlx::query_as(
            "SELECT p.proname::text AS name, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, p.prosrc AS body
             FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
             WHERE p.pronamespace = current_schema()::regnamespace AND p.proretset AND l.lanname = 'sql' ORDER BY 1",
        )
        .fetch_all(connection)
        .await?;
        Ok(DistributionPlan {
            citus,
            tables,
            keys,
            functions,
        })
    }

    /// The tables that are not where they belong.
    pub fn moves(&self) -> impl Iterator<Item = &PlacedTable> {
        self.tables.iter().filter(|table| table.moves())
    }

    /// Whether any table is distributed.
    pub fn is_distributed(&self) -> bool {
        let placed = |table: &PlacedTable| table.placed == TablePlacement::Distributed;
        self.tables.iter().any(placed)
    }

    /// Whether there is nothing to do.
    pub fn is_settled(&self) -> bool {
        self.moves().next().is_none() && self.functions.is_empty()
    }

    /// Foreign keys that are taken off for the move, and put back.
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// The statements that move the tables, in order: Citus accepts a foreign key only once both of
    /// its tables are where they belong, and empties what the coordinator holds of a table only
    /// while no key refers to it. Functions come last: they read the tables.
    fn statements(&self) -> Vec<String> {
        let key = |key: &ForeignKey, words: &str| {
            let (table, name) = (identifier(&key.from_table), identifier(&key.name));
            format!("ALTER TABLE {table} {words} CONSTRAINT {name}")
        };
        let off = self.keys.iter().map(|one| key(one, "DROP"));
        let on = self
            .keys
            .iter()
            .map(|one| format!("{} {}", key(one, "ADD"), one.definition));
        let emptied = self.moves().map(|table| {
            let name = quoted(&table.name);
            format!("SELECT truncate_local_data_after_distributing_table({name})")
        });
        off.chain(self.placements())
            .chain(emptied)
            .chain(on)
            .chain(self.functions.iter().map(RowFunction::in_plpgsql))
            .chain([HORIZON.to_owned()])
            .collect()
    }

    /// The statements that place tables. Distributed ones go together: the rows of an institution
    /// are on one node in all of them.
    fn placements(&self) -> Vec<String> {
        let is_distributed = |table: &&PlacedTable| table.placed == TablePlacement::Distributed;
        let mut together = self.tables.iter().find(is_distributed);
        let mut statements = Vec::new();
        for table in self.moves() {
            let name = quoted(&table.name);
            statements.push(if table.wanted == TablePlacement::Reference {
                format!("SELECT create_reference_table({name})")
            } else {
                let with = together.map_or_else(|| "'none'".to_owned(), |one| quoted(&one.name));
                together = together.or(Some(table));
                format!(
                    "SELECT create_distributed_table({name}, '{COLUMN}', colocate_with => {with})"
                )
            });
        }
        statements
    }

    /// Moves the tables, all or none.
    ///
    /// # Errors
    /// The database failed; nothing was moved.
    pub async fn carry_out(&self, connection: &mut PgConnection) -> Result<()> {
        let mut tx = connection.begin().await?;
        // Copying takes its time, and shards of many tables in one transaction take one connection.
        sqlx::raw_sql("SET LOCAL statement_timeout = 0; SET LOCAL client_min_messages = error; SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
            .execute(&mut *tx)
            .await?;
        for statement in self.statements() {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Moves what is not where it belongs, unless another process is at it.
///
/// # Errors
/// The database failed, or another process changes the tables; nothing was moved.
pub async fn distribute(connection: &mut PgConnection) -> Result<DistributionPlan> {
    let database: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(&mut *connection)
        .await?;
    table_lock::take(connection, &database).await?;
    let plan = DistributionPlan::of(connection).await?;
    plan.carry_out(connection).await?;
    table_lock::give_back(connection).await?;
    Ok(plan)
}

/// After migrations: places the new tables of a database that is distributed.
///
/// # Errors
/// The database failed.
pub(super) async fn complete(connection: &mut PgConnection) -> Result<()> {
    if citus(connection).await? != CitusState::Ready {
        return Ok(());
    }
    let plan = DistributionPlan::of(connection).await?;
    if plan.is_distributed() && !plan.is_settled() {
        plan.carry_out(connection).await?;
    }
    Ok(())
}

async fn citus(connection: &mut PgConnection) -> Result<CitusState> {
    let (installed, available): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus'),
           EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'citus')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !installed {
        return Ok(if available {
            CitusState::Available
        } else {
            CitusState::Missing
        });
    }
    // A coordinator that knows no node yet takes the shards itself.
    let sql = "SELECT count(*) = 0 OR bool_or(isactive AND shouldhaveshards) FROM pg_dist_node WHERE noderole = 'primary'";
    let takes_shards: bool = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(if takes_shards {
        CitusState::Ready
    } else {
        CitusState::Nodeless
    })
}

async fn tables(connection: &mut PgConnection, citus: CitusState) -> Result<Vec<PlacedTable>> {
    // Citus hides its shards from `pg_class`.
    let found: Vec<(String, bool, i64)> = sqlx::query_as(
        "SELECT c.relname::text, EXISTS (
             SELECT 1 FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
             WHERE k.conrelid = c.oid AND k.contype = 'p' AND a.attname = $1), pg_total_relation_size(c.oid)
         FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname <> '_sqlx_migrations'
         ORDER BY 1",
    )
    .bind(COLUMN)
    .fetch_all(&mut *connection)
    .await?;
    let mut shards = BTreeSet::new();
    let mut copies = BTreeSet::new();
    if matches!(citus, CitusState::Ready | CitusState::Nodeless) {
        let placed: Vec<(String, String)> = sqlx::query_as(
            "SELECT c.relname::text, p.partmethod::text FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
             WHERE c.relnamespace = current_schema()::regnamespace AND (p.partmethod = 'h' OR p.repmodel = 't')",
        )
        .fetch_all(connection)
        .await?;
        for (name, method) in placed {
            if method == "h" {
                &mut shards
            } else {
                &mut copies
            }
            .insert(name);
        }
    }
    let placed = |name: &str| match (shards.contains(name), copies.contains(name)) {
        (true, _) => TablePlacement::Distributed,
        (false, true) => TablePlacement::Reference,
        (false, false) => TablePlacement::Coordinator,
    };
    let table = |(name, leads, bytes): (String, bool, i64)| PlacedTable {
        wanted: wanted(&name, leads),
        placed: placed(&name),
        name,
        bytes,
    };
    Ok(found.into_iter().map(table).collect())
}

/// Where a table belongs; `leads` says whether its primary key leads with the institution.
fn wanted(name: &str, leads: bool) -> TablePlacement {
    if ON_EVERY_NODE.contains(&name) {
        TablePlacement::Reference
    } else if leads && !WITH_THE_QUEUE.contains(&name) {
        TablePlacement::Distributed
    } else {
        TablePlacement::Coordinator
    }
}

/// A table as an argument of a function of Citus.
fn quoted(name: &str) -> String {
    format!("'{}'", identifier(name).replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, placed: TablePlacement, leads: bool) -> PlacedTable {
        PlacedTable {
            name: name.to_owned(),
            wanted: wanted(name, leads),
            placed,
            bytes: 0,
        }
    }

    fn plan(tables: Vec<PlacedTable>) -> DistributionPlan {
        DistributionPlan {
            citus: CitusState::Ready,
            tables,
            keys: vec![ForeignKey {
                from_table: "runs".to_owned(),
                to_table: "institutions".to_owned(),
                name: "of".to_owned(),
                definition: "FOREIGN KEY (institution_id) REFERENCES institutions(id)".to_owned(),
            }],
            functions: vec![RowFunction {
                name: "jobs_as_of".to_owned(),
                arguments: "instant timestamp with time zone".to_owned(),
                result: "SETOF jobs_history".to_owned(),
                body: "\n  SELECT 1;\n".to_owned(),
            }],
        }
    }

    #[test]
    fn keys_come_off_before_tables_move_and_go_back_after_them() {
        let plan = plan(vec![
            table("institutions", TablePlacement::Coordinator, false),
            table("jobs", TablePlacement::Coordinator, true),
            table("leases", TablePlacement::Coordinator, false),
            table("pauses", TablePlacement::Coordinator, true),
            table("runs", TablePlacement::Coordinator, true),
        ]);
        let expected = [
            "ALTER TABLE \"runs\" DROP CONSTRAINT \"of\"",
            "SELECT create_reference_table('\"institutions\"')",
            "SELECT create_distributed_table('\"jobs\"', 'institution_id', colocate_with => 'none')",
            "SELECT create_distributed_table('\"runs\"', 'institution_id', colocate_with => '\"jobs\"')",
            "SELECT truncate_local_data_after_distributing_table('\"institutions\"')",
            "SELECT truncate_local_data_after_distributing_table('\"jobs\"')",
            "SELECT truncate_local_data_after_distributing_table('\"runs\"')",
            "ALTER TABLE \"runs\" ADD CONSTRAINT \"of\" FOREIGN KEY (institution_id) REFERENCES institutions(id)",
            "CREATE OR REPLACE FUNCTION \"jobs_as_of\" (instant timestamp with time zone) RETURNS SETOF jobs_history LANGUAGE plpgsql STABLE AS $weir$BEGIN RETURN QUERY SELECT 1; END$weir$",
            HORIZON,
        ];
        assert_eq!(plan.statements(), expected);
    }

    #[test]
    fn a_table_that_is_new_goes_where_the_others_are() {
        let plan = plan(vec![
            table("institutions", TablePlacement::Reference, false),
            table("jobs", TablePlacement::Distributed, true),
            table("runs", TablePlacement::Coordinator, true),
        ]);
        let expected = [
            "SELECT create_distributed_table('\"runs\"', 'institution_id', colocate_with => '\"jobs\"')",
        ];
        assert_eq!(plan.placements(), expected);
    }
}
