//! Sitemaps over HTTP: an index, the sitemaps it names, and the pages that those name.

use crate::lab::Lab;
use crate::sources::{run, state};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use weir::model::ReadState;
use wiremock::matchers::{path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A site whose index names two sitemaps, the first packed; with `day` they change.
async fn site(day: &Arc<AtomicUsize>, empty: &Arc<AtomicUsize>) -> MockServer {
    let server = MockServer::start().await;
    let uri = server.uri();
    let list = move |pages: &[&str]| {
        let all: String = pages
            .iter()
            .map(|page| format!("<url><loc>{uri}/ads/{page}</loc></url>"))
            .collect();
        format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{all}</urlset>")
    };
    let uri = server.uri();
    let index = move |_: &Request| {
        let all: String = ["b.xml.gz", "a.xml"]
            .map(|name| format!("<sitemap><loc>{uri}/{name}</loc></sitemap>"))
            .concat();
        ResponseTemplate::new(200).set_body_raw(
            format!("<sitemapindex>{all}</sitemapindex>"),
            "application/xml",
        )
    };
    Mock::given(path("/sitemap.xml"))
        .respond_with(index)
        .mount(&server)
        .await;
    let (today, both, more) = (Arc::clone(day), list(&["1", "2"]), list(&["1", "2", "5"]));
    let plain = move |_: &Request| {
        let text = if today.load(Ordering::SeqCst) == 1 {
            &both
        } else {
            &more
        };
        ResponseTemplate::new(200).set_body_raw(text.clone(), "application/xml")
    };
    Mock::given(path("/a.xml"))
        .respond_with(plain)
        .mount(&server)
        .await;
    let today = Arc::clone(day);
    let packed = move |_: &Request| match today.load(Ordering::SeqCst) {
        2 => ResponseTemplate::new(500),
        day => {
            let mut gzip =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            gzip.write_all(
                list(if day == 1 {
                    &["3", "4", "none"]
                } else {
                    &["3"]
                })
                .as_bytes(),
            )
            .unwrap();
            ResponseTemplate::new(200).set_body_raw(gzip.finish().unwrap(), "application/gzip")
        }
    };
    Mock::given(path("/b.xml.gz"))
        .respond_with(packed)
        .mount(&server)
        .await;
    let ad = |request: &Request| {
        let posting = json!({ "@type": "JobPosting", "title": format!("Ranger {}", request.url.path()), "description": "Walks." });
        ResponseTemplate::new(200).set_body_raw(
            format!("<script type=\"application/ld+json\">{posting}</script>"),
            "text/html",
        )
    };
    Mock::given(path_regex("^/ads/[0-9]$"))
        .respond_with(ad)
        .mount(&server)
        .await;
    let counter = Arc::clone(empty);
    let none = move |_: &Request| {
        counter.fetch_add(1, Ordering::SeqCst);
        ResponseTemplate::new(200).set_body_raw("<p>About us</p>", "text/html")
    };
    Mock::given(path("/ads/none"))
        .respond_with(none)
        .mount(&server)
        .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_sitemaps_is_read_whole_or_nothing_is_missing() {
    let (day, empty) = (Arc::new(AtomicUsize::new(1)), Arc::default());
    let (server, lab) = (site(&day, &empty).await, Lab::new().await);
    let text = format!(
        "institution: acme
timezone: Australia/Sydney
sources:
  board:
    fetch: {{ connector: sitemap, with: {{ url: '{}/sitemap.xml' }}, http: {{ backoff_ms: 1, allow_private: true }} }}
require: {{ title: {{ type: string }} }}
missing: {{ after: 1, apart: 0h, at_most: 100% }}
",
        server.uri()
    );
    lab.write("institutions/acme.yaml", &text);
    let first = run(&lab, 1).await;
    assert_eq!(
        (state(&first).0, first.total.created, first.total.failed),
        (ReadState::Complete, 4, 1),
        "{}",
        state(&first).1
    );
    // A page that came whole and is not that of an ad is the same a moment later.
    assert_eq!(empty.load(Ordering::SeqCst), 1);
    day.store(2, Ordering::SeqCst);
    let second = run(&lab, 2).await;
    let (found, why) = state(&second);
    // What stands behind the sitemap that does not come is read all the same.
    assert_eq!(
        (found, second.total.created, second.total.archived),
        (ReadState::Partial, 1, 0),
        "{why}"
    );
    assert!(why.contains("page 2: ") && why.contains("500"), "{why}");
    day.store(3, Ordering::SeqCst);
    let third = run(&lab, 3).await;
    assert_eq!(
        (state(&third).0, third.total.archived),
        (ReadState::Complete, 1),
        "{}",
        state(&third).1
    );
    assert_eq!(
        lab.texts("SELECT title FROM jobs WHERE status = 'open' ORDER BY 1")
            .await,
        [
            "Ranger /ads/1",
            "Ranger /ads/2",
            "Ranger /ads/3",
            "Ranger /ads/5"
        ]
    );
    lab.bench.drop().await;
}
