//! Runs: who runs, since when, with what result; and the lock that gives one run at a time an
//! institution.

use super::sessions::{self, Session};
use super::{Result, Store, StoreError, storable, storable_json};
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};
use std::sync::Arc;
use uuid::Uuid;
use weir_model::{Alert, Clock, Fingerprint, InstitutionProfile, Parts, RunStatus, StageRecord};

/// The lock of an institution: held by one session of the database, released with it whatever
/// happens to the process.
pub struct InstitutionLock {
    connection: PoolConnection<Postgres>,
    key: i64,
    session: i32,
}

impl InstitutionLock {
    /// Takes the lock if it is free.
    ///
    /// # Errors
    /// The database failed.
    pub async fn try_take(store: &Store, institution: Uuid) -> Result<Option<InstitutionLock>> {
        let mut connection = store.connection().await?;
        let key = key(institution);
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(key)
            .fetch_one(&mut *connection)
            .await?;
        if taken {
            InstitutionLock::taken(connection, key).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// Waits for the lock, for at most a day.
    ///
    /// # Errors
    /// The database failed, or the lock was never released.
    pub async fn wait(store: &Store, institution: Uuid) -> Result<InstitutionLock> {
        let mut connection = store.connection().await?;
        let key = key(institution);
        sqlx::raw_sql("SET lock_timeout = '1d'; SET statement_timeout = 0")
            .execute(&mut *connection)
            .await?;
        let taken = sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(key)
            .execute(&mut *connection)
            .await;
        super::session::settle(&mut connection, None).await?;
        taken?;
        InstitutionLock::taken(connection, key).await
    }

    /// A run that has lost the lock may still be writing a batch: wait for that; it begins no
    /// other.
    async fn taken(mut connection: PoolConnection<Postgres>, key: i64) -> Result<InstitutionLock> {
        let alone = sqlx::query_scalar("SELECT pg_backend_pid(), pg_advisory_xact_lock($1)")
            .bind(batches(key));
        let session = alone.fetch_one(&mut *connection).await?;
        Ok(InstitutionLock {
            connection,
            key,
            session,
        })
    }

    /// The guard that writers under this lock must check.
    pub fn guard(&self, slug: &str) -> LockGuard {
        LockGuard {
            key: self.key,
            session: self.session,
            slug: slug.into(),
        }
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// The database failed (and has released the lock by itself).
    pub async fn release(mut self) -> Result<()> {
        sqlx::query("SELECT pg_advisory_unlock($1)")
            .bind(self.key)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

/// The lock of a run, as its transactions see it: its session may have died while the run waited
/// for its source, and another run been admitted.
#[derive(Debug, Clone)]
pub struct LockGuard {
    key: i64,
    session: i32,
    slug: Arc<str>,
}

impl LockGuard {
    /// Checks that the lock is still held, and prevents it from being taken before the transaction
    /// ends: taking the lock waits for running batches.
    ///
    /// # Errors
    /// [`StoreError::LockLost`], or the database failed.
    pub(super) async fn check(&self, transaction: &mut PgConnection) -> Result<()> {
        let is_held = sqlx::query_scalar(
            "SELECT CASE WHEN pg_try_advisory_xact_lock_shared($1) THEN EXISTS (
               SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.pid = $2
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND (l.classid::bigint << 32 | l.objid::bigint) = $3)
             ELSE FALSE END",
        );
        let is_held: bool = is_held
            .bind(batches(self.key))
            .bind(self.session)
            .bind(self.key)
            .fetch_one(transaction)
            .await?;
        if is_held {
            Ok(())
        } else {
            Err(StoreError::LockLost(self.slug.to_string()))
        }
    }
}

/// The key of a second lock, shared by all batches under the first.
fn batches(key: i64) -> i64 {
    !key
}

fn key(institution: Uuid) -> i64 {
    let (high, low) = institution.as_u64_pair();
    i64::from_be_bytes((high ^ low).to_be_bytes())
}

/// Who holds the lock of an institution.
///
/// # Errors
/// The database failed.
pub async fn holder(connection: &mut PgConnection, institution: Uuid) -> Result<Option<Session>> {
    sessions::holder(connection, key(institution)).await
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

/// The newest run of an institution whose clock was not reset, and that clock; without the given
/// run, if any.
///
/// # Errors
/// The database failed.
pub async fn last(
    connection: &mut PgConnection,
    institution: Uuid,
    without: Option<i64>,
) -> Result<Option<(i64, Clock)>> {
    let newest: Option<(i64, DateTime<Utc>)> = sqlx::query_as(
        "SELECT id, at FROM runs WHERE institution_id = $1 AND clock_taken_back_at IS NULL AND id IS DISTINCT FROM $2 ORDER BY at DESC, id DESC LIMIT 1",
    )
    .bind(institution)
    .bind(without)
    .fetch_optional(connection)
    .await?;
    Ok(newest.map(|(run, at)| (run, Clock(at))))
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
    plan: Fingerprint,
    host: &str,
) -> Result<i64> {
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
    sqlx::query("UPDATE runs SET status = 'failed', error = 'the process died', finished_at = $2 WHERE institution_id = $1 AND status = 'running'")
        .bind(institution.id)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE source_reads SET state = 'partial', why = 'the process died', finished_at = $2 WHERE institution_id = $1 AND state = 'reading'",
    )
    .bind(institution.id)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    let id = sqlx::query_scalar(
        "INSERT INTO runs (institution_id, at, status, plan_fingerprint, host, pid, started_at) VALUES ($1, $2, 'running', $3, $4, $5, $6) RETURNING id",
    );
    let pid = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    Ok(id
        .bind(institution.id)
        .bind(at.0)
        .bind(plan.to_vec())
        .bind(host)
        .bind(pid)
        .bind(now)
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
    run: i64,
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

/// Stores what the stages did.
///
/// # Errors
/// The database failed.
pub async fn record_stages(
    connection: &mut PgConnection,
    institution: Uuid,
    run: i64,
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
    parts: &Parts,
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
    run: Option<i64>,
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
