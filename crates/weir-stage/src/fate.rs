//! What becomes of one ad when its batch is promoted.
//!
//! Nothing here writes: `promote` and `waiting` do.

use super::AdDraft;
use weir_model::{Outcome, Problem, ProblemSeverity, PublishedJob};

/// What becomes of one ad.
pub(super) enum AdFate<'d> {
    /// Published as a new job.
    Create(&'d AdDraft),
    /// Published, and its compared fields differ from the newest version.
    Differs(&'d AdDraft, &'d PublishedJob),
    /// Published, and no compared field differs.
    Same(&'d AdDraft, &'d PublishedJob),
    /// Failing and never published, or held and never published.
    Wait(&'d AdDraft, Outcome),
    /// Failing but published: the last good version stays.
    Keep(&'d AdDraft, &'d PublishedJob),
    /// Failing for a reason outside the ad.
    Later(&'d AdDraft),
    /// An operator decided to ignore this content.
    Ignore(&'d AdDraft),
}

/// What is wrong, in one line.
pub(super) fn messages(problems: &[Problem]) -> String {
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == ProblemSeverity::Error);
    errors
        .map(|problem| problem.message.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}

impl<'d> AdFate<'d> {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            AdFate::Create(_) | AdFate::Differs(..) | AdFate::Same(..) => Outcome::Published,
            AdFate::Wait(_, outcome) => *outcome,
            AdFate::Keep(..) => Outcome::Held,
            AdFate::Later(_) => Outcome::Failed,
            AdFate::Ignore(_) => Outcome::Discarded,
        }
    }

    pub(super) fn draft(&self) -> &'d AdDraft {
        match self {
            AdFate::Create(draft)
            | AdFate::Differs(draft, _)
            | AdFate::Same(draft, _)
            | AdFate::Wait(draft, _)
            | AdFate::Keep(draft, _)
            | AdFate::Later(draft)
            | AdFate::Ignore(draft) => draft,
        }
    }
}
