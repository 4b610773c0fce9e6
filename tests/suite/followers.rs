//! Those who follow the changes: while runs overlap, are killed, taken back and retired, a follower
//! that asks again and again gets every version once, and knows the newest address of every job.

use super::lab::{DAILY, Lab, on_any_day};
use serde_json::{Value as Json, json};
use sqlx::{Connection, PgConnection, Row};
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const INSTITUTIONS: [&str; 3] = ["acme", "bay", "cove"];

/// A day of a board: every third ad has another title each day, every second another address.
fn feed(day: usize) -> String {
    let ad = |number: usize| {
        let (edited, moved) = (
            if number.is_multiple_of(3) { day } else { 0 },
            if number.is_multiple_of(2) { day } else { 0 },
        );
        json!({ "id": format!("A{number}"), "title": format!("Ranger {number} of {edited}"), "url": format!("https://jobs.example/{moved}/{number}") })
    };
    Json::from((day * 5..day * 5 + 120).map(ad).collect::<Vec<_>>()).to_string()
}

async fn boards() -> Lab {
    let lab = Lab::new().await;
    lab.write("pipelines/daily.yaml", DAILY);
    for name in INSTITUTIONS {
        let yaml = "timezone: UTC\nsources:\n  board:\n    fetch: { file: { path: \"${FEED}\" } }\n    id: $.id\n    job: { title: $.title, source_url: $.url }\n    missing: { after: 1, at_most: 100% }\nrules: []\n";
        lab.write(
            &format!("institutions/{name}.yaml"),
            &format!("institution: {name}\n{yaml}"),
        );
    }
    (1..=4).for_each(|day| lab.write(&format!("day-{day}.json"), &feed(day)));
    lab
}

fn start(lab: &Lab, words: &[&str], day: usize) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words))
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada");
    command
        .env("FEED", format!("day-{day}.json"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a follower knows.
#[derive(Default)]
struct Followed {
    /// Every version that it was told of, as often as it was.
    versions: Vec<(String, i32)>,
    /// The address of each job, as it was when the follower last heard of it.
    addresses: BTreeMap<String, Option<String>>,
}

/// Asks for what is new until it has everything that was written before `done`: a transaction of
/// another test, on the same server, may keep it waiting.
async fn follow(url: String, done: Arc<AtomicBool>) -> Followed {
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let (mut followed, mut txid, mut change) = (Followed::default(), "0".to_owned(), 0_i64);
    let mut last: Option<String> = None;
    loop {
        if last.is_none() && done.load(Ordering::SeqCst) {
            last = sqlx::query_scalar("SELECT pg_current_xact_id()::text")
                .fetch_one(&mut connection)
                .await
                .unwrap();
        }
        let is_over = "SELECT COALESCE(change_horizon() > $1::xid8, FALSE)";
        let is_over: bool = sqlx::query_scalar(is_over)
            .bind(&last)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let rows = sqlx::query(
            "SELECT c.txid::text, c.change_id, c.what, c.job_id::text, c.version, j.source_url
             FROM changes c JOIN jobs j ON j.institution_id = c.institution_id AND j.id = c.job_id
             WHERE (c.txid, c.change_id) > ($1::xid8, $2) AND c.txid < (SELECT change_horizon())
             ORDER BY c.txid, c.change_id LIMIT 500",
        )
        .bind(&txid)
        .bind(change)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        for row in &rows {
            (txid, change) = (row.get(0), row.get(1));
            let job: String = row.get(3);
            if row.get::<&str, _>(2) == "version" {
                followed.versions.push((job.clone(), row.get(4)));
            }
            followed.addresses.insert(job, row.get(5));
        }
        if is_over && rows.is_empty() {
            return followed;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What `weir export --since` prints in turn, each time from where the last one ended, until it has
/// everything that was written before `done`.
async fn export_feed(lab: Arc<Lab>, done: Arc<AtomicBool>) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), "start".to_owned());
    loop {
        let is_last = done.load(Ordering::SeqCst);
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_weir"));
        command
            .arg("--project")
            .arg(&lab.folder)
            .args(["export", "--since", &cursor, "--raw"])
            .env("DATABASE_URL", lab.bench.url());
        let output = command.output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        let rows = String::from_utf8(output.stdout).unwrap();
        let rows: Vec<Json> = rows
            .lines()
            .map(|row| serde_json::from_str(row).unwrap())
            .collect();
        cursor = said.trim().rsplit(' ').next().unwrap().to_owned();
        if let Some(row) = rows.last() {
            assert_eq!(row["cursor"], json!(cursor));
        }
        for row in &rows {
            assert!(
                row["raw"]["id"].is_string() && row["cause"].is_string(),
                "{row}"
            );
            if row["change_type"] != "refresh" {
                seen.push(format!(
                    "{} {}",
                    row["job"].as_str().unwrap(),
                    row["version"]
                ));
            }
        }
        if is_last && rows.is_empty() && seen.len() >= count_versions(&lab).await {
            return seen;
        }
    }
}

async fn count_versions(lab: &Lab) -> usize {
    let count = lab.texts("SELECT count(*)::text FROM jobs_history").await;
    count[0].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_gets_every_version_once_while_runs_overlap() {
    let lab = Arc::new(boards().await);
    let done = Arc::new(AtomicBool::new(false));
    let mut listener = sqlx::postgres::PgListener::connect(&lab.bench.url())
        .await
        .unwrap();
    listener.listen("weir_changes").await.unwrap();
    let follower = tokio::spawn(follow(lab.bench.url(), Arc::clone(&done)));
    let exports = tokio::spawn(export_feed(Arc::clone(&lab), Arc::clone(&done)));
    for day in 1..=4 {
        let at = format!("2026-09-0{day}T02:00:00Z");
        let mut runs: Vec<Child> = INSTITUTIONS
            .iter()
            .map(|name| start(&lab, &["run", name, "--at", &at], day))
            .collect();
        if day == 2 {
            runs[1].kill().unwrap();
        }
        runs.iter_mut().for_each(|run| _ = run.wait().unwrap());
        if day == 2 {
            assert!(
                start(&lab, &["run", "bay", "--at", &at], day)
                    .wait()
                    .unwrap()
                    .success()
            );
        }
    }
    let newest = "SELECT max(r.id)::text FROM runs r JOIN institutions i ON i.id = r.institution_id WHERE i.slug = 'acme'";
    let newest = lab.texts(newest).await.remove(0);
    let shown = Command::new(env!("CARGO_BIN_EXE_weir"))
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(&[
            "rollback",
            &newest,
            "--dry-run",
            "--json",
            "--at",
            "2026-09-04T05:00:00Z",
        ]))
        .env("DATABASE_URL", lab.bench.url())
        .output()
        .unwrap();
    let shown: Json = serde_json::from_slice(&shown.stdout).unwrap();
    let newest = format!(
        "{newest}@{}",
        shown["rollback"]["revision"].as_str().unwrap()
    );
    let back = [
        "rollback",
        &newest,
        "--reason",
        "a test",
        "--at",
        "2026-09-04T05:00:00Z",
    ];
    let retire = [
        "retire",
        "cove",
        "--reason",
        "a test",
        "--at",
        "2026-09-04T05:00:00Z",
    ];
    let mut decisions = [start(&lab, &back, 4), start(&lab, &retire, 4)];
    assert!(
        decisions
            .iter_mut()
            .all(|one| one.wait().unwrap().success())
    );
    done.store(true, Ordering::SeqCst);
    let told = tokio::time::timeout(Duration::from_secs(30), listener.recv())
        .await
        .unwrap()
        .unwrap();
    let known = lab.texts("SELECT id::text FROM institutions").await;
    assert!(
        known.iter().any(|id| id == told.payload()),
        "{} is no institution",
        told.payload()
    );
    let mut followed = follower.await.unwrap();
    let rows = |sql: &'static str| lab.texts(sql);
    let stored =
        rows("SELECT id::text || ' ' || version FROM jobs_history ORDER BY id::text, version")
            .await;
    followed.versions.sort();
    assert_eq!(
        followed
            .versions
            .iter()
            .map(|(job, version)| format!("{job} {version}"))
            .collect::<Vec<_>>(),
        stored
    );
    let mut exported = exports.await.unwrap();
    exported.sort();
    assert_eq!(exported, stored);
    let addresses = rows("SELECT id::text || ' ' || source_url FROM jobs ORDER BY id::text").await;
    let known = followed
        .addresses
        .into_iter()
        .map(|(job, address)| format!("{job} {}", address.unwrap_or_default()));
    assert_eq!(known.collect::<Vec<_>>(), addresses);
    assert!(rows("SELECT DISTINCT cause FROM changes ORDER BY 1").await == ["person", "source"]);
    assert!(
        !rows("SELECT 'x' FROM jobs WHERE refreshed_at IS NOT NULL")
            .await
            .is_empty(),
        "no address was refreshed without a version"
    );
    Arc::into_inner(lab).unwrap().bench.drop().await;
}
