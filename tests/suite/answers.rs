//! What answers mean: every status has one meaning, and only as an answer to what was asked.
//! Packed, moved, guarded by cookies or slow, a board is read to its end or is known not to be.

use crate::lab::{Lab, Step};
use crate::sources::{board, jobs, run, state};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use weir::model::ReadState;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A server that answers whatever is asked for.
async fn server(
    answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        if request.url.path() == "/robots.txt" {
            ResponseTemplate::new(404)
        } else {
            answer(request)
        }
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn list(ids: std::ops::Range<u64>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!(jobs(ids)))
}

fn query(request: &Request, name: &str) -> Option<String> {
    request
        .url
        .query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Takes the source at its word when it says that there is nothing in it.
fn honest(lab: &Lab) {
    let text = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
    lab.write(
        "institutions/acme.yaml",
        &text.replace("at_most: 100%", "at_most: 100%, empty: honest"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_list_says_nothing_of_ads() {
    use ReadState::{Complete, Empty, Partial, Unreachable};
    let part = |status| {
        ResponseTemplate::new(status)
            .insert_header("content-range", "bytes 0-23/72")
            .set_body_json(json!(jobs(0..1)))
    };
    let bare = ResponseTemplate::new;
    let tagged = bare(304).insert_header("etag", "\"z\"");
    let cases: [(&str, ResponseTemplate, ReadState, &str); 13] = [
        (
            "",
            part(206),
            Partial,
            "206 Partial Content (bytes 0-23/72)",
        ),
        ("", tagged, Unreachable, "304 Not Modified"),
        ("", bare(204), Empty, ""),
        ("", bare(205), Empty, ""),
        ("", part(201), Unreachable, "201 Created"),
        ("", bare(202), Unreachable, "202 Accepted"),
        ("", part(208), Unreachable, "208 Already Reported"),
        ("", part(226), Unreachable, "226 IM Used"),
        ("", part(300), Unreachable, "300 Multiple Choices"),
        ("", bare(302), Unreachable, "302 Found"),
        (
            "",
            bare(301).insert_header("location", "mailto:a@b.example"),
            Unreachable,
            "301",
        ),
        (
            "responses: [{ status: 201, then: page }]",
            ResponseTemplate::new(201).set_body_json(json!(jobs(0..8))),
            Complete,
            "",
        ),
        (
            "",
            ResponseTemplate::new(203).set_body_json(json!(jobs(0..8))),
            Complete,
            "203 Non Authoritative",
        ),
    ];
    for (fetch, answer, expected, why) in cases {
        let served = Arc::new(AtomicUsize::new(0));
        let day = Arc::clone(&served);
        let board_server = server(move |_| {
            if day.load(Ordering::SeqCst) == 0 {
                list(0..8)
            } else {
                answer.clone()
            }
        })
        .await;
        let lab = board(&board_server, &format!("retries: 0\n{fetch}")).await;
        honest(&lab);
        assert_eq!(run(&lab, 1).await.total.created, 8);
        served.store(1, Ordering::SeqCst);
        let summary = run(&lab, 2).await;
        let (found, said) = state(&summary);
        assert_eq!(found, expected, "{why}: {said}");
        assert!(said.contains(why), "{said}");
        assert_eq!(
            summary.total.archived,
            if expected == Empty { 8 } else { 0 },
            "{said}"
        );
        // What is said of what was retired is so.
        let claims = summary
            .alerts
            .iter()
            .any(|alert| alert.message.contains("no job was retired"));
        assert_eq!(
            claims,
            matches!(expected, Partial | Unreachable),
            "{:?}",
            summary.alerts
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_content_is_empty_only_where_that_is_declared() {
    for (fetch, expected) in [
        ("", ReadState::Unreachable),
        (
            "responses: [{ status: 204, then: ignore }]",
            ReadState::Empty,
        ),
    ] {
        let server = server(|_| ResponseTemplate::new(204)).await;
        let lab = board(&server, &format!("retries: 0\n{fetch}")).await;
        let (found, said) = state(&run(&lab, 1).await);
        assert_eq!(found, expected, "{said}");
        assert!(
            !fetch.is_empty() || said.contains("204 No Content"),
            "{said}"
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_whole_read_said_of_itself_is_asked_for() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let answer = move |request: &Request| {
        let mut seen = seen.lock().unwrap();
        seen.push(header(request, "if-none-match").to_owned());
        let body = json!(jobs(0..2)).to_string();
        match (seen.len(), header(request, "if-none-match")) {
            (1, _) => ResponseTemplate::new(200)
                .insert_header("etag", "\"cut\"")
                .set_body_raw(body[..body.len() - 4].to_owned(), "application/json"),
            (_, "") => list(0..2).insert_header("etag", "\"whole\""),
            _ => ResponseTemplate::new(304),
        }
    };
    let server = server(answer).await;
    let lab = board(&server, "retries: 0").await;
    let mut states = Vec::new();
    for day in 1..=3 {
        states.push(state(&run(&lab, day).await).0);
    }
    assert_eq!(
        states,
        [ReadState::Partial, ReadState::Complete, ReadState::Complete]
    );
    assert_eq!(*asked.lock().unwrap(), ["", "", "\"whole\""]);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_kept_from_page_to_page_and_forgotten_after_the_crawl() {
    let answer = |request: &Request| {
        let cookies = header(request, "cookie");
        match query(request, "page").as_deref() {
            _ if !cookies.contains("seen=1") => {
                let again = format!(
                    "{}?{}",
                    request.url.path(),
                    request.url.query().unwrap_or_default()
                );
                ResponseTemplate::new(302)
                    .insert_header("location", again.as_str())
                    .insert_header("set-cookie", "seen=1; Path=/; HttpOnly")
            }
            Some("2") if cookies.contains("sid=7") => list(2..4),
            Some("3") if cookies.contains("sid=7") => list(0..0),
            _ => list(0..2).insert_header("set-cookie", "sid=7; Path=/"),
        }
    };
    let server = server(answer).await;
    let lab = board(&server, "pages: { number: { parameter: page } }").await;
    for (day, created) in [(1, 4), (2, 0)] {
        let summary = run(&lab, day).await;
        assert_eq!(
            (state(&summary).0, summary.total.created),
            (ReadState::Complete, created),
            "{}",
            state(&summary).1
        );
    }
    let without = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .filter(|request| header(request, "cookie").is_empty())
        .count();
    // Each crawl begins without, and so does each question for robots.txt.
    assert_eq!(without, 4);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_named_anywhere_in_a_request() {
    let offset = |text: &str| {
        text.split("offset").nth(1).map(|rest| {
            rest.trim_matches(|letter: char| !letter.is_ascii_digit())
                .to_owned()
        })
    };
    let answer = move |request: &Request| {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let decoded = url::form_urlencoded::parse(form.as_bytes())
            .find(|(name, _)| name == "data")
            .map(|(_, value)| value.into_owned());
        let json: Option<serde_json::Value> =
            decoded.and_then(|data| serde_json::from_str(&data).ok());
        let of_form = json.map(|json| json["page"]["from"].to_string());
        let of_json: Option<serde_json::Value> = serde_json::from_str(&form).ok();
        let of_json = of_json.map(|json| json["variables"]["offset"].to_string());
        let of_query = query(request, "finder")
            .and_then(|finder| offset(&finder))
            .or_else(|| query(request, "start"));
        let of_path = request
            .url
            .path()
            .strip_prefix("/jobs/from-")
            .map(str::to_owned);
        let of_header = header(request, "x-range")
            .strip_suffix("-")
            .map(str::to_owned);
        let from = [of_form, of_json, of_query, of_path, of_header]
            .into_iter()
            .flatten()
            .next();
        let Some(from) = from.and_then(|from| from.parse::<u64>().ok()) else {
            return ResponseTemplate::new(400);
        };
        list(from.min(5)..(from + 2).min(5))
    };
    let ways = [
        "query: { finder: \"findReqs;siteNumber=CX,limit=2,offset={offset}\" }",
        "query: { start: \"{offset}\" }",
        "headers: { X-Range: \"{offset}-\" }",
        "body: { form: { data: '{\"page\":{\"size\":2,\"from\":{offset}}}' } }",
        "body: { json: { variables: { offset: \"{offset}\" } } }",
        "body: { text: '{\"variables\":{\"offset\":{offset}}}' }",
    ];
    for way in ways {
        let server = server(answer).await;
        let lab = board(
            &server,
            &format!("pages: {{ offset: {{}} }}\nretries: 0\n{way}"),
        )
        .await;
        let summary = run(&lab, 1).await;
        assert_eq!(
            (state(&summary).0, summary.total.created),
            (ReadState::Complete, 5),
            "{way}: {}",
            state(&summary).1
        );
        lab.bench.drop().await;
    }
    let server = server(answer).await;
    let lab = board(&server, "pages: { offset: {} }").await;
    let text = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
    lab.write(
        "institutions/acme.yaml",
        &text.replace("/jobs\n", "/jobs/from-{offset}\n"),
    );
    assert_eq!(run(&lab, 1).await.total.created, 5);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_stays_whole_wherever_it_goes_and_is_left_out_until_it_is_known() {
    let next = "a\"b&c {}";
    let answer = move |request: &Request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let after = query(request, "after").or_else(|| body["after"].as_str().map(str::to_owned));
        let page = |ids, next| {
            ResponseTemplate::new(200).set_body_json(json!({ "jobs": jobs(ids), "next": next }))
        };
        match after.as_deref() {
            None | Some("*") => page(0..2, Some(next)),
            Some(after) if after == next => page(2..4, None),
            Some(_) => ResponseTemplate::new(400),
        }
    };
    let ways = [
        ("", "query: { after: \"{cursor}\" }"),
        (", first: \"*\"", "query: { after: \"{cursor}\" }"),
        (
            ", first: \"*\"",
            "body: { text: '{\"after\":\"{cursor}\"}' }",
        ),
        ("", "body: { json: { after: \"{cursor}\" } }"),
    ];
    for (first, way) in ways {
        let server = server(answer).await;
        let lab = board(&server, &format!("pages: {{ cursor: {{ from: $.next{first} }} }}\nrecords: $.jobs[*]\nretries: 0\n{way}")).await;
        let summary = run(&lab, 1).await;
        assert_eq!(
            (state(&summary).0, summary.total.created),
            (ReadState::Complete, 4),
            "{way}: {}",
            state(&summary).1
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_cards_ends_a_list_and_begins_none() {
    for (first, expected, created) in [
        ("<article><b>1</b> Ranger</article>", ReadState::Complete, 1),
        ("<p>Sorry</p>", ReadState::Partial, 0),
    ] {
        let answer = move |request: &Request| {
            let body = if query(request, "start").as_deref() == Some("0") {
                first
            } else {
                "<p>No more jobs</p>"
            };
            ResponseTemplate::new(200).set_body_raw(format!("<html>{body}</html>"), "text/html")
        };
        let server = server(answer).await;
        let lab = board(
            &server,
            "decode: html\nrecords: article\npages: { offset: { parameter: start } }",
        )
        .await;
        let text = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
        let text = text.replace("id: $.id", "id: { css: b }").replace(
            "title: { from: [$.title, $.detail.title] }",
            "title: { css: article }",
        );
        lab.write("institutions/acme.yaml", &text);
        let summary = run(&lab, 1).await;
        assert_eq!(
            (state(&summary).0, summary.total.created),
            (expected, created),
            "{}",
            state(&summary).1
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_members_of_a_packed_body_are_read_or_the_read_is_partial() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let lines = |ids| {
        jobs(ids)
            .iter()
            .map(|job| format!("{job}\n"))
            .collect::<String>()
    };
    let (first, second) = (gzip(lines(0..2).as_bytes()), gzip(lines(2..4).as_bytes()));
    let both = [first.clone(), second.clone()].concat();
    let cases: [(Option<&str>, Vec<u8>, ReadState, i64); 6] = [
        (Some("gzip"), both.clone(), ReadState::Complete, 4),
        (None, both.clone(), ReadState::Complete, 4),
        (
            Some("gzip"),
            [both.clone(), vec![0; 600]].concat(),
            ReadState::Complete,
            4,
        ),
        (Some("gzip, GZIP"), gzip(&both), ReadState::Complete, 4),
        (
            Some("gzip"),
            both[..both.len() - 9].to_vec(),
            ReadState::Partial,
            2,
        ),
        (
            Some("none"),
            lines(0..4).into_bytes(),
            ReadState::Complete,
            4,
        ),
    ];
    for (label, body, expected, least) in cases {
        let answer = move |_: &Request| {
            let answer = ResponseTemplate::new(200).set_body_raw(body.clone(), "text/plain");
            label.iter().fold(answer, |answer, label| {
                answer.insert_header("content-encoding", *label)
            })
        };
        let server = server(answer).await;
        let lab = board(&server, "decode: ndjson\nretries: 0").await;
        let summary = run(&lab, 1).await;
        assert_eq!(
            state(&summary).0,
            expected,
            "{label:?}: {}",
            state(&summary).1
        );
        assert!(
            summary.total.created >= least,
            "{label:?}: {}",
            summary.total.created
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_queues_behind_a_board_that_is_waited_for() {
    let server = server(|_| list(0..2).set_delay(Duration::from_secs(8))).await;
    let lab = board(&server, "").await;
    let slow = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
    for name in ["acme", "bcme"] {
        lab.write(
            &format!("institutions/{name}.yaml"),
            &slow.replace("institution: acme", &format!("institution: {name}")),
        );
    }
    lab.write("jobs.json", &json!(jobs(0..3)).to_string());
    let quick = "institution: quick\ntimezone: Australia/Sydney\nsources:\n  board:\n    fetch: { file: { path: jobs.json } }\n    id: $.id\n    job: { title: $.title }\n";
    lab.write("institutions/quick.yaml", quick);
    let ended = lab.run_side_by_side(&Step::new("2026-09-01", &[]), 1).await;
    assert_eq!((ended[0].as_str(), ended.len()), ("quick", 3));
    lab.bench.drop().await;
}
