//! `tests/institutions/*.yaml`: an institution over several days. Every day has its clock and what its sources answered; what is compared is only
//! what a test names: counts, and single jobs.

use crate::model::{Clock, ReadState};
use crate::yaml::{Located, Node, Required, Text, from_text};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// One institution over several days.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstitutionTestSpec {
    /// The institution.
    pub institution: Required<Located<String>>,
    /// What the test shows.
    pub about: Option<String>,
    /// The days, in order: each is a run, and finds what the runs before it have left.
    pub days: Required<Vec<Located<DaySpec>>>,
}

/// One day: a run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DaySpec {
    /// The clock of the run: `2026-09-01T06:00:00+10:00`.
    pub at: Required<Located<Moment>>,
    /// The variables of the YAML: `{ DAY: 1 }`; those of the environment are not seen.
    #[serde(default)]
    pub variables: IndexMap<Located<String>, Text>,
    /// A folder of pages that `weir preview --save` recorded, or of one such folder for each source; without it, nothing can be asked over HTTP.
    pub recorded: Option<Located<String>>,
    /// By source, what came of the run; what is not named is not compared.
    #[serde(default)]
    pub expect: IndexMap<Located<String>, CountsSpec>,
    /// Jobs after the run, by their id (`nswgov:601204` where there are several sources): fields, `status` and `version`; `null` where there must be none.
    #[serde(default)]
    pub jobs: IndexMap<Located<String>, Node>,
}

/// What must come of a source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountsSpec {
    /// How the read ends: `complete`, `empty`, `partial`, `blocked`, `unreachable`.
    pub read: Option<Located<ReadState>>,
    /// Ads that are read.
    pub ads: Option<Located<i64>>,
    /// Jobs that are new.
    pub created: Option<Located<i64>>,
    /// Jobs with a new version.
    pub updated: Option<Located<i64>>,
    /// Jobs that are open again.
    pub reopened: Option<Located<i64>>,
    /// Jobs that are archived.
    pub archived: Option<Located<i64>>,
    /// Jobs that stay as they are.
    pub unchanged: Option<Located<i64>>,
    /// Ads that are refused.
    pub rejected: Option<Located<i64>>,
    /// Ads that wait for a person.
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
        all.into_iter().filter_map(|(name, count)| Some((name, count.as_ref()?)))
    }
}

/// An instant as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Clock);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        text.parse().map(Moment).map_err(|help: &str| format!("`{text}` is not an instant\n{help}"))
    }
}

crate::written_as!(Moment, "Moment", "an instant", ["2026-09-01T06:00:00+10:00", "2026-09-01"]);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        from_text(deserializer)
    }
}
