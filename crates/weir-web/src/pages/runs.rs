//! Runs: what ran, and how did it go? The newest first, by filter.

use super::{asked, cut, dry_run};
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::decide::dry_run_form;
use crate::links;
use crate::parts::{
    FilterField, counts, empty, figure, filter, institution_choices, pager, run_state, state,
};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;
use weir_model::RunId;
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::{counted, line, took};
use weir_reporting::report::page::when;
use weir_store::PgConnection;
use weir_store::dry_runs;
use weir_store::runs::holder;
use weir_store::views::run_list::{self, RunFilter, RunLine};

/// Which runs are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunsQuery {
    institution: String,
    status: String,
    before: String,
}

/// Dry runs that are listed.
const DRY_RUNS: i64 = 5;

/// How runs end, as they are chosen.
const STATUSES: [(&str, &str); 6] = [
    ("", "however they ended"),
    ("trouble", "with errors"),
    ("running", "under way"),
    ("done", "done"),
    ("failed", "failed"),
    ("interrupted", "interrupted"),
];

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<RunsQuery>,
) -> Result<Html<String>, PageError> {
    let wanted_before = before(&query.before)?;
    let (catalog, mut runs, died, tried) = {
        let mut connection = site.connection().await?;
        let catalog = Catalog::load(&mut connection, &site).await?;
        let chosen = catalog.chosen(&query.institution)?;
        let wanted = RunFilter {
            institution: chosen.and_then(|entry| entry.id),
            status: Some(query.status.clone()).filter(|status| !status.is_empty()),
            before: wanted_before,
        };
        let has_run = chosen.is_none_or(|entry| entry.id.is_some());
        let runs = if has_run {
            run_list::page(&mut connection, &wanted, asked()).await?
        } else {
            Vec::new()
        };
        let died = died(&mut connection, &runs).await?;
        let of = chosen.map(|entry| entry.slug.as_str());
        let tried = dry_runs::newest(&mut connection, of, None, DRY_RUNS).await?;
        (catalog, runs, died, tried)
    };
    let more = cut(&mut runs);
    let next = runs.last().filter(|_| more).map(|run| run.id.to_string());
    let filters = [
        ("institution", query.institution.as_str()),
        ("status", query.status.as_str()),
    ];
    let body = html! {
        (filter("/runs", &[
            FilterField::Choice("institution", "Institution", &query.institution, institution_choices(catalog.all())),
            FilterField::Choice("status", "Ended", &query.status, STATUSES.map(|(value, said)| (value.to_owned(), said.to_owned())).to_vec()),
        ]))
        @if runs.is_empty() { (empty("No run matches.", "`weir run` runs every institution now; `weir serve` runs them when they are due.")) }
        @else { (table(&runs, &died, &catalog, (site.now)())) }
        (pager("/runs", &filters, ("before", &query.before), next.as_deref()))
        @if query.before.is_empty() {
            @let chosen = catalog.chosen(&query.institution)?;
            @if chosen.is_some() || !tried.is_empty() {
                section #dry-runs {
                    h2 { "Dry runs" }
                    (dry_run::table(&tried, &catalog, (site.now)()))
                    @match chosen { Some(entry) => { (dry_run_form(&site, entry)) }, None => { p.soft { "Choose an institution to ask for one." } } }
                }
            }
        }
    };
    Ok(PageShell::new("Runs", &answer(&runs, more, &died))
        .at("/runs")
        .show(&site, &body))
}

fn before(text: &str) -> Result<Option<RunId>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse();
    number.map(Some).map_err(|_| {
        PageError::bad(
            "The address names no run",
            "`before` is the number of a run.",
        )
    })
}

/// Runs that say that they are under way, and are not.
pub(super) async fn died(
    connection: &mut PgConnection,
    runs: &[RunLine],
) -> Result<BTreeSet<RunId>, PageError> {
    let mut died = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for run in runs.iter().filter(|run| run.status == "running") {
        // Only the newest that holds the lock of its institution is under way.
        let is_newest = seen.insert(run.institution_id);
        if !is_newest || holder(connection, run.institution_id).await?.is_none() {
            died.insert(run.id);
        }
    }
    Ok(died)
}

fn answer(runs: &[RunLine], more: bool, died: &BTreeSet<RunId>) -> String {
    let trouble = runs
        .iter()
        .filter(|run| run.errors > 0 || run.status == "failed" || died.contains(&run.id))
        .count();
    let shown = counted(runs.len(), "run");
    let shown = if more {
        format!("newest {shown}")
    } else {
        shown
    };
    match (runs.len(), trouble) {
        (0, _) => "No runs".to_owned(),
        (_, 0) => format!("None of the {shown} had errors"),
        (1, _) => "The one run had errors".to_owned(),
        (_, trouble) => format!("{trouble} of the {shown} had errors"),
    }
}

fn table(
    runs: &[RunLine],
    died: &BTreeSet<RunId>,
    catalog: &Catalog,
    now: DateTime<Utc>,
) -> Markup {
    html! {
        div.table { table {
            thead { tr {
                th { "State" } th { "Run" } th { "Institution" } th { "Began" } th.number { "Took" } th.number { "Ads" }
                th.number { "New" } th.number { "Changed" } th.number { "Closed" } th.number { "Rejected" } th.number { "Held" }
            } }
            tbody { @for run in runs { (row(run, died.contains(&run.id), catalog, now)) } }
        } }
    }
}

fn row(run: &RunLine, died: bool, catalog: &Catalog, now: DateTime<Utc>) -> Markup {
    let (kind, word) = run_state(run, died);
    let link = links::run(&run.institution, run.id);
    let of = |change| links::address(&link, [("change", change)]);
    let found = counts(run);
    let millis = run
        .finished_at
        .map(|end| (end - run.started_at).num_milliseconds());
    html! {
        tr data-row {
            td.state-cell { (state(kind, &word)) @if let Some(error) = &run.error { p.soft { (line(error, 120)) } } }
            th scope="row" { a href=(link) { "Run " (run.id) } }
            td { a href=(links::address("/runs", [("institution", run.institution.as_str())])) { (line(&run.institution, 60)) } }
            td { (when(run.at, catalog.zone(&run.institution), now)) }
            td.number data-name="took" { (millis.map_or_else(String::new, took)) }
            @if let Some(all) = found {
                td.number data-name="ads" { (thousands(all.documents)) }
                td.number data-name="new" { (figure(all.created, &of("create"))) }
                td.number data-name="changed" { (figure(all.updated, &of("update"))) }
                td.number data-name="closed" { (figure(all.archived, &of("archive"))) }
                td.number data-name="rejected" { (thousands(all.rejected)) }
                td.number data-name="held" { (thousands(all.held)) }
            } @else { @for _ in 0..6 { td.number.none { "·" } } }
        }
    }
}
