//! `pipelines/*.yaml`: the stages and what each waits for. A list in order: each stage waits for the one before it
//! unless its `after` says otherwise.

use crate::stage::Kind;
use crate::yaml::{Located, OneOrMany, Positive, Required, Text};
use schemars::JsonSchema;
use serde::Deserialize;

/// One pipeline.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineSpec {
    /// Its name.
    pub pipeline: Required<Located<String>>,
    /// When it runs, as cron.
    pub schedule: Option<Text>,
    /// The stages.
    pub stages: Required<Vec<Located<StageSpec>>>,
}

/// One stage, by its kind: `fetch`, or with settings `extract: { batch: 500 }`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "stage", rename_all = "snake_case", deny_unknown_fields)]
pub enum StageSpec {
    /// Reads a source.
    Fetch(PlainSpec),
    /// Derives canonical fields.
    Extract(ExtractSpec),
    /// Finds company and division.
    Resolve(PlainSpec),
    /// Judges an ad.
    Validate(PlainSpec),
    /// Writes jobs and their history.
    Promote(PlainSpec),
    /// Retires what has closed or gone.
    Archive(PlainSpec),
    /// Sums up.
    Report(PlainSpec),
}

/// Settings of a stage that has none of its own.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlainSpec {
    /// Stages that it waits for; by default the one before it.
    after: Option<OneOrMany<Located<String>>>,
}

/// Settings of `extract`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractSpec {
    /// Stages that it waits for; by default the one before it.
    after: Option<OneOrMany<Located<String>>>,
    /// Ads that commit together (500).
    pub batch: Option<Positive<u16>>,
}

impl StageSpec {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            StageSpec::Fetch(_) => Kind::Fetch,
            StageSpec::Extract(_) => Kind::Extract,
            StageSpec::Resolve(_) => Kind::Resolve,
            StageSpec::Validate(_) => Kind::Validate,
            StageSpec::Promote(_) => Kind::Promote,
            StageSpec::Archive(_) => Kind::Archive,
            StageSpec::Report(_) => Kind::Report,
        }
    }

    /// What it says it waits for, if it says so.
    pub fn after(&self) -> Option<&[Located<String>]> {
        let after = match self {
            StageSpec::Extract(spec) => &spec.after,
            StageSpec::Fetch(spec) | StageSpec::Resolve(spec) | StageSpec::Validate(spec) => &spec.after,
            StageSpec::Promote(spec) | StageSpec::Archive(spec) | StageSpec::Report(spec) => &spec.after,
        };
        after.as_ref().map(|names| &**names)
    }
}
