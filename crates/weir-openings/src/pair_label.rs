//! The labels of pairs, in files of labelled pairs and in answers.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairLabel {
    /// One opening on two sources.
    Same,
    /// Two openings.
    Different,
    /// One opening, listed again.
    Repost,
    /// One role, several openings at the same time.
    Parallel,
}

impl fmt::Display for PairLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PairLabel::Same => "same",
            PairLabel::Different => "different",
            PairLabel::Repost => "repost",
            PairLabel::Parallel => "parallel",
        })
    }
}
