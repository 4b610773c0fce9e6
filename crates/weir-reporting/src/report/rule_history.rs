//! Which versions of rules and mappings a source was derived by, and from when to when: for
//! `weir rules`. A version that comes back after another one is a step of its own, so that a rule
//! that was loosened and taken back shows both. Must never choose between sources that differ:
//! [`agreed`] refuses and names them.

use super::columns::line;
use super::history::{EditedPart, edited, short};
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use similar::{ChangeTag, TextDiff};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use weir_store::versions::PartUse;

/// Places that are named where all agree.
const MOST_PLACES: usize = 3;

/// One part that a source began to be derived by, or no longer is.
#[derive(Debug)]
pub struct PartChange<'u> {
    /// Whose, and when.
    pub used: &'u PartUse,
    /// Which part: its version before and since.
    pub edit: EditedPart,
}

/// Whether a part is meant by a name: its own, a rule's id with or without its set, or the field of
/// a mapping.
pub fn is_named(part: &str, name: &str) -> bool {
    let bare = part
        .strip_prefix("rule ")
        .or_else(|| part.strip_prefix("mapping of "));
    part == name || bare.is_some_and(|bare| bare == name || bare.rsplit('/').next() == Some(name))
}

/// What changed from each use of a source to its next, oldest first.
pub fn changes(used: &[PartUse]) -> Vec<PartChange<'_>> {
    let mut all = Vec::new();
    for (index, now) in used.iter().enumerate() {
        let before = index
            .checked_sub(1)
            .and_then(|before| used.get(before))
            .filter(|before| is_same_source(before, now));
        let edits = edited(
            before.map_or(&Json::Null, |before| &before.parts),
            &now.parts,
        );
        all.extend(
            edits
                .into_iter()
                .filter(|edit| !edit.part.starts_with("code of "))
                .map(|edit| PartChange { used: now, edit }),
        );
    }
    all.sort_by(|one, other| {
        let key = |change: &PartChange| {
            (
                change.used.used_at,
                change.used.institution.clone(),
                change.edit.part.clone(),
            )
        };
        key(one).cmp(&key(other))
    });
    all
}

fn is_same_source(one: &PartUse, other: &PartUse) -> bool {
    (&one.institution, &one.source_id) == (&other.institution, &other.source_id)
}

/// The versions of one part of one source, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct PartLineage {
    /// The institution.
    pub institution: String,
    /// The source.
    pub source: String,
    /// What it is: `rule SET/ID`, `mapping of FIELD`, ...
    pub part: String,
    /// Hashes in hexadecimal digits, each with the clock of the run that began to use it; `None`
    /// where the part was not used.
    pub steps: Vec<(DateTime<Utc>, Option<String>)>,
}

/// The lineages of the parts of a name, by institution, source and part.
pub fn lineages(used: &[PartUse], name: &str) -> Vec<PartLineage> {
    let mut all: BTreeMap<(&str, &str, &str), PartLineage> = BTreeMap::new();
    for uses in used.chunk_by(is_same_source) {
        let names: BTreeSet<&String> = uses
            .iter()
            .filter_map(|one| one.parts.as_object())
            .flat_map(serde_json::Map::keys)
            .collect();
        for part in names.into_iter().filter(|part| is_named(part, name)) {
            let steps = steps(uses, part);
            let Some(first) = uses.first() else { continue };
            let (institution, source) = (first.institution.clone(), first.source_id.clone());
            let key = (
                first.institution.as_str(),
                first.source_id.as_str(),
                part.as_str(),
            );
            all.insert(
                key,
                PartLineage {
                    institution,
                    source,
                    part: part.clone(),
                    steps,
                },
            );
        }
    }
    all.into_values().collect()
}

fn steps(uses: &[PartUse], part: &str) -> Vec<(DateTime<Utc>, Option<String>)> {
    let mut steps: Vec<(DateTime<Utc>, Option<String>)> = Vec::new();
    for one in uses {
        let hash = one
            .parts
            .get(part)
            .and_then(Json::as_str)
            .map(str::to_owned);
        if steps
            .last()
            .map_or(hash.is_some(), |(_, last)| *last != hash)
        {
            steps.push((one.used_at, hash));
        }
    }
    steps
}

/// A version of a part as one source used it.
#[derive(Debug, Clone, PartialEq)]
pub struct PartText {
    /// `rule SET/ID`, `mapping of FIELD`, ...
    pub part: String,
    /// Its hash.
    pub version: String,
    /// Its text.
    pub text: String,
    /// `INSTITUTION/SOURCE`.
    pub place: String,
    /// Clock of the run that began to use it.
    pub since: DateTime<Utc>,
}

impl PartText {
    fn title(&self) -> String {
        let since = self.since.format("%Y-%m-%d %H:%MZ");
        format!(
            "{} {} · {} · since {since}",
            self.part,
            short(&self.version),
            self.place
        )
    }

    /// The version in full.
    pub fn shown(&self) -> String {
        format!("{}\n{}", self.title(), self.text.trim_end())
    }
}

impl PartLineage {
    /// The versions with their texts. The same text under another hash is no edit: the form in
    /// which Weir hashes it has changed.
    pub fn versions(&self, texts: &HashMap<String, String>) -> Vec<PartText> {
        let mut all: Vec<PartText> = Vec::new();
        let mut was_gone = false;
        for (since, hash) in &self.steps {
            let Some((version, text)) = hash
                .as_ref()
                .and_then(|hash| Some((hash.clone(), texts.get(hash)?.clone())))
            else {
                was_gone = true;
                continue;
            };
            if was_gone || all.last().is_none_or(|last| last.text != text) {
                let place = format!("{}/{}", self.institution, self.source);
                all.push(PartText {
                    part: self.part.clone(),
                    version,
                    text,
                    place,
                    since: *since,
                });
            }
            was_gone = false;
        }
        all
    }
}

/// The choice on which all sources agree, with all of their places and the earliest clock; or the
/// places of those that differ.
///
/// # Errors
/// The sources differ: the parts and places to choose from.
pub fn agreed(choices: &[Vec<PartText>]) -> Result<Option<Vec<PartText>>, Vec<String>> {
    let texts = |choice: &Vec<PartText>| {
        choice
            .iter()
            .map(|one| (one.part.clone(), one.text.clone()))
            .collect::<Vec<_>>()
    };
    let Some(first) = choices.first() else {
        return Ok(None);
    };
    if choices.iter().any(|other| texts(other) != texts(first)) {
        let places = choices.iter().filter_map(|choice| choice.first());
        return Err(places
            .map(|one| format!("{} of {}", one.part, one.place))
            .collect());
    }
    let same = |nth: usize| choices.iter().filter_map(move |choice| choice.get(nth));
    let all = first.iter().enumerate().map(|(nth, one)| {
        let places: BTreeSet<&str> = same(nth).map(|one| one.place.as_str()).collect();
        let more = if places.len() > MOST_PLACES {
            format!(" and {} more", places.len() - MOST_PLACES)
        } else {
            String::new()
        };
        let named: Vec<&str> = places.into_iter().take(MOST_PLACES).collect();
        let since = same(nth).map(|one| one.since).min().unwrap_or(one.since);
        PartText {
            place: format!("{}{more}", named.join(", ")),
            since,
            ..one.clone()
        }
    });
    Ok(Some(all.collect()))
}

/// What differs between two versions, line by line.
pub fn difference(old: &PartText, new: &PartText) -> String {
    let diff = TextDiff::from_lines(&old.text, &new.text);
    let lines = diff.iter_all_changes().map(|change| {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        format!("{sign} {}", change.value().trim_end())
    });
    format!(
        "- {}\n+ {}\n{}",
        old.title(),
        new.title(),
        lines.collect::<Vec<_>>().join("\n")
    )
}

/// One change as a row: when, whose, which part, and its versions before and since.
pub fn row(change: &PartChange<'_>) -> Vec<String> {
    let PartChange { used, edit } = change;
    let what = match (&edit.old, &edit.new) {
        (None, Some(new)) => format!("new {new}"),
        (Some(old), None) => format!("{old} gone"),
        (old, new) => format!(
            "{} -> {}",
            old.as_deref().unwrap_or("-"),
            new.as_deref().unwrap_or("-")
        ),
    };
    let at = used.used_at.format("%Y-%m-%d %H:%MZ").to_string();
    vec![
        at,
        used.institution.clone(),
        used.source_id.clone(),
        line(&edit.part, 60),
        what,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn uses(all: &[(&str, &str, i64, Json)]) -> Vec<PartUse> {
        let at = |day: i64| DateTime::from_timestamp(day * 86_400, 0).unwrap();
        let one = |(institution, source, day, parts): &(&str, &str, i64, Json)| PartUse {
            institution: (*institution).to_owned(),
            source_id: (*source).to_owned(),
            parts: parts.clone(),
            used_at: at(*day),
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn a_version_that_comes_back_is_a_step_of_its_own() {
        let rule = |hash: &str| json!({ "rule common/open": hash, "mapping of title": "t" });
        let used = uses(&[
            ("a", "board", 1, rule("6")),
            ("a", "board", 2, rule("9")),
            ("a", "board", 3, rule("6")),
            ("a", "board", 4, json!({ "mapping of title": "t" })),
            ("b", "board", 2, rule("6")),
        ]);
        let found = lineages(&used, "open");
        let hashes = |lineage: &PartLineage| {
            lineage
                .steps
                .iter()
                .map(|(_, hash)| hash.clone().unwrap_or_default())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found.iter().map(hashes).collect::<Vec<_>>(),
            [vec!["6", "9", "6", ""], vec!["6"]]
        );
        let said: Vec<String> = changes(&used)
            .iter()
            .filter(|change| is_named(&change.edit.part, "common/open"))
            .map(|one| row(one)[4].clone())
            .collect();
        assert_eq!(said, ["new 6", "6 -> 9", "new 6", "9 -> 6", "6 gone"]);
        let texts = HashMap::from([
            ("6".to_owned(), "six".to_owned()),
            ("9".to_owned(), "nine".to_owned()),
        ]);
        let versions: Vec<String> = found[0]
            .versions(&texts)
            .into_iter()
            .map(|version| version.text)
            .collect();
        assert_eq!(versions, ["six", "nine", "six"]);
        let renamed = HashMap::from([
            ("6".to_owned(), "six".to_owned()),
            ("9".to_owned(), "six".to_owned()),
        ]);
        assert_eq!(
            found[0].versions(&renamed).len(),
            1,
            "another form of hash is no edit"
        );
    }

    #[test]
    fn sources_that_differ_are_named_and_none_is_chosen() {
        let used = uses(&[
            ("a", "board", 2, json!({ "mapping of title": "1" })),
            ("b", "board", 1, json!({ "mapping of title": "2" })),
        ]);
        let pick = |one: &str, other: &str| {
            let texts = HashMap::from([
                ("1".to_owned(), one.to_owned()),
                ("2".to_owned(), other.to_owned()),
            ]);
            let choices: Vec<Vec<PartText>> = lineages(&used, "title")
                .iter()
                .map(|lineage| lineage.versions(&texts))
                .collect();
            agreed(&choices)
        };
        assert_eq!(
            pick("$.t", "$.title"),
            Err(vec![
                "mapping of title of a/board".to_owned(),
                "mapping of title of b/board".to_owned()
            ])
        );
        let one = pick("$.t", "$.t").unwrap().unwrap().remove(0);
        assert_eq!(
            (one.place.as_str(), one.since.timestamp()),
            ("a/board, b/board", 86_400)
        );
        assert_eq!(agreed(&[]), Ok(None));
    }
}
