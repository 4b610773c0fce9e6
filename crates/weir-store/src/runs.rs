//! Runs: who runs, since when, with what result; and the lock that gives one run at a time an
//! institution.

use super::leases::{self, Lease, LeaseFence};
use super::sessions::ServerSession;
use super::{Result, Store, StoreError, metrics, storable, storable_json};
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use weir_model::{
    Alert, Clock, Fingerprint, FingerprintParts, InstitutionProfile, RunId, RunStatus, StageRecord,
};

/// The lock of an institution: a lease that ends with the process, whatever happens to it.
pub struct InstitutionLock(Lease);

impl InstitutionLock {
    /// Takes the lock if it is free.
    ///
    /// # Errors
    /// The database failed.
    pub async fn try_take(store: &Store, institution: Uuid) -> Result<Option<InstitutionLock>> {
        let lease = Lease::try_take(store, &leases::of_institution(institution)).await?;
        Ok(lease.map(InstitutionLock))
    }

    /// Waits for the lock, for at most a day.
    ///
    /// # Errors
    /// The database failed, or the lock was never released.
    pub async fn wait(store: &Store, institution: Uuid) -> Result<InstitutionLock> {
        let taking = async {
            loop {
                if let Some(lock) = InstitutionLock::try_take(store, institution).await? {
                    return Ok(lock);
                }
                let who = holder(&mut *store.connection().await?, institution).await?;
                let _waiting = who.map(|who| {
                    store.waits_for(format!("the lock of an institution, held by {who}"))
                });
                tokio::time::sleep(ASKS_EVERY).await;
            }
        };
        tokio::time::timeout(WAITS_FOR_A_LOCK, taking)
            .await
            .unwrap_or(Err(StoreError::Endless))
    }

    /// The guard that writers under this lock must check.
    pub fn guard(&self, slug: &str) -> LockGuard {
        LockGuard {
            fence: self.0.fence(),
            slug: slug.into(),
        }
    }

    /// Gives the lock back.
    pub async fn release(self) {
        self.0.release().await;
    }
}

/// How often somebody who waits for a lock asks for it.
const ASKS_EVERY: Duration = Duration::from_millis(250);
/// How long somebody waits for a lock.
const WAITS_FOR_A_LOCK: Duration = Duration::from_secs(24 * 60 * 60);

/// The lock of a run, as its transactions see it: others may have taken it while the run waited for
/// its source.
#[derive(Debug, Clone)]
pub struct LockGuard {
    fence: LeaseFence,
    slug: Arc<str>,
}

impl LockGuard {
    /// Begins a transaction under the lock: every write that is not a batch of a lane.
    ///
    /// # Errors
    /// [`StoreError::LockLost`], or the database failed.
    pub async fn begin<'c>(
        &self,
        connection: &'c mut PgConnection,
    ) -> Result<Transaction<'c, Postgres>> {
        let mut transaction = connection.begin().await?;
        self.check(&mut transaction).await?;
        Ok(transaction)
    }

    /// Checks that nobody else has taken the lock, and prevents it until the transaction ends:
    /// taking it waits for running batches.
    ///
    /// # Errors
    /// [`StoreError::LockLost`], or the database failed.
    pub async fn check(&self, transaction: &mut PgConnection) -> Result<()> {
        if self.fence.holds(transaction).await? {
            Ok(())
        } else {
            Err(StoreError::LockLost(self.slug.to_string()))
        }
    }
}

/// Who holds the lock of an institution.
///
/// # Errors
/// The database failed.
pub async fn holder(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Option<ServerSession>> {
    leases::holder(connection, &leases::of_institution(institution)).await
}

/// The institution that the database knows by a slug.
///
/// # Errors
/// The database failed.
pub async fn institution(connection: &mut PgConnection, slug: &str) -> Result<Option<Uuid>> {
    Ok(
        sqlx::query_scalar("SELECT id FROM institutions WHERE slug = $1")
            .bind(slug)
            .fetch_optional(connection)
            .await?,
    )
}

/// Whether the database knows an institution: it has run, or begun to.
///
/// # Errors
/// The database failed.
pub async fn is_known(connection: &mut PgConnection, institution: Uuid) -> Result<bool> {
    let known = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM institutions WHERE id = $1)");
    Ok(known.bind(institution).fetch_one(connection).await?)
}

/// The newest run of an institution whose clock was not reset, and that clock; without the given
/// run, if any.
///
/// # Errors
/// The database failed.
pub async fn last(
    connection: &mut PgConnection,
    institution: Uuid,
    without: Option<RunId>,
) -> Result<Option<(RunId, Clock)>> {
    let newest: Option<(RunId, DateTime<Utc>)> = sqlx::query_as(
        "SELECT id, at FROM runs WHERE institution_id = $1 AND clock_taken_back_at IS NULL AND id IS DISTINCT FROM $2 ORDER BY at DESC, id DESC LIMIT 1",
    )
    .bind(institution)
    .bind(without)
    .fetch_optional(connection)
    .await?;
    Ok(newest.map(|(run, at)| (run, Clock(at))))
}

/// What a run begins with.
#[derive(Debug)]
pub struct RunStart<'s> {
    /// Fingerprint of the plan.
    pub plan: Fingerprint,
    /// The machine.
    pub host: &'s str,
    /// The unit of due work that it carries out.
    pub unit: Option<i64>,
    /// Hash of all files of the project.
    pub project_version: Option<Vec<u8>>,
}

/// Begins a run: the institution's row is brought up to date, runs and reads that died are marked,
/// and the run gets its number.
///
/// # Errors
/// The database failed.
pub async fn begin(
    connection: &mut PgConnection,
    institution: &InstitutionProfile,
    at: Clock,
    now: DateTime<Utc>,
    start: &RunStart<'_>,
) -> Result<RunId> {
    if let Some(formerly) = &institution.formerly {
        sqlx::query("UPDATE institutions SET slug = $2 WHERE id = $1 AND slug = $3")
            .bind(institution.id)
            .bind(&institution.slug)
            .bind(formerly)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(
        "INSERT INTO institutions (id, slug, name, timezone, active, created_at, last_run_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, timezone = EXCLUDED.timezone, active = EXCLUDED.active, last_run_at = EXCLUDED.last_run_at",
    )
    .bind(institution.id)
    .bind(&institution.slug)
    .bind(&institution.name)
    .bind(&institution.timezone)
    .bind(institution.active)
    .bind(at.0)
    .execute(&mut *connection)
    .await?;
    let died = sqlx::query("UPDATE runs SET status = 'failed', error = 'the process died', finished_at = $2 WHERE institution_id = $1 AND status = 'running'")
        .bind(institution.id)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    metrics::tally_died(connection, institution.id, died.rows_affected(), at.0).await?;
    sqlx::query(
        "UPDATE source_reads SET state = 'partial', why = 'the process died', finished_at = $2 WHERE institution_id = $1 AND state = 'reading'",
    )
    .bind(institution.id)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    let id = sqlx::query_scalar(
        "INSERT INTO runs (institution_id, at, status, plan_fingerprint, host, pid, started_at, unit_id, project_version) VALUES ($1, $2, 'running', $3, $4, $5, $6, $7, $8) RETURNING id",
    );
    let pid = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    Ok(id
        .bind(institution.id)
        .bind(at.0)
        .bind(start.plan.to_vec())
        .bind(start.host)
        .bind(pid)
        .bind(now)
        .bind(start.unit)
        .bind(start.project_version.as_deref())
        .fetch_one(connection)
        .await?)
}

/// Ends a run.
///
/// # Errors
/// The database failed.
pub async fn finish(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    status: RunStatus,
    now: DateTime<Utc>,
    summary: &Json,
    error: Option<&str>,
) -> Result<()> {
    sqlx::query("UPDATE runs SET status = $3, finished_at = $4, summary = $5, error = $6 WHERE institution_id = $1 AND id = $2")
        .bind(institution)
        .bind(run)
        .bind(status.name())
        .bind(now)
        .bind(storable_json(summary))
        .bind(error.map(storable))
        .execute(connection)
        .await?;
    Ok(())
}

/// A run that has lost its lock says so, unless whoever has the lock now has said it already.
///
/// # Errors
/// The database failed.
pub async fn lose(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    now: DateTime<Utc>,
    error: &str,
) -> Result<()> {
    sqlx::query("UPDATE runs SET status = 'failed', finished_at = $3, error = $4 WHERE institution_id = $1 AND id = $2 AND status = 'running'")
        .bind(institution)
        .bind(run)
        .bind(now)
        .bind(storable(error))
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores what the stages did.
///
/// # Errors
/// The database failed.
pub async fn record_stages(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    stages: &[StageRecord],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO run_stages (institution_id, run_id, stage, source_id, rows_in, rows_out, refused, micros, error)
         SELECT $1, $2, v.* FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[]) AS v
         ON CONFLICT DO NOTHING",
    )
    .bind(institution)
    .bind(run)
    .bind(stages.iter().map(|s| s.stage.as_str()).collect::<Vec<_>>())
    .bind(stages.iter().map(|s| s.source.as_str()).collect::<Vec<_>>())
    .bind(stages.iter().map(|s| s.rows_in).collect::<Vec<_>>())
    .bind(stages.iter().map(|s| s.rows_out).collect::<Vec<_>>())
    .bind(stages.iter().map(|s| s.refused).collect::<Vec<_>>())
    .bind(stages.iter().map(|s| s.micros).collect::<Vec<_>>())
    .bind(stages.iter().map(|s| s.error.as_deref().map(storable)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores the parts of a fingerprint.
///
/// # Errors
/// The database failed.
pub async fn remember_fingerprint(
    connection: &mut PgConnection,
    institution: Uuid,
    source: &str,
    fingerprint: Fingerprint,
    parts: &FingerprintParts,
    at: Clock,
) -> Result<()> {
    let new = sqlx::query(
        "INSERT INTO fingerprints (institution_id, fingerprint, source_id, parts, first_used_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(institution)
    .bind(fingerprint.to_vec())
    .bind(source)
    .bind(parts.to_json())
    .bind(at.0)
    .execute(&mut *connection)
    .await?;
    if new.rows_affected() == 0 {
        return Ok(());
    }
    super::forms::carry_over(connection, institution, source, (fingerprint, parts)).await?;
    super::versions::remember(connection, institution, parts, at).await
}

/// The parts of fingerprints.
///
/// # Errors
/// The database failed.
pub async fn fingerprint_parts(
    connection: &mut PgConnection,
    institution: Uuid,
    fingerprints: &[Fingerprint],
) -> Result<std::collections::HashMap<Fingerprint, Json>> {
    let wanted: Vec<Vec<u8>> = fingerprints.iter().map(|f| f.to_vec()).collect();
    let rows: Vec<(Vec<u8>, Json)> =
        sqlx::query_as("SELECT fingerprint, parts FROM fingerprints WHERE institution_id = $1 AND fingerprint = ANY ($2)")
            .bind(institution)
            .bind(wanted)
            .fetch_all(connection)
            .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(bytes, parts)| Some((Fingerprint::from_column(Some(bytes))?, parts)))
        .collect())
}

/// Raises an alert.
///
/// # Errors
/// The database failed.
pub async fn alert(
    connection: &mut PgConnection,
    institution: Uuid,
    run: Option<RunId>,
    at: Clock,
    alert: &Alert,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO alerts (institution_id, run_id, source_id, kind, severity, message, raised_at)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE NOT EXISTS (SELECT 1 FROM alerts WHERE institution_id = $1 AND source_id = $3 AND kind = $4 AND message = $6 AND raised_at = $7)",
    )
    .bind(institution)
    .bind(run)
    .bind(&alert.source)
    .bind(alert.kind)
    .bind(alert.severity)
    .bind(storable(&alert.message))
    .bind(at.0)
    .execute(connection)
    .await
    .map_err(StoreError::from)?;
    Ok(())
}

/// The names without an institution in this database.
///
/// # Errors
/// The database failed.
pub async fn unknown(connection: &mut PgConnection, slugs: &[String]) -> Result<Vec<String>> {
    let unknown = sqlx::query_scalar(
        "SELECT n FROM unnest($1::text[]) AS n WHERE n NOT IN (SELECT slug FROM institutions) ORDER BY n",
    );
    Ok(unknown.bind(slugs).fetch_all(connection).await?)
}
