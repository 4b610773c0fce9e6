//! `tests/institutions/*.yaml`: an institution over several days. Every day has its clock and the
//! responses of its sources; only what a test names is compared: counts, and single jobs.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;
use weir_model::{Clock, ReadState};
use weir_yaml::yaml::{Located, Node, Required, Text, from_text};

/// A test of one institution over several days.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstitutionTestSpec {
    /// The institution.
    pub institution: Required<Located<String>>,
    /// What the test shows.
    pub about: Option<String>,
    /// The days, in order. Each is a run that starts from the result of the previous one.
    pub days: Required<Vec<Located<DaySpec>>>,
}

/// One day: one run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DaySpec {
    /// The clock of the run: `2026-09-01T06:00:00+10:00`.
    pub at: Required<Located<WrittenMoment>>,
    /// Values of `${NAME}` variables: `{ DAY: 1 }`. The environment is not used.
    #[serde(default)]
    pub variables: IndexMap<Located<String>, Text>,
    /// A folder of pages recorded with `weir preview --save`, or one with such a folder for each
    /// source. Without it, HTTP sources cannot be read.
    pub recorded: Option<Located<String>>,
    /// The expected counts by source; omitted counts are not compared.
    #[serde(default)]
    pub expect: IndexMap<Located<String>, CountsSpec>,
    /// The expected jobs after the run, by id (`nswgov:601204` if there are several sources):
    /// fields, `status` and `version`, or `null` if the job must not exist.
    #[serde(default)]
    pub jobs: IndexMap<Located<String>, Node>,
}

/// The expected counts of one source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountsSpec {
    /// How the read ends: `complete`, `empty`, `partial`, `blocked` or `unreachable`.
    pub read: Option<Located<ReadState>>,
    /// Ads read.
    pub ads: Option<Located<i64>>,
    /// New jobs.
    pub created: Option<Located<i64>>,
    /// Jobs with a new version.
    pub updated: Option<Located<i64>>,
    /// Jobs that are open again.
    pub reopened: Option<Located<i64>>,
    /// Jobs that are archived.
    pub archived: Option<Located<i64>>,
    /// Jobs without changes.
    pub unchanged: Option<Located<i64>>,
    /// Ads that are rejected.
    pub rejected: Option<Located<i64>>,
    /// Ads that are held for an operator.
    pub held: Option<Located<i64>>,
    /// Ads that could not be read or derived.
    pub failed: Option<Located<i64>>,
}

impl CountsSpec {
    /// The counts that the test names, by their names.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Located<i64>)> {
        let all = [
            ("ads", &self.ads),
            ("created", &self.created),
            ("updated", &self.updated),
            ("reopened", &self.reopened),
            ("archived", &self.archived),
            ("unchanged", &self.unchanged),
            ("rejected", &self.rejected),
            ("held", &self.held),
            ("failed", &self.failed),
        ];
        all.into_iter()
            .filter_map(|(name, count)| Some((name, count.as_ref()?)))
    }
}

/// An instant as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenMoment(pub Clock);

impl FromStr for WrittenMoment {
    type Err = String;

    fn from_str(text: &str) -> Result<WrittenMoment, String> {
        text.parse()
            .map(WrittenMoment)
            .map_err(|help: &str| format!("`{text}` is not an instant\n{help}"))
    }
}

weir_yaml::written_as!(
    WrittenMoment,
    "Moment",
    "an instant",
    ["2026-09-01T06:00:00+10:00", "2026-09-01"]
);

impl<'de> Deserialize<'de> for WrittenMoment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WrittenMoment, D::Error> {
        from_text(deserializer)
    }
}
