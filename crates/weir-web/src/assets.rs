//! The files that pages load: one sheet and four small scripts, inside the binary. Each has an
//! entity tag, so that a browser that has it is told so in a few bytes; a new version of Weir has
//! another.

use super::Site;
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use weir_draw::Picture;
use weir_reporting::report::{graph, page};

/// The routes of the files.
pub(super) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/assets/page.css", get(sheet))
        .route("/assets/keys.js", get(keys))
        .route("/assets/live.js", get(following))
        .route("/assets/workbench.js", get(checking))
        .route("/assets/graph.js", get(picture_keys))
        .route("/favicon.ico", get(icon))
}

async fn sheet(headers: HeaderMap) -> Response {
    file(&headers, "text/css; charset=utf-8", page::STYLE)
}

async fn keys(headers: HeaderMap) -> Response {
    let script = include_str!("assets/keys.js");
    file(&headers, "text/javascript; charset=utf-8", script)
}

async fn following(headers: HeaderMap) -> Response {
    let script = include_str!("assets/live.js");
    file(&headers, "text/javascript; charset=utf-8", script)
}

async fn checking(headers: HeaderMap) -> Response {
    let script = include_str!("assets/workbench.js");
    file(&headers, "text/javascript; charset=utf-8", script)
}

async fn picture_keys(headers: HeaderMap) -> Response {
    file(&headers, "text/javascript; charset=utf-8", graph::SCRIPT)
}

async fn icon(headers: HeaderMap) -> Response {
    file(&headers, "image/svg+xml", include_str!("assets/icon.svg"))
}

/// A file, or that the client has it already.
fn file(asked: &HeaderMap, kind: &'static str, text: &'static str) -> Response {
    let tag = entity_tag(text.as_bytes());
    let known = is_known(asked, &tag);
    let headers = [
        (header::ETAG, HeaderValue::try_from(tag).ok()),
        (header::CONTENT_TYPE, Some(HeaderValue::from_static(kind))),
        (
            header::CACHE_CONTROL,
            Some(HeaderValue::from_static("no-cache")),
        ),
    ];
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        text.into_response()
    };
    for (name, value) in headers {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The entity tag of a content.
pub(super) fn entity_tag(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..16]))
}

/// Whether a client says that it has what this tag names.
pub(super) fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let all = asked.get_all(header::IF_NONE_MATCH).iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
}

/// The hash of the sheet within a picture, as a policy names it.
pub(super) fn picture_style() -> String {
    let picture = weir_draw::within(&Picture::default(), &[], weir_draw::PHONE);
    let style = picture
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"))
        .map_or("", |(style, _)| style);
    STANDARD.encode(Sha256::digest(style.as_bytes()))
}
