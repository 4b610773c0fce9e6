//! JSON is UTF-8, whatever its label says (RFC 8259). The declared character set only applies to
//! bytes that are not valid UTF-8: servers put their default label on everything, but old ones mean
//! it.

use super::rewrite::TextRewrite;
use encoding_rs::Encoding;

/// UTF-8, with invalid parts read in another character set.
pub(super) struct MostlyUtf8 {
    other: &'static Encoding,
    /// The start of an incomplete character.
    began: Vec<u8>,
}

/// Whether every byte is a character in the set, so a byte that is not UTF-8 can be read on its
/// own.
pub(super) fn can_help_out(other: &'static Encoding) -> bool {
    other.is_single_byte()
}

impl MostlyUtf8 {
    /// With the character set that counts where it is not UTF-8.
    pub(super) fn new(other: &'static Encoding) -> MostlyUtf8 {
        MostlyUtf8 {
            other,
            began: Vec::new(),
        }
    }
}

impl TextRewrite for MostlyUtf8 {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.began.extend_from_slice(bytes);
        let whole = read_letters(&self.began, self.other, false, out);
        self.began.drain(..whole);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        read_letters(&std::mem::take(&mut self.began), self.other, true, out);
    }
}

/// Reads up to the last complete character, or to the end if it is the end. Returns how far that
/// is.
fn read_letters(bytes: &[u8], other: &'static Encoding, last: bool, out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        let Err(error) = std::str::from_utf8(&bytes[at..]) else {
            out.extend_from_slice(&bytes[at..]);
            return bytes.len();
        };
        let valid = at + error.valid_up_to();
        out.extend_from_slice(&bytes[at..valid]);
        let wrong = match error.error_len() {
            Some(length) => length,
            None if last => bytes.len() - valid,
            None => return valid,
        };
        let (text, _) = other.decode_without_bom_handling(&bytes[valid..valid + wrong]);
        out.extend_from_slice(text.as_bytes());
        at = valid + wrong;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::RewrittenReader;
    use super::*;
    use std::io::{BufReader, Read};

    #[test]
    fn each_letter_is_what_its_bytes_say() {
        for (bytes, text) in [
            ("café – €".as_bytes(), "café – €"),
            (b"caf\xe9 \x96 \x80!", "café – €!"),
            ("é".as_bytes(), "é"),
            (b"\xc3", "Ã"),
            (b"", ""),
        ] {
            for size in 1..6 {
                let mut read = String::new();
                let inner = BufReader::with_capacity(size, bytes);
                RewrittenReader::new(inner, MostlyUtf8::new(encoding_rs::WINDOWS_1252))
                    .read_to_string(&mut read)
                    .unwrap();
                assert_eq!(read, text, "{bytes:x?} by {size}");
            }
        }
    }
}
