//! How an ad is told apart: where its id stands. A document without an id is kept and refused, never guessed at.

use super::json;
use crate::jsonpath::Path;
use crate::model::{Document, Received};
use serde_json::Value as Json;

/// Where the id of an ad stands.
#[derive(Debug, Clone)]
pub struct Ident {
    /// The path.
    pub path: Path,
}

/// What a record turned out to be.
#[derive(Debug)]
pub enum Named {
    /// It has an id.
    Ad(Received),
    /// It has none, or is no JSON.
    Refused(Document),
}

impl Ident {
    /// Finds the id of a record.
    pub fn name(&self, text: Box<str>, metadata: Json) -> Named {
        match json::pick(&text, &self.path) {
            Ok(Some(id)) => self.named(text, metadata, id_text(&id)),
            Ok(None) => self.named(text, metadata, None),
            Err(why) => Named::Refused(Document::unreadable(text.as_bytes(), metadata, why)),
        }
    }

    fn named(&self, text: Box<str>, metadata: Json, id: Option<String>) -> Named {
        if let Some(id) = id {
            return Named::Ad(Received::new(id, text, metadata));
        }
        match serde_json::from_str(&text) {
            Ok(content) => Named::Refused(Document::nameless(content, metadata, &self.path.to_string())),
            Err(error) => Named::Refused(Document::unreadable(text.as_bytes(), metadata, error.to_string())),
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
        let id = |record: &Json| match ident.name(record.to_string().into(), json!({})) {
            Named::Ad(received) => received.external_id,
            Named::Refused(document) => document.refused.unwrap().error_type().to_owned(),
        };
        assert_eq!(id(&json!({"id": " A1 "})), "A1");
        assert_eq!(id(&json!({"id": 8_130_725})), "8130725");
        for nameless in [json!({"id": " "}), json!({"id": null}), json!({}), json!([1]), json!({"id": {"x": 1}})] {
            assert_eq!(id(&nameless), "missing_id");
        }
    }
}
