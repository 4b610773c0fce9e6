//! What no well-behaved server does: bodies without an end, drips, resets, packed bombs, wrong
//! character sets, circles; and what hostile pages try: to be sent credentials. Each ends in the
//! state that it should, in time, and no open job is touched by it.

use crate::lab::{Lab, Step};
use crate::sources::{board, jobs, run, state};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use weir::model::ReadState;
use wiremock::matchers::{path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// What a server does with a connection.
#[derive(Clone)]
enum Act {
    /// Sends a beginning, then blanks for ever.
    Endless(&'static str),
    /// Sends a beginning, then a blank now and then.
    Drip(&'static str),
    /// Sends a beginning and hangs up, with a reset or as if all were said.
    Break { head: &'static str, reset: bool },
    /// Sends this.
    Say(Vec<u8>),
}

/// The address of a server that has no robots.txt and otherwise does these, one a connection, the
/// last again and again.
async fn misbehave(acts: Vec<Act>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut acts = acts.into_iter().peekable();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).await.unwrap_or_default();
            if request[..read].starts_with(b"GET /robots.txt") {
                let _ = stream
                    .write_all(
                        b"HTTP/1.1 404 None\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                    )
                    .await;
                continue;
            }
            let Some(act) = acts.next() else { return };
            if acts.peek().is_none() {
                acts = vec![act.clone()].into_iter().peekable();
            }
            tokio::spawn(perform(act, stream));
        }
    });
    url
}

async fn perform(act: Act, mut stream: TcpStream) {
    match act {
        Act::Endless(head) => {
            let mut going = stream.write_all(head.as_bytes()).await.is_ok();
            while going {
                going = stream.write_all(&[b' '; 16 * 1024]).await.is_ok();
            }
        }
        Act::Drip(head) => {
            let mut going = stream.write_all(head.as_bytes()).await.is_ok();
            while going {
                tokio::time::sleep(Duration::from_millis(5)).await;
                going = stream.write_all(b" ").await.is_ok();
            }
        }
        Act::Break { head, reset } => {
            let _ = stream.write_all(head.as_bytes()).await;
            if reset {
                let _ = stream.set_zero_linger();
            }
        }
        Act::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
        }
    }
}

fn answer(headers: &str, body: &[u8]) -> Act {
    let mut all = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    all.extend_from_slice(body);
    Act::Say(all)
}

/// Eight open jobs of a board that behaves.
async fn eight_jobs() -> Lab {
    let good = MockServer::start().await;
    Mock::given(path("/jobs"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!(jobs(0..8))))
        .mount(&good)
        .await;
    let lab = board(&good, "").await;
    assert_eq!(run(&lab, 1).await.total.created, 8);
    lab
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The same board moves to another address, with other settings.
fn moves(lab: &Lab, url: &str, fetch: &str) {
    let text = std::fs::read_to_string(lab.folder.join("institutions/acme.yaml")).unwrap();
    let begin = text.find("        url: ").unwrap();
    let end = text.find("    id: $.id").unwrap();
    let indented: String = fetch
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    let block = format!(
        "        url: {url}/jobs\n        backoff_ms: 1\n        allow_private: true\n{indented}"
    );
    lab.write(
        "institutions/acme.yaml",
        &format!("{}{block}{}", &text[..begin], &text[end..]),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_server_does_the_read_ends_and_no_job_is_touched() {
    const ENDLESS: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[{\"id\": 1, \"title\": \"Ranger 1\"}, ";
    const LARGE: &str =
        "HTTP/1.1 200 OK\r\ncontent-length: 2000000000\r\ncontent-type: application/json\r\n\r\n[";
    const HALF: &str =
        "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n[{\"id\": 1, \"title\": \"Ranger 1\"}, ";
    const CHUNK: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[{\"id\r\n";
    let bomb = gzip(&vec![b' '; 32 * 1024 * 1024]);
    let list = json!(jobs(0..8)).to_string();
    // Those that break off after an ad say so, and the ad is kept.
    let cases: Vec<(&str, &str, Act, &str)> = vec![
        ("a body that never ends", "limits: { page_bytes: 1MB }", Act::Endless(ENDLESS), "`limits: { page_bytes }` (after 1 ad)"),
        ("a body of 2 GB", "limits: { page_bytes: 1MB }", Act::Endless(LARGE), "larger than the limit"),
        ("a drip", "limits: { page_time: 300ms }", Act::Drip(ENDLESS), "(after 1 ad)"),
        ("a drip before the first line", "limits: { page_time: 300ms }", Act::Drip("HTTP/1.1 200 OK\r\nx: "), "too long"),
        ("a reset in the body", "", Act::Break { head: HALF, reset: true }, ""),
        ("a body that ends too early", "", Act::Break { head: HALF, reset: false }, "(after 1 ad)"),
        ("a chunk without a last one", "", Act::Break { head: CHUNK, reset: false }, "broke off"),
        ("a packed bomb", "limits: { page_bytes: 1MB }", answer("content-encoding: gzip\r\n", &bomb), "larger than the limit"),
        ("a packing that breaks off", "", answer("content-encoding: gzip\r\n", &gzip(list.as_bytes())[..20]), "breaks off"),
        ("a packing that is damaged", "", answer("content-encoding: gzip\r\n", &[&gzip(b"[")[..12], &[0xff; 40]].concat()), "damaged"),
        (
            "a character set that it is not in",
            "",
            answer("content-type: application/json; charset=utf-16le\r\n", b"[{\0\"\xff\xff\xff"),
            "not complete JSON",
        ),
        ("no HTTP", "", Act::Say(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), ""),
        (
            "too many requests for ever",
            "",
            Act::Say(b"HTTP/1.1 429 Slow down\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()),
            "429",
        ),
    ];
    let lab = eight_jobs().await;
    for (day, (name, settings, act, why)) in (2..).zip(cases) {
        moves(
            &lab,
            &misbehave(vec![act]).await,
            &format!("retries: 1\n{settings}"),
        );
        let summary = run(&lab, day).await;
        let (found, said) = state(&summary);
        let came = said.contains("(after 1 ad)");
        assert_eq!(
            found,
            if came {
                ReadState::Partial
            } else {
                ReadState::Unreachable
            },
            "{name}: {said}"
        );
        assert!(said.contains(why), "{name}: {said}");
        assert_eq!(
            (
                summary.total.archived,
                summary.total.updated,
                summary.total.unchanged
            ),
            (0, 0, i64::from(came)),
            "{name}"
        );
        assert_eq!(
            lab.texts("SELECT count(*)::text FROM jobs WHERE status = 'open'")
                .await,
            ["8"],
            "{name}"
        );
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_beyond_a_limit_is_asked_for_once() {
    let bomb = gzip(&vec![b' '; 32 * 1024 * 1024]);
    let deep_xml = format!("<source>{}", "<a>".repeat(500));
    let cases: [(&str, &str, Vec<u8>, &str); 5] = [
        (
            "limits: { page_bytes: 1MB }",
            "a/b",
            vec![b' '; 3_000_000],
            "limits: { page_bytes }",
        ),
        (
            "decode: html\nrecords: article",
            "text/html",
            "<div>".repeat(2000).into_bytes(),
            "deeper than 512 levels",
        ),
        (
            "decode: json_ld",
            "text/html",
            "<div>".repeat(2000).into_bytes(),
            "deeper than 512 levels",
        ),
        (
            "decode: xml\nrecords: $.source.job[*]",
            "text/xml",
            deep_xml.into_bytes(),
            "nest deeper than 128",
        ),
        (
            "",
            "application/json",
            bomb,
            "it decompresses to more than 200 times its size",
        ),
    ];
    for (fetch, kind, body, expected) in cases {
        let server = MockServer::start().await;
        Mock::given(path_regex("^/jobs$"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(body, kind))
            .mount(&server)
            .await;
        let lab = board(&server, fetch).await;
        let (found, why) = state(&run(&lab, 1).await);
        let asked = server
            .received_requests()
            .await
            .unwrap()
            .iter()
            .filter(|request| request.url.path() == "/jobs")
            .count();
        assert_eq!(
            (found, asked),
            (ReadState::Unreachable, 1),
            "{fetch}: {why}"
        );
        assert!(why.contains(expected), "{fetch}: {why}");
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_breaks_off_is_read_again_from_its_start() {
    let list = json!(jobs(0..8)).to_string();
    let half = Act::Break {
        head: "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n[{\"id\": 0, \"title\": \"Ranger 0\"}, ",
        reset: true,
    };
    let late = Act::Say(b"HTTP/1.1 429 Slow down\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec());
    let lab = eight_jobs().await;
    moves(
        &lab,
        &misbehave(vec![half, late, answer("", list.as_bytes())]).await,
        "retries: 3",
    );
    let summary = run(&lab, 2).await;
    assert_eq!(
        (
            state(&summary),
            summary.total.unchanged,
            summary.total.documents
        ),
        ((ReadState::Complete, String::new()), 8, 8)
    );
    lab.bench.drop().await;
}

/// The beginning of a list of so many ads, which breaks off; each ad says how often the list was
/// asked for.
fn cut(ids: std::ops::Range<u64>, look: u32) -> Act {
    let list = looked_at(ids, look);
    let mut all = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        list.len() + 5000
    )
    .into_bytes();
    all.extend_from_slice(&list.as_bytes()[..list.len() - 1]);
    all.push(b',');
    Act::Say(all)
}

fn looked_at(ids: std::ops::Range<u64>, look: u32) -> String {
    json!(
        ids.map(|id| json!({ "id": id, "title": format!("Ranger {id}"), "look": look }))
            .collect::<Vec<_>>()
    )
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_called_a_web_page_is_none_when_it_breaks_off() {
    let server = MockServer::start().await;
    let cut = ResponseTemplate::new(200).set_body_raw(
        "[{\"id\": 1, \"title\": \"Ranger\"}, {\"id",
        "text/html; charset=utf-8",
    );
    Mock::given(path("/jobs"))
        .respond_with(cut)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let whole = ResponseTemplate::new(200)
        .set_body_raw(json!(jobs(0..2)).to_string(), "text/html; charset=utf-8");
    Mock::given(path("/jobs"))
        .respond_with(whole)
        .mount(&server)
        .await;
    let lab = board(&server, "").await;
    let summary = run(&lab, 1).await;
    assert_eq!(
        (state(&summary), summary.total.created),
        ((ReadState::Complete, String::new()), 2)
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_attempt_that_failed_has_given_counts_once() {
    // More ads than are handed on at once, and each reads differently the next time.
    let lab = eight_jobs().await;
    moves(
        &lab,
        &misbehave(vec![
            cut(0..1500, 1),
            cut(0..30, 2),
            answer("", looked_at(0..1600, 3).as_bytes()),
        ])
        .await,
        "retries: 3",
    );
    let summary = run(&lab, 2).await;
    assert_eq!(state(&summary), (ReadState::Complete, String::new()));
    assert_eq!(
        (
            summary.total.documents,
            summary.total.created,
            summary.total.unchanged,
            summary.total.failed
        ),
        (1600, 1592, 8, 0)
    );
    assert_eq!(summary.sources["board"].read.as_ref().unwrap().items, 1600);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ads_of_a_page_that_breaks_off_for_good_are_kept() {
    let lab = eight_jobs().await;
    let none =
        Act::Say(b"HTTP/1.1 503 Later\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec());
    moves(
        &lab,
        &misbehave(vec![cut(0..30, 1), cut(0..20, 2), none]).await,
        "retries: 2",
    );
    let summary = run(&lab, 2).await;
    let (found, why) = state(&summary);
    assert_eq!(
        (
            found,
            summary.total.documents,
            summary.total.created,
            summary.total.failed
        ),
        (ReadState::Partial, 20, 12, 0),
        "{why}"
    );
    assert!(
        why.contains("503") && why.contains("(after 20 ads)"),
        "{why}"
    );
    assert_eq!(summary.total.archived, 0);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ads_of_a_file_that_breaks_off_are_kept_and_one_that_is_not_there_is_named() {
    let lab = Lab::new().await;
    let text = "institution: acme\ntimezone: Australia/Sydney\nsources: { board: { fetch: { file: { path: jobs.json } }, id: $.id, job: { title: $.title } } }\n";
    lab.write("institutions/acme.yaml", text);
    let cases = [
        (
            "[{\"id\": 1, \"title\": \"Ranger\"}, {\"id\"",
            ReadState::Partial,
            1,
        ),
        ("[{\"id\"", ReadState::Unreachable, 0),
    ];
    for (day, (body, expected, documents)) in (1..).zip(cases) {
        lab.write("jobs.json", body);
        let summary = run(&lab, day).await;
        let (found, why) = state(&summary);
        assert_eq!(
            (found, summary.total.documents),
            (expected, documents),
            "{why}"
        );
        assert!(why.contains("could not be read to the end"), "{why}");
    }
    lab.write(
        "institutions/acme.yaml",
        &text.replace("jobs.json", "\"days/${DAY}/*.json\""),
    );
    let step = Step::new("2026-09-03", &[("DAY", "tuesday")]);
    assert_eq!(
        state(&lab.run(&step).await[0]),
        (
            ReadState::Unreachable,
            "no file matches `days/tuesday/*.json`".to_owned()
        )
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_of_pages_that_always_have_something_new_ends() {
    let (server, count) = (MockServer::start().await, AtomicU64::new(0));
    let page = move |request: &Request| {
        let from = count.fetch_add(2, Ordering::SeqCst);
        let next = if request.url.path() == "/jobs" {
            "/a"
        } else {
            "/jobs"
        };
        ResponseTemplate::new(200)
            .set_body_json(json!({ "jobs": jobs(from..from + 2), "next": next }))
    };
    Mock::given(path_regex("^/(jobs|a)$"))
        .respond_with(page)
        .mount(&server)
        .await;
    let lab = board(
        &server,
        "records: $.jobs[*]\npages: { next: { from: $.next } }",
    )
    .await;
    let (found, why) = state(&run(&lab, 1).await);
    assert_eq!(found, ReadState::Partial);
    assert!(why.contains("the paging loops"), "{why}");
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_not_send_our_credentials_to_another_host() {
    let (other, server) = (MockServer::start().await, MockServer::start().await);
    let asked: Arc<std::sync::Mutex<Vec<Request>>> = Arc::default();
    let list = Arc::clone(&asked);
    let take = move |request: &Request| {
        list.lock().unwrap().push(request.clone());
        ResponseTemplate::new(200).set_body_json(json!({ "jobs": jobs(2..4), "title": "Ranger" }))
    };
    Mock::given(path_regex("^/(next|ad)$"))
        .respond_with(take)
        .mount(&other)
        .await;
    let first = json!({ "jobs": [{ "id": 0, "title": "R", "link": format!("{}/ad", other.uri()), "host": other.address().ip().to_string() }], "next": format!("{}/next", other.uri()) });
    Mock::given(path("/jobs"))
        .respond_with(ResponseTemplate::new(200).set_body_json(first))
        .mount(&server)
        .await;
    let port = other.address().port();
    let fetches = [
        "records: $.jobs[*]\npages: { next: { from: $.next } }\nheaders: { X-Key: \"${KEY}\" }\nauth: { bearer: \"${KEY}\" }",
        "records: $.jobs[*]\npages: { next: { from: $.next } }\nauth: { query: { parameter: key, value: \"${KEY}\" } }",
        "records: $.jobs[*]\ndetail: { url: \"{$.link}\", headers: { X-Key: \"${KEY}\" } }\nauth: { bearer: \"${KEY}\" }",
        &format!(
            "records: $.jobs[*]\ndetail: {{ url: \"http://{{$.host}}:{port}/ad\" }}\nauth: {{ bearer: \"${{KEY}}\" }}"
        ),
    ];
    for fetch in fetches {
        let lab = board(&server, fetch).await;
        run(&lab, 1).await;
        let requests = std::mem::take(&mut *asked.lock().unwrap());
        assert!(!requests.is_empty(), "{fetch}");
        assert!(
            !format!("{requests:?}").contains("s3cret"),
            "{fetch}: {requests:?}"
        );
        lab.bench.drop().await;
    }
    assert!(
        server
            .received_requests()
            .await
            .unwrap()
            .iter()
            .any(|request| format!("{request:?}").contains("s3cret")),
        "its own host gets them"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_sent_may_be_led_to_another_host() {
    let (other, server) = (MockServer::start().await, MockServer::start().await);
    Mock::given(path_regex("^/(next|ad|token)$"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!(jobs(2..4))))
        .mount(&other)
        .await;
    let at_other = |page: &str| format!("{}/{page}", other.uri());
    let first = json!({ "jobs": [{ "id": 0, "title": "R", "link": at_other("ad") }], "next": at_other("next") });
    Mock::given(path("/jobs"))
        .respond_with(ResponseTemplate::new(200).set_body_json(first))
        .mount(&server)
        .await;
    let moved = |page: &str, status| {
        ResponseTemplate::new(status).insert_header("Location", at_other(page).as_str())
    };
    Mock::given(path("/moved"))
        .respond_with(moved("next", 308))
        .mount(&server)
        .await;
    Mock::given(path("/token"))
        .respond_with(moved("token", 307))
        .mount(&server)
        .await;
    let fetches = [
        "records: $.jobs[*]\npages: { next: { from: $.next } }\nbody: { json: { key: \"${KEY}\" } }",
        "records: $.jobs[*]\ndetail: { url: \"{$.link}\", body: { form: { key: \"${KEY}\" } } }",
        &format!(
            "records: $.jobs[*]\ndetail: {{ url: \"{}/moved\", body: {{ text: \"${{KEY}}\" }} }}",
            server.uri()
        ),
        &format!(
            "auth: {{ oauth2: {{ token_url: {}/token, client_id: me, client_secret: \"${{KEY}}\" }} }}",
            server.uri()
        ),
    ];
    for fetch in fetches {
        let lab = board(&server, &format!("retries: 0\n{fetch}")).await;
        let (_, why) = state(&run(&lab, 1).await);
        let reasons = lab
            .texts("SELECT error_details FROM staging_failed_documents")
            .await
            .concat();
        assert!(
            format!("{why}{reasons}").contains("another host"),
            "{fetch}: {why} {reasons}"
        );
        lab.bench.drop().await;
    }
    let requests = other.received_requests().await.unwrap();
    assert!(
        requests
            .iter()
            .all(|request| request.url.path() == "/robots.txt"),
        "{requests:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_ads_keep_no_secret_and_are_never_cut_silently() {
    let server = MockServer::start().await;
    Mock::given(path("/jobs"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!(jobs(1..3))))
        .mount(&server)
        .await;
    let page = |request: &Request| {
        let filling = if request.url.path() == "/jobs/1" {
            10
        } else {
            5000
        };
        ResponseTemplate::new(200).set_body_raw(
            format!("<html><p>{}</p></html>", "x".repeat(filling)),
            "text/html",
        )
    };
    Mock::given(path_regex("^/jobs/\\d$"))
        .respond_with(page)
        .mount(&server)
        .await;
    let fetch = format!(
        "retries: 0\nauth: {{ query: {{ parameter: key, value: \"${{KEY}}\" }} }}\nlimits: {{ page_bytes: 1KB }}\ndetail: {{ url: \"{}/jobs/{{id}}\", decode: html }}",
        server.uri()
    );
    let lab = board(&server, &fetch).await;
    let summary = lab
        .run(&Step::new(
            "2026-09-01",
            &[("KEY", "s3cret"), ("USER_NAME", "me")],
        ))
        .await
        .remove(0);
    assert_eq!(
        (summary.total.created, summary.total.failed),
        (1, 1),
        "{:?}",
        state(&summary)
    );
    assert!(
        !lab.texts("SELECT coalesce(external_id, '') || raw_content::text || coalesce(metadata::text, '') FROM staging_documents")
            .await
            .concat()
            .contains("s3cret")
    );
    lab.bench.drop().await;
}
