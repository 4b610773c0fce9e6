//! Holds, failures and decisions for people who look at many of them: pages that continue from their
//! last row, without the content of each, which costs more than all the rest. One hold in full is
//! [`crate::holds::find`].

use crate::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// A hold in a list.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct HoldLine {
    /// Its number.
    pub id: i64,
    /// The institution's slug.
    pub institution: String,
    /// job, company, division, ...
    pub kind: String,
    /// The source.
    pub source_id: String,
    /// What is held.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// open, released, discarded, ended.
    pub status: String,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Until when.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// Why it was closed.
    pub note: Option<String>,
}

/// Which holds.
#[derive(Debug, Clone, Default)]
pub struct HoldFilter {
    /// Of this institution.
    pub institution: Option<Uuid>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Those that are decided, instead of those that wait.
    pub closed: bool,
    /// After this one: a higher number of those that wait, a lower one of the others.
    pub after: Option<i64>,
}

/// A page of holds: of those that wait the oldest first, of the others the newest.
///
/// # Errors
/// The database failed.
pub async fn page(
    connection: &mut PgConnection,
    wanted: &HoldFilter,
    most: i64,
) -> Result<Vec<HoldLine>> {
    let waiting = "SELECT h.id, i.slug AS institution, h.kind, h.source_id, h.subject, h.reason, h.status, h.opened_at, h.closed_at, h.closed_by, h.note
         FROM institutions i CROSS JOIN LATERAL (
           SELECT * FROM holds WHERE institution_id = i.id AND status = 'open' AND ($2::text IS NULL OR kind = $2) AND ($3::bigint IS NULL OR id > $3)
           ORDER BY id LIMIT $4) AS h
         WHERE $1::uuid IS NULL OR i.id = $1 ORDER BY h.id LIMIT $4";
    let decided = "SELECT h.id, i.slug AS institution, h.kind, h.source_id, h.subject, h.reason, h.status, h.opened_at, h.closed_at, h.closed_by, h.note
         FROM institutions i CROSS JOIN LATERAL (
           SELECT * FROM holds WHERE institution_id = i.id AND status <> 'open' AND ($2::text IS NULL OR kind = $2) AND ($3::bigint IS NULL OR id < $3)
           ORDER BY id DESC LIMIT $4) AS h
         WHERE $1::uuid IS NULL OR i.id = $1 ORDER BY h.id DESC LIMIT $4";
    let rows = sqlx::query_as(if wanted.closed { decided } else { waiting });
    Ok(rows
        .bind(wanted.institution)
        .bind(&wanted.kind)
        .bind(wanted.after)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// One hold, also a decided one.
///
/// # Errors
/// The database failed.
pub async fn one(connection: &mut PgConnection, id: i64) -> Result<Option<HoldLine>> {
    let sql = "SELECT h.id, i.slug AS institution, h.kind, h.source_id, h.subject, h.reason, h.status, h.opened_at, h.closed_at, h.closed_by, h.note
               FROM institutions i JOIN holds h ON h.institution_id = i.id WHERE h.id = $1 LIMIT 1";
    Ok(sqlx::query_as(sql)
        .bind(id)
        .fetch_optional(connection)
        .await?)
}

/// How many holds of each kind wait; what is over 10,000 in all is not counted.
///
/// # Errors
/// The database failed.
pub async fn kinds(
    connection: &mut PgConnection,
    institution: Option<Uuid>,
) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT kind, count(*) FROM (SELECT kind FROM holds WHERE status = 'open' AND ($1::uuid IS NULL OR institution_id = $1) LIMIT 10000) AS few
               GROUP BY kind ORDER BY count(*) DESC, kind";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .fetch_all(connection)
        .await?)
}

/// Something that a person did.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct DecisionLine {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub done_by: String,
    /// The institution's slug.
    pub institution: String,
    /// released, discarded, same, different, accepted, undone, paused, resumed, silenced, acknowledged.
    pub what: String,
    /// Of what: a kind of hold, `pair`, `schedule`, `alert`, or `company` for a name that was accepted.
    pub kind: String,
    /// Of which.
    pub subject: String,
    /// Why.
    pub reason: Option<String>,
    /// The hold, where it was one.
    pub hold: Option<i64>,
    /// The pair of jobs, while the decision about it applies.
    pub pair: Option<Vec<Uuid>>,
    /// What tells it from others of the same instant.
    pub key: String,
}

/// What people did, the newest first, after a row.
///
/// # Errors
/// The database failed.
pub async fn decisions(
    connection: &mut PgConnection,
    institution: Option<Uuid>,
    after: Option<(DateTime<Utc>, &str)>,
    most: i64,
) -> Result<Vec<DecisionLine>> {
    let rows = sqlx::query_as(
        "SELECT * FROM (
           SELECT h.closed_at AS at, h.closed_by AS done_by, i.slug AS institution, h.status AS what, h.kind, h.subject, h.note AS reason, h.id AS hold,
             NULL::uuid[] AS pair, 'hold ' || h.id AS key
           FROM holds h JOIN institutions i ON i.id = h.institution_id
           WHERE h.status IN ('released', 'discarded') AND h.closed_by <> 'run' AND ($1::uuid IS NULL OR i.id = $1)
           UNION ALL
           SELECT d.decided_at, d.decided_by, i.slug, d.verdict, 'pair', concat_ws(' and ', a.source_id || ':' || a.original_id, b.source_id || ':' || b.original_id),
             d.reason, NULL, CASE WHEN d.undone_at IS NULL THEN ARRAY[d.job_id, d.other_job_id] END, 'pair ' || d.id
           FROM opening_decisions d JOIN institutions i ON i.id = d.institution_id
           LEFT JOIN published_jobs a ON a.institution_id = d.institution_id AND a.id = d.job_id
           LEFT JOIN published_jobs b ON b.institution_id = d.institution_id AND b.id = d.other_job_id
           WHERE $1::uuid IS NULL OR i.id = $1
           UNION ALL
           SELECT d.undone_at, d.undone_by, i.slug, 'undone', 'pair', concat_ws(' and ', a.source_id || ':' || a.original_id, b.source_id || ':' || b.original_id),
             d.undone_reason, NULL, NULL, 'undo ' || d.id
           FROM opening_decisions d JOIN institutions i ON i.id = d.institution_id
           LEFT JOIN published_jobs a ON a.institution_id = d.institution_id AND a.id = d.job_id
           LEFT JOIN published_jobs b ON b.institution_id = d.institution_id AND b.id = d.other_job_id
           WHERE d.undone_at IS NOT NULL AND ($1::uuid IS NULL OR i.id = $1)
           UNION ALL
           SELECT p.paused_at, p.paused_by, p.slug, 'paused', 'schedule', 'schedule', p.reason, NULL, NULL, 'pause ' || p.id
           FROM pauses p WHERE $1::uuid IS NULL OR p.institution_id = $1
           UNION ALL
           SELECT p.resumed_at, p.resumed_by, p.slug, 'resumed', 'schedule', 'schedule', p.resumed_reason, NULL, NULL, 'resume ' || p.id
           FROM pauses p WHERE p.resumed_at IS NOT NULL AND ($1::uuid IS NULL OR p.institution_id = $1)
           UNION ALL
           SELECT s.starts_at, s.created_by, COALESCE(s.institution, ''), 'silenced', 'alert', COALESCE(NULLIF(concat_ws(' ', s.alert, s.source_id), ''), 'everything'),
             s.reason, NULL, NULL, 'silence ' || s.id
           FROM alert_silences s WHERE $1::uuid IS NULL OR s.institution = (SELECT slug FROM institutions WHERE id = $1)
           UNION ALL
           SELECT c.acknowledged_at, c.acknowledged_by, c.institution, 'acknowledged', 'alert', concat_ws(' ', c.alert, NULLIF(c.source_id, '')),
             c.note, NULL, NULL, 'alert ' || c.id
           FROM alert_causes c WHERE c.acknowledged_at IS NOT NULL AND ($1::uuid IS NULL OR c.institution = (SELECT slug FROM institutions WHERE id = $1))
           UNION ALL
           SELECT a.decided_at, a.decided_by, i.slug, 'accepted', 'company', a.name || ' as ' || c.name, a.reason, NULL, NULL, 'alias ' || a.id
           FROM company_aliases a JOIN institutions i ON i.id = a.institution_id
           JOIN companies c ON c.institution_id = a.institution_id AND c.id = a.company_id
           WHERE $1::uuid IS NULL OR i.id = $1
           UNION ALL
           SELECT a.undone_at, a.undone_by, i.slug, 'undone', 'company', a.name || ' as ' || c.name, a.undone_reason, NULL, NULL, 'unalias ' || a.id
           FROM company_aliases a JOIN institutions i ON i.id = a.institution_id
           JOIN companies c ON c.institution_id = a.institution_id AND c.id = a.company_id
           WHERE a.undone_at IS NOT NULL AND ($1::uuid IS NULL OR i.id = $1)
           UNION ALL
           SELECT t.at, t.done_by, '', t.what, t.kind, t.subject, t.about, NULL, NULL, 'right ' || t.id
           FROM audit_trail t WHERE $1::uuid IS NULL) AS done
         WHERE $2::timestamptz IS NULL OR (at, key) < ($2, $3)
         ORDER BY at DESC, key DESC LIMIT $4",
    );
    Ok(rows
        .bind(institution)
        .bind(after.map(|(at, _)| at))
        .bind(after.map(|(_, key)| key))
        .bind(most)
        .fetch_all(connection)
        .await?)
}
