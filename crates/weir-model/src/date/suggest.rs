//! Suggests a `format:` for text that could not be read. Must never choose between day and month:
//! if two formats yield different days, it returns both.

use super::{DateFormat, FoundDate};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use std::sync::LazyLock;

/// Days as boards write them, most usual first.
const DAYS: [&str; 22] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%y/%m/%d",
    "%d-%m-%y",
    "%m-%d-%y",
    "%y-%m-%d",
    "%d.%m.%y",
    "%d %b %y",
    "%d-%b-%y",
    "%b %d, %y",
    "%d%m%Y",
];
/// What may precede a date.
const BEFORE: [&str; 3] = ["", "%A, ", "%A "];
/// What may follow it.
const BEHIND: [&str; 10] = [
    "",
    " %H:%M",
    " %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %I%p",
    " %H:%M %z",
    " %H:%M:%S %z",
    ", %H:%M",
    " - %H:%M",
];

/// The formats that are tried.
static FORMATS: LazyLock<Vec<DateFormat>> = LazyLock::new(|| {
    let behind = |day: String| BEHIND.into_iter().map(move |time| format!("{day}{time}"));
    let patterns = BEFORE
        .into_iter()
        .flat_map(|weekday| DAYS.into_iter().map(move |day| format!("{weekday}{day}")))
        .flat_map(behind);
    patterns
        .chain(DateFormat::WORDS.map(str::to_owned))
        .filter_map(|format| DateFormat::compile(&format))
        .collect()
});

/// The format that reads a text, if one does, and none reads it as another day.
pub fn suggest_format(text: &str) -> Option<String> {
    match suggest_formats(&[text]).as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// The formats that read all of the texts: one of those that read them as the same days. Several
/// mean that only the author can know.
pub fn suggest_formats(texts: &[&str]) -> Vec<String> {
    if days(&DateFormat::Iso, texts).is_some() {
        return vec![DateFormat::Iso.to_string()];
    }
    let mut found: Vec<(Vec<FoundDate>, String)> = Vec::new();
    for format in FORMATS.iter() {
        match days(format, texts) {
            Some(days) if found.iter().all(|(known, _)| *known != days) => {
                found.push((days, format.to_string()));
            }
            _ => {}
        }
    }
    found.into_iter().map(|(_, format)| format).collect()
}

fn days(format: &DateFormat, texts: &[&str]) -> Option<Vec<FoundDate>> {
    let plausible = |text: &&str| format.read(text, Tz::UTC, noon()).filter(is_plausible);
    texts
        .iter()
        .map(plausible)
        .collect::<Option<Vec<_>>>()
        .filter(|days| !days.is_empty())
}

/// A reference instant: any will do, because the only question is whether a text can be read.
fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_798_718_400, 0).unwrap_or_default()
}

fn is_plausible(found: &FoundDate) -> bool {
    let bounds = NaiveDate::from_ymd_opt(1990, 1, 1).zip(NaiveDate::from_ymd_opt(2099, 12, 31));
    match (found, bounds) {
        (FoundDate::Day(day), Some((first, last))) => (first..=last).contains(day),
        _ => true,
    }
}
