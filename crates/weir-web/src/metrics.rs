//! `/metrics` for Prometheus: one read of the tallies, whatever is stored.

use super::Site;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use weir_reporting::report::metrics;
use weir_store as store;

/// The figures of now. What failed is in the log, not on the page.
pub(super) async fn metrics(State(site): State<Arc<Site>>) -> Response {
    match scrape(&site).await {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::warn!(%error, "metrics could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the database failed\n").into_response()
        }
    }
}

async fn scrape(site: &Site) -> store::Result<String> {
    let scrape = store::metrics::scrape(&mut *site.store.connection().await?).await?;
    let project = site.project();
    let plans: Vec<_> = project
        .institutions
        .iter()
        .filter_map(|one| one.plan().cloned())
        .collect();
    Ok(metrics::text(&scrape, &plans, (site.now)()))
}
