//! The files of projects, for workers on machines without the project folder: the scheduler keeps
//! those that it works with, and the newest of a project is the one that units demand.
//!
//! Nothing here looks into the files. A row is replaced only by the same version, to repair it.

use super::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::time::Duration;

/// The files of a version of a project.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SnapshotRow {
    /// Hash of all files of the project.
    pub version: Vec<u8>,
    /// SHA-256 of `files`.
    pub digest: Vec<u8>,
    /// The files, as an archive.
    pub files: Vec<u8>,
}

/// Makes a version the newest of its project; what is there and whole is not sent again.
///
/// # Errors
/// The database failed.
pub async fn keep(connection: &mut PgConnection, project: &str, row: &SnapshotRow) -> Result<()> {
    let is_whole: Option<bool> = sqlx::query_scalar(
        "SELECT version = $2 AND digest = $3 AND sha256(files) = digest FROM project_snapshots WHERE project = $1
         ORDER BY stored_at DESC LIMIT 1",
    )
    .bind(project)
    .bind(&row.version)
    .bind(&row.digest)
    .fetch_optional(&mut *connection)
    .await?;
    if is_whole == Some(true) {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO project_snapshots (project, version, digest, files, stored_at) VALUES ($1, $2, $3, $4, clock_timestamp())
         ON CONFLICT (project, version) DO UPDATE SET digest = EXCLUDED.digest, files = EXCLUDED.files, stored_at = EXCLUDED.stored_at",
    )
    .bind(project)
    .bind(&row.version)
    .bind(&row.digest)
    .bind(&row.files)
    .execute(connection)
    .await?;
    Ok(())
}

/// A version, and when it was stored: another one after a repair.
pub type SnapshotStamp = (Vec<u8>, DateTime<Utc>);

/// The stamp of the newest files of a project, to see whether there are others.
///
/// # Errors
/// The database failed.
pub async fn newest_stamp(
    connection: &mut PgConnection,
    project: &str,
) -> Result<Option<SnapshotStamp>> {
    let newest = "SELECT version, stored_at FROM project_snapshots WHERE project = $1 ORDER BY stored_at DESC LIMIT 1";
    Ok(sqlx::query_as(newest)
        .bind(project)
        .fetch_optional(connection)
        .await?)
}

/// The newest files of a project.
///
/// # Errors
/// The database failed.
pub async fn newest(connection: &mut PgConnection, project: &str) -> Result<Option<SnapshotRow>> {
    let newest = "SELECT version, digest, files FROM project_snapshots WHERE project = $1 ORDER BY stored_at DESC LIMIT 1";
    Ok(sqlx::query_as(newest)
        .bind(project)
        .fetch_optional(connection)
        .await?)
}

/// The projects whose files are there.
///
/// # Errors
/// The database failed.
pub async fn projects(connection: &mut PgConnection) -> Result<Vec<String>> {
    let all = "SELECT DISTINCT project FROM project_snapshots ORDER BY 1";
    Ok(sqlx::query_scalar(all).fetch_all(connection).await?)
}

/// Removes versions that were replaced before an age; gives how many.
///
/// # Errors
/// The database failed.
pub async fn sweep(connection: &mut PgConnection, older_than: Duration) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM project_snapshots p USING (SELECT project, max(stored_at) AS newest FROM project_snapshots GROUP BY 1) n
         WHERE p.project = n.project AND p.stored_at < n.newest AND n.newest < clock_timestamp() - $1",
    )
    .bind(older_than)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
