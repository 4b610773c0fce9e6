//! Dry runs that people ask for on pages: a worker carries them out, their page shows what a run
//! would do, and nothing is written; one that is stopped or fails says so.

use super::lab::Lab;
use super::served::{Served, assert_guarded, assert_harmless, field, weir};
use std::process::Child;
use std::time::{Duration, Instant};

const ACME: &str = "institution: acme
timezone: Australia/Sydney
sources:
  board:
    fetch: { file: { path: board.json } }
    id: $.id
    job: { title: $.title, department: $.org }
require:
  title: { type: string, minLength: 3 }
";

/// An institution that has run, and whose board has changed since.
async fn acme() -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", ACME);
    let ads =
        r#"[{"id":"1","title":"Nurse"},{"id":"2","title":"Baker"},{"id":"3","title":"Cook"}]"#;
    lab.write("board.json", ads);
    let ran = weir(&lab, &["run"], 1).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let ads = r#"[{"id":"1","title":"Head Nurse"},{"id":"2","title":"Baker"},{"id":"3","title":"Cook"},
        {"id":"4<img src=x onerror=alert(1)>","title":"<script>alert('weir')</script>"},{"id":"5","title":"X"}]"#;
    lab.write("board.json", ads);
    lab
}

/// A worker until the end of a test.
struct Hands(Child);

impl Hands {
    fn of(lab: &Lab) -> Hands {
        Hands(weir(lab, &["worker"], 1).spawn().unwrap())
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A page, once it says this.
fn once(served: &Served, path: &str, words: &str) -> String {
    let began = Instant::now();
    loop {
        let page = served.get(path);
        if page.body.contains(words) {
            assert_harmless(path, &page);
            return page.body;
        }
        let waited = began.elapsed();
        assert!(waited < Duration::from_secs(60), "{words}: {}", page.body);
    }
}

/// The form of a page, as its button sends it.
fn form(page: &str) -> String {
    let (institution, token) = (field(page, "institution"), field(page, "token"));
    format!("institution={institution}&token={token}&by=grace&reason=to+see")
}

/// Asks for a dry run; the address of its page.
fn ask(served: &Served) -> String {
    let form = form(&served.get("/runs?institution=acme").body);
    let answer = served.post("/dry-runs/ask", &form);
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").to_owned()
}

const WRITTEN: &str = "SELECT (SELECT count(*) FROM published_jobs) || ' ' || (SELECT count(*) FROM jobs_history) || ' ' || (SELECT count(*) FROM runs)";

#[tokio::test]
async fn what_a_run_would_do_is_asked_for_on_a_page_and_shown_there() {
    let lab = acme().await;
    let before = lab.texts(WRITTEN).await;
    let served = Served::start(&lab);
    let page = served.get("/runs?institution=acme").body;
    let moved = form(&page).replace("acme@", "acme@0");
    assert_eq!(served.post("/dry-runs/ask", &moved).status, 409);
    let foreign = served.post_from("/dry-runs/ask", "http://elsewhere.example", &form(&page));
    assert_eq!(foreign.status, 403);
    let path = ask(&served);
    let waiting = served.get(&path);
    assert_guarded(&path, &waiting);
    for words in [
        "It waits for a worker",
        "grace",
        "Stop it",
        "/live/dry-runs/",
    ] {
        assert!(waiting.body.contains(words), "{words}: {}", waiting.body);
    }
    assert_eq!(ask(&served), path, "there is one at a time");
    let _hands = Hands::of(&lab);
    let done = once(
        &served,
        &path,
        "A run would create 1 and update 1 jobs; 1 ad would not pass",
    );
    for words in [
        "Head Nurse",
        "to create",
        "What would pass",
        "&lt;script&gt;",
        "Nothing was written",
    ] {
        assert!(done.contains(words), "{words}: {done}");
    }
    assert!(!done.contains("/live/"), "it lives no longer: {done}");
    let updates = served.get(&format!("{path}?kind=update")).body;
    let shown = |kind: &str| updates.contains(&format!("<article class=\"{kind}\""));
    assert!(shown("update") && !shown("create"), "{updates}");
    let list = served.get("/runs").body;
    assert!(list.contains(&format!("href=\"{path}\"")), "{list}");
    assert_eq!(lab.texts(WRITTEN).await, before, "a dry run writes nothing");
    let audit = served.get("/audit").body;
    assert!(
        audit.contains("asked for") && audit.contains("grace"),
        "{audit}"
    );
    // Whoever forgets an ad forgets what dry runs have said of it.
    lab.good(&[
        "forget", "acme", "board:1", "--reason", "asked", "--by", "bob", "--yes",
    ]);
    let gone = served.get(&path).body;
    assert!(
        gone.contains("no longer kept") && !gone.contains("Head Nurse"),
        "{gone}"
    );
}

#[tokio::test]
async fn a_dry_run_that_is_stopped_or_fails_says_so() {
    let lab = acme().await;
    let served = Served::start(&lab);
    let path = ask(&served);
    let page = served.get(&path).body;
    let stopped = served.post("/dry-runs/stop", &form(&page));
    assert_eq!(stopped.status, 303, "{}", stopped.body);
    let page = served.get(&path).body;
    assert!(
        page.contains("It came to no end: grace stopped it: to see"),
        "{page}"
    );
    let again = format!(
        "institution=acme@{}&token={}&by=a&reason=b",
        &path[10..],
        field(&page, "token")
    );
    assert_eq!(served.post("/dry-runs/stop", &again).status, 409);
    let audit = served.get("/audit").body;
    assert!(audit.contains("stopped"), "{audit}");
    // Its sources are read into files: now they cannot be.
    let spool = lab.folder.join(".weir/spool");
    std::fs::create_dir_all(lab.folder.join(".weir")).unwrap();
    std::fs::write(&spool, "in the way").unwrap();
    let _hands = Hands::of(&lab);
    let failed = once(&served, &ask(&served), "It came to no end");
    assert!(!failed.contains("nobody said why"), "{failed}");
    let alerts = lab
        .texts("SELECT kind FROM alerts WHERE kind = 'work_failed'")
        .await;
    assert!(alerts.is_empty(), "whoever asked has been told");
}

#[tokio::test]
async fn files_are_rehearsed_from_the_same_place() {
    let lab = acme().await;
    lab.write(
        "institutions/acme.yaml",
        &ACME.replace("minLength: 3", "minLength: 5"),
    );
    let served = Served::start(&lab);
    let form = form(&served.get("/runs/acme/1").body);
    let answer = served.post("/dry-runs/rehearse", &form);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_harmless("/dry-runs/rehearse", &answer);
    for words in ["The edit changes the verdict on 1 of 3 ads", "Cook"] {
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
}
