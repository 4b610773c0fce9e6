//! Capabilities of ads: named with a level, pointed to by phrases, or brought by the role.
//!
//! Role descriptions name capabilities in tables and lists; `table.rs` reads them line by line and
//! forgives what scans and editors do to them. Ads in free text only point to capabilities;
//! `phrases.rs` finds the declared phrases of all frameworks in one pass and leaves out what an
//! employer says of itself. An ad that names capabilities is not searched for phrases: it has said
//! what it wants. Every row carries the place of its evidence in the text.
//!
//! A new way of naming capabilities is a case in `table.rs` and a layout in
//! `tests/quality/make-descriptions.py`.

mod context;
mod decide;
mod index;
mod line;
mod near;
mod phrases;
mod table;
#[cfg(test)]
mod tests;

pub use index::CapabilityIndex;

use crate::framework::EntryIndex;
use std::ops::Range;

/// How an ad comes to a capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CapabilityKind {
    /// Named as assessed at recruitment.
    Focus,
    /// Named as needed beside those.
    Complementary,
    /// Named or pointed to.
    Mentioned,
    /// Brought by the role.
    ByRole,
}

impl CapabilityKind {
    /// Its name in YAML and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CapabilityKind::Focus => "focus",
            CapabilityKind::Complementary => "complementary",
            CapabilityKind::Mentioned => "mentioned",
            CapabilityKind::ByRole => "by-role",
        }
    }

    /// The kind with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<CapabilityKind> {
        let all = [
            CapabilityKind::Focus,
            CapabilityKind::Complementary,
            CapabilityKind::Mentioned,
            CapabilityKind::ByRole,
        ];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

/// A capability of an ad.
#[derive(Debug, Clone, PartialEq)]
pub struct CapabilityRow {
    /// Which of the frameworks of the index.
    pub framework: usize,
    /// The capability.
    pub capability: EntryIndex,
    /// The position of its level, if one is named.
    pub level: Option<usize>,
    /// How the ad comes to it.
    pub kind: CapabilityKind,
    /// Where in the text the evidence is; empty for what the role brings.
    pub evidence: Range<usize>,
    /// How sure it is.
    pub confidence: f32,
}
