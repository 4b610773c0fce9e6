//! Documents that did not become jobs, for the people who mend them: list, show, retry, discard.

use super::Result;
use crate::model::Clock;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

/// One document that failed, with every reason.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct Failure {
    /// The document's number.
    pub document_id: i64,
    /// The institution.
    #[serde(skip)]
    pub institution_id: Uuid,
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// The id that the source gives the ad.
    pub external_id: String,
    /// rejected, held or failed.
    pub outcome: String,
    /// When it was first seen.
    pub since: DateTime<Utc>,
    /// The document cannot be taken for an ad: a retry cannot help.
    pub refused: bool,
    /// Every reason: a list of {type, field, message, rule}.
    pub reasons: Json,
}

macro_rules! failures {
    ($condition:literal) => {
        concat!(
            "SELECT s.document_id, s.institution_id, i.slug AS institution, s.source_id, s.external_id, s.outcome, s.first_seen_at AS since, s.refused IS NOT NULL AS refused,
               COALESCE(j.validation_errors, jsonb_build_array(jsonb_build_object('type', COALESCE(f.error_type, 'system_error'), 'message', COALESCE(f.error_details, ''))))
                 AS reasons
             FROM ad_states s JOIN institutions i ON i.id = s.institution_id
             LEFT JOIN staging_jobs j ON j.institution_id = s.institution_id AND j.document_id = s.document_id
             LEFT JOIN staging_failed_documents f ON f.institution_id = s.institution_id AND f.document_id = s.document_id
             WHERE s.outcome IN ('rejected', 'held', 'failed') AND ", $condition
        )
    };
}

/// Failures, by institution, source and id; of one institution if a slug is given.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut PgConnection, slug: Option<&str>, limit: i64) -> Result<Vec<Failure>> {
    let sql = failures!("($1::text IS NULL OR i.slug = $1) ORDER BY i.slug, s.source_id, s.external_id LIMIT $2");
    Ok(sqlx::query_as(sql).bind(slug).bind(limit).fetch_all(connection).await?)
}

/// One failure, by the number of its document.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut PgConnection, document: i64) -> Result<Option<Failure>> {
    Ok(sqlx::query_as(failures!("s.document_id = $1")).bind(document).fetch_optional(connection).await?)
}

/// The raw document and the fields derived from it.
///
/// # Errors
/// The database failed.
pub async fn content(connection: &mut PgConnection, failure: &Failure) -> Result<(Json, Option<Json>, Option<Json>)> {
    let row = sqlx::query_as(
        "SELECT d.raw_content, d.metadata, j.raw_data FROM staging_documents d
         LEFT JOIN staging_jobs j ON j.institution_id = d.institution_id AND j.document_id = d.id WHERE d.institution_id = $1 AND d.id = $2",
    );
    Ok(row.bind(failure.institution_id).bind(failure.document_id).fetch_one(connection).await?)
}

/// Asks for a document to be derived again by the next run.
///
/// # Errors
/// The database failed.
pub async fn retry(connection: &mut PgConnection, failure: &Failure) -> Result<()> {
    sqlx::query("UPDATE ad_states SET derived_fingerprint = NULL, retries = 0, retry_at = NULL WHERE institution_id = $1 AND document_id = $2")
        .bind(failure.institution_id)
        .bind(failure.document_id)
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE staging_documents SET processing_status = 'pending' WHERE institution_id = $1 AND id = $2 AND processing_status = 'failed'")
        .bind(failure.institution_id)
        .bind(failure.document_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ignores this content of a document; other content of the same ad counts again.
///
/// # Errors
/// The database failed.
pub async fn discard(connection: &mut PgConnection, failure: &Failure, at: Clock, by: &str, why: &str) -> Result<()> {
    sqlx::query(
        "WITH state AS (
           UPDATE ad_states SET outcome = 'discarded', discarded_hash = content_hash, derived_hash = content_hash, retry_at = NULL
           WHERE institution_id = $1 AND document_id = $2 RETURNING job_id, source_id, external_id),
         held AS (UPDATE jobs SET held_since = NULL FROM state WHERE jobs.institution_id = $1 AND jobs.id = state.job_id),
         ended AS (
           UPDATE holds SET status = 'discarded', closed_at = $3, closed_by = $4, note = $5 FROM state
           WHERE institution_id = $1 AND holds.source_id = state.source_id AND kind = 'job' AND subject = state.external_id AND status = 'open'),
         staged AS (DELETE FROM staging_jobs WHERE institution_id = $1 AND document_id = $2),
         letters AS (DELETE FROM staging_failed_documents WHERE institution_id = $1 AND document_id = $2)
         UPDATE staging_documents SET processing_status = 'discarded', error_details = 'discarded by ' || $4 || ': ' || $5 WHERE institution_id = $1 AND id = $2",
    )
    .bind(failure.institution_id)
    .bind(failure.document_id)
    .bind(at.0)
    .bind(by)
    .bind(why)
    .execute(connection)
    .await?;
    Ok(())
}
