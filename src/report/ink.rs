//! Colours on a terminal. Whoever prints says once whether there are any; nothing here may carry a meaning that the words and signs
//! do not carry, too.

use std::fmt::Display;

/// Whether to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ink {
    /// On a terminal that shows colours.
    pub colour: bool,
}

impl Ink {
    fn dip(self, code: &str, text: impl Display) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
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
