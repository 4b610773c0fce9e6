//! What an employer prints under every title: benefits, equal opportunity, who we are. A gram
//! counts by the number of distinct titles it appears under. Only a bounded sample of titles is
//! counted, the ones with the smallest hashes, so that the profile is a function of content, cheap,
//! and changes seldom as ads of a large employer come and go.

use crate::hash::{mixed, word_hash};
use crate::signature::OpeningSignature;
use std::collections::{BTreeMap, HashMap};

/// Titles that are sampled of an employer.
const SAMPLE: usize = 48;

/// How often the grams of an employer's texts appear, by distinct titles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoilerplateProfile {
    titles: HashMap<u32, u16>,
}

impl BoilerplateProfile {
    /// The profile of an employer's ads, in any order.
    pub fn of<'a>(ads: impl IntoIterator<Item = &'a OpeningSignature>) -> BoilerplateProfile {
        let mut sample: BTreeMap<u64, &OpeningSignature> = BTreeMap::new();
        for ad in ads.into_iter().filter(|ad| !ad.text.is_empty()) {
            let title = mixed(word_hash(&ad.title.hard.join(" ")));
            let first = sample.entry(title).or_insert(ad);
            if ad.content < first.content {
                *first = ad;
            }
            if sample.len() > SAMPLE {
                sample.pop_last();
            }
        }
        let mut titles: HashMap<u32, u16> = HashMap::new();
        for gram in sample.values().flat_map(|ad| ad.text.grams()) {
            *titles.entry(*gram).or_default() += 1;
        }
        titles.retain(|_, count| *count > 1);
        BoilerplateProfile { titles }
    }

    /// The weight of a gram: 1 under one title, .5 under two, .05 under more.
    pub fn weight(&self, gram: u32) -> f64 {
        match self.titles.get(&gram).copied().unwrap_or(1) {
            0 | 1 => 1.0,
            2 => 0.5,
            _ => 0.05,
        }
    }
}
