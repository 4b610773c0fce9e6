//! Roles and capabilities of a job in words: what was decided, how, and by which words. For people;
//! machines read the JSON of the job.

use super::columns::line;
use serde_json::Value as Json;
use std::borrow::Cow;

/// Maximum characters of the words that a capability was found by.
const LONGEST_WORDS: usize = 60;

/// Candidates below this confidence are noise, and not shown.
const LEAST_SHOWN: f64 = 0.05;

/// Each decision about a role, by the name of its framework.
pub fn roles(roles: &Json) -> Vec<(String, String)> {
    let all = members(roles).map(|one| (text(one, "framework").to_owned(), role(one)));
    all.collect()
}

/// A value of a field as a difference shows it: decisions as a list of names, what else as it is.
pub fn brief<'j>(field: &str, value: &'j Json) -> Cow<'j, Json> {
    let role = |one: &Json| match text(one, "name") {
        "" => format!("{}: {}", text(one, "framework"), text(one, "level")),
        name => format!("{}: {name}", text(one, "framework")),
    };
    let capability = |one: &Json| match text(one, "level") {
        "" => format!("{}, {}", text(one, "name"), text(one, "kind")),
        level => format!(
            "{} at level {level}, {}",
            text(one, "name"),
            text(one, "kind")
        ),
    };
    match field {
        "roles" if value.is_array() => Cow::Owned(members(value).map(role).collect()),
        "capabilities" if value.is_array() => Cow::Owned(members(value).map(capability).collect()),
        _ => Cow::Borrowed(value),
    }
}

/// A decision about a role.
fn role(one: &Json) -> String {
    let confidence = number(one, "confidence");
    match text(one, "level") {
        level @ ("role" | "group") => {
            let (name, id) = (text(one, "name"), text(one, "id"));
            let group = if level == "group" { "group " } else { "" };
            let by = format!("by {}, confidence {confidence}", text(one, "method"));
            let words: Vec<&str> = texts(one, "words").collect();
            let words = (!words.is_empty()).then(|| format!(": `{}`", words.join(" ")));
            let words = words.unwrap_or_default();
            format!("{group}{name} ({id}), {by}{words}{}", notes(one))
        }
        level => {
            let nearest: Vec<String> = nearest(one).collect();
            let title = text(one, "text");
            let about = match title {
                "" => String::new(),
                title => format!(" for `{title}`"),
            };
            let nearest = match nearest.as_slice() {
                [] => "nothing is near".to_owned(),
                names => format!("nearest: {}", names.join(", ")),
            };
            format!("{level}{about}; {nearest}")
        }
    }
}

/// The candidates of an undecided role, the nearest first.
pub fn nearest(one: &Json) -> impl Iterator<Item = String> + '_ {
    let candidates = one.get("candidates").map(members).into_iter().flatten();
    let near = candidates.filter(|candidate| {
        let confidence = candidate.get("confidence").and_then(Json::as_f64);
        confidence.unwrap_or_default() >= LEAST_SHOWN
    });
    near.map(|candidate| {
        let (name, id) = (text(candidate, "name"), text(candidate, "id"));
        format!("{name} ({id}) {}", number(candidate, "confidence"))
    })
}

fn notes(one: &Json) -> String {
    let notes = one.get("notes").and_then(Json::as_object);
    let notes = notes.into_iter().flatten();
    let each =
        notes.map(|(kind, value)| format!("; {kind} {}", value.as_str().unwrap_or_default()));
    each.collect()
}

/// Each capability, by its id.
pub fn capabilities(capabilities: &Json) -> Vec<(String, String)> {
    let all = members(capabilities).map(|one| (text(one, "id").to_owned(), capability(one)));
    all.collect()
}

fn capability(one: &Json) -> String {
    let level = match text(one, "level") {
        "" => String::new(),
        level => format!(" at level {level}"),
    };
    let (name, kind) = (text(one, "name"), text(one, "kind"));
    let evidence = match evidence(one) {
        Some((words, place)) => format!(": {words} ({place})"),
        None => String::new(),
    };
    let confidence = number(one, "confidence");
    format!("{name}{level}, {kind}{evidence}, confidence {confidence}")
}

/// The words that a capability was found by, in one line, and where they are.
fn evidence(one: &Json) -> Option<(String, String)> {
    let evidence = one.get("evidence")?;
    let words = text(evidence, "text").split_whitespace();
    let words = line(&words.collect::<Vec<_>>().join(" "), LONGEST_WORDS);
    let (field, from) = (text(evidence, "field"), number(evidence, "from"));
    Some((format!("`{words}`"), format!("{field}, character {from}")))
}

/// The capabilities of a job as rows: name, level, kind, the words and where they are.
pub fn capability_rows(capabilities: &Json) -> Vec<Vec<String>> {
    let row = |one: &Json| {
        let said = ["name", "level", "kind"].map(|member| text(one, member).to_owned());
        let (words, place) = evidence(one).unwrap_or_default();
        [said.as_slice(), &[number(one, "confidence"), words, place]].concat()
    };
    members(capabilities).map(row).collect()
}

fn members(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

fn texts<'j>(one: &'j Json, member: &str) -> impl Iterator<Item = &'j str> {
    let list = one.get(member).map(members).into_iter().flatten();
    list.filter_map(Json::as_str)
}

fn text<'j>(one: &'j Json, member: &str) -> &'j str {
    one.get(member).and_then(Json::as_str).unwrap_or_default()
}

fn number(one: &Json, member: &str) -> String {
    one.get(member).map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn decisions_are_told_with_their_evidence() {
        let decided = json!([
            { "framework": "f", "level": "role", "id": "nurse", "name": "Nurse", "method": "alias", "confidence": 0.98,
              "words": ["staff", "nurse"], "notes": { "seniority": "senior" } },
            { "framework": "g", "level": "review", "text": "Ward Wizard", "confidence": 0.1,
              "candidates": [{ "id": "nurse", "name": "Nurse", "confidence": 0.6 }] },
            { "framework": "h", "level": "open", "confidence": 0.0 },
        ]);
        let told: Vec<String> = roles(&decided)
            .into_iter()
            .map(|(_, words)| words)
            .collect();
        assert_eq!(
            told,
            [
                "Nurse (nurse), by alias, confidence 0.98: `staff nurse`; seniority senior",
                "review for `Ward Wizard`; nearest: Nurse (nurse) 0.6",
                "open; nothing is near",
            ]
        );
    }

    #[test]
    fn capabilities_are_told_with_their_place() {
        let found = json!([{ "id": "lead", "name": "Lead", "level": "high", "kind": "focus", "confidence": 0.98,
            "evidence": { "field": "description", "from": 7, "to": 11, "text": "Lead" } }]);
        assert_eq!(
            capabilities(&found)[0].1,
            "Lead at level high, focus: `Lead` (description, character 7), confidence 0.98"
        );
    }
}
