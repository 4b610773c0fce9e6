//! Where a read waits, where it stops, and where it goes on: what a source asks for, what the
//! author allows, and what a crawl that died has read.

use crate::lab::{Lab, Step, stop_at};
use crate::sources::{board, jobs, run, state};
use serde_json::{Value as Json, json};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir::model::ReadState;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A server that notes when it was asked, and answers by how often that was before.
async fn noting(
    answer: impl Fn(usize, &Request) -> ResponseTemplate + Send + Sync + 'static,
) -> (MockServer, Arc<Mutex<Vec<Instant>>>) {
    let (server, asked): (_, Arc<Mutex<Vec<Instant>>>) =
        (MockServer::start().await, Arc::default());
    let notes = Arc::clone(&asked);
    let answer = move |request: &Request| {
        let mut notes = notes.lock().unwrap();
        notes.push(Instant::now());
        answer(notes.len() - 1, request)
    };
    Mock::given(path("/jobs"))
        .respond_with(answer)
        .mount(&server)
        .await;
    (server, asked)
}

fn number(request: &Request, name: &str) -> u64 {
    request
        .url
        .query_pairs()
        .find(|(key, _)| key == name)
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or_default()
}

fn list(ids: std::ops::Range<u64>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!(jobs(ids)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_asks_for_a_pause_gets_it() {
    let slow_down = |status| ResponseTemplate::new(status).insert_header("Retry-After", "1");
    let (server, asked) = noting(move |before, _| match before {
        0 => slow_down(429),
        1 => slow_down(503),
        _ => list(0..2),
    })
    .await;
    let lab = board(&server, "").await;
    let summary = run(&lab, 1).await;
    assert_eq!(
        (state(&summary).0, summary.total.created),
        (ReadState::Complete, 2)
    );
    let asked = asked.lock().unwrap().clone();
    let pauses: Vec<Duration> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        pauses.len() == 2
            && pauses
                .iter()
                .all(|pause| *pause >= Duration::from_millis(990)),
        "{pauses:?}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_ends_where_its_time_or_its_bytes_end_and_what_came_counts() {
    let cases = [
        (
            "time: 200ms",
            250,
            "stopped after 200ms, the maximum set by `limits: time`",
            1,
        ),
        (
            "read_bytes: 1KB",
            0,
            "the maximum set by `limits: read_bytes`",
            2,
        ),
    ];
    for (limit, delay, expected, pages) in cases {
        let (server, asked) = noting(move |_, request| {
            let page = number(request, "page");
            let ads = json!([{ "id": page, "title": "Ranger", "text": "x".repeat(600) }]);
            ResponseTemplate::new(200)
                .set_body_json(ads)
                .set_delay(Duration::from_millis(delay))
        })
        .await;
        let lab = board(
            &server,
            &format!("pages: {{ number: {{ parameter: page }} }}\nlimits: {{ {limit} }}"),
        )
        .await;
        let summary = run(&lab, 1).await;
        let (found, why) = state(&summary);
        assert_eq!(
            (found, summary.total.created, asked.lock().unwrap().len()),
            (ReadState::Partial, pages, usize::try_from(pages).unwrap()),
            "{why}"
        );
        assert!(
            why.starts_with("stopped after ") && why.contains(expected),
            "{why}"
        );
        lab.bench.drop().await;
    }
}

/// 32 MiB of blanks: the libraries here only unpack brotli.
const BROTLI: &str = "cbffff3ff82540e2b14020f7fe8fffff7ff04b00c4611180eefd1fffffffe0970088c30200ddfbbffcffffc32f0110870500baf77f";

#[tokio::test(flavor = "multi_thread")]
async fn bombs_of_every_packing_are_refused() {
    let blanks = vec![b' '; 32 * 1024 * 1024];
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    deflate.write_all(&blanks).unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("jobs.json", zip::write::SimpleFileOptions::default())
        .unwrap();
    zip.write_all(&blanks).unwrap();
    let brotli = (0..BROTLI.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&BROTLI[at..at + 2], 16).unwrap())
        .collect();
    let bombs: [(&str, Option<&str>, Vec<u8>, &str); 3] = [
        (
            "deflate",
            Some("deflate"),
            deflate.finish().unwrap(),
            "larger than the limit",
        ),
        ("brotli", Some("br"), brotli, "larger than the limit"),
        (
            "zip",
            None,
            zip.finish().unwrap().into_inner(),
            "decompresses to more than",
        ),
    ];
    for (name, encoding, bomb, expected) in bombs {
        let (server, asked) = noting(move |_, _| {
            let answer = ResponseTemplate::new(200).set_body_raw(bomb.clone(), "application/json");
            encoding.iter().fold(answer, |answer, encoding| {
                answer.insert_header("Content-Encoding", *encoding)
            })
        })
        .await;
        let lab = board(&server, "limits: { page_bytes: 1MB }").await;
        let (found, why) = state(&run(&lab, 1).await);
        assert_eq!(
            (found, asked.lock().unwrap().len()),
            (ReadState::Unreachable, 1),
            "{name}: {why}"
        );
        assert!(why.contains(expected), "{name}: {why}");
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_on_a_later_page_leaves_what_came_before_it() {
    let faults: [(ResponseTemplate, &str, i64); 4] = [
        (ResponseTemplate::new(500), "page 2: ", 2),
        (ResponseTemplate::new(403), "page 2: ", 2),
        (
            ResponseTemplate::new(200).set_body_raw("{ \"error\": 1", "application/json"),
            "page 2: the body is not complete JSON",
            2,
        ),
        (
            ResponseTemplate::new(200)
                .set_body_raw("[{ \"id\": 7, \"title\": \"Cook\" }, {", "application/json"),
            "(after 1 ad)",
            3,
        ),
    ];
    for (fault, expected, created) in faults {
        let (server, _) = noting(move |_, request| {
            if number(request, "page") == 1 {
                list(0..2)
            } else {
                fault.clone()
            }
        })
        .await;
        let lab = board(
            &server,
            "retries: 1\npages: { number: { parameter: page } }",
        )
        .await;
        let summary = run(&lab, 1).await;
        let (found, why) = state(&summary);
        assert_eq!(
            (found, summary.total.created),
            (ReadState::Partial, created),
            "{why}"
        );
        assert!(why.contains(expected), "{why}");
        assert_eq!(
            summary.sources["board"].read.as_ref().unwrap().items,
            created
        );
        lab.bench.drop().await;
    }
}

/// Nothing that is said of a token is said of ads: none is gone, no page is the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_given_is_told_without_the_secret() {
    let echo = |status: u16| {
        ResponseTemplate::new(status).set_body_string("client_secret=s3cret is wrong")
    };
    let faults: [(ResponseTemplate, ReadState, &str); 6] = [
        (echo(500), ReadState::Unreachable, "responds with 500"),
        (echo(400), ReadState::Unreachable, "responds with 400"),
        (echo(404), ReadState::Unreachable, "responds with 404"),
        (echo(401), ReadState::Blocked, "check the credentials"),
        (echo(200), ReadState::Unreachable, "is not JSON"),
        (
            ResponseTemplate::new(200).set_body_json(json!({ "error": "s3cret" })),
            ReadState::Unreachable,
            "no `access_token`",
        ),
    ];
    for (fault, expected, reason) in faults {
        let server = MockServer::start().await;
        Mock::given(path("/token"))
            .respond_with(fault)
            .mount(&server)
            .await;
        let fetch = format!(
            "retries: 1\nresponses: [{{ status: 404, then: stop }}]\nauth: {{ oauth2: {{ token_url: {}/token, client_id: \"${{USER_NAME}}\", client_secret: \"${{KEY}}\" }} }}",
            server.uri()
        );
        let lab = board(&server, &fetch).await;
        let (found, why) = state(&run(&lab, 1).await);
        assert_eq!(found, expected, "{why}");
        assert!(
            why.starts_with("no token was issued: ") && why.contains(reason),
            "{why}"
        );
        assert!(
            !why.contains("s3cret") && !lab.dump().await.contains("s3cret"),
            "{why}"
        );
        let asked = server.received_requests().await.unwrap();
        assert!(
            asked.iter().all(|request| request.url.path() != "/jobs"),
            "the ads are not asked for"
        );
        lab.bench.drop().await;
    }
}

/// 200 ads, 10 a page, in every way that leads from one page to the next; the numbers of the ads
/// that the pages began with are noted.
async fn paged(way: &str) -> (MockServer, Arc<Mutex<Vec<u64>>>) {
    let (server, asked): (_, Arc<Mutex<Vec<u64>>>) = (MockServer::start().await, Arc::default());
    let (notes, by_header) = (Arc::clone(&asked), way == "link");
    let answer = move |request: &Request| {
        let posted: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let from = number(request, "from") + posted["from"].as_u64().unwrap_or_default();
        notes.lock().unwrap().push(from);
        let next = (from + 10 < 200).then_some(from + 10);
        let link = next.map(|next| format!("/jobs?from={next}"));
        let body = json!({ "jobs": jobs(from.min(200)..(from + 10).min(200)), "next": next, "link": link });
        let answer = ResponseTemplate::new(200).set_body_json(body);
        let header = link
            .filter(|_| by_header)
            .map(|link| format!("<{link}>; rel=\"next\""));
        header.iter().fold(answer, |answer, header| {
            answer.insert_header("Link", header.as_str())
        })
    };
    Mock::given(path("/jobs"))
        .respond_with(answer)
        .mount(&server)
        .await;
    (server, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_died_goes_on_in_every_way_of_paging() {
    let ways = [
        ("offset", "pages: { offset: { parameter: from, size: 10 } }"),
        (
            "body",
            "body: { json: { limit: 10 } }\npages: { offset: { member: from, size: 10 } }",
        ),
        (
            "cursor",
            "pages: { cursor: { from: $.next, parameter: from } }",
        ),
        ("next", "pages: { next: { from: $.link } }"),
        ("link", "pages: { link: {} }"),
    ];
    for (way, fetch) in ways {
        let (server, asked) = paged(way).await;
        let lab = board(&server, &format!("records: $.jobs[*]\n{fetch}")).await;
        let stored = died(&lab).await;
        assert!(stored >= 1, "{way}");
        asked.lock().unwrap().clear();
        let summary = run(&lab, 1).await;
        assert_eq!(
            state(&summary),
            (ReadState::Complete, String::new()),
            "{way}"
        );
        let asked = asked.lock().unwrap().clone();
        assert_eq!(asked.first(), Some(&(stored * 10)), "{way}: {asked:?}");
        assert!(
            asked.windows(2).all(|pair| pair[0] < pair[1]),
            "{way}: {asked:?}"
        );
        assert_eq!(
            summary.sources["board"].read.as_ref().unwrap().items,
            200,
            "{way}"
        );
        assert_eq!(
            lab.texts("SELECT count(*)::text FROM jobs WHERE status = 'open'")
                .await,
            ["200"],
            "{way}"
        );
        assert_eq!(
            lab.texts("SELECT count(*)::text FROM source_reads").await,
            ["1"],
            "{way}"
        );
        lab.bench.drop().await;
    }
}

/// Stops a run after a few pages; gives how many the read has kept.
async fn died(lab: &Lab) -> u64 {
    let stopped = lab
        .run_as(&Step::new("2026-09-01", &[]), false, stop_at(6))
        .await
        .remove(0);
    assert!(stopped.is_err());
    lab.texts("SELECT (bookmark->'tally'->>'pages')::text FROM source_reads WHERE state = 'partial' AND bookmark IS NOT NULL").await[0]
        .parse()
        .unwrap()
}
