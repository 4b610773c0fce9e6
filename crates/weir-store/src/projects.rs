//! Which project an institution belongs to. Two folders with the same institution on one database
//! would archive each other's jobs, so the first project that runs an institution claims it, and
//! others are refused until an operator moves the institution.
//!
//! Claims are only ever added; nothing here decides who may claim.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::sync::Arc;
use uuid::Uuid;

/// The project on whose behalf the database is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActingProject {
    /// `project:` in its `weir.yaml`.
    pub project: Arc<str>,
    /// Whether its runs claim unclaimed institutions: not if the identity could not be written to a
    /// file.
    pub claims: bool,
}

/// A claim on an institution.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct InstitutionClaim {
    /// The project.
    pub project: String,
    /// Since when.
    pub claimed_at: DateTime<Utc>,
    /// The run, or the operator who took it over.
    pub claimed_by: String,
}

/// The claim that counts: on the institution, or on one of its name that has another id.
///
/// # Errors
/// The database failed.
pub async fn owner(
    connection: &mut PgConnection,
    institution: Uuid,
    slug: &str,
) -> Result<Option<InstitutionClaim>> {
    let newest = sqlx::query_as(
        "SELECT c.project, c.claimed_at, c.claimed_by FROM project_claims c JOIN institutions i ON i.id = c.institution_id
         WHERE i.id = $1 OR i.slug = $2 ORDER BY c.id DESC LIMIT 1",
    );
    Ok(newest
        .bind(institution)
        .bind(slug)
        .fetch_optional(connection)
        .await?)
}

/// The unclaimed ones of some institutions.
///
/// # Errors
/// The database failed.
pub async fn unclaimed(connection: &mut PgConnection, institutions: &[Uuid]) -> Result<Vec<Uuid>> {
    let free = sqlx::query_scalar(
        "SELECT n FROM unnest($1::uuid[]) AS n WHERE n NOT IN (SELECT institution_id FROM project_claims)",
    );
    Ok(free.bind(institutions).fetch_all(connection).await?)
}

/// The institutions that belong to a project, with their slugs.
///
/// # Errors
/// The database failed.
pub async fn institutions_of(
    connection: &mut PgConnection,
    project: &str,
) -> Result<Vec<(Uuid, String)>> {
    let own = sqlx::query_as(
        "SELECT i.id, i.slug FROM project_claims c JOIN institutions i ON i.id = c.institution_id
         WHERE c.project = $1 AND NOT EXISTS (SELECT 1 FROM project_claims n WHERE n.institution_id = c.institution_id AND n.id > c.id) ORDER BY i.slug",
    );
    Ok(own.bind(project).fetch_all(connection).await?)
}

/// Claims an institution.
///
/// # Errors
/// The database failed.
pub async fn claim(
    connection: &mut PgConnection,
    institution: Uuid,
    project: &str,
    at: DateTime<Utc>,
    by: &str,
) -> Result<()> {
    sqlx::query("INSERT INTO project_claims (institution_id, project, claimed_at, claimed_by) VALUES ($1, $2, $3, $4)")
        .bind(institution)
        .bind(project)
        .bind(at)
        .bind(super::storable(by).as_ref())
        .execute(connection)
        .await?;
    Ok(())
}
