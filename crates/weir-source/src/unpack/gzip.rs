//! One member of gzip (RFC 1952): a head of several parts, deflate, and the checksum and length of
//! what it held.

use super::codec::Flate;
use super::{PieceUnpacker, UnpackStep};
use flate2::Crc;
use std::io;

/// Bytes that every head has.
const HEAD: usize = 10;
/// Bytes of the checksum and the length.
const TRAILER: usize = 8;

/// Which parts a head has more.
const HEAD_CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// A member.
pub(super) struct Gzip {
    part: GzipPart,
    flate: Flate,
    checksum: Crc,
}

/// The part that comes next.
enum GzipPart {
    Head,
    /// The parts of the head that are still to come, by their flags.
    More(u8),
    /// So many bytes to pass over, then the parts of those flags.
    Skip(usize, u8),
    Body,
    Trailer,
}

impl Default for Gzip {
    fn default() -> Gzip {
        Gzip {
            part: GzipPart::Head,
            flate: Flate::new(false),
            checksum: Crc::new(),
        }
    }
}

impl PieceUnpacker for Gzip {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<UnpackStep> {
        let taken = |taken| {
            Ok(UnpackStep {
                taken,
                ..UnpackStep::default()
            })
        };
        match self.part {
            GzipPart::Head | GzipPart::Trailer if input.len() < self.part.size() => {
                Ok(UnpackStep::default())
            }
            GzipPart::Head => {
                self.part = GzipPart::More(flags(input)?);
                taken(HEAD)
            }
            GzipPart::More(0) => self.go_on(GzipPart::Body, input, out),
            GzipPart::More(HEAD_CHECKSUM) => self.go_on(GzipPart::Skip(2, 0), input, out),
            GzipPart::More(flags) => taken(self.more(flags, input)),
            GzipPart::Skip(0, flags) => self.go_on(GzipPart::More(flags), input, out),
            GzipPart::Skip(left, flags) => {
                let passed = left.min(input.len());
                self.part = GzipPart::Skip(left - passed, flags);
                taken(passed)
            }
            GzipPart::Body => self.body(input, out),
            GzipPart::Trailer => {
                self.check(input)?;
                Ok(UnpackStep {
                    taken: TRAILER,
                    given: 0,
                    ended: true,
                })
            }
        }
    }
}

impl GzipPart {
    /// How much of it must be there at once.
    fn size(&self) -> usize {
        if matches!(self, GzipPart::Head) {
            HEAD
        } else {
            TRAILER
        }
    }
}

impl Gzip {
    /// Another part, without having taken anything.
    fn go_on(&mut self, part: GzipPart, input: &[u8], out: &mut [u8]) -> io::Result<UnpackStep> {
        self.part = part;
        self.step(input, out)
    }

    /// The next part of the head that is still to come; how much of the input it takes.
    fn more(&mut self, flags: u8, input: &[u8]) -> usize {
        if flags & EXTRA != 0 {
            let [low, high, ..] = input else { return 0 };
            self.part = GzipPart::Skip(
                usize::from(u16::from_le_bytes([*low, *high])),
                flags & !EXTRA,
            );
            return 2;
        }
        let ended = input.iter().position(|byte| *byte == 0);
        let done = if flags & NAME != 0 { NAME } else { COMMENT };
        self.part = GzipPart::More(if ended.is_some() {
            flags & !done
        } else {
            flags
        });
        ended.map_or(input.len(), |end| end + 1)
    }

    fn body(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<UnpackStep> {
        let step = self.flate.step(input, out)?;
        self.checksum.update(&out[..step.given]);
        if step.ended {
            self.part = GzipPart::Trailer;
        }
        Ok(UnpackStep {
            ended: false,
            ..step
        })
    }

    fn check(&self, trailer: &[u8]) -> io::Result<()> {
        let held = [
            self.checksum.sum().to_le_bytes(),
            self.checksum.amount().to_le_bytes(),
        ]
        .concat();
        if trailer.starts_with(&held) {
            Ok(())
        } else {
            Err(invalid("its checksum does not match"))
        }
    }
}

fn flags(head: &[u8]) -> io::Result<u8> {
    match head {
        [0x1f, 0x8b, 8, flags, ..] => Ok(flags & (HEAD_CHECKSUM | EXTRA | NAME | COMMENT)),
        _ => Err(invalid("its header is invalid (RFC 1952)")),
    }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
