//! Clocks that are wrong: refused unless they are meant, and taken back with their run, so that the
//! institution goes on as if that run had not been.

use crate::lab::{Lab, Step};
use serde_json::{Value as Json, json};
use std::process::Command;

const BOARD: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { file: { path: feed.json } }
    id: $.id
    job: { title: $.title, close_date: $.closes }
rules: [own]
";

/// A command as it is, on the machine's clock.
fn weir(lab: &Lab, words: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command
        .arg("--project")
        .arg(&lab.folder)
        .args(words)
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        format!("{}{}", text(&output.stdout), text(&output.stderr)),
    )
}

fn done(lab: &Lab, words: &[&str]) -> String {
    let (code, said) = weir(lab, words);
    assert_eq!(code, 0, "{words:?}: {said}");
    said
}

/// Rolls a run back as a script does: it takes the revision from a dry run.
fn take_back(lab: &Lab, run: &str, words: &[&str]) -> String {
    let shown = done(
        lab,
        &[&["rollback", run, "--dry-run", "--json"], words].concat(),
    );
    let page: Json = serde_json::from_str(&shown).unwrap();
    let seen = format!("{run}@{}", page["rollback"]["revision"].as_str().unwrap());
    done(
        lab,
        &[&["rollback", &seen, "--reason", "typo"], words].concat(),
    )
}

fn ad(id: usize, closes: &str) -> Json {
    json!({ "id": id.to_string(), "title": format!("Ranger {id}"), "closes": closes })
}

async fn board(ads: &[Json]) -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", BOARD);
    lab.write("rules/own.yaml", "rules:\n  - { id: stale, type: stale, field: close_date, assert: 'today.year() < 2030', message: too late }\n");
    feed(&lab, ads);
    lab
}

fn feed(lab: &Lab, ads: &[Json]) {
    lab.write("feed.json", &Json::Array(ads.to_vec()).to_string());
}

/// Ads of which each closes on the fifth of September.
fn many(count: usize) -> Vec<Json> {
    (0..count).map(|id| ad(id, "2026-09-05")).collect()
}

/// The open hold with its revision, as a decision names it.
async fn hold(lab: &Lab) -> String {
    let (_, said) = weir(lab, &["holds", "list", "--json"]);
    let page: Json = serde_json::from_str(&said).unwrap();
    let hold = &page["holds"][0];
    format!("{}@{}", hold["id"], hold["revision"].as_str().unwrap())
}

const OPEN: &str = "SELECT count(*)::text FROM jobs WHERE status = 'open'";
const HELD: &str =
    "SELECT kind || ' ' || status || COALESCE(' ' || note, '') FROM holds ORDER BY id";
const JOBS: &str = "SELECT original_id || ' ' || title || ' ' || status || ' ' || COALESCE(archived_as, '-') FROM jobs ORDER BY original_id";

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_in_the_future_is_refused_by_every_command_that_has_one() {
    let lab = board(&many(3)).await;
    done(&lab, &["run", "--at", "2026-09-01"]);
    let words: [&[&str]; 14] = [
        &["run"],
        &["run", "--dry-run"],
        &["plan"],
        &["plan", "--jobs"],
        &["rehearse"],
        &["graph", "acme"],
        &["preview", "acme"],
        &["retire", "acme", "--reason", "typo"],
        &["rollback", "1", "--reason", "typo"],
        &["rollback", "1", "--dry-run"],
        &["holds", "release", "1", "--reason", "typo"],
        &["failures", "discard", "1", "--reason", "typo"],
        &[
            "companies",
            "accept",
            "a",
            "b",
            "--institution",
            "acme",
            "--reason",
            "typo",
        ],
        &[
            "companies",
            "undo",
            "a",
            "--institution",
            "acme",
            "--reason",
            "typo",
        ],
    ];
    let before = lab.dump().await;
    for words in words {
        let (code, said) = weir(&lab, &[words, &["--at", "9000-01-01"]].concat());
        assert!(
            code == 2 && said.contains("in the future"),
            "{words:?} {code}: {said}"
        );
    }
    let (code, said) = weir(&lab, &["run", "--at", "9000-01-01"]);
    assert!(
        code == 2
            && said.contains("help: correct `--at`")
            && said.contains("`--allow-future` accepts it"),
        "{said}"
    );
    assert_eq!(lab.dump().await, before);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_with_a_clock_in_the_future_is_refused() {
    let lab = board(&many(3)).await;
    let file = lab.folder.join("plan.json").to_string_lossy().into_owned();
    done(
        &lab,
        &[
            "run",
            "--dry-run",
            "--at",
            "9000-01-01",
            "--allow-future",
            "--out",
            &file,
        ],
    );
    let (code, said) = weir(&lab, &["apply", &file]);
    assert!(
        code == 2 && said.contains("in the future"),
        "{code}: {said}"
    );
    assert_eq!(lab.texts(OPEN).await, ["0"]);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leap_of_more_than_400_days_is_refused_but_for_a_first_run() {
    let lab = board(&many(3)).await;
    done(&lab, &["run", "--at", "2020-01-01"]);
    done(&lab, &["run", "--at", "2021-02-04"]);
    for words in [
        &["run"][..],
        &["run", "--dry-run"],
        &["retire", "acme", "--reason", "typo"],
    ] {
        let (code, said) = weir(&lab, &[words, &["--at", "2022-03-12"]].concat());
        assert!(
            code == 1
                && said.contains("more than 400 days before 2022-03-12")
                && said.contains("`--allow-future`"),
            "{words:?} {code}: {said}"
        );
    }
    done(&lab, &["run", "--at", "2022-03-12", "--allow-future"]);
    let (code, said) = weir(&lab, &["audit"]);
    assert!(
        code == 1 && said.contains("acme: run 3") && said.contains("more than 400 days after"),
        "{code}: {said}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closings_of_most_of_a_board_are_a_question_which_ends_with_the_wrong_clock() {
    let lab = board(&many(24)).await;
    done(&lab, &["run", "--at", "2026-09-01"]);
    let (code, said) = weir(&lab, &["run", "--at", "2062-09-02", "--allow-future"]);
    assert!(
        code == 1 && said.contains("error: acme/board: the closing dates of 24 of 24 open jobs of `board` (2026-09-05 to 2026-09-05) passed at once"),
        "{said}"
    );
    assert!(
        said.contains("is the clock right (2062-09-02 00:00Z)?"),
        "{said}"
    );
    assert_eq!(lab.texts(OPEN).await, ["24"]);
    let asked = hold(&lab).await;
    for words in [
        &["run", "--at", "2026-09-02"][..],
        &["run"],
        &["holds", "release", &asked, "--reason", "yes"],
        &["rollback", "1", "--dry-run"],
    ] {
        let (code, said) = weir(&lab, words);
        assert!(
            code == 1
                && said.contains("has already run at 2062-09-02")
                && said.contains("`weir rollback 2"),
            "{words:?} {code}: {said}"
        );
    }
    let (code, said) = weir(&lab, &["audit"]);
    assert!(
        code == 1 && said.contains("acme: run 2") && said.contains("its clock was wrong"),
        "{code}: {said}"
    );
    let said = take_back(&lab, "2", &[]);
    assert!(
        said.contains("the next run can be at 2026-09-01 00:00Z or later"),
        "{said}"
    );
    done(&lab, &["run", "--at", "2026-09-02"]);
    assert_eq!(lab.texts(OPEN).await, ["24"]);
    assert!(
        lab.texts(HELD)
            .await
            .iter()
            .all(|hold| hold.contains("ended")),
        "{:?}",
        lab.texts(HELD).await
    );
    assert!(done(&lab, &["audit"]).contains("everything matches the history"));
    lab.bench.drop().await;
}

/// What a wrong clock did is undone, whatever it was: the tables are those of runs at the right
/// time.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_a_wrong_clock_that_is_taken_back_leaves_nothing_behind() {
    for order in [
        &[][..],
        &["--at", "2026-09-02T01:00:00Z"],
        &["--at", "2035-09-03", "--allow-future"],
    ] {
        let lab = board(&[
            ad(1, "2026-09-03"),
            ad(2, "2026-09-30"),
            ad(3, "2035-01-30"),
            ad(4, "2026-09-30"),
        ])
        .await;
        done(&lab, &["run", "--at", "2026-09-01"]);
        // One ad differs, one is gone, one is new; all closing dates have passed, and a rule that
        // reads the clock refuses everything.
        let edited = json!({ "id": "2", "title": "Senior Ranger", "closes": "2026-09-30" });
        feed(
            &lab,
            &[
                ad(1, "2026-09-03"),
                edited,
                ad(3, "2035-01-30"),
                ad(5, "2026-09-30"),
            ],
        );
        done(&lab, &["run", "--at", "2035-09-02", "--allow-future"]);
        assert_eq!(lab.texts(OPEN).await, ["0"]);
        let (code, said) = weir(&lab, &["audit"]);
        assert!(code == 1 && said.contains("which has not passed"), "{said}");
        take_back(&lab, "2", order);
        assert_eq!(
            lab.texts("SELECT last_run_at::text FROM institutions")
                .await,
            ["2026-09-01 00:00:00+00"]
        );
        done(&lab, &["run", "--at", "2026-09-02T06:00:00Z"]);
        let all = [
            "1 Ranger 1 open -",
            "2 Senior Ranger open -",
            "3 Ranger 3 open -",
            "4 Ranger 4 open -",
            "5 Ranger 5 open -",
        ];
        assert_eq!(lab.texts(JOBS).await, all, "{order:?}");
        assert_eq!(
            lab.texts("SELECT kind FROM holds WHERE status = 'open'")
                .await,
            [""; 0],
            "{order:?}"
        );
        done(&lab, &["run", "--at", "2026-09-04"]);
        let later = [
            "1 Ranger 1 archived closed",
            "2 Senior Ranger open -",
            "3 Ranger 3 open -",
            "4 Ranger 4 archived missing",
            "5 Ranger 5 open -",
        ];
        assert_eq!(
            lab.texts(JOBS).await,
            later,
            "{order:?}: what closes and what goes does so in time"
        );
        if !order.contains(&"2035-09-03") {
            assert_eq!(
                done(&lab, &["audit"])
                    .matches("everything matches the history")
                    .count(),
                1,
                "{order:?}"
            );
        }
        assert_eq!(lab.texts(DATED_LATER).await, [""; 0], "{order:?}");
        lab.bench.drop().await;
    }
}

/// Where the wrong clock is still written, besides the record of the run and its versions.
const DATED_LATER: &str = "SELECT 'ad' FROM ad_states WHERE GREATEST(detailed_at, first_seen_at, last_seen_at, last_miss_at, retry_at) > '2030-01-01'
    UNION ALL SELECT 'document' FROM staging_documents WHERE GREATEST(scraped_at, processed_at) > '2030-01-01'
    UNION ALL SELECT 'job' FROM jobs WHERE GREATEST(first_seen_at, held_since, archived_at, reopened_at) > '2030-01-01'
    UNION ALL SELECT 'measure' FROM source_quality WHERE at > '2030-01-01'
    UNION ALL SELECT 'edit' FROM versions WHERE first_used_at > '2030-01-01'
    UNION ALL SELECT 'hold' FROM holds WHERE opened_at > '2030-01-01'";

#[tokio::test(flavor = "multi_thread")]
async fn several_runs_with_a_wrong_clock_are_taken_back_one_after_the_other() {
    let lab = board(&many(3)).await;
    done(&lab, &["run", "--at", "2026-09-01"]);
    done(&lab, &["run", "--at", "2062-09-02", "--allow-future"]);
    done(&lab, &["run", "--at", "2062-09-03", "--allow-future"]);
    let (code, said) = weir(&lab, &["rollback", "2", "--reason", "typo"]);
    assert!(
        code == 1 && said.contains("`weir rollback 3"),
        "{code}: {said}"
    );
    take_back(&lab, "3", &[]);
    take_back(&lab, "2", &[]);
    done(&lab, &["run", "--at", "2026-09-02"]);
    assert_eq!(lab.texts(OPEN).await, ["3"]);
    assert!(done(&lab, &["audit"]).contains("everything matches the history"));
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_of_an_institution_may_have_had_the_wrong_clock() {
    let lab = board(&many(3)).await;
    done(&lab, &["run", "--at", "2062-09-02", "--allow-future"]);
    let said = take_back(&lab, "1", &[]);
    assert!(said.contains("the next run can be at any time"), "{said}");
    done(&lab, &["run", "--at", "2026-09-01"]);
    assert_eq!(lab.texts(OPEN).await, ["3"]);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closings_wait_for_a_person_beyond_half_of_twenty_jobs() {
    // Jobs that close, of all; whether they wait.
    let cases = [
        (19, 19, ""),
        (20, 10, ""),
        (20, 11, "closing"),
        (40, 20, ""),
        (40, 21, "closing"),
    ];
    for (all, closes, held) in cases {
        let ads = |late: &str| {
            (0..all)
                .map(|id| ad(id, if id < closes { "2026-09-05" } else { late }))
                .collect::<Vec<_>>()
        };
        let lab = board(&ads("2026-12-01")).await;
        lab.run(&Step::new("2026-09-01", &[])).await;
        lab.run(&Step::new("2026-09-06", &[])).await;
        let holds = lab
            .texts("SELECT kind FROM holds WHERE status = 'open'")
            .await
            .join(" ");
        assert_eq!(holds, held, "{closes} of {all}");
        let open = if held.is_empty() { all - closes } else { all };
        assert_eq!(
            lab.texts(OPEN).await,
            [open.to_string()],
            "{closes} of {all}"
        );
        lab.bench.drop().await;
    }
    // A first run brings what it brings.
    let lab = board(&many(30)).await;
    lab.run(&Step::new("2026-09-06", &[])).await;
    assert_eq!(
        (lab.texts(OPEN).await.remove(0), lab.texts(HELD).await),
        ("0".to_owned(), Vec::new())
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_closes_the_jobs_or_keeps_them_open_until_their_dates_change() {
    for release in [true, false] {
        let lab = board(&many(30)).await;
        lab.write(
            "institutions/acme.yaml",
            &format!("{BOARD}archive: {{ at_most: 90% }}\n"),
        );
        lab.run(&Step::new("2026-09-01", &[])).await;
        lab.run(&Step::new("2026-09-06", &[])).await;
        lab.run(&Step::new("2026-09-07", &[])).await;
        assert_eq!(lab.texts(HELD).await, ["closing open"]);
        let word = if release { "release" } else { "discard" };
        let asked = hold(&lab).await;
        let said = done(&lab, &["holds", "show", &asked]);
        assert!(
            said.contains("30 jobs are archived at once") && said.contains("Ranger 2"),
            "{said}"
        );
        let said = done(
            &lab,
            &[
                "holds",
                word,
                &asked,
                "--reason",
                "seen",
                "--at",
                "2026-09-07T01:00:00Z",
            ],
        );
        let (words, open) = if release {
            ("30 jobs archived", "0")
        } else {
            ("30 of them, whose closing dates have passed", "30")
        };
        assert!(said.contains(words), "{said}");
        assert_eq!(lab.texts(OPEN).await, [open]);
        let mut ads = many(30);
        ads[0] = ad(0, "2026-09-06");
        feed(&lab, &ads);
        lab.run(&Step::new("2026-09-08", &[])).await;
        assert_eq!(
            lab.texts(OPEN).await,
            [if release { "0" } else { "29" }],
            "another date closes"
        );
        assert_eq!(
            lab.texts("SELECT id::text FROM holds WHERE status = 'open'")
                .await,
            [""; 0]
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_nobody_answers_is_told_in_every_run_and_called_for_after_a_week() {
    let lab = board(&(0..10).map(|id| ad(id, "2026-12-01")).collect::<Vec<_>>()).await;
    let day = |at: &str, more: &[&str]| weir(&lab, &[&["run", "--at", at], more].concat());
    done(&lab, &["run", "--at", "2026-09-01"]);
    feed(&lab, &[ad(0, "2026-12-01"), ad(1, "2026-12-01")]);
    done(&lab, &["run", "--at", "2026-09-02"]);
    let (code, said) = day("2026-09-03", &[]);
    assert!(
        code == 1 && said.contains("error: acme/board: 8 of 10 open jobs"),
        "{code}: {said}"
    );
    assert!(
        !said.contains("note:"),
        "what has just come up is told once: {said}"
    );
    let waited = "hold 1 (retirement of `board`) has waited 6 days for a decision, since 2026-09-03: 8 jobs stay open";
    let (code, said) = day("2026-09-09", &["--fail-on-holds", "7d"]);
    assert!(
        code == 4
            && said.contains(&format!("note: acme/board: {waited}"))
            && !said.contains("warn:"),
        "{code}: {said}"
    );
    let (code, said) = day("2026-09-10", &[]);
    let waited = waited.replace("6 days", "7 days");
    assert!(
        code == 4
            && said.contains(&format!("warn: acme/board: {waited}"))
            && !said.contains("note:"),
        "{code}: {said}"
    );
    let (code, said) = day("2026-09-10", &["--fail-on-holds", "7d"]);
    assert!(
        code == 1 && said.contains("error: `acme`: hold 1 (retirement of `board`)"),
        "{code}: {said}"
    );
    let said = done(&lab, &["report", "acme"]);
    assert!(
        said.contains("7 days") && said.contains("8 jobs stay open"),
        "{said}"
    );
    assert_eq!(
        lab.texts("SELECT severity FROM alerts WHERE kind = 'stale_hold'")
            .await,
        ["warn"]
    );
    lab.bench.drop().await;
}

/// Jobs that wait behind a hold on closings are no part of the board: of those that are listed,
/// less than half have closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_share_is_taken_of_the_jobs_that_are_listed() {
    let open = |ids: std::ops::Range<usize>, closes: &str| {
        ids.map(|id| ad(id, closes)).collect::<Vec<_>>()
    };
    let lab = board(
        &[
            open(0..11, "2026-09-10"),
            open(11..20, "2026-12-01"),
            open(20..60, "2026-12-01"),
        ]
        .concat(),
    )
    .await;
    lab.run(&Step::new("2026-09-01", &[])).await;
    feed(
        &lab,
        &[open(0..11, "2026-09-10"), open(11..20, "2026-12-01")].concat(),
    );
    for day in ["2026-09-02", "2026-09-03"] {
        lab.run(&Step::new(day, &[])).await;
    }
    assert_eq!(lab.texts(HELD).await, ["retirement open"]);
    lab.run(&Step::new("2026-09-11", &[])).await;
    assert_eq!(
        lab.texts(HELD).await,
        ["retirement open", "closing open"],
        "eleven of twenty, not of sixty"
    );
    lab.bench.drop().await;
}
