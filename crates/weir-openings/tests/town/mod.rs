//! Generated ads of a small town, where many are alike, and a store in memory that answers the
//! walk.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use weir_openings::ad::{AdFacts, AdKey};
use weir_openings::boilerplate::BoilerplateProfile;
use weir_openings::buckets::bucket_rank;
use weir_openings::decision::DecisionSet;
use weir_openings::neighbourhood::{
    NeighbourAnswer, NeighbourChange, NeighbourRequest, NeighbourWalk, WalkedAds,
};
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
const TEXTS: [&str; 4] = [
    "You look after the ward at night and call the doctor when somebody gets worse than before.",
    "You look after the ward at night and call the doctor when somebody gets worse than usual, \
     and you write it down before you go home in the morning.",
    "You clean the rooms on two floors, fill the trolley, and report what is broken to the porter.",
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
    /// Ads that the last step judged again.
    pub judged: usize,
}

impl Town {
    /// An empty town.
    pub fn new(policy: OpeningPolicy) -> Town {
        Town { policy, ads: BTreeMap::new(), openings: Vec::new(), judged: 0 }
    }

    /// The openings, in the order of a partition.
    pub fn openings(&self) -> Vec<Vec<AdKey>> {
        let mut openings = self.openings.clone();
        let rank = |ad: &AdKey| (self.policy.rank(&ad.source), ad.clone());
        openings.sort_by_key(|members| rank(&members[0]));
        openings
    }

    /// Some ads come, some go.
    pub fn step(&mut self, come: Vec<OpeningSignature>, go: &[AdKey]) {
        let names: BTreeSet<String> = come.iter().map(|ad| ad.employer.squeezed()).collect();
        let touched = go.iter().chain(come.iter().map(|ad| &ad.key));
        let gone: Vec<_> = touched.filter_map(|key| self.ads.get(key).cloned()).collect();
        let names: BTreeSet<_> =
            names.into_iter().chain(gone.iter().map(|ad| ad.employer.squeezed())).collect();
        let before = self.profiles(&names);
        go.iter().for_each(|key| drop(self.ads.remove(key)));
        self.ads.extend(come.iter().map(|ad| (ad.key.clone(), ad.clone())));
        let after = self.profiles(&names);
        let mut changed: BTreeMap<AdKey, OpeningSignature> =
            come.into_iter().map(|ad| (ad.key.clone(), ad)).collect();
        for ad in self.ads.values() {
            let name = ad.employer.squeezed();
            if before.get(&name) != after.get(&name) {
                changed.insert(ad.key.clone(), ad.clone());
            }
        }
        let bereft = self.openings.iter().filter(|all| all.iter().any(|ad| go.contains(ad)));
        let bereft: Vec<AdKey> = bereft.flatten().filter(|ad| !go.contains(ad)).cloned().collect();
        changed.extend(bereft.iter().map(|key| (key.clone(), self.ads[key].clone())));
        let change =
            NeighbourChange { now: changed.into_values().collect(), before: gone, touched: bereft };
        let walk = NeighbourWalk::of(self.policy.clone(), change);
        self.walk(walk, go);
    }

    fn profiles(&self, names: &BTreeSet<String>) -> BTreeMap<String, BoilerplateProfile> {
        names.iter().map(|name| (name.clone(), self.profile(name))).collect()
    }

    fn profile(&self, name: &str) -> BoilerplateProfile {
        BoilerplateProfile::of(self.ads.values().filter(|ad| ad.employer.squeezed() == name))
    }

    fn walk(&mut self, mut walk: NeighbourWalk, go: &[AdKey]) {
        while let Some(request) = walk.request() {
            walk.supply(self.answer(&request));
        }
        let WalkedAds { corpus, graph, .. } = walk.finish();
        self.judged = corpus.ads().len();
        let decisions = DecisionSet::default();
        let judge = PairJudge {
            corpus: &corpus,
            graph: &graph,
            policy: &self.policy,
            decisions: &decisions,
        };
        let found = judge.partition().openings;
        let judged: BTreeSet<&AdKey> = corpus.ads().iter().map(|ad| &ad.key).collect();
        self.openings.retain(|all| !all.iter().any(|ad| judged.contains(ad) || go.contains(ad)));
        let keys =
            |members: Vec<usize>| members.iter().map(|ad| corpus.ads()[*ad].key.clone()).collect();
        self.openings.extend(found.into_iter().map(keys));
    }

    fn answer(&self, request: &NeighbourRequest) -> NeighbourAnswer {
        let mut answer = NeighbourAnswer::default();
        let mut sent: BTreeSet<AdKey> = BTreeSet::new();
        for block in &request.blocks {
            let here = self.ads.values().filter(|ad| ad.blocks.binary_search(block).is_ok());
            let mut here: Vec<&OpeningSignature> = here.collect();
            here.sort_by_cached_key(|ad| (bucket_rank(*block, ad), ad.key.clone()));
            here.truncate(request.limit);
            sent.extend(here.iter().map(|ad| ad.key.clone()));
            answer.buckets.push((*block, here.into_iter().map(|ad| ad.key.clone()).collect()));
        }
        let touched = |all: &&Vec<AdKey>| all.iter().any(|ad| request.openings_of.contains(ad));
        let members = self.openings.iter().filter(touched).flatten();
        answer.members = members.filter(|ad| self.ads.contains_key(ad)).cloned().collect();
        sent.extend(answer.members.iter().cloned());
        answer.signatures = sent.iter().map(|key| self.ads[key].clone()).collect();
        let names = answer.signatures.iter().map(|ad| ad.employer.squeezed());
        let names: BTreeSet<String> = names.collect();
        answer.profiles =
            names.into_iter().map(|name| (name.clone(), self.profile(&name))).collect();
        answer
    }
}
