//! Decisions that leave no row of their own: who gave or took which right, who logged in, and what
//! was decided about failures, sources and runs (`audit_trail`). Rows are added, never changed.

use super::{Result, storable};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Something that was done.
#[derive(Debug, Clone)]
pub struct TrailEntry<'t> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: &'t str,
    /// added, removed, logged in, retried, retired, ...: the comment of the column names all.
    pub what: &'t str,
    /// user, token, failure, source, run, silence, file.
    pub kind: &'t str,
    /// Which.
    pub subject: &'t str,
    /// The right, in words; of a file its revisions.
    pub about: Option<&'t str>,
    /// The institution that it is about, if it is about one.
    pub institution: Option<Uuid>,
    /// Why, where somebody said so.
    pub reason: Option<&'t str>,
}

/// Records it.
///
/// # Errors
/// The database failed.
pub async fn record(connection: &mut PgConnection, entry: &TrailEntry<'_>) -> Result<()> {
    sqlx::query("INSERT INTO audit_trail (at, done_by, what, kind, subject, about, institution_id, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(entry.at)
        .bind(storable(entry.by))
        .bind(entry.what)
        .bind(entry.kind)
        .bind(storable(entry.subject))
        .bind(entry.about.map(storable))
        .bind(entry.institution)
        .bind(entry.reason.map(storable))
        .execute(connection)
        .await?;
    Ok(())
}
