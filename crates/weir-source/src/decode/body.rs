//! Turns bodies and files into UTF-8 text: decompressed according to their bytes (gzip, zstd, zip),
//! and converted from whatever character set they are in. Each layer of compression is undone once,
//! and only while the output stays in proportion to the input.

use super::UnreadCause;
use super::rewrite::{RewrittenReader, TextRewrite};
use super::utf8::{MostlyUtf8, can_help_out};
use super::wide::{CharacterWidth, FourBytes, width};
use crate::unpack::{Packing, PackingLayer};
use encoding_rs::{CoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

/// How much more may come out of a packed body than goes in, once that is more than a little.
const MOST_RATIO: u64 = 200;
/// How much may come out before the proportion counts.
const LITTLE: u64 = 1024 * 1024;
/// How far a declaration of the character set is looked for.
const HEAD: usize = 1024;

/// The declared character set of a body.
#[derive(Debug, Clone, Copy)]
pub struct Charset {
    /// Which.
    pub encoding: &'static Encoding,
    /// Whether valid UTF-8 takes precedence over it.
    pub yields: bool,
}

/// Calls `read` with each text of a body: one, or each file of a zip.
///
/// # Errors
/// The body cannot be decompressed, or the error of `read`.
pub fn each_text(
    reader: &mut dyn Read,
    charset: Option<Charset>,
    read: &mut dyn FnMut(&mut dyn BufRead) -> Result<bool, UnreadCause>,
) -> Result<(), UnreadCause> {
    let packed = Rc::new(Cell::new(0));
    let mut plain = headed(CountedReader {
        inner: reader,
        bytes: Rc::clone(&packed),
    });
    let head = plain.fill_buf()?;
    if head.starts_with(b"PK\x03\x04") {
        return each_file(&mut plain, &packed, charset, read);
    }
    if Packing::of_bytes(head).is_some() {
        return as_text(
            BoundedUnpacker {
                inner: PackingLayer::new(plain, None),
                out: &mut 0,
                packed,
            },
            charset,
            read,
        )
        .map(|_| ());
    }
    as_text(plain, charset, read).map(|_| ())
}

/// The files of a zip. Its directory is at its end, and writers that do not know sizes beforehand
/// put them there alone: so it is stored in a file without a name first.
fn each_file(
    reader: &mut dyn Read,
    packed: &Rc<Cell<u64>>,
    charset: Option<Charset>,
    read: &mut dyn FnMut(&mut dyn BufRead) -> Result<bool, UnreadCause>,
) -> Result<(), UnreadCause> {
    let mut stored = tempfile::tempfile()?;
    io::copy(reader, &mut stored)?;
    let mut archive =
        zip::ZipArchive::new(BufReader::new(stored)).map_err(|error| error.to_string())?;
    // Counts all files together: each alone could be a hundred times larger than the archive.
    let mut out = 0;
    for number in 0..archive.len() {
        let file = archive
            .by_index(number)
            .map_err(|error| error.to_string())?;
        if !file.is_file() || file.name().is_ok_and(|name| is_hidden(&name)) {
            continue;
        }
        let file = BoundedUnpacker {
            inner: PackingLayer::new(file, None),
            out: &mut out,
            packed: Rc::clone(packed),
        };
        if !as_text(file, charset, read)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Files that operating systems add to archives: `__MACOSX/._jobs.json`, `.DS_Store`.
fn is_hidden(name: &str) -> bool {
    name.starts_with("__MACOSX/")
        || name
            .rsplit(['/', '\\'])
            .next()
            .is_some_and(|name| name.starts_with('.'))
}

fn as_text(
    reader: impl Read,
    charset: Option<Charset>,
    read: &mut dyn FnMut(&mut dyn BufRead) -> Result<bool, UnreadCause>,
) -> Result<bool, UnreadCause> {
    let mut reader = headed(reader);
    let head = reader.fill_buf()?;
    let (width, mark) = width(head);
    let is_marked = head.starts_with(b"\xef\xbb\xbf");
    let looks_like_utf8 = is_utf8(head);
    let yields = charset.is_some_and(|charset| charset.yields);
    // A label that claims a wide character set is wrong if the text has no wide character.
    let fits =
        |encoding: &&'static Encoding| !looks_like_utf8 || ![UTF_16LE, UTF_16BE].contains(encoding);
    let encoding = match width {
        CharacterWidth::Two(encoding) => Some(encoding),
        CharacterWidth::Narrow if !is_marked => charset
            .map(|charset| charset.encoding)
            .or_else(|| declared(head))
            .filter(fits),
        _ => None,
    };
    reader.consume(if is_marked { 3 } else { mark });
    match (width, encoding.filter(|encoding| *encoding != UTF_8)) {
        (CharacterWidth::Four { is_big }, _) => read(&mut headed(RewrittenReader::new(
            reader,
            FourBytes::new(is_big),
        ))),
        (CharacterWidth::Narrow, Some(encoding)) if yields && can_help_out(encoding) => read(
            &mut headed(RewrittenReader::new(reader, MostlyUtf8::new(encoding))),
        ),
        (CharacterWidth::Narrow, Some(_)) if yields && looks_like_utf8 => read(&mut reader),
        (_, Some(encoding)) => read(&mut headed(RewrittenReader::new(
            reader,
            Utf8Transcoder::new(encoding),
        ))),
        (_, None) => read(&mut reader),
    }
}

/// Whether bytes are UTF-8 text, possibly with a truncated last character: other multi-byte sets
/// contain NUL or escapes, or are invalid UTF-8.
fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
        && !bytes.iter().any(|byte| matches!(byte, 0 | 0x1b))
}

/// A reader with its first bytes buffered, however few arrive at a time: they determine the format.
fn headed<R: Read>(mut inner: R) -> BufReader<HeadedReader<R>> {
    let mut head = Vec::with_capacity(HEAD);
    let broken = (&mut inner).take(HEAD as u64).read_to_end(&mut head).err();
    BufReader::with_capacity(
        64 * 1024,
        HeadedReader {
            head: Cursor::new(head),
            broken,
            inner,
        },
    )
}

/// The character set that XML or HTML declares for itself.
fn declared(head: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&head[..head.len().min(HEAD)]).to_lowercase();
    let after = |mark: &str| {
        head.split_once(mark)
            .map(|(_, rest)| rest.trim_start_matches(['=', '"', '\'', ' ']))
    };
    let rest = match head.trim_start() {
        xml if xml.starts_with("<?xml") => after("encoding")?,
        page if page.starts_with('<') => after("<meta").and_then(|_| after("charset"))?,
        _ => return None,
    };
    let name: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || "-_:.".contains(*letter))
        .collect();
    Encoding::for_label(name.as_bytes())
}

/// What was read ahead, then how that ended, then the rest.
struct HeadedReader<R> {
    head: Cursor<Vec<u8>>,
    broken: Option<io::Error>,
    inner: R,
}

impl<R: Read> Read for HeadedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => self
                .broken
                .take()
                .map_or_else(|| self.inner.read(buffer), Err),
            count => Ok(count),
        }
    }
}

/// Counts what goes through.
struct CountedReader<'r> {
    inner: &'r mut dyn Read,
    bytes: Rc<Cell<u64>>,
}

impl Read for CountedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// Unpacks, and stops when what comes out is out of proportion.
struct BoundedUnpacker<'o, R> {
    inner: R,
    out: &'o mut u64,
    packed: Rc<Cell<u64>>,
}

impl<R: Read> Read for BoundedUnpacker<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        *self.out += read as u64;
        if *self.out > LITTLE && *self.out / MOST_RATIO > self.packed.get() {
            return Err(io::Error::other(UnreadCause::Beyond(format!(
                "it decompresses to more than {MOST_RATIO} times its size"
            ))));
        }
        Ok(read)
    }
}

/// Transcodes text to UTF-8; invalid bytes become U+FFFD.
struct Utf8Transcoder {
    decoder: encoding_rs::Decoder,
}

impl Utf8Transcoder {
    fn new(encoding: &'static Encoding) -> Utf8Transcoder {
        Utf8Transcoder {
            decoder: encoding.new_decoder_without_bom_handling(),
        }
    }

    fn decode(&mut self, mut bytes: &[u8], is_last: bool, out: &mut Vec<u8>) {
        let mut room = [0; 4096];
        loop {
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut room, is_last);
            out.extend_from_slice(&room[..written]);
            bytes = &bytes[read..];
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

impl TextRewrite for Utf8Transcoder {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.decode(bytes, false, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.decode(&[], true, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn texts(bytes: &[u8], charset: Option<&str>) -> Result<Vec<String>, UnreadCause> {
        let mut all = Vec::new();
        let charset = charset
            .and_then(|name| Encoding::for_label(name.as_bytes()))
            .map(|encoding| Charset {
                encoding,
                yields: false,
            });
        each_text(&mut &bytes[..], charset, &mut |reader| {
            let mut text = String::new();
            reader.read_to_string(&mut text)?;
            all.push(text);
            Ok(true)
        })?;
        Ok(all)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn character_sets_are_found_or_told() {
        assert_eq!(texts(b"\xef\xbb\xbfa", None).unwrap(), ["a"]);
        assert_eq!(texts(b"\xff\xfea\0\xe9\0", None).unwrap(), ["a\u{e9}"]);
        assert_eq!(texts(b"caf\xe9", Some("windows-1252")).unwrap(), ["café"]);
        assert_eq!(
            texts(
                b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
                None
            )
            .unwrap(),
            ["<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>"]
        );
        assert_eq!(
            texts("<meta charset=\"utf-8\">é".as_bytes(), None).unwrap(),
            ["<meta charset=\"utf-8\">é"]
        );
        assert!(texts(b"caf\xe9", None).is_err());
        // Text in JSON that mentions a page says nothing about the JSON.
        assert_eq!(
            texts("[\"<meta charset=latin1>é\"]".as_bytes(), None).unwrap(),
            ["[\"<meta charset=latin1>é\"]"]
        );
    }

    #[test]
    fn wide_letters_are_seen_with_a_mark_and_without() {
        let text = "<?xml version='1.0' encoding='UTF-16'?><a>é\u{1f600}</a>";
        let two =
            |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let four = |order: fn(u32) -> [u8; 4]| {
            text.chars()
                .flat_map(|letter| order(u32::from(letter)))
                .collect::<Vec<u8>>()
        };
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        let (big, little, wide, narrow) = (
            two(u16::to_be_bytes),
            two(u16::to_le_bytes),
            four(u32::to_be_bytes),
            four(u32::to_le_bytes),
        );
        let all = [
            marked(b"\xfe\xff", &big),
            marked(b"\xff\xfe", &little),
            marked(b"\0\0\xfe\xff", &wide),
            marked(b"\xff\xfe\0\0", &narrow),
            big,
            little,
            wide,
            narrow,
            // An unknown label is ignored.
            text.as_bytes().to_vec(),
        ];
        for (bytes, label) in all
            .iter()
            .flat_map(|bytes| [(bytes, None), (bytes, Some("utf-16"))])
        {
            assert_eq!(
                texts(bytes, label).unwrap(),
                [text],
                "{bytes:?} as {label:?}"
            );
        }
        assert_eq!(
            texts(b"id,title\n1,a\n", Some("utf-16le")).unwrap(),
            ["id,title\n1,a\n"]
        );
    }

    /// Gives a byte at a time.
    struct ByteDrip<'b>(&'b [u8]);

    impl Read for ByteDrip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(buffer.len()).min(1);
            self.0.read(&mut buffer[..count])
        }
    }

    #[test]
    fn what_a_body_is_does_not_hang_on_how_it_comes() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>".as_slice();
        for whole in [latin, b"\xff\xfea\0\xe9\0", &gzip(latin), b"\xef\xbb\xbfa"] {
            let mut dripped = Vec::new();
            each_text(&mut ByteDrip(whole), None, &mut |reader| {
                let mut text = String::new();
                reader.read_to_string(&mut text)?;
                dripped.push(text);
                Ok(true)
            })
            .unwrap();
            assert_eq!(dripped, texts(whole, None).unwrap());
        }
    }

    #[test]
    fn packed_bodies_are_unpacked_in_proportion() {
        assert_eq!(texts(&gzip(b"hello"), None).unwrap(), ["hello"]);
        let bomb = texts(&gzip(&vec![0; 50_000_000]), None).unwrap_err();
        assert!(
            matches!(&bomb, UnreadCause::Beyond(why) if why.contains("times its size")),
            "{bomb}"
        );
        let half = gzip(b"hello, hello");
        assert!(texts(&half[..half.len() - 4], None).is_err());
    }

    #[test]
    fn the_files_of_a_zip_follow_each_other() {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for name in ["a.json", "b.json"] {
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
        assert_eq!(
            texts(&zip.finish().unwrap().into_inner(), None).unwrap(),
            ["a.json", "b.json"]
        );
        assert!(texts(b"PK\x03\x04broken", None).is_err());
    }
}
