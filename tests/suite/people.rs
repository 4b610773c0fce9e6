//! What people decide, through the commands they use: release, discard, retry, retire. Each is on
//! record, and what it asks for happens with the next run.

use crate::lab::{Lab, Step, on_any_day};
use crate::promises::lab;
use std::path::Path;
use std::process::Command;

/// Runs a command of the binary on the lab; it must end well.
fn weir(lab: &Lab, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words))
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{words:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// Runs a command that refuses; its exit code and what it says.
fn refused(lab: &Lab, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words));
    let output = command
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

async fn one(lab: &Lab, sql: &'static str) -> String {
    lab.texts(sql).await.join("; ")
}

fn day(day: &str, at: &str) -> Step {
    Step::new(at, &[("DAY", day)])
}

/// The lifecycle case after its second day: `HOLD` is published, and its new version waits.
async fn with_a_held_ad() -> Lab {
    let lab = lab(Path::new("tests/cases/lifecycle")).await;
    lab.run(&day("1", "2026-09-01T02:00:00Z")).await;
    lab.run(&day("2", "2026-09-02T02:00:00Z")).await;
    lab
}

/// An open hold with the revision that a person sees: `3@9f2c1a`.
fn seen(lab: &Lab, hold: &str) -> String {
    let page: serde_json::Value =
        serde_json::from_str(&weir(lab, &["holds", "list", "--json"])).unwrap();
    let hold = page["holds"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"].as_i64() == hold.parse().ok())
        .unwrap()
        .clone();
    format!("{}@{}", hold["id"], hold["revision"].as_str().unwrap())
}

/// A document that failed, with the revision that a person sees.
fn seen_document(lab: &Lab, document: &str) -> String {
    let page: serde_json::Value =
        serde_json::from_str(&weir(lab, &["failures", "list", "--json"])).unwrap();
    let letter = page["failures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["document_id"].as_i64() == document.parse().ok())
        .unwrap();
    format!("{document}@{}", letter["revision"].as_str().unwrap())
}

const HELD_JOB: &str = "SELECT format('%s v%s %s', title, version, held_since IS NOT NULL) FROM jobs WHERE original_id = 'HOLD'";
const HOLDS: &str =
    "SELECT format('%s %s %s %s', kind, status, closed_by, note) FROM holds ORDER BY id";

#[tokio::test(flavor = "multi_thread")]
async fn a_released_ad_is_published_with_the_reason_on_record() {
    let lab = with_a_held_ad().await;
    assert_eq!(one(&lab, HELD_JOB).await, "Ranger HOLD v1 t");
    let list = weir(&lab, &["holds", "list"]);
    assert!(
        list.contains("published, but its new version fails"),
        "{list}"
    );
    let hold = list.split_whitespace().next().unwrap().to_owned();
    weir(
        &lab,
        &[
            "holds",
            "release",
            &hold,
            "--reason",
            "the title is really x",
            "--at",
            "2026-09-02T05:00:00Z",
        ],
    );
    assert_eq!(
        one(&lab, HOLDS).await,
        "job released ada the title is really x"
    );
    lab.run(&day("2", "2026-09-02T06:00:00Z")).await;
    // Published as version 2, and archived as version 3: the closing date of this content has
    // passed.
    assert_eq!(one(&lab, HELD_JOB).await, "x v3 f");
    let reason = one(
        &lab,
        "SELECT change_reason FROM jobs_history WHERE original_id = 'HOLD' AND version = 2",
    )
    .await;
    assert_eq!(reason, "released by a person");
    // Other content of the same ad is judged again.
    lab.run(&day("3", "2026-09-04T02:00:00Z")).await;
    assert_eq!(one(&lab, HELD_JOB).await, "Ranger mended v4 f");
    lab.bench.drop().await;
}

/// Other content may have come since the ad was judged; the person has not seen it.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_of_what_was_judged_and_not_of_what_has_come_since() {
    const WORD: &str = "SELECT concat_ws(' ', released_hash = derived_hash, discarded_hash = derived_hash, derived_hash = content_hash)
                        FROM ad_states WHERE external_id = 'HOLD'";
    for (words, held, word) in [
        (&["holds", "release"][..], "hold", "t f"),
        (&["holds", "discard"], "hold", "t f"),
        (&["failures", "discard"], "document", "t f"),
    ] {
        let lab = with_a_held_ad().await;
        let hold = one(&lab, "SELECT id::text FROM holds WHERE status = 'open'").await;
        let document = one(&lab, "UPDATE ad_states SET content_hash = sha256('other') WHERE external_id = 'HOLD' RETURNING document_id::text").await;
        let number = if held == "hold" {
            seen(&lab, &hold)
        } else {
            seen_document(&lab, &document)
        };
        weir(
            &lab,
            &[words, &[&number, "--reason", "as I have seen it"]].concat(),
        );
        assert_eq!(one(&lab, WORD).await, word, "{words:?}");
        lab.bench.drop().await;
    }
}

/// A run that is under way has read what a person would change under it; and a decision is not
/// dated before what runs have written since.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_beside_a_run_or_before_the_newest_one() {
    let lab = with_a_held_ad().await;
    let document = one(
        &lab,
        "SELECT document_id::text FROM ad_states WHERE external_id = 'HOLD'",
    )
    .await;
    let hold = seen(
        &lab,
        &one(&lab, "SELECT id::text FROM holds WHERE status = 'open'").await,
    );
    let failure = seen_document(&lab, &document);
    let decisions: [&[&str]; 4] = [
        &["holds", "release", &hold, "--reason", "r"],
        &["failures", "discard", &failure, "--reason", "r"],
        &["failures", "retry", &document],
        &["retire", "acme", "--reason", "r"],
    ];
    let before = lab.dump().await;
    let store = weir::store::Store::open(&lab.bench.url(), 2, "test")
        .await
        .unwrap();
    let institution = weir::plan::compile::institution_id("acme");
    let lock = weir::store::runs::InstitutionLock::try_take(&store, institution)
        .await
        .unwrap()
        .unwrap();
    for decision in decisions {
        let (code, said) = refused(&lab, decision);
        assert!(
            code == Some(1) && said.contains("`acme` is being run by") && said.contains("--wait"),
            "{decision:?}: {said}"
        );
    }
    lock.release().await;
    store.close().await;
    for decision in decisions
        .into_iter()
        .filter(|decision| decision[1] != "retry")
    {
        let (code, said) = refused(&lab, &[decision, &["--at", "2026-09-01"]].concat());
        assert!(
            code == Some(1) && said.contains("history cannot be written backwards"),
            "{decision:?}: {said}"
        );
    }
    assert_eq!(lab.dump().await, before);
    let (code, said) = refused(&lab, &["failures", "retry", &document, "999999"]);
    assert!(
        code == Some(2) && said.contains("document 999999 has not failed"),
        "{said}"
    );
    let (code, said) = refused(
        &lab,
        &["holds", "release", &hold, "999999", "--reason", "r"],
    );
    assert!(
        code == Some(2) && said.contains("hold 999999 is not open"),
        "{said}"
    );
    assert_eq!(
        lab.dump().await,
        before,
        "numbers are looked at before anything is done"
    );
    assert!(weir(&lab, &["failures", "retry", &document, "--wait"]).contains("derives it again"));
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_ad_is_ignored_until_its_content_differs() {
    let lab = with_a_held_ad().await;
    let list = weir(&lab, &["failures", "list", "--json"]);
    let page: serde_json::Value = serde_json::from_str(&list).unwrap();
    let held = page["failures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["external_id"] == "HOLD")
        .unwrap();
    let document = held["document_id"].to_string();
    assert!(weir(&lab, &["failures", "show", &document]).contains("\"title\": \"x\""));
    weir(
        &lab,
        &[
            "failures",
            "discard",
            &seen_document(&lab, &document),
            "--reason",
            "a typo of the board",
        ],
    );
    assert_eq!(
        one(&lab, HOLDS).await,
        "job discarded ada a typo of the board"
    );
    let summary = lab.run(&day("2", "2026-09-02T06:00:00Z")).await.remove(0);
    assert_eq!(
        (one(&lab, HELD_JOB).await.as_str(), summary.total.held),
        ("Ranger HOLD v1 f", 0)
    );
    lab.run(&day("3", "2026-09-04T02:00:00Z")).await;
    assert_eq!(one(&lab, HELD_JOB).await, "Ranger mended v2 f");
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_retirement_archives_and_a_discarded_one_forgets() {
    let feed = |name: &str| {
        Step::new(
            if name == "full.json" {
                "2026-09-01"
            } else {
                "2026-09-02"
            },
            &[("FEED", name)],
        )
    };
    for (word, open, archived) in [("release", "4", "6"), ("discard", "10", "0")] {
        let lab = lab(Path::new("tests/cases/absence")).await;
        lab.run(&feed("full.json")).await;
        lab.run(&feed("shrunk.json")).await;
        let hold = seen(
            &lab,
            &one(&lab, "SELECT id::text FROM holds WHERE status = 'open'").await,
        );
        weir(
            &lab,
            &[
                "holds",
                word,
                &hold,
                "--reason",
                "asked the board",
                "--at",
                "2026-09-02T01:00:00Z",
            ],
        );
        lab.run(&Step::new(
            "2026-09-02T01:00:00Z",
            &[("FEED", "nowhere.json")],
        ))
        .await;
        let counts =
            one(&lab, "SELECT concat_ws(' ', count(*) FILTER (WHERE status = 'open'), count(*) FILTER (WHERE status = 'archived')) FROM jobs").await;
        assert_eq!(counts, format!("{open} {archived}"), "{word}");
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_name_becomes_known_and_retired_jobs_say_who_did_it() {
    let lab = lab(Path::new("tests/cases/relations")).await;
    lab.run(&day("1", "2026-09-01")).await;
    let hold = seen(
        &lab,
        &one(&lab, "SELECT id::text FROM holds WHERE kind = 'division'").await,
    );
    weir(
        &lab,
        &[
            "holds",
            "release",
            &hold,
            "--reason",
            "new agency",
            "--at",
            "2026-09-01",
        ],
    );
    assert_eq!(
        lab.run(&day("1", "2026-09-01T01:00:00Z")).await[0]
            .total
            .created,
        1
    );
    weir(
        &lab,
        &[
            "retire",
            "acme",
            "board",
            "--reason",
            "the board moved",
            "--at",
            "2026-09-03",
        ],
    );
    let retired =
        one(&lab, "SELECT DISTINCT concat_ws(' ', change_type, change_reason, created_by) FROM jobs_history WHERE created_at = '2026-09-03'").await;
    assert_eq!(
        retired,
        "archive archived: retired by a person (the board moved) ada"
    );
    // Still listed: what a person retired stays retired.
    lab.run(&day("1", "2026-09-04")).await;
    assert_eq!(
        one(
            &lab,
            "SELECT count(*)::text FROM jobs WHERE status = 'open'"
        )
        .await,
        "0"
    );
    lab.bench.drop().await;
}

/// The ids case on its last day: six ids of six stand for other jobs.
async fn with_ids_in_doubt() -> (Lab, String) {
    let lab = lab(Path::new("tests/cases/ids")).await;
    for n in ["4", "6"] {
        lab.run(&day(n, &format!("2026-09-0{n}T02:00:00Z"))).await;
    }
    let list = weir(&lab, &["holds", "list"]);
    assert!(list.contains("now belong to other jobs"), "{list}");
    // They wait, and nothing was refused.
    assert_eq!(
        one(
            &lab,
            "SELECT count(*)::text FROM alerts WHERE kind = 'all_refused'"
        )
        .await,
        "0"
    );
    let hold = list.split_whitespace().next().unwrap().to_owned();
    (lab, hold)
}

const BOARD: &str = "SELECT status || ' ' || count(*) || ' v' || max(version) FROM jobs WHERE source_id = 'board' GROUP BY status ORDER BY status";

#[tokio::test(flavor = "multi_thread")]
async fn ids_taken_at_their_word_make_other_jobs_and_a_discarded_doubt_makes_updates() {
    let (lab, hold) = with_ids_in_doubt().await;
    let other = lab.copy().await;
    assert_eq!(one(&lab, BOARD).await, "open 6 v1");
    weir(
        &lab,
        &[
            "holds",
            "release",
            &hold,
            "--reason",
            "a new intake",
            "--at",
            "2026-09-06T03:00:00Z",
        ],
    );
    lab.run(&day("6", "2026-09-06T04:00:00Z")).await;
    assert_eq!(one(&lab, BOARD).await, "archived 6 v2; open 6 v1");
    // The word is used up: the next doubt is a new question.
    lab.run(&day("4", "2026-09-07T04:00:00Z")).await;
    lab.run(&day("6", "2026-09-08T04:00:00Z")).await;
    weir(
        &other,
        &[
            "holds",
            "discard",
            &hold,
            "--reason",
            "only the titles were edited",
            "--at",
            "2026-09-06T03:00:00Z",
        ],
    );
    other.run(&day("6", "2026-09-06T04:00:00Z")).await;
    assert_eq!(one(&other, BOARD).await, "open 6 v2");
    assert_eq!(
        one(&other, HOLDS).await,
        "identity discarded ada only the titles were edited"
    );
    lab.bench.drop().await;
    other.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_of_a_rule_that_ran_can_be_read_and_a_verdict_names_its_own() {
    let case = Path::new("tests/cases/rulings");
    let lab = lab(case).await;
    lab.run(&day("1", "2026-09-01T02:00:00Z")).await;
    let verdict = "SELECT error->>'version' FROM staging_jobs, jsonb_array_elements(validation_errors) AS error WHERE original_id = '2'";
    let first = one(&lab, verdict).await;
    assert!(weir(&lab, &["rules", "show", "not-too-long", &first]).contains("max_open: 2 months"));
    lab.lay_over(&case.join("looser"));
    lab.run(&day("1", "2026-09-02T02:00:00Z")).await;
    let log = weir(
        &lab,
        &["rules", "log", "not-too-long", "--institution", "strict"],
    );
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(
        log.lines()
            .last()
            .unwrap()
            .contains(&format!("{first} -> ")),
        "{log}"
    );
    let diff = weir(
        &lab,
        &[
            "rules",
            "diff",
            "shared/not-too-long",
            "--institution",
            "strict",
        ],
    );
    assert!(
        diff.contains("- max_open: 2 months\n+ max_open: 1 year"),
        "{diff}"
    );
    // What is taken back is on record, and in use again.
    let rule = std::fs::read_to_string(lab.folder.join("institutions/strict.yaml")).unwrap();
    std::fs::copy(
        case.join("project/institutions/strict.yaml"),
        lab.folder.join("institutions/strict.yaml"),
    )
    .unwrap();
    assert_ne!(
        rule,
        std::fs::read_to_string(lab.folder.join("institutions/strict.yaml")).unwrap()
    );
    lab.run(&day("1", "2026-09-03T02:00:00Z")).await;
    lab.run(&day("1", "2026-09-04T02:00:00Z")).await;
    let log = weir(
        &lab,
        &["rules", "log", "not-too-long", "--institution", "strict"],
    );
    let back = log.lines().last().unwrap();
    assert!(
        log.lines().count() == 3
            && back.contains(&format!("-> {first}"))
            && back.contains("2026-09-03"),
        "{log}"
    );
    assert_eq!(
        weir(
            &lab,
            &[
                "rules",
                "log",
                "not-too-long",
                "--institution",
                "strict",
                "--since",
                "2026-09-03"
            ]
        )
        .lines()
        .count(),
        1
    );
    let shown = |words: &[&str]| {
        weir(
            &lab,
            &[
                &["rules", "show", "not-too-long", "--institution", "strict"],
                words,
            ]
            .concat(),
        )
    };
    assert!(
        shown(&[]).contains("max_open: 2 months") && shown(&[]).contains("since 2026-09-03"),
        "{}",
        shown(&[])
    );
    assert!(
        shown(&["--at", "2026-09-02T12:00:00Z"]).contains("max_open: 1 year"),
        "{}",
        shown(&["--at", "2026-09-02T12:00:00Z"])
    );
    let diff = weir(
        &lab,
        &["rules", "diff", "not-too-long", "--institution", "strict"],
    );
    assert!(
        diff.contains("- max_open: 1 year\n+ max_open: 2 months"),
        "{diff}"
    );
    // Where all sources agree, none need be chosen.
    assert!(weir(&lab, &["rules", "show", "title"]).contains("strict/board, usual/board"));
    // A mapping that was never edited has one version.
    assert_eq!(
        weir(&lab, &["rules", "log", "title", "--institution", "usual"])
            .lines()
            .count(),
        1
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusual_read_is_published_once_a_person_says_so_and_waits_for_other_content_if_not() {
    let lab = lab(Path::new("tests/cases/quality")).await;
    std::fs::remove_file(lab.folder.join("institutions/told.yaml")).unwrap();
    for n in 1..=8 {
        lab.run(&day("usual", &format!("2026-09-0{n}T02:00:00Z")))
            .await;
    }
    let held = |summaries: Vec<weir::engine::RunSummary>| {
        (
            summaries[0].total.held,
            summaries[0].total.updated,
            summaries[0].total.archived,
        )
    };
    assert_eq!(
        held(lab.run(&day("bare", "2026-09-09T02:00:00Z")).await),
        (11, 0, 0)
    );
    let filled = "SELECT count(remuneration)::text FROM jobs";
    let other = lab.copy().await;
    weir(
        &lab,
        &[
            "holds",
            "release",
            &seen(&lab, "1"),
            "--reason",
            "the board says no pay any more",
            "--at",
            "2026-09-09T03:00:00Z",
        ],
    );
    assert_eq!(
        held(lab.run(&day("bare", "2026-09-09T04:00:00Z")).await),
        (0, 11, 0)
    );
    assert_eq!(one(&lab, filled).await, "0");
    // What is like it needs no further word; what is unusual in another way does.
    assert_eq!(
        held(lab.run(&day("like-bare", "2026-09-10T02:00:00Z")).await),
        (0, 0, 0)
    );
    weir(
        &other,
        &[
            "holds",
            "discard",
            &seen(&other, "1"),
            "--reason",
            "they are mending it",
            "--at",
            "2026-09-09T03:00:00Z",
        ],
    );
    assert_eq!(
        held(other.run(&day("bare", "2026-09-09T04:00:00Z")).await),
        (11, 0, 0)
    );
    assert_eq!(
        (
            one(&other, filled).await.as_str(),
            one(&other, HOLDS).await.as_str()
        ),
        ("11", "quality discarded ada they are mending it")
    );
    other.run(&day("like-bare", "2026-09-10T02:00:00Z")).await;
    assert_eq!(
        one(
            &other,
            "SELECT count(*)::text FROM holds WHERE status = 'open'"
        )
        .await,
        "1"
    );
    lab.bench.drop().await;
    other.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_read_in_groups_and_leave_with_the_reason_on_record() {
    let case = Path::new("tests/cases/rulings");
    let lab = lab(case).await;
    lab.run(&day("1", "2026-09-01T02:00:00Z")).await;
    let groups: serde_json::Value =
        serde_json::from_str(&weir(&lab, &["failures", "strict", "--json"])).unwrap();
    let group = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["rule"] == "not-too-long")
        .unwrap()
        .clone();
    assert_eq!(
        (&group["source_id"], &group["fresh"], &group["ads"]),
        (&serde_json::json!("board"), &group["ads"], &group["ads"])
    );
    let text = weir(&lab, &["failures"]);
    assert!(text.contains("strict board · rule not-too-long"), "{text}");
    let list = weir(
        &lab,
        &[
            "failures",
            "list",
            "strict",
            "--rule",
            "shared/not-too-long",
        ],
    );
    assert!(list.contains("since 2026-09-01"), "{list}");
    let by_one = weir(&lab, &["failures", "list", "--limit", "1"]);
    let all = weir(&lab, &["failures", "list", "--limit", "0"])
        .lines()
        .filter(|line| line.contains(" · document "))
        .count();
    assert!(
        by_one.ends_with(&format!("and {} more: `--limit 0` shows all\n", all - 1)) && all > 1,
        "{by_one}"
    );
    lab.lay_over(&case.join("looser"));
    lab.run(&day("1", "2026-09-02T02:00:00Z")).await;
    let resolved = weir(
        &lab,
        &["failures", "resolved", "strict", "--since", "2026-09-02"],
    );
    assert!(
        resolved.contains("rule shared/not-too-long changed"),
        "{resolved}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_is_called_is_refused_and_not_answered_with_silence() {
    let lab = lab(Path::new("tests/cases/rulings")).await;
    lab.run(&day("1", "2026-09-01T02:00:00Z")).await;
    for (words, said) in [
        (
            &["failures", "strikt"][..],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["failures", "list", "nope"],
            "unknown institution `nope`\nhelp: known institutions: `strict`, `usual`",
        ),
        (
            &["failures", "resolved", "nope"],
            "unknown institution `nope`",
        ),
        (
            &["failures", "list", "--source", "bord"],
            "unknown source `bord`\nhelp: did you mean `board`?",
        ),
        (
            &["failures", "list", "--field", "titel"],
            "unknown field `titel`\nhelp: did you mean `title`?",
        ),
        (
            &["failures", "list", "--rule", "nope"],
            "no rule or error type `nope`",
        ),
        (
            &["rules", "log", "nope"],
            "no rule or mapping `nope` has run",
        ),
        (
            &["rules", "diff", "not-too-long", "--institution", "usual"],
            "rule shared/not-too-long has only one version",
        ),
        (
            &["rules", "log", "--institution", "strikt"],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["rules", "show", "title", "--institution", "nope"],
            "unknown institution `nope`\nhelp: known institutions: `strict`, `usual`",
        ),
        (
            &["rules", "show", "title", "--source", "bord"],
            "unknown source `bord`\nhelp: did you mean `board`?",
        ),
        (
            &["rules", "show", "title", "--at", "2026-08-01"],
            "mapping of title was not in use at 2026-08-01 00:00Z\nhelp: it ran for the first time at",
        ),
        (
            &["rules", "show", "not-too-long"],
            "sources differ in `not-too-long`\nhelp: choose with `--institution`",
        ),
        (
            &[
                "rules",
                "show",
                "not-too-long",
                "nope",
                "--institution",
                "strict",
            ],
            "there is no such version\nhelp: versions that have run:",
        ),
        (
            &["holds", "list", "strikt"],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["holds", "causes", "strikt"],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["audit", "strikt"],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["export", "jobs", "strikt"],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["report", "strikt"],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["report", "strikt", "--runs"],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["plan", "strikt"],
            "unknown institution `strikt`\nhelp: did you mean `strict`?",
        ),
        (
            &["retire", "strict", "bord", "--reason", "r"],
            "unknown source `bord`\nhelp: did you mean `board`?",
        ),
        (
            &["rehearse", "nope"],
            "unknown institution `nope`\nhelp: known institutions: `strict`, `usual`",
        ),
    ] {
        let (code, told) = refused(&lab, words);
        assert!(
            code == Some(2) && told.contains(said),
            "{words:?}: {code:?} {told}"
        );
    }
    // Known, and nothing fails by it.
    assert_eq!(
        weir(&lab, &["failures", "list", "--rule", "no_detail"]),
        "no failures\n"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_ads_and_not_what_is_said_of_them() {
    let lab = Lab::new().await;
    let institution = "institution: acme\ntimezone: Australia/Sydney\nsources:\n  board:\n    fetch: { file: { path: ads.ndjson } }\n    id: $.id\n    job: { title: $.title }\nrules: [own]\n";
    let rule = |id: &str| {
        format!("  - {{ id: {id}, type: own, assert: 'job.title != \"Diver\"', message: no }}\n")
    };
    lab.write("institutions/acme.yaml", institution);
    lab.write(
        "rules/own.yaml",
        &format!("rules:\n{}{}", rule("one"), rule("other")),
    );
    lab.write(
        "ads.ndjson",
        "{\"id\": \"1\", \"title\": \"Diver\"}\n{\"id\": \"2\", \"title\": \"Diver\"}\n",
    );
    lab.run(&Step::new("2026-09-01", &[])).await;
    let page: serde_json::Value = serde_json::from_str(&weir(&lab, &["report", "--json"])).unwrap();
    let reasons = page["institutions"][0]["reasons"].as_array().unwrap();
    assert_eq!(
        (reasons.len(), &reasons[0]["ads"]),
        (1, &2.into()),
        "{reasons:?}"
    );
    lab.bench.drop().await;
}

/// Nothing is counted any more of ads that are gone and closed: a read costs what the board is
/// large, not what its history is long.
#[tokio::test(flavor = "multi_thread")]
async fn ads_that_are_gone_and_closed_are_let_go() {
    let lab = lab(Path::new("tests/cases/closing")).await;
    for (number, at) in [
        ("1", "2026-09-01"),
        ("1", "2026-09-02"),
        ("5", "2026-10-01"),
        ("5", "2026-10-02"),
        ("5", "2026-10-03"),
        ("5", "2026-10-04"),
    ] {
        lab.run(&day(number, &format!("{at}T02:00:00Z"))).await;
    }
    let counted = "SELECT string_agg(concat_ws(' ', external_id, misses, retired), ', ' ORDER BY external_id) FROM ad_states";
    assert_eq!(
        one(&lab, counted).await,
        "BACK 2 t, GONE 2 t, ODD 2 t, OTHER 0 f"
    );
    lab.bench.drop().await;
}

/// A board of ten ads, the first of which stand for other jobs than at first.
async fn recycles(lab: &Lab, others: usize, at: &str) {
    let kinds = [
        "Nurse", "Ranger", "Chef", "Clerk", "Welder", "Teacher", "Pilot", "Gardener", "Judge",
        "Plumber",
    ];
    let title = |n: usize| {
        if n < others {
            format!("Head of {}s abroad", kinds[9 - n])
        } else {
            kinds[n].to_owned()
        }
    };
    let ads: Vec<String> = (0..10)
        .map(|n| {
            format!(
                r#"{{ "id": "{n}", "title": "{}", "body": "{}" }}"#,
                title(n),
                title(n)
            )
        })
        .collect();
    lab.write("feed.json", &format!("[{}]", ads.join(", ")));
    lab.run(&Step::new(at, &[])).await;
}

async fn board_that_recycles() -> Lab {
    let lab = Lab::new().await;
    let institution = "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: feed.json } }\n    id: $.id\n    \
        identity: { recycled: { title: 80% } }\n    job: { title: $.title, description: $.body }\n";
    lab.write("institutions/acme.yaml", institution);
    recycles(&lab, 0, "2026-09-01").await;
    recycles(&lab, 5, "2026-09-02").await;
    lab
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_on_ids_that_was_not_used_is_none_to_a_doubt_of_later_months() {
    let lab = board_that_recycles().await;
    weir(
        &lab,
        &[
            "holds",
            "release",
            &seen(&lab, "1"),
            "--reason",
            "yes",
            "--at",
            "2026-09-02T03:00:00Z",
        ],
    );
    // The board mends itself before the word is used.
    recycles(&lab, 0, "2026-09-03").await;
    recycles(&lab, 0, "2026-09-04").await;
    recycles(&lab, 10, "2026-12-01").await;
    assert_eq!(one(&lab, BOARD).await, "open 10 v1");
    assert_eq!(
        one(&lab, HOLDS).await,
        "identity ended run released by ada (yes) and not used: its ids are consistent again; identity open  "
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_on_some_ids_is_none_on_many_others_and_a_doubt_stays_while_its_ads_are_out_of_sight()
 {
    let lab = board_that_recycles().await;
    lab.write("feed.json", "[");
    lab.run(&Step::new("2026-09-02T02:00:00Z", &[])).await;
    assert_eq!(one(&lab, HOLDS).await, "identity open  ");
    weir(
        &lab,
        &[
            "holds",
            "release",
            &seen(&lab, "1"),
            "--reason",
            "yes",
            "--at",
            "2026-09-02T03:00:00Z",
        ],
    );
    recycles(&lab, 10, "2026-09-03").await;
    assert_eq!(one(&lab, BOARD).await, "open 10 v1");
    assert_eq!(
        one(&lab, HOLDS).await,
        "identity ended run released by ada (yes) and not used: many other ids are in doubt; identity open  "
    );
    weir(
        &lab,
        &[
            "holds",
            "release",
            &seen(&lab, "2"),
            "--reason",
            "these, too",
            "--at",
            "2026-09-03T03:00:00Z",
        ],
    );
    recycles(&lab, 10, "2026-09-04").await;
    assert_eq!(one(&lab, BOARD).await, "archived 10 v2; open 10 v1");
    lab.bench.drop().await;
}

/// A board that changes daily never has the same ads in doubt twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_word_on_ids_is_used_though_a_few_more_are_in_doubt_by_then() {
    let lab = board_that_recycles().await;
    weir(
        &lab,
        &[
            "holds",
            "release",
            &seen(&lab, "1"),
            "--reason",
            "yes",
            "--at",
            "2026-09-02T03:00:00Z",
        ],
    );
    recycles(&lab, 7, "2026-09-03").await;
    assert_eq!(one(&lab, BOARD).await, "archived 7 v2; open 10 v1");
    assert_eq!(one(&lab, HOLDS).await, "identity released ada yes");
    lab.bench.drop().await;
}

/// A feed of other ads and, perhaps, one that is published and whose new version fails.
async fn listed(lab: &Lab, ad: &str, at: &str) {
    let others: Vec<String> = (0..6)
        .map(|n| format!(r#"{{ "id": "{n}", "title": "Ranger {n}" }}"#))
        .collect();
    let ad = if ad.is_empty() {
        String::new()
    } else {
        format!(", {ad}")
    };
    lab.write("feed.json", &format!("[{}{ad}]", others.join(", ")));
    lab.run(&Step::new(at, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stands_against_an_ad_that_is_gone_and_whose_job_is_archived() {
    let lab = Lab::new().await;
    let institution = "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: feed.json } }\n    id: $.id\n    \
        job: { title: $.title, close_date: $.closes }\nrequire: { title: { minLength: 3 } }\nmissing: { after: 1, apart: 0h }\n";
    lab.write("institutions/acme.yaml", institution);
    listed(
        &lab,
        r#"{ "id": "x", "title": "Chef", "closes": "2026-09-03" }"#,
        "2026-09-01",
    )
    .await;
    listed(
        &lab,
        r#"{ "id": "x", "title": "C", "closes": "2026-09-03" }"#,
        "2026-09-02",
    )
    .await;
    assert_eq!(one(&lab, HOLDS).await, "job open  ");
    let retired = lab.copy().await;
    weir(
        &retired,
        &[
            "retire",
            "acme",
            "--reason",
            "moved",
            "--at",
            "2026-09-02T03:00:00Z",
        ],
    );
    let missing = lab.copy().await;
    listed(&missing, "", "2026-09-03").await;
    // Closed and still listed, the ad waits on; then it is gone.
    listed(
        &lab,
        r#"{ "id": "x", "title": "C", "closes": "2026-09-03" }"#,
        "2026-09-05",
    )
    .await;
    assert_eq!(one(&lab, HOLDS).await, "job open  ");
    listed(&lab, "", "2026-09-06").await;
    for (lab, archived_as, why) in [
        (&retired, "person", "the job was archived"),
        (&missing, "missing", "the job was archived"),
        (&lab, "closed", "withdrawn by the source"),
    ] {
        let job = one(lab, "SELECT format('%s v%s %s', archived_as, version, held_since IS NOT NULL) FROM jobs WHERE original_id = 'x'").await;
        assert_eq!(job, format!("{archived_as} v2 f"));
        assert_eq!(one(lab, HOLDS).await, format!("job ended run {why}"));
        assert!(
            !weir(lab, &["failures", "list"]).contains('x'),
            "{}",
            weir(lab, &["failures", "list"])
        );
    }
    // Listed again, it is judged anew.
    listed(&missing, r#"{ "id": "x", "title": "C" }"#, "2026-09-07").await;
    assert!(weir(&missing, &["failures", "list"]).contains("invalid_length"));
    retired.bench.drop().await;
    missing.bench.drop().await;
    lab.bench.drop().await;
}
