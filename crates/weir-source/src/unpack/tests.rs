//! Bodies of every packing, whole and cut, said to be what they are and what they are not.

use super::*;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::Write;

const TEXT: &[u8] = b"[{\"id\": 1, \"title\": \"Ranger\"}, {\"id\": 2, \"title\": \"Ranger\"}]\n";
/// The same in brotli, which the libraries here only unpack.
const BROTLI: &str = "1b3c00f82d0aec06ed868c2e703eff8a725aa8b7c8d2f6b4488c8cdcd2e94b1685ae00810d3800c82dd078103a5b0822a1cb92283c68179c07";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn brotli() -> Vec<u8> {
    (0..BROTLI.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&BROTLI[at..at + 2], 16).unwrap())
        .collect()
}

/// Gives a byte at a time, and nothing in between.
struct SparseDrip<'b>(&'b [u8], bool);

impl Read for SparseDrip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.0.len().min(buffer.len()).min(1);
        self.0.read(&mut buffer[..count])
    }
}

fn unpacked(body: &[u8], named: Option<Packing>) -> Result<Vec<u8>, String> {
    let mut whole = Vec::new();
    let ended = PackingLayer::new(body, named).read_to_end(&mut whole);
    let (mut dripped, mut layer, mut piece) = (
        Vec::new(),
        PackingLayer::new(SparseDrip(body, false), named),
        [0; 7],
    );
    let dripping = loop {
        match layer.read(&mut piece) {
            Ok(0) => break Ok(()),
            Ok(count) => dripped.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => break Err(error),
        }
    };
    assert_eq!(
        ended.as_ref().map(|_| ()).map_err(ToString::to_string),
        dripping.map_err(|error| error.to_string())
    );
    assert_eq!(whole, dripped);
    ended.map(|_| whole).map_err(|error| error.to_string())
}

#[test]
fn every_packing_is_undone_as_it_is_named() {
    let cases = [
        (gzip(TEXT), Some(Packing::Gzip)),
        (gzip(TEXT), None),
        (gzip(TEXT), Some(Packing::Deflate)),
        (gzip(TEXT), Some(Packing::Brotli)),
        (zlib(TEXT), Some(Packing::Deflate)),
        (raw(TEXT), Some(Packing::Deflate)),
        (zstd(TEXT), Some(Packing::Zstd)),
        (zstd(TEXT), None),
        (brotli(), Some(Packing::Brotli)),
    ];
    for (body, named) in cases {
        assert_eq!(
            unpacked(&body, named).as_deref(),
            Ok(TEXT),
            "{named:?} {body:x?}"
        );
    }
}

#[test]
fn what_is_not_packed_is_read_whatever_is_said_of_it() {
    let page = "<!doctype html><p>caf\u{e9}</p>".repeat(60);
    for named in [
        None,
        Some(Packing::Gzip),
        Some(Packing::Deflate),
        Some(Packing::Brotli),
        Some(Packing::Zstd),
    ] {
        for body in [
            TEXT,
            b"",
            b"[",
            b"[]",
            b"{\"a\":1}",
            page.as_bytes(),
            b"caf\xe9;1\r\n",
            b"\xef\xbb\xbf[]",
        ] {
            assert_eq!(
                unpacked(body, named).as_deref(),
                Ok(body),
                "{named:?} {body:x?}"
            );
        }
    }
}

#[test]
fn members_and_frames_follow_each_other() {
    let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
    let twice = [TEXT, TEXT].concat();
    assert_eq!(
        unpacked(&[gzip(TEXT), gzip(b""), gzip(TEXT)].concat(), None),
        Ok(twice.clone())
    );
    assert_eq!(
        unpacked(&[zstd(TEXT), skipped.clone(), zstd(TEXT)].concat(), None),
        Ok(twice)
    );
    assert_eq!(
        unpacked(&[skipped, zstd(TEXT)].concat(), Some(Packing::Zstd)).as_deref(),
        Ok(TEXT)
    );
}

#[test]
fn padding_is_passed_over_and_nothing_else_is() {
    for padding in [&[0; 512][..], b"\n", b"\r\n"] {
        assert_eq!(
            unpacked(&[gzip(TEXT), padding.to_vec()].concat(), None).as_deref(),
            Ok(TEXT)
        );
        assert_eq!(
            unpacked(
                &[zlib(TEXT), padding.to_vec()].concat(),
                Some(Packing::Deflate)
            )
            .as_deref(),
            Ok(TEXT)
        );
        assert_eq!(
            unpacked(&[gzip(TEXT), padding.to_vec(), gzip(TEXT)].concat(), None),
            Ok([TEXT, TEXT].concat())
        );
    }
    for more in [&b"[]"[..], b"\x1f", b"\0\0\x1f\x8b"] {
        assert!(
            unpacked(&[gzip(TEXT), more.to_vec()].concat(), None).is_err(),
            "{more:x?}"
        );
    }
}

#[test]
fn what_is_cut_or_damaged_is_never_a_shorter_body() {
    let packed = [
        (gzip(TEXT), Packing::Gzip),
        ([gzip(TEXT), gzip(TEXT)].concat(), Packing::Gzip),
        (zlib(TEXT), Packing::Deflate),
        (raw(TEXT), Packing::Deflate),
        (zstd(TEXT), Packing::Zstd),
        (brotli(), Packing::Brotli),
    ];
    for (body, packing) in packed {
        for length in 20..body.len() {
            // Behind the first member alone there is nothing to see.
            let is_member = packing == Packing::Gzip && length == gzip(TEXT).len();
            assert!(
                is_member || unpacked(&body[..length], Some(packing)).is_err(),
                "{packing:?} cut to {length}"
            );
        }
    }
    let mut wrong = gzip(TEXT);
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    assert!(unpacked(&wrong, None).unwrap_err().contains("checksum"));
}

#[test]
fn every_part_of_a_gzip_head_is_passed_over() {
    let plain = gzip(TEXT);
    let mut head = plain[..10].to_vec();
    head[3] = 2 | 4 | 8 | 16;
    let parts: [&[u8]; 6] = [
        &head,
        b"\x03\0abc",
        b"jobs.json\0",
        b"\0",
        b"\x01\x02",
        &plain[10..],
    ];
    assert_eq!(unpacked(&parts.concat(), None).as_deref(), Ok(TEXT));
    head[3] = 4;
    assert_eq!(
        unpacked(&[&head[..], b"\0\0", &plain[10..]].concat(), None).as_deref(),
        Ok(TEXT)
    );
}

#[test]
fn the_names_of_packings_are_known_in_every_spelling() {
    for name in ["gzip", "GZIP", "x-gzip", " gzip ", "gzip;q=1"] {
        assert_eq!(Packing::of_name(name), Some(Packing::Gzip), "{name}");
    }
    for name in [
        "identity",
        "none",
        "utf-8",
        "",
        "chunked",
        "application/gzip",
    ] {
        assert_eq!(Packing::of_name(name), None, "{name}");
    }
}

#[test]
fn a_bomb_gives_no_more_than_is_asked_for() {
    for body in [gzip(&vec![0; 30_000_000]), zstd(&vec![0; 30_000_000])] {
        let mut some = Vec::new();
        PackingLayer::new(&body[..], None)
            .take(100_000)
            .read_to_end(&mut some)
            .unwrap();
        assert_eq!(some.len(), 100_000);
    }
}
