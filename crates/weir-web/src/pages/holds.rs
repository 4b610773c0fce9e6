//! Holds: what waits for my decision? The oldest first, and what was decided before.

use super::{asked, cut};
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links::address;
use crate::parts::{
    FilterField, OperatingState, empty, filter, institution_choices, pager, state, told,
};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::line;
use weir_reporting::report::page::when;
use weir_store::views::hold_list::{self, HoldFilter, HoldLine};

/// Which holds are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HoldsQuery {
    institution: String,
    kind: String,
    decided: String,
    after: String,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<HoldsQuery>,
) -> Result<Html<String>, PageError> {
    let closed = !query.decided.is_empty();
    let (catalog, mut holds, kinds) = {
        let mut connection = site.connection().await?;
        let catalog = Catalog::load(&mut connection, &site).await?;
        let chosen = catalog.chosen(&query.institution)?;
        let wanted = HoldFilter {
            institution: chosen.map(|entry| entry.id.unwrap_or_default()),
            kind: Some(query.kind.clone()).filter(|kind| !kind.is_empty()),
            closed,
            after: query.after.parse().ok(),
        };
        let holds = hold_list::page(&mut connection, &wanted, asked()).await?;
        let kinds = hold_list::kinds(&mut connection, wanted.institution).await?;
        (catalog, holds, kinds)
    };
    let more = cut(&mut holds);
    let next = holds
        .last()
        .filter(|_| more)
        .map(|hold| hold.id.to_string());
    let filters = [
        ("institution", query.institution.as_str()),
        ("kind", query.kind.as_str()),
        ("decided", query.decided.as_str()),
    ];
    let body = html! {
        (filter("/holds", &[
            FilterField::Choice("institution", "Institution", &query.institution, institution_choices(catalog.all())),
            FilterField::Choice("decided", "Which", &query.decided, vec![(String::new(), "waiting".to_owned()), ("yes".to_owned(), "decided or ended".to_owned())]),
            FilterField::Fixed("kind", &query.kind),
        ]))
        (tabs(&kinds, &query))
        @if holds.is_empty() { (empty("Nothing is held here.", "A hold appears when a change is too large, too doubtful or too new to be made without you.")) }
        @else { (table(&holds, &catalog, closed, (site.now)())) }
        (pager("/holds", &filters, ("after", &query.after), next.as_deref()))
    };
    let all: i64 = kinds.iter().map(|(_, count)| count).sum();
    Ok(PageShell::new("Holds", &answer(all))
        .at("/holds")
        .show(&site, &body))
}

fn answer(waiting: i64) -> String {
    match waiting {
        0 => "Nothing waits for your decision".to_owned(),
        1 => "1 change waits for your decision".to_owned(),
        10_000.. => "More than 10,000 changes wait for your decision".to_owned(),
        waiting => format!("{} changes wait for your decision", thousands(waiting)),
    }
}

fn tabs(kinds: &[(String, i64)], query: &HoldsQuery) -> Markup {
    let of = |kind: &str| {
        address(
            "/holds",
            [("institution", query.institution.as_str()), ("kind", kind)],
        )
    };
    html! {
        @if kinds.len() > 1 && query.decided.is_empty() {
            ul.tabs {
                li { a href=(of("")) aria-current=[query.kind.is_empty().then_some("true")] { "all" } }
                @for (kind, count) in kinds { li { a href=(of(kind)) aria-current=[(query.kind == *kind).then_some("true")] { (kind) " " (thousands(*count)) } } }
            }
        }
    }
}

fn table(holds: &[HoldLine], catalog: &Catalog, closed: bool, now: DateTime<Utc>) -> Markup {
    html! {
        form action="/holds/decide" method="get" {
            div.table { table {
                thead { tr {
                    @if !closed { th.tick { input type="checkbox" data-all aria-label="select all on this page" hidden; } }
                    th { "What" } th { "Why" } th { "Institution" } th { (if closed { "Decided" } else { "Since" }) }
                } }
                tbody { @for hold in holds { (row(hold, catalog, closed, now)) } }
            } }
            @if !closed { p.act { button { "Look at the selected" } span.soft { " Nothing is decided before you have seen what it does." } } }
        }
    }
}

fn row(hold: &HoldLine, catalog: &Catalog, closed: bool, now: DateTime<Utc>) -> Markup {
    let zone = catalog.zone(&hold.institution);
    html! {
        tr data-row {
            @if !closed { td.tick { input type="checkbox" name="hold" value=(hold.id) aria-label={ "select hold " (hold.id) }; } }
            th.wide scope="row" { a href={ "/holds/" (hold.id) } { (hold.kind) " " (told(&hold.subject, 80)) } }
            td { (told(&hold.reason, 220)) }
            td { (line(&hold.institution, 40)) " " span.soft { (told(&hold.source_id, 40)) } }
            td { @match hold.closed_at {
                Some(at) => { (decided(hold)) " " (when(at, zone, now)) @if let Some(by) = &hold.closed_by { " by " (told(by, 40)) } @if let Some(note) = &hold.note { p.soft { (told(note, 120)) } } },
                None => { (when(hold.opened_at, zone, now)) },
            } }
        }
    }
}

/// How a hold ended.
pub(super) fn decided(hold: &HoldLine) -> Markup {
    match hold.status.as_str() {
        "released" => state(OperatingState::Healthy, "released"),
        "discarded" => state(OperatingState::Paused, "discarded"),
        "open" => state(OperatingState::NeedsPerson, "waits"),
        other => state(OperatingState::Paused, other),
    }
}
