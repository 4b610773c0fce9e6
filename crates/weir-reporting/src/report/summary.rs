//! The summary of a run, as text.

use super::columns::{columns, took};
use std::fmt::Write;
use weir_model::quality::loss;
use weir_model::{Clock, OutcomeCounts, ReadState};
use weir_project::plan::picture::thousands;
use weir_runtime::engine::RunSummary;
use weir_store::waiting::STALE;
use weir_store::waiting::WaitingHolds;

/// The summary of one institution's run.
pub fn text(summary: &RunSummary) -> String {
    format!("{}{}", table(summary), notes(summary))
}

/// The counts of one institution's run, without what someone must know of it.
pub fn table(summary: &RunSummary) -> String {
    let mut out = String::new();
    // The number of a dry run names nothing once it is rolled back.
    let (kind, saved) = if summary.dry_run {
        ("dry run".to_owned(), " · nothing saved")
    } else {
        (format!("run {}", summary.run), "")
    };
    let _ = writeln!(
        out,
        "{} · {kind} at {}{saved} · {}",
        summary.institution,
        summary.at.format("%Y-%m-%d %H:%MZ"),
        took(summary.millis)
    );
    out.push_str(&columns(&rows(summary), 2));
    let openings = summary
        .openings
        .map(|counts| counts.words())
        .unwrap_or_default();
    if !openings.is_empty() {
        let _ = writeln!(out, "  {openings}");
    }
    out
}

/// Something that someone must know of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunNote {
    /// note, warn or error.
    pub severity: &'static str,
    /// The source; empty for the institution.
    pub source: String,
    /// As in `alerts.kind`, where it is an alert.
    pub kind: &'static str,
    /// What it is.
    pub words: String,
}

/// What someone must know of a run: a line each.
pub fn notes(summary: &RunSummary) -> String {
    let line = |note: &RunNote| format!("  {}: {}\n", note.severity, note.words);
    run_notes(summary).iter().map(line).collect()
}

/// What someone must know of a run.
pub fn run_notes(summary: &RunSummary) -> Vec<RunNote> {
    let note = |severity, source: &str, kind, words| RunNote {
        severity,
        source: source.to_owned(),
        kind,
        words,
    };
    let alerts = summary.alerts.iter();
    let alerts = alerts.map(|one| note(one.severity, &one.source, one.kind, one.message.clone()));
    let lost = summary.sources.iter().flat_map(|(source, about)| {
        let lines = loss::lines(&about.lost).into_iter();
        lines.map(move |line| note("warn", source, "", format!("source `{source}`: {line}")))
    });
    let waits = summary.sources.iter().filter_map(|(source, about)| {
        let why = about.waits.as_ref()?;
        Some(note(
            "note",
            source,
            "",
            format!("source `{source}` is not read now: {why}"),
        ))
    });
    let repaired = summary.sources.iter().filter_map(|(source, about)| {
        let read = about.read.as_ref()?;
        // What changed on the way, and what was not sent again, is told elsewhere.
        let is_told =
            read.state != ReadState::Complete || read.not_modified || read.warning.is_some();
        let why = read.why.as_ref().filter(|_| !is_told)?;
        Some(note(
            "note",
            source,
            "",
            format!("source `{source}` was read to its end, but {why}"),
        ))
    });
    let problems = summary.problems.iter().map(|(source, why)| {
        note(
            "error",
            source,
            "source_failed",
            format!("source `{source}` failed: {why}"),
        )
    });
    alerts
        .chain(lost)
        .chain(waits)
        .chain(repaired)
        .chain(holds(summary))
        .chain(problems)
        .collect()
}

/// The open holds, except new ones and those reported by an alert.
fn holds(summary: &RunSummary) -> Vec<RunNote> {
    let at = Clock(summary.at);
    let is_told = |one: &&WaitingHolds| one.since < summary.at && one.age(at) < STALE;
    let note = |one: &WaitingHolds| RunNote {
        severity: "note",
        source: one.source.clone(),
        kind: "",
        words: one.words(at),
    };
    summary.waiting.iter().filter(is_told).map(note).collect()
}

fn rows(summary: &RunSummary) -> Vec<Vec<String>> {
    let mut head = vec![String::new(), "read".to_owned(), "ads".to_owned()];
    head.extend(
        OutcomeCounts::default()
            .named()
            .map(|(name, _)| name.to_owned()),
    );
    let mut rows = vec![head];
    for (source, about) in &summary.sources {
        let unread = if about.waits.is_some() { "waits" } else { "-" };
        // A source that reports no change has not been emptied.
        let read = about.read.as_ref().map_or(unread, |read| {
            if read.not_modified {
                "not modified"
            } else {
                read.state.name()
            }
        });
        rows.push(row(source, read, &about.counts));
    }
    if summary.sources.len() > 1 {
        rows.push(row("all", "", &summary.total));
    }
    rows
}

fn row(name: &str, read: &str, counts: &OutcomeCounts) -> Vec<String> {
    let mut row = vec![
        name.to_owned(),
        read.to_owned(),
        thousands(counts.documents),
    ];
    row.extend(counts.named().map(|(_, count)| {
        if count == 0 {
            "·".to_owned()
        } else {
            thousands(count)
        }
    }));
    row
}
