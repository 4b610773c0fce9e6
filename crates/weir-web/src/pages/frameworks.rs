//! Frameworks: how many jobs have a role, and which titles have none? Measured on the most recently
//! written jobs, so that the page costs the same however many there are.

use crate::access::Visitor;
use crate::links::{self, address};
use crate::parts::{empty, told};
use crate::refusal::PageError;
use crate::shell::{PageShell, prose};
use axum::response::Html;
use maud::{Markup, html};
use weir_project::plan::picture::thousands;
use weir_reporting::report::classes::nearest;
use weir_reporting::report::columns::{counted, line, share};
use weir_store::views::source_list::{self, LastUsedFramework, NewestCoverage, NewestUnmatched};

/// Jobs that are looked at.
const NEWEST: i64 = 5_000;

/// Titles that are listed.
const TITLES: i64 = 50;

/// The page.
pub(super) async fn page(site: Visitor) -> Result<Html<String>, PageError> {
    let (known, coverage, unmatched) = {
        let mut connection = site.connection().await?;
        (
            source_list::frameworks(&mut connection).await?,
            source_list::newest_coverage(&mut connection, NEWEST).await?,
            source_list::newest_unmatched(&mut connection, NEWEST, TITLES).await?,
        )
    };
    let body = html! {
        @if known.is_empty() { (empty("No run has used a framework.", "`roles: { framework: NAME }` in an institution finds the role of each job; docs/roles.md says how.")) }
        @else { (shares(&coverage)) (titles(&unmatched)) (versions(&known)) }
    };
    Ok(PageShell::new("Frameworks", &answer(&coverage))
        .at("/frameworks")
        .show(&site, &body))
}

fn answer(coverage: &[NewestCoverage]) -> String {
    let sum = |of: fn(&NewestCoverage) -> i64| coverage.iter().map(of).sum::<i64>();
    let (jobs, roles) = (sum(|one| one.jobs), sum(|one| one.roles));
    if jobs == 0 {
        return "No job was asked for its role yet".to_owned();
    }
    format!(
        "{} of the newest {} have a role",
        share(roles, jobs),
        counted(usize::try_from(jobs).unwrap_or_default(), "job")
    )
}

fn shares(coverage: &[NewestCoverage]) -> Markup {
    html! {
        div.table { table {
            thead { tr { th { "Institution" } th { "Framework" } th.number { "Jobs" } th.number { "With a role" } th.number { "Only a group" } th.number { "To review" } th.number { "Rate" } } }
            tbody { @for one in coverage { tr data-row {
                th.wide scope="row" { a href=(address("/jobs", [("institution", one.institution.as_str())])) { (line(&one.institution, 60)) } }
                td { (line(&one.framework, 60)) }
                td.number data-name="jobs" { (thousands(one.jobs)) }
                td.number data-name="with a role" { (thousands(one.roles)) }
                td.number data-name="only a group" { (thousands(one.groups)) }
                td.number data-name="to review" { (thousands(one.review)) }
                td.number data-name="rate" { (share(one.roles, one.jobs)) }
            } } }
        } }
    }
}

fn titles(unmatched: &[NewestUnmatched]) -> Markup {
    html! {
        section {
            h2 { "Titles without a role" }
            @if unmatched.is_empty() { p.soft { "None among the newest jobs." } }
            @else {
                p.soft { (prose("`weir roles accept TITLE ROLE` teaches one; commit the file that it writes.")) }
                div.table { table {
                    thead { tr { th.number { "Jobs" } th { "Title" } th { "Framework" } th { "Nearest" } } }
                    tbody { @for one in unmatched { tr data-row {
                        td.number data-name="jobs" { (thousands(one.jobs)) }
                        th.wide scope="row" { a href=(links::job(one.job)) { (told(&one.title, 120)) } }
                        td { (line(&one.framework, 60)) }
                        td { @for role in nearest(&one.decided).take(3) { p { (told(&role, 100)) } } }
                    } } }
                } }
            }
        }
    }
}

fn versions(known: &[LastUsedFramework]) -> Markup {
    html! {
        section {
            h2 { "Frameworks that runs use" }
            dl.facts { @for one in known {
                dt { (line(&one.name, 60)) }
                dd {
                    "version " (line(&one.version, 40)) ", " (one.kind) ", " (thousands(one.entries)) " entries"
                    @if let Some(about) = &one.about { p.soft { (told(about, 300)) } }
                    @if let Some(licence) = &one.licence { p.soft { "Licence: " (told(licence, 200)) } }
                }
            } }
        }
    }
}
