//! Prints how cost grows: `scale STORED NEW`. Signatures are made up in memory; the walk is
//! answered from an index in memory, so the figures are those of this crate without a database.

use std::collections::HashMap;
use std::time::Instant;
use weir_openings::ad::{AdFacts, AdKey};
use weir_openings::blocking::BlockKey;
use weir_openings::boilerplate::BoilerplateProfile;
use weir_openings::buckets::{BucketIndex, bucket_rank};
use weir_openings::corpus::SignatureCorpus;
use weir_openings::decision::DecisionSet;
use weir_openings::hash::mixed;
use weir_openings::neighbourhood::{NeighbourAnswer, NeighbourRequest, NeighbourWalk, WalkedAds};
use weir_openings::pair_graph::PairGraph;
use weir_openings::partition::PairJudge;
use weir_openings::policy::OpeningPolicy;
use weir_openings::signature::{AddressPolicy, OpeningSignature};

const ROLES: [&str; 12] = [
    "Nurse",
    "Engineer",
    "Driver",
    "Teacher",
    "Analyst",
    "Cook",
    "Electrician",
    "Clerk",
    "Manager",
    "Technician",
    "Designer",
    "Planner",
];
const FIELDS: [&str; 10] = [
    "Night", "Claims", "Rail", "Water", "Payments", "Surgery", "Solar", "Freight", "Search", "Mine",
];

/// The signature of a made-up ad; two sources carry each opening.
fn signature(number: u64, alike: bool) -> OpeningSignature {
    let opening = number / 2;
    let pick = |salt: u64, of: u64| mixed(opening ^ (salt << 40)) % of;
    let at = |salt: u64, of: &[&'static str]| {
        of[usize::try_from(pick(salt, of.len() as u64)).unwrap_or(0)]
    };
    let title = match alike {
        true => "Technician".to_owned(),
        false => format!("{} {} w{}", at(1, &FIELDS), at(2, &ROLES), pick(3, 4000)),
    };
    let employer =
        if alike { "Bigco".to_owned() } else { format!("Firm{} Works", pick(4, 40_000)) };
    let place = format!("Town{}, NSW", if alike { pick(5, 50) } else { pick(5, 400) });
    let words = (0..40).map(|word| format!("word{}", mixed(opening * 64 + word) % 5000));
    let text: Vec<String> = words.collect();
    let facts = AdFacts {
        title,
        employer: Some(employer),
        places: vec![place],
        description: Some(text.join(" ")),
        ..AdFacts::default()
    };
    let source = ["careers", "jobhub"][usize::from(number % 2 == 1)];
    OpeningSignature::of(AdKey::new(source, &number.to_string()), &facts, &AddressPolicy::default())
}

fn signatures(from: u64, count: u64, alike: bool) -> Vec<OpeningSignature> {
    use rayon::prelude::*;
    (from..from + count).into_par_iter().map(|number| signature(number, alike)).collect()
}

/// Stored ads with an index of their buckets.
struct MemoryStore {
    ads: HashMap<AdKey, OpeningSignature>,
    buckets: HashMap<BlockKey, Vec<AdKey>>,
    employers: HashMap<String, Vec<AdKey>>,
}

impl MemoryStore {
    fn of(ads: Vec<OpeningSignature>) -> MemoryStore {
        let mut store =
            MemoryStore { ads: HashMap::new(), buckets: HashMap::new(), employers: HashMap::new() };
        for ad in ads {
            for block in &ad.blocks {
                store.buckets.entry(*block).or_default().push(ad.key.clone());
            }
            store.employers.entry(ad.employer.squeezed()).or_default().push(ad.key.clone());
            store.ads.insert(ad.key.clone(), ad);
        }
        store
    }

    fn bucket(&self, block: BlockKey, limit: usize) -> Vec<AdKey> {
        let mut members = self.buckets.get(&block).cloned().unwrap_or_default();
        if members.len() > limit {
            members.sort_by_cached_key(|key| (bucket_rank(block, &self.ads[key]), key.clone()));
            members.truncate(limit);
        }
        members
    }

    fn answer(&self, request: &NeighbourRequest) -> NeighbourAnswer {
        let buckets: Vec<(BlockKey, Vec<AdKey>)> = request
            .blocks
            .iter()
            .map(|block| (*block, self.bucket(*block, OpeningPolicy::default().bucket_cap)))
            .collect();
        let mut keys: Vec<&AdKey> = buckets.iter().flat_map(|(_, members)| members).collect();
        keys.sort_unstable();
        keys.dedup();
        let signatures: Vec<OpeningSignature> =
            keys.iter().map(|key| self.ads[*key].clone()).collect();
        let mut names: Vec<String> = signatures.iter().map(|ad| ad.employer.squeezed()).collect();
        names.sort_unstable();
        names.dedup();
        let profile = |name: String| {
            let profile =
                BoilerplateProfile::of(self.employers[&name].iter().map(|key| &self.ads[key]));
            (name, profile)
        };
        let profiles = names.into_iter().map(profile).collect();
        NeighbourAnswer { buckets, profiles, members: Vec::new(), signatures }
    }
}

#[allow(clippy::disallowed_macros, reason = "an example prints")]
fn batch(name: &str, ads: Vec<OpeningSignature>) {
    let (count, start) = (ads.len(), Instant::now());
    let policy = OpeningPolicy::default();
    let corpus = SignatureCorpus::of(ads);
    let buckets = BucketIndex::of(&corpus, policy.bucket_cap);
    let graph = PairGraph::of(&corpus, &buckets, &policy);
    let decisions = DecisionSet::default();
    let judge =
        PairJudge { corpus: &corpus, graph: &graph, policy: &policy, decisions: &decisions };
    let openings = judge.partition().openings.len();
    let (seconds, capped) = (start.elapsed().as_secs_f64(), buckets.capped().len());
    println!("{name}: {count} ads, {openings} openings, {capped} capped, {seconds:.2} s");
}

#[allow(clippy::disallowed_macros, reason = "an example prints")]
fn walk(stored: u64, new: u64) {
    let store = MemoryStore::of(signatures(0, stored + new, false));
    let fresh: Vec<OpeningSignature> = (stored..stored + new)
        .filter_map(|number| {
            let source = ["careers", "jobhub"][usize::from(number % 2 == 1)];
            store.ads.get(&AdKey::new(source, &number.to_string())).cloned()
        })
        .collect();
    let start = Instant::now();
    let policy = OpeningPolicy::default();
    let mut walk = NeighbourWalk::of(policy.clone(), fresh);
    let mut rounds = 0;
    while let Some(request) = walk.request() {
        walk.supply(store.answer(&request));
        rounds += 1;
    }
    let WalkedAds { corpus, graph, .. } = walk.finish();
    let decisions = DecisionSet::default();
    let judge =
        PairJudge { corpus: &corpus, graph: &graph, policy: &policy, decisions: &decisions };
    let (judged, openings) = (corpus.ads().len(), judge.partition().openings.len());
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{new} new beside {stored}: {judged} judged in {rounds} rounds, {openings} openings, {seconds:.2} s"
    );
}

fn main() {
    let mut args = std::env::args().skip(1).filter_map(|arg| arg.parse::<u64>().ok());
    let (stored, new) = (args.next().unwrap_or(100_000), args.next().unwrap_or(1_000));
    batch("lookalikes of one employer", signatures(0, 20_000, true));
    batch("a tenth", signatures(0, stored / 10, false));
    batch("all", signatures(0, stored, false));
    walk(stored / 10, new);
    walk(stored, new / 10);
    walk(stored, new);
}
