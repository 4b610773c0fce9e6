//! A rehearsal says what a run would then do: on every case with an edit, and on real boards where
//! they are at hand, each is followed by the run itself, and the two are compared ad by ad. A
//! rehearsal leaves the database as it was.

use crate::lab::{Lab, Step, on_any_day};
use crate::promises::{Act, acts, lab};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use weir::engine::rehearse::{RehearsalRequest, rehearse};
use weir::model::Clock;
use weir::store::Store;

/// What a rehearsal foresees for each stored ad that it judged: `institution source ad` to a word.
async fn foreseen(lab: &Lab, at: Clock) -> BTreeMap<String, String> {
    let checked = lab.checked();
    let store = Store::connect(&lab.bench.url(), 12, "bench").await.unwrap();
    let all = Mutex::new(BTreeMap::new());
    for plan in checked
        .institutions
        .iter()
        .filter_map(|one| one.plan())
        .filter(|plan| plan.institution.active)
    {
        for flow in &plan.flows {
            let note = |ad: &str, what: &weir::stage::ForeseenChange| {
                all.lock().unwrap().insert(
                    format!("{} {} {ad}", plan.institution.slug, flow.source),
                    what.name().to_owned(),
                );
            };
            rehearse(
                &store,
                &checked.sandbox,
                plan,
                flow,
                RehearsalRequest {
                    at,
                    all: false,
                    examples: 3,
                },
                &note,
            )
            .await
            .unwrap();
        }
    }
    store.close().await;
    all.into_inner().unwrap()
}

/// What the newest runs did to each ad, in the same words.
const DONE: &str = "SELECT concat_ws(' ', i.slug, s.source_id, s.external_id) || '=' ||
      CASE WHEN s.last_change_run IN (SELECT max(id) FROM runs GROUP BY institution_id) THEN s.last_change
           WHEN s.outcome = 'published' THEN 'unchanged'
           WHEN s.outcome = 'discarded' THEN CASE WHEN s.job_id IS NULL THEN 'rejected' ELSE 'unchanged' END ELSE s.outcome END
    FROM ad_states s JOIN institutions i ON i.id = s.institution_id WHERE s.refused IS NULL AND NOT s.retired";

/// Rehearses, then runs on a copy of the database, and compares; gives how many ads were judged.
async fn compare(lab: &Lab, step: &Step, name: &str) -> usize {
    let before = lab.dump().await;
    let foreseen = foreseen(lab, step.clock()).await;
    assert_eq!(
        lab.dump().await,
        before,
        "{name}: a rehearsal writes nothing"
    );
    let other = lab.copy().await;
    other.run(step).await;
    let done: BTreeMap<String, String> = other
        .texts(DONE)
        .await
        .into_iter()
        .map(|line| {
            line.rsplit_once('=')
                .map(|(ad, what)| (ad.to_owned(), what.to_owned()))
                .unwrap()
        })
        .collect();
    for (ad, what) in &foreseen {
        assert_eq!(done.get(ad), Some(what), "{name}: {ad}");
    }
    let touched = done.iter().filter(|(ad, what)| {
        !foreseen.contains_key(*ad) && ["created", "updated", "reopened"].contains(&what.as_str())
    });
    assert_eq!(
        touched.collect::<Vec<_>>(),
        Vec::<(&String, &String)>::new(),
        "{name}: the run touched what was not foreseen"
    );
    other.bench.drop().await;
    foreseen.len()
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = std::fs::read_dir("tests/cases")
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_of_an_edit_says_what_the_run_does() {
    let mut judged = 0;
    for case in cases() {
        let lab = lab(&case).await;
        let mut last: Option<Step> = None;
        for (line, act) in acts(&case) {
            match act {
                Act::Edit(folder) => {
                    lab.lay_over(&case.join(folder));
                    let Some(before) = &last else { continue };
                    // The same documents, a moment later.
                    let step = Step {
                        at: (before.clock().0 + chrono::Duration::minutes(1)).to_rfc3339(),
                        ..before.clone()
                    };
                    judged += compare(&lab, &step, &format!("{}: {line}", case.display())).await;
                }
                Act::Run(step) => {
                    lab.run(&step).await;
                    last = Some(step);
                }
            }
        }
        lab.bench.drop().await;
    }
    assert!(judged > 20, "the cases edit hardly anything: {judged}");
}

const BOARD: &str = "../shared/feeds/greenhouse-timeseries/anthropic";

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_on_a_real_board_says_what_the_run_does() {
    if !Path::new(BOARD).is_dir() {
        eprintln!("skipped: no captures in {BOARD}");
        return;
    }
    let lab = Lab::new().await;
    let institution = |title: &str| {
        format!(
            "institution: board\ntimezone: America/New_York\nsources:\n  greenhouse:\n    fetch: {{ connector: greenhouse, with: {{ board: board }}, file: {{ path: '${{CAPTURE}}' }} }}\n    job: {{ title: {title} }}\nrequire: {{ title: {{ type: string }} }}\nrules: [own]\n"
        )
    };
    let rule = |assert: &str| {
        format!(
            "rules:\n  - {{ id: own, type: own, field: title, assert: '{assert}', message: \"no: {{job.title}}\" }}\n"
        )
    };
    lab.write("institutions/board.yaml", &institution("$.title"));
    lab.write("rules/own.yaml", &rule("job.title.len() < 60"));
    let mut captures: Vec<PathBuf> = std::fs::read_dir(BOARD)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    captures.sort();
    let capture = std::fs::canonicalize(captures.last().unwrap()).unwrap();
    let step = |at: &str| Step::new(at, &[("CAPTURE", capture.to_str().unwrap())]);
    lab.run(&step("2026-09-01T00:00:00Z")).await;
    lab.write(
        "rules/own.yaml",
        &rule("job.title.len() < 40 || job.title.contains(\"Engineer\")"),
    );
    let judged = compare(&lab, &step("2026-09-01T01:00:00Z"), "a rule").await;
    assert!(judged > 100, "{judged}");
    lab.write(
        "institutions/board.yaml",
        &institution("{ script: 'doc.title + \" (open)\"' }"),
    );
    compare(&lab, &step("2026-09-01T02:00:00Z"), "a mapping").await;
    lab.bench.drop().await;
}

const DATED: &str = "institution: acme
timezone: Australia/Sydney
sources:
  board:
    fetch: { file: { path: ads.ndjson } }
    id: $.id
    job: { title: $.title }
require: { title: { type: string } }
rules: [own]
";

/// What `weir rehearse` says with some arguments: exit code, stdout and stderr.
fn told(lab: &Lab, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_weir"));
    let words = [&["rehearse", "--at", "2026-09-01T02:00:00Z"], arguments].concat();
    let output = command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(&words))
        .env("DATABASE_URL", lab.bench.url())
        .output()
        .unwrap();
    (
        output.status.code(),
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn ads_that_a_new_rule_only_warns_of_are_shown() {
    let lab = Lab::new().await;
    let rule = |id: &str, assert: &str| {
        format!(
            "  - {{ id: {id}, type: own, severity: warn, assert: '{assert}', message: \"not {{job.title}}\" }}\n"
        )
    };
    lab.write("institutions/acme.yaml", DATED);
    lab.write(
        "ads.ndjson",
        "{\"id\": \"1\", \"title\": \"Nurse\"}\n{\"id\": \"2\", \"title\": \"Diver\"}\n",
    );
    lab.write(
        "rules/own.yaml",
        &format!("rules:\n{}", rule("old", "job.title != \"Diver\"")),
    );
    let (code, said) = told(&lab, &[]);
    assert!(
        code == Some(0) && said.contains("board: nothing is stored for this source yet"),
        "{said}"
    );
    lab.run(&Step::new("2026-09-01", &[])).await;
    lab.write(
        "rules/own.yaml",
        &format!(
            "rules:\n{}{}",
            rule("old", "job.title != \"Diver\""),
            rule("new", "job.title != \"Nurse\"")
        ),
    );
    let (_, said) = told(&lab, &[]);
    assert!(
        said.contains("    new warns about 1 ad\n      ~ 1 Nurse · not Nurse\n")
            && !said.contains("old warns about"),
        "{said}"
    );
    assert!(!said.contains("holds all of it"), "{said}");
    lab.write(
        "institutions/acme.yaml",
        &format!("{DATED}quality: {{ hold: true }}\n"),
    );
    assert!(
        told(&lab, &[])
            .1
            .contains("if this read is unusual, the run holds all of it for an operator")
    );
    lab.write("institutions/acme.yaml", DATED);
    let (_, said) = told(&lab, &["--all"]);
    assert!(
        said.contains("    old warns about 1 ad\n      ~ 2 Diver · not Diver\n"),
        "{said}"
    );
    let (_, said) = told(&lab, &["--json"]);
    let page: serde_json::Value = serde_json::from_str(&said).unwrap();
    let warned = &page["institutions"][0]["sources"][0]["rules"]["new"]["warned"];
    assert_eq!(
        (&warned["count"], &warned["examples"][0]["id"]),
        (&1.into(), &"1".into()),
        "{said}"
    );
    let file = lab.folder.join("page.html");
    told(&lab, &["--html", file.to_str().unwrap()]);
    assert!(std::fs::read_to_string(file).unwrap().contains("not Nurse"));
    // A file that stands for no set would change nothing, whatever is in it.
    lab.write("drafts/owm.yaml", "rules: []\n");
    let draft = lab.folder.join("drafts/owm.yaml");
    let (code, said) = told(&lab, &["--rules", draft.to_str().unwrap()]);
    assert!(
        code == Some(2)
            && said.contains("uses the rule set `owm`")
            && said.contains("a file replaces the set of the same name: `own`"),
        "{said}"
    );
    let mut failures = std::process::Command::new(env!("CARGO_BIN_EXE_weir"));
    let failures = failures
        .arg("--project")
        .arg(&lab.folder)
        .args(["failures", "list", "--rule", "new"])
        .env("DATABASE_URL", lab.bench.url());
    let said = String::from_utf8(failures.output().unwrap().stdout).unwrap();
    assert_eq!(
        said,
        "no failures: `new` only warns; `weir failures list --warnings` shows the ads\n"
    );
    lab.bench.drop().await;
}
