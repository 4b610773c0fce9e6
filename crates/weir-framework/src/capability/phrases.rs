//! Phrases that point to capabilities, of all frameworks in one pass.

use super::context::is_asked;
use super::index::{CapabilityIndex, PhraseMeaning};
use super::{CapabilityKind, CapabilityRow};
use crate::words::FoldedText;
use std::collections::HashSet;
use std::ops::Range;

/// The capabilities that the phrases of a text point to. A phrase counts once, where it is first.
pub(super) fn find(index: &CapabilityIndex, folded: &FoldedText) -> Vec<CapabilityRow> {
    let text = &folded.text;
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    for hit in index.phrases.find_iter(text) {
        let (begin, end) = (hit.start(), hit.end());
        let counts = !seen.contains(&hit.pattern()) && is_whole(text, begin, end);
        if !counts || !is_asked(text, begin, end) {
            continue;
        }
        seen.insert(hit.pattern());
        let meanings = index.meanings.get(hit.pattern().as_usize()).into_iter().flatten();
        rows.extend(meanings.map(|meaning| row(meaning, begin..end)));
    }
    rows
}

fn row(meaning: &PhraseMeaning, evidence: Range<usize>) -> CapabilityRow {
    CapabilityRow {
        framework: meaning.framework,
        capability: meaning.capability,
        level: None,
        kind: CapabilityKind::Mentioned,
        evidence,
        confidence: meaning.confidence,
    }
}

/// Whether a hit neither begins nor ends inside a word; endings of plurals are allowed.
fn is_whole(text: &str, begin: usize, end: usize) -> bool {
    let before = text[..begin].chars().next_back();
    let rest = text[end..].strip_prefix('s').unwrap_or(&text[end..]);
    let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    !inside(before) && !inside(rest.chars().next())
}
