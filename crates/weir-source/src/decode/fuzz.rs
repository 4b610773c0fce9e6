//! Every decoder on hostile bytes: texts of its format, broken as people, machines and enemies
//! break them. None may panic, hand on a record out of all proportion to what came in, or give
//! other records when the same bytes come in pieces.
//!
//! `cargo test` tries a few hundred inputs with each; `WEIR_FUZZ=60` goes on for a minute of
//! processor time with each. A decoder is added with its settings and with texts that it reads.

#![allow(clippy::disallowed_macros, reason = "a test prints as it likes")]

use super::{
    BodyDecoder, BodyFacts, DecodeSpec, DecodeSummary, DecodedItem, UnreadCause, ValueSpot,
};
use crate::jsonpath::JsonPath;
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use serde::Deserialize;
use std::cell::Cell;
use std::io::{Read, Write};
use std::time::Duration;
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::Text;

/// Inputs between two looks at the clock.
const ROUND: u32 = 256;
/// Largest input.
const LARGEST: usize = 64 * 1024;

/// A decoder under its settings, and what it reads.
struct FuzzTarget {
    /// What stands beside `url` in the YAML.
    settings: &'static [&'static str],
    seeds: Vec<Vec<u8>>,
}

fn texts(seeds: &[&str]) -> Vec<Vec<u8>> {
    seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect()
}

#[test]
fn json() {
    let settings = &[
        "decode: json",
        "decode: json\nrecords: $.jobs[*]\ncount: $.meta.total",
        "decode: json\nrecords: $.jobs[0].p[*]",
    ];
    let seeds = [
        r#"{"meta":{"total":"2","next":"c1"},"jobs":[{"id":1,"title":"caf\u00e9 \ud83d\ude00","p":[1.5e3,null,true]},{"id":2}]}"#,
        r#"[{"id":1},{"id":2},[],{}]"#,
        r#"{"id":-0.0,"a":{"b":{"c":[[["x"]]]}}}"#,
    ];
    fuzz(
        "json",
        &FuzzTarget {
            settings,
            seeds: texts(&seeds),
        },
    );
}

#[test]
fn ndjson() {
    let seeds = [
        "{\"id\":1,\"title\":\"A\"}\n{\"id\":2}\n\n[3]\n",
        "{\"id\":1}\r\n{\"id\"",
    ];
    fuzz(
        "ndjson",
        &FuzzTarget {
            settings: &["decode: ndjson"],
            seeds: texts(&seeds),
        },
    );
}

#[test]
fn csv() {
    let settings = &[
        "decode: csv",
        "decode: { csv: { delimiter: \";\", quote: \"'\", skip: 1, comment: \"#\", lists: { Tags: \"|\" } } }",
        "decode: { csv: { delimiter: \"\\t\", header: [a, b, c] } }",
    ];
    let seeds = [
        "id,title,title\n1,\"a\nb\"\"c\",x\n2,c,\n",
        "made today\n# note\nid;Tags;t\n1;a|b;'x;y'\n",
        "1\t2\t3\r\n4\t5\r\n",
        "sep=;\na;b\n1;\"x \"y\" z\"\n",
    ];
    fuzz(
        "csv",
        &FuzzTarget {
            settings,
            seeds: texts(&seeds),
        },
    );
}

#[test]
fn xml() {
    let settings = &[
        "decode: xml\nrecords: $..job",
        "decode: { xml: { lists: [city], namespaces: { g: \"urn:g\" } } }\nrecords: $.source.job[*]\ncount: $.source.total",
    ];
    let seeds = [
        "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE source [<!ENTITY x 'y'>]><source><total>1,2</total><job id='1'><title><![CDATA[x]]></title><A>1</a></job></source>",
        "<!DOCTYPE s [<!ENTITY a '&b;&b;'><!ENTITY b 'x&a;y'>]><s xml:base='/b/'><job><d>R&D &a; &oelig;<p>One<br/><b>two</b></p><![CDATA[<i>x</i>]]></d></job></s>",
        "<source xmlns:h='urn:g'><!-- c --><job><h:city a=\"&lt;b&gt;\">P &amp; Q &#233; &nbsp; &unknown;</h:city><city/><job>2</job></job><?pi x?></source>",
    ];
    fuzz(
        "xml",
        &FuzzTarget {
            settings,
            seeds: texts(&seeds),
        },
    );
}

#[test]
fn feed() {
    let seeds = [
        "<?xml version='1.0'?><rss xmlns:j='urn:j'><channel><item><title>A &amp; B</title><guid>1</guid><category>c</category><category>d</category><j:id>9</j:id></item></channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>g</id><link rel='self' href='/s'/><link href='/1'/><author><name>n</name></author></entry></feed>",
        r#"{"version":"https://jsonfeed.org/version/1","items":[{"id":1,"url":"https://x/1","tags":["a"]}],"next_url":"n"}"#,
    ];
    fuzz(
        "feed",
        &FuzzTarget {
            settings: &["decode: feed"],
            seeds: texts(&seeds),
        },
    );
}

const PAGE: &str = r#"<!doctype html><html><p class="count">1,002 jobs</p><div class="job" id="1"><h4>A &amp; B</h4><a href="/1">x</a></div><table><tr class="job"><td>y</td></tr></table><p class="none">No</p></html>"#;
const LD: &str = r#"<html><script type="application/ld+json"><!-- {"@graph":[{"@type":["Thing","JobPosting"],"title":"x","a":[1,],}]} --></script><script type="application/LD+JSON">{"@type":"ItemList","itemListElement":[{"item":{"@type":"Event","url":"u"}}]}</script></html>"#;
const SCRIPT: &str = r#"<html><script id="d">{"jobs":[{"id":1,"t":"</b>"},{"id":2}],"total":2}</script><script>window.X = [{"id":3}]; more()</script></html>"#;

#[test]
fn html() {
    let settings = &[
        "decode: html",
        "decode: { html: { drop: [nav, \"tr.job td\"], empty: .none } }\nrecords: .job\ncount: p.count",
    ];
    fuzz(
        "html",
        &FuzzTarget {
            settings,
            seeds: texts(&[PAGE, LD]),
        },
    );
}

#[test]
fn json_ld() {
    fuzz(
        "json_ld",
        &FuzzTarget {
            settings: &["decode: json_ld", "decode: { json_ld: { type: Event } }"],
            seeds: texts(&[LD, PAGE]),
        },
    );
}

#[test]
fn script() {
    let settings = &[
        "decode: { script: { css: \"#d\" } }\nrecords: $.jobs[*]\ncount: $.total",
        "decode: { script: { after: \"window.X =\" } }",
        "decode: { script: { css: script } }",
    ];
    fuzz(
        "script",
        &FuzzTarget {
            settings,
            seeds: texts(&[SCRIPT, LD]),
        },
    );
}

#[test]
fn sitemap() {
    let seeds = [
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://x/1</loc><lastmod>2026-01-01</lastmod></url></urlset>",
        "<sitemapindex><sitemap><loc>https://x/a.xml</loc></sitemap><sitemap/></sitemapindex>",
        "https://x/1\nhttps://x/2\r\n",
    ];
    fuzz(
        "sitemap",
        &FuzzTarget {
            settings: &["decode: sitemap", "decode: { sitemap: { only: '[0-9]' } }"],
            seeds: texts(&seeds),
        },
    );
}

/// Packed bodies and other character sets, under formats that are read as streams and as a whole.
#[test]
fn packed() {
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [
        ("a.ndjson", "{\"id\":1}\n"),
        ("b.ndjson", "{\"id\":2}\n{\"id\":3}\n"),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let utf16: Vec<u8> = "\u{feff}id,title\n1,é😀\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><job><t>\xe9</t></job>".to_vec();
    let seeds = vec![
        gzip("{\"id\":1}\n{\"id\":2}\n"),
        gzip(&" ".repeat(20_000)),
        zip.finish().unwrap().into_inner(),
        utf16,
        latin,
    ];
    let settings = &[
        "decode: ndjson",
        "decode: csv",
        "decode: xml\nrecords: $..job",
        "decode: html",
    ];
    fuzz("packed", &FuzzTarget { settings, seeds });
}

/// One way to break a text; `at` is taken modulo its length.
#[derive(Debug, Clone)]
enum TextMutation {
    Cut { at: u16 },
    Byte { at: u16, byte: u8 },
    Drop { at: u16, length: u8 },
    Put { at: u16, token: usize },
    Repeat { at: u16, length: u8, times: u16 },
    Splice { at: u16, other: u16 },
}

/// What means something to one format or another.
const TOKENS: [&[u8]; 44] = [
    b"<",
    b">",
    b"</",
    b"/>",
    b"<a>",
    b"</a>",
    b"<job>",
    b"</job>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE a [",
    b"<?xml encoding='utf-16'?>",
    b"<?",
    b"?>",
    b"&amp;",
    b"&#0;",
    b"&#x110000;",
    b"&#xD800;",
    b"&a;",
    b"<script>",
    b"</script>",
    b"<table>",
    b"<template>",
    b"<svg>",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"'",
    b"\\",
    b"\\ud800",
    b"1e999",
    b"-",
    b",",
    b";",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x1f\x8b\x08",
];

fn breaks() -> impl Strategy<Value = TextMutation> {
    prop_oneof![
        1 => any::<u16>().prop_map(|at| TextMutation::Cut { at }),
        1 => (any::<u16>(), any::<u8>()).prop_map(|(at, byte)| TextMutation::Byte { at, byte }),
        1 => (any::<u16>(), any::<u8>()).prop_map(|(at, length)| TextMutation::Drop { at, length }),
        4 => (any::<u16>(), 0..TOKENS.len()).prop_map(|(at, token)| TextMutation::Put { at, token }),
        1 => (any::<u16>(), 1..64_u8, 1..600_u16).prop_map(|(at, length, times)| TextMutation::Repeat { at, length, times }),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(at, other)| TextMutation::Splice { at, other }),
    ]
}

impl TextMutation {
    fn apply(&self, bytes: &mut Vec<u8>, seed: &[u8]) {
        let place = |at: u16, bytes: &[u8]| usize::from(at) % (bytes.len() + 1);
        match *self {
            TextMutation::Cut { at } => bytes.truncate(place(at, bytes)),
            TextMutation::Byte { at, byte } => {
                let at = place(at, bytes);
                bytes.get_mut(at).into_iter().for_each(|old| *old = byte);
            }
            TextMutation::Drop { at, length } => {
                let at = place(at, bytes);
                bytes.drain(at..bytes.len().min(at + usize::from(length)));
            }
            TextMutation::Put { at, token } => {
                let at = place(at, bytes);
                bytes.splice(at..at, TOKENS[token].iter().copied());
            }
            TextMutation::Repeat { at, length, times } => {
                let at = place(at, bytes);
                let piece =
                    bytes[at..bytes.len().min(at + usize::from(length))].repeat(usize::from(times));
                bytes.splice(at..at, piece);
            }
            TextMutation::Splice { at, other } => {
                bytes.truncate(place(at, bytes));
                bytes.extend_from_slice(&seed[place(other, seed)..]);
            }
        }
        bytes.truncate(LARGEST);
    }
}

/// A broken text; one of twenty is no text at all.
fn input(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let count = seeds.len();
    let broken = (
        0..count,
        0..count,
        proptest::collection::vec(breaks(), 0..8),
    )
        .prop_map(move |(seed, other, breaks)| {
            let mut bytes = seeds[seed].clone();
            breaks
                .iter()
                .for_each(|one| one.apply(&mut bytes, &seeds[other]));
            bytes
        });
    prop_oneof![19 => broken, 1 => proptest::collection::vec(any::<u8>(), 0..400)]
}

#[derive(Deserialize)]
struct FuzzSettings {
    decode: DecodeSpec,
    records: Option<Text>,
    count: Option<Text>,
}

fn decoder(settings: &str) -> BodyDecoder {
    let mut out = Diagnostics::new();
    let read: FuzzSettings = weir_yaml::yaml::read("fuzz", settings, &mut out)
        .unwrap_or_else(|| panic!("{settings}: {out:?}"));
    let decoder = DecodeSpec::compile(
        &read.decode,
        &Place::start_of("fuzz"),
        read.records.as_ref(),
        read.count.as_ref(),
        &mut out,
    );
    decoder.unwrap_or_else(|| panic!("{settings}: {out:?}"))
}

/// Bytes as a network brings them: never as many as were asked for.
struct NetworkPieces<'b> {
    bytes: &'b [u8],
    next: usize,
}

impl Read for NetworkPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.next = self.next % 7 + 1;
        let count = self.next.min(buffer.len());
        self.bytes.read(&mut buffer[..count])
    }
}

/// What a decoder makes of bytes.
fn read(
    decoder: &BodyDecoder,
    from: &mut dyn Read,
    charset: Option<&str>,
) -> (Vec<DecodedItem>, Result<DecodeSummary, UnreadCause>) {
    let spots = [
        ValueSpot::Path(JsonPath::parse("$.meta.next").unwrap()),
        ValueSpot::Css(crate::markup::CssPath::parse("a@href").unwrap()),
    ];
    let mut items = Vec::new();
    let found = decoder.decode(
        from,
        &BodyFacts {
            url: Some("https://x/"),
            charset,
            ..BodyFacts::default()
        },
        &spots,
        &mut |item| {
            items.push(item);
            true
        },
    );
    (items, found)
}

fn hold(decoder: &BodyDecoder, bytes: &[u8], charset: Option<&str>) -> Result<(), TestCaseError> {
    let whole = read(decoder, &mut &bytes[..], charset);
    for item in &whole.0 {
        let length = match item {
            DecodedItem::Record(text) => text.len(),
            DecodedItem::Unreadable(bytes, _) => bytes.len(),
        };
        // A letter may become an escape of six, a text may stand in a record up to four times.
        prop_assert!(
            length <= 1000 + bytes.len() * 30 || is_packed(bytes) || may_declare(bytes),
            "a record of {length} bytes of {} bytes",
            bytes.len()
        );
    }
    let pieces = read(decoder, &mut NetworkPieces { bytes, next: 0 }, charset);
    // How much of a broken pack comes out before it fails, and with which words, hangs on the
    // pieces in which it comes.
    let both_fail = whole.1.is_err() && pieces.1.is_err();
    prop_assert!(
        whole == pieces || (both_fail && is_packed(bytes)),
        "whole {whole:?}, in pieces {pieces:?}"
    );
    Ok(())
}

/// What entities may expand to is bounded by more than the size of the text.
fn may_declare(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|window| window == b"<!ENTITY")
        || bytes.windows(4).any(|window| window.contains(&0))
}

fn is_packed(bytes: &[u8]) -> bool {
    [&[0x1f, 0x8b][..], b"PK", &[0x78]]
        .iter()
        .any(|magic| bytes.starts_with(magic))
}

/// Seconds to look for with each decoder.
#[allow(clippy::disallowed_methods, reason = "a test is an edge, too")]
fn budget() -> Duration {
    Duration::from_secs(
        std::env::var("WEIR_FUZZ")
            .ok()
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or_default(),
    )
}

/// The most memory that this process has held so far, as the system says it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .map_or_else(|| "unknown".to_owned(), |peak| peak.trim().to_owned())
}

fn fuzz(name: &str, target: &FuzzTarget) {
    let decoders: Vec<BodyDecoder> = target
        .settings
        .iter()
        .map(|settings| decoder(settings))
        .collect();
    let charsets = [
        None,
        None,
        None,
        Some("windows-1252"),
        Some("utf-16le"),
        Some("shift_jis"),
    ];
    let strategy = (
        0..decoders.len(),
        0..charsets.len(),
        input(target.seeds.clone()),
    );
    let (start, tried) = (processor_time(), Cell::new(0_u64));
    loop {
        let mut runner = TestRunner::new(ProptestConfig {
            cases: ROUND,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let ended = runner.run(&strategy, |(decoder, charset, bytes)| {
            tried.set(tried.get() + 1);
            hold(&decoders[decoder], &bytes, charsets[charset])
        });
        match ended {
            Ok(()) => {}
            Err(TestError::Fail(why, (decoder, charset, bytes))) => {
                panic!(
                    "{name}: {why}\nunder {:?} as {:?}: {:?}",
                    target.settings[decoder],
                    charsets[charset],
                    String::from_utf8_lossy(&bytes)
                )
            }
            Err(TestError::Abort(why)) => panic!("{name}: {why}"),
        }
        if processor_time() - start >= budget() {
            break;
        }
    }
    let seconds = (processor_time() - start).as_secs();
    eprintln!(
        "fuzzed {name}: {} inputs in {seconds} s, at most {} held by the process",
        tried.get(),
        peak()
    );
}

/// Processor time of this thread: a busy machine takes longer and tries no fewer inputs.
fn processor_time() -> Duration {
    Duration::from(nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap())
}
