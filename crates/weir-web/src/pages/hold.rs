//! A hold, or a few: what would my decision do? Old beside new, the ads that it is about, and what
//! each answer does, bound to what is shown.

use super::holds::decided;
use super::job::in_words;
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links::address;
use crate::parts::told;
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::{Path, RawQuery};
use axum::response::Html;
use maud::{Markup, html};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use weir_reporting::report::columns::{counted, line};
use weir_reporting::report::difference::ValueDifference;
use weir_reporting::report::holds::{answers, does, name, sketched};
use weir_reporting::report::page::when;
use weir_runtime::actions::holds::entries;
use weir_store::holds::{self, Hold};
use weir_store::views::hold_list::{self, HoldLine};

/// Ads of a hold that are shown.
const ADS: usize = 100;

/// Holds that are decided at once.
const TOGETHER: usize = 50;

/// The page of one hold.
pub(super) async fn page(site: Visitor, Path(id): Path<i64>) -> Result<Html<String>, PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, &site).await?;
    let open = holds::find(&mut connection, &[id]).await?;
    let known = hold_list::one(&mut connection, id).await?;
    drop(connection);
    let Some(known) = known else {
        return Err(unknown());
    };
    let over = html! { a href="/holds" { "Holds" } " › " a href=(address("/holds", [("institution", known.institution.as_str())])) { (line(&known.institution, 60)) } " › Hold " (id) };
    let body = html! {
        @if open.is_empty() { (closed(&known, &catalog, (site.now)())) }
        @for hold in &open { h2 { "What it is about" } (panel(hold, &catalog, (site.now)())) }
        (super::super::decide::hold_forms(&site, &open))
    };
    let answer = sentence(&line(&known.reason, 200));
    Ok(PageShell::new("Hold", &answer)
        .at("/holds")
        .over(over)
        .show(&site, &body))
}

/// The page of several.
pub(super) async fn several(
    site: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, PageError> {
    let query = query.unwrap_or_default();
    let ids: Vec<i64> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "hold")
        .filter_map(|(_, value)| value.parse().ok())
        .take(TOGETHER)
        .collect();
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, &site).await?;
    let open = holds::find(&mut connection, &ids).await?;
    drop(connection);
    let answer = match open.len() {
        0 => "No open hold is selected".to_owned(),
        count => format!("{} to decide", counted(count, "hold")),
    };
    let body = html! {
        @for hold in &open { section.hold { h2 { a href={ "/holds/" (hold.id) } { "Hold " (hold.id) } " · " (hold.kind.name()) } p { (told(&hold.reason, 300)) } (panel(hold, &catalog, (site.now)())) } }
        @if open.is_empty() { p { a href="/holds" { "Holds" } " lists what waits." } }
        (super::super::decide::hold_forms(&site, &open))
    };
    let over = html! { a href="/holds" { "Holds" } " › Decide" };
    Ok(PageShell::new("Decide", &answer)
        .at("/holds")
        .over(over)
        .show(&site, &body))
}

/// A reason as the first line of a page.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).collect()
}

fn unknown() -> PageError {
    PageError::unknown("There is no such hold", "Holds lists those that there are.")
}

fn closed(hold: &HoldLine, catalog: &Catalog, now: chrono::DateTime<chrono::Utc>) -> Markup {
    let zone = catalog.zone(&hold.institution);
    html! {
        p { (decided(hold)) @if let Some(at) = hold.closed_at { " " (when(at, zone, now)) } @if let Some(by) = &hold.closed_by { " by " (told(by, 60)) } }
        @if let Some(note) = &hold.note { p { "Reason: " (told(note, 300)) } }
    }
}

/// What a hold is about, and what each answer does.
fn panel(hold: &Hold, catalog: &Catalog, now: chrono::DateTime<chrono::Utc>) -> Markup {
    let content = hold.content.as_ref().unwrap_or(&Json::Null);
    let all: Vec<&Json> = entries(hold).collect();
    let [release, discard] = answers(hold, all.len());
    html! {
        dl.facts {
            dt { "hold" } dd { code { (name(hold)) } " · " (line(&hold.institution, 60)) " " (told(&hold.source_id, 60)) }
            dt { "about" } dd { (told(&hold.subject, 200)) }
            dt { "waits since" } dd { (when(hold.opened_at, catalog.zone(&hold.institution), now)) }
            dt { "release" } dd { (super::super::shell::prose(&release)) }
            dt { "discard" } dd { (super::super::shell::prose(&discard)) }
        }
        (versions(content))
        @if !all.is_empty() { (ads(&all)) }
    }
}

/// The fields that differ, old beside new.
fn versions(content: &Json) -> Markup {
    let Some(new) = content.get("fields").and_then(Json::as_object) else {
        return html! {};
    };
    let empty = Map::new();
    let old = content.pointer("/job/fields").and_then(Json::as_object);
    let is_new = old.is_none();
    let old = old.unwrap_or(&empty);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let of =
        |fields: &Map<String, Json>, name: &String| fields.get(name).cloned().unwrap_or_default();
    html! {
        h3 { (if is_new { "What would be published" } else { "What would change" }) }
        dl.facts { @for name in names {
            @let (was, now) = (of(old, name), of(new, name));
            @if was != now { dt { (in_words(name)) } dd {
                @if is_new { (told(&super::job::plain(&now), 600)) } @else { bdi { (ValueDifference::of(&was, &now).html()) } }
            } }
        } }
    }
}

fn ads(all: &[&Json]) -> Markup {
    html! {
        h3 { (counted(all.len(), "ad")) }
        div.table { table {
            thead { tr { th { "Ad" } th { "Title" } th { "What becomes of it" } } }
            tbody { @for entry in all.iter().take(ADS) { (ad(entry)) } }
        } }
        @if all.len() > ADS { p.soft { "and " (all.len() - ADS) " more" } }
    }
}

fn ad(entry: &Json) -> Markup {
    let text = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default();
    html! {
        tr {
            th scope="row" { code { (told(text("ad"), 60)) } }
            td { (told(text("title"), 120)) }
            td {
                @if !text("does").is_empty() { (told(&does(entry), 200)) }
                @if !text("close_date").is_empty() { "closed on " (line(text("close_date"), 20)) }
                @for (word, side) in [("was", "old"), ("now", "new")] {
                    @if let Some(sketch) = entry.get(side) { p { span.soft { (word) " " } (told(&sketched(sketch), 240)) } }
                }
            }
        }
    }
}
