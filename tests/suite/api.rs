//! The API of `weir serve`: followers see exactly the history, the document describes every answer,
//! pages of rows hold every row once.

use super::lab::Lab;
use super::served::{Served, assert_guarded, harbour};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// A follower that asks for a few changes at a time, from the beginning.
fn follow(served: &Served) -> (Vec<(String, i64)>, String) {
    let (mut seen, mut path) = (Vec::new(), "/api/v1/changes?limit=7".to_owned());
    loop {
        let answer = served.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let body: Json = serde_json::from_str(&answer.body).unwrap();
        for row in body["data"].as_array().unwrap() {
            assert!(row.get("recruiter").is_none());
            if row["change_type"] != "refresh" {
                seen.push((
                    row["job"].as_str().unwrap().to_owned(),
                    row["version"].as_i64().unwrap(),
                ));
            }
        }
        let cursor = body["cursor"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("weir-cursor"), cursor);
        match body["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => return (seen, cursor),
        }
    }
}

/// The versions that there are.
async fn versions(lab: &Lab) -> Vec<(String, i64)> {
    use sqlx::{Connection, Row};
    let mut connection = sqlx::PgConnection::connect(&lab.bench.url()).await.unwrap();
    let rows = sqlx::query("SELECT id::text, version::bigint FROM jobs_history ORDER BY 1, 2")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn a_follower_sees_exactly_the_history() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    // A transaction of another test on the same server may hold the newest changes back for a
    // while.
    let wanted = versions(&lab).await;
    let mut found = follow(&served);
    for _ in 0..600 {
        if found.0.len() >= wanted.len() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        found = follow(&served);
    }
    let (mut seen, cursor) = found;
    seen.sort();
    assert_eq!(seen, wanted);
    let rest = served.get(&format!("/api/v1/changes?cursor={cursor}"));
    let rest: Json = serde_json::from_str(&rest.body).unwrap();
    assert_eq!(
        (&rest["data"], &rest["cursor"]),
        (&json!([]), &json!(cursor))
    );
    for (cursor, status) in [("nonsense", 400), ("00000000-1-1", 409)] {
        assert_eq!(
            served
                .get(&format!("/api/v1/changes?cursor={cursor}"))
                .status,
            status
        );
    }
}

/// Whether a row has the form that the document says.
fn assert_described(path: &str, row: &Json, schema: &Json) {
    let names =
        |value: &Json| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    // Contacts are described, and are not for whoever has no token for them.
    let mut described = names(&schema["properties"]);
    described.remove("recruiter");
    assert_eq!(names(row), described, "{path}");
    for (name, value) in row.as_object().unwrap() {
        let kinds = &schema["properties"][name]["type"];
        let kind = match value {
            Json::Null => "null",
            Json::String(_) => "string",
            Json::Number(_) => "integer",
            Json::Array(_) => "array",
            _ => "object",
        };
        let allowed = kinds
            .as_array()
            .is_none_or(|all| all.iter().any(|one| one == kind));
        assert!(allowed, "{path}: {name} is {value}");
    }
}

#[tokio::test]
async fn the_document_describes_every_answer() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    let document: Json = serde_json::from_str(&served.get("/api/v1/openapi.json").body).unwrap();
    let jobs: Json = serde_json::from_str(&served.get("/api/v1/jobs?limit=1").body).unwrap();
    let job = jobs["data"][0]["job"].as_str().unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 7);
    for (path, about) in paths {
        if path.ends_with(".atom") {
            // The next test looks at it.
            continue;
        }
        let path = path.replace("{id}", job);
        let response = &about["get"]["responses"]["200"];
        let schema = &response["content"]["application/json"]["schema"];
        let answer = served.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_guarded(&path, &answer);
        let body: Json = serde_json::from_str(&answer.body).unwrap();
        for row in body["data"].as_array().unwrap() {
            assert_described(&path, row, &schema["properties"]["data"]["items"]);
        }
        let lines = served.get(&format!("{path}?format=ndjson"));
        assert_eq!(
            lines.body.lines().count(),
            body["data"].as_array().unwrap().len(),
            "{path}"
        );
        let table = served.get_with(&path, "\r\nAccept: text/csv");
        assert!(
            table.header("content-type").starts_with("text/csv"),
            "{path}"
        );
        let known = served.get_with(
            &path,
            &format!("\r\nIf-None-Match: {}", answer.header("etag")),
        );
        assert_eq!(known.status, 304, "{path}");
        for (query, status) in [("?nonsense=1", 400), ("?format=xml", 400)] {
            assert_eq!(
                served.get(&format!("{path}{query}")).status,
                status,
                "{path}{query}"
            );
        }
    }
    for (path, status) in [
        ("/api/v1/jobs?institution=nobody", 404),
        ("/api/v1/jobs?limit=0", 400),
        ("/api/v1/jobs?limit=1001", 400),
        ("/api/v1/jobs?after=x", 400),
        ("/api/v1/jobs?since=yesterday", 400),
        ("/api/v1/jobs?since=", 400),
        ("/api/v1/jobs/no-uuid", 404),
        ("/api/v1/jobs/00000000-0000-0000-0000-000000000000", 404),
        ("/api/v1/nothing", 404),
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, status, "{path}");
        let body: Json = serde_json::from_str(&answer.body).unwrap();
        assert!(body["error"]["help"].is_string(), "{path}: {body}");
    }
}

/// The ids of the entries of a feed that is valid XML, and the address of the page that follows.
fn read_feed(body: &str) -> (Vec<String>, Option<String>) {
    use quick_xml::events::Event;
    let (mut ids, mut next, mut inside) = (Vec::new(), None, Vec::new());
    let mut reader = quick_xml::Reader::from_str(body);
    let attribute = |tag: &quick_xml::events::BytesStart, name: &str| {
        let found = tag.try_get_attribute(name).unwrap()?;
        let value = found.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        Some(value.unwrap().into_owned())
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                inside.push(tag.name().as_ref().to_owned());
            }
            Event::Empty(tag) => {
                let is_next = attribute(&tag, "rel").as_deref() == Some("next");
                next = attribute(&tag, "href").filter(|_| is_next).or(next);
            }
            Event::Text(text) if inside == ["feed", "entry", "id"] => {
                ids.push(text.to_string());
            }
            Event::End(_) => drop(inside.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(inside.is_empty(), "{inside:?}");
    (ids, next)
}

#[tokio::test]
async fn people_follow_changes_in_a_reader_of_feeds() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    let first = served.get("/api/v1/changes.atom?limit=40&institution=harbour");
    assert_eq!(first.status, 200, "{}", first.body);
    assert_guarded("feed", &first);
    assert!(
        first
            .header("content-type")
            .starts_with("application/atom+xml")
    );
    let known = format!("\r\nIf-None-Match: {}", first.header("etag"));
    let again = served.get_with("/api/v1/changes.atom?limit=40&institution=harbour", &known);
    assert_eq!(again.status, 304);
    let (mut seen, mut path) = (Vec::new(), Some("/api/v1/changes.atom?limit=40".to_owned()));
    let mut bodies = String::new();
    while let Some(at) = path {
        let page = served.get(&at).body;
        let (ids, next) = read_feed(&page);
        seen.extend(ids);
        path = next;
        bodies += &page;
    }
    let ids: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(ids.len(), seen.len(), "each change once");
    let changes = lab.texts("SELECT 'all ' || count(*) FROM changes").await;
    assert_eq!(changes, [format!("all {}", seen.len())]);
    assert!(bodies.contains("changed: Ranger 3 of day 3"), "{bodies}");
    assert!(!bodies.contains("<script") && bodies.contains("&lt;script&gt;"));
    for (query, status) in [
        ("?institution=nobody", 404),
        ("?after=x", 400),
        ("?after=00000000-1-1", 409),
        ("?format=json", 400),
    ] {
        let answer = served.get(&format!("/api/v1/changes.atom{query}"));
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
    }
}

#[tokio::test]
async fn pages_of_rows_hold_every_row_once() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    for list in ["jobs", "openings", "runs"] {
        let whole: Json =
            serde_json::from_str(&served.get(&format!("/api/v1/{list}?limit=1000")).body).unwrap();
        let (mut rows, mut path) = (Vec::new(), format!("/api/v1/{list}?limit=2"));
        loop {
            let page: Json = serde_json::from_str(&served.get(&path).body).unwrap();
            rows.extend(page["data"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = next.to_owned();
        }
        assert!(rows.len() > 2, "{list}");
        assert_eq!(Json::from(rows), whole["data"], "{list}");
    }
}
