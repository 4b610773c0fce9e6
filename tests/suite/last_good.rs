//! `on_broken: last_good`: whatever breaks, the institution stays on what ran last, and everybody
//! is told; without it the institution is left out.

use crate::lab::{Lab, on_any_day};
use std::process::Command;

const RULES: &str = "rules:\n  - { id: short, type: invalid_length, field: title, assert: job.title.len() < 12, message: Too long }\n";

fn institution(name: &str, on_broken: &str) -> String {
    format!(
        "institution: {name}\ntimezone: Australia/Sydney\n{on_broken}sources:\n  board:\n    fetch: {{ file: {{ path: ads.ndjson }} }}\n    id: $.id\n    job: {{ title: $.title }}\nrules: [own]\n"
    )
}

/// Two institutions on one rule set; only `kept` says what to do when it breaks.
async fn project() -> Lab {
    let lab = Lab::new().await;
    lab.write(
        "institutions/kept.yaml",
        &institution("kept", "on_broken: last_good\n"),
    );
    lab.write("institutions/plain.yaml", &institution("plain", ""));
    lab.write("rules/own.yaml", RULES);
    lab.write(
        "ads.ndjson",
        "{\"id\": 1, \"title\": \"Nurse\"}\n{\"id\": 2, \"title\": \"Registered Nurse\"}\n",
    );
    lab
}

/// Runs the binary: exit code, stdout, stderr.
fn weir(lab: &Lab, words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words))
        .env("DATABASE_URL", lab.bench.url())
        .output();
    let output = output.unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

const JOBS: &str = "SELECT i.slug || ' ' || j.title FROM jobs j JOIN institutions i ON i.id = j.institution_id WHERE j.title LIKE 'New%' ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn an_institution_stays_on_its_last_good_version_whatever_breaks() {
    let broken_institution = institution("kept", "on_broken: last_good\n").replace("job:", "jbo:");
    let breaks: [(&str, &str, Option<&str>); 4] = [
        (
            "rules/own.yaml",
            "a broken rule",
            Some("rules:\n  - { id: short, assert: job.titel =="),
        ),
        ("rules/own.yaml", "a deleted rule file", None),
        (
            "institutions/kept.yaml",
            "a broken institution",
            Some(&broken_institution),
        ),
        (
            "institutions/kept.yaml",
            "an institution that is no YAML",
            Some("institution: ["),
        ),
    ];
    for (file, what, text) in breaks {
        let lab = project().await;
        assert_eq!(
            weir(&lab, &["run", "--at", "2026-09-01"]).0,
            Some(0),
            "{what}"
        );
        lab.write("ads.ndjson", "{\"id\": 1, \"title\": \"New nurse\"}\n{\"id\": 2, \"title\": \"New registered nurse\"}\n");
        match text {
            Some(text) => lab.write(file, text),
            None => std::fs::remove_file(lab.folder.join(file)).unwrap(),
        }
        let (code, plan, said) = weir(&lab, &["plan", "kept", "--at", "2026-09-02"]);
        // A name that cannot be read is the file's.
        assert_eq!(code, Some(1), "{what}: {said}");
        assert!(
            plan.contains("runs on its last good version"),
            "{what}: {plan}"
        );
        let (code, dry, _) = weir(
            &lab,
            &["run", "kept", "--dry-run", "--json", "--at", "2026-09-02"],
        );
        assert!(
            code == Some(1) && dry.contains("\"stands_in\""),
            "{what}: {dry}"
        );
        assert_eq!(lab.texts(JOBS).await, Vec::<String>::new(), "{what}");
        // Twice: what stands in is still the last good version the day after.
        for at in ["2026-09-02", "2026-09-03"] {
            let (code, _, said) = weir(&lab, &["run", "--at", at]);
            // What is left out is an error every day; what runs on is known from the second day on.
            let is_known = at == "2026-09-03" && file != "rules/own.yaml";
            assert_eq!(code, Some(if is_known { 4 } else { 1 }), "{what}: {said}");
            assert!(
                said.contains(
                    "`kept` runs on its last good version, first used at 2026-09-01 00:00Z"
                ),
                "{what}: {said}"
            );
            assert!(said.contains("error: kept: "), "{what}: {said}");
            assert_eq!(
                said.contains("skipped: `plain`"),
                file == "rules/own.yaml",
                "{what}: {said}"
            );
        }
        // The rule still refuses the long title.
        let plain = (file != "rules/own.yaml").then(|| "plain New nurse".to_owned());
        assert_eq!(
            lab.texts(JOBS).await,
            ["kept New nurse".to_owned()]
                .into_iter()
                .chain(plain)
                .collect::<Vec<_>>(),
            "{what}"
        );
        assert!(
            weir(&lab, &["report", "kept"])
                .1
                .contains("runs on its last good version"),
            "{what}"
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mended_files_run_again_and_a_declaration_that_was_taken_back_does_not_count() {
    let lab = project().await;
    weir(&lab, &["run", "--at", "2026-09-01"]);
    lab.write("rules/own.yaml", "rules: [");
    assert_eq!(
        weir(&lab, &["run", "kept", "--at", "2026-09-02"]).0,
        Some(1)
    );
    lab.write("rules/own.yaml", RULES);
    lab.write("institutions/kept.yaml", &institution("kept", ""));
    assert_eq!(
        weir(&lab, &["run", "kept", "--at", "2026-09-03"]).0,
        Some(0)
    );
    lab.write("rules/own.yaml", "rules: [");
    let (code, _, said) = weir(&lab, &["run", "kept", "--at", "2026-09-04"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("skipped: `kept`"), "{said}");
    lab.bench.drop().await;
}
