//! What runs where, what is due, late, paused and failing: for an operator, and for monitoring by
//! its exit code. It reads the queue, the leases and the newest runs, and needs no `weir serve`.

use super::columns::{columns, counted};
use super::health::{self, InstitutionHealth};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use futures::future::BoxFuture;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_project::plan::due::{self, DueTimes};
use weir_project::plan::{CheckedInstitution, CheckedProject, InstitutionStatus, Plan};
use weir_runtime::orchestration::calendar;
use weir_runtime::orchestration::scheduler::project_of;
use weir_store::leases::{self, HeldLease};
use weir_store::queue::{self, UnitRow};
use weir_store::schedules::{self, InstitutionPause};
use weir_store::{Result, Store};

/// A unit that has been ready for longer than this is late.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(5);

/// The state of an institution, the one that needs somebody first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleState {
    /// Its newest run has errors, its YAML has, or its work was given up.
    Failing,
    /// It was due and has not run.
    Late,
    /// It runs now.
    Running,
    /// It is due and waits for its turn.
    Waiting,
    /// Its schedule is held back.
    Paused,
    /// Nothing to do.
    Healthy,
    /// It has no schedule.
    Unscheduled,
}

impl ScheduleState {
    /// The symbol and the word.
    pub fn words(self) -> &'static str {
        match self {
            ScheduleState::Failing => "■ failing",
            ScheduleState::Late => "◆ late",
            ScheduleState::Running => "◔ running",
            ScheduleState::Waiting => "◔ waiting",
            ScheduleState::Paused => "‖ paused",
            ScheduleState::Healthy => "● healthy",
            ScheduleState::Unscheduled => "● by hand",
        }
    }

    /// Whether somebody should look.
    pub fn needs_somebody(self) -> bool {
        matches!(self, ScheduleState::Failing | ScheduleState::Late)
    }
}

/// An institution now.
#[derive(Debug, Serialize)]
pub struct InstitutionNow {
    /// Its slug.
    pub institution: String,
    /// Its state.
    pub state: ScheduleState,
    /// What that is about, in words.
    pub about: String,
    /// When it is due next.
    pub next: Option<DateTime<Utc>>,
    /// Clock of its newest run.
    pub last: Option<DateTime<Utc>>,
    /// Its zone.
    pub zone: String,
}

/// Everything that runs, waits or should.
#[derive(Debug, Serialize)]
pub struct StatusOverview {
    /// When.
    pub at: DateTime<Utc>,
    /// The institutions, those that need somebody first.
    pub institutions: Vec<InstitutionNow>,
    /// Work that has not ended.
    pub work: Vec<UnitRow>,
    /// Who has what.
    pub leases: Vec<HeldLease>,
    /// Whether a process carries out the schedule.
    pub is_scheduled: bool,
}

/// Facts of which the states are made.
struct StatusFacts {
    units: Vec<UnitRow>,
    pauses: Vec<InstitutionPause>,
    health: Vec<InstitutionHealth>,
}

/// The status of the institutions of a project, or of those that are named.
///
/// # Errors
/// The database failed.
pub fn collect<'f>(
    store: &'f Store,
    checked: &'f CheckedProject,
    named: &'f [String],
    now: DateTime<Utc>,
) -> BoxFuture<'f, Result<StatusOverview>> {
    Box::pin(async move {
        let plans: Vec<&Plan> = checked.ready(named).map(|plan| &**plan).collect();
        let mut connection = store.connection().await?;
        let project = project_of(store);
        let pauses = schedules::pauses(&mut connection, now).await?;
        let names: Vec<_> = plans
            .iter()
            .map(|plan| (plan.institution.id, plan.institution.slug.clone()))
            .collect();
        let facts = StatusFacts {
            units: queue::units(&mut connection, &project).await?,
            health: health::collect(&mut connection, &names).await?,
            pauses,
        };
        let mut leases = leases::held(&mut connection).await?;
        let schedule = format!("schedule {project}");
        let is_scheduled = leases.iter().any(|lease| lease.name == schedule);
        for lease in &mut leases {
            lease.name = lease_words(&lease.name, &plans);
        }
        let mut institutions: Vec<InstitutionNow> =
            plans.iter().map(|plan| facts.of(plan, now)).collect();
        institutions.extend(checked.chosen(named).filter_map(unreadable));
        institutions.sort_by(|one, other| {
            (one.state, &one.institution).cmp(&(other.state, &other.institution))
        });
        let is_open = |unit: &UnitRow| matches!(unit.state.as_str(), "waiting" | "leased");
        Ok(StatusOverview {
            at: now,
            institutions,
            is_scheduled,
            work: facts.units.into_iter().filter(is_open).collect(),
            leases,
        })
    })
}

impl StatusFacts {
    fn of(&self, plan: &Plan, now: DateTime<Utc>) -> InstitutionNow {
        let slug = &plan.institution.slug;
        let health = self.health.iter().find(|one| one.institution == *slug);
        let (state, about) = self.state(plan, health, now);
        let next = DueTimes::of(plan).and_then(|times| times.next(now));
        InstitutionNow {
            institution: slug.clone(),
            state,
            about,
            next: next.map(|next| next.to_utc()),
            last: health.and_then(|health| health.at),
            zone: plan.zone.name().to_owned(),
        }
    }

    fn state(
        &self,
        plan: &Plan,
        health: Option<&InstitutionHealth>,
        now: DateTime<Utc>,
    ) -> (ScheduleState, String) {
        let slug = &plan.institution.slug;
        let is_of_it = |unit: &&UnitRow| unit.slug == *slug && !unit.is_dry;
        let of_it = || self.units.iter().filter(is_of_it);
        if let Some(unit) = of_it().find(|unit| unit.state == "leased") {
            return (ScheduleState::Running, running(unit, now));
        }
        if let Some(error) = health.and_then(|health| health.errors.first()) {
            return (
                ScheduleState::Failing,
                format!("{} ({})", error.message, error.age()),
            );
        }
        if let Some(unit) = of_it().find(|unit| unit.state == "failed") {
            let why = unit.why.as_deref().unwrap_or_default();
            return (ScheduleState::Failing, format!("given up: {why}"));
        }
        if let Some(unit) = of_it().find(|unit| unit.state == "waiting") {
            let is_late = now - unit.ready_at > LATE_AFTER;
            let state = if is_late {
                ScheduleState::Late
            } else {
                ScheduleState::Waiting
            };
            return (state, waiting(unit, plan.zone));
        }
        if let Some(pause) = self
            .pauses
            .iter()
            .find(|one| one.institution_id == plan.institution.id)
        {
            return (ScheduleState::Paused, paused(pause, plan.zone));
        }
        let newest = health.and_then(|health| health.at);
        if let Some(due) = newest.and_then(|newest| due::missed(plan, newest, now)) {
            let about = format!(
                "was due {} and has not run; is `weir serve` running?",
                due.format("%a %Y-%m-%d %H:%M")
            );
            return (ScheduleState::Late, about);
        }
        if calendar::timetables(plan).next().is_none() {
            return (ScheduleState::Unscheduled, "no schedule".to_owned());
        }
        (ScheduleState::Healthy, String::new())
    }
}

/// An institution whose YAML has errors: nothing of it is known but that.
fn unreadable(institution: &CheckedInstitution) -> Option<InstitutionNow> {
    let InstitutionStatus::Broken(files) = &institution.standing else {
        return None;
    };
    Some(InstitutionNow {
        institution: institution.slug.clone(),
        state: ScheduleState::Failing,
        about: format!("errors in {}; `weir check` shows them", files.join(", ")),
        next: None,
        last: None,
        zone: Tz::UTC.name().to_owned(),
    })
}

/// What a lease is for, as an operator calls it.
pub fn lease_words(name: &str, plans: &[&Plan]) -> String {
    let is_of = |plan: &&&Plan| leases::of_institution(plan.institution.id) == name;
    match plans.iter().find(is_of) {
        Some(plan) => plan.institution.slug.clone(),
        None if name.starts_with("schedule") => "the schedule".to_owned(),
        None => name.to_owned(),
    }
}

fn running(unit: &UnitRow, now: DateTime<Utc>) -> String {
    let since = unit.begun_at.map_or_else(String::new, |begun| {
        format!(
            " for {}",
            super::columns::took((now - begun).num_milliseconds().max(0))
        )
    });
    let node = unit
        .node
        .as_ref()
        .map_or_else(String::new, |node| format!(", at {node}"));
    let holder = unit.holder.as_deref().unwrap_or_default();
    let silent = unit.silent.filter(|silent| *silent > 15.0);
    let silent = silent.map_or_else(String::new, |silent| format!(", silent for {silent:.0} s"));
    format!("{holder}{since}{node}{silent}")
}

fn waiting(unit: &UnitRow, zone: Tz) -> String {
    let source = if unit.source_id.is_empty() {
        String::new()
    } else {
        format!("{}, ", unit.source_id)
    };
    let why = unit
        .why
        .as_ref()
        .map_or_else(String::new, |why| format!(": {why}"));
    format!("{source}due {}{why}", local(unit.due_at, zone))
}

fn paused(pause: &InstitutionPause, zone: Tz) -> String {
    let until = pause.until.map_or_else(
        || "until resumed".to_owned(),
        |until| format!("until {}", local(until, zone)),
    );
    format!("{until}, by {}: {}", pause.paused_by, pause.reason)
}

fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%a %Y-%m-%d %H:%M")
        .to_string()
}

impl StatusOverview {
    /// Whether something is late or failing.
    pub fn needs_somebody(&self) -> bool {
        self.institutions
            .iter()
            .any(|one| one.state.needs_somebody())
    }

    /// The answer in one line.
    pub fn answer(&self) -> String {
        let all = self.institutions.len();
        let mut counts: BTreeMap<ScheduleState, usize> = BTreeMap::new();
        for one in &self.institutions {
            *counts.entry(one.state).or_default() += 1;
        }
        let count = |state| counts.get(&state).copied().unwrap_or_default();
        let (failing, late) = (count(ScheduleState::Failing), count(ScheduleState::Late));
        let schedule = if self.is_scheduled {
            ""
        } else {
            "; no process carries out the schedule"
        };
        if failing + late == 0 {
            return format!(
                "nothing is late or failing, of {}{schedule}",
                counted(all, "institution")
            );
        }
        format!(
            "of {}, {failing} failing and {late} late{schedule}",
            counted(all, "institution")
        )
    }
}

/// The status as text.
pub fn text(status: &StatusOverview) -> String {
    let mut out = format!("{}\n", status.answer());
    let head = ["institution", "state", "last run", "next run", ""]
        .map(str::to_owned)
        .to_vec();
    let rows = status.institutions.iter().map(|one| {
        let zone: Tz = one.zone.parse().unwrap_or(Tz::UTC);
        let shown =
            |at: Option<DateTime<Utc>>| at.map_or_else(|| "-".to_owned(), |at| local(at, zone));
        vec![
            one.institution.clone(),
            one.state.words().to_owned(),
            shown(one.last),
            shown(one.next),
            super::columns::line(&one.about, 100),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    out.push_str(&columns(&rows, 5));
    if !status.leases.is_empty() {
        let head = ["lease", "holder", "since", "renewed"]
            .map(str::to_owned)
            .to_vec();
        let rows = status.leases.iter().map(|lease| {
            vec![
                lease.name.clone(),
                lease.holder.clone(),
                lease.taken_at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
                format!("{:.0} s ago", lease.age),
            ]
        });
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        let _ = write!(out, "\n{}", columns(&rows, 4));
    }
    out
}

/// The status as JSON.
pub fn json(status: &StatusOverview) -> serde_json::Value {
    let mut page = serde_json::to_value(status).unwrap_or_default();
    page["format"] = 1.into();
    page
}
