//! Removes what a project no longer keeps, a batch at a time, and keeps on record that it did.
//!
//! What is measured and what is removed is one selection, so that a dry run tells the truth.
//! Nothing here decides what is old: the policy and the clock are given. To add a kind, see
//! [`weir_model::retention`].

use super::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{RemovalKind, RetentionPolicy};

/// Runs of each institution that are never removed.
const KEPT_RUNS: i64 = 100;

/// Ads that are gone, and whose job was archived before `$2`; what waits for a person keeps its
/// document.
macro_rules! old_documents {
    () => {
        "SELECT s.source_id, s.external_id, s.document_id FROM ad_states s
         JOIN published_jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id
         WHERE s.institution_id = $1 AND s.retired AND s.document_removed_at IS NULL AND j.status = 'archived' AND j.archived_at < $2
           AND NOT EXISTS (SELECT 1 FROM staging_jobs w WHERE w.institution_id = $1 AND w.document_id = s.document_id)
           AND NOT EXISTS (SELECT 1 FROM staging_failed_documents f WHERE f.institution_id = $1 AND f.document_id = s.document_id)
         ORDER BY s.document_id LIMIT $4"
    };
}

/// Versions from before `$2` but the first and the `$3` newest: of each job a range behind the
/// first.
macro_rules! old_versions {
    () => {
        "SELECT v.id, v.version FROM superseded_versions v
         JOIN published_jobs j ON j.institution_id = v.institution_id AND j.id = v.id
         WHERE v.institution_id = $1 AND v.version > 1 AND v.version <= j.version - $3 AND v.created_at < $2
           AND NOT EXISTS (SELECT 1 FROM superseded_versions w
             WHERE w.institution_id = $1 AND w.id = v.id AND w.version > 1 AND w.version < v.version AND w.created_at >= $2)
         ORDER BY v.id, v.version LIMIT $4"
    };
}

/// Runs whose clock is before `$2` but the `$3` newest, and but the newest read of each source and
/// those since when an ad is missing.
macro_rules! old_runs {
    () => {
        "SELECT r.id FROM runs r
         WHERE r.institution_id = $1 AND r.at < $2 AND r.status <> 'running'
           AND r.id <= (SELECT n.id FROM runs n WHERE n.institution_id = $1 ORDER BY n.id DESC OFFSET $3 LIMIT 1)
           AND NOT EXISTS (SELECT 1 FROM source_reads x WHERE x.institution_id = $1 AND x.run_id = r.id
             AND (x.id = (SELECT max(y.id) FROM source_reads y WHERE y.institution_id = $1 AND y.source_id = x.source_id AND y.seen IS NOT NULL)
               OR EXISTS (SELECT 1 FROM ad_states a WHERE a.institution_id = $1 AND a.source_id = x.source_id AND a.misses > 0 AND a.last_read = x.id)))
         ORDER BY r.id LIMIT $4"
    };
}

/// Alerts that were raised before `$2`.
macro_rules! old_alerts {
    () => {
        "SELECT a.id FROM alerts a WHERE a.institution_id = $1 AND a.raised_at < $2 AND $3::bigint >= 0 ORDER BY a.id LIMIT $4"
    };
}

/// How much of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub struct RemovalExtent {
    /// Rows.
    pub row_count: i64,
    /// Bytes that they hold, compressed as they are; of runs without their parts.
    pub bytes: i64,
}

/// What of one kind is removed from an institution.
#[derive(Debug, Clone, Copy)]
pub struct RemovalOrder {
    /// The institution.
    pub institution: Uuid,
    /// What.
    pub kind: RemovalKind,
    /// What is older than this goes.
    pub older_than: DateTime<Utc>,
    /// How many of the newest stay, of kinds that have such a number.
    pub keep: i64,
}

impl RemovalOrder {
    /// The orders of a policy for an institution at an instant.
    pub fn all(
        policy: &RetentionPolicy,
        institution: Uuid,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = RemovalOrder> {
        let versions = policy.versions.map_or(0, |one| i64::from(one.keep));
        policy.ages().filter_map(move |(kind, age)| {
            Some(RemovalOrder {
                institution,
                kind,
                older_than: now.checked_sub_signed(age.0)?,
                keep: match kind {
                    RemovalKind::Versions => versions,
                    RemovalKind::Runs => KEPT_RUNS,
                    RemovalKind::Documents | RemovalKind::Alerts => 0,
                },
            })
        })
    }

    /// How much it would remove.
    ///
    /// # Errors
    /// The database failed.
    pub async fn extent(&self, connection: &mut PgConnection) -> Result<RemovalExtent> {
        let sql = match self.kind {
            RemovalKind::Documents => concat!(
                "WITH gone AS (", old_documents!(), ")
                 SELECT (SELECT count(*) FROM gone WHERE $3::bigint >= 0) AS row_count, COALESCE(sum(pg_column_size(d.content)), 0)::bigint AS bytes
                 FROM gone g JOIN raw_documents d ON d.institution_id = $1 AND d.document_id = g.document_id"
            ),
            RemovalKind::Versions => concat!(
                "WITH gone AS (", old_versions!(), ")
                 SELECT count(*) AS row_count, COALESCE(sum(pg_column_size(v.*)), 0)::bigint AS bytes
                 FROM gone g JOIN superseded_versions v ON v.institution_id = $1 AND v.id = g.id AND v.version = g.version"
            ),
            RemovalKind::Runs => concat!(
                "WITH gone AS (", old_runs!(), ")
                 SELECT count(*) AS row_count, COALESCE(sum(pg_column_size(r.*)), 0)::bigint AS bytes
                 FROM gone g JOIN runs r ON r.institution_id = $1 AND r.id = g.id"
            ),
            RemovalKind::Alerts => concat!(
                "WITH gone AS (", old_alerts!(), ")
                 SELECT count(*) AS row_count, COALESCE(sum(pg_column_size(a.*)), 0)::bigint AS bytes
                 FROM gone g JOIN alerts a ON a.institution_id = $1 AND a.id = g.id"
            ),
        };
        Ok(sqlx::query_as(sql)
            .bind(self.institution)
            .bind(self.older_than)
            .bind(self.keep)
            .bind(None::<i64>)
            .fetch_one(connection)
            .await?)
    }

    /// Removes a batch; gives what it was. Nothing is left once it gives no row.
    ///
    /// # Errors
    /// The database failed.
    pub async fn remove(
        &self,
        connection: &mut PgConnection,
        most: i64,
        now: DateTime<Utc>,
    ) -> Result<RemovalExtent> {
        let sql = match self.kind {
            RemovalKind::Documents => REMOVE_DOCUMENTS,
            RemovalKind::Versions => REMOVE_VERSIONS,
            RemovalKind::Runs => REMOVE_RUNS,
            RemovalKind::Alerts => REMOVE_ALERTS,
        };
        Ok(sqlx::query_as(sql)
            .bind(self.institution)
            .bind(self.older_than)
            .bind(self.keep)
            .bind(most)
            .bind(now)
            .fetch_one(connection)
            .await?)
    }

    /// Keeps on record what was removed, and by whom.
    ///
    /// # Errors
    /// The database failed.
    pub async fn record(
        &self,
        connection: &mut PgConnection,
        removed: RemovalExtent,
        now: DateTime<Utc>,
        by: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO removals (institution_id, kind, older_than, row_count, bytes, removed_at, removed_by) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(sql)
            .bind(self.institution)
            .bind(self.kind.name())
            .bind(self.older_than)
            .bind(removed.row_count)
            .bind(removed.bytes)
            .bind(now)
            .bind(super::storable(by).as_ref())
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// The hashes become zeros: an ad that comes back is then stored and derived like one with new
/// content.
const REMOVE_DOCUMENTS: &str = concat!(
    "WITH gone AS (", old_documents!(), "),
     sized AS MATERIALIZED (
       SELECT COALESCE(sum(pg_column_size(d.content)), 0)::bigint AS bytes
       FROM gone g JOIN raw_documents d ON d.institution_id = $1 AND d.document_id = g.document_id),
     freed AS (DELETE FROM raw_documents d USING gone g WHERE d.institution_id = $1 AND d.document_id = g.document_id),
     marked AS (
       UPDATE ad_states s SET document_removed_at = $5, content_hash = decode(repeat('00', 16), 'hex'), received_hash = decode(repeat('00', 16), 'hex'), derived_hash = decode(repeat('00', 16), 'hex')
       FROM gone g WHERE s.institution_id = $1 AND s.source_id = g.source_id AND s.external_id = g.external_id AND $3::bigint >= 0
       RETURNING 1)
     SELECT (SELECT count(*) FROM marked) AS row_count, (SELECT bytes FROM sized) AS bytes"
);

const REMOVE_VERSIONS: &str = concat!(
    "WITH gone AS (", old_versions!(), "),
     leaving AS MATERIALIZED (
       SELECT v.id, v.version, v.created_at, v.document_id, v.content_hash, pg_column_size(v.*)::bigint AS bytes
       FROM gone g JOIN superseded_versions v ON v.institution_id = $1 AND v.id = g.id AND v.version = g.version),
     loose AS MATERIALIZED (
       SELECT d.document_id, d.content_hash, pg_column_size(d.content)::bigint AS bytes
       FROM (SELECT DISTINCT document_id, content_hash FROM leaving) g
       JOIN raw_documents d ON d.institution_id = $1 AND d.document_id = g.document_id AND d.content_hash = g.content_hash
       WHERE NOT EXISTS (SELECT 1 FROM ad_states s WHERE s.institution_id = $1 AND s.document_id = d.document_id AND s.content_hash = d.content_hash)
         AND NOT EXISTS (SELECT 1 FROM published_jobs j WHERE j.institution_id = $1 AND j.document_id = d.document_id AND j.content_hash = d.content_hash)
         AND NOT EXISTS (SELECT 1 FROM superseded_versions v WHERE v.institution_id = $1 AND v.document_id = d.document_id AND v.content_hash = d.content_hash
           AND NOT EXISTS (SELECT 1 FROM leaving x WHERE x.id = v.id AND x.version = v.version))),
     deleted AS (
       DELETE FROM superseded_versions v USING leaving l WHERE v.institution_id = $1 AND v.id = l.id AND v.version = l.version RETURNING 1),
     noted AS (
       INSERT INTO removed_versions AS r (institution_id, job_id, first_version, last_version, first_created_at, removed_at)
       SELECT $1, id, min(version), max(version), min(created_at), $5 FROM leaving GROUP BY id
       ON CONFLICT (institution_id, job_id) DO UPDATE SET last_version = GREATEST(r.last_version, EXCLUDED.last_version),
         first_created_at = LEAST(r.first_created_at, EXCLUDED.first_created_at), removed_at = EXCLUDED.removed_at),
     freed AS (
       DELETE FROM raw_documents d USING loose l WHERE d.institution_id = $1 AND d.document_id = l.document_id AND d.content_hash = l.content_hash)
     SELECT (SELECT count(*) FROM deleted) AS row_count,
       ((SELECT COALESCE(sum(bytes), 0) FROM leaving) + (SELECT COALESCE(sum(bytes), 0) FROM loose))::bigint AS bytes"
);

const REMOVE_RUNS: &str = concat!(
    "WITH gone AS (", old_runs!(), "),
     sized AS MATERIALIZED (
       SELECT COALESCE(sum(pg_column_size(r.*)), 0)::bigint AS bytes FROM gone g JOIN runs r ON r.institution_id = $1 AND r.id = g.id),
     deleted AS (
       DELETE FROM runs r USING gone g WHERE r.institution_id = $1 AND r.id = g.id AND $5::timestamptz IS NOT NULL RETURNING 1)
     SELECT (SELECT count(*) FROM deleted) AS row_count, (SELECT bytes FROM sized) AS bytes"
);

const REMOVE_ALERTS: &str = concat!(
    "WITH gone AS (", old_alerts!(), "),
     sized AS MATERIALIZED (
       SELECT COALESCE(sum(pg_column_size(a.*)), 0)::bigint AS bytes FROM gone g JOIN alerts a ON a.institution_id = $1 AND a.id = g.id),
     deleted AS (
       DELETE FROM alerts a USING gone g WHERE a.institution_id = $1 AND a.id = g.id AND $5::timestamptz IS NOT NULL RETURNING 1)
     SELECT (SELECT count(*) FROM deleted) AS row_count, (SELECT bytes FROM sized) AS bytes"
);

/// What retention has removed of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub struct RemovedParts {
    /// When the documents of its ad were removed.
    pub documents_at: Option<DateTime<Utc>>,
    /// The first version that was removed.
    pub first_version: Option<i32>,
    /// The last one.
    pub last_version: Option<i32>,
    /// When the first of them was written.
    pub first_created_at: Option<DateTime<Utc>>,
    /// When the last of them was removed.
    pub versions_at: Option<DateTime<Utc>>,
}

/// What was removed of a job, if anything was.
///
/// # Errors
/// The database failed.
pub async fn of_job(
    connection: &mut PgConnection,
    institution: Uuid,
    job: Uuid,
) -> Result<Option<RemovedParts>> {
    let sql = "SELECT s.document_removed_at AS documents_at, r.first_version, r.last_version, r.first_created_at, r.removed_at AS versions_at
         FROM (SELECT 1) AS one
         LEFT JOIN removed_versions r ON r.institution_id = $1 AND r.job_id = $2
         LEFT JOIN (SELECT max(a.document_removed_at) AS document_removed_at FROM published_jobs j
           JOIN ad_states a ON a.institution_id = j.institution_id AND a.source_id = j.source_id AND a.external_id = j.original_id AND a.job_id = j.id
           WHERE j.institution_id = $1 AND j.id = $2) AS s ON TRUE
         WHERE s.document_removed_at IS NOT NULL OR r.removed_at IS NOT NULL";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(job)
        .fetch_optional(connection)
        .await?)
}

/// Jobs of institutions (all if none is named) whose version at an instant was removed.
///
/// # Errors
/// The database failed.
pub async fn removed_at(
    connection: &mut PgConnection,
    slugs: &[String],
    instant: DateTime<Utc>,
) -> Result<i64> {
    let sql = "SELECT count(*) FROM removed_versions r JOIN institutions i ON i.id = r.institution_id
         WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND r.first_created_at <= $2
           AND NOT EXISTS (SELECT 1 FROM jobs_history h WHERE h.institution_id = r.institution_id AND h.id = r.job_id AND h.version > r.last_version AND h.created_at <= $2)";
    Ok(sqlx::query_scalar(sql)
        .bind(slugs)
        .bind(instant)
        .fetch_one(connection)
        .await?)
}

/// When runs were last removed, if ever.
///
/// # Errors
/// The database failed.
pub async fn runs_removed(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
    let sql = "SELECT max(removed_at) FROM removals WHERE kind = 'runs'";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}
