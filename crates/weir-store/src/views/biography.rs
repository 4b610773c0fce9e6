//! Everything known about one ad and its job: the job that a user means, its versions, its
//! document, its holds and alerts. Read-only.

use super::has_document;
use crate::Result;
use crate::columns::job_members;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::{ChangeType, HoldKind, HoldStatus, Outcome, RunId};

/// An ad, or a job, or both.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub struct FoundJob {
    /// The institution.
    pub institution_id: Uuid,
    /// Its slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// The source's id of the ad.
    pub original_id: String,
    /// The job, if the ad became one.
    pub job_id: Option<Uuid>,
}

/// How a user names a job: by its uuid, or by the id of its ad with or without institution and
/// source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobName<'n> {
    /// As written.
    pub whole: &'n str,
    /// The institution's slug, if it is named.
    pub institution: Option<&'n str>,
    /// The source, if it is named.
    pub source: Option<&'n str>,
    /// What follows it.
    pub id: &'n str,
}

impl<'n> JobName<'n> {
    /// Reads `uuid`, `id`, `source:id` or `institution/source:id`.
    pub fn read(text: &'n str) -> JobName<'n> {
        // An ad without an id is known by the hash of its bytes, which is not a source.
        let Some((place, id)) = text.split_once(':').filter(|(place, _)| *place != "sha256") else {
            return JobName {
                whole: text,
                institution: None,
                source: None,
                id: text,
            };
        };
        let (institution, source) = place
            .split_once('/')
            .map_or((None, place), |(institution, source)| {
                (Some(institution), source)
            });
        JobName {
            whole: text,
            institution,
            source: Some(source),
            id,
        }
    }

    /// The first and the last uuid with this prefix.
    fn range(&self) -> Option<(Uuid, Uuid)> {
        let digits: String = self.whole.chars().filter(|letter| *letter != '-').collect();
        if digits.len() < 4
            || digits.len() > 32
            || !digits.chars().all(|digit| digit.is_ascii_hexdigit())
        {
            return None;
        }
        let filled = |with: &str| {
            Uuid::parse_str(&format!("{digits}{}", with.repeat(32 - digits.len()))).ok()
        };
        Some((filled("0")?, filled("f")?))
    }
}

/// The ads and jobs of a name: exact matches if there are any, else those with this prefix, or that
/// once had this id. At most six.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut PgConnection, name: &JobName<'_>) -> Result<Vec<FoundJob>> {
    let exact = "SELECT DISTINCT i.id AS institution_id, i.slug AS institution, a.source_id, a.original_id, a.job_id FROM (
           SELECT institution_id, source_id, external_id AS original_id, job_id, FALSE AS by_id FROM ad_states WHERE external_id IN ($3, $4)
           UNION ALL SELECT institution_id, source_id, original_id, id, TRUE FROM jobs WHERE institution_id IN (SELECT id FROM institutions) AND id = $5) AS a
         JOIN institutions i ON i.id = a.institution_id
         WHERE a.by_id OR a.original_id = $4 OR (a.original_id = $3 AND ($2::text IS NULL OR a.source_id = $2) AND ($1::text IS NULL OR i.slug = $1))
         ORDER BY 2, 3, 4 LIMIT 6";
    let found: Vec<FoundJob> = sqlx::query_as(exact)
        .bind(name.institution)
        .bind(name.source)
        .bind(name.id)
        .bind(name.whole)
        .bind(Uuid::parse_str(name.whole).ok())
        .fetch_all(&mut *connection)
        .await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let (low, high) = name.range().unzip();
    let alike = "SELECT DISTINCT i.id AS institution_id, i.slug AS institution, a.source_id, a.original_id, a.job_id FROM (
           SELECT institution_id, source_id, external_id AS original_id, job_id, source_id AS named, external_id AS id FROM ad_states WHERE starts_with(external_id, $3)
           UNION ALL SELECT j.institution_id, j.source_id, j.original_id, j.id, h.source_id, h.original_id FROM jobs_history h
             JOIN jobs j ON j.institution_id = h.institution_id AND j.id = h.id WHERE h.original_id = $3
           UNION ALL SELECT institution_id, source_id, original_id, id, NULL, NULL FROM jobs WHERE id BETWEEN $4 AND $5) AS a
         JOIN institutions i ON i.id = a.institution_id
         WHERE a.id IS NULL OR (($2::text IS NULL OR a.named = $2) AND ($1::text IS NULL OR i.slug = $1))
         ORDER BY 2, 3, 4 LIMIT 6";
    let found = sqlx::query_as(alike)
        .bind(name.institution)
        .bind(name.source)
        .bind(name.id)
        .bind(low)
        .bind(high);
    Ok(found.fetch_all(connection).await?)
}

/// One version of a job.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct JobVersion {
    /// Its number.
    pub version: i32,
    /// Clock of the run or command that made it.
    pub created_at: DateTime<Utc>,
    /// create, update, archive, reopen.
    #[sqlx(try_from = "String")]
    pub change_type: ChangeType,
    /// Why, in words.
    pub change_reason: String,
    /// Which fields changed.
    pub changed_fields: Vec<String>,
    /// Their old and new values.
    pub changes: Option<Json>,
    /// `etl_pipeline`, or an operator.
    pub created_by: String,
    /// The run; `None` if an operator made it.
    pub run_id: Option<RunId>,
    /// The run that it undoes.
    pub takes_back: Option<i64>,
    /// The version that it brings back.
    pub restores: Option<i32>,
    /// Hash of the raw document, in hexadecimal digits.
    pub document: String,
    /// Hash of the mapping and rules that derived it, in hexadecimal digits.
    pub fingerprint: Option<String>,
    /// Hashes of these by name.
    pub parts: Option<Json>,
    /// The job at this version, the raw document left out.
    pub job: Json,
}

/// The versions of a job, oldest first.
///
/// # Errors
/// The database failed.
pub async fn versions(
    connection: &mut PgConnection,
    institution: Uuid,
    job: Uuid,
) -> Result<Vec<JobVersion>> {
    let rows = sqlx::query_as(concat!(
        "SELECT h.version, h.created_at, h.change_type, h.change_reason, h.changed_fields, h.changes, h.created_by, h.run_id, h.takes_back, h.restores,
           encode(h.content_hash, 'hex') AS document, encode(h.fingerprint, 'hex') AS fingerprint, f.parts,
           jsonb_build_object('institution_id', h.institution_id, 'id', h.id, 'version', h.version, 'company_id', h.company_id,
             'division_id', h.division_id, 'source_id', h.source_id, 'original_id', h.original_id, 'external_id', h.external_id, ",
        job_members!("h."),
        ", 'status', h.status, 'archived_at', h.archived_at, 'archived_as', h.archived_as, 'archived_for', h.archived_for, 'reopened_at', h.reopened_at) AS job
         FROM jobs_history h LEFT JOIN fingerprints f ON f.institution_id = h.institution_id AND f.fingerprint = h.fingerprint
         WHERE h.institution_id = $1 AND h.id = $2 ORDER BY h.version",
    ));
    Ok(rows
        .bind(institution)
        .bind(job)
        .fetch_all(connection)
        .await?)
}

/// The raw document of one version.
///
/// # Errors
/// The database failed.
pub async fn raw(
    connection: &mut PgConnection,
    institution: Uuid,
    job: Uuid,
    version: i32,
) -> Result<Option<Json>> {
    let raw = sqlx::query_scalar(
        "SELECT raw_json FROM jobs_history WHERE institution_id = $1 AND id = $2 AND version = $3",
    );
    Ok(raw
        .bind(institution)
        .bind(job)
        .bind(version)
        .fetch_optional(connection)
        .await?
        .flatten())
}

/// The state of an ad, and its stored document.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct AdState {
    /// What came of it: published, rejected, held, ...
    #[sqlx(try_from = "String")]
    pub outcome: Outcome,
    /// Why it cannot be read as an ad.
    pub refused: Option<String>,
    /// The job that its id belongs to now.
    pub job_id: Option<Uuid>,
    /// First seen.
    pub first_seen_at: DateTime<Utc>,
    /// Last seen.
    pub last_seen_at: DateTime<Utc>,
    /// Complete reads without it since.
    pub misses: i32,
    /// The newest of these.
    pub last_miss_at: Option<DateTime<Utc>>,
    /// Gone from the source.
    pub retired: bool,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// Which run was rolled back and why.
    pub rolled_back_why: Option<String>,
    /// Hash of the stored document, in hexadecimal digits.
    pub document: String,
    /// When that came.
    pub scraped_at: DateTime<Utc>,
    /// Where it came from.
    pub metadata: Option<Json>,
    /// The document.
    pub content: Json,
    /// Reasons on record, with the versions of their rules.
    pub reasons: Option<Json>,
}

/// The state of an ad.
///
/// # Errors
/// The database failed.
pub async fn ad(connection: &mut PgConnection, found: &FoundJob) -> Result<Option<AdState>> {
    let row = sqlx::query_as(concat!(
        "SELECT s.outcome, s.refused, s.job_id, s.first_seen_at, p.last_seen_at, s.misses, s.last_miss_at, s.retired, s.retry_at,
           CASE WHEN s.rolled_back_hash = s.content_hash THEN s.rolled_back_why END AS rolled_back_why, encode(s.content_hash, 'hex') AS document,
           d.scraped_at, d.metadata, d.content, COALESCE(w.validation_errors, CASE WHEN f.id IS NOT NULL
             THEN jsonb_build_array(jsonb_build_object('type', f.error_type, 'message', f.error_details)) END) AS reasons
         FROM ad_states s JOIN raw_documents d ON ",
        has_document!("s."),
        " JOIN ads p ON p.institution_id = s.institution_id AND p.document_id = s.document_id
         LEFT JOIN staging_jobs w ON w.institution_id = s.institution_id AND w.external_id = s.source_id || ':' || s.external_id
         LEFT JOIN staging_failed_documents f ON f.institution_id = s.institution_id AND f.document_id = s.document_id
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = $3"
    ));
    Ok(row
        .bind(found.institution_id)
        .bind(&found.source_id)
        .bind(&found.original_id)
        .fetch_optional(connection)
        .await?)
}

/// A document that was replaced by newer content.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct ReplacedDocument {
    /// Hash of its content, in hexadecimal digits.
    pub document: String,
    /// When it came.
    pub scraped_at: DateTime<Utc>,
    /// When other content came.
    pub replaced_at: DateTime<Utc>,
    /// Where it came from.
    pub metadata: Option<Json>,
}

/// The documents of an ad before the stored one, oldest first. `ids` are all that the ad has had.
///
/// # Errors
/// The database failed.
pub async fn replaced(
    connection: &mut PgConnection,
    found: &FoundJob,
    ids: &[&str],
) -> Result<Vec<ReplacedDocument>> {
    let rows = sqlx::query_as(
        "SELECT encode(content_hash, 'hex') AS document, scraped_at, replaced_at, metadata FROM replaced_documents
         WHERE institution_id = $1 AND source_id = $2 AND original_id = ANY ($3) ORDER BY scraped_at, id",
    );
    Ok(rows
        .bind(found.institution_id)
        .bind(&found.source_id)
        .bind(ids)
        .fetch_all(connection)
        .await?)
}

/// The names of the company and division of a job, by id.
///
/// # Errors
/// The database failed.
pub async fn names(
    connection: &mut PgConnection,
    found: &FoundJob,
) -> Result<BTreeMap<String, String>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.id::text, c.name FROM companies c JOIN jobs j ON j.institution_id = c.institution_id AND j.company_id = c.id
         WHERE j.institution_id = $1 AND j.id = $2
         UNION SELECT d.id::text, d.name FROM divisions d JOIN jobs j ON j.institution_id = d.institution_id AND j.division_id = d.id
         WHERE j.institution_id = $1 AND j.id = $2",
    )
    .bind(found.institution_id)
    .bind(found.job_id)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// A hold that concerns an ad.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct PastHold {
    /// Its number.
    pub id: i64,
    /// What is held.
    #[sqlx(try_from = "String")]
    pub kind: HoldKind,
    /// Why.
    pub reason: String,
    /// open, released, discarded, ended.
    #[sqlx(try_from = "String")]
    pub status: HoldStatus,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Until when.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// The holds on an ad, on the names in it, and those of its source that included it.
///
/// # Errors
/// The database failed.
pub async fn holds(
    connection: &mut PgConnection,
    found: &FoundJob,
    ids: &[&str],
    names: &[String],
) -> Result<Vec<PastHold>> {
    let rows = sqlx::query_as(
        "SELECT id, kind, reason, status, opened_at, closed_at, closed_by, note FROM holds WHERE institution_id = $1 AND source_id = $2
           AND ((kind = 'job' AND subject = ANY ($3)) OR (kind IN ('company', 'division') AND subject = ANY ($4)) OR (kind = 'identity' AND details -> 'ads' ?| $3))
         ORDER BY opened_at, id",
    );
    Ok(rows
        .bind(found.institution_id)
        .bind(&found.source_id)
        .bind(ids)
        .bind(names)
        .fetch_all(connection)
        .await?)
}

/// An alert that concerns an ad.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct PastAlert {
    /// When.
    pub raised_at: DateTime<Utc>,
    /// `mass_retirement`, ...
    pub kind: String,
    /// warn or error.
    pub severity: String,
    /// What happened and what to do.
    pub message: String,
}

/// The alerts of runs that touched a job, or of its source while the job was listed, as far as they
/// concern jobs rather than reads.
///
/// # Errors
/// The database failed.
pub async fn alerts(
    connection: &mut PgConnection,
    found: &FoundJob,
    since: DateTime<Utc>,
    runs: &[RunId],
) -> Result<Vec<PastAlert>> {
    let rows = sqlx::query_as(
        "SELECT raised_at, kind, severity, message FROM alerts WHERE institution_id = $1 AND raised_at >= $3
           AND ((source_id = $2 AND (kind IN ('mass_retirement', 'mass_closing', 'mass_change', 'renumbered', 'recycled', 'removed_from_yaml') OR strpos(message, $4) > 0))
                OR (kind = 'rolled_back' AND run_id = ANY ($5)))
         ORDER BY raised_at, id",
    );
    Ok(rows
        .bind(found.institution_id)
        .bind(&found.source_id)
        .bind(since)
        .bind(&found.original_id)
        .bind(runs)
        .fetch_all(connection)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::JobName;

    #[test]
    fn jobs_are_named_by_uuid_id_source_and_institution() {
        let parts = |text| {
            let JobName {
                institution,
                source,
                id,
                ..
            } = JobName::read(text);
            (institution, source, id)
        };
        assert_eq!(
            parts("nsw-gov/nswgov:601245"),
            (Some("nsw-gov"), Some("nswgov"), "601245")
        );
        assert_eq!(parts("nswgov:a:b/c"), (None, Some("nswgov"), "a:b/c"));
        assert_eq!(parts("601245"), (None, None, "601245"));
        assert!(
            JobName::read("60124-5a").range().is_some()
                && JobName::read("601").range().is_none()
                && JobName::read("x6012").range().is_none()
        );
    }
}
