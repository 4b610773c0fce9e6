//! What `weir serve` shows over HTTP: whether it lives and is ready, the pages, the API, the
//! metrics. It reads what the commands read, and decides only through `actions`, as they do.
//!
//! Must never scan a large table for a page, run a statement of its own (SQL is the store's), keep
//! a connection of the pool longer than its queries need it, or hold the process when it is to end.
//! Every response passes [`guard`], so that no page can forget its headers, and every request
//! [`access`], so that no page can forget who asks.
//!
//! To add a page: a file in `pages` with its view from `report` or the store, and its markup; a
//! line in [`pages::router`]; its name in the navigation of [`shell`]. To add a part, see `parts`.

mod access;
mod api;
mod aside;
mod assets;
mod catalog;
mod chart;
mod decide;
mod guard;
mod health;
mod links;
mod listen;
mod live;
mod metrics;
mod pages;
mod parts;
mod refusal;
mod rehearsing;
mod shell;
mod site;
mod workbench;

pub use access::{IdentityProxy, TrustedNetwork};
pub use site::{EntryPolicy, Readiness, Site};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::get;
use futures::future::BoxFuture;
use listen::PatientListener;
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
        .route("/metrics", get(metrics::metrics))
        .merge(assets::router())
        .merge(pages::router())
        .merge(decide::router())
        .merge(workbench::router())
        .merge(access::router())
        .merge(live::router())
        .merge(api::router())
        .fallback(refusal::unknown_address)
        .method_not_allowed_fallback(refusal::wrong_method)
        .layer(DefaultBodyLimit::max(guard::FORM_BYTES))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&site),
            guard::guarded,
        ))
        .with_state(site)
}

/// Every route that shows or changes something, as a method and an address.
pub fn routes() -> Vec<(&'static str, &'static str)> {
    let pages = pages::PAGES.iter().map(|(path, _)| ("GET", *path));
    let decisions = decide::DECISIONS.iter().map(|(path, _)| ("POST", *path));
    let steps = workbench::STEPS.iter().map(|(path, _)| ("POST", *path));
    let api = api::ROUTES.iter().map(|route| ("GET", route.path));
    let streams = live::STREAMS.iter().map(|(path, _)| ("GET", *path));
    let more = [
        ("GET", "/duplicates/undo"),
        ("GET", "/workbench"),
        ("GET", "/metrics"),
        ("GET", "/api/v1/openapi.json"),
    ];
    let all = pages.chain(decisions).chain(steps).chain(streams);
    all.chain(api).chain(more).collect()
}

/// Serves until it is stopped, and ends soon after whatever clients do.
///
/// # Errors
/// The listener failed.
pub fn serve(
    listener: TcpListener,
    site: Arc<Site>,
    stop: CancellationToken,
) -> BoxFuture<'static, io::Result<()>> {
    Box::pin(async move {
        let stopping = stop.clone();
        let routes = router(site).into_make_service_with_connect_info::<guard::ClientAddress>();
        let serving = axum::serve(PatientListener::new(listener), routes)
            .with_graceful_shutdown(async move { stopping.cancelled().await })
            .into_future();
        tokio::select! {
            served = serving => served,
            () = async { stop.cancelled().await; tokio::time::sleep(DRAINS_WITHIN).await } => Ok(()),
        }
    })
}
