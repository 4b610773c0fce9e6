//! What is said of a name that is not known: held for an operator, or rejected.

use super::ad_name::LONGEST_NAME;
use super::near_name::NearName;
use super::unknown::UnknownNames;
use crate::AdDraft;
use serde_json::{Map, Value as Json, json};
use weir_model::{HoldKind, NewHold, Problem, RelationTable};

/// Rejects or holds an ad for its name. A typo of a known name waits where others are created, too.
pub(super) fn refuse(
    unknown: UnknownNames,
    table: RelationTable,
    draft: &mut AdDraft,
    name: &str,
    near: &[NearName],
) {
    let (what, field) = words_of(table);
    if unknown == UnknownNames::Reject {
        let message = format!("Referenced {what} '{name}' does not exist");
        let problem = Problem::error("invalid_relationship", field, message);
        draft.problems.push(problem.found(json!(name)));
        return;
    }
    let reason = format!("unknown {what} `{name}`{}", near_words(near));
    let message = format!("{reason}: held for an operator");
    draft.holds.push(NewHold {
        kind: kind_of(table),
        subject: name.to_owned(),
        reason,
        details: details(name, near),
    });
    let problem = Problem::error("invalid_relationship", field, message);
    draft.problems.push(problem.found(json!(name)));
}

fn details(name: &str, near: &[NearName]) -> Json {
    let mut details = Map::from_iter([("name".to_owned(), json!(name))]);
    if !near.is_empty() {
        details.insert("near".to_owned(), json!(near));
    }
    Json::Object(details)
}

/// Near names, in words: `, near: Kestrel Rail 0.91`.
fn near_words(near: &[NearName]) -> String {
    let one = |near: &NearName| format!("{} {:.2}", near.name, near.confidence);
    let all: Vec<String> = near.iter().map(one).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!(", near: {}", all.join(", "))
    }
}

fn kind_of(table: RelationTable) -> HoldKind {
    match table {
        RelationTable::Companies => HoldKind::Company,
        RelationTable::Divisions => HoldKind::Division,
    }
}

/// The relation and its field, as text.
fn words_of(table: RelationTable) -> (&'static str, &'static str) {
    match table {
        RelationTable::Companies => ("company", "company_id"),
        RelationTable::Divisions => ("division", "division_id"),
    }
}

/// The problem reported for a name that is too long. It shows only the beginning; the document has
/// the rest.
pub(super) fn too_long(table: RelationTable, name: &str, letters: usize) -> Problem {
    let (what, field) = words_of(table);
    let begins: String = name.chars().take(80).collect();
    let message = format!(
        "`{begins}…` is not the name of a {what}: it has {letters} characters, the maximum is {LONGEST_NAME}"
    );
    Problem::error("invalid_length", field, message)
}
