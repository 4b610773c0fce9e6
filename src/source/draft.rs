//! The first draft of an institution from a sample: where the ads stand in it, which member is the id, and which canonical field each member may
//! be, guessed by names and by what the values look like. A guess is written as YAML that people read before it runs.
//!
//! It must never guess what only the author can know: a date that may be day first or month first is left as a comment.

use super::decode::{Body, DecodeSpec};
use super::json::Item;
use crate::markup::{Css, Page};
use regex::Regex;
use serde_json::{Map, Value as Json};
use std::fmt::Write;

/// What is drafted.
pub struct Draft<'a> {
    /// The institution's name.
    pub institution: &'a str,
    /// The zone of its dates.
    pub timezone: &'a str,
    /// The file or address.
    pub from: &'a str,
    /// Whether it is an address.
    pub is_address: bool,
    /// Whether a private address may be asked.
    pub allow_private: bool,
}

/// What was found in a sample.
struct Shape {
    decode: Option<&'static str>,
    records: Option<String>,
    count: Option<String>,
    ads: Vec<Json>,
}

/// A member of the ads: where it stands, what it is called in small letters, and its values.
struct Member {
    path: String,
    key: String,
    values: Vec<Json>,
}

/// Canonical fields, and words in the names of members that may be them, the likeliest first.
const FIELDS: [(&str, &[&str]); 9] = [
    ("title", &["title", "jobtitle", "positiontitle", "name", "position", "text"]),
    ("description", &["descriptionhtml", "description", "content", "body", "details", "summary", "teaser"]),
    (
        "open_date",
        &[
            "posteddate",
            "dateposted",
            "opendate",
            "publishedat",
            "published",
            "listingdate",
            "listeddate",
            "releaseddate",
            "createdat",
            "pubdate",
            "date",
        ],
    ),
    ("close_date", &["closingdate", "closedate", "closesat", "expiresat", "validthrough", "deadline", "expirationdate", "closing", "closes"]),
    ("department", &["department", "agency", "organisation", "organization", "company", "companyname", "team", "category"]),
    ("locations", &["locations", "location", "city", "place", "region"]),
    ("job_type", &["employmenttype", "worktype", "jobtype", "commitment", "contracttype"]),
    ("remuneration", &["salary", "remuneration", "pay", "compensation", "salarylabel"]),
    ("source_url", &["url", "absoluteurl", "hostedurl", "joburl", "link", "applyurl"]),
];
/// Names of members that may be the id.
const IDS: [&str; 9] = ["id", "jobid", "guid", "reference", "referencenumber", "shortcode", "requisitionid", "uuid", "slug"];
/// Names of members that may state how many ads there are.
const COUNTS: [&str; 6] = ["total", "totalcount", "count", "totalfound", "totalresults", "numfound"];

/// Writes the draft.
///
/// # Errors
/// The sample does not hold anything that looks like a list of ads.
pub fn write(draft: &Draft, sample: &[u8]) -> Result<String, String> {
    let shape = shape(draft, sample)?;
    let members = members(&shape.ads);
    let mut out = format!(
        "# A first draft, made from {}. Read it: every line is a guess.\ninstitution: {}\ntimezone: {}\nsources:\n  board:\n",
        draft.from, draft.institution, draft.timezone
    );
    let from = if draft.is_address { "url" } else { "path" };
    let _ = writeln!(out, "    fetch:\n      {}:\n        {from}: {}", if draft.is_address { "http" } else { "file" }, quoted(draft.from));
    for (key, value) in [("decode", shape.decode.map(str::to_owned)), ("records", shape.records.clone()), ("count", shape.count.clone())] {
        if let Some(value) = value {
            let _ = writeln!(out, "        {key}: {}", quoted(&value));
        }
    }
    if draft.allow_private {
        let _ = writeln!(out, "        allow_private: true");
    }
    if draft.is_address {
        let _ = writeln!(
            out,
            "        # pages: {{ number: {{ parameter: page }} }}      # if there is more than one page: number, offset, cursor, next or link"
        );
    }
    match shape.decode {
        Some("json_ld") => out.push_str("    id: $.url\n    job:\n      title: $.title\n      description: { from: $.description, as: html }\n      open_date: $.datePosted\n      close_date: $.validThrough\n      locations: $.jobLocation.address.addressLocality\n      source_url: $.url\n"),
        _ => mapping(&mut out, &members, &shape.ads),
    }
    out.push_str("require:\n  title: { type: string, minLength: 3 }\n  # description: { type: string, minLength: 10 }\n  # open_date: { type: string, format: date }\n");
    Ok(out)
}

fn mapping(out: &mut String, members: &[Member], ads: &[Json]) {
    let unique = |values: &[Json]| values.len() == ads.len() && values.iter().enumerate().all(|(index, value)| !values[..index].contains(value));
    let id = IDS.iter().find_map(|name| members.iter().find(|member| member.key == *name && unique(&member.values)));
    let is_word = |member: &&Member| member.values.iter().all(|value| value.as_str().is_none_or(|text| !text.contains(char::is_whitespace)));
    let id = id.or_else(|| members.iter().find(|member| member.key.ends_with("id") && unique(&member.values)));
    let id = id.or_else(|| members.iter().filter(is_word).find(|member| unique(&member.values)));
    let repeats = || IDS.iter().find_map(|name| members.iter().find(|member| member.key == *name));
    let _ = match (id, repeats()) {
        (Some(member), _) => writeln!(out, "    id: {}", quoted(&member.path)),
        (None, Some(member)) => {
            writeln!(out, "    id: {}      # repeats in the sample: see `duplicates` in docs/reference/yaml.md", quoted(&member.path))
        }
        (None, None) => {
            writeln!(out, "    id: {{ hash: [{}] }}      # no member is different for each ad: name those that tell ads apart", first_paths(members))
        }
    };
    out.push_str("    job:\n");
    let mut taken: Vec<&str> = Vec::new();
    for (field, names) in FIELDS {
        let is_free = |member: &&Member| !taken.contains(&member.path.as_str());
        let named =
            |fits: &dyn Fn(&str, &str) -> bool| names.iter().find_map(|name| members.iter().filter(is_free).find(|member| fits(&member.key, name)));
        let found = named(&|key, name| key == name).or_else(|| named(&|key, name| name.len() > 4 && key.ends_with(name)));
        match found {
            Some(member) => {
                taken.push(&member.path);
                let _ = writeln!(out, "      {field}: {}", line(field, &member.path, &member.values));
            }
            None => {
                let _ = writeln!(out, "      # {field}:      # nothing in the sample looks like it");
            }
        }
    }
}

/// The paths of the first members, for a hash.
fn first_paths(members: &[Member]) -> String {
    members.iter().take(3).map(|member| quoted(&member.path)).collect::<Vec<_>>().join(", ")
}

/// The right side of a field.
fn line(field: &str, path: &str, values: &[Json]) -> String {
    let texts: Vec<&str> = values.iter().filter_map(Json::as_str).collect();
    match field {
        "description" => format!("{{ from: {}, as: html }}", quoted(path)),
        "source_url" => format!("{{ from: {}, as: url }}", quoted(path)),
        "open_date" | "close_date" => match date_format(&texts, values) {
            Ok(None) => quoted(path),
            Ok(Some(format)) => format!("{{ from: {}, format: \"{format}\" }}", quoted(path)),
            Err(note) => format!("{}      # {note}", quoted(path)),
        },
        _ => quoted(path),
    }
}

/// The format of dates, if it is sure; none for ISO 8601.
fn date_format(texts: &[&str], values: &[Json]) -> Result<Option<&'static str>, String> {
    let all = |pattern: &str| !texts.is_empty() && Regex::new(pattern).is_ok_and(|regex| texts.iter().all(|text| regex.is_match(text.trim())));
    if all(r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$") {
        return Ok(None);
    }
    if all(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$") {
        return Ok(Some("%Y-%m-%d %H:%M:%S UTC"));
    }
    if values.iter().all(Json::is_u64) {
        let is_milliseconds = values.iter().filter_map(Json::as_u64).all(|number| number > 100_000_000_000);
        return Ok(Some(if is_milliseconds { "epoch_ms" } else { "epoch" }));
    }
    if all(r"^\d{1,2}/\d{1,2}/\d{4}") {
        let part = |index: usize| texts.iter().filter_map(|text| text.split('/').nth(index)?.parse::<u32>().ok()).max().unwrap_or_default();
        return match (part(0) > 12, part(1) > 12) {
            (true, false) => Ok(Some("%d/%m/%Y")),
            (false, true) => Ok(Some("%m/%d/%Y")),
            _ => Err("day first or month first? add `format: \"%d/%m/%Y\"` or `\"%m/%d/%Y\"`".to_owned()),
        };
    }
    if all(r"(?i)\b(ago|today|yesterday)\b") {
        return Ok(Some("relative"));
    }
    if all(r"^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} ") {
        return Ok(Some("rfc2822"));
    }
    Err(format!("say the `format` of `{}`", texts.first().unwrap_or(&"")))
}

/// A name in small letters and digits.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The text of members in the ads, two levels deep, with their values.
fn members(ads: &[Json]) -> Vec<Member> {
    let mut all: Vec<Member> = Vec::new();
    for ad in ads {
        if let Json::Object(object) = ad {
            gather(object, "$", 0, &mut all);
        }
    }
    all
}

fn gather(object: &Map<String, Json>, path: &str, depth: usize, all: &mut Vec<Member>) {
    for (name, value) in object {
        let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let path = if plain { format!("{path}.{name}") } else { format!("{path}['{name}']") };
        match value {
            Json::Object(inner) if depth < 2 => {
                // `{ location: { name } }` is the location: its name stands for it.
                if let Some(named) = ["name", "label", "title"].iter().find(|name| inner.get(**name).is_some_and(Json::is_string)) {
                    add(all, format!("{path}.{named}"), bare(name), &inner[*named]);
                }
                gather(inner, &path, depth + 1, all);
            }
            Json::Array(items) if items.iter().all(Json::is_string) && !items.is_empty() => add(all, format!("{path}[*]"), bare(name), &items[0]),
            Json::Null | Json::Object(_) | Json::Array(_) => {}
            scalar => add(all, path, bare(name), scalar),
        }
    }
}

fn add(all: &mut Vec<Member>, path: String, key: String, value: &Json) {
    match all.iter_mut().find(|known| known.path == path) {
        Some(known) => known.values.push(value.clone()),
        None => all.push(Member { path, key, values: vec![value.clone()] }),
    }
}

fn shape(draft: &Draft, sample: &[u8]) -> Result<Shape, String> {
    let text = String::from_utf8_lossy(sample);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if let Ok(value) = serde_json::from_str::<Json>(start) {
        return json(&value);
    }
    let lower = start.chars().take(2000).collect::<String>().to_lowercase();
    if start.starts_with('<') && (lower.contains("<html") || lower.contains("<!doctype html")) {
        return html(&text);
    }
    let (decode, records) = match () {
        () if start.starts_with('<') && (lower.contains("<rss") || lower.contains("<feed") || lower.contains("<rdf")) => ("feed", None),
        () if start.starts_with('<') && lower.contains("<urlset") => ("sitemap", None),
        () if start.starts_with('<') => ("xml", Some(repeated(start)?)),
        () if start.starts_with('{') => ("ndjson", None),
        () if draft.from.to_lowercase().contains(".tsv") => ("csv", None),
        () => ("csv", None),
    };
    Ok(Shape { decode: Some(decode), ads: decoded(decode, records.as_deref(), sample)?, records, count: None })
}

fn decoded(decode: &str, records: Option<&str>, sample: &[u8]) -> Result<Vec<Json>, String> {
    let yaml = records.map_or_else(|| format!("decode: {decode}"), |records| format!("decode: {decode}\nrecords: {}", quoted(records)));
    let mut out = crate::diagnostic::Diagnostics::new();
    let settings: Option<Settings> = crate::yaml::read("draft", yaml, &mut out);
    let place = crate::diagnostic::Place::start_of("draft");
    let decoder = settings.and_then(|settings| DecodeSpec::compile(&settings.decode, &place, settings.records.as_ref(), None, &mut out));
    let decoder = decoder.ok_or("its shape is not understood")?;
    let mut ads = Vec::new();
    decoder.decode(&mut &sample[..], &Body::default(), &[], &mut |item| {
        if let Item::Record(text) = item {
            ads.extend(serde_json::from_str::<Json>(&text));
        }
        ads.len() < 50
    })?;
    if ads.is_empty() { Err("there is no ad in it".to_owned()) } else { Ok(ads) }
}

#[derive(serde::Deserialize)]
struct Settings {
    decode: DecodeSpec,
    records: Option<crate::yaml::Text>,
}

/// The longest list of objects is the ads; a number beside it that is no smaller may be their count.
fn json(value: &Json) -> Result<Shape, String> {
    let mut best: Option<(String, &Vec<Json>)> = None;
    let mut count = None;
    lists(value, "$", 0, &mut best);
    let (path, items) = best.ok_or("there is no list of objects in it")?;
    numbers(value, "$", items.len(), 0, &mut count);
    let records = (path != "$").then(|| format!("{path}[*]"));
    Ok(Shape { decode: None, records, count, ads: items.iter().take(50).cloned().collect() })
}

fn lists<'v>(value: &'v Json, path: &str, depth: usize, best: &mut Option<(String, &'v Vec<Json>)>) {
    match value {
        Json::Array(items) if items.iter().all(Json::is_object) && items.len() > best.as_ref().map_or(0, |(_, longest)| longest.len()) => {
            *best = Some((path.to_owned(), items));
        }
        Json::Object(members) if depth < 4 => members.iter().for_each(|(name, value)| lists(value, &format!("{path}.{name}"), depth + 1, best)),
        _ => {}
    }
}

fn numbers(value: &Json, path: &str, at_least: usize, depth: usize, found: &mut Option<String>) {
    let Json::Object(members) = value else { return };
    for (name, value) in members {
        let path = format!("{path}.{name}");
        let is_count = COUNTS.contains(&bare(name).as_str()) && value.as_u64().is_some_and(|number| number >= at_least as u64);
        if is_count && found.is_none() {
            *found = Some(path.clone());
        }
        if depth < 2 {
            numbers(value, &path, at_least, depth + 1, found);
        }
    }
}

/// Pages: markup for search engines, if there is any; else nobody can guess the selectors.
fn html(text: &str) -> Result<Shape, String> {
    let blocks = Css::parse("script[type='application/ld+json' i]@html").map_err(|error| error.message)?;
    let has_postings = blocks.select(&Page::parse(text), None).iter().any(|block| block.contains("JobPosting"));
    if has_postings {
        return Ok(Shape { decode: Some("json_ld"), records: None, count: None, ads: Vec::new() });
    }
    Err("it is a web page without JobPosting markup: write `decode: html` with `records:` and a mapping by `css:`, see docs/reference/connectors.md"
        .to_owned())
}

/// The path to the first element that repeats beside itself.
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
    Err("no element in it repeats".to_owned())
}

/// A text as YAML that no sign in it can break.
fn quoted(text: &str) -> String {
    let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "$._-/".contains(letter));
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafted(from: &str, sample: &str) -> String {
        let draft = Draft { institution: "acme", timezone: "Australia/Sydney", from, is_address: false, allow_private: false };
        write(&draft, sample.as_bytes()).unwrap_or_else(|why| format!("error: {why}"))
    }

    #[test]
    fn lists_ids_counts_and_fields_are_guessed() {
        let text = drafted(
            "a.json",
            r#"{"meta":{"total":2},"jobs":[{"jobId":1,"title":"A","postedDate":"28/08/2026","location":{"name":"Perth"}},{"jobId":2,"title":"B","postedDate":"01/09/2026","location":{"name":"Broome"}}]}"#,
        );
        for line in [
            "records: \"$.jobs[*]\"",
            "count: $.meta.total",
            "id: $.jobId",
            "title: $.title",
            "open_date: { from: $.postedDate, format: \"%d/%m/%Y\" }",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(text.contains("# close_date:"), "{text}");
    }

    #[test]
    fn what_may_be_two_dates_is_left_to_people() {
        assert!(drafted("a.json", r#"[{"id":1,"title":"A","date":"01/02/2026"}]"#).contains("day first or month first?"));
        assert!(drafted("a.json", r#"[{"id":1,"title":"A","date":1788220800000}]"#).contains("epoch_ms"));
    }

    #[test]
    fn other_formats_are_told_apart() {
        let xml = drafted(
            "a.xml",
            "<?xml version='1.0'?><source><publisher>x</publisher><job><id>1</id><title>A</title></job><job><id>2</id><title>B</title></job></source>",
        );
        assert!(xml.contains("records: \"$.source.job[*]\"") && xml.contains("id: $.id"), "{xml}");
        assert!(drafted("a.csv", "Job ID,Title\n1,A\n2,B\n").contains("decode: csv"));
        assert!(drafted("a.html", "<html><p>none</p></html>").starts_with("error: it is a web page"));
        let page = drafted("a.html", "<!doctype html><html><script type='application/ld+json'>{\"@type\":\"JobPosting\"}</script></html>");
        assert!(page.contains("decode: json_ld"), "{page}");
    }
}
