//! Schedule: what runs in the next 24 hours? The institutions by when they are due, each on a strip of
//! the day, in a zone of the reader's choice.

use crate::plan::Plan;
use crate::report::columns::{counted, line, span_words};
use crate::report::page::when;
use crate::report::schedule::{self, DueInstitution, Schedule};
use crate::web::Site;
use crate::web::catalog::{Catalog, YamlStanding};
use crate::web::links::address;
use crate::web::parts::{FilterField, empty, filter};
use crate::web::refusal::PageError;
use crate::web::shell::{Shell, prose};
use axum::extract::{Query, State};
use axum::response::Html;
use chrono::{TimeDelta, Timelike};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// In which zone times are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ScheduleQuery {
    zone: String,
}

/// The page.
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    Query(query): Query<ScheduleQuery>,
) -> Result<Html<String>, PageError> {
    let catalog = {
        let mut connection = site.store.connection().await?;
        Catalog::load(&mut connection, &site.project()).await?
    };
    let entries = catalog
        .all()
        .filter(|entry| entry.standing == YamlStanding::Ready);
    let plans: Vec<&Plan> = entries.filter_map(|entry| entry.plan.as_deref()).collect();
    let now = (site.now)();
    let schedule = schedule::collect(&plans, now, TimeDelta::hours(24));
    let zones: BTreeSet<&str> = plans.iter().map(|plan| plan.zone.name()).collect();
    let zone = zone(&query.zone, &zones)?;
    let choices: Vec<(String, String)> = zones
        .iter()
        .chain([&"UTC"])
        .map(|name| ((*name).to_owned(), (*name).to_owned()))
        .collect();
    let body = html! {
        @if schedule.institutions.is_empty() { (empty("No institution has a schedule.", "`schedule: \"0 5 * * *\"` in an institution or its pipeline runs it every day at 05:00 in its zone.")) }
        @else {
            (filter("/schedule", &[FilterField::Choice("zone", "Times in", zone.name(), choices)]))
            (table(&schedule, zone))
        }
        @if !schedule.unscheduled.is_empty() { p { "Without a schedule: " (line(&schedule.unscheduled.join(", "), 600)) } }
        (waits(&schedule))
        p.soft { (prose("`weir serve` runs institutions when they are due; `weir schedule --next 7d` looks further ahead.")) }
    };
    Ok(Shell::new("Schedule", &answer(&schedule))
        .at("/schedule")
        .show(&body))
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

fn answer(schedule: &Schedule) -> String {
    let runs: usize = schedule.institutions.iter().map(|due| due.runs).sum();
    let next = schedule
        .institutions
        .iter()
        .filter_map(|due| due.next)
        .min();
    match next {
        Some(next) => format!(
            "{} in the next 24 hours, the first in {}",
            counted(runs, "run"),
            span_words(next - schedule.from)
        ),
        None => "Nothing is scheduled".to_owned(),
    }
}

fn table(schedule: &Schedule, zone: Tz) -> Markup {
    html! {
        div.table { table {
            thead { tr { th { "Institution" } th { "Next" } th { "In" } th { "The next 24 hours" } th.number { "Runs" } th { "Schedule" } } }
            tbody { @for due in schedule.institutions.iter().take(400) { tr data-row {
                th.wide scope="row" { a href=(address("/runs", [("institution", due.institution.as_str())])) { (line(&due.institution, 60)) } }
                td { @if let Some(next) = due.next { (when(next, zone, schedule.from)) } }
                td { @if let Some(next) = due.next { (span_words(next - schedule.from)) } }
                td.strip-cell { (strip(schedule, due, zone)) }
                td.number data-name="runs" { (due.runs) }
                td { code { (line(&due.schedule, 60)) } " " span.soft { (line(&due.zone, 40)) } }
            } } }
        } }
    }
}

/// The next day as a strip: a line every six hours, a mark for each run.
fn strip(schedule: &Schedule, due: &DueInstitution, zone: Tz) -> Markup {
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
fn waits(schedule: &Schedule) -> Markup {
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
