//! Titles that people accepted for a role: exported as YAML or CSV, committed, part of the plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A title with the role that people gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedTitle {
    /// The title, as an ad wrote it.
    pub title: String,
    /// The id of the role or group.
    pub role: String,
}

/// The accepted titles of a framework.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedTitles {
    /// Titles with their roles; of several with one key the last holds.
    #[serde(default)]
    pub accepted: Vec<AcceptedTitle>,
}
