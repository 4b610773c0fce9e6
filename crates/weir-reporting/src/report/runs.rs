//! The runs of an institution, the newest first: their numbers, for the commands that want one, and
//! what each did to jobs.

use super::columns::{columns, line, took};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use weir_model::{OutcomeCounts, RunId, RunStatus};
use weir_project::plan::picture::thousands;
use weir_store::figures::{self, RunRow};
use weir_store::runs::holder;
use weir_store::{PgConnection, Result};

/// The runs of an institution.
#[derive(Debug, Serialize)]
pub struct RunList {
    /// The institution.
    pub institution: String,
    /// Its runs, the newest first.
    pub runs: Vec<RunRow>,
    /// Those that were killed and could not record their end.
    pub died: BTreeSet<RunId>,
    /// To how many jobs they gave versions of each type, by run.
    pub versions: BTreeMap<RunId, BTreeMap<String, i64>>,
}

/// The newest runs, at most so many.
///
/// # Errors
/// The database failed.
pub async fn collect(
    connection: &mut PgConnection,
    institution: Uuid,
    slug: &str,
    most: i64,
) -> Result<RunList> {
    let runs = figures::runs(connection, institution, most).await?;
    // Only the run that holds the lock is under way; one that was killed could not say so.
    let is_held = holder(connection, institution).await?.is_some();
    let running = runs
        .iter()
        .enumerate()
        .filter(|(_, run)| run.status == RunStatus::Running);
    let died = running
        .filter(|(index, _)| *index > 0 || !is_held)
        .map(|(_, run)| run.id)
        .collect();
    let versions = versions(connection, institution, &runs).await?;
    Ok(RunList {
        institution: slug.to_owned(),
        runs,
        died,
        versions,
    })
}

/// A run that ended well has counted what it made; the jobs of others are looked at.
async fn versions(
    connection: &mut PgConnection,
    institution: Uuid,
    runs: &[RunRow],
) -> Result<BTreeMap<RunId, BTreeMap<String, i64>>> {
    let counted = |run: &RunRow| counts(run).filter(|_| run.status == RunStatus::Done);
    let uncounted: Vec<&RunRow> = runs.iter().filter(|run| counted(run).is_none()).collect();
    let mut all = figures::jobs_by_run(connection, institution, &uncounted).await?;
    all.extend(
        runs.iter()
            .filter_map(|run| Some((run.id, made(&counted(run)?)))),
    );
    Ok(all)
}

/// The versions that a run made, by kind.
fn made(counts: &OutcomeCounts) -> BTreeMap<String, i64> {
    let kinds = [
        ("create", counts.created),
        ("update", counts.updated),
        ("reopen", counts.reopened),
        ("archive", counts.archived),
    ];
    let some = kinds.into_iter().filter(|(_, jobs)| *jobs > 0);
    some.map(|(kind, jobs)| (kind.to_owned(), jobs)).collect()
}

/// The runs as text, a line each.
pub fn text(page: &RunList) -> String {
    if page.runs.is_empty() {
        return format!("{} has never run\n", page.institution);
    }
    let heads = [
        "run", "at", "status", "created", "updated", "reopened", "archived", "rejected", "held",
        "failed", "time",
    ]
    .map(str::to_owned);
    let rows: Vec<Vec<String>> = std::iter::once(heads.to_vec())
        .chain(page.runs.iter().map(|run| row(page, run)))
        .collect();
    format!("{}\n{}", page.institution, columns(&rows, 3))
}

/// What it made is known for every run; the outcome of its ads only for those that finished.
fn row(page: &RunList, run: &RunRow) -> Vec<String> {
    let made = |kind: &str| {
        page.versions
            .get(&run.id)
            .and_then(|kinds| kinds.get(kind))
            .copied()
            .unwrap_or_default()
    };
    let made = ["create", "update", "reopen", "archive"].map(|kind| thousands(made(kind)));
    let stood = counts(run).map_or([const { String::new() }; 3], |counts| {
        [counts.rejected, counts.held, counts.failed].map(thousands)
    });
    let millis = run
        .finished_at
        .map(|end| (end - run.started_at).num_milliseconds());
    let head = [
        run.id.to_string(),
        run.at.format("%Y-%m-%d %H:%MZ").to_string(),
        standing(page, run),
    ];
    head.into_iter()
        .chain(made)
        .chain(stood)
        .chain([millis.map_or_else(String::new, took)])
        .collect()
}

/// How a run ended, with the sources of which it did not read all.
fn standing(page: &RunList, run: &RunRow) -> String {
    let died = page.died.contains(&run.id).then(|| "died".to_owned());
    let status = died.unwrap_or_else(|| run.status.to_string());
    let sources = run
        .summary
        .as_ref()
        .and_then(|summary| summary.get("sources")?.as_object());
    let state = |about: &Json| about.pointer("/read/state")?.as_str().map(str::to_owned);
    let unread = sources.into_iter().flatten().filter_map(|(source, about)| {
        let state = state(about).filter(|state| !matches!(state.as_str(), "complete" | "empty"))?;
        Some(format!("{} {state}", line(source, 20)))
    });
    let all: Vec<String> = std::iter::once(status).chain(unread).collect();
    let more = if all.len() > 3 {
        format!(", {} more", all.len() - 3)
    } else {
        String::new()
    };
    format!(
        "{}{more}",
        all.iter().take(3).cloned().collect::<Vec<_>>().join(", ")
    )
}

fn counts(run: &RunRow) -> Option<OutcomeCounts> {
    serde_json::from_value(run.summary.as_ref()?.get("total")?.clone()).ok()
}
