//! Jobs and their history. Every version is written to both in one statement, and the raw document
//! is copied inside the database from `staging_documents`, so it crosses the wire only once.

use super::columns::{job_columns, sent_columns, version_columns};
use super::{Result, array_literal};
use chrono::NaiveDate;
use serde_json::Value as Json;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;
use weir_model::{
    Clock, Job, NewVersion, SourceKey, Value, VersionStamp,
    field::{FIELDS, Field, FieldKind},
};

/// The versions as a table `v`; `$1` institution, `$2` source, `$3` run, `$4` instant, `$5` fingerprint.
macro_rules! versions {
    () => {
        concat!(
            "WITH v AS (
               SELECT * FROM unnest($6::uuid[], $7::text[], $8::int[], $9::bigint[], $10::bytea[], $11::uuid[], $12::uuid[],
                 $13::text[], $14::text[], $15::date[], $16::date[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[],
                 $23::text[], $24::text[], $25::bool[], $26::text[], $27::text[], $28::text[], $29::text[], $30::text[])
               AS v (job_id, original_id, generation, document_id, content_hash, company_id, division_id, ",
            job_columns!(),
            ", stays_archived, changed_fields, changes, change_type, reason, created_by)), "
        )
    };
}

/// What follows either statement: the rows written become history.
macro_rules! into_history {
    () => {
        concat!(
            " INSERT INTO jobs_history (",
            version_columns!(),
            ", changed_fields, changes, change_type, change_reason, run_id, fingerprint, created_at, created_by)
               SELECT ",
            version_columns!("j."),
            ", v.changed_fields::text[], v.changes::jsonb, v.change_type, v.reason, $3, $5, $4, v.created_by
               FROM written j JOIN v ON v.job_id = j.id"
        )
    };
}

const CREATE: &str = concat!(
    versions!(),
    "written AS (
       INSERT INTO jobs (institution_id, id, company_id, division_id, source_id, original_id, generation, ",
    job_columns!(),
    ", raw_json, content_hash, status, version, first_seen_at, last_updated_at)
       SELECT $1, v.job_id, v.company_id, v.division_id, $2, v.original_id, v.generation, ",
    sent_columns!("v."),
    ", d.raw_content,
         v.content_hash, 'open', 1, $4, $4
       FROM v JOIN staging_documents d ON d.institution_id = $1 AND d.id = v.document_id
       RETURNING *)",
    into_history!()
);

const CHANGE: &str = concat!(
    versions!(),
    "written AS (
       UPDATE jobs j SET company_id = v.company_id, division_id = v.division_id, (",
    job_columns!(),
    ") = ROW (",
    sent_columns!("v."),
    "), raw_json = d.raw_content,
         content_hash = v.content_hash, status = CASE WHEN v.stays_archived THEN j.status ELSE 'open' END,
         archived_at = CASE WHEN v.stays_archived THEN j.archived_at END, archived_as = CASE WHEN v.stays_archived THEN j.archived_as END,
         archived_for = CASE WHEN v.change_type = 'reopen' THEN NULL ELSE j.archived_for END,
         reopened_at = CASE WHEN v.change_type = 'reopen' THEN $4 ELSE j.reopened_at END, held_since = NULL, version = j.version + 1, last_updated_at = $4
       FROM v JOIN staging_documents d ON d.institution_id = $1 AND d.id = v.document_id
       WHERE j.institution_id = $1 AND j.source_id = $2 AND j.id = v.job_id
       RETURNING j.*)",
    into_history!()
);

/// Writes new jobs with their first versions.
///
/// # Errors
/// The database failed.
pub async fn create(connection: &mut PgConnection, stream: &SourceKey, stamp: VersionStamp, versions: &[NewVersion<'_>]) -> Result<()> {
    write(CREATE, connection, stream, stamp, versions).await
}

/// Writes new versions of known jobs.
///
/// # Errors
/// The database failed.
pub async fn change(connection: &mut PgConnection, stream: &SourceKey, stamp: VersionStamp, versions: &[NewVersion<'_>]) -> Result<()> {
    write(CHANGE, connection, stream, stamp, versions).await
}

async fn write(sql: &'static str, connection: &mut PgConnection, stream: &SourceKey, stamp: VersionStamp, versions: &[NewVersion<'_>]) -> Result<()> {
    if versions.is_empty() {
        return Ok(());
    }
    let text = |field: Field| versions.iter().map(move |v| v.job.get(field).as_text()).collect::<Vec<_>>();
    let date = |field: Field| versions.iter().map(move |v| v.job.get(field).as_date()).collect::<Vec<_>>();
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
        .bind(versions.iter().map(|v| v.content_hash.to_vec()).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.job.company_id).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.job.division_id).collect::<Vec<_>>())
        .bind(text(Field::Title))
        .bind(text(Field::Description))
        .bind(date(Field::OpenDate))
        .bind(date(Field::CloseDate))
        .bind(text(Field::Department))
        .bind(text(Field::DepartmentId))
        .bind(text(Field::JobType))
        .bind(text(Field::SourceUrl))
        .bind(text(Field::Remuneration))
        .bind(versions.iter().map(|v| json(v.job.get(Field::Recruiter).to_json())).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| list_literal(v.job.get(Field::Locations))).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| json(v.job.extra_json())).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.stays_archived).collect::<Vec<_>>())
        .bind(versions.iter().map(changed).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| json(v.changes.clone())).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.change.change_type()).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.reason.as_str()).collect::<Vec<_>>())
        .bind(versions.iter().map(|v| v.by.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

fn list_literal(value: &Value) -> Option<String> {
    match value {
        Value::List(items) => Some(array_literal(items.iter().map(String::as_str))),
        _ => None,
    }
}

/// Refreshes the fields that make no version.
///
/// # Errors
/// The database failed.
pub async fn refresh(connection: &mut PgConnection, stream: &SourceKey, jobs: &[(Uuid, &Job)]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let json = |value: Json| (!value.is_null()).then(|| value.to_string());
    sqlx::query(
        "UPDATE jobs j SET source_url = v.source_url, recruiter = v.recruiter::jsonb, locations = v.locations::text[]
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS v (id, source_url, recruiter, locations)
         WHERE j.institution_id = $1 AND j.id = v.id",
    )
    .bind(stream.institution)
    .bind(jobs.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| job.get(Field::SourceUrl).as_text()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| json(job.get(Field::Recruiter).to_json())).collect::<Vec<_>>())
    .bind(jobs.iter().map(|(_, job)| list_literal(job.get(Field::Locations))).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks jobs whose newer version is held, or clears the mark.
///
/// # Errors
/// The database failed.
pub async fn mark_held(connection: &mut PgConnection, stream: &SourceKey, ids: &[Uuid], since: Option<Clock>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE jobs SET held_since = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE COALESCE(held_since, $3) END WHERE institution_id = $1 AND id = ANY ($2)")
        .bind(stream.institution)
        .bind(ids)
        .bind(since.map(|clock| clock.0))
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest version of jobs, as typed fields.
///
/// # Errors
/// The database failed.
pub async fn load(connection: &mut PgConnection, stream: &SourceKey, ids: &[Uuid]) -> Result<HashMap<Uuid, Job>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(concat!("SELECT id, company_id, division_id, ", job_columns!(), " FROM jobs WHERE institution_id = $1 AND id = ANY ($2)"))
        .bind(stream.institution)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, job(row)?))).collect()
}

/// The current state of a job.
#[derive(Debug)]
pub struct JobSnapshot {
    /// `open` or `archived`.
    pub status: String,
    /// Its version.
    pub version: i32,
    /// Its fields.
    pub job: Job,
}

/// The newest job of an id of a source.
///
/// # Errors
/// The database failed.
pub async fn standing(connection: &mut PgConnection, stream: &SourceKey, original_id: &str) -> Result<Option<JobSnapshot>> {
    let row = sqlx::query(concat!(
        "SELECT status, version, company_id, division_id, ",
        job_columns!(),
        " FROM jobs WHERE institution_id = $1 AND source_id = $2 AND original_id = $3
         ORDER BY generation DESC LIMIT 1"
    ))
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(original_id)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(JobSnapshot { status: row.try_get("status")?, version: row.try_get("version")?, job: job(&row)? })).transpose()
}

fn job(row: &PgRow) -> Result<Job> {
    let mut job = Job::default();
    job.company_id = row.try_get("company_id")?;
    job.division_id = row.try_get("division_id")?;
    for field in FIELDS {
        job.set(field, column(row, field)?);
    }
    if let Some(Json::Object(extra)) = row.try_get::<Option<Json>, _>("extra")? {
        job.extra = extra.into_iter().map(|(name, value)| (name, Value::Json(value))).collect();
    }
    Ok(job)
}

fn column(row: &PgRow, field: Field) -> Result<Value> {
    let name = field.name();
    Ok(match field.kind() {
        FieldKind::Date => row.try_get::<Option<NaiveDate>, _>(name)?.map_or(Value::Absent, Value::Date),
        FieldKind::List => row.try_get::<Option<Vec<String>>, _>(name)?.map_or(Value::Absent, Value::List),
        FieldKind::Json => row.try_get::<Option<Json>, _>(name)?.map_or(Value::Absent, Value::Json),
        _ => row.try_get::<Option<String>, _>(name)?.map_or(Value::Absent, Value::Text),
    })
}
