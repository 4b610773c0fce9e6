//! How many documents of a read came to which end: what summaries, reports and `runs.summary` show.

use serde::{Deserialize, Serialize};

/// What became of the documents of a run. `documents` is the sum of all but `archived`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCounts {
    /// Ads in the read, or touched by the run.
    pub documents: i64,
    /// First published.
    pub created: i64,
    /// New versions.
    pub updated: i64,
    /// Open again.
    pub reopened: i64,
    /// Archived.
    pub archived: i64,
    /// Published, without changes.
    pub unchanged: i64,
    /// Never published and refused.
    pub rejected: i64,
    /// Held for an operator.
    pub held: i64,
    /// Could not be derived or read.
    pub failed: i64,
}

impl OutcomeCounts {
    /// Adds other counts.
    pub fn add(&mut self, other: &OutcomeCounts) {
        self.documents += other.documents;
        self.created += other.created;
        self.updated += other.updated;
        self.reopened += other.reopened;
        self.archived += other.archived;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
        self.held += other.held;
        self.failed += other.failed;
    }

    /// What is not nothing, in words: `3 created, 25 unchanged`.
    pub fn words(&self) -> String {
        let some = self.named().into_iter().filter(|(_, count)| *count > 0);
        let words: Vec<String> = some
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        if words.is_empty() {
            "no ads".to_owned()
        } else {
            words.join(", ")
        }
    }

    /// The counts with their names, in the order in which they are shown.
    pub fn named(&self) -> [(&'static str, i64); 8] {
        [
            ("created", self.created),
            ("updated", self.updated),
            ("reopened", self.reopened),
            ("archived", self.archived),
            ("unchanged", self.unchanged),
            ("rejected", self.rejected),
            ("held", self.held),
            ("failed", self.failed),
        ]
    }
}
