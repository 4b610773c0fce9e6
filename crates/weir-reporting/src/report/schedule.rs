//! When institutions are due next, for people: a table for each zone, in its own time.

use super::columns::{columns, counted, span_words};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_model::Clock;
use weir_project::plan::Plan;
use weir_project::plan::due::DueTimes;

/// Instants that are listed for an institution; further ones are counted.
const LISTED: usize = 1_000;

/// What is due until an instant.
#[derive(Debug, Serialize)]
pub struct ScheduleOverview {
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when, inclusive.
    pub until: DateTime<Utc>,
    /// The institutions with a schedule, the next to run first.
    pub institutions: Vec<DueInstitution>,
    /// The institutions that have none: they run by hand.
    pub unscheduled: Vec<String>,
}

/// When an institution is due.
#[derive(Debug, Serialize)]
pub struct DueInstitution {
    /// Its name.
    pub institution: String,
    /// Its zone.
    pub zone: String,
    /// Its cron schedule.
    pub schedule: String,
    /// Its next run, however far away.
    pub next: Option<DateTime<Utc>>,
    /// Its runs in the time that was asked for, at most 1,000.
    pub due: Vec<DateTime<Utc>>,
    /// How many runs that are.
    pub runs: usize,
    /// Sources that the next run will not read, because they declare other hours.
    pub waits: Vec<WaitingSource>,
}

/// A source that a run passes by.
#[derive(Debug, Serialize)]
pub struct WaitingSource {
    /// The source.
    pub source: String,
    /// Why.
    pub why: String,
}

/// What is due of these plans.
pub fn collect(plans: &[&Plan], from: DateTime<Utc>, span: TimeDelta) -> ScheduleOverview {
    let until = from
        .checked_add_signed(span)
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut institutions: Vec<DueInstitution> = Vec::new();
    let mut unscheduled = Vec::new();
    for plan in plans {
        match DueTimes::of(plan) {
            Some(times) => institutions.push(due(plan, &times, from, until)),
            None => unscheduled.push(plan.institution.slug.clone()),
        }
    }
    institutions.sort_by(|one, other| {
        let key = |due: &DueInstitution| (due.next.is_none(), due.next);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.institution.cmp(&other.institution))
    });
    ScheduleOverview {
        from,
        until,
        institutions,
        unscheduled,
    }
}

fn due(plan: &Plan, times: &DueTimes, from: DateTime<Utc>, until: DateTime<Utc>) -> DueInstitution {
    let next = times.next(from).map(|due| due.to_utc());
    let (mut due, mut runs) = (Vec::new(), 0);
    for instant in times.between(from, until) {
        runs += 1;
        if due.len() < LISTED {
            due.push(instant.to_utc());
        }
    }
    let waits = plan.flows.iter().filter_map(|flow| {
        Some(WaitingSource {
            source: flow.source.clone(),
            why: flow.fetch.waits(Clock(next?), flow.zone)?,
        })
    });
    DueInstitution {
        institution: plan.institution.slug.clone(),
        zone: plan.zone.name().to_owned(),
        schedule: plan
            .schedule
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        next,
        waits: waits.collect(),
        due,
        runs,
    }
}

/// The tables.
pub fn text(schedule: &ScheduleOverview) -> String {
    let mut zones: BTreeMap<&str, Vec<&DueInstitution>> = BTreeMap::new();
    for due in &schedule.institutions {
        zones.entry(&due.zone).or_default().push(due);
    }
    let mut out = String::new();
    for (zone, all) in zones {
        out.push_str(&table(schedule, zone, &all));
    }
    if !schedule.unscheduled.is_empty() {
        let _ = writeln!(
            out,
            "without a schedule: {}; `schedule: \"0 5 * * *\"` in the institution or its pipeline runs it every day at 05:00",
            schedule.unscheduled.join(", ")
        );
    }
    out
}

fn table(schedule: &ScheduleOverview, zone: &str, all: &[&DueInstitution]) -> String {
    let local: Tz = zone.parse().unwrap_or(Tz::UTC);
    let shown = |at: DateTime<Utc>| {
        at.with_timezone(&local)
            .format("%a %Y-%m-%d %H:%M")
            .to_string()
    };
    let head = ["institution", "next", "in", "schedule", ""]
        .map(str::to_owned)
        .to_vec();
    let rows = all.iter().map(|due| {
        vec![
            due.institution.clone(),
            due.next.map_or_else(|| "never".to_owned(), shown),
            due.next
                .map_or_else(String::new, |next| span_words(next - schedule.from)),
            due.schedule.clone(),
            counted(due.runs, "run"),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let mut out = format!(
        "{zone}, until {}\n{}",
        shown(schedule.until),
        columns(&rows, 5)
    );
    for due in all {
        for waiting in &due.waits {
            let _ = writeln!(
                out,
                "  {}/{}: {}",
                due.institution, waiting.source, waiting.why
            );
        }
    }
    out
}

/// The schedule as JSON.
pub fn json(schedule: &ScheduleOverview) -> serde_json::Value {
    let mut page = serde_json::to_value(schedule).unwrap_or_default();
    page["format"] = 1.into();
    page
}
