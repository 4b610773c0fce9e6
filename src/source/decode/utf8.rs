//! JSON is UTF-8, whatever is said of it (RFC 8259). Only where its bytes are not, the character set that it is said to be in
//! counts: servers label all that they send with their own, and old ones mean it.

use encoding_rs::Encoding;
use std::io::{self, BufRead, Read};

/// UTF-8, and what is not as another character set has it.
pub(super) struct MostlyUtf8<R> {
    inner: R,
    other: &'static Encoding,
    /// What came and is no whole letter yet.
    began: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    at_end: bool,
}

/// Whether the set gives every byte a letter, so that one that is not UTF-8 can be read by itself.
pub(super) fn can_help_out(other: &'static Encoding) -> bool {
    other.is_single_byte()
}

impl<R: BufRead> MostlyUtf8<R> {
    /// With the character set that counts where it is not UTF-8.
    pub(super) fn new(inner: R, other: &'static Encoding) -> MostlyUtf8<R> {
        MostlyUtf8 { inner, other, began: Vec::new(), out: Vec::new(), at: 0, at_end: false }
    }

    fn fill(&mut self) -> io::Result<()> {
        let bytes = self.inner.fill_buf()?;
        let (count, last) = (bytes.len(), bytes.is_empty());
        self.began.extend_from_slice(bytes);
        self.inner.consume(count);
        (self.at, self.at_end) = (0, last);
        self.out.clear();
        let whole = read_letters(&self.began, self.other, last, &mut self.out);
        self.began.drain(..whole);
        Ok(())
    }
}

/// Reads as far as letters are whole, or to the end if that is the end. How far that is.
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

impl<R: BufRead> Read for MostlyUtf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() && !self.at_end {
            self.fill()?;
        }
        let rest = &self.out[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    #[test]
    fn each_letter_is_what_its_bytes_say() {
        for (bytes, text) in
            [("café – €".as_bytes(), "café – €"), (b"caf\xe9 \x96 \x80!", "café – €!"), ("é".as_bytes(), "é"), (b"\xc3", "Ã"), (b"", "")]
        {
            for size in 1..6 {
                let mut read = String::new();
                let inner = BufReader::with_capacity(size, bytes);
                MostlyUtf8::new(inner, encoding_rs::WINDOWS_1252).read_to_string(&mut read).unwrap();
                assert_eq!(read, text, "{bytes:x?} by {size}");
            }
        }
    }
}
