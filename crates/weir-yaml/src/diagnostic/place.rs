//! Places in files, and the files themselves.
//!
//! Lines and columns count from one and columns count characters, as in editors. A place has no
//! byte offsets: those are computed from the text of the file when a diagnostic is rendered, so a
//! place can be created, moved and compared without the file.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A piece of one line of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, relative to the project folder, with forward slashes.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub length: usize,
}

impl Place {
    /// A place; zeros become ones.
    pub fn new(file: impl Into<Arc<str>>, line: usize, column: usize, length: usize) -> Self {
        Self {
            file: file.into(),
            line: line.max(1),
            column: column.max(1),
            length: length.max(1),
        }
    }

    /// The first character of a file, for a problem with the file as a whole.
    pub fn start_of(file: impl Into<Arc<str>>) -> Self {
        Self::new(file, 1, 1, 1)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The texts of the files that diagnostics may point into.
#[derive(Debug, Clone, Default)]
pub struct FileTexts(BTreeMap<Arc<str>, String>);

impl FileTexts {
    /// No file yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers the text of a file, with any kind of line end.
    pub fn insert(&mut self, file: impl Into<Arc<str>>, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        self.0
            .insert(file.into(), text.replace("\r\n", "\n").replace('\r', "\n"));
    }

    /// The whole text of a file.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.0.get(file).map(String::as_str)
    }

    /// The line that a place points at.
    pub fn line(&self, place: &Place) -> Option<&str> {
        self.text(&place.file)?.split('\n').nth(place.line - 1)
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|file| &**file)
    }

    /// The line and the following lines that belong to it by indentation: the value of a YAML key.
    pub fn block(&self, file: &str, line: usize) -> Option<Vec<&str>> {
        let mut lines = self.text(file)?.split('\n').skip(line.max(1) - 1);
        let first = lines.next()?;
        let depth = |line: &str| line.len() - line.trim_start().len();
        let says_nothing =
            |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let is_item = |line: &str| line.trim_start().starts_with("- ");
        let closes = |line: &str| line.trim_start().starts_with([']', '}']);
        let belongs = |line: &str| match depth(line).cmp(&depth(first)) {
            Ordering::Greater => true,
            Ordering::Equal => closes(line) || (is_item(line) && !is_item(first)),
            Ordering::Less => false,
        };
        let mut block = vec![first];
        block.extend(lines.take_while(|line| says_nothing(line) || belongs(line)));
        let used = block
            .iter()
            .rposition(|line| !says_nothing(line))
            .unwrap_or(0);
        block.truncate(used + 1);
        Some(block)
    }

    /// The lines from one place to another in the same file, and the byte where they start.
    pub(super) fn lines(&self, first: &Place, last: &Place) -> Option<(usize, &str)> {
        let line = |line: usize| {
            self.span(&Place {
                line,
                column: 1,
                length: usize::MAX,
                ..first.clone()
            })
        };
        let (start, end) = (line(first.line)?.start, line(last.line)?.end);
        Some((start, self.text(&first.file)?.get(start..end)?))
    }

    /// The bytes of the file's text that a place covers; clamped to its line.
    pub(super) fn span(&self, place: &Place) -> Option<std::ops::Range<usize>> {
        let text = self.text(&place.file)?;
        let line = text.split('\n').nth(place.line - 1)?;
        let first = line.as_ptr().addr() - text.as_ptr().addr();
        let byte = |character: usize| {
            first
                + line
                    .char_indices()
                    .nth(character)
                    .map_or(line.len(), |(at, _)| at)
        };
        Some(byte(place.column - 1)..byte((place.column - 1).saturating_add(place.length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_counts_characters_and_stays_on_its_line() {
        let mut sources = FileTexts::new();
        sources.insert("a", "\u{feff}größe: x\r\nb\n");
        let bytes = |line, column, length| sources.span(&Place::new("a", line, column, length));
        assert_eq!(bytes(1, 8, 1), Some(9..10));
        assert_eq!(bytes(1, 8, 99), Some(9..10));
        assert_eq!(bytes(2, 1, 1), Some(11..12));
        assert_eq!(bytes(9, 1, 1), None);
        assert_eq!(sources.line(&Place::new("a", 1, 1, 1)), Some("größe: x"));
    }

    #[test]
    fn a_block_ends_where_its_indentation_ends() {
        let mut sources = FileTexts::new();
        sources.insert("a", "job:\n  title: x\n\n  # pay\n  pay: {\n    from: y\n  }\n\n# next\nlist:\n- one\n- two\n  more\nlast: {}\n");
        let block = |line| sources.block("a", line).unwrap().join("|");
        assert_eq!(
            block(1),
            "job:|  title: x||  # pay|  pay: {|    from: y|  }"
        );
        assert_eq!(block(5), "  pay: {|    from: y|  }");
        assert_eq!(block(10), "list:|- one|- two|  more");
        assert_eq!(block(12), "- two|  more");
        assert_eq!(block(14), "last: {}");
        assert_eq!(sources.block("a", 99), None);
    }
}
