//! What is decided of jobs: titles without a role, the decisions about one job, how many jobs have
//! which, and the titles that teach.

use crate::Result;
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

/// A title or classification without a role.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct UnmatchedTitle {
    /// The framework.
    pub framework: String,
    /// The title or classification.
    pub title: String,
    /// `review` or `open`.
    pub level: String,
    /// How many jobs have it.
    pub jobs: i64,
    /// One of them, as `source:id`.
    pub example: String,
    /// The nearest roles, the best first.
    pub candidates: Option<Json>,
}

/// Titles without a role, the most frequent first.
///
/// # Errors
/// The database failed.
pub async fn unmatched(
    connection: &mut PgConnection,
    slug: Option<&str>,
    framework: Option<&str>,
    limit: i64,
) -> Result<Vec<UnmatchedTitle>> {
    let rows = sqlx::query_as(
        "WITH most AS (
           SELECT r.framework, r.unmatched AS title, min(r.level) AS level, count(*) AS jobs, min(r.job_id || ' ' || r.institution_id) AS first
           FROM job_roles r JOIN institutions i ON i.id = r.institution_id
           WHERE r.unmatched IS NOT NULL AND ($1::text IS NULL OR i.slug = $1) AND ($2::text IS NULL OR r.framework = $2)
           GROUP BY r.framework, r.unmatched ORDER BY count(*) DESC, r.framework, r.unmatched LIMIT $3)
         SELECT m.framework, m.title, m.level, m.jobs, j.source_id || ':' || j.original_id AS example,
           (SELECT one -> 'candidates' FROM jsonb_array_elements(j.roles) AS one WHERE one ->> 'framework' = m.framework LIMIT 1) AS candidates
         FROM most m JOIN published_jobs j ON j.institution_id = split_part(m.first, ' ', 2)::uuid AND j.id = split_part(m.first, ' ', 1)::uuid
         ORDER BY m.jobs DESC, m.framework, m.title",
    );
    Ok(rows
        .bind(slug)
        .bind(framework)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// How much of an institution is decided.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct RoleCoverage {
    /// The institution's slug.
    pub institution: String,
    /// The framework.
    pub framework: String,
    /// Open jobs that were asked.
    pub jobs: i64,
    /// Those with a role.
    pub roles: i64,
    /// Those with a group only.
    pub groups: i64,
    /// Those worth a look.
    pub review: i64,
}

/// How much of the open jobs is decided, by institution and framework.
///
/// # Errors
/// The database failed.
pub async fn coverage(
    connection: &mut PgConnection,
    slug: Option<&str>,
) -> Result<Vec<RoleCoverage>> {
    let rows = sqlx::query_as(
        "SELECT i.slug AS institution, r.framework, count(*) AS jobs, count(*) FILTER (WHERE r.level = 'role') AS roles,
           count(*) FILTER (WHERE r.level = 'group') AS groups, count(*) FILTER (WHERE r.level = 'review') AS review
         FROM job_roles r JOIN published_jobs j ON j.institution_id = r.institution_id AND j.id = r.job_id AND j.status = 'open'
         JOIN institutions i ON i.id = r.institution_id
         WHERE $1::text IS NULL OR i.slug = $1 GROUP BY i.slug, r.framework ORDER BY i.slug, r.framework",
    );
    Ok(rows.bind(slug).fetch_all(connection).await?)
}

/// The decisions about a job, as stored: roles and capabilities.
///
/// # Errors
/// The database failed.
pub async fn of_job(
    connection: &mut PgConnection,
    institution: Uuid,
    job: Uuid,
) -> Result<Option<(Json, Json)>> {
    let row: Option<(Option<Json>, Option<Json>)> = sqlx::query_as(
        "SELECT roles, capabilities FROM jobs WHERE institution_id = $1 AND id = $2",
    )
    .bind(institution)
    .bind(job)
    .fetch_optional(connection)
    .await?;
    Ok(row
        .map(|(roles, capabilities)| (roles.unwrap_or_default(), capabilities.unwrap_or_default())))
}

/// The titles of all jobs of sources, in the order of institutions and jobs.
///
/// # Errors
/// The database failed.
pub async fn titles(
    connection: &mut PgConnection,
    sources: &[(Uuid, String)],
) -> Result<Vec<String>> {
    let (institutions, names): (Vec<Uuid>, Vec<String>) = sources.iter().cloned().unzip();
    Ok(sqlx::query_scalar(
        "SELECT j.title FROM published_jobs j
         JOIN unnest($1::uuid[], $2::text[]) AS s (institution_id, source_id) ON s.institution_id = j.institution_id AND s.source_id = j.source_id
         ORDER BY j.institution_id, j.id",
    )
    .bind(institutions)
    .bind(names)
    .fetch_all(connection)
    .await?)
}
