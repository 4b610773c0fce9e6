//! What is held for an operator: the types of holds, and a hold before it is stored.
//!
//! Stages only ask for holds; the store opens each once per subject. A new kind also needs its content in `store::holds` and its
//! sentences in `report::holds`.

use serde_json::Value as Json;

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldKind {
    /// An ad: published and now failing, or with an unknown company or division.
    Job,
    /// An unknown company.
    Company,
    /// An unknown division.
    Division,
    /// The retirement of too many ads at once.
    Retirement,
    /// The closing, by their dates, of too many jobs at once.
    Closing,
    /// Too many ids that belong to other jobs at once.
    Identity,
    /// A read that is not as usual.
    Quality,
}

impl HoldKind {
    /// The text in the column.
    pub fn name(self) -> &'static str {
        match self {
            HoldKind::Job => "job",
            HoldKind::Company => "company",
            HoldKind::Division => "division",
            HoldKind::Retirement => "retirement",
            HoldKind::Closing => "closing",
            HoldKind::Identity => "identity",
            HoldKind::Quality => "quality",
        }
    }
}

/// A hold to open.
#[derive(Debug, Clone, PartialEq)]
pub struct NewHold {
    /// What is held.
    pub kind: HoldKind,
    /// The ad's id, the unknown name, or the source.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// What an operator needs to decide.
    pub details: Json,
}
