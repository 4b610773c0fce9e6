//! A title to segments and words with their places.

use crate::words::fold;

/// A word of a title.
#[derive(Debug, Clone)]
pub(super) struct TitleWord {
    /// Folded.
    pub(super) folded: String,
    /// Where it begins.
    pub(super) begin: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Which segment it belongs to, from 0.
    pub(super) segment: usize,
}

/// Cuts a title. Segments end at dashes between blanks, bars, brackets, commas and the like.
pub(super) fn cut(title: &str) -> Vec<TitleWord> {
    let mut words: Vec<TitleWord> = Vec::new();
    let mut segment = 0;
    let mut at = 0;
    while at < title.len() {
        let rest = &title[at..];
        let word = word_length(rest);
        if word > 0 {
            let folded = fold(&rest[..word]);
            words.push(TitleWord { folded, begin: at, end: at + word, segment });
            at += word;
            continue;
        }
        if ends_segment(title, at) && words.last().is_some_and(|last| last.segment == segment) {
            segment += 1;
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    words
}

/// How long the word is that a text begins with. Words keep inner dots, dashes, slashes of numbers,
/// ampersands and the signs of `c++` and `c#`.
fn word_length(text: &str) -> usize {
    let mut end = 0;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        let next = text[at + letter.len_utf8()..].chars().next().unwrap_or(' ');
        let inside = letter.is_alphanumeric()
            || (at == 0 && matches!(letter, '$' | '£' | '€' | '.') && next.is_alphanumeric())
            || (at == 0 && letter == '#' && next.is_ascii_digit())
            || (before.is_alphanumeric() && joins(letter, before, next))
            || (matches!(letter, '+' | '#') && matches!(before, 'c' | 'C' | '+'));
        if !inside {
            break;
        }
        end = at + letter.len_utf8();
        before = letter;
    }
    end
}

/// Whether a sign between two letters or digits is part of their word.
fn joins(sign: char, before: char, after: char) -> bool {
    match sign {
        '.' | '\'' | '’' | '-' | '&' => after.is_alphanumeric(),
        ',' | '/' => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => false,
    }
}

/// Whether the sign at a place ends a segment.
fn ends_segment(title: &str, at: usize) -> bool {
    let mut after = title[at..].chars();
    let sign = after.next().unwrap_or(' ');
    match sign {
        '-' | '\u{2010}'..='\u{2015}' => {
            let before = title[..at].chars().next_back();
            before.is_none_or(char::is_whitespace) || after.next().is_none_or(char::is_whitespace)
        }
        '/' => after.next() == Some('/'),
        '|' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | ':' | '*' | '!' | '~' | '•' | '·'
        | '@' | '\n' | '\t' => true,
        _ => false,
    }
}
