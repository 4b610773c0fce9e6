//! The runs of an institution, the newest first: their numbers, for the commands that want one, and what each did to jobs.

use super::columns::{columns, took};
use crate::plan::picture::thousands;
use crate::store::figures::{Counts, RunRow};
use serde::Serialize;

/// The runs of an institution.
#[derive(Debug, Serialize)]
pub struct Runs {
    /// The institution.
    pub institution: String,
    /// Its runs, the newest first.
    pub runs: Vec<RunRow>,
}

/// The runs as text, a line each.
pub fn text(page: &Runs) -> String {
    if page.runs.is_empty() {
        return format!("{} has never run\n", page.institution);
    }
    let names = Counts::default().named().map(|(name, _)| name.to_owned());
    let heads = ["run", "at", "status"].map(str::to_owned).into_iter().chain(names).chain(["time".to_owned()]);
    let rows: Vec<Vec<String>> = std::iter::once(heads.collect()).chain(page.runs.iter().map(row)).collect();
    format!("{}\n{}", page.institution, columns(&rows, 3))
}

fn row(run: &RunRow) -> Vec<String> {
    let sources = run.summary.as_ref().and_then(|summary| summary.get("sources")?.as_object()).into_iter().flatten();
    let counts = sources.filter_map(|(_, counts)| serde_json::from_value(counts.clone()).ok()).fold(Counts::default(), |mut all, counts| {
        all.add(&counts);
        all
    });
    let millis = run.finished_at.map(|end| (end - run.started_at).num_milliseconds());
    let head = [run.id.to_string(), run.at.format("%Y-%m-%d %H:%MZ").to_string(), run.status.clone()];
    head.into_iter().chain(counts.named().map(|(_, count)| thousands(count))).chain([millis.map_or_else(String::new, took)]).collect()
}
