//! What history tells: the queries of `docs/reference/history.md`, the views, and the commands
//! about one job, on histories that were really run.

use crate::lab::{Lab, Step, on_any_day};
use crate::promises::{Act, acts, lab};
use serde_json::{Value as Json, json};
use sqlx::{Connection, PgConnection};
use std::path::Path;
use std::process::Command;

/// The lifecycle case, run to its end.
async fn lived() -> Lab {
    let case = Path::new("tests/cases/lifecycle");
    let lab = lab(case).await;
    for (_, act) in acts(case) {
        if let Act::Run(step) = act {
            lab.run(&step).await;
        }
    }
    lab
}

/// Runs a command: its exit code, what it printed, and what it said beside that.
fn weir(lab: &Lab, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    let output = command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words))
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

async fn rows(lab: &Lab, sql: &str) -> usize {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.unwrap();
    rows.len()
}

/// The queries of a page.
fn queries(page: &str) -> Vec<String> {
    page.split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_page_on_history_answers() {
    let lab = lived().await;
    let queries = queries(&std::fs::read_to_string("docs/reference/history.md").unwrap());
    assert!(queries.len() > 10);
    for query in queries {
        let found = rows(&lab, &query).await;
        assert!(
            found > 0 || query.contains("anomalous_updates"),
            "nothing found: {query}"
        );
    }
    let open = "SELECT string_agg(original_id, ' ' ORDER BY original_id) FROM jobs_as_of('2026-09-03 12:00+00') WHERE status = 'open'";
    assert_eq!(lab.texts(open).await, ["A1 A2 A3 BAD HOLD NOISE"]);
    let extra = "SELECT field || ' ' || old::text || ' ' || new::text FROM job_changes WHERE original_id = 'A3' ORDER BY 1";
    assert_eq!(
        lab.texts(extra).await,
        [
            r#"extra.grade "Clerk 3/4" "Clerk 5/6""#,
            r#"remuneration "1 - 2" "1 - 3""#
        ]
    );
    lab.bench.drop().await;
}

/// Twelve ads; `restless` changes its title every day, half of the others on the third.
fn feed(day: usize) -> String {
    let ad = |number: usize| {
        let title = match number {
            0 => {
                if day.is_multiple_of(2) {
                    "Nurse"
                } else {
                    "Nurse (Night)"
                }
            }
            1..=6 if day >= 3 => "Senior Ranger",
            _ => "Ranger",
        };
        let id = if number == 0 {
            "restless".to_owned()
        } else {
            format!("A{number}")
        };
        json!({ "id": id, "title": title, "closes": if number == 1 { "2026-08-20" } else { "2026-12-01" } })
    };
    Json::from((0..12).map(ad).collect::<Vec<_>>()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unusual_is_found() {
    let lab = Lab::new().await;
    lab.write(
        "institutions/acme.yaml",
        "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: feed.json } }\n    id: $.id\n    job: { title: $.title, close_date: $.closes }\nrules: []\n",
    );
    for day in 1..7 {
        lab.write("feed.json", &feed(day));
        lab.run(&Step::new(&format!("2026-09-0{day}T02:00:00Z"), &[]))
            .await;
    }
    let found = lab.texts("SELECT concat_ws(' ', kind, original_id, measure::int) FROM anomalous_updates ORDER BY 1").await;
    assert_eq!(
        found,
        [
            "bulk_update 7",
            "flip_flop restless 4",
            "many_versions restless 6",
            "update_after_archive A1 1"
        ]
    );
    let rates = lab.texts("SELECT concat_ws(' ', field, changes, jobs_changed, jobs, share_of_jobs) FROM field_change_rates").await;
    assert_eq!(rates, ["title 11 7 12 0.5833"]);
    let weeks = lab.texts("SELECT concat_ws(' ', week, changes, usual, times_usual) FROM trending_changes ORDER BY week").await;
    assert_eq!(weeks, ["2026-08-31 11 0.00"]);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_tells_its_history() {
    let lab = lived().await;
    let (code, text, _) = weir(&lab, &["history", "board:A4"]);
    assert_eq!(code, 0);
    for line in [
        "Ranger A4 · acme/board:A4 · open",
        "v2  2026-09-03 02:00Z  archive: archived: closing date passed (2026-09-02)",
        "~ close_date  2026-09-02 → 2026-09-30",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let (_, then, _) = weir(
        &lab,
        &["history", "acme/board:A4", "--at", "2026-09-03T12:00:00Z"],
    );
    assert!(
        then.contains("status: archived") && then.contains("close_date: 2026-09-02"),
        "{then}"
    );
    let (code, _, said) = weir(&lab, &["history", "A4", "--at", "2026-08-01"]);
    assert!(
        code == 2 && said.contains("the job did not exist at"),
        "{said}"
    );
    let (_, json, _) = weir(&lab, &["history", "A4", "--json"]);
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (
            &json["format"],
            &json["history"]["versions"][2]["change_type"]
        ),
        (&json!(1), &json!("reopen"))
    );
    // By uuid, and by its beginning.
    let id = json["history"]["job_id"].as_str().unwrap().to_owned();
    for name in [id.as_str(), &id[..13]] {
        assert!(
            weir(&lab, &["history", name]).1.contains("Ranger A4"),
            "{name}"
        );
    }
    let (code, _, said) = weir(&lab, &["history", "A"]);
    assert!(
        code == 2 && said.contains("is ambiguous") && said.contains("acme/board:A1"),
        "{said}"
    );
    let (code, _, said) = weir(&lab, &["why", "Z9"]);
    assert!(
        code == 2 && said.contains("help: give the uuid of a job"),
        "{said}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biography_tells_documents_versions_holds_misses_and_verdicts() {
    let lab = lived().await;
    let (code, text, _) = weir(&lab, &["why", "HOLD"]);
    assert_eq!(code, 0, "{text}");
    let order = [
        "version 1 by run",
        "hold 1 (job): published, but its new version fails",
        "version 2 by run",
        "hold 1 ended by run: passes again",
        "last seen in its source",
    ];
    let places: Vec<Option<usize>> = order.iter().map(|what| text.find(what)).collect();
    assert!(places.iter().all(Option::is_some), "{places:?} {text}");
    for what in [
        "the ad is published",
        "mapping ",
        "$.title",
        "pass",
        "rule dates/",
        "mandatory field title",
    ] {
        assert!(text.contains(what), "{what}: {text}");
    }
    let json: Json = serde_json::from_str(&weir(&lab, &["why", "HOLD", "--json"]).1).unwrap();
    assert_eq!(
        json["why"]["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|field| field["field"] == "title")
            .unwrap()["since"],
        json!(2)
    );
    // One that never became a job.
    let first = crate::promises::lab(Path::new("tests/cases/lifecycle")).await;
    first
        .run(&Step::new("2026-09-01T02:00:00Z", &[("DAY", "1")]))
        .await;
    let (code, text, _) = weir(&first, &["why", "BAD"]);
    assert!(
        code == 0
            && text.contains("never became a job")
            && text.contains("missing_field: Mandatory field 'title' is missing"),
        "{text}"
    );
    lab.bench.drop().await;
    first.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ad_that_was_refused_keeps_the_documents_and_reasons_that_are_gone() {
    let lab = Lab::new().await;
    let institution = "institution: acme\ntimezone: Australia/Sydney\nrequire: { title: { maxLength: 8 } }\ndivision: { from: department, unknown: create }\n\
        sources:\n  board:\n    fetch: { file: { path: ads.ndjson } }\n    id: $.id\n    job: { title: $.title, department: $.unit, extra: { grade: $.grade } }\n";
    lab.write("institutions/acme.yaml", institution);
    for (day, title, grade) in [
        (1, "Ranger of the river", 1),
        (2, "Ranger of rivers", 1),
        (3, "Ranger", 2),
        (4, "Ranger", 3),
    ] {
        lab.write(
            "ads.ndjson",
            &format!(
                "{}\n",
                json!({ "id": "7", "title": title, "unit": "Parks", "grade": grade })
            ),
        );
        lab.run(&Step::new(&format!("2026-09-0{day}"), &[])).await;
    }
    let (_, text, _) = weir(&lab, &["why", "7"]);
    assert_eq!(text.matches("  document  document ").count(), 4, "{text}");
    assert_eq!(text.matches(", from ads.ndjson").count(), 4, "{text}");
    for said in [
        "invalid_length, since 2026-09-01, no longer: ",
        "version 1 by run 3",
        "found by the name in the ad: Parks, confidence 1.00",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(
        text.lines()
            .any(|line| line.trim().starts_with("division_id  Parks ")),
        "{text}"
    );
    // The plan of the next run shows custom fields one by one, and can be asked for one of them.
    lab.write(
        "ads.ndjson",
        &format!(
            "{}\n",
            json!({ "id": "7", "title": "Ranger", "unit": "Parks", "grade": 4 })
        ),
    );
    for field in ["grade", "extra.grade", "extra"] {
        let (_, plan, said) = weir(
            &lab,
            &["plan", "--jobs", "--field", field, "--at", "2026-09-05"],
        );
        assert!(
            plan.contains("extra.grade") && plan.contains("~ 7"),
            "{plan}{said}"
        );
    }
    assert!(
        !weir(
            &lab,
            &["plan", "--jobs", "--field", "title", "--at", "2026-09-05"]
        )
        .1
        .contains("~ 7")
    );
    assert!(
        weir(&lab, &["plan", "--jobs", "--field", "grad"])
            .2
            .contains("did you mean `grade`?")
    );
    let (_, runs, _) = weir(&lab, &["report", "--runs=3"]);
    let runs: Vec<Vec<&str>> = runs
        .lines()
        .map(|line| line.split_whitespace().take(6).collect())
        .collect();
    assert_eq!(
        runs[2..],
        [
            vec!["4", "2026-09-04", "00:00Z", "done", "0", "1"],
            vec!["3", "2026-09-03", "00:00Z", "done", "1", "0"],
            vec!["2", "2026-09-02", "00:00Z", "done", "0", "0"]
        ]
    );
    lab.bench.drop().await;
}

/// Changes rows by hand.
async fn past_the_pipeline(lab: &Lab, sql: &'static str) {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_names_what_was_changed_past_the_pipeline() {
    let lab = lived().await;
    if !lab.bench.changes_views().await {
        return lab.bench.drop().await;
    }
    let (code, text, _) = weir(&lab, &["audit"]);
    assert!(
        code == 0 && text.contains("everything matches the history"),
        "{text}"
    );
    past_the_pipeline(
        &lab,
        "UPDATE jobs SET title = 'Boss', source_url = 'https://elsewhere.example' WHERE original_id = 'A1';
         UPDATE raw_documents SET content = content || jsonb_build_object('title', 'Boss') WHERE document_id = (SELECT document_id FROM ad_states WHERE external_id = 'A4');
         DELETE FROM superseded_versions WHERE original_id = 'A2' AND version = 1;
         DELETE FROM raw_documents WHERE document_id = (SELECT document_id FROM ad_states WHERE external_id = 'A3');
         DELETE FROM jobs WHERE original_id = 'A5'",
    )
    .await;
    let (code, text, _) = weir(&lab, &["audit", "acme"]);
    let said: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| Some((line.trim().split_once("  ")?.0, line.rsplit_once("  ")?.1)))
        .collect();
    let expected = [
        (
            "acme/board:A1",
            "is https://elsewhere.example, but https://jobs.example.org/A1 in the history",
        ),
        ("acme/board:A1", "is Boss, but Ranger A1 in the history"),
        ("acme/board:A2", "versions are missing: [1]"),
        ("acme/board:A3", "has lost the document that it was made of"),
        ("acme/board:A4", "is not the document that was stored"),
        ("acme/board:A5", "has versions but no job"),
    ];
    assert_eq!((code, said.as_slice()), (1, &expected[..]), "{text}");
    assert_eq!(
        weir(&lab, &["audit", "nobody"]).0,
        2,
        "who is unknown is not audited"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_names_versions_that_do_not_follow_and_ads_without_their_jobs() {
    let lab = lived().await;
    if !lab.bench.changes_views().await {
        return lab.bench.drop().await;
    }
    past_the_pipeline(
        &lab,
        "UPDATE superseded_versions SET created_at = '2026-08-01' WHERE original_id = 'A4' AND version = 2;
         UPDATE published_jobs SET status = 'archived' WHERE original_id = 'A1' AND version = 2;
         UPDATE ad_states SET job_id = (SELECT id FROM jobs WHERE original_id = 'A3') WHERE external_id = 'A2';
         DELETE FROM jobs WHERE original_id = 'A5';
         DELETE FROM superseded_versions WHERE original_id = 'A5'",
    )
    .await;
    let (code, text, _) = weir(&lab, &["audit", "acme"]);
    for said in [
        "version 2 is dated before its predecessor",
        "version 2 is a `update`, but its status is `archived`",
        "is also the job of the ad board:A2",
        "the ad is published, but has neither a job nor a version",
    ] {
        assert!(code == 1 && text.contains(said), "{said}: {text}");
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_deleted_comes_back_if_it_is_listed() {
    let lab = Lab::new().await;
    if !lab.bench.changes_views().await {
        return lab.bench.drop().await;
    }
    let institution = "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: ads.json } }\n    id: $.id\n    job: { title: $.title }\n";
    lab.write("institutions/acme.yaml", institution);
    lab.write("ads.json", r#"[{ "id": "1", "title": "Ranger" }, { "id": "2", "title": "Nurse" }, { "id": "3", "title": "Chef" }]"#);
    lab.run(&Step::new("2026-09-01", &[])).await;
    past_the_pipeline(&lab, "DELETE FROM jobs WHERE original_id <> '3'; DELETE FROM superseded_versions WHERE original_id = '1'").await;
    // One has new content, the other the same as ever.
    lab.write("ads.json", r#"[{ "id": "1", "title": "Ranger" }, { "id": "2", "title": "Night nurse" }, { "id": "3", "title": "Chef" }]"#);
    let totals = |summary: &weir::engine::RunSummary| {
        (
            summary.total.created,
            summary.total.updated,
            summary.total.unchanged,
        )
    };
    assert_eq!(
        totals(&lab.run(&Step::new("2026-09-02", &[])).await[0]),
        (2, 0, 1)
    );
    assert_eq!(
        totals(&lab.run(&Step::new("2026-09-03", &[])).await[0]),
        (0, 0, 3)
    );
    let alert = "jobs of source `board` were deleted from the table `jobs` (2): ads that are still listed become new jobs";
    assert_eq!(lab.texts("SELECT message FROM alerts").await, [alert]);
    let (_, text, _) = weir(&lab, &["audit"]);
    assert!(
        text.contains("has versions but no job") && text.contains("1 finding"),
        "{text}"
    );
    lab.bench.drop().await;
}
