//! Rows as JSON, NDJSON and CSV, written as `weir export` writes them, or as an Atom feed; with an
//! entity tag, and the way on in the body (JSON, Atom) and in `Link` (all).

use super::atom;
use super::exports::seen;
use super::request::{ApiFormat, ApiRequest};
use super::{ApiPage, ApiRoute};
use crate::assets::{entity_tag, is_known};
use crate::refusal::PageError;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LINK, VARY};
use axum::response::Response;
use serde_json::json;
use weir_runtime::export::ExportFormat;
use weir_store::views::export::{ExportCell, ExportColumn};

/// Where a follower goes on.
const CURSOR: HeaderName = HeaderName::from_static("weir-cursor");

/// The response of a page.
pub(super) fn response(
    route: &ApiRoute,
    request: &ApiRequest,
    page: ApiPage,
    asked: &HeaderMap,
) -> Result<Response, PageError> {
    let next = page.next.as_ref().map(|next| request.next(next));
    let columns = seen(route, request.asker);
    let body = match request.format {
        ApiFormat::Json => write(ExportFormat::Ndjson, &columns, page.rows)
            .map(|rows| whole(&rows, next.as_deref(), page.cursor.as_deref())),
        ApiFormat::Ndjson => write(ExportFormat::Ndjson, &columns, page.rows),
        ApiFormat::Csv => write(ExportFormat::Csv, &columns, page.rows),
        ApiFormat::Atom => atom::write(&request.own(), next.as_deref(), &page.rows),
    };
    let body = body.map_err(|_| PageError::bug())?;
    let tag = entity_tag(&body);
    let mut response = Response::new(Body::empty());
    if is_known(asked, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::from(body);
    }
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(request.format.media()),
    );
    headers.insert(VARY, HeaderValue::from_static("accept"));
    let more = [
        (ETAG, Some(tag)),
        (LINK, next.map(|next| format!("<{next}>; rel=\"next\""))),
        (CURSOR, page.cursor),
    ];
    for (name, value) in more {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

fn write(
    format: ExportFormat,
    columns: &[ExportColumn],
    rows: Vec<Vec<ExportCell>>,
) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut sheet = format.sheet(Box::new(&mut out), columns)?;
    for row in rows {
        sheet.add(row)?;
    }
    sheet.end()?;
    Ok(out)
}

/// One JSON object around rows that are written already, a line each.
fn whole(lines: &[u8], next: Option<&str>, cursor: Option<&str>) -> Vec<u8> {
    let mut out = b"{\"data\":[".to_vec();
    let lines = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    for (place, line) in lines.enumerate() {
        out.extend_from_slice(if place == 0 { b"\n" } else { b",\n" });
        out.extend_from_slice(line);
    }
    out.extend_from_slice(format!("],\n\"next\":{}", json!(next)).as_bytes());
    if let Some(cursor) = cursor {
        out.extend_from_slice(format!(",\"cursor\":{}", json!(cursor)).as_bytes());
    }
    out.extend_from_slice(b"}\n");
    out
}

#[cfg(test)]
mod tests {
    use super::whole;
    use serde_json::{Value, json};

    #[test]
    fn rows_become_one_object() {
        let read = |lines: &[u8], next| -> Value {
            serde_json::from_slice(&whole(lines, next, Some("a-1-2"))).unwrap()
        };
        assert_eq!(
            read(b"", None),
            json!({ "data": [], "next": null, "cursor": "a-1-2" })
        );
        assert_eq!(
            read(b"{\"a\":1}\n{\"a\":2}\n", Some("/x?y=\"z\""))["data"],
            json!([{ "a": 1 }, { "a": 2 }])
        );
    }
}
