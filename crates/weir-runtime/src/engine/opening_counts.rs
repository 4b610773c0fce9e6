//! What de-duplication did in a run, counted: for events, statistics and reports.
//!
//! Nothing here finds an opening.

use serde::{Deserialize, Serialize};

/// What the stage did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningCounts {
    /// Jobs that were written.
    pub written: usize,
    /// Jobs that were judged again.
    pub judged: usize,
    /// Openings that are new.
    pub named: usize,
    /// Jobs that joined an opening that other jobs advertise.
    pub joined: usize,
    /// Openings that became part of another.
    pub merged: usize,
    /// Openings that left another.
    pub split: usize,
    /// Pairs for an operator that are new.
    pub review: usize,
    /// Jobs that list an earlier one again, newly found.
    pub reposted: usize,
    /// Buckets of which only a part was compared.
    pub capped: usize,
}

impl OpeningCounts {
    pub(super) fn add(&mut self, step: OpeningCounts) {
        self.written += step.written;
        self.judged += step.judged;
        self.named += step.named;
        self.joined += step.joined;
        self.merged += step.merged;
        self.split += step.split;
        self.review += step.review;
        self.reposted += step.reposted;
        self.capped = self.capped.max(step.capped);
    }

    /// In words: `3 jobs joined an opening, 1 opening merged`; empty if nothing happened.
    pub fn words(&self) -> String {
        let counted = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let all = [
            counted(self.named, "new opening", "new openings"),
            counted(self.joined, "ad joined an opening", "ads joined an opening"),
            counted(self.merged, "opening merged", "openings merged"),
            counted(self.split, "opening split off", "openings split off"),
            counted(self.review, "pair to review", "pairs to review"),
            counted(self.reposted, "re-post", "re-posts"),
            counted(self.capped, "bucket capped", "buckets capped"),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
