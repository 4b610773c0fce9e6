//! Versions of rules and mappings that have run, as text, so that last month's verdict can be read
//! as it was given. Rows are only ever added.

use super::Result;
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;
use weir_model::{Clock, FingerprintParts};

/// Keeps the text of every part that was never used before.
///
/// # Errors
/// The database failed.
pub async fn remember(
    connection: &mut PgConnection,
    institution: Uuid,
    parts: &FingerprintParts,
    at: Clock,
) -> Result<()> {
    // A date is not a version.
    let all: Vec<_> = parts
        .all()
        .filter(|(name, _)| *name != FingerprintParts::DATE)
        .collect();
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

/// Whether a part of this name ever ran: a part, a rule's id alone, or a field's mapping.
///
/// # Errors
/// The database failed.
pub async fn has_run(connection: &mut PgConnection, name: &str) -> Result<bool> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM versions WHERE part = $1 OR part = 'rule ' || $1 OR part LIKE 'rule %/' || $2 OR part = 'mapping of ' || $1)",
    );
    let quoted = name
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    Ok(found.bind(name).bind(quoted).fetch_one(connection).await?)
}

/// Texts of versions by their hashes, in hexadecimal digits.
///
/// # Errors
/// The database failed.
pub async fn texts_of(
    connection: &mut PgConnection,
    hashes: &[&str],
) -> Result<HashMap<String, String>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT DISTINCT ON (hash) encode(hash, 'hex'), text FROM versions
         WHERE hash = ANY (SELECT decode(digits, 'hex') FROM unnest($1::text[]) AS digits) ORDER BY hash, first_used_at",
    )
    .bind(hashes)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Versions by their hashes, in hexadecimal digits.
///
/// # Errors
/// The database failed.
pub async fn texts(
    connection: &mut PgConnection,
    institution: Uuid,
    hashes: &[String],
) -> Result<Vec<PartVersion>> {
    let rows = sqlx::query_as(
        "SELECT i.slug AS institution, v.part, encode(v.hash, 'hex') AS version, v.text, v.first_used_at
         FROM versions v JOIN institutions i ON i.id = v.institution_id
         WHERE v.institution_id = $1 AND v.hash = ANY (SELECT decode(digits, 'hex') FROM unnest($2::text[]) AS digits) ORDER BY v.part, v.hash",
    );
    Ok(rows
        .bind(institution)
        .bind(hashes)
        .fetch_all(connection)
        .await?)
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
    /// Clock of the run that began to use it; it may have been used before, and another since.
    pub used_at: DateTime<Utc>,
}

/// What sources were derived by, oldest first: a row for each run that used other mappings and
/// rules than the run before it, be it that they had been used before.
///
/// # Errors
/// The database failed.
pub async fn used(
    connection: &mut PgConnection,
    institution: Option<&str>,
) -> Result<Vec<PartUse>> {
    let rows = sqlx::query_as(
        "WITH measured AS (
           SELECT institution_id, source_id, at, fingerprint,
             lag(fingerprint) OVER (PARTITION BY institution_id, source_id ORDER BY at) AS before
           FROM source_quality
           WHERE $1::text IS NULL OR institution_id = (SELECT id FROM institutions WHERE slug = $1)),
         uses AS (
           SELECT institution_id, source_id, fingerprint, first_used_at AS used_at FROM fingerprints
           UNION
           SELECT institution_id, source_id, fingerprint, at FROM measured WHERE fingerprint IS DISTINCT FROM before)
         SELECT i.slug AS institution, u.source_id, f.parts, u.used_at
         FROM uses u JOIN institutions i ON i.id = u.institution_id
         JOIN fingerprints f ON f.institution_id = u.institution_id AND f.fingerprint = u.fingerprint
         WHERE $1::text IS NULL OR i.slug = $1
         ORDER BY i.slug, u.source_id, u.used_at, f.first_used_at, u.fingerprint",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
