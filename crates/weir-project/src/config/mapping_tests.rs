//! `tests/mapping/*.yaml`: the expected result of single ads, one file per source. Document in,
//! fields out; only what a test names is compared.

use schemars::JsonSchema;
use serde::Deserialize;
use weir_model::span::WrittenDay;
use weir_yaml::yaml::{Located, Node, Required};

/// The tests of one source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingTestsSpec {
    /// The institution.
    pub institution: Required<Located<String>>,
    /// The source; optional if the institution has only one.
    pub source: Option<Located<String>>,
    /// The date of the run, for all tests in the file.
    pub at: Option<WrittenDay>,
    /// The tests.
    pub tests: Required<Vec<Located<MappingTest>>>,
}

/// An ad and the expected result.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingTest {
    /// What the test shows.
    pub about: Option<String>,
    /// The date of the run.
    pub at: Option<WrittenDay>,
    /// The ad, as the source provides it.
    pub document: Option<Node>,
    /// A file that the source reads instead, relative to the project folder.
    pub file: Option<Located<String>>,
    /// The id of the ad in the file; optional if there is only one.
    pub ad: Option<Located<String>>,
    /// A file with the ad's detail page, if the source requests one.
    pub detail: Option<Located<String>>,
    /// The expected fields: `null` for no value; text that ends in `…` matches the beginning. `role`
    /// is the id of the decided role or group, or members of the decision: `{ level: review }`;
    /// `capabilities` are ids, or ids with levels.
    pub expect: Option<Node>,
    /// The complete list of expected problems, each an error type or a type and a field:
    /// `invalid_length title`.
    pub reasons: Option<Vec<Located<String>>>,
}
