//! Companies for people: with their jobs and the names that were accepted, and the names that wait
//! for one. Read-only.

use crate::Result;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// A company in a list.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct CompanyLine {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its id in a registry.
    pub registry_id: Option<String>,
    /// The name of the company that it belongs to.
    pub parent: Option<String>,
    /// Its open jobs.
    pub jobs: i64,
    /// Names that people accepted for it.
    pub accepted: Vec<String>,
}

/// The companies of an institution, those with the most open jobs first.
///
/// # Errors
/// The database failed.
pub async fn companies(
    connection: &mut PgConnection,
    institution: Uuid,
    most: i64,
) -> Result<Vec<CompanyLine>> {
    Ok(sqlx::query_as(
        "SELECT c.id, c.name, c.registry_id, p.name AS parent, COALESCE(j.jobs, 0) AS jobs,
           ARRAY(SELECT a.name FROM company_aliases a WHERE a.institution_id = c.institution_id AND a.company_id = c.id AND a.undone_at IS NULL
                 ORDER BY a.name COLLATE \"C\") AS accepted
         FROM companies c
         LEFT JOIN companies p ON p.institution_id = c.institution_id AND p.id = c.parent_id
         LEFT JOIN (SELECT company_id, count(*) AS jobs FROM published_jobs WHERE institution_id = $1 AND status = 'open' GROUP BY company_id) AS j
           ON j.company_id = c.id
         WHERE c.institution_id = $1 ORDER BY jobs DESC, c.name COLLATE \"C\" LIMIT $2",
    )
    .bind(institution)
    .bind(most)
    .fetch_all(connection)
    .await?)
}

/// A name that waits, in one spelling.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct WaitingName {
    /// The name, as ads write it.
    pub name: String,
    /// How many ads wait for it.
    pub ads: i64,
}

/// The names of companies that ads of an institution wait for, the most frequent first.
///
/// # Errors
/// The database failed.
pub async fn waiting_names(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Vec<WaitingName>> {
    Ok(sqlx::query_as(
        "SELECT f.raw_data ->> 'found' AS name, count(DISTINCT f.staging_job_id) AS ads FROM staging_validation_failures f
         WHERE f.institution_id = $1 AND f.validation_type = 'invalid_relationship' AND f.field_name = 'company_id' AND f.raw_data ->> 'found' IS NOT NULL
         GROUP BY 1 ORDER BY 2 DESC, (f.raw_data ->> 'found') COLLATE \"C\"",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?)
}
