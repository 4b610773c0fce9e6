//! Mandatory fields as JSON Schema keywords, a field a line. The words of the brief (`missing_field`,
//! `invalid_length`, ...) are given here, and every keyword is checked at its own place: JSON Schema itself would
//! silently accept a misspelt one.

use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::model::{Problem, Value};
use crate::yaml::{Located, Node};
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value as Json;
use std::sync::Arc;

/// Keywords that `require` understands.
const KEYWORDS: [&str; 19] = [
    "type",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "items",
    "properties",
    "required",
    "description",
];

/// One mandatory field, compiled.
#[derive(Clone)]
pub struct Mandatory {
    /// The field.
    pub field: String,
    schema: Json,
    validator: Arc<Validator>,
}

impl std::fmt::Debug for Mandatory {
    /// What counts for the fingerprint.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.schema)
    }
}

impl Mandatory {
    /// Compiles the keywords of one field; problems go to `out`.
    pub fn compile(field: &Located<String>, keywords: &Node, out: &mut Diagnostics) -> Option<Mandatory> {
        if !check_keywords(keywords, out) {
            return None;
        }
        let schema = if keywords.is_nothing() { Json::Object(serde_json::Map::new()) } else { keywords.to_json() };
        let built = jsonschema::options().should_validate_formats(true).should_ignore_unknown_formats(false).build(&schema);
        match built {
            Ok(validator) => Some(Mandatory { field: field.value.clone(), schema, validator: Arc::new(validator) }),
            Err(error) => {
                let at = keywords.at(error.instance_path().as_str()).unwrap_or(keywords);
                out.error(at.place(), "bad-schema", format!("bad JSON Schema for `{field}`: {error}"))
                    .help("see the keyword's rules at json-schema.org, draft 2020-12");
                None
            }
        }
    }

    /// Everything that speaks against a value.
    pub fn judge(&self, value: &Value) -> Vec<Problem> {
        let field = &self.field;
        match value {
            Value::Absent => vec![Problem::error("missing_field", field, format!("Mandatory field '{field}' is missing"))],
            Value::Invalid(invalid) => {
                vec![Problem::error(invalid.kind, field, format!("Field '{field}' {}", invalid.why)).found(invalid.found.clone())]
            }
            present => {
                let json = present.to_json();
                self.validator.iter_errors(&json).map(|error| self.problem(error.kind(), &json)).collect()
            }
        }
    }

    fn problem(&self, kind: &ValidationErrorKind, found: &Json) -> Problem {
        let (kind, what) = in_words(kind);
        Problem::error(kind, &self.field, format!("Field '{}' {what}", self.field)).found(found.clone())
    }
}

/// The error type of the brief, and the reason in words.
fn in_words(kind: &ValidationErrorKind) -> (&'static str, String) {
    use ValidationErrorKind as K;
    match kind {
        K::Type { kind } => type_words(&format!("{kind:?}")),
        K::MinLength { limit } => ("invalid_length", format!("must be at least {limit} characters")),
        K::MaxLength { limit } => ("invalid_length", format!("must be at most {limit} characters")),
        K::Format { format } if format.starts_with("date") => ("invalid_date", "must be a valid date".to_owned()),
        K::Format { format } if format.starts_with("uri") => ("invalid_url", "must be a valid URL".to_owned()),
        K::Format { format } => ("invalid_type", format!("must be a valid {format}")),
        K::MinItems { limit } => ("invalid_array", format!("must be an array with at least {limit} item(s)")),
        K::MaxItems { limit } => ("invalid_array", format!("must be an array with at most {limit} item(s)")),
        K::UniqueItems => ("invalid_array", "must not have the same item twice".to_owned()),
        K::Enum { options } => ("invalid_type", format!("must be one of {options}")),
        K::Pattern { pattern } => ("invalid_type", format!("must match `{pattern}`")),
        K::Minimum { limit } => ("invalid_type", format!("must be at least {limit}")),
        K::Maximum { limit } => ("invalid_type", format!("must be at most {limit}")),
        _ => ("invalid_type", "does not fit its schema".to_owned()),
    }
}

fn type_words(kind: &str) -> (&'static str, String) {
    let kind = kind.to_lowercase();
    let named = ["string", "array", "number", "integer", "boolean", "object"].into_iter().find(|name| kind.contains(name));
    match named {
        Some("array") => ("invalid_array", "must be an array".to_owned()),
        Some(name) => ("invalid_type", format!("must be {} {name}", if matches!(name, "integer" | "object") { "an" } else { "a" })),
        None => ("invalid_type", "has the wrong type".to_owned()),
    }
}

fn check_keywords(keywords: &Node, out: &mut Diagnostics) -> bool {
    if keywords.entries().is_empty() && !keywords.is_nothing() && keywords.to_json().as_object().is_none() {
        out.error(keywords.place(), "wrong-type", format!("expected JSON Schema keywords, found {}", keywords.described()))
            .help("write for example `{ type: string, minLength: 3 }`");
        return false;
    }
    let mut good = true;
    for entry in keywords.entries() {
        let name = entry.key_text();
        if !KEYWORDS.contains(&name.as_str()) {
            let told = out.error(entry.key.place(), "bad-schema-keyword", format!("unknown JSON Schema keyword `{name}`"));
            match did_you_mean(&name, KEYWORDS) {
                Some(near) => told.help(format!("did you mean `{near}`?")),
                None => told.help(format!("the keywords are {}", crate::diagnostic::one_of(KEYWORDS))),
            };
            good = false;
        }
    }
    good
}
