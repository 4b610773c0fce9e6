//! `pipelines/*.yaml`: the stages and what each waits for. A list in order: each stage waits for
//! the previous one unless its `after` says otherwise.

use super::schedule::ScheduleUse;
use schemars::JsonSchema;
use serde::Deserialize;
use weir_stage::StageKind;
use weir_yaml::yaml::{Located, OneOrMany, PositiveNumber, Required};

/// One pipeline.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineSpec {
    /// Its name.
    pub pipeline: Required<Located<String>>,
    /// When it runs, as a cron expression.
    pub schedule: Option<ScheduleUse>,
    /// The stages.
    pub stages: Required<Vec<Located<StageSpec>>>,
}

/// One stage by name, such as `fetch`, or with settings: `extract: { batch: 500 }`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "stage", rename_all = "snake_case", deny_unknown_fields)]
pub enum StageSpec {
    /// Reads the source.
    Fetch(PlainSpec),
    /// Reads the pages of single ads; added by default where a source declares `detail`.
    Details(PlainSpec),
    /// Holds back a read that is not as usual; added by default where a source declares `quality: {
    /// hold: true }`.
    Quality(PlainSpec),
    /// Finds out which ads are which jobs; added by default where a source declares `identity`.
    Identity(PlainSpec),
    /// Derives the canonical fields.
    Extract(ExtractSpec),
    /// Resolves company and division.
    Resolve(PlainSpec),
    /// Decides roles and finds capabilities, where an institution declares `roles` or
    /// `capabilities`.
    Classify(PlainSpec),
    /// Checks each ad against requirements and rules.
    Validate(PlainSpec),
    /// Writes jobs and their history.
    Promote(PlainSpec),
    /// Archives jobs that are closed or no longer listed.
    Archive(PlainSpec),
    /// Measures how good a source is; added by default.
    Measure(PlainSpec),
    /// Finds out which jobs advertise one opening; added by default where the institution declares
    /// `openings`.
    Dedupe(PlainSpec),
    /// Summarises the run.
    Report(PlainSpec),
}

/// The settings that every stage has.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlainSpec {
    /// The stages it waits for; by default the one before it.
    after: Option<OneOrMany<Located<String>>>,
}

/// Settings of `extract`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractSpec {
    /// The stages it waits for; by default the one before it.
    after: Option<OneOrMany<Located<String>>>,
    /// How many ads are committed together (default 500).
    pub batch: Option<PositiveNumber<u16>>,
}

impl StageSpec {
    /// Its type.
    pub fn kind(&self) -> StageKind {
        match self {
            StageSpec::Fetch(_) => StageKind::Fetch,
            StageSpec::Details(_) => StageKind::Details,
            StageSpec::Quality(_) => StageKind::Quality,
            StageSpec::Identity(_) => StageKind::Identity,
            StageSpec::Extract(_) => StageKind::Extract,
            StageSpec::Resolve(_) => StageKind::Resolve,
            StageSpec::Classify(_) => StageKind::Classify,
            StageSpec::Validate(_) => StageKind::Validate,
            StageSpec::Promote(_) => StageKind::Promote,
            StageSpec::Archive(_) => StageKind::Archive,
            StageSpec::Measure(_) => StageKind::Measure,
            StageSpec::Dedupe(_) => StageKind::Dedupe,
            StageSpec::Report(_) => StageKind::Report,
        }
    }

    /// The stages it declares to wait for, if any.
    pub fn after(&self) -> Option<&[Located<String>]> {
        let after = match self {
            StageSpec::Extract(spec) => &spec.after,
            StageSpec::Fetch(spec) | StageSpec::Resolve(spec) | StageSpec::Validate(spec) => {
                &spec.after
            }
            StageSpec::Promote(spec) | StageSpec::Archive(spec) | StageSpec::Report(spec) => {
                &spec.after
            }
            StageSpec::Details(spec) | StageSpec::Quality(spec) | StageSpec::Identity(spec) => {
                &spec.after
            }
            StageSpec::Measure(spec) | StageSpec::Classify(spec) | StageSpec::Dedupe(spec) => {
                &spec.after
            }
        };
        after.as_ref().map(|names| &**names)
    }
}
