//! Holds and failures for people who look at many of them: pages that continue from their
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
         FROM holds h JOIN institutions i ON i.id = h.institution_id
         WHERE ($1::uuid IS NULL OR h.institution_id = $1) AND h.status = 'open' AND ($2::text IS NULL OR h.kind = $2) AND ($3::bigint IS NULL OR h.id > $3)
         ORDER BY h.id LIMIT $4";
    let decided = "SELECT h.id, i.slug AS institution, h.kind, h.source_id, h.subject, h.reason, h.status, h.opened_at, h.closed_at, h.closed_by, h.note
         FROM holds h JOIN institutions i ON i.id = h.institution_id
         WHERE ($1::uuid IS NULL OR h.institution_id = $1) AND h.status <> 'open' AND ($2::text IS NULL OR h.kind = $2) AND ($3::bigint IS NULL OR h.id < $3)
         ORDER BY h.id DESC LIMIT $4";
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
