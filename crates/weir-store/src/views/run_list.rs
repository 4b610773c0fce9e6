//! Runs for people who look at many: a page of them across institutions, the newest few of each,
//! one with its log and the versions that it made. Bounded by the caller; pages continue from the
//! number of the last row (keyset), so no page counts or skips.

use crate::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::RunId;

/// An institution that the database knows.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct KnownInstitution {
    /// Its id.
    pub id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its zone.
    pub timezone: String,
    /// Clock of its newest run.
    pub last_run_at: Option<DateTime<Utc>>,
}

/// A run in a list.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct RunLine {
    /// The institution.
    #[serde(skip)]
    pub institution_id: Uuid,
    /// The institution's slug.
    pub institution: String,
    /// Its number.
    pub id: RunId,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// running, done, failed, interrupted.
    pub status: String,
    /// Wall clock at its start.
    pub started_at: DateTime<Utc>,
    /// Wall clock at its end.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub error: Option<String>,
    /// What came of its ads, once it has ended.
    pub total: Option<Json>,
    /// Errors that it raised.
    pub errors: i64,
    /// Warnings that it raised.
    pub warnings: i64,
}

/// Which runs.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Of this institution.
    pub institution: Option<Uuid>,
    /// With this status; `trouble` is every run that failed, was interrupted or raised an error.
    pub status: Option<String>,
    /// Before this run.
    pub before: Option<RunId>,
}

/// All institutions that have run.
///
/// # Errors
/// The database failed.
pub async fn institutions(connection: &mut PgConnection) -> Result<Vec<KnownInstitution>> {
    let sql = "SELECT id, slug, name, timezone, last_run_at FROM institutions ORDER BY slug";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}

/// A run with its institution and its alerts, as [`RunLine`]; `r` is the run.
macro_rules! run_lines {
    ($from:literal) => {
        concat!(
            "SELECT r.institution_id, i.slug AS institution, r.id, r.at, r.status, r.started_at, r.finished_at, r.error,
               r.summary -> 'total' AS total,
               (SELECT count(*) FROM alerts a WHERE a.institution_id = r.institution_id AND a.run_id = r.id AND a.severity = 'error') AS errors,
               (SELECT count(*) FROM alerts a WHERE a.institution_id = r.institution_id AND a.run_id = r.id AND a.severity = 'warn') AS warnings
             FROM ", $from, " JOIN institutions i ON i.id = r.institution_id "
        )
    };
}

/// A page of runs, the newest first.
///
/// # Errors
/// The database failed.
pub async fn page(
    connection: &mut PgConnection,
    wanted: &RunFilter,
    most: i64,
) -> Result<Vec<RunLine>> {
    let rows = sqlx::query_as(concat!(
        run_lines!("runs r"),
        "WHERE ($1::uuid IS NULL OR r.institution_id = $1) AND ($3::bigint IS NULL OR r.id < $3)
           AND ($2::text IS NULL OR r.status = $2 OR ($2 = 'trouble' AND (r.status IN ('failed', 'interrupted') OR EXISTS (
             SELECT 1 FROM alerts a WHERE a.institution_id = r.institution_id AND a.run_id = r.id AND a.severity = 'error'))))
         ORDER BY r.id DESC LIMIT $4"
    ));
    let mut rows: Vec<RunLine> = rows
        .bind(wanted.institution)
        .bind(&wanted.status)
        .bind(wanted.before)
        .bind(most)
        .fetch_all(connection)
        .await?;
    rows.sort_by_key(|run| std::cmp::Reverse(run.id));
    Ok(rows)
}

/// The newest runs of each of these institutions, the newest first.
///
/// # Errors
/// The database failed.
pub async fn newest_of_each(
    connection: &mut PgConnection,
    institutions: &[Uuid],
    each: i64,
) -> Result<Vec<RunLine>> {
    let rows = sqlx::query_as(run_lines!(
        "(SELECT p.institution_id, ARRAY(SELECT x.id FROM runs x WHERE x.institution_id = p.institution_id ORDER BY x.id DESC LIMIT $2) AS runs
           FROM plan_outlines p WHERE p.institution_id = ANY ($1)
             AND NOT EXISTS (SELECT 1 FROM plan_outlines q WHERE q.institution_id = p.institution_id AND q.fingerprint < p.fingerprint)) AS n
         JOIN runs r ON r.institution_id = n.institution_id AND r.id = ANY (n.runs)"
    ));
    let mut rows: Vec<RunLine> = rows
        .bind(institutions)
        .bind(each)
        .fetch_all(connection)
        .await?;
    rows.sort_by_key(|run| std::cmp::Reverse(run.id));
    Ok(rows)
}

/// One run.
///
/// # Errors
/// The database failed.
pub async fn one(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> Result<Option<RunLine>> {
    let sql = concat!(
        run_lines!("runs AS r"),
        "WHERE r.institution_id = $1 AND r.id = $2"
    );
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .fetch_optional(connection)
        .await?)
}

/// A line of the log of a run.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct StoredLogLine {
    /// Its place.
    pub ordinal: i32,
    /// Wall clock.
    pub logged_at: DateTime<Utc>,
    /// info, warn, error.
    pub severity: String,
    /// The node; empty for the run.
    pub node: String,
    /// What happened.
    pub message: String,
}

/// The log of a run from a place on; of one node if it is named.
///
/// # Errors
/// The database failed.
pub async fn log(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    from: i32,
    most: i64,
) -> Result<Vec<StoredLogLine>> {
    let sql = "SELECT ordinal, logged_at, severity, node, message FROM run_log
               WHERE institution_id = $1 AND run_id = $2 AND ordinal >= $3 ORDER BY ordinal LIMIT $4";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .bind(from)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// A version of a job that a run made.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct TouchedJob {
    /// The job.
    pub id: Uuid,
    /// The version.
    pub version: i32,
    /// create, update, archive, reopen.
    pub change_type: String,
    /// The ad, as `source:id`.
    pub external_id: String,
    /// Its title.
    pub title: String,
    /// Which fields changed.
    pub changed_fields: Option<Vec<String>>,
    /// Why.
    pub change_reason: String,
}

/// The versions that a run made, of one type if it is named, after a job.
///
/// # Errors
/// The database failed.
pub async fn touched(
    connection: &mut PgConnection,
    (institution, run): (Uuid, RunId),
    change: Option<&str>,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<TouchedJob>> {
    let sql = "SELECT id, version, change_type, external_id, title, changed_fields, change_reason FROM jobs_history
               WHERE run_id = $2 AND institution_id = $1 AND ($3::text IS NULL OR change_type = $3) AND ($4::uuid IS NULL OR id > $4)
               ORDER BY id, version LIMIT $5";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .bind(change)
        .bind(after)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// How much waits for a decision in an institution.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow, Serialize)]
pub struct WaitingCounts {
    /// The institution.
    pub institution_id: Uuid,
    /// Open holds, at most 1,001.
    pub holds: i64,
}

/// The open holds of these institutions; each count ends at 1,001.
///
/// # Errors
/// The database failed.
pub async fn waiting(
    connection: &mut PgConnection,
    institutions: &[Uuid],
) -> Result<Vec<WaitingCounts>> {
    let sql = "SELECT institution_id, LEAST(count(*), 1001) AS holds FROM holds
               WHERE institution_id = ANY ($1) AND status = 'open' GROUP BY institution_id";
    Ok(sqlx::query_as(sql)
        .bind(institutions)
        .fetch_all(connection)
        .await?)
}
