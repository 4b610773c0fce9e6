//! External text on its way to people and machines: anything that a terminal, a page, a log or a
//! spreadsheet would interpret is made inert.
//!
//! Everything that Weir shows passes through one of these functions where it leaves the process:
//! [`escape`] for terminals, logs, JSON and markup, [`csv_cell`] for spreadsheets, and
//! [`SecretMask`] for the values of secrets. [`Untrusted`] does the same when text is formatted.
//!
//! An unsafe character is written the way JSON does (`\u202e`), so one function serves terminals
//! and JSON, where the value stays exactly the same. Stored values are never changed because of
//! their characters. To make a character unsafe, add it to [`is_unsafe`].

mod secret_mask;

pub use secret_mask::{SecretMask, SecretStore, SecretValue};

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Text of the outside that can only be shown safely: formatting it escapes it, on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untrusted<'t>(pub &'t str);

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            character if is_line_break(character) || character == '\t' => f.write_char(' '),
            character if is_unsafe(character) => write_escaped(f, character),
            character => f.write_char(character),
        })
    }
}

/// Whether a character moves the cursor, reorders or hides text, or is invisible: controls,
/// bidirectional marks, zero-width and tag characters, invisible fillers, noncharacters.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(character) & 0xfffe == 0xfffe
}

/// Whether a character starts a new line anywhere.
fn is_line_break(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// A text with its unsafe characters escaped; lines and tabs stay.
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_unless(text, |_| false)
}

/// A text with its unsafe characters escaped, but for those that `allowed` lets through.
pub fn escape_unless(text: &str, allowed: impl Fn(char) -> bool) -> Cow<'_, str> {
    let escapes = |character: char| {
        is_unsafe(character) && !matches!(character, '\n' | '\t') && !allowed(character)
    };
    // Text without anything to escape is by far the most common.
    let Some(first) = text.find(escapes) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for character in text[first..].chars() {
        if escapes(character) {
            let _ = write_escaped(&mut out, character);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

fn write_escaped(out: &mut impl Write, character: char) -> fmt::Result {
    let mut units = [0; 2];
    character
        .encode_utf16(&mut units)
        .iter()
        .try_for_each(|unit| write!(out, "\\u{unit:04x}"))
}

/// A CSV cell that spreadsheets treat as text: a leading `'` disables formulas, as OWASP advises.
/// Not used for numbers and dates.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let is_formula = text
        .trim_start_matches([' ', '\u{a0}', '\u{feff}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}]0;x\u{7}b\u{202e}c\u{200b}d\u{e0041}e\u{9b}31mf\rg";

    #[test]
    fn escapes_are_those_of_json_and_lines_stay() {
        assert_eq!(
            escape(HOSTILE),
            "a\\u001b]0;x\\u0007b\\u202ec\\u200bd\\udb40\\udc41e\\u009b31mf\\u000dg"
        );
        assert!(matches!(
            escape("plain text\n\tnaïve 日本 👩 €"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let value = serde_json::json!({ "ti\u{200b}tle": HOSTILE });
        let shown = escape(&value.to_string()).into_owned();
        assert!(!shown.chars().any(is_unsafe), "{shown}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
    }

    #[test]
    fn untrusted_text_is_one_line_without_anything_unsafe() {
        let shown = Untrusted("one\r\ntwo\u{2028}three\u{1b}[31m").to_string();
        assert_eq!(shown, "one  two three\\u001b[31m");
    }

    #[test]
    fn no_cell_begins_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"] {
            assert_eq!(csv_cell(formula), format!("'{formula}"));
        }
        for text in ["Nurse", "1-2", "", "'=1", "a=b"] {
            assert_eq!(csv_cell(text), text);
        }
    }
}
