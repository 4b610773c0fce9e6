//! What taking back a run did, or would do, to each job that the run had touched: for people.
//! Scraped text is cut.

use super::columns::{columns, counted, line};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_model::RunId;
use weir_project::plan::picture::thousands;
use weir_store::rollback::TakenBackJob;

/// One roll-back.
#[derive(Debug, Serialize)]
pub struct RollbackPage {
    /// The institution.
    pub institution: String,
    /// The run that was rolled back.
    pub run: RunId,
    /// What a decision names: a hash of what becomes of the jobs.
    pub revision: String,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The jobs that it had touched.
    pub jobs: Vec<TakenBackJob>,
    /// How many more it had touched that were removed on request.
    pub forgotten: i64,
    /// Where the institution's clock went back to, if the run was the newest.
    pub clock: Option<ClockBack>,
}

/// A clock that was reset.
#[derive(Debug, Serialize)]
pub struct ClockBack {
    /// Clock of the run before; none if there was no run before.
    pub to: Option<DateTime<Utc>>,
}

impl RollbackPage {
    /// Jobs left as they are although they were not rolled back.
    pub fn left_alone(&self) -> usize {
        self.jobs
            .iter()
            .filter(|job| job.left_alone.is_some() && !job.already)
            .count()
    }
}

/// The rollback as text, with at most `limit` jobs of each type.
pub fn text(page: &RollbackPage, limit: usize) -> String {
    let mut out = String::new();
    let said = if page.dry_run {
        "what the rollback would do; nothing was written"
    } else {
        "rolled back"
    };
    let _ = writeln!(
        out,
        "{} · run {}@{} at {} · {said}",
        page.institution,
        page.run,
        page.revision,
        page.at.format("%Y-%m-%d %H:%MZ")
    );
    let taken: Vec<&TakenBackJob> = page
        .jobs
        .iter()
        .filter(|job| job.left_alone.is_none())
        .collect();
    let _ = writeln!(out, "  {}", summary(&taken));
    section(&mut out, &taken, limit, |job| {
        vec![
            sign(job).to_owned(),
            name(job),
            line(&job.title, 40),
            done(job),
        ]
    });
    let left: Vec<&TakenBackJob> = page
        .jobs
        .iter()
        .filter(|job| job.left_alone.is_some() && !job.already)
        .collect();
    if !left.is_empty() {
        let _ = writeln!(out, "  left as they are: {}", jobs(left.len()));
        let why = |job: &TakenBackJob| line(job.left_alone.as_deref().unwrap_or_default(), 100);
        section(&mut out, &left, limit, |job| {
            vec!["=".to_owned(), name(job), line(&job.title, 40), why(job)]
        });
    }
    let already = page.jobs.iter().filter(|job| job.already).count();
    if already > 0 {
        let _ = writeln!(out, "  already rolled back: {}", jobs(already));
    }
    if page.forgotten > 0 {
        let forgotten = usize::try_from(page.forgotten).unwrap_or(usize::MAX);
        let _ = writeln!(out, "  removed on request: {}", jobs(forgotten));
    }
    match &page.clock {
        Some(ClockBack { to: Some(to) }) => {
            let _ = writeln!(
                out,
                "  the clock is reset: the next run can be at {} or later",
                to.format("%Y-%m-%d %H:%MZ")
            );
        }
        Some(ClockBack { to: None }) => {
            let _ = writeln!(
                out,
                "  the clock is reset: the next run can be at any time, because no earlier run is left"
            );
        }
        None => {}
    }
    out
}

fn summary(taken: &[&TakenBackJob]) -> String {
    if taken.is_empty() {
        return "nothing to roll back".to_owned();
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    taken
        .iter()
        .for_each(|job| *kinds.entry(outcome(job)).or_default() += 1);
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|(kind, count)| format!("{} {kind}", thousands(wide(count))))
        .collect();
    let held = taken.iter().filter(|job| job.held).count();
    let waits = match held {
        0 => String::new(),
        1 => "; 1 is held until its content or the YAML changes".to_owned(),
        _ => format!(
            "; {} are held until their content or the YAML changes",
            thousands(wide(held))
        ),
    };
    format!("{}: {}{waits}", jobs(taken.len()), kinds.join(", "))
}

/// What became of a job.
fn outcome(job: &TakenBackJob) -> &'static str {
    match (job.restores, job.change_type.as_deref()) {
        (Some(0), _) => "created by the run, archived",
        (_, Some("archive")) => "archived again",
        (_, Some("reopen")) => "reopened",
        _ => "restored",
    }
}

fn section(
    out: &mut String,
    rows: &[&TakenBackJob],
    limit: usize,
    row: impl Fn(&TakenBackJob) -> Vec<String>,
) {
    let _ = write!(
        out,
        "{}",
        columns(
            &rows
                .iter()
                .take(limit)
                .map(|job| row(job))
                .collect::<Vec<_>>(),
            4
        )
    );
    if rows.len() > limit {
        let _ = writeln!(
            out,
            "  and {} more; `--limit` shows them",
            thousands(wide(rows.len() - limit))
        );
    }
}

fn sign(job: &TakenBackJob) -> &'static str {
    match job.change_type.as_deref() {
        Some("archive") => "-",
        Some("reopen") => "^",
        _ => "~",
    }
}

fn name(job: &TakenBackJob) -> String {
    format!("{}:{}", job.source_id, line(&job.original_id, 40))
}

fn done(job: &TakenBackJob) -> String {
    let version = job.version.unwrap_or_default();
    match job.restores {
        Some(0) | None => format!("version {version}: archived, because the run had created it"),
        Some(restores) => format!(
            "version {version}: same as version {restores} ({})",
            line(&job.changed_fields.join(", "), 80)
        ),
    }
}

fn jobs(count: usize) -> String {
    counted(count, "job")
}

fn wide(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
