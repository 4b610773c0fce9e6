//! One ad with canonical fields. Values are typed, so comparing two versions compares meanings
//! (dates as dates, locations as sets, text after trimming) and never JSON text. A value that
//! cannot be converted stays visible as [`FieldValue::Invalid`] with the original, so all problems
//! of an ad are reported together.

use super::decided::DecidedList;
use super::field::{FIELDS, Field};
use super::problem::InvalidValue;
use chrono::NaiveDate;
use serde_json::{Map, Number, Value as Json, json};
use std::borrow::Cow;
use uuid::Uuid;
use weir_yaml::number;

/// The value of one field.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum FieldValue {
    /// No value, or blank text.
    #[default]
    Absent,
    /// Text, trimmed, not blank.
    Text(String),
    /// A date.
    Date(NaiveDate),
    /// A number.
    Number(Number),
    /// A truth value.
    Bool(bool),
    /// Text values, trimmed, none blank, at least one.
    List(Vec<String>),
    /// Any JSON but null.
    Json(Json),
    /// Something that did not convert.
    Invalid(Box<InvalidValue>),
}

impl FieldValue {
    /// What a further step makes of a text; every other value stays as it is.
    #[must_use]
    pub fn and_then(self, next: impl FnOnce(String) -> FieldValue) -> FieldValue {
        match self {
            FieldValue::Text(text) => next(text),
            other => other,
        }
    }

    /// Trimmed text; blank text is absent.
    pub fn text(text: &str) -> FieldValue {
        match text.trim() {
            "" => FieldValue::Absent,
            trimmed => FieldValue::Text(trimmed.to_owned()),
        }
    }

    /// Whether there is no value.
    pub fn is_absent(&self) -> bool {
        matches!(self, FieldValue::Absent)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            FieldValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The date, if it is one.
    pub fn as_date(&self) -> Option<NaiveDate> {
        match self {
            FieldValue::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// As JSON: dates as `YYYY-MM-DD`, absent as null, invalid as found.
    pub fn to_json(&self) -> Json {
        match self {
            FieldValue::Absent => Json::Null,
            FieldValue::Text(text) => json!(text),
            FieldValue::Date(date) => json!(date.to_string()),
            FieldValue::Number(number) => json!(number),
            FieldValue::Bool(truth) => json!(truth),
            FieldValue::List(items) => json!(items),
            FieldValue::Json(value) => value.clone(),
            FieldValue::Invalid(invalid) => invalid.found.clone(),
        }
    }

    /// The value in its canonical form, in which equal values are identical: lists as sets, and
    /// none if it is invalid.
    pub fn canonical(&self) -> Json {
        match self {
            FieldValue::Invalid(_) => Json::Null,
            FieldValue::List(items) => {
                let set: std::collections::BTreeSet<&String> = items.iter().collect();
                json!(set)
            }
            other => other.to_json(),
        }
    }
}

/// One ad with canonical fields, and its relations once resolved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Job {
    fields: [FieldValue; FIELDS.len()],
    /// Declared custom fields by name, in the order of their declaration.
    pub extra: Vec<(String, FieldValue)>,
    /// The employer, once resolved.
    pub company_id: Option<Uuid>,
    /// The division, once resolved.
    pub division_id: Option<Uuid>,
    /// What was decided of its role, a decision for each framework.
    pub roles: DecidedList,
    /// The capabilities that it asks for.
    pub capabilities: DecidedList,
}

impl Job {
    /// The value of a canonical field.
    pub fn get(&self, field: Field) -> &FieldValue {
        &self.fields[field as usize]
    }

    /// Sets a canonical field.
    pub fn set(&mut self, field: Field, value: FieldValue) {
        self.fields[field as usize] = value;
    }

    /// The value of a canonical or custom field, by name.
    pub fn named(&self, name: &str) -> Option<&FieldValue> {
        match Field::named(name) {
            Some(field) => Some(self.get(field)),
            None => self.extra_named(name),
        }
    }

    /// The value of a custom field.
    pub fn extra_named(&self, name: &str) -> Option<&FieldValue> {
        self.extra
            .iter()
            .find(|(extra, _)| extra == name)
            .map(|(_, value)| value)
    }

    /// Every field with its name, custom ones last.
    pub fn values(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        let canonical = FIELDS.iter().map(|field| (field.name(), self.get(*field)));
        canonical.chain(
            self.extra
                .iter()
                .map(|(name, value)| (name.as_str(), value)),
        )
    }

    /// Every field, mutable.
    pub fn values_mut(&mut self) -> impl Iterator<Item = (&str, &mut FieldValue)> {
        let canonical = FIELDS
            .iter()
            .map(|field| field.name())
            .zip(self.fields.iter_mut());
        canonical.chain(
            self.extra
                .iter_mut()
                .map(|(name, value)| (name.as_str(), value)),
        )
    }

    /// The custom fields as one JSON object; null if none has a value.
    pub fn extra_json(&self) -> Json {
        let present = self.extra.iter().filter(|(_, value)| !value.is_absent());
        let map: Map<String, Json> = present
            .map(|(name, value)| (name.clone(), value.to_json()))
            .collect();
        if map.is_empty() {
            Json::Null
        } else {
            Json::Object(map)
        }
    }

    /// The whole job as JSON, absent fields left out.
    pub fn to_json(&self) -> Json {
        let canonical = FIELDS.iter().map(|field| (field.name(), self.get(*field)));
        let mut map: Map<String, Json> = canonical
            .filter(|(_, value)| !value.is_absent())
            .map(|(name, value)| (name.to_owned(), value.to_json()))
            .collect();
        match self.extra_json() {
            Json::Null => {}
            extra => {
                map.insert("extra".to_owned(), extra);
            }
        }
        let decided = self.decided().into_iter();
        let decided = decided.filter(|(_, list)| !list.is_null());
        map.extend(decided.map(|(name, list)| (name.to_owned(), list.to_json())));
        Json::Object(map)
    }

    /// What a name of `require` and of tests says of the decisions: the id of the first role or
    /// group that is sure, or the ids of all capabilities.
    pub fn decided_named(&self, name: &str) -> Option<Json> {
        let ids = |list: &DecidedList| -> Vec<Json> {
            let ids = list.rows().iter().filter_map(|row| row.id.clone());
            ids.map(Json::from).collect()
        };
        match name {
            "role" => Some(ids(&self.roles).into_iter().next().unwrap_or_default()),
            "capabilities" => Some(ids(&self.capabilities).into()),
            _ => None,
        }
    }

    /// What is decided of the ad, by column name.
    fn decided(&self) -> [(&'static str, &DecidedList); 2] {
        [("roles", &self.roles), ("capabilities", &self.capabilities)]
    }

    /// The fields by column name in comparable form, for those that `compared` names: what makes a
    /// version.
    pub fn comparable(&self, compared: &ComparedFields) -> Vec<(&'static str, Json)> {
        let mut all = self.comparable_fields(&compared.fields);
        let decided = self.decided();
        all.extend(decided.map(|(name, list)| (name, list.comparable())));
        all
    }

    /// The same without what is decided of the ad.
    fn comparable_fields(&self, fields: &[Field]) -> Vec<(&'static str, Json)> {
        let own = fields
            .iter()
            .map(|field| (field.name(), self.get(*field).canonical()));
        let relations = [
            ("company_id", json!(self.company_id)),
            ("division_id", json!(self.division_id)),
            ("extra", self.extra_json()),
        ];
        own.chain(relations)
            .map(|(name, value)| (name, canonized(value)))
            .collect()
    }

    /// Hash of [`Job::comparable`].
    pub fn fields_hash(&self, compared: &ComparedFields) -> super::Hash {
        let mut text = String::with_capacity(4096);
        for (name, value) in self.comparable_fields(&compared.fields) {
            text.extend([name, "=", &written(&value), "\n"]);
        }
        // What nobody asks for changes no hash: ads are not written for it.
        for (name, list) in self
            .decided()
            .into_iter()
            .filter(|(_, list)| !list.is_null())
        {
            text.extend([name, "=", list.comparable_text(), "\n"]);
        }
        super::Hash::of(text.as_bytes())
    }

    /// Four bytes of the hash of each of [`digested`], in their order: what was stored, to be
    /// compared with what is.
    pub fn digests(&self) -> Vec<u8> {
        let values = self.comparable_fields(&FIELDS).into_iter();
        let values = values.map(|(_, value)| Cow::Owned(written(&value)));
        let decided = self.decided().map(|(_, list)| list.canonical_text());
        let digest = |text: Cow<'_, str>| super::Hash::of(text.as_bytes()).0;
        let digests = values.chain(decided).map(digest);
        digests
            .flat_map(|hash| hash.into_iter().take(DIGEST))
            .collect()
    }

    /// The fields whose values are not those of which the digests are.
    pub fn altered(&self, digests: &[u8]) -> Vec<&'static str> {
        let now = self.digests();
        let pairs = digested().zip(digests.chunks(DIGEST).zip(now.chunks(DIGEST)));
        pairs
            .filter(|(_, (stored, now))| stored != now)
            .map(|(name, _)| name)
            .collect()
    }

    /// Hash of the fields that refresh without a version.
    pub fn refresh_hash(&self, compared: &ComparedFields) -> super::Hash {
        let refreshed = FIELDS
            .iter()
            .filter(|field| !compared.fields.contains(field));
        let mut text: String = refreshed
            .map(|field| format!("{}={}\n", field.name(), self.get(*field).canonical()))
            .collect();
        for (name, list) in self.decided() {
            if let Some(list) = list.text() {
                text.extend([name, "=", list, "\n"]);
            }
        }
        super::Hash::of(text.as_bytes())
    }
}

/// A value with its numbers in their one form: PostgreSQL writes them in other ways.
fn canonized(mut value: Json) -> Json {
    number::canonize(&mut value);
    value
}

/// A value as text, as its `Display` writes it in twice the time.
fn written(value: &Json) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| value.to_string())
}

/// The columns of what is decided of an ad.
const DECIDED: [&str; 2] = ["roles", "capabilities"];

/// Bytes of a digest.
const DIGEST: usize = 4;

/// The columns of a job that have digests. More may follow; none may move.
fn digested() -> impl Iterator<Item = &'static str> {
    FIELDS
        .iter()
        .map(|field| field.name())
        .chain(["company_id", "division_id", "extra"])
        .chain(DECIDED)
}

/// Which canonical fields make a version when they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedFields {
    /// The fields, in the order of the columns.
    pub fields: Vec<Field>,
}

impl super::Canonical for ComparedFields {
    fn canonical(&self) -> String {
        self.fields
            .iter()
            .map(|field| field.name())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl ComparedFields {
    /// The default fields plus those that the YAML's `compare` adds.
    pub fn with(added: &[Field]) -> ComparedFields {
        let fields = FIELDS
            .into_iter()
            .filter(|field| !field.refreshes() || added.contains(field));
        ComparedFields {
            fields: fields.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(title: &str, places: &[&str]) -> Job {
        let mut job = Job::default();
        job.set(Field::Title, FieldValue::text(title));
        job.set(
            Field::Locations,
            FieldValue::List(places.iter().map(ToString::to_string).collect()),
        );
        job
    }

    #[test]
    fn places_compare_as_sets_and_text_after_trimming() {
        let compared = ComparedFields::with(&[]);
        let hash = |job: &Job| job.fields_hash(&compared);
        assert_eq!(
            hash(&job(" Nurse ", &["Orange", "Dubbo"])),
            hash(&job("Nurse", &["Dubbo", "Orange", "Dubbo"]))
        );
        assert_ne!(
            hash(&job("Nurse", &["Orange"])),
            hash(&job("Nurse", &["Dubbo"]))
        );
    }

    #[test]
    fn numbers_that_postgresql_writes_otherwise_are_the_same() {
        let with = |value: Json| {
            Job {
                extra: vec![("size".to_owned(), FieldValue::Json(value))],
                ..Job::default()
            }
            .comparable(&ComparedFields::with(&[]))
        };
        let stored = [
            ("1e16", "10000000000000000"),
            ("-1e17", "-100000000000000000"),
            ("1.8e19", "18000000000000000000"),
            ("5.0", "5.0"),
            ("1e300", "1e300"),
        ];
        for (here, there) in stored {
            let [here, there] =
                [here, there].map(|text| serde_json::from_str::<Json>(text).unwrap());
            assert_eq!(
                with(json!({ "a": [here] })),
                with(json!({ "a": [there] })),
                "{here}"
            );
        }
        assert_ne!(with(json!(1e17)), with(json!(2e17)));
        assert_eq!(with(json!(12.5))[11].1.to_string(), r#"{"size":12.5}"#);
    }

    #[test]
    fn decisions_make_versions_and_their_evidence_refreshes() {
        let compared = ComparedFields::with(&[]);
        let with = |role: &str, confidence: f64| Job {
            roles: json!([{ "framework": "f", "id": role, "confidence": confidence }]).into(),
            ..job("Nurse", &[])
        };
        let [sure, surer, other] = [with("a", 0.9), with("a", 0.95), with("b", 0.9)];
        assert_eq!(sure.fields_hash(&compared), surer.fields_hash(&compared));
        assert_ne!(sure.refresh_hash(&compared), surer.refresh_hash(&compared));
        assert_ne!(sure.fields_hash(&compared), other.fields_hash(&compared));
        assert_eq!(sure.altered(&surer.digests()), ["roles"]);
    }

    #[test]
    fn source_url_makes_a_version_only_if_compared() {
        let mut moved = job("Nurse", &["Orange"]);
        moved.set(Field::SourceUrl, FieldValue::text("https://a.example/1"));
        let before = job("Nurse", &["Orange"]);
        let plain = ComparedFields::with(&[]);
        assert_eq!(moved.fields_hash(&plain), before.fields_hash(&plain));
        assert_ne!(moved.refresh_hash(&plain), before.refresh_hash(&plain));
        let wide = ComparedFields::with(&[Field::SourceUrl]);
        assert_ne!(moved.fields_hash(&wide), before.fields_hash(&wide));
    }
}
