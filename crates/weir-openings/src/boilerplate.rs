//! What an employer prints under every title: benefits, equal opportunity, who we are. A gram
//! counts by the number of distinct titles it appears under. Only a bounded sample of titles is
//! counted, the ones with the smallest hashes, so that the profile is a function of content, cheap,
//! and changes seldom as ads of a large employer come and go.

use crate::hash::{GramHasher, mixed, word_hash};
use crate::shingles::TextShingles;
use crate::signature::OpeningSignature;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;

/// Titles that are sampled of an employer.
pub const SAMPLE: usize = 48;

/// The rank of an ad's title: the smallest of an employer are sampled.
pub fn title_rank(ad: &OpeningSignature) -> u64 {
    mixed(word_hash(&ad.title.hard.join(" ")))
}

/// Titles by gram. It is asked for each gram of each pair that is compared.
type TitleCounts = HashMap<u32, u16, BuildHasherDefault<GramHasher>>;

/// How often the grams of an employer's texts appear, by distinct titles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoilerplateProfile {
    titles: TitleCounts,
}

impl BoilerplateProfile {
    /// The profile of an employer's ads, in any order.
    pub fn of<'a>(ads: impl IntoIterator<Item = &'a OpeningSignature>) -> BoilerplateProfile {
        let mut sample: BTreeMap<u64, &OpeningSignature> = BTreeMap::new();
        for ad in ads.into_iter().filter(|ad| !ad.text.is_empty()) {
            let first = sample.entry(title_rank(ad)).or_insert(ad);
            if ad.content < first.content {
                *first = ad;
            }
            if sample.len() > SAMPLE {
                sample.pop_last();
            }
        }
        BoilerplateProfile::of_texts(sample.values().map(|ad| &ad.text))
    }

    /// The profile of a sample: of each of the [`SAMPLE`] titles with the smallest ranks, the text
    /// of the ad with the smallest content.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a TextShingles>) -> BoilerplateProfile {
        let mut titles = TitleCounts::default();
        for gram in texts.into_iter().flat_map(TextShingles::grams) {
            *titles.entry(*gram).or_default() += 1;
        }
        titles.retain(|_, count| *count > 1);
        BoilerplateProfile { titles }
    }

    /// What it says, as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut rows: Vec<(u32, u16)> = self.titles.iter().map(|(gram, n)| (*gram, *n)).collect();
        rows.sort_unstable();
        let bytes =
            |(gram, count): (u32, u16)| gram.to_le_bytes().into_iter().chain(count.to_le_bytes());
        rows.into_iter().flat_map(bytes).collect()
    }

    /// Reads stored bytes; what is no whole row is left out.
    pub fn from_bytes(bytes: &[u8]) -> BoilerplateProfile {
        let row = |row: &[u8]| {
            let gram = u32::from_le_bytes([row[0], row[1], row[2], row[3]]);
            (gram, u16::from_le_bytes([row[4], row[5]]))
        };
        BoilerplateProfile { titles: bytes.chunks_exact(6).map(row).collect() }
    }

    /// The weight of a gram: 1 under one title, .5 under two, .05 under more.
    pub fn weight(&self, gram: u32) -> f64 {
        match self.titles.get(&gram).copied().unwrap_or(1) {
            0 | 1 => 1.0,
            2 => 0.5,
            _ => 0.05,
        }
    }

    /// The smaller weight of a gram by two employers, who often are one.
    pub fn lighter(profiles: [&BoilerplateProfile; 2], gram: u32) -> f64 {
        let [one, other] = profiles;
        let weight = one.weight(gram);
        if std::ptr::eq(one, other) { weight } else { weight.min(other.weight(gram)) }
    }
}
