//! Jobs and their history, as they are written: the one module that makes and supersedes versions
//! of jobs, beside the roll-back. A job is one row of `published_jobs`, which is also its newest
//! version; what a newer version supersedes moves to `superseded_versions` in the same statement.
//! The raw document is named, never copied. Which fields a new job has is not stored beside them:
//! the view derives it. Whoever reads jobs does so in `views`.

use super::columns::{job_columns, newer_version, sent_columns, supersede};
use super::{Result, array_literal, classes};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{
    ChangeCause, Clock, FieldValue, Job, NewVersion, RunId, SourceKey, VersionStamp, field::Field,
};

/// The versions as a table `v`, each value as its column takes it: Citus converts none in an
/// `UPDATE`. `$1` institution, `$2` source, `$3` run, `$4` instant, `$5` fingerprint.
macro_rules! versions {
    () => {
        concat!(
            "WITH v AS (
               SELECT v.job_id, v.original_id, v.generation, v.document_id, v.content_hash, v.company_id, v.division_id, ",
            sent_columns!("v."),
            ", v.stays_archived, v.changed_fields::text[], v.changes::jsonb, v.change_type, v.reason, v.created_by, v.cause, v.digests,
                 nextval('change_ids') AS change_id
               FROM unnest($6::uuid[], $7::text[], $8::int[], $9::bigint[], $10::bytea[], $11::uuid[], $12::uuid[],
                 $13::text[], $14::text[], $15::date[], $16::date[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[],
                 $23::text[], $24::text[], $25::text[], $26::text[], $27::bool[], $28::text[], $29::text[], $30::text[], $31::text[], $32::text[],
                 $33::text[], $34::bytea[])
               AS v (job_id, original_id, generation, document_id, content_hash, company_id, division_id, ",
            job_columns!(),
            ", stays_archived, changed_fields, changes, change_type, reason, created_by, cause, digests)) "
        )
    };
}

const CREATE: &str = concat!(
    versions!(),
    "INSERT INTO published_jobs (institution_id, id, company_id, division_id, source_id, original_id, generation, ",
    job_columns!(),
    ", document_id, content_hash, status, version, first_seen_at, created_at, change_type, change_reason, cause,
       run_id, fingerprint, created_by, digests, change_id)
     SELECT $1, v.job_id, v.company_id, v.division_id, $2, v.original_id, v.generation, ",
    job_columns!("v."),
    ", v.document_id, v.content_hash, 'open', 1, $4, $4, v.change_type, v.reason, v.cause, $3, $5,
       v.created_by, v.digests, v.change_id
     FROM v"
);

const CHANGE: &str = concat!(
    versions!(),
    ", ",
    supersede!("j.institution_id = $1 AND j.source_id = $2 AND j.id IN (SELECT job_id FROM v)"),
    " UPDATE published_jobs j SET company_id = v.company_id, division_id = v.division_id, (",
    job_columns!(),
    ") = ROW (",
    job_columns!("v."),
    "), document_id = v.document_id, content_hash = v.content_hash,
         status = CASE WHEN v.stays_archived THEN j.status ELSE 'open' END,
         archived_at = CASE WHEN v.stays_archived THEN j.archived_at END, archived_as = CASE WHEN v.stays_archived THEN j.archived_as END,
         archived_for = CASE WHEN v.change_type = 'reopen' THEN NULL ELSE j.archived_for END,
         reopened_at = CASE WHEN v.change_type = 'reopen' THEN $4 ELSE j.reopened_at END, held_since = NULL, created_at = $4,
         changed_fields = v.changed_fields, changes = v.changes, change_type = v.change_type, change_reason = v.reason,
         cause = v.cause, run_id = $3, fingerprint = $5, created_by = v.created_by, takes_back = NULL, restores = NULL,
         digests = v.digests, ",
    newer_version!("v.change_id"),
    " FROM v WHERE j.institution_id = $1 AND j.source_id = $2 AND j.id = v.job_id"
);

/// `$1` institution, `$2` run, `$3` instant, `$4` who, `$5` as what, `$6` and `$7` the jobs and why
/// each.
const ARCHIVE: &str = concat!(
    "WITH v AS (SELECT v.*, nextval('change_ids') AS change_id FROM unnest($6::uuid[], $7::text[]) AS v (job_id, reason)), ",
    supersede!("j.institution_id = $1 AND j.status = 'open' AND j.id IN (SELECT job_id FROM v)"),
    ", written AS (
       UPDATE published_jobs j SET status = 'archived', archived_at = $3, archived_as = $5,
         archived_for = CASE WHEN $5 = 'closed' THEN j.close_date ELSE j.archived_for END,
         held_since = CASE WHEN $5 = 'closed' THEN j.held_since END, created_at = $3, changed_fields = '{status}',
         changes = '{\"status\": {\"old\": \"open\", \"new\": \"archived\"}}', change_type = 'archive', change_reason = v.reason,
         cause = $8, run_id = $2, fingerprint = NULL, created_by = $4, takes_back = NULL, restores = NULL, ",
    newer_version!("v.change_id"),
    " FROM v WHERE j.institution_id = $1 AND j.status = 'open' AND j.id = v.job_id
       RETURNING j.original_id)
     SELECT original_id FROM written ORDER BY original_id"
);

/// Jobs that are archived: as what, by whom and when.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveOrder<'a> {
    /// The institution.
    pub institution: Uuid,
    /// The run; `None` if an operator does it.
    pub run: Option<RunId>,
    /// The instant.
    pub at: Clock,
    /// `etl_pipeline`, or an operator.
    pub by: &'a str,
    /// As in `jobs.archived_as`.
    pub archived_as: &'static str,
}

/// Archives the open ones of these jobs, each for its reason. Gives the ids of their ads.
///
/// # Errors
/// The database failed.
pub async fn archive(
    connection: &mut PgConnection,
    archiving: ArchiveOrder<'_>,
    reasons: &[(Uuid, String)],
) -> Result<Vec<String>> {
    if reasons.is_empty() {
        return Ok(Vec::new());
    }
    let cause = match archiving.archived_as {
        "closed" => ChangeCause::Date,
        "person" => ChangeCause::Person,
        _ => ChangeCause::Source,
    };
    let ids = sqlx::query_scalar(ARCHIVE)
        .bind(archiving.institution)
        .bind(archiving.run)
        .bind(archiving.at.0)
        .bind(archiving.by)
        .bind(archiving.archived_as)
        .bind(reasons.iter().map(|(job, _)| *job).collect::<Vec<_>>())
        .bind(
            reasons
                .iter()
                .map(|(_, why)| why.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(cause.name())
        .fetch_all(&mut *connection)
        .await?;
    announce(connection, archiving.institution).await?;
    Ok(ids)
}

/// Tells who listens to `weir_changes` that jobs of an institution have changed, once the
/// transaction commits.
///
/// # Errors
/// The database failed.
pub async fn announce(connection: &mut PgConnection, institution: Uuid) -> Result<()> {
    sqlx::query("SELECT pg_notify('weir_changes', $1::text)")
        .bind(institution)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes new jobs with their first versions.
///
/// # Errors
/// The database failed.
pub async fn create(
    connection: &mut PgConnection,
    stream: &SourceKey,
    stamp: VersionStamp,
    versions: &[NewVersion<'_>],
) -> Result<()> {
    write(CREATE, connection, stream, stamp, versions).await?;
    classes::repeat_new(connection, stream.institution, &jobs_of(versions)).await
}

/// Writes new versions of known jobs.
///
/// # Errors
/// The database failed.
pub async fn change(
    connection: &mut PgConnection,
    stream: &SourceKey,
    stamp: VersionStamp,
    versions: &[NewVersion<'_>],
) -> Result<()> {
    write(CHANGE, connection, stream, stamp, versions).await?;
    classes::repeat(connection, stream.institution, &jobs_of(versions)).await
}

fn jobs_of<'j>(versions: &[NewVersion<'j>]) -> Vec<(Uuid, &'j Job)> {
    let job = |version: &NewVersion<'j>| (version.job_id, version.job);
    versions.iter().map(job).collect()
}

async fn write(
    sql: &'static str,
    connection: &mut PgConnection,
    stream: &SourceKey,
    stamp: VersionStamp,
    versions: &[NewVersion<'_>],
) -> Result<()> {
    if versions.is_empty() {
        return Ok(());
    }
    let text = |field: Field| {
        versions
            .iter()
            .map(move |v| v.job.get(field).as_text())
            .collect::<Vec<_>>()
    };
    let date = |field: Field| {
        versions
            .iter()
            .map(move |v| v.job.get(field).as_date())
            .collect::<Vec<_>>()
    };
    let json = |value: Json| (!value.is_null()).then(|| value.to_string());
    let changed = |v: &NewVersion<'_>| array_literal(v.changed_fields.iter().map(String::as_str));
    sqlx::query(sql)
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(stamp.run)
        .bind(stamp.at.0)
        .bind(stamp.fingerprint.to_vec())
        .bind(versions.iter().map(|v| v.job_id).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.original_id).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.generation).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.document_id).collect::<Vec<_>>())
        .bind(
            versions
                .iter()
                .map(|v| v.content_hash.to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| v.job.company_id)
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| v.job.division_id)
                .collect::<Vec<_>>(),
        )
        .bind(text(Field::Title))
        .bind(text(Field::Description))
        .bind(date(Field::OpenDate))
        .bind(date(Field::CloseDate))
        .bind(text(Field::Department))
        .bind(text(Field::DepartmentId))
        .bind(text(Field::JobType))
        .bind(text(Field::SourceUrl))
        .bind(text(Field::Remuneration))
        .bind(
            versions
                .iter()
                .map(|v| json(v.job.get(Field::Recruiter).to_json()))
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| list_literal(v.job.get(Field::Locations)))
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| json(v.job.extra_json()))
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| v.job.roles.text())
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| v.job.capabilities.text())
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| v.stays_archived)
                .collect::<Vec<_>>(),
        )
        .bind(versions.iter().map(changed).collect::<Vec<_>>())
        .bind(
            versions
                .iter()
                .map(|v| json(v.changes.clone()))
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| v.change.change_type())
                .collect::<Vec<_>>(),
        )
        .bind(
            versions
                .iter()
                .map(|v| v.reason.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(versions.iter().map(|v| v.by.as_str()).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.cause.name()).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.job.digests()).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    announce(connection, stream.institution).await
}

fn list_literal(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::List(items) => Some(array_literal(items.iter().map(String::as_str))),
        _ => None,
    }
}

/// Refreshes the fields that make no version.
///
/// # Errors
/// The database failed.
pub async fn refresh(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    jobs: &[(Uuid, &Job)],
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let json = |value: Json| (!value.is_null()).then(|| value.to_string());
    sqlx::query(
        "WITH v AS (
           SELECT v.id, v.source_url, v.recruiter::jsonb, v.locations::text[], v.digests, v.roles::jsonb, v.capabilities::jsonb, nextval('change_ids') AS change_id
           FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $8::text[], $9::text[])
             AS v (id, source_url, recruiter, locations, digests, roles, capabilities))
         UPDATE published_jobs j SET source_url = v.source_url, recruiter = v.recruiter, locations = v.locations,
           roles = v.roles, capabilities = v.capabilities, digests = v.digests, refreshed_at = $7, refresh_id = v.change_id, refresh_txid = pg_current_xact_id()
         FROM v WHERE j.institution_id = $1 AND j.id = v.id",
    )
    .bind(stream.institution)
    .bind(jobs.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.get(Field::SourceUrl).as_text()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| json(job.get(Field::Recruiter).to_json())).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| list_literal(job.get(Field::Locations))).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.digests()).collect::<Vec<_>>())
    .bind(at.0)
    .bind(jobs.iter().map(|(_, job)| job.roles.text()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.capabilities.text()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    classes::repeat(connection, stream.institution, jobs).await?;
    announce(connection, stream.institution).await
}

/// Marks jobs whose newer version is held, or clears the mark.
///
/// # Errors
/// The database failed.
pub async fn mark_held(
    connection: &mut PgConnection,
    stream: &SourceKey,
    ids: &[Uuid],
    since: Option<Clock>,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE published_jobs SET held_since = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE COALESCE(held_since, $3) END WHERE institution_id = $1 AND id = ANY ($2)")
        .bind(stream.institution)
        .bind(ids)
        .bind(since.map(|clock| clock.0))
        .execute(connection)
        .await?;
    Ok(())
}
