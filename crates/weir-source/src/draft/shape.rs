//! What a sample is: its format, where the ads are, and how many the source says there are.

use super::super::decode::{BodyFacts, DecodeSpec, JSON_LD_BLOCKS};
use super::super::json::DecodedItem;
use super::lists::{self, AdList};
use super::members::{AdMember, members, step};
use super::{cards, quoted, scripts};
use crate::markup::{CssPath, HtmlPage};
use regex::Regex;
use serde_json::Value as Json;

/// What was found in a sample.
#[derive(Default)]
pub(super) struct SampleShape {
    /// The format.
    pub(super) decode: &'static str,
    /// The right side of `decode`, if it must be given.
    pub(super) settings: Option<String>,
    pub(super) records: Option<String>,
    pub(super) count: Option<String>,
    /// How many ads it has.
    pub(super) ads: usize,
    /// The ads themselves, unless they are cards of a page.
    pub(super) documents: Vec<Json>,
    pub(super) members: Vec<AdMember>,
    /// The right side of `id`, if the shape implies one.
    pub(super) id: Option<String>,
    /// The sample as JSON, if it is.
    pub(super) json: Option<Json>,
}

impl SampleShape {
    fn of_documents(decode: &'static str, documents: Vec<Json>, json: Option<Json>) -> SampleShape {
        SampleShape {
            decode,
            ads: documents.len(),
            members: members(&documents),
            documents,
            json,
            ..SampleShape::default()
        }
    }
}

/// Elements that a fragment of a page may begin with.
const FRAGMENTS: [&str; 14] = [
    "head", "body", "main", "div", "section", "article", "ul", "ol", "li", "table", "tbody", "tr",
    "script", "nav",
];
/// Most ads that are looked at.
const MOST_ADS: usize = 50;

/// Examines a sample; `text` is its decompressed content.
pub(super) fn of(sample: &[u8], text: &[u8]) -> Result<SampleShape, String> {
    let text = String::from_utf8_lossy(text);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let value = serde_json::from_str::<Json>(start).ok();
    let is_feed = value.as_ref().is_some_and(is_json_feed);
    if let Some(value) = value.filter(|_| !is_feed) {
        return json(value, None);
    }
    let root = root(start).map(str::to_ascii_lowercase);
    let lower = start.chars().take(2000).collect::<String>().to_lowercase();
    let (decode, is_xml) = match root.as_deref() {
        _ if is_feed => ("feed", false),
        Some("html") => return html(&text),
        Some("rss" | "feed" | "rdf:rdf") => ("feed", false),
        Some("urlset" | "sitemapindex") => ("sitemap", false),
        Some(root) if !lower.starts_with("<?xml") && FRAGMENTS.contains(&root) => {
            return html(&text);
        }
        Some(_) => ("xml", true),
        None if start.starts_with('{') => ("ndjson", false),
        None if start.starts_with('[') => return Err(no_json(start)),
        None if start.starts_with('<') => return html(&text),
        None => ("csv", false),
    };
    if is_xml {
        // A fragment of a page, or XML without a declaration.
        let is_declared = lower.starts_with("<?xml");
        return xml(sample, start).or_else(|why| if is_declared { Err(why) } else { html(&text) });
    }
    let delimiter = (decode == "csv").then(|| delimiter(start)).flatten();
    let settings = settings(decode, delimiter);
    let is_broken = decode == "ndjson"
        && start
            .lines()
            .next()
            .is_none_or(|line| serde_json::from_str::<serde::de::IgnoredAny>(line).is_err());
    let ads = decoded(&settings, None, sample)
        .map_err(|why| if is_broken { no_json(start) } else { why })?;
    let id = (decode == "sitemap").then(|| "$.loc".to_owned());
    Ok(SampleShape {
        settings: Some(settings),
        id,
        ..SampleShape::of_documents(decode, ads, None)
    })
}

/// Where a text that looks like JSON goes wrong.
fn no_json(text: &str) -> String {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(error) => format!("it looks like JSON but is not valid JSON: {error}"),
        Ok(_) => "it contains no ad".to_owned(),
    }
}

/// JSON Feed declares itself.
fn is_json_feed(value: &Json) -> bool {
    value
        .get("version")
        .and_then(Json::as_str)
        .is_some_and(|version| version.contains("://jsonfeed.org/"))
}

/// The right side of `decode`.
pub(super) fn settings(decode: &str, delimiter: Option<char>) -> String {
    delimiter.map_or_else(
        || decode.to_owned(),
        |sign| {
            format!(
                "{{ csv: {{ delimiter: {} }} }}",
                Json::from(sign.to_string())
            )
        },
    )
}

/// The delimiter that occurs more often in the first line than commas do.
fn delimiter(text: &str) -> Option<char> {
    let head = text.lines().next().unwrap_or_default();
    let count = |sign: char| head.matches(sign).count();
    [';', '\t', '|']
        .into_iter()
        .max_by_key(|sign| count(*sign))
        .filter(|sign| count(*sign) > count(','))
}

fn decoded(decode: &str, records: Option<&str>, sample: &[u8]) -> Result<Vec<Json>, String> {
    let yaml = records.map_or_else(
        || format!("decode: {decode}"),
        |records| format!("decode: {decode}\nrecords: {}", quoted(records)),
    );
    let mut out = weir_yaml::diagnostic::Diagnostics::new();
    let settings: Option<DraftedSettings> = weir_yaml::yaml::read("draft", yaml, &mut out);
    let place = weir_yaml::diagnostic::Place::start_of("draft");
    let decoder = settings.and_then(|settings| {
        DecodeSpec::compile(
            &settings.decode,
            &place,
            settings.records.as_ref(),
            None,
            &mut out,
        )
    });
    let decoder = decoder.ok_or("its structure is not recognised")?;
    let (mut ads, mut unreadable) = (Vec::new(), None);
    decoder.decode(&mut &sample[..], &BodyFacts::default(), &[], &mut |item| {
        match item {
            DecodedItem::Record(text) => ads.extend(serde_json::from_str::<Json>(&text)),
            DecodedItem::Unreadable(_, why) => unreadable = unreadable.take().or(Some(why)),
        }
        ads.len() < MOST_ADS
    })?;
    match unreadable {
        _ if !ads.is_empty() => Ok(ads),
        Some(why) => Err(format!("it contains no ad: {why}")),
        None => Err("it contains no ad".to_owned()),
    }
}

#[derive(serde::Deserialize)]
struct DraftedSettings {
    decode: DecodeSpec,
    records: Option<weir_yaml::yaml::Text>,
}

/// JSON: the list that looks most like ads, unless the whole looks more like an ad.
fn json(value: Json, decode: Option<String>) -> Result<SampleShape, String> {
    let likely = lists::best(&value)
        .filter(AdList::is_like_ads)
        .or_else(|| lists::keyed(&value, "$", 0));
    if lists::is_single(&value, likely.as_ref()) {
        return Ok(SampleShape {
            settings: decode,
            ..SampleShape::of_documents("json", vec![value.clone()], Some(value))
        });
    }
    if let Some((path, ad)) = lists::single(&value, "$", 0).filter(|_| likely.is_none()) {
        return Ok(SampleShape {
            settings: decode,
            records: Some(path),
            ..SampleShape::of_documents("json", vec![ad.clone()], Some(value))
        });
    }
    let AdList { path, items } = likely
        .or_else(|| lists::best(&value))
        .ok_or("it contains no list of objects")?;
    let count = lists::count(&value, "$", items.len(), 0);
    let ads = items
        .iter()
        .take(MOST_ADS)
        .map(|ad| (*ad).clone())
        .collect();
    let records = (path != "$[*]" || value.is_object()).then_some(path);
    Ok(SampleShape {
        settings: decode,
        records,
        count,
        ..SampleShape::of_documents("json", ads, Some(value))
    })
}

/// XML: the element that repeats like ads, or the only one that looks like an ad.
fn xml(sample: &[u8], text: &str) -> Result<SampleShape, String> {
    let records = of_whole(sample, text).map_or_else(|| repeated(text), Ok)?;
    let ads = decoded("xml", Some(&records), sample)?;
    Ok(SampleShape {
        settings: Some("xml".to_owned()),
        records: Some(records),
        ..SampleShape::of_documents("xml", ads, None)
    })
}

/// The path of the ads in XML that can be read to its end.
fn of_whole(sample: &[u8], text: &str) -> Option<String> {
    let root = root(text)?;
    let whole = decoded("xml", Some(&step("$", root)), sample)
        .ok()?
        .into_iter()
        .next()?;
    let whole = serde_json::json!({ root: whole });
    let list = lists::best(&whole)
        .filter(AdList::is_like_ads)
        .map(|list| list.path);
    let path =
        list.or_else(|| lists::single(&whole, "$", 0).map(|(path, _)| format!("{path}[*]")))?;
    // Names suffice in XML: what repeats is a list.
    Some(format!("{}[*]", path.replace("[*]", "")))
}

/// The name of the first element.
fn root(text: &str) -> Option<&str> {
    let beside = Regex::new(
        r"(?is)^(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*<([A-Za-z_][\w.:-]*)",
    )
    .ok()?;
    Some(beside.captures(text)?.get(1)?.as_str())
}

/// Pages: markup for search engines needs no mapping; else the ads are what a script holds, or
/// cards that repeat.
fn html(text: &str) -> Result<SampleShape, String> {
    let blocks = CssPath::parse(JSON_LD_BLOCKS).map_err(|error| error.message)?;
    let page = HtmlPage::whole(text).map_err(|deep| deep.to_string())?;
    let has_postings = blocks
        .select(&page, None)
        .iter()
        .any(|block| block.to_ascii_lowercase().contains("jobposting"));
    if has_postings {
        return Ok(SampleShape {
            decode: "json_ld",
            settings: Some("json_ld".to_owned()),
            ..SampleShape::default()
        });
    }
    let (state, cards) = (scripts::find(text), cards::find(text));
    if let Some(state) =
        state.filter(|state| cards.as_ref().is_none_or(|cards| cards.ads <= state.ads))
    {
        return json(state.value, Some(state.settings)).map(|shape| SampleShape {
            decode: "script",
            ..shape
        });
    }
    let cards::DraftedCards {
        records,
        id,
        count,
        ads,
        members,
    } = cards.ok_or(NO_CARDS)?;
    let settings = Some("html".to_owned());
    Ok(SampleShape {
        decode: "html",
        settings,
        records: Some(records),
        count,
        ads,
        members,
        id: Some(id),
        ..SampleShape::default()
    })
}

/// The message for a page in which nothing repeats.
const NO_CARDS: &str = "it is a web page without JobPosting markup and without a repeating element that could be a list of ads; if a script fills the list, \
                        give the address that the script requests (see the network tab of a browser)";

/// The path to the first repeated element.
fn repeated(text: &str) -> Result<String, String> {
    let beside = Regex::new(r"(?s)<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>")
        .map_err(|error| error.to_string())?;
    let text = beside.replace_all(text, "");
    let names =
        Regex::new(r"<(/?)([A-Za-z_][\w.:-]*)[^>]*?(/?)>").map_err(|error| error.to_string())?;
    let (mut path, mut closed): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for tag in names.captures_iter(&text).take(20_000) {
        let name = tag[2].to_owned();
        if !tag[1].is_empty() {
            let full = path.join(".");
            path.pop();
            closed.push(full);
        } else if tag[3].is_empty() {
            path.push(name);
            let full = path.join(".");
            if path.len() > 1 && closed.last() == Some(&full) {
                let is_plain = full
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'));
                return Ok(if is_plain {
                    format!("$.{full}[*]")
                } else {
                    format!("$..{}", path.last().cloned().unwrap_or_default())
                });
            }
        }
    }
    Err("it contains no repeating element".to_owned())
}
