//! What of the schedules has been carried out, and which institutions are paused.

use super::{Result, storable};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Up to when the schedule of an institution, or of one of its sources, has been carried out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScheduleKey {
    /// The institution.
    pub institution: Uuid,
    /// The source with a schedule of its own; empty for the institution's.
    pub source: String,
}

/// Up to when each schedule has been carried out.
///
/// # Errors
/// The database failed.
pub async fn marks(connection: &mut PgConnection) -> Result<HashMap<ScheduleKey, DateTime<Utc>>> {
    let rows: Vec<(Uuid, String, DateTime<Utc>)> =
        sqlx::query_as("SELECT institution_id, source_id, due_at FROM schedule_marks")
            .fetch_all(connection)
            .await?;
    let key = |(institution, source, due_at)| {
        (
            ScheduleKey {
                institution,
                source,
            },
            due_at,
        )
    };
    Ok(rows.into_iter().map(key).collect())
}

/// Moves marks forward; they never move back.
///
/// # Errors
/// The database failed.
pub async fn set_marks(
    connection: &mut PgConnection,
    marks: &[(ScheduleKey, DateTime<Utc>)],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO schedule_marks (institution_id, source_id, due_at) SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
         ON CONFLICT (institution_id, source_id) DO UPDATE SET due_at = EXCLUDED.due_at WHERE schedule_marks.due_at < EXCLUDED.due_at",
    )
    .bind(marks.iter().map(|(key, _)| key.institution).collect::<Vec<_>>())
    .bind(marks.iter().map(|(key, _)| key.source.as_str()).collect::<Vec<_>>())
    .bind(marks.iter().map(|(_, due_at)| *due_at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// The server's clock.
///
/// # Errors
/// The database failed.
pub async fn server_clock(connection: &mut PgConnection) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar("SELECT clock_timestamp()")
        .fetch_one(connection)
        .await?)
}

/// A pause of an institution.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Serialize)]
pub struct InstitutionPause {
    /// The institution.
    pub institution_id: Uuid,
    /// Its slug.
    pub slug: String,
    /// When it ends by itself.
    pub until: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// Who paused it.
    pub paused_by: String,
    /// When.
    pub paused_at: DateTime<Utc>,
}

/// The pauses that nobody has ended, at an instant.
///
/// # Errors
/// The database failed.
pub async fn pauses(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
) -> Result<Vec<InstitutionPause>> {
    let sql = "SELECT institution_id, slug, until, reason, paused_by, paused_at FROM pauses
         WHERE resumed_at IS NULL AND (until IS NULL OR until > $1) ORDER BY slug";
    Ok(sqlx::query_as(sql).bind(at).fetch_all(connection).await?)
}

/// Pauses an institution; a pause that it has is replaced, and stays on record.
///
/// # Errors
/// The database failed.
pub async fn pause(connection: &mut PgConnection, pause: &InstitutionPause) -> Result<()> {
    end_pause(
        connection,
        pause.institution_id,
        &pause.paused_by,
        "replaced",
        pause.paused_at,
    )
    .await?;
    sqlx::query(
        "INSERT INTO pauses (institution_id, slug, until, reason, paused_by, paused_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(pause.institution_id)
    .bind(&pause.slug)
    .bind(pause.until)
    .bind(storable(&pause.reason))
    .bind(storable(&pause.paused_by))
    .bind(pause.paused_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the pause of an institution; gives whether it had one.
///
/// # Errors
/// The database failed.
pub async fn end_pause(
    connection: &mut PgConnection,
    institution: Uuid,
    by: &str,
    reason: &str,
    at: DateTime<Utc>,
) -> Result<bool> {
    let ended = sqlx::query(
        "UPDATE pauses SET resumed_by = $2, resumed_reason = $3, resumed_at = $4 WHERE institution_id = $1 AND resumed_at IS NULL",
    )
    .bind(institution)
    .bind(storable(by))
    .bind(storable(reason))
    .bind(at)
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() > 0)
}
