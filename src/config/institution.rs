//! `institutions/*.yaml`: one institution, its sources, and what its ads must satisfy.

use super::rules::RuleUse;
use crate::identity::IdentitySpec;
use crate::model::Field;
use crate::quality::QualitySpec;
use crate::source::twins::DuplicatesSpec;
use crate::source::{FetchSpec, IdMapping};
use crate::span::Zone;
use crate::stage::archive::{ArchiveSpec, MissingSpec};
use crate::stage::dates::DatesSpec;
use crate::stage::extract::JobSpec;
use crate::stage::resolve::RelationSpec;
use crate::yaml::{Located, Node, Required, Text, from_text};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;
use uuid::Uuid;

/// One institution.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstitutionSpec {
    /// Its name in commands, paths and keys: lower-case letters, digits and `-`. Its identity.
    pub institution: Required<Located<String>>,
    /// Its id, when it must not follow from the name.
    pub id: Option<Located<Id>>,
    /// The name it had before, when it was renamed: its jobs stay its jobs.
    pub formerly: Option<Located<String>>,
    /// Its name for people.
    pub name: Option<Located<String>>,
    /// The IANA zone in which its closing dates end, such as `Australia/Sydney`.
    pub timezone: Required<Located<Zone>>,
    /// The pipeline that it runs (`daily`).
    pub pipeline: Option<Located<String>>,
    /// When it runs, as cron; overrides the pipeline's.
    pub schedule: Option<Text>,
    /// `false`: listed, not run.
    #[serde(default = "yes")]
    pub active: bool,
    /// Its sources by name.
    pub sources: Required<IndexMap<Located<String>, SourceSpec>>,
    /// Mandatory fields as JSON Schema keywords, a field a line.
    #[serde(default)]
    pub require: IndexMap<Located<String>, Node>,
    /// Rule sets, in order; each may change parameters and severities: `[common: { max_open: 3 months }, acme]`.
    #[serde(default)]
    pub rules: Vec<RuleUse>,
    /// Rules that are switched off, with the reason.
    #[serde(default)]
    pub without: Vec<WithoutSpec>,
    /// Which company an ad belongs to.
    pub company: Option<RelationSpec>,
    /// Which division an ad belongs to.
    pub division: Option<RelationSpec>,
    /// Fields beyond the usual ones whose change makes a version.
    #[serde(default)]
    pub compare: Vec<Located<Field>>,
    /// When ads that are no longer listed retire.
    pub missing: Option<MissingSpec>,
    /// Which dates are plausible.
    pub dates: Option<DatesSpec>,
    /// When jobs are archived.
    pub archive: Option<ArchiveSpec>,
    /// What is usual, and whether an unusual read waits for a person.
    pub quality: Option<QualitySpec>,
    /// What a run does while a file that the institution needs is broken: `leave_out` or `last_good`.
    #[serde(default)]
    pub on_broken: OnBroken,
}

/// What a run does while a file that an institution needs is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBroken {
    /// The institution is left out.
    #[default]
    LeaveOut,
    /// It runs on the version that ran last, and says so.
    LastGood,
}

/// One source of an institution.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// How it is read.
    pub fetch: Required<FetchSpec>,
    /// Where the id of an ad stands: a JSONPath, or how to come to it.
    pub id: Required<IdMapping>,
    /// What becomes of ads of one page that share an id: `first`, `last` or `{ merge: [locations] }`.
    pub duplicates: Option<DuplicatesSpec>,
    /// What guards against ids that are given to other jobs, and against new ids for the same jobs.
    pub identity: Option<IdentitySpec>,
    /// Canonical fields, and where they come from.
    pub job: Required<JobSpec>,
    /// The zone of its dates, when it is not the institution's.
    pub timezone: Option<Zone>,
    /// Which dates are plausible; stands before the institution's, word by word.
    pub dates: Option<DatesSpec>,
    /// Mandatory fields: these stand before the institution's of the same name.
    #[serde(default)]
    pub require: IndexMap<Located<String>, Node>,
    /// Further rule sets.
    #[serde(default)]
    pub rules: Vec<RuleUse>,
    /// Rules that are switched off for this source, with the reason.
    #[serde(default)]
    pub without: Vec<WithoutSpec>,
    /// Which company an ad belongs to; stands before the institution's.
    pub company: Option<RelationSpec>,
    /// Which division an ad belongs to; stands before the institution's.
    pub division: Option<RelationSpec>,
    /// When ads that are no longer listed retire; stands before the institution's, word by word.
    pub missing: Option<MissingSpec>,
    /// When jobs are archived; stands before the institution's.
    pub archive: Option<ArchiveSpec>,
    /// What is usual, and whether an unusual read waits for a person; stands before the institution's, word by word.
    pub quality: Option<QualitySpec>,
}

/// A rule that is switched off.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithoutSpec {
    /// The rule's id.
    pub rule: Located<String>,
    /// Why.
    pub reason: Located<String>,
}

/// The id of an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub Uuid);

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Id, String> {
        let help = "leave `id` out, or write one like `6f1c1a52-0b52-4a57-9d3c-0b9a4e3c1c11`";
        text.parse().map(Id).map_err(|_| format!("`{text}` is not a UUID\n{help}"))
    }
}

crate::written_as!(Id, "Id", "a UUID", ["6f1c1a52-0b52-4a57-9d3c-0b9a4e3c1c11"]);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        from_text(deserializer)
    }
}

fn yes() -> bool {
    true
}
