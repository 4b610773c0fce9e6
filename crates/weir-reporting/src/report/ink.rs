//! Colours on a terminal. The caller decides once whether there are any; a colour must never carry
//! a meaning that the text does not.
//!
//! A colour is a mark in the text, a character that no text may contain; [`coloured`] turns it into
//! escape sequences. So no external text can pass as a colour, or as anything worse.

use std::fmt::Display;

/// The mark of each colour and its code in ECMA-48.
const MARKS: [(char, &str); 7] = [
    ('\u{fdd0}', "32"),
    ('\u{fdd1}', "31"),
    ('\u{fdd2}', "33"),
    ('\u{fdd3}', "36"),
    ('\u{fdd4}', "35"),
    ('\u{fdd5}', "2"),
    ('\u{fdd6}', "1"),
];

/// The mark of a colour's end.
const END: char = '\u{fdef}';

/// Whether a character is a mark of this module.
pub fn is_mark(character: char) -> bool {
    character == END || MARKS.iter().any(|(mark, _)| *mark == character)
}

/// Replaces the marks of a text by terminal escape sequences.
pub fn coloured(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match MARKS.iter().find(|(mark, _)| *mark == character) {
            Some((_, code)) => out.extend(["\u{1b}[", code, "m"]),
            None if character == END => out.push_str("\u{1b}[0m"),
            None => out.push(character),
        }
    }
    out
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TerminalInk {
    /// On a terminal that shows colours.
    pub colour: bool,
}

impl TerminalInk {
    fn dip(self, code: &str, text: impl Display) -> String {
        let mark = MARKS.iter().find(|(_, of)| self.colour && *of == code);
        mark.map_or_else(
            || text.to_string(),
            |(mark, _)| format!("{mark}{text}{END}"),
        )
    }

    /// What is new.
    pub fn green(self, text: impl Display) -> String {
        self.dip("32", text)
    }

    /// What is gone.
    pub fn red(self, text: impl Display) -> String {
        self.dip("31", text)
    }

    /// What differs.
    pub fn yellow(self, text: impl Display) -> String {
        self.dip("33", text)
    }

    /// What is open again.
    pub fn blue(self, text: impl Display) -> String {
        self.dip("36", text)
    }

    /// What waits.
    pub fn violet(self, text: impl Display) -> String {
        self.dip("35", text)
    }

    /// What matters less.
    pub fn soft(self, text: impl Display) -> String {
        self.dip("2", text)
    }

    /// What matters more.
    pub fn bold(self, text: impl Display) -> String {
        self.dip("1", text)
    }
}
