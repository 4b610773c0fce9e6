//! How an ad is told apart: where its id stands, or what it is made from. A document without an id
//! is kept and refused, never guessed at.

use super::json;
use super::steps::{MappingSteps, MarkupCache, StepsSpec, text_of};
use super::twins::DuplicatePolicy;
use super::written_path::json_path;
use crate::jsonpath::{JsonPath, PathStep};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use weir_model::{Document, ReceivedRecord};
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::number;
use weir_yaml::yaml::{Located, OneOrMany, Text, TextOr};

/// `id:` of a source: a JSONPath, or a mapping.
pub type IdMapping = TextOr<Text, Located<IdSpec>>;

/// An id that needs more than a path.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdSpec {
    /// A JSONPath, or several: the first with a value is used.
    from: OneOrMany<Text>,
    /// A CSS selector in the HTML found there; by default in `$.html`.
    css: Option<Text>,
    /// The query parameter to take from the address found there.
    parameter: Option<Located<String>>,
    /// A regular expression: its group, or the whole match.
    #[serde(rename = "match")]
    pattern: Option<Text>,
    /// Values whose hash is the id, for ads without an id of their own.
    hash: OneOrMany<Text>,
}

/// How the id of an ad is found.
#[derive(Debug, Clone)]
pub struct IdExtractor {
    way: IdMethod,
    /// What becomes of records that share an id.
    pub twins: DuplicatePolicy,
}

#[derive(Debug, Clone)]
enum IdMethod {
    At(JsonPath),
    Through(Vec<JsonPath>, Box<MappingSteps>),
    Hash(Vec<JsonPath>),
}

/// What a record turned out to be.
#[derive(Debug)]
pub enum NamedRecord {
    /// It has an id.
    Ad(ReceivedRecord),
    /// It has none, or is no JSON.
    Refused(Document),
}

/// Compiles an id that is found by steps, or made of other values.
fn compile_full(id: &Located<IdSpec>, out: &mut Diagnostics) -> Option<IdExtractor> {
    let spec = StepsSpec {
        css: id.css.as_ref(),
        parameter: id.parameter.as_ref(),
        pattern: id.pattern.as_ref(),
        replace: None,
    };
    let is_found = !id.from.is_empty() || spec.first().is_some();
    if is_found && !id.hash.is_empty() {
        out.error(
            &id.place,
            "bad-mapping",
            "the id cannot be both selected and hashed",
        )
        .help("give either `hash`, or `from` and its steps");
        return None;
    }
    if id.from.is_empty() && id.css.is_none() && id.hash.is_empty() {
        if !out.has_errors_within(&id.place) {
            out.error(&id.place, "bad-mapping", "the id has no source")
                .help("give `from` or `css`, or `hash: [$.title, $.city]` if ads have no id");
        }
        return None;
    }
    let hashed = paths(&id.hash, out);
    let (from, steps) = (paths(&id.from, out), spec.compile(out));
    if is_found {
        Some(IdExtractor::through(from?, steps?))
    } else {
        Some(IdExtractor::by(IdMethod::Hash(hashed?)))
    }
}

fn paths(texts: &[Text], out: &mut Diagnostics) -> Option<Vec<JsonPath>> {
    let paths: Vec<Option<JsonPath>> = texts.iter().map(|path| json_path(path, out)).collect();
    paths.into_iter().collect()
}

impl IdExtractor {
    /// The same, where a mapping reads only these members of a record.
    #[must_use]
    pub fn reading(self, members: Option<BTreeSet<String>>) -> IdExtractor {
        IdExtractor {
            twins: self.twins.reading(members),
            ..self
        }
    }

    fn by(way: IdMethod) -> IdExtractor {
        IdExtractor {
            way,
            twins: DuplicatePolicy::default(),
        }
    }

    /// An id that stands at a path.
    pub fn at(path: JsonPath) -> IdExtractor {
        IdExtractor::by(IdMethod::At(path))
    }

    /// Compiles `id:`; problems go to `out`.
    pub fn compile(spec: &IdMapping, out: &mut Diagnostics) -> Option<IdExtractor> {
        match spec {
            TextOr::Short(path) => json_path(path, out).map(IdExtractor::at),
            TextOr::Full(spec) => compile_full(spec, out),
        }
    }

    /// One path without steps is read from the text, without reading the rest.
    fn through(mut paths: Vec<JsonPath>, steps: MappingSteps) -> IdExtractor {
        match paths.pop() {
            Some(only) if paths.is_empty() && steps.is_empty() => IdExtractor::at(only),
            last => {
                paths.extend(last.or_else(|| JsonPath::parse("$.html").ok()));
                IdExtractor::by(IdMethod::Through(paths, Box::new(steps)))
            }
        }
    }

    /// Whether a table with these columns has one of those that the id is made of.
    pub fn can_read(&self, columns: &[String]) -> bool {
        let paths = match &self.way {
            IdMethod::At(path) => std::slice::from_ref(path),
            IdMethod::Through(paths, _) | IdMethod::Hash(paths) => paths,
        };
        let first = |path: &JsonPath| match path.steps()?.first()? {
            PathStep::Name(name) => Some(name.clone()),
            _ => None,
        };
        let mut names = paths.iter().map(first);
        // A path without a name may lead anywhere.
        names.any(|name| name.is_none_or(|name| columns.contains(&name)))
    }

    /// Finds the id of a record.
    pub fn name(&self, text: Box<str>, metadata: Json) -> NamedRecord {
        let found = match &self.way {
            IdMethod::At(path) => json::pick(&text, path).map(|id| id.as_ref().and_then(id_text)),
            _ => number::read(&text)
                .map(|content| self.id_of(&content))
                .map_err(|error| error.to_string()),
        };
        match found {
            Ok(id) => self.named(text, metadata, id),
            Err(why) => NamedRecord::Refused(Document::unreadable(text.as_bytes(), metadata, why)),
        }
    }

    /// The id of a document.
    pub fn id_of(&self, content: &Json) -> Option<String> {
        match &self.way {
            IdMethod::At(path) => path.first(content).and_then(id_text),
            IdMethod::Through(paths, steps) => {
                let markup = MarkupCache::default();
                paths.iter().find_map(|path| {
                    steps
                        .follow(path, content, &markup)
                        .iter()
                        .find_map(id_text)
                })
            }
            IdMethod::Hash(paths) => hash_of(paths, content),
        }
    }

    fn named(&self, text: Box<str>, metadata: Json, id: Option<String>) -> NamedRecord {
        let looked_at = match id {
            Some(id) if id.len() <= LONGEST => {
                return NamedRecord::Ad(ReceivedRecord::new(id, text, metadata));
            }
            Some(_) => format!(
                "`{}` (ids longer than {LONGEST} bytes are ignored)",
                self.looked_at()
            ),
            None => format!("`{}`", self.looked_at()),
        };
        match number::read(&text) {
            Ok(content) => NamedRecord::Refused(Document::nameless(content, metadata, &looked_at)),
            Err(error) => NamedRecord::Refused(Document::unreadable(
                text.as_bytes(),
                metadata,
                error.to_string(),
            )),
        }
    }

    /// Where it looks, as text.
    fn looked_at(&self) -> String {
        let all = |paths: &[JsonPath]| {
            paths
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        match &self.way {
            IdMethod::At(path) => path.to_string(),
            IdMethod::Through(paths, steps) if steps.is_empty() => all(paths),
            IdMethod::Through(paths, steps) => format!("{}, {steps}", all(paths)),
            IdMethod::Hash(paths) => all(paths),
        }
    }
}

/// Bytes of the longest id: more cannot be looked up by.
const LONGEST: usize = 1_000;

/// An id is text that is not blank, or a number, which is one however it is written.
fn id_text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.trim())
            .filter(|text| !text.is_empty())
            .map(|text| text.replace('\0', "\u{fffd}")),
        Json::Number(number) => Some(number::text_of(number)),
        Json::Object(_) => text_of(value).and_then(|text| id_text(&Json::String(text))),
        _ => None,
    }
}

/// The beginning of the hash of what the paths give, without regard to case and blanks around; each
/// path has its place in it, so that a value which moves to another field is another id.
fn hash_of(paths: &[JsonPath], content: &Json) -> Option<String> {
    let parts: Vec<String> = paths
        .iter()
        .map(|path| hashed_text(&path.select(content)))
        .collect();
    if parts.iter().all(String::is_empty) {
        return None;
    }
    let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
    Some(
        digest
            .iter()
            .take(16)
            .fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            }),
    )
}

/// Several values of one path are told apart too.
fn hashed_text(found: &[&Json]) -> String {
    let items = found.iter().flat_map(|value| {
        value
            .as_array()
            .map_or(std::slice::from_ref(*value), Vec::as_slice)
    });
    let texts: Vec<String> = items
        .filter_map(text_of)
        .map(|text| text.trim().to_lowercase())
        .filter(|text| !text.is_empty())
        .collect();
    texts.join("\u{1e}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn id(ident: &IdExtractor, record: &Json) -> String {
        match ident.name(record.to_string().into(), json!({})) {
            NamedRecord::Ad(received) => received.external_id,
            NamedRecord::Refused(document) => document.refused.unwrap().error_type().to_owned(),
        }
    }

    fn compiled(yaml: &str) -> IdExtractor {
        let mut out = Diagnostics::new();
        let spec: Located<IdSpec> = weir_yaml::yaml::read("test.yaml", yaml, &mut out).unwrap();
        let ident = compile_full(&spec, &mut out);
        assert!(out.is_empty(), "{out:?}");
        ident.unwrap()
    }

    #[test]
    fn what_cannot_tell_ads_apart_is_no_id() {
        let ident = IdExtractor::at(JsonPath::parse("$.id").unwrap());
        let named = |record: String| match ident.name(record.into(), json!({})) {
            NamedRecord::Ad(received) => received.external_id,
            NamedRecord::Refused(document) => document.refused.unwrap().message(),
        };
        assert_eq!(
            named(r#"{"id":18446744073709551615}"#.to_owned()),
            "18446744073709551615"
        );
        assert_eq!(
            named(r#"{"id":12345678901234567890123}"#.to_owned()),
            "12345678901234567890123"
        );
        assert_eq!(
            named(format!("{{\"id\":\"{}\"}}", "x".repeat(1_000))).len(),
            1_000
        );
        assert_eq!(
            named(format!("{{\"id\":\"{}\"}}", "x".repeat(1_001))),
            "no id at `$.id` (ids longer than 1000 bytes are ignored)"
        );
    }

    #[test]
    fn ids_are_texts_or_numbers() {
        let ident = IdExtractor::at(JsonPath::parse("$.id").unwrap());
        assert_eq!(id(&ident, &json!({"id": " A1 "})), "A1");
        assert_eq!(id(&ident, &json!({"id": 8_130_725})), "8130725");
        assert_eq!(
            id(&ident, &json!({"id": {"@kind": "own", "#text": "A2"}})),
            "A2"
        );
        for nameless in [
            json!({"id": " "}),
            json!({"id": null}),
            json!({}),
            json!([1]),
            json!({"id": {"x": 1}}),
        ] {
            assert_eq!(id(&ident, &nameless), "missing_id");
        }
    }

    #[test]
    fn ids_are_found_through_steps() {
        let link = compiled("{ css: a@href, parameter: id }");
        assert_eq!(
            id(
                &link,
                &json!({"html": "<a href='/ad?x=1&id=77'>Nurse</a>", "url": "https://jobs.example.com"})
            ),
            "77"
        );
        assert_eq!(
            id(&link, &json!({"html": "<a href='/ad'>Nurse</a>"})),
            "missing_id"
        );
        let either = compiled("{ from: [$.ref, $.link], match: '[0-9]{3,}' }");
        assert_eq!(
            id(
                &either,
                &json!({"ref": "n/a", "link": "https://jobs.example.com/ad/123-nurse"})
            ),
            "123"
        );
        assert!(matches!(compiled("{ from: $.id }").way, IdMethod::At(_)));
    }

    #[test]
    fn ids_are_made_of_what_stays() {
        let made = compiled("{ hash: [$.title, $.city] }");
        let nurse = id(
            &made,
            &json!({"title": "Nurse ", "city": "Orange", "views": 7}),
        );
        assert_eq!(nurse.len(), 32);
        assert_eq!(
            nurse,
            id(&made, &json!({"title": "NURSE", "city": " orange"}))
        );
        assert_ne!(
            nurse,
            id(&made, &json!({"title": "Nurse", "city": "Dubbo"}))
        );
        assert_ne!(
            id(&made, &json!({"title": "Orange"})),
            id(&made, &json!({"city": "Orange"}))
        );
        assert_eq!(
            id(&made, &json!({"title": " ", "city": null})),
            "missing_id"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            for ident in [compiled("{ css: a@href, parameter: id, match: '(.)' }"), compiled("{ hash: $.html }")] {
                id(&ident, &json!({"html": text, "url": text}));
                ident.name(text.as_str().into(), json!({}));
            }
        }
    }
}
