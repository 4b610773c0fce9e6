//! Failures: which ads did not become jobs, and why? Groups by rule and field first, then the ads
//! of one group, each with every reason at its field.

use super::job::{in_words, plain};
use super::{asked, cut};
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links::address;
use crate::parts::{FilterField, empty, filter, institution_choices, pager, told};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value as Json;
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::{counted, line};
use weir_reporting::report::page::when;
use weir_store::failures::{self, FailedDocument, FailureFilter, FailureGroup};

/// Groups that are shown.
const GROUPS: usize = 100;

/// Between the parts of a cursor; no name or id has it.
const UNIT: char = '\u{1f}';

/// Which failures are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FailuresQuery {
    institution: String,
    source: String,
    rule: String,
    field: String,
    after: String,
}

impl FailuresQuery {
    fn filters(&self) -> [(&str, &str); 4] {
        [
            ("institution", &self.institution),
            ("source", &self.source),
            ("rule", &self.rule),
            ("field", &self.field),
        ]
    }

    fn wanted(&self) -> FailureFilter<'_> {
        let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
        FailureFilter {
            institution: given(self.institution.as_str()),
            source: given(self.source.as_str()),
            rule: given(self.rule.as_str()),
            field: given(self.field.as_str()),
        }
    }

    fn after(&self) -> Option<[&str; 3]> {
        let mut parts = self.after.split(UNIT);
        Some([parts.next()?, parts.next()?, parts.next()?])
    }
}

/// What the database says.
struct FailuresFacts {
    catalog: Catalog,
    groups: Vec<FailureGroup>,
    ads: Vec<FailedDocument>,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<FailuresQuery>,
) -> Result<Html<String>, PageError> {
    let mut facts = {
        let mut connection = site.connection().await?;
        let catalog = Catalog::load(&mut connection, &site).await?;
        catalog.chosen(&query.institution)?;
        let wanted = query.wanted();
        FailuresFacts {
            groups: failures::groups(&mut connection, wanted.institution).await?,
            ads: failures::page(&mut connection, &wanted, query.after(), asked()).await?,
            catalog,
        }
    };
    let more = cut(&mut facts.ads);
    let next = facts.ads.last().filter(|_| more).map(cursor);
    let now = (site.now)();
    let body = html! {
        (filter("/failures", &[
            FilterField::Choice("institution", "Institution", &query.institution, institution_choices(facts.catalog.all())),
            FilterField::Text("rule", "Rule or type", &query.rule),
            FilterField::Text("field", "Field", &query.field),
            FilterField::Fixed("source", &query.source),
        ]))
        @if facts.ads.is_empty() { (empty("No ad fails here.", "Ads that fail are kept with every reason; `weir failures resolved` lists those that no longer do.")) }
        @else {
            (groups(&facts, now))
            (ads(&site, &facts, now))
        }
        (pager("/failures", &query.filters(), ("after", &query.after), next.as_deref()))
    };
    Ok(
        PageShell::new("Failures", &answer(facts.ads.len(), more, &query))
            .at("/failures")
            .show(&site, &body),
    )
}

fn cursor(ad: &FailedDocument) -> String {
    format!(
        "{}{UNIT}{}{UNIT}{}",
        ad.institution, ad.source_id, ad.external_id
    )
}

/// Those of this page are counted, and none beyond it.
fn answer(shown: usize, more: bool, query: &FailuresQuery) -> String {
    let rest = if query.after.is_empty() {
        ""
    } else {
        " further"
    };
    match shown {
        0 => "Every ad became a job".to_owned(),
        1 => format!("1{rest} ad did not become a job"),
        shown if more => format!("More than {shown}{rest} ads did not become jobs"),
        shown => format!("{shown}{rest} ads did not become jobs"),
    }
}

fn groups(facts: &FailuresFacts, now: DateTime<Utc>) -> Markup {
    let named = |group: &FailureGroup| group.rule.clone().unwrap_or_else(|| group.kind.clone());
    html! {
        section {
            h2 { "By rule and field" }
            div.table { table {
                thead { tr { th.number { "Ads" } th.number { "New" } th { "Rule or type" } th { "Field" } th { "Source" } th { "Such as" } th { "Since" } } }
                tbody { @for group in facts.groups.iter().take(GROUPS) {
                    @let rule = named(group);
                    @let link = address("/failures", [("institution", group.institution.as_str()), ("source", group.source_id.as_str()), ("rule", rule.as_str()), ("field", group.field.as_deref().unwrap_or_default())]);
                    tr data-row {
                        td.number data-name="ads" { a href=(link) { (thousands(group.ads)) } }
                        td.number data-name="new" { @if group.fresh > 0 { b.warm { (thousands(group.fresh)) } } @else { span.soft { "·" } } }
                        th.wide scope="row" title=(line(&rule, 60)) { @if group.rule.is_some() { (told(&rule, 60)) } @else { (kind_words(&group.kind)) } }
                        td { @if let Some(field) = &group.field { (in_words(field)) } }
                        td { (line(&group.institution, 40)) " " span.soft { (told(&group.source_id, 40)) } }
                        td { (told(&group.message, 140)) @if let Some(value) = &group.value { p.soft { (told(&plain(value), 80)) } } }
                        td { (when(group.since, facts.catalog.zone(&group.institution), now)) }
                    }
                } }
            } }
            @if facts.groups.len() > GROUPS { p.soft { "and " (counted(facts.groups.len() - GROUPS, "more group")) } }
        }
    }
}

fn ads(site: &Visitor, facts: &FailuresFacts, now: DateTime<Utc>) -> Markup {
    html! {
        section {
            h2 { "The ads" }
            form method="post" {
                div.table { table {
                    thead { tr { th.tick { input type="checkbox" data-all aria-label="select all on this page" hidden; } th { "Ad" } th { "What speaks against it" } th { "Outcome" } th { "Since" } } }
                    tbody { @for ad in &facts.ads { (row(ad, facts, now)) } }
                } }
                (super::super::decide::failure_buttons(site))
            }
        }
    }
}

fn row(ad: &FailedDocument, facts: &FailuresFacts, now: DateTime<Utc>) -> Markup {
    let name = format!("{}/{}:{}", ad.institution, ad.source_id, ad.external_id);
    html! {
        tr data-row {
            td.tick { input type="checkbox" name="document" value={ (ad.document_id) "@" (ad.revision) } aria-label={ "select " (line(&ad.external_id, 60)) }; }
            th.wide scope="row" {
                a href=(address("/ads", [("ad", name.as_str())])) { (told(&ad.external_id, 60)) }
                p.soft.next-step { (line(&ad.institution, 40)) " · " (told(&ad.source_id, 40)) }
            }
            td { ul.reasons { @for reason in ad.reasons.as_array().into_iter().flatten().take(8) { li { (reason_line(reason)) } } } }
            td { (ad.outcome.name()) }
            td { (when(ad.since, facts.catalog.zone(&ad.institution), now)) }
        }
    }
}

/// A reason at its field, with the value that was found.
fn reason_line(reason: &Json) -> Markup {
    let part = |name: &str| reason.get(name).and_then(Json::as_str).unwrap_or_default();
    let value = reason.get("value").filter(|value| !value.is_null());
    html! {
        @if !part("field").is_empty() { b title=(line(part("field"), 60)) { (in_words(part("field"))) } ": " }
        span title=(line(part("type"), 60)) { (told(part("message"), 200)) }
        @if let Some(value) = value { " " code { (told(&plain(value), 80)) } }
        @if !part("rule").is_empty() { span.soft { " · rule " (told(part("rule"), 60)) } }
    }
}

/// A type of failure as people call it; the code stands in the title.
fn kind_words(kind: &str) -> String {
    let known = match kind {
        "missing_field" => "missing",
        "invalid_type" => "of another type",
        "invalid_length" => "too short or too long",
        "invalid_date" => "not a date",
        "invalid_array" => "not a list as asked for",
        "invalid_relationship" => "unknown name",
        "invalid_date_range" => "dates that exclude each other",
        "invalid_url" => "not an address",
        "system_error" => "could not be derived",
        "unreadable" => "unreadable",
        "missing_id" => "no id",
        "duplicate_id" => "id that came twice",
        "no_detail" => "page that could not be read",
        "detail_gone" => "page that is gone",
        "recycled_id" | "renumbered_id" => "doubtful id",
        _ => return line(kind, 60).replace('_', " "),
    };
    known.to_owned()
}
