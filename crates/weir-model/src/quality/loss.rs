//! A value that was there and became nothing: how often that happened to a field of a source, one
//! example, and what would read it. However few the ads, it is told; empty values are no loss.

use crate::untrusted::Untrusted;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// How much of an example is shown.
const SHOWN: usize = 60;

/// The lost values of one field of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldLoss {
    /// The field.
    pub field: String,
    /// Ads whose value was left out.
    pub lost: i64,
    /// Ads that have a value, those included.
    pub present: i64,
    /// One of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<LossExample>,
}

/// One lost value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossExample {
    /// The source's id of the ad.
    pub id: String,
    /// What was found.
    pub found: Json,
    /// What it must be, in words.
    pub expected: String,
    /// What would read it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// The losses of a source in words, a line each; fields that lost the same value share one.
pub fn lines(losses: &[FieldLoss]) -> Vec<String> {
    losses
        .chunk_by(FieldLoss::is_like)
        .filter_map(|alike| Some(alike.first()?.words(alike)))
        .collect()
}

impl FieldLoss {
    fn is_like(&self, other: &FieldLoss) -> bool {
        let found = |loss: &FieldLoss| {
            loss.example
                .as_ref()
                .map(|example| (example.id.clone(), example.found.clone()))
        };
        self.example.is_some()
            && found(self) == found(other)
            && (self.lost, self.present) == (other.lost, other.present)
    }

    fn words(&self, alike: &[FieldLoss]) -> String {
        let fields: Vec<String> = alike
            .iter()
            .map(|loss| format!("`{}`", loss.field))
            .collect();
        let count = format!(
            "{} of {} values of {} could not be read and were dropped",
            self.lost,
            self.present,
            fields.join(" and ")
        );
        let Some(example) = &self.example else {
            return count;
        };
        let remedy = example
            .remedy
            .as_ref()
            .map_or_else(String::new, |remedy| format!("; {remedy}"));
        format!(
            "{count}: {} (ad {}) {}{remedy}",
            shown(&example.found),
            clean(&example.id),
            example.expected
        )
    }
}

/// A value that was found, on one line and harmless.
pub fn shown(found: &Json) -> String {
    clean(&found.to_string())
}

fn clean(text: &str) -> String {
    let clean = Untrusted(text).to_string();
    let mut letters = clean.chars();
    let start: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() {
        format!("{start}…")
    } else {
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn losses_are_told_with_an_example_and_a_remedy() {
        let loss = |field: &str, lost: i64, found: Json, remedy: Option<&str>| FieldLoss {
            field: field.to_owned(),
            lost,
            present: 17,
            example: Some(LossExample {
                id: "7".into(),
                found,
                expected: "must be a valid date".into(),
                remedy: remedy.map(str::to_owned),
            }),
        };
        let told = lines(&[loss(
            "close_date",
            8,
            json!("1/9/2026"),
            Some("`format: \"%d/%m/%Y\"` reads it"),
        )]);
        let expected = "8 of 17 values of `close_date` could not be read and were dropped: \"1/9/2026\" (ad 7) must be a valid date; `format: \"%d/%m/%Y\"` reads it";
        assert_eq!(told, [expected]);
        let pay = lines(&[
            loss("pay_max", 1, json!("$1?$2"), None),
            loss("pay_min", 1, json!("$1?$2"), None),
            loss("x", 1, json!("\u{202e}"), None),
        ]);
        assert_eq!(pay.len(), 2);
        assert!(
            pay[0].starts_with("1 of 17 values of `pay_max` and `pay_min` could not"),
            "{pay:?}"
        );
        assert!(!pay[1].contains('\u{202e}'));
    }
}
