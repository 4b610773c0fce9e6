//! Counts for summaries and reports. Read-only.

use super::Result;
use super::presence::listed;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::{
    Clock, Fingerprint, OutcomeCounts, ReadId, ReadStatus, RunId, RunStatus, SourceKey,
};

/// Counts what became of the documents of one source in a run; archived ones are the caller's to
/// add. Where the source is held, by its fingerprint at an instant, everything that needs deriving
/// counts as held.
///
/// # Errors
/// The database failed.
pub async fn count(
    connection: &mut PgConnection,
    stream: &SourceKey,
    run: RunId,
    read: ReadId,
    held: Option<(Fingerprint, Clock)>,
) -> Result<OutcomeCounts> {
    let rows: Vec<(String, i64)> = sqlx::query_as(concat!(
        "SELECT CASE WHEN $5::bytea IS NOT NULL AND refused IS NULL AND NOT retired
                    AND (derived_hash IS DISTINCT FROM content_hash OR derived_fingerprint IS DISTINCT FROM $5 OR retry_at <= $6) THEN 'held'
                  WHEN last_change_run = $3 THEN last_change WHEN outcome = 'published' THEN 'unchanged'
                  WHEN outcome = 'discarded' THEN CASE WHEN job_id IS NULL THEN 'rejected' ELSE 'unchanged' END
                  WHEN outcome = 'withdrawn' THEN 'rejected' WHEN outcome = 'pending' THEN 'failed' ELSE outcome END, count(*)
         FROM ad_states WHERE institution_id = $1 AND source_id = $2 AND (",
        listed!("$4"),
        " OR last_change_run = $3) GROUP BY 1"
    ))
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(run)
    .bind(read)
    .bind(held.map(|(fingerprint, _)| fingerprint.to_vec()))
    .bind(held.map(|(_, at)| at.0))
    .fetch_all(connection)
    .await?;
    let by_name: BTreeMap<String, i64> = rows.into_iter().collect();
    let of = |name: &str| by_name.get(name).copied().unwrap_or_default();
    Ok(OutcomeCounts {
        documents: by_name.values().sum(),
        created: of("created"),
        updated: of("updated"),
        reopened: of("reopened"),
        archived: 0,
        unchanged: of("unchanged"),
        rejected: of("rejected"),
        held: of("held"),
        failed: of("failed"),
    })
}

/// Bytes of each table with its indexes.
///
/// # Errors
/// The database failed.
pub async fn table_bytes(connection: &mut PgConnection) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class
         WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind = 'r' AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// A run as reported.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct RunRow {
    /// Its number.
    pub id: RunId,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// running, done, failed, interrupted.
    #[sqlx(try_from = "String")]
    pub status: RunStatus,
    /// Wall clock at the start.
    pub started_at: DateTime<Utc>,
    /// Wall clock at the end.
    pub finished_at: Option<DateTime<Utc>>,
    /// The counts.
    pub summary: Option<Json>,
    /// Why it failed.
    pub error: Option<String>,
}

/// The names of all institutions with stored data.
///
/// # Errors
/// The database failed.
pub async fn institutions(connection: &mut PgConnection) -> Result<Vec<String>> {
    Ok(
        sqlx::query_scalar("SELECT slug FROM institutions ORDER BY slug")
            .fetch_all(connection)
            .await?,
    )
}

/// To how many jobs some runs gave versions of each kind, by run, found by looking at the jobs: for
/// runs that could not count them. A job that one run changed twice counts once.
///
/// # Errors
/// The database failed.
pub async fn jobs_by_run(
    connection: &mut PgConnection,
    institution: Uuid,
    runs: &[&RunRow],
) -> Result<BTreeMap<RunId, BTreeMap<String, i64>>> {
    if runs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(RunId, String, i64)> = sqlx::query_as(
        "SELECT run_id, change_type, count(DISTINCT id) FROM jobs_history WHERE institution_id = $1 AND created_at = ANY ($2) AND run_id = ANY ($3) GROUP BY 1, 2",
    )
    .bind(institution)
    .bind(runs.iter().map(|run| run.at).collect::<Vec<_>>())
    .bind(runs.iter().map(|run| run.id).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let mut all: BTreeMap<RunId, BTreeMap<String, i64>> = BTreeMap::new();
    rows.into_iter()
        .for_each(|(run, kind, count)| _ = all.entry(run).or_default().insert(kind, count));
    Ok(all)
}

/// A stage of a run as reported.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct StageRow {
    /// The stage.
    pub stage: String,
    /// The source.
    pub source_id: String,
    /// Ads that reached it.
    pub rows_in: i64,
    /// Ads that left it.
    pub rows_out: i64,
    /// Ads that it found reasons against.
    pub refused: i64,
    /// Microseconds in it.
    pub micros: i64,
    /// Why it failed.
    pub error: Option<String>,
}

/// A read of a run as reported.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct ReadRow {
    /// The source.
    pub source_id: String,
    /// complete, empty, partial, blocked, unreachable, or reading when its run died.
    #[sqlx(try_from = "String")]
    pub state: ReadStatus,
    /// Pages or files.
    pub pages: i64,
    /// Documents.
    pub items: i64,
    /// How many the source says it has.
    pub stated_count: Option<i64>,
    /// Bytes read.
    pub bytes: i64,
    /// Documents stored.
    pub uploaded: i64,
    /// Why it is not complete.
    pub why: Option<String>,
}

/// A reason against ads, and how many it stands against.
#[derive(Debug, Clone, sqlx::FromRow, Deserialize, Serialize)]
pub struct ReasonRow {
    /// The source.
    pub source_id: String,
    /// The error type.
    pub kind: String,
    /// The field.
    pub field: Option<String>,
    /// The reason.
    pub message: String,
    /// Ads.
    pub ads: i64,
    /// One of them.
    pub example: String,
}

/// An alert as reported.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct AlertRow {
    /// The source; empty for the institution.
    pub source_id: String,
    /// What kind.
    pub kind: String,
    /// warn or error.
    pub severity: String,
    /// What happened and what to do.
    pub message: String,
}

/// The newest runs of an institution, newest first.
///
/// # Errors
/// The database failed.
pub async fn runs(
    connection: &mut PgConnection,
    institution: Uuid,
    limit: i64,
) -> Result<Vec<RunRow>> {
    let sql = "SELECT id, at, status, started_at, finished_at, summary, error FROM runs WHERE institution_id = $1 ORDER BY id DESC LIMIT $2";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// What the stages of a run did.
///
/// # Errors
/// The database failed.
pub async fn stages(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> Result<Vec<StageRow>> {
    let sql = "SELECT stage, source_id, rows_in, rows_out, refused, micros, error FROM run_stages WHERE institution_id = $1 AND run_id = $2 ORDER BY source_id, stage";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .fetch_all(connection)
        .await?)
}

/// What a run read.
///
/// # Errors
/// The database failed.
pub async fn reads(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> Result<Vec<ReadRow>> {
    let sql = "SELECT source_id, state, pages, items, stated_count, bytes, uploaded, why FROM source_reads WHERE institution_id = $1 AND run_id = $2 ORDER BY source_id";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .fetch_all(connection)
        .await?)
}

/// Alerts of a run.
///
/// # Errors
/// The database failed.
pub async fn alerts(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> Result<Vec<AlertRow>> {
    let sql = "SELECT source_id, kind, severity, message FROM alerts WHERE institution_id = $1 AND run_id = $2 ORDER BY id";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .fetch_all(connection)
        .await?)
}

/// The reasons that stand against most ads.
///
/// # Errors
/// The database failed.
pub async fn top_reasons(
    connection: &mut PgConnection,
    institution: Uuid,
    limit: i64,
) -> Result<Vec<ReasonRow>> {
    let rows = sqlx::query_as(
        "SELECT source_id, kind, field, message, count(DISTINCT original_id) AS ads, min(original_id) AS example FROM (
           SELECT j.source_id, f.validation_type AS kind, f.field_name AS field, COALESCE(f.error_message, '') AS message, j.original_id
           FROM staging_validation_failures f JOIN staging_jobs j ON j.institution_id = f.institution_id AND j.id = f.staging_job_id
           WHERE f.institution_id = $1 AND f.raw_data ->> 'severity' IS DISTINCT FROM 'warn'
           UNION ALL
           SELECT d.source_id, f.error_type, NULL, CASE f.error_type WHEN 'duplicate_id' THEN 'id came twice in one read with different content' ELSE COALESCE(f.error_details, '') END,
             d.external_id
           FROM staging_failed_documents f JOIN ad_states d ON d.institution_id = f.institution_id AND d.document_id = f.document_id WHERE f.institution_id = $1) reasons
         GROUP BY source_id, kind, field, message ORDER BY ads DESC, source_id, kind, message LIMIT $2",
    );
    Ok(rows
        .bind(institution)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// The reason that stands against most ads of a read.
#[derive(Debug, sqlx::FromRow)]
pub struct TopReason {
    /// What is wrong, in words.
    pub message: String,
    /// What kind: `invalid_date`.
    pub kind: String,
    /// Against how many ads.
    pub ads: i64,
    /// What the first of them has there.
    pub found: Option<Json>,
}

/// The reason that stands against most ads of a read; ads that it did not list do not count.
///
/// # Errors
/// The database failed.
pub async fn top_reason(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
) -> Result<Option<TopReason>> {
    let row = sqlx::query_as(concat!(
        "SELECT COALESCE(f.error_message, f.validation_type) AS message, min(f.validation_type) AS kind, count(DISTINCT j.id) AS ads,
           (array_agg(f.raw_data -> 'found' ORDER BY j.id))[1] AS found
         FROM ad_states s
         JOIN staging_jobs j ON j.institution_id = s.institution_id AND j.external_id = s.source_id || ':' || s.external_id
         JOIN staging_validation_failures f
           ON f.institution_id = j.institution_id AND f.staging_job_id = j.id
         WHERE s.institution_id = $1 AND s.source_id = $2 AND ",
        listed!("$3"),
        "
           AND f.raw_data ->> 'severity' IS DISTINCT FROM 'warn'
         GROUP BY 1 ORDER BY ads DESC, 1 LIMIT 1"
    ));
    let row = row.bind(stream.institution).bind(&stream.source).bind(read);
    Ok(row.fetch_optional(connection).await?)
}

/// A run, and one of the alerts that it raised; a run without any has one row, too.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RunErrorRow {
    /// The institution.
    pub institution_id: Uuid,
    /// The run.
    pub run: RunId,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// running, done, failed, interrupted.
    pub status: String,
    /// Why it failed.
    pub error: Option<String>,
    /// The source of the alert; empty for the institution.
    pub source_id: Option<String>,
    /// What kind.
    pub kind: Option<String>,
    /// `error` or `warn`.
    pub severity: Option<String>,
    /// What happened.
    pub message: Option<String>,
}

/// The newest runs of institutions with the alerts that they raised, newest first. An institution
/// that has run has a plan; Citus takes a limit for each institution in no other form.
///
/// # Errors
/// The database failed.
pub async fn run_errors(
    connection: &mut PgConnection,
    institutions: &[Uuid],
    most: i64,
) -> Result<Vec<RunErrorRow>> {
    let rows = sqlx::query_as(
        "SELECT r.institution_id, r.id AS run, r.at, r.status, r.error, a.source_id, a.kind, a.severity, a.message
         FROM (SELECT p.institution_id, ARRAY(
             SELECT x.id FROM runs x WHERE x.institution_id = p.institution_id AND x.clock_taken_back_at IS NULL ORDER BY x.id DESC LIMIT $2) AS runs
           FROM plan_outlines p WHERE p.institution_id = ANY ($1)
             AND NOT EXISTS (SELECT 1 FROM plan_outlines q WHERE q.institution_id = p.institution_id AND q.fingerprint < p.fingerprint)) AS n
         JOIN runs r ON r.institution_id = n.institution_id AND r.id = ANY (n.runs)
         LEFT JOIN alerts a ON a.institution_id = r.institution_id AND a.run_id = r.id
         ORDER BY r.institution_id, r.id DESC, a.id",
    );
    Ok(rows
        .bind(institutions)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// Open and archived jobs by source.
///
/// # Errors
/// The database failed.
pub async fn jobs_by_source(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Vec<(String, i64, i64)>> {
    let sql = "SELECT source_id, count(*) FILTER (WHERE status = 'open'), count(*) FILTER (WHERE status = 'archived') FROM jobs WHERE institution_id = $1 GROUP BY 1 ORDER BY 1";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .fetch_all(connection)
        .await?)
}

/// Sources of an institution that the database knows.
///
/// # Errors
/// The database failed.
pub async fn known_sources(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Vec<String>> {
    // Skips from source to source along the index of open jobs.
    let sql = "WITH RECURSIVE known AS (
           SELECT (SELECT min(source_id) FROM jobs WHERE institution_id = $1 AND status = 'open') AS source_id
           UNION ALL
           SELECT (SELECT min(source_id) FROM jobs WHERE institution_id = $1 AND status = 'open' AND source_id > known.source_id) FROM known WHERE source_id IS NOT NULL)
         SELECT source_id FROM known WHERE source_id IS NOT NULL";
    Ok(sqlx::query_scalar(sql)
        .bind(institution)
        .fetch_all(connection)
        .await?)
}
