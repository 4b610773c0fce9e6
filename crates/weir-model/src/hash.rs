//! Hashes of content and fingerprints of what was done with it.
//!
//! A [`Hash`] tells whether two contents are equal; a [`Fingerprint`] whether they would be
//! processed equally. Neither may depend on key order, comments, secrets, URLs or the version of
//! this crate.

use super::Canonical;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;

/// The first 16 bytes of a BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hash(pub [u8; 16]);

/// A [`Hash`] of a specification.
pub type Fingerprint = Hash;

impl Hash {
    /// Hash of bytes.
    pub fn of(bytes: &[u8]) -> Hash {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
        Hash(short)
    }

    /// The hash stored in a column, if any.
    pub fn from_column(bytes: Option<Vec<u8>>) -> Option<Hash> {
        bytes?.try_into().ok().map(Hash)
    }

    /// The hash with 32 hexadecimal digits, as displayed.
    pub fn from_digits(digits: &str) -> Option<Hash> {
        let bytes = (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
        Hash::from_column(bytes.collect())
    }

    /// The first eight bytes, for sets that must stay small: two values may share them by chance.
    pub fn leading(self) -> u64 {
        let bytes = self.0.iter().take(8);
        bytes.fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }

    /// The first eight digits, for people.
    pub fn short(self) -> String {
        self.0[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The bytes to store.
    pub fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The named parts of a fingerprint (`mapping of title`, `rule close-after-open`), kept so that a
/// difference can be named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FingerprintParts(BTreeMap<String, FingerprintPart>);

/// One part: its content, as text, and its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct FingerprintPart {
    /// Its hash.
    pub hash: Hash,
    /// Its content, as people read it.
    pub text: String,
}

impl fmt::Debug for FingerprintPart {
    /// The hash is sufficient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.hash)
    }
}

impl FingerprintParts {
    /// The part that a rule which reads the clock adds: it changes every day.
    pub const DATE: &'static str = "date of the run";

    /// How canonical forms are written. It rises when a form of what nobody edited changes: hashes
    /// of two forms say nothing about each other. 1 was what `Debug` wrote.
    pub const FORM: i64 = 2;
    /// The member of [`FingerprintParts::to_json`] that says so; no part has this name, as a part
    /// is a text.
    pub const FORM_KEY: &'static str = "form";

    /// One part alone.
    pub fn of(name: &str, made_of: &impl Canonical) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
        parts.add(name, made_of);
        parts
    }

    /// Adds one part: its name and its content.
    pub fn add(&mut self, name: impl Into<String>, made_of: &impl Canonical) {
        let text = made_of.canonical();
        self.0.insert(
            name.into(),
            FingerprintPart {
                hash: Hash::of(text.as_bytes()),
                text,
            },
        );
    }

    /// Adds one part: the content that counts, and the text that people are shown.
    pub fn add_as(&mut self, name: impl Into<String>, made_of: &impl Canonical, shown: String) {
        let hash = Hash::of(made_of.canonical().as_bytes());
        self.0
            .insert(name.into(), FingerprintPart { hash, text: shown });
    }

    /// All parts by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &FingerprintPart)> {
        self.0.iter().map(|(name, part)| (name.as_str(), part))
    }

    /// Adds all parts of `other`.
    pub fn extend(&mut self, other: FingerprintParts) {
        self.0.extend(other.0);
    }

    /// The fingerprint of all parts.
    pub fn fingerprint(&self) -> Fingerprint {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|(name, part)| format!("{}: {}", Json::from(name.as_str()), part.hash))
            .collect();
        Hash::of(format!("{{{}}}", parts.join(", ")).as_bytes())
    }

    /// The fingerprint with the date of the run left out: it only changes when the YAML or the code
    /// does.
    pub fn steady(&self) -> Fingerprint {
        let mut parts = self.clone();
        parts.0.remove(FingerprintParts::DATE);
        parts.fingerprint()
    }

    /// The parts that are stored as JSON: their hashes; the texts are not kept there.
    pub fn stored(json: &Json) -> FingerprintParts {
        let parts = json.as_object().into_iter().flatten();
        FingerprintParts(
            parts
                .filter_map(|(name, part)| {
                    Some((
                        name.clone(),
                        FingerprintPart {
                            hash: Hash::from_digits(part.as_str()?)?,
                            text: String::new(),
                        },
                    ))
                })
                .collect(),
        )
    }

    /// The parts as JSON, for the `fingerprints` table.
    pub fn to_json(&self) -> Json {
        let parts = self
            .0
            .iter()
            .map(|(name, part)| (name.clone(), Json::from(part.hash.to_string())));
        parts
            .chain([(
                FingerprintParts::FORM_KEY.to_owned(),
                Json::from(FingerprintParts::FORM),
            )])
            .collect()
    }

    /// Whether stored parts were written in the form of today.
    pub fn is_comparable(stored: &Json) -> bool {
        stored
            .get(FingerprintParts::FORM_KEY)
            .and_then(Json::as_i64)
            == Some(FingerprintParts::FORM)
    }

    /// Names of the parts that differ between these and older parts as stored; none where the older
    /// ones were written in another form, as nobody edited anything for that.
    pub fn changed_since(&self, old: &Json) -> Vec<String> {
        if !FingerprintParts::is_comparable(old) {
            return Vec::new();
        }
        let empty = serde_json::Map::new();
        let old = old.as_object().unwrap_or(&empty);
        let mine = |name: &str| self.0.get(name).map(|part| part.hash.to_string());
        let names = self.0.keys().chain(
            old.keys()
                .filter(|name| *name != FingerprintParts::FORM_KEY && !self.0.contains_key(*name)),
        );
        names
            .filter(|name| mine(name).as_deref() != old.get(*name).and_then(Json::as_str))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hash_is_read_as_it_is_shown() {
        let hash = Hash::of(b"a");
        assert_eq!(Hash::from_digits(&hash.to_string()), Some(hash));
        assert_eq!(
            [
                Hash::from_digits(""),
                Hash::from_digits("abc"),
                Hash::from_digits(&"é".repeat(16))
            ],
            [None; 3]
        );
    }

    #[test]
    fn a_steady_fingerprint_can_be_had_from_what_is_stored_whatever_the_day() {
        let mut parts = FingerprintParts::default();
        parts.add("rule a", &1_u32);
        let steady = parts.fingerprint();
        parts.add(FingerprintParts::DATE, &chrono::NaiveDate::MIN);
        assert_ne!(parts.fingerprint(), steady);
        assert_eq!(
            (
                parts.steady(),
                FingerprintParts::stored(&parts.to_json()).steady()
            ),
            (steady, steady)
        );
        assert_eq!(
            FingerprintParts::stored(&parts.to_json()).fingerprint(),
            parts.fingerprint()
        );
    }

    #[test]
    fn changed_parts_are_named() {
        let mut parts = FingerprintParts::default();
        parts.add("rule a", &1_u32);
        let old = parts.to_json();
        parts.add("rule b", &2_u32);
        assert_eq!(parts.changed_since(&old), ["rule b"]);
        assert_eq!(
            parts.changed_since(&FingerprintParts::default().to_json()),
            ["rule a", "rule b"]
        );
    }

    #[test]
    fn another_form_is_nobodys_edit() {
        let mut parts = FingerprintParts::default();
        parts.add("rule a", &1_u32);
        assert!(
            parts
                .changed_since(&json!({ "rule a": Hash::of(b"Debug").to_string() }))
                .is_empty()
        );
    }
}
