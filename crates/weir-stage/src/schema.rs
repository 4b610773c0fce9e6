//! Mandatory fields as JSON Schema keywords, one field per line. The standard error types
//! (`missing_field`, `invalid_length`, ...) are assigned here, and every keyword is checked at its
//! own place: JSON Schema itself would silently accept a misspelt one.

use super::plain::PlainSchema;
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_model::{Canonical, Field, FieldKind, FieldValue, Problem};
use weir_yaml::diagnostic::{Diagnostics, did_you_mean, one_of};
use weir_yaml::yaml::{Located, Node};

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

/// Types of JSON.
const TYPES: [&str; 7] = [
    "string", "number", "integer", "boolean", "array", "object", "null",
];
/// Formats that are checked.
const FORMATS: [&str; 19] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// One mandatory field, compiled.
#[derive(Debug, Clone)]
pub struct MandatoryField {
    /// The field.
    pub field: String,
    schema: Json,
    /// What can be seen at once to fit.
    plain: Option<PlainSchema>,
    validator: Arc<Validator>,
}

impl Canonical for MandatoryField {
    fn canonical(&self) -> String {
        format!("{}: {}", self.field, self.schema)
    }
}

impl MandatoryField {
    /// Compiles the keywords of one field; problems go to `out`.
    pub fn compile(
        field: &Located<String>,
        keywords: &Node,
        out: &mut Diagnostics,
    ) -> Option<MandatoryField> {
        let schema = if keywords.is_nothing() {
            Json::Object(serde_json::Map::new())
        } else {
            keywords.to_json()
        };
        if !check_keywords(keywords, out) || !check_values(keywords, &schema, out) {
            return None;
        }
        let built = jsonschema::options()
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .build(&schema);
        match built {
            Ok(validator) => {
                let plain = PlainSchema::of(&schema);
                Some(MandatoryField {
                    field: field.value.clone(),
                    schema,
                    plain,
                    validator: Arc::new(validator),
                })
            }
            Err(error) => {
                bad_value(keywords, error.instance_path().as_str(), out);
                None
            }
        }
    }

    /// Everything that speaks against a value.
    pub fn judge(&self, value: &FieldValue) -> Vec<Problem> {
        let field = &self.field;
        match value {
            FieldValue::Absent => vec![Problem::error(
                "missing_field",
                field,
                format!("Mandatory field '{field}' is missing"),
            )],
            FieldValue::Invalid(invalid) => {
                vec![
                    Problem::error(
                        invalid.kind,
                        field,
                        format!("Field '{field}' {}", invalid.why),
                    )
                    .found(invalid.found.clone()),
                ]
            }
            present if self.plain.as_ref().is_some_and(|plain| plain.fits(present)) => Vec::new(),
            present => {
                let json = present.to_json();
                self.validator
                    .iter_errors(&json)
                    .map(|error| self.problem(error.kind(), &json))
                    .collect()
            }
        }
    }

    /// The error types that it can report.
    pub fn error_types(&self) -> BTreeSet<&'static str> {
        let of = |keyword: &str| self.schema.get(keyword);
        let is_date = of("format")
            .and_then(Json::as_str)
            .is_some_and(|format| format.starts_with("date"));
        let by_keyword = self
            .schema
            .as_object()
            .into_iter()
            .flat_map(|keywords| keywords.keys())
            .filter_map(|keyword| match keyword.as_str() {
                "minLength" | "maxLength" => Some("invalid_length"),
                "minItems" | "maxItems" | "uniqueItems" => Some("invalid_array"),
                "format" if is_date => Some("invalid_date"),
                "format"
                    if of("format")
                        .and_then(Json::as_str)
                        .is_some_and(|format| format.starts_with("uri")) =>
                {
                    Some("invalid_url")
                }
                "type" if is_date => None,
                "type" if of("type") == Some(&Json::from("array")) => Some("invalid_array"),
                "description" => None,
                _ => Some("invalid_type"),
            });
        by_keyword.chain(["missing_field"]).collect()
    }

    fn problem(&self, kind: &ValidationErrorKind, found: &Json) -> Problem {
        let (kind, what) = in_words(kind);
        Problem::error(kind, &self.field, format!("Field '{}' {what}", self.field))
            .found(found.clone())
    }
}

/// The standard error type, and the message.
fn in_words(kind: &ValidationErrorKind) -> (&'static str, String) {
    use ValidationErrorKind as K;
    match kind {
        K::Type { kind } => type_words(&format!("{kind:?}")),
        K::MinLength { limit } => (
            "invalid_length",
            format!("must be at least {limit} characters"),
        ),
        K::MaxLength { limit } => (
            "invalid_length",
            format!("must be at most {limit} characters"),
        ),
        K::Format { format } if format.starts_with("date") => {
            ("invalid_date", "must be a valid date".to_owned())
        }
        K::Format { format } if format.starts_with("uri") => {
            ("invalid_url", "must be a valid URL".to_owned())
        }
        K::Format { format } => ("invalid_type", format!("must be a valid {format}")),
        K::MinItems { limit } => (
            "invalid_array",
            format!("must be an array with at least {limit} item(s)"),
        ),
        K::MaxItems { limit } => (
            "invalid_array",
            format!("must be an array with at most {limit} item(s)"),
        ),
        K::UniqueItems => (
            "invalid_array",
            "must not have the same item twice".to_owned(),
        ),
        K::Enum { options } => ("invalid_type", format!("must be one of {options}")),
        K::Pattern { pattern } => ("invalid_type", format!("must match `{pattern}`")),
        K::Minimum { limit } => ("invalid_type", format!("must be at least {limit}")),
        K::Maximum { limit } => ("invalid_type", format!("must be at most {limit}")),
        _ => ("invalid_type", "does not fit its schema".to_owned()),
    }
}

fn type_words(kind: &str) -> (&'static str, String) {
    let kind = kind.to_lowercase();
    let named = ["string", "array", "number", "integer", "boolean", "object"]
        .into_iter()
        .find(|name| kind.contains(name));
    match named {
        Some("array") => ("invalid_array", "must be an array".to_owned()),
        Some(name) => (
            "invalid_type",
            format!(
                "must be {} {name}",
                if matches!(name, "integer" | "object") {
                    "an"
                } else {
                    "a"
                }
            ),
        ),
        None => ("invalid_type", "has the wrong type".to_owned()),
    }
}

fn check_keywords(keywords: &Node, out: &mut Diagnostics) -> bool {
    if keywords.entries().is_empty()
        && !keywords.is_nothing()
        && keywords.to_json().as_object().is_none()
    {
        out.error(
            keywords.place(),
            "wrong-type",
            format!(
                "expected JSON Schema keywords, found {}",
                keywords.described()
            ),
        )
        .help("write for example `{ type: string, minLength: 3 }`");
        return false;
    }
    let mut good = true;
    for entry in keywords.entries() {
        let name = entry.key_text();
        if !KEYWORDS.contains(&name.as_str()) {
            let told = out.error(
                entry.key.place(),
                "bad-schema-keyword",
                format!("unknown JSON Schema keyword `{name}`"),
            );
            match did_you_mean(&name, KEYWORDS) {
                Some(near) => told.help(format!("did you mean `{near}`?")),
                None => told.help(format!("supported keywords: {}", one_of(KEYWORDS))),
            };
            good = false;
        }
        good &= match name.as_str() {
            "items" => check_keywords(&entry.value, out),
            "properties" => properties(&entry.value)
                .fold(true, |good, property| good & check_keywords(property, out)),
            _ => true,
        };
    }
    good
}

fn properties(node: &Node) -> impl Iterator<Item = &Node> {
    node.entries().iter().map(|entry| &entry.value)
}

/// Checks every keyword's value, by the schema of schemas; each problem at the value.
fn check_values(keywords: &Node, schema: &Json, out: &mut Diagnostics) -> bool {
    let mut good = true;
    for error in jsonschema::draft202012::meta::validator().iter_errors(schema) {
        bad_value(keywords, error.instance_path().as_str(), out);
        good = false;
    }
    good && check_formats(keywords, out)
}

/// Tells a bad value of a keyword, at its JSON pointer.
fn bad_value(keywords: &Node, pointer: &str, out: &mut Diagnostics) {
    let at = keywords.at(pointer).unwrap_or(keywords);
    let keyword = pointer
        .rsplit('/')
        .find(|step| KEYWORDS.contains(step))
        .unwrap_or("type");
    let told = out.error(
        at.place(),
        "bad-schema",
        format!("`{keyword}` cannot be {}", at.described()),
    );
    match at.text().filter(|_| keyword == "type").and_then(type_meant) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("expected {}", taken_by(keyword))),
    };
}

/// JSON Schema does not report unknown formats.
fn check_formats(keywords: &Node, out: &mut Diagnostics) -> bool {
    let mut good = true;
    for entry in keywords.entries() {
        match (entry.key_text().as_str(), entry.value.text()) {
            ("format", Some(format)) if !FORMATS.contains(&format) => {
                let told = out.error(
                    entry.value.place(),
                    "bad-schema",
                    format!("unknown format `{format}`"),
                );
                match did_you_mean(format, FORMATS) {
                    Some(near) => told.help(format!("did you mean `{near}`?")),
                    None => told.help(format!("supported formats: {}", one_of(FORMATS))),
                };
                good = false;
            }
            ("items", _) => good &= check_formats(&entry.value, out),
            ("properties", _) => {
                good = properties(&entry.value)
                    .fold(good, |good, property| good & check_formats(property, out));
            }
            _ => {}
        }
    }
    good
}

/// Types of JSON, and what people call them.
fn type_meant(text: &str) -> Option<String> {
    match text {
        "text" | "str" | "varchar" | "date" | "url" => Some("string".to_owned()),
        "list" => Some("array".to_owned()),
        "int" => Some("integer".to_owned()),
        "float" | "decimal" => Some("number".to_owned()),
        "map" | "mapping" | "dict" => Some("object".to_owned()),
        text => did_you_mean(text, TYPES),
    }
}

/// What a keyword's value must be.
fn taken_by(keyword: &str) -> String {
    match keyword {
        "type" => format!("one of {}", one_of(TYPES)),
        "minLength" | "maxLength" | "minItems" | "maxItems" => {
            "an integer from 0 upwards".to_owned()
        }
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => "a number".to_owned(),
        "multipleOf" => "a number greater than 0".to_owned(),
        "pattern" => "a regular expression; check for unclosed brackets".to_owned(),
        "format" => format!("one of {}", one_of(FORMATS)),
        "enum" => "a list: `[one, two]`".to_owned(),
        "required" => "a list of unique names".to_owned(),
        "uniqueItems" => "`true` or `false`".to_owned(),
        "items" | "properties" => "keywords, such as `{ type: string }`".to_owned(),
        _ => "text".to_owned(),
    }
}

/// Warns of a type that a canonical field never has.
pub fn check_kind(field: Field, keywords: &Node, out: &mut Diagnostics) {
    let given = match field.kind() {
        FieldKind::Text | FieldKind::Date => "string",
        FieldKind::Number => "number",
        FieldKind::Boolean => "boolean",
        FieldKind::List => "array",
        FieldKind::Json => return,
    };
    let Some(wanted) = keywords.get("type").filter(|wanted| {
        wanted
            .text()
            .is_some_and(|text| text != given && TYPES.contains(&text))
    }) else {
        return;
    };
    out.warning(
        wanted.place(),
        "never-fits",
        format!(
            "`{}` is always a `{given}`: every ad would be rejected",
            field.name()
        ),
    )
    .help(format!("write `type: {given}`, or remove `type`"));
}
