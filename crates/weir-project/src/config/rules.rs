//! `rules/*.yaml`: rule sets, the analysts' files.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use weir_model::ProblemSeverity;
use weir_model::span::WrittenDay;
use weir_rule::DecidedRole;
use weir_stage::classify::RoleLevel;
use weir_yaml::yaml::{Located, Node, Required, Text, TextOr};

/// A rule set used by an institution: its name, or its name with overrides, `common: { max_open: 3
/// months }`.
pub type RuleUse = TextOr<Located<String>, IndexMap<Located<String>, Node>>;

/// The rule sets of a list, each with its overrides.
pub fn uses(written: &[RuleUse]) -> impl Iterator<Item = (&Located<String>, Option<&Node>)> {
    written.iter().flat_map(
        |one| -> Box<dyn Iterator<Item = (&Located<String>, Option<&Node>)>> {
            match one {
                TextOr::Short(name) => Box::new(std::iter::once((name, None))),
                TextOr::Full(sets) => {
                    Box::new(sets.iter().map(|(name, changes)| (name, Some(changes))))
                }
            }
        },
    )
}

/// One rule set; its name is the file's.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSetSpec {
    /// Parameters that institutions can override, each with its default: `{ max_open: 6 months }`.
    #[serde(default)]
    pub parameters: IndexMap<Located<String>, Node>,
    /// The rules, in order.
    pub rules: Required<Vec<RuleSpec>>,
}

/// One rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// Its id, unique within the set.
    pub id: Required<Located<String>>,
    /// The error type that it reports.
    #[serde(rename = "type")]
    pub kind: Required<Located<String>>,
    /// The field that the problem is reported on.
    pub field: Option<Located<String>>,
    /// `error` rejects the ad, `warn` only reports the problem.
    #[serde(default)]
    pub severity: ProblemSeverity,
    /// When the rule applies; always if omitted.
    pub when: Option<Text>,
    /// The condition that must hold.
    pub assert: Required<Text>,
    /// The message if it does not hold; `{job.title}` inserts a value.
    pub message: Required<Text>,
    /// Who is responsible for the rule.
    #[serde(default)]
    pub owner: Option<String>,
    /// How the author of an ad can fix the problem.
    #[serde(default)]
    pub help: Option<String>,
    /// Examples that must pass or fail; `weir check` runs them.
    #[serde(default)]
    pub tests: Vec<Located<RuleTest>>,
}

/// An example for a rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTest {
    /// The fields of the job; omitted fields have no value.
    #[serde(default)]
    pub job: Option<Node>,
    /// The source.
    #[serde(default)]
    pub source: Option<String>,
    /// The company of the ad: `{ name: Acme, known: false }`.
    #[serde(default)]
    pub company: Option<RelationTest>,
    /// The division of the ad.
    #[serde(default)]
    pub division: Option<RelationTest>,
    /// The role of the ad: `{ id: nurse, name: Nurse }`.
    #[serde(default)]
    pub role: Option<RoleTest>,
    /// The ids of the capabilities of the ad.
    #[serde(default)]
    pub capabilities: Option<Vec<String>>,
    /// The fields of the previous version; if omitted, the job is new.
    #[serde(default)]
    pub before: Option<Node>,
    /// The institution.
    #[serde(default)]
    pub institution: Option<String>,
    /// The date of the run.
    #[serde(default)]
    pub today: Option<WrittenDay>,
    /// `pass` or `fail`.
    pub expect: ExpectedVerdict,
}

/// A company or division in an example.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationTest {
    /// Its name in the ad.
    pub name: String,
    /// Whether it exists in the table.
    pub known: bool,
}

/// A role in an example.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleTest {
    /// Its id in the framework.
    pub id: String,
    /// Its name; the id, if omitted.
    #[serde(default)]
    pub name: Option<String>,
    /// `role`, or `group` where only a group of roles is sure.
    #[serde(default)]
    pub level: Option<RoleLevel>,
    /// How sure it is, from 0 to 1; 1 if omitted.
    #[serde(default)]
    pub confidence: Option<f64>,
}

impl RoleTest {
    /// The role as rules see it.
    pub fn decided(&self) -> DecidedRole {
        DecidedRole {
            id: self.id.clone(),
            name: self.name.clone().unwrap_or_else(|| self.id.clone()),
            level: self.level.unwrap_or(RoleLevel::Role).name().to_owned(),
            confidence: self.confidence.unwrap_or(1.0),
        }
    }
}

/// The expected result of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Expect")]
pub enum ExpectedVerdict {
    /// The rule holds, or does not apply.
    Pass,
    /// The rule does not hold.
    Fail,
}
