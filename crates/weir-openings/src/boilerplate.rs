//! What an employer prints under every title: benefits, equal opportunity, who we are. A gram is
//! boilerplate if it stands under half of the employer's titles. Only a bounded sample of titles is
//! asked, the ones with the smallest hashes, so that the profile is a function of content and cheap.
//!
//! A profile must change seldom, because each change has ads judged again: few grams stand under
//! about half of the titles, many under two or three. `docs/decisions/0036-boilerplate.md` has the
//! figures.

use crate::hash::{GramHasher, mixed, word_hash};
use crate::shingles::{LightGrams, TextShingles};
use crate::signature::OpeningSignature;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasherDefault;

/// Titles that are sampled of an employer.
pub const SAMPLE: usize = 48;

/// Titles under which a gram stands at least before it is boilerplate.
const FEWEST: usize = 3;

/// The rank of an ad's title: the smallest of an employer are sampled.
pub fn title_rank(ad: &OpeningSignature) -> u64 {
    mixed(word_hash(&ad.title.hard.join(" ")))
}

/// Grams, of which each is a hash already.
type GramSet = HashSet<u32, BuildHasherDefault<GramHasher>>;

/// The grams that an employer prints under half of its titles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoilerplateProfile {
    grams: GramSet,
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
        let mut titles: HashMap<u32, usize, BuildHasherDefault<GramHasher>> = HashMap::default();
        let mut sampled = 0_usize;
        for text in texts {
            sampled += 1;
            for gram in text.grams() {
                *titles.entry(*gram).or_default() += 1;
            }
        }
        let half = sampled.div_ceil(2).max(FEWEST);
        titles.retain(|_, count| *count >= half);
        BoilerplateProfile { grams: titles.into_keys().collect() }
    }

    /// What it says, as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        TextShingles::of_grams(self.grams.iter().copied()).to_bytes()
    }

    /// Reads stored bytes; what is no whole gram is left out.
    pub fn from_bytes(bytes: &[u8]) -> BoilerplateProfile {
        let grams = TextShingles::from_bytes(bytes);
        BoilerplateProfile { grams: grams.grams().iter().copied().collect() }
    }

    /// The grams that weigh something else in another profile: a text without any of them weighs
    /// what it weighed.
    pub fn changed(&self, other: &BoilerplateProfile) -> TextShingles {
        TextShingles::of_grams(self.grams.symmetric_difference(&other.grams).copied())
    }

    /// Which grams of a text of the employer are boilerplate. The profile of an employer weighs
    /// nothing but its own texts: what changes of it touches the ads that have it, and no others.
    pub fn light(&self, text: &TextShingles) -> LightGrams {
        LightGrams::of(text, |gram| self.grams.contains(&gram))
    }
}

#[cfg(test)]
mod tests {
    use super::BoilerplateProfile;
    use crate::shingles::TextShingles;

    fn texts(own: &[&str]) -> Vec<TextShingles> {
        let about = "We are a family business that has baked bread since the old mill was built.";
        own.iter().map(|own| TextShingles::of(&format!("{about} {own}"))).collect()
    }

    #[test]
    fn what_stands_under_half_of_the_titles_weighs_little() {
        let all = texts(&[
            "You knead the dough before dawn.",
            "You drive the van to nine shops.",
            "You keep the books and pay everybody.",
        ]);
        let profile = BoilerplateProfile::of_texts(&all);
        let common = all[0].grams().iter().filter(|gram| all[1].grams().contains(gram));
        let common: Vec<u32> = common.copied().collect();
        let light = |gram: &u32| profile.grams.contains(gram);
        assert!(!common.is_empty() && common.iter().all(light));
        assert!(!all[0].grams().iter().all(light));
        assert_eq!(BoilerplateProfile::from_bytes(&profile.to_bytes()), profile);
        let fewer = BoilerplateProfile::of_texts(&all[..2]);
        assert_eq!(fewer, BoilerplateProfile::default(), "two titles tell nothing");
        assert_eq!(profile.changed(&fewer).grams().len(), common.len());
        assert!(profile.changed(&profile).is_empty());
    }
}
