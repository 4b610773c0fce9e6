//! Where a run writes. A real run takes connections from the pool and commits its batches; a dry run takes the same
//! steps over one connection, where each batch is a savepoint of one transaction that is rolled back when the lane is dropped, unless the lane is
//! committed: that is how a saved plan is applied.
//! Nothing outside this file may know which of the two it is.

use super::{Result, StoreError};
use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// A place to write.
#[derive(Clone)]
pub enum Lane {
    /// Batches commit, several at once.
    Pool(PgPool),
    /// Batches are savepoints, one after the other.
    Rehearsal(Arc<Mutex<Transaction<'static, Postgres>>>),
}

/// A connection held for one batch.
pub enum Held {
    /// From the pool.
    Pooled(PoolConnection<Postgres>),
    /// The one connection of a dry run.
    Shared(OwnedMutexGuard<Transaction<'static, Postgres>>),
}

impl Lane {
    pub(super) async fn rehearsal(pool: &PgPool) -> Result<Lane> {
        let transaction = pool.begin().await.map_err(StoreError::Connect)?;
        Ok(Lane::Rehearsal(Arc::new(Mutex::new(transaction))))
    }

    /// A connection for one batch; begin a transaction on it.
    ///
    /// # Errors
    /// No connection.
    pub async fn hold(&self) -> Result<Held> {
        match self {
            Lane::Pool(pool) => pool.acquire().await.map(Held::Pooled).map_err(StoreError::Connect),
            Lane::Rehearsal(connection) => Ok(Held::Shared(Arc::clone(connection).lock_owned().await)),
        }
    }

    /// Commits what a rehearsal has done, and waits for the disk; batches from a pool have committed themselves.
    ///
    /// # Errors
    /// The database failed, and everything was rolled back; or a batch is still under way.
    pub async fn commit(self) -> Result<()> {
        let Lane::Rehearsal(connection) = self else { return Ok(()) };
        let transaction = Arc::into_inner(connection).ok_or_else(|| sqlx::Error::Protocol("a batch is still under way".to_owned()))?;
        let mut transaction = transaction.into_inner();
        sqlx::query("SET LOCAL synchronous_commit = on").execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes back what a rehearsal has done; what a pool has committed stays.
    ///
    /// # Errors
    /// The database failed; the server rolls back by itself then.
    pub async fn roll_back(self) -> Result<()> {
        let Lane::Rehearsal(connection) = self else { return Ok(()) };
        // Who still holds a batch rolls back with it.
        let Some(transaction) = Arc::into_inner(connection) else { return Ok(()) };
        Ok(transaction.into_inner().rollback().await?)
    }

    /// How many batches may be written at once.
    pub fn width(&self) -> usize {
        match self {
            Lane::Pool(_) => std::thread::available_parallelism().map_or(2, usize::from),
            Lane::Rehearsal(_) => 1,
        }
    }
}

impl Held {
    /// Begins the transaction of a batch. Its commit does not wait for the disk: a crash of the server may take back the newest
    /// batches, in order, and the next run finds their work again. The end of the run waits, for itself and all before it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn begin_batch(&mut self) -> Result<Transaction<'_, Postgres>> {
        let mut transaction = Connection::begin(&mut **self).await?;
        sqlx::query("SET LOCAL synchronous_commit = off").execute(&mut *transaction).await?;
        Ok(transaction)
    }
}

impl Deref for Held {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Held::Pooled(connection) => connection,
            Held::Shared(connection) => connection,
        }
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Held::Pooled(connection) => connection,
            Held::Shared(connection) => connection,
        }
    }
}
