//! The summary of a run, as text.

use super::columns::{columns, took};
use crate::engine::Summary;
use crate::model::{Clock, OutcomeCounts};
use crate::plan::picture::thousands;
use crate::quality::loss;
use crate::store::waiting::STALE;
use crate::store::waiting::WaitingHolds;
use std::fmt::Write;

/// The summary of one institution's run.
pub fn text(summary: &Summary) -> String {
    let mut out = String::new();
    let kind = if summary.dry_run { "dry run, nothing saved" } else { "run" };
    let _ = writeln!(out, "{} · {kind} {} at {} · {}", summary.institution, summary.run, summary.at.format("%Y-%m-%d %H:%MZ"), took(summary.millis));
    out.push_str(&columns(&rows(summary), 2));
    out.push_str(&notes(summary));
    out
}

/// What someone must know of a run: a line each.
pub fn notes(summary: &Summary) -> String {
    let alerts = summary.alerts.iter().map(|alert| format!("  {}: {}\n", alert.severity, alert.message));
    let waits = summary.sources.iter().filter_map(|(source, about)| Some((source, about.waits.as_ref()?)));
    let waits = waits.map(|(source, why)| format!("  note: source `{source}` is not read now: {why}\n"));
    let problems = summary.problems.iter().map(|(source, why)| format!("  error: source `{source}` failed: {why}\n"));
    let lost = summary.sources.iter().flat_map(|(source, about)| loss::lines(&about.lost).into_iter().map(move |line| (source, line)));
    let lost = lost.map(|(source, line)| format!("  warn: source `{source}`: {line}\n"));
    alerts.chain(lost).chain(waits).chain(holds(summary)).chain(problems).collect()
}

/// The open holds, except new ones and those reported by an alert.
fn holds(summary: &Summary) -> Vec<String> {
    let at = Clock(summary.at);
    let is_told = |one: &&WaitingHolds| one.since < summary.at && one.age(at) < STALE;
    summary.waiting.iter().filter(is_told).map(|one| format!("  note: {}\n", one.words(at))).collect()
}

fn rows(summary: &Summary) -> Vec<Vec<String>> {
    let mut head = vec![String::new(), "read".to_owned(), "ads".to_owned()];
    head.extend(OutcomeCounts::default().named().map(|(name, _)| name.to_owned()));
    let mut rows = vec![head];
    for (source, about) in &summary.sources {
        let unread = if about.waits.is_some() { "waits" } else { "-" };
        // A source that reports no change has not been emptied.
        let read = about.read.as_ref().map_or(unread, |read| if read.not_modified { "not modified" } else { read.state.name() });
        rows.push(row(source, read, &about.counts));
    }
    if summary.sources.len() > 1 {
        rows.push(row("all", "", &summary.total));
    }
    rows
}

fn row(name: &str, read: &str, counts: &OutcomeCounts) -> Vec<String> {
    let mut row = vec![name.to_owned(), read.to_owned(), thousands(counts.documents)];
    row.extend(counts.named().map(|(_, count)| if count == 0 { "·".to_owned() } else { thousands(count) }));
    row
}
