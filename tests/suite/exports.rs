//! `weir export`: every job, version and change is there, as the tables have it, by institution and
//! time; a file that could not be written whole is not there.

use crate::lab::{Lab, Step};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::{Command, Output};

fn institution(name: &str) -> String {
    format!(
        "institution: {name}\ntimezone: UTC\nsources:\n  board:\n    fetch: {{ file: {{ path: '{name}-${{DAY}}.json' }} }}\n    id: $.id\n    job:\n      title: $.title\n      close_date: $.closes\n      locations: $.places[*]\n      department: $.department\ndivision: {{ from: department, unknown: create }}\nmissing: {{ after: 1, apart: 0h, at_most: 100% }}\n"
    )
}

/// Two institutions with two days behind them.
async fn lab() -> Lab {
    let lab = Lab::new().await;
    let ad = |id: u8, title: &str| json!({ "id": id.to_string(), "title": title, "closes": "2026-12-01", "places": ["Bega, \"NSW\"", "Orange"], "department": "Wa\nter" });
    for name in ["acme", "board"] {
        lab.write(&format!("institutions/{name}.yaml"), &institution(name));
        lab.write(
            &format!("{name}-1.json"),
            &json!([ad(1, "=1+1"), ad(2, "Ranger; <b>")]).to_string(),
        );
        lab.write(
            &format!("{name}-2.json"),
            &json!([ad(1, "Nurse"), ad(3, "Pilot")]).to_string(),
        );
    }
    lab.run(&Step::new("2026-09-01", &[("DAY", "1")])).await;
    lab.run(&Step::new("2026-09-03", &[("DAY", "2")])).await;
    lab
}

fn call(lab: &Lab, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .arg("export")
        .args(words)
        .env("DATABASE_URL", lab.bench.url())
        .output()
        .unwrap()
}

fn export(lab: &Lab, words: &[&str]) -> Vec<Json> {
    let output = call(lab, words);
    assert!(
        output.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn told(rows: &[Json], columns: &[&str]) -> Vec<String> {
    let mut told: Vec<String> = rows
        .iter()
        .map(|row| {
            columns
                .iter()
                .map(|column| row[*column].to_string())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    told.sort();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_history_and_changes_are_as_the_tables_have_them() {
    let lab = lab().await;
    let jobs = export(&lab, &["jobs", "acme", "--raw"]);
    assert_eq!(
        told(
            &jobs,
            &[
                "institution",
                "original_id",
                "version",
                "status",
                "title",
                "archived_as"
            ]
        ),
        [
            r#""acme" "1" 2 "open" "Nurse" null"#,
            r#""acme" "2" 2 "archived" "Ranger; <b>" "missing""#,
            r#""acme" "3" 1 "open" "Pilot" null"#
        ]
    );
    let pilot = jobs.iter().find(|job| job["title"] == "Pilot").unwrap();
    assert_eq!(pilot["locations"], json!(["Bega, \"NSW\"", "Orange"]));
    assert_eq!(pilot["division"], json!("Wa ter"));
    assert_eq!(
        (&pilot["close_date"], &pilot["first_seen_at"]),
        (&json!("2026-12-01"), &json!("2026-09-03T00:00:00Z"))
    );
    assert_eq!(pilot["raw"]["department"], json!("Wa\nter"));
    let then = export(&lab, &["jobs", "acme", "--at", "2026-09-02"]);
    assert_eq!(
        told(&then, &["original_id", "version", "status", "title"]),
        [r#""1" 1 "open" "=1+1""#, r#""2" 1 "open" "Ranger; <b>""#]
    );
    assert_eq!(export(&lab, &["jobs"]).len(), 6);
    assert_eq!(
        told(
            &export(&lab, &["jobs", "acme", "--since", "2026-09-02"]),
            &["original_id"]
        )
        .len(),
        3
    );
    assert_eq!(
        export(&lab, &["jobs", "acme", "--until", "2026-09-02"]).len(),
        0
    );

    let history = export(&lab, &["history", "acme", "--since", "2026-09-02"]);
    assert_eq!(
        told(
            &history,
            &[
                "original_id",
                "version",
                "change_type",
                "changed_fields",
                "created_by"
            ]
        ),
        [
            r#""1" 2 "update" ["title"] "etl_pipeline""#,
            r#""2" 2 "archive" ["status"] "etl_pipeline""#,
            r#""3" 1 "create" ["title","close_date","department","locations","division_id"] "etl_pipeline""#
        ]
    );
    assert_eq!(
        export(&lab, &["history"]).len().to_string(),
        lab.texts("SELECT count(*)::text FROM jobs_history").await[0]
    );
    let changes = export(&lab, &["changes", "board"]);
    assert_eq!(
        told(&changes, &["original_id", "field", "old", "new"]),
        [
            r#""1" "title" "=1+1" "Nurse""#,
            r#""2" "status" "open" "archived""#
        ]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_whole_or_not_there_and_a_wrong_name_is_told() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let lab = lab().await;
    let file = |name: &str| lab.folder.join(name);
    let to = |words: &[&str], path: &Path| {
        call(&lab, &[words, &["--out", path.to_str().unwrap()]].concat())
    };
    assert!(to(&["jobs"], &file("jobs.parquet")).status.success());
    let reader =
        SerializedFileReader::new(std::fs::File::open(file("jobs.parquet")).unwrap()).unwrap();
    assert_eq!(
        reader
            .get_row_iter(None)
            .unwrap()
            .map(Result::unwrap)
            .count(),
        6
    );
    assert!(to(&["jobs"], &file("jobs.csv")).status.success());
    let text = std::fs::read_to_string(file("jobs.csv")).unwrap();
    assert!(
        text.starts_with("institution,source,job,original_id,version,status,title,"),
        "{text}"
    );
    assert!(
        text.contains("\"[\"\"Bega, \\\"\"NSW\\\"\"\"\",\"\"Orange\"\"]\""),
        "{text}"
    );

    let nowhere = to(&["jobs"], &file("no/such/folder.csv"));
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("cannot write"));
    let unknown = call(&lab, &["jobs", "acne"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("`acne`"));
    assert_eq!(
        std::fs::read_dir(&lab.folder)
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(".jobs"))
            .count(),
        0
    );
    lab.bench.drop().await;
}

/// A column that a migration adds is exported, or this test says so.
#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_the_tables_is_exported() {
    let lab = lab().await;
    let renamed = |column: &str| match column {
        "source_id" => "source".to_owned(),
        "id" => "job".to_owned(),
        "run_id" => "run".to_owned(),
        "raw_json" => "raw".to_owned(),
        other => other.to_owned(),
    };
    for (table, words) in [
        ("jobs", &["jobs", "acme", "--raw"][..]),
        ("jobs_history", &["history", "acme", "--raw"]),
    ] {
        let rows = export(&lab, words);
        let sql = "SELECT table_name || ' ' || column_name FROM information_schema.columns WHERE table_name IN ('jobs', 'jobs_history')";
        let columns = lab.texts(sql).await;
        let of_table = columns
            .iter()
            .filter_map(|column| column.strip_prefix(&format!("{table} ")))
            .map(renamed);
        let absent: Vec<String> = of_table
            .filter(|column| rows[0].get(column).is_none())
            .collect();
        assert_eq!(absent, [""; 0], "`weir export` lacks columns of `{table}`");
    }
    let job = export(&lab, &["jobs", "acme"]).remove(0);
    assert_eq!(
        job["external_id"],
        json!(format!("board:{}", job["original_id"].as_str().unwrap()))
    );
    let change = export(&lab, &["changes", "acme"]).remove(0);
    assert_eq!(
        (
            &change["institution_id"],
            change["external_id"]
                .as_str()
                .unwrap()
                .starts_with("board:")
        ),
        (&job["institution_id"], true)
    );
    lab.bench.drop().await;
}

/// A feed that cannot continue says why and what to do, and never begins somewhere else.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_database_or_of_the_future_is_refused() {
    let lab = lab().await;
    let feed = |cursor: String| {
        let output = call(&lab, &["acme", "--since", &cursor, "--format", "csv"]);
        let said = String::from_utf8(output.stderr).unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            said,
        )
    };
    // What another database of this server writes just now holds back what is newer.
    let begun = std::time::Instant::now();
    let (code, rows, said) = loop {
        let answer = feed("start".to_owned());
        let is_all = answer.1.matches(",create,").count() == 3;
        if is_all || begun.elapsed() > std::time::Duration::from_secs(60) {
            break answer;
        }
    };
    let cursor = said
        .trim()
        .strip_prefix("next cursor: ")
        .unwrap()
        .to_owned();
    assert_eq!(
        (code, rows.matches(",create,").count()),
        (Some(0), 3),
        "{rows}"
    );
    let (code, rows, said) = feed(cursor.clone());
    assert_eq!((code, rows.lines().count()), (Some(0), 1), "{rows}");
    assert_eq!(said.trim(), format!("next cursor: {cursor}"));
    let (database, place) = cursor.split_once('-').unwrap();
    for (cursor, expected) in [
        (format!("0badcafe-{place}"), "is of another database"),
        (
            format!("{database}-18446744073709551615-1"),
            "is ahead of this database",
        ),
        ("yesterday".to_owned(), "not a cursor"),
    ] {
        let (code, rows, said) = feed(cursor);
        assert!(
            code == Some(2) && rows.is_empty() && said.contains(expected),
            "{said}"
        );
    }
    let sql = "UPDATE published_jobs SET txid = '18446744073709551614' WHERE original_id = '1' RETURNING 'x'";
    lab.texts(sql).await;
    let (code, rows, said) = feed("start".to_owned());
    assert!(
        code == Some(2) && rows.is_empty() && said.contains("another server"),
        "{said}"
    );
    lab.bench.drop().await;
}
