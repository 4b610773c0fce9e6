//! Leases: a right that one process has at a time, and that ends by itself when the process dies or
//! stands still. Whoever takes one gets a fence, a number that rises with each taking; a batch
//! commits only under the fence that it began with, so a process that wakes up too late writes
//! nothing.
//!
//! All times are those of the server: no machine's clock decides who has what. A lease is free when
//! it was given back, when it has expired, or when the session that renews it has ended, which the
//! server notices at once if a process is killed.
//!
//! Must never hold a transaction open, and never wait for a holder that is alive: whoever wants to
//! wait asks again.

use super::sessions::ServerSession;
use super::{Result, Store, StoreError};
use chrono::{DateTime, Utc};
use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, Postgres};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// How long a lease lasts without being renewed.
pub const LASTS: Duration = Duration::from_secs(30);
/// How often it is renewed: a third of that.
const BEATS_EVERY: Duration = Duration::from_secs(10);
/// How long a taker waits for batches under the fence before it ends their sessions.
const BATCHES_END_WITHIN: Duration = Duration::from_secs(2);

/// A right, for as long as this lives; renewed in the background.
pub struct Lease {
    name: String,
    fence: i64,
    lost: CancellationToken,
    ends: DropGuard,
    beating: JoinHandle<()>,
}

impl Lease {
    /// Takes a lease if it is free. Batches that still run under the fence before are waited for;
    /// if they stand still, their sessions are ended, and they are rolled back.
    ///
    /// # Errors
    /// The database failed.
    pub async fn try_take(store: &Store, name: &str) -> Result<Option<Lease>> {
        let mut connection = store.connection().await?;
        let Some(fence) = take(store, &mut connection, name).await? else {
            return Ok(None);
        };
        let (lost, end) = (CancellationToken::new(), CancellationToken::new());
        let beating = LeaseHeartbeat {
            store: store.clone(),
            name: name.to_owned(),
            fence,
            lost: lost.clone(),
            end: end.clone(),
        };
        Ok(Some(Lease {
            name: name.to_owned(),
            fence,
            lost,
            ends: end.drop_guard(),
            beating: tokio::spawn(beating.beat(connection)),
        }))
    }

    /// Its fence.
    pub fn fence(&self) -> LeaseFence {
        LeaseFence {
            name: self.name.as_str().into(),
            number: self.fence,
        }
    }

    /// Cancelled when somebody else has it.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Gives it back.
    pub async fn release(self) {
        drop(self.ends);
        // It has ended in any case.
        let _ = self.beating.await;
    }
}

/// The name of the lease of an institution.
pub fn of_institution(institution: Uuid) -> String {
    format!("institution {institution}")
}

/// What a batch commits under.
#[derive(Debug, Clone)]
pub struct LeaseFence {
    name: std::sync::Arc<str>,
    number: i64,
}

impl LeaseFence {
    /// Whether the lease has not been taken by others; it cannot be before the transaction ends.
    ///
    /// # Errors
    /// The database failed.
    pub async fn holds(&self, transaction: &mut PgConnection) -> Result<bool> {
        let row: Option<i32> =
            sqlx::query_scalar("SELECT 1 FROM leases WHERE name = $1 AND fence = $2 FOR KEY SHARE")
                .bind(&*self.name)
                .bind(self.number)
                .fetch_optional(transaction)
                .await?;
        Ok(row.is_some())
    }
}

/// Whether somebody has lease `l`: it has not expired, and the session that renews it lives. Of
/// other roles' sessions the server does not say when they began.
macro_rules! is_held {
    () => {
        "(l.expires_at > clock_timestamp() AND EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = l.session_pid
           AND COALESCE(a.backend_start, l.session_began) = l.session_began))"
    };
}

/// Who has a lease.
///
/// # Errors
/// The database failed.
pub async fn holder(connection: &mut PgConnection, name: &str) -> Result<Option<ServerSession>> {
    let row = sqlx::query_as(concat!(
        "SELECT COALESCE(l.session_pid, 0) AS pid, l.holder AS name, l.taken_at AS since FROM leases l WHERE l.name = $1 AND ",
        is_held!()
    ));
    Ok(row.bind(name).fetch_optional(connection).await?)
}

/// A lease that somebody has.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct HeldLease {
    /// What it is for.
    pub name: String,
    /// The process.
    pub holder: String,
    /// Its fence.
    pub fence: i64,
    /// Since when.
    pub taken_at: DateTime<Utc>,
    /// Seconds since it was renewed.
    pub age: f64,
}

/// All leases that somebody has.
///
/// # Errors
/// The database failed.
pub async fn held(connection: &mut PgConnection) -> Result<Vec<HeldLease>> {
    let rows = sqlx::query_as(concat!(
        "SELECT l.name, l.holder, l.fence, l.taken_at, EXTRACT(epoch FROM clock_timestamp() - l.beaten_at)::float8 AS age FROM leases l WHERE ",
        is_held!(),
        " ORDER BY l.taken_at, l.name"
    ));
    Ok(rows.fetch_all(connection).await?)
}

/// A lease that lasts for longer than one just renewed was written by a clock that has been set back
/// since: from now on it lasts as long as any.
///
/// # Errors
/// The database failed.
pub async fn shorten(connection: &mut PgConnection) -> Result<()> {
    let sql = "UPDATE leases SET expires_at = clock_timestamp() + $1 WHERE expires_at > clock_timestamp() + $1";
    sqlx::query(sql).bind(LASTS).execute(connection).await?;
    Ok(())
}

/// Takes a lease and gives its fence, unless somebody has it.
async fn take(
    store: &Store,
    connection: &mut PoolConnection<Postgres>,
    name: &str,
) -> Result<Option<i64>> {
    if holder(connection, name).await?.is_some() {
        return Ok(None);
    }
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut **connection)
        .await?;
    let taking = insert(connection, name);
    tokio::pin!(taking);
    loop {
        tokio::select! {
            taken = &mut taking => return taken,
            () = tokio::time::sleep(BATCHES_END_WITHIN) => end_batches(store, name, pid).await?,
        }
    }
}

/// The condition is looked at again here: another may have been quicker.
async fn insert(connection: &mut PgConnection, name: &str) -> Result<Option<i64>> {
    let fence = sqlx::query_scalar(
        concat!(
            "INSERT INTO leases AS l (name, holder, fence, session_pid, session_began, taken_at, beaten_at, expires_at)
         SELECT $1, current_setting('application_name'), 1, a.pid, a.backend_start, clock_timestamp(), clock_timestamp(), clock_timestamp() + $2
         FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()
         ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, fence = l.fence + 1, session_pid = EXCLUDED.session_pid, session_began = EXCLUDED.session_began,
           taken_at = EXCLUDED.taken_at, beaten_at = EXCLUDED.beaten_at, expires_at = clock_timestamp() + $2
         WHERE NOT ",
            is_held!(),
            " RETURNING fence"
        ),
    );
    Ok(fence
        .bind(name)
        .bind(LASTS)
        .fetch_optional(connection)
        .await?)
}

/// Ends the sessions that keep a taker waiting: batches of the process whose lease has expired.
async fn end_batches(store: &Store, name: &str, taker: i32) -> Result<()> {
    sqlx::query(
        "SELECT pg_terminate_backend(a.pid) FROM unnest(pg_blocking_pids($2)) AS p (pid) JOIN pg_stat_activity a ON a.pid = p.pid
         JOIN leases l ON l.name = $1 AND a.application_name = left(l.holder, 63)",
    )
    .bind(name)
    .bind(taker)
    .execute(&mut *store.connection().await?)
    .await?;
    Ok(())
}

/// Renews a lease until it is given back or lost.
struct LeaseHeartbeat {
    store: Store,
    name: String,
    fence: i64,
    lost: CancellationToken,
    end: CancellationToken,
}

impl LeaseHeartbeat {
    async fn beat(self, connection: PoolConnection<Postgres>) {
        let mut connection = Some(connection);
        loop {
            tokio::select! {
                () = self.end.cancelled() => return self.give_back(connection).await,
                () = tokio::time::sleep(BEATS_EVERY) => {}
            }
            match self.renew(connection).await {
                Ok(Some(renewed)) => connection = Some(renewed),
                Ok(None) => return self.lost.cancel(),
                // The server may come back before the lease has expired.
                Err(_) => connection = None,
            }
        }
    }

    /// Renews it on the session that it was taken on, or on another one if that has ended.
    async fn renew(
        &self,
        connection: Option<PoolConnection<Postgres>>,
    ) -> Result<Option<PoolConnection<Postgres>>> {
        let mut connection = match connection {
            Some(connection) => connection,
            None => self.store.connection().await?,
        };
        let renewed = sqlx::query(
            "UPDATE leases l SET beaten_at = clock_timestamp(), expires_at = clock_timestamp() + $3, session_pid = a.pid, session_began = a.backend_start
             FROM pg_stat_activity a WHERE a.pid = pg_backend_pid() AND l.name = $1 AND l.fence = $2",
        );
        let renewed = renewed.bind(&self.name).bind(self.fence).bind(LASTS);
        match renewed.execute(&mut *connection).await {
            Ok(done) => Ok((done.rows_affected() > 0).then_some(connection)),
            Err(error) => {
                // A broken session must not go back to the pool.
                drop(connection.detach());
                Err(StoreError::from(error))
            }
        }
    }

    async fn give_back(&self, connection: Option<PoolConnection<Postgres>>) {
        let Some(mut connection) = connection else {
            return;
        };
        let given = sqlx::query(
            "UPDATE leases SET expires_at = '-infinity', session_pid = NULL, session_began = NULL WHERE name = $1 AND fence = $2",
        );
        let given = given.bind(&self.name).bind(self.fence);
        if given.execute(&mut *connection).await.is_err() {
            // Its end gives the lease back as well.
            let _ = connection.detach().close().await;
        }
    }
}
