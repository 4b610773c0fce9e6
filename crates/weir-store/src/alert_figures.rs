//! The figures that conditions of alerts read: one statement for each kind of subject, over runs
//! and tallies, never over jobs. Read-only.
//!
//! What is usual is that of the 28 runs before, and not known before there were five.

use super::Result;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

/// The numbers of the newest `$most` ended runs of each institution. Citus takes a limit for each
/// institution in no other form, and an institution has few tallies.
macro_rules! newest_runs {
    ($most:literal, $states:literal) => {
        concat!(
            "SELECT t.institution_id, ARRAY(
               SELECT x.id FROM runs x WHERE x.institution_id = t.institution_id AND x.status IN (",
            $states,
            ") AND x.clock_taken_back_at IS NULL ORDER BY x.id DESC LIMIT ",
            $most,
            ") AS runs
             FROM run_tallies t WHERE NOT EXISTS (SELECT 1 FROM run_tallies u WHERE u.institution_id = t.institution_id AND u.status < t.status)"
        )
    };
}

/// The newest runs of institutions, each with its place from the newest, 1.
macro_rules! recent {
    ($states:literal) => {
        concat!(
            "WITH recent AS (
               SELECT r.institution_id, i.slug, r.id AS run_id, r.status, r.started_at, r.finished_at,
                 row_number() OVER (PARTITION BY r.institution_id ORDER BY r.id DESC) AS place
               FROM (",
            newest_runs!("29", $states),
            ") AS n JOIN runs r ON r.institution_id = n.institution_id AND r.id = ANY (n.runs)
               JOIN institutions i ON i.id = r.institution_id WHERE $1::text[] IS NULL OR i.slug = ANY ($1))"
        )
    };
}

/// Figures of the newest run of an institution.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct NewestRunFigures {
    /// The institution.
    pub institution: String,
    /// How it ended.
    pub status: String,
    /// Runs in a row that did not end well.
    pub failed_runs: i64,
    /// How long it took.
    pub seconds: Option<f64>,
    /// How long runs usually take.
    pub usual_seconds: Option<f64>,
    /// Ads that it looked at.
    pub documents: Option<i64>,
    /// The median.
    pub usual_documents: Option<f64>,
    /// Jobs created.
    pub created: Option<i64>,
    /// Jobs updated.
    pub updated: Option<i64>,
    /// Jobs opened again.
    pub reopened: Option<i64>,
    /// Jobs archived.
    pub archived: Option<i64>,
    /// The median.
    pub usual_archived: Option<f64>,
    /// Ads refused, held or failed.
    pub refused: Option<i64>,
    /// The median of refused of documents.
    pub usual_error_ratio: Option<f64>,
}

/// Figures of the newest runs; of these institutions, or of all.
///
/// # Errors
/// The database failed.
pub async fn runs(
    connection: &mut PgConnection,
    institutions: Option<&[String]>,
) -> Result<Vec<NewestRunFigures>> {
    Ok(sqlx::query_as(concat!(
        recent!("'done', 'failed', 'interrupted'"),
        ", outcomes AS (
           SELECT c.institution_id, c.place, sum(o.documents)::bigint AS documents, sum(o.created)::bigint AS created, sum(o.updated)::bigint AS updated,
             sum(o.reopened)::bigint AS reopened, sum(o.archived)::bigint AS archived, sum(o.rejected + o.held + o.failed)::bigint AS refused
           FROM recent c JOIN metric_run_outcomes o ON o.institution_id = c.institution_id AND o.run_id = c.run_id GROUP BY 1, 2)
         SELECT c.slug AS institution, max(c.status) FILTER (WHERE c.place = 1) AS status,
           COALESCE(min(c.place) FILTER (WHERE c.status = 'done') - 1, count(*)) AS failed_runs,
           max(extract(epoch FROM c.finished_at - c.started_at)::float8) FILTER (WHERE c.place = 1) AS seconds,
           CASE WHEN count(*) > 5 THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM c.finished_at - c.started_at)::float8)
             FILTER (WHERE c.place > 1 AND c.status = 'done') END AS usual_seconds,
           max(o.documents) FILTER (WHERE c.place = 1) AS documents,
           CASE WHEN count(*) > 5 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY o.documents::float8) FILTER (WHERE c.place > 1) END AS usual_documents,
           max(o.created) FILTER (WHERE c.place = 1) AS created, max(o.updated) FILTER (WHERE c.place = 1) AS updated,
           max(o.reopened) FILTER (WHERE c.place = 1) AS reopened, max(o.archived) FILTER (WHERE c.place = 1) AS archived,
           CASE WHEN count(*) > 5 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY o.archived::float8) FILTER (WHERE c.place > 1) END AS usual_archived,
           max(o.refused) FILTER (WHERE c.place = 1) AS refused,
           CASE WHEN count(*) > 5 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY o.refused::float8 / NULLIF(o.documents, 0))
             FILTER (WHERE c.place > 1 AND o.documents > 0) END AS usual_error_ratio
         FROM recent c LEFT JOIN outcomes o ON o.institution_id = c.institution_id AND o.place = c.place GROUP BY c.slug ORDER BY c.slug"
    ))
    .bind(institutions)
    .fetch_all(connection)
    .await?)
}

/// Figures of a source.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SourceFigures {
    /// The institution.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// How the newest read ended.
    pub last_read_state: Option<String>,
    /// When.
    pub last_read_at: Option<DateTime<Utc>>,
    /// The newest complete read, or the first read where there was none.
    pub complete_since: Option<DateTime<Utc>>,
    /// Reads in a row that were neither complete nor empty.
    pub failed_reads: i64,
    /// Ads in the newest read.
    pub items: Option<i64>,
    /// The median of the complete reads before.
    pub usual_items: Option<f64>,
    /// Ads that the source said it had.
    pub stated: Option<i64>,
    /// Open jobs.
    pub open_jobs: i64,
    /// Ads that the newest run looked at.
    pub documents: Option<i64>,
    /// Ads that it refused, held or could not read.
    pub refused: Option<i64>,
    /// The median of refused of documents.
    pub usual_error_ratio: Option<f64>,
    /// How long its stages took.
    pub seconds: Option<f64>,
    /// How long they usually take.
    pub usual_seconds: Option<f64>,
    /// What the stage measure found.
    pub quality: Option<String>,
}

/// Figures of sources; of these institutions, or of all.
///
/// # Errors
/// The database failed.
pub async fn sources(
    connection: &mut PgConnection,
    institutions: Option<&[String]>,
) -> Result<Vec<SourceFigures>> {
    Ok(sqlx::query_as(concat!(
        recent!("'done', 'failed'"),
        ", judged AS (
           SELECT c.institution_id, o.source_id, max(o.documents) FILTER (WHERE c.place = 1) AS documents,
             max(o.rejected + o.held + o.failed) FILTER (WHERE c.place = 1) AS refused,
             CASE WHEN count(*) > 5 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY (o.rejected + o.held + o.failed)::float8 / NULLIF(o.documents, 0))
               FILTER (WHERE c.place > 1 AND o.documents > 0) END AS usual_error_ratio
           FROM recent c JOIN metric_run_outcomes o ON o.institution_id = c.institution_id AND o.run_id = c.run_id GROUP BY 1, 2),
         took AS (
           SELECT c.institution_id, s.source_id, c.place, (sum(s.micros) / 1e6)::float8 AS seconds
           FROM recent c JOIN run_stages s ON s.institution_id = c.institution_id AND s.run_id = c.run_id WHERE s.source_id <> '' GROUP BY 1, 2, 3),
         speed AS (
           SELECT institution_id, source_id, max(seconds) FILTER (WHERE place = 1) AS seconds,
             CASE WHEN count(*) > 5 THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE place > 1) END AS usual_seconds
           FROM took GROUP BY 1, 2)
         SELECT i.slug AS institution, t.source_id, t.last_read_state, t.last_read_at, COALESCE(t.last_complete_at, r.first_at) AS complete_since,
           r.failed_reads, t.last_items AS items, r.usual_items, t.last_stated AS stated, t.open_jobs, j.documents, j.refused, j.usual_error_ratio,
           s.seconds, s.usual_seconds, q.standing AS quality
         FROM source_tallies t JOIN institutions i ON i.id = t.institution_id
         CROSS JOIN LATERAL (
           SELECT COALESCE(min(n.place) FILTER (WHERE n.state IN ('complete', 'empty')) - 1, count(*)) AS failed_reads, min(n.at) AS first_at,
             CASE WHEN count(*) > 5 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY n.items::float8) FILTER (WHERE n.place > 1 AND n.state = 'complete') END AS usual_items
           FROM (SELECT state, items, at, row_number() OVER (ORDER BY id DESC) AS place FROM source_reads
                 WHERE institution_id = t.institution_id AND source_id = t.source_id AND state <> 'reading' ORDER BY id DESC LIMIT 29) AS n) AS r
         LEFT JOIN judged j ON j.institution_id = t.institution_id AND j.source_id = t.source_id
         LEFT JOIN speed s ON s.institution_id = t.institution_id AND s.source_id = t.source_id
         LEFT JOIN LATERAL (
           SELECT standing FROM source_quality q WHERE q.institution_id = t.institution_id AND q.source_id = t.source_id ORDER BY q.at DESC LIMIT 1) AS q ON TRUE
         WHERE $1::text[] IS NULL OR i.slug = ANY ($1) ORDER BY 1, 2"
    ))
    .bind(institutions)
    .fetch_all(connection)
    .await?)
}

/// Figures of an institution.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct InstitutionFigures {
    /// The institution.
    pub institution: String,
    /// The clock of its newest run.
    pub last_run_at: Option<DateTime<Utc>>,
    /// Decisions that wait.
    pub open_holds: i64,
    /// Since when the oldest waits.
    pub oldest_hold_at: Option<DateTime<Utc>>,
    /// Holds of many jobs at once.
    pub mass_holds: i64,
}

/// Figures of institutions; of these, or of all.
///
/// # Errors
/// The database failed.
pub async fn institutions(
    connection: &mut PgConnection,
    institutions: Option<&[String]>,
) -> Result<Vec<InstitutionFigures>> {
    Ok(sqlx::query_as(
        "SELECT i.slug AS institution, i.last_run_at, count(h.id) AS open_holds, min(h.opened_at) AS oldest_hold_at,
           count(h.id) FILTER (WHERE h.kind IN ('retirement', 'closing', 'quality', 'identity')) AS mass_holds
         FROM institutions i LEFT JOIN holds h ON h.institution_id = i.id AND h.status = 'open'
         WHERE $1::text[] IS NULL OR i.slug = ANY ($1) GROUP BY i.slug, i.last_run_at ORDER BY 1",
    )
    .bind(institutions)
    .fetch_all(connection)
    .await?)
}

/// How much all tables grew by day, the newest day first.
///
/// # Errors
/// The database failed.
pub async fn growth(connection: &mut PgConnection) -> Result<Vec<(NaiveDate, Option<i64>)>> {
    Ok(sqlx::query_as(
        "SELECT day, growth::bigint FROM metric_database_size WHERE table_name = 'all' ORDER BY day DESC LIMIT 29",
    )
    .fetch_all(connection)
    .await?)
}

/// An alert that the newest run of an institution raised itself; a run without any has one row,
/// too.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RaisedAlert {
    /// The institution.
    pub institution: String,
    /// How the run ended.
    pub status: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether it came to its end, so that what it did not raise is over.
    pub is_concluded: bool,
    /// The source; empty for the institution.
    pub source_id: Option<String>,
    /// What kind.
    pub kind: Option<String>,
    /// `warn` or `error`.
    pub severity: Option<String>,
    /// What happened.
    pub message: Option<String>,
}

/// What the newest runs raised; of these institutions, or of all.
///
/// # Errors
/// The database failed.
pub async fn raised(
    connection: &mut PgConnection,
    institutions: Option<&[String]>,
) -> Result<Vec<RaisedAlert>> {
    Ok(sqlx::query_as(concat!(
        "SELECT i.slug AS institution, r.status, r.error, COALESCE(jsonb_typeof(r.summary) = 'object', FALSE) AS is_concluded,
           a.source_id, a.kind, a.severity, a.message
         FROM (",
        newest_runs!("1", "'done', 'failed'"),
        ") AS n JOIN runs r ON r.institution_id = n.institution_id AND r.id = ANY (n.runs)
         JOIN institutions i ON i.id = r.institution_id
         LEFT JOIN alerts a ON a.institution_id = r.institution_id AND a.run_id = r.id
         WHERE $1::text[] IS NULL OR i.slug = ANY ($1) ORDER BY 1, a.id",
    ))
    .bind(institutions)
    .fetch_all(connection)
    .await?)
}
