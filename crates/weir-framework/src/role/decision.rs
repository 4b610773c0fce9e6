//! What is decided of a title, and why.

use crate::framework::EntryIndex;
use crate::title::CleanTitle;

/// What a decision about a role needs of an ad.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoleAd<'a> {
    /// The title.
    pub title: &'a str,
    /// The places that the ad names.
    pub locations: &'a [&'a str],
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleOutcome {
    /// A role.
    Role(EntryIndex),
    /// No role, but the finest group that is sure.
    Group(EntryIndex),
    /// Nothing, but the best candidate is worth a look.
    Review,
    /// Nothing.
    Open,
}

impl RoleOutcome {
    /// The role or group that was decided.
    #[must_use]
    pub fn entry(self) -> Option<EntryIndex> {
        match self {
            RoleOutcome::Role(entry) | RoleOutcome::Group(entry) => Some(entry),
            RoleOutcome::Review | RoleOutcome::Open => None,
        }
    }
}

/// How a decision was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionMethod {
    /// People accepted the title.
    Accepted,
    /// The text is the name of the entry.
    Name,
    /// The text is an alias of the entry.
    Alias,
    /// The title names several roles of one group.
    Several,
    /// By similarity.
    Similar,
    /// Not at all; candidates may be near by their letters.
    None,
}

impl DecisionMethod {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DecisionMethod::Accepted => "accepted",
            DecisionMethod::Name => "name",
            DecisionMethod::Alias => "alias",
            DecisionMethod::Several => "several",
            DecisionMethod::Similar => "similar",
            DecisionMethod::None => "none",
        }
    }
}

/// An entry that a title may mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoleCandidate {
    /// The entry.
    pub entry: EntryIndex,
    /// How near or probable it is, between 0 and 1.
    pub confidence: f32,
}

/// The decision about a title or classification.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleDecision {
    /// What was decided.
    pub outcome: RoleOutcome,
    /// How.
    pub method: DecisionMethod,
    /// How sure it is, calibrated.
    pub confidence: f32,
    /// The words of the text that matched.
    pub words: Vec<String>,
    /// The three nearest entries, the best first.
    pub candidates: Vec<RoleCandidate>,
    /// The title without its noise; the text as it is for classifications.
    pub title: CleanTitle,
}
