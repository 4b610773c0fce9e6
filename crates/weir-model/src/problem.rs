//! Problems of an ad. They are all collected, never just the first; each has its type, its field
//! and a message that an operator can act on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Whether a problem rejects the ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "severity", rename_all = "lowercase")]
pub enum ProblemSeverity {
    /// The ad is rejected.
    #[default]
    Error,
    /// The ad passes and the problem is reported.
    Warn,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// `missing_field`, `invalid_type`, ... (nine standard types), or the type that a rule names.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field that it is reported on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The message.
    pub message: String,
    /// The rule that reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The version of that rule: the beginning of its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The offending value, where that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Json>,
    /// Whether it rejects the ad.
    pub severity: ProblemSeverity,
}

impl Problem {
    /// An error of a type on a field.
    pub fn error(kind: &str, field: &str, message: String) -> Problem {
        Problem {
            kind: kind.to_owned(),
            field: Some(field.to_owned()),
            message,
            rule: None,
            version: None,
            found: None,
            severity: ProblemSeverity::Error,
        }
    }

    /// The same problem as a warning.
    pub fn as_warning(mut self) -> Problem {
        self.severity = ProblemSeverity::Warn;
        self
    }

    /// The same problem with the offending value.
    pub fn found(mut self, found: Json) -> Problem {
        self.found = Some(found);
        self
    }
}

/// A value that could not be converted, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct InvalidValue {
    /// The error type: `invalid_date`, `invalid_type`, `invalid_url`, `invalid_array` or
    /// `system_error`.
    pub kind: &'static str,
    /// The original value.
    pub found: Json,
    /// What was expected, completing "field `x` ...": "must be a valid date".
    pub why: String,
}
