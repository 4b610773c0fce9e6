//! How many institutions work at the same time. Who only waits for a source does not count: the
//! sources of others could be read meanwhile, and a board that sends a byte now and then would keep
//! them all waiting.
//!
//! An institution takes its turn when one of its sources has something to do, shares it among them,
//! and gives it back when the last of them has nothing to do but wait.

use std::sync::{Arc, Weak};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

/// The turns of all institutions.
#[derive(Clone)]
pub struct WorkTurns(Arc<Semaphore>);

impl WorkTurns {
    /// So many at the same time.
    pub fn new(most: usize) -> WorkTurns {
        WorkTurns(Arc::new(Semaphore::new(most.max(1))))
    }

    /// The turn of one institution, which nobody has taken yet.
    pub(super) fn one(&self) -> WorkTurn {
        WorkTurn {
            all: Arc::clone(&self.0),
            taken: Mutex::new(Weak::new()),
        }
    }
}

/// The turn of one institution.
pub(super) struct WorkTurn {
    all: Arc<Semaphore>,
    taken: Mutex<Weak<OwnedSemaphorePermit>>,
}

/// The right to work: given back when the last of an institution is dropped.
pub(super) struct WorkPermit {
    _taken: Option<Arc<OwnedSemaphorePermit>>,
}

impl WorkTurn {
    /// Waits for the turn, unless the institution has it.
    pub(super) async fn take(&self) -> WorkPermit {
        let mut taken = self.taken.lock().await;
        if let Some(ours) = taken.upgrade() {
            return WorkPermit { _taken: Some(ours) };
        }
        // It is never closed.
        let ours = Arc::clone(&self.all)
            .acquire_owned()
            .await
            .ok()
            .map(Arc::new);
        *taken = ours.as_ref().map(Arc::downgrade).unwrap_or_default();
        WorkPermit { _taken: ours }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_turn_is_shared_within_an_institution_and_with_no_other() {
        let turns = WorkTurns::new(1);
        let (one, other) = (turns.one(), turns.one());
        let (first, second) = (one.take().await, one.take().await);
        drop(first);
        assert!(timeout(Duration::from_secs(9), other.take()).await.is_err());
        drop(second);
        let theirs = other.take().await;
        assert!(timeout(Duration::from_secs(9), one.take()).await.is_err());
        drop(theirs);
        drop(one.take().await);
    }
}
