//! Compares jobs with what was written of them, each version with the previous one, and ads with
//! their jobs: finds manual changes made outside the pipeline. Read-only. What one row says of
//! another is one statement; what a row says of itself (its digests, the hash of its document) is
//! streamed, so memory stays flat.

use super::{has_document, newest};
use crate::Result;
use crate::columns::job_columns;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use weir_model::{Hash, document};

/// One thing that should not be.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct AuditFinding {
    /// changed, gap, no_document, no_job, earlier, unsaid, other_ad, ad_without_job, closed_early;
    /// of runs: future, leap; of decisions: future_word; of openings: no_opening, empty_opening,
    /// lost_alias.
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
    /// Its value as it was written, where that is on record, or what of the versions is wrong.
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

/// What should not be, at most `limit`; `now` is the machine's clock. Places differ as sets.
///
/// # Errors
/// The database failed.
pub async fn findings(
    connection: &mut PgConnection,
    slug: Option<&str>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<AuditFinding>> {
    let mut findings = between_rows(connection, slug, limit, now).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    findings.extend(altered(connection, slug, most.saturating_sub(findings.len())).await?);
    findings.sort_by(|one, other| place(one).cmp(&place(other)));
    findings.truncate(most);
    Ok(findings)
}

fn place(finding: &AuditFinding) -> (&str, &str, &str, Option<Uuid>, &str, Option<&str>) {
    let AuditFinding {
        kind,
        institution,
        source_id,
        original_id,
        job_id,
        field,
        ..
    } = finding;
    (
        institution,
        source_id,
        original_id,
        *job_id,
        kind,
        field.as_deref(),
    )
}

/// A job with a value that is not the one that was written.
struct AlteredJob {
    finding: AuditFinding,
    institution_id: Uuid,
    before: i32,
    fields: Vec<&'static str>,
    now: Json,
    changes: Option<Json>,
}

/// The values of jobs, and their documents, that others have written; at most `most` jobs.
async fn altered(
    connection: &mut PgConnection,
    slug: Option<&str>,
    most: usize,
) -> Result<Vec<AuditFinding>> {
    let mut found = Vec::new();
    let mut rows = sqlx::query(concat!(
        "SELECT i.slug, j.institution_id, j.id, j.source_id, j.original_id, j.version, j.changes, j.digests, j.content_hash, j.company_id, j.division_id, ",
        job_columns!("j."),
        ", to_jsonb(j) AS now, d.content::text AS content
         FROM published_jobs j JOIN institutions i ON i.id = j.institution_id
         LEFT JOIN raw_documents d ON ",
        has_document!("j."),
        " WHERE $1::text IS NULL OR i.slug = $1"
    ))
    .bind(slug)
    .fetch(&mut *connection);
    while let Some(row) = rows.try_next().await? {
        let mut fields = match row.try_get::<Option<Vec<u8>>, _>("digests")? {
            Some(digests) => newest::job(&row)?.altered(&digests),
            None => Vec::new(),
        };
        let content: Option<String> = row.try_get("content")?;
        let is_other = |text: String| {
            document::stored_hash(&text) != Hash::from_column(row.try_get("content_hash").ok())
        };
        fields.extend(content.is_some_and(is_other).then_some("raw_json"));
        if fields.is_empty() || found.len() >= most {
            continue;
        }
        let finding = AuditFinding {
            kind: "changed".to_owned(),
            institution: row.try_get("slug")?,
            source_id: row.try_get("source_id")?,
            original_id: row.try_get("original_id")?,
            job_id: Some(row.try_get("id")?),
            field: None,
            in_jobs: None,
            in_history: None,
        };
        let before = row.try_get::<i32, _>("version")? - 1;
        let (now, changes) = (row.try_get("now")?, row.try_get("changes")?);
        found.push(AlteredJob {
            finding,
            institution_id: row.try_get("institution_id")?,
            before,
            fields,
            now,
            changes,
        });
    }
    drop(rows);
    let mut findings = Vec::new();
    for job in found {
        findings.extend(job.findings(connection).await?);
    }
    Ok(findings)
}

impl AlteredJob {
    /// A finding for each field, with the value that was written where a version has it.
    async fn findings(self, connection: &mut PgConnection) -> Result<Vec<AuditFinding>> {
        let before: Option<Json> =
            sqlx::query_scalar("SELECT to_jsonb(v) FROM superseded_versions v WHERE institution_id = $1 AND id = $2 AND version = $3")
                .bind(self.institution_id)
                .bind(self.finding.job_id)
                .bind(self.before)
                .fetch_optional(connection)
                .await?;
        let written = |field: &str| {
            let changed = self
                .changes
                .as_ref()
                .and_then(|changes| changes.get(field)?.get("new"));
            changed.or_else(|| before.as_ref()?.get(field)).cloned()
        };
        let one = |field: &&'static str| AuditFinding {
            field: Some((*field).to_owned()),
            in_jobs: self.now.get(*field).cloned(),
            in_history: written(field),
            ..self.finding.clone()
        };
        Ok(self.fields.iter().map(one).collect())
    }
}

/// What one row says of another.
async fn between_rows(
    connection: &mut PgConnection,
    slug: Option<&str>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<AuditFinding>> {
    let rows = sqlx::query_as(concat!(
        "WITH audited AS (SELECT id FROM institutions WHERE $1::text IS NULL OR slug = $1),
         newest AS (
           SELECT h.institution_id, h.source_id, h.original_id, h.id, h.version FROM published_jobs h WHERE h.institution_id IN (SELECT id FROM audited)),
         orphans AS (
           SELECT DISTINCT ON (h.institution_id, h.id) h.institution_id, h.source_id, h.original_id, h.id, h.version FROM superseded_versions h
           WHERE h.institution_id IN (SELECT id FROM audited)
             AND NOT EXISTS (SELECT 1 FROM published_jobs j WHERE j.institution_id = h.institution_id AND j.id = h.id)
           ORDER BY h.institution_id, h.id, h.version DESC),
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
           SELECT 'no_document' AS kind, j.institution_id, j.source_id, j.original_id, j.id AS job_id, 'raw_json' AS field,
             to_jsonb(encode(j.content_hash, 'hex')) AS in_jobs, NULL::jsonb AS in_history
           FROM published_jobs j WHERE j.institution_id IN (SELECT id FROM audited)
             AND NOT EXISTS (SELECT 1 FROM raw_documents d WHERE ", has_document!("j."), ")
             AND NOT EXISTS (SELECT 1 FROM ad_states a WHERE a.institution_id = j.institution_id AND a.document_id = j.document_id AND a.document_removed_at IS NOT NULL)
           UNION ALL
           SELECT 'no_job', h.institution_id, h.source_id, h.original_id, h.id, NULL, NULL, to_jsonb(h.version) FROM orphans h
           UNION ALL
           SELECT 'gap', n.institution_id, n.source_id, n.original_id, n.id, NULL, NULL, g.missing FROM newest n
           JOIN (SELECT institution_id, id, count(*) AS versions FROM steps GROUP BY institution_id, id) AS c
             ON c.institution_id = n.institution_id AND c.id = n.id
           LEFT JOIN removed_versions r ON r.institution_id = n.institution_id AND r.job_id = n.id
           CROSS JOIN LATERAL (SELECT jsonb_agg(number) AS missing FROM generate_series(1, n.version) AS number
             WHERE (r.job_id IS NULL OR number NOT BETWEEN r.first_version AND r.last_version) AND NOT EXISTS (SELECT 1 FROM jobs_history h WHERE h.institution_id = n.institution_id AND h.id = n.id AND h.version = number)) AS g
           WHERE c.versions <> n.version - COALESCE(r.last_version - r.first_version + 1, 0)
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
             AND NOT EXISTS (SELECT 1 FROM orphans h WHERE h.institution_id = s.institution_id AND h.id = s.job_id)
           UNION ALL
           SELECT 'no_opening', j.institution_id, j.source_id, j.original_id, j.id, NULL, NULL, NULL
           FROM job_signatures s JOIN published_jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id
           WHERE s.institution_id IN (SELECT id FROM audited)
             AND NOT EXISTS (SELECT 1 FROM opening_members m JOIN openings o ON o.institution_id = m.institution_id AND o.id = m.opening_id
               WHERE m.institution_id = s.institution_id AND m.job_id = s.job_id)
           UNION ALL
           SELECT 'empty_opening', o.institution_id, '', o.id::text, NULL, NULL, NULL, NULL FROM openings o
           WHERE o.institution_id IN (SELECT id FROM audited)
             AND NOT EXISTS (SELECT 1 FROM opening_members m WHERE m.institution_id = o.institution_id AND m.opening_id = o.id)
           UNION ALL
           SELECT 'lost_alias', a.institution_id, '', a.id::text, NULL, NULL, to_jsonb(a.opening_id), NULL FROM opening_aliases a
           WHERE a.institution_id IN (SELECT id FROM audited)
             AND NOT EXISTS (SELECT 1 FROM openings o WHERE o.institution_id = a.institution_id AND o.id = a.opening_id))
         SELECT f.kind, i.slug AS institution, f.source_id, f.original_id, f.job_id, f.field, f.in_jobs, f.in_history
         FROM found f JOIN institutions i ON i.id = f.institution_id ORDER BY i.slug, f.source_id, f.original_id, f.job_id, f.kind, f.field LIMIT $2",
    ));
    Ok(rows
        .bind(slug)
        .bind(limit)
        .bind(now)
        .fetch_all(connection)
        .await?)
}
