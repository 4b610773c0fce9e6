//! Generated ads of a small town, where many are alike, and a store in memory that answers the
//! walk.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use weir_openings::ad::{AdFacts, AdKey};
use weir_openings::blocking::BlockKey;
use weir_openings::boilerplate::BoilerplateProfile;
use weir_openings::buckets::bucket_rank;
use weir_openings::decision::DecisionSet;
use weir_openings::neighbourhood::{NeighbourAnswer, NeighbourRequest, NeighbourWalk, WalkedAds};
use weir_openings::opening_set::OpeningSet;
use weir_openings::partition::PairJudge;
use weir_openings::policy::OpeningPolicy;
use weir_openings::signature::{AddressPolicy, OpeningSignature};

const TITLES: [&str; 8] = [
    "Registered Nurse",
    "RN - Night",
    "Senior Registered Nurse",
    "Ward Clerk",
    "Clerk, Ward",
    "Cleaner II",
    "Cleaner",
    "Night Cleaner",
];
const EMPLOYERS: [&str; 5] = ["Hill House", "Hill House Ltd", "HH", "Quickline", ""];
const PLACES: [&str; 6] = ["Leeds", "York", "Leeds, England", "England", "Leeds; York", ""];
const TEXTS: [&str; 6] = [
    "You look after the ward at night and call the doctor when somebody gets worse than before.",
    "You look after the ward at night and call the doctor when somebody gets worse than usual, \
     and you write it down before you go home in the morning.",
    "You clean the rooms on two floors, fill the trolley, and report what is broken to the porter.",
    "You clean the rooms on two floors, fill the trolley, and report what is broken to the porter. \
     We are a house of ninety beds that has been in the hands of one family since it was built.",
    "You answer the phone. We are a house of ninety beds that has been in the hands of one family \
     since it was built.",
    "",
];
const SOURCES: [&str; 5] = ["careers", "jobhub", "gather", "linkup", "board"];

/// The signature of an ad.
pub fn signature(
    source: &str,
    id: &str,
    title: &str,
    employer: &str,
    place: &str,
    text: &str,
) -> OpeningSignature {
    let facts = AdFacts {
        title: title.to_owned(),
        employer: Some(employer.to_owned()),
        places: vec![place.to_owned()],
        description: Some(text.to_owned()),
        ..AdFacts::default()
    };
    OpeningSignature::of(AdKey::new(source, id), &facts, &AddressPolicy::default())
}

/// The key of an ad of a set.
pub fn key_of(set: &OpeningSet, ad: usize) -> AdKey {
    set.corpus().ads()[ad].key.clone()
}

fn ad() -> impl Strategy<Value = (usize, usize, usize, usize, usize)> {
    (0..SOURCES.len(), 0..TITLES.len(), 0..EMPLOYERS.len(), 0..PLACES.len(), 0..TEXTS.len())
}

/// So many ads, each with an id of its own.
pub fn ads(count: usize) -> impl Strategy<Value = Vec<OpeningSignature>> {
    proptest::collection::vec(ad(), count).prop_map(|all| {
        let one = |(at, (source, title, employer, place, text)): (usize, _)| {
            let (title, employer): (&str, &str) = (TITLES[title], EMPLOYERS[employer]);
            signature(SOURCES[source], &at.to_string(), title, employer, PLACES[place], TEXTS[text])
        };
        all.into_iter().enumerate().map(one).collect()
    })
}

/// A store in memory that works in steps.
pub struct Town {
    policy: OpeningPolicy,
    ads: BTreeMap<AdKey, OpeningSignature>,
    openings: Vec<Vec<AdKey>>,
    profiles: BTreeMap<String, BoilerplateProfile>,
    /// Employers of which an ad changed.
    unlearnt: BTreeSet<String>,
    /// Ads to be judged.
    marked: BTreeSet<AdKey>,
    /// Ads that were judged last, each as often as it was.
    pub judged: usize,
}

impl Town {
    /// An empty town.
    pub fn new(policy: OpeningPolicy) -> Town {
        Town {
            policy,
            ads: BTreeMap::new(),
            openings: Vec::new(),
            profiles: BTreeMap::new(),
            unlearnt: BTreeSet::new(),
            marked: BTreeSet::new(),
            judged: 0,
        }
    }

    /// The openings, in the order of a partition.
    pub fn openings(&self) -> Vec<Vec<AdKey>> {
        let mut openings = self.openings.clone();
        let rank = |ad: &AdKey| (self.policy.rank(&ad.source), ad.clone());
        openings.sort_by_key(|members| rank(&members[0]));
        openings
    }

    /// Some ads come or change, some go; then whatever that can change is judged.
    pub fn step(&mut self, come: Vec<OpeningSignature>, go: &[AdKey]) {
        self.sign(come, go);
        self.learn();
        self.judge(usize::MAX);
    }

    /// Takes ads as they are now, and marks what their pairs were and may be.
    pub fn sign(&mut self, come: Vec<OpeningSignature>, go: &[AdKey]) {
        let keys = come.iter().map(|ad| &ad.key).chain(go);
        let former: Vec<_> = keys.filter_map(|key| self.ads.get(key).cloned()).collect();
        let mut moved: BTreeMap<BlockKey, usize> = BTreeMap::new();
        for ad in come.iter().chain(&former) {
            ad.blocks.iter().for_each(|block| *moved.entry(*block).or_default() += 1);
            self.unlearnt.insert(ad.employer.squeezed());
        }
        self.mark_partners(former);
        self.marked.extend(go.iter().cloned().chain(come.iter().map(|ad| ad.key.clone())));
        go.iter().for_each(|key| drop(self.ads.remove(key)));
        self.ads.extend(come.into_iter().map(|ad| (ad.key.clone(), ad)));
        for (block, moved) in moved {
            let cap = self.policy.bucket_cap;
            let about = self.bucket(block).into_iter().skip(cap.saturating_sub(moved));
            let about: Vec<AdKey> = about.take(2 * moved).collect();
            self.marked.extend(about);
        }
    }

    /// Learns what employers print everywhere, and marks whose text weighs something else by it.
    pub fn learn(&mut self) {
        for name in std::mem::take(&mut self.unlearnt) {
            let theirs = || self.ads.values().filter(|ad| ad.employer.squeezed() == name);
            let now = BoilerplateProfile::of(theirs());
            let changed = now.changed(self.profiles.get(&name).unwrap_or(&Default::default()));
            let hit: Vec<_> = theirs().filter(|ad| ad.text.meets(&changed)).cloned().collect();
            self.marked.extend(hit.iter().map(|ad| ad.key.clone()));
            self.mark_partners(hit);
            self.profiles.insert(name, now);
        }
    }

    fn mark_partners(&mut self, ads: Vec<OpeningSignature>) {
        let mut walk = NeighbourWalk::of(self.policy.clone(), ads);
        if let Some(request) = walk.request() {
            walk.supply(self.answer(&request));
        }
        self.marked.extend(walk.found().map(|ad| ad.key.clone()));
    }

    /// Judges so many of the marked ads with all that they are connected with, until none is left.
    pub fn judge(&mut self, portion: usize) {
        self.judged = 0;
        while !self.marked.is_empty() {
            let some: Vec<AdKey> = self.marked.iter().take(portion).cloned().collect();
            let gone: Vec<AdKey> =
                some.iter().filter(|key| !self.ads.contains_key(key)).cloned().collect();
            let bereft = self.openings.iter().filter(|all| all.iter().any(|ad| gone.contains(ad)));
            let known = bereft.flatten().chain(&some).filter_map(|key| self.ads.get(key).cloned());
            let mut walk = NeighbourWalk::of(self.policy.clone(), known.collect());
            while let Some(request) = walk.request() {
                walk.supply(self.answer(&request));
            }
            self.settle(walk.finish(), &gone);
            self.marked.retain(|key| !some.contains(key));
        }
    }

    fn settle(&mut self, walked: WalkedAds, gone: &[AdKey]) {
        let WalkedAds { corpus, graph, .. } = walked;
        self.judged += corpus.ads().len();
        let decisions = DecisionSet::default();
        let judge = PairJudge {
            corpus: &corpus,
            graph: &graph,
            policy: &self.policy,
            decisions: &decisions,
        };
        let found = judge.partition().openings;
        let judged: BTreeSet<&AdKey> = corpus.ads().iter().map(|ad| &ad.key).collect();
        self.openings.retain(|all| !all.iter().any(|ad| judged.contains(ad) || gone.contains(ad)));
        self.marked.retain(|key| !judged.contains(key));
        let keys =
            |members: Vec<usize>| members.iter().map(|ad| corpus.ads()[*ad].key.clone()).collect();
        self.openings.extend(found.into_iter().map(keys));
    }

    /// All ads of a bucket, by rank.
    fn bucket(&self, block: BlockKey) -> Vec<AdKey> {
        let here = self.ads.values().filter(|ad| ad.blocks.binary_search(&block).is_ok());
        let mut here: Vec<&OpeningSignature> = here.collect();
        here.sort_by_cached_key(|ad| (bucket_rank(block, ad), ad.key.clone()));
        here.into_iter().map(|ad| ad.key.clone()).collect()
    }

    fn answer(&self, request: &NeighbourRequest) -> NeighbourAnswer {
        let mut answer = NeighbourAnswer::default();
        let mut sent: BTreeSet<AdKey> = BTreeSet::new();
        for block in &request.blocks {
            let mut here = self.bucket(*block);
            here.truncate(self.policy.bucket_cap);
            sent.extend(here.iter().cloned());
            answer.buckets.push((*block, here));
        }
        let touched = |all: &&Vec<AdKey>| all.iter().any(|ad| request.openings_of.contains(ad));
        let members = self.openings.iter().filter(touched).flatten();
        answer.members = members.filter(|ad| self.ads.contains_key(ad)).cloned().collect();
        sent.extend(answer.members.iter().cloned());
        answer.signatures = sent.iter().map(|key| self.ads[key].clone()).collect();
        answer.profiles =
            self.profiles.iter().map(|(name, profile)| (name.clone(), profile.clone())).collect();
        answer
    }
}
