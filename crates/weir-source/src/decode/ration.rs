//! Limits how much may be read between two marks. A row, an element or a text that never ends is
//! reported before it fills the memory, however large the body may be as a whole.

use super::UnreadCause;
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// What is left until the next mark; shared with whatever sets the marks.
#[derive(Clone)]
pub(super) struct ByteRation {
    left: Rc<Cell<u64>>,
    most: u64,
}

impl ByteRation {
    /// So many bytes between two marks.
    pub(super) fn new(most: u64) -> ByteRation {
        ByteRation {
            left: Rc::new(Cell::new(most)),
            most,
        }
    }

    /// Sets a mark: the limit applies anew.
    pub(super) fn renew(&self) {
        self.left.set(self.most);
    }

    /// Lifts the limit until the next mark: nothing is held in between.
    pub(super) fn lift(&self) {
        self.left.set(u64::MAX);
    }

    /// A reader that keeps to it; `what` it is that would be too large.
    pub(super) fn over<R>(&self, inner: R, what: &'static str) -> RationedReader<R> {
        RationedReader {
            inner,
            ration: self.clone(),
            what,
        }
    }
}

/// A reader that keeps to a ration.
pub(super) struct RationedReader<R> {
    inner: R,
    ration: ByteRation,
    what: &'static str,
}

impl<R> RationedReader<R> {
    fn check(&self) -> io::Result<()> {
        let most = self.ration.most / 1024 / 1024;
        let over = || {
            io::Error::other(UnreadCause::Beyond(format!(
                "{} is larger than {most} MiB",
                self.what
            )))
        };
        if self.ration.left.get() == 0 {
            Err(over())
        } else {
            Ok(())
        }
    }

    fn spend(&self, count: usize) {
        self.ration
            .left
            .set(self.ration.left.get().saturating_sub(count as u64));
    }
}

impl<R: Read> Read for RationedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let count = self.inner.read(buffer)?;
        self.spend(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for RationedReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.spend(count);
        self.inner.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BodyDecoder, BodyFacts, CsvSpec, DecoderKind, csv, json, sitemap, xml};
    use super::*;
    use crate::decode::XmlSpec;

    /// A text that never ends: a beginning, then one character forever.
    struct EndlessText(&'static [u8], u64);

    impl Read for EndlessText {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += buffer.len() as u64;
            assert!(self.1 < 512 * 1024 * 1024, "it is read and read");
            if self.0.is_empty() {
                buffer.fill(b'x');
                return Ok(buffer.len());
            }
            self.0.read(buffer)
        }
    }

    #[test]
    fn what_never_ends_is_told() {
        let json = DecoderKind::Json(json::JsonShape {
            records: None,
            count: None,
        });
        let cases: [(DecoderKind, &[u8]); 8] = [
            (json, b"[{\"id\": \""),
            (
                DecoderKind::Csv(csv::CsvDialect::new(&CsvSpec::default())),
                b"a,b\n1,\"",
            ),
            (
                DecoderKind::Xml(xml::XmlDecoder::of(&XmlSpec::default(), &["job"])),
                b"<source><job a=\"",
            ),
            (
                DecoderKind::Xml(xml::XmlDecoder::of(&XmlSpec::default(), &["job"])),
                b"<source><!-- ",
            ),
            (DecoderKind::Feed, b"<rss><channel><item><title><![CDATA["),
            (
                DecoderKind::Sitemap(sitemap::Sitemap::default()),
                b"https://a.example/",
            ),
            (DecoderKind::Ndjson, b"{\"id\": \""),
            (DecoderKind::JsonLd("JobPosting".to_owned()), b"<html>"),
        ];
        for (kind, start) in cases {
            let ended = BodyDecoder { kind }.decode(
                &mut EndlessText(start, 0),
                &BodyFacts::default(),
                &[],
                &mut |_| true,
            );
            let Err(UnreadCause::Beyond(why)) = ended else {
                panic!("{ended:?}")
            };
            assert!(
                why.contains("larger than") || why.contains("longer than"),
                "{why}"
            );
        }
    }

    #[test]
    fn what_is_passed_over_may_be_as_large_as_it_likes() {
        let records = crate::jsonpath::JsonPath::parse("$.jobs[*]").ok();
        let decoder = BodyDecoder {
            kind: DecoderKind::Json(json::JsonShape {
                records,
                count: None,
            }),
        };
        let ballast = vec![b'x'; 80 * 1024 * 1024];
        let mut body = (&b"{\"ballast\": \""[..])
            .chain(&ballast[..])
            .chain(&b"\", \"jobs\": [{\"id\": 1}]}"[..]);
        let mut items = 0;
        let found = decoder.decode(&mut body, &BodyFacts::default(), &[], &mut |_| {
            items += 1;
            true
        });
        assert_eq!((items, found.map(|found| found.place_found)), (1, Ok(true)));
    }
}
