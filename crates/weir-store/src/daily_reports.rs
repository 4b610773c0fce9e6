//! Reports that are kept, and what they are made of: what became of ads in a day beside a usual
//! one, and whose jobs are new.

use super::{Result, storable, storable_json};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sqlx::PgConnection;

/// What became of the ads of an institution in a day, and on each of the seven days before, on
/// average.
#[derive(Debug, Clone, Default, sqlx::FromRow, Deserialize, Serialize)]
pub struct DayFigures {
    /// The institution.
    pub institution: String,
    /// Runs that ended.
    pub runs: i64,
    /// Jobs created, and usually.
    pub created: i64,
    /// The mean of seven days.
    pub usual_created: f64,
    /// Jobs that got a new version.
    pub updated: i64,
    /// The mean of seven days.
    pub usual_updated: f64,
    /// Archived jobs that opened again.
    pub reopened: i64,
    /// The mean of seven days.
    pub usual_reopened: f64,
    /// Jobs archived.
    pub archived: i64,
    /// The mean of seven days.
    pub usual_archived: f64,
    /// Ads refused, held or not read.
    pub refused: i64,
    /// The mean of seven days.
    pub usual_refused: f64,
    /// Open jobs at the end of the newest runs.
    pub open_jobs: i64,
}

/// The figures of the 24 hours before an instant. Reads the summaries of eight days of runs.
///
/// # Errors
/// The database failed.
pub async fn day_figures(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
) -> Result<Vec<DayFigures>> {
    Ok(sqlx::query_as(
        "WITH of AS (
           SELECT o.institution_id, o.run_id, o.at > $1 - interval '1 day' AS is_new, o.created, o.updated, o.reopened, o.archived, o.rejected + o.held + o.failed AS refused
           FROM metric_run_outcomes o WHERE o.at > $1 - interval '8 days' AND o.at <= $1),
         sums AS (
           SELECT institution_id, count(DISTINCT run_id) FILTER (WHERE is_new) AS runs,
             COALESCE(sum(created) FILTER (WHERE is_new), 0)::bigint AS created, COALESCE(sum(created) FILTER (WHERE NOT is_new) / 7.0, 0)::float8 AS usual_created,
             COALESCE(sum(updated) FILTER (WHERE is_new), 0)::bigint AS updated, COALESCE(sum(updated) FILTER (WHERE NOT is_new) / 7.0, 0)::float8 AS usual_updated,
             COALESCE(sum(reopened) FILTER (WHERE is_new), 0)::bigint AS reopened, COALESCE(sum(reopened) FILTER (WHERE NOT is_new) / 7.0, 0)::float8 AS usual_reopened,
             COALESCE(sum(archived) FILTER (WHERE is_new), 0)::bigint AS archived, COALESCE(sum(archived) FILTER (WHERE NOT is_new) / 7.0, 0)::float8 AS usual_archived,
             COALESCE(sum(refused) FILTER (WHERE is_new), 0)::bigint AS refused, COALESCE(sum(refused) FILTER (WHERE NOT is_new) / 7.0, 0)::float8 AS usual_refused
           FROM of GROUP BY 1),
         opened AS (SELECT institution_id, sum(open_jobs) AS jobs FROM source_tallies GROUP BY 1)
         SELECT i.slug AS institution, COALESCE(s.runs, 0) AS runs, COALESCE(s.created, 0) AS created, COALESCE(s.usual_created, 0) AS usual_created,
           COALESCE(s.updated, 0) AS updated, COALESCE(s.usual_updated, 0) AS usual_updated, COALESCE(s.reopened, 0) AS reopened,
           COALESCE(s.usual_reopened, 0) AS usual_reopened, COALESCE(s.archived, 0) AS archived, COALESCE(s.usual_archived, 0) AS usual_archived,
           COALESCE(s.refused, 0) AS refused, COALESCE(s.usual_refused, 0) AS usual_refused,
           COALESCE(o.jobs, 0)::bigint AS open_jobs
         FROM institutions i LEFT JOIN sums s ON s.institution_id = i.id LEFT JOIN opened o ON o.institution_id = i.id ORDER BY 1",
    )
    .bind(until)
    .fetch_all(connection)
    .await?)
}

/// Whose jobs are new.
#[derive(Debug, Clone, sqlx::FromRow, Deserialize, Serialize)]
pub struct NewJobs {
    /// The institution.
    pub institution: String,
    /// company or role.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// New jobs.
    pub jobs: i64,
}

/// The companies and roles with most new jobs in the 24 hours before an instant, a few of each.
/// Reads the jobs that are new by the index of changes.
///
/// # Errors
/// The database failed.
pub async fn new_jobs(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
    most: i64,
) -> Result<Vec<NewJobs>> {
    Ok(sqlx::query_as(
        "WITH fresh AS (
           SELECT institution_id, id, company_id FROM published_jobs
           WHERE created_at > $1 - interval '1 day' AND created_at <= $1 AND change_type = 'create'),
         named AS (
           SELECT f.institution_id, 'company' AS kind, c.name, count(*) AS jobs
           FROM fresh f JOIN companies c ON c.institution_id = f.institution_id AND c.id = f.company_id GROUP BY 1, 3
           UNION ALL
           SELECT f.institution_id, 'role', r.role_name, count(*)
           FROM fresh f JOIN job_roles r ON r.institution_id = f.institution_id AND r.job_id = f.id
           WHERE r.level = 'role' AND r.role_name IS NOT NULL GROUP BY 1, 3),
         placed AS (SELECT *, row_number() OVER (PARTITION BY institution_id, kind ORDER BY jobs DESC, name) AS place FROM named)
         SELECT i.slug AS institution, p.kind, p.name, p.jobs FROM placed p JOIN institutions i ON i.id = p.institution_id
         WHERE p.place <= $2 ORDER BY 1, p.kind, p.place",
    )
    .bind(until)
    .bind(most)
    .fetch_all(connection)
    .await?)
}

/// A report that is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct KeptReport {
    /// The day.
    pub day: NaiveDate,
    /// The institution; empty for the page over all.
    pub institution: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Its first line.
    pub title: String,
    /// It as text.
    pub text: String,
    /// It as a page.
    pub html: String,
    /// It for machines.
    pub content: Json,
}

/// Keeps a report; `false` if that day has one.
///
/// # Errors
/// The database failed.
pub async fn keep(connection: &mut PgConnection, report: &KeptReport) -> Result<bool> {
    let kept = sqlx::query(
        "INSERT INTO daily_reports (day, institution, made_at, title, text, html, content) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(report.day)
    .bind(&report.institution)
    .bind(report.made_at)
    .bind(storable(&report.title))
    .bind(storable(&report.text))
    .bind(storable(&report.html))
    .bind(storable_json(&report.content))
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// Whether a day has its report over all institutions.
///
/// # Errors
/// The database failed.
pub async fn is_kept(connection: &mut PgConnection, day: NaiveDate) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM daily_reports WHERE day = $1 AND institution = '')";
    Ok(sqlx::query_scalar(sql)
        .bind(day)
        .fetch_one(connection)
        .await?)
}

/// The newest reports over all institutions, or one of a day.
///
/// # Errors
/// The database failed.
pub async fn newest(
    connection: &mut PgConnection,
    day: Option<NaiveDate>,
    most: i64,
) -> Result<Vec<KeptReport>> {
    Ok(sqlx::query_as(
        "SELECT day, institution, made_at, title, text, html, content FROM daily_reports
         WHERE institution = '' AND ($1::date IS NULL OR day = $1) ORDER BY day DESC LIMIT $2",
    )
    .bind(day)
    .bind(most)
    .fetch_all(connection)
    .await?)
}

/// A kept report in a list.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct KeptDay {
    /// The day.
    pub day: NaiveDate,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Its first line.
    pub title: String,
    /// It for machines.
    pub content: Json,
}

/// The reports over all institutions, the newest first, before a day.
///
/// # Errors
/// The database failed.
pub async fn days(
    connection: &mut PgConnection,
    before: Option<NaiveDate>,
    most: i64,
) -> Result<Vec<KeptDay>> {
    Ok(sqlx::query_as(
        "SELECT day, made_at, title, content FROM daily_reports
         WHERE institution = '' AND ($1::date IS NULL OR day < $1) ORDER BY day DESC LIMIT $2",
    )
    .bind(before)
    .bind(most)
    .fetch_all(connection)
    .await?)
}
