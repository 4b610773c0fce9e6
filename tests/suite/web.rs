//! The pages of `weir serve`, as a client sees them: every link leads somewhere, every response is
//! guarded, and no text of a source is ever markup.

use super::lab::Lab;
use super::served::{Served, assert_guarded, assert_harmless, harbour};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[tokio::test]
async fn every_link_leads_somewhere_and_every_page_is_harmless() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    let (mut seen, mut queue) = (BTreeSet::new(), VecDeque::from(["/".to_owned()]));
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(path) = queue.pop_front() {
        // Pages of one kind are alike: a few of each are enough.
        let kind: String = path.split(['?', '/']).nth(1).unwrap_or_default().to_owned();
        let of_kind = names.entry(kind).or_default();
        *of_kind += 1;
        if *of_kind > 60 {
            continue;
        }
        let response = served.get(&path);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        assert_guarded(&path, &response);
        if response.is_page() {
            assert_harmless(&path, &response);
            assert_eq!(response.body.matches("<h1").count(), 1, "{path}");
            queue.extend(
                response
                    .links()
                    .into_iter()
                    .filter(|link| seen.insert(link.clone())),
            );
        }
    }
    assert!(names.len() > 4, "{names:?}");
}

#[tokio::test]
async fn responses_are_guarded_whatever_is_asked() {
    let lab = Lab::new().await;
    let served = Served::start(&lab);
    let host = served.address.clone();
    let asked = |head: &str| served.ask(&format!("{head} HTTP/1.1\r\nHost: {host}"), "");
    for (head, status) in [
        ("GET /", 200),
        ("HEAD /", 200),
        ("GET /runs?before=none", 400),
        ("GET /runs?institution=nobody", 404),
        ("GET /runs/nobody/1", 404),
        ("GET /runs/nobody/first", 400),
        ("GET /nowhere", 404),
        ("GET /../etc/passwd", 404),
        ("POST /", 405),
        ("DELETE /runs", 405),
    ] {
        let response = asked(head);
        assert_eq!(response.status, status, "{head}: {}", response.body);
        assert_guarded(head, &response);
    }
    let empty = served.get("/");
    assert!(empty.body.contains("weir new NAME"), "{}", empty.body);
    assert_eq!(asked("HEAD /").body, "");
    let foreign = served.ask("GET / HTTP/1.1\r\nHost: weir.example", "");
    assert_eq!(foreign.status, 421);
    assert_guarded("/ by another name", &foreign);
}

#[tokio::test]
async fn a_file_that_is_known_is_not_sent_again() {
    let lab = Lab::new().await;
    let served = Served::start(&lab);
    let first = served.get("/assets/page.css");
    assert!(first.status == 200 && first.body.contains("prefers-color-scheme"));
    let tag = first.header("etag").to_owned();
    let again = served.get_with("/assets/page.css", &format!("\r\nIf-None-Match: {tag}"));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[tokio::test]
async fn a_search_finds_each_word_wherever_it_stands() {
    let lab = harbour().await;
    let named =
        "UPDATE companies SET name = 'Zoological Gardens' WHERE name = 'Parks' RETURNING name";
    assert_eq!(lab.texts(named).await.len(), 1);
    let served = Served::start(&lab);
    for (words, is_found) in [
        ("ranger", true),
        ("RANGER+bourke", true),
        ("zoological", true),
        ("zoological+ranger+A7", true),
        ("zoological+nosuchword", false),
        ("nosuchword", false),
        ("ran%25er", false),
        ("ranger_7", false),
    ] {
        let page = served.get(&format!("/jobs?q={words}"));
        assert_eq!(
            page.body.contains("<tr data-row"),
            is_found,
            "{words}: {}",
            page.body
        );
    }
}
