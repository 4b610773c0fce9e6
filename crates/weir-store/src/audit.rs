//! Compares jobs with their history, each version with the previous one, and ads with their jobs:
//! finds manual changes made outside the pipeline. Set-based and read-only.

use super::Result;
use super::columns::compared_columns;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

/// One thing that should not be.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct AuditFinding {
    /// changed, gap, no_history, no_job, earlier, unsaid, other_ad, ad_without_job, closed_early; of runs: future, leap; of decisions: future_word.
    pub kind: String,
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// The source's id of the ad.
    pub original_id: String,
    /// The job; none of a published ad that names none.
    pub job_id: Option<Uuid>,
    /// The field that differs.
    pub field: Option<String>,
    /// Its value in `jobs`, or in the ad's state.
    pub in_jobs: Option<Json>,
    /// Its value in the newest version, or what of the versions is wrong.
    pub in_history: Option<Json>,
}

/// What was compared.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct AuditExtent {
    /// Jobs.
    pub jobs: i64,
    /// Their versions.
    pub versions: i64,
}

/// How much there is to compare, for one institution or all.
///
/// # Errors
/// The database failed.
pub async fn extent(connection: &mut PgConnection, slug: Option<&str>) -> Result<AuditExtent> {
    let row = sqlx::query_as(
        "SELECT (SELECT count(*) FROM jobs j JOIN institutions i ON i.id = j.institution_id WHERE $1::text IS NULL OR i.slug = $1) AS jobs,
           (SELECT count(*) FROM jobs_history h JOIN institutions i ON i.id = h.institution_id WHERE $1::text IS NULL OR i.slug = $1) AS versions",
    );
    Ok(row.bind(slug).fetch_one(connection).await?)
}

/// What should not be, at most `limit`; `now` is the machine's clock. `source_url` and `recruiter` refresh without a version and so may differ; places differ as sets.
///
/// # Errors
/// The database failed.
pub async fn findings(connection: &mut PgConnection, slug: Option<&str>, limit: i64, now: DateTime<Utc>) -> Result<Vec<AuditFinding>> {
    let rows = sqlx::query_as(
        concat!("WITH audited AS (SELECT id FROM institutions WHERE $1::text IS NULL OR slug = $1),
         newest AS (
           SELECT DISTINCT ON (h.institution_id, h.id) h.* FROM jobs_history h
           WHERE h.institution_id IN (SELECT id FROM audited) ORDER BY h.institution_id, h.id, h.version DESC),
         steps AS (
           SELECT h.institution_id, h.source_id, h.original_id, h.id, h.version, h.change_type, h.created_at, h.status, h.run_id,
             CASE WHEN lag(h.version) OVER own = h.version - 1 THEN lag(h.status) OVER own END AS old_status
           FROM jobs_history h WHERE h.institution_id IN (SELECT id FROM audited) WINDOW own AS (PARTITION BY h.institution_id, h.id ORDER BY h.version)),
         -- A clock that was taken back may be later than what came after it.
         dated AS (
           SELECT h.institution_id, h.source_id, h.original_id, h.id, h.version, h.created_at, lag(h.created_at) OVER own AS old_created_at
           FROM jobs_history h LEFT JOIN runs r ON r.institution_id = h.institution_id AND r.id = h.run_id
           WHERE h.institution_id IN (SELECT id FROM audited) AND h.takes_back IS NULL AND r.clock_taken_back_at IS NULL
           WINDOW own AS (PARTITION BY h.institution_id, h.id ORDER BY h.version)),
         clocks AS (
           SELECT r.institution_id, r.id, r.at, r.started_at, lag(r.at) OVER own AS before, r.at > LEAST(r.started_at, $3) + INTERVAL '1 day' AS is_ahead
           FROM runs r WHERE r.institution_id IN (SELECT id FROM audited) AND r.clock_taken_back_at IS NULL WINDOW own AS (PARTITION BY r.institution_id ORDER BY r.id)),
         found AS (
           SELECT 'changed' AS kind, j.institution_id, j.source_id, j.original_id, j.id AS job_id, v.field, v.in_jobs, v.in_history
           FROM jobs j JOIN newest h ON h.institution_id = j.institution_id AND h.id = j.id
           CROSS JOIN LATERAL (VALUES
             (0, 'version', to_jsonb(j.version), to_jsonb(h.version)), (0, 'original_id', to_jsonb(j.original_id), to_jsonb(h.original_id)),
             (0, 'source_id', to_jsonb(j.source_id), to_jsonb(h.source_id)), ", compared_columns!("j.", "h."), ",
             (0, 'raw_json', j.raw_json, h.raw_json), (0, 'content_hash', to_jsonb(encode(j.content_hash, 'hex')), to_jsonb(encode(h.content_hash, 'hex'))),
             (0, 'status', to_jsonb(j.status), to_jsonb(h.status)), (0, 'archived_at', to_jsonb(j.archived_at), to_jsonb(h.archived_at)),
             (0, 'archived_as', to_jsonb(j.archived_as), to_jsonb(h.archived_as)), (0, 'archived_for', to_jsonb(j.archived_for), to_jsonb(h.archived_for)),
             (0, 'reopened_at', to_jsonb(j.reopened_at), to_jsonb(h.reopened_at)), (0, 'last_updated_at', to_jsonb(j.last_updated_at), to_jsonb(h.created_at)))
             AS v (place, field, in_jobs, in_history)
           WHERE v.field NOT IN ('source_url', 'recruiter') AND v.in_jobs IS DISTINCT FROM v.in_history
           UNION ALL
           SELECT 'no_history', j.institution_id, j.source_id, j.original_id, j.id, NULL, to_jsonb(j.version), NULL FROM jobs j
           WHERE j.institution_id IN (SELECT id FROM audited)
             AND NOT EXISTS (SELECT 1 FROM newest h WHERE h.institution_id = j.institution_id AND h.id = j.id)
           UNION ALL
           SELECT 'no_job', h.institution_id, h.source_id, h.original_id, h.id, NULL, NULL, to_jsonb(h.version) FROM newest h
           WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.institution_id = h.institution_id AND j.id = h.id)
           UNION ALL
           SELECT 'gap', n.institution_id, n.source_id, n.original_id, n.id, NULL, NULL, g.missing FROM newest n
           JOIN (SELECT institution_id, id, count(*) AS versions FROM steps GROUP BY institution_id, id) AS c
             ON c.institution_id = n.institution_id AND c.id = n.id AND c.versions <> n.version
           CROSS JOIN LATERAL (SELECT jsonb_agg(number) AS missing FROM generate_series(1, n.version) AS number
             WHERE NOT EXISTS (SELECT 1 FROM jobs_history h WHERE h.institution_id = n.institution_id AND h.id = n.id AND h.version = number)) AS g
           UNION ALL
           SELECT 'earlier', institution_id, source_id, original_id, id, 'created_at', NULL, to_jsonb(version) FROM dated WHERE created_at < old_created_at
           UNION ALL
           SELECT 'unsaid', institution_id, source_id, original_id, id, 'status', NULL, jsonb_build_object('version', version, 'change', change_type, 'status', status)
           FROM steps WHERE status <> CASE change_type WHEN 'archive' THEN 'archived' WHEN 'update' THEN old_status ELSE 'open' END
           UNION ALL
           SELECT 'future', institution_id, '', id::text, NULL, 'at', to_jsonb(at), to_jsonb(started_at) FROM clocks WHERE is_ahead
           UNION ALL
           SELECT 'leap', institution_id, '', id::text, NULL, 'at', to_jsonb(at), to_jsonb(before) FROM clocks
           WHERE NOT is_ahead AND at > before + INTERVAL '400 days' AND started_at > at + INTERVAL '1 day'
           UNION ALL
           SELECT 'future_word', institution_id, source_id, original_id, id, 'created_at', NULL, to_jsonb(version) FROM steps
           WHERE run_id IS NULL AND created_at > $3 + INTERVAL '1 day'
           UNION ALL
           SELECT 'closed_early', j.institution_id, j.source_id, j.original_id, j.id, 'archived_for', to_jsonb(j.archived_for), NULL FROM jobs j
           WHERE j.institution_id IN (SELECT id FROM audited) AND j.status = 'archived' AND j.archived_as = 'closed'
             AND j.archived_for > ($3 AT TIME ZONE 'UTC')::date + 1
           UNION ALL
           SELECT 'other_ad', s.institution_id, j.source_id, j.original_id, j.id, NULL, to_jsonb(s.source_id || ':' || s.external_id), NULL
           FROM ad_states s JOIN jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id
           WHERE s.institution_id IN (SELECT id FROM audited) AND (s.source_id, s.external_id) <> (j.source_id, j.original_id)
           UNION ALL
           SELECT 'ad_without_job', s.institution_id, s.source_id, s.external_id, s.job_id, NULL, to_jsonb(s.outcome), NULL
           FROM ad_states s LEFT JOIN jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id
           WHERE s.institution_id IN (SELECT id FROM audited) AND j.id IS NULL AND (s.job_id IS NOT NULL OR s.outcome = 'published')
             AND NOT EXISTS (SELECT 1 FROM newest h WHERE h.institution_id = s.institution_id AND h.id = s.job_id))
         SELECT f.kind, i.slug AS institution, f.source_id, f.original_id, f.job_id, f.field, f.in_jobs, f.in_history
         FROM found f JOIN institutions i ON i.id = f.institution_id ORDER BY i.slug, f.source_id, f.original_id, f.job_id, f.kind, f.field LIMIT $2"),
    );
    Ok(rows.bind(slug).bind(limit).bind(now).fetch_all(connection).await?)
}
