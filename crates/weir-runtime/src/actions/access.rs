//! Who may see the pages: people with passwords, programs with tokens. A password is kept as an
//! Argon2id hash; a secret, which is long and drawn by the system, as its SHA-256. Whatever gives
//! or takes a right is recorded with who did it, in the same transaction.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use weir_model::AccessRole;
use weir_store::api_tokens::{self, NewToken};
use weir_store::audit_trail::{self, TrailEntry};
use weir_store::users::{self, KnownUser};
use weir_store::{PgConnection, Result};

/// What every token begins with, so that one that leaks is recognised.
const PREFIX: &str = "weir_";

/// The fewest characters of a password.
pub const PASSWORD_LEAST: usize = 10;

/// The hash of a password that nobody has: to check a name that there is not takes as long.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| {
    let secret = new_secret().ok()?;
    hash_password(&secret)
});

/// The hash of a password; none if the system draws no salt.
pub fn hash_password(password: &str) -> Option<String> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes()).ok()?;
    Some(hash.to_string())
}

/// Whether a password is the one of a hash. Without a hash it never is, and that takes as long.
pub fn is_password(hash: Option<&str>, password: &str) -> bool {
    let Some(known) = hash.or(NOBODY.as_deref()) else {
        return false;
    };
    let judged = Argon2::default().verify_password(password.as_bytes(), known);
    judged.is_ok() && hash.is_some()
}

/// Something that nobody can guess: 256 bits that the system draws.
///
/// # Errors
/// The system draws none.
pub fn new_secret() -> std::io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// As what a secret is stored.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// What forms carry for whoever knows a secret.
pub fn form_token(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("forms {secret}").as_bytes()))
}

/// The right of a person or a token, in words.
fn right(what: &str, institutions: Option<&[String]>) -> String {
    match institutions {
        None => what.to_owned(),
        Some(only) => format!("{what}; only {}", only.join(", ")),
    }
}

/// Adds a person; `false` if the name is taken.
///
/// # Errors
/// The database failed.
pub async fn add_user(tx: &mut PgConnection, user: &KnownUser) -> Result<bool> {
    if !users::add(tx, user).await? {
        return Ok(false);
    }
    let about = right(user.role.name(), user.institutions.as_deref());
    let entry = TrailEntry {
        at: user.created_at,
        by: &user.created_by,
        what: "added",
        kind: "user",
        subject: &user.name,
        about: Some(&about),
        institution: None,
        reason: None,
    };
    audit_trail::record(tx, &entry).await?;
    Ok(true)
}

/// Gives a person another role, and other institutions; `false` if there is none of that name.
///
/// # Errors
/// The database failed.
pub async fn change_user(
    tx: &mut PgConnection,
    name: &str,
    (role, institutions): (AccessRole, Option<&[String]>),
    by: &str,
    at: DateTime<Utc>,
) -> Result<bool> {
    if !users::change(tx, name, role, institutions).await? {
        return Ok(false);
    }
    let about = right(role.name(), institutions);
    let entry = TrailEntry {
        at,
        by,
        what: "changed",
        kind: "user",
        subject: name,
        about: Some(&about),
        institution: None,
        reason: None,
    };
    audit_trail::record(tx, &entry).await?;
    Ok(true)
}

/// Removes a person; `false` if there is none of that name.
///
/// # Errors
/// The database failed.
pub async fn remove_user(
    tx: &mut PgConnection,
    name: &str,
    by: &str,
    at: DateTime<Utc>,
) -> Result<bool> {
    let removed = users::remove(tx, name).await?;
    if removed {
        let entry = TrailEntry {
            at,
            by,
            what: "removed",
            kind: "user",
            subject: name,
            about: None,
            institution: None,
            reason: None,
        };
        audit_trail::record(tx, &entry).await?;
    }
    Ok(removed)
}

/// Gives a person another password; `false` if there is none of that name.
///
/// # Errors
/// The database failed.
pub async fn set_password(
    tx: &mut PgConnection,
    name: &str,
    hash: &str,
    by: &str,
    at: DateTime<Utc>,
) -> Result<bool> {
    let set = users::set_password(tx, name, hash).await?;
    if set {
        let entry = TrailEntry {
            at,
            by,
            what: "new password",
            kind: "user",
            subject: name,
            about: None,
            institution: None,
            reason: None,
        };
        audit_trail::record(tx, &entry).await?;
    }
    Ok(set)
}

/// Creates a token; its number.
///
/// # Errors
/// The database failed.
pub async fn create_token(tx: &mut PgConnection, token: &NewToken<'_>) -> Result<i64> {
    let id = api_tokens::create(tx, token).await?;
    let about = right(&token.scopes.join(", "), token.institutions);
    let entry = TrailEntry {
        at: token.at,
        by: token.by,
        what: "created",
        kind: "token",
        subject: token.name,
        about: Some(&about),
        institution: None,
        reason: None,
    };
    audit_trail::record(tx, &entry).await?;
    Ok(id)
}

/// Ends a token; its name, unless it is over or there is none.
///
/// # Errors
/// The database failed.
pub async fn revoke_token(
    tx: &mut PgConnection,
    id: i64,
    by: &str,
    at: DateTime<Utc>,
) -> Result<Option<String>> {
    let name = api_tokens::revoke(tx, id, by, at).await?;
    if let Some(name) = &name {
        let entry = TrailEntry {
            at,
            by,
            what: "revoked",
            kind: "token",
            subject: name,
            about: None,
            institution: None,
            reason: None,
        };
        audit_trail::record(tx, &entry).await?;
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::{hash_password, is_password, new_secret};

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$") && !hash.contains("horse"));
        assert_ne!(hash, hash_password("correct horse").unwrap());
        for (known, password, is_right) in [
            (Some(hash.as_str()), "correct horse", true),
            (Some(hash.as_str()), "correct horses", false),
            (Some("nonsense"), "", false),
            (None, "correct horse", false),
        ] {
            assert_eq!(is_password(known, password), is_right, "{password}");
        }
    }

    #[test]
    fn secrets_are_long_and_never_twice_the_same() {
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert!(one.len() > 40 && one != other && one.starts_with("weir_"));
    }
}
