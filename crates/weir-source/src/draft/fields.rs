//! Guesses which canonical field each member of the ads may be, and which one is the id: by name,
//! then by the look of its values.
//!
//! Must never guess what only the author can know: a date that may be day first or month first is
//! left as a comment.

use super::quoted;
use crate::steps::text_of;
use regex::Regex;
use serde_json::{Map, Value as Json};
use std::fmt::Write;
use weir_model::date::suggest_formats;

/// A member of the ads: its place, its lowercase name, and its values.
pub(super) struct Member {
    pub(super) take: Take,
    pub(super) key: String,
    pub(super) values: Vec<Json>,
}

/// How a mapping selects a member.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Take {
    /// At a path.
    Path(String),
    /// By a selector.
    Css(String),
}

impl Take {
    /// As the beginning of a mapping: `from: $.a`.
    fn entry(&self) -> String {
        match self {
            Take::Path(path) => format!("from: {}", quoted(path)),
            Take::Css(css) => format!("css: {}", quoted(css)),
        }
    }

    /// As a mapping with these further keys.
    pub(super) fn with(&self, more: &str) -> String {
        match (self, more) {
            (Take::Path(path), "") => quoted(path),
            (_, "") => format!("{{ {} }}", self.entry()),
            _ => format!("{{ {}, {more} }}", self.entry()),
        }
    }
}

/// Canonical fields, and words in the names of likely members, most likely first.
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
pub(super) const IDS: [&str; 9] = ["id", "jobid", "guid", "reference", "referencenumber", "shortcode", "requisitionid", "uuid", "slug"];
/// Writes `id:` and `job:`; `id` is its line if already known.
pub(super) fn write(out: &mut String, members: &[Member], ads: usize, id: Option<String>) {
    let _ = writeln!(out, "    id: {}", id.unwrap_or_else(|| id_of(members, ads)));
    out.push_str("    job:\n");
    // Classes are longer than names: `search-result__location--short`.
    let is_markup = members.iter().any(|member| matches!(member.take, Take::Css(_)));
    let mut taken: Vec<&Take> = Vec::new();
    for (field, names) in FIELDS {
        let is_free = |member: &&Member| !taken.contains(&&member.take);
        let named =
            |fits: &dyn Fn(&str, &str) -> bool| names.iter().find_map(|name| members.iter().filter(is_free).find(|member| fits(&member.key, name)));
        let found = named(&|key, name| key == name)
            .or_else(|| named(&|key, name| name.len() > 4 && key.ends_with(name)))
            .or_else(|| is_markup.then(|| named(&|key, name| name.len() > 4 && key.contains(name))).flatten());
        match found {
            Some(member) => {
                taken.push(&member.take);
                let _ = writeln!(out, "      {field}: {}", line(field, member));
            }
            None => {
                let _ = writeln!(out, "      # {field}:      # nothing in the sample looks like this field");
            }
        }
    }
}

/// The right side of `id`.
fn id_of(members: &[Member], ads: usize) -> String {
    let unique = |member: &&Member| is_unique(&member.values, ads);
    let is_word = |member: &&Member| member.values.iter().all(|value| value.as_str().is_none_or(|text| !text.contains(char::is_whitespace)));
    // An ad's own members before nested ones: its department has an id, too.
    let depth = |member: &&Member| if let Take::Path(path) = &member.take { path.matches(['.', '[']).count() } else { 0 };
    let named = |name: &&str| members.iter().filter(|member| member.key == **name).min_by_key(depth);
    let id = IDS.iter().filter_map(&named).find(unique);
    let id = id.or_else(|| members.iter().filter(unique).find(|member| member.key.ends_with("id")));
    // A date identifies ads until two are posted on the same day.
    let is_date = |member: &&Member| {
        let texts: Vec<&str> = member.values.iter().filter_map(Json::as_str).collect();
        labelled(&texts).is_some() || begin_with_days(&texts)
    };
    let id = id.or_else(|| members.iter().filter(is_word).filter(|member| !is_date(member)).find(unique));
    match (id, IDS.iter().find_map(named)) {
        (Some(member), _) => member.take.with(""),
        (None, Some(member)) => format!("{}      # not unique in the sample: see `duplicates` in docs/reference/yaml.md", member.take.with("")),
        (None, None) => {
            let first: Vec<String> =
                members.iter().filter_map(|member| if let Take::Path(path) = &member.take { Some(quoted(path)) } else { None }).take(3).collect();
            format!("{{ hash: [{}] }}      # no member is unique: list those that identify an ad", first.join(", "))
        }
    }
}

/// Whether texts start like dates: `2026-09-01T...`, `1.9.2026`, `09/01/26`.
fn begin_with_days(texts: &[&str]) -> bool {
    let day = Regex::new(r"^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(\D|$)");
    !texts.is_empty() && day.is_ok_and(|day| texts.iter().all(|text| day.is_match(text)))
}

/// Whether each ad has a unique value.
pub(super) fn is_unique(values: &[Json], ads: usize) -> bool {
    values.len() == ads && values.iter().enumerate().all(|(index, value)| !values[..index].contains(value))
}

/// The right side of a field.
fn line(field: &str, member: &Member) -> String {
    let texts: Vec<&str> = member.values.iter().filter_map(Json::as_str).collect();
    match (field, &member.take) {
        ("description", Take::Path(_)) => member.take.with("as: html"),
        ("source_url", _) => member.take.with("as: url"),
        ("open_date" | "close_date", _) => match date_format(&texts, &member.values) {
            Ok(None) => member.take.with(""),
            Ok(Some(format)) => member.take.with(&format!("format: \"{format}\"")),
            Err(note) => labelled(&texts)
                .map(|(pattern, format)| member.take.with(&format!("match: '{pattern}', format: \"{format}\"")))
                .unwrap_or_else(|| format!("{}      # {note}", member.take.with(""))),
        },
        _ => member.take.with(""),
    }
}

/// Dates in words, as patterns and formats.
const WORDED: [(&str, &str); 4] = [
    (r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y"),
    (r"\d{1,2} [A-Z][a-z]{3,8} \d{4}", "%d %B %Y"),
    (r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
    (r"\d{4}-\d\d-\d\d", "%Y-%m-%d"),
];

/// A date within a label, `Closing date 17 May 2026`: its pattern and format.
fn labelled(texts: &[&str]) -> Option<(&'static str, &'static str)> {
    let fits = |pattern: &str| Regex::new(&format!(r"(^|\W){pattern}(\W|$)")).is_ok_and(|regex| texts.iter().all(|text| regex.is_match(text)));
    WORDED.into_iter().find(|(pattern, _)| !texts.is_empty() && fits(pattern))
}

/// The format of dates, if it is sure; none for ISO 8601.
fn date_format(texts: &[&str], values: &[Json]) -> Result<Option<String>, String> {
    let all = |pattern: &str| Regex::new(&format!("^{pattern}$")).is_ok_and(|regex| texts.iter().all(|text| regex.is_match(text.trim())));
    let written: Vec<String> = values.iter().filter_map(text_of).collect();
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    match suggest_formats(&written).as_slice() {
        [iso] if iso == "iso8601" => Ok(None),
        [only] => {
            Ok(Some(WORDED.into_iter().find(|(pattern, _)| !texts.is_empty() && all(pattern)).map_or(only.clone(), |(_, format)| format.to_owned())))
        }
        [first, second, ..] => Err(format!("day first or month first? add `format: \"{first}\"` or `\"{second}\"`")),
        [] => {
            let first: String = texts.first().unwrap_or(&"").chars().filter(|letter| !letter.is_control()).take(40).collect();
            Err(format!("add the `format` of `{first}`"))
        }
    }
}

/// A name in lowercase letters and digits.
pub(super) fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The text of members in the ads, two levels deep, with their values.
pub(super) fn members(ads: &[Json]) -> Vec<Member> {
    let mut all: Vec<Member> = Vec::new();
    for ad in ads {
        if let Json::Object(object) = ad {
            gather(object, "$", 0, &mut all);
        }
    }
    all
}

/// A path with another name appended; special names are in brackets.
pub(super) fn step(path: &str, name: &str) -> String {
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    let plain = begins && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain { format!("{path}.{name}") } else { format!("{path}['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")) }
}

fn gather(object: &Map<String, Json>, path: &str, depth: usize, all: &mut Vec<Member>) {
    for (name, value) in object {
        let path = step(path, name);
        match value {
            Json::Object(inner) if depth < 2 => {
                // `{ location: { name } }` is the location: it is represented by its name.
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
    let take = Take::Path(path);
    match all.iter_mut().find(|known| known.take == take) {
        Some(known) => known.values.push(value.clone()),
        None => all.push(Member { take, key, values: vec![value.clone()] }),
    }
}
