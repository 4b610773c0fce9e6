//! How an ad is told apart: where its id stands. A document without an id is kept and refused, never guessed at.

use crate::jsonpath::Path;
use crate::model::Document;
use serde_json::Value as Json;

/// Where the id of an ad stands.
#[derive(Debug, Clone)]
pub struct Ident {
    /// The path.
    pub path: Path,
}

impl Ident {
    /// A document from one record of a source.
    pub fn document(&self, record: Json, metadata: Json) -> Document {
        match self.path.first(&record).and_then(id_text) {
            Some(id) => Document::identified(id, record, metadata),
            None => Document::nameless(record, metadata, &self.path.to_string()),
        }
    }
}

/// An id is text that is not blank, or a number.
fn id_text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(|text| text.replace('\0', "\u{fffd}")),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_texts_or_numbers() {
        let ident = Ident { path: Path::parse("$.id").unwrap() };
        let id = |record: Json| ident.document(record, json!({})).external_id;
        assert_eq!(id(json!({"id": " A1 "})), "A1");
        assert_eq!(id(json!({"id": 8_130_725})), "8130725");
        for nameless in [json!({"id": " "}), json!({"id": null}), json!({}), json!([1]), json!({"id": {"x": 1}})] {
            assert!(ident.document(nameless, json!({})).refused.is_some());
        }
    }
}
