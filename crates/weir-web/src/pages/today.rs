//! Today: does anything need me? A row for each institution, the worst first.

use super::institution_state::{InstitutionFacts, InstitutionState, judge};
use crate::access::Visitor;
use crate::catalog::{Catalog, CatalogEntry};
use crate::links;
use crate::parts::{bars, counts, empty, figure, pager, state};
use crate::refusal::PageError;
use crate::shell::{PageShell, prose};
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use weir_model::OutcomeCounts;
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::counted;
use weir_reporting::report::health::{self, InstitutionHealth};
use weir_reporting::report::page::when;
use weir_store::PgConnection;
use weir_store::runs::holder;
use weir_store::schedules::{self, InstitutionPause};
use weir_store::views::live;
use weir_store::views::run_list::{self, RunLine};

/// Runs that are shown of each institution.
const RUNS: i64 = 14;

/// Runs that say what is usual; fewer say nothing.
const ENOUGH: usize = 4;

/// Institutions of a page; those that need someone come first.
const SHOWN: usize = 40;

/// From which institution on the list is shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TodayQuery {
    from: usize,
}

/// What the database says.
struct MorningFacts {
    /// What differs when a run begins or ends.
    stamp: String,
    catalog: Catalog,
    runs: BTreeMap<Uuid, Vec<RunLine>>,
    health: BTreeMap<Uuid, InstitutionHealth>,
    holds: BTreeMap<Uuid, i64>,
    /// Institutions whose newest run was killed.
    died: BTreeSet<Uuid>,
    pauses: BTreeMap<Uuid, InstitutionPause>,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<TodayQuery>,
) -> Result<Html<String>, PageError> {
    let now = (site.now)();
    let facts = {
        let mut connection = site.connection().await?;
        facts(&mut connection, &site).await?
    };
    let mut rows: Vec<MorningRow<'_>> = facts.rows(now);
    rows.sort_by(|one, other| {
        let key = |row: &MorningRow<'_>| (row.state.rank, row.entry.slug.clone());
        key(one).cmp(&key(other))
    });
    let next = query.from.saturating_add(SHOWN);
    let next = (next < rows.len()).then(|| next.to_string());
    let from = if query.from == 0 {
        String::new()
    } else {
        query.from.to_string()
    };
    let body = html! {
        @if rows.is_empty() {
            (empty("No institution yet.", "`weir new NAME --from URL` writes the first one from an address or a file; `weir run` runs it."))
        } @else {
            (table(rows.iter().skip(query.from).take(SHOWN), now))
            (pager("/", &[], ("from", &from), next.as_deref()))
        }
    };
    Ok(PageShell::new("Today", &answer(&rows))
        .at("/")
        .live(Some(("/live/today", facts.stamp.as_str())))
        .show(&site, &body))
}

async fn facts(connection: &mut PgConnection, site: &Visitor) -> Result<MorningFacts, PageError> {
    let catalog = Catalog::load(connection, site).await?;
    let ids = catalog.ids();
    let mut runs: BTreeMap<Uuid, Vec<RunLine>> = BTreeMap::new();
    for run in run_list::newest_of_each(connection, &ids, RUNS).await? {
        runs.entry(run.institution_id).or_default().push(run);
    }
    let names: Vec<(Uuid, String)> = catalog
        .all()
        .filter_map(|entry| Some((entry.id?, entry.slug.clone())))
        .collect();
    let health = health::collect(connection, &names).await?;
    let health = names.iter().map(|(id, _)| *id).zip(health).collect();
    let waiting = run_list::waiting(connection, &ids).await?;
    let holds = waiting
        .into_iter()
        .map(|waiting| (waiting.institution_id, waiting.holds))
        .collect();
    let pauses = schedules::pauses(connection, (site.now)()).await?;
    let mut died = BTreeSet::new();
    for (id, of_it) in &runs {
        let is_running = of_it.first().is_some_and(|run| run.status == "running");
        if is_running && holder(connection, *id).await?.is_none() {
            died.insert(*id);
        }
    }
    Ok(MorningFacts {
        stamp: live::of_institutions(connection).await?,
        catalog,
        runs,
        health,
        holds,
        died,
        pauses: pauses
            .into_iter()
            .map(|pause| (pause.institution_id, pause))
            .collect(),
    })
}

/// A row.
struct MorningRow<'m> {
    entry: &'m CatalogEntry,
    runs: Vec<&'m RunLine>,
    state: InstitutionState,
}

impl MorningFacts {
    fn rows(&self, now: DateTime<Utc>) -> Vec<MorningRow<'_>> {
        self.catalog
            .all()
            .map(|entry| self.row(entry, now))
            .collect()
    }

    fn row<'m>(&'m self, entry: &'m CatalogEntry, now: DateTime<Utc>) -> MorningRow<'m> {
        let of = entry.id.and_then(|id| self.runs.get(&id));
        let runs: Vec<&RunLine> = of.into_iter().flatten().collect();
        let facts = InstitutionFacts {
            entry,
            runs: runs.clone(),
            health: entry.id.and_then(|id| self.health.get(&id)),
            holds: entry
                .id
                .and_then(|id| self.holds.get(&id).copied())
                .unwrap_or_default(),
            died: entry.id.is_some_and(|id| self.died.contains(&id)),
            pause: entry.id.and_then(|id| self.pauses.get(&id)),
            now,
        };
        MorningRow {
            entry,
            runs,
            state: judge(&facts),
        }
    }
}

/// The first line: whether anything needs a person.
fn answer(rows: &[MorningRow<'_>]) -> String {
    let needing = rows.iter().filter(|row| row.state.needs_person()).count();
    match (needing, rows.len()) {
        (_, 0) => "There is nothing to watch yet".to_owned(),
        (0, 1) => "Nothing needs you: the one institution is fine".to_owned(),
        (0, all) => format!(
            "Nothing needs you: {} are fine",
            counted(all, "institution")
        ),
        (1, all) => format!("1 of {} needs you", counted(all, "institution")),
        (needing, all) => format!("{needing} of {} need you", counted(all, "institution")),
    }
}

fn table<'m>(rows: impl Iterator<Item = &'m MorningRow<'m>>, now: DateTime<Utc>) -> Markup {
    html! {
        div.table { table.morning {
            thead { tr {
                th { "State" } th { "Institution" } th { "Last " (RUNS) " runs" }
                th.number { "New" } th.number { "Changed" } th.number { "Closed" } th { "Last run" } th { "Next run" }
            } }
            tbody { @for row in rows { (line_of(row, now)) } }
        } }
    }
}

fn line_of(row: &MorningRow<'_>, now: DateTime<Utc>) -> Markup {
    let (entry, runs) = (row.entry, &row.runs);
    let zone = entry.zone;
    let first = runs.first();
    html! {
        tr data-row {
            td.state-cell { (state(row.state.state, &row.state.word)) }
            th.wide scope="row" {
                a href=(links::address("/runs", [("institution", entry.slug.as_str())])) { (weir_reporting::report::columns::line(&entry.slug, 60)) }
                p.soft.next-step {
                    (prose(&row.state.sentence))
                    @if let Some((address, name)) = &row.state.next { " " a href=(address) { (name) } }
                }
            }
            td data-name="last runs" { (bars(runs, zone)) }
            (changes(row))
            td data-name="last run" { @match first { Some(run) => { (when(run.at, zone, now)) }, None => { span.soft { "never" } } } }
            td data-name="next run" { @match row.state.due { Some(due) => { (when(due, zone, now)) }, None => { span.soft { "by hand" } } } }
        }
    }
}

/// What the newest run that ended did, against what is usual.
fn changes(row: &MorningRow<'_>) -> Markup {
    let ended: Vec<(&RunLine, OutcomeCounts)> = row
        .runs
        .iter()
        .filter_map(|run| Some((*run, counts(run)?)))
        .collect();
    let kinds: [(&str, &str, fn(&OutcomeCounts) -> i64); 3] = [
        ("new", "create", |all| all.created),
        ("changed", "update", |all| all.updated),
        ("closed", "archive", |all| all.archived),
    ];
    html! {
        @for (name, change, of) in kinds {
            td.number data-name=(name) {
                @match ended.split_first() {
                    None => { span.soft { "·" } }
                    Some(((run, newest), earlier)) => {
                        (figure(of(newest), &links::address(&links::run(&run.institution, run.id), [("change", change)])))
                        @if let Some((low, high)) = usual(earlier.iter().map(|(_, all)| of(all)).collect()) {
                            small.usual title="what most of the runs before it did" { (range(low, high)) }
                        }
                    }
                }
            }
        }
    }
}

/// Between what and what most of the earlier runs were.
fn usual(mut earlier: Vec<i64>) -> Option<(i64, i64)> {
    if earlier.len() < ENOUGH {
        return None;
    }
    earlier.sort_unstable();
    let last = earlier.len() - 1;
    Some((earlier[last / 10], earlier[last - last / 10]))
}

fn range(low: i64, high: i64) -> String {
    if low == high {
        format!("usually {}", thousands(low))
    } else {
        format!("usually {}–{}", thousands(low), thousands(high))
    }
}

#[cfg(test)]
mod tests {
    use super::usual;

    #[test]
    fn one_odd_run_does_not_make_the_usual_wider() {
        let mut runs: Vec<i64> = (5..15).collect();
        runs.push(900);
        assert_eq!(usual(runs), Some((6, 14)));
        assert_eq!(usual(vec![1, 2, 3]), None);
    }
}
