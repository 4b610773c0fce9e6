//! One frame of Zstandard (RFC 8878). The library unpacks all the blocks that it is given at once,
//! however large what comes out: here it is given one at a time, when that is there as a whole.

use super::{Step, Undo};
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
    part: Part,
    has_checksum: bool,
}

#[derive(Default, Clone, Copy)]
enum Part {
    #[default]
    Head,
    Blocks,
    /// So many bytes to pass over.
    Skip(usize),
    /// All blocks are unpacked, and not all of it is given.
    Rest,
}

impl Undo for Zstd {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<Step> {
        let given = if matches!(self.part, Part::Blocks | Part::Rest) {
            self.frame.read(out)?
        } else {
            0
        };
        if given > 0 {
            return Ok(Step {
                given,
                ..Step::default()
            });
        }
        match self.part {
            Part::Head => self.head(input),
            Part::Blocks => self.block(input),
            Part::Skip(left) => {
                let taken = left.min(input.len());
                self.part = Part::Skip(left - taken);
                Ok(Step {
                    taken,
                    given: 0,
                    ended: taken == left,
                })
            }
            Part::Rest => self.end(),
        }
    }
}

impl Zstd {
    fn head(&mut self, input: &[u8]) -> io::Result<Step> {
        if is_skipped(input) {
            let Some(size) = input
                .get(4..SKIPPED_HEAD)
                .and_then(|size| size.try_into().ok())
            else {
                return Ok(Step::default());
            };
            self.part = Part::Skip(usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX));
            return Ok(Step {
                taken: SKIPPED_HEAD,
                ..Step::default()
            });
        }
        let Some(head) = frame_head(input) else {
            return Ok(Step::default());
        };
        self.has_checksum = head[4] & 4 != 0;
        self.frame.init(head).map_err(io::Error::other)?;
        self.part = Part::Blocks;
        Ok(Step {
            taken: head.len(),
            ..Step::default()
        })
    }

    fn block(&mut self, input: &[u8]) -> io::Result<Step> {
        let Some([low, middle, high]) = input.get(..BLOCK_HEAD) else {
            return Ok(Step::default());
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
            return Ok(Step::default());
        };
        if self
            .frame
            .decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(io::Error::other)?
        {
            self.part = Part::Rest;
        }
        Ok(Step {
            taken: size,
            ..Step::default()
        })
    }

    fn end(&self) -> io::Result<Step> {
        let stated = self.frame.get_checksum_from_data();
        if stated.is_some() && stated != self.frame.get_calculated_checksum() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its checksum does not match",
            ));
        }
        Ok(Step {
            ended: true,
            ..Step::default()
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
