//! Who decides, when and why: what every decision of an operator carries.

use weir_model::Clock;

/// Who decides, when and why.
#[derive(Debug, Clone, Copy)]
pub struct OperatorRuling<'a> {
    /// The instant.
    pub at: Clock,
    /// The operator.
    pub by: &'a str,
    /// The reason, for the record.
    pub reason: &'a str,
}
