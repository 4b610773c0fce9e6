//! One pace for each host across all workers. If the database does not answer, each process keeps
//! its own pace as ever.

use futures::FutureExt;
use futures::future::BoxFuture;
use std::time::Duration;
use weir_source::door::SharedPace;
use weir_store::{Store, host_turns};

/// Turns at hosts, kept in the database.
pub struct HostPace(pub Store);

impl SharedPace for HostPace {
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
