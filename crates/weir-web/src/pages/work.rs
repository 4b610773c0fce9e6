//! Work: what runs where, what waits for its turn, and who has which lease; parts of the schedule
//! and of the system.

use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links;
use crate::parts::{OperatingState, state, told};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use std::collections::BTreeMap;
use weir_project::plan::Plan;
use weir_reporting::report::columns::{counted, span_words};
use weir_reporting::report::page::when;
use weir_reporting::report::status::lease_words;
use weir_runtime::orchestration::scheduler::project_of;
use weir_store::leases::{self, HeldLease};
use weir_store::queue::{self, UnitRow};
use weir_store::{PgConnection, Result};

/// Units that are listed.
const UNITS: usize = 100;

/// Seconds without a word from a worker before someone should look.
const SILENT: f64 = 15.0;

/// Waiting for longer than this is late.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(5);

/// What runs, waits and is held.
pub(super) struct WorkFacts {
    /// Units that wait or run.
    pub(super) units: Vec<UnitRow>,
    leases: Vec<HeldLease>,
    /// Whether a process carries out the schedule.
    pub(super) is_scheduled: bool,
}

impl WorkFacts {
    /// Reads them.
    pub(super) async fn load(connection: &mut PgConnection, site: &Visitor) -> Result<WorkFacts> {
        let project = project_of(&site.store);
        let mut units = queue::units(connection, &project).await?;
        units.retain(|unit| matches!(unit.state.as_str(), "waiting" | "leased"));
        let leases = leases::held(connection).await?;
        let schedule = format!("schedule {project}");
        Ok(WorkFacts {
            is_scheduled: leases.iter().any(|lease| lease.name == schedule),
            units,
            leases,
        })
    }

    /// How long the oldest unit has waited beyond its time.
    pub(super) fn oldest_wait(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let waiting = self.units.iter().filter(|unit| unit.state == "waiting");
        let oldest = waiting.map(|unit| unit.ready_at).min()?;
        Some((now - oldest).max(TimeDelta::zero()))
    }

    /// What runs and waits, in a table; nothing if nothing does.
    pub(super) fn queue(&self, catalog: &Catalog, now: DateTime<Utc>) -> Markup {
        let units: Vec<&UnitRow> = self
            .units
            .iter()
            .filter(|unit| catalog.named(&unit.slug).is_ok())
            .collect();
        html! {
            section #queue {
                h2 { "Now" }
                @if units.is_empty() { p.soft { "Nothing runs by schedule, and nothing waits for its turn." } }
                @else {
                    div.table { table {
                        thead { tr { th { "State" } th { "Institution" } th { "Was due" } th { "Since" } th { "Worker" } th { "At" } th { "Why" } } }
                        tbody { @for unit in units.iter().take(UNITS) { (row(unit, catalog, now)) } }
                    } }
                    @if units.len() > UNITS { p.soft { "and " (units.len() - UNITS) " more" } }
                }
            }
        }
    }

    /// The processes that have leases, each with what it does.
    pub(super) fn processes(&self, catalog: &Catalog, now: DateTime<Utc>) -> Markup {
        let plans: Vec<&Plan> = catalog
            .all()
            .filter_map(|entry| entry.plan.as_deref())
            .collect();
        let mut by_holder: BTreeMap<&str, Vec<&HeldLease>> = BTreeMap::new();
        for lease in &self.leases {
            by_holder.entry(&lease.holder).or_default().push(lease);
        }
        let oldest = self.oldest_wait(now);
        html! {
            section {
                h2 { "Workers" }
                dl.facts {
                    dt { "schedule" } dd { @if self.is_scheduled { (state(OperatingState::Healthy, "carried out")) } @else { (state(OperatingState::NeedsPerson, "carried out by no process")) } }
                    dt { "queue" } dd { (queued(self, oldest)) }
                }
                @if !by_holder.is_empty() {
                    div.table { table {
                        thead { tr { th { "Process" } th { "Has the lease of" } th { "Since" } th.number { "Renewed" } } }
                        tbody { @for (holder, leases) in &by_holder { @for (place, lease) in leases.iter().enumerate() { tr data-row {
                            th scope="row" { @if place == 0 { (told(holder, 80)) } @else { span.soft { "the same" } } }
                            td { (told(&lease_words(&lease.name, &plans), 80)) }
                            td { (when(lease.taken_at, chrono_tz::Tz::UTC, now)) }
                            td.number data-name="renewed" { (format!("{:.0} s ago", lease.age.max(0.0))) }
                        } } } }
                    } }
                }
            }
        }
    }
}

fn queued(facts: &WorkFacts, oldest: Option<TimeDelta>) -> String {
    let waiting = facts.units.iter().filter(|unit| unit.state == "waiting");
    let (waiting, working) = (
        waiting.count(),
        facts
            .units
            .iter()
            .filter(|unit| unit.state == "leased")
            .count(),
    );
    let age = oldest.map_or_else(String::new, |oldest| {
        format!(", the oldest for {}", span_words(oldest))
    });
    format!(
        "{} under way, {waiting} waiting{age}",
        counted(working, "run")
    )
}

fn row(unit: &UnitRow, catalog: &Catalog, now: DateTime<Utc>) -> Markup {
    let zone = catalog.zone(&unit.slug);
    html! {
        tr data-row {
            td.state-cell { (unit_state(unit, now)) }
            th scope="row" {
                @match unit.run_id { None if unit.is_dry => { a href=(links::dry_run(unit.id)) { (told(&unit.slug, 60)) } " " span.soft { "dry run" } }, Some(run) => { a href=(links::run(&unit.slug, run)) { (told(&unit.slug, 60)) } }, None => { (told(&unit.slug, 60)) } }
                @if !unit.source_id.is_empty() { " " span.soft { (told(&unit.source_id, 60)) } }
            }
            td { (when(unit.due_at, zone, now)) }
            td { @if let Some(begun) = unit.begun_at { (when(begun, zone, now)) } }
            td { @if let Some(holder) = &unit.holder { (told(holder, 60)) @if unit.attempts > 1 { p.soft { "attempt " (unit.attempts) } } } }
            td { @if let Some(node) = &unit.node { (told(node, 60)) } @if let Some(silent) = unit.silent.filter(|silent| *silent > SILENT) { p.warm { (format!("silent for {silent:.0} s")) } } }
            td { @if let Some(why) = &unit.why { (told(why, 160)) } }
        }
    }
}

fn unit_state(unit: &UnitRow, now: DateTime<Utc>) -> Markup {
    match unit.state.as_str() {
        "leased" => state(OperatingState::Running, "running"),
        _ if now - unit.ready_at > LATE_AFTER => state(OperatingState::NeedsPerson, "late"),
        _ => state(OperatingState::Running, "waiting"),
    }
}
