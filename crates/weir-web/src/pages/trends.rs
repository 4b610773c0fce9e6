//! Trends: is an institution going as it did? The five figures that tell: ads by source, time for
//! each ad, error rates, closings, and the size of the database, each with its table; and what
//! changes in jobs, and how often.

use super::job::in_words;
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::chart::{Chart, ChartPoint, usual};
use crate::parts::{FilterField, empty, filter, told};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use weir_model::{OutcomeCounts, RunId};
use weir_project::plan::picture::{spent, thousands};
use weir_reporting::report::columns::{counted, line, share, size, took};
use weir_store::views::source_list::{self, FieldChanges, RunFigures, StageFigures};

/// Runs that are shown.
const RUNS: i64 = 60;

/// Changed jobs that are looked at, the newest.
const CHANGED: i64 = 20_000;

/// Sources that have a chart of their own.
const SOURCES: usize = 8;

/// Whose trends are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TrendsQuery {
    institution: String,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<TrendsQuery>,
) -> Result<Html<String>, PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, &site).await?;
    let chosen = match catalog.chosen(&query.institution)? {
        Some(entry) => Some(entry),
        None => catalog.all().find(|entry| entry.id.is_some()),
    };
    let Some((entry, id)) = chosen.and_then(|entry| Some((entry, entry.id?))) else {
        let body = empty(
            "No run yet.",
            "Every run leaves its figures; `weir run` makes the first.",
        );
        return Ok(PageShell::new("Trends", "There are no figures yet")
            .at("/trends")
            .show(&site, &body));
    };
    let mut runs = source_list::figures(&mut connection, id, RUNS).await?;
    runs.reverse();
    let stages = match runs.first() {
        Some(first) => source_list::stages(&mut connection, id, first.id).await?,
        None => Vec::new(),
    };
    let numbers: Vec<RunId> = runs.iter().map(|run| run.id).collect();
    let fields = source_list::field_changes(&mut connection, id, &numbers, CHANGED).await?;
    drop(connection);
    let choices = catalog.all().filter(|entry| entry.id.is_some());
    let choices = choices
        .map(|entry| (entry.slug.clone(), entry.slug.clone()))
        .collect();
    let body = html! {
        (filter("/trends", &[FilterField::Choice("institution", "Institution", &entry.slug, choices)]))
        @if runs.is_empty() { (empty("No run of this institution has ended.", "`weir run` makes one.")) }
        @else { div.charts { (charts(&runs)) } (changed(&fields, &runs)) (errors(&stages)) }
    };
    Ok(PageShell::new("Trends", &answer(&entry.slug, &runs))
        .at("/trends")
        .show(&site, &body))
}

/// The figures by which the first line judges: a name, and what it is of a run.
const JUDGED: [(&str, fn(&RunFigures) -> Option<i64>); 5] = [
    ("ads", |run| Some(total(run).documents)),
    ("time of a run", |run| Some(run.millis)),
    ("ads that did not pass", refused),
    ("new jobs", |run| Some(total(run).created)),
    ("closed jobs", |run| Some(total(run).archived)),
];

/// The first line: which figures of the newest run are not as most were.
fn answer(slug: &str, runs: &[RunFigures]) -> String {
    let (slug, number) = (line(slug, 60), counted(runs.len(), "run"));
    let is_odd = |of: fn(&RunFigures) -> Option<i64>| {
        let values: Vec<i64> = runs.iter().filter_map(of).collect();
        usual(&values)
            .zip(values.last())
            .is_some_and(|((low, high), newest)| !(low..=high).contains(newest))
    };
    let odd = JUDGED.iter().filter(|(_, of)| is_odd(*of));
    let odd: Vec<&str> = odd.map(|(name, _)| *name).collect();
    if odd.is_empty() {
        format!("{slug} goes as it did in the last {number}")
    } else {
        format!(
            "{slug} is not as it was in the last {number}: {}",
            odd.join(", ")
        )
    }
}

fn total(run: &RunFigures) -> OutcomeCounts {
    let total = run
        .total
        .clone()
        .and_then(|total| serde_json::from_value(total).ok());
    total.unwrap_or_default()
}

fn charts(runs: &[RunFigures]) -> Markup {
    let names: BTreeSet<&String> = runs
        .iter()
        .filter_map(|run| run.sources.as_ref()?.as_object())
        .flat_map(serde_json::Map::keys)
        .collect();
    let of = |run: &RunFigures, source: &str| {
        run.sources
            .as_ref()
            .and_then(|all| all.get(source))
            .and_then(Json::as_i64)
    };
    html! {
        @for source in names.iter().take(SOURCES) {
            section { h2 { "Ads of " (told(source, 60)) } (chart("ads", thousands, runs, |run| of(run, source))) }
        }
        section { h2 { "Time for each ad" } (chart("time", spent, runs, per_ad)) }
        section { h2 { "Time of a run" } (chart("time", took, runs, |run| Some(run.millis))) }
        section { h2 { "Ads that did not pass, per thousand" } (chart("ads", thousands, runs, refused)) }
        section { h2 { "New jobs" } (chart("jobs", thousands, runs, |run| Some(total(run).created))) }
        section { h2 { "Closed jobs" } (chart("jobs", thousands, runs, |run| Some(total(run).archived))) }
        section { h2 { "Size of the database" } (chart("bytes", size, runs, |run| run.bytes)) }
    }
}

fn per_ad(run: &RunFigures) -> Option<i64> {
    let ads = total(run).documents;
    (ads > 0).then(|| run.millis.saturating_mul(1000) / ads)
}

fn refused(run: &RunFigures) -> Option<i64> {
    let all = total(run);
    (all.documents > 0).then(|| (all.rejected + all.held + all.failed) * 1000 / all.documents)
}

fn chart(
    name: &str,
    shown: fn(i64) -> String,
    runs: &[RunFigures],
    value: impl Fn(&RunFigures) -> Option<i64>,
) -> Markup {
    let point = |run: &RunFigures| {
        Some(ChartPoint {
            at: run.at,
            value: value(run)?,
        })
    };
    let points = runs.iter().filter_map(point).collect();
    Chart {
        name,
        points,
        shown,
    }
    .show()
}

/// How often each field changes, and whether it does so more often than it did.
fn changed(fields: &[FieldChanges], runs: &[RunFigures]) -> Markup {
    let all: i64 = fields.iter().map(|field| field.changes).sum();
    let before = i64::try_from(runs.len()).unwrap_or(2).max(2) - 1;
    html! {
        section #fields {
            h2 { "What changes in jobs" }
            @if fields.is_empty() { p.soft { "No job that was there has changed in these runs." } }
            @else {
                div.table { table {
                    thead { tr { th { "Field" } th.number { "Changes" } th.number { "Of all" } th.number { "Jobs" } th.number { "Newest run" } th.number { "Usual in a run" } th { "Last" } } }
                    tbody { @for field in fields.iter().take(40) {
                        @let usual = (field.changes - field.newest) * 10 / before;
                        tr data-row {
                            th scope="row" { (in_words(&field.field)) }
                            td.number data-name="changes" { (thousands(field.changes)) }
                            td.number data-name="of all" { (share(field.changes, all)) }
                            td.number data-name="jobs" { (thousands(field.jobs)) }
                            td.number data-name="newest run" { @if is_more(field.newest, usual) { b.warm { (thousands(field.newest)) " more than usual" } } @else { (thousands(field.newest)) } }
                            td.number data-name="usual in a run" { (usual / 10) "." (usual % 10) }
                            td { time datetime=(field.last_at.to_rfc3339()) title=(field.last_at.to_rfc3339()) { (field.last_at.format("%-d %b %Y")) } }
                        }
                    } }
                } }
            }
        }
    }
}

/// Whether a field changed in the newest run far more often than before; `usual` is in tenths.
fn is_more(newest: i64, usual: i64) -> bool {
    newest >= 5 && newest * 10 > usual * 2
}

/// Error rates by source and stage over these runs.
fn errors(stages: &[StageFigures]) -> Markup {
    html! {
        section {
            h2 { "Error rates by source and stage" }
            div.table { table {
                thead { tr { th { "Stage" } th { "Source" } th.number { "Ads" } th.number { "Refused" } th.number { "Rate" } th.number { "Per ad" } th.number { "Failed runs" } } }
                tbody { @for stage in stages.iter().take(60) { tr {
                    th scope="row" { (line(&stage.stage, 60)) }
                    td { (told(&stage.source_id, 60)) }
                    td.number data-name="ads" { (thousands(stage.rows_in)) }
                    td.number data-name="refused" { (thousands(stage.refused)) }
                    td.number data-name="rate" { (share(stage.refused, stage.rows_in)) }
                    td.number data-name="per ad" { @if stage.rows_in > 0 { (spent(stage.micros / stage.rows_in)) } @else { span.soft { "·" } } }
                    td.number data-name="failed runs" { (stage.failed) }
                } } }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_more;

    #[test]
    fn a_field_changes_more_than_usual_when_it_does_twice_as_often() {
        for (newest, usual, more) in [(4, 0, false), (5, 0, true), (10, 50, false), (11, 50, true)]
        {
            assert_eq!(is_more(newest, usual), more, "{newest} of {usual}");
        }
    }
}
