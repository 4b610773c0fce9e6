//! The runs of an institution, the newest first: their numbers, for the commands that want one, and what each did to jobs.

use super::columns::{columns, took};
use crate::model::OutcomeCounts;
use crate::plan::picture::thousands;
use crate::store::figures::{self, RunRow};
use crate::store::{PgConnection, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The runs of an institution.
#[derive(Debug, Serialize)]
pub struct Runs {
    /// The institution.
    pub institution: String,
    /// Its runs, the newest first.
    pub runs: Vec<RunRow>,
    /// How many versions of each type they made, by run.
    pub versions: BTreeMap<i64, BTreeMap<String, i64>>,
}

/// The newest runs, at most so many.
///
/// # Errors
/// The database failed.
pub async fn collect(connection: &mut PgConnection, institution: Uuid, slug: &str, most: i64) -> Result<Runs> {
    let runs = figures::runs(connection, institution, most).await?;
    let versions = figures::versions_by_run(connection, institution, &runs).await?;
    Ok(Runs { institution: slug.to_owned(), runs, versions })
}

/// The runs as text, a line each.
pub fn text(page: &Runs) -> String {
    if page.runs.is_empty() {
        return format!("{} has never run\n", page.institution);
    }
    let heads = ["run", "at", "status", "created", "updated", "reopened", "archived", "rejected", "held", "failed", "time"].map(str::to_owned);
    let rows: Vec<Vec<String>> = std::iter::once(heads.to_vec()).chain(page.runs.iter().map(|run| row(page, run))).collect();
    format!("{}\n{}", page.institution, columns(&rows, 3))
}

/// What it made is known for every run; the outcome of its ads only for those that finished.
fn row(page: &Runs, run: &RunRow) -> Vec<String> {
    let made = |kind: &str| page.versions.get(&run.id).and_then(|kinds| kinds.get(kind)).copied().unwrap_or_default();
    let made = ["create", "update", "reopen", "archive"].map(|kind| thousands(made(kind)));
    let stood = counts(run).map_or([const { String::new() }; 3], |counts| [counts.rejected, counts.held, counts.failed].map(thousands));
    let millis = run.finished_at.map(|end| (end - run.started_at).num_milliseconds());
    let head = [run.id.to_string(), run.at.format("%Y-%m-%d %H:%MZ").to_string(), run.status.to_string()];
    head.into_iter().chain(made).chain(stood).chain([millis.map_or_else(String::new, took)]).collect()
}

fn counts(run: &RunRow) -> Option<OutcomeCounts> {
    serde_json::from_value(run.summary.as_ref()?.get("total")?.clone()).ok()
}
