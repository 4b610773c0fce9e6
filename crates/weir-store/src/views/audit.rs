//! Compares jobs with what was written of them, each version with the previous one, and ads with
//! their jobs: finds manual changes made outside the pipeline. Read-only. What one row says of
//! another is one statement; what a row says of itself (its digests, the hash of its document) is
//! streamed, so memory stays flat.

use super::{audit_rows, has_document, newest};
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
    let institution = match slug {
        None => None,
        Some(slug) => match crate::runs::institution(connection, slug).await? {
            None => return Ok(Vec::new()),
            known => known,
        },
    };
    let mut findings = Vec::new();
    for sql in audit_rows::ALL {
        let found: Vec<AuditFinding> = sqlx::query_as(sql)
            .bind(institution)
            .bind(now)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
        findings.extend(found);
    }
    Ok(findings)
}
