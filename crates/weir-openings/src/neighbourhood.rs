//! What has to be judged together, found round by round: the caller answers each request from its
//! store, set by set, until nothing is left to ask. What decides a pair lies within its connected
//! part of the graph, so the result equals that of judging all ads, and the cost follows what
//! changed. This module never reads a store itself.
//!
//! Whoever changes something marks the ads whose pairs may change by it, as they were and as they
//! are: an ad that changed, those that paired with it as it was (the first round of a walk from it),
//! and those that moved over the cap of a bucket. A walk from marked ads judges the rest of what
//! they are connected with.

use crate::ad::AdKey;
use crate::blocking::BlockKey;
use crate::boilerplate::BoilerplateProfile;
use crate::buckets::{BucketIndex, bucket_rank};
use crate::corpus::SignatureCorpus;
use crate::features::PairFeatures;
use crate::pair_graph::{PairGraph, may_pair};
use crate::policy::OpeningPolicy;
use crate::score::{PairBand, PairScore};
use crate::shingles::LightGrams;
use crate::sibling::repost_days;
use crate::signature::OpeningSignature;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What the caller is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeighbourRequest {
    /// Buckets: of each the ads with the smallest ranks, as many as its cap admits.
    pub blocks: Vec<BlockKey>,
    /// Ads whose present openings are needed: all members of those openings.
    pub openings_of: Vec<AdKey>,
}

/// What the caller answers.
#[derive(Debug, Default)]
pub struct NeighbourAnswer {
    /// The ads of each bucket that was asked for.
    pub buckets: Vec<(BlockKey, Vec<AdKey>)>,
    /// The boilerplate of the employers of all ads that are sent, by squeezed name.
    pub profiles: Vec<(String, BoilerplateProfile)>,
    /// Members of the openings that were asked for.
    pub members: Vec<AdKey>,
    /// Signatures of all ads above that were not sent before.
    pub signatures: Vec<OpeningSignature>,
}

/// The walk from marked ads to everything that they are connected with.
#[derive(Debug)]
pub struct NeighbourWalk {
    policy: OpeningPolicy,
    ads: BTreeMap<AdKey, OpeningSignature>,
    buckets: HashMap<BlockKey, Vec<AdKey>>,
    profiles: HashMap<String, BoilerplateProfile>,
    /// Which grams of the texts of these ads are boilerplate.
    light: HashMap<AdKey, LightGrams>,
    /// Ads that are judged again.
    reached: BTreeSet<AdKey>,
    /// Of these, the ones whose buckets are to be asked for.
    frontier: Vec<AdKey>,
    /// Of these, the ones whose buckets were asked for.
    asked: Vec<AdKey>,
    /// The ads that it started from.
    marked: Vec<AdKey>,
}

/// A re-post of a marked ad, or by one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepostPair {
    /// The later ad.
    pub ad: AdKey,
    /// Days between the end of the earlier one and its start.
    pub days: i64,
    /// The earlier ad.
    pub follows: AdKey,
}

/// What a walk has reached.
#[derive(Debug)]
pub struct WalkedAds {
    /// The ads to be judged again.
    pub corpus: SignatureCorpus,
    /// Their buckets.
    pub buckets: BucketIndex,
    /// Their pairs.
    pub graph: PairGraph,
}

impl NeighbourWalk {
    /// Starts at marked ads.
    pub fn of(policy: OpeningPolicy, marked: Vec<OpeningSignature>) -> NeighbourWalk {
        let ads: BTreeMap<AdKey, OpeningSignature> =
            marked.into_iter().map(|ad| (ad.key.clone(), ad)).collect();
        let marked: Vec<AdKey> = ads.keys().cloned().collect();
        NeighbourWalk {
            policy,
            ads,
            buckets: HashMap::new(),
            profiles: HashMap::new(),
            light: HashMap::new(),
            reached: marked.iter().cloned().collect(),
            frontier: marked.clone(),
            asked: Vec::new(),
            marked,
        }
    }

    /// What is needed next; `None` when everything is known.
    pub fn request(&mut self) -> Option<NeighbourRequest> {
        if self.frontier.is_empty() {
            return None;
        }
        self.asked = std::mem::take(&mut self.frontier);
        let known = self.asked.iter().filter_map(|key| self.ads.get(key));
        let blocks: BTreeSet<BlockKey> = known.flat_map(|ad| ad.blocks.iter().copied()).collect();
        let new = |block: &BlockKey| !self.buckets.contains_key(block);
        Some(NeighbourRequest {
            blocks: blocks.into_iter().filter(new).collect(),
            openings_of: self.asked.clone(),
        })
    }

    /// Takes an answer, and finds whom it leads to.
    pub fn supply(&mut self, answer: NeighbourAnswer) {
        self.ads.extend(answer.signatures.into_iter().map(|ad| (ad.key.clone(), ad)));
        self.profiles.extend(answer.profiles);
        self.weigh();
        let mut found: BTreeSet<AdKey> = answer.members.into_iter().collect();
        for (block, mut members) in answer.buckets {
            members.retain(|key| self.ads.contains_key(key));
            members.sort_by_cached_key(|key| (bucket_rank(block, &self.ads[key]), key.clone()));
            members.truncate(self.policy.bucket_cap);
            self.buckets.insert(block, members);
        }
        found.extend(self.paired());
        for key in found {
            if self.reached.insert(key.clone()) {
                self.frontier.push(key);
            }
        }
    }

    /// The ads that the newest answer led to: after the first round those that pair with a marked
    /// ad or share its opening.
    pub fn found(&self) -> impl Iterator<Item = &OpeningSignature> {
        self.frontier.iter().filter_map(|key| self.ads.get(key))
    }

    /// Ads that pair with one whose buckets were asked for.
    fn paired(&self) -> Vec<AdKey> {
        let asked = self.asked.iter().filter_map(|key| self.ads.get(key));
        let asked: Vec<&OpeningSignature> = asked.collect();
        asked.par_iter().flat_map_iter(|ad| self.partners(ad)).collect()
    }

    /// The candidates of an ad that pair with it and are not reached yet.
    fn partners(&self, ad: &OpeningSignature) -> Vec<AdKey> {
        let buckets = ad.blocks.iter().filter_map(|block| self.buckets.get(block));
        let fresh: BTreeSet<&AdKey> =
            buckets.flatten().filter(|key| !self.reached.contains(*key)).collect();
        let found = fresh.into_iter().filter(|key| self.pairs(ad, &self.ads[*key]));
        found.cloned().collect()
    }

    fn pairs(&self, one: &OpeningSignature, other: &OpeningSignature) -> bool {
        if !may_pair(one, other, &self.policy) {
            return false;
        }
        let pair = self.features(one, other);
        PairScore::of(&pair, &self.policy).band(&self.policy.bands) != PairBand::Different
    }

    /// Weighs the texts of the ads that are new here.
    fn weigh(&mut self) {
        let none = BoilerplateProfile::default();
        let new = self.ads.par_iter().filter(|(key, _)| !self.light.contains_key(*key));
        let weighed = new.map(|(key, ad)| {
            let profile = self.profiles.get(&ad.employer.squeezed()).unwrap_or(&none);
            (key.clone(), profile.light(&ad.text))
        });
        let weighed: Vec<(AdKey, LightGrams)> = weighed.collect();
        self.light.extend(weighed);
    }

    fn features(&self, one: &OpeningSignature, other: &OpeningSignature) -> PairFeatures {
        PairFeatures::of(one, other, [one, other].map(|ad| &self.light[&ad.key]))
    }

    /// The re-posts in which a marked ad is the later or the earlier one, in order.
    pub fn reposts(&self) -> Vec<RepostPair> {
        let all = self.marked.par_iter().filter_map(|key| self.ads.get(key));
        let mut found: Vec<RepostPair> = all.flat_map_iter(|ad| self.reposts_with(ad)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn reposts_with(&self, ad: &OpeningSignature) -> Vec<RepostPair> {
        let buckets = ad.blocks.iter().filter_map(|block| self.buckets.get(block));
        let here = |key: &&AdKey| key.source == ad.key.source && **key != ad.key;
        let siblings: BTreeSet<&AdKey> = buckets.flatten().filter(here).collect();
        let siblings = siblings.into_iter().map(|key| &self.ads[key]);
        let both = siblings.flat_map(|other| [(other, ad), (ad, other)]);
        let links = both.filter_map(|(follows, ad)| {
            let days = repost_days(follows, ad, || self.features(follows, ad))?;
            Some(RepostPair { ad: ad.key.clone(), days, follows: follows.key.clone() })
        });
        links.collect()
    }

    /// The ads to be judged, with their pairs: everything that the marked ones are connected with.
    pub fn finish(self) -> WalkedAds {
        let reached = self.reached;
        let ads = self.ads.into_values().filter(|ad| reached.contains(&ad.key)).collect();
        let corpus = SignatureCorpus::with_profiles(ads, self.profiles);
        let within: HashSet<&AdKey> = reached.iter().collect();
        let buckets = self.buckets.iter().map(|(block, members)| {
            let members = members.iter().filter(|key| within.contains(*key));
            (*block, members.filter_map(|key| corpus.position(key)).collect())
        });
        let index = BucketIndex::of_buckets(&corpus, buckets.collect());
        let graph = PairGraph::of(&corpus, &index, &self.policy);
        WalkedAds { corpus, buckets: index, graph }
    }
}
