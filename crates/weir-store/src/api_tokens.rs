//! What programs show to be let in (`api_tokens`). A token comes here as a hash alone.

use super::users::USED_WITHIN;
use super::{Result, storable};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// A token, without what it is.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct KnownToken {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// read, contacts, metrics.
    pub scopes: Vec<String>,
    /// The only institutions that it sees; all if none is said.
    pub institutions: Option<Vec<String>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Who created it.
    pub created_by: String,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used.
    pub used_at: Option<DateTime<Utc>>,
    /// When somebody ended it.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who ended it.
    pub revoked_by: Option<String>,
}

/// A token to be.
#[derive(Debug, Clone)]
pub struct NewToken<'t> {
    /// What it is for.
    pub name: &'t str,
    /// The hash of it.
    pub secret: &'t [u8],
    /// What it may do.
    pub scopes: &'t [String],
    /// The only institutions that it sees.
    pub institutions: Option<&'t [String]>,
    /// When it is created.
    pub at: DateTime<Utc>,
    /// Who creates it.
    pub by: &'t str,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Creates a token; its number.
///
/// # Errors
/// The database failed.
pub async fn create(connection: &mut PgConnection, token: &NewToken<'_>) -> Result<i64> {
    let sql = "INSERT INTO api_tokens (name, secret_hash, scopes, institutions, created_at, created_by, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    Ok(sqlx::query_scalar(sql)
        .bind(storable(token.name))
        .bind(token.secret)
        .bind(token.scopes)
        .bind(token.institutions)
        .bind(token.at)
        .bind(storable(token.by))
        .bind(token.expires_at)
        .fetch_one(connection)
        .await?)
}

/// All tokens, the newest first.
///
/// # Errors
/// The database failed.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<KnownToken>> {
    let sql = "SELECT id, name, scopes, institutions, created_at, created_by, expires_at, used_at, revoked_at, revoked_by FROM api_tokens ORDER BY id DESC";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}

/// The token of a hash, if it is neither revoked nor over; it is used now.
///
/// # Errors
/// The database failed.
pub async fn of_secret(
    connection: &mut PgConnection,
    secret: &[u8],
    at: DateTime<Utc>,
) -> Result<Option<KnownToken>> {
    let sql = "SELECT id, name, scopes, institutions, created_at, created_by, expires_at, used_at, revoked_at, revoked_by FROM api_tokens
               WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)";
    let token: Option<KnownToken> = sqlx::query_as(sql)
        .bind(secret)
        .bind(at)
        .fetch_optional(&mut *connection)
        .await?;
    let is_stale = |token: &&KnownToken| token.used_at.is_none_or(|used| at - used > USED_WITHIN);
    if let Some(token) = token.as_ref().filter(is_stale) {
        sqlx::query("UPDATE api_tokens SET used_at = $2 WHERE id = $1")
            .bind(token.id)
            .bind(at)
            .execute(connection)
            .await?;
    }
    Ok(token)
}

/// Ends a token; its name, unless it is over or there is none.
///
/// # Errors
/// The database failed.
pub async fn revoke(
    connection: &mut PgConnection,
    id: i64,
    by: &str,
    at: DateTime<Utc>,
) -> Result<Option<String>> {
    let sql = "UPDATE api_tokens SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL RETURNING name";
    Ok(sqlx::query_scalar(sql)
        .bind(id)
        .bind(at)
        .bind(storable(by))
        .fetch_optional(connection)
        .await?)
}
