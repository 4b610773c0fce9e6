//! Who gave or took which right, and who logged in (`audit_trail`). Rows are added, never changed.

use super::{Result, storable};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Something that was done.
#[derive(Debug, Clone)]
pub struct TrailEntry<'t> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: &'t str,
    /// added, removed, password, logged in, created, revoked.
    pub what: &'t str,
    /// user, token.
    pub kind: &'t str,
    /// Which.
    pub subject: &'t str,
    /// The right, in words.
    pub about: Option<&'t str>,
}

/// Records it.
///
/// # Errors
/// The database failed.
pub async fn record(connection: &mut PgConnection, entry: &TrailEntry<'_>) -> Result<()> {
    sqlx::query("INSERT INTO audit_trail (at, done_by, what, kind, subject, about) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(entry.at)
        .bind(storable(entry.by))
        .bind(entry.what)
        .bind(entry.kind)
        .bind(storable(entry.subject))
        .bind(entry.about.map(storable))
        .execute(connection)
        .await?;
    Ok(())
}
