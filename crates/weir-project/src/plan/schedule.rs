//! Schedules: cron as written, checked field by field, and what happens when a run is late.

use crate::config::schedule::{self as written, CatchUp, Overlap, ScheduleUse};
use std::fmt;
use weir_model::span::Span;
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::{Text, TextOr};

/// When something runs by itself, and what happens when a run is late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Five cron fields.
    pub cron: String,
    /// What becomes of runs that were missed.
    pub catch_up: CatchUp,
    /// What becomes of a run that is due while the one before has not ended.
    pub overlap: Overlap,
    /// Up to how much later a run starts.
    pub jitter: Option<Span>,
}

impl Schedule {
    /// Compiles a schedule; problems go to `out`.
    pub fn compile(spec: &ScheduleUse, out: &mut Diagnostics) -> Option<Schedule> {
        let cron = written::cron(spec)?;
        check_cron(cron, out);
        let (catch_up, overlap, jitter) = match spec {
            TextOr::Short(_) => (CatchUp::default(), Overlap::default(), None),
            TextOr::Full(full) => (
                full.catch_up,
                full.overlap,
                full.jitter.as_ref().map(|j| j.0),
            ),
        };
        Some(Schedule {
            cron: cron.to_string(),
            catch_up,
            overlap,
            jitter,
        })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cron)?;
        if self.catch_up == CatchUp::None {
            f.write_str(", misses are not made up for")?;
        }
        if self.overlap == Overlap::Queue {
            f.write_str(", queues")?;
        }
        match &self.jitter {
            Some(jitter) => write!(f, ", up to {jitter} later"),
            None => Ok(()),
        }
    }
}

/// The fields of a cron schedule, and what may stand there.
const CRON: [(&str, &str); 5] = [
    ("a minute", "a minute is `0` to `59`, `*/15` or `0,30`"),
    ("an hour", "an hour is `0` to `23`, `*/6` or `6-18`"),
    (
        "a day of the month",
        "a day of the month is `1` to `31`, or `L` for the last",
    ),
    ("a month", "a month is `1` to `12` or `JAN` to `DEC`"),
    (
        "a day of the week",
        "a day of the week is `0` to `6` from Sunday, or `SUN` to `SAT`",
    ),
];

/// Checks a cron schedule, field by field.
pub fn check_cron(schedule: &Text, out: &mut Diagnostics) {
    let help = "write five fields: minute, hour, day of month, month, day of week; `0 5 * * *` runs every day at 05:00";
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != CRON.len() {
        let message = format!(
            "a cron schedule has 5 fields, but `{schedule}` has {}",
            fields.len()
        );
        out.error(schedule.place(), "bad-cron", message).help(help);
        return;
    }
    let is_cron = |text: &str| text.parse::<croner::Cron>().is_ok();
    let alone = |at: usize| {
        (0..CRON.len())
            .map(|field| if field == at { fields[at] } else { "*" })
            .collect::<Vec<_>>()
            .join(" ")
    };
    let bad: Vec<usize> = (0..CRON.len()).filter(|at| !is_cron(&alone(*at))).collect();
    for at in &bad {
        let (what, help) = CRON[*at];
        let start = fields[*at].as_ptr().addr() - schedule.as_ptr().addr();
        let column = schedule[..start].chars().count() + 1;
        let place = Place {
            length: fields[*at].chars().count(),
            ..schedule.place_at(1, column)
        };
        out.error(
            &place,
            "bad-cron",
            format!("`{}` is not {what}", fields[*at]),
        )
        .help(help);
    }
    match schedule.parse::<croner::Cron>() {
        _ if !bad.is_empty() => {}
        Err(_) => {
            out.error(
                schedule.place(),
                "bad-cron",
                format!("`{schedule}` is not a cron schedule"),
            )
            .help(help);
        }
        Ok(cron) if !fires(&cron) => {
            out.error(schedule.place(), "bad-cron", format!("the schedule `{schedule}` never fires"))
                .help("none of its months has that day: April, June, September and November have 30 days, February 28 or 29");
        }
        Ok(_) => {}
    }
}

/// Whether a schedule ever fires; counted from a fixed day, as a plan has no clock.
fn fires(cron: &croner::Cron) -> bool {
    let start = chrono::DateTime::<chrono::Utc>::UNIX_EPOCH;
    cron.find_next_occurrence(&start, true).is_ok()
}
