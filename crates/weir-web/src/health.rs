//! For whoever restarts Weir: `/health` as long as the process lives, `/ready` while it can work.

use super::Site;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// The process lives.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// The process can do its work, or why not.
pub(super) async fn ready(State(site): State<Arc<Site>>) -> (StatusCode, String) {
    match &*site.readiness.borrow() {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}
