//! Ads and labelled pairs as files hold them: CSV, or JSON objects as an array or one a line. Used
//! to measure, never in a run. A row that cannot be read is an error with its number, never left
//! out.

use crate::ad::{AdFacts, AdKey, PayRange};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Number of the row, from 1.
    pub row: usize,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.row, self.reason)
    }
}

impl std::error::Error for RowError {}

/// An ad of a file.
#[derive(Debug, Clone, Deserialize)]
pub struct AdRow {
    /// The institution; ads of different ones are never compared.
    #[serde(default)]
    pub institution: String,
    /// The source.
    pub source: String,
    /// The id on that source.
    pub id: String,
    /// Everything else.
    #[serde(flatten)]
    pub facts: AdRowFacts,
}

/// The facts of an ad of a file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AdRowFacts {
    title: String,
    #[serde(alias = "company")]
    employer: Option<String>,
    employer_id: Option<String>,
    #[serde(alias = "locations", alias = "location", deserialize_with = "texts")]
    places: Vec<String>,
    #[serde(deserialize_with = "truth")]
    remote: bool,
    #[serde(alias = "open_date", deserialize_with = "date")]
    opens_on: Option<chrono::NaiveDate>,
    #[serde(alias = "close_date", deserialize_with = "date")]
    closes_on: Option<chrono::NaiveDate>,
    #[serde(deserialize_with = "date")]
    withdrawn_on: Option<chrono::NaiveDate>,
    pay: Option<PayRange>,
    grade: Option<String>,
    description: Option<String>,
    #[serde(alias = "source_url")]
    url: Option<String>,
    apply_url: Option<String>,
    requisition: Option<String>,
}

impl AdRow {
    /// Which ad.
    pub fn key(&self) -> AdKey {
        AdKey::new(&self.source, &self.id)
    }

    /// What is known of it.
    pub fn into_facts(self) -> AdFacts {
        let row = self.facts;
        AdFacts {
            title: row.title,
            employer: row.employer,
            employer_id: row.employer_id,
            places: row.places,
            remote: row.remote,
            opens_on: row.opens_on,
            closes_on: row.closes_on,
            withdrawn_on: row.withdrawn_on,
            pay: row.pay,
            grade: row.grade,
            description: row.description,
            url: row.url,
            apply_url: row.apply_url,
            requisition: row.requisition,
        }
    }
}

/// A list of texts, one text, or nothing.
fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let text = |value: Value| match value {
        Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    Ok(match Value::deserialize(from)? {
        Value::Array(items) => items.into_iter().filter_map(text).collect(),
        other => text(other).into_iter().collect(),
    })
}

fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let yes = ["true", "yes", "1"];
    Ok(match Value::deserialize(from)? {
        Value::Bool(truth) => truth,
        Value::String(text) => yes.contains(&text.trim().to_lowercase().as_str()),
        other => other == 1,
    })
}

/// A date, with or without a time after it; blank text is none.
fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<chrono::NaiveDate>, D::Error> {
    let text = Option::<String>::deserialize(from)?.unwrap_or_default();
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day = text.get(..10).unwrap_or(text);
    day.parse().map(Some).map_err(|_| {
        serde::de::Error::custom(format!("`{text}` is no date; write it as `2026-11-30`"))
    })
}

/// Ads of JSON values, as an array of a file or its lines hold them.
pub fn ads_of_values(values: Vec<Value>) -> Result<Vec<AdRow>, RowError> {
    let read = |(at, value)| serde_json::from_value(value).map_err(|error| failed(at, &error));
    values.into_iter().enumerate().map(read).collect()
}

/// Ads of text: an array, or one object a line.
pub fn ads_of_json(text: &str) -> Result<Vec<AdRow>, RowError> {
    if text.trim_start().starts_with('[') {
        return ads_of_values(serde_json::from_str(text).map_err(|error| failed(0, &error))?);
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).map_err(|error| failed(at, &error))).collect()
}

/// Ads of CSV with a header.
pub fn ads_of_csv(text: &str) -> Result<Vec<AdRow>, RowError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| failed(0, &error))?.clone();
    let read = |(at, record): (usize, Result<csv::StringRecord, csv::Error>)| {
        let record = record.map_err(|error| failed(at, &error))?;
        let cells = headers.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty());
        let object = cells.map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect();
        serde_json::from_value(Value::Object(object)).map_err(|error| failed(at, &error))
    };
    reader.records().enumerate().map(read).collect()
}

fn failed(at: usize, error: &dyn fmt::Display) -> RowError {
    RowError { row: at + 1, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{ads_of_csv, ads_of_json};

    #[test]
    fn ads_are_read_from_each_format_and_errors_name_the_row() {
        let csv = "source,id,title,location,open_date\na,1,Nurse,\"Perth, WA\",2026-01-02T10:00\n";
        let line = r#"{"source":"a","id":"1","title":"Nurse","places":["Perth, WA"],"opens_on":"2026-01-02"}"#;
        let one = ads_of_csv(csv).unwrap().remove(0).into_facts();
        assert_eq!(ads_of_json(line).unwrap().remove(0).into_facts(), one);
        assert_eq!(ads_of_json(&format!("[{line}]")).unwrap().remove(0).into_facts(), one);
        assert_eq!(ads_of_json(&format!("{line}\n{{}}")).unwrap_err().row, 2);
        assert_eq!(ads_of_csv("source,id,open_date\na,1,soon\n").unwrap_err().row, 1);
    }
}
