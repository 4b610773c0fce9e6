//! What is held for an operator. A hold is opened once per subject, keeps its number while it stays
//! open, and ends automatically when its reason disappears.

use super::{Result, storable, storable_json};
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Clock, HoldKind, HoldStatus, NewHold, RunId, SourceKey};

/// A stored hold.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct Hold {
    /// Its number.
    pub id: i64,
    /// The institution.
    pub institution_id: Uuid,
    /// The institution's slug.
    pub institution: String,
    /// job, company, division, retirement, closing, identity, quality.
    #[sqlx(try_from = "String")]
    pub kind: HoldKind,
    /// The source.
    pub source_id: String,
    /// What is held.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// What an operator needs to decide.
    pub details: Option<Json>,
    /// open, released, discarded, ended.
    #[sqlx(try_from = "String")]
    pub status: HoldStatus,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<Utc>>,
    /// Who closed it: an operator, or `run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    /// Why it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Hash of the effect of a decision; for a closed hold, the one that was decided on.
    pub revision: Option<String>,
    /// The subject of a decision, and so its effect; `None` once it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Json>,
}

/// Opens holds; one that is already open stays open and gets the new reason.
///
/// # Errors
/// The database failed.
pub async fn open(
    connection: &mut PgConnection,
    stream: &SourceKey,
    run: RunId,
    at: Clock,
    holds: &[NewHold],
) -> Result<()> {
    if holds.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO holds AS h (institution_id, kind, source_id, subject, reason, details, status, opened_at, opened_run)
         SELECT DISTINCT ON (v.kind, v.subject) $1, v.kind, $2, v.subject, v.reason, v.details::jsonb, 'open', $4, $3
         FROM unnest($5::text[], $6::text[], $7::text[], $8::text[]) AS v (kind, subject, reason, details) ORDER BY v.kind, v.subject
         ON CONFLICT (institution_id, kind, source_id, subject) WHERE status = 'open' DO UPDATE SET reason = EXCLUDED.reason, details = EXCLUDED.details
         WHERE (h.reason, h.details) IS DISTINCT FROM (EXCLUDED.reason, EXCLUDED.details)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(run)
    .bind(at.0)
    .bind(holds.iter().map(|h| h.kind.name()).collect::<Vec<_>>())
    .bind(holds.iter().map(|h| storable(&h.subject)).collect::<Vec<_>>())
    .bind(holds.iter().map(|h| storable(&h.reason)).collect::<Vec<_>>())
    .bind(holds.iter().map(|h| storable_json(&h.details).to_string()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends open holds whose reason has disappeared.
///
/// # Errors
/// The database failed.
pub async fn end(
    connection: &mut PgConnection,
    stream: &SourceKey,
    kind: HoldKind,
    subjects: &[&str],
    at: Clock,
    note: &str,
) -> Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE holds SET status = 'ended', closed_at = $5, closed_by = 'run', note = $6
         WHERE institution_id = $1 AND source_id = $2 AND kind = $3 AND subject = ANY ($4) AND status = 'open'",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(kind.name())
    .bind(subjects)
    .bind(at.0)
    .bind(note)
    .execute(connection)
    .await?;
    Ok(())
}

/// The subject of an open hold, and so the effect of a decision on it, as `content`; its hash is
/// the revision. Types not named here use their details. It must not differ between two databases
/// with the same jobs, or from day to day while a decision would have the same effect.
macro_rules! holds {
    ($which:literal) => {
        concat!(
            "SELECT id, institution_id, institution, kind, source_id, subject, reason, details, status, opened_at, closed_at, closed_by, note,
               content,
               CASE WHEN status = 'open'
                 THEN left(encode(sha256(convert_to(jsonb_build_array(kind, source_id, subject, content)::text, 'UTF8')), 'hex'), 6)
                 ELSE revision END AS revision
             FROM (
               SELECT h.*, i.slug AS institution, CASE
                 WHEN h.status <> 'open' THEN NULL
                 WHEN h.kind = 'job' THEN (
                   SELECT jsonb_strip_nulls(jsonb_build_object('ad', s.external_id, 'fields', w.raw_data, 'company_id', w.company_id,
                     'division_id', w.division_id,
                     'document', CASE WHEN w.id IS NULL THEN encode(COALESCE(s.derived_hash, s.content_hash), 'hex') END,
                     'reasons', (SELECT jsonb_agg(DISTINCT concat_ws(' ', r ->> 'type', r ->> 'field', r ->> 'rule'))
                                 FROM jsonb_array_elements(w.validation_errors) AS r WHERE r ->> 'severity' IS DISTINCT FROM 'warn'),
                     'job', CASE WHEN j.id IS NOT NULL THEN jsonb_build_object('version', j.version, 'status', j.status, 'fields', jsonb_build_object( ", $crate::columns::job_members!("j."), ")) END))
                   FROM ad_states s
                   LEFT JOIN staging_jobs w ON w.institution_id = s.institution_id AND w.external_id = s.source_id || ':' || s.external_id
                   LEFT JOIN jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id
                   WHERE s.institution_id = h.institution_id AND s.source_id = h.source_id AND s.external_id = h.subject)
                 WHEN h.kind IN ('company', 'division') THEN jsonb_build_object('name', h.subject, 'ads', COALESCE((
                   SELECT jsonb_agg(jsonb_build_object('ad', w.original_id, 'title', w.raw_data ->> 'title', 'fields', md5(w.raw_data::text))
                     ORDER BY w.original_id COLLATE \"C\")
                   FROM staging_validation_failures f
                   JOIN staging_jobs w ON w.institution_id = f.institution_id AND w.id = f.staging_job_id
                   WHERE f.institution_id = h.institution_id AND w.source_id = h.source_id AND f.validation_type = 'invalid_relationship'
                     AND f.field_name = h.kind || '_id' AND lower(f.raw_data ->> 'found') = lower(h.subject)), '[]'))
                 WHEN h.kind = 'retirement' THEN jsonb_build_object('jobs', COALESCE((
                   SELECT jsonb_agg(jsonb_build_object('ad', s.external_id, 'title', j.title) ORDER BY s.external_id COLLATE \"C\")
                   FROM ad_states s JOIN jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id AND j.status = 'open'
                   WHERE s.institution_id = h.institution_id AND s.source_id = h.source_id AND s.misses > 0
                     AND s.misses >= COALESCE((h.details ->> 'after')::int, 2)), '[]'))
                 WHEN h.kind = 'closing' THEN jsonb_build_object('jobs', COALESCE((
                   SELECT jsonb_agg(jsonb_build_object('ad', j.original_id, 'title', j.title, 'close_date', j.close_date) ORDER BY j.original_id COLLATE \"C\")
                   FROM jobs j WHERE ", $crate::closing::closed_by_date!("h.institution_id", "h.source_id", "(h.details ->> 'until')::date", ""), "), '[]'))
                 WHEN h.kind = 'quality' THEN jsonb_build_object('content', h.details -> 'content', 'ads', h.details -> 'ads',
                   'unusual', (SELECT jsonb_agg(jsonb_build_object('kind', u -> 'kind', 'subject', u -> 'subject', 'part', u -> 'part', 'whole', u -> 'whole'))
                               FROM jsonb_array_elements(h.details -> 'unusual') AS u))
                 ELSE COALESCE(h.details, '{}') END AS content
               FROM holds h JOIN institutions i ON i.id = h.institution_id WHERE ",
            $which,
            ") AS filled"
        )
    };
    ($which:literal, $end:literal) => {
        concat!(holds!($which), " ", $end)
    };
}
pub(super) use holds;

/// Holds, newest last; only open ones unless `all`; of one institution if a slug is given.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut PgConnection,
    slug: Option<&str>,
    all: bool,
) -> Result<Vec<Hold>> {
    let rows = sqlx::query_as(holds!(
        "($1::text IS NULL OR i.slug = $1) AND ($2 OR h.status = 'open')",
        "ORDER BY id"
    ));
    Ok(rows.bind(slug).bind(all).fetch_all(connection).await?)
}

/// The open holds with these numbers.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut PgConnection, ids: &[i64]) -> Result<Vec<Hold>> {
    Ok(
        sqlx::query_as(holds!("h.id = ANY ($1) AND h.status = 'open'"))
            .bind(ids)
            .fetch_all(connection)
            .await?,
    )
}

/// Closes a hold with the operator's decision: `released` or `discarded`.
///
/// # Errors
/// The database failed.
pub async fn decide(
    connection: &mut PgConnection,
    hold: &Hold,
    status: HoldStatus,
    at: Clock,
    by: &str,
    note: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE holds SET status = $3, closed_at = $4, closed_by = $5, note = $6, revision = $7 WHERE institution_id = $1 AND id = $2 AND status = 'open'",
    )
    .bind(hold.institution_id)
    .bind(hold.id)
    .bind(status.name())
    .bind(at.0)
    .bind(storable(by))
    .bind(storable(note))
    .bind(&hold.revision)
    .execute(connection)
    .await?;
    Ok(())
}

/// Applies an operator's decision on an ad to its state: released or discarded content is
/// remembered by its hash, and the next run derives the ad again. The decision covers the content
/// that the operator has seen; content that arrived since is validated separately.
///
/// # Errors
/// The database failed.
pub async fn mark_ad(connection: &mut PgConnection, hold: &Hold, released: bool) -> Result<()> {
    sqlx::query(
        "UPDATE ad_states SET released_hash = CASE WHEN $4 THEN COALESCE(derived_hash, content_hash) ELSE released_hash END,
           discarded_hash = CASE WHEN $4 THEN discarded_hash ELSE COALESCE(derived_hash, content_hash) END, derived_fingerprint = NULL
         WHERE institution_id = $1 AND source_id = $2 AND external_id = $3",
    )
    .bind(hold.institution_id)
    .bind(&hold.source_id)
    .bind(&hold.subject)
    .bind(released)
    .execute(connection)
    .await?;
    Ok(())
}
