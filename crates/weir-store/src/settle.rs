//! T3: what a source's read means for ads that are not in it, and which closing dates have passed.
//! One transaction per source; repeating it at the same clock changes nothing.

use super::closing::closed_by_date;
use super::jobs::{self, ArchiveOrder};
use super::{Result, holds, staging};
use chrono::{Duration, NaiveDate};
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Clock, Fingerprint, Hash, HoldKind, ReadId, RunId, SourceKey};

/// Why nothing applies to an ad that is gone.
const GONE: &str = "withdrawn by the source";

/// Those that a date closes of the source of a run. `$1` institution, `$2` source, `$3` the
/// fingerprint that derives their ads, or none: then every run that was taken back counts; `$4` the
/// date.
macro_rules! closed {
    () => {
        closed_by_date!(
            "$1",
            "$2",
            "$4",
            " AND ($3::bytea IS NULL OR s.rolled_back_fingerprint = $3)"
        )
    };
}

/// The jobs that ratios are relative to: those open before an instant, except those already missed
/// that often: they wait behind a hold, or are about to, and say nothing about the board.
/// Unaffected by repeating a run at the same instant. `$1` institution, `$2` source.
macro_rules! on_the_board {
    ($at:literal, $missed:literal) => {
        concat!(
            "j.first_seen_at < ",
            $at,
            " AND j.reopened_at IS DISTINCT FROM ",
            $at,
            " AND (j.status = 'open' OR j.archived_at = ",
            $at,
            ")
             AND NOT EXISTS (
               SELECT 1 FROM ad_states s WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = j.original_id AND s.job_id = j.id
                 AND s.misses - COALESCE((s.last_miss_at = ",
            $at,
            ")::int, 0) >= ",
            $missed,
            ")"
        )
    };
}

/// The open jobs that are closed by date.
#[derive(Debug, Clone, Copy)]
pub struct DateClosing {
    /// The newest closing date that has passed.
    pub newest_passed: NaiveDate,
    /// The fingerprint that derives their ads, if there is one.
    pub fingerprint: Option<Fingerprint>,
}

/// How many jobs a date closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct ClosingCount {
    /// All of them.
    pub all: i64,
    /// Those that were on the board before.
    pub on_board: i64,
    /// The earliest of their closing dates.
    pub earliest: Option<NaiveDate>,
    /// The latest of their closing dates.
    pub latest: Option<NaiveDate>,
}

/// Counts the jobs that a date closes, and those already missed `after` times before the instant.
///
/// # Errors
/// The database failed.
pub async fn closing(
    connection: &mut PgConnection,
    stream: &SourceKey,
    closing: DateClosing,
    at: Clock,
    after: i32,
) -> Result<ClosingCount> {
    let count = sqlx::query_as(concat!(
        "SELECT count(*) AS all, count(*) FILTER (WHERE ",
        on_the_board!("$5", "$6"),
        ") AS on_board, min(j.close_date) AS earliest, max(j.close_date) AS latest FROM jobs j WHERE ",
        closed!()
    ))
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(closing.fingerprint.map(Hash::to_vec))
    .bind(closing.newest_passed)
    .bind(at.0)
    .bind(after)
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Archives the open jobs that a date closes. Gives their ids.
///
/// # Errors
/// The database failed.
pub async fn archive_closed(
    connection: &mut PgConnection,
    stream: &SourceKey,
    closing: DateClosing,
    run: Option<RunId>,
    at: Clock,
    by: &str,
) -> Result<Vec<String>> {
    let closed: Vec<(Uuid, String)> = sqlx::query_as(concat!(
        "SELECT j.id, 'archived: closing date passed (' || j.close_date || ')' FROM jobs j WHERE ",
        closed!()
    ))
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(closing.fingerprint.map(Hash::to_vec))
    .bind(closing.newest_passed)
    .fetch_all(&mut *connection)
    .await?;
    jobs::archive(
        connection,
        ArchiveOrder {
            institution: stream.institution,
            run,
            at,
            by,
            archived_as: "closed",
        },
        &closed,
    )
    .await
}

/// An operator decided that the jobs closed by a date stay open: for these closing dates, as far as
/// they have passed at the instant.
///
/// # Errors
/// The database failed.
pub async fn keep_open(
    connection: &mut PgConnection,
    stream: &SourceKey,
    closing: DateClosing,
    at: Clock,
) -> Result<u64> {
    let kept = sqlx::query(concat!(
        "UPDATE ad_states a SET kept_open_for = j.close_date FROM jobs j
         WHERE a.institution_id = $1 AND a.source_id = $2 AND a.external_id = j.original_id AND a.job_id = j.id AND j.close_date <= $5::date AND ",
        closed!()
    ))
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(closing.fingerprint.map(Hash::to_vec))
    .bind(closing.newest_passed)
    .bind(at.0.date_naive())
    .execute(connection)
    .await?;
    Ok(kept.rows_affected())
}

/// Counts a miss for every ad that a complete read did not contain, at most once per clock and
/// `apart`. Gives how many.
///
/// # Errors
/// The database failed.
pub async fn count_misses(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    at: Clock,
    apart: Duration,
) -> Result<u64> {
    let missed = sqlx::query(
        "UPDATE ad_states SET misses = misses + 1, last_miss_at = $4
         WHERE institution_id = $1 AND source_id = $2 AND (last_read IS NOT NULL OR $3::bigint = 0) AND NOT retired
           AND (last_miss_at IS NULL OR (last_miss_at < $4 AND last_miss_at <= $5))",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(read)
    .bind(at.0)
    .bind(at.0 - apart)
    .execute(connection)
    .await?;
    Ok(missed.rows_affected())
}

/// Closes unpublished ads that have been missed `after` times as withdrawn; their reasons and holds
/// end with them.
///
/// # Errors
/// The database failed.
pub async fn withdraw(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    after: i32,
) -> Result<u64> {
    let gone: Vec<(String, i64)> = sqlx::query_as(
        "UPDATE ad_states SET outcome = 'withdrawn', retired = TRUE, retry_at = NULL
         WHERE institution_id = $1 AND source_id = $2 AND misses > 0 AND misses >= $3 AND job_id IS NULL AND NOT retired
         RETURNING external_id, document_id",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(after)
    .fetch_all(&mut *connection)
    .await?;
    end_what_stood(connection, stream, at, &gone).await?;
    Ok(gone.len() as u64)
}

/// Stops tracking ads that are gone and whose jobs are archived, so the cost of a read depends on
/// the size of the board, not on its history, and nobody is asked about them. If they are listed
/// again, they are validated anew.
///
/// # Errors
/// The database failed.
pub async fn let_go(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    after: i32,
) -> Result<()> {
    sqlx::query(
        "UPDATE ad_states s SET retired = TRUE FROM jobs j
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.misses > 0 AND s.misses >= $3 AND NOT s.retired AND s.outcome = 'published'
           AND j.institution_id = $1 AND j.id = s.job_id AND j.status = 'archived'",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(after)
    .execute(&mut *connection)
    .await?;
    let gone: Vec<(String, i64, Uuid)> = sqlx::query_as(
        "UPDATE ad_states s SET outcome = 'withdrawn', retired = TRUE, retry_at = NULL
         FROM jobs j
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.misses > 0 AND s.outcome IN ('held', 'failed') AND (s.retired OR s.misses >= $3)
           AND j.institution_id = $1 AND j.id = s.job_id AND j.status = 'archived'
         RETURNING s.external_id, s.document_id, j.id",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(after)
    .fetch_all(&mut *connection)
    .await?;
    let archived: Vec<Uuid> = gone.iter().map(|(.., job)| *job).collect();
    jobs::mark_held(connection, stream, &archived, None).await?;
    let gone: Vec<(String, i64)> = gone
        .into_iter()
        .map(|(ad, document, _)| (ad, document))
        .collect();
    end_what_stood(connection, stream, at, &gone).await
}

/// Ends the reasons and holds of ads that are gone.
async fn end_what_stood(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    gone: &[(String, i64)],
) -> Result<()> {
    let ads: Vec<&str> = gone.iter().map(|(ad, _)| ad.as_str()).collect();
    let documents: Vec<i64> = gone.iter().map(|(_, document)| *document).collect();
    staging::clear(connection, stream, &ads, at, GONE).await?;
    staging::note_failures(connection, stream, at, &[], (&documents, GONE)).await?;
    holds::end(connection, stream, HoldKind::Job, &ads, at, GONE).await
}

/// How many open jobs would retire now.
///
/// # Errors
/// The database failed.
pub async fn candidates(
    connection: &mut PgConnection,
    stream: &SourceKey,
    after: i32,
) -> Result<i64> {
    let count = sqlx::query_scalar(
        "SELECT count(*) FROM ad_states s JOIN jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id AND j.status = 'open'
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.misses > 0 AND s.misses >= $3",
    );
    Ok(count
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(after)
        .fetch_one(connection)
        .await?)
}

/// How many jobs of the source were on the board before this instant: open, and not missed that
/// often before it, if given.
///
/// No number that is compared may be NULL: PostgreSQL then leaves out the table of ads, and Citus no
/// longer sees that the statement is of one institution.
///
/// # Errors
/// The database failed.
pub async fn on_board(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    missed: Option<i32>,
) -> Result<i64> {
    let count = sqlx::query_scalar(concat!(
        "SELECT count(*) FROM jobs j WHERE j.institution_id = $1 AND j.source_id = $2 AND ",
        on_the_board!("$3", "$4")
    ));
    Ok(count
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(at.0)
        .bind(missed.unwrap_or(i32::MAX))
        .fetch_one(connection)
        .await?)
}

/// Whether the source has a job at all, open or archived.
///
/// # Errors
/// The database failed.
pub async fn has_jobs(connection: &mut PgConnection, stream: &SourceKey) -> Result<bool> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM jobs WHERE institution_id = $1 AND source_id = $2)",
    );
    Ok(found
        .bind(stream.institution)
        .bind(&stream.source)
        .fetch_one(connection)
        .await?)
}

/// Archives the open jobs that have been missed `after` times. Gives their ids.
///
/// # Errors
/// The database failed.
pub async fn retire_missing(
    connection: &mut PgConnection,
    stream: &SourceKey,
    run: Option<RunId>,
    at: Clock,
    after: i32,
    by: &str,
) -> Result<Vec<String>> {
    let gone: Vec<(Uuid, String)> = sqlx::query_as(
        "WITH gone AS (
           UPDATE ad_states s SET retired = TRUE FROM jobs j
           WHERE s.institution_id = $1 AND s.source_id = $2 AND s.misses > 0 AND s.misses >= $3 AND j.institution_id = $1 AND j.id = s.job_id AND j.status = 'open'
           RETURNING s.job_id, s.misses, s.last_seen_at, s.last_read),
         unlisted AS (
           SELECT last_read, misses, GREATEST(misses, (
             SELECT count(DISTINCT r.at) FROM source_reads r WHERE r.institution_id = $1 AND r.source_id = $2 AND r.id > seen.last_read AND r.state = 'complete')) AS reads
           FROM (SELECT DISTINCT last_read, misses FROM gone) AS seen)
         SELECT gone.job_id, 'archived: missing from source (' || reads || ' complete read' || CASE WHEN reads = 1 THEN '' ELSE 's' END || ' since '
           || to_char(gone.last_seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI\"Z\"')
           || CASE WHEN reads = misses THEN '' ELSE ', ' || misses || ' of them counted' END || ')'
         FROM gone JOIN unlisted USING (last_read, misses)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(after)
    .fetch_all(&mut *connection)
    .await?;
    let archiving = ArchiveOrder {
        institution: stream.institution,
        run,
        at,
        by,
        archived_as: "missing",
    };
    let ids = jobs::archive(connection, archiving, &gone).await?;
    forget_waiting(connection, stream, at, &ids).await?;
    Ok(ids)
}

/// Archives every open job of a source on purpose. Gives their ids.
///
/// # Errors
/// The database failed.
pub async fn retire_by_person(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    by: &str,
    why: &str,
) -> Result<Vec<String>> {
    let open: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, 'archived: retired by a person (' || $3::text || ')' FROM jobs
         WHERE institution_id = $1 AND source_id = $2 AND status = 'open'",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(why)
    .fetch_all(&mut *connection)
    .await?;
    let archiving = ArchiveOrder {
        institution: stream.institution,
        run: None,
        at,
        by,
        archived_as: "person",
    };
    let ids = jobs::archive(connection, archiving, &open).await?;
    forget_waiting(connection, stream, at, &ids).await?;
    Ok(ids)
}

async fn forget_waiting(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    ids: &[String],
) -> Result<()> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    // No reasons apply to them any more; those that are still listed are validated anew.
    sqlx::query(
        "UPDATE ad_states SET outcome = 'withdrawn', retired = TRUE, retry_at = NULL
         WHERE institution_id = $1 AND source_id = $2 AND external_id = ANY ($3) AND outcome IN ('held', 'failed')",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(&ids)
    .execute(&mut *connection)
    .await?;
    staging::clear(connection, stream, &ids, at, "the job was archived").await?;
    holds::end(
        connection,
        stream,
        HoldKind::Job,
        &ids,
        at,
        "the job was archived",
    )
    .await
}

/// Resets the misses of the ads that would be retired: an operator decided that they are not gone.
/// Those of other ads continue.
///
/// # Errors
/// The database failed.
pub async fn forget_misses(
    connection: &mut PgConnection,
    stream: &SourceKey,
    after: i32,
) -> Result<()> {
    sqlx::query(
        "UPDATE ad_states s SET misses = 0 FROM jobs j
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.misses > 0 AND s.misses >= $3
           AND j.institution_id = $1 AND j.id = s.job_id AND j.status = 'open'",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(after)
    .execute(connection)
    .await?;
    Ok(())
}
