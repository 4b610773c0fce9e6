//! Real boards, replayed: every capture of four boards over three weeks, in order. The totals are
//! known from the payloads themselves, counted by other means. Read through the connector, with the
//! few fields that the totals speak of. Skips itself, saying so, where the captures are absent.

use crate::lab::{Lab, Step};
use std::path::Path;

const FEEDS: &str = "../shared/feeds/greenhouse-timeseries";

fn institution(board: &str, after: u32) -> String {
    format!(
        "institution: {board}
timezone: America/New_York
sources:
  greenhouse:
    fetch: {{ connector: greenhouse, with: {{ board: {board} }}, file: {{ path: '${{CAPTURE}}' }} }}
    job: {{ description: null, open_date: null, close_date: null, department: null, department_id: null, extra: null }}
require: {{ title: {{ type: string }}, locations: {{ type: array, minItems: 1 }} }}
compare: [source_url]
missing: {{ after: {after}, apart: 0h }}
"
    )
}

/// `2026-08-01T031522Z.json.gz` was captured at 2026-08-01T03:15:22Z.
fn instant(file: &str) -> String {
    let stamp = file.trim_end_matches(".json.gz");
    format!(
        "{}T{}:{}:{}Z",
        &stamp[..10],
        &stamp[11..13],
        &stamp[13..15],
        &stamp[15..17]
    )
}

async fn replay(after: u32) -> Option<[i64; 5]> {
    if !Path::new(FEEDS).is_dir() {
        eprintln!("skipped: no captures in {FEEDS}");
        return None;
    }
    let mut sum = [0; 5];
    for board in ["airbnb", "anthropic", "discord", "figma"] {
        let lab = Lab::new().await;
        lab.write(
            &format!("institutions/{board}.yaml"),
            &institution(board, after),
        );
        let mut captures: Vec<_> = std::fs::read_dir(Path::new(FEEDS).join(board))
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        captures.sort();
        for capture in &captures {
            let path = std::fs::canonicalize(capture).unwrap();
            let at = instant(&capture.file_name().unwrap().to_string_lossy());
            lab.run(&Step::new(&at, &[("CAPTURE", path.to_str().unwrap())]))
                .await;
        }
        let totals = lab
            .texts("SELECT concat_ws(' ', count(*) FILTER (WHERE change_type = 'create'), count(*) FILTER (WHERE change_type = 'update'), count(*) FILTER (WHERE change_type = 'archive'), count(*) FILTER (WHERE change_type = 'reopen'), count(*) FILTER (WHERE change_type = 'reopen' AND cardinality(changed_fields) > 1)) FROM jobs_history")
            .await;
        eprintln!(
            "{board}, after {after}: {} captures: {}",
            captures.len(),
            totals[0]
        );
        totals[0]
            .split(' ')
            .zip(&mut sum)
            .for_each(|(total, sum)| *sum += total.parse::<i64>().unwrap());
        lab.bench.drop().await;
    }
    Some(sum)
}

#[tokio::test(flavor = "multi_thread")]
async fn four_boards_retiring_after_one_miss() {
    if let Some(totals) = replay(1).await {
        assert_eq!(
            totals,
            [1176, 137, 291, 33, 6],
            "create, update, archive, reopen, of them with changes"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_boards_retiring_after_two_misses() {
    if let Some(totals) = replay(2).await {
        assert_eq!(
            totals[..4],
            [1176, 138, 284, 30],
            "create, update, archive, reopen"
        );
    }
}

const FEED: &str = "../shared/feeds/xml-feed-timeseries/feed";

/// The ids of this feed are places in its list, until it numbers all ads anew; its titles differ by
/// a word.
const AGENCY: &str = "institution: agency
timezone: Europe/Lisbon
sources:
  feed:
    fetch: { connector: indeed-xml, with: { url: 'https://agency.example/feed.xml' }, file: { path: '${CAPTURE}' } }
    identity: { recycled: { title: 80% }, renumbered: { share: 5% } }
    job: { open_date: null }
";

/// Titles of one job that follow upon each other, where the description differs, too.
const RENAMED: &str = "SELECT old || '|' || title FROM (
    SELECT title, description, lag(title) OVER w AS old, lag(description) OVER w AS described FROM jobs_history WINDOW w AS (PARTITION BY id ORDER BY version)) h
    WHERE title <> old AND description <> described";

async fn open_jobs(lab: &Lab) -> Vec<String> {
    lab.texts("SELECT id::text FROM jobs WHERE status = 'open' ORDER BY id")
        .await
}

/// Says to every open hold on ids that they may change hands, as a person would after looking;
/// gives how many there were.
async fn release_ids(lab: &Lab) -> usize {
    lab.texts("UPDATE holds SET status = 'released', closed_at = opened_at WHERE kind = 'identity' AND status = 'open' RETURNING reason").await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_whose_ids_lie_loses_no_history_and_archives_nothing_falsely() {
    if !Path::new(FEED).is_dir() {
        eprintln!("skipped: no captures in {FEED}");
        return;
    }
    let lab = Lab::new().await;
    lab.write("institutions/agency.yaml", AGENCY);
    let mut captures: Vec<_> = std::fs::read_dir(FEED)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    captures.sort();
    let (mut releases, mut released) = (0, 0);
    for capture in captures {
        let path = std::fs::canonicalize(&capture).unwrap();
        let at = instant(
            &capture
                .file_name()
                .unwrap()
                .to_string_lossy()
                .replace(".xml.gz", ".json.gz"),
        );
        let before = open_jobs(&lab).await;
        let summary = lab
            .run(&Step::new(&at, &[("CAPTURE", path.to_str().unwrap())]))
            .await
            .remove(0);
        let archived = summary.sources["feed"].counts.archived;
        // What is missing and what has lost its id may each be a fifth; more only where a person
        // has said so.
        assert!(
            released > 0 || archived * 5 <= 2 * i64::try_from(before.len()).unwrap().max(25),
            "{at}: {archived} of {} archived",
            before.len()
        );
        if at.starts_with("2025-03-24") {
            assert_eq!(
                open_jobs(&lab).await,
                before,
                "every ad has a new id, and every job is the job that it was"
            );
        }
        released = release_ids(&lab).await;
        releases += released;
    }
    assert_eq!(
        releases, 1,
        "2025-03-14: 92 ids of 92 were given to other jobs, and a person is asked"
    );
    for pair in lab.texts(RENAMED).await {
        let (old, new) = pair.split_once('|').unwrap();
        assert!(
            weir::identity::likeness::likeness(old, new) >= 0.8,
            "one job is called `{old}`, and then `{new}`"
        );
    }
    let totals = lab
        .texts("SELECT concat_ws(' ', count(*) FILTER (WHERE change_type = 'create'), count(*) FILTER (WHERE changed_fields = '{original_id}'), count(*) FILTER (WHERE change_type = 'archive'), count(*) FILTER (WHERE change_reason LIKE '%was given to another job%')) FROM jobs_history")
        .await;
    assert_eq!(
        totals,
        ["245 1034 150 122"],
        "created, gone on under another id, archived, of them as their id was given away"
    );
    lab.bench.drop().await;
}
