//! What was forgotten on request, as far as it may be remembered: hashes of it, by which it is
//! known again when it comes again.
//!
//! Must never hold a text that was forgotten. A hash is bound to its institution, and tells nothing
//! to whoever cannot guess the text. What counts as one text is decided here alone: the erasure and
//! each later read find the same places.

use super::{Document, FieldValue, Hash, Job, ReceivedRecord};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use uuid::Uuid;
use weir_yaml::number;

/// What stands where a text was.
pub const REMOVED: &str = "[removed on request]";

/// Letters and digits that a text must have: a shorter one stands in too many others.
const SHORTEST: usize = 4;

/// Tags whose names are not words of the text that they mark up.
const TAGS: [&str; 28] = [
    "a", "abbr", "address", "b", "br", "dd", "div", "dl", "dt", "em", "font", "h1", "h2", "h3",
    "h4", "h5", "h6", "i", "li", "ol", "p", "small", "span", "strong", "td", "tr", "u", "ul",
];

/// By what an ad of a source is known again.
pub fn ad_hash(institution: Uuid, source: &str, external_id: &str) -> Hash {
    Hash::of(format!("ad\n{institution}\n{source}\n{external_id}").as_bytes())
}

/// By what a text is known again: its words, whatever their case and whatever stands between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextMask {
    /// How many words it has.
    pub words: usize,
    /// Hash of them.
    pub hash: Hash,
}

impl TextMask {
    /// The mask of a text; nothing if it is too short to be told from others.
    pub fn of(institution: Uuid, text: &str) -> Option<TextMask> {
        let words = folded(text);
        let letters: usize = words.iter().map(|word| word.chars().count()).sum();
        (letters >= SHORTEST).then(|| TextMask {
            words: words.len(),
            hash: text_hash(institution, &words),
        })
    }
}

/// The words of a text in lower case.
pub fn folded(text: &str) -> Vec<String> {
    let words = words(text).into_iter();
    words.map(|word| text[word].to_lowercase()).collect()
}

fn text_hash(institution: Uuid, words: &[String]) -> Hash {
    Hash::of(format!("text\n{institution}\n{}", words.join(" ")).as_bytes())
}

/// Where the words of a text are; names of tags and entities are none.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        if letter.is_alphanumeric() {
            let end = rest.find(|letter: char| !letter.is_alphanumeric());
            let end = at + end.unwrap_or(rest.len());
            found.push(at..end);
            at = end;
        } else {
            at += letter.len_utf8();
            at += markup(letter, &text[at..]);
        }
    }
    found
}

/// How many bytes behind a letter belong to the markup that it begins.
fn markup(letter: char, rest: &str) -> usize {
    match letter {
        '<' => {
            let name = rest.strip_prefix('/').unwrap_or(rest);
            let end = name.find(|letter: char| !letter.is_ascii_alphanumeric());
            let (name, behind) = name.split_at(end.unwrap_or(name.len()));
            let ends =
                behind.starts_with(|letter: char| letter.is_whitespace() || ">/".contains(letter));
            let is_tag = ends && TAGS.contains(&name.to_ascii_lowercase().as_str());
            if is_tag { rest.len() - behind.len() } else { 0 }
        }
        '&' => {
            let is_name = |name: &str| {
                let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'#';
                name.len() <= 8 && name.bytes().all(is_part)
            };
            let end = rest.find(';').filter(|end| is_name(&rest[..*end]));
            end.map_or(0, |end| end + 1)
        }
        _ => 0,
    }
}

/// The texts of an institution that are masked wherever they come.
#[derive(Debug, Clone, Default)]
pub struct TextMasks {
    institution: Uuid,
    by_words: BTreeMap<usize, HashSet<[u8; 16]>>,
}

impl TextMasks {
    /// These masks of an institution.
    pub fn new(institution: Uuid, masks: impl IntoIterator<Item = TextMask>) -> TextMasks {
        let mut by_words: BTreeMap<usize, HashSet<[u8; 16]>> = BTreeMap::new();
        for mask in masks.into_iter().filter(|mask| mask.words > 0) {
            by_words.entry(mask.words).or_default().insert(mask.hash.0);
        }
        TextMasks {
            institution,
            by_words,
        }
    }

    /// Whether nothing is masked.
    pub fn is_empty(&self) -> bool {
        self.by_words.is_empty()
    }

    /// A text with what is masked in it removed; nothing if there is nothing to remove.
    pub fn text(&self, text: &str) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let (places, folded) = (words(text), folded(text));
        let (mut masked, mut kept, mut at) = (String::new(), 0, 0);
        while at < places.len() {
            let Some(count) = self.begins(&folded[at..]) else {
                at += 1;
                continue;
            };
            masked.push_str(&text[kept..places[at].start]);
            masked.push_str(REMOVED);
            at += count;
            kept = places[at - 1].end;
        }
        (kept > 0).then(|| masked + &text[kept..])
    }

    /// How many of these words are the longest text that they begin with.
    fn begins(&self, words: &[String]) -> Option<usize> {
        let mut longest_first = self.by_words.iter().rev();
        let found = longest_first.find(|(count, hashes)| {
            let text = words.get(..**count);
            text.is_some_and(|text| hashes.contains(&text_hash(self.institution, text).0))
        });
        found.map(|(count, _)| *count)
    }

    /// Masks the texts, numbers and names of members of a value; whether there was something.
    pub fn json(&self, value: &mut Json) -> bool {
        match value {
            Json::String(text) => replace(text, self.text(text)),
            Json::Number(number) => {
                let masked = self.text(&number.to_string()).map(Json::String);
                masked.map(|masked| *value = masked).is_some()
            }
            Json::Array(items) => items
                .iter_mut()
                .fold(false, |found, item| self.json(item) | found),
            Json::Object(members) => {
                let mut found = false;
                for (mut name, mut member) in std::mem::take(members) {
                    let masked = self.text(&name);
                    found |= replace(&mut name, masked) | self.json(&mut member);
                    members.insert(name, member);
                }
                found
            }
            Json::Null | Json::Bool(_) => false,
        }
    }

    /// Masks JSON that is a text, or any other text.
    pub fn written(&self, text: &str) -> Option<String> {
        let is_json = text.starts_with(['{', '[']);
        match number::read(text) {
            Ok(mut content) if is_json => self.json(&mut content).then(|| content.to_string()),
            _ => self.text(text),
        }
    }

    /// Masks a record as it came. It is still known by the text that came.
    pub fn received(&self, one: &mut ReceivedRecord) {
        if let Some(masked) = self.written(&one.text) {
            one.text = masked.into_boxed_str();
        }
        self.json(&mut one.metadata);
    }

    /// Masks a document that is no ad, likewise.
    pub fn document(&self, one: &mut Document) {
        if self.json(&mut one.content) {
            one.canonical = one.content.to_string();
            one.hash = Hash::of(one.canonical.as_bytes());
        }
        self.json(&mut one.metadata);
    }

    /// Masks the fields of a job: what a mapping puts together may be a text that its document has
    /// only in parts.
    pub fn job(&self, job: &mut Job) {
        if self.is_empty() {
            return;
        }
        for (_, value) in job.values_mut() {
            match value {
                FieldValue::Text(text) => {
                    replace(text, self.text(text));
                }
                FieldValue::List(items) => items.iter_mut().for_each(|item| {
                    replace(item, self.text(item));
                }),
                FieldValue::Json(json) => {
                    self.json(json);
                }
                FieldValue::Absent
                | FieldValue::Date(_)
                | FieldValue::Number(_)
                | FieldValue::Bool(_)
                | FieldValue::Invalid(_) => {}
            }
        }
    }
}

fn replace(text: &mut String, masked: Option<String>) -> bool {
    masked.map(|masked| *text = masked).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masks(texts: &[&str]) -> TextMasks {
        let one = |text: &&str| TextMask::of(Uuid::nil(), text);
        TextMasks::new(Uuid::nil(), texts.iter().filter_map(one))
    }

    #[test]
    fn a_text_is_found_whole_whatever_its_case_and_what_stands_between_its_words() {
        let masks = masks(&["Jane Doe", "Jane Doe-Smith", "+61 2 9999 0000"]);
        for (text, masked) in [
            ("Call JANE DOE today", "Call [removed on request] today"),
            ("jane.doe@acme.example", "[removed on request]@acme.example"),
            (
                "Jane Doe-Smith, Jane Doe",
                "[removed on request], [removed on request]",
            ),
            ("<b>Jane</b>&nbsp;<i>Doe</i>", "<b>[removed on request]</i>"),
            ("Jane <jane.doe@x>", "Jane <[removed on request]@x>"),
            ("(61) 2 9999-0000", "([removed on request]"),
        ] {
            assert_eq!(masks.text(text).as_deref(), Some(masked), "{text}");
        }
        for text in ["Janet Doe", "Jane", "Doe Jane", "Mary-jane Doerr", ""] {
            assert_eq!(masks.text(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_masked_once_is_masked() {
        let masks = masks(&["Jane Doe"]);
        let once = masks.text("Ask Jane Doe.").unwrap();
        assert_eq!(masks.text(&once), None);
    }

    #[test]
    fn values_are_masked_wherever_they_stand() {
        let masks = masks(&["Jane Doe", "61299990000"]);
        let mut value =
            json!({ "Jane Doe": [61_299_990_000_u64, { "name": "jane doe" }], "id": 7 });
        assert!(masks.json(&mut value) && !masks.json(&mut value));
        assert_eq!(
            value,
            json!({ REMOVED: [REMOVED, { "name": REMOVED }], "id": 7 })
        );
    }

    #[test]
    fn a_record_is_still_known_by_the_text_that_came() {
        let one = ReceivedRecord::new("7".into(), r#"{"by":"Jane Doe"}"#.into(), json!({}));
        let mut masked = one.clone();
        masks(&["Jane Doe"]).received(&mut masked);
        assert_eq!(masked.received_hash, one.received_hash);
        let (stored, plain) = (masked.read(), one.read());
        assert_eq!(stored.content, json!({ "by": REMOVED }));
        assert_ne!(stored.hash, plain.hash);
        let again = crate::document::stored_hash(&stored.canonical);
        assert_eq!(again, Some(stored.hash));
    }

    #[test]
    fn a_text_that_stands_in_many_others_is_none() {
        let of = |text| TextMask::of(Uuid::nil(), text);
        assert!([of(""), of("..."), of("Jo"), of("a b c")] == [None; 4]);
        assert_eq!(of("Jo Li").map(|mask| mask.words), Some(2));
    }

    #[test]
    fn hashes_are_bound_to_their_institution() {
        let (one, other) = (Uuid::nil(), Uuid::max());
        assert_ne!(ad_hash(one, "board", "7"), ad_hash(other, "board", "7"));
        assert_ne!(
            TextMask::of(one, "Jane Doe").map(|mask| mask.hash),
            TextMask::of(other, "Jane Doe").map(|mask| mask.hash)
        );
    }
}
