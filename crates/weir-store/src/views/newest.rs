//! Jobs as they are now, as typed fields: what a draft is compared with, and what a test expects.

use crate::Result;
use crate::columns::job_columns;
use chrono::NaiveDate;
use serde_json::Value as Json;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;
use weir_model::field::{FIELDS, Field, FieldKind};
use weir_model::{FieldValue, Job, SourceKey};

/// The newest version of jobs, as typed fields.
///
/// # Errors
/// The database failed.
pub async fn load(
    connection: &mut PgConnection,
    stream: &SourceKey,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Job>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(concat!(
        "SELECT id, company_id, division_id, ",
        job_columns!(),
        " FROM jobs WHERE institution_id = $1 AND id = ANY ($2)"
    ))
    .bind(stream.institution)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("id")?, job(row)?)))
        .collect()
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
pub async fn of_ad(
    connection: &mut PgConnection,
    stream: &SourceKey,
    original_id: &str,
) -> Result<Option<JobSnapshot>> {
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
    row.map(|row| {
        Ok(JobSnapshot {
            status: row.try_get("status")?,
            version: row.try_get("version")?,
            job: job(&row)?,
        })
    })
    .transpose()
}

/// The fields of a row that has the columns of a job.
pub(crate) fn job(row: &PgRow) -> Result<Job> {
    let mut job = Job::default();
    job.company_id = row.try_get("company_id")?;
    job.division_id = row.try_get("division_id")?;
    for field in FIELDS {
        job.set(field, column(row, field)?);
    }
    if let Some(Json::Object(extra)) = row.try_get::<Option<Json>, _>("extra")? {
        job.extra = extra
            .into_iter()
            .map(|(name, value)| (name, FieldValue::Json(value)))
            .collect();
    }
    let decided = |name| row.try_get::<Option<Json>, _>(name);
    job.roles = decided("roles")?.unwrap_or_default().into();
    job.capabilities = decided("capabilities")?.unwrap_or_default().into();
    Ok(job)
}

fn column(row: &PgRow, field: Field) -> Result<FieldValue> {
    let name = field.name();
    Ok(match field.kind() {
        FieldKind::Date => row
            .try_get::<Option<NaiveDate>, _>(name)?
            .map_or(FieldValue::Absent, FieldValue::Date),
        FieldKind::List => row
            .try_get::<Option<Vec<String>>, _>(name)?
            .map_or(FieldValue::Absent, FieldValue::List),
        FieldKind::Json => row
            .try_get::<Option<Json>, _>(name)?
            .map_or(FieldValue::Absent, FieldValue::Json),
        _ => row
            .try_get::<Option<String>, _>(name)?
            .map_or(FieldValue::Absent, FieldValue::Text),
    })
}
