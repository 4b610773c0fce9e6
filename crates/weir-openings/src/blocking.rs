//! Which ads are compared at all. Every ad is put into a few buckets by keys that come from its
//! signature alone; ads that share a bucket are candidates. A key never decides: exact overlap of
//! the signatures does. Add a key where real duplicates share none, and measure how many
//! candidates it brings.

use crate::employer::EmployerProfile;
use crate::hash::{hash_of, mixed};
use crate::links::LinkKeys;
use crate::place::PlaceSet;
use crate::shingles::TextShingles;
use crate::title::TitleProfile;
use crate::title_words::COMMON;
use serde::{Deserialize, Serialize};

/// A bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlockKey(pub i64);

/// The fields of an ad that make its keys.
#[derive(Debug, Clone, Copy)]
pub struct BlockedFields<'a> {
    /// The title.
    pub title: &'a TitleProfile,
    /// The employer.
    pub employer: &'a EmployerProfile,
    /// The places.
    pub places: &'a PlaceSet,
    /// Exact keys.
    pub links: &'a LinkKeys,
    /// The description.
    pub text: &'a TextShingles,
}

/// Rare words of a title in a key.
const RARE: usize = 3;
/// Cities that make keys.
const CITIES: usize = 4;
/// Hashes of the text that make keys.
const TEXTS: usize = 6;

/// The keys of an ad, sorted, each once.
pub fn block_keys(ad: &BlockedFields<'_>) -> Vec<BlockKey> {
    let mut keys = Vec::with_capacity(16);
    exact_keys(ad, &mut keys);
    employer_keys(ad, &mut keys);
    place_keys(ad, &mut keys);
    text_keys(ad, &mut keys);
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn key(parts: &[&str]) -> BlockKey {
    BlockKey(hash_of(parts).cast_signed())
}

fn exact_keys(ad: &BlockedFields<'_>, keys: &mut Vec<BlockKey>) {
    keys.extend(ad.links.addresses().map(|address| BlockKey(address.cast_signed())));
    if let Some(requisition) = &ad.links.requisition {
        keys.push(key(&["requisition", requisition, ad.employer.root()]));
    }
}

fn employer_keys(ad: &BlockedFields<'_>, keys: &mut Vec<BlockKey>) {
    let rare = rarest(&ad.title.hard);
    for root in ad.employer.roots() {
        keys.push(key(&["title", &root, &rare.join(" ")]));
        for city in ad.places.cities().take(CITIES) {
            keys.push(key(&["city", &root, city]));
        }
    }
}

fn place_keys(ad: &BlockedFields<'_>, keys: &mut Vec<BlockKey>) {
    let title = ad.title.hard.join(" ");
    for city in ad.places.cities().take(CITIES) {
        keys.push(key(&["role", &title, city]));
    }
    keys.push(key(&["exact", &ad.employer.squeezed(), &title, &place_text(ad)]));
}

fn place_text(ad: &BlockedFields<'_>) -> String {
    let cities: Vec<&str> = ad.places.cities().collect();
    cities.join(",")
}

fn text_keys(ad: &BlockedFields<'_>, keys: &mut Vec<BlockKey>) {
    let mut hashes: Vec<u64> = ad.text.grams().iter().map(|gram| mixed(u64::from(*gram))).collect();
    if hashes.len() > TEXTS {
        hashes.select_nth_unstable(TEXTS);
        hashes.truncate(TEXTS);
    }
    keys.extend(hashes.into_iter().map(|hash| BlockKey(hash.cast_signed())));
}

/// The rarest words of a title, in order of the alphabet.
fn rarest(words: &[String]) -> Vec<&str> {
    let mut ranked: Vec<(usize, &str)> =
        words.iter().map(|word| (commonness(word), word.as_str())).collect();
    ranked.sort_unstable();
    ranked.truncate(RARE);
    let mut rare: Vec<&str> = ranked.into_iter().map(|(_, word)| word).collect();
    rare.sort_unstable();
    rare
}

/// 0 for a word that is not common.
fn commonness(word: &str) -> usize {
    COMMON.iter().rev().position(|common| *common == word).map_or(0, |at| at + 1)
}
