//! The capabilities of a text: from its tables and lists first, then from phrases in its sentences.

use super::index::CapabilityIndex;
use super::{CapabilityRow, phrases, table};
use crate::framework::EntryIndex;
use crate::words::FoldedText;
use std::collections::HashMap;

/// What is less sure is no row: one hint alone decides nothing.
const LEAST_CONFIDENCE: f32 = 0.6;

impl CapabilityIndex {
    /// The capabilities of a text, each once, in the order of the frameworks.
    #[must_use]
    pub fn decide(&self, text: &str) -> Vec<CapabilityRow> {
        let folded = FoldedText::new(text);
        let mut rows = table::read(self, &folded);
        let named: Vec<usize> = rows.iter().map(|row| row.framework).collect();
        let free = phrases::find(self, &folded);
        rows.extend(free.into_iter().filter(|row| !named.contains(&row.framework)));
        for row in &mut rows {
            row.evidence = folded.original(row.evidence.start)..folded.original(row.evidence.end);
        }
        let mut rows = each_once(rows);
        rows.retain(|row| row.confidence >= LEAST_CONFIDENCE);
        rows
    }
}

/// Each capability once: the strongest kind, with a level before none; evidence adds up.
fn each_once(mut rows: Vec<CapabilityRow>) -> Vec<CapabilityRow> {
    rows.sort_by(|left, right| {
        let key = |row: &CapabilityRow| {
            (row.framework, row.capability, row.kind, row.level.is_none(), row.evidence.start)
        };
        key(left).cmp(&key(right))
    });
    let mut doubts: HashMap<(usize, EntryIndex), f32> = HashMap::new();
    for row in &rows {
        *doubts.entry((row.framework, row.capability)).or_insert(1.0) *= 1.0 - row.confidence;
    }
    rows.dedup_by_key(|row| (row.framework, row.capability));
    for row in &mut rows {
        row.confidence = 1.0 - doubts.get(&(row.framework, row.capability)).copied().unwrap_or(1.0);
    }
    rows
}
