//! How the dates of a member are written, if its values prove it. A date that may be day first or
//! month first is left to the author.

use super::members::AdMember;
use crate::markup::{CssPath, HtmlPage};
use crate::steps::text_of;
use regex::Regex;
use serde_json::Value as Json;
use std::sync::LazyLock;
use weir_model::date::{read, suggest_formats};

/// A pattern of dates in words, and the format that reads them.
struct WordedDate {
    pattern: &'static str,
    format: &'static str,
    /// The pattern anywhere in a text.
    within: Regex,
    /// The pattern as a whole text.
    whole: Regex,
}

static WORDED: LazyLock<Vec<WordedDate>> = LazyLock::new(|| {
    let all = [
        (r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y"),
        (r"\d{1,2} [A-Z][a-z]{3,8} \d{4}", "%d %B %Y"),
        (r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
        (r"\d{4}-\d\d-\d\d", "%Y-%m-%d"),
    ];
    let worded = |(pattern, format)| {
        let within = Regex::new(&format!(r"(^|\W){pattern}(\W|$)")).ok()?;
        Some(WordedDate {
            pattern,
            format,
            within,
            whole: Regex::new(&format!("^{pattern}$")).ok()?,
        })
    };
    all.into_iter().filter_map(worded).collect()
});
/// A text that starts like a date: `2026-09-01T...`, `1.9.2026`, `09/01/26`.
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(\D|$)").ok()
});
/// Where HTML writes a date for machines.
const MACHINE: &str = "time@datetime";
/// The first second of a date that is a number: smaller ones count something.
const EARLIEST_EPOCH: f64 = 600_000_000.0;

/// The right side of a date.
pub(super) fn line(member: &AdMember) -> String {
    let texts = member.texts();
    if member.all_texts(has_machine_date) {
        return member.take.with(&format!("css: {MACHINE}"));
    }
    match format(&texts, &member.values) {
        Ok(None) => member.take.with(""),
        Ok(Some(format)) => member.take.with(&format!("format: \"{format}\"")),
        Err(note) => labelled(&texts)
            .map(|(pattern, format)| {
                member
                    .take
                    .with(&format!("match: '{pattern}', format: \"{format}\""))
            })
            .unwrap_or_else(|| format!("{}      # {note}", member.take.with(""))),
    }
}

/// Whether values can be dates at all: `published: true` is none.
pub(super) fn can_be(member: &AdMember) -> bool {
    let can = |value: &Json| match value {
        Json::String(_) => true,
        Json::Number(number) => number
            .as_f64()
            .is_some_and(|seconds| seconds >= EARLIEST_EPOCH),
        _ => false,
    };
    member.values.iter().all(can)
}

/// Whether values look like dates, whatever they are called.
pub(super) fn are_dates(member: &AdMember) -> bool {
    let texts = member.texts();
    member.all_texts(has_machine_date) || labelled(&texts).is_some() || begin_with_days(&texts)
}

fn has_machine_date(text: &str) -> bool {
    let found = || {
        CssPath::parse(MACHINE)
            .is_ok_and(|css| !css.select(&HtmlPage::parse(text), None).is_empty())
    };
    text.contains("datetime=") && found()
}

fn begin_with_days(texts: &[&str]) -> bool {
    !texts.is_empty()
        && DAY
            .as_ref()
            .is_some_and(|day| texts.iter().all(|text| day.is_match(text)))
}

/// A date within a label, `Closing date 17 May 2026`: its pattern and format.
fn labelled(texts: &[&str]) -> Option<(&'static str, &'static str)> {
    let fits = |worded: &&WordedDate| texts.iter().all(|text| worded.within.is_match(text));
    WORDED
        .iter()
        .filter(|_| !texts.is_empty())
        .find(fits)
        .map(|worded| (worded.pattern, worded.format))
}

/// The format of dates, if it is sure; none for those that are read without one.
fn format(texts: &[&str], values: &[Json]) -> Result<Option<String>, String> {
    let is_whole = |worded: &&WordedDate| {
        !texts.is_empty() && texts.iter().all(|text| worded.whole.is_match(text.trim()))
    };
    let written: Vec<String> = values.iter().filter_map(text_of).collect();
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    match suggest_formats(&written).as_slice() {
        [iso] if iso == "iso8601" => Ok(None),
        // Dates of mail are read without a format.
        [mail]
            if mail.contains("%H")
                && written
                    .iter()
                    .all(|text| read(text, chrono_tz::Tz::UTC).is_some()) =>
        {
            Ok(None)
        }
        [only] => {
            Ok(Some(WORDED.iter().find(is_whole).map_or_else(
                || only.clone(),
                |worded| worded.format.to_owned(),
            )))
        }
        [first, second, ..] => Err(format!(
            "day first or month first? add `format: \"{first}\"` or `\"{second}\"`"
        )),
        [] => {
            let first: String = texts
                .first()
                .unwrap_or(&"")
                .chars()
                .filter(|letter| !letter.is_control())
                .take(40)
                .collect();
            Err(format!("add the `format` of `{first}`"))
        }
    }
}
