//! Bytes to records. Whatever a source provides (JSON, CSV, XML, feeds, pages) becomes one JSON
//! document per ad, so one mapping grammar reads them all. Records are streamed; at most one record
//! is held in memory, or one page of HTML.
//!
//! A decoder never uses the network and never decides what is missing. It passes on unreadable
//! records as such; a text that breaks off is an error, because what would have followed is
//! unknown. To add a format: a file here, a variant in [`DecodeSpec`] and [`DecoderKind`], an arm
//! in `compile` and `read`, and its settings and seeds in `fuzz`.

mod body;
mod csv;
mod entity;
mod feed;
#[cfg(test)]
mod fuzz;
mod html;
pub mod json;
mod json_ld;
mod json_text;
mod loose;
mod posting;
mod posting_sections;
mod ration;
mod rewrite;
mod rows;
mod sitemap;
mod spec;
mod utf8;
mod wide;
mod xml;
mod xml_element;
mod xml_walk;

pub use json::{DecodeSummary, DecodedItem};
pub use json_ld::BLOCKS as JSON_LD_BLOCKS;
pub use sitemap::SitemapSpec;
pub use spec::{
    BareFormatSpec, CsvSpec, DecodeSpec, HtmlSpec, JsonLdSpec, ScriptSpec, XmlSpec, charset,
};
pub use xml_element::MARKUP;

use crate::jsonpath::JsonPath;
use crate::markup::{CssPath, TooDeep};
use encoding_rs::Encoding;
use regex::Regex;
use serde_json::Value as Json;
use spec::{names_of, plain_selector};
use std::io::{self, BufRead, Read};

/// How a body or file is read, compiled.
#[derive(Debug, Clone)]
pub struct BodyDecoder {
    kind: DecoderKind,
}

#[derive(Debug, Clone)]
enum DecoderKind {
    Json(json::JsonShape),
    Ndjson,
    Csv(csv::CsvDialect),
    Xml(xml::XmlDecoder),
    Feed,
    Html(html::HtmlCards),
    Script(html::HtmlScript, json::JsonShape),
    JsonLd(String),
    Sitemap(sitemap::Sitemap),
}

/// Where a value is in a body outside the records.
#[derive(Debug, Clone)]
pub enum ValueSpot {
    /// At a path.
    Path(JsonPath),
    /// Where a selector finds it.
    Css(CssPath),
    /// Where a regular expression finds it.
    Match(Regex),
}

/// What is known of a body.
#[derive(Debug, Clone, Copy, Default)]
pub struct BodyFacts<'a> {
    /// From where it came: relative links lead from there.
    pub url: Option<&'a str>,
    /// The declared character set.
    pub charset: Option<&'a str>,
    /// Whether only the end of the connection ended it: then a text whose last line has no break
    /// may have been cut.
    pub is_open_ended: bool,
    /// Whether other pages may follow, so that it matters what surrounds the ads.
    pub is_of_many: bool,
}

/// Why the records of a body could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadCause {
    /// It breaks off, or has the wrong content; a retry may help.
    #[error("{0}")]
    Broken(String),
    /// It is larger or deeper than is ever read, and will be so the next time.
    #[error("{0}")]
    Beyond(String),
}

impl UnreadCause {
    /// What an error of a reader means, which may be a limit of one here.
    fn of(error: &io::Error) -> UnreadCause {
        let limit = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<UnreadCause>())
            .cloned();
        limit.unwrap_or_else(|| UnreadCause::Broken(error.to_string()))
    }

    /// The same, with another message.
    #[must_use]
    pub fn told(self, words: impl FnOnce(String) -> String) -> UnreadCause {
        match self {
            UnreadCause::Broken(why) => UnreadCause::Broken(words(why)),
            UnreadCause::Beyond(why) => UnreadCause::Beyond(words(why)),
        }
    }
}

impl From<String> for UnreadCause {
    fn from(why: String) -> UnreadCause {
        UnreadCause::Broken(why)
    }
}

impl From<&str> for UnreadCause {
    fn from(why: &str) -> UnreadCause {
        UnreadCause::Broken(why.to_owned())
    }
}

impl From<TooDeep> for UnreadCause {
    fn from(deep: TooDeep) -> UnreadCause {
        UnreadCause::Beyond(deep.to_string())
    }
}

impl From<UnreadCause> for String {
    fn from(unread: UnreadCause) -> String {
        unread.to_string()
    }
}

impl From<io::Error> for UnreadCause {
    fn from(error: io::Error) -> UnreadCause {
        UnreadCause::of(&error)
    }
}

/// The first text of a body, decompressed and in UTF-8 if it declares its character set; at most
/// `most` bytes.
///
/// # Errors
/// It cannot be decompressed.
pub fn first_text(mut body: &[u8], most: u64) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    body::each_text(&mut body, None, &mut |reader| {
        (&mut *reader).take(most).read_to_end(&mut text)?;
        Ok(false)
    })?;
    Ok(text)
}

/// Why the last line of a body without a stated length is not trusted.
const UNENDED: &str =
    "the last line has no line break, and nothing says how long the body is: it may be truncated";

/// Most bytes of a page that is held whole.
const MOST_OF_A_PAGE: u64 = 32 * 1024 * 1024;

impl BodyDecoder {
    /// Extracts the records of a body, and the values outside them. `put` returns `false` to stop.
    ///
    /// # Errors
    /// It has the wrong content, or breaks off; earlier records have been put.
    pub fn decode(
        &self,
        reader: &mut dyn Read,
        body: &BodyFacts,
        spots: &[ValueSpot],
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        let encoding = body
            .charset
            .and_then(|name| Encoding::for_label(name.as_bytes()));
        let charset = encoding.map(|encoding| body::Charset {
            encoding,
            yields: matches!(self.kind, DecoderKind::Json(_) | DecoderKind::Ndjson),
        });
        let mut all: Option<DecodeSummary> = None;
        let mut stopped = false;
        let mut put = |item: DecodedItem| {
            stopped = !put(item);
            !stopped
        };
        let mut read = |text: &mut dyn BufRead| -> Result<bool, UnreadCause> {
            let found = self.read(text, body, spots, &mut put)?;
            all = Some(match all.take() {
                None => found,
                Some(before) => before.and(found),
            });
            Ok(true)
        };
        body::each_text(reader, charset, &mut read)?;
        all.ok_or_else(|| UnreadCause::Broken("it is empty".to_owned()))
    }

    fn read(
        &self,
        text: &mut dyn BufRead,
        body: &BodyFacts,
        spots: &[ValueSpot],
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        match &self.kind {
            DecoderKind::Json(shape) => {
                let paths: Vec<&JsonPath> = spots
                    .iter()
                    .filter_map(|spot| {
                        if let ValueSpot::Path(path) = spot {
                            Some(path)
                        } else {
                            None
                        }
                    })
                    .collect();
                json::records(text, shape, &paths, put)
            }
            DecoderKind::Ndjson => json::lines(text, put),
            DecoderKind::Csv(csv) => csv.read(text, body, put),
            DecoderKind::Xml(xml) => xml.read(text, body, spots, put),
            DecoderKind::Feed => feed::read(text, body, spots, put),
            DecoderKind::Sitemap(sitemap) => sitemap.read(text, body, put),
            DecoderKind::Html(cards) => cards.read(&whole(text)?, body, spots, put),
            DecoderKind::Script(script, shape) => {
                let page = whole(text)?;
                let paths: Vec<&JsonPath> = spots
                    .iter()
                    .filter_map(|spot| {
                        if let ValueSpot::Path(path) = spot {
                            Some(path)
                        } else {
                            None
                        }
                    })
                    .collect();
                json::records(script.json(&page)?.as_bytes(), shape, &paths, put)
            }
            DecoderKind::JsonLd(kind) => {
                let page = whole(text)?;
                let found = json_ld::read(&page, kind, body, put)?;
                Ok(DecodeSummary {
                    taken: html::taken(&page, body, spots),
                    ..found
                })
            }
        }
    }

    /// Whether it reads web pages, so that one is expected.
    pub fn reads_markup(&self) -> bool {
        matches!(
            self.kind,
            DecoderKind::Html(_) | DecoderKind::Script(..) | DecoderKind::JsonLd(_)
        )
    }

    /// Whether it selects cards from pages: the page after the end of such a list has none.
    pub fn reads_cards(&self) -> bool {
        matches!(self.kind, DecoderKind::Html(_) | DecoderKind::JsonLd(_))
    }

    /// The message if no record is found: it names what the author wrote, or else what a body of
    /// this type contains.
    pub fn absence(&self, records: Option<&str>) -> String {
        match (&self.kind, records) {
            (DecoderKind::JsonLd(kind), _) => format!("its JSON-LD contains no `{kind}`"),
            (DecoderKind::Sitemap(_), _) => sitemap::ABSENCE.to_owned(),
            (DecoderKind::Feed, _) => "it is not a feed (RSS, Atom or JSON Feed)".to_owned(),
            (_, Some(records)) => format!("there is nothing at `{records}`"),
            (_, None) => format!(
                "no records found in this {}; set `records` to their location",
                self.explain()
            ),
        }
    }

    /// Whether its records are elements of XML.
    pub fn reads_elements(&self) -> bool {
        matches!(
            self.kind,
            DecoderKind::Xml(_) | DecoderKind::Feed | DecoderKind::Sitemap(_)
        )
    }

    /// A short name of what it reads.
    pub fn explain(&self) -> &'static str {
        match self.kind {
            DecoderKind::Json(_) => "JSON",
            DecoderKind::Ndjson => "NDJSON",
            DecoderKind::Csv(_) => "CSV",
            DecoderKind::Xml(_) => "XML",
            DecoderKind::Feed => "a feed",
            DecoderKind::Html(_) => "HTML",
            DecoderKind::Script(..) => "JSON in a page",
            DecoderKind::JsonLd(_) => "JSON-LD",
            DecoderKind::Sitemap(_) => "a sitemap",
        }
    }
}

impl DecodeSummary {
    /// What two texts of one body held.
    fn and(self, other: DecodeSummary) -> DecodeSummary {
        let stated = match (self.stated, other.stated) {
            (Some(one), Some(more)) => Some(one + more),
            (one, more) => one.or(more),
        };
        let uncounted = self
            .uncounted
            .or(other.uncounted)
            .filter(|_| stated.is_none());
        let pages = self.pages.into_iter().chain(other.pages).collect();
        let notes = self.notes.into_iter().chain(other.notes).collect();
        let doubts = self.doubts.into_iter().chain(other.doubts).collect();
        DecodeSummary {
            stated,
            uncounted,
            place_found: self.place_found && other.place_found,
            taken: self.taken,
            pages,
            notes,
            doubts,
            columns: self.columns,
            frame: self.frame.or(other.frame),
        }
    }
}

/// A whole page; invalid bytes become U+FFFD, as in browsers.
fn whole(text: &mut dyn BufRead) -> Result<String, UnreadCause> {
    let mut bytes = Vec::new();
    text.take(MOST_OF_A_PAGE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_OF_A_PAGE {
        return Err(UnreadCause::Beyond(format!(
            "the page is larger than {} MiB",
            MOST_OF_A_PAGE / 1024 / 1024
        )));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first whole number in a text, thousands apart or not: `1,204 jobs`.
fn first_number(text: &str) -> Option<i64> {
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    let digits: String = text[start..]
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || matches!(letter, ',' | '\u{a0}'))
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

/// A record of a JSON value.
fn record(value: &Json) -> DecodedItem {
    DecodedItem::Record(value.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_texts() {
        assert_eq!(
            (
                first_number("1,204 jobs found"),
                first_number("Jobs: 17."),
                first_number("none")
            ),
            (Some(1204), Some(17), None)
        );
    }
}
