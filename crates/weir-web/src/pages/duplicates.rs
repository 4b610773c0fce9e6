//! Duplicates: which ads are one opening, and which pairs should I judge? Pairs side by side with
//! what speaks for and against them, then the openings that several ads advertise.

use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links;
use crate::parts::{FilterField, empty, filter, institution_choices, told};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_reporting::report::columns::{counted, line};
use weir_reporting::report::duplicates::finding;
use weir_store::holds::{self, Hold};
use weir_store::views::hold_list::{self, HoldFilter};
use weir_store::views::job_list::{self, JobLine};
use weir_store::views::source_list::{self, SharedOpening};

/// Pairs of a page.
const PAIRS: i64 = 12;

/// Whose pairs are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DuplicatesQuery {
    institution: String,
    after: String,
}

/// What the database says.
struct DuplicatesFacts {
    catalog: Catalog,
    pairs: Vec<Hold>,
    jobs: BTreeMap<Uuid, JobLine>,
    openings: Vec<SharedOpening>,
    waiting: i64,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<DuplicatesQuery>,
) -> Result<Html<String>, PageError> {
    let facts = facts(&site, &query).await?;
    let next = facts
        .pairs
        .last()
        .filter(|_| i64::try_from(facts.pairs.len()).unwrap_or_default() == PAIRS);
    let next = next.map(|hold| hold.id.to_string());
    let body = html! {
        (filter("/duplicates", &[FilterField::Choice("institution", "Institution", &query.institution, institution_choices(facts.catalog.all()))]))
        @for hold in &facts.pairs { (pair(&site, hold, &facts)) }
        (super::super::parts::pager("/duplicates", &[("institution", &query.institution)], ("after", &query.after), next.as_deref()))
        (openings(&facts.openings))
    };
    Ok(PageShell::new("Duplicates", &answer(&facts))
        .at("/duplicates")
        .show(&site, &body))
}

async fn facts(site: &Visitor, query: &DuplicatesQuery) -> Result<DuplicatesFacts, PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let institution = catalog
        .chosen(&query.institution)?
        .map(|entry| entry.id.unwrap_or_default());
    let wanted = HoldFilter {
        institution,
        kind: Some("duplicate".to_owned()),
        closed: false,
        after: query.after.parse().ok(),
    };
    let lines = hold_list::page(&mut connection, &wanted, PAIRS).await?;
    let ids: Vec<i64> = lines.iter().map(|hold| hold.id).collect();
    let mut pairs = holds::find(&mut connection, &ids).await?;
    pairs.sort_by_key(|hold| hold.id);
    let ids: Vec<Uuid> = pairs.iter().flat_map(jobs_of).collect();
    let jobs = job_list::of_ids(&mut connection, &ids).await?;
    let kinds = hold_list::kinds(&mut connection, institution).await?;
    Ok(DuplicatesFacts {
        openings: source_list::shared_openings(&mut connection, institution, 50).await?,
        jobs: jobs.into_iter().map(|job| (job.id, job)).collect(),
        waiting: kinds
            .iter()
            .find(|(kind, _)| kind == "duplicate")
            .map_or(0, |(_, count)| *count),
        catalog,
        pairs,
    })
}

/// The two jobs of a pair.
fn jobs_of(hold: &Hold) -> Vec<Uuid> {
    let jobs = hold
        .details
        .as_ref()
        .and_then(|details| details.get("jobs"))
        .cloned();
    jobs.and_then(|jobs| serde_json::from_value(jobs).ok())
        .unwrap_or_default()
}

fn answer(facts: &DuplicatesFacts) -> String {
    match facts.waiting {
        0 => "No pair of ads is in doubt".to_owned(),
        1 => "1 pair of ads is in doubt".to_owned(),
        waiting => format!(
            "{} of ads are in doubt",
            counted(usize::try_from(waiting).unwrap_or_default(), "pair")
        ),
    }
}

fn pair(site: &Visitor, hold: &Hold, facts: &DuplicatesFacts) -> Markup {
    let details = hold.details.as_ref().unwrap_or(&Json::Null);
    let lines = details.get("lines").and_then(Json::as_array);
    let points = details
        .get("points")
        .and_then(Json::as_f64)
        .unwrap_or_default();
    html! {
        section.pair data-row {
            h2 { a href={ "/holds/" (hold.id) } { (told(&hold.subject, 120)) } }
            div.sides { @for job in jobs_of(hold) { @if let Some(job) = facts.jobs.get(&job) { (side(job)) } } }
            p.soft { "Sum " (format!("{points:+.1}")) ": "
                @for line in lines.into_iter().flatten().take(12) { (score(line)) " " }
            }
            (super::super::decide::pair_form(site, hold))
        }
    }
}

fn score(one: &Json) -> Markup {
    let text = |name: &str| one.get(name).and_then(Json::as_str).unwrap_or_default();
    let points = one.get("points").and_then(Json::as_f64).unwrap_or_default();
    let found = finding(text("field"), text("found"));
    html! { span.score { (line(text("field"), 40)) " " (line(found, 40)) " " b { (format!("{points:+.1}")) } } }
}

/// One ad of a pair.
fn side(job: &JobLine) -> Markup {
    let organisation = job
        .company
        .as_ref()
        .or(job.division.as_ref())
        .or(job.department.as_ref());
    html! {
        div {
            h3 { a href=(links::job(job.id)) { (told(&job.title, 140)) } }
            dl {
                dt { "ad" } dd { (told(&job.source_id, 40)) ":" (told(&job.original_id, 50)) }
                @if let Some(organisation) = organisation { dt { "organisation" } dd { (told(organisation, 100)) } }
                @if let Some(places) = &job.locations { dt { "places" } dd { (told(&places.join(", "), 160)) } }
                @if let Some(day) = job.close_date { dt { "closes" } dd { (day) } }
                dt { "status" } dd { (job.status) }
            }
        }
    }
}

fn openings(all: &[SharedOpening]) -> Markup {
    html! {
        section {
            h2 { "Openings of several ads" }
            @if all.is_empty() { (empty("No opening has several ads.", "`openings: {}` in an institution compares the ads of its sources; docs/openings.md says how.")) }
            @else {
                p.soft { "Those that something happened to lately." }
                div.table { table {
                    thead { tr { th { "Opening" } th { "Institution" } th { "Places" } th { "Ads" } th { "Status" } } }
                    tbody { @for opening in all { tr data-row {
                        th.wide scope="row" { a href={ (links::job(opening.job_id)) "#opening" } { (told(&opening.title, 120)) } }
                        td { (line(&opening.institution, 40)) }
                        td { @if let Some(places) = &opening.locations { (told(&places.join(", "), 100)) } }
                        td { @for ad in opening.ads.iter().take(6) { code { (told(ad, 60)) } " " } @if opening.ads.len() > 6 { "and " (opening.ads.len() - 6) " more" } }
                        td { (opening.status) }
                    } } }
                } }
            }
        }
    }
}
