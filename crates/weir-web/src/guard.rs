//! What every request and response passes, whatever page it is for: who asks, and whether they may
//! ([`super::access`]); headers that keep a browser from running,
//! framing or leaking anything; the names by which this process may be addressed; limits of size
//! and time; a page instead of a broken connection where the code of a page panics.
//!
//! Must never depend on a route: an error, a HEAD and an unknown address are guarded alike.

use super::access::{self, Visitor};
use super::listen::PatientListener;
use super::refusal::PageError;
use super::{Site, assets, links};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use axum::serve::IncomingStream;
use futures::FutureExt;
use maud::{DOCTYPE, html};
use std::net::{IpAddr, SocketAddr};
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
    let work = AssertUnwindSafe(let_in(site, request, next)).catch_unwind();
    let response = match tokio::time::timeout(ANSWERS_WITHIN, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => PageError::bug().answer(is_api),
        Err(_) => PageError::too_slow().answer(is_api),
    };
    with_headers(response)
}

/// Lets a request in to its page, for whoever makes it, or says why not.
async fn let_in(site: Arc<Site>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if access::is_open(&path) {
        return next.run(request).await;
    }
    let is_api = path.starts_with("/api/");
    let client = request.extensions().get::<ConnectInfo<ClientAddress>>();
    let client = client.map(|ConnectInfo(client)| client.0.ip());
    let who = match access::admit(&site, request.headers(), client).await {
        Ok(Some(who)) => who,
        Ok(None) => return not_known(&request, is_api),
        Err(refusal) => return refusal.answer(is_api),
    };
    if let Err(refusal) = access::judge(&who, request.method(), &path) {
        return refusal.answer(is_api);
    }
    request.extensions_mut().insert(Visitor::new(site, who));
    next.run(request).await
}

/// The way to log in, for whoever opens a page.
fn not_known(request: &Request, is_api: bool) -> Response {
    let is_page = !is_api && request.method() == Method::GET && request.uri().path() != "/metrics";
    if !is_page {
        let challenge = (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return ([challenge], PageError::not_known().answer(is_api)).into_response();
    }
    let to = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    if text(request.headers(), "sec-fetch-site") == Some("cross-site") {
        // A link from elsewhere comes without the cookie; the same address from here has it.
        return again(to).into_response();
    }
    let to = links::address("/login", [("to", to)]);
    match HeaderValue::try_from(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(_) => PageError::not_known().answer(false),
    }
}

/// A page that opens an address of this process.
fn again(to: &str) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" { head { meta charset="utf-8"; meta http-equiv="refresh" content={ "0; url=" (to) }; title { "Weir" } }
        body { p { a href=(to) { "Go on" } } } }
    };
    Html(page.into_string())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientAddress(SocketAddr);

impl ClientAddress {
    /// Where a request comes from, as the proxy says if it is one that is named.
    pub(super) fn seen(self, site: &Site, headers: &HeaderMap) -> IpAddr {
        let peer = self.0.ip();
        let proxy = site
            .doors
            .proxy
            .as_ref()
            .filter(|proxy| proxy.is(Some(peer)));
        let said = proxy.and_then(|_| text(headers, "x-forwarded-for"));
        let last = said.and_then(|all| all.rsplit(',').next());
        last.and_then(|last| last.trim().parse().ok())
            .unwrap_or(peer)
    }
}

impl Connected<IncomingStream<'_, PatientListener>> for ClientAddress {
    fn connect_info(stream: IncomingStream<'_, PatientListener>) -> ClientAddress {
        ClientAddress(*stream.remote_addr())
    }
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
pub(super) fn without_port(host: &str) -> &str {
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
