//! The text being parsed, and places in it.
//!
//! The parser counts lines from one and columns from zero; everything else in Weir counts both from
//! one. Only this file knows that.

use std::sync::Arc;

use serde_saphyr::granit_parser::Marker;

use crate::diagnostic::Place;

pub(super) struct YamlText<'a> {
    pub(super) file: Arc<str>,
    pub(super) text: &'a str,
    lines: Vec<&'a str>,
}

impl<'a> YamlText<'a> {
    /// Lines end as YAML says: with a line feed, a carriage return, or both.
    pub(super) fn new(file: &str, text: &'a str) -> Self {
        let ends = |line: &'a str| line.strip_suffix('\r').unwrap_or(line).split('\r');
        Self {
            file: file.into(),
            text,
            lines: text.split('\n').flat_map(ends).collect(),
        }
    }

    /// A line, counted from one; empty when there is none.
    pub(super) fn line(&self, line: usize) -> &'a str {
        self.lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    /// The quote that begins the first value after a byte; nothing when it begins otherwise.
    pub(super) fn quote_after(&self, byte: usize) -> Option<Place> {
        let rest = self.text.get(byte..)?;
        let mut is_comment = false;
        let (at, _) = rest.char_indices().find(|(_, letter)| {
            is_comment = if is_comment {
                *letter != '\n'
            } else {
                *letter == '#'
            };
            !is_comment && !letter.is_whitespace() && !matches!(letter, ':' | '-' | '?' | ',')
        })?;
        let before = &self.text[..byte + at];
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let is_quote = rest[at..].starts_with(['"', '\'']);
        is_quote.then(|| {
            Place::new(
                self.file.clone(),
                before.matches('\n').count() + 1,
                column,
                1,
            )
        })
    }

    /// From one marker to another, or to the end of the line.
    pub(super) fn place(&self, start: Marker, end: Marker) -> Place {
        let length = if start.line() == end.line() {
            end.col().saturating_sub(start.col())
        } else {
            self.line(start.line())
                .trim_end()
                .chars()
                .count()
                .saturating_sub(start.col())
        };
        Place::new(self.file.clone(), start.line(), start.col() + 1, length)
    }
}
