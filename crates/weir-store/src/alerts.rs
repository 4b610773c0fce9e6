//! Alerts: where each is (`alert_states`), what it fires for (`alert_causes`), and what nobody
//! wants to hear of for a while (`alert_silences`). What is judged and what is sent is decided
//! elsewhere.

use super::{Result, storable};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use weir_model::{AlertState, AlertStatus, ProblemSeverity};

/// The lock of whoever judges alerts: one at a time, so that a cause is one row.
const JUDGING: i64 = 0x7765_6972_616c_7274;

/// Waits until nobody else judges, until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn lock(transaction: &mut PgConnection) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(JUDGING)
        .execute(transaction)
        .await?;
    Ok(())
}

/// Which alert, about what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow, Serialize)]
pub struct AlertKey {
    /// The alert.
    pub alert: String,
    /// The institution; empty for all.
    pub institution: String,
    /// The source; empty for the institution.
    #[serde(rename = "source")]
    pub source_id: String,
}

/// Where an alert is that is not normal.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredState {
    /// Which.
    #[sqlx(flatten)]
    pub key: AlertKey,
    /// Where.
    #[sqlx(try_from = "String")]
    pub state: AlertStatus,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What it fires for.
    pub cause_id: Option<i64>,
}

/// All alerts that are not normal.
///
/// # Errors
/// The database failed.
pub async fn states(connection: &mut PgConnection) -> Result<Vec<StoredState>> {
    Ok(sqlx::query_as(
        "SELECT alert, institution, source_id, state, since, cause_id FROM alert_states ORDER BY 1, 2, 3",
    )
    .fetch_all(connection)
    .await?)
}

/// Stores where an alert is; normal ones have no row.
///
/// # Errors
/// The database failed.
pub async fn set_state(
    connection: &mut PgConnection,
    key: &AlertKey,
    state: AlertState,
    cause: Option<i64>,
) -> Result<()> {
    let sql = if state.status == AlertStatus::Normal {
        "DELETE FROM alert_states WHERE alert = $1 AND institution = $2 AND source_id = $3"
    } else {
        "INSERT INTO alert_states (alert, institution, source_id, state, since, cause_id) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (alert, institution, source_id) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since, cause_id = EXCLUDED.cause_id"
    };
    let query = sqlx::query(sql)
        .bind(&key.alert)
        .bind(&key.institution)
        .bind(&key.source_id);
    let query = if state.status == AlertStatus::Normal {
        query
    } else {
        query
            .bind(state.status.name())
            .bind(state.since)
            .bind(cause)
    };
    query.execute(connection).await?;
    Ok(())
}

/// A cause begins.
///
/// # Errors
/// The database failed.
pub async fn begin_cause(
    connection: &mut PgConnection,
    key: &AlertKey,
    severity: ProblemSeverity,
    group: &str,
    message: &str,
    at: DateTime<Utc>,
) -> Result<i64> {
    let sql = "INSERT INTO alert_causes (alert, institution, source_id, severity, group_name, message, fired_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    Ok(sqlx::query_scalar(sql)
        .bind(&key.alert)
        .bind(&key.institution)
        .bind(&key.source_id)
        .bind(severity_name(severity))
        .bind(group)
        .bind(storable(message))
        .bind(at)
        .fetch_one(connection)
        .await?)
}

fn severity_name(severity: ProblemSeverity) -> &'static str {
    match severity {
        ProblemSeverity::Error => "error",
        ProblemSeverity::Warn => "warn",
    }
}

/// A cause goes on, with other values.
///
/// # Errors
/// The database failed.
pub async fn update_cause(connection: &mut PgConnection, cause: i64, message: &str) -> Result<()> {
    sqlx::query("UPDATE alert_causes SET message = $2 WHERE id = $1 AND message <> $2")
        .bind(cause)
        .bind(storable(message))
        .execute(connection)
        .await?;
    Ok(())
}

/// A cause ends.
///
/// # Errors
/// The database failed.
pub async fn end_cause(connection: &mut PgConnection, cause: i64, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE alert_causes SET resolved_at = $2 WHERE id = $1 AND resolved_at IS NULL")
        .bind(cause)
        .bind(at)
        .execute(connection)
        .await?;
    Ok(())
}

/// A cause, as reported.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct AlertCause {
    /// Its number.
    pub id: i64,
    /// Which.
    #[sqlx(flatten)]
    #[serde(flatten)]
    pub key: AlertKey,
    /// warn or error.
    pub severity: String,
    /// Notices of one group are one message.
    #[serde(rename = "group")]
    pub group_name: String,
    /// What is wrong.
    pub message: String,
    /// Since when.
    pub fired_at: DateTime<Utc>,
    /// Until when.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who looks after it.
    pub acknowledged_by: Option<String>,
    /// Since when.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// What they say.
    pub note: Option<String>,
    /// Until when it is silenced.
    pub silenced_until: Option<DateTime<Utc>>,
}

macro_rules! causes {
    ($tail:literal) => {
        concat!(
            "SELECT c.id, c.alert, c.institution, c.source_id, c.severity, c.group_name, c.message, c.fired_at, c.resolved_at, c.acknowledged_by,
               c.acknowledged_at, c.note,
               (SELECT max(s.ends_at) FROM alert_silences s WHERE (s.alert IS NULL OR s.alert = c.alert) AND (s.institution IS NULL OR s.institution = c.institution)
                AND (s.source_id IS NULL OR s.source_id = c.source_id) AND s.starts_at <= $1 AND s.ends_at > $1) AS silenced_until
             FROM alert_causes c ",
            $tail
        )
    };
}

/// The causes that last, errors first, then the newest.
///
/// # Errors
/// The database failed.
pub async fn open_causes(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
) -> Result<Vec<AlertCause>> {
    let sql = causes!(
        "WHERE c.resolved_at IS NULL ORDER BY c.severity, c.acknowledged_at IS NOT NULL, c.fired_at DESC, c.id"
    );
    Ok(sqlx::query_as(sql).bind(at).fetch_all(connection).await?)
}

/// The newest causes, ended or not.
///
/// # Errors
/// The database failed.
pub async fn newest_causes(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
    most: i64,
) -> Result<Vec<AlertCause>> {
    let sql = causes!("ORDER BY c.fired_at DESC, c.id DESC LIMIT $2");
    Ok(sqlx::query_as(sql)
        .bind(at)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// Which causes are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct CauseFilter<'f> {
    /// Of these institutions, and of none; of all if `None`.
    pub institutions: Option<&'f [String]>,
    /// Only those that are over.
    pub is_over: bool,
    /// Before this one.
    pub before: Option<i64>,
}

/// A page of causes, the newest first.
///
/// # Errors
/// The database failed.
pub async fn page(
    connection: &mut PgConnection,
    wanted: CauseFilter<'_>,
    at: DateTime<Utc>,
    most: i64,
) -> Result<Vec<AlertCause>> {
    let sql = causes!(
        "WHERE ($2::text[] IS NULL OR c.institution = ANY ($2)) AND (NOT $3 OR c.resolved_at IS NOT NULL) AND ($4::bigint IS NULL OR c.id < $4)
         ORDER BY c.id DESC LIMIT $5"
    );
    Ok(sqlx::query_as(sql)
        .bind(at)
        .bind(wanted.institutions)
        .bind(wanted.is_over)
        .bind(wanted.before)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// These causes, whether they have ended or not.
///
/// # Errors
/// The database failed.
pub async fn causes(
    connection: &mut PgConnection,
    ids: &[i64],
    at: DateTime<Utc>,
) -> Result<Vec<AlertCause>> {
    let sql = causes!("WHERE c.id = ANY ($2) ORDER BY c.id");
    Ok(sqlx::query_as(sql)
        .bind(at)
        .bind(ids)
        .fetch_all(connection)
        .await?)
}

/// A cause, whether it has ended or not.
///
/// # Errors
/// The database failed.
pub async fn cause(
    connection: &mut PgConnection,
    id: i64,
    at: DateTime<Utc>,
) -> Result<Option<AlertCause>> {
    let sql = causes!("WHERE c.id = $2");
    Ok(sqlx::query_as(sql)
        .bind(at)
        .bind(id)
        .fetch_optional(connection)
        .await?)
}

/// Someone looks after causes; how many of them last.
///
/// # Errors
/// The database failed.
pub async fn acknowledge(
    connection: &mut PgConnection,
    causes: &[i64],
    by: &str,
    note: Option<&str>,
    at: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query("UPDATE alert_causes SET acknowledged_by = $2, note = $3, acknowledged_at = $4 WHERE id = ANY ($1) AND resolved_at IS NULL")
        .bind(causes)
        .bind(storable(by))
        .bind(note.map(storable))
        .bind(at)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// What is not to be heard of, until when.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct AlertSilence {
    /// Only of this alert.
    pub alert: Option<String>,
    /// Only of this institution.
    pub institution: Option<String>,
    /// Only of this source.
    #[serde(rename = "source")]
    pub source_id: Option<String>,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// Who wanted it.
    pub created_by: String,
    /// Why.
    pub reason: String,
}

/// Adds a silence; its number.
///
/// # Errors
/// The database failed.
pub async fn silence(connection: &mut PgConnection, silence: &AlertSilence) -> Result<i64> {
    let sql = "INSERT INTO alert_silences (alert, institution, source_id, starts_at, ends_at, created_by, reason)
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    Ok(sqlx::query_scalar(sql)
        .bind(&silence.alert)
        .bind(&silence.institution)
        .bind(&silence.source_id)
        .bind(silence.starts_at)
        .bind(silence.ends_at)
        .bind(storable(&silence.created_by))
        .bind(storable(&silence.reason))
        .fetch_one(connection)
        .await?)
}

/// Ends a silence early; `false` if it is over, or there is none.
///
/// # Errors
/// The database failed.
pub async fn end_silence(
    connection: &mut PgConnection,
    id: i64,
    at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query("UPDATE alert_silences SET ends_at = $2 WHERE id = $1 AND ends_at > $2")
        .bind(id)
        .bind(at)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The silences that last, with their numbers.
///
/// # Errors
/// The database failed.
pub async fn silences(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
) -> Result<Vec<(i64, AlertSilence)>> {
    #[derive(sqlx::FromRow)]
    struct NumberedSilence {
        id: i64,
        #[sqlx(flatten)]
        silence: AlertSilence,
    }
    let sql =
        "SELECT * FROM alert_silences WHERE starts_at <= $1 AND ends_at > $1 ORDER BY ends_at, id";
    let rows: Vec<NumberedSilence> = sqlx::query_as(sql).bind(at).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.silence)).collect())
}
