//! What an operator must look at after a run. To add an alert, raise it where the condition is
//! detected; there is no list of them.

use serde::Serialize;

/// Something that an operator must look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// The source; empty for the institution.
    pub source: String,
    /// `source_unreachable`, `mass_retirement`, ...
    pub kind: &'static str,
    /// `warn` or `error`.
    pub severity: &'static str,
    /// What happened and what to do.
    pub message: String,
}
