//! Words and the gaps between them, written as browsers lay them out: gaps do not add up, the
//! widest counts, and there is none before the first word, at the beginning of an item or cell, and
//! after the last word.
//!
//! It knows no element. A gap is only noted when it is asked for, and written before the next word.

use super::role::TextSpacing;

/// What separates two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WordGap {
    /// Nothing: they are one word.
    Nothing,
    /// A blank.
    Blank,
    /// The border between two cells of a row: blanks, or a line end where a cell of that row has
    /// several lines.
    Cell,
    /// A line end.
    Line,
    /// A blank line.
    Paragraph,
}

/// How a text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextForm {
    /// Lines, with bullets, numbers and marks around struck text.
    Lines,
    /// Lines without bullets and numbers.
    Bare,
    /// One line, without bullets and numbers.
    Flat,
}

/// A text that is being written.
#[derive(Debug)]
pub(super) struct TextWriter {
    form: TextForm,
    out: String,
    gap: WordGap,
    /// The row in which the gap was asked for.
    gap_row: Option<usize>,
    /// Whether the gap stays as it is until the next word: an item or cell has begun.
    is_held: bool,
    /// Blanks that are kept as they are.
    kept: String,
    indent: usize,
    marker: String,
    strike: OpenStrike,
    /// Of each row whether one of its cells has several lines.
    rows: Vec<bool>,
    open_rows: Vec<OpenTableRow>,
    seams: Vec<CellSeam>,
}

#[derive(Debug, Default)]
struct OpenStrike {
    depth: usize,
    is_written: bool,
}

#[derive(Debug)]
struct OpenTableRow {
    number: usize,
    begin: usize,
    /// The gap before the cell that is open, the row in which it was asked for, and where the cell
    /// begins.
    cell: (WordGap, Option<usize>, usize),
}

/// Where two cells meet.
#[derive(Debug)]
struct CellSeam {
    at: usize,
    row: usize,
    indent: usize,
}

/// What stands around struck text.
const STRUCK: &str = "~~";
/// What stands between the cells of a row.
const BETWEEN_CELLS: &str = "  ";
/// Deepest indentation: lines of a text that is nested without end stay readable.
const MOST_INDENT: usize = 24;

impl TextWriter {
    pub(super) fn new(form: TextForm) -> TextWriter {
        TextWriter {
            form,
            out: String::new(),
            gap: WordGap::Nothing,
            gap_row: None,
            is_held: false,
            kept: String::new(),
            indent: 0,
            marker: String::new(),
            strike: OpenStrike::default(),
            rows: Vec::new(),
            open_rows: Vec::new(),
            seams: Vec::new(),
        }
    }

    /// Writes a text.
    pub(super) fn text(&mut self, text: &str, spacing: TextSpacing) {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let length = rest.find(is_gap).unwrap_or(rest.len());
            if length > 0 {
                self.word(&rest[..length]);
                rest = &rest[length..];
                continue;
            }
            self.blank(letter, spacing);
            rest = &rest[letter.len_utf8()..];
        }
    }

    fn blank(&mut self, letter: char, spacing: TextSpacing) {
        match (letter, spacing) {
            (letter, _) if is_unseen(letter) => {}
            ('\n', TextSpacing::Lines | TextSpacing::Kept) => self.end_line(),
            (_, TextSpacing::Kept) if self.form != TextForm::Flat => {
                if !self.is_held {
                    self.kept.push(if letter == '\t' { '\t' } else { ' ' });
                }
            }
            _ => self.part(WordGap::Blank),
        }
    }

    /// Asks for a gap before the next word.
    pub(super) fn part(&mut self, gap: WordGap) {
        if self.is_held {
            return;
        }
        if gap >= WordGap::Line {
            self.kept.clear();
        }
        if gap > self.gap {
            self.gap = gap;
            self.gap_row = self.open_rows.last().map(|row| row.number);
        }
    }

    /// Ends the line; where it is empty, it is a blank one.
    pub(super) fn end_line(&mut self) {
        self.part(if self.gap >= WordGap::Line {
            WordGap::Paragraph
        } else {
            WordGap::Line
        });
    }

    fn word(&mut self, word: &str) {
        self.write_gap();
        if self.strike.depth > 0 && !self.strike.is_written {
            self.out.push_str(STRUCK);
            self.strike.is_written = true;
        }
        self.out.push_str(word);
    }

    fn write_gap(&mut self) {
        let is_flat = self.form == TextForm::Flat;
        match self.gap {
            _ if self.out.is_empty() => {}
            WordGap::Nothing => {}
            WordGap::Cell if !is_flat => self.seam(),
            WordGap::Line if !is_flat => self.begin_line("\n"),
            WordGap::Paragraph if !is_flat => self.begin_line("\n\n"),
            _ => self.out.push(' '),
        }
        self.out.push_str(&self.marker);
        self.out.push_str(&self.kept);
        self.marker.clear();
        self.kept.clear();
        (self.gap, self.gap_row, self.is_held) = (WordGap::Nothing, None, false);
    }

    fn begin_line(&mut self, end: &str) {
        if let Some(row) = self.gap_row.and_then(|row| self.rows.get_mut(row)) {
            *row = true;
        }
        self.out.push_str(end);
        self.out.extend(std::iter::repeat_n(
            ' ',
            self.indent - self.marker.len().min(self.indent),
        ));
    }

    fn seam(&mut self) {
        if let Some(row) = self.gap_row {
            self.seams.push(CellSeam {
                at: self.out.len(),
                row,
                indent: self.indent - self.marker.len().min(self.indent),
            });
        }
    }

    /// How far lines are indented.
    pub(super) fn indent(&self) -> usize {
        self.indent
    }

    pub(super) fn set_indent(&mut self, indent: usize) {
        self.indent = indent;
    }

    pub(super) fn indent_by(&mut self, more: usize) {
        self.indent = (self.indent + more).min(MOST_INDENT);
    }

    /// Begins an item; its marker stands before its first word.
    pub(super) fn begin_item(&mut self, marker: &str) {
        self.part(WordGap::Line);
        if self.form == TextForm::Lines {
            self.marker.push_str(marker);
            self.indent_by(marker.len());
        }
        self.is_held = true;
    }

    /// Ends an item: the next one stands on the next line.
    pub(super) fn end_item(&mut self) {
        self.is_held = false;
        self.marker.clear();
        self.gap = self.gap.min(WordGap::Line);
        self.part(WordGap::Line);
    }

    /// Begins a row.
    pub(super) fn begin_row(&mut self) {
        self.part(WordGap::Line);
        let number = self.rows.len();
        self.rows.push(false);
        self.open_rows.push(OpenTableRow {
            number,
            begin: self.out.len(),
            cell: (self.gap, self.gap_row, self.out.len()),
        });
    }

    /// Ends a row. Where it has several lines, so has the cell around its table.
    pub(super) fn end_row(&mut self) {
        let Some(row) = self.open_rows.pop() else {
            return;
        };
        let has_lines = self.rows.get(row.number) == Some(&true);
        if let Some(outer) = self
            .open_rows
            .last()
            .filter(|_| has_lines)
            .and_then(|outer| self.rows.get_mut(outer.number))
        {
            *outer = true;
        }
        self.part(WordGap::Line);
    }

    /// Begins a cell: what comes next stands beside what the row already holds.
    pub(super) fn begin_cell(&mut self) {
        let at = self.out.len();
        match self.open_rows.last_mut() {
            Some(row) => {
                if at > row.begin {
                    (self.gap, self.gap_row) = (WordGap::Cell, Some(row.number));
                }
                row.cell = (self.gap, self.gap_row, at);
                self.is_held = true;
            }
            None => self.part(WordGap::Blank),
        }
    }

    /// Ends a cell; gaps at its end are not shown.
    pub(super) fn end_cell(&mut self) {
        self.is_held = false;
        self.kept.clear();
        self.marker.clear();
        match self.open_rows.last() {
            Some(row) if row.cell.2 == self.out.len() => (self.gap, self.gap_row, _) = row.cell,
            _ => self.gap = WordGap::Blank,
        }
    }

    /// Begins struck text.
    pub(super) fn strike(&mut self) {
        self.strike.depth += 1;
    }

    /// Ends struck text, right behind its last word.
    pub(super) fn end_strike(&mut self) {
        self.strike.depth -= 1;
        if self.strike.depth == 0 && self.strike.is_written {
            self.out.push_str(STRUCK);
            self.strike.is_written = false;
        }
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        if self.seams.is_empty() {
            return self.out;
        }
        let mut text =
            String::with_capacity(self.out.len() + self.seams.len() * BETWEEN_CELLS.len());
        let mut from = 0;
        for seam in &self.seams {
            text.push_str(&self.out[from..seam.at]);
            if self.rows.get(seam.row) == Some(&true) {
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', seam.indent));
            } else {
                text.push_str(BETWEEN_CELLS);
            }
            from = seam.at;
        }
        text.push_str(&self.out[from..]);
        text
    }
}

/// Whether a letter separates words, or is none.
fn is_gap(letter: char) -> bool {
    letter.is_whitespace() || is_unseen(letter)
}

/// Places where a line may or may not end, and signs that stand for no letter: they are not seen,
/// and words with them could not be found. Tags could even say what nobody sees.
fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{200b}'
            | '\u{2060}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}
