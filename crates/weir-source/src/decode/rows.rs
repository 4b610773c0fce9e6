//! The rows of a table as they appear in its text, however their writer quoted them.
//!
//! A quote opens a cell only as its first character, and closes it only before a delimiter or the
//! end of the row: an undoubled quote elsewhere is text. If that leaves more than one reading, the
//! row says so, and none of them is chosen.

use std::io::{self, BufRead};

/// A row, as read so far.
#[derive(Debug, Default)]
pub(super) struct CsvRow {
    bytes: Vec<u8>,
    /// Where each cell ends.
    ends: Vec<usize>,
    /// The line on which it starts.
    pub(super) line: u64,
    /// A quote within a quoted cell is not doubled.
    pub(super) is_odd: bool,
    /// Why it has more than one reading.
    pub(super) doubt: Option<&'static str>,
    /// Whether its line is empty.
    is_blank: bool,
    /// Whether its last quote is closed.
    pub(super) is_closed: bool,
    /// Whether the text ends without a line break behind it.
    pub(super) is_unended: bool,
}

impl CsvRow {
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The row as one text again, for people.
    pub(super) fn raw(&self, delimiter: u8) -> Vec<u8> {
        self.cells().collect::<Vec<_>>().join(&delimiter)
    }
}

/// Where in a row the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowState {
    /// Before the first sign of a cell.
    Start,
    /// In a cell without quotes.
    Plain,
    /// In a quoted cell.
    Quoted,
    /// After a quote in a quoted cell, and this many spaces.
    Behind(usize),
}

/// Reads rows.
pub(super) struct CsvRows<R> {
    inner: R,
    delimiter: u8,
    quote: u8,
    comment: Option<u8>,
    line: u64,
    /// The previous character: a line feed after a carriage return belongs to it.
    last: u8,
}

/// What is doubtful in a row.
const SPLIT: &str =
    "a quote inside a quoted cell is not doubled, and the end of the cell is ambiguous";
const OPEN: &str = "a quote after a space opens a cell that ends inside another";

impl<R: BufRead> CsvRows<R> {
    pub(super) fn new(inner: R, delimiter: u8, quote: u8, comment: Option<u8>) -> CsvRows<R> {
        CsvRows {
            inner,
            delimiter,
            quote,
            comment,
            line: 1,
            last: 0,
        }
    }

    /// The next row that is not empty and no comment; `false` at the end.
    ///
    /// # Errors
    /// Reading failed.
    pub(super) fn next(&mut self, row: &mut CsvRow) -> io::Result<bool> {
        loop {
            let is_there = self.read(row)?;
            if !is_there || !row.is_blank {
                return Ok(is_there);
            }
        }
    }

    fn read(&mut self, row: &mut CsvRow) -> io::Result<bool> {
        *row = CsvRow {
            bytes: std::mem::take(&mut row.bytes),
            line: self.line,
            ..CsvRow::default()
        };
        row.bytes.clear();
        let mut cell = CsvCell {
            spot: RowState::Start,
            start: 0,
            has_quote: false,
        };
        let (mut is_comment, mut is_first) = (false, true);
        loop {
            let Some(byte) = self.byte()? else {
                if is_first || is_comment {
                    return Ok(false);
                }
                row.is_closed = cell.spot != RowState::Quoted;
                row.is_unended = true;
                row.is_blank = row.ends.is_empty() && cell.spot == RowState::Start;
                self.end_cell(&mut cell, row);
                judge(row);
                return Ok(true);
            };
            let after_return = std::mem::replace(&mut self.last, byte) == b'\r' && byte == b'\n';
            if after_return && is_first {
                continue;
            }
            is_comment |= is_first && self.comment == Some(byte);
            is_first = false;
            let ends =
                matches!(byte, b'\n' | b'\r') && (is_comment || cell.spot != RowState::Quoted);
            self.line += u64::from(matches!(byte, b'\n' | b'\r') && !after_return);
            if ends {
                if !is_comment {
                    row.is_closed = true;
                    row.is_blank = row.ends.is_empty() && cell.spot == RowState::Start;
                    self.end_cell(&mut cell, row);
                    judge(row);
                    return Ok(true);
                }
                (is_comment, is_first, row.line) = (false, true, self.line);
            } else if !is_comment {
                self.sign(byte, &mut cell, row);
            }
        }
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let first = self.inner.fill_buf()?.first().copied();
        if first.is_some() {
            self.inner.consume(1);
        }
        Ok(first)
    }

    fn sign(&self, byte: u8, cell: &mut CsvCell, row: &mut CsvRow) {
        match cell.spot {
            RowState::Start if byte == self.quote => cell.spot = RowState::Quoted,
            RowState::Start | RowState::Plain | RowState::Behind(_) if byte == self.delimiter => {
                self.end_cell(cell, row);
            }
            RowState::Start | RowState::Plain => {
                cell.spot = RowState::Plain;
                cell.has_quote |= byte == self.quote;
                row.bytes.push(byte);
            }
            RowState::Quoted if byte == self.quote => cell.spot = RowState::Behind(0),
            RowState::Quoted => row.bytes.push(byte),
            RowState::Behind(0) if byte == self.quote => {
                row.bytes.push(byte);
                cell.spot = RowState::Quoted;
            }
            RowState::Behind(blanks) if byte == b' ' => cell.spot = RowState::Behind(blanks + 1),
            RowState::Behind(blanks) => {
                // It was text after all.
                row.is_odd = true;
                row.bytes.push(self.quote);
                row.bytes.resize(row.bytes.len() + blanks, b' ');
                cell.spot = if byte == self.quote {
                    RowState::Behind(0)
                } else {
                    RowState::Quoted
                };
                if byte != self.quote {
                    row.bytes.push(byte);
                }
            }
        }
    }

    fn end_cell(&self, cell: &mut CsvCell, row: &mut CsvRow) {
        let text = row.bytes.get(cell.start..).unwrap_or_default().trim_ascii();
        if cell.has_quote
            && text.first() == Some(&self.quote)
            && text.iter().filter(|byte| **byte == self.quote).count() % 2 == 1
        {
            row.doubt = Some(OPEN);
        }
        // Beside an odd cell, a quote in a plain one is likely to be the end of it.
        if cell.has_quote && row.is_odd {
            row.doubt = Some(SPLIT);
        }
        row.ends.push(row.bytes.len());
        *cell = CsvCell {
            spot: RowState::Start,
            start: row.bytes.len(),
            has_quote: false,
        };
    }
}

/// A row with a stray quote may have swallowed the next line.
fn judge(row: &mut CsvRow) {
    if row.is_odd && row.bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        row.doubt = Some(SPLIT);
    }
}

/// The current cell.
struct CsvCell {
    spot: RowState,
    start: usize,
    has_quote: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str) -> Vec<(Vec<String>, bool, bool)> {
        let mut rows = CsvRows::new(text.as_bytes(), b',', b'"', Some(b'#'));
        let (mut row, mut all) = (CsvRow::default(), Vec::new());
        while rows.next(&mut row).unwrap() {
            let cells = row
                .cells()
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .collect();
            all.push((cells, row.is_odd, row.doubt.is_some() || !row.is_closed));
        }
        all
    }

    #[test]
    fn quotes_that_are_not_doubled_are_text_or_a_doubt() {
        for (text, right) in [
            (
                r#"1,"Say "hi" to us",N"#,
                Some(["1", r#"Say "hi" to us"#, "N"]),
            ),
            (r#"2,"5" screen",S"#, Some(["2", r#"5" screen"#, "S"])),
            (r#"2,""5" screen",S"#, Some(["2", r#""5" screen"#, "S"])),
            (r#"3,"a "b" "c" d",x"#, Some(["3", r#"a "b" "c" d"#, "x"])),
            (r#"4,"a" ,x"#, Some(["4", "a", "x"])),
            (r#"5,"a ""b"" c","" "#, Some(["5", r#"a "b" c"#, ""])),
            (r#"6,for 5" pipes,x"#, Some(["6", r#"for 5" pipes"#, "x"])),
            (
                r#"7,the "old" mill,"x""#,
                Some(["7", r#"the "old" mill"#, "x"]),
            ),
            ("8,\"a\nb\",x", Some(["8", "a\nb", "x"])),
            (r#"9,"a "b", c""#, None),
            ("1,\"5\"\",South\n2,\"x\",West", None),
            (r#"1, "a, b",c"#, None),
            (r#"1,"a,b"#, None),
        ] {
            let all = rows(text);
            match right {
                Some(right) => assert_eq!(
                    (all.len(), all[0].0.as_slice(), all[0].2),
                    (1, right.map(str::to_owned).as_slice(), false),
                    "{text}"
                ),
                None => assert!(
                    all.iter().any(|(.., is_doubtful)| *is_doubtful),
                    "{text}: {all:?}"
                ),
            }
        }
    }

    #[test]
    fn lines_end_in_three_ways_and_comments_are_none() {
        let cells = |text: &str| {
            rows(text)
                .into_iter()
                .map(|(cells, ..)| cells.join("|"))
                .collect::<Vec<_>>()
        };
        for end in ["\n", "\r", "\r\n"] {
            assert_eq!(
                cells(&format!("a,b{end}# x,\"y{end}{end}1,2{end}")),
                ["a|b", "1|2"],
                "{end:?}"
            );
        }
        assert_eq!(cells("a,b\r\n\"x\r\ny\",2"), ["a|b", "x\r\ny|2"]);
        assert_eq!(cells(",\n"), ["|"]);
    }

    proptest! {
        /// A correctly written table is read back unchanged.
        #[test]
        fn what_is_quoted_comes_back(table in proptest::collection::vec(proptest::collection::vec("[a\", \r\n#é]{0,6}", 2..4), 1..5)) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let text: String = table.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").collect();
            let read = rows(&text);
            prop_assert_eq!(&read.iter().map(|(cells, ..)| cells.clone()).collect::<Vec<_>>(), &table);
            prop_assert!(read.iter().all(|(_, is_odd, is_doubtful)| !is_odd && !is_doubtful));
        }
    }
}
