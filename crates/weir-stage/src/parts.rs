//! Text that is spread over several members of a document, in order and under the headings that
//! readers see: duties, requirements, how to apply. The description of an ad is all of them.
//!
//! A part without a value is omitted with its heading, and so is one that repeats an earlier part.

use super::convert::ValueConversion;
use super::mapped_path::mapped_path;
use super::view::DocumentView;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::fmt;
use weir_model::FieldValue;
use weir_model::canonical::canonical_object;
use weir_source::jsonpath::JsonPath;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, OneOrMany, Text, TextOr};

/// A part as written: a path, or a mapping.
pub type PartSpec = TextOr<Text, Located<PartMapping>>;

/// A part of a text.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PartMapping {
    /// Where its text is: a JSONPath, or several, of which the first with a value is used. Within
    /// `each`, relative to the item.
    from: OneOrMany<Text>,
    /// The heading above it: text, or a JSONPath.
    heading: Option<Text>,
    /// A list of parts, such as `$.sections[*]`: `from` and `heading` are then paths within each
    /// item.
    each: Option<Text>,
}

/// A part of a text, compiled.
#[derive(Debug, Clone)]
pub struct TextPart {
    from: Vec<JsonPath>,
    heading: Option<PartHeading>,
    each: Option<JsonPath>,
}

#[derive(Debug, Clone)]
enum PartHeading {
    Fixed(String),
    At(JsonPath),
}

impl TextPart {
    /// What counts for a fingerprint.
    pub(super) fn canonical_object(&self) -> Json {
        let heading = match &self.heading {
            None => Json::Null,
            Some(PartHeading::Fixed(text)) => json!({ "text": text }),
            Some(PartHeading::At(path)) => json!({ "at": path.to_string() }),
        };
        let from: Vec<String> = self.from.iter().map(ToString::to_string).collect();
        canonical_object([
            ("from", json!(from)),
            ("heading", heading),
            ("each", json!(self.each.as_ref().map(ToString::to_string))),
        ])
    }

    /// The paths that it reads in the document.
    pub(super) fn paths(&self) -> impl Iterator<Item = &JsonPath> {
        let heading = if let Some(PartHeading::At(path)) = &self.heading {
            Some(path)
        } else {
            None
        };
        self.from.iter().chain(heading)
    }

    /// Compiles it; problems go to `out`.
    pub(super) fn compile(spec: &PartSpec, out: &mut Diagnostics) -> Option<TextPart> {
        let spec = match spec {
            TextOr::Short(path) => {
                return Some(TextPart {
                    from: vec![mapped_path(path, out)?],
                    heading: None,
                    each: None,
                });
            }
            TextOr::Full(spec) => spec,
        };
        if spec.from.is_empty() {
            if !out.has_errors_within(&spec.place) {
                out.error(&spec.place, "bad-mapping", "the part has no source")
                    .help("add `from` with the path of its text: `{ heading: Requirements, from: $.requirements }`");
            }
            return None;
        }
        let from: Vec<Option<JsonPath>> = spec
            .from
            .iter()
            .map(|path| mapped_path(path, out))
            .collect();
        let each = spec.each.as_ref().map(|path| mapped_path(path, out));
        let heading = match &spec.heading {
            Some(path) if path.starts_with('$') => {
                Some(mapped_path(path, out).map(PartHeading::At))
            }
            text => text
                .as_ref()
                .map(|text| Some(PartHeading::Fixed(text.trim().to_owned()))),
        };
        let is_broken = matches!(each, Some(None)) || matches!(heading, Some(None));
        let from: Option<Vec<JsonPath>> = from.into_iter().collect();
        Some(TextPart {
            from: from.filter(|_| !is_broken)?,
            heading: heading.flatten(),
            each: each.flatten(),
        })
    }

    /// Its heading, if it has one, and its text within a value.
    fn within<'d>(
        &self,
        value: &'d Json,
        convert: &ValueConversion,
        view: &DocumentView<'d>,
    ) -> Option<(String, FieldValue)> {
        let read = |path: &JsonPath| convert.apply_at(&view.select(path, value), view.fetched());
        let text = self.from.iter().map(read).find(|text| !text.is_absent())?;
        let heading = match &self.heading {
            Some(PartHeading::Fixed(heading)) => heading.clone(),
            Some(PartHeading::At(path)) => read(path).as_text().unwrap_or_default().to_owned(),
            None => String::new(),
        };
        Some((heading, text))
    }
}

/// The text of all parts in a document.
pub(super) fn joined(
    parts: &[TextPart],
    convert: &ValueConversion,
    view: &DocumentView,
) -> FieldValue {
    // Values of one part are separated by a line break.
    let convert = ValueConversion {
        join: Some("\n".to_owned()),
        ..convert.clone()
    };
    let (mut told, mut texts, mut invalid): (Vec<String>, Vec<String>, Option<FieldValue>) =
        (Vec::new(), Vec::new(), None);
    for part in parts {
        for value in items(part.each.as_ref(), view) {
            match part.within(value, &convert, view) {
                Some((heading, FieldValue::Text(text))) if !texts.contains(&text) => {
                    told.push(if heading.is_empty() {
                        text.clone()
                    } else {
                        format!("{heading}\n{text}")
                    });
                    texts.push(text);
                }
                Some((_, value @ FieldValue::Invalid(_))) => drop(invalid.get_or_insert(value)),
                _ => {}
            }
        }
    }
    // What cannot be read of an ad is not passed over for what can.
    invalid.unwrap_or_else(|| FieldValue::text(&told.join("\n\n")))
}

fn items<'d>(each: Option<&JsonPath>, view: &DocumentView<'d>) -> Vec<&'d Json> {
    let Some(each) = each else {
        return vec![view.document()];
    };
    let listed = |value: &'d Json| {
        value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice)
    };
    view.select(each, view.document())
        .into_iter()
        .flat_map(listed)
        .collect()
}

/// As written, on one line.
impl fmt::Display for TextPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<String> = self.from.iter().map(ToString::to_string).collect();
        let each = self
            .each
            .as_ref()
            .map(|each| format!(", each: {each}"))
            .unwrap_or_default();
        let heading = match &self.heading {
            Some(PartHeading::Fixed(text)) => format!(", heading: {text}"),
            Some(PartHeading::At(path)) => format!(", heading: {path}"),
            None => String::new(),
        };
        write!(f, "from: {}{each}{heading}", paths.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::{self, MappingSpec};
    use super::*;
    use serde_json::json;
    use weir_model::date::DateSetting;
    use weir_model::{Clock, FieldKind};
    use weir_rule::ScriptSandbox;

    fn value(yaml: &str, document: &Json) -> FieldValue {
        let mut out = Diagnostics::new();
        let spec: MappingSpec = weir_yaml::yaml::read("test.yaml", yaml, &mut out).unwrap();
        let derive = mapping::compile(
            &spec,
            Some(FieldKind::Text),
            &ScriptSandbox::new(),
            DateSetting::of(chrono_tz::UTC),
            &mut out,
        );
        assert!(out.is_empty(), "{out:?}");
        derive.unwrap().value(&DocumentView::new(
            &ScriptSandbox::new(),
            document,
            Clock("2026-03-02T01:00:00Z".parse().unwrap()),
        ))
    }

    #[test]
    fn parts_follow_each_other_under_their_headings() {
        let document = json!({
            "intro": "<p>We tune organs.</p>", "lists": [{ "name": "You do", "text": "<li>Tune</li>" }, { "name": "", "text": "Travel" }, { "name": "x" }],
            "wanted": ["Ears", "Hands"], "again": "Travel", "closing": { "a": 1, "b": 2 },
        });
        let parts = "- $.intro\n  - { each: $.lists, heading: $.name, from: $.text }\n  - { heading: You bring, from: [$.gone, $.wanted] }\n  - $.again\n  - $.gone";
        let text = value(&format!("as: html\nparts:\n  {parts}\n"), &document);
        let FieldValue::Text(text) = text else {
            panic!("{text:?}")
        };
        assert!(
            text.starts_with("We tune organs.\n\nYou do\n")
                && text.ends_with("\n\nTravel\n\nYou bring\nEars\nHands"),
            "{text}"
        );
        assert_eq!(value("parts: [$.gone]", &document), FieldValue::Absent);
        assert_eq!(
            value("{ parts: [$.gone], default: none }", &document),
            FieldValue::text("none")
        );
        assert!(matches!(
            value("parts: [$.intro, $.closing]", &document),
            FieldValue::Invalid(_)
        ));
    }
}
