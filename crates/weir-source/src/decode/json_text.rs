//! Repairs common JSON errors: `NaN` becomes null, control characters in strings are escaped, a
//! comma before a closing bracket is dropped. The meaning of each is clear, and each would
//! otherwise make the whole text unreadable.
//!
//! Holds one token at most, never changes valid JSON, and reports what it changed.

use super::rewrite::{RewrittenReader, TextRewrite};
use std::cell::RefCell;
use std::io::BufRead;
use std::rc::Rc;

/// Maximum whitespace kept after a comma.
const MOST_BLANKS: usize = 4096;
/// Longest token that is looked up.
const LONGEST_WORD: usize = 10;
/// Tokens used instead of numbers.
const NO_NUMBERS: [&[u8]; 5] = [b"NaN", b"nan", b"Infinity", b"-Infinity", b"+Infinity"];

/// What was changed first, and how often something was.
#[derive(Debug, Clone, Default)]
pub(super) struct MendLog(Rc<RefCell<(Option<String>, usize)>>);

impl MendLog {
    fn note(&self, what: impl FnOnce() -> String, at: u64) {
        let mut seen = self.0.borrow_mut();
        seen.0
            .get_or_insert_with(|| format!("it is not strict JSON: {} (byte {at})", what()));
        seen.1 += 1;
    }

    /// What was changed, as text.
    pub(super) fn told(&self) -> Option<String> {
        let seen = self.0.borrow();
        let more = if seen.1 > 1 {
            format!(", and {} more", seen.1 - 1)
        } else {
            String::new()
        };
        seen.0.as_ref().map(|first| format!("{first}{more}"))
    }
}

/// Where in a text the reading is.
#[derive(Debug, Default)]
pub(super) struct JsonMending {
    in_text: bool,
    escaped: bool,
    word: Vec<u8>,
    /// A pending comma, which the next character confirms or drops, and the whitespace after it.
    comma: bool,
    blanks: Vec<u8>,
    /// The last character that was not whitespace.
    last: u8,
    at: u64,
    mends: MendLog,
}

impl JsonMending {
    fn in_text(&mut self, byte: u8, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.escaped) {
            return self.escape(byte, out);
        }
        match byte {
            b'"' => self.in_text = false,
            b'\\' => {
                self.escaped = true;
                return;
            }
            byte if byte < b' ' => {
                self.mends
                    .note(|| "a control character in a string".to_owned(), self.at);
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                return;
            }
            _ => {}
        }
        out.push(byte);
    }

    /// What follows a backslash.
    fn escape(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u' => {
                out.extend_from_slice(&[b'\\', byte]);
            }
            _ => {
                self.mends
                    .note(|| "an invalid backslash escape".to_owned(), self.at);
                match byte {
                    b'\'' => out.push(byte),
                    byte if byte < b' ' => {
                        out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                    }
                    byte => out.extend_from_slice(&[b'\\', b'\\', byte]),
                }
            }
        }
    }

    fn outside(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b'_') {
            self.end_comma(byte, out);
            self.word.push(byte);
            if self.word.len() > LONGEST_WORD {
                out.append(&mut self.word);
            }
            return;
        }
        self.end_word(out);
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => self.blank(byte, out),
            byte if byte < b' ' => {
                self.mends
                    .note(|| "a control character between values".to_owned(), self.at);
                self.blank(b' ', out);
            }
            b',' => {
                self.end_comma(byte, out);
                self.comma = true;
            }
            byte => {
                self.end_comma(byte, out);
                self.in_text = byte == b'"';
                self.last = byte;
                out.push(byte);
            }
        }
    }

    fn blank(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.comma {
            false => out.push(byte),
            // Their number is irrelevant.
            true if self.blanks.len() < MOST_BLANKS => self.blanks.push(byte),
            true => {}
        }
    }

    /// Keeps the pending comma, unless a closing bracket follows.
    fn end_comma(&mut self, next: u8, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.comma) {
            return;
        }
        if matches!(next, b']' | b'}') && !matches!(self.last, b'[' | b'{' | b',' | b':') {
            self.mends
                .note(|| "a comma before a closing bracket".to_owned(), self.at);
        } else {
            self.last = b',';
            out.push(b',');
        }
        out.append(&mut self.blanks);
    }

    fn end_word(&mut self, out: &mut Vec<u8>) {
        if self.word.is_empty() {
            return;
        }
        self.last = b'0';
        if NO_NUMBERS.contains(&self.word.as_slice()) {
            let word = String::from_utf8_lossy(&self.word).into_owned();
            self.mends.note(
                || format!("`{word}` instead of a number, read as null"),
                self.at,
            );
            out.extend_from_slice(b"null");
        } else {
            out.extend_from_slice(&self.word);
        }
        self.word.clear();
    }
}

impl TextRewrite for JsonMending {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            if self.in_text && !self.escaped {
                let plain = rest
                    .iter()
                    .take_while(|byte| **byte >= b' ' && !matches!(byte, b'"' | b'\\'))
                    .count();
                if plain > 0 {
                    out.extend_from_slice(&rest[..plain]);
                    self.at += plain as u64;
                    rest = &rest[plain..];
                    continue;
                }
            }
            self.at += 1;
            if self.in_text {
                self.in_text(*first, out);
            } else {
                self.outside(*first, out);
            }
            rest = after;
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.end_word(out);
        self.end_comma(0, out);
        if std::mem::take(&mut self.escaped) {
            out.push(b'\\');
        }
    }
}

/// A repaired line of JSON, and what was changed in it.
pub(super) fn mended(line: &[u8]) -> (Vec<u8>, MendLog) {
    let (mut mending, mut out) = (JsonMending::default(), Vec::with_capacity(line.len()));
    mending.take(line, &mut out);
    mending.end(&mut out);
    (out, mending.mends)
}

/// A reader of such a text.
pub(super) type MendedJson<R> = RewrittenReader<R, JsonMending>;

impl<R: BufRead> MendedJson<R> {
    pub(super) fn mending(inner: R) -> MendedJson<R> {
        RewrittenReader::new(inner, JsonMending::default())
    }

    /// What was changed, also when it has been read.
    pub(super) fn mends(&self) -> MendLog {
        self.rewrite().mends.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    fn read(text: &str) -> (String, Option<String>) {
        let mut reader = MendedJson::mending(text.as_bytes());
        let mut out = String::new();
        reader.read_to_string(&mut out).unwrap();
        (out, reader.mends().told())
    }

    #[test]
    fn what_was_meant_is_plain() {
        for (text, right) in [
            (
                "[{\"a\":NaN,\"b\":-Infinity},Infinity]",
                "[{\"a\":null,\"b\":null},null]",
            ),
            (
                "{\"a\":\"x\ny\u{1b}\u{0}\",\u{0b}\"b\":1}\u{1a}",
                "{\"a\":\"x\\u000ay\\u001b\\u0000\", \"b\":1} ",
            ),
            ("[1,2 , ]", "[1,2  ]"),
            ("{\"a\":[],}", "{\"a\":[]}"),
            (
                "{\"a\":\"it\\'s \\x41 C:\\Jobs\"}",
                "{\"a\":\"it's \\\\x41 C:\\\\Jobs\"}",
            ),
        ] {
            let (read, told) = read(text);
            assert_eq!((read.as_str(), told.is_some()), (right, true), "{text}");
            assert!(
                serde_json::from_str::<serde_json::Value>(&read).is_ok(),
                "{read}"
            );
        }
        assert_eq!(
            read("[NaN,NaN]").1.unwrap(),
            "it is not strict JSON: `NaN` instead of a number, read as null (byte 5), and 1 more"
        );
    }

    #[test]
    fn what_nobody_can_have_meant_stays() {
        for text in [
            "[,]",
            "[1,,]",
            "{,}",
            "[1,",
            "{\"a\":,}",
            "[NaNa]",
            "[nul]",
            "\"\\",
        ] {
            assert_eq!(read(text).0, text);
            assert!(
                serde_json::from_str::<serde_json::Value>(text).is_err(),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn json_stays_as_it_is(keys in proptest::collection::vec(("[a-zA-Z\"\\\\/é\u{0}-\u{1f} ,\\]}]{0,8}", any::<f64>()), 0..6)) {
            let value: serde_json::Value = keys.into_iter().map(|(key, number)| serde_json::json!({ key: [number, {}, [], null, "NaN,]"] })).collect();
            for text in [value.to_string(), format!("{value:#}")] {
                prop_assert_eq!(read(&text), (text.clone(), None));
            }
        }
    }
}
