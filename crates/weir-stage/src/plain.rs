//! The few keywords that most mandatory fields have, checked without turning an ad into JSON: a
//! description of 3 KB need not be copied to see that it has ten characters. It only ever confirms
//! that a value fits; everything else is left to JSON Schema, including the message.

use chrono::Datelike;
use serde_json::Value as Json;
use weir_model::FieldValue;

/// Keywords, compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainSchema {
    kind: Option<PlainType>,
    length: (usize, usize),
    items: (usize, usize),
    is_date: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlainType {
    Text,
    List,
    Number,
    Truth,
}

impl PlainSchema {
    /// The keywords of a field, if there are no others.
    pub fn of(schema: &Json) -> Option<PlainSchema> {
        let mut plain = PlainSchema {
            kind: None,
            length: (0, usize::MAX),
            items: (0, usize::MAX),
            is_date: false,
        };
        for (keyword, value) in schema.as_object()? {
            let number = || {
                value
                    .as_u64()
                    .and_then(|number| usize::try_from(number).ok())
            };
            match (keyword.as_str(), value.as_str()) {
                ("type", Some("string")) => plain.kind = Some(PlainType::Text),
                ("type", Some("array")) => plain.kind = Some(PlainType::List),
                ("type", Some("number")) => plain.kind = Some(PlainType::Number),
                ("type", Some("boolean")) => plain.kind = Some(PlainType::Truth),
                ("minLength", _) => plain.length.0 = number()?,
                ("maxLength", _) => plain.length.1 = number()?,
                ("minItems", _) => plain.items.0 = number()?,
                ("maxItems", _) => plain.items.1 = number()?,
                ("format", Some("date")) => plain.is_date = true,
                ("description", _) => {}
                _ => return None,
            }
        }
        Some(plain)
    }

    /// Whether a value certainly fits.
    pub fn fits(&self, value: &FieldValue) -> bool {
        let is = |kind: PlainType| self.kind.is_none_or(|wanted| wanted == kind);
        match value {
            FieldValue::Text(text) => {
                is(PlainType::Text) && !self.is_date && has_between(text, self.length)
            }
            // As a text a date has ten characters.
            FieldValue::Date(date) => {
                is(PlainType::Text)
                    && (1..=9999).contains(&date.year())
                    && (self.length.0..=self.length.1).contains(&10)
            }
            FieldValue::List(items) => {
                is(PlainType::List) && (self.items.0..=self.items.1).contains(&items.len())
            }
            FieldValue::Number(_) => is(PlainType::Number),
            FieldValue::Bool(_) => is(PlainType::Truth),
            FieldValue::Absent | FieldValue::Json(_) | FieldValue::Invalid(_) => false,
        }
    }
}

/// Whether a text has so many characters; long ones are not counted for the least.
fn has_between(text: &str, (least, most): (usize, usize)) -> bool {
    // A character has one to four bytes.
    let is_long = text.len() / 4 >= least;
    let is_short = text.len() <= most;
    (is_long && is_short) || (least..=most).contains(&text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_at_once_fits_by_json_schema() {
        let schemas = [
            json!({"type": "string", "minLength": 3}),
            json!({"type": "string", "minLength": 3, "maxLength": 5}),
            json!({"type": "string", "format": "date"}),
            json!({"format": "date", "minLength": 11}),
            json!({"type": "array", "minItems": 1, "maxItems": 2}),
            json!({"type": "number"}),
            json!({"type": "boolean", "description": "x"}),
            json!({"minLength": 2, "minItems": 2}),
            json!({}),
        ];
        let texts = [
            "a",
            "ab",
            "äöü",
            "😀😀",
            "abcde",
            "abcdef",
            "2026-12-31",
            "soon",
        ]
        .map(|text| FieldValue::Text(text.to_owned()));
        let dates =
            ["2026-12-31", "0001-01-01"].map(|date| FieldValue::Date(date.parse().unwrap()));
        let lists = [1, 2, 3].map(|count| FieldValue::List(vec!["a".to_owned(); count]));
        let others = [
            FieldValue::Number(3.into()),
            FieldValue::Bool(true),
            FieldValue::Json(json!({"a": 1})),
        ];
        let mut fitting = 0;
        for schema in &schemas {
            let plain = PlainSchema::of(schema).unwrap();
            let validator = jsonschema::options()
                .should_validate_formats(true)
                .build(schema)
                .unwrap();
            for value in texts.iter().chain(&dates).chain(&lists).chain(&others) {
                let is_fitting = validator.is_valid(&value.to_json());
                assert!(is_fitting || !plain.fits(value), "{schema} {value:?}");
                fitting += usize::from(plain.fits(value));
            }
        }
        assert!(fitting > 40, "{fitting}");
        assert_eq!(
            [
                json!({"pattern": "x"}),
                json!({"minLength": -1}),
                json!({"type": ["string"]})
            ]
            .map(|other| PlainSchema::of(&other)),
            [None, None, None]
        );
    }
}
