//! Undoes what one run did to jobs (docs/decisions/0014-rollback.md): new versions restore the
//! previous state, nothing is deleted, and the ads are held with the reason on record. Everything
//! is one transaction, which a dry run rolls back; doubtful jobs are left as they are and listed.

use super::columns::{
    compared_columns, job_columns, job_members, newer_version, stamp_columns, supersede,
};
use super::{Result, classes, jobs};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Clock, Fingerprint, RolledBack, RunId};

/// A run that may be rolled back.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RolledBackRun {
    /// The institution.
    pub institution_id: Uuid,
    /// Its slug.
    pub slug: String,
    /// The run.
    pub id: RunId,
    /// Its clock.
    pub at: DateTime<Utc>,
}

/// The run of a number.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut PgConnection, run: RunId) -> Result<Option<RolledBackRun>> {
    let row = sqlx::query_as(
        "SELECT r.institution_id, i.slug, r.id, r.at FROM runs r JOIN institutions i ON i.id = r.institution_id WHERE r.id = $1 LIMIT 1",
    );
    Ok(row.bind(run).fetch_optional(connection).await?)
}

/// Who rolls a run back, when and why.
#[derive(Debug, Clone)]
pub struct RollbackOrder {
    /// The instant.
    pub at: Clock,
    /// The operator.
    pub by: String,
    /// The operator's reason.
    pub reason: Option<String>,
    /// The machine's clock.
    pub now: DateTime<Utc>,
    /// The jobs that are meant; all that the run touched if empty.
    pub jobs: Vec<Uuid>,
}

impl RollbackOrder {
    /// The present, if a run is dated after it: its clock was wrong, and what it published is
    /// published again at the right time.
    pub fn before_wrong_clock(&self, run: &RolledBackRun) -> Option<DateTime<Utc>> {
        (run.at > self.at.0 || Clock(run.at).is_ahead_of(self.now)).then(|| self.at.0.min(self.now))
    }

    /// The reason, appended to other text.
    fn suffix(&self) -> String {
        self.reason
            .as_ref()
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default()
    }

    /// What is said of the ads that wait.
    fn why(&self, run: &RolledBackRun) -> String {
        format!(
            "run {} was rolled back by {}{}; the ad is held until its content or the YAML changes",
            run.id,
            self.by,
            self.suffix()
        )
    }
}

/// What becomes of one job that the run touched.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct TakenBackJob {
    /// The source.
    pub source_id: String,
    /// The id that the source gives the ad.
    pub original_id: String,
    /// The job.
    pub job_id: Uuid,
    /// Its title now.
    pub title: String,
    /// What the run had done: create, update, archive, reopen.
    pub did: Vec<String>,
    /// The version that is brought back; 0 if there was no job before the run. Nothing if it is
    /// left alone.
    pub restores: Option<i32>,
    /// The new version.
    pub version: Option<i32>,
    /// What the new version is: update, archive, reopen.
    pub change_type: Option<String>,
    /// Which fields it brings back.
    pub changed_fields: Vec<String>,
    /// Whether the ad waits for other content or YAML.
    pub held: bool,
    /// Why it is left alone, if it is.
    pub left_alone: Option<String>,
    /// Whether the run is taken back there already.
    pub already: bool,
}

/// What is taken back, for the statements that follow. A temporary table: it goes with the
/// transaction.
const TABLE: &str = "CREATE TEMPORARY TABLE taken_back (
    job_id UUID PRIMARY KEY, source_id TEXT, original_id TEXT, title TEXT, did TEXT[], last INTEGER, target INTEGER, restores INTEGER, newest INTEGER,
    only_status BOOLEAN, held BOOLEAN, status TEXT, change_type TEXT, changed_fields TEXT[], changes JSONB, fingerprint BYTEA, left_alone TEXT, already BOOLEAN,
    change_id BIGINT DEFAULT nextval('change_ids')
  ) ON COMMIT DROP";

/// `$1` institution, `$2` run, `$3` its clock, `$4` whether that was wrong: then nothing waits;
/// `$5` the jobs that are meant, all if empty. A job is taken back if its newest version, later
/// ones that were taken back themselves left out, is of the run.
const FIND: &str = concat!(
    "WITH looked_up (job_id, source_id, original_id, title, did, last, target, restores, newest, only_status, held, status, change_type, changed_fields,
     changes, fingerprint, left_alone, already) AS (
   WITH touched AS (
     SELECT h.id, min(h.version) AS first, max(h.version) AS last, count(*) AS versions, array_agg(h.change_type ORDER BY h.version) AS did,
       bool_or(h.change_type = 'archive' AND h.archived_as = 'recycled') AS lost_id, bool_or('original_id' = ANY (h.changed_fields)) AS moved,
       bool_and(h.change_type = 'archive') AS only_status, bool_and(h.change_type = 'archive' AND h.archived_as = 'missing') AS only_missed
     FROM jobs_history h WHERE h.institution_id = $1 AND h.created_at = $3 AND h.run_id = $2 AND h.takes_back IS NULL
       AND (cardinality($5::uuid[]) = 0 OR h.id = ANY ($5)) GROUP BY h.id),
   found AS (
     SELECT t.*, b.version IS NOT NULL AS was_there, CASE WHEN b.restores > 0 THEN b.restores ELSE b.version END AS target, COALESCE(b.restores, b.version, 0) AS restores,
       n.version AS newest, n.run_id AS newest_run, n.created_by AS newest_by, n.takes_back AS newest_takes_back,
       t.versions = t.last - t.first + 1 AND COALESCE(n.restores, n.version) = t.last AS is_newest,
       b.version IS NULL AND j.generation > 0 AS is_on_used_id,
       -- What the run found is not there any more: of versions, or of the document that an open job is derived from.
       EXISTS (SELECT 1 FROM removed_versions x WHERE x.institution_id = $1 AND x.job_id = t.id
         AND (CASE WHEN b.restores > 0 THEN b.restores ELSE t.first - 1 END) BETWEEN x.first_version AND x.last_version)
       OR EXISTS (SELECT 1 FROM ad_states a WHERE a.institution_id = $1 AND a.source_id = j.source_id AND a.external_id = j.original_id AND a.document_removed_at IS NOT NULL) AS is_removed,
       EXISTS (SELECT 1 FROM jobs_history x WHERE x.institution_id = $1 AND x.id = t.id AND x.version > t.last AND x.takes_back = $2) AS already
     FROM touched t JOIN jobs j ON j.institution_id = $1 AND j.id = t.id
     JOIN jobs_history n ON n.institution_id = $1 AND n.id = t.id AND n.version = j.version
     LEFT JOIN jobs_history b ON b.institution_id = $1 AND b.id = t.id AND b.version = t.first - 1)
   SELECT j.id, j.source_id, j.original_id, j.title, f.did, f.last, f.target, f.restores, f.newest, f.only_status, NOT (f.only_missed OR $4), s.status,
     CASE WHEN NOT f.was_there OR (j.status = 'open' AND s.status = 'archived') THEN 'archive' WHEN j.status = s.status THEN 'update' ELSE 'reopen' END,
     c.fields, c.changes, (SELECT h.fingerprint FROM jobs_history h WHERE h.institution_id = $1 AND h.id = j.id AND h.version <= f.last AND h.fingerprint IS NOT NULL
                           ORDER BY h.version DESC LIMIT 1),
     CASE WHEN f.already AND NOT f.is_newest THEN 'taken back already'
          WHEN f.is_removed THEN 'retention has removed what it was before this run'
          WHEN f.lost_id THEN 'this run gave its id to another job: the guards of `identity:` decide that'
          WHEN f.moved THEN 'this run gave it another id: the guards of `identity:` decide that'
          WHEN NOT f.is_newest THEN 'changed again since: version ' || f.newest || COALESCE(' by run ' || f.newest_run, ' took back run ' || f.newest_takes_back, ' by ' || f.newest_by)
          WHEN f.is_on_used_id THEN 'its id had stood for another job before: the guards of `identity:` decide that' END,
     f.already AND NOT f.is_newest
   FROM found f JOIN jobs j ON j.institution_id = $1 AND j.id = f.id
   JOIN jobs_history x ON x.institution_id = $1 AND x.id = f.id AND x.version = CASE WHEN f.is_removed THEN f.newest ELSE COALESCE(f.target, f.newest) END
   CROSS JOIN LATERAL (SELECT CASE WHEN f.was_there THEN x.status ELSE 'archived' END AS status, CASE WHEN f.was_there THEN x.archived_as ELSE 'rolled_back' END AS archived_as) AS s
   CROSS JOIN LATERAL (
     SELECT COALESCE(array_agg(v.field ORDER BY v.place), '{}') AS fields, COALESCE(jsonb_object_agg(v.field, jsonb_build_object('old', v.old, 'new', v.new)), '{}') AS changes
     FROM (VALUES (1, 'status', to_jsonb(j.status), to_jsonb(s.status)),
                  (2, 'archived_as', CASE WHEN j.status = s.status THEN to_jsonb(j.archived_as) END, CASE WHEN j.status = s.status THEN to_jsonb(s.archived_as) END),
                  ", compared_columns!("j.", "x."), ") AS v (place, field, old, new)
     WHERE v.old IS DISTINCT FROM v.new AND (v.place <= 2 OR (f.was_there AND NOT f.only_status))) AS c)
   INSERT INTO taken_back SELECT * FROM looked_up"
);

/// `$1` institution, `$2` run, `$3` instant, `$4` who, `$5` the reason as it follows other words. A
/// run that only archived a job leaves the fields alone that refresh without a version.
const WRITE: &str = concat!(
    "WITH ",
    supersede!("j.institution_id = $1 AND j.id IN (SELECT job_id FROM taken_back WHERE left_alone IS NULL)"),
    " UPDATE published_jobs j SET company_id = x.company_id, division_id = x.division_id, title = x.title, description = x.description, open_date = x.open_date,
       close_date = x.close_date, department = x.department, department_id = x.department_id, job_type = x.job_type, remuneration = x.remuneration,
       source_url = CASE WHEN r.only_status OR r.target IS NULL THEN j.source_url ELSE x.source_url END,
       recruiter = CASE WHEN r.only_status OR r.target IS NULL THEN j.recruiter ELSE x.recruiter END,
       locations = CASE WHEN r.only_status OR r.target IS NULL THEN j.locations ELSE x.locations END,
       roles = CASE WHEN r.only_status OR r.target IS NULL THEN j.roles ELSE x.roles END,
       capabilities = CASE WHEN r.only_status OR r.target IS NULL THEN j.capabilities ELSE x.capabilities END,
       digests = CASE WHEN r.only_status OR r.target IS NULL THEN j.digests ELSE x.digests END,
       extra = x.extra, document_id = x.document_id, content_hash = x.content_hash, status = r.status,
       archived_at = CASE WHEN r.target IS NULL THEN $3 ELSE x.archived_at END, archived_as = CASE WHEN r.target IS NULL THEN 'rolled_back' ELSE x.archived_as END,
       archived_for = CASE WHEN r.target IS NOT NULL THEN x.archived_for END, reopened_at = CASE WHEN r.target IS NOT NULL THEN x.reopened_at END,
       held_since = CASE WHEN r.held THEN $3 END, created_at = $3, changed_fields = r.changed_fields, changes = r.changes, change_type = r.change_type,
       change_reason = 'rolled back run ' || $2 || CASE WHEN r.restores = 0 THEN ', which created it' ELSE ' to version ' || r.restores END || $5,
       cause = 'person', run_id = NULL, fingerprint = x.fingerprint, created_by = $4, takes_back = $2, restores = r.restores, ",
    newer_version!("r.change_id"),
    " FROM taken_back r JOIN LATERAL (
         SELECT ", job_columns!(), ", ", stamp_columns!(), " FROM superseded_versions WHERE institution_id = $1 AND id = r.job_id AND version = r.target
         UNION ALL SELECT ", job_columns!(), ", ", stamp_columns!(), " FROM published_jobs WHERE institution_id = $1 AND id = r.job_id AND version = COALESCE(r.target, r.newest)) AS x ON TRUE
     WHERE j.institution_id = $1 AND j.id = r.job_id AND r.left_alone IS NULL"
);

/// `$1` institution, `$2` why, `$3` fingerprints, `$4` the same without the date of the run, `$5`
/// whether the clock of the run was wrong: then its ads are derived anew. What was only missed must
/// be missed anew.
const HOLD_BACK: &str = "UPDATE ad_states s SET retry_at = NULL, retries = 0, released_hash = NULL,
     outcome = CASE WHEN r.held THEN 'held' ELSE s.outcome END, fields_hash = CASE WHEN r.held OR $5 THEN NULL ELSE s.fields_hash END,
     refresh_hash = CASE WHEN r.held OR $5 THEN NULL ELSE s.refresh_hash END,
     misses = CASE WHEN 'archive' = ANY (r.did) THEN 0 ELSE s.misses END, retired = s.retired AND NOT 'archive' = ANY (r.did),
     derived_fingerprint = CASE WHEN r.held THEN s.derived_fingerprint END,
     rolled_back_hash = CASE WHEN r.held THEN COALESCE(s.derived_hash, s.content_hash) ELSE s.rolled_back_hash END,
     rolled_back_fingerprint = CASE WHEN r.held THEN (
       SELECT f.steady FROM unnest($3::bytea[], $4::bytea[]) AS f (fingerprint, steady) WHERE f.fingerprint = COALESCE(s.derived_fingerprint, r.fingerprint) LIMIT 1)
       ELSE s.rolled_back_fingerprint END,
     rolled_back_why = CASE WHEN r.held THEN $2 ELSE s.rolled_back_why END
   FROM taken_back r
   WHERE s.institution_id = $1 AND s.source_id = r.source_id AND s.external_id = r.original_id AND s.job_id = r.job_id AND r.left_alone IS NULL";

/// What stood against the ads until now stands no more. `$1` institution, `$2` instant, `$3` why.
const RESOLVE: &str = "INSERT INTO resolved_failures (institution_id, source_id, original_id, document_id, error_type, field_name, rule, error_message, value, since, resolved_at, why)
   SELECT w.institution_id, w.source_id, w.original_id, w.document_id, f.validation_type, f.field_name, f.raw_data ->> 'rule', f.error_message,
     COALESCE(f.raw_data -> 'found', w.raw_data -> f.field_name, w.raw_data -> 'extra' -> f.field_name), f.since, $2, $3
   FROM taken_back r JOIN staging_jobs w ON w.institution_id = $1 AND w.external_id = r.source_id || ':' || r.original_id
   JOIN staging_validation_failures f ON f.institution_id = $1 AND f.staging_job_id = w.id
   WHERE r.left_alone IS NULL AND f.raw_data ->> 'severity' IS DISTINCT FROM 'warn'";

/// `$1` institution.
const UNSTAGE: &str = "DELETE FROM staging_jobs w USING taken_back r
   WHERE w.institution_id = $1 AND w.external_id = r.source_id || ':' || r.original_id AND r.left_alone IS NULL";

/// What the run had published waits where what waits is. `$1` institution, `$2` run, `$3` instant,
/// `$4` reasons.
const STAGE: &str = concat!(
    "WITH staged AS (
     INSERT INTO staging_jobs AS w (institution_id, document_id, company_id, division_id, source_id, original_id, raw_data, processed, processing_metadata,
       validation_status, validation_timestamp, validation_errors)
     SELECT $1, s.document_id, h.company_id, h.division_id, r.source_id, r.original_id, jsonb_strip_nulls(jsonb_build_object(
         ", job_members!("h."), ")),
       TRUE, jsonb_build_object('run', $2::bigint), 'held', $3, $4
     FROM taken_back r JOIN jobs_history h ON h.institution_id = $1 AND h.id = r.job_id AND h.version = r.last
     JOIN ad_states s ON s.institution_id = $1 AND s.source_id = r.source_id AND s.external_id = r.original_id AND s.job_id = r.job_id
     WHERE r.left_alone IS NULL AND r.held
     RETURNING w.id, w.validation_errors)
   INSERT INTO staging_validation_failures (institution_id, staging_job_id, validation_timestamp, since, validation_type, error_message, raw_data)
   SELECT $1, staged.id, $3, $3, reason ->> 'type', reason ->> 'message', reason
   FROM staged CROSS JOIN LATERAL jsonb_array_elements(staged.validation_errors) AS reason"
);

/// `$1` institution, `$2` why, `$3` instant, `$4` run.
const ASK: &str = "INSERT INTO holds AS h (institution_id, kind, source_id, subject, reason, details, status, opened_at)
   SELECT $1, 'job', r.source_id, r.original_id, $2, jsonb_build_object('document', s.document_id, 'takes_back', $4::bigint, 'restores', r.restores), 'open', $3
   FROM taken_back r JOIN ad_states s ON s.institution_id = $1 AND s.source_id = r.source_id AND s.external_id = r.original_id AND s.job_id = r.job_id
   WHERE r.left_alone IS NULL AND r.held
   ON CONFLICT (institution_id, kind, source_id, subject) WHERE status = 'open' DO UPDATE SET reason = EXCLUDED.reason, details = EXCLUDED.details";

/// Which fingerprints derived the ads of jobs that a run touched.
///
/// # Errors
/// The database failed.
pub async fn fingerprints(
    connection: &mut PgConnection,
    run: &RolledBackRun,
) -> Result<Vec<Fingerprint>> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(
        "WITH touched AS (SELECT DISTINCT id FROM jobs_history WHERE institution_id = $1 AND created_at = $3 AND run_id = $2)
         SELECT DISTINCT f.fingerprint FROM touched t CROSS JOIN LATERAL (
           SELECT s.derived_fingerprint AS fingerprint FROM jobs j JOIN ad_states s
             ON s.institution_id = j.institution_id AND s.source_id = j.source_id AND s.external_id = j.original_id WHERE j.institution_id = $1 AND j.id = t.id
           UNION ALL SELECT h.fingerprint FROM jobs_history h WHERE h.institution_id = $1 AND h.id = t.id) AS f
         WHERE f.fingerprint IS NOT NULL",
    )
    .bind(run.institution_id)
    .bind(run.id)
    .bind(run.at)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|bytes| Fingerprint::from_column(Some(bytes)))
        .collect())
}

/// Takes a run back inside the caller's transaction, and tells what became of each job that it
/// touched. `steady` names each fingerprint and the same without the date of the run.
///
/// # Errors
/// The database failed.
pub async fn take_back(
    connection: &mut PgConnection,
    run: &RolledBackRun,
    order: &RollbackOrder,
    steady: &[(Fingerprint, Fingerprint)],
) -> Result<Vec<TakenBackJob>> {
    let (institution, at, why) = (run.institution_id, order.at.0, order.why(run));
    let is_wrong = order.before_wrong_clock(run).is_some();
    let reasons =
        serde_json::json!([{ "type": RolledBack::KIND, "message": why, "severity": "error" }]);
    let (old, new): (Vec<Vec<u8>>, Vec<Vec<u8>>) = steady
        .iter()
        .map(|(one, other)| (one.to_vec(), other.to_vec()))
        .unzip();
    sqlx::query("DROP TABLE IF EXISTS pg_temp.taken_back")
        .execute(&mut *connection)
        .await?;
    sqlx::query(TABLE).execute(&mut *connection).await?;
    sqlx::query(FIND)
        .bind(institution)
        .bind(run.id)
        .bind(run.at)
        .bind(is_wrong)
        .bind(&order.jobs)
        .execute(&mut *connection)
        .await?;
    sqlx::query(WRITE)
        .bind(institution)
        .bind(run.id)
        .bind(at)
        .bind(&order.by)
        .bind(order.suffix())
        .execute(&mut *connection)
        .await?;
    let restored: Vec<Uuid> =
        sqlx::query_scalar("SELECT job_id FROM taken_back WHERE left_alone IS NULL")
            .fetch_all(&mut *connection)
            .await?;
    classes::repeat_stored(connection, institution, &restored).await?;
    jobs::announce(connection, institution).await?;
    sqlx::query(HOLD_BACK)
        .bind(institution)
        .bind(&why)
        .bind(old)
        .bind(new)
        .bind(is_wrong)
        .execute(&mut *connection)
        .await?;
    sqlx::query(RESOLVE)
        .bind(institution)
        .bind(at)
        .bind(&why)
        .execute(&mut *connection)
        .await?;
    sqlx::query(UNSTAGE)
        .bind(institution)
        .execute(&mut *connection)
        .await?;
    sqlx::query(STAGE)
        .bind(institution)
        .bind(run.id)
        .bind(at)
        .bind(reasons)
        .execute(&mut *connection)
        .await?;
    sqlx::query(ASK)
        .bind(institution)
        .bind(&why)
        .bind(at)
        .bind(run.id)
        .execute(&mut *connection)
        .await?;
    let taken = sqlx::query_as(
        "SELECT source_id, original_id, job_id, title, did, CASE WHEN left_alone IS NULL THEN restores END AS restores,
           CASE WHEN left_alone IS NULL THEN newest + 1 END AS version, CASE WHEN left_alone IS NULL THEN change_type END AS change_type,
           CASE WHEN left_alone IS NULL THEN changed_fields ELSE '{}' END AS changed_fields, left_alone IS NULL AND held AS held, left_alone, already
         FROM taken_back ORDER BY source_id, original_id, job_id",
    );
    Ok(taken.fetch_all(connection).await?)
}
