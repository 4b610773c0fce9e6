//! A text that is changed on its way: its character set becomes UTF-8, or its JSON is mended. One
//! reader serves all changes, so that none of them keeps books of its own on what was read.
//!
//! It holds one piece of the text at a time. To add a change, implement [`Rewrite`].

use std::io::{self, BufRead, Read};

/// A change of a text, given in pieces that end anywhere.
pub(super) trait Rewrite {
    /// Takes a piece and adds what is known of the new text.
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>);

    /// Adds the rest: nothing follows.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// Reads a text as a change makes it.
pub(super) struct Rewritten<R, W> {
    inner: R,
    rewrite: W,
    out: Vec<u8>,
    at: usize,
    is_at_end: bool,
}

impl<R: BufRead, W: Rewrite> Rewritten<R, W> {
    pub(super) fn new(inner: R, rewrite: W) -> Rewritten<R, W> {
        Rewritten { inner, rewrite, out: Vec::new(), at: 0, is_at_end: false }
    }

    /// The change, with what it has noted so far.
    pub(super) fn rewrite(&self) -> &W {
        &self.rewrite
    }

    fn fill(&mut self) -> io::Result<()> {
        let bytes = self.inner.fill_buf()?;
        let count = bytes.len();
        self.out.clear();
        self.at = 0;
        if count == 0 {
            self.is_at_end = true;
            self.rewrite.end(&mut self.out);
            return Ok(());
        }
        self.rewrite.take(bytes, &mut self.out);
        self.inner.consume(count);
        Ok(())
    }
}

impl<R: BufRead, W: Rewrite> Read for Rewritten<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() && !self.is_at_end {
            self.fill()?;
        }
        let rest = &self.out[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}
