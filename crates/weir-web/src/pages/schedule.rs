//! Schedule: what runs now and in the next 24 hours? The institutions by when they are due, each on
//! a strip of the day, in a zone of the reader's choice, with what holds them back; then the queue.

use super::work::WorkFacts;
use crate::access::Visitor;
use crate::catalog::{Catalog, YamlStanding};
use crate::decide::{pause_buttons, pause_name};
use crate::links::address;
use crate::parts::{
    FilterField, OperatingState, and_more, empty, filter, institution_choices, state, told,
};
use crate::refusal::PageError;
use crate::shell::{PageShell, prose};
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;
use weir_project::plan::Plan;
use weir_reporting::report::columns::{counted, line, span_words};
use weir_reporting::report::page::when;
use weir_reporting::report::schedule::{self, DueInstitution, ScheduleOverview};
use weir_store::schedules::{self, InstitutionPause};

/// Institutions that are shown at once.
const SHOWN: usize = 100;

/// In which zone times are shown, and of which institution, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ScheduleQuery {
    zone: String,
    institution: String,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<ScheduleQuery>,
) -> Result<Html<String>, PageError> {
    let now = (site.now)();
    let (catalog, work, pauses) = {
        let mut connection = site.connection().await?;
        (
            Catalog::load(&mut connection, &site).await?,
            WorkFacts::load(&mut connection, &site).await?,
            schedules::pauses(&mut connection, now).await?,
        )
    };
    let entries = catalog
        .all()
        .filter(|entry| entry.standing == YamlStanding::Ready);
    let plans: Vec<&Plan> = entries.filter_map(|entry| entry.plan.as_deref()).collect();
    let schedule = schedule::collect(&plans, now, TimeDelta::hours(24));
    let zones: BTreeSet<&str> = plans.iter().map(|plan| plan.zone.name()).collect();
    let zone = zone(&query.zone, &zones)?;
    let chosen = catalog.chosen(&query.institution)?;
    let chosen = chosen.map(|entry| entry.slug.as_str());
    let choices: Vec<(String, String)> = zones
        .iter()
        .chain([&"UTC"])
        .map(|name| ((*name).to_owned(), (*name).to_owned()))
        .collect();
    let body = html! {
        @if schedule.institutions.is_empty() { (empty("No institution has a schedule.", "`schedule: \"0 5 * * *\"` in an institution or its pipeline runs it every day at 05:00 in its zone.")) }
        @else {
            (filter("/schedule", &[
                FilterField::Choice("institution", "Institution", &query.institution, institution_choices(catalog.all())),
                FilterField::Choice("zone", "Times in", zone.name(), choices),
            ]))
            (table(&site, &schedule, &pauses, zone, chosen))
        }
        (work.queue(&catalog, now))
        @if !schedule.unscheduled.is_empty() { p { "Without a schedule: " (line(&schedule.unscheduled.join(", "), 600)) } }
        (waits(&schedule))
        p.soft { (prose("`weir serve` runs institutions when they are due; `weir schedule --next 7d` looks further ahead.")) }
    };
    let answer = answer(&schedule, work.is_scheduled);
    Ok(PageShell::new("Schedule", &answer)
        .at("/schedule")
        .show(&site, &body))
}

/// The zone that is asked for, else that of most institutions.
fn zone(wanted: &str, zones: &BTreeSet<&str>) -> Result<Tz, PageError> {
    let name = if wanted.is_empty() {
        zones.iter().next().copied().unwrap_or("UTC")
    } else {
        wanted
    };
    name.parse().map_err(|_| {
        PageError::bad(
            "There is no such zone",
            "Zones have names such as Australia/Sydney.",
        )
    })
}

fn answer(schedule: &ScheduleOverview, is_scheduled: bool) -> String {
    let runs: usize = schedule.institutions.iter().map(|due| due.runs).sum();
    let next = schedule
        .institutions
        .iter()
        .filter_map(|due| due.next)
        .min();
    match next {
        Some(_) if !is_scheduled => format!(
            "{} in the next 24 hours, but no process carries out the schedule",
            counted(runs, "run")
        ),
        Some(next) => format!(
            "{} in the next 24 hours, the first in {}",
            counted(runs, "run"),
            span_words(next - schedule.from)
        ),
        None => "Nothing is scheduled".to_owned(),
    }
}

/// The institutions by when they are due, to be paused and resumed.
fn table(
    site: &Visitor,
    schedule: &ScheduleOverview,
    pauses: &[InstitutionPause],
    zone: Tz,
    chosen: Option<&str>,
) -> Markup {
    let wanted = |due: &&DueInstitution| chosen.is_none_or(|slug| due.institution == slug);
    let wanted: Vec<&DueInstitution> = schedule.institutions.iter().filter(wanted).collect();
    html! {
        form method="post" action="/schedule/pause" {
            div.table { table {
                thead { tr {
                    th.tick { input type="checkbox" data-all aria-label="select all on this page" hidden; }
                    th { "Institution" } th { "Next" } th { "The next 24 hours" } th.number { "Runs" } th { "Schedule" }
                } }
                tbody { @for due in wanted.iter().take(SHOWN) {
                    (row(schedule, due, pauses.iter().find(|pause| pause.slug == due.institution), zone))
                } }
            } }
            (pause_buttons(site))
        }
        (and_more(wanted.len(), SHOWN))
    }
}

fn row(
    schedule: &ScheduleOverview,
    due: &DueInstitution,
    pause: Option<&InstitutionPause>,
    zone: Tz,
) -> Markup {
    html! {
        tr data-row {
            td.tick { input type="checkbox" name="institution" value=(pause_name(&due.institution, pause)) aria-label={ "select " (line(&due.institution, 60)) }; }
            th.wide scope="row" { a href=(address("/runs", [("institution", due.institution.as_str())])) { (line(&due.institution, 60)) } @if let Some(pause) = pause { (paused(pause, zone, schedule.from)) } }
            td { @if let Some(next) = due.next { (when(next, zone, schedule.from)) p.soft { "in " (span_words(next - schedule.from)) } } }
            td.strip-cell { (strip(schedule, due, zone)) }
            td.number data-name="runs" { (due.runs) }
            td { code { (line(&due.schedule, 60)) } " " span.soft { (line(&due.zone, 40)) } }
        }
    }
}

/// Who holds it back, until when and why.
fn paused(pause: &InstitutionPause, zone: Tz, now: DateTime<Utc>) -> Markup {
    html! {
        p.soft.next-step {
            (state(OperatingState::Paused, "paused")) " "
            @match pause.until { Some(until) => { "until " (when(until, zone, now)) }, None => { "until it is resumed" } }
            ", by " (told(&pause.paused_by, 40)) ": " (told(&pause.reason, 160))
        }
    }
}

/// The next day as a strip: a line every six hours, a mark for each run.
fn strip(schedule: &ScheduleOverview, due: &DueInstitution, zone: Tz) -> Markup {
    let place = |minutes: i64| minutes * 480 / 1440;
    let from = schedule.from.with_timezone(&zone);
    let into = i64::from(from.hour() % 6) * 60 + i64::from(from.minute());
    let lines = (1..=4)
        .map(|step| place(step * 360 - into))
        .filter(|x| (0..480).contains(x));
    let marks: BTreeSet<i64> = due
        .due
        .iter()
        .map(|at| place((*at - schedule.from).num_minutes()))
        .collect();
    html! {
        svg.strip viewBox="0 0 480 20" preserveAspectRatio="none" role="img" aria-label=(counted(due.runs, "run")) {
            rect.ground width="480" height="20" rx="3" {}
            @for x in lines { rect.hour x=(x) width="1" height="20" {} }
            @for x in marks { rect.mark x=(x) y="3" width="4" height="14" rx="2" {} }
        }
    }
}

/// Sources that the next run will not read.
fn waits(schedule: &ScheduleOverview) -> Markup {
    let all = schedule
        .institutions
        .iter()
        .flat_map(|due| due.waits.iter().map(move |wait| (due, wait)));
    let all: Vec<_> = all.take(100).collect();
    html! {
        @if !all.is_empty() {
            section { h2 { "Not read by the next run" } ul.list { @for (due, wait) in all { li { (line(&due.institution, 40)) "/" (line(&wait.source, 40)) ": " (line(&wait.why, 200)) } } } }
        }
    }
}
