//! What is held for an operator: the types of holds, and a hold before it is stored.
//!
//! Stages only ask for holds; the store opens each once per subject. A new kind also needs its
//! content in `store::holds` and its sentences in `report::holds`.

use crate::text_enum::text_enum;
use serde_json::Value as Json;

text_enum!(
    /// What is held.
    HoldKind, "kind of hold", {
        /// An ad: published and now failing, or with an unknown company or division.
        Job = "job",
        /// An unknown company.
        Company = "company",
        /// An unknown division.
        Division = "division",
        /// The retirement of too many ads at once.
        Retirement = "retirement",
        /// The closing, by their dates, of too many jobs at once.
        Closing = "closing",
        /// Too many ids that stand for other jobs at once.
        Identity = "identity",
        /// A read that is not as usual.
        Quality = "quality",
        /// Two ads that may advertise one opening.
        Duplicate = "duplicate",
        /// A mapping that was removed: no longer asked, and closed where it is still found.
        Mapping = "mapping",
    }
);

text_enum!(
    /// What became of a hold.
    HoldStatus, "status of a hold", {
        /// It waits for an operator.
        Open = "open",
        /// An operator let the change through.
        Released = "released",
        /// An operator dropped the change.
        Discarded = "discarded",
        /// Its reason went away.
        Ended = "ended",
    }
);

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
