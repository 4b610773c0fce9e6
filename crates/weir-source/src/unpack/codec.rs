//! The packings that are one stream without members: deflate with and without the head of zlib, and
//! brotli.

use super::{PieceUnpacker, UnpackStep};
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};
use std::io;

/// How much of a head is unpacked to see whether that goes.
const TRIAL: usize = 4096;

/// Deflate.
pub(super) struct Flate {
    decompress: Decompress,
}

impl Flate {
    /// With the head and the checksum of zlib, or without.
    pub(super) fn new(is_zlib: bool) -> Flate {
        Flate {
            decompress: Decompress::new(is_zlib),
        }
    }
}

impl PieceUnpacker for Flate {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<UnpackStep> {
        let (taken, given) = (self.decompress.total_in(), self.decompress.total_out());
        let status = self
            .decompress
            .decompress(input, out, FlushDecompress::None)?;
        let since = |now: u64, before: u64| usize::try_from(now - before).unwrap_or_default();
        Ok(UnpackStep {
            taken: since(self.decompress.total_in(), taken),
            given: since(self.decompress.total_out(), given),
            ended: status == Status::StreamEnd,
        })
    }
}

/// Whether bytes begin as zlib has it (RFC 1950): the method, and a checksum over both.
pub(super) fn has_zlib_head(head: &[u8]) -> bool {
    let [first, second, ..] = head else {
        return false;
    };
    first & 0x0f == 8 && first >> 4 <= 7 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0
}

/// Brotli.
pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
}

impl Default for Brotli {
    fn default() -> Brotli {
        let alloc = StandardAlloc::default;
        Brotli {
            state: Box::new(BrotliState::new(alloc(), alloc(), alloc())),
        }
    }
}

impl PieceUnpacker for Brotli {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<UnpackStep> {
        let (mut taken, mut given) = (0, 0);
        let (mut left, mut room) = (input.len(), out.len());
        let result = BrotliDecompressStream(
            &mut left,
            &mut taken,
            input,
            &mut room,
            &mut given,
            out,
            &mut 0,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultFailure => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is not valid Brotli (RFC 7932)",
            )),
            other => Ok(UnpackStep {
                taken,
                given,
                ended: matches!(other, BrotliResult::ResultSuccess),
            }),
        }
    }
}

/// Whether a head can be unpacked as far as it goes.
pub(super) fn unpacks(mut undo: Box<dyn PieceUnpacker + Send>, mut head: &[u8]) -> bool {
    let mut out = [0; TRIAL];
    while let Ok(step) = undo.step(head, &mut out) {
        head = &head[step.taken..];
        if step.ended || head.is_empty() || step == UnpackStep::default() {
            return true;
        }
    }
    false
}
