//! What becomes of an ad whose company is not known.

use schemars::JsonSchema;
use serde::Deserialize;

/// How a name that is not in the table is handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Unknown")]
pub enum UnknownNames {
    /// Add it.
    Create,
    /// Hold the ad for an operator.
    #[default]
    Hold,
    /// Reject the ad.
    Reject,
}

impl UnknownNames {
    pub(super) fn name(self) -> &'static str {
        match self {
            UnknownNames::Create => "create",
            UnknownNames::Hold => "hold",
            UnknownNames::Reject => "reject",
        }
    }
}
