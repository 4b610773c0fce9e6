//! What is decided on pages: bound to what was shown, and to a page of the same process.

use super::lab::Lab;
use super::served::{Served, assert_guarded, feed, field, weir};

#[tokio::test]
async fn decisions_are_bound_to_what_was_shown_and_to_its_page() {
    let lab = Lab::new().await;
    lab.write("institutions/harbour.yaml", "institution: harbour\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: \"${FEED}\" } }\n    id: $.id\n    job: { title: $.title, department: $.org }\n    division: { from: department, known: [Rivers], unknown: hold }\nrules: []\n");
    lab.write("day-1.json", &feed(1));
    let done = weir(&lab, &["run", "harbour"], 1).output().unwrap();
    assert!(done.status.code().is_some_and(|code| code < 2), "{done:?}");
    let served = Served::start(&lab);
    let list = served.get("/holds");
    let hold = list
        .body
        .split("name=\"hold\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let page = served.get(&format!("/holds/{hold}"));
    let (seen, token) = (field(&page.body, "hold"), field(&page.body, "token"));
    let own = format!("http://{}", served.address);
    let form =
        |hold: &str, token: &str| format!("hold={hold}&token={token}&by=grace&reason=looked");
    for (origin, body, status) in [
        ("http://elsewhere.example", form(&seen, &token), 403),
        ("null", form(&seen, &token), 403),
        (own.as_str(), form(&seen, "made-up"), 403),
        (own.as_str(), form(&format!("{hold}@000000"), &token), 409),
        (
            own.as_str(),
            format!("hold={seen}&token={token}&by=grace&reason="),
            400,
        ),
        (own.as_str(), form(&seen, &token), 200),
        (own.as_str(), form(&seen, &token), 409),
    ] {
        let answer = served.post_from("/holds/release", origin, &body);
        assert_eq!(answer.status, status, "{origin} {body}: {}", answer.body);
        assert_guarded("/holds/release", &answer);
    }
    let audit = served.get("/audit");
    assert!(
        audit.body.contains("grace") && audit.body.contains("looked"),
        "{}",
        audit.body
    );
    let large = "x".repeat(300 * 1024);
    assert_eq!(served.post("/holds/release", &large).status, 413);
}

/// An institution whose board is there, then gone: its newest run raises an alert.
async fn failing() -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", "institution: acme\ntimezone: Australia/Sydney\nschedule: \"0 5 * * *\"\nsources:\n  board:\n    fetch: { file: { path: board.json } }\n    id: $.id\n    job: { title: $.title }\nrules: []\n");
    lab.write(
        "weir.yaml",
        "project: acme\nchannels: { journal: { log: {} } }\n",
    );
    lab.write("board.json", r#"[{"id":1,"title":"Nurse"}]"#);
    let run = || weir(&lab, &["run"], 1).output().unwrap();
    assert_eq!(run().status.code(), Some(0));
    std::fs::remove_file(lab.folder.join("board.json")).unwrap();
    assert_eq!(run().status.code(), Some(1));
    lab
}

#[tokio::test]
async fn what_fires_is_looked_after_and_silenced_from_its_page() {
    let lab = failing().await;
    let served = Served::start(&lab);
    let list = served.get("/alerts");
    for words in [
        "1 alert fires, and nobody looks after it",
        "run/source_unreachable",
    ] {
        assert!(list.body.contains(words), "{words}: {}", list.body);
    }
    let (seen, token) = (field(&list.body, "cause"), field(&list.body, "token"));
    let number = seen.split('@').next().unwrap();
    let form = |more: &str| format!("token={token}&by=grace&reason=asked+them{more}");
    let stale = form(&format!("&cause={number}@ffff"));
    assert_eq!(served.post("/alerts/acknowledge", &stale).status, 409);
    for (path, more, status) in [
        ("/alerts/silence", format!("&cause={seen}&hours=0"), 400),
        ("/alerts/silence", format!("&cause={seen}&hours=721"), 400),
        ("/alerts/silence", format!("&cause={seen}&hours=8"), 200),
        ("/alerts/acknowledge", format!("&cause={seen}"), 200),
        ("/alerts/acknowledge", format!("&cause={seen}"), 409),
        ("/alerts/end", "&silence=99@".to_owned(), 409),
    ] {
        let answer = served.post(path, &form(&more));
        assert_eq!(answer.status, status, "{path} {more}: {}", answer.body);
        assert_guarded(path, &answer);
    }
    let one = served.get(&format!("/alerts/{number}"));
    for words in [
        "looked after",
        "grace",
        "asked them",
        "silent until",
        "journal",
    ] {
        assert!(one.body.contains(words), "{words}: {}", one.body);
    }
    let list = served.get("/alerts");
    let silence = field(&list.body, "silence");
    let ended = served.post("/alerts/end", &form(&format!("&silence={silence}")));
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert!(!served.get("/alerts").body.contains("silent until"));
    let audit = served.get("/audit").body;
    for words in ["acknowledged", "silenced", "grace", "asked them"] {
        assert!(audit.contains(words), "{words}: {audit}");
    }
    assert_eq!(served.get("/alerts/999").status, 404);
}

#[tokio::test]
async fn a_page_of_many_alerts_shows_the_first_and_says_how_many_follow() {
    let lab = failing().await;
    let made = "INSERT INTO alert_causes (alert, institution, source_id, severity, group_name, message, fired_at)
        SELECT 'many', 'acme', n::text, 'error', 'g', 'm', now() FROM generate_series(1, 60) AS n RETURNING alert";
    assert_eq!(lab.texts(made).await.len(), 60);
    let page = Served::start(&lab).get("/alerts").body;
    assert_eq!(page.matches("name=\"cause\" value=\"").count(), 50);
    assert!(page.contains("more: choose an institution"), "{page}");
}

#[tokio::test]
async fn schedules_are_paused_and_resumed_from_their_page() {
    let lab = failing().await;
    let served = Served::start(&lab);
    let page = served.get("/schedule").body;
    let (before, token) = (field(&page, "institution"), field(&page, "token"));
    let form = |of: &str, more: &str| {
        format!("institution={of}&token={token}&by=grace&reason=the+board+moves{more}")
    };
    for (more, status) in [
        ("&until=2020-01-01T05:00", 400),
        ("&until=soon", 400),
        ("&until=2099-01-01T05:00", 200),
        ("&until=2099-01-01T05:00", 409),
    ] {
        let answer = served.post("/schedule/pause", &form(&before, more));
        assert_eq!(answer.status, status, "{more}: {}", answer.body);
    }
    let page = served.get("/schedule").body;
    for words in [
        "2099-01-01T05:00:00+11:00",
        "by <bdi>grace</bdi>",
        "the board moves",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(served.get("/").body.contains("paused") || served.get("/").body.contains("failing"));
    let now = field(&page, "institution");
    assert_eq!(
        served.post("/schedule/resume", &form(&before, "")).status,
        409
    );
    let resumed = served.post("/schedule/resume", &form(&now, ""));
    assert!(resumed.body.contains("goes on"), "{}", resumed.body);
    assert_eq!(field(&served.get("/schedule").body, "institution"), before);
    let audit = served.get("/audit").body;
    assert!(
        audit.contains("paused") && audit.contains("resumed"),
        "{audit}"
    );
}
