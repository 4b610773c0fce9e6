//! The plan of jobs is what the run then does, record for record: on every case of `tests/cases`,
//! and on random sequences of feeds and edited YAML. What the run did is read from the tables
//! before and after it, not by the code that made the plan. A saved plan that is applied leaves the
//! same tables as the run; after any change it is refused, and nothing is written.

use crate::bench::difference;
use crate::lab::{Lab, Step};
use crate::promises::{Act, acts, cases, lab};
use std::collections::BTreeSet;
use std::path::Path;
use weir::engine::{RunError, RunSummary};
use weir::model::{RecordKind, RunRecord};

/// Every version of every job, a line each.
const VERSIONS: &str = "SELECT concat_ws(' | ', i.slug, h.source_id, h.change_type, h.original_id, h.id, 'v' || h.version, h.title, h.change_reason,
      CASE h.change_type WHEN 'create' THEN 'new' ELSE h.changes::text END)
    FROM jobs_history h JOIN institutions i ON i.id = h.institution_id";

/// Every ad that is refused, held or failed, with its reasons.
const REFUSED: &str = "SELECT concat_ws(' | ', i.slug, s.source_id, s.outcome, s.external_id, encode(s.content_hash, 'hex'),
      COALESCE(j.validation_errors::text, f.error_details, ''))
    FROM ad_states s JOIN institutions i ON i.id = s.institution_id
    LEFT JOIN staging_jobs j ON j.institution_id = s.institution_id AND j.document_id = s.document_id
    LEFT JOIN staging_failed_documents f ON f.institution_id = s.institution_id AND f.document_id = s.document_id
    WHERE s.outcome IN ('rejected', 'held', 'failed')";

/// Every open question to a person.
const QUESTIONS: &str = "SELECT concat_ws(' | ', i.slug, h.source_id, 'question', h.subject, h.reason)
    FROM holds h JOIN institutions i ON i.id = h.institution_id WHERE h.status = 'open' AND h.kind <> 'job'";

async fn lines(lab: &Lab) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for sql in [VERSIONS, REFUSED, QUESTIONS] {
        all.extend(lab.texts(sql).await);
    }
    all
}

/// A record in the words of these queries.
fn line(slug: &str, record: &RunRecord) -> String {
    let text = |json: &serde_json::Value| json.as_str().unwrap_or_default().to_owned();
    let head = format!(
        "{slug} | {} | {} | {}",
        record.source,
        record.what.name(),
        record.id
    );
    match record.what {
        RecordKind::Create | RecordKind::Update | RecordKind::Reopen | RecordKind::Archive => {
            let changes = if record.what == RecordKind::Create {
                "new".to_owned()
            } else {
                jsonb(&record.changes)
            };
            format!(
                "{head} | {} | v{} | {} | {} | {changes}",
                record.job.unwrap(),
                record.version.unwrap(),
                record.title.as_deref().unwrap_or_default(),
                record.why
            )
        }
        RecordKind::Question => format!("{head} | {}", record.why),
        _ => {
            let is_letter = record.reasons[0].get("field").is_none()
                && record.reasons.as_array().is_some_and(|all| all.len() == 1);
            let is_letter = is_letter && record.title.is_none();
            let reasons = match record.reasons.as_array().map_or(0, Vec::len) {
                0 => String::new(),
                _ if is_letter => text(&record.reasons[0]["message"]),
                _ => jsonb(&record.reasons),
            };
            format!(
                "{head} | {} | {reasons}",
                record.document.as_deref().unwrap_or_default()
            )
        }
    }
}

/// JSON as PostgreSQL writes it: keys by length, then by letters; a blank behind each comma and
/// colon.
fn jsonb(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| (key.len(), (*key).clone()));
            let pairs = keys
                .into_iter()
                .map(|key| format!("{}: {}", Value::String(key.clone()), jsonb(&map[key])));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(jsonb).collect::<Vec<_>>().join(", ")
        ),
        other => other.to_string(),
    }
}

/// Plans, applies the plan on one copy, runs on the other, and compares; the lab then stands as
/// after the run. Gives how many records there were.
async fn plan_apply_and_run(lab: &Lab, step: &Step, name: &str) -> usize {
    let file = lab
        .folder
        .join(".weir")
        .join(format!("{}.plan", lab.bench.name));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let before = lab.dump().await;
    let stood = lines(lab).await;
    let plans = lab.foresee(step, &file).await;
    assert_eq!(
        difference(&before, &lab.dump().await),
        None,
        "{name}: the plan wrote something"
    );
    let copy = lab.copy().await;
    let applied = copy.apply(step, &file).await;
    let summaries = lab.run(step).await;
    for ((plan, real), applied) in plans.iter().zip(&summaries).zip(applied) {
        let counts = |summary: &RunSummary| {
            summary
                .sources
                .iter()
                .map(|(source, about)| (source.clone(), about.counts.clone(), about.bookkeeping))
                .collect::<Vec<_>>()
        };
        assert_eq!(counts(&plan.0), counts(real), "{name}");
        let applied = applied.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(counts(&applied), counts(real), "{name}");
    }
    let planned: BTreeSet<String> = plans
        .iter()
        .flat_map(|(summary, records)| {
            records
                .iter()
                .map(|record| line(&summary.institution, record))
        })
        .collect();
    let done: BTreeSet<String> = lines(lab).await.difference(&stood).cloned().collect();
    assert_eq!(planned, done, "{name}: what was planned, and what was done");
    if let Some(difference) = difference(&lab.dump().await, &copy.dump().await) {
        panic!("{name}: applying ended otherwise than running:\n{difference}");
    }
    copy.bench.drop().await;
    plans.iter().map(|(_, records)| records.len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_every_case_the_plan_is_what_the_run_does_and_applying_it_is_the_run() {
    for case in cases() {
        let lab = lab(&case).await;
        for (line, act) in acts(&case) {
            match act {
                Act::Edit(folder) => lab.lay_over(&case.join(folder)),
                Act::Run(step) => {
                    plan_apply_and_run(&lab, &step, &format!("{}: {line}", case.display())).await;
                }
            }
        }
        lab.bench.drop().await;
    }
}

/// Random numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn institution(dice: &mut Dice) -> String {
    let title = ["$.title", "{ script: 'doc.title + \" (m/f)\"' }"][usize::from(dice.roll(4) == 0)];
    let shortest = [3, 12, 30][usize::try_from(dice.roll(3)).unwrap()];
    let unknown = ["hold", "create"][usize::from(dice.roll(2) == 0)];
    let after = 1 + dice.roll(2);
    format!(
        "institution: board\ntimezone: Australia/Sydney\nsources:\n  jobs:\n    fetch: {{ file: {{ path: 'feed-${{DAY}}.json', records: '$[*]' }} }}\n    id: $.id\n    job:\n      title: {title}\n      description: $.text\n      open_date: {{ from: $.open, as: date }}\n      close_date: {{ from: $.close, as: date }}\n      department: $.department\n      locations: $.places[*]\n      source_url: $.url\nrequire:\n  title: {{ type: string, minLength: 3 }}\n  description: {{ type: string, minLength: {shortest} }}\ndivision: {{ from: department, known: [Water, Roads], unknown: {unknown} }}\nmissing: {{ after: {after}, apart: 0h, at_most: 40% }}\n"
    )
}

fn feed(dice: &mut Dice) -> String {
    let ads = (1..=12).filter(|_| dice.roll(6) > 0).collect::<Vec<u64>>();
    let ads = ads.into_iter().map(|id| {
        let pick = |dice: &mut Dice, of: &[&str]| of[usize::try_from(dice.roll(of.len() as u64)).unwrap()].to_owned();
        let close = 3 + dice.roll(20);
        serde_json::json!({
            "id": id.to_string(), "title": pick(dice, &["Engineer", "Engineer", "Ranger", ""]), "open": "2026-08-20", "close": format!("2026-09-{close:02}"),
            "text": pick(dice, &["Looks after the pumps and the dams.", "Looks after the pumps and the weirs.", "Too short"]),
            "department": pick(dice, &["Water", "Water", "Roads", "Fire"]), "places": [pick(dice, &["Bega", "Orange"]), "Sydney"],
            "url": format!("https://board.example/{id}?{}", dice.roll(3)),
        })
    });
    let mut ads: Vec<serde_json::Value> = ads.collect();
    if dice.roll(5) == 0 {
        ads.push(serde_json::json!({ "title": "Without an id" }));
    }
    serde_json::Value::Array(ads).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_random_histories_the_plan_is_what_the_run_does_and_applying_it_is_the_run() {
    let mut records = 0;
    for seed in 1..=6 {
        let (lab, mut dice) = (Lab::new().await, Dice(seed));
        for day in 1..=5 {
            if day == 1 || dice.roll(2) == 0 {
                lab.write("institutions/board.yaml", &institution(&mut dice));
            }
            lab.write(&format!("feed-{day}.json"), &feed(&mut dice));
            let step = Step::new(
                &format!("2026-09-{:02}", day * 2),
                &[("DAY", &day.to_string())],
            );
            records += plan_apply_and_run(&lab, &step, &format!("seed {seed}, day {day}")).await;
        }
        lab.bench.drop().await;
    }
    assert!(records > 150, "hardly anything happened: {records}");
}

/// A lab with a day behind it, and the saved plan of the next.
async fn planned(edited: &str) -> (Lab, Step, std::path::PathBuf) {
    let (lab, mut dice) = (Lab::new().await, Dice(7));
    lab.write(
        "lists/words.yaml",
        "about: Words.\nlist: [Engineer, Ranger]\n",
    );
    lab.write(
        "institutions/board.yaml",
        &(institution(&mut dice) + "rules: [own]\n"),
    );
    lab.write("rules/own.yaml", RULE);
    for day in 1..=2 {
        lab.write(&format!("feed-{day}.json"), &feed(&mut dice));
    }
    lab.run(&Step::new("2026-09-02", &[("DAY", "1")])).await;
    let step = Step::new("2026-09-04", &[("DAY", "2")]);
    let file = lab.folder.join(format!("{edited}.plan"));
    lab.foresee(&step, &file).await;
    (lab, step, file)
}

const RULE: &str = "rules:\n  - { id: own, type: own, field: title, assert: 'job.title.len() > 2', message: 'too short: {job.title}' }\n";

async fn refused(lab: &Lab, step: &Step, file: &Path) -> String {
    let before = lab.dump().await;
    let result = lab.apply(step, file).await.remove(0);
    assert_eq!(
        difference(&before, &lab.dump().await),
        None,
        "a refusal writes nothing"
    );
    match result {
        Err(RunError::Moved { why, .. }) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_refused_after_any_change() {
    let (lab, step, file) = planned("moved").await;
    lab.write("rules/own.yaml", &RULE.replace("> 2", "> 3"));
    assert!(
        refused(&lab, &step, &file).await.contains("rule own"),
        "an edited rule is named"
    );
    lab.write(
        "rules/own.yaml",
        &RULE.replace("too short: {job.title}", "short: {job.title}"),
    );
    let _ = lab.apply(&step, &file).await;
    lab.bench.drop().await;

    let (lab, step, file) = planned("decided").await;
    assert!(
        !lab.texts("UPDATE holds SET status = 'released' WHERE status = 'open' RETURNING subject")
            .await
            .is_empty(),
        "there is a hold to release"
    );
    assert!(
        refused(&lab, &step, &file)
            .await
            .contains("the tables have changed")
    );
    lab.bench.drop().await;

    let (lab, step, file) = planned("hand").await;
    for sql in [
        "UPDATE published_jobs SET description = 'by hand' RETURNING title",
        "UPDATE published_jobs SET change_reason = 'by hand' RETURNING title",
    ] {
        assert!(!lab.texts(sql).await.is_empty());
        assert!(
            refused(&lab, &step, &file)
                .await
                .contains("the tables have changed"),
            "{sql}"
        );
    }
    lab.bench.drop().await;

    let (lab, step, file) = planned("run").await;
    lab.run(&Step::new("2026-09-03", &[("DAY", "1")])).await;
    assert!(
        refused(&lab, &step, &file)
            .await
            .contains("the tables have changed")
    );
    lab.bench.drop().await;

    let (lab, step, file) = planned("whole").await;
    lab.apply(&step, &file)
        .await
        .remove(0)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(
        refused(&lab, &step, &file)
            .await
            .contains("the tables have changed"),
        "it is applied once"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_no_plan_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let (lab, _, file) = planned("damaged").await;
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let bytes = std::fs::read(&file).unwrap();
    let spool = lab.folder.join("spool");
    for end in [0, 10, bytes.len() / 2, bytes.len() - 9] {
        std::fs::write(&file, &bytes[..end]).unwrap();
        assert!(
            weir::engine::saved::read(&file, &spool).is_err(),
            "cut after {end} bytes"
        );
    }
    lab.bench.drop().await;
}

/// Ads whose titles are hostile, on a page that is opened in a browser.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_switches_kinds_off_and_hostile_text_stays_text() {
    let lab = Lab::new().await;
    let mut dice = Dice(1);
    lab.write(
        "institutions/board.yaml",
        &institution(&mut dice)
            .replace("minLength: 30", "minLength: 3")
            .replace("minLength: 12", "minLength: 3"),
    );
    let ad = |id: u8, title: &str| serde_json::json!({ "id": id.to_string(), "title": title, "text": "Looks after it.", "open": "2026-08-20", "close": "2026-09-20", "department": "Water", "places": ["Bega"] });
    let ads = serde_json::json!([
        ad(1, "<img src=x onerror=\"document.title='bad'\">"),
        ad(2, "")
    ]);
    lab.write("feed-1.json", &ads.to_string());
    let page = lab.folder.join("plan.html");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args([
            "plan",
            "--jobs",
            "--allow-future",
            "--at",
            "2026-09-02",
            "--html",
        ])
        .arg(&page);
    let output = command
        .env("DATABASE_URL", lab.bench.url())
        .env("DAY", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("+ 1 to create  x 1 rejected")
            && text.contains("Mandatory field 'title' is missing"),
        "{text}"
    );
    let Some(browser) = crate::browser::Browser::open() else {
        return lab.bench.drop().await;
    };
    browser.show(&page);
    assert!(browser.sees("article.create") && browser.sees("article.rejected"));
    assert_eq!(browser.script("return document.title"), "Plan of jobs");
    assert!(
        browser
            .script("return document.querySelector('article.create b').innerText")
            .as_str()
            .unwrap()
            .starts_with("<img")
    );
    browser.click("#show-create");
    assert!(!browser.sees("article.create") && browser.sees("article.rejected"));
    browser.click("#show-create");
    assert!(browser.sees("article.create"));
    lab.bench.drop().await;
}
