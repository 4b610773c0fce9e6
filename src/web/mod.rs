//! What `weir serve` shows over HTTP: whether it lives and is ready, the pages, the API, the
//! metrics. It reads what the commands read, and decides only through `actions`, as they do.
//!
//! Must never scan a large table for a page, run a statement of its own (SQL is the store's), or
//! keep a connection open when the process is to end.
//!
//! To add a page: a file here with its route, its view from `report` or the store, and its markup;
//! a line in [`router`].

mod health;
mod site;

pub use site::{Readiness, Site};

use axum::Router;
use axum::routing::get;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long responses under way may take when the process is to end.
const DRAINS_WITHIN: Duration = Duration::from_secs(5);

/// Every route.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .with_state(site)
}

/// Serves until it is stopped, and ends soon after whatever clients do.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    site: Arc<Site>,
    stop: CancellationToken,
) -> io::Result<()> {
    let stopping = stop.clone();
    let serving = axum::serve(listener, router(site))
        .with_graceful_shutdown(async move { stopping.cancelled().await })
        .into_future();
    tokio::select! {
        served = serving => served,
        () = async { stop.cancelled().await; tokio::time::sleep(DRAINS_WITHIN).await } => Ok(()),
    }
}
