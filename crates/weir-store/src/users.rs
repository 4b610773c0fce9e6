//! People who may see the pages (`users`), and the browsers in which they are logged in (`logins`).
//! Passwords and secrets come here as hashes alone.

use super::{Result, storable};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use weir_model::AccessRole;

/// How exactly the last use of a login or token is kept.
pub(crate) const USED_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// A person who may see the pages.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct KnownUser {
    /// The name.
    pub name: String,
    /// What they may do.
    #[sqlx(try_from = "String")]
    pub role: AccessRole,
    /// The only institutions that they see; all if none is said.
    pub institutions: Option<Vec<String>>,
    /// The hash of the password; none of those whom a proxy alone lets in.
    #[serde(skip)]
    pub password_hash: Option<String>,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// Who added them.
    pub created_by: String,
    /// When they were last seen, as far as they are logged in.
    pub seen_at: Option<DateTime<Utc>>,
}

macro_rules! users {
    ($tail:literal) => {
        concat!(
            "SELECT u.name, u.role, u.institutions, u.password_hash, u.created_at, u.created_by,
               (SELECT max(l.used_at) FROM logins l WHERE l.user_name = u.name) AS seen_at FROM users u ",
            $tail
        )
    };
}

/// All of them.
///
/// # Errors
/// The database failed.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<KnownUser>> {
    Ok(sqlx::query_as(users!("ORDER BY u.name"))
        .fetch_all(connection)
        .await?)
}

/// The person of a name.
///
/// # Errors
/// The database failed.
pub async fn named(connection: &mut PgConnection, name: &str) -> Result<Option<KnownUser>> {
    Ok(sqlx::query_as(users!("WHERE u.name = $1"))
        .bind(storable(name))
        .fetch_optional(connection)
        .await?)
}

/// Whether there is any.
///
/// # Errors
/// The database failed.
pub async fn are_any(connection: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT FROM users)")
        .fetch_one(connection)
        .await?)
}

/// Adds a person; `false` if the name is taken.
///
/// # Errors
/// The database failed.
pub async fn add(connection: &mut PgConnection, user: &KnownUser) -> Result<bool> {
    let added = sqlx::query(
        "INSERT INTO users (name, role, institutions, password_hash, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(&user.name)
    .bind(user.role.name())
    .bind(&user.institutions)
    .bind(&user.password_hash)
    .bind(user.created_at)
    .bind(storable(&user.created_by))
    .execute(connection)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Gives a person another role, and other institutions; `false` if there is none of that name.
///
/// # Errors
/// The database failed.
pub async fn change(
    connection: &mut PgConnection,
    name: &str,
    role: AccessRole,
    institutions: Option<&[String]>,
) -> Result<bool> {
    let changed = sqlx::query("UPDATE users SET role = $2, institutions = $3 WHERE name = $1")
        .bind(storable(name))
        .bind(role.name())
        .bind(institutions)
        .execute(connection)
        .await?;
    Ok(changed.rows_affected() > 0)
}

/// Removes a person, who is logged out everywhere; `false` if there is none of that name.
///
/// # Errors
/// The database failed.
pub async fn remove(connection: &mut PgConnection, name: &str) -> Result<bool> {
    let removed = sqlx::query("DELETE FROM users WHERE name = $1")
        .bind(storable(name))
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() > 0)
}

/// Gives a person another password, who is logged out everywhere; `false` if there is none of that
/// name.
///
/// # Errors
/// The database failed.
pub async fn set_password(connection: &mut PgConnection, name: &str, hash: &str) -> Result<bool> {
    let set = sqlx::query("UPDATE users SET password_hash = $2 WHERE name = $1")
        .bind(storable(name))
        .bind(hash)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM logins WHERE user_name = $1")
        .bind(storable(name))
        .execute(connection)
        .await?;
    Ok(set.rows_affected() > 0)
}

/// Somebody has logged in; logins that are over are forgotten.
///
/// # Errors
/// The database failed.
pub async fn begin_login(
    connection: &mut PgConnection,
    secret: &[u8],
    name: &str,
    at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("DELETE FROM logins WHERE ends_at <= $1")
        .bind(at)
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO logins (secret_hash, user_name, begun_at, used_at, ends_at) VALUES ($1, $2, $3, $3, $4)")
        .bind(secret)
        .bind(name)
        .bind(at)
        .bind(ends_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whose login it is, if it has not ended and was used since `idle_since`; it is used now.
///
/// # Errors
/// The database failed.
pub async fn of_login(
    connection: &mut PgConnection,
    secret: &[u8],
    at: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<KnownUser>> {
    #[derive(sqlx::FromRow)]
    struct UsedLogin {
        user_name: String,
        used_at: DateTime<Utc>,
    }
    let sql = "SELECT user_name, used_at FROM logins WHERE secret_hash = $1 AND ends_at > $2 AND used_at > $3";
    let login: Option<UsedLogin> = sqlx::query_as(sql)
        .bind(secret)
        .bind(at)
        .bind(idle_since)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(login) = login else {
        return Ok(None);
    };
    if at - login.used_at > USED_WITHIN {
        sqlx::query("UPDATE logins SET used_at = $2 WHERE secret_hash = $1 AND used_at < $2")
            .bind(secret)
            .bind(at)
            .execute(&mut *connection)
            .await?;
    }
    named(connection, &login.user_name).await
}

/// Ends a login.
///
/// # Errors
/// The database failed.
pub async fn end_login(connection: &mut PgConnection, secret: &[u8]) -> Result<()> {
    sqlx::query("DELETE FROM logins WHERE secret_hash = $1")
        .bind(secret)
        .execute(connection)
        .await?;
    Ok(())
}
