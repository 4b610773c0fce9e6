//! How the read of a source ended, and why that is everything the source has or not.
//!
//! A source reports it, the engine decides by it whether absent ads are gone, the store keeps it.
//! Only a complete read may count an ad as missing; anything that could have hidden an ad makes the
//! read partial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReadState {
    /// All pages read without error, and the stated count agrees where there is one.
    Complete,
    /// Complete, but without ads.
    Empty,
    /// Something is missing: a page failed or broke off, or the count disagrees. The ads that came
    /// are kept.
    Partial,
    /// The source refuses us.
    Blocked,
    /// The source does not respond, or broke off before its first ad.
    Unreachable,
}

impl ReadState {
    /// The text in the column.
    pub fn name(self) -> &'static str {
        match self {
            ReadState::Complete => "complete",
            ReadState::Empty => "empty",
            ReadState::Partial => "partial",
            ReadState::Blocked => "blocked",
            ReadState::Unreachable => "unreachable",
        }
    }

    /// Of two reasons why nothing was read, the one that an operator must act on.
    #[must_use]
    pub fn worse_of(self, other: ReadState) -> ReadState {
        if other == ReadState::Blocked {
            other
        } else {
            self
        }
    }
}

/// What was read, and why that is everything or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOutcome {
    /// How it ended.
    pub state: ReadState,
    /// Pages or files.
    pub pages: i64,
    /// Documents.
    pub items: i64,
    /// The number of ads that the source states.
    pub stated: Option<i64>,
    /// Bytes, after decompression.
    pub bytes: i64,
    /// Why it is not complete, or what was unusual although it is.
    pub why: Option<String>,
    /// A warning, although nothing is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// The validators of the source, for the next read.
    #[serde(skip)]
    pub validators: Option<CacheValidators>,
    /// The source reports no change since the previous read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_modified: bool,
}

impl ReadOutcome {
    /// The outcome with a warning, although nothing is missing.
    #[must_use]
    pub fn warned_of(self, warning: Option<String>) -> ReadOutcome {
        ReadOutcome {
            warning: warning.clone(),
            ..self.and_note(warning)
        }
    }

    /// The outcome with a further note, which does not change how the read ended.
    #[must_use]
    pub fn and_note(self, note: Option<String>) -> ReadOutcome {
        let why: Vec<String> = self
            .why
            .into_iter()
            .chain(note.map(|note| note.replace('\0', "\u{fffd}")))
            .collect();
        ReadOutcome {
            why: (!why.is_empty()).then(|| why.join("; ")),
            ..self
        }
    }
}

/// The validators of a source (RFC 9110): sent back, they tell whether anything has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheValidators {
    /// A name of the state.
    pub etag: Option<String>,
    /// When it last changed.
    pub last_modified: Option<String>,
}
