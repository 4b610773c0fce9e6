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
    changes: usize,
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
}

impl NeighbourWalk {
    /// Starts at what has changed.
    pub fn of(policy: OpeningPolicy, change: NeighbourChange) -> NeighbourWalk {
        let keys = change.now.iter().map(|ad| ad.key.clone()).chain(change.touched);
        let reached: BTreeSet<AdKey> = keys.collect();
        NeighbourWalk {
            policy,
            changes: change.now.len() + change.before.len(),
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
        Some(NeighbourRequest {
            blocks: blocks.into_iter().filter(new).collect(),
            limit: self.policy.bucket_cap.saturating_add(self.changes),
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
            found.extend(self.displaced(&members).iter().cloned());
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

    /// Ads about the cap: a change may have moved them over it, either way.
    fn displaced<'a>(&self, members: &'a [AdKey]) -> &'a [AdKey] {
        let cap = self.policy.bucket_cap;
        if members.len() <= cap { &[] } else { &members[cap.saturating_sub(self.changes)..] }
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
        let none = BoilerplateProfile::default();
        let profile = |ad: &OpeningSignature| self.profiles.get(&ad.employer.squeezed());
        let common = [one, other].map(|ad| profile(ad).unwrap_or(&none));
        let pair = PairFeatures::of(one, other, common);
        PairScore::of(&pair, &self.policy).band(&self.policy.bands) != PairBand::Different
    }

    /// The ads to be judged again, with their pairs: everything that the changes can have changed.
    pub fn finish(self) -> (SignatureCorpus, PairGraph) {
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
        (corpus, graph)
    }
}
