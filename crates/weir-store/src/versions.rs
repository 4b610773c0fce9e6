//! Versions of rules and mappings that have run, as text, so that last month's verdict can be read
//! as it was given. Rows are only ever added.

use super::Result;
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Clock, Parts};

/// Keeps the text of every part that was never used before.
///
/// # Errors
/// The database failed.
pub async fn remember(connection: &mut PgConnection, institution: Uuid, parts: &Parts, at: Clock) -> Result<()> {
    // A date is not a version.
    let all: Vec<_> = parts.all().filter(|(name, _)| *name != Parts::DATE).collect();
    sqlx::query(
        "INSERT INTO versions (institution_id, part, hash, text, first_used_at)
         SELECT $1, v.part, v.hash, v.text, $2 FROM unnest($3::text[], $4::bytea[], $5::text[]) AS v (part, hash, text) ON CONFLICT DO NOTHING",
    )
    .bind(institution)
    .bind(at.0)
    .bind(all.iter().map(|(name, _)| *name).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, part)| part.hash.to_vec()).collect::<Vec<_>>())
    .bind(all.iter().map(|(_, part)| part.text.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// One version.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct PartVersion {
    /// The institution's slug.
    pub institution: String,
    /// What it is: `rule SET/ID`, `mapping of FIELD`, ...
    pub part: String,
    /// Its hash, in hexadecimal digits.
    pub version: String,
    /// Its content.
    pub text: String,
    /// Clock of the first run that used it.
    pub first_used_at: DateTime<Utc>,
}

/// The versions of all parts, or of those of a name, oldest first. A name is a part, a rule's id alone, or a field's.
///
/// # Errors
/// The database failed.
pub async fn of(connection: &mut PgConnection, institution: Option<&str>, name: &str) -> Result<Vec<PartVersion>> {
    let rows = sqlx::query_as(
        // The same text under another hash is no edit: the form in which Weir hashes it has changed.
        "SELECT i.slug AS institution, v.part, encode(v.hash, 'hex') AS version, v.text, v.first_used_at
         FROM (SELECT *, lag(text) OVER (PARTITION BY institution_id, part ORDER BY first_used_at, hash) AS before FROM versions) v
         JOIN institutions i ON i.id = v.institution_id
         WHERE v.text IS DISTINCT FROM v.before AND ($1::text IS NULL OR i.slug = $1) AND (v.part = $2 OR v.part = 'rule ' || $2 OR v.part LIKE 'rule %/' || $3 OR v.part = 'mapping of ' || $2)
         ORDER BY v.first_used_at, i.slug, v.part, v.hash",
    )
    .bind(institution)
    .bind(name)
    .bind(name.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Versions by their hashes, in hexadecimal digits.
///
/// # Errors
/// The database failed.
pub async fn texts(connection: &mut PgConnection, institution: Uuid, hashes: &[String]) -> Result<Vec<PartVersion>> {
    let rows = sqlx::query_as(
        "SELECT i.slug AS institution, v.part, encode(v.hash, 'hex') AS version, v.text, v.first_used_at
         FROM versions v JOIN institutions i ON i.id = v.institution_id
         WHERE v.institution_id = $1 AND v.hash = ANY (SELECT decode(digits, 'hex') FROM unnest($2::text[]) AS digits) ORDER BY v.part, v.hash",
    );
    Ok(rows.bind(institution).bind(hashes).fetch_all(connection).await?)
}

/// What a source was derived by from some run on.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PartUse {
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// Hashes of all parts by name.
    pub parts: Json,
    /// Clock of the first run that used it.
    pub first_used_at: DateTime<Utc>,
}

/// What sources were derived by, oldest first.
///
/// # Errors
/// The database failed.
pub async fn used(connection: &mut PgConnection, institution: Option<&str>) -> Result<Vec<PartUse>> {
    let rows = sqlx::query_as(
        "SELECT i.slug AS institution, f.source_id, f.parts, f.first_used_at FROM fingerprints f JOIN institutions i ON i.id = f.institution_id
         WHERE $1::text IS NULL OR i.slug = $1 ORDER BY i.slug, f.source_id, f.first_used_at, f.fingerprint",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
