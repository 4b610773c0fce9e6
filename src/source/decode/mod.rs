//! Bytes to records. Whatever a source gives (JSON, CSV, XML, feeds, pages) becomes one JSON document an ad, so that one mapping grammar reads
//! them all. Records come out as a stream; held is one record at most, of HTML one page.
//!
//! A decoder never asks the network and never judges what is missing. What it cannot read it hands on as unreadable, and a text that breaks off
//! is an error, for then nobody knows what would have followed. To add a kind: a file here, a variant in [`DecodeSpec`] and [`Kind`], an arm
//! in `compile` and `read`.

mod body;
mod csv;
mod feed;
mod html;
pub mod json;
mod json_ld;
mod sitemap;
mod xml;

pub use json::{Found, Item};

use super::file::{count_path, json_path, records_path};
use super::steps::selector;
use crate::diagnostic::{Diagnostics, Place};
use crate::jsonpath::{Path, Step};
use crate::markup::Css;
use crate::yaml::{Located, Text};
use encoding_rs::Encoding;
use indexmap::IndexMap;
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read};

/// How a body or file is read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "format", rename_all = "snake_case", deny_unknown_fields)]
pub enum DecodeSpec {
    /// JSON.
    Json(PlainSpec),
    /// JSON, a record a line.
    Ndjson(PlainSpec),
    /// Rows of texts.
    Csv(CsvSpec),
    /// XML.
    Xml(XmlSpec),
    /// RSS, Atom or JSON Feed.
    Feed(PlainSpec),
    /// HTML.
    Html(HtmlSpec),
    /// JSON inside a page.
    Script(ScriptSpec),
    /// JSON-LD inside a page.
    JsonLd(JsonLdSpec),
    /// A sitemap, or an index of sitemaps.
    Sitemap(PlainSpec),
}

/// A format without settings.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlainSpec {}

/// CSV and its dialects.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvSpec {
    /// What stands between the columns.
    delimiter: char,
    /// What stands around texts.
    quote: char,
    /// Names of the columns, where the file has none.
    header: Vec<String>,
    /// Lines before the header.
    skip: usize,
    /// Lines that begin with it are left out.
    comment: Option<char>,
    /// Columns that hold lists, and what separates their items.
    lists: IndexMap<String, String>,
}

impl Default for CsvSpec {
    fn default() -> CsvSpec {
        CsvSpec { delimiter: ',', quote: '"', header: Vec::new(), skip: 0, comment: None, lists: IndexMap::new() }
    }
}

/// XML.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct XmlSpec {
    /// Elements that are lists even when there is only one.
    lists: Vec<String>,
    /// Prefixes of our own for namespaces.
    namespaces: IndexMap<String, String>,
}

/// HTML.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HtmlSpec {
    /// What is left out of a record.
    drop: Option<Vec<Text>>,
    /// What a page shows that holds no ad: then none is no fault.
    empty: Option<Text>,
}

/// JSON inside a page.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptSpec {
    /// The script: `#__NEXT_DATA__`.
    css: Option<Text>,
    /// The text before the JSON: `window.__DATA__ =`.
    after: Option<Located<String>>,
}

/// JSON-LD inside a page.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsonLdSpec {
    /// The type of the objects (`JobPosting`).
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Default for DecodeSpec {
    fn default() -> DecodeSpec {
        DecodeSpec::Json(PlainSpec {})
    }
}

/// How a body or file is read, compiled.
#[derive(Debug, Clone)]
pub struct Decoder {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Json(json::Shape),
    Ndjson,
    Csv(csv::Csv),
    Xml(xml::Xml),
    Feed,
    Html(html::Cards),
    Script(html::Script, json::Shape),
    JsonLd(String),
    Sitemap,
}

/// Where a value stands in a body beside the records.
#[derive(Debug, Clone)]
pub enum Spot {
    /// At a path.
    Path(Path),
    /// Where a selector finds it.
    Css(Css),
    /// Where a regular expression finds it.
    Match(Regex),
}

/// What is known of a body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Body<'a> {
    /// From where it came: relative links lead from there.
    pub url: Option<&'a str>,
    /// The character set that it is said to be in.
    pub charset: Option<&'a str>,
}

/// Most bytes of a page that is held whole.
const MOST_OF_A_PAGE: u64 = 32 * 1024 * 1024;

impl DecodeSpec {
    /// Compiles it; problems go to `out`, those without a place of their own at `place`.
    pub fn compile(spec: &DecodeSpec, place: &Place, records: Option<&Text>, count: Option<&Text>, out: &mut Diagnostics) -> Option<Decoder> {
        let kind = match spec {
            DecodeSpec::Json(_) => Kind::Json(shape(records, count, out)?),
            DecodeSpec::Script(script) => {
                let (script, shape) = (html::Script::compile(script, place, out), shape(records, count, out));
                Kind::Script(script?, shape?)
            }
            DecodeSpec::Xml(xml) => Kind::Xml(xml::Xml::compile(xml, place, records, count, out)?),
            DecodeSpec::Html(html) => Kind::Html(html::Cards::compile(html, records, count, out)?),
            DecodeSpec::Csv(csv) => {
                refuse(records.or(count), "a row of a table is a record", out)?;
                Kind::Csv(csv::Csv::new(csv))
            }
            DecodeSpec::Ndjson(_) => {
                refuse(records.or(count), "a line is a record", out)?;
                Kind::Ndjson
            }
            DecodeSpec::Feed(_) => {
                refuse(records.or(count), "the items of a feed are found by themselves", out)?;
                Kind::Feed
            }
            DecodeSpec::JsonLd(json_ld) => {
                refuse(records.or(count), "objects of the type are found wherever they stand", out)?;
                Kind::JsonLd(json_ld.kind.clone().unwrap_or_else(|| "JobPosting".to_owned()))
            }
            DecodeSpec::Sitemap(_) => {
                refuse(records.or(count), "the pages of a sitemap are found by themselves", out)?;
                Kind::Sitemap
            }
        };
        Some(Decoder { kind })
    }

    /// What the name of a file suggests.
    pub fn of_name(name: &str) -> DecodeSpec {
        let name = name.to_lowercase();
        let name = name.strip_suffix(".gz").or(name.strip_suffix(".zip")).unwrap_or(&name);
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("ndjson" | "jsonl") => DecodeSpec::Ndjson(PlainSpec {}),
            Some("csv") => DecodeSpec::Csv(CsvSpec::default()),
            Some("tsv" | "tab") => DecodeSpec::Csv(CsvSpec { delimiter: '\t', ..CsvSpec::default() }),
            Some("xml") => DecodeSpec::Xml(XmlSpec::default()),
            Some("rss" | "atom") => DecodeSpec::Feed(PlainSpec {}),
            Some("html" | "htm") => DecodeSpec::Html(HtmlSpec::default()),
            _ => DecodeSpec::default(),
        }
    }
}

impl DecodeSpec {
    /// The decoder, if the format needs nothing to be said.
    pub fn without_settings(&self) -> Option<Decoder> {
        let kind = match self {
            DecodeSpec::Ndjson(_) => Kind::Ndjson,
            DecodeSpec::Csv(csv) => Kind::Csv(csv::Csv::new(csv)),
            DecodeSpec::Feed(_) => Kind::Feed,
            _ => return None,
        };
        Some(Decoder { kind })
    }
}

fn shape(records: Option<&Text>, count: Option<&Text>, out: &mut Diagnostics) -> Option<json::Shape> {
    let (records, count) = (records_path(records, out), count_path(count, out));
    Some(json::Shape { records: records?, count: count? })
}

/// `records` or `count` where it can say nothing.
fn refuse(said: Option<&Text>, why: &str, out: &mut Diagnostics) -> Option<()> {
    let Some(said) = said else { return Some(()) };
    out.error(said.place(), "bad-decode", format!("`{said}` says nothing to this format: {why}")).help("leave it out");
    None
}

/// Compiles a selector without `@`; problems go to `out`.
fn plain_selector(text: &Text, out: &mut Diagnostics) -> Option<Css> {
    if text.starts_with('$') {
        out.error(text.place(), "bad-selector", format!("`{text}` is a path, and a page is read by selectors"))
            .help("write it as in a style sheet, such as `article.job`");
        return None;
    }
    selector(text, out)
}

/// The names of a path of plain names, a last `[*]` left out; problems go to `out`.
fn names_of(text: &Text, out: &mut Diagnostics) -> Option<Vec<String>> {
    let path = json_path(text, out)?;
    let names: Option<Vec<String>> = path.steps().and_then(|steps| {
        let named = |step: &Step| if let Step::Name(name) = step { Some(name.clone()) } else { None };
        steps.iter().filter(|step| !matches!(step, Step::Every)).map(named).collect()
    });
    if names.as_ref().is_none_or(Vec::is_empty) {
        out.error(text.place(), "bad-jsonpath", format!("`{text}` does not name elements"))
            .help("name them from the root: `$.source.job[*]`; `$..job` stands for every `job` wherever it is");
        return None;
    }
    names
}

/// A declared character set; problems go to `out`.
pub fn charset(name: Option<&Located<String>>, out: &mut Diagnostics) -> Option<Option<String>> {
    let Some(name) = name else { return Some(None) };
    if Encoding::for_label(name.as_bytes()).is_none() {
        out.error(&name.place, "unknown-charset", format!("unknown character set `{name}`"))
            .help("name one such as `utf-8`, `windows-1252` or `utf-16le`");
        return None;
    }
    Some(Some(name.value.clone()))
}

impl Decoder {
    /// Takes the records out of a body, and the values that stand beside them. `put` says `false` to stop.
    ///
    /// # Errors
    /// It is not what it should be, or breaks off; records before that place have been put.
    pub fn decode(&self, reader: &mut dyn Read, body: &Body, spots: &[Spot], put: &mut dyn FnMut(Item) -> bool) -> Result<Found, String> {
        let charset = body.charset.and_then(|name| Encoding::for_label(name.as_bytes()));
        let mut all: Option<Found> = None;
        let mut stopped = false;
        let mut put = |item: Item| {
            stopped = !put(item);
            !stopped
        };
        let mut read = |text: &mut dyn BufRead| -> Result<bool, String> {
            let found = self.read(text, body, spots, &mut put)?;
            all = Some(match all.take() {
                None => found,
                Some(before) => before.and(found),
            });
            Ok(true)
        };
        body::each_text(reader, charset, &mut read)?;
        all.ok_or_else(|| "there is nothing in it".to_owned())
    }

    fn read(&self, text: &mut dyn BufRead, body: &Body, spots: &[Spot], put: &mut dyn FnMut(Item) -> bool) -> Result<Found, String> {
        match &self.kind {
            Kind::Json(shape) => {
                let paths: Vec<&Path> = spots.iter().filter_map(|spot| if let Spot::Path(path) = spot { Some(path) } else { None }).collect();
                // Read byte by byte: without a buffer of its own each would be a call into the dark.
                json::records(BufReader::with_capacity(64 * 1024, text), shape, &paths, put)
            }
            Kind::Ndjson => json::lines(text, put),
            Kind::Csv(csv) => csv.read(text, put),
            Kind::Xml(xml) => xml.read(text, spots, put),
            Kind::Feed => feed::read(text, spots, put),
            Kind::Sitemap => sitemap::read(text, put),
            Kind::Html(cards) => cards.read(&whole(text)?, body, spots, put),
            Kind::Script(script, shape) => {
                let page = whole(text)?;
                let paths: Vec<&Path> = spots.iter().filter_map(|spot| if let Spot::Path(path) = spot { Some(path) } else { None }).collect();
                json::records(script.json(&page)?.as_bytes(), shape, &paths, put)
            }
            Kind::JsonLd(kind) => {
                let page = whole(text)?;
                let found = json_ld::read(&page, kind, body, put)?;
                Ok(Found { taken: html::taken(&page, body, spots), ..found })
            }
        }
    }

    /// Whether it reads web pages, so that one is no surprise.
    pub fn reads_markup(&self) -> bool {
        matches!(self.kind, Kind::Html(_) | Kind::Script(..) | Kind::JsonLd(_))
    }

    /// What it reads, in a word.
    pub fn explain(&self) -> &'static str {
        match self.kind {
            Kind::Json(_) => "JSON",
            Kind::Ndjson => "NDJSON",
            Kind::Csv(_) => "CSV",
            Kind::Xml(_) => "XML",
            Kind::Feed => "a feed",
            Kind::Html(_) => "HTML",
            Kind::Script(..) => "JSON in a page",
            Kind::JsonLd(_) => "JSON-LD",
            Kind::Sitemap => "a sitemap",
        }
    }
}

impl Found {
    /// What two texts of one body held.
    fn and(self, other: Found) -> Found {
        let stated = match (self.stated, other.stated) {
            (Some(one), Some(more)) => Some(one + more),
            (one, more) => one.or(more),
        };
        let pages = self.pages.into_iter().chain(other.pages).collect();
        Found { stated, place_found: self.place_found && other.place_found, taken: self.taken, pages }
    }
}

/// A page as a whole; bytes that are no text become U+FFFD, as browsers have it.
fn whole(text: &mut dyn BufRead) -> Result<String, String> {
    let mut bytes = Vec::new();
    text.take(MOST_OF_A_PAGE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MOST_OF_A_PAGE {
        return Err(format!("the page is larger than {} MiB", MOST_OF_A_PAGE / 1024 / 1024));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first whole number in a text, thousands apart or not: `1,204 jobs`.
fn first_number(text: &str) -> Option<i64> {
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    let digits: String =
        text[start..].chars().take_while(|letter| letter.is_ascii_digit() || matches!(letter, ',' | '\u{a0}')).filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A record of a JSON value.
fn record(value: &Json) -> Item {
    Item::Record(value.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all() -> Vec<Decoder> {
        let xml = XmlSpec::default();
        let kinds = [
            Kind::Json(json::Shape { records: None, count: None }),
            Kind::Ndjson,
            Kind::Csv(csv::Csv::new(&CsvSpec::default())),
            Kind::Xml(xml::Xml::of(&xml, &["job"])),
            Kind::Feed,
            Kind::Html(html::Cards::default()),
            Kind::Script(html::Script::default(), json::Shape { records: None, count: None }),
            Kind::JsonLd("JobPosting".to_owned()),
            Kind::Sitemap,
        ];
        kinds.map(|kind| Decoder { kind }).to_vec()
    }

    const SEEDS: [&str; 6] = [
        "<?xml version='1.0'?><rss><channel><item><title>A &amp; B</title><guid>1</guid></item></channel></rss>",
        "<source><job id='1'><title><![CDATA[x]]></title><A>1</a></job></source>",
        r#"<html><script type="application/ld+json">{"@type":"JobPosting","title":"x",}</script><div class="job">x</div></html>"#,
        "id,title\n1,\"a\nb\"\n2,c\n",
        r#"{"version":"https://jsonfeed.org/version/1","items":[{"id":1}]}"#,
        "<urlset><url><loc>https://x/1</loc></url></urlset>",
    ];

    /// Each decoder reads the bytes to some end; nothing is larger than what came in allows.
    fn decode_all(bytes: &[u8]) {
        for decoder in all() {
            let mut read = 0;
            let _ = decoder.decode(&mut &bytes[..], &Body { url: Some("https://x/"), charset: None }, &[], &mut |item| {
                read += match item {
                    Item::Record(text) => text.len(),
                    Item::Unreadable(bytes, _) => bytes.len(),
                };
                true
            });
            assert!(read <= 1000 + bytes.len() * 200);
        }
    }

    /// `WEIR_FUZZ=1000000` looks longer.
    #[allow(clippy::disallowed_methods, reason = "a test is an edge, too")]
    fn fuzz_cases() -> u32 {
        std::env::var("WEIR_FUZZ").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(fuzz_cases()))]

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            decode_all(&bytes);
        }

        #[test]
        fn no_broken_text_panics(seed in 0..SEEDS.len(), cut in 0..140_usize, at in 0..140_usize, byte in any::<u8>()) {
            let mut bytes = SEEDS[seed].as_bytes().to_vec();
            bytes.truncate(cut.min(bytes.len()));
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            decode_all(&bytes);
        }
    }

    #[test]
    fn names_of_files_suggest_formats() {
        assert!(matches!(DecodeSpec::of_name("a/b.csv.gz"), DecodeSpec::Csv(_)));
        assert!(matches!(DecodeSpec::of_name("feed.XML"), DecodeSpec::Xml(_)));
        assert!(matches!(DecodeSpec::of_name("day-1.json"), DecodeSpec::Json(_)));
    }

    #[test]
    fn numbers_are_found_in_texts() {
        assert_eq!((first_number("1,204 jobs found"), first_number("Jobs: 17."), first_number("none")), (Some(1204), Some(17), None));
    }
}
