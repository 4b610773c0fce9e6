//! Packed bodies, for every source alike: files and answers, listings and the pages of single ads,
//! sitemaps, robots.txt. A body is what its bytes are; what it is said to be packed with only helps
//! where bytes do not tell.
//!
//! A layer is a reader over a reader. It keeps its state where that one has nothing to give yet
//! (`WouldBlock`), so files and answers that are still coming are unpacked by the same code. It
//! never decides how much is too much: whoever reads has limits. A body that ends before its
//! packing does is an error, never a shorter body.
//!
//! To add a packing: a variant of [`Packing`], a way to know it, and an [`PieceUnpacker`] in
//! `codec`.

mod codec;
mod gzip;
#[cfg(test)]
mod tests;
mod zstd;

use codec::{Brotli, Flate};
use gzip::Gzip;
use std::io::{self, Read};
use zstd::Zstd;

/// How far a body is looked at to tell what it is.
const HEAD: usize = 1024;
/// How much is taken from below at a time.
const PIECE: usize = 16 * 1024;
/// Bytes that tell a further member from padding.
const MARK: usize = 4;
/// Most packings that may be named for one body.
pub const MOST_LAYERS: usize = 5;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952; members follow each other.
    Gzip,
    /// RFC 1950, or without its head RFC 1951: servers send both.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878; frames follow each other.
    Zstd,
}

impl Packing {
    /// The packing of that name in `Content-Encoding`; nothing for what is no packing, such as
    /// `identity` or `utf-8`.
    pub fn of_name(name: &str) -> Option<Packing> {
        let name = name.split(';').next().unwrap_or_default().trim();
        let is = |known: &[&str]| known.iter().any(|known| name.eq_ignore_ascii_case(known));
        match () {
            () if is(&["gzip", "x-gzip"]) => Some(Packing::Gzip),
            () if is(&["deflate", "x-deflate", "zlib"]) => Some(Packing::Deflate),
            () if is(&["br", "brotli"]) => Some(Packing::Brotli),
            () if is(&["zstd"]) => Some(Packing::Zstd),
            () => None,
        }
    }

    /// The packing that the first bytes tell of by themselves.
    pub fn of_bytes(head: &[u8]) -> Option<Packing> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Packing::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packing::Zstd),
            _ => None,
        }
    }

    /// Whether bytes can be the beginning of what is packed so, where they do not tell by
    /// themselves.
    fn fits(self, head: &[u8]) -> bool {
        match self {
            Packing::Gzip => false,
            Packing::Zstd => zstd::begins(head),
            Packing::Deflate | Packing::Brotli => {
                !head.is_empty() && !is_text(head) && codec::unpacks(self.undo(head), head)
            }
        }
    }

    fn undo(self, head: &[u8]) -> Box<dyn PieceUnpacker + Send> {
        match self {
            Packing::Gzip => Box::new(Gzip::default()),
            Packing::Deflate => Box::new(Flate::new(codec::has_zlib_head(head))),
            Packing::Brotli => Box::new(Brotli::default()),
            Packing::Zstd => Box::new(Zstd::default()),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Deflate => "deflate",
            Packing::Brotli => "brotli",
            Packing::Zstd => "zstd",
        }
    }
}

/// Text in UTF-8, or mostly of ASCII in another set: no packing looks like that.
fn is_text(head: &[u8]) -> bool {
    let is_cut =
        |error: std::str::Utf8Error| error.error_len().is_none() && error.valid_up_to() > 0;
    let is_plain = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
    let is_unicode = std::str::from_utf8(head).map_or_else(is_cut, |_| true);
    let is_mostly_ascii = head.iter().filter(|byte| !byte.is_ascii()).count() * 4 <= head.len();
    (is_unicode || is_mostly_ascii) && head.iter().all(is_plain)
}

/// Undoes one member, frame or stream, piece by piece.
trait PieceUnpacker {
    /// Takes from `input` and gives into `out`, as far as it gets. Where it neither takes nor gives
    /// it needs more input.
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<UnpackStep>;
}

/// How far a step got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct UnpackStep {
    taken: usize,
    given: usize,
    /// That was the end.
    ended: bool,
}

/// A reader of what one packing, if there is one, holds.
pub struct PackingLayer<R> {
    inner: R,
    named: Option<Packing>,
    /// What came from below and was not used yet.
    came: Vec<u8>,
    at_end: bool,
    /// How it broke off below. What came before that is given first.
    broken: Option<io::Error>,
    state: LayerState,
}

enum LayerState {
    /// It is not known yet whether it is packed.
    Unknown,
    Plain,
    Inside(Packing, Box<dyn PieceUnpacker + Send>),
    /// Behind a member.
    Behind(Packing),
}

impl<R: Read> PackingLayer<R> {
    /// A layer that is said to be packed so, or of which nothing is said.
    pub fn new(inner: R, named: Option<Packing>) -> PackingLayer<R> {
        PackingLayer {
            inner,
            named,
            came: Vec::new(),
            at_end: false,
            broken: None,
            state: LayerState::Unknown,
        }
    }

    /// Takes from below until so much is at hand, or all that there is.
    fn have(&mut self, count: usize) -> io::Result<()> {
        while self.came.len() < count && !self.at_end {
            self.take_more()?;
        }
        Ok(())
    }

    fn take_more(&mut self) -> io::Result<()> {
        let before = self.came.len();
        self.came.resize(before + PIECE, 0);
        let read = self.inner.read(&mut self.came[before..]);
        self.came
            .truncate(before + read.as_ref().map_or(0, |count| *count));
        match read {
            Ok(count) => self.at_end = count == 0,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                return Err(error);
            }
            Err(error) => (self.at_end, self.broken) = (true, Some(error)),
        }
        Ok(())
    }

    /// The end, if it did not break off.
    fn end(&mut self) -> io::Result<usize> {
        self.broken.take().map_or(Ok(0), Err)
    }

    fn recognise(&mut self) -> io::Result<()> {
        self.have(HEAD)?;
        let head = &self.came[..self.came.len().min(HEAD)];
        let packing =
            Packing::of_bytes(head).or_else(|| self.named.filter(|named| named.fits(head)));
        self.state = packing.map_or(LayerState::Plain, |packing| {
            LayerState::Inside(packing, packing.undo(head))
        });
        Ok(())
    }

    fn plain(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.came.is_empty() {
            return if self.at_end {
                self.end()
            } else {
                self.inner.read(out)
            };
        }
        let count = self.came.len().min(out.len());
        out[..count].copy_from_slice(&self.came[..count]);
        self.came.drain(..count);
        Ok(count)
    }

    /// Goes on inside a member; nothing if it has come to its end.
    fn inside(&mut self, packing: Packing, out: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let LayerState::Inside(_, undo) = &mut self.state else {
                return Ok(None);
            };
            let step = undo
                .step(&self.came, out)
                .map_err(|error| damaged(packing, &error))?;
            self.came.drain(..step.taken);
            match step {
                UnpackStep {
                    ended: true, given, ..
                } => {
                    self.state = LayerState::Behind(packing);
                    return Ok((given > 0).then_some(given));
                }
                UnpackStep { given: 1.., .. } => return Ok(Some(step.given)),
                UnpackStep { taken: 0, .. } if self.at_end => {
                    return self.end().and(Err(cut(packing)));
                }
                UnpackStep { taken: 0, .. } => self.take_more()?,
                _ => {}
            }
        }
    }

    /// Passes over what stands behind a member: padding. Whether another member follows.
    fn behind(&mut self, packing: Packing) -> io::Result<bool> {
        loop {
            let padding = self
                .came
                .iter()
                .take_while(|byte| matches!(byte, 0 | b'\r' | b'\n'))
                .count();
            self.came.drain(..padding);
            self.have(MARK)?;
            match self.came.first() {
                None => return self.end().map(|_| false),
                Some(0 | b'\r' | b'\n') => {}
                Some(_) if packing.goes_on_with(&self.came) => {
                    self.state = LayerState::Inside(packing, packing.undo(&self.came));
                    return Ok(true);
                }
                Some(_) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("its {} body is followed by other data", packing.name()),
                    ));
                }
            }
        }
    }
}

impl Packing {
    /// Whether another member begins there.
    fn goes_on_with(self, bytes: &[u8]) -> bool {
        match self {
            Packing::Gzip => bytes.starts_with(&[0x1f, 0x8b]),
            Packing::Zstd => zstd::begins(bytes),
            Packing::Deflate | Packing::Brotli => false,
        }
    }
}

impl<R: Read> Read for PackingLayer<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                LayerState::Unknown => self.recognise()?,
                LayerState::Plain => return self.plain(out),
                LayerState::Inside(packing, _) => {
                    if let Some(given) = self.inside(packing, out)? {
                        return Ok(given);
                    }
                }
                LayerState::Behind(packing) => {
                    if !self.behind(packing)? {
                        return Ok(0);
                    }
                }
            }
        }
    }
}

fn cut(packing: Packing) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("its {} body breaks off", packing.name()),
    )
}

fn damaged(packing: Packing, error: &io::Error) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("its {} body is damaged: {error}", packing.name()),
    )
}
