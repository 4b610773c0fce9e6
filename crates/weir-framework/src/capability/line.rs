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
        let length = word_length(line, at);
        if length == 0 {
            at += line[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let between = &line[gap..at];
        cell += cells_in(between, words.is_empty());
        let separated = words.is_empty() || separates(between);
        if let Some(last) = words.last_mut() {
            last.ends = separated;
        }
        let place = offset + at..offset + at + length;
        let text = &line[at..at + length];
        words.push(LineWord { text, place, cell, begins: separated, ends: true });
        at += length;
        gap = at;
    }
    words
}

/// How long the word is that begins at a place: letters and digits, with single signs between them
/// (`self-motivated`, `don't`). Nothing where none begins.
fn word_length(line: &str, begin: usize) -> usize {
    let bytes = line.as_bytes();
    let mut end = begin;
    loop {
        end += bytes[end..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let more = match bytes.get(end) {
            Some(b'\'' | b'-') if end > begin && letter_length(line, end + 1) > 0 => 1,
            Some(byte) if !byte.is_ascii() => letter_length(line, end),
            _ => 0,
        };
        if more == 0 {
            return end - begin;
        }
        end += more;
    }
}

/// How long the letter or digit at a place is; nothing where none is.
fn letter_length(line: &str, at: usize) -> usize {
    let letter = line[at..].chars().next().filter(|letter| letter.is_alphanumeric());
    letter.map_or(0, char::len_utf8)
}

/// The words of a line with which something begins: the first one and those behind a sign that
/// separates, as in [`words`], which takes longer.
pub(super) fn beginnings(line: &str) -> impl Iterator<Item = &str> {
    let (mut at, mut separated, mut blank) = (0, true, false);
    std::iter::from_fn(move || {
        while at < line.len() {
            let length = word_length(line, at);
            if length > 0 {
                let word = &line[at..at + length];
                at += length;
                blank = false;
                if std::mem::take(&mut separated) {
                    return Some(word);
                }
                continue;
            }
            let sign = line.as_bytes()[at];
            separated |= if sign == b' ' { blank } else { !is_within(char::from(sign)) };
            blank = sign == b' ';
            at += line[at..].chars().next().map_or(1, char::len_utf8);
        }
        None
    })
}

fn cells_in(between: &str, first: bool) -> usize {
    let bars = between.matches(['|', '\t']).count();
    if bars > 0 {
        return bars;
    }
    usize::from(!first && between.contains("  "))
}

fn separates(between: &str) -> bool {
    between.contains("  ") || between.contains(|sign| !is_within(sign))
}

/// Whether a sign alone may stand between two words of one thing.
fn is_within(sign: char) -> bool {
    matches!(sign, ' ' | '\'' | '.' | '&')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The quick look finds the words that the whole line has.
        #[test]
        fn beginnings_are_words_that_begin(line in "[ab1é中 ,.'&|\\-–•\t]{0,40}\n?") {
            let all = words(&line, 0);
            let begin: Vec<&str> = all.iter().filter(|word| word.begins).map(|word| word.text).collect();
            prop_assert_eq!(beginnings(&line).collect::<Vec<_>>(), begin);
        }
    }
}
