//! Audit: who decided what, when and why? The newest first.

use super::{asked, cut};
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links::address;
use crate::parts::{FilterField, empty, filter, institution_choices, pager, told};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, SecondsFormat, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use weir_reporting::report::columns::{counted, line};
use weir_reporting::report::page::when;
use weir_store::views::decisions::{self, DecisionLine};

/// Whose decisions are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AuditQuery {
    institution: String,
    after: String,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<AuditQuery>,
) -> Result<Html<String>, PageError> {
    let after = after(&query.after)?;
    let (catalog, mut done) = {
        let mut connection = site.connection().await?;
        let catalog = Catalog::load(&mut connection, &site).await?;
        let chosen = catalog.chosen(&query.institution)?;
        let institution = chosen.map(|entry| entry.id.unwrap_or_default());
        let after = after.as_ref().map(|(at, key)| (*at, key.as_str()));
        let done = decisions::page(&mut connection, institution, after, asked()).await?;
        (catalog, done)
    };
    let more = cut(&mut done);
    let next = done.last().filter(|_| more);
    let next = next.map(|last| {
        format!(
            "{}~{}",
            last.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            last.key
        )
    });
    let body = html! {
        (filter("/audit", &[FilterField::Choice("institution", "Institution", &query.institution, institution_choices(catalog.all()))]))
        @if done.is_empty() { (empty("No decision yet.", "`/holds` and `/duplicates` list what can be decided; every decision is kept here with its reason.")) }
        @else { (table(&done, &catalog, (site.now)())) }
        (pager("/audit", &[("institution", &query.institution)], ("after", &query.after), next.as_deref()))
    };
    Ok(PageShell::new("Audit", &answer(&done, more))
        .at("/audit")
        .show(&site, &body))
}

fn after(text: &str) -> Result<Option<(DateTime<Utc>, String)>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (at, key) = text.split_once('~')?;
        Some((at.parse().ok()?, key.to_owned()))
    };
    read()
        .map(Some)
        .ok_or_else(|| PageError::bad("The address cannot be read", "Follow the link of a page."))
}

fn answer(done: &[DecisionLine], more: bool) -> String {
    match (done.len(), more) {
        (0, _) => "Nobody has decided anything".to_owned(),
        (count, true) => format!("The newest {}", counted(count, "decision")),
        (count, false) => counted(count, "decision"),
    }
}

fn table(done: &[DecisionLine], catalog: &Catalog, now: DateTime<Utc>) -> Markup {
    html! {
        div.table { table {
            thead { tr { th { "When" } th { "Who" } th { "What" } th { "Of" } th { "Institution" } th { "Why" } } }
            tbody { @for one in done { tr data-row {
                td { (when(one.at, catalog.zone(&one.institution), now)) }
                td { (told(&one.done_by, 60)) }
                th.wide scope="row" { (one.what) }
                td { @match one.hold { Some(hold) => { a href={ "/holds/" (hold) } { (one.kind) " " (told(&one.subject, 80)) } }, None => { (told(&one.subject, 120)) } } }
                td { (line(&one.institution, 60)) }
                td { @if let Some(reason) = &one.reason { (told(reason, 200)) } (undo(one)) }
            } } }
        } }
    }
}

/// The way to take a decision back, where there is one.
fn undo(one: &DecisionLine) -> Markup {
    let Some([first, second]) = one.pair.as_deref() else {
        return html! {};
    };
    let (first, second) = (first.to_string(), second.to_string());
    html! { " " a href=(address("/duplicates/undo", [("one", first.as_str()), ("other", second.as_str())])) { "Undo" } }
}
