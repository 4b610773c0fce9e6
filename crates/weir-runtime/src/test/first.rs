//! The first test of an institution, as text: an ad of the sample from which the institution was
//! drafted, and the fields that the draft extracts from it. People review it, because an error in
//! it is an error in the mapping. Pure.

use chrono::NaiveDate;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::fmt::Write;
use weir_model::date::plain_day;
use weir_model::{Ad, Clock, Document, FieldValue};
use weir_project::plan::SourcePlan;
use weir_project::plan::trial::{SamplePage, ads_of_page};
use weir_stage::AdDraft;

/// Longer texts are expected by their beginning.
const LONG: usize = 100;
/// Characters of such a beginning.
const BEGINNING: usize = 60;

/// Where the ad of the test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdSample<'a> {
    /// In a file, which the test names.
    File(&'a str),
    /// At an address: the test contains it.
    Address(&'a str),
}

/// What is known of the first ad.
pub struct FirstTest<'a> {
    /// The institution.
    pub institution: &'a str,
    /// Where its ad comes from.
    pub sample: AdSample<'a>,
    /// The date on which its mapping was tried.
    pub on: NaiveDate,
}

/// The first ad of a page, as the source of the draft reads it, and how the other records would
/// affect a run.
///
/// # Errors
/// There is none, or the page cannot be read.
pub fn ad(
    flow: &SourcePlan,
    sample: AdSample<'_>,
    body: &[u8],
    at: Clock,
) -> Result<(Ad, Option<String>), String> {
    let name = if let AdSample::File(name) = sample {
        Some(name)
    } else {
        None
    };
    let (ads, refused) = ads_of_page(
        &flow.fetch,
        &flow.ident,
        SamplePage {
            body,
            name,
            detail: None,
        },
        at,
    )?;
    let doubt = doubt(&ads, &refused);
    let why = || {
        refused
            .iter()
            .find_map(|document| Some(document.refused.as_ref()?.message()))
    };
    ads.into_iter()
        .next()
        .map(|ad| (ad, doubt))
        .ok_or_else(|| why().unwrap_or_else(|| "it contains no ad".to_owned()))
}

/// Which of the ads of a sample a run would refuse.
fn doubt(ads: &[Ad], refused: &[Document]) -> Option<String> {
    let mut known: HashMap<&str, &Json> = HashMap::new();
    let again: Vec<&str> = ads
        .iter()
        .filter(|ad| *known.entry(&ad.external_id).or_insert(&ad.content) != &ad.content)
        .map(|ad| &*ad.external_id)
        .collect();
    let repeated = again
        .first()
        .map(|id| format!("{} with a duplicate id, such as `{id}`", again.len()));
    let why = refused
        .iter()
        .find_map(|document| Some(document.refused.as_ref()?.message()));
    let nameless = why.map(|why| format!("{} that cannot be read as an ad: {why}", refused.len()));
    let said: Vec<String> = repeated.into_iter().chain(nameless).collect();
    (!said.is_empty()).then(|| {
        format!(
            "the draft finds {} ads in the sample, {}",
            ads.len() + refused.len(),
            said.join(", and ")
        )
    })
}

/// The file of the test.
pub fn text(first: &FirstTest, draft: &AdDraft) -> String {
    let (AdSample::File(from) | AdSample::Address(from)) = first.sample;
    let mut out = format!(
        "# yaml-language-server: $schema=../../schema/mapping-tests.json\n\
         # The first test, made from {from}: what the draft makes of its first ad. Read it: what is wrong here is wrong in the mapping.\n\
         # What else may stand here: docs/reference/yaml.md.\n\
         institution: {}\nat: {}\n\ntests:\n  - about: the first ad of the sample\n",
        first.institution, first.on
    );
    match first.sample {
        AdSample::File(file) => {
            let _ = writeln!(
                out,
                "    file: {}\n    ad: {}",
                scalar(file),
                scalar(&draft.ad.external_id)
            );
        }
        AdSample::Address(_) => {
            let _ = writeln!(out, "    document:\n{}", document(&draft.ad.content));
        }
    }
    let _ = writeln!(
        out,
        "    expect:\n      id: {}",
        scalar(&draft.ad.external_id)
    );
    for (field, value) in draft
        .job
        .values()
        .filter(|(_, value)| !value.is_absent() && !matches!(value, FieldValue::Invalid(_)))
    {
        let _ = writeln!(out, "      {field}: {}", expected(&value.to_json()));
    }
    out
}

fn expected(value: &Json) -> String {
    match value {
        Json::String(text) if text.chars().count() > LONG => quoted(&format!(
            "{}…",
            text.chars().take(BEGINNING).collect::<String>()
        )),
        Json::String(text) => scalar(text),
        other => printable(&other.to_string()),
    }
}

/// The ad as JSON, which is YAML, too.
fn document(content: &Json) -> String {
    let lines: Vec<String> = format!("{content:#}")
        .lines()
        .map(|line| format!("      {}", printable(line)))
        .collect();
    lines.join("\n")
}

/// Text as it can follow a colon.
fn scalar(text: &str) -> String {
    let is_date = plain_day(text).is_some();
    let is_word =
        text.starts_with(|letter: char| letter.is_ascii_alphabetic()) && !text.ends_with(' ');
    let is_plain = is_word
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || " ,.()/+-".contains(letter));
    let means_else = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    if is_date || is_plain && !means_else {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    printable(&Json::from(text).to_string())
}

/// JSON with characters that YAML does not accept written by number.
fn printable(json: &str) -> String {
    let plain = |letter: char| {
        letter == '\t'
            || !(letter.is_control()
                || matches!(
                    letter,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ))
    };
    json.chars()
        .fold(String::with_capacity(json.len()), |mut out, letter| {
            if plain(letter) {
                out.push(letter);
            } else {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever an ad contains, YAML reads back what was written.
    #[test]
    fn every_text_is_read_back_as_it_was() {
        let odd = [
            "Nurse",
            "no",
            "7",
            "07",
            "1e3",
            "2026-09-01",
            " a",
            "a: b",
            "a #b",
            "- x",
            "",
            "\u{85}\u{2028}\u{feff}\u{7f}",
            "a\nb\t\"c\" \\",
            "…",
            "~",
            "😀",
            "{x}",
            "*a",
            "No.",
        ];
        for text in odd {
            let mut out = weir_yaml::diagnostic::Diagnostics::new();
            let yaml = format!(
                "short: {}\nlong:\n{}\n",
                scalar(text),
                document(&Json::from(vec![text]))
            );
            let node = weir_yaml::yaml::parse("a", yaml.as_str(), &mut out);
            let read = node.map(|node| node.to_json());
            assert_eq!(
                read,
                Some(serde_json::json!({ "short": text, "long": [text] })),
                "{yaml}"
            );
        }
    }
}
