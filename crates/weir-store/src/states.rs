//! The state of ads relative to their jobs: after their batch (T2), and after jobs were deleted.
//! Set-based, one statement per table.

use super::{Result, classes};
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::quality::AdMarks;
use weir_model::{AdChange, Clock, Fingerprint, Hash, Outcome, RunId, SourceKey};

/// The state of an ad after its batch.
#[derive(Debug, Clone)]
pub struct AdStateUpdate {
    /// The ad.
    pub external_id: String,
    /// The content that was derived.
    pub derived_hash: Hash,
    /// What came of it.
    pub outcome: Outcome,
    /// Its job, once published.
    pub job_id: Option<Uuid>,
    /// Hash of the compared fields of the newest version.
    pub fields_hash: Option<Hash>,
    /// Hash of the refreshed fields.
    pub refresh_hash: Option<Hash>,
    /// Which fields it has, and what speaks against it.
    pub marks: AdMarks,
    /// What this run did to the job.
    pub change: Option<AdChange>,
    /// When to try again.
    pub retry_at: Option<Clock>,
    /// Failed tries so far.
    pub retries: i32,
    /// Why it failed, for `failed`.
    pub error: Option<String>,
}

/// Stores the states of the ads of a batch.
///
/// # Errors
/// The database failed.
pub async fn record(
    connection: &mut PgConnection,
    stream: &SourceKey,
    run: RunId,
    at: Clock,
    fingerprint: Fingerprint,
    standings: &[AdStateUpdate],
) -> Result<()> {
    let column = |hash: Option<Hash>| hash.map(Hash::to_vec);
    sqlx::query(
        "UPDATE ad_states s SET derived_hash = v.derived_hash, derived_fingerprint = $3, outcome = v.outcome, job_id = COALESCE(v.job_id, s.job_id),
           fields_hash = v.fields_hash, refresh_hash = v.refresh_hash, retry_at = v.retry_at, retries = v.retries, filled = v.filled, failed = v.failed,
           last_change = COALESCE(v.change, s.last_change), last_change_run = CASE WHEN v.change IS NULL THEN s.last_change_run ELSE $4 END,
           processed_at = $16, error_details = v.error
         FROM unnest($5::text[], $6::bytea[], $7::text[], $8::uuid[], $9::bytea[], $10::bytea[], $11::text[], $12::timestamptz[], $13::int[], $14::bytea[], $15::bytea[], $17::text[])
           AS v (external_id, derived_hash, outcome, job_id, fields_hash, refresh_hash, change, retry_at, retries, filled, failed, error)
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = v.external_id",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(fingerprint.to_vec())
    .bind(run)
    .bind(standings.iter().map(|s| s.external_id.as_str()).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| s.derived_hash.to_vec()).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| s.outcome.name()).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| s.job_id).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| column(s.fields_hash)).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| column(s.refresh_hash)).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| s.change.map(AdChange::name)).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| s.retry_at.map(|clock| clock.0)).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| s.retries).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| s.marks.filled.as_slice()).collect::<Vec<_>>())
    .bind(standings.iter().map(|s| s.marks.failed.as_slice()).collect::<Vec<_>>())
    .bind(at.0)
    .bind(standings.iter().map(|s| s.error.as_deref()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ads whose jobs were deleted from the table are new. Their generation increases, because the
/// versions of the first job still have its id. Returns how many.
///
/// # Errors
/// The database failed.
pub async fn forget_deleted(connection: &mut PgConnection, stream: &SourceKey) -> Result<u64> {
    let forgotten = sqlx::query(
        "UPDATE ad_states s SET generation = s.generation + 1, job_id = NULL, derived_hash = NULL, derived_fingerprint = NULL, fields_hash = NULL,
           refresh_hash = NULL, retry_at = NULL, outcome = CASE WHEN s.retired THEN 'withdrawn' ELSE 'pending' END
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.job_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.institution_id = $1 AND j.id = s.job_id)",
    );
    let ads = forgotten
        .bind(stream.institution)
        .bind(&stream.source)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    if ads > 0 {
        classes::forget_deleted(connection, stream.institution).await?;
    }
    Ok(ads)
}
