//! One end of pay, and what its text says about it.

use super::periods::StatedPeriod;

/// One end, and what its text says about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PayEnd {
    /// The amount.
    pub(super) value: f64,
    /// Whether a currency is stated, and which, if that is clear.
    pub(super) mark: Option<Option<&'static str>>,
    /// What it is multiplied by, where that is written.
    pub(super) factor: Option<f64>,
    /// The period.
    pub(super) period: StatedPeriod,
}

/// A number about which nothing is said.
pub(super) fn plain(value: f64) -> PayEnd {
    PayEnd {
        value,
        mark: None,
        factor: None,
        period: StatedPeriod::Unsaid,
    }
}
