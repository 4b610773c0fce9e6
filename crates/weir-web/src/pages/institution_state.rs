//! How an institution does, and what an operator does next about it, from its newest runs, its
//! errors and what waits. Pure; it must never call an institution healthy that is late or has
//! errors.

use crate::catalog::{CatalogEntry, YamlStanding};
use crate::links::{self, address};
use crate::parts::{OperatingState, capped};
use chrono::{DateTime, Utc};
use weir_project::plan::due::{self, DueTimes};
use weir_reporting::report::columns::line;
use weir_reporting::report::health::{InstitutionHealth, next_step};
use weir_store::schedules::InstitutionPause;
use weir_store::views::run_list::RunLine;

/// What is known of an institution.
pub(super) struct InstitutionFacts<'f> {
    pub(super) entry: &'f CatalogEntry,
    /// Its newest runs, the newest first.
    pub(super) runs: Vec<&'f RunLine>,
    pub(super) health: Option<&'f InstitutionHealth>,
    /// Open holds.
    pub(super) holds: i64,
    /// Whether its newest run was killed.
    pub(super) died: bool,
    /// What holds back its schedule.
    pub(super) pause: Option<&'f InstitutionPause>,
    pub(super) now: DateTime<Utc>,
}

/// How an institution does.
pub(super) struct InstitutionState {
    /// The worst first.
    pub(super) rank: u8,
    pub(super) state: OperatingState,
    pub(super) word: String,
    /// What is so, and what to do.
    pub(super) sentence: String,
    /// Where to do it: an address and its name.
    pub(super) next: Option<(String, String)>,
    /// When it runs next.
    pub(super) due: Option<DateTime<Utc>>,
}

impl InstitutionState {
    fn new(rank: u8, state: OperatingState, word: &str, sentence: String) -> InstitutionState {
        InstitutionState {
            rank,
            state,
            word: word.to_owned(),
            sentence,
            next: None,
            due: None,
        }
    }

    fn then(self, address: String, name: impl Into<String>) -> InstitutionState {
        InstitutionState {
            next: Some((address, name.into())),
            ..self
        }
    }

    /// Whether an operator should look.
    pub(super) fn needs_person(&self) -> bool {
        matches!(
            self.state,
            OperatingState::Failing | OperatingState::NeedsPerson
        )
    }
}

/// How an institution does.
pub(super) fn judge(facts: &InstitutionFacts<'_>) -> InstitutionState {
    let due = next_due(facts);
    let state = of_yaml(facts)
        .or_else(|| failing(facts))
        .or_else(|| paused(facts))
        .or_else(|| late(facts))
        .or_else(|| waiting(facts))
        .unwrap_or_else(|| going(facts));
    InstitutionState { due, ..state }
}

/// Its next run, if it has a schedule and may run.
fn next_due(facts: &InstitutionFacts<'_>) -> Option<DateTime<Utc>> {
    let plan = facts.entry.plan.as_ref()?;
    if facts.entry.standing != YamlStanding::Ready {
        return None;
    }
    Some(DueTimes::of(plan)?.next(facts.now)?.to_utc())
}

fn of_yaml(facts: &InstitutionFacts<'_>) -> Option<InstitutionState> {
    let state = match &facts.entry.standing {
        YamlStanding::Ready => return None,
        YamlStanding::Broken(files) => InstitutionState::new(
            0,
            OperatingState::Failing,
            "broken",
            format!(
                "{} cannot be read without errors: `weir check` shows them",
                line(&files.join(", "), 120)
            ),
        ),
        YamlStanding::Inactive => InstitutionState::new(
            7,
            OperatingState::Paused,
            "paused",
            "its YAML says `active: false`".to_owned(),
        ),
        YamlStanding::Removed => InstitutionState::new(
            8,
            OperatingState::Paused,
            "removed",
            "no file names it any more: `weir retire` archives its open jobs".to_owned(),
        ),
    };
    Some(state)
}

fn failing(facts: &InstitutionFacts<'_>) -> Option<InstitutionState> {
    let run = facts.runs.first()?;
    let to_run = links::run(&facts.entry.slug, run.id);
    if facts.died {
        let sentence = "its newest run was killed: nothing is lost, and the next one goes on";
        return Some(
            InstitutionState::new(1, OperatingState::Failing, "died", sentence.to_owned())
                .then(to_run, format!("Run {}", run.id)),
        );
    }
    let errors = &facts.health?.errors;
    let newest = errors.iter().max_by_key(|error| error.since)?;
    let (rank, word) = if newest.is_new {
        (1, "failing, new".to_owned())
    } else {
        (2, format!("failing {}", newest.age()))
    };
    let more = if errors.len() > 1 {
        format!(" (and {} more)", errors.len() - 1)
    } else {
        String::new()
    };
    let sentence = format!(
        "{}{more}; {}",
        line(&newest.message, 200),
        next_step(&facts.entry.slug, &newest.kind)
    );
    Some(
        InstitutionState::new(rank, OperatingState::Failing, &word, sentence)
            .then(to_run, format!("Run {}", run.id)),
    )
}

/// Somebody holds back its schedule.
fn paused(facts: &InstitutionFacts<'_>) -> Option<InstitutionState> {
    let pause = facts.pause?;
    let zone = facts.entry.plan.as_ref()?.zone;
    let until = pause.until.map_or_else(
        || format!("until `weir resume {}`", facts.entry.slug),
        |until| {
            format!(
                "until {}",
                until.with_timezone(&zone).format("%a %-d %b %H:%M")
            )
        },
    );
    let sentence = format!(
        "{until}, by {}: {}",
        pause.paused_by,
        line(&pause.reason, 160)
    );
    Some(InstitutionState::new(
        7,
        OperatingState::Paused,
        "paused",
        sentence,
    ))
}

/// It was due after its newest run began, and has not begun.
fn late(facts: &InstitutionFacts<'_>) -> Option<InstitutionState> {
    let plan = facts.entry.plan.as_ref()?;
    let newest = facts.runs.first()?;
    let missed = due::missed(plan, newest.at, facts.now)?;
    if newest.status == "running" {
        return None;
    }
    let sentence = format!(
        "was due {} and has not run; `weir run {}` runs it now",
        missed.format("%a %-d %b %H:%M"),
        facts.entry.slug
    );
    Some(
        InstitutionState::new(3, OperatingState::NeedsPerson, "late", sentence)
            .then(links::run(&facts.entry.slug, newest.id), "The run before"),
    )
}

fn waiting(facts: &InstitutionFacts<'_>) -> Option<InstitutionState> {
    if facts.holds == 0 {
        return None;
    }
    let sentence = if facts.holds == 1 {
        "a change waits for your decision".to_owned()
    } else {
        format!("{} changes wait for your decision", capped(facts.holds))
    };
    let to_holds = address("/holds", [("institution", facts.entry.slug.as_str())]);
    Some(
        InstitutionState::new(4, OperatingState::NeedsPerson, "held", sentence)
            .then(to_holds, "Decide"),
    )
}

fn going(facts: &InstitutionFacts<'_>) -> InstitutionState {
    let Some(run) = facts.runs.first() else {
        let sentence = format!("has never run: `weir run {}` runs it now", facts.entry.slug);
        return InstitutionState::new(5, OperatingState::Paused, "new", sentence);
    };
    if run.status == "running" {
        let sentence = format!("run {} is under way", run.id);
        return InstitutionState::new(5, OperatingState::Running, "running", sentence)
            .then(links::run(&facts.entry.slug, run.id), "Follow it");
    }
    let health = facts.health;
    let odd = health.and_then(|health| health.warnings.first());
    let mended = health.and_then(|health| health.mended.as_ref());
    let sentence = match (odd, mended) {
        (Some(odd), _) => line(odd, 200),
        (None, Some(mended)) => format!("ok again; was: {}", line(mended, 160)),
        (None, None) => "nothing to do".to_owned(),
    };
    InstitutionState::new(6, OperatingState::Healthy, "healthy", sentence)
}
