//! Values that are there and cannot be read: every command tells of them, and `--strict` changes
//! the exit code and nothing else.

use crate::lab::Lab;
use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;

/// The project of the case, with a database of its own.
async fn project() -> Lab {
    let lab = Lab::new().await;
    lab.lay_over(Path::new("tests/cases/lost/project"));
    lab
}

fn command(lab: &Lab, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(words)
        .env("DATABASE_URL", lab.bench.url());
    command
}

/// Runs the binary: exit code and stdout.
fn weir(lab: &Lab, words: &[&str]) -> (Option<i32>, String) {
    let output = command(lab, words).output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

const DATE: &str = "2 of 3 values of `close_date` could not be read and were dropped: \"17/06/2027\" (ad b) must be a valid date; `format: \"%d/%m/%Y\"` reads it";
const PAY: &str = "1 of 3 values of `pay_max` and `pay_min` could not be read and were dropped: \"$61,000, $72,000\" (ad b)";
const AT: [&str; 3] = ["--at", "2027-05-01T02:00:00Z", "--allow-future"];

#[tokio::test(flavor = "multi_thread")]
async fn every_command_tells_what_was_lost() {
    let lab = project().await;
    for words in [&["run", "--dry-run"][..], &["run"]] {
        let output = command(&lab, &[words, &AT].concat()).output().unwrap();
        // A dry run shows it with the jobs; a run reports it on stderr, for stdout may go nowhere.
        let (shown, line) = match words {
            ["run"] => (
                &output.stderr,
                format!("warn: acme/board: source `board`: {DATE}"),
            ),
            _ => (&output.stdout, format!("warn: source `board`: {DATE}")),
        };
        let said = String::from_utf8_lossy(shown);
        assert!(
            output.status.success() && said.contains(&line) && said.contains(PAY),
            "{said}"
        );
    }
    let (_, json) = weir(&lab, &[&["run", "--json"][..], &AT].concat());
    let summary: Json = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    let lost = &summary["institutions"][0]["sources"]["board"]["lost"];
    let date = lost
        .as_array()
        .unwrap()
        .iter()
        .find(|loss| loss["field"] == "close_date")
        .unwrap();
    assert_eq!(
        (&date["lost"], &date["present"], &date["example"]["found"]),
        (&2.into(), &3.into(), &"17/06/2027".into()),
        "{date}"
    );
    assert!(json.contains("\"event\":\"values_lost\""), "{json}");
    for words in [
        &["report"][..],
        &["failures", "lost"],
        &["failures", "lost", "acme"],
    ] {
        let (_, said) = weir(&lab, words);
        assert!(
            said.contains(DATE) && said.contains("`source_url`") && said.contains("`positions`"),
            "{said}"
        );
    }
    let (_, said) = weir(
        &lab,
        &[&["preview", "acme", "--limit", "5"][..], &AT].concat(),
    );
    let shown = said
        .lines()
        .filter(|line| line.contains("could not be read"))
        .collect::<Vec<_>>()
        .join("\n");
    for part in [
        "close_date",
        "\"17/06/2027\" must be a valid date; `format: \"%d/%m/%Y\"` reads it",
        "pay_min",
        "positions",
        "pay_period",
    ] {
        assert!(shown.contains(part), "{part}: {said}");
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_changes_the_exit_code_and_no_table() {
    let (plain, strict) = (project().await, project().await);
    assert_eq!(weir(&plain, &[&["run"][..], &AT].concat()).0, Some(0));
    assert_eq!(
        weir(
            &strict,
            &[&["run", "--strict", "--dry-run"][..], &AT].concat()
        )
        .0,
        Some(1)
    );
    assert_eq!(
        weir(&strict, &[&["run", "--strict"][..], &AT].concat()).0,
        Some(1)
    );
    let jobs =
        "SELECT (to_jsonb(j) - 'id' - 'institution_id')::text FROM jobs j ORDER BY original_id";
    assert_eq!(plain.texts(jobs).await, strict.texts(jobs).await);
    // What cannot be read still stands a day later, though nothing is derived again; once it can be
    // read, all is well.
    let next = [
        "run",
        "--strict",
        "--at",
        "2027-05-02T02:00:00Z",
        "--allow-future",
    ];
    assert_eq!(weir(&strict, &next).0, Some(1));
    strict.lay_over(Path::new("tests/cases/lost/mended"));
    strict.write(
        "feed.json",
        r#"[{"id": "b", "title": "Park Ranger", "closes": "17/06/2027", "pay": "$61,000 - $72,000"}, {"id": "c", "title": "Chef"}]"#,
    );
    let (code, said) = weir(
        &strict,
        &[
            "run",
            "--strict",
            "--at",
            "2027-05-03T02:00:00Z",
            "--allow-future",
        ],
    );
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        weir(&strict, &["failures", "lost"]).1,
        "no values were dropped\n"
    );
    plain.bench.drop().await;
    strict.bench.drop().await;
}
