//! The YAML that ran, of institutions that stay on it while their files are broken. Kept by the
//! hash of all texts, so that a run of unchanged files only notes that it was used again.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;
use weir_model::{Clock, Hash, YamlTexts};

/// Notes that an institution runs on these texts now. `file` is its own.
///
/// # Errors
/// The database failed.
pub async fn remember(
    connection: &mut PgConnection,
    institution: Uuid,
    at: Clock,
    file: &str,
    texts: &YamlTexts,
) -> Result<()> {
    let fingerprint = Hash::of(format!("{texts:?}").as_bytes());
    let known = sqlx::query("UPDATE plan_texts SET last_used_at = $3, file = $4 WHERE institution_id = $1 AND fingerprint = $2")
        .bind(institution)
        .bind(fingerprint.to_vec())
        .bind(at.0)
        .bind(file)
        .execute(&mut *connection)
        .await?;
    if known.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO plan_texts (institution_id, fingerprint, file, texts, first_used_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
    )
    .bind(institution)
    .bind(fingerprint.to_vec())
    .bind(file)
    .bind(Json(texts))
    .bind(at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// What an institution last ran on.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LastGood {
    /// Hash of the texts.
    pub fingerprint: Vec<u8>,
    /// The texts.
    pub texts: Json<YamlTexts>,
    /// Its own file.
    pub file: String,
    /// Clock of their first run.
    pub first_used_at: DateTime<Utc>,
}

/// What an institution last ran on, if its newest run kept that: by its name, or by its file where
/// its name cannot be read.
///
/// # Errors
/// The database failed.
pub async fn last_good(
    connection: &mut PgConnection,
    slug: &str,
    file: &str,
) -> Result<Option<LastGood>> {
    let found = sqlx::query_as(
        "SELECT p.fingerprint, p.texts, p.file, p.first_used_at
         FROM plan_texts p JOIN institutions i ON i.id = p.institution_id AND i.last_run_at = p.last_used_at
         WHERE i.slug = $1 OR (p.file = $2 AND NOT EXISTS (SELECT 1 FROM institutions WHERE slug = $1))
         ORDER BY p.first_used_at DESC LIMIT 1",
    );
    Ok(found
        .bind(slug)
        .bind(file)
        .fetch_optional(connection)
        .await?)
}
