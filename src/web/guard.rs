//! What every response passes, whatever page made it: headers that keep a browser from running,
//! framing or leaking anything; the names by which this process may be addressed; limits of size
//! and time; a page instead of a broken connection where the code of a page panics.
//!
//! Must never depend on a route: an error, a HEAD and an unknown address are guarded alike.

use super::refusal::PageError;
use super::{Site, assets};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// How long a response may take until it begins.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// The largest form that is read.
pub(super) const FORM_BYTES: usize = 256 * 1024;

/// Headers that say the same for every response.
const FIXED: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// What pages may do: run this process's own scripts, look as its sheets say, send forms to it. The
/// one sheet that stands within a page is that of pictures, by its hash.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{}'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        assets::picture_style()
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// Guards a response.
pub(super) async fn guarded(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    if !may_be_called(&site, request.headers(), request.uri()) {
        return with_headers(PageError::foreign_host().answer(is_api));
    }
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match tokio::time::timeout(ANSWERS_WITHIN, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => PageError::bug().answer(is_api),
        Err(_) => PageError::too_slow().answer(is_api),
    };
    with_headers(response)
}

fn with_headers(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

/// Whether a request calls this process by a name that it has: a page of another site can make a
/// name of its own mean this machine, and would otherwise read everything in its visitor's browser.
fn may_be_called(site: &Site, headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(Authority::as_str));
    let Some(host) = host else { return false };
    let name = without_port(host);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok()
        || site
            .hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
}

/// A host without its port, and an IPv6 address without its brackets.
fn without_port(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn hosts_are_known_without_their_ports() {
        let names = [
            "weir.example:8080",
            "weir.example",
            "[::1]:8080",
            "127.0.0.1:1",
        ];
        assert_eq!(
            names.map(without_port),
            ["weir.example", "weir.example", "::1", "127.0.0.1"]
        );
    }
}
