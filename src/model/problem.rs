//! What speaks against an ad. Problems are collected, never the first only; each says its type, field and reason
//! in words a person can act on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Whether a problem refuses the ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "severity", rename_all = "lowercase")]
pub enum Severity {
    /// The ad is refused.
    #[default]
    Error,
    /// The ad passes and the problem is noted.
    Warn,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// `missing_field`, `invalid_type`, ... (the brief's nine), or the type that a rule names.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field to blame, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The reason in words.
    pub message: String,
    /// The rule that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The version of the rule that says so: the beginning of its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What was found, where that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Json>,
    /// Whether it refuses the ad.
    pub severity: Severity,
}

impl Problem {
    /// An error of a type at a field.
    pub fn error(kind: &str, field: &str, message: String) -> Problem {
        Problem { kind: kind.to_owned(), field: Some(field.to_owned()), message, rule: None, version: None, found: None, severity: Severity::Error }
    }

    /// The same problem as a warning.
    pub fn as_warning(mut self) -> Problem {
        self.severity = Severity::Warn;
        self
    }

    /// The same problem with what was found.
    pub fn found(mut self, found: Json) -> Problem {
        self.found = Some(found);
        self
    }
}

/// A value that did not convert: what was found and why it does not fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid {
    /// The brief's error type: `invalid_date`, `invalid_type`, `invalid_url`, `invalid_array` or `system_error`.
    pub kind: &'static str,
    /// The original value.
    pub found: Json,
    /// What was expected, completing "field `x` ...": "must be a valid date".
    pub why: String,
}
