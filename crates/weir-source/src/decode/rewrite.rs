//! A text that is rewritten while it is read: transcoded to UTF-8, or its JSON repaired. One reader
//! serves all rewrites, so none of them does its own bookkeeping.
//!
//! Holds one piece of the text at a time. To add a rewrite, implement [`TextRewrite`].

use std::io::{self, BufRead, Read};

/// A rewrite of a text that arrives in arbitrary pieces.
pub(super) trait TextRewrite {
    /// Consumes a piece and appends the output known so far.
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>);

    /// Appends the rest at the end of the input.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// Reads a text as a change makes it.
pub(super) struct RewrittenReader<R, W> {
    inner: R,
    rewrite: W,
    out: Vec<u8>,
    at: usize,
    is_at_end: bool,
}

impl<R: BufRead, W: TextRewrite> RewrittenReader<R, W> {
    pub(super) fn new(inner: R, rewrite: W) -> RewrittenReader<R, W> {
        RewrittenReader {
            inner,
            rewrite,
            out: Vec::new(),
            at: 0,
            is_at_end: false,
        }
    }

    /// The rewrite, with its notes so far.
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

impl<R: BufRead, W: TextRewrite> Read for RewrittenReader<R, W> {
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
