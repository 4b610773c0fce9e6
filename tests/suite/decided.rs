//! Whatever a person decides is on record with who, when and why, and `weir audit --decisions` and
//! the page `/audit` show all of it. A new action must say here how it is shown.

use crate::lab::Lab;
use crate::served::Served;
use std::collections::BTreeSet;

/// How an action is shown.
enum ShownAs {
    /// In these words, by the test below.
    Here(&'static str),
    /// By a test of another file.
    By(&'static str),
    /// Not at all: it decides nothing.
    Nothing,
}

use ShownAs::{By, Here, Nothing};

/// Every call of `actions` that may decide something.
const ACTIONS: [(&str, ShownAs); 26] = [
    ("access::add_user", Here("added user")),
    ("access::change_user", Here("changed user")),
    ("access::remove_user", Here("removed user")),
    ("access::set_password", By("access.rs")),
    ("access::create_token", Here("created token")),
    ("access::revoke_token", Here("revoked token")),
    ("alerts::acknowledge", By("page_decisions.rs")),
    ("alerts::silence", Here("silenced alert")),
    ("alerts::end_silence", Here("ended silence")),
    ("companies::accept", By("companies.rs")),
    ("companies::undo", By("companies.rs")),
    // It moves tables, whatever is in them.
    ("distribution::distribute", Nothing),
    ("dry_runs::ask", By("dry_runs.rs")),
    ("dry_runs::stop", By("dry_runs.rs")),
    ("duplicates::decide", By("page_decisions.rs")),
    ("duplicates::undo", By("page_decisions.rs")),
    ("duplicates::pair", Nothing),
    ("failures::retry", Here("retried failure")),
    ("failures::discard", Here("discarded failure")),
    ("forgetting::forget", Here("forgotten ad")),
    ("forgetting::lift", Here("undone ad")),
    ("holds::answer", By("page_decisions.rs")),
    ("pauses::pause", Here("paused schedule")),
    ("pauses::resume", Here("resumed schedule")),
    ("retention::remove", Here("tidied versions")),
    ("retire::retire", Here("retired source")),
];

/// What is decided elsewhere than in `actions`.
const OTHERS: [&str; 1] = ["rolled back run"];

#[test]
fn every_action_is_listed() {
    let listed: BTreeSet<&str> = ACTIONS.iter().map(|(name, _)| *name).collect();
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir("crates/weir-runtime/src/actions")
        .unwrap()
        .flatten()
    {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let module = file
            .path()
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let names = text
            .lines()
            .filter_map(|line| line.strip_prefix("pub async fn "));
        for name in names.filter_map(|line| line.split(['(', '<']).next()) {
            found.insert(format!("{module}::{name}"));
        }
    }
    // A foresight decides nothing.
    found.retain(|name: &String| !name.ends_with("::foresee"));
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, listed);
    for (name, shown) in &ACTIONS {
        if let By(file) = shown {
            let text = std::fs::read_to_string(format!("tests/suite/{file}")).unwrap();
            assert!(
                text.contains("/audit") || text.contains("decisions::page"),
                "{name}: {file}"
            );
        }
    }
}

const INSTITUTION: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { file: { path: ads.ndjson } }
    id: $.id
    job: { title: $.title }
rules: [board]
";
const RULES: &str = "rules:
  - id: no-secret
    type: invalid_text
    field: title
    assert: \"!job.title.contains(`Secret`)\"
    message: it is secret
    tests:
      - { job: { title: Secret Agent }, expect: fail }
      - { job: { title: Baker }, expect: pass }
";

fn ads(day: usize) -> String {
    let ad = |id: &str, title: String| format!("{{\"id\": \"{id}\", \"title\": \"{title}\"}}\n");
    [
        ad("ad-1", format!("Baker of day {day}")),
        ad("ad-2", "Secret Baker".to_owned()),
        ad("ad-3", "Secret Cook".to_owned()),
        ad("ad-4", "Waiter".to_owned()),
    ]
    .concat()
}

/// A board of a few days, whose old versions are not kept.
async fn board() -> Lab {
    let lab = Lab::new().await;
    lab.write("pipelines/daily.yaml", crate::lab::DAILY);
    lab.write("rules/board.yaml", RULES);
    lab.write("institutions/acme.yaml", INSTITUTION);
    for day in 1..=5 {
        lab.write("ads.ndjson", &ads(day));
        lab.weir(&["run", "--at", &format!("2020-01-0{day}")]);
    }
    let project = std::fs::read_to_string(lab.folder.join("weir.yaml")).unwrap();
    let kept = "retention: { versions: { older_than: 30d, keep: 2 } }\n";
    lab.write("weir.yaml", &(project + kept));
    lab
}

/// The number of the document of an ad, with the revision that was seen.
fn seen(lab: &Lab, ad: &str) -> String {
    let said = lab.good(&["failures", "list"]);
    let line = said.lines().find(|line| line.contains(ad)).unwrap();
    let after = line.split("document ").nth(1).unwrap();
    after.split(' ').next().unwrap().to_owned()
}

/// Everything that the actions named `Here` do, each for a reason of its own.
async fn decide_all(lab: &Lab) {
    let retried = seen(lab, "ad-2");
    let discarded = seen(lab, "ad-3");
    let (at, later) = ("2020-01-06", "2020-01-07");
    lab.good(&[
        "failures",
        "retry",
        &retried,
        "--reason",
        "why retried",
        "--by",
        "bob",
    ]);
    lab.good(&[
        "failures",
        "discard",
        &discarded,
        "--reason",
        "why discarded",
        "--by",
        "bob",
        "--at",
        at,
    ]);
    lab.good(&[
        "forget",
        "acme",
        "board:ad-4",
        "--reason",
        "why forgotten",
        "--by",
        "bob",
        "--yes",
        "--at",
        at,
    ]);
    let number = lab.texts("SELECT id::text FROM forgotten").await.remove(0);
    lab.good(&[
        "forget",
        "undo",
        &number,
        "--reason",
        "why lifted",
        "--by",
        "bob",
        "--at",
        at,
    ]);
    let (_, foreseen) = lab.weir(&["rollback", "5", "--dry-run", "--at", at]);
    let run = foreseen
        .split("run ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    lab.good(&[
        "rollback",
        run,
        "--reason",
        "why rolled back",
        "--by",
        "bob",
        "--at",
        at,
    ]);
    lab.good(&[
        "retire",
        "acme",
        "board",
        "--reason",
        "why retired",
        "--by",
        "bob",
        "--at",
        later,
    ]);
    lab.good(&["db", "tidy", "--by", "bob"]);
    lab.good(&["pause", "acme", "--reason", "why paused", "--by", "bob"]);
    lab.good(&["resume", "acme", "--reason", "why resumed", "--by", "bob"]);
    lab.good(&[
        "alerts",
        "silence",
        "--for",
        "2h",
        "--reason",
        "why silenced",
        "--by",
        "bob",
    ]);
    lab.good(&[
        "alerts",
        "silence",
        "--end",
        "1",
        "--reason",
        "why ended",
        "--by",
        "bob",
    ]);
    lab.good(&["users", "add", "eve", "--role", "look", "--no-password"]);
    lab.good(&["users", "change", "eve", "--role", "operate"]);
    lab.good(&["users", "remove", "eve"]);
    lab.good(&["tokens", "create", "feed"]);
    lab.good(&["tokens", "revoke", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_is_shown_with_its_author_reason_and_time() {
    let lab = board().await;
    decide_all(&lab).await;
    let said = lab.good(&["audit", "--decisions"]);
    let served = Served::start(&lab);
    let page = served.get("/audit").body;
    drop(served);
    let here = ACTIONS.iter().filter_map(|(_, shown)| match shown {
        Here(words) => Some(*words),
        By(_) | Nothing => None,
    });
    for words in here.chain(OTHERS) {
        let line = said.lines().find(|line| line.contains(words));
        let line = line.unwrap_or_else(|| panic!("{words}\n{said}"));
        let (what, _) = words.rsplit_once(' ').unwrap();
        assert!(page.contains(what), "{words}: {page}");
        assert!(
            line.trim_start().starts_with("20")
                && (line.contains("  bob  ") || line.contains("  ada  ")),
            "{line}"
        );
    }
    for reason in [
        "retried",
        "discarded",
        "forgotten",
        "lifted",
        "rolled back",
        "retired",
        "paused",
        "resumed",
        "silenced",
        "ended",
    ] {
        let why = format!("why {reason}");
        assert!(said.contains(&why) && page.contains(&why), "{why}\n{said}");
    }
    // Those of one institution, and as JSON.
    let own = lab.good(&["audit", "acme", "--decisions", "--json"]);
    let own: serde_json::Value = serde_json::from_str(&own).unwrap();
    let own = own["decisions"].as_array().unwrap();
    assert!(own.iter().all(|one| one["institution"] == "acme") && own.len() >= 8);
    lab.bench.drop().await;
}
