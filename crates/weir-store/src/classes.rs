//! Roles and capabilities of jobs: the narrow tables that repeat what the newest versions say, and
//! the frameworks that runs have used.
//!
//! Whoever writes `roles` or `capabilities` of `published_jobs` calls [`repeat`] in the same
//! transaction; nothing else may write these tables. To add a column: a migration, and the
//! statement of its table here.

use super::Result;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Clock, Hash};

/// `$1` institution, `$2` jobs; so in all statements of jobs here.
const CLEAR: [&str; 2] = [
    "DELETE FROM job_roles WHERE institution_id = $1 AND job_id = ANY ($2)",
    "DELETE FROM job_capabilities WHERE institution_id = $1 AND job_id = ANY ($2)",
];

const FILL: [&str; 2] = [
    "INSERT INTO job_roles (institution_id, job_id, framework, level, role_id, role_name, confidence, method, unmatched)
     SELECT j.institution_id, j.id, r.framework, r.level, r.id, r.name, r.confidence, r.method, CASE WHEN r.level IN ('review', 'open') THEN NULLIF(r.text, '') END
     FROM published_jobs j CROSS JOIN LATERAL jsonb_to_recordset(j.roles)
       AS r (framework text, level text, id text, name text, confidence real, method text, text text)
     WHERE j.institution_id = $1 AND j.id = ANY ($2) AND j.roles IS NOT NULL",
    "INSERT INTO job_capabilities (institution_id, job_id, framework, capability_id, capability_name, level, kind, confidence)
     SELECT j.institution_id, j.id, c.framework, c.id, c.name, c.level, c.kind, c.confidence
     FROM published_jobs j CROSS JOIN LATERAL jsonb_to_recordset(j.capabilities)
       AS c (framework text, id text, name text, level text, kind text, confidence real)
     WHERE j.institution_id = $1 AND j.id = ANY ($2) AND j.capabilities IS NOT NULL",
];

/// Repeats what new jobs say; `is_decided` tells whether any of them has roles or capabilities.
///
/// # Errors
/// The database failed.
pub(super) async fn repeat_new(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
    is_decided: bool,
) -> Result<()> {
    if is_decided {
        run(connection, &FILL, institution, jobs).await?;
    }
    Ok(())
}

/// Repeats what jobs say that may have said something else before.
///
/// # Errors
/// The database failed.
pub(super) async fn repeat(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
    is_decided: bool,
) -> Result<()> {
    run(connection, &CLEAR, institution, jobs).await?;
    repeat_new(connection, institution, jobs, is_decided).await
}

async fn run(
    connection: &mut PgConnection,
    statements: &[&'static str; 2],
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<()> {
    for statement in *statements {
        sqlx::query(statement)
            .bind(institution)
            .bind(jobs)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// A framework that a run uses.
#[derive(Debug, Clone)]
pub struct UsedFramework {
    /// The hash of its content.
    pub hash: Hash,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `roles` or `capabilities`.
    pub kind: &'static str,
    /// What it is.
    pub about: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// What its use is bound to.
    pub licence: Option<String>,
    /// Its levels: id and name.
    pub levels: Json,
    /// Its entries: id, name, parent, group.
    pub entries: Json,
}

/// The frameworks of these that no run has used before.
///
/// # Errors
/// The database failed.
pub async fn unknown_frameworks(
    connection: &mut PgConnection,
    hashes: &[Hash],
) -> Result<Vec<Hash>> {
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    let unknown: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT h FROM unnest($1::bytea[]) AS h WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.hash = h)",
    )
    .bind(hashes)
    .fetch_all(connection)
    .await?;
    let unknown = unknown.into_iter();
    Ok(unknown
        .filter_map(|hash| Hash::from_column(Some(hash)))
        .collect())
}

/// Keeps a framework.
///
/// # Errors
/// The database failed.
pub async fn remember_framework(
    connection: &mut PgConnection,
    framework: &UsedFramework,
    at: Clock,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO frameworks (hash, name, version, kind, about, source, licence, levels, entries, first_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
    )
    .bind(framework.hash.to_vec())
    .bind(&framework.name)
    .bind(&framework.version)
    .bind(framework.kind)
    .bind(&framework.about)
    .bind(&framework.source)
    .bind(&framework.licence)
    .bind(&framework.levels)
    .bind(&framework.entries)
    .bind(at.0)
    .execute(connection)
    .await?;
    Ok(())
}
