//! Named lists that rules look names up in: known agencies, forbidden words, grades and their
//! values. Names are compared as in tables, ignoring case and repeated whitespace.

use super::budget;
use std::collections::{BTreeSet, HashMap};
use weir_model::Hash;

/// A list of names, each with an optional value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedList {
    entries: HashMap<String, Option<String>>,
    /// The numbers of words that its names have.
    lengths: BTreeSet<usize>,
    /// Hash of all of it, whatever the order.
    pub hash: Hash,
}

impl NamedList {
    /// A list of entries with their values; the first of two equal names is used.
    pub fn new(all: impl IntoIterator<Item = (String, Option<String>)>) -> NamedList {
        let mut entries: HashMap<String, Option<String>> = HashMap::new();
        for (name, value) in all {
            entries.entry(key(&name)).or_insert(value);
        }
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort();
        let hash = Hash::of(format!("{sorted:?}").as_bytes());
        let lengths = entries.keys().map(|name| name.split(' ').count()).collect();
        NamedList {
            entries,
            lengths,
            hash,
        }
    }

    /// Whether it contains a name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(&key(name))
    }

    /// The value of a name; the name itself, as given, if it has no value; `None` if it is not in
    /// the list.
    pub fn find(&self, name: &str) -> Option<String> {
        self.entries
            .get(&key(name))
            .map(|value| value.clone().unwrap_or_else(|| name.to_owned()))
    }

    /// The number of names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a text contains one of its names, as whole words. The cost depends on the length of
    /// the text, not on the number of names.
    ///
    /// # Errors
    /// Text and names are too long.
    pub(super) fn is_mentioned(&self, text: &str) -> Result<bool, String> {
        self.mentioned(text).map(|found| found.is_some())
    }

    /// The first name that the text mentions, as [`key`] makes it.
    ///
    /// # Errors
    /// Text and names are too long.
    pub(super) fn mentioned(&self, text: &str) -> Result<Option<String>, String> {
        // Every word is looked up once for each length of names.
        let looks: usize = self.lengths.iter().sum();
        budget::spend((text.len() as u64).saturating_mul(looks as u64))?;
        let words = key(&text.replace(
            |letter: char| !letter.is_alphanumeric() && letter != '\'',
            " ",
        ));
        let words: Vec<&str> = words.split(' ').collect();
        let name = |length: &usize| {
            let runs = words.windows(*length).map(|some| some.join(" "));
            runs.into_iter().find(|run| self.entries.contains_key(run))
        };
        Ok(self.lengths.iter().find_map(name))
    }
}

/// What makes two spellings one name.
pub fn key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_whatever_their_case_and_blanks() {
        let list = NamedList::new([
            ("NSW Health".to_owned(), None),
            ("vpsg5".to_owned(), Some("Officer".to_owned())),
        ]);
        assert!(list.has("nsw  health ") && !list.has("NSW"));
        assert_eq!(
            (list.find("VPSG5"), list.find("NSW health"), list.find("x")),
            (Some("Officer".into()), Some("NSW health".into()), None)
        );
    }

    #[test]
    fn a_name_is_mentioned_as_whole_words() {
        let list = NamedList::new([("talent pool".to_owned(), None), ("eoi".to_owned(), None)]);
        assert!(
            list.is_mentioned("Talent Pool (all regions)").unwrap()
                && list.is_mentioned("EOI: Nurse").unwrap()
        );
        assert!(!list.is_mentioned("Geoid surveyor of talents").unwrap());
    }

    #[test]
    fn the_hash_is_of_what_stands_in_it() {
        let list = |names: &[&str]| {
            NamedList::new(names.iter().map(|name| ((*name).to_owned(), None))).hash
        };
        assert_eq!(list(&["a", "b"]), list(&["B", "a", "a"]));
        assert_ne!(list(&["a"]), list(&["b"]));
    }
}
