//! `schedule:` of a pipeline, an institution or a source: when it runs by itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weir_model::span::Span;
use weir_yaml::yaml::{Located, Parsed, Required, Text, TextOr};

/// A cron schedule such as `0 5 * * *`, or one with what happens when a run is late:
/// `{ cron: 0 5 * * *, catch_up: none }`.
pub type ScheduleUse = TextOr<Text, Located<ScheduleSpec>>;

/// A schedule with what happens when a run is late.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "schedule", deny_unknown_fields)]
pub struct ScheduleSpec {
    /// When it runs, as a cron expression in the institution's zone.
    pub cron: Required<Text>,
    /// What becomes of runs that were missed while nothing served: `once` (the newest of them is
    /// made up for, the default) or `none`.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// What becomes of a run that is due while the one before has not ended: `skip` (the default)
    /// or `queue`.
    #[serde(default)]
    pub overlap: Overlap,
    /// Each run starts up to this much later, by an amount that differs by institution and day, so
    /// that institutions with the same schedule do not start together.
    pub jitter: Option<Parsed<Span>>,
}

/// What becomes of runs that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// The newest of them is made up for.
    #[default]
    Once,
    /// None is made up for.
    None,
}

/// What becomes of a run that is due while the one before has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is left out.
    #[default]
    Skip,
    /// It runs afterwards.
    Queue,
}

/// The cron expression of a schedule, if it has one.
pub fn cron(schedule: &ScheduleUse) -> Option<&Text> {
    match schedule {
        TextOr::Short(cron) => Some(cron),
        TextOr::Full(full) => full.cron.get(),
    }
}
