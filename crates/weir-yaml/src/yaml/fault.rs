//! The error that travels through serde until somebody can place it.
//!
//! Serde's own errors know no places. Each decoder on the way up [settles](Fault::settle) a loose
//! fault at its node; from then on the fault only looks for the next element, entry or field that
//! can be left out, its [`DecodeGap`]. It must never reach an author as it is.

use std::fmt;

use serde::de::{Expected, Unexpected};

use super::node::Node;
use crate::diagnostic::{Diagnostic, Place, did_you_mean};

/// What the next pass does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum DecodeGap {
    /// A node that could not be decoded.
    Node(u32),
    /// A mandatory field that a mapping does not have.
    Field(u32, &'static str),
}

#[derive(Debug)]
pub(super) enum DecodeFault {
    /// Something is wrong here, wherever that is.
    Loose(Box<Diagnostic>),
    /// A mandatory field is missing here, wherever that is.
    Missing(&'static str),
    /// The place is known, or there is nothing to tell because it was told before.
    Settled {
        told: Option<Box<Diagnostic>>,
        gap: Option<DecodeGap>,
    },
}

/// What a decoder gives.
pub(super) type DecodeResult<T> = Result<T, DecodeFault>;

impl DecodeFault {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self::Loose(Box::new(Diagnostic::error(code, message)))
    }

    /// The wrong type of value.
    pub(super) fn wrong_type(expected: &str, node: &Node) -> Self {
        Self::new(
            "wrong-type",
            format!("expected {expected}, found {}", node.described()),
        )
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        if let Self::Loose(diagnostic) = &mut self {
            diagnostic.help(help);
        }
        self
    }

    /// Nothing to tell.
    pub(super) fn silent() -> Self {
        Self::Settled {
            told: None,
            gap: None,
        }
    }

    /// Gives the fault a place, unless it has one. `named` is the key whose value the node is.
    pub(super) fn settle(self, node: &Node, named: Option<&Place>) -> Self {
        match self {
            Self::Loose(diagnostic) => {
                let diagnostic = if diagnostic.place.is_some() {
                    *diagnostic
                } else {
                    diagnostic.at(node.place())
                };
                Self::Settled {
                    told: Some(Box::new(diagnostic)),
                    gap: None,
                }
            }
            Self::Missing(field) => Self::Settled {
                told: missing(field, node, named.unwrap_or(node.place())),
                gap: Some(DecodeGap::Field(node.id, field)),
            },
            settled @ Self::Settled { .. } => settled,
        }
    }

    /// A missing field of a mapping in which it is misspelt is not told: the unknown name is, with
    /// a guess.
    pub(super) fn unless_misspelt(self, node: &Node, known: &[&str]) -> Self {
        let Self::Missing(field) = self else {
            return self;
        };
        let mut unknown = node
            .entries()
            .iter()
            .filter_map(|entry| entry.key.text())
            .filter(|key| !known.contains(key));
        if unknown.any(|key| did_you_mean(key, known.iter().copied()).as_deref() == Some(field)) {
            return Self::Settled {
                told: None,
                gap: Some(DecodeGap::Field(node.id, field)),
            };
        }
        self
    }

    /// Names what can be left out, unless something smaller was named before.
    pub(super) fn leave_out(self, node: &Node) -> Self {
        match self.settle(node, None) {
            Self::Settled { told, gap } => Self::Settled {
                told,
                gap: gap.or(Some(DecodeGap::Node(node.id))),
            },
            other => other,
        }
    }
}

/// Silent when the field is there but broken: that was told where it broke.
fn missing(field: &str, node: &Node, place: &Place) -> Option<Box<Diagnostic>> {
    if node.get(field).is_some() {
        return None;
    }
    let mut diagnostic =
        Diagnostic::error("missing-field", format!("missing field `{field}`")).at(place);
    diagnostic.help(format!("add `{field}: ...`"));
    Some(Box::new(diagnostic))
}

impl serde::de::Error for DecodeFault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        match text.split_once('\n') {
            Some((message, help)) => Self::new("invalid-value", message).with_help(help.trim()),
            None => Self::new("invalid-value", text),
        }
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new("wrong-type", format!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(
            "invalid-value",
            format!("expected {expected}, found {found}"),
        )
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

impl fmt::Display for DecodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loose(diagnostic) => f.write_str(&diagnostic.message),
            Self::Missing(field) => write!(f, "missing field `{field}`"),
            Self::Settled {
                told: Some(diagnostic),
                ..
            } => f.write_str(&diagnostic.message),
            Self::Settled { told: None, .. } => f.write_str("reported before"),
        }
    }
}

impl std::error::Error for DecodeFault {}
