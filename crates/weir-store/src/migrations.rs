//! The version of the tables: what it is, whether this Weir supports it, and how to migrate it.
//!
//! Looking takes no lock and needs only read access, so a command that finds the tables up to date
//! waits for nobody. Migrating takes a lock with a limit, and reports who has it.

use super::{Result, StoreError, distribution, table_lock};
use sqlx::PgConnection;
use sqlx::migrate::Migrator;
use std::time::Duration;

/// Maximum time of migrations: indexing a large table takes minutes.
const TAKES_AT_MOST: Duration = Duration::from_secs(6 * 3600);
/// Tables that Weir creates: if they exist without its record of migrations, they belong to another
/// program.
const OURS: [&str; 6] = [
    "institutions",
    "companies",
    "divisions",
    "runs",
    "jobs",
    "staging_documents",
];

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.set_locking(false);
    migrator
}

/// The tables, as this Weir sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SchemaState {
    /// There are none yet.
    None,
    /// There are some, of another program.
    Foreign(String),
    /// They lack what this Weir needs: their version.
    Older(i64),
    /// They are what this Weir needs.
    Current,
    /// A newer Weir has used them: their version.
    Newer(i64),
}

/// The version that this Weir needs.
pub(super) fn newest() -> i64 {
    migrator()
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default()
}

/// The version of the tables in the session's schema; needs only read access.
///
/// # Errors
/// The database failed.
pub(super) async fn standing(connection: &mut PgConnection, schema: &str) -> Result<SchemaState> {
    let recorded: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = '_sqlx_migrations')",
    )
    .bind(schema)
    .fetch_one(&mut *connection)
    .await?;
    if !recorded {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY ($2) ORDER BY 1",
        )
        .bind(schema)
        .bind(OURS)
        .fetch_all(&mut *connection)
        .await?;
        return Ok(names
            .into_iter()
            .next()
            .map_or(SchemaState::None, SchemaState::Foreign));
    }
    let applied: Vec<(i64, String, Vec<u8>)> = sqlx::query_as(
        "SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version",
    )
    .fetch_all(connection)
    .await?;
    Ok(compare(&applied))
}

fn compare(applied: &[(i64, String, Vec<u8>)]) -> SchemaState {
    let migrator = migrator();
    let Some(first) = migrator.iter().next() else {
        return SchemaState::Current;
    };
    let is_ours = |row: &&(i64, String, Vec<u8>)| {
        row.0 == first.version && (row.2 == first.checksum.as_ref() || row.1 == first.description)
    };
    if !applied.is_empty() && applied.iter().find(is_ours).is_none() {
        return SchemaState::Foreign("_sqlx_migrations".to_owned());
    }
    if let Some((version, ..)) = applied
        .iter()
        .rev()
        .find(|(version, ..)| !migrator.version_exists(*version))
    {
        return SchemaState::Newer(*version);
    }
    let has = |version: i64| applied.iter().any(|(known, ..)| *known == version);
    match (
        migrator.iter().all(|migration| has(migration.version)),
        applied.last(),
    ) {
        (true, _) => SchemaState::Current,
        (false, Some((version, ..))) => SchemaState::Older(*version),
        (false, None) => SchemaState::None,
    }
}

/// Migrates the tables.
///
/// # Errors
/// Another process is at it and does not end, or a migration failed: then nothing of it was done.
pub(super) async fn run(connection: &mut PgConnection, database: &str) -> Result<()> {
    table_lock::take(connection, database).await?;
    // Another process may have done it, and an index on a large table takes its time.
    sqlx::query("SET statement_timeout = 0")
        .execute(&mut *connection)
        .await?;
    let done = tokio::time::timeout(TAKES_AT_MOST, migrator().run(&mut *connection)).await;
    let Ok(done) = done else {
        let hours = TAKES_AT_MOST.as_secs() / 3600;
        return Err(StoreError::unsuitable(
            format!(
                "migrating the tables of database `{database}` did not finish within {hours} h"
            ),
            "check the server, then run again",
        ));
    };
    sqlx::query("RESET statement_timeout")
        .execute(&mut *connection)
        .await?;
    done?;
    // A table that is new belongs where the others are.
    distribution::complete(connection).await?;
    table_lock::give_back(connection).await
}

/// Creates the tables in a database that nobody else uses.
///
/// # Errors
/// A migration failed.
pub(super) async fn make(connection: &mut PgConnection) -> Result<()> {
    Ok(migrator().run(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_older_newer_current_or_somebody_elses() {
        let all: Vec<(i64, String, Vec<u8>)> = migrator()
            .iter()
            .map(|one| {
                (
                    one.version,
                    one.description.to_string(),
                    one.checksum.to_vec(),
                )
            })
            .collect();
        assert_eq!(compare(&[]), SchemaState::None);
        assert_eq!(compare(&all), SchemaState::Current);
        assert_eq!(compare(&all[..1]), SchemaState::Older(all[0].0));
        let newer = (newest() + 1, "tomorrow".to_owned(), vec![1]);
        assert_eq!(
            compare(&[all.clone(), vec![newer]].concat()),
            SchemaState::Newer(newest() + 1)
        );
        assert_eq!(
            compare(&[(1, "create users".to_owned(), vec![1])]),
            SchemaState::Foreign("_sqlx_migrations".to_owned())
        );
    }
}
