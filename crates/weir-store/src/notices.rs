//! What channels are sent. A notice is recorded in the transaction that decides it, and sent later:
//! a restart neither loses nor repeats it. Of several processes, one at a time sends to a channel,
//! in the order of the notices; a claim expires by the clock of the database, should its process
//! die. A message that was sent by a process that died before it could say so is sent again, with
//! the same id.

use super::{Result, storable, storable_json};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;

/// How long a process may take to send what it claimed.
const CLAIM_SECONDS: f64 = 120.0;
/// Notices that are claimed at once.
const AT_ONCE: i64 = 100;

/// What a notice is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// An alert fires.
    Firing,
    /// An alert is resolved.
    Resolved,
    /// A daily report.
    Report,
    /// A run has ended.
    Run,
    /// Somebody tries a channel.
    Test,
}

impl NoticeKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            NoticeKind::Firing => "firing",
            NoticeKind::Resolved => "resolved",
            NoticeKind::Report => "report",
            NoticeKind::Run => "run",
            NoticeKind::Test => "test",
        }
    }
}

/// A notice to be sent.
#[derive(Debug, Clone)]
pub struct NewNotice<'a> {
    /// The channel.
    pub channel: &'a str,
    /// What it is about, once.
    pub key: String,
    /// What it is of.
    pub what: NoticeKind,
    /// The cause.
    pub cause: Option<i64>,
    /// Notices of one group are one message.
    pub group: &'a str,
    /// One line.
    pub subject: &'a str,
    /// All of it.
    pub body: &'a str,
    /// The same as a page.
    pub html: Option<&'a str>,
    /// The same for machines.
    pub content: &'a Json,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it may be sent.
    pub due_at: DateTime<Utc>,
}

/// Records a notice; once for each channel and key. Of an alert that is silenced it waits for the
/// end of the silence.
///
/// # Errors
/// The database failed.
pub async fn add(connection: &mut PgConnection, notice: &NewNotice<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO notices (channel, notice_key, what, cause_id, group_name, subject, body, html, content, state, made_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $10, $11) ON CONFLICT (channel, notice_key) DO NOTHING",
    )
    .bind(notice.channel)
    .bind(&notice.key)
    .bind(notice.what.name())
    .bind(notice.cause)
    .bind(notice.group)
    .bind(storable(notice.subject))
    .bind(storable(notice.body))
    .bind(notice.html.map(storable))
    .bind(storable_json(notice.content))
    .bind(notice.made_at)
    .bind(notice.due_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// What tells the notice that nobody looks after a cause from the one that it fires.
pub fn escalation_key(cause: i64) -> String {
    format!("cause {cause} escalated")
}

/// Somebody looks after causes: that nobody does is not sent any more.
///
/// # Errors
/// The database failed.
pub async fn drop_escalations(connection: &mut PgConnection, causes: &[i64]) -> Result<()> {
    let keys: Vec<String> = causes.iter().map(|cause| escalation_key(*cause)).collect();
    sqlx::query("UPDATE notices SET state = 'refused', error = 'somebody looks after it' WHERE cause_id = ANY ($1) AND notice_key = ANY ($2) AND state IN ('waiting', 'silenced')")
        .bind(causes)
        .bind(keys)
        .execute(connection)
        .await?;
    Ok(())
}

/// The channels that were sent, or will be sent, that a cause fires. What a silence kept back until
/// the cause ended is not sent at all, and so neither is its end.
///
/// # Errors
/// The database failed.
pub async fn told_of(connection: &mut PgConnection, cause: i64) -> Result<Vec<String>> {
    sqlx::query("UPDATE notices SET state = 'refused', error = 'resolved while it was silenced' WHERE cause_id = $1 AND state = 'silenced'")
        .bind(cause)
        .execute(&mut *connection)
        .await?;
    Ok(sqlx::query_scalar("SELECT channel FROM notices WHERE cause_id = $1 AND what = 'firing' AND state IN ('waiting', 'sent') ORDER BY id")
        .bind(cause)
        .fetch_all(connection)
        .await?)
}

/// A run that has ended.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EndedRun {
    /// Its number.
    pub id: i64,
    /// The slug of its institution.
    pub institution: String,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// Whether it ended without an error.
    pub is_good: bool,
    /// Its counts by name.
    pub total: Option<Json>,
}

/// The runs of institutions that have ended within the last hour, oldest first. Whoever looks less
/// often has run them itself, and looks at their end.
///
/// # Errors
/// The database failed.
pub async fn ended_runs(
    connection: &mut PgConnection,
    institutions: &[String],
) -> Result<Vec<EndedRun>> {
    let sql = "SELECT r.id, i.slug AS institution, r.at, r.summary->'total' AS total,
           r.status = 'done' AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.institution_id = r.institution_id AND a.run_id = r.id AND a.severity = 'error') AS is_good
         FROM runs r JOIN institutions i ON i.id = r.institution_id
         WHERE i.slug = ANY ($1) AND r.status IN ('done', 'failed') AND r.finished_at > clock_timestamp() - INTERVAL '1 hour' ORDER BY r.id";
    Ok(sqlx::query_as(sql)
        .bind(institutions)
        .fetch_all(connection)
        .await?)
}

/// Lets silences begin and end: what fires under one waits, and what still fires when it has ended
/// is sent. Resolved notices are never silenced.
///
/// # Errors
/// The database failed.
pub async fn apply_silences(connection: &mut PgConnection, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "UPDATE notices n SET state = CASE WHEN f.is_silenced THEN 'silenced' ELSE 'waiting' END
         FROM (SELECT m.id, EXISTS (
                 SELECT 1 FROM alert_silences s WHERE (s.alert IS NULL OR s.alert = c.alert) AND (s.institution IS NULL OR s.institution = c.institution)
                   AND (s.source_id IS NULL OR s.source_id = c.source_id) AND s.starts_at <= $1 AND s.ends_at > $1) AS is_silenced
               FROM notices m JOIN alert_causes c ON c.id = m.cause_id
               WHERE m.what = 'firing' AND m.state IN ('waiting', 'silenced') AND c.resolved_at IS NULL) AS f
         WHERE n.id = f.id AND f.is_silenced <> (n.state = 'silenced')",
    )
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// A notice that is due.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueNotice {
    /// Its number.
    pub id: i64,
    /// firing, resolved, report, run, test.
    pub what: String,
    /// Notices of one group are one message.
    pub group_name: String,
    /// One line.
    pub subject: String,
    /// All of it.
    pub body: String,
    /// The same as a page.
    pub html: Option<String>,
    /// The same for machines.
    pub content: Json,
}

/// Claims a channel, unless another process has it or it is left alone after a failure, and gives
/// what is due.
///
/// # Errors
/// The database failed.
pub async fn claim(
    connection: &mut PgConnection,
    channel: &str,
    at: DateTime<Utc>,
) -> Result<Vec<DueNotice>> {
    let is_due: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM notices WHERE channel = $1 AND state = 'waiting' AND due_at <= $2)",
    )
    .bind(channel)
    .bind(at)
    .fetch_one(&mut *connection)
    .await?;
    if !is_due {
        return Ok(Vec::new());
    }
    sqlx::query("INSERT INTO notice_channels (channel) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(channel)
        .execute(&mut *connection)
        .await?;
    let claimed = sqlx::query(
        "UPDATE notice_channels SET claimed_until = clock_timestamp() + make_interval(secs => $3)
         WHERE channel = (SELECT channel FROM notice_channels WHERE channel = $1 AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
                            AND (next_at IS NULL OR next_at <= $2) FOR UPDATE SKIP LOCKED)",
    )
    .bind(channel)
    .bind(at)
    .bind(CLAIM_SECONDS)
    .execute(&mut *connection)
    .await?;
    if claimed.rows_affected() == 0 {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(
        "SELECT id, what, group_name, subject, body, html, content FROM notices
         WHERE channel = $1 AND state = 'waiting' AND due_at <= $2 ORDER BY id LIMIT $3",
    )
    .bind(channel)
    .bind(at)
    .bind(AT_ONCE)
    .fetch_all(connection)
    .await?)
}

/// Notices were taken.
///
/// # Errors
/// The database failed.
pub async fn sent(
    connection: &mut PgConnection,
    channel: &str,
    notices: &[i64],
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE notices SET state = 'sent', sent_at = $2, error = NULL WHERE id = ANY ($1)",
    )
    .bind(notices)
    .bind(at)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE notice_channels SET failures = 0, error = NULL, next_at = NULL, delivered_at = $2, claimed_until = clock_timestamp() + make_interval(secs => $3) WHERE channel = $1")
        .bind(channel)
        .bind(at)
        .bind(CLAIM_SECONDS)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notices will never be taken.
///
/// # Errors
/// The database failed.
pub async fn refused(
    connection: &mut PgConnection,
    channel: &str,
    notices: &[i64],
    error: &str,
) -> Result<()> {
    sqlx::query("UPDATE notices SET state = 'refused', error = $2 WHERE id = ANY ($1)")
        .bind(notices)
        .bind(storable(error))
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE notice_channels SET error = $2 WHERE channel = $1")
        .bind(channel)
        .bind(storable(error))
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives a channel back.
///
/// # Errors
/// The database failed.
pub async fn release(connection: &mut PgConnection, channel: &str) -> Result<()> {
    sqlx::query("UPDATE notice_channels SET claimed_until = NULL WHERE channel = $1")
        .bind(channel)
        .execute(connection)
        .await?;
    Ok(())
}

/// A channel is tried again later: after as long as it says, or ever longer.
///
/// # Errors
/// The database failed.
pub async fn postpone(
    connection: &mut PgConnection,
    channel: &str,
    error: &str,
    wait: Option<TimeDelta>,
    at: DateTime<Utc>,
) -> Result<()> {
    let wait = wait.and_then(|wait| wait.to_std().ok());
    sqlx::query(
        "UPDATE notice_channels SET failures = failures + 1, error = $2, claimed_until = NULL,
           next_at = $3 + make_interval(secs => COALESCE($4, LEAST(30 * power(2, LEAST(failures, 10)), 3600)))
         WHERE channel = $1",
    )
    .bind(channel)
    .bind(storable(error))
    .bind(at)
    .bind(wait.map(|wait| wait.as_secs_f64()))
    .execute(connection)
    .await?;
    Ok(())
}

/// How delivery to a channel goes.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct ChannelState {
    /// The channel.
    pub channel: String,
    /// Notices that wait.
    pub waiting: i64,
    /// Failures in a row.
    pub failures: i32,
    /// The newest failure.
    pub error: Option<String>,
    /// When it is tried again.
    pub next_at: Option<DateTime<Utc>>,
    /// When it last took a message.
    pub delivered_at: Option<DateTime<Utc>>,
}

/// How delivery to each channel goes.
///
/// # Errors
/// The database failed.
pub async fn channels(connection: &mut PgConnection) -> Result<Vec<ChannelState>> {
    Ok(sqlx::query_as(
        "SELECT c.channel, (SELECT count(*) FROM notices n WHERE n.channel = c.channel AND n.state = 'waiting') AS waiting,
           c.failures, c.error, c.next_at, c.delivered_at FROM notice_channels c ORDER BY 1",
    )
    .fetch_all(connection)
    .await?)
}

/// A notice, and what became of it.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct DeliveryLine {
    /// Its number.
    pub id: i64,
    /// The channel.
    pub channel: String,
    /// firing, resolved, report, run, test.
    pub what: String,
    /// The cause that it is of.
    pub cause_id: Option<i64>,
    /// One line.
    pub subject: String,
    /// waiting, silenced, sent, refused.
    pub state: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it may be sent.
    pub due_at: DateTime<Utc>,
    /// When the receiver took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why the receiver did not take it.
    pub error: Option<String>,
}

/// The newest notices; of one cause if it is named.
///
/// # Errors
/// The database failed.
pub async fn deliveries(
    connection: &mut PgConnection,
    cause: Option<i64>,
    most: i64,
) -> Result<Vec<DeliveryLine>> {
    let sql = "SELECT id, channel, what, cause_id, subject, state, made_at, due_at, sent_at, error FROM notices
               WHERE $1::bigint IS NULL OR cause_id = $1 ORDER BY id DESC LIMIT $2";
    Ok(sqlx::query_as(sql)
        .bind(cause)
        .bind(most)
        .fetch_all(connection)
        .await?)
}
