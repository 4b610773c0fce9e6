//! Reports: what became of the jobs on a day? The reports as they were made and sent, a page each,
//! made to be printed.

use super::alerts::message;
use super::{asked, cut};
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links::address;
use crate::parts::{OperatingState, empty, pager, state, told};
use crate::refusal::PageError;
use crate::shell::{PageShell, prose};
use axum::extract::{Path, Query};
use axum::response::Html;
use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use weir_model::Clock;
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::{counted, line};
use weir_reporting::report::health::{self, InstitutionHealth};
use weir_reporting::report::morning::{self, InstitutionMorning, MorningReport};
use weir_reporting::report::page::when;
use weir_store::daily_reports::{self, KeptDay};
use weir_store::figures::ReasonRow;
use weir_store::waiting::WaitingHolds;

/// Which reports are listed, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReportsQuery {
    before: String,
}

/// The list.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<ReportsQuery>,
) -> Result<Html<String>, PageError> {
    let before = match query.before.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            PageError::bad("The address names no day", "A day is written 2026-09-01.")
        })?),
    };
    let (catalog, mut kept) = {
        let mut connection = site.connection().await?;
        let catalog = Catalog::load(&mut connection, &site).await?;
        (
            catalog,
            daily_reports::days(&mut connection, before, asked()).await?,
        )
    };
    let more = cut(&mut kept);
    let next = kept.last().filter(|_| more).map(|one| one.day.to_string());
    let answer = match (kept.len(), more) {
        (0, _) => "No report was made yet".to_owned(),
        (count, true) => format!("The newest {}", counted(count, "report")),
        (count, false) => counted(count, "report"),
    };
    let body = html! {
        @if kept.is_empty() { (empty("A report is made and sent once a day.", "`report: { at: \"07:00\" }` in `weir.yaml` says when; `weir report --morning` shows one now.")) }
        @else { (table(&kept, &catalog, (site.now)())) }
        (pager("/reports", &[], ("before", &query.before), next.as_deref()))
    };
    Ok(PageShell::new("Reports", &answer)
        .at("/reports")
        .show(&site, &body))
}

fn table(kept: &[KeptDay], catalog: &Catalog, now: DateTime<Utc>) -> Markup {
    html! {
        div.table { table {
            thead { tr { th { "Day" } th { "What it says" } th.number { "New" } th.number { "Changed" } th.number { "Closed" } th { "Made" } } }
            tbody { @for one in kept { (row(one, catalog, now)) } }
        } }
    }
}

fn row(one: &KeptDay, catalog: &Catalog, now: DateTime<Utc>) -> Markup {
    let report = read(one, catalog);
    let sum = |of: fn(&InstitutionMorning) -> i64| {
        let institutions = report.iter().flat_map(|report| &report.institutions);
        institutions.map(of).sum::<i64>()
    };
    let title = report
        .as_ref()
        .map_or_else(|| one.title.clone(), MorningReport::title);
    html! {
        tr data-row {
            th scope="row" { a href={ "/reports/" (one.day) } { (one.day.format("%a %-d %b %Y")) } }
            td.wide { (told(title.split_once(": ").map_or(title.as_str(), |(_, said)| said), 160)) }
            td.number data-name="new" { (thousands(sum(|one| one.figures.created))) }
            td.number data-name="changed" { (thousands(sum(|one| one.figures.updated))) }
            td.number data-name="closed" { (thousands(sum(|one| one.figures.archived))) }
            td { (when(one.made_at, chrono_tz::Tz::UTC, now)) }
        }
    }
}

/// A kept report, of the institutions that the catalog has; none if an earlier version of Weir
/// wrote it in another form.
fn read(one: &KeptDay, catalog: &Catalog) -> Option<MorningReport> {
    let report: MorningReport = serde_json::from_value(one.content.clone()).ok()?;
    let has = |slug: &str| catalog.all().any(|entry| entry.slug == slug);
    Some(report.only(has))
}

/// The report of a day.
pub(super) async fn day(
    site: Visitor,
    Path(day): Path<NaiveDate>,
) -> Result<Html<String>, PageError> {
    let (catalog, mut found) = {
        let mut connection = site.connection().await?;
        let catalog = Catalog::load(&mut connection, &site).await?;
        let after = day.succ_opt();
        (
            catalog,
            daily_reports::days(&mut connection, after, 1).await?,
        )
    };
    let found = found.pop().filter(|one| one.day == day);
    let report = found
        .as_ref()
        .and_then(|one| Some((one, read(one, &catalog)?)));
    let (one, report) = report.ok_or_else(|| {
        PageError::unknown(
            format!("No report of {day} is kept"),
            "Reports lists those that there are.",
        )
    })?;
    let title = report.title();
    let over = html! { a href="/reports" { "Reports" } " › " (day.format("%A, %-d %B %Y")) };
    let body = html! {
        p.soft { "The 24 hours until " (when(report.until, chrono_tz::Tz::UTC, (site.now)())) "; made " (when(one.made_at, chrono_tz::Tz::UTC, (site.now)())) ". Usual is the mean of the seven days before." }
        (overview(&report))
        @for one in &report.institutions { (institution(one, &report)) }
    };
    Ok(PageShell::new(&title, &title)
        .at("/reports")
        .over(over)
        .show(&site, &body))
}

fn overview(report: &MorningReport) -> Markup {
    html! {
        div.table { table {
            thead { tr { th { "State" } th { "Institution" } th { "What" } th.number { "New" } th.number { "Changed" } th.number { "Closed" } th.number { "Open" } } }
            tbody { @for one in health::worst_first(&report.health) { (overview_row(one, report)) } }
        } }
    }
}

fn overview_row(one: &InstitutionHealth, report: &MorningReport) -> Markup {
    let of_it = |of: &&InstitutionMorning| of.figures.institution == one.institution;
    let morning = report.institutions.iter().find(of_it);
    let standing = match (one.errors.is_empty(), one.warnings.is_empty()) {
        (false, _) => OperatingState::Failing,
        (true, false) => OperatingState::NeedsPerson,
        (true, true) if one.at.is_none() => OperatingState::Paused,
        (true, true) => OperatingState::Healthy,
    };
    html! {
        tr data-row {
            td.state-cell { (state(standing, &health::standing(one).to_lowercase())) }
            th scope="row" { a href={ "#" (line(&one.institution, 60)) } { (told(&one.institution, 60)) } }
            td.wide { (message(&health::words(one))) }
            @if let Some(InstitutionMorning { figures, .. }) = morning {
                td.number data-name="new" { (thousands(figures.created)) }
                td.number data-name="changed" { (thousands(figures.updated)) }
                td.number data-name="closed" { (thousands(figures.archived)) }
                td.number data-name="open" { (thousands(figures.open_jobs)) }
            }
        }
    }
}

/// What became of one institution.
fn institution(one: &InstitutionMorning, report: &MorningReport) -> Markup {
    let figures = &one.figures;
    let slug = line(&figures.institution, 60);
    html! {
        section.day id=(slug) {
            h2 { (slug) " " small.soft { (thousands(figures.open_jobs)) " open jobs" } }
            div.columns {
                table.plain.stays {
                    thead { tr { th { "Jobs" } th.number { "Day" } th.number { "Usual" } } }
                    tbody { @for (name, count, usual) in morning::rows(figures) { tr { th scope="row" { (name) } td.number data-name="day" { (thousands(count)) } td.number data-name="usual" { (format!("{usual:.1}")) } } } }
                }
                div {
                    @if !one.waiting.is_empty() { h3 { "Waits for a decision" } ul.list { @for held in &one.waiting { (held_line(held, report)) } } }
                    @if !one.reasons.is_empty() { h3 { "Why ads are refused" } ul.list { @for reason in &one.reasons { (refused(reason, &slug)) } } }
                    @for (kind, title) in [("company", "Companies with new jobs"), ("role", "Roles with new jobs")] {
                        @let names: Vec<_> = one.new_jobs.iter().filter(|new| new.kind == kind).collect();
                        @if !names.is_empty() { h3 { (title) } p { @for (place, new) in names.iter().enumerate() { @if place > 0 { ", " } (told(&new.name, 60)) " (" (new.jobs) ")" } } }
                    }
                }
            }
        }
    }
}

/// A decision that waits, with the way to it.
fn held_line(held: &WaitingHolds, report: &MorningReport) -> Markup {
    let words = held.words(Clock(report.until));
    let name = format!("hold {}", held.hold);
    let rest = words.strip_prefix(&name).unwrap_or(&words);
    html! { li { a href={ "/holds/" (held.hold) } { "Hold " (held.hold) } (prose(&line(rest, 200))) } }
}

fn refused(reason: &ReasonRow, slug: &str) -> Markup {
    let link = address("/failures", [("institution", slug)]);
    html! { li { a href=(link) { (counted(usize::try_from(reason.ads).unwrap_or_default(), "ad")) } " of " (told(&reason.source_id, 40)) ": " (message(&reason.message)) } }
}
