//! A line of a folded text to words, with what is between them.

use std::ops::Range;

/// A word of a line.
#[derive(Debug, Clone)]
pub(super) struct LineWord<'a> {
    /// The word, folded.
    pub(super) text: &'a str,
    /// Where it is in the folded text.
    pub(super) place: Range<usize>,
    /// Which cell of the line it is in.
    pub(super) cell: usize,
    /// Whether it begins a cell or follows a sign that separates.
    pub(super) begins: bool,
    /// Whether it ends a cell or a sign that separates follows.
    pub(super) ends: bool,
}

/// The words of a line that begins at an offset of the text. Cells end at tabs, bars and two
/// blanks; cells between bars count even if they are empty.
pub(super) fn words(line: &str, offset: usize) -> Vec<LineWord<'_>> {
    let mut words: Vec<LineWord<'_>> = Vec::new();
    let (mut at, mut cell, mut gap) = (0, 0, 0);
    while at < line.len() {
        let rest = &line[at..];
        let length = word_length(rest);
        if length == 0 {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let between = &line[gap..at];
        cell += cells_in(between, words.is_empty());
        let separated = words.is_empty() || separates(between);
        if let Some(last) = words.last_mut() {
            last.ends = separated;
        }
        let place = offset + at..offset + at + length;
        let text = &rest[..length];
        words.push(LineWord { text, place, cell, begins: separated, ends: true });
        at += length;
        gap = at;
    }
    words
}

/// Letters and digits, with single signs between them: `self-motivated`, `don't`.
fn word_length(text: &str) -> usize {
    let mut end = 0;
    let mut before = false;
    for (at, letter) in text.char_indices() {
        let is_letter = letter.is_alphanumeric();
        let joins = before && matches!(letter, '\'' | '-') && {
            let next = text[at + letter.len_utf8()..].chars().next();
            next.is_some_and(char::is_alphanumeric)
        };
        if !is_letter && !joins {
            break;
        }
        end = at + letter.len_utf8();
        before = is_letter;
    }
    end
}

fn cells_in(between: &str, first: bool) -> usize {
    let bars = between.matches(['|', '\t']).count();
    if bars > 0 {
        return bars;
    }
    usize::from(!first && between.contains("  "))
}

fn separates(between: &str) -> bool {
    between.contains("  ") || between.contains(|sign: char| !matches!(sign, ' ' | '\'' | '.' | '&'))
}
