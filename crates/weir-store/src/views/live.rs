//! Whether something has changed that a page shows: a stamp for whoever asks every few seconds. It
//! reads leases, pauses and one run, never a list.

use crate::Result;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::RunId;

/// A run that may be under way.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LiveRun {
    /// running, done, failed, interrupted.
    pub status: String,
    /// The node that began last, of a run that a worker carries out.
    pub node: Option<String>,
    /// Versions of jobs that it has written so far, at most 10,001.
    pub touched: i64,
}

impl LiveRun {
    /// What differs when anything does.
    pub fn stamp(&self) -> String {
        let node = self.node.as_deref().unwrap_or_default();
        format!("{} {node} {}", self.status, self.touched)
    }
}

/// How far a run is.
///
/// # Errors
/// The database failed.
pub async fn run(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> Result<Option<LiveRun>> {
    let sql = "WITH unit AS (SELECT u.id, u.node FROM work_units u WHERE u.institution_id = $1 AND u.state = 'leased')
               SELECT r.status, u.node, (SELECT count(*) FROM (SELECT 1 FROM jobs_history h WHERE h.institution_id = $1 AND h.run_id = $2 LIMIT 10001) AS few) AS touched
               FROM runs r LEFT JOIN unit u ON u.id = r.unit_id WHERE r.institution_id = $1 AND r.id = $2";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .fetch_optional(connection)
        .await?)
}

/// What differs when a run of any institution has begun or ended, or a schedule is held back or
/// goes on.
///
/// # Errors
/// The database failed.
pub async fn of_institutions(connection: &mut PgConnection) -> Result<String> {
    let sql = "SELECT md5(concat_ws('/',
                 (SELECT string_agg(concat_ws(' ', name, fence, expires_at > clock_timestamp()), ',' ORDER BY name) FROM leases WHERE name LIKE 'institution %'),
                 (SELECT string_agg(concat_ws(' ', institution_id, id), ',' ORDER BY institution_id) FROM pauses WHERE resumed_at IS NULL)))";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}
