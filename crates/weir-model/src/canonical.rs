//! The canonical form of what was compiled: the text that its fingerprint is the hash of.
//!
//! Every name in such a text is written by hand, in the file of the type that it describes. It must
//! never come from `Debug` or a derive: then a renamed field of a struct, or a new version of a
//! library, would derive every stored ad again and blame a mapping that nobody edited. To add a
//! value to a form, write it only where it is not the default: the fingerprints of everybody who
//! does not use it then stay as they are. `tests/fingerprints.txt` keeps watch.

use super::Hash;
use chrono::NaiveDate;
use serde_json::Value as Json;

/// What can say which text its fingerprint is the hash of.
pub trait Canonical {
    /// The text: the same for what does the same, another for what may do something else.
    fn canonical(&self) -> String;
}

/// Members by name as one line of JSON; what is `null` is left out.
pub fn canonical_members<const N: usize>(members: [(&str, Json); N]) -> String {
    canonical_object(members).to_string()
}

/// The same as JSON, for a form that is part of another.
pub fn canonical_object<const N: usize>(members: [(&str, Json); N]) -> Json {
    let there = members.into_iter().filter(|(_, value)| !value.is_null());
    there
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

impl Canonical for u32 {
    fn canonical(&self) -> String {
        self.to_string()
    }
}

impl Canonical for NaiveDate {
    fn canonical(&self) -> String {
        self.format("%Y-%m-%d").to_string()
    }
}

impl Canonical for Hash {
    fn canonical(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_said_leaves_a_form_as_it_was() {
        let one = canonical_members([("from", json!(["$.a"])), ("split", Json::Null)]);
        assert_eq!(one, r#"{"from":["$.a"]}"#);
    }
}
