//! The log of the process: spans nest as the work does, and each line is one JSON object.

use crate::lab::Lab;
use serde_json::Value as Json;
use std::process::{Command, Output};

const ACME: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { file: { path: board.ndjson } }
    id: $.id
    job: { title: $.title, description: $.text }
";

fn weir(lab: &Lab, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_weir"))
        .arg("--project")
        .arg(&lab.folder)
        .args(words.split(' '))
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .output()
        .unwrap()
}

fn names(line: &Json) -> Vec<&str> {
    let spans = line["spans"].as_array().into_iter().flatten();
    spans.filter_map(|span| span["name"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_nest_as_the_work_does() {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", ACME);
    lab.write(
        "board.ndjson",
        r#"{"id":1,"title":"Driver","text":"Drives a bus"}
"#,
    );
    let output = weir(&lab, "run --log debug --log-format json --quiet");
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<Json> = text
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let whole = lines
        .iter()
        .find(|line| line["span"]["stage"] == "promote" || line["span"]["stage"] == "extract")
        .unwrap_or_else(|| panic!("no stage closes: {text}"));
    assert_eq!(names(whole), ["run", "source", "batch"], "{text}");
    assert_eq!(whole["spans"][0]["institution"], "acme", "{text}");
    assert_eq!(whole["spans"][1]["source"], "board", "{text}");
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_level_nothing_is_logged_and_a_wrong_one_is_refused() {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", ACME);
    let quiet = String::from_utf8(weir(&lab, "check").stderr).unwrap();
    assert!(!quiet.contains("INFO"), "{quiet}");
    let output = weir(&lab, "check --log weir=loud");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("help: give a level"), "{text}");
    lab.bench.drop().await;
}
