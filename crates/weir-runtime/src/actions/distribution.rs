//! Spreads the database over the nodes of Citus, or says what that would do. It concerns no single
//! institution, so it works under the lock of the tables instead of theirs: runs in progress wait,
//! and those that wait for too long stop as if the server had gone away.

use weir_store::distribution::{self, CitusState, DistributionPlan};
use weir_store::{Store, StoreError};

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// There is nowhere to move them.
    #[error("{}", lack(*.0))]
    NotReady(CitusState),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DistributionError {
    /// What the operator does about it.
    pub fn help(&self) -> Option<String> {
        match self {
            DistributionError::NotReady(state) => Some(remedy(*state).to_owned()),
            DistributionError::Store(error) => error.help(),
        }
    }
}

/// What is missing before a database can be distributed.
pub fn lack(state: CitusState) -> &'static str {
    match state {
        CitusState::Missing | CitusState::Available => "this database does not use Citus",
        CitusState::Nodeless => "no node of Citus takes shards",
        CitusState::Ready => "nothing is missing",
    }
}

/// What the operator does about that.
pub fn remedy(state: CitusState) -> &'static str {
    match state {
        CitusState::Missing => {
            "install Citus on every server, set `shared_preload_libraries = 'citus'`, restart, then CREATE EXTENSION citus (docs/citus.md)"
        }
        CitusState::Available => {
            "CREATE EXTENSION citus in this database, on every server, then add the nodes (docs/citus.md)"
        }
        CitusState::Nodeless => {
            "add one: SELECT citus_add_node('HOST', 5432); or let the coordinator take them: SELECT citus_set_node_property('HOST', 5432, 'shouldhaveshards', true)"
        }
        CitusState::Ready => "run `weir db distribute`",
    }
}

/// What would be moved.
///
/// # Errors
/// The database failed.
pub async fn foresee(store: &Store) -> Result<DistributionPlan, DistributionError> {
    let mut connection = store.connection().await?;
    Ok(DistributionPlan::of(&mut connection).await?)
}

/// Moves every table to where it belongs, all or none.
///
/// # Errors
/// The database does not use Citus, or failed; nothing was moved.
pub async fn distribute(store: &Store) -> Result<DistributionPlan, DistributionError> {
    let citus = foresee(store).await?.citus;
    if citus != CitusState::Ready {
        return Err(DistributionError::NotReady(citus));
    }
    let mut connection = store.connection().await?;
    Ok(distribution::distribute(&mut connection).await?)
}
