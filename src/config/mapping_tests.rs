//! `tests/mapping/*.yaml`: what must come of an ad, a file for a source. Document in, fields out; what is compared is only what a test names.

use crate::span::Day;
use crate::yaml::{Located, Node, Required};
use schemars::JsonSchema;
use serde::Deserialize;

/// The tests of one source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingTestsSpec {
    /// The institution.
    pub institution: Required<Located<String>>,
    /// The source; not needed where the institution has one.
    pub source: Option<Located<String>>,
    /// The date of the run, for all tests of the file.
    pub at: Option<Day>,
    /// The tests.
    pub tests: Required<Vec<Located<MappingTest>>>,
}

/// An ad, and what must come of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingTest {
    /// What it shows.
    pub about: Option<String>,
    /// The date of the run.
    pub at: Option<Day>,
    /// The ad as the source gives it.
    pub document: Option<Node>,
    /// Or a file as the source would read it, relative to the project folder.
    pub file: Option<Located<String>>,
    /// Which ad of the file, by its id; not needed where the file holds one.
    pub ad: Option<Located<String>>,
    /// A file with the ad's own page, where the source asks for one.
    pub detail: Option<Located<String>>,
    /// Fields and the values that they must have; `null` for none, a text that ends in `…` for its beginning.
    pub expect: Option<Node>,
    /// Everything that must be said against the ad, a type or a type and field each: `invalid_length title`.
    pub reasons: Option<Vec<Located<String>>>,
}
