//! Real boards, replayed: every capture of four boards over three weeks, in order. The totals are known from the
//! payloads themselves, counted by other means. Read through the connector, with the few fields that the totals speak of. Skips itself, saying so, where the captures are absent.

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
    format!("{}T{}:{}:{}Z", &stamp[..10], &stamp[11..13], &stamp[13..15], &stamp[15..17])
}

async fn replay(after: u32) -> Option<[i64; 5]> {
    if !Path::new(FEEDS).is_dir() {
        eprintln!("skipped: no captures in {FEEDS}");
        return None;
    }
    let mut sum = [0; 5];
    for board in ["airbnb", "anthropic", "discord", "figma"] {
        let lab = Lab::new().await;
        lab.write(&format!("institutions/{board}.yaml"), &institution(board, after));
        let mut captures: Vec<_> = std::fs::read_dir(Path::new(FEEDS).join(board)).unwrap().flatten().map(|entry| entry.path()).collect();
        captures.sort();
        for capture in &captures {
            let path = std::fs::canonicalize(capture).unwrap();
            let at = instant(&capture.file_name().unwrap().to_string_lossy());
            lab.run(&Step::new(&at, &[("CAPTURE", path.to_str().unwrap())])).await;
        }
        let totals = lab
            .texts("SELECT concat_ws(' ', count(*) FILTER (WHERE change_type = 'create'), count(*) FILTER (WHERE change_type = 'update'), count(*) FILTER (WHERE change_type = 'archive'), count(*) FILTER (WHERE change_type = 'reopen'), count(*) FILTER (WHERE change_type = 'reopen' AND cardinality(changed_fields) > 1)) FROM jobs_history")
            .await;
        eprintln!("{board}, after {after}: {} captures: {}", captures.len(), totals[0]);
        totals[0].split(' ').zip(&mut sum).for_each(|(total, sum)| *sum += total.parse::<i64>().unwrap());
        lab.bench.drop().await;
    }
    Some(sum)
}

#[tokio::test(flavor = "multi_thread")]
async fn four_boards_retiring_after_one_miss() {
    if let Some(totals) = replay(1).await {
        assert_eq!(totals, [1176, 137, 291, 33, 6], "create, update, archive, reopen, of them with changes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_boards_retiring_after_two_misses() {
    if let Some(totals) = replay(2).await {
        assert_eq!(totals[..4], [1176, 138, 284, 30], "create, update, archive, reopen");
    }
}
