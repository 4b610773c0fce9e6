//! Decisions against labels: how often they are right, how much they cover, how sure they are.
//!
//! The scores are plain numbers with a [`std::fmt::Display`] for people. A decision is right only
//! if it is what the label says: a role where the label is a group is a guess and counts as wrong,
//! a group above the label's role is right but coarse.

mod capabilities;
mod companies;
mod labelled;
mod measure;
mod roles;
#[cfg(test)]
mod tests;

pub use capabilities::CapabilityScore;
pub use companies::CompanyScore;
pub use labelled::{
    LabelFault, LabelledCapability, LabelledName, LabelledText, LabelledTexts, LabelledTitle,
    read_names, read_texts, read_titles,
};
pub use measure::{CalibrationBin, ConfidencePoint, DecisionTally};
pub use roles::RoleScore;

/// A decision that was not what the label says.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionMistake {
    /// The text, cut short.
    pub text: String,
    /// What the label says; empty if nothing fits.
    pub expected: String,
    /// What was decided; empty if nothing was.
    pub decided: String,
    /// How sure the decision was.
    pub confidence: f32,
}

impl std::fmt::Display for DecisionMistake {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let or_none =
            |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        let (decided, expected) = (or_none(&self.decided), or_none(&self.expected));
        write!(out, "{}: {decided} ({:.2}), not {expected}", self.text, self.confidence)
    }
}
