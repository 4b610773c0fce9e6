//! One ad as the source provided it, before any processing. A document is kept whatever it
//! contains: if it cannot be read or identified, it is [`RefusalCause`], but still stored and never
//! dropped.

use super::Hash;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use weir_yaml::number;

/// One record as received, parsed only as far as its id: most records of a day are already stored,
/// and their hash shows that without parsing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedRecord {
    /// The source's own id of the ad.
    pub external_id: String,
    /// Hash of the text as received.
    pub received_hash: Hash,
    /// The text.
    pub text: Box<str>,
    /// Where it came from: url or file.
    pub metadata: Json,
}

impl ReceivedRecord {
    /// A record and its id.
    pub fn new(external_id: String, text: Box<str>, metadata: Json) -> ReceivedRecord {
        ReceivedRecord {
            external_id,
            received_hash: Hash::of(text.as_bytes()),
            text,
            metadata,
        }
    }

    /// Reads it. What turns out to be unreadable is refused, under the hash of its bytes.
    pub fn read(self) -> Document {
        match number::read(&self.text) {
            Ok(content) => Document {
                received_hash: self.received_hash,
                ..Document::identified(self.external_id, content, self.metadata)
            },
            Err(error) => {
                Document::unreadable(self.text.as_bytes(), self.metadata, error.to_string())
            }
        }
    }
}

/// One raw document on its way into `staging_documents`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The source's own id of the ad, or `sha256:...` where it has none.
    pub external_id: String,
    /// Hash of the text as received.
    pub received_hash: Hash,
    /// The content, NUL characters replaced.
    pub content: Json,
    /// The content as text, keys in order.
    pub canonical: String,
    /// Hash of that: the order of keys does not count, nor how a number is written.
    pub hash: Hash,
    /// Where it came from and what was unusual: url or file, warnings.
    pub metadata: Json,
    /// Why it cannot be read as an ad, if so.
    pub refused: Option<RefusalCause>,
}

/// Why a document is kept but not processed as an ad.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalCause {
    /// Not JSON; the text says why.
    Unreadable(String),
    /// The id is missing or blank; the text says where it was expected.
    MissingId(String),
    /// A document with this id but other content came earlier in the same read.
    DuplicateId(String),
    /// The ad is listed, but its detail page could not be read; the text says why.
    NoDetail(String),
    /// The ad is listed, but its detail page is gone; the text says how the source responds.
    DetailGone(String),
}

impl RefusalCause {
    /// The `error_type` of `staging_failed_documents`.
    pub fn error_type(&self) -> &'static str {
        match self {
            RefusalCause::Unreadable(_) => "unreadable",
            RefusalCause::MissingId(_) => "missing_id",
            RefusalCause::DuplicateId(_) => "duplicate_id",
            RefusalCause::NoDetail(_) => "no_detail",
            RefusalCause::DetailGone(_) => "detail_gone",
        }
    }

    /// The same without NUL characters, which its text may have from the source.
    fn without_nul(self) -> RefusalCause {
        let clean = |why: String| why.replace('\0', "\u{fffd}");
        match self {
            RefusalCause::Unreadable(why) => RefusalCause::Unreadable(clean(why)),
            RefusalCause::MissingId(at) => RefusalCause::MissingId(clean(at)),
            RefusalCause::DuplicateId(id) => RefusalCause::DuplicateId(clean(id)),
            RefusalCause::NoDetail(why) => RefusalCause::NoDetail(clean(why)),
            RefusalCause::DetailGone(why) => RefusalCause::DetailGone(clean(why)),
        }
    }

    /// The message.
    pub fn message(&self) -> String {
        match self {
            RefusalCause::Unreadable(why) => format!("not readable: {why}"),
            RefusalCause::MissingId(at) => format!("no id at {at}"),
            RefusalCause::DuplicateId(id) => format!(
                "id `{id}` appeared earlier in the same read with different content; the first one is used"
            ),
            RefusalCause::NoDetail(why) => {
                format!("the detail page could not be read: {why}; the next run retries it")
            }
            RefusalCause::DetailGone(why) => format!(
                "the ad is listed, but its detail page is gone: {why}; the next run retries it"
            ),
        }
    }
}

impl Document {
    /// A document with the id given by its source.
    pub fn identified(external_id: String, mut content: Json, mut metadata: Json) -> Document {
        clean(&mut content, &mut metadata);
        let canonical = content.to_string();
        let hash = hash_of(&content, &canonical);
        Document {
            external_id,
            received_hash: hash,
            content,
            canonical,
            hash,
            metadata,
            refused: None,
        }
    }

    /// A document without an id, kept under the hash of its content.
    pub fn nameless(mut content: Json, mut metadata: Json, looked_at: &str) -> Document {
        clean(&mut content, &mut metadata);
        Document::refuse(
            content,
            metadata,
            RefusalCause::MissingId(looked_at.to_owned()),
        )
    }

    /// Bytes that are not JSON, kept as text.
    pub fn unreadable(bytes: &[u8], metadata: Json, why: String) -> Document {
        let text = String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}");
        Document::refuse(
            json!({ "unreadable": text }),
            metadata,
            RefusalCause::Unreadable(why),
        )
    }

    /// This document again, as a listing without its ad's own page.
    pub fn without_detail(self, why: RefusalCause) -> Document {
        let Document {
            content, metadata, ..
        } = self;
        Document::refuse(content, metadata, why)
    }

    /// This document as the second of two that share an id.
    pub fn as_duplicate(self) -> Document {
        let Document {
            external_id,
            content,
            metadata,
            ..
        } = self;
        Document::refuse(content, metadata, RefusalCause::DuplicateId(external_id))
    }

    fn refuse(content: Json, metadata: Json, refused: RefusalCause) -> Document {
        let refused = refused.without_nul();
        let mut digest = Sha256::new();
        if let RefusalCause::DuplicateId(id) = &refused {
            digest.update(id.as_bytes());
        }
        let canonical = content.to_string();
        digest.update(canonical.as_bytes());
        let hex: String = digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let hash = Hash::of(canonical.as_bytes());
        Document {
            external_id: format!("sha256:{hex}"),
            received_hash: hash,
            content,
            canonical,
            hash,
            metadata,
            refused: Some(refused),
        }
    }
}

/// Hash of a content, in which 7 and 7.0 are one number.
fn hash_of(content: &Json, canonical: &str) -> Hash {
    if number::is_canonical(content) {
        return Hash::of(canonical.as_bytes());
    }
    let mut content = content.clone();
    number::canonize(&mut content);
    Hash::of(content.to_string().as_bytes())
}

/// The hash of a stored content, which is that of the document it was stored from; nothing if it is
/// not JSON.
pub fn stored_hash(text: &str) -> Option<Hash> {
    let content: Json = number::read(text).ok()?;
    Some(hash_of(&content, &content.to_string()))
}

/// PostgreSQL stores no NUL in text: they become U+FFFD, with a warning.
fn clean(content: &mut Json, metadata: &mut Json) {
    if replace_nul(content) {
        metadata["warnings"] = json!(["NUL characters replaced by U+FFFD"]);
    }
}

/// Replaces the NUL characters in it, in names of members, too; whether there were any.
pub fn replace_nul(value: &mut Json) -> bool {
    let mut found = false;
    match value {
        Json::String(text) if text.contains('\0') => {
            *text = text.replace('\0', "\u{fffd}");
            found = true;
        }
        Json::Array(items) => items.iter_mut().for_each(|item| found |= replace_nul(item)),
        Json::Object(map) => {
            if map.keys().any(|key| key.contains('\0')) {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(key, item)| (key.replace('\0', "\u{fffd}"), item))
                    .collect();
                found = true;
            }
            map.values_mut().for_each(|item| found |= replace_nul(item));
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_order_does_not_count_but_values_do() {
        let read = |text: &str| {
            ReceivedRecord::new("1".into(), text.into(), json!({}))
                .read()
                .hash
        };
        assert_eq!(read(r#"{"a":1,"b":[2]}"#), read(r#"{ "b":[2], "a":1 }"#));
        assert_ne!(read(r#"{"a":1}"#), read(r#"{"a":2}"#));
    }

    #[test]
    fn nul_is_replaced_everywhere_with_a_warning() {
        let doc = Document::identified(
            "1".into(),
            json!({"a\0": ["x\0y"], "b": {"c": "\0"}}),
            json!({}),
        );
        assert_eq!(
            doc.content,
            json!({"a\u{fffd}": ["x\u{fffd}y"], "b": {"c": "\u{fffd}"}})
        );
        assert!(
            doc.metadata["warnings"][0]
                .as_str()
                .unwrap()
                .contains("NUL")
        );
    }

    #[test]
    fn documents_without_identity_are_kept_under_their_bytes() {
        let one = Document::nameless(json!({"t": 1}), json!({}), "$.id");
        assert!(one.external_id.starts_with("sha256:"));
        let twin = Document::identified("7".into(), json!({"t": 1}), json!({})).as_duplicate();
        assert_ne!(one.external_id, twin.external_id);
        assert_eq!(twin.refused.unwrap().error_type(), "duplicate_id");
        let odd = Document::unreadable(b"<a\0>", json!({}), "`<a\0>` is not closed".to_owned());
        assert_eq!(
            odd.refused.unwrap().message(),
            "not readable: `<a\u{fffd}>` is not closed"
        );
    }
}
