//! One pace for each host across all workers, and one reading of its robots.txt. If the database does
//! not answer, each process keeps its own as ever.

use futures::FutureExt;
use futures::future::BoxFuture;
use std::time::Duration;
use weir_source::door::{SharedPace, SharedRobots};
use weir_store::{Store, host_turns, robots};

/// Turns at hosts and rules of publishers, kept in the database.
pub struct StoredManners(pub Store);

impl SharedPace for StoredManners {
    fn next_turn<'a>(&'a self, host: &'a str, pace: Duration) -> BoxFuture<'a, Option<Duration>> {
        async move {
            let mut connection = self.0.connection().await.ok()?;
            host_turns::next_turn(&mut connection, host, pace)
                .await
                .ok()
        }
        .boxed()
    }

    fn leave_alone<'a>(&'a self, host: &'a str, wait: Duration) -> BoxFuture<'a, ()> {
        async move {
            if let Ok(mut connection) = self.0.connection().await {
                // The process itself leaves the host alone in any case.
                let _ = host_turns::leave_alone(&mut connection, host, wait).await;
            }
        }
        .boxed()
    }
}

impl SharedRobots for StoredManners {
    fn recall<'a>(&'a self, origin: &'a str) -> BoxFuture<'a, Option<(String, Duration)>> {
        async move {
            let mut connection = self.0.connection().await.ok()?;
            robots::recall(&mut connection, origin).await.ok()?
        }
        .boxed()
    }

    fn remember<'a>(&'a self, origin: &'a str, rules: &'a str) -> BoxFuture<'a, ()> {
        async move {
            if let Ok(mut connection) = self.0.connection().await {
                // The others read it themselves.
                let _ = robots::remember(&mut connection, origin, rules).await;
            }
        }
        .boxed()
    }
}
