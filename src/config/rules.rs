//! `rules/*.yaml`: rule sets, the analysts' files.

use crate::model::Severity;
use crate::yaml::{Located, Node, Required, Text, from_text};
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// One rule set; its name is the file's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSetSpec {
    /// The rules, in order.
    pub rules: Required<Vec<RuleSpec>>,
}

/// One rule.
#[derive(Debug, Clone, Deserialize)]
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
    /// What to say if it does not hold.
    pub message: Required<Located<String>>,
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
#[derive(Debug, Clone, Deserialize)]
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
    /// The date of the run.
    #[serde(default)]
    pub today: Option<Day>,
    /// `pass` or `fail`.
    pub expect: Expect,
}

/// A date as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub NaiveDate);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Day, String> {
        text.parse().map(Day).map_err(|_| format!("`{text}` is not a date\nwrite it like `2026-12-31`"))
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        from_text(deserializer)
    }
}

/// A relation in an example.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelationTest {
    /// The name in the ad.
    pub name: String,
    /// Whether it is in its table.
    pub known: bool,
}

/// What an example expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// The rule holds, or does not apply.
    Pass,
    /// The rule does not hold.
    Fail,
}
