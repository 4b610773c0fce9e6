//! What has to be judged again after some ads changed, found round by round: the caller answers
//! each request from its store, set by set, until nothing is left to ask. What decides a pair lies
//! within its connected part of the graph, so the result equals that of judging all ads, and
//! the cost follows what changed. This module never reads a store itself.

use crate::ad::AdKey;
use crate::blocking::BlockKey;
use crate::boilerplate::BoilerplateProfile;
use crate::buckets::{BucketIndex, bucket_rank};
use crate::corpus::SignatureCorpus;
use crate::features::PairFeatures;
use crate::pair_graph::{PairGraph, may_pair};
use crate::policy::OpeningPolicy;
use crate::score::{PairBand, PairScore};
use crate::sibling::repost_days;
use crate::signature::OpeningSignature;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What the caller is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeighbourRequest {
    /// Buckets: all their ads, or the [`NeighbourRequest::limit`] with the smallest ranks.
    pub blocks: Vec<BlockKey>,
    /// Rows of a bucket that are enough.
    pub limit: usize,
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

/// What has changed.
#[derive(Debug, Clone, Default)]
pub struct NeighbourChange {
    /// Ads that are new or changed, as they are now.
    pub now: Vec<OpeningSignature>,
    /// Ads that are gone or changed, as they were.
    pub before: Vec<OpeningSignature>,
    /// Ads whose openings lost an ad, or about which an operator decided.
    pub touched: Vec<AdKey>,
}

/// The walk from changed ads to everything that they can change.
#[derive(Debug)]
pub struct NeighbourWalk {
    policy: OpeningPolicy,
    /// How many of the changed ads are, or were, in each bucket.
    changes: HashMap<BlockKey, usize>,
    ads: BTreeMap<AdKey, OpeningSignature>,
    buckets: HashMap<BlockKey, Vec<AdKey>>,
    profiles: HashMap<String, BoilerplateProfile>,
    /// Ads that are judged again.
    reached: BTreeSet<AdKey>,
    /// Of these, the ones whose buckets are to be asked for.
    frontier: Vec<AdKey>,
    /// Of these, the ones whose buckets were asked for.
    asked: Vec<AdKey>,
    /// Ads as they were, until their neighbours are found.
    ghosts: Vec<OpeningSignature>,
    /// Ads that are new or changed.
    changed: Vec<AdKey>,
}

/// A re-post of an ad that changed, or by one.
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
    /// Starts at what has changed.
    pub fn of(policy: OpeningPolicy, change: NeighbourChange) -> NeighbourWalk {
        let keys = change.now.iter().map(|ad| ad.key.clone()).chain(change.touched);
        let reached: BTreeSet<AdKey> = keys.collect();
        let mut changes: HashMap<BlockKey, usize> = HashMap::new();
        for block in change.now.iter().chain(&change.before).flat_map(|ad| &ad.blocks) {
            *changes.entry(*block).or_default() += 1;
        }
        NeighbourWalk {
            policy,
            changes,
            changed: change.now.iter().map(|ad| ad.key.clone()).collect(),
            ads: change.now.into_iter().map(|ad| (ad.key.clone(), ad)).collect(),
            buckets: HashMap::new(),
            profiles: HashMap::new(),
            frontier: reached.iter().cloned().collect(),
            reached,
            asked: Vec::new(),
            ghosts: change.before,
        }
    }

    /// What is needed next; `None` when everything is known.
    pub fn request(&mut self) -> Option<NeighbourRequest> {
        if self.frontier.is_empty() && self.ghosts.is_empty() {
            return None;
        }
        self.asked = std::mem::take(&mut self.frontier);
        let known = self.asked.iter().filter_map(|key| self.ads.get(key)).chain(&self.ghosts);
        let blocks: BTreeSet<BlockKey> = known.flat_map(|ad| ad.blocks.iter().copied()).collect();
        let new = |block: &BlockKey| !self.buckets.contains_key(block);
        let blocks: Vec<BlockKey> = blocks.into_iter().filter(new).collect();
        let moved = blocks.iter().map(|block| self.changes_in(*block)).max().unwrap_or_default();
        Some(NeighbourRequest {
            limit: self.policy.bucket_cap.saturating_add(moved),
            blocks,
            openings_of: self.asked.clone(),
        })
    }

    /// Takes an answer, and finds whom it leads to.
    pub fn supply(&mut self, answer: NeighbourAnswer) {
        self.ads.extend(answer.signatures.into_iter().map(|ad| (ad.key.clone(), ad)));
        self.profiles.extend(answer.profiles);
        let mut found: BTreeSet<AdKey> = answer.members.into_iter().collect();
        for (block, mut members) in answer.buckets {
            members.retain(|key| self.ads.contains_key(key));
            members.sort_by_cached_key(|key| (bucket_rank(block, &self.ads[key]), key.clone()));
            found.extend(self.displaced(block, &members).iter().cloned());
            members.truncate(self.policy.bucket_cap);
            self.buckets.insert(block, members);
        }
        found.extend(self.paired());
        self.ghosts.clear();
        for key in found {
            if self.reached.insert(key.clone()) {
                self.frontier.push(key);
            }
        }
    }

    fn changes_in(&self, block: BlockKey) -> usize {
        self.changes.get(&block).copied().unwrap_or_default()
    }

    /// Ads about the cap: a change may have moved them over it, either way.
    fn displaced<'a>(&self, block: BlockKey, members: &'a [AdKey]) -> &'a [AdKey] {
        let (cap, moved) = (self.policy.bucket_cap, self.changes_in(block));
        let end = members.len().min(cap.saturating_add(moved));
        if members.len() <= cap { &[] } else { &members[cap.saturating_sub(moved)..end] }
    }

    /// Ads that pair with one whose buckets were asked for, or paired with one that was.
    fn paired(&self) -> Vec<AdKey> {
        let asked = self.asked.iter().filter_map(|key| self.ads.get(key)).chain(&self.ghosts);
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

    fn features(&self, one: &OpeningSignature, other: &OpeningSignature) -> PairFeatures {
        let none = BoilerplateProfile::default();
        let profile = |ad: &OpeningSignature| self.profiles.get(&ad.employer.squeezed());
        let common = [one, other].map(|ad| profile(ad).unwrap_or(&none));
        PairFeatures::of(one, other, common)
    }

    /// The re-posts in which a changed ad is the later or the earlier one, in order.
    pub fn reposts(&self) -> Vec<RepostPair> {
        let all = self.changed.par_iter().filter_map(|key| self.ads.get(key));
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

    /// The ads to be judged again, with their pairs: everything that the changes can have changed.
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
