//! Roles and capabilities of jobs: the narrow tables that repeat what the newest versions say, and
//! the frameworks that runs have used.
//!
//! Whoever writes `roles` or `capabilities` of `published_jobs` repeats them here in the same
//! transaction: jobs in memory by [`repeat`], jobs that a statement wrote by [`repeat_stored`].
//! Nothing else may write these tables. They have no foreign key, as the check of each row costs
//! more than the row (docs/decisions/0037-narrow-decisions.md): whoever deletes jobs deletes what
//! is here. To add a column: a migration, and both statements of its table here.

use super::Result;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::decided::{DecidedList, DecidedRow};
use weir_model::{Clock, Hash, Job};

/// `$1` institution, `$2` jobs; so in all statements of jobs here.
const CLEAR: [&str; 2] = [
    "DELETE FROM job_roles WHERE institution_id = $1 AND job_id = ANY ($2)",
    "DELETE FROM job_capabilities WHERE institution_id = $1 AND job_id = ANY ($2)",
];

/// From the jobs as they are stored.
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

/// The same rows from memory, which takes a third of the time.
const INSERT_ROLES: &str = "INSERT INTO job_roles (institution_id, job_id, framework, level, role_id, role_name, confidence, method, unmatched)
     SELECT $1, r.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::text[]) AS r";
const INSERT_CAPABILITIES: &str = "INSERT INTO job_capabilities (institution_id, job_id, framework, level, capability_id, capability_name, confidence, kind)
     SELECT $1, c.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[]) AS c";

/// What no job has any more: somebody deleted jobs from the table.
const FORGET: [&str; 2] = [
    "DELETE FROM job_roles r WHERE r.institution_id = $1
       AND NOT EXISTS (SELECT 1 FROM published_jobs j WHERE j.institution_id = $1 AND j.id = r.job_id)",
    "DELETE FROM job_capabilities c WHERE c.institution_id = $1
       AND NOT EXISTS (SELECT 1 FROM published_jobs j WHERE j.institution_id = $1 AND j.id = c.job_id)",
];

/// Decisions about jobs, each with its job.
struct JobDecisions<'j>(Vec<(Uuid, &'j DecidedRow)>);

impl<'j> JobDecisions<'j> {
    fn of(
        jobs: &[(Uuid, &'j Job)],
        decided: impl Fn(&'j Job) -> &'j DecidedList,
    ) -> JobDecisions<'j> {
        let rows = |(id, job): &(Uuid, &'j Job)| {
            let id = *id;
            decided(job).rows().iter().map(move |row| (id, row))
        };
        JobDecisions(jobs.iter().flat_map(rows).collect())
    }

    fn column<T>(&self, value: impl Fn(&'j DecidedRow) -> T) -> Vec<T> {
        self.0.iter().map(|(_, row)| value(row)).collect()
    }

    fn ids(&self) -> Vec<Uuid> {
        self.0.iter().map(|(id, _)| *id).collect()
    }
}

/// The text for which nothing is sure.
fn unmatched(row: &DecidedRow) -> Option<&str> {
    let is_unsure = matches!(row.level.as_deref(), Some("review" | "open"));
    let text = row.text.as_deref();
    text.filter(|text| is_unsure && !text.is_empty())
}

/// Repeats what new jobs say.
///
/// # Errors
/// The database failed.
pub(super) async fn repeat_new(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[(Uuid, &Job)],
) -> Result<()> {
    let roles = JobDecisions::of(jobs, |job| &job.roles);
    if !roles.0.is_empty() {
        sqlx::query(INSERT_ROLES)
            .bind(institution)
            .bind(roles.ids())
            .bind(roles.column(|row| row.framework.as_str()))
            .bind(roles.column(|row| row.level.as_deref()))
            .bind(roles.column(|row| row.id.as_deref()))
            .bind(roles.column(|row| row.name.as_deref()))
            .bind(roles.column(|row| row.confidence))
            .bind(roles.column(|row| row.method.as_deref()))
            .bind(roles.column(unmatched))
            .execute(&mut *connection)
            .await?;
    }
    let capabilities = JobDecisions::of(jobs, |job| &job.capabilities);
    if !capabilities.0.is_empty() {
        sqlx::query(INSERT_CAPABILITIES)
            .bind(institution)
            .bind(capabilities.ids())
            .bind(capabilities.column(|row| row.framework.as_str()))
            .bind(capabilities.column(|row| row.level.as_deref()))
            .bind(capabilities.column(|row| row.id.as_deref()))
            .bind(capabilities.column(|row| row.name.as_deref()))
            .bind(capabilities.column(|row| row.confidence))
            .bind(capabilities.column(|row| row.kind.as_deref()))
            .execute(&mut *connection)
            .await?;
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
    jobs: &[(Uuid, &Job)],
) -> Result<()> {
    let ids: Vec<Uuid> = jobs.iter().map(|(id, _)| *id).collect();
    run(connection, &CLEAR, institution, &ids).await?;
    repeat_new(connection, institution, jobs).await
}

/// The same for jobs that were written by a statement and are not in memory.
///
/// # Errors
/// The database failed.
pub(super) async fn repeat_stored(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<()> {
    run(connection, &CLEAR, institution, jobs).await?;
    run(connection, &FILL, institution, jobs).await
}

/// Forgets what was said of jobs that are no longer there.
///
/// # Errors
/// The database failed.
pub(super) async fn forget_deleted(connection: &mut PgConnection, institution: Uuid) -> Result<()> {
    for statement in FORGET {
        sqlx::query(statement)
            .bind(institution)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
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
