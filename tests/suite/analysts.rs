//! A day of whoever owns the rules: what was decided or edited is on record, a rehearsal tells the
//! edit's effect from everything else, and each figure counts what it says it counts.

use crate::lab::{Lab, Step, on_any_day};
use serde_json::{Value as Json, json};
use std::process::Command;

const ACME: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { file: { path: ads.json } }
    id: $.id
    job: { title: $.title, department: $.division, extra: { grade: $.grade } }
company: { from: $.company, unknown: create }
division: { from: department, known: [Parks], unknown: hold }
rules: [own]
";

fn rule(id: &str, severity: &str, assert: &str) -> String {
    format!(
        "  - {{ id: {id}, type: own, field: title, severity: {severity}, assert: '{assert}', message: \"{{job.title}}?\" }}\n"
    )
}

async fn acme(rules: &[String]) -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", ACME);
    lab.write("rules/own.yaml", &format!("rules:\n{}", rules.concat()));
    lab
}

fn ad(id: u32, title: &str) -> Json {
    json!({ "id": id.to_string(), "title": title, "grade": "1", "company": "Acme" })
}

async fn run(lab: &Lab, at: &str, ads: &[Json]) -> weir::engine::RunSummary {
    lab.write("ads.json", &json!(ads).to_string());
    lab.run(&Step::new(at, &[])).await.remove(0)
}

/// What a command of a script says, and its exit code.
fn said(lab: &Lab, words: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words))
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        format!("{}{}", text(&output.stdout), text(&output.stderr)),
    )
}

fn done(lab: &Lab, words: &[&str]) -> String {
    let (code, said) = said(lab, words);
    assert_eq!(code, 0, "{words:?}: {said}");
    said
}

fn page(lab: &Lab, words: &[&str]) -> Json {
    serde_json::from_str(&done(lab, words)).unwrap()
}

fn revision(lab: &Lab, run: &str) -> String {
    // It ends with 1 where jobs would be left as they are.
    let (_, told) = said(
        lab,
        &["rollback", run, "--dry-run", "--json", "--at", "2026-09-05"],
    );
    let page: Json = serde_json::from_str(&told).unwrap();
    format!("{run}@{}", page["rollback"]["revision"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_of_a_run_can_be_rolled_back() {
    let lab = acme(&[rule("short", "error", "job.title.len() < 20")]).await;
    run(&lab, "2026-09-01", &[ad(1, "Nurse"), ad(2, "Chef")]).await;
    run(&lab, "2026-09-02", &[ad(1, "Senior Nurse"), ad(2, "Chief")]).await;
    let (code, told) = said(
        &lab,
        &[
            "rollback",
            "2",
            "--job",
            "board:1",
            "--dry-run",
            "--at",
            "2026-09-03",
        ],
    );
    assert_eq!(code, 0, "{told}");
    let seen = told
        .split("run ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let order = [
        "rollback",
        seen,
        "--job",
        "board:1",
        "--reason",
        "r",
        "--at",
        "2026-09-03",
    ];
    let (code, told) = said(&lab, &order);
    assert_eq!(code, 0, "{told}");
    assert_eq!(
        lab.texts(JOBS).await,
        ["1 Nurse v3 open", "2 Chief v2 open"]
    );
    // The clock of the institution stays where the run was, and the revision is that of one job.
    run(&lab, "2026-09-04", &[ad(1, "Senior Nurse"), ad(2, "Chief")]).await;
    assert_eq!(
        lab.texts(JOBS).await,
        ["1 Nurse v3 open", "2 Chief v2 open"]
    );
    let (code, told) = said(
        &lab,
        &[
            "rollback",
            "3",
            "--job",
            "board:1",
            "--dry-run",
            "--at",
            "2026-09-05",
        ],
    );
    assert!(
        code == 1 && told.contains("did not change job"),
        "{code}: {told}"
    );
}

const JOBS: &str = "SELECT format('%s %s v%s %s', original_id, title, version, status) FROM jobs ORDER BY original_id";

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_of_what_was_shown_and_has_a_reason() {
    let lab = acme(&[rule("short", "error", "job.title.len() < 20")]).await;
    run(&lab, "2026-09-01", &[ad(1, "Nurse"), ad(3, "Chef")]).await;
    run(
        &lab,
        "2026-09-02",
        &[ad(1, "Senior Nurse"), ad(2, "Ranger"), ad(3, "Chef")],
    )
    .await;
    let before = lab.dump().await;
    let at = ["--at", "2026-09-05"];
    let (code, told) = said(
        &lab,
        &[&["rollback", "2", "--reason", "r"][..], &at].concat(),
    );
    let shown = revision(&lab, "2");
    assert!(
        code == 2 && told.contains("a decision about run 2 must name its revision"),
        "{told}"
    );
    assert!(
        told.contains(&format!("`weir rollback {shown} --reason ...`")),
        "{told}"
    );
    assert_eq!(
        said(&lab, &[&["rollback", shown.as_str()][..], &at].concat()).0,
        2,
        "a reason is needed"
    );
    assert_eq!(lab.dump().await, before);
    // Another run has changed one of its jobs since.
    run(
        &lab,
        "2026-09-03",
        &[ad(1, "Head Nurse"), ad(2, "Ranger"), ad(3, "Chef")],
    )
    .await;
    let before = lab.dump().await;
    let (code, told) = said(
        &lab,
        &[&["rollback", &shown, "--reason", "r"][..], &at].concat(),
    );
    assert!(
        code == 1 && told.contains("nothing was done") && told.contains("changed again since"),
        "{code}: {told}"
    );
    assert_eq!(lab.dump().await, before);
    // One job is left as it is, which the operator has seen.
    let seen = revision(&lab, "2");
    assert_ne!(seen, shown);
    assert_eq!(
        said(
            &lab,
            &[&["rollback", &seen, "--reason", "a test"][..], &at].concat()
        )
        .0,
        1
    );
    assert_eq!(
        lab.texts(JOBS).await,
        [
            "1 Head Nurse v3 open",
            "2 Ranger v2 archived",
            "3 Chef v1 open"
        ]
    );
    let reason = "SELECT change_reason || ' by ' || created_by FROM jobs_history WHERE takes_back IS NOT NULL";
    assert_eq!(
        lab.texts(reason).await,
        ["rolled back run 2, which created it: a test by ada"]
    );
    // Content of a job that is archived does not claim to be published.
    lab.write(
        "rules/own.yaml",
        &format!("rules:\n{}", rule("short", "error", "job.title.len() < 5")),
    );
    run(
        &lab,
        "2026-09-06",
        &[ad(1, "Head Nurse"), ad(2, "Ranger"), ad(3, "Chef")],
    )
    .await;
    let holds = "SELECT subject || ' ' || reason FROM holds WHERE status = 'open' ORDER BY subject";
    let held = [
        "1 published, but edited YAML rejects it: Head Nurse?",
        "2 its job is archived (`rolled_back`), and its ad fails: Ranger?",
    ];
    assert_eq!(lab.texts(holds).await, held);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_about_a_company_says_nothing_of_an_ad_without_one() {
    let lab = acme(&[
        rule("firm", "error", "company.name in lists.firms"),
        rule("unit", "error", "division.name.len() > 2"),
    ])
    .await;
    lab.write("lists/firms.yaml", "list: [Acme]\n");
    let bare = json!({ "id": "2", "title": "Ranger" });
    let other = json!({ "id": "3", "title": "Chef", "company": "Zed" });
    let summary = run(
        &lab,
        "2026-09-01",
        &[
            ad(1, "Nurse"),
            bare,
            other,
            json!({ "id": "4", "title": "Cook", "division": "Fire" }),
        ],
    )
    .await;
    assert_eq!(
        (
            summary.total.created,
            summary.total.rejected,
            summary.total.held
        ),
        (2, 1, 1),
        "{:?}",
        summary.alerts
    );
    assert!(!done(&lab, &["failures"]).contains("system_error"));
    // A preview says what the run did.
    let verdicts = |words: &[&str]| {
        let page = page(&lab, &[&["preview", "acme", "--json"], words].concat());
        let one = |ad: &Json| {
            format!(
                "{} {}",
                ad["id"].as_str().unwrap(),
                ad["verdict"].as_str().unwrap()
            )
        };
        page["ads"]
            .as_array()
            .unwrap()
            .iter()
            .map(one)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        verdicts(&["--limit", "9"]),
        ["1 valid", "2 valid", "3 rejected", "4 held"]
    );
    assert_eq!(verdicts(&["--ad", "3"]), ["3 rejected"]);
    let (code, told) = said(&lab, &["preview", "acme", "--ad", "99"]);
    assert!(
        code == 1 && told.contains("the source does not list an ad `99`"),
        "{code}: {told}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_are_listed_and_what_a_rule_rejects_is_discarded_at_once() {
    let lab = acme(&[
        rule("pool", "warn", "!job.title.contains(\"pool\")"),
        rule("short", "error", "job.title.len() < 20"),
    ])
    .await;
    let long = |id: u32| ad(id, "A title that is far too long for this rule, pool");
    let ads = [ad(1, "Nurse pool"), ad(2, "Ranger"), long(3), long(4)];
    run(&lab, "2026-09-01", &ads).await;
    run(&lab, "2026-09-09", &ads).await;
    let warned = done(&lab, &["failures", "list", "--warnings"]);
    assert_eq!(warned.lines().count(), 2, "{warned}");
    assert!(warned.starts_with("acme board · rule own/pool warns about 1 published ad\n  board:1  Nurse pool  document "), "{warned}");
    assert_eq!(
        page(&lab, &["failures", "list", "--warnings", "--json"])["warnings"][0]["ads"][0]["external_id"],
        "1"
    );
    // In a list of failures a warning does not look like a reason.
    let list = done(&lab, &["failures", "list", "--rule", "short"]);
    assert!(
        list.contains("\n  x own  title") && list.contains("\n  ! own  title"),
        "{list}"
    );
    let trend = done(&lab, &["failures", "trend", "--until", "2026-09-10"]);
    let row = trend
        .lines()
        .find(|line| line.contains("own/short"))
        .unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(row.ends_with("fails own/short 50.0 % 50.0 %"), "{trend}");
    // The whole group, as it was seen, and nothing else.
    let (code, told) = said(
        &lab,
        &["failures", "discard", "--rule", "short", "--reason", "r"],
    );
    assert!(
        code == 2 && told.contains("must name its revision"),
        "{code}: {told}"
    );
    let seen = list
        .lines()
        .last()
        .unwrap()
        .split("--seen ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let (code, told) = said(
        &lab,
        &[
            "failures", "discard", "--rule", "short", "--seen", "000000", "--reason", "r",
        ],
    );
    assert!(
        code == 1 && told.contains("nothing was done"),
        "{code}: {told}"
    );
    let told = done(
        &lab,
        &[
            "failures",
            "discard",
            "--rule",
            "own/short",
            "--seen",
            seen,
            "--reason",
            "r",
        ],
    );
    assert_eq!(told.lines().count(), 2, "{told}");
    assert_eq!(
        lab.texts("SELECT external_id FROM ad_states WHERE outcome = 'discarded' ORDER BY 1")
            .await,
        ["3", "4"]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_tells_the_edit_from_what_happens_anyway() {
    let tested = |assert: &str| {
        format!(
            "rules:\n{}",
            rule("short", "error", assert).replace(
                " }\n",
                ", tests: [{ job: { title: Chef }, expect: pass }] }\n"
            )
        )
    };
    let lab = acme(&[]).await;
    lab.write("rules/own.yaml", &tested("job.title.len() < 20"));
    run(&lab, "2026-09-01", &[ad(1, "Nurse")]).await;
    run(&lab, "2026-09-02", &[ad(1, "Nurse"), ad(2, "Ranger")]).await;
    done(
        &lab,
        &[
            "rollback",
            &revision(&lab, "2"),
            "--reason",
            "r",
            "--at",
            "2026-09-05",
        ],
    );
    run(
        &lab,
        "2026-09-05T06:00:00Z",
        &[ad(1, "Nurse"), ad(2, "Ranger")],
    )
    .await;
    let rehearse =
        |words: &[&str]| said(&lab, &[&["rehearse", "--at", "2026-09-06"], words].concat());
    // The draft fails its own test, and is rehearsed all the same.
    lab.write("drafts/own.yaml", &tested("job.title.len() < 3"));
    let draft = lab
        .folder
        .join("drafts/own.yaml")
        .to_string_lossy()
        .into_owned();
    let (code, told) = rehearse(&["--rules", &draft]);
    assert!(
        code == 0 && told.contains("note: 1 test of rules or connectors would fail"),
        "{code}: {told}"
    );
    assert!(
        told.contains("    published -> held: 1 ad\n      ! 1 Nurse · Nurse?"),
        "{told}"
    );
    lab.write("drafts/own.yaml", &tested("job.title.len() < 30"));
    let (_, told) = rehearse(&["--rules", &draft]);
    let by_rollback = "    not by the edit: held -> published, because any edit ends the hold of a rollback: 1 ad\n      ! 2 Ranger";
    assert!(
        told.contains(by_rollback) && !told.contains("\n    held -> published"),
        "{told}"
    );
    // A mistake is shown in the file that has it.
    lab.write("drafts/own.yaml", &tested("job.title.len() < nonsense"));
    let (code, told) = rehearse(&["--rules", &draft]);
    assert!(
        code == 2
            && told.contains(&format!("--> {draft}:"))
            && told.contains(&format!("errors in {draft}")),
        "{code}: {told}"
    );
    // Custom fields are shown one by one.
    lab.write(
        "institutions/acme.yaml",
        &ACME.replace(
            "grade: $.grade",
            "grade: { script: '\"Grade \" + doc.grade' }, kept: { constant: x }",
        ),
    );
    let (_, told) = rehearse(&[]);
    assert!(
        told.contains("    grade would change in 1 ad\n      ~ 1 Nurse · 1 -> Grade 1\n"),
        "{told}"
    );
    assert!(
        told.contains("    kept would change in 1 ad\n") && !told.contains("extra would change"),
        "{told}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_count_what_they_say() {
    let lab = Lab::new().await;
    lab.write(
        "institutions/acme.yaml",
        &ACME
            .replace(
                "    job: {",
                "    identity: { renumbered: { by: [title] } }\n    job: {",
            )
            .replace("rules: [own]\n", ""),
    );
    let ads = |from: u32, grade: &str, count: u32| -> Vec<Json> {
        let one = |n: u32| json!({ "id": (from + n).to_string(), "title": format!("Post {}", "abcdefghij".repeat(1 + n as usize)), "grade": grade });
        (0..count).map(one).collect()
    };
    run(&lab, "2026-09-01", &ads(0, "1", 8)).await;
    // Each job gets two versions: another id, and another grade.
    run(&lab, "2026-09-02", &ads(100, "2", 8)).await;
    assert_eq!(
        lab.texts("SELECT count(*)::text FROM jobs_history WHERE change_type = 'update'")
            .await,
        ["16"]
    );
    let runs = page(&lab, &["report", "acme", "--runs", "--json"]);
    assert_eq!(
        runs["institutions"][0]["versions"]["2"]["update"], 8,
        "{runs}"
    );
    let measured = "SELECT format('%s %s', rows_in, rows_out) FROM run_stages WHERE stage = 'measure' ORDER BY run_id";
    assert_eq!(lab.texts(measured).await, ["8 8", "8 8"]);
    // Absence counts at most once in twelve hours, however often the board is read.
    for at in [
        "2026-09-03T01:00:00Z",
        "2026-09-03T02:00:00Z",
        "2026-09-03T03:00:00Z",
        "2026-09-03T15:00:00Z",
    ] {
        run(&lab, at, &ads(100, "2", 7)).await;
    }
    let reason = lab
        .texts("SELECT change_reason FROM jobs_history WHERE change_type = 'archive'")
        .await;
    assert_eq!(
        reason,
        [
            "archived: missing from source (4 complete reads since 2026-09-02 00:00Z, 2 of them counted)"
        ]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_differ_in_what_no_mapping_reads_leave_no_failure() {
    let lab = acme(&[]).await;
    lab.write("rules/own.yaml", "rules: []\n");
    let row = |id: u32, title: &str, company: &str, n: u32| json!({ "id": id, "title": title, "company": company, "scraped_at": n });
    // The mapping does not read the company; the relation does.
    let rows = [
        row(1, "Nurse", "Acme", 1),
        row(1, "Nurse", "Acme", 2),
        row(2, "Chef", "Acme", 3),
        row(2, "Chef", "Zed", 4),
        row(1, "Nurse", "Acme", 5),
    ];
    let yaml = |key: &str| ACME.replace("    job:", &format!("{key}    job:"));
    for (key, rejected) in [("    duplicates: first\n", 1), ("", 3)] {
        lab.write("institutions/acme.yaml", &yaml(key));
        let other = lab.copy().await;
        let summary = run(&other, "2026-09-01", &rows).await;
        assert_eq!(
            (summary.total.created, summary.total.rejected),
            (2, rejected),
            "{key}"
        );
        other.bench.drop().await;
    }
    lab.bench.drop().await;
}
