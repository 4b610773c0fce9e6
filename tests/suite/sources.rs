//! A server that plays what boards do: every way of paging, every kind of authentication, lists
//! with pages of single ads, and faults. Each ends in the state that it should, and nothing is lost
//! or retired by it.

use crate::lab::{Lab, Step, stop_at};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use weir::engine::RunSummary;
use weir::model::ReadState;
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A board of one source; `fetch` is what stands under `http`, without its address.
pub async fn board(server: &MockServer, fetch: &str) -> Lab {
    let lab = Lab::new().await;
    let indented: String = fetch
        .trim()
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    let text = format!(
        "institution: acme
timezone: Australia/Sydney
sources:
  board:
    fetch:
      http:
        url: {}/jobs
        backoff_ms: 1
        allow_private: true
{indented}    id: $.id
    job: {{ title: {{ from: [$.title, $.detail.title] }}, description: $.detail.text, department: $.request.category }}
missing: {{ after: 1, apart: 0h, at_most: 100% }}
",
        server.uri()
    );
    lab.write("institutions/acme.yaml", &text);
    lab
}

pub async fn run(lab: &Lab, day: u32) -> RunSummary {
    lab.run(&Step::new(
        &format!("2026-09-{day:02}"),
        &[("KEY", "s3cret"), ("USER_NAME", "me")],
    ))
    .await
    .remove(0)
}

pub fn state(summary: &RunSummary) -> (ReadState, String) {
    let read = summary.sources["board"].read.clone().unwrap();
    (read.state, read.why.unwrap_or_default())
}

pub fn jobs(ids: std::ops::Range<u64>) -> Vec<Json> {
    ids.map(|id| json!({ "id": id, "title": format!("Ranger {id}") }))
        .collect()
}

/// Answers with the ads from a number onwards, `size` at a time.
async fn serve(
    server: &MockServer,
    verb: &str,
    answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) {
    Mock::given(method(verb))
        .and(path("/jobs"))
        .respond_with(answer)
        .mount(server)
        .await;
}

fn number(request: &Request, name: &str) -> u64 {
    request
        .url
        .query_pairs()
        .find(|(key, _)| key == name)
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or_default()
}

fn slice(from: u64, size: u64, total: u64) -> Vec<Json> {
    jobs(from.min(total)..(from + size).min(total))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_paging_reads_everything_once() {
    let ways: [(&str, &str); 10] = [
        (
            "offset",
            "records: $.jobs[*]\ncount: $.total\npages: { offset: { parameter: from, size: 10 } }",
        ),
        (
            "numbers",
            "records: $.jobs[*]\npages: { number: { parameter: page, first: 0 } }",
        ),
        (
            "body",
            "records: $.jobs[*]\nbody: { json: { limit: 10 } }\npages: { offset: { member: page.offset, size: 10, stop: [short] } }",
        ),
        (
            "cursor",
            "records: $.jobs[*]\npages: { cursor: { from: $.next, parameter: from } }",
        ),
        (
            "next",
            "records: $.jobs[*]\npages: { next: { from: $.link } }",
        ),
        ("link", "records: $.jobs[*]\npages: { link: {} }"),
        (
            "clamped",
            "records: $.jobs[*]\npages: { number: { parameter: page, first: 0, stop: [repeat] } }",
        ),
        (
            "endless",
            "records: $.jobs[*]\npages: { cursor: { from: $.next, parameter: from, stop: [repeat] } }",
        ),
        (
            "counted",
            "records: $.jobs[*]\ncount: $.total\npages: { next: { from: $.link, stop: [total] } }",
        ),
        (
            "counted circle",
            "records: $.jobs[*]\ncount: $.total\npages: { next: { from: $.link } }",
        ),
    ];
    for (name, fetch) in ways {
        let server = MockServer::start().await;
        let answer = move |request: &Request| {
            let posted: Json = serde_json::from_slice(&request.body).unwrap_or_default();
            let mut from = number(request, "from")
                + number(request, "page") * 10
                + posted["page"]["offset"].as_u64().unwrap_or_default();
            if matches!(name, "endless" | "counted" | "clamped") {
                from = from.min(20);
            }
            let next = match name {
                // The last page names itself, or the first.
                "endless" => Some((from + 10).min(20)),
                "counted circle" => Some((from + 10) % 30),
                "counted" => Some((from + 10).min(20)),
                _ => (from + 10 < 25).then_some(from + 10),
            };
            let link = next.map(|next| format!("/jobs?from={next}"));
            let mut body = json!({ "jobs": slice(from, 10, 25), "next": next, "link": link });
            if matches!(name, "offset" | "counted" | "counted circle") {
                body["total"] = json!(25);
            }
            let answer = ResponseTemplate::new(200).set_body_json(body);
            match link.filter(|_| name == "link") {
                Some(link) => {
                    answer.insert_header("Link", format!("<{link}>; rel=\"next\"").as_str())
                }
                None => answer,
            }
        };
        serve(&server, if name == "body" { "POST" } else { "GET" }, answer).await;
        let lab = board(&server, fetch).await;
        let summary = run(&lab, 1).await;
        assert_eq!(
            (state(&summary), summary.total.created),
            ((ReadState::Complete, String::new()), 25),
            "{name}"
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_later_pages_do_not_repeat_holds_for_all_of_them() {
    // Workday states the count on its first page and zero on all others; other boards state what is
    // left.
    let ways: [(&str, fn(u64) -> Json); 4] = [
        ("zero", |_| json!(0)),
        ("what is left", |from| json!(45 - from)),
        ("nothing", |_| Json::Null),
        ("words", |_| json!("many")),
    ];
    for (name, later) in ways {
        for (there, expected) in [(45_u64, ReadState::Complete), (40, ReadState::Partial)] {
            let server = MockServer::start().await;
            let answer = move |request: &Request| {
                let posted: Json = serde_json::from_slice(&request.body).unwrap_or_default();
                let from = posted["offset"].as_u64().unwrap_or_default();
                let total = if from == 0 {
                    json!(45)
                } else {
                    later(from.min(45))
                };
                ResponseTemplate::new(200)
                    .set_body_json(json!({ "total": total, "jobPostings": slice(from, 20, there) }))
            };
            serve(&server, "POST", answer).await;
            let fetch = "body: { json: { limit: 20, offset: 0 } }\npages: { offset: { member: offset, size: 20 } }\nrecords: $.jobPostings[*]\ncount: $.total";
            let lab = board(&server, fetch).await;
            let summary = run(&lab, 1).await;
            assert_eq!(
                (state(&summary).0, summary.total.created),
                (expected, i64::try_from(there).unwrap()),
                "{name}: {}",
                state(&summary).1
            );
            lab.bench.drop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_is_declared_and_not_to_be_read_leaves_a_read_partial() {
    let totals = [
        (json!({ "total": 4.0 }), ReadState::Complete, ""),
        (
            json!({ "total": "4 jobs" }),
            ReadState::Partial,
            "the count at `$.total` is `4 jobs`, not an integer",
        ),
        (
            json!({ "total": 5 }),
            ReadState::Partial,
            "the source states 5 ads, but 4 were read",
        ),
        (
            json!({ "total": null }),
            ReadState::Partial,
            "there is no count at `$.total`",
        ),
        (
            json!({}),
            ReadState::Partial,
            "there is no count at `$.total`",
        ),
    ];
    let server = MockServer::start().await;
    let over_http = board(&server, "records: $.jobs[*]\ncount: $.total").await;
    let of_files = file_board("").await;
    for (day, (mut body, expected, why)) in (1..).zip(totals) {
        body["jobs"] = json!(jobs(0..4));
        of_files.write("feeds/a.json", &body.to_string());
        server.reset().await;
        serve(&server, "GET", move |_: &Request| {
            ResponseTemplate::new(200).set_body_json(body.clone())
        })
        .await;
        assert_eq!(
            state(&run(&over_http, day).await),
            (expected, why.to_owned())
        );
        let (found, said) = state(&run(&of_files, day).await);
        assert_eq!(
            (found, said.trim_start_matches("`feeds/a.json`: ")),
            (expected, why)
        );
    }
    // One file states it for all of them.
    of_files.write(
        "feeds/b.json",
        &json!({ "total": 6, "jobs": jobs(4..6) }).to_string(),
    );
    assert_eq!(
        state(&run(&of_files, 6).await),
        (ReadState::Complete, String::new())
    );
    over_http.bench.drop().await;
    of_files.bench.drop().await;
}

/// A board whose ads lie in files, which say how many there are.
async fn file_board(more: &str) -> Lab {
    let lab = Lab::new().await;
    let fetch = "{ file: { path: feeds, records: \"$.jobs[*]\", count: $.total } }";
    let text = format!(
        "institution: acme\ntimezone: Australia/Sydney\nsources:\n  board:\n    fetch: {fetch}\n    id: $.id\n    job: {{ title: $.title, locations: $.places }}\n{more}"
    );
    lab.write("institutions/acme.yaml", &text);
    lab
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ad_that_files_hold_twice_is_one_of_those_that_are_stated() {
    let twice = |total: u64| {
        json!({ "total": total, "jobs": ([jobs(0..4), jobs(0..4)].concat()) }).to_string()
    };
    let lab = file_board("").await;
    lab.write("feeds/a.json", &twice(8));
    assert_eq!(
        state(&run(&lab, 1).await),
        (
            ReadState::Partial,
            "the source states 8 ads, but 4 were read".to_owned()
        )
    );
    lab.write("feeds/a.json", &twice(4));
    assert_eq!(
        state(&run(&lab, 2).await),
        (ReadState::Complete, String::new())
    );
    // And in another file.
    lab.write(
        "feeds/b.json",
        &json!({ "total": 2, "jobs": jobs(3..5) }).to_string(),
    );
    assert_eq!(
        state(&run(&lab, 3).await),
        (
            ReadState::Partial,
            "the source states 6 ads, but 5 were read".to_owned()
        )
    );
    lab.bench.drop().await;
    // Where it is said what becomes of records that share an id, each of a file is one of those
    // that are stated.
    let lab = file_board("    duplicates: { merge: places }\n").await;
    lab.write("feeds/a.json", &twice(8));
    let note = "no ad has a member `places` for `duplicates: { merge }` to merge";
    assert_eq!(
        state(&run(&lab, 1).await),
        (ReadState::Complete, note.to_owned())
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_open_the_door_and_show_nowhere() {
    let kinds: [(&str, &str, &str); 4] = [
        (
            "auth: { bearer: \"${KEY}\" }",
            "authorization",
            "Bearer s3cret",
        ),
        (
            "auth: { basic: { user: \"${USER_NAME}\", password: \"${KEY}\" } }",
            "authorization",
            "Basic bWU6czNjcmV0",
        ),
        (
            "auth: { header: { name: X-Api-Key, value: \"Token ${KEY}\" } }",
            "x-api-key",
            "Token s3cret",
        ),
        (
            "auth: { query: { parameter: key, value: \"${KEY}\" } }",
            "",
            "",
        ),
    ];
    for (fetch, name, value) in kinds {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_json(json!(jobs(0..3)));
        let mock = Mock::given(method("GET")).and(path("/jobs"));
        let mock = if name.is_empty() {
            mock.and(query_param("key", "s3cret"))
        } else {
            mock.and(header(name, value))
        };
        mock.respond_with(answer).mount(&server).await;
        let lab = board(&server, fetch).await;
        let summary = run(&lab, 1).await;
        assert_eq!(
            (state(&summary).0, summary.total.created),
            (ReadState::Complete, 3),
            "{fetch}: {}",
            state(&summary).1
        );
        assert!(!lab.dump().await.contains("s3cret"), "{fetch}");
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_fetched_once_and_again_when_it_is_refused() {
    let server = MockServer::start().await;
    let given = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&given);
    let token = move |_: &Request| {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        ResponseTemplate::new(200)
            .set_body_json(json!({ "access_token": format!("t{number}"), "expires_in": 3600 }))
    };
    Mock::given(method("POST"))
        .and(path("/token"))
        .and(body_string_contains("client_secret=s3cret"))
        .respond_with(token)
        .mount(&server)
        .await;
    // The first token is no longer good on the second page.
    let answer = |request: &Request| {
        let page = number(request, "page");
        let expected = if page < 2 { "Bearer t0" } else { "Bearer t1" };
        match request
            .headers
            .get("authorization")
            .is_some_and(|value| value == expected)
        {
            true => ResponseTemplate::new(200).set_body_json(json!(slice((page - 1) * 2, 2, 4))),
            false => ResponseTemplate::new(401),
        }
    };
    serve(&server, "GET", answer).await;
    let fetch = format!(
        "pages: {{ number: {{ parameter: page }} }}\nauth: {{ oauth2: {{ token_url: {}/token, client_id: \"${{USER_NAME}}\", client_secret: \"${{KEY}}\" }} }}",
        server.uri()
    );
    let lab = board(&server, &fetch).await;
    let summary = run(&lab, 1).await;
    assert_eq!(
        (state(&summary), summary.total.created),
        ((ReadState::Complete, String::new()), 4)
    );
    assert_eq!(given.load(Ordering::SeqCst), 2);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_first_answer_holds_goes_into_the_next_requests() {
    let server = MockServer::start().await;
    let form =
        r#"<form><input name="csrf" value="c&amp;1"></form><script>var build = "b7";</script>"#;
    let first = ResponseTemplate::new(200)
        .set_body_raw(form, "text/html")
        .insert_header("Set-Cookie", "session=42; Path=/");
    Mock::given(path("/start"))
        .respond_with(first)
        .mount(&server)
        .await;
    let answer = ResponseTemplate::new(200).set_body_json(json!(jobs(0..2)));
    Mock::given(method("POST"))
        .and(body_string_contains("token=c%261&build=b7"))
        .and(header("cookie", "session=42"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let fetch = format!(
        "before: {{ url: {}/start, take: {{ token: {{ css: \"input[name=csrf]@value\" }}, build: {{ match: 'build = \"(\\w+)\"' }} }} }}\nbody: {{ form: {{ token: \"{{token}}\", build: \"{{build}}\" }} }}",
        server.uri()
    );
    let lab = board(&server, &fetch).await;
    let summary = run(&lab, 1).await;
    assert_eq!(
        (state(&summary), summary.total.created),
        ((ReadState::Complete, String::new()), 2)
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_crawl_for_each_parameter_and_a_dead_one_leaves_the_read_partial() {
    let server = MockServer::start().await;
    let answer = |request: &Request| match request
        .url
        .query_pairs()
        .next()
        .map(|(_, value)| value.into_owned())
        .as_deref()
    {
        Some("it") => ResponseTemplate::new(200).set_body_json(json!(jobs(0..2))),
        Some("law") => ResponseTemplate::new(200).set_body_json(json!(jobs(2..5))),
        _ => ResponseTemplate::new(500),
    };
    serve(&server, "GET", answer).await;
    let fetch = |categories: &str| {
        format!(
            "query: {{ c: \"{{category}}\" }}\neach: {{ category: [{categories}] }}\nkeep: [category]\nretries: 0"
        )
    };
    let lab = board(&server, &fetch("it, law")).await;
    let summary = run(&lab, 1).await;
    assert_eq!(
        (state(&summary).0, summary.total.created),
        (ReadState::Complete, 5)
    );
    assert_eq!(
        lab.texts("SELECT DISTINCT department FROM jobs ORDER BY 1")
            .await,
        ["it", "law"]
    );
    lab.bench.drop().await;
    let lab = board(&server, &fetch("it, arts, law")).await;
    let summary = run(&lab, 1).await;
    let (found, why) = state(&summary);
    assert_eq!((found, summary.total.created), (ReadState::Partial, 5));
    assert!(why.starts_with("category arts: "), "{why}");
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_asked_for_what_is_new_or_changed_and_for_nothing_else() {
    let server = MockServer::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let day = Arc::new(AtomicUsize::new(1));
    let today = Arc::clone(&day);
    let list = move |request: &Request| match today.load(Ordering::SeqCst) {
        // The list has not changed on the second day, but the page of 4 is owed.
        1 | 2 if request.headers.contains_key("if-none-match") => ResponseTemplate::new(304),
        1 | 2 => ResponseTemplate::new(200)
            .set_body_json(json!([{ "id": 1 }, { "id": 2 }, { "id": 3 }, { "id": 4 }]))
            .insert_header("ETag", "\"a\""),
        _ => ResponseTemplate::new(200).set_body_json(
            json!([{ "id": 1, "v": 2 }, { "id": 2, "v": 2 }, { "id": 3 }, { "id": 4 }]),
        ),
    };
    serve(&server, "GET", list).await;
    let (counter, today) = (Arc::clone(&asked), Arc::clone(&day));
    let detail = move |request: &Request| {
        counter.fetch_add(1, Ordering::SeqCst);
        match (request.url.path(), today.load(Ordering::SeqCst)) {
            ("/jobs/3", _) => ResponseTemplate::new(410),
            ("/jobs/4", 1) | ("/jobs/2", 3) => ResponseTemplate::new(500),
            (path, day) => ResponseTemplate::new(200).set_body_json(
                json!({ "title": format!("Ranger {path}"), "text": format!("day {day}") }),
            ),
        }
    };
    Mock::given(wiremock::matchers::path_regex("^/jobs/\\d+$"))
        .respond_with(detail)
        .mount(&server)
        .await;
    let lab = board(
        &server,
        &format!(
            "retries: 0\ndetail: {{ url: \"{}/jobs/{{id}}\" }}",
            server.uri()
        ),
    )
    .await;
    let first = run(&lab, 1).await;
    // 3 is gone by its own page, 4 cannot be read now: dead letters.
    assert_eq!(
        (
            first.total.created,
            first.total.failed,
            asked.swap(0, Ordering::SeqCst)
        ),
        (2, 2, 4)
    );
    assert!(
        state(&first)
            .1
            .contains("1 ad still listed although the detail page is gone"),
        "{}",
        state(&first).1
    );
    day.store(2, Ordering::SeqCst);
    let second = run(&lab, 2).await;
    assert_eq!(
        (
            second.total.created,
            second.total.unchanged,
            asked.swap(0, Ordering::SeqCst)
        ),
        (1, 2, 2),
        "{second:?}"
    );
    day.store(3, Ordering::SeqCst);
    let third = run(&lab, 3).await;
    // 1 has changed; of 2 the page cannot be read, and what is known of it stays.
    assert_eq!(
        (
            third.total.updated,
            third.total.archived,
            third.total.unchanged,
            asked.swap(0, Ordering::SeqCst)
        ),
        (1, 0, 2, 3),
        "{third:?}"
    );
    assert_eq!(
        lab.texts("SELECT original_id || ' ' || description FROM jobs ORDER BY 1")
            .await,
        ["1 day 3", "2 day 1", "4 day 2"]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_has_not_changed_is_the_read_before_once_more() {
    let server = MockServer::start().await;
    let body = Arc::new(AtomicUsize::new(3));
    let now = Arc::clone(&body);
    let answer = move |request: &Request| {
        let count = now.load(Ordering::SeqCst);
        let tag = format!("\"v{count}\"");
        if request
            .headers
            .get("if-none-match")
            .is_some_and(|value| value == tag.as_str())
        {
            return ResponseTemplate::new(304);
        }
        ResponseTemplate::new(200)
            .set_body_json(json!(slice(0, count as u64, 9)))
            .insert_header("ETag", tag.as_str())
    };
    serve(&server, "GET", answer).await;
    let lab = board(&server, "records: $[*]").await;
    let text = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml"))
        .unwrap()
        .replace("after: 1", "after: 2");
    lab.write("institutions/acme.yaml", &text);
    assert_eq!(run(&lab, 1).await.total.created, 3);
    let second = run(&lab, 2).await;
    assert_eq!(
        (second.total.documents, state(&second)),
        (
            0,
            (
                ReadState::Complete,
                "not modified since the previous read".to_owned()
            )
        )
    );
    assert!(
        weir::report::summary::text(&second).contains("board  not modified"),
        "{}",
        weir::report::summary::text(&second)
    );
    body.store(2, Ordering::SeqCst);
    assert_eq!(run(&lab, 3).await.total.archived, 0);
    // Missing in the read before, and that counts again.
    let fourth = run(&lab, 4).await;
    assert_eq!(
        (fourth.total.archived, state(&fourth).0),
        (1, ReadState::Complete)
    );
    lab.bench.drop().await;
}

/// A board of fifty pages of ten ads, and which of them were asked for.
async fn fifty_pages() -> (MockServer, Lab, Arc<std::sync::Mutex<Vec<u64>>>) {
    let server = MockServer::start().await;
    let asked: Arc<std::sync::Mutex<Vec<u64>>> = Arc::default();
    let list = Arc::clone(&asked);
    let answer = move |request: &Request| {
        let page = number(request, "page");
        list.lock().unwrap().push(page);
        ResponseTemplate::new(200)
            .set_body_json(json!({ "total": 500, "jobs": slice((page - 1) * 10, 10, 500) }))
    };
    serve(&server, "GET", answer).await;
    let lab = board(
        &server,
        "records: $.jobs[*]\ncount: $.total\npages: { number: { parameter: page } }",
    )
    .await;
    (server, lab, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_died_goes_on_where_it_was() {
    let (_server, lab, asked) = fifty_pages().await;
    let step = Step::new("2026-09-01", &[]);
    // After a few pages the run is stopped.
    let stopped = lab.run_as(&step, false, stop_at(6)).await.remove(0);
    assert!(stopped.is_err());
    let before = std::mem::take(&mut *asked.lock().unwrap());
    let stored: i64 =
        lab.texts("SELECT (bookmark->'tally'->>'pages')::text FROM source_reads WHERE state = 'partial' AND bookmark IS NOT NULL").await[0]
            .parse()
            .unwrap();
    assert!(stored >= 1 && before.len() >= 2, "{stored} {before:?}");
    let summary = run(&lab, 1).await;
    let after = asked.lock().unwrap().clone();
    assert_eq!(
        after.first().copied(),
        Some(u64::try_from(stored).unwrap() + 1),
        "{after:?}"
    );
    assert_eq!(
        state(&summary).0,
        ReadState::Complete,
        "{}",
        state(&summary).1
    );
    assert_eq!(
        lab.texts("SELECT count(*)::text FROM jobs WHERE status = 'open'")
            .await,
        ["500"]
    );
    assert_eq!(
        lab.texts("SELECT count(*)::text FROM source_reads").await,
        ["1"]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_its_window_a_source_is_passed_by_and_nothing_has_failed() {
    let server = MockServer::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let answer = move |_: &Request| {
        let before = counter.fetch_add(1, Ordering::SeqCst) as u64;
        ResponseTemplate::new(200).set_body_json(json!(jobs(before..8)))
    };
    serve(&server, "GET", answer).await;
    let lab = board(&server, "manners: { window: \"22:00-06:00\" }").await;
    let at = |time: &str| Step::new(&format!("2026-09-0{time}:00Z"), &[]);
    // Eleven at night in Sydney, and then eleven in the morning.
    assert_eq!(lab.run(&at("1T13:00")).await[0].total.created, 8);
    let file = lab.folder.join("jobs.plan");
    let (foreseen, records) = lab.foresee(&at("2T01:00"), &file).await.remove(0);
    let applied = lab.apply(&at("2T01:00"), &file).await.remove(0).unwrap();
    let ran = lab.run(&at("2T02:00")).await.remove(0);
    for summary in [&foreseen, &applied, &ran] {
        let about = &summary.sources["board"];
        let why = about.waits.as_deref().unwrap();
        assert!(why.ends_with(":00 is outside the window 22:00-06:00, which next opens at 2026-09-02 22:00 (Australia/Sydney)"), "{why}");
        assert!(
            !summary.has_problems() && about.read.is_none() && summary.alerts.is_empty(),
            "{summary:?}"
        );
        assert_eq!((summary.total.documents, summary.total.archived), (0, 0));
        let text = weir::report::summary::text(summary);
        assert!(
            text.contains("waits") && text.contains("note: source `board` is not read now"),
            "{text}"
        );
    }
    assert_eq!((records.len(), asked.load(Ordering::SeqCst)), (0, 1));
    assert_eq!(
        lab.texts("SELECT state FROM source_reads").await,
        ["complete"]
    );
    // An edited mapping counts all the same.
    let text = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
    lab.write(
        "institutions/acme.yaml",
        &text.replace("department: $.request.category", "department: $.id"),
    );
    assert_eq!(lab.run(&at("2T03:00")).await[0].total.updated, 8);
    // One ad is gone by the next night.
    assert_eq!(lab.run(&at("2T13:00")).await[0].total.archived, 1);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_died_remembers_what_it_could_not_tell_apart() {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        let page = number(request, "page");
        let mut jobs = slice((page - 1) * 10, 10, 500);
        if page == 1 {
            jobs[3] = json!({ "title": "Nameless" });
        }
        ResponseTemplate::new(200).set_body_json(json!({ "total": 500, "jobs": jobs }))
    };
    serve(&server, "GET", answer).await;
    let lab = board(
        &server,
        "records: $.jobs[*]\ncount: $.total\npages: { number: { parameter: page } }",
    )
    .await;
    assert!(
        lab.run_as(&Step::new("2026-09-01", &[]), false, stop_at(6))
            .await
            .remove(0)
            .is_err()
    );
    assert_eq!(
        lab.texts("SELECT (bookmark->'tally'->>'pages' >= '1')::text FROM source_reads WHERE state = 'partial' AND bookmark IS NOT NULL").await,
        ["true"]
    );
    let (found, why) = state(&run(&lab, 1).await);
    assert_eq!(
        (found, why.as_str()),
        (
            ReadState::Partial,
            "1 document without an id, so missing ads cannot be identified"
        )
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_number_may_have_shifted_after_a_while_so_the_crawl_begins_anew() {
    let (_server, lab, asked) = fifty_pages().await;
    assert!(
        lab.run_as(&Step::new("2026-09-01", &[]), false, stop_at(6))
            .await
            .remove(0)
            .is_err()
    );
    let back = "UPDATE source_reads SET bookmark = bookmark || jsonb_build_object('kept_at', now() - interval '6 minutes') WHERE bookmark IS NOT NULL RETURNING 'kept'";
    assert_eq!(lab.texts(back).await, ["kept"]);
    asked.lock().unwrap().clear();
    let summary = run(&lab, 1).await;
    assert_eq!(
        (asked.lock().unwrap().first().copied(), state(&summary).0),
        (Some(1), ReadState::Complete),
        "{}",
        state(&summary).1
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ads_that_both_halves_of_a_crawl_hold_count_once_towards_what_is_stated() {
    let server = MockServer::start().await;
    let shift = Arc::new(AtomicUsize::new(0));
    let moved = Arc::clone(&shift);
    // The crawl died; then an ad of its first half came to stand in the second, in the place of one
    // that is not seen.
    let answer = move |request: &Request| {
        let page = number(request, "page");
        let mut jobs = slice((page - 1) * 10, 10, 500);
        if moved.load(Ordering::SeqCst) > 0 && page == 50 {
            jobs[9] = json!({ "id": 0, "title": "Ranger 0" });
        }
        ResponseTemplate::new(200).set_body_json(json!({ "total": 500, "jobs": jobs }))
    };
    serve(&server, "GET", answer).await;
    let lab = board(
        &server,
        "records: $.jobs[*]\ncount: $.total\npages: { number: { parameter: page } }",
    )
    .await;
    assert!(
        lab.run_as(&Step::new("2026-09-01", &[]), false, stop_at(6))
            .await
            .remove(0)
            .is_err()
    );
    assert_eq!(
        lab.texts("SELECT (bookmark IS NOT NULL)::text FROM source_reads")
            .await,
        ["true"]
    );
    shift.store(1, Ordering::SeqCst);
    let (found, why) = state(&run(&lab, 1).await);
    assert_eq!(
        (found, why.as_str()),
        (
            ReadState::Partial,
            "the source states 500 ads, but the two parts of the read have 499"
        )
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bookmark_keeps_no_secret_and_a_source_cannot_ask_for_one() {
    let asked: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    // The next address echoes our key, or writes what would be filled in.
    for (echo, is_kept) in [("key=s3cret", true), ("key=s3cret&x=${KEY}", false)] {
        let server = MockServer::start().await;
        let list = Arc::clone(&asked);
        let answer = move |request: &Request| {
            list.lock().unwrap().push(request.url.to_string());
            let from = number(request, "from");
            let next = (from < 490).then(|| format!("/jobs?from={}&{echo}", from + 10));
            ResponseTemplate::new(200)
                .set_body_json(json!({ "jobs": slice(from, 10, 500), "next": next }))
        };
        serve(&server, "GET", answer).await;
        let fetch =
            "records: $.jobs[*]\npages: { next: { from: $.next } }\nquery: { key: \"${KEY}\" }";
        let lab = board(&server, fetch).await;
        let step = Step::new("2026-09-01", &[("KEY", "s3cret")]);
        assert!(
            lab.run_as(&step, false, stop_at(6))
                .await
                .remove(0)
                .is_err()
        );
        let kept = lab
            .texts("SELECT coalesce(bookmark->'position'->>'address', '') FROM source_reads")
            .await
            .concat();
        assert_eq!(
            (kept.contains("s3cret"), kept.contains("key=${KEY}")),
            (false, is_kept),
            "{kept}"
        );
        asked.lock().unwrap().clear();
        let summary = run(&lab, 1).await;
        let first = asked.lock().unwrap()[0].clone();
        assert_eq!(
            (first.contains("from="), first.contains("key=s3cret")),
            (is_kept, true),
            "{first}"
        );
        assert_eq!(
            (
                state(&summary).0,
                summary.sources["board"].read.as_ref().unwrap().items
            ),
            (ReadState::Complete, 500),
            "{}",
            state(&summary).1
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_ignored_in_the_middle_is_not_the_end() {
    for (bad, expected, read) in [(1, ReadState::Empty, 0), (2, ReadState::Partial, 10)] {
        let server = MockServer::start().await;
        let answer = move |request: &Request| match number(request, "page") {
            page if page == bad => ResponseTemplate::new(503),
            page => ResponseTemplate::new(200).set_body_json(json!(slice((page - 1) * 10, 10, 30))),
        };
        serve(&server, "GET", answer).await;
        let lab = board(
            &server,
            "pages: { number: { parameter: page } }\nresponses: [{ status: 5xx, then: ignore }]",
        )
        .await;
        let summary = run(&lab, 1).await;
        let (found, why) = state(&summary);
        assert_eq!((found, summary.total.created), (expected, read), "{why}");
        assert!(
            bad == 1 || why.starts_with("page 2: ") && why.contains("then: stop"),
            "{why}"
        );
        lab.bench.drop().await;
    }
}

/// A source of a connector that comes with Weir, asked at another address.
async fn connected(server: &MockServer, connector: &str, with: &str, http: &str) -> Lab {
    let lab = Lab::new().await;
    let fetch = format!(
        "{{ connector: {connector}, with: {{ {with} }}, http: {{ allow_private: true, url: '{}/jobs', {http} }} }}",
        server.uri()
    );
    lab.write("institutions/acme.yaml", &format!("institution: acme\ntimezone: Australia/Sydney\nsources:\n  board:\n    fetch: {fetch}\n"));
    lab
}

#[tokio::test(flavor = "multi_thread")]
async fn workday_states_how_many_ads_there_are_on_its_first_page_only() {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        let from = serde_json::from_slice::<Json>(&request.body).unwrap()["offset"]
            .as_u64()
            .unwrap();
        let one = |id: u64| json!({ "title": format!("Ranger {id}"), "externalPath": format!("/job/{id}"), "bulletFields": [format!("JR{id}")] });
        let ads: Vec<Json> = (from..(from + 20).min(25)).map(one).collect();
        ResponseTemplate::new(200)
            .set_body_json(json!({ "total": if from == 0 { 25 } else { 0 }, "jobPostings": ads }))
    };
    serve(&server, "POST", answer).await;
    let page = ResponseTemplate::new(200)
        .set_body_json(json!({ "jobPostingInfo": { "jobDescription": "Keep watch." } }));
    Mock::given(wiremock::matchers::path_regex("^/job/\\w+$"))
        .respond_with(page)
        .mount(&server)
        .await;
    let detail = format!("detail: {{ url: '{}/job/{{id}}' }}", server.uri());
    let lab = connected(
        &server,
        "workday",
        "host: a.example, tenant: a, site: b",
        &detail,
    )
    .await;
    let summary = run(&lab, 1).await;
    assert_eq!(
        (state(&summary), summary.total.created),
        ((ReadState::Complete, String::new()), 25)
    );
    assert_eq!(
        summary.sources["board"].read.as_ref().unwrap().stated,
        Some(25)
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lever_is_read_to_an_empty_page_however_few_ads_a_page_holds() {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        let from = number(request, "skip");
        let one = |id: u64| json!({ "id": format!("a{id}"), "text": format!("Founder {id}") });
        let ads: Vec<Json> = (from..(from + 10).min(25)).map(one).collect();
        ResponseTemplate::new(200).set_body_json(ads)
    };
    serve(&server, "GET", answer).await;
    let lab = connected(&server, "lever", "site: acme", "backoff_ms: 1").await;
    let summary = run(&lab, 1).await;
    assert_eq!(
        (state(&summary), summary.total.created),
        ((ReadState::Complete, String::new()), 25)
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_is_taken_for_an_empty_board() {
    let gzip = |bytes: &[u8]| {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    let challenge = "<html><head><title>Just a moment...</title><script src=\"/cdn-cgi/challenge-platform/x.js\"></script></head></html>";
    let raw = |body: Vec<u8>, kind: &str| ResponseTemplate::new(200).set_body_raw(body, kind);
    let faults: Vec<(&str, &str, ResponseTemplate, ReadState, &str)> = vec![
        (
            "a circle of redirects",
            "",
            ResponseTemplate::new(302).insert_header("Location", "/jobs"),
            ReadState::Unreachable,
            "redirect",
        ),
        (
            "a gzip bomb",
            "",
            raw(bomb, "application/json"),
            ReadState::Unreachable,
            "decompresses to more",
        ),
        (
            "too large",
            "limits: { page_bytes: 1KB }",
            raw(vec![b' '; 4096], "application/json"),
            ReadState::Unreachable,
            "larger than the limit",
        ),
        (
            "half a JSON",
            "",
            raw(b"[{\"id\": 1}, {".to_vec(), "application/json"),
            ReadState::Partial,
            "not complete JSON",
        ),
        (
            "another character set",
            "",
            raw(
                b"[{\"id\": 1, \"title\": \"caf\xe9\"}]".to_vec(),
                "application/json",
            ),
            ReadState::Unreachable,
            "not complete JSON",
        ),
        (
            "a challenge",
            "decode: html",
            raw(challenge.into(), "text/html"),
            ReadState::Blocked,
            "bot challenge",
        ),
        (
            "an error page for XML",
            "decode: xml\nrecords: $.source.job[*]",
            raw(b"<html>Down</html>".to_vec(), "text/html"),
            ReadState::Partial,
            "there is nothing at",
        ),
        (
            "a page without a card",
            "decode: html\nrecords: article.job",
            raw(b"<p>Sorry</p>".to_vec(), "text/html"),
            ReadState::Partial,
            "there is nothing at",
        ),
        (
            "XML that breaks off",
            "decode: xml\nrecords: $.source.job[*]",
            raw(b"<source><job>".to_vec(), "text/xml"),
            ReadState::Unreachable,
            "breaks off",
        ),
        (
            "a rule of the author",
            "responses: [{ text: under maintenance, then: fail }]",
            raw(b"[] under maintenance".to_vec(), "text/plain"),
            ReadState::Unreachable,
            "a rule of",
        ),
        (
            "no answer at all",
            "limits: { page_time: 1s }",
            ResponseTemplate::new(200).set_delay(std::time::Duration::from_secs(30)),
            ReadState::Unreachable,
            "",
        ),
    ];
    for (name, fetch, answer, expected, why) in faults {
        let good = MockServer::start().await;
        serve(&good, "GET", |_| {
            ResponseTemplate::new(200).set_body_json(json!(jobs(0..8)))
        })
        .await;
        let lab = board(&good, "").await;
        assert_eq!(run(&lab, 1).await.total.created, 8);
        let server = MockServer::start().await;
        Mock::given(path("/jobs"))
            .respond_with(answer)
            .mount(&server)
            .await;
        let faulty = board(&server, &format!("retries: 0\n{fetch}")).await;
        lab.write(
            "institutions/acme.yaml",
            &std::fs::read_to_string(faulty.folder.join("institutions/acme.yaml")).unwrap(),
        );
        let summary = run(&lab, 2).await;
        let (found, said) = state(&summary);
        assert_eq!(found, expected, "{name}: {said}");
        assert!(said.contains(why), "{name}: {said}");
        assert_eq!(summary.total.archived, 0, "{name}");
        assert_eq!(
            lab.texts("SELECT count(*)::text FROM jobs WHERE status = 'open'")
                .await,
            ["8"],
            "{name}"
        );
        lab.bench.drop().await;
        faulty.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_source_says_leads_to_a_link_local_address() {
    let fetches = [
        ("/moved", "", "redirect"),
        (
            "/jobs",
            "records: $.jobs[*]\npages: { next: { from: $.next } }",
            "next page",
        ),
        (
            "/jobs",
            "records: $.jobs[*]\ndetail: { url: \"{$.link}\" }",
            "page of an ad",
        ),
    ];
    for (from, fetch, name) in fetches {
        let server = MockServer::start().await;
        let metadata = "http://169.254.169.254/latest/meta-data/";
        let moved = ResponseTemplate::new(302).insert_header("Location", metadata);
        Mock::given(path("/moved"))
            .respond_with(moved)
            .mount(&server)
            .await;
        let list =
            json!({ "jobs": [{ "id": 1, "title": "Ranger", "link": metadata }], "next": metadata });
        serve(&server, "GET", move |_| {
            ResponseTemplate::new(200).set_body_json(&list)
        })
        .await;
        let lab = board(&server, fetch).await;
        let text = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
        lab.write(
            "institutions/acme.yaml",
            &text.replace("/jobs\n", &format!("{from}\n")),
        );
        let summary = run(&lab, 1).await;
        let letters = lab
            .texts("SELECT error_details FROM staging_failed_documents")
            .await
            .concat();
        let said = format!("{}{letters}", state(&summary).1);
        assert!(
            said.contains("169.254.169.254 is a link-local address, which is not allowed"),
            "{name}: {said}"
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_refused_unless_allowed_and_robots_are_heard() {
    let server = MockServer::start().await;
    serve(&server, "GET", |_| {
        ResponseTemplate::new(200).set_body_json(json!(jobs(0..2)))
    })
    .await;
    let lab = board(&server, "").await;
    let text = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
    lab.write(
        "institutions/acme.yaml",
        &text.replace("        allow_private: true\n", ""),
    );
    let (found, why) = state(&run(&lab, 1).await);
    assert_eq!(found, ReadState::Unreachable);
    assert!(why.contains("allow_private"), "{why}");
    lab.write("institutions/acme.yaml", &text);
    Mock::given(path("/robots.txt"))
        .respond_with(ResponseTemplate::new(200).set_body_string("User-agent: *\nDisallow: /jobs"))
        .mount(&server)
        .await;
    let (found, why) = state(&run(&lab, 2).await);
    assert_eq!(found, ReadState::Blocked);
    assert!(why.contains("robots.txt"), "{why}");
    lab.bench.drop().await;
}

/// A list of ads that says its state, and the pages of ads that another server has, or has no more.
async fn list_and_pages(
    lists: Arc<std::sync::Mutex<Vec<Json>>>,
    gone: Arc<AtomicUsize>,
) -> (MockServer, Lab) {
    let server = MockServer::start().await;
    let list = move |request: &Request| {
        let jobs = lists.lock().unwrap().clone();
        let tag = format!(
            "\"{}\"",
            jobs.iter()
                .map(|job| job["v"].to_string())
                .collect::<String>()
        );
        match request
            .headers
            .get("if-none-match")
            .is_some_and(|value| value == tag.as_str())
        {
            true => ResponseTemplate::new(304),
            false => ResponseTemplate::new(200)
                .set_body_json(jobs)
                .insert_header("ETag", tag.as_str()),
        }
    };
    serve(&server, "GET", list).await;
    let detail = move |request: &Request| {
        let id: usize = request
            .url
            .path()
            .rsplit('/')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        match id < gone.load(Ordering::SeqCst) {
            true => ResponseTemplate::new(404),
            false => {
                ResponseTemplate::new(200).set_body_json(json!({ "title": format!("Ranger {id}") }))
            }
        }
    };
    Mock::given(wiremock::matchers::path_regex("^/jobs/\\d+$"))
        .respond_with(detail)
        .mount(&server)
        .await;
    let lab = board(
        &server,
        &format!(
            "retries: 0\ndetail: {{ url: \"{}/jobs/{{id}}\" }}",
            server.uri()
        ),
    )
    .await;
    (server, lab)
}

fn versions(ids: std::ops::Range<u64>, version: u64) -> Vec<Json> {
    ids.map(|id| json!({ "id": id, "v": version })).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_moves_the_pages_of_its_ads_is_told_and_loses_none() {
    let (lists, gone) = (
        Arc::new(std::sync::Mutex::new(versions(0..6, 1))),
        Arc::new(AtomicUsize::new(6)),
    );
    let (_server, lab) = list_and_pages(Arc::clone(&lists), Arc::clone(&gone)).await;
    let first = run(&lab, 1).await;
    let (found, why) = state(&first);
    assert_eq!(
        (found, first.total.created, first.total.failed),
        (ReadState::Partial, 0, 6),
        "{why}"
    );
    assert!(
        why.contains("6 ads still listed although the detail page is gone, more than half"),
        "{why}"
    );
    assert_eq!(
        lab.texts("SELECT DISTINCT error_type FROM staging_failed_documents")
            .await,
        ["detail_gone"]
    );
    assert_eq!(
        lab.texts("SELECT kind FROM alerts ORDER BY kind").await,
        ["all_refused", "source_partial"]
    );
    // The same again is still said, and once the pages are back the ads are there.
    assert_eq!(state(&run(&lab, 2).await).0, ReadState::Partial);
    gone.store(0, Ordering::SeqCst);
    let third = run(&lab, 3).await;
    assert_eq!(
        (state(&third).0, third.total.created),
        (ReadState::Complete, 6),
        "{third:?}"
    );
    // Two that have changed are listed, whatever their pages say.
    gone.store(2, Ordering::SeqCst);
    *lists.lock().unwrap() = [versions(0..2, 2), versions(2..6, 1)].concat();
    let fourth = run(&lab, 4).await;
    assert_eq!(
        (state(&fourth).0, fourth.total.archived),
        (ReadState::Complete, 0),
        "{fourth:?}"
    );
    assert_eq!(
        lab.texts("SELECT count(*)::text FROM jobs WHERE status = 'open'")
            .await,
        ["6"]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_gone_is_asked_for_again_though_the_list_is_the_same() {
    let (lists, gone) = (
        Arc::new(std::sync::Mutex::new(versions(0..3, 1))),
        Arc::new(AtomicUsize::new(1)),
    );
    let (_server, lab) = list_and_pages(lists, Arc::clone(&gone)).await;
    assert_eq!(run(&lab, 1).await.total.created, 2);
    gone.store(0, Ordering::SeqCst);
    let second = run(&lab, 2).await;
    assert_eq!(
        (second.total.created, second.total.unchanged),
        (1, 2),
        "{}",
        state(&second).1
    );
    lab.bench.drop().await;
}
