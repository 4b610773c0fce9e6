//! HTTP sources against a local server that pages, fails and refuses: each fault has its state, and
//! nothing is lost.

use crate::lab::{Lab, Step};
use serde_json::{Value as Json, json};
use weir::engine::RunSummary;
use weir::model::ReadState;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const ACME: &str = "institution: acme
timezone: Australia/Sydney
sources:
  board:
    fetch:
      http:
        url: ${URL}/jobs
        pages: { number: { parameter: page, max: 5 } }
        records: $.jobs[*]
        count: $.total
        backoff_ms: 1
        allow_private: true
    id: $.id
    job: { title: $.title }
missing: { after: 1, apart: 0h, at_most: 100% }
";

fn page(ids: std::ops::Range<u32>, total: u32) -> Json {
    let jobs: Vec<Json> = ids
        .map(|id| json!({ "id": id, "title": format!("Ranger {id}") }))
        .collect();
    json!({ "total": total, "jobs": jobs })
}

async fn lab() -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", ACME);
    lab
}

async fn serve(server: &MockServer, number: &str, answer: ResponseTemplate, times: Option<u64>) {
    let mock = Mock::given(method("GET"))
        .and(path("/jobs"))
        .and(query_param("page", number))
        .respond_with(answer);
    match times {
        Some(times) => mock.up_to_n_times(times).mount(server).await,
        None => mock.mount(server).await,
    }
}

async fn run(lab: &Lab, server: &MockServer, day: u32) -> RunSummary {
    let step = Step::new(&format!("2026-09-{day:02}"), &[("URL", &server.uri())]);
    lab.run(&step).await.remove(0)
}

fn state(summary: &RunSummary) -> (ReadState, String) {
    let read = summary.sources["board"].read.clone().unwrap();
    (read.state, read.why.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_read_until_the_stated_count() {
    let (lab, server) = (lab().await, MockServer::start().await);
    serve(
        &server,
        "1",
        ResponseTemplate::new(200).set_body_json(page(0..10, 25)),
        None,
    )
    .await;
    serve(
        &server,
        "2",
        ResponseTemplate::new(200).set_body_json(page(10..20, 25)),
        None,
    )
    .await;
    serve(
        &server,
        "3",
        ResponseTemplate::new(200).set_body_json(page(20..25, 25)),
        None,
    )
    .await;
    let summary = run(&lab, &server, 1).await;
    assert_eq!(state(&summary).0, ReadState::Complete);
    assert_eq!(
        (
            summary.total.created,
            summary.sources["board"].read.as_ref().unwrap().pages
        ),
        (25, 3)
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_faults_are_tried_again() {
    let (lab, server) = (lab().await, MockServer::start().await);
    serve(&server, "1", ResponseTemplate::new(503), Some(1)).await;
    serve(&server, "1", ResponseTemplate::new(429), Some(1)).await;
    // Half a body is read again from its start; what came twice counts once.
    let half = page(0..10, 10).to_string();
    serve(
        &server,
        "1",
        ResponseTemplate::new(200)
            .set_body_raw(half[..half.len() / 2].to_owned(), "application/json"),
        Some(1),
    )
    .await;
    serve(
        &server,
        "1",
        ResponseTemplate::new(200).set_body_json(page(0..10, 10)),
        None,
    )
    .await;
    let summary = run(&lab, &server, 1).await;
    assert_eq!(
        (
            state(&summary).0,
            summary.total.created,
            summary.total.documents
        ),
        (ReadState::Complete, 10, 10)
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_nothing_is_retired() {
    let (lab, good) = (lab().await, MockServer::start().await);
    serve(
        &good,
        "1",
        ResponseTemplate::new(200).set_body_json(page(0..10, 10)),
        None,
    )
    .await;
    assert_eq!(run(&lab, &good, 1).await.total.created, 10);
    let html =
        ResponseTemplate::new(200).set_body_raw("<html>Just a moment...</html>", "text/html");
    let faults: [(ResponseTemplate, ResponseTemplate, ReadState, &str); 6] = [
        (
            ResponseTemplate::new(500),
            ResponseTemplate::new(500),
            ReadState::Unreachable,
            "500",
        ),
        (
            ResponseTemplate::new(403),
            ResponseTemplate::new(403),
            ReadState::Blocked,
            "403",
        ),
        (html.clone(), html, ReadState::Blocked, "web page"),
        (
            ResponseTemplate::new(200).set_body_json(page(0..5, 10)),
            ResponseTemplate::new(500),
            ReadState::Partial,
            "page 2",
        ),
        (
            ResponseTemplate::new(200).set_body_json(page(0..5, 10)),
            ResponseTemplate::new(200).set_body_json(page(0..5, 10)),
            ReadState::Partial,
            "repeats",
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({ "error": "later" })),
            ResponseTemplate::new(404),
            ReadState::Partial,
            "there is nothing at",
        ),
    ];
    for (day, (first, second, expected, why)) in (2..).zip(faults) {
        let server = MockServer::start().await;
        serve(&server, "1", first, None).await;
        serve(&server, "2", second, None).await;
        let summary = run(&lab, &server, day).await;
        let (found, said) = state(&summary);
        assert_eq!(found, expected, "{said}");
        assert!(said.contains(why), "{said}");
        assert_eq!(summary.total.archived, 0, "{said}");
    }
    assert_eq!(
        lab.texts("SELECT count(*)::text FROM jobs WHERE status = 'open'")
            .await,
        ["10"]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_pages_end_at_the_cap_and_a_missing_variable_says_its_name() {
    let (lab, server) = (lab().await, MockServer::start().await);
    for number in 1..=6_u32 {
        serve(
            &server,
            &number.to_string(),
            ResponseTemplate::new(200).set_body_json(page(number * 10..number * 10 + 10, 1000)),
            None,
        )
        .await;
    }
    let (found, why) = state(&run(&lab, &server, 1).await);
    assert_eq!(found, ReadState::Partial);
    assert!(why.contains("stopped after 5 pages"), "{why}");
    let summary = lab.run(&Step::new("2026-09-02", &[])).await.remove(0);
    let (found, why) = state(&summary);
    assert_eq!(found, ReadState::Unreachable);
    assert!(why.contains("the variable `URL` is not set"), "{why}");
    lab.bench.drop().await;
}

/// What a source says of its state it says of one board; a variable may lead to another one.
#[tokio::test(flavor = "multi_thread")]
async fn another_board_behind_the_same_variable_is_read_anew() {
    let (lab, server) = (Lab::new().await, MockServer::start().await);
    let one_page = ACME.replace("${URL}/jobs", "${URL}/${BOARD}").replace(
        "        pages: { number: { parameter: page, max: 5 } }\n",
        "",
    );
    lab.write("institutions/acme.yaml", &one_page);
    let answer = |request: &wiremock::Request| {
        if request.headers.contains_key("if-none-match") {
            return ResponseTemplate::new(304);
        }
        let ids = if request.url.path() == "/a" {
            0..3
        } else {
            7..10
        };
        ResponseTemplate::new(200)
            .insert_header("etag", "\"x\"")
            .set_body_json(page(ids, 3))
    };
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    for (day, board, created) in [
        ("2026-09-01", "a", 3),
        ("2026-09-02", "a", 0),
        ("2026-09-03", "b", 3),
        ("2026-09-04", "b", 0),
    ] {
        let summary = lab
            .run(&Step::new(day, &[("URL", &server.uri()), ("BOARD", board)]))
            .await
            .remove(0);
        assert_eq!(
            (state(&summary).0, summary.total.created),
            (ReadState::Complete, created),
            "{day} {}",
            state(&summary).1
        );
    }
    lab.bench.drop().await;
}
