//! `staging_jobs` and their reasons: what waits after a batch, and what leaves. Written in T2.

use super::resolved::{self, StandingReason};
use super::{Result, storable, storable_json};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::HashMap;
use weir_model::{Clock, Fingerprint, Job, Problem, RunId, SourceKey};

/// An ad that waits, with every reason.
#[derive(Debug, Clone)]
pub struct StagedAd {
    /// The source's id.
    pub original_id: String,
    /// The document.
    pub document_id: i64,
    /// The fields as derived.
    pub job: Job,
    /// `failed`, `held` or `valid`.
    pub status: &'static str,
    /// Every reason.
    pub problems: Vec<Problem>,
    /// Since when each of them has applied.
    pub since: Vec<DateTime<Utc>>,
}

/// Deletes the staging rows of ads, and returns their reasons.
///
/// # Errors
/// The database failed.
pub async fn lift(
    connection: &mut PgConnection,
    stream: &SourceKey,
    original_ids: &[&str],
) -> Result<Vec<StandingReason>> {
    if original_ids.is_empty() {
        return Ok(Vec::new());
    }
    let external: Vec<String> = original_ids
        .iter()
        .map(|id| format!("{}:{id}", stream.source))
        .collect();
    let stood = sqlx::query_as(
        "SELECT g.original_id, g.document_id, f.since, f.raw_data AS reason,
           COALESCE(f.raw_data -> 'found', g.raw_data -> f.field_name, g.raw_data -> 'extra' -> f.field_name) AS value
         FROM staging_jobs g JOIN staging_validation_failures f ON f.institution_id = $1 AND f.staging_job_id = g.id
         WHERE g.institution_id = $1 AND g.external_id = ANY ($2) ORDER BY f.id",
    )
    .bind(stream.institution)
    .bind(&external)
    .fetch_all(&mut *connection)
    .await?;
    // The reasons go with their ads: Citus would not see them any more in the same statement.
    sqlx::query("DELETE FROM staging_jobs WHERE institution_id = $1 AND external_id = ANY ($2)")
        .bind(stream.institution)
        .bind(external)
        .execute(connection)
        .await?;
    Ok(stood)
}

/// Takes away the staging rows of ads; their reasons are gone, and why is recorded.
///
/// # Errors
/// The database failed.
pub async fn clear(
    connection: &mut PgConnection,
    stream: &SourceKey,
    original_ids: &[&str],
    at: Clock,
    why: &str,
) -> Result<()> {
    let stood = lift(connection, stream, original_ids).await?;
    let gone: Vec<(&StandingReason, String)> =
        stood.iter().map(|stood| (stood, why.to_owned())).collect();
    resolved::record(connection, stream, at, &gone).await
}

/// The reasons against waiting ads, by their ids.
///
/// # Errors
/// The database failed.
pub async fn reasons(
    connection: &mut PgConnection,
    stream: &SourceKey,
    original_ids: &[&str],
) -> Result<HashMap<String, Vec<Problem>>> {
    if original_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let external: Vec<String> = original_ids
        .iter()
        .map(|id| format!("{}:{id}", stream.source))
        .collect();
    let rows: Vec<(String, sqlx::types::Json<Vec<Problem>>)> = sqlx::query_as(
        "SELECT original_id, COALESCE(validation_errors, '[]') FROM staging_jobs WHERE institution_id = $1 AND external_id = ANY ($2)",
    )
    .bind(stream.institution)
    .bind(external)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, reasons)| (id, reasons.0))
        .collect())
}

/// Writes the ads that wait, and their reasons.
///
/// # Errors
/// The database failed.
pub async fn put(
    connection: &mut PgConnection,
    stream: &SourceKey,
    run: RunId,
    at: Clock,
    fingerprint: Fingerprint,
    waiting: &[StagedAd],
) -> Result<()> {
    if waiting.is_empty() {
        return Ok(());
    }
    let metadata = json!({ "fingerprint": fingerprint.to_string(), "run": run }).to_string();
    let errors = |problems: &[Problem]| storable_json(&json!(problems)).to_string();
    sqlx::query(
        "WITH v AS (
           SELECT * FROM unnest($5::bigint[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
             AS v (document_id, company_id, division_id, original_id, raw_data, status, errors, since)),
         staged AS (
           INSERT INTO staging_jobs AS s (institution_id, document_id, company_id, division_id, source_id, original_id, raw_data, processed, processing_metadata,
             validation_status, validation_timestamp, validation_errors)
           SELECT $1, document_id, company_id, division_id, $2, original_id, raw_data::jsonb, TRUE, $4::jsonb, status, $3, errors::jsonb FROM v
           ON CONFLICT (institution_id, external_id) DO UPDATE SET document_id = EXCLUDED.document_id, company_id = EXCLUDED.company_id,
             division_id = EXCLUDED.division_id, raw_data = EXCLUDED.raw_data, processing_metadata = EXCLUDED.processing_metadata,
             validation_status = EXCLUDED.validation_status, validation_timestamp = EXCLUDED.validation_timestamp, validation_errors = EXCLUDED.validation_errors
           RETURNING s.id, s.original_id, s.validation_errors)
         INSERT INTO staging_validation_failures (institution_id, staging_job_id, validation_timestamp, since, validation_type, field_name, error_message, raw_data)
         SELECT $1, staged.id, $3, (v.since::jsonb ->> (nth - 1)::int)::timestamptz, reason ->> 'type', reason ->> 'field', reason ->> 'message', reason
         FROM staged JOIN v USING (original_id) CROSS JOIN LATERAL jsonb_array_elements(staged.validation_errors) WITH ORDINALITY AS r (reason, nth)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(at.0)
    .bind(metadata)
    .bind(waiting.iter().map(|w| w.document_id).collect::<Vec<_>>())
    .bind(waiting.iter().map(|w| w.job.company_id).collect::<Vec<_>>())
    .bind(waiting.iter().map(|w| w.job.division_id).collect::<Vec<_>>())
    .bind(waiting.iter().map(|w| w.original_id.as_str()).collect::<Vec<_>>())
    .bind(waiting.iter().map(|w| w.job.to_json().to_string()).collect::<Vec<_>>())
    .bind(waiting.iter().map(|w| w.status).collect::<Vec<_>>())
    .bind(waiting.iter().map(|w| errors(&w.problems)).collect::<Vec<_>>())
    .bind(waiting.iter().map(|w| json!(w.since).to_string()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Records documents that could not be derived for a reason outside the ad, or clears that record,
/// with the reason `why`.
///
/// # Errors
/// The database failed.
pub async fn note_failures(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    failed: &[(i64, String, i32)],
    (mended, why): (&[i64], &str),
) -> Result<()> {
    if !mended.is_empty() {
        sqlx::query(
            "WITH gone AS (DELETE FROM staging_failed_documents WHERE institution_id = $1 AND document_id = ANY ($2) RETURNING *)
             INSERT INTO resolved_failures (institution_id, source_id, original_id, document_id, error_type, error_message, since, resolved_at, why)
             SELECT $1, s.source_id, s.external_id, s.document_id, g.error_type, g.error_details, g.failure_timestamp, $3, $4
             FROM gone g JOIN ad_states s ON s.institution_id = $1 AND s.document_id = g.document_id",
        )
        .bind(stream.institution)
        .bind(mended)
        .bind(at.0)
        .bind(storable(why))
        .execute(&mut *connection)
        .await?;
    }
    if failed.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO staging_failed_documents (institution_id, document_id, failure_timestamp, error_type, error_details, retry_count)
         SELECT $1, v.id, $2, 'system_error', v.details, v.retries FROM unnest($3::bigint[], $4::text[], $5::int[]) AS v (id, details, retries)
         ON CONFLICT (institution_id, document_id) DO UPDATE SET error_details = EXCLUDED.error_details, retry_count = EXCLUDED.retry_count",
    )
    .bind(stream.institution)
    .bind(at.0)
    .bind(failed.iter().map(|(id, ..)| *id).collect::<Vec<_>>())
    .bind(failed.iter().map(|(_, details, _)| storable(details)).collect::<Vec<_>>())
    .bind(failed.iter().map(|(.., retries)| *retries).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
