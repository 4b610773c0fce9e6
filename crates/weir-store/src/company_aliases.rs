//! Names that people accepted for companies. A decision is never deleted: one that is taken back,
//! or replaced by another, keeps who did that, when and why.
//!
//! What it means for an ad is for the stage `resolve` to say; this only keeps it, and asks for the
//! ads that it may concern.

use super::{Result, storable};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::Clock;

/// Who decides about a name, when and why.
#[derive(Debug, Clone, Copy)]
pub struct AliasStamp<'a> {
    /// The institution.
    pub institution: Uuid,
    /// The instant.
    pub at: Clock,
    /// The operator.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// A name that a person accepted, with its company.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub struct CompanyAlias {
    /// The name.
    pub name: String,
    /// The company.
    pub company_id: Uuid,
    /// The name of the company.
    pub company: String,
    /// The id of the company in a registry.
    pub registry_id: Option<String>,
    /// Why.
    pub reason: String,
    /// Who accepted it.
    pub decided_by: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

/// Accepts a name for a company; what was accepted for it before ends. Gives the company of before.
///
/// # Errors
/// The database failed.
pub async fn accept(
    connection: &mut PgConnection,
    stamp: AliasStamp<'_>,
    (name, fold): (&str, &str),
    company: Uuid,
) -> Result<Option<Uuid>> {
    let before = undo(connection, stamp, fold).await?;
    sqlx::query(
        "INSERT INTO company_aliases (institution_id, name, fold_key, company_id, reason, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(stamp.institution)
    .bind(storable(name))
    .bind(storable(fold))
    .bind(company)
    .bind(storable(stamp.reason))
    .bind(storable(stamp.by))
    .bind(stamp.at.0)
    .execute(connection)
    .await?;
    Ok(before)
}

/// Takes back what was accepted for a name. Gives the company that it meant; nothing if none was.
///
/// # Errors
/// The database failed.
pub async fn undo(
    connection: &mut PgConnection,
    stamp: AliasStamp<'_>,
    fold: &str,
) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar(
        "UPDATE company_aliases SET undone_at = $3, undone_by = $4, undone_reason = $5
         WHERE institution_id = $1 AND fold_key = $2 AND undone_at IS NULL RETURNING company_id",
    )
    .bind(stamp.institution)
    .bind(fold)
    .bind(stamp.at.0)
    .bind(storable(stamp.by))
    .bind(storable(stamp.reason))
    .fetch_optional(connection)
    .await?)
}

/// The accepted names of an institution, by company.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut PgConnection, institution: Uuid) -> Result<Vec<CompanyAlias>> {
    Ok(sqlx::query_as(
        "SELECT a.name, a.company_id, c.name AS company, c.registry_id, a.reason, a.decided_by, a.decided_at FROM company_aliases a
         JOIN companies c ON c.institution_id = a.institution_id AND c.id = a.company_id
         WHERE a.institution_id = $1 AND a.undone_at IS NULL ORDER BY c.name COLLATE \"C\", a.name COLLATE \"C\"",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?)
}

/// Asks for the ads of the jobs of a company to be derived again. Gives how many they are.
///
/// # Errors
/// The database failed.
pub async fn derive_company_again(
    connection: &mut PgConnection,
    institution: Uuid,
    company: Uuid,
) -> Result<u64> {
    let asked = sqlx::query(
        "UPDATE ad_states SET derived_fingerprint = NULL WHERE institution_id = $1 AND refused IS NULL AND NOT retired
           AND job_id IN (SELECT id FROM published_jobs WHERE institution_id = $1 AND company_id = $2)",
    );
    let asked = asked.bind(institution).bind(company);
    Ok(asked.execute(connection).await?.rows_affected())
}
