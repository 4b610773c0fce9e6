//! The ads that are judged together, in one fixed order, with the boilerplate of their employers.
//! Positions in this order stand for ads in the rest of the crate. The order is that of the keys,
//! so that nothing downstream can depend on the order of arrival.

use crate::ad::AdKey;
use crate::boilerplate::BoilerplateProfile;
use crate::features::PairFeatures;
use crate::shingles::LightGrams;
use crate::signature::OpeningSignature;
use rayon::prelude::*;
use std::collections::HashMap;

/// Signatures by key, each once.
#[derive(Debug, Default)]
pub struct SignatureCorpus {
    ads: Vec<OpeningSignature>,
    /// Position of the profile of each ad's employer.
    employers: Vec<usize>,
    profiles: Vec<BoilerplateProfile>,
    /// Which grams of the text of each ad are boilerplate.
    light: Vec<LightGrams>,
}

impl SignatureCorpus {
    /// Puts signatures in order; of two with one key the one with the smaller content stays.
    pub fn of(mut ads: Vec<OpeningSignature>) -> SignatureCorpus {
        ads.par_sort_unstable_by(|a, b| (&a.key, a.content).cmp(&(&b.key, b.content)));
        ads.dedup_by(|a, b| a.key == b.key);
        let (employers, groups) = grouped(&ads);
        let profile = |group: &Vec<usize>| BoilerplateProfile::of(group.iter().map(|at| &ads[*at]));
        let profiles = groups.par_iter().map(profile).collect();
        SignatureCorpus::weighed(ads, employers, profiles)
    }

    /// Puts signatures in order, with boilerplate that is known by the employer's squeezed name:
    /// what a part of all ads needs to be judged as the whole would be.
    pub fn with_profiles(
        mut ads: Vec<OpeningSignature>,
        mut known: HashMap<String, BoilerplateProfile>,
    ) -> SignatureCorpus {
        ads.sort_unstable_by(|a, b| (&a.key, a.content).cmp(&(&b.key, b.content)));
        ads.dedup_by(|a, b| a.key == b.key);
        let (employers, groups) = grouped(&ads);
        let name = |group: &Vec<usize>| ads[group[0]].employer.squeezed();
        let profiles = groups.iter().map(|group| known.remove(&name(group)).unwrap_or_default());
        let profiles = profiles.collect();
        SignatureCorpus::weighed(ads, employers, profiles)
    }

    fn weighed(
        ads: Vec<OpeningSignature>,
        employers: Vec<usize>,
        profiles: Vec<BoilerplateProfile>,
    ) -> SignatureCorpus {
        let all = ads.par_iter().zip(&employers);
        let light = all.map(|(ad, employer)| profiles[*employer].light(&ad.text)).collect();
        SignatureCorpus { ads, employers, profiles, light }
    }

    /// The boilerplate of an employer by its squeezed name.
    pub fn profiles(&self) -> impl Iterator<Item = (String, &BoilerplateProfile)> {
        let named = self.employers.iter().zip(&self.ads);
        let named: HashMap<usize, String> =
            named.map(|(number, ad)| (*number, ad.employer.squeezed())).collect();
        named.into_iter().map(|(number, name)| (name, &self.profiles[number]))
    }

    /// The signatures, by key.
    pub fn ads(&self) -> &[OpeningSignature] {
        &self.ads
    }

    /// The position of an ad.
    pub fn position(&self, key: &AdKey) -> Option<usize> {
        self.ads.binary_search_by(|ad| ad.key.cmp(key)).ok()
    }

    /// What two ads have in common.
    pub fn features(&self, one: usize, other: usize) -> PairFeatures {
        let light = [&self.light[one], &self.light[other]];
        PairFeatures::of(&self.ads[one], &self.ads[other], light)
    }
}

/// The number of each ad's employer, and the ads of each employer.
fn grouped(ads: &[OpeningSignature]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut employers = Vec::with_capacity(ads.len());
    for (at, ad) in ads.iter().enumerate() {
        let next = groups.len();
        let number = *numbers.entry(ad.employer.squeezed()).or_insert(next);
        if number == next {
            groups.push(Vec::new());
        }
        groups[number].push(at);
        employers.push(number);
    }
    (employers, groups)
}
