//! `rules/*.yaml`: rule sets, the analysts' files.

use crate::model::Severity;
use crate::span::Day;
use crate::yaml::{Located, Node, Required, Text, TextOr};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// A rule set that an institution uses: its name, or its name and what is changed of it, `common: { max_open: 3 months }`.
pub type RuleUse = TextOr<Located<String>, IndexMap<Located<String>, Node>>;

/// The rule sets of a list, each with what is changed of it.
pub fn uses(written: &[RuleUse]) -> impl Iterator<Item = (&Located<String>, Option<&Node>)> {
    written.iter().flat_map(|one| -> Box<dyn Iterator<Item = (&Located<String>, Option<&Node>)>> {
        match one {
            TextOr::Short(name) => Box::new(std::iter::once((name, None))),
            TextOr::Full(sets) => Box::new(sets.iter().map(|(name, changes)| (name, Some(changes)))),
        }
    })
}

/// One rule set; its name is the file's.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSetSpec {
    /// Values that institutions may change, by name, each with its usual value: `{ max_open: 6 months }`.
    #[serde(default)]
    pub parameters: IndexMap<Located<String>, Node>,
    /// The rules, in order.
    pub rules: Required<Vec<RuleSpec>>,
}

/// One rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// Its name, unique in its set.
    pub id: Required<Located<String>>,
    /// The error type that it gives.
    #[serde(rename = "type")]
    pub kind: Required<Located<String>>,
    /// The field to blame.
    pub field: Option<Located<String>>,
    /// `error` refuses the ad, `warn` only notes.
    #[serde(default)]
    pub severity: Severity,
    /// When it applies; always without it.
    pub when: Option<Text>,
    /// What must hold.
    pub assert: Required<Text>,
    /// What to say if it does not hold; `{job.title}` stands for a value.
    pub message: Required<Text>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// What an author of ads can do.
    #[serde(default)]
    pub help: Option<String>,
    /// Examples that must pass or fail; `weir check` tries them.
    #[serde(default)]
    pub tests: Vec<Located<RuleTest>>,
}

/// An example of a rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTest {
    /// The fields of the job; those left out are absent.
    #[serde(default)]
    pub job: Option<Node>,
    /// The source.
    #[serde(default)]
    pub source: Option<String>,
    /// The company in the ad: `{ name: Acme, known: false }`.
    #[serde(default)]
    pub company: Option<RelationTest>,
    /// The division in the ad.
    #[serde(default)]
    pub division: Option<RelationTest>,
    /// The fields of the version before; without them the job is new.
    #[serde(default)]
    pub before: Option<Node>,
    /// The institution.
    #[serde(default)]
    pub institution: Option<String>,
    /// The date of the run.
    #[serde(default)]
    pub today: Option<Day>,
    /// `pass` or `fail`.
    pub expect: Expect,
}

/// A relation in an example.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationTest {
    /// The name in the ad.
    pub name: String,
    /// Whether it is in its table.
    pub known: bool,
}

/// What an example expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// The rule holds, or does not apply.
    Pass,
    /// The rule does not hold.
    Fail,
}
