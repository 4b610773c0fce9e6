//! What `classify` decides of an ad: a list of decisions about its role, and one about its
//! capabilities.
//!
//! A list is held as the text that is stored: it is hashed, compared and written far more often
//! than looked into. That text must be what the same list gives when it comes back from the
//! database, members in the order of their names. A new member is a field of [`AdDecision`]; if it
//! only says how the decision was made, it is evidence.

use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use weir_yaml::number;

/// A decision about an ad, its members in the order of their names.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AdDecision<'d> {
    /// The nearest entries, where nothing is sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<CandidateEntry<'d>>>,
    /// How sure it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Where the ad says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidencePlace<'d>>,
    /// The framework.
    pub framework: &'d str,
    /// Id of the role, group or capability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'d str>,
    /// How an ad comes to a capability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// How much is decided of a role, or the level of a capability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<&'d str>,
    /// How a role was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// Name of the role, group or capability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'d str>,
    /// What a title says beside the role.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<&'static str, &'d str>,
    /// The title or classification, where nothing is sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'d str>,
    /// The words that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<&'d [String]>,
}

/// An entry that may be meant.
#[derive(Debug, Clone, Serialize)]
pub struct CandidateEntry<'d> {
    /// How near it is.
    pub confidence: f64,
    /// Its id.
    pub id: &'d str,
    /// Its name.
    pub name: &'d str,
}

/// A place in the text of an ad.
#[derive(Debug, Clone, Serialize)]
pub struct EvidencePlace<'d> {
    /// The field.
    pub field: &'d str,
    /// The character that it begins with.
    pub from: usize,
    /// What stands there, cut if it is long.
    pub text: &'d str,
    /// The character behind it.
    pub to: usize,
}

/// Members that say how a decision was made. They refresh without a version.
const EVIDENCE: [&str; 6] = [
    "confidence",
    "method",
    "words",
    "text",
    "candidates",
    "evidence",
];

impl AdDecision<'_> {
    /// What was decided, not how.
    fn without_evidence(&self) -> AdDecision<'_> {
        AdDecision {
            framework: self.framework,
            id: self.id,
            kind: self.kind,
            level: self.level,
            name: self.name,
            notes: self.notes.clone(),
            ..AdDecision::default()
        }
    }

    /// Whether all its numbers are written in their one form: those that are whole are not.
    fn is_canonical(&self) -> bool {
        let candidates = self.candidates.iter().flatten();
        let mut numbers = candidates.map(|one| one.confidence).chain(self.confidence);
        numbers.all(|number| number.fract() != 0.0)
    }

    fn row(&self) -> DecidedRow {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        DecidedRow {
            framework: self.framework.to_owned(),
            id: owned(self.id),
            name: owned(self.name),
            level: owned(self.level),
            kind: owned(self.kind),
            method: owned(self.method),
            confidence: self.confidence,
            text: owned(self.text),
        }
    }
}

/// What the tables for joins say of a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedRow {
    /// The framework.
    pub framework: String,
    /// Id of the role, group or capability.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// How much is decided of a role, or the level of a capability.
    pub level: Option<String>,
    /// How an ad comes to a capability.
    pub kind: Option<String>,
    /// How a role was decided.
    pub method: Option<String>,
    /// How sure it is.
    pub confidence: Option<f64>,
    /// The title or classification, where nothing is sure.
    pub text: Option<String>,
}

/// A list of decisions about an ad: as JSON an array, or null if nothing was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedList {
    text: Cow<'static, str>,
    /// The same without evidence, its numbers in their one form.
    compared: Cow<'static, str>,
    is_canonical: bool,
    rows: Vec<DecidedRow>,
}

impl Default for DecidedList {
    fn default() -> DecidedList {
        DecidedList {
            text: Cow::Borrowed(NULL),
            compared: Cow::Borrowed(NULL),
            is_canonical: true,
            rows: Vec::new(),
        }
    }
}

/// The text of a list that nobody asked for.
const NULL: &str = "null";

impl DecidedList {
    /// A list of these; null if there are none.
    pub fn of(decisions: &[AdDecision<'_>]) -> DecidedList {
        if decisions.is_empty() {
            return DecidedList::default();
        }
        let compared: Vec<AdDecision> =
            decisions.iter().map(AdDecision::without_evidence).collect();
        DecidedList {
            text: written(&decisions).into(),
            compared: written(&compared).into(),
            is_canonical: decisions.iter().all(AdDecision::is_canonical),
            rows: decisions.iter().map(AdDecision::row).collect(),
        }
    }

    /// Whether nothing was asked for.
    pub fn is_null(&self) -> bool {
        self.text == NULL
    }

    /// As it is stored; none of null.
    pub fn text(&self) -> Option<&str> {
        (!self.is_null()).then_some(&*self.text)
    }

    /// What the tables for joins say, a row for each.
    pub fn rows(&self) -> &[DecidedRow] {
        &self.rows
    }

    /// The list, read again.
    pub fn to_json(&self) -> Json {
        read(&self.text)
    }

    /// What was decided, not how: as two versions are compared by.
    pub(crate) fn comparable(&self) -> Json {
        read(&self.compared)
    }

    /// The text of [`DecidedList::comparable`].
    pub(crate) fn comparable_text(&self) -> &str {
        &self.compared
    }

    /// The text with its numbers in their one form: PostgreSQL writes them in other ways.
    pub(crate) fn canonical_text(&self) -> Cow<'_, str> {
        if self.is_canonical {
            return Cow::Borrowed(&self.text);
        }
        let mut value = self.to_json();
        number::canonize(&mut value);
        Cow::Owned(written(&value))
    }
}

/// As it comes from the database.
impl From<Json> for DecidedList {
    fn from(value: Json) -> DecidedList {
        let mut compared = without_evidence(&value);
        number::canonize(&mut compared);
        DecidedList {
            text: written(&value).into(),
            compared: written(&compared).into(),
            is_canonical: number::is_canonical(&value),
            rows: value.as_array().into_iter().flatten().map(row).collect(),
        }
    }
}

fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| NULL.to_owned())
}

/// It was written here.
fn read(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_default()
}

fn without_evidence(decided: &Json) -> Json {
    let mut decided = decided.clone();
    for one in decided.as_array_mut().into_iter().flatten() {
        if let Some(members) = one.as_object_mut() {
            members.retain(|name, _| !EVIDENCE.contains(&name.as_str()));
        }
    }
    decided
}

fn row(one: &Json) -> DecidedRow {
    let nothing = Map::new();
    let members = one.as_object().unwrap_or(&nothing);
    let text = |name: &str| Some(members.get(name)?.as_str()?.to_owned());
    DecidedRow {
        framework: text("framework").unwrap_or_default(),
        id: text("id"),
        name: text("name"),
        level: text("level"),
        kind: text("kind"),
        method: text("method"),
        confidence: members.get("confidence").and_then(Json::as_f64),
        text: text("text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(confidence: f64) -> AdDecision<'static> {
        let (id, name) = ("nurse", "Nurse \"RN\"");
        AdDecision {
            candidates: Some(vec![CandidateEntry {
                confidence,
                id,
                name,
            }]),
            confidence: Some(confidence),
            evidence: Some(EvidencePlace {
                field: "description",
                from: 1,
                text: "nürse",
                to: 6,
            }),
            framework: "f",
            id: Some(id),
            kind: Some("focus"),
            level: Some("role"),
            method: Some("alias"),
            name: Some(name),
            notes: BTreeMap::from([("seniority", "senior"), ("contract", "ftc")]),
            text: Some("RN"),
            words: Some(&[]),
        }
    }

    /// What comes back from the database is what was written: else every run would refresh it.
    #[test]
    fn a_list_comes_back_as_it_was() {
        for confidence in [0.0, 0.94, 1.0] {
            let two = [decision(confidence), AdDecision::default()];
            let list = DecidedList::of(&two);
            assert_eq!(DecidedList::from(list.to_json()), list);
            assert_eq!(list.is_canonical, confidence == 0.94);
        }
        let nothing = DecidedList::of(&[]);
        assert_eq!(DecidedList::from(Json::Null), nothing);
        assert!(nothing.is_null() && nothing.text().is_none() && nothing.rows().is_empty());
    }

    #[test]
    fn evidence_is_not_compared() {
        let list = DecidedList::of(&[decision(1.0)]);
        let members = r#"[{"framework":"f","id":"nurse","kind":"focus","level":"role","name":"Nurse \"RN\"","notes":{"contract":"ftc","seniority":"senior"}}]"#;
        assert_eq!(list.comparable_text(), members);
        assert_eq!(list.comparable(), read(members));
        assert!(list.canonical_text().contains(r#""confidence":1,"#));
    }
}
