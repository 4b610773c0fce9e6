//! What a posting says about the job outside its description: `responsibilities`, `qualifications`
//! and the like, as a list of `{ heading, text }` that a mapping can join. A site that fills them
//! from its description repeats itself, so text that the description already contains is dropped.
//!
//! A member may be text, a list, or an object of the vocabulary (`DefinedTerm`, a credential, a
//! number of months). To support another member, add a line to [`SECTIONS`].

use crate::markup::readable;
use serde_json::{Map, Value as Json, json};

/// Members that speak of the job, in the order in which an ad has them, with a heading.
const SECTIONS: [(&str, &str); 14] = [
    ("responsibilities", "Responsibilities"),
    ("qualifications", "Qualifications"),
    ("skills", "Skills"),
    ("experienceRequirements", "Experience"),
    ("educationRequirements", "Education"),
    ("physicalRequirement", "Physical requirements"),
    ("sensoryRequirement", "Sensory requirements"),
    ("securityClearanceRequirement", "Security clearance"),
    ("eligibilityToWorkRequirement", "Eligibility to work"),
    ("specialCommitments", "Special commitments"),
    ("workHours", "Working hours"),
    ("jobBenefits", "Benefits"),
    ("incentiveCompensation", "Incentives"),
    ("employerOverview", "The employer"),
];

/// Names that members had in earlier versions of the vocabulary.
const EARLIER_NAMES: [(&str, &str); 2] = [
    ("jobBenefits", "benefits"),
    ("incentiveCompensation", "incentives"),
];

/// What names an object of the vocabulary, the best first.
const NAMES: [&str; 4] = ["description", "name", "credentialCategory", "value"];

/// The sections of a posting; null without any.
pub(super) fn sections(posting: &Map<String, Json>) -> Json {
    let described = posting
        .get("description")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let mut said: Option<String> = None;
    let mut sections = Vec::new();
    for (name, heading) in SECTIONS {
        let earlier = EARLIER_NAMES.iter().find(|(now, _)| *now == name);
        let member = posting.get(name).or_else(|| posting.get(earlier?.1));
        let texts: Vec<String> = member.map(texts_in).unwrap_or_default();
        let said = said.get_or_insert_with(|| words_of(described));
        let is_new = |text: &String| !said.contains(&words_of(text));
        let texts: Vec<String> = texts.into_iter().filter(is_new).collect();
        if texts.is_empty() {
            continue;
        }
        texts.iter().for_each(|text| said.push_str(&words_of(text)));
        // Several texts are the items of a list; a single one may itself be markup.
        let text = if let [text] = &texts[..] {
            json!(text)
        } else {
            json!(texts)
        };
        sections.push(json!({ "heading": heading, "text": text }));
    }
    if sections.is_empty() {
        Json::Null
    } else {
        Json::Array(sections)
    }
}

/// The words of a text that may be markup, each preceded by a space, the last one followed by one.
fn words_of(text: &str) -> String {
    let words = readable(text);
    words
        .split_whitespace()
        .fold(" ".to_owned(), |all, word| all + word + " ")
}

fn texts_in(value: &Json) -> Vec<String> {
    match value {
        Json::String(text) if text.trim().is_empty() => Vec::new(),
        Json::String(text) => vec![text.trim().to_owned()],
        Json::Number(number) => vec![number.to_string()],
        Json::Array(items) => items.iter().flat_map(texts_in).collect(),
        Json::Object(object) => {
            let named = NAMES
                .iter()
                .filter_map(|name| object.get(*name))
                .map(texts_in);
            let named = named.into_iter().find(|texts| !texts.is_empty());
            named.or_else(|| months_of(object)).unwrap_or_default()
        }
        Json::Null | Json::Bool(_) => Vec::new(),
    }
}

/// `{ "@type": "OccupationalExperienceRequirements", "monthsOfExperience": 24 }`.
fn months_of(object: &Map<String, Json>) -> Option<Vec<String>> {
    let months = texts_in(object.get("monthsOfExperience")?);
    Some(
        months
            .into_iter()
            .map(|months| format!("{months} months"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(posting: Json) -> Json {
        sections(posting.as_object().unwrap())
    }

    #[test]
    fn each_form_of_a_section_is_text_under_its_heading() {
        let one = |heading: &str, text: Json| json!([{ "heading": heading, "text": text }]);
        for (posting, expected) in [
            (
                json!({"responsibilities": " Tune organs "}),
                one("Responsibilities", json!("Tune organs")),
            ),
            (
                json!({"skills": ["Ears", "", "Hands"]}),
                one("Skills", json!(["Ears", "Hands"])),
            ),
            (
                json!({"skills": [{"@type": "DefinedTerm", "name": "Ears"}]}),
                one("Skills", json!("Ears")),
            ),
            (
                json!({"educationRequirements": {"credentialCategory": "bachelor degree"}}),
                one("Education", json!("bachelor degree")),
            ),
            (
                json!({"experienceRequirements": {"monthsOfExperience": 24}}),
                one("Experience", json!("24 months")),
            ),
            (
                json!({"benefits": "A piano"}),
                one("Benefits", json!("A piano")),
            ),
            (
                json!({"experienceRequirements": false, "skills": {}, "workHours": " "}),
                Json::Null,
            ),
        ] {
            assert_eq!(found(posting.clone()), expected, "{posting}");
        }
    }

    #[test]
    fn what_the_description_says_is_not_said_again() {
        let posting = json!({
            "description": "<h2>You do</h2><p>Tune  &amp; mend <b>organs</b>.</p>",
            "responsibilities": "Tune &amp; mend organs.",
            "qualifications": "organ",
            "skills": ["Ears", "Hands"],
            "experienceRequirements": "Hands",
        });
        let expected = json!([
            { "heading": "Qualifications", "text": "organ" },
            { "heading": "Skills", "text": ["Ears", "Hands"] },
        ]);
        assert_eq!(found(posting), expected);
    }
}
