//! From a position in a text to the position in the file that it was written at.
//!
//! Blocks lose their indentation, folded text its line ends, quoted text its escapes; but the
//! visible characters stay in order. So the visible characters before the wanted one are counted in
//! the text and counted off again in the file. This must never fail: any position at all, even
//! outside the text, gives some position near it.

use super::scalar::{Scalar, WrittenStyle};

/// The line and column (from 1) in the file of a line and column (from 1) in the text.
pub(super) fn in_file(scalar: &Scalar, line: usize, column: usize) -> (usize, usize) {
    let (visible, blanks) = counted(&scalar.text, line, column);
    let mut marks = CharacterMarks::new(scalar);
    if blanks == 0
        && let Some(mark) = marks.clone().nth(visible)
    {
        return (mark.line, mark.column);
    }
    let before = visible.checked_sub(1).and_then(|last| marks.nth(last));
    before.map_or((scalar.line, scalar.column), |mark| {
        (
            mark.line,
            mark.column + mark.width + blanks.saturating_sub(1),
        )
    })
}

/// How many visible characters stand before a position, and, when the position is not on a visible
/// one, how many steps past the last.
fn counted(text: &str, line: usize, column: usize) -> (usize, usize) {
    let is_visible = |one: &char| !one.is_whitespace();
    let mut lines = text.split('\n');
    let above: usize = lines
        .by_ref()
        .take(line.saturating_sub(1))
        .map(|line| line.chars().filter(is_visible).count())
        .sum();
    let current: Vec<char> = lines.next().unwrap_or_default().chars().collect();
    let at = column.saturating_sub(1).min(current.len());
    let within = current[..at].iter().filter(|one| is_visible(one)).count();
    if current.get(at).is_some_and(is_visible) {
        return (above + within, 0);
    }
    let blanks = current[..at]
        .iter()
        .rev()
        .take_while(|one| !is_visible(one))
        .count();
    (above + within, if within > 0 { blanks + 1 } else { 1 })
}

/// Where a visible character of the text stands in the file, and how many characters it takes
/// there.
struct CharacterMark {
    line: usize,
    column: usize,
    width: usize,
}

/// Walks the visible characters of a value as written.
#[derive(Clone)]
struct CharacterMarks<'a> {
    rest: std::str::Chars<'a>,
    style: WrittenStyle,
    line: usize,
    column: usize,
}

impl<'a> CharacterMarks<'a> {
    fn new(scalar: &'a Scalar) -> Self {
        let mut marks = Self {
            rest: scalar.raw.chars(),
            style: scalar.style,
            line: scalar.line,
            column: scalar.column,
        };
        if matches!(scalar.style, WrittenStyle::Single | WrittenStyle::Double) {
            marks.step();
        }
        marks
    }

    fn step(&mut self) -> Option<char> {
        let one = self.rest.next()?;
        (self.line, self.column) = if one == '\n' {
            (self.line + 1, 1)
        } else {
            (self.line, self.column + 1)
        };
        Some(one)
    }

    /// The character that one written character, or one escape, stands for; blank when it stands
    /// for none.
    fn meant(&mut self, written: char) -> char {
        match (self.style, written) {
            (WrittenStyle::Single, '\'') => self.step().unwrap_or(' '),
            (WrittenStyle::Double, '\\') => self.escape(),
            _ => written,
        }
    }

    fn escape(&mut self) -> char {
        let digits = match self.step() {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            Some('n' | 't' | 'r' | 'v' | 'N' | '_' | 'L' | 'P') | None => return ' ',
            Some(other) => return other,
        };
        let code: String = (0..digits).filter_map(|_| self.step()).collect();
        u32::from_str_radix(&code, 16)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or('?')
    }
}

impl Iterator for CharacterMarks<'_> {
    type Item = CharacterMark;

    fn next(&mut self) -> Option<CharacterMark> {
        loop {
            let (line, column) = (self.line, self.column);
            let written = self.step()?;
            if !self.meant(written).is_whitespace() {
                return Some(CharacterMark {
                    line,
                    column,
                    width: self.column.saturating_sub(column).max(1),
                });
            }
        }
    }
}
