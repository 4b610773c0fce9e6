//! Companies and divisions: looked up and created a batch at a time.

use super::Result;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;
use weir_model::{Clock, RelationTable, name_key};

/// The id that a name has in an institution.
pub fn id(table: RelationTable, institution: Uuid, key: &str) -> Uuid {
    let kind = match table {
        RelationTable::Companies => "company",
        RelationTable::Divisions => "division",
    };
    Uuid::new_v5(&institution, format!("{kind}:{key}").as_bytes())
}

/// The ids of those names (by key) that the table knows.
///
/// # Errors
/// The database failed.
pub async fn known(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    keys: &[String],
) -> Result<HashMap<String, Uuid>> {
    let sql = match table {
        RelationTable::Companies => {
            "SELECT name_key, id FROM companies WHERE institution_id = $1 AND name_key = ANY ($2)"
        }
        RelationTable::Divisions => {
            "SELECT name_key, id FROM divisions WHERE institution_id = $1 AND name_key = ANY ($2)"
        }
    };
    let rows: Vec<(String, Uuid)> = sqlx::query_as(sql)
        .bind(institution)
        .bind(keys)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The names of those ids.
///
/// # Errors
/// The database failed.
pub async fn names(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = match table {
        RelationTable::Companies => {
            "SELECT id, name FROM companies WHERE institution_id = $1 AND id = ANY ($2)"
        }
        RelationTable::Divisions => {
            "SELECT id, name FROM divisions WHERE institution_id = $1 AND id = ANY ($2)"
        }
    };
    let rows: Vec<(Uuid, String)> = sqlx::query_as(sql)
        .bind(institution)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Creates names that are not there yet, in a fixed order so that two batches cannot wait for each
/// other in a ring; of several spellings the first counts.
///
/// # Errors
/// The database failed.
pub async fn create(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    names: &[String],
    at: Clock,
    by: &str,
) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let mut by_key: Vec<(String, &String)> =
        names.iter().map(|name| (name_key(name), name)).collect();
    by_key.sort_by(|a, b| a.0.cmp(&b.0));
    by_key.dedup_by(|a, b| a.0 == b.0);
    let sql = match table {
        RelationTable::Companies => {
            "INSERT INTO companies (institution_id, id, name, name_key, created_at, created_by)
             SELECT $1, v.id, v.name, v.key, $5, $6 FROM unnest($2::uuid[], $3::text[], $4::text[]) AS v (id, name, key) ON CONFLICT DO NOTHING"
        }
        RelationTable::Divisions => {
            "INSERT INTO divisions (institution_id, id, name, name_key, created_at, created_by)
             SELECT $1, v.id, v.name, v.key, $5, $6 FROM unnest($2::uuid[], $3::text[], $4::text[]) AS v (id, name, key) ON CONFLICT DO NOTHING"
        }
    };
    sqlx::query(sql)
        .bind(institution)
        .bind(
            by_key
                .iter()
                .map(|(key, _)| id(table, institution, key))
                .collect::<Vec<_>>(),
        )
        .bind(
            by_key
                .iter()
                .map(|(_, name)| name.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            by_key
                .iter()
                .map(|(key, _)| key.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(at.0)
        .bind(by)
        .execute(connection)
        .await?;
    Ok(())
}
