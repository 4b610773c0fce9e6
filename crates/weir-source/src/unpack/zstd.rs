//! One frame of Zstandard (RFC 8878). The library unpacks all the blocks that it is given at once,
//! however large what comes out: here it is given one at a time, when that is there as a whole.

use super::{PieceUnpacker, UnpackStep};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, Read};

/// Bytes of the head of a block.
const BLOCK_HEAD: usize = 3;
/// Bytes of the checksum behind the last block.
const CHECKSUM: usize = 4;
/// The kind of a block that holds one byte, to be repeated.
const REPEATED: u32 = 1;
/// Bytes of the head of a frame to pass over.
const SKIPPED_HEAD: usize = 8;

/// Whether a frame begins there, be it one to pass over.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || is_skipped(bytes)
}

fn is_skipped(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// A frame.
#[derive(Default)]
pub(super) struct Zstd {
    frame: FrameDecoder,
    part: ZstdPart,
    has_checksum: bool,
}

#[derive(Default, Clone, Copy)]
enum ZstdPart {
    #[default]
    Head,
    Blocks,
    /// So many bytes to pass over.
    Skip(usize),
    /// All blocks are unpacked, and not all of it is given.
    Rest,
}

impl PieceUnpacker for Zstd {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<UnpackStep> {
        let given = if matches!(self.part, ZstdPart::Blocks | ZstdPart::Rest) {
            self.frame.read(out)?
        } else {
            0
        };
        if given > 0 {
            return Ok(UnpackStep {
                given,
                ..UnpackStep::default()
            });
        }
        match self.part {
            ZstdPart::Head => self.head(input),
            ZstdPart::Blocks => self.block(input),
            ZstdPart::Skip(left) => {
                let taken = left.min(input.len());
                self.part = ZstdPart::Skip(left - taken);
                Ok(UnpackStep {
                    taken,
                    given: 0,
                    ended: taken == left,
                })
            }
            ZstdPart::Rest => self.end(),
        }
    }
}

impl Zstd {
    fn head(&mut self, input: &[u8]) -> io::Result<UnpackStep> {
        if is_skipped(input) {
            let Some(size) = input
                .get(4..SKIPPED_HEAD)
                .and_then(|size| size.try_into().ok())
            else {
                return Ok(UnpackStep::default());
            };
            self.part =
                ZstdPart::Skip(usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX));
            return Ok(UnpackStep {
                taken: SKIPPED_HEAD,
                ..UnpackStep::default()
            });
        }
        let Some(head) = frame_head(input) else {
            return Ok(UnpackStep::default());
        };
        self.has_checksum = head[4] & 4 != 0;
        self.frame.init(head).map_err(io::Error::other)?;
        self.part = ZstdPart::Blocks;
        Ok(UnpackStep {
            taken: head.len(),
            ..UnpackStep::default()
        })
    }

    fn block(&mut self, input: &[u8]) -> io::Result<UnpackStep> {
        let Some([low, middle, high]) = input.get(..BLOCK_HEAD) else {
            return Ok(UnpackStep::default());
        };
        let head = u32::from_le_bytes([*low, *middle, *high, 0]);
        let (is_last, is_repeated) = (head & 1 == 1, head >> 1 & 3 == REPEATED);
        let content = if is_repeated {
            1
        } else {
            usize::try_from(head >> 3).unwrap_or(usize::MAX)
        };
        let size = BLOCK_HEAD
            + content
            + if is_last && self.has_checksum {
                CHECKSUM
            } else {
                0
            };
        let Some(block) = input.get(..size) else {
            return Ok(UnpackStep::default());
        };
        if self
            .frame
            .decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(io::Error::other)?
        {
            self.part = ZstdPart::Rest;
        }
        Ok(UnpackStep {
            taken: size,
            ..UnpackStep::default()
        })
    }

    fn end(&self) -> io::Result<UnpackStep> {
        let stated = self.frame.get_checksum_from_data();
        if stated.is_some() && stated != self.frame.get_calculated_checksum() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its checksum does not match",
            ));
        }
        Ok(UnpackStep {
            ended: true,
            ..UnpackStep::default()
        })
    }
}

/// The head of a frame, when it is there as a whole: how long it is its fifth byte says.
fn frame_head(input: &[u8]) -> Option<&[u8]> {
    let descriptor = *input.get(4)?;
    let is_single = descriptor >> 5 & 1 == 1;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content = [usize::from(is_single), 2, 4, 8][usize::from(descriptor >> 6)];
    input.get(..5 + usize::from(!is_single) + dictionary + content)
}
