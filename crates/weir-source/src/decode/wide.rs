//! Text with two or four bytes per character, with or without a byte order mark. Its first bytes
//! identify it, because markup, JSON and tables start with ASCII; a different label is wrong.

use super::rewrite::TextRewrite;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// What the first bytes of a text are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CharacterWidth {
    /// UTF-8, or another set of single bytes or more.
    Narrow,
    /// Two bytes per character.
    Two(&'static Encoding),
    /// Four bytes per character, most significant first or last.
    Four {
        /// The largest first.
        is_big: bool,
    },
}

/// What a text is by its first bytes, and how many of them are its mark.
pub(super) fn width(head: &[u8]) -> (CharacterWidth, usize) {
    match head {
        [0, 0, 0xfe, 0xff, ..] => (CharacterWidth::Four { is_big: true }, 4),
        [0xff, 0xfe, 0, 0, ..] => (CharacterWidth::Four { is_big: false }, 4),
        [0xfe, 0xff, ..] => (CharacterWidth::Two(UTF_16BE), 2),
        [0xff, 0xfe, ..] => (CharacterWidth::Two(UTF_16LE), 2),
        [0, 0, 0, letter, ..] if is_text(*letter) => (CharacterWidth::Four { is_big: true }, 0),
        [letter, 0, 0, 0, ..] if is_text(*letter) => (CharacterWidth::Four { is_big: false }, 0),
        [0, one, 0, two, ..] if is_text(*one) && is_text(*two) => {
            (CharacterWidth::Two(UTF_16BE), 0)
        }
        [one, 0, two, 0, ..] if is_text(*one) && is_text(*two) => {
            (CharacterWidth::Two(UTF_16LE), 0)
        }
        _ => (CharacterWidth::Narrow, 0),
    }
}

fn is_text(letter: u8) -> bool {
    letter.is_ascii_graphic() || letter.is_ascii_whitespace()
}

/// Converts text of four bytes per character to UTF-8; invalid characters become U+FFFD.
pub(super) struct FourBytes {
    is_big: bool,
    unit: Vec<u8>,
}

impl FourBytes {
    pub(super) fn new(is_big: bool) -> FourBytes {
        FourBytes {
            is_big,
            unit: Vec::new(),
        }
    }

    fn push(&mut self, out: &mut Vec<u8>) {
        let code = self
            .unit
            .iter()
            .enumerate()
            .fold(0_u32, |code, (index, byte)| {
                let shift = if self.is_big { 3 - index } else { index };
                code | u32::from(*byte) << (8 * shift)
            });
        let letter = if self.unit.len() == 4 {
            char::from_u32(code)
        } else {
            None
        };
        out.extend_from_slice(
            letter
                .unwrap_or('\u{fffd}')
                .encode_utf8(&mut [0; 4])
                .as_bytes(),
        );
        self.unit.clear();
    }
}

impl TextRewrite for FourBytes {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            self.unit.push(*byte);
            if self.unit.len() == 4 {
                self.push(out);
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if !self.unit.is_empty() {
            self.push(out);
        }
    }
}
