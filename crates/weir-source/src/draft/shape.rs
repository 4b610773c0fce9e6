//! What a sample is: its format, where the ads are, and how many the source says there are.

use super::super::decode::{Body, DecodeSpec, JSON_LD_BLOCKS};
use super::super::json::Item;
use super::fields::{Member, bare, members, step};
use super::{cards, quoted};
use crate::markup::{Css, Page};
use regex::Regex;
use serde_json::Value as Json;

/// What was found in a sample.
pub(super) struct Shape {
    /// The format, if it must be given.
    pub(super) decode: Option<&'static str>,
    /// The delimiter between columns, if it is not a comma.
    pub(super) delimiter: Option<char>,
    pub(super) records: Option<String>,
    pub(super) count: Option<String>,
    /// How many ads it has.
    pub(super) ads: usize,
    pub(super) members: Vec<Member>,
    /// The line for the id, if the shape implies one.
    pub(super) id: Option<String>,
    /// The sample as JSON, if it is.
    pub(super) json: Option<Json>,
}

/// Names of members that may state how many ads there are.
const COUNTS: [&str; 8] = ["total", "totalcount", "count", "totalfound", "totalresults", "numfound", "totalrecords", "totalitems"];
/// Most ads that are looked at.
const MOST_ADS: usize = 50;

/// Examines a sample; `text` is its decompressed content.
pub(super) fn of(sample: &[u8], text: &[u8]) -> Result<Shape, String> {
    let text = String::from_utf8_lossy(text);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let value = serde_json::from_str::<Json>(start).ok();
    let is_feed = value.as_ref().is_some_and(is_json_feed);
    if let Some(value) = value.filter(|_| !is_feed) {
        return json(value);
    }
    let lower = start.chars().take(2000).collect::<String>().to_lowercase();
    if start.starts_with('<') && (lower.contains("<html") || lower.contains("<!doctype html")) {
        return html(&text);
    }
    let (decode, records) = match () {
        () if is_feed => ("feed", None),
        () if start.starts_with('<') && (lower.contains("<rss") || lower.contains("<feed") || lower.contains("<rdf")) => ("feed", None),
        () if start.starts_with('<') && lower.contains("<urlset") => ("sitemap", None),
        () if start.starts_with('<') && lower.starts_with("<?xml") => ("xml", Some(repeated(start)?)),
        // A fragment of a page, or XML without a declaration.
        () if start.starts_with('<') => match repeated(start) {
            Ok(records) => ("xml", Some(records)),
            Err(_) => return html(&text),
        },
        () if start.starts_with('{') => ("ndjson", None),
        () if start.starts_with('[') => return Err(no_json(start)),
        () => ("csv", None),
    };
    let delimiter = (decode == "csv").then(|| delimiter(start)).flatten();
    let is_broken = decode == "ndjson" && start.lines().next().is_none_or(|line| serde_json::from_str::<serde::de::IgnoredAny>(line).is_err());
    let ads = decoded(&settings(decode, delimiter), records.as_deref(), sample).map_err(|why| if is_broken { no_json(start) } else { why })?;
    let id = (decode == "sitemap").then(|| "$.loc".to_owned());
    Ok(Shape { decode: Some(decode), delimiter, records, count: None, ads: ads.len(), members: members(&ads), id, json: None })
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
    value.get("version").and_then(Json::as_str).is_some_and(|version| version.contains("://jsonfeed.org/"))
}

/// The right side of `decode`.
pub(super) fn settings(decode: &str, delimiter: Option<char>) -> String {
    delimiter.map_or_else(|| decode.to_owned(), |sign| format!("{{ csv: {{ delimiter: {} }} }}", Json::from(sign.to_string())))
}

/// The delimiter that occurs more often in the first line than commas do.
fn delimiter(text: &str) -> Option<char> {
    let head = text.lines().next().unwrap_or_default();
    let count = |sign: char| head.matches(sign).count();
    [';', '\t', '|'].into_iter().max_by_key(|sign| count(*sign)).filter(|sign| count(*sign) > count(','))
}

fn decoded(decode: &str, records: Option<&str>, sample: &[u8]) -> Result<Vec<Json>, String> {
    let yaml = records.map_or_else(|| format!("decode: {decode}"), |records| format!("decode: {decode}\nrecords: {}", quoted(records)));
    let mut out = weir_yaml::diagnostic::Diagnostics::new();
    let settings: Option<Settings> = weir_yaml::yaml::read("draft", yaml, &mut out);
    let place = weir_yaml::diagnostic::Place::start_of("draft");
    let decoder = settings.and_then(|settings| DecodeSpec::compile(&settings.decode, &place, settings.records.as_ref(), None, &mut out));
    let decoder = decoder.ok_or("its structure is not recognised")?;
    let (mut ads, mut unreadable) = (Vec::new(), None);
    decoder.decode(&mut &sample[..], &Body::default(), &[], &mut |item| {
        match item {
            Item::Record(text) => ads.extend(serde_json::from_str::<Json>(&text)),
            Item::Unreadable(_, why) => unreadable = unreadable.take().or(Some(why)),
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
struct Settings {
    decode: DecodeSpec,
    records: Option<weir_yaml::yaml::Text>,
}

/// The longest list of objects that look like ads, unless the whole looks more like an ad; a number
/// outside it that is at least as large may be the count.
fn json(value: Json) -> Result<Shape, String> {
    let mut best: Option<(String, &Vec<Json>)> = None;
    let mut count = None;
    lists(&value, "$", 0, &mut best);
    let likest = best.as_ref().and_then(|(_, items)| items.first()).map_or(0, likeness);
    if likeness(&value) > likest.max(LIKE_AN_AD) {
        let members = members(std::slice::from_ref(&value));
        return Ok(Shape { decode: None, delimiter: None, records: None, count, ads: 1, members, id: None, json: Some(value) });
    }
    let (path, items) = best.ok_or("it contains no list of objects")?;
    numbers(&value, "$", items.len(), 0, &mut count);
    let records = (path != "$").then(|| format!("{path}[*]"));
    let ads = &items[..items.len().min(MOST_ADS)];
    let (ads, members) = (ads.len(), members(ads));
    Ok(Shape { decode: None, delimiter: None, records, count, ads, members, id: None, json: Some(value) })
}

/// How much of an ad an object must have that is one by itself: less, and the list in it may be the ads of a company.
const LIKE_AN_AD: usize = 3;

/// How many typical members of ads an object has; a title counts twice.
fn likeness(value: &Json) -> usize {
    let Json::Object(members) = value else { return 0 };
    let names: Vec<String> = members.keys().map(|name| bare(name)).collect();
    let has = |fits: &dyn Fn(&str) -> bool| usize::from(names.iter().any(|name| fits(name)));
    let is_title = |name: &str| matches!(name, "title" | "jobtitle" | "positiontitle" | "jobname" | "position");
    2 * has(&is_title)
        + has(&|name| matches!(name, "name" | "text" | "headline"))
        + has(&is_address)
        + has(&|name| name.contains("date") || name.contains("description"))
        + has(&|name| name.contains("location"))
        + has(&|name| name.ends_with("id"))
}

fn is_address(name: &str) -> bool {
    ["url", "link", "href", "permalink"].iter().any(|end| name.ends_with(end))
}

/// Whether the items of a list look like ads rather than like filters, and how many they are.
fn rank(items: &[Json]) -> (bool, usize) {
    let has_address = |value: &Json| value.as_object().is_some_and(|members| members.keys().any(|name| is_address(&bare(name))));
    (items.first().is_some_and(|first| likeness(first) > 2 || likeness(first) == 2 && has_address(first)), items.len())
}

fn lists<'v>(value: &'v Json, path: &str, depth: usize, best: &mut Option<(String, &'v Vec<Json>)>) {
    match value {
        Json::Array(items) if items.iter().all(Json::is_object) && rank(items) > best.as_ref().map_or((false, 0), |(_, best)| rank(best)) => {
            *best = Some((path.to_owned(), items));
        }
        Json::Object(members) if depth < 4 => members.iter().for_each(|(name, value)| lists(value, &step(path, name), depth + 1, best)),
        _ => {}
    }
}

fn numbers(value: &Json, path: &str, at_least: usize, depth: usize, found: &mut Option<String>) {
    let Json::Object(members) = value else { return };
    for (name, value) in members {
        let path = step(path, name);
        let is_count = COUNTS.contains(&bare(name).as_str()) && value.as_u64().is_some_and(|number| number >= at_least as u64);
        if is_count && found.is_none() {
            *found = Some(path.clone());
        }
        if depth < 2 {
            numbers(value, &path, at_least, depth + 1, found);
        }
    }
}

/// Pages: markup for search engines needs no mapping; else cards that repeat are the ads.
fn html(text: &str) -> Result<Shape, String> {
    let blocks = Css::parse(JSON_LD_BLOCKS).map_err(|error| error.message)?;
    let page = Page::whole(text).map_err(|deep| deep.to_string())?;
    let has_postings = blocks.select(&page, None).iter().any(|block| block.to_ascii_lowercase().contains("jobposting"));
    if has_postings {
        return Ok(Shape { decode: Some("json_ld"), delimiter: None, records: None, count: None, ads: 0, members: Vec::new(), id: None, json: None });
    }
    let cards::Cards { records, id, count, ads, members } = cards::find(text).ok_or(NO_CARDS)?;
    Ok(Shape { decode: Some("html"), delimiter: None, records: Some(records), count, ads, members, id: Some(id), json: None })
}

/// The message for a page in which nothing repeats.
const NO_CARDS: &str = "it is a web page without JobPosting markup and without a repeating element that could be a list of ads; if a script fills the list, \
                        give the address that the script requests (see the network tab of a browser)";

/// The path to the first repeated element.
fn repeated(text: &str) -> Result<String, String> {
    let beside = Regex::new(r"(?s)<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>").map_err(|error| error.to_string())?;
    let text = beside.replace_all(text, "");
    let names = Regex::new(r"<(/?)([A-Za-z_][\w.:-]*)[^>]*?(/?)>").map_err(|error| error.to_string())?;
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
                let is_plain = full.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'));
                return Ok(if is_plain { format!("$.{full}[*]") } else { format!("$..{}", path.last().cloned().unwrap_or_default()) });
            }
        }
    }
    Err("it contains no repeating element".to_owned())
}
