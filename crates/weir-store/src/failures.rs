//! Documents that did not become jobs, for the people who fix them: list, show, retry, discard.

use super::{Result, staging};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Clock, Outcome, SourceKey};

/// One document that failed, with every reason.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct FailedDocument {
    /// The document's number.
    pub document_id: i64,
    /// The institution.
    #[serde(skip)]
    pub institution_id: Uuid,
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// The source's id of the ad.
    pub external_id: String,
    /// rejected, held or failed.
    #[sqlx(try_from = "String")]
    pub outcome: Outcome,
    /// When it was first seen.
    pub since: DateTime<Utc>,
    /// Whether the document cannot be read as an ad, so that a retry cannot help.
    pub refused: bool,
    /// Every reason: a list of {type, field, message, rule}.
    pub reasons: Json,
    /// Hash of the validated document and its problems: what a decision names.
    pub revision: String,
    /// Hash of the validated document, in hexadecimal: what a decision ignores.
    #[serde(skip)]
    pub judged: String,
    /// How many are wanted, however many are listed; 0 on a page, which counts nothing.
    #[serde(skip)]
    pub total: i64,
}

/// Failed ads, each reason with its value and since when it has applied. An ad whose id is in doubt
/// waits with content from which no job has been derived yet.
///
/// `$ads` names the ads as `s` and their institutions as `i`, in a way that suits what is asked;
/// `$total` is how many are wanted.
macro_rules! failures {
    ($ads:literal, $total:literal, $condition:literal) => {
        concat!(
            "SELECT *, ", $total, " AS total, left(encode(sha256(convert_to(jsonb_build_array(source_id, external_id, judged,
                 (SELECT jsonb_agg(DISTINCT concat_ws(' ', r ->> 'type', r ->> 'field', r ->> 'rule')) FROM jsonb_array_elements(reasons) AS r
                  WHERE r ->> 'severity' IS DISTINCT FROM 'warn'))::text, 'UTF8')), 'hex'), 6) AS revision
             FROM (
               SELECT encode(CASE WHEN j.validation_errors @? '$[*].type ? (@ == \"recycled_id\" || @ == \"renumbered_id\")' THEN s.content_hash
                   ELSE COALESCE(s.derived_hash, s.content_hash) END, 'hex') AS judged, s.document_id, s.institution_id, i.slug AS institution, s.source_id, s.external_id, s.outcome, s.refused IS NOT NULL AS refused,
                 COALESCE(r.since, f.failure_timestamp, s.detailed_at) AS since,
                 COALESCE(r.reasons, jsonb_build_array(jsonb_build_object('type', COALESCE(f.error_type, 'not_derived'),
                   'message', COALESCE(NULLIF(f.error_details, ''), 'no reason is on record: the next run derives it again'),
                   'since', COALESCE(f.failure_timestamp, s.detailed_at)))) AS reasons
               FROM ", $ads, "
               LEFT JOIN staging_jobs j ON j.institution_id = s.institution_id AND j.document_id = s.document_id
               LEFT JOIN staging_failed_documents f ON f.institution_id = s.institution_id AND f.document_id = s.document_id
               LEFT JOIN LATERAL (
                 SELECT min(v.since) AS since, jsonb_agg(v.raw_data || jsonb_strip_nulls(jsonb_build_object('since', v.since, 'value',
                   COALESCE(v.raw_data -> 'found', j.raw_data -> v.field_name, j.raw_data -> 'extra' -> v.field_name))) ORDER BY v.id) AS reasons
                 FROM staging_validation_failures v WHERE v.institution_id = j.institution_id AND v.staging_job_id = j.id) r ON TRUE
               WHERE s.outcome IN ('rejected', 'held', 'failed')) AS failing
             WHERE ", $condition
        )
    };
}

/// The statement of a page of failures.
macro_rules! failures_page {
    ($ads:literal) => {
        failures!(
            $ads,
            "0::bigint",
            "($1::text IS NULL OR institution = $1) AND ($5::text IS NULL OR institution >= $5) AND ($2::text IS NULL OR source_id = $2)
         AND (($3::text IS NULL AND $4::text IS NULL) OR EXISTS (
           SELECT 1 FROM jsonb_array_elements(reasons) AS r
           WHERE ($3::text IS NULL OR r ->> 'rule' = $3 OR r ->> 'type' = $3) AND ($4::text IS NULL OR r ->> 'field' = $4)))
         AND ($5::text IS NULL OR (institution, source_id, external_id) > ($5, $6, $7))
         ORDER BY institution, source_id, external_id LIMIT $8"
        )
    };
}

/// Which failures.
#[derive(Debug, Clone, Default)]
pub struct FailureFilter<'a> {
    /// Of this institution.
    pub institution: Option<&'a str>,
    /// Of this source.
    pub source: Option<&'a str>,
    /// By this rule, or of this error type.
    pub rule: Option<&'a str>,
    /// Of this field.
    pub field: Option<&'a str>,
}

/// Failures, by institution, source and id; all without a limit.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut PgConnection,
    wanted: &FailureFilter<'_>,
    limit: Option<i64>,
) -> Result<Vec<FailedDocument>> {
    // All of them are counted: one pass over the ads, never one for each institution.
    let sql = failures!(
        "(SELECT id, slug FROM institutions WHERE $1::text IS NULL OR slug = $1 OFFSET 0) i JOIN ad_states s ON s.institution_id = i.id",
        "count(*) OVER ()",
        "($2::text IS NULL OR source_id = $2) AND (($3::text IS NULL AND $4::text IS NULL) OR EXISTS (
           SELECT 1 FROM jsonb_array_elements(reasons) AS r
           WHERE ($3::text IS NULL OR r ->> 'rule' = $3 OR r ->> 'type' = $3) AND ($4::text IS NULL OR r ->> 'field' = $4)))
         ORDER BY institution, source_id, external_id LIMIT $5"
    );
    let rows = sqlx::query_as(sql)
        .bind(wanted.institution)
        .bind(wanted.source)
        .bind(wanted.rule)
        .bind(wanted.field)
        .bind(limit);
    Ok(rows.fetch_all(connection).await?)
}

/// A page of failures after one, which is known by institution, source and id.
///
/// # Errors
/// The database failed.
pub async fn page(
    connection: &mut PgConnection,
    wanted: &FailureFilter<'_>,
    after: Option<[&str; 3]>,
    most: i64,
) -> Result<Vec<FailedDocument>> {
    let on_record = wanted.rule.is_some_and(|rule| rule != "not_derived") || wanted.field.is_some();
    let sql = if on_record {
        // By the reasons on record, which are few.
        failures_page!(
            "(SELECT j.institution_id, j.document_id FROM staging_validation_failures v JOIN staging_jobs j ON j.institution_id = v.institution_id AND j.id = v.staging_job_id
              WHERE ($3::text IS NULL OR v.raw_data ->> 'rule' = $3 OR v.raw_data ->> 'type' = $3) AND ($4::text IS NULL OR v.raw_data ->> 'field' = $4)
              UNION SELECT institution_id, document_id FROM staging_failed_documents WHERE error_type = $3) k
             JOIN ad_states s ON s.institution_id = k.institution_id AND s.document_id = k.document_id JOIN institutions i ON i.id = s.institution_id"
        )
    } else if wanted.rule.is_none() {
        return unfiltered_page(connection, wanted, after, most).await;
    } else {
        // What is on record of none is known of each alone.
        failures_page!("ad_states s JOIN institutions i ON i.id = s.institution_id")
    };
    let rows = sqlx::query_as(sql)
        .bind(wanted.institution)
        .bind(wanted.source)
        .bind(wanted.rule)
        .bind(wanted.field)
        .bind(after.map(|after| after[0]))
        .bind(after.map(|after| after[1]))
        .bind(after.map(|after| after[2]))
        .bind(most);
    Ok(rows.fetch_all(connection).await?)
}

/// A page of failures whatever their reasons: those are put together for the ads of the page alone.
async fn unfiltered_page(
    connection: &mut PgConnection,
    wanted: &FailureFilter<'_>,
    after: Option<[&str; 3]>,
    most: i64,
) -> Result<Vec<FailedDocument>> {
    let keys: Vec<(Uuid, i64)> = sqlx::query_as(
        "SELECT s.institution_id, s.document_id FROM ad_states s JOIN institutions i ON i.id = s.institution_id
         WHERE s.outcome IN ('rejected', 'held', 'failed') AND ($1::text IS NULL OR i.slug = $1) AND ($3::text IS NULL OR i.slug >= $3)
           AND ($2::text IS NULL OR s.source_id = $2) AND ($3::text IS NULL OR (i.slug, s.source_id, s.external_id) > ($3, $4, $5))
         ORDER BY i.slug, s.source_id, s.external_id LIMIT $6",
    )
    .bind(wanted.institution)
    .bind(wanted.source)
    .bind(after.map(|after| after[0]))
    .bind(after.map(|after| after[1]))
    .bind(after.map(|after| after[2]))
    .bind(most)
    .fetch_all(&mut *connection)
    .await?;
    let (institutions, documents): (Vec<Uuid>, Vec<i64>) = keys.iter().copied().unzip();
    let mut rows: Vec<FailedDocument> = sqlx::query_as(failures!(
        "ad_states s JOIN institutions i ON i.id = s.institution_id AND s.institution_id = ANY ($1) AND s.document_id = ANY ($2)",
        "0::bigint",
        "TRUE ORDER BY institution, source_id, external_id"
    ))
    .bind(institutions)
    .bind(documents)
    .fetch_all(connection)
    .await?;
    // Numbers of documents are unique within an institution.
    rows.retain(|row| keys.contains(&(row.institution_id, row.document_id)));
    Ok(rows)
}

/// Failures by the numbers of their documents, those of a source together.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut PgConnection, documents: &[i64]) -> Result<Vec<FailedDocument>> {
    // The institutions are named so that each is looked at by its index.
    Ok(sqlx::query_as(failures!(
        "ad_states s JOIN institutions i ON i.id = s.institution_id AND s.institution_id = ANY (ARRAY(SELECT id FROM institutions)) AND s.document_id = ANY ($1)",
        "count(*) OVER ()",
        "TRUE ORDER BY institution, source_id, document_id"
    ))
    .bind(documents)
    .fetch_all(connection)
    .await?)
}

/// Failures of one rule, or of one error type without a rule, in one field of one source.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct FailureGroup {
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// The rule.
    pub rule: Option<String>,
    /// The error type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field.
    pub field: Option<String>,
    /// How many ads.
    pub ads: i64,
    /// How many of them only since the newest run.
    pub fresh: i64,
    /// Since when the oldest of them has applied.
    pub since: DateTime<Utc>,
    /// The message of one of them.
    pub message: String,
    /// Its id.
    pub example: String,
    /// Its document.
    pub document_id: i64,
    /// The value that was found in it.
    pub value: Option<Json>,
}

/// Failures in groups, the largest first.
///
/// # Errors
/// The database failed.
pub async fn groups(
    connection: &mut PgConnection,
    slug: Option<&str>,
) -> Result<Vec<FailureGroup>> {
    let rows = sqlx::query_as(
        "WITH standing AS (
           SELECT f.institution_id, j.source_id, f.raw_data ->> 'rule' AS rule, f.validation_type AS kind, f.field_name AS field, COALESCE(f.error_message, '') AS message,
             f.since, j.original_id, j.document_id, COALESCE(f.raw_data -> 'found', j.raw_data -> f.field_name, j.raw_data -> 'extra' -> f.field_name) AS value
           FROM staging_validation_failures f JOIN staging_jobs j ON j.institution_id = f.institution_id AND j.id = f.staging_job_id
           WHERE f.raw_data ->> 'severity' IS DISTINCT FROM 'warn'
           UNION ALL
           SELECT f.institution_id, d.source_id, NULL, f.error_type, NULL, COALESCE(f.error_details, ''), f.failure_timestamp, d.external_id, d.document_id, NULL
           FROM staging_failed_documents f JOIN ad_states d ON d.institution_id = f.institution_id AND d.document_id = f.document_id)
         SELECT i.slug AS institution, source_id, rule, kind, field, count(*) AS ads, count(*) FILTER (WHERE since >= i.last_run_at) AS fresh, min(since) AS since,
           (array_agg(message ORDER BY original_id))[1] AS message, (array_agg(original_id ORDER BY original_id))[1] AS example,
           (array_agg(document_id ORDER BY original_id))[1] AS document_id, (array_agg(value ORDER BY original_id))[1] AS value
         FROM standing JOIN institutions i ON i.id = standing.institution_id WHERE $1::text IS NULL OR i.slug = $1
         GROUP BY i.slug, source_id, rule, kind, field ORDER BY i.slug, ads DESC, source_id, rule, kind, field",
    );
    Ok(rows.bind(slug).fetch_all(connection).await?)
}

/// What a rule that only warns warned about in the newest run.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct RuleWarning {
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// `SET/ID` of the rule.
    pub rule: String,
    /// Ads that it warned about, those that are rejected for other reasons included.
    pub ads: i64,
    /// Ads that it looked at.
    pub of: i64,
}

/// What rules that only warn warned about in the newest run of each source.
///
/// # Errors
/// The database failed.
pub async fn warnings(
    connection: &mut PgConnection,
    slug: Option<&str>,
) -> Result<Vec<RuleWarning>> {
    let rows = sqlx::query_as(
        "SELECT i.slug AS institution, m.source_id, m.subject AS rule, m.part AS ads, m.whole AS of
         FROM quality_measures m JOIN institutions i ON i.id = m.institution_id
         JOIN (SELECT institution_id, source_id, max(at) AS at FROM source_quality GROUP BY 1, 2) newest USING (institution_id, source_id, at)
         WHERE m.kind = 'warns' AND ($1::text IS NULL OR i.slug = $1) ORDER BY i.slug, m.source_id, m.subject",
    );
    Ok(rows.bind(slug).fetch_all(connection).await?)
}

/// The raw document and the fields derived from it.
///
/// # Errors
/// The database failed.
pub async fn content(
    connection: &mut PgConnection,
    failure: &FailedDocument,
) -> Result<(Json, Option<Json>, Option<Json>)> {
    let row = sqlx::query_as(
        "SELECT d.raw_content, d.metadata, j.raw_data FROM staging_documents d
         LEFT JOIN staging_jobs j ON j.institution_id = d.institution_id AND j.document_id = d.id WHERE d.institution_id = $1 AND d.id = $2",
    );
    Ok(row
        .bind(failure.institution_id)
        .bind(failure.document_id)
        .fetch_one(connection)
        .await?)
}

/// Asks for documents of an institution to be derived again by the next run.
///
/// # Errors
/// The database failed.
pub async fn retry(
    connection: &mut PgConnection,
    institution: Uuid,
    documents: &[i64],
) -> Result<()> {
    sqlx::query("UPDATE ad_states SET derived_fingerprint = NULL, retries = 0, retry_at = NULL WHERE institution_id = $1 AND document_id = ANY ($2)")
        .bind(institution)
        .bind(documents)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ignores the content of the documents of a source that was judged; other content of the same ads,
/// be it that it has come already, counts again. Within the caller's transaction.
///
/// # Errors
/// The database failed.
pub async fn discard(
    connection: &mut PgConnection,
    stream: &SourceKey,
    failures: &[&FailedDocument],
    at: Clock,
    by: &str,
    why: &str,
) -> Result<()> {
    let gone = format!("discarded by {by}: {why}");
    let ads: Vec<&str> = failures
        .iter()
        .map(|failure| failure.external_id.as_str())
        .collect();
    let documents: Vec<i64> = failures.iter().map(|failure| failure.document_id).collect();
    staging::clear(connection, stream, &ads, at, &gone).await?;
    staging::note_failures(connection, stream, at, &[], (&documents, &gone)).await?;
    sqlx::query(
        "WITH state AS (
           UPDATE ad_states s SET outcome = 'discarded', discarded_hash = decode(v.judged, 'hex'), derived_hash = decode(v.judged, 'hex'), retry_at = NULL,
             error_details = 'discarded by ' || $4 || ': ' || $5
           FROM unnest($2::bigint[], $6::text[]) AS v (document_id, judged)
           WHERE s.institution_id = $1 AND s.document_id = v.document_id
           RETURNING s.job_id, s.source_id, s.external_id),
         held AS (UPDATE published_jobs j SET held_since = NULL FROM state WHERE j.institution_id = $1 AND j.id = state.job_id)
         UPDATE holds SET status = 'discarded', closed_at = $3, closed_by = $4, note = $5 FROM state
           WHERE holds.institution_id = $1 AND holds.source_id = state.source_id AND kind = 'job' AND subject = state.external_id AND status = 'open'",
    )
    .bind(stream.institution)
    .bind(&documents)
    .bind(at.0)
    .bind(by)
    .bind(why)
    .bind(failures.iter().map(|failure| failure.judged.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
