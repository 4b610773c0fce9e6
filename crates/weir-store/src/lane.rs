//! Where a run writes. A real run takes connections from the pool and commits its batches; a dry
//! run takes the same steps over one connection, where each batch is a savepoint of one transaction
//! that is rolled back when the lane is dropped, unless the lane is committed: that is how a saved
//! plan is applied. Nothing outside this file may know which of the two it is.

use super::runs::LockGuard;
use super::{Result, StoreError};
use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// A place to write.
#[derive(Clone)]
pub enum WriteSession {
    /// Batches commit, several at once.
    Pool(PgPool, Option<LockGuard>),
    /// Batches are savepoints, one after the other.
    Rehearsal(
        Arc<Mutex<Transaction<'static, Postgres>>>,
        Option<LockGuard>,
    ),
}

/// A connection held for one batch.
pub enum BatchConnection {
    /// From the pool.
    Pooled(PoolConnection<Postgres>, Option<LockGuard>),
    /// The one connection of a dry run.
    Shared(OwnedMutexGuard<Transaction<'static, Postgres>>),
}

impl WriteSession {
    pub(super) async fn rehearsal(pool: &PgPool) -> Result<WriteSession> {
        let transaction = pool.begin().await.map_err(StoreError::Connect)?;
        Ok(WriteSession::Rehearsal(
            Arc::new(Mutex::new(transaction)),
            None,
        ))
    }

    /// The lane of a run: nothing is committed on it unless the run has its lock still.
    #[must_use]
    pub fn under(self, guard: LockGuard) -> WriteSession {
        match self {
            WriteSession::Pool(pool, _) => WriteSession::Pool(pool, Some(guard)),
            WriteSession::Rehearsal(connection, _) => {
                WriteSession::Rehearsal(connection, Some(guard))
            }
        }
    }

    /// A connection for one batch; begin a transaction on it.
    ///
    /// # Errors
    /// No connection.
    pub async fn hold(&self) -> Result<BatchConnection> {
        match self {
            WriteSession::Pool(pool, guard) => Ok(BatchConnection::Pooled(
                pool.acquire().await.map_err(StoreError::Connect)?,
                guard.clone(),
            )),
            WriteSession::Rehearsal(connection, _) => Ok(BatchConnection::Shared(
                Arc::clone(connection).lock_owned().await,
            )),
        }
    }

    /// Commits what a rehearsal has done, and waits for the disk; batches from a pool have
    /// committed themselves.
    ///
    /// # Errors
    /// The database failed or the lock was lost, and everything was rolled back; or a batch is
    /// still under way.
    pub async fn commit(self) -> Result<()> {
        let WriteSession::Rehearsal(connection, guard) = self else {
            return Ok(());
        };
        let transaction = Arc::into_inner(connection)
            .ok_or_else(|| sqlx::Error::Protocol("a batch is still in progress".to_owned()))?;
        let mut transaction = transaction.into_inner();
        check(guard.as_ref(), &mut transaction).await?;
        sqlx::query("SET LOCAL synchronous_commit = on")
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Takes back what a rehearsal has done; what a pool has committed stays.
    ///
    /// # Errors
    /// The database failed; the server rolls back by itself then.
    pub async fn roll_back(self) -> Result<()> {
        let WriteSession::Rehearsal(connection, _) = self else {
            return Ok(());
        };
        // Who still holds a batch rolls back with it.
        let Some(transaction) = Arc::into_inner(connection) else {
            return Ok(());
        };
        Ok(transaction.into_inner().rollback().await?)
    }

    /// How many batches may be written at once.
    pub fn width(&self) -> usize {
        match self {
            WriteSession::Pool(..) => std::thread::available_parallelism().map_or(2, usize::from),
            WriteSession::Rehearsal(..) => 1,
        }
    }
}

/// Nothing is to be made sure of where nobody else may write.
async fn check(guard: Option<&LockGuard>, transaction: &mut PgConnection) -> Result<()> {
    match guard {
        Some(guard) => guard.check(transaction).await,
        None => Ok(()),
    }
}

impl BatchConnection {
    /// Begins the transaction of a batch, if its run has the lock still. Its commit does not wait
    /// for the disk: a crash of the server may take back the newest batches, in order, and the next
    /// run finds their work again. The end of the run waits, for itself and all before it.
    ///
    /// # Errors
    /// The database failed, or the lock was lost.
    pub async fn begin_batch(&mut self) -> Result<Transaction<'_, Postgres>> {
        let mut transaction = self.begin_end().await?;
        sqlx::query("SET LOCAL synchronous_commit = off")
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }

    /// Begins the transaction of the end of a run, if the run has its lock still: its commit waits
    /// for the disk.
    ///
    /// # Errors
    /// The database failed, or the lock was lost.
    pub async fn begin_end(&mut self) -> Result<Transaction<'_, Postgres>> {
        let guard = if let BatchConnection::Pooled(_, guard) = self {
            guard.clone()
        } else {
            None
        };
        let mut transaction = Connection::begin(&mut **self).await?;
        check(guard.as_ref(), &mut transaction).await?;
        Ok(transaction)
    }
}

impl Deref for BatchConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            BatchConnection::Pooled(connection, _) => connection,
            BatchConnection::Shared(connection) => connection,
        }
    }
}

impl DerefMut for BatchConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            BatchConnection::Pooled(connection, _) => connection,
            BatchConnection::Shared(connection) => connection,
        }
    }
}
