//! Titles and classifications to roles.
//!
//! A title is decided in this order: a title that people accepted, a name or alias of the
//! framework, several roles in one title, and at last similarity: words shared with alternative
//! titles, a bridge over a second framework's titles, and how frequent roles are. Where no role is
//! sure the answer is the finest group that is; where no group is sure there is none, only
//! candidates. A classification (grade, band) is looked up; typos are proposed, never decided.
//!
//! [`FrameworkIndex`] holds what is built once; [`RoleMatcher`] decides and is pure. What is learnt
//! from stored titles comes in as [`LearntTitles`], a file that people commit.
//!
//! A new kind of evidence is a term in `score.rs`, a parameter in `tuning.rs` and, if it says how
//! sure a decision is, a feature in `calibrate.rs`.

mod accepted;
mod bridge;
mod calibrate;
mod decision;
mod direct;
mod evidence;
mod frequencies;
mod index;
mod learnt;
mod matcher;
mod names;
mod postings;
mod prior;
mod related;
mod score;
mod sets;
#[cfg(test)]
mod tests;
mod training;
mod tuning;
mod weights;

pub use accepted::{AcceptedTitle, AcceptedTitles};
pub use calibrate::{LogisticModel, RoleCalibration, SureFeatures};
pub use decision::{DecisionMethod, RoleAd, RoleCandidate, RoleDecision, RoleOutcome};
pub use direct::ClassificationMatcher;
pub use index::{FrameworkIndex, IndexParts, IndexSize};
pub use learnt::LearntTitles;
pub use matcher::{RoleMatcher, RoleThresholds};
pub use tuning::ScoreTuning;
