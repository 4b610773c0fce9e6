//! What a read must show before an ad counts as missing: answers that look like a short or an empty
//! list, and prove nothing. On the first day each board lists all its ads; on the second it gives
//! such an answer, and no job may be archived.

use crate::lab::Lab;
use crate::sources::{board, jobs, run, state};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use weir::model::ReadState;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A board that answers by the day and by the page that is asked for.
struct Board {
    /// What its YAML says of its format and pages.
    fetch: &'static str,
    first: fn(&Request) -> ResponseTemplate,
    second: fn(&Request) -> ResponseTemplate,
}

fn is_second_page(request: &Request) -> bool {
    request.url.query().is_some_and(|query| query == "page=2")
}

fn text(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.to_owned(), "text/plain")
}

fn cards(ids: std::ops::Range<u64>) -> String {
    let card = |id| format!("<article><a href=/{id}>Ranger {id}</a></article>");
    let cards: String = ids.map(card).collect();
    format!("<html><title>Jobs</title><main id=list>{cards}</main></html>")
}

fn table(ids: std::ops::Range<u64>) -> ResponseTemplate {
    let rows: String = ids.map(|id| format!("{id},Ranger {id}\n")).collect();
    text(&format!("id,title\n{rows}"))
}

const CSV: &str = "retries: 0\ndecode: csv";
const NEXT: &str = "retries: 0\nrecords: $.jobs[*]\npages: { next: { from: $.next } }";
const COUNT: &str = "retries: 0\nrecords: $.jobs[*]\ncount: $.total";
const CARDS: &str =
    "retries: 0\ndecode: html\nrecords: article\npages: { number: { parameter: page } }";

/// How the second day's read ended, why, and how many jobs it archived.
async fn second_day(board_of: &Board) -> (ReadState, String, i64) {
    let day = Arc::new(AtomicUsize::new(1));
    let (today, first, second) = (Arc::clone(&day), board_of.first, board_of.second);
    let server = MockServer::start().await;
    let answer = move |request: &Request| match request.url.path() {
        "/robots.txt" => ResponseTemplate::new(404),
        _ if today.load(Ordering::SeqCst) == 1 => first(request),
        _ => second(request),
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let lab = board(&server, board_of.fetch).await;
    let yaml = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
    let yaml = yaml.replace("at_most: 100%", "at_most: 100%, empty: honest");
    let yaml = if board_of.fetch == CARDS {
        let job = yaml.find("    id: $.id").unwrap();
        let end = yaml.find("missing:").unwrap();
        format!(
            "{}    id: {{ css: a@href }}\n    job: {{ title: {{ css: a }} }}\n{}",
            &yaml[..job],
            &yaml[end..]
        )
    } else {
        yaml
    };
    lab.write("institutions/acme.yaml", &yaml);
    let summary = run(&lab, 1).await;
    assert_eq!(summary.total.created, 6, "{:?}", state(&summary));
    assert_eq!(
        state(&summary).0,
        ReadState::Complete,
        "{:?}",
        state(&summary)
    );
    day.store(2, Ordering::SeqCst);
    let summary = run(&lab, 2).await;
    let (found, why) = state(&summary);
    lab.bench.drop().await;
    (found, why, summary.total.archived)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_of_something_is_no_empty_table() {
    let first = |_: &Request| table(0..6);
    for second in [
        |_: &Request| text("OK"),
        |_: &Request| text("[]"),
        |_: &Request| text("{\"error\": \"try again\"}"),
        |_: &Request| text("name,price\n"),
        |_: &Request| {
            ResponseTemplate::new(200).set_body_raw("<html><p>Maintenance</html>", "text/html")
        },
    ] {
        let (found, why, archived) = second_day(&Board {
            fetch: CSV,
            first,
            second,
        })
        .await;
        let is_doubtful = !matches!(found, ReadState::Complete | ReadState::Empty);
        assert!(is_doubtful && archived == 0, "{found:?} {why}");
    }
    // Its header alone is.
    let second = |_: &Request| text("id,title\n");
    let (found, why, archived) = second_day(&Board {
        fetch: CSV,
        first,
        second,
    })
    .await;
    assert_eq!((found, archived), (ReadState::Empty, 6), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_page_that_is_no_text_is_not_the_end() {
    let first = |_: &Request| {
        ResponseTemplate::new(200).set_body_json(json!({ "jobs": jobs(0..6), "next": null }))
    };
    for second in [
        |_: &Request| {
            ResponseTemplate::new(200)
                .set_body_json(json!({ "jobs": jobs(0..2), "next": { "href": "/p" } }))
        },
        |_: &Request| {
            ResponseTemplate::new(200).set_body_json(json!({ "jobs": jobs(0..2), "next": ["/p"] }))
        },
    ] {
        let (found, why, archived) = second_day(&Board {
            fetch: NEXT,
            first,
            second,
        })
        .await;
        assert_eq!((found, archived), (ReadState::Partial, 0), "{why}");
        assert!(
            why.contains("what should name the next page is no text"),
            "{why}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ad_that_a_page_repeats_does_not_fill_the_count() {
    let first = |_: &Request| {
        ResponseTemplate::new(200).set_body_json(json!({ "total": 6, "jobs": jobs(0..6) }))
    };
    let second = |_: &Request| {
        let rows = [jobs(0..3), jobs(2..3), jobs(2..3), jobs(2..3)].concat();
        ResponseTemplate::new(200).set_body_json(json!({ "total": 6, "jobs": rows }))
    };
    let (found, why, archived) = second_day(&Board {
        fetch: COUNT,
        first,
        second,
    })
    .await;
    assert_eq!((found, archived), (ReadState::Partial, 0), "{why}");
    assert!(
        why.contains("the source states 6 ads, but 3 were read"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_page_ends_a_list_of_cards_only_if_it_looks_like_one_of_it() {
    let first = |request: &Request| text(&cards(if is_second_page(request) { 6..6 } else { 0..6 }));
    for second in [
        |request: &Request| {
            if is_second_page(request) {
                text("Too many requests")
            } else {
                text(&cards(0..2))
            }
        },
        |request: &Request| {
            if is_second_page(request) {
                text("")
            } else {
                text(&cards(0..2))
            }
        },
        |request: &Request| {
            if is_second_page(request) {
                text("<html><title>Jobs</title><form><input type=password></form></html>")
            } else {
                text(&cards(0..2))
            }
        },
        // A card that breaks off is no ad.
        |request: &Request| {
            if is_second_page(request) {
                text("<html><title>Jobs</title><main id=list><article><a href=/2>Ran")
            } else {
                text(&cards(0..2))
            }
        },
    ] {
        let (found, why, archived) = second_day(&Board {
            fetch: CARDS,
            first,
            second,
        })
        .await;
        assert_eq!((found, archived), (ReadState::Partial, 0), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_path_of_several_must_match_a_file() {
    let lab = Lab::new().await;
    lab.write("pipelines/daily.yaml", crate::lab::DAILY);
    lab.write("institutions/acme.yaml", "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: [a.ndjson, \"b*.ndjson\"] } }\n    id: $.id\n    job: { title: $.title }\nmissing: { after: 1, at_most: 100% }\n");
    lab.write("a.ndjson", "{\"id\": 1, \"title\": \"Cook\"}\n");
    lab.write("b1.ndjson", "{\"id\": 2, \"title\": \"Clerk\"}\n");
    assert_eq!(run(&lab, 1).await.total.created, 2);
    std::fs::remove_file(lab.folder.join("b1.ndjson")).unwrap();
    let summary = run(&lab, 2).await;
    let (found, why) = state(&summary);
    assert_eq!(
        (found, summary.total.archived),
        (ReadState::Partial, 0),
        "{why}"
    );
    assert!(why.contains("no file matches `b*.ndjson`"), "{why}");
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_repaired_is_said_though_all_was_read() {
    let lab = Lab::new().await;
    lab.write("pipelines/daily.yaml", crate::lab::DAILY);
    lab.write(
        "institutions/acme.yaml",
        "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: ads.xml, records: \"$.jobs.job[*]\" } }\n    id: $.id\n    job: { title: $.title }\n",
    );
    lab.write(
        "ads.xml",
        "<jobs><job><id>1</id><title>Fish & Chips</title></job></jobs>",
    );
    let summary = run(&lab, 1).await;
    assert_eq!(state(&summary).0, ReadState::Complete);
    let told = weir::report::summary::text(&summary);
    assert!(
        told.contains("source `board` was read to its end, but `ads.xml`: "),
        "{told}"
    );
    lab.bench.drop().await;
}
