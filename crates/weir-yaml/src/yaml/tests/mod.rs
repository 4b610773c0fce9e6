//! What reading promises, on one `Spec` that uses every shape.
//!
//! `mistakes` is the table of what authors do wrong; add a row there for every message. `values` is
//! what right files give, `partial` what is left of wrong ones, `mutations` feeds damaged files in.

mod mistakes;
mod mutations;
mod partial;
mod values;

use indexmap::IndexMap;
use serde::Deserialize;

use super::{Located, Node, OneOrMany, Required, Text, TextOr, from_text, read};
use crate::diagnostic::Diagnostics;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Institution {
    institution: Required<Located<String>>,
    name: Required<String>,
    #[serde(default = "yes")]
    active: bool,
    schedule: Option<Located<String>>,
    #[serde(default)]
    sources: IndexMap<Located<String>, SampleSource>,
    #[serde(default)]
    rules: Vec<Located<String>>,
    #[serde(default)]
    checks: Vec<SampleCheck>,
    #[serde(default)]
    require: IndexMap<Located<String>, Node>,
    missing: Option<SampleMissing>,
    unknown: Option<Located<SampleUnknown>>,
    #[serde(default)]
    stages: Vec<SampleStage>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleSource {
    fetch: Located<SampleFetch>,
    id: Located<String>,
    #[serde(default)]
    job: IndexMap<Located<String>, TextOr<Located<String>, SampleField>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SampleFetch {
    Http(SampleHttp),
    File { path: Located<String> },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleHttp {
    url: String,
    timeout: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleField {
    #[serde(default)]
    from: OneOrMany<Located<String>>,
    script: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleCheck {
    id: Located<String>,
    assert: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleMissing {
    after: Option<u8>,
    at_most: Option<Located<Percent>>,
    share: Option<f64>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum SampleUnknown {
    Hold,
    Reject,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SampleStage {
    Fetch {},
    Extract(SampleExtract),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleExtract {
    batch: Option<u32>,
}

#[derive(Debug, PartialEq)]
struct Percent(u8);

impl std::str::FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text
            .strip_suffix('%')
            .and_then(|digits| digits.parse().ok())
            .filter(|value| *value <= 100);
        number
            .map(Percent)
            .ok_or_else(|| format!("`{text}` is not a percentage\nwrite a share as `20%`"))
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

/// A right file that uses everything.
const RIGHT: &str = include_str!("right.yaml");

/// One line a problem: `line:column+length code: message; help`.
fn problems(content: impl AsRef<[u8]>) -> Vec<String> {
    let mut out = Diagnostics::new();
    let _ = read::<Institution>("a.yaml", content, &mut out);
    written(&out)
}

fn written(out: &Diagnostics) -> Vec<String> {
    let one = |one: &&crate::diagnostic::Diagnostic| {
        let place = one.place.clone().expect("every problem has a place");
        let related: String = one
            .related
            .iter()
            .map(|(place, note)| format!(" [{}:{} {note}]", place.line, place.column))
            .collect();
        let help = one
            .help
            .clone()
            .map(|help| format!(" | {help}"))
            .unwrap_or_default();
        format!(
            "{}:{}+{} {}: {}{help}{related}",
            place.line, place.column, place.length, one.code, one.message
        )
    };
    out.sorted().iter().map(one).collect()
}

/// The value of a file without problems.
fn value(content: &str) -> Institution {
    let mut out = Diagnostics::new();
    let value = read("a.yaml", content, &mut out);
    assert_eq!(written(&out), Vec::<String>::new());
    value.expect("a right file has a value")
}
