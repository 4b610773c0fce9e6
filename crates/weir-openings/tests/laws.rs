//! The laws of openings, on generated ads: no order of arrival, no number of runs and no way of
//! splitting the work changes what is one opening.

mod town;

use proptest::prelude::*;
use std::collections::BTreeSet;
use town::{Town, ads, key_of};
use weir_openings::ad::AdKey;
use weir_openings::decision::{DecisionSet, DecisionVerdict, PairDecision};
use weir_openings::opening_id::{NamingContext, name_openings};
use weir_openings::opening_set::OpeningSet;
use weir_openings::policy::{OpeningPolicy, ParallelPolicy};
use weir_openings::signature::OpeningSignature;

fn policy(cap: usize) -> OpeningPolicy {
    let sources = ["careers", "jobhub"].map(str::to_owned).to_vec();
    OpeningPolicy { sources, bucket_cap: cap, ..OpeningPolicy::default() }
}

fn openings(
    ads: Vec<OpeningSignature>,
    policy: &OpeningPolicy,
    said: &[PairDecision],
) -> Vec<Vec<AdKey>> {
    let decisions = DecisionSet::of(said).unwrap_or_default();
    let set = OpeningSet::of(ads, policy.clone(), decisions);
    let keys = |members: &Vec<usize>| members.iter().map(|ad| key_of(&set, *ad)).collect();
    set.partition().openings.iter().map(keys).collect()
}

fn decision(one: &AdKey, other: &AdKey, verdict: DecisionVerdict) -> PairDecision {
    PairDecision { one: one.clone(), other: other.clone(), verdict }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (ads, shuffled) in ads(200).prop_flat_map(|ads| (Just(ads.clone()), Just(ads).prop_shuffle())),
        cap in prop_oneof![Just(200_usize), Just(12)],
    ) {
        let policy = policy(cap);
        prop_assert_eq!(openings(ads, &policy, &[]), openings(shuffled, &policy, &[]));
    }

    #[test]
    fn an_opening_has_each_ad_once_and_each_source_once(ads in ads(200)) {
        let found = openings(ads.clone(), &policy(200), &[]);
        let all: Vec<&AdKey> = found.iter().flatten().collect();
        let once: BTreeSet<&AdKey> = all.iter().copied().collect();
        prop_assert_eq!(all.len(), ads.len());
        prop_assert_eq!(once.len(), ads.len());
        for members in &found {
            let sources: BTreeSet<&str> = members.iter().map(|ad| ad.source.as_str()).collect();
            prop_assert_eq!(sources.len(), members.len(), "{:?}", members);
        }
    }

    #[test]
    fn working_in_steps_gives_what_working_at_once_gives(
        ads in ads(60),
        cuts in proptest::collection::vec((1_usize..20, any::<bool>()), 4..8),
        cap in prop_oneof![Just(200_usize), Just(9)],
        gone in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        edited in proptest::collection::vec(any::<[prop::sample::Index; 2]>(), 0..6),
        portion in 1_usize..30,
    ) {
        let policy = policy(cap);
        let mut town = Town::new(policy.clone());
        let mut rest = ads.as_slice();
        for (cut, is_judged) in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            town.sign(now.to_vec(), &[]);
            if is_judged {
                town.learn();
                town.judge(portion);
            }
            rest = later;
        }
        town.step(rest.to_vec(), &[]);
        let mut ads = ads;
        for [which, like] in edited {
            let (at, key) = (which.index(ads.len()), which.get(&ads).key.clone());
            ads[at] = OpeningSignature { key, ..like.get(&ads).clone() };
            town.step(vec![ads[at].clone()], &[]);
        }
        let gone: BTreeSet<AdKey> = gone.iter().map(|at| at.get(&ads).key.clone()).collect();
        town.sign(Vec::new(), &gone.iter().cloned().collect::<Vec<_>>());
        town.learn();
        town.judge(portion);
        let left: Vec<_> = ads.into_iter().filter(|ad| !gone.contains(&ad.key)).collect();
        prop_assert_eq!(town.openings(), openings(left, &policy, &[]));
    }

    #[test]
    fn a_decision_is_stronger_than_any_score_and_is_undone_without_a_trace(
        ads in ads(120),
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let policy = policy(200);
        let (one, other) = (one.get(&ads).key.clone(), other.get(&ads).key.clone());
        prop_assume!(one != other);
        let before = openings(ads.clone(), &policy, &[]);
        for verdict in [DecisionVerdict::Same, DecisionVerdict::Different] {
            let after = openings(ads.clone(), &policy, &[decision(&one, &other, verdict)]);
            let together = after.iter().any(|all| all.contains(&one) && all.contains(&other));
            prop_assert_eq!(together, verdict == DecisionVerdict::Same);
        }
        prop_assert_eq!(openings(ads, &policy, &[]), before);
    }

    #[test]
    fn ids_stay_while_ads_come_and_go(ads in ads(120), cuts in proptest::collection::vec(1_usize..120, 6)) {
        let policy = policy(200);
        let mut named = Vec::new();
        for (day, cut) in cuts.into_iter().enumerate() {
            let here: Vec<_> = ads.iter().take(cut).cloned().collect();
            let groups = openings(here, &policy, &[]);
            let context = NamingContext { scope: "town", next_serial: 1000 * day as u64 };
            let next = name_openings(&named, &groups, context);
            let ids: BTreeSet<_> = next.iter().map(|opening| opening.name.id).collect();
            prop_assert_eq!(ids.len(), next.len());
            for old in &named {
                let kept = old.members.iter().find(|ad| next.iter().any(|now| now.members.contains(ad)));
                let Some(kept) = kept else { continue };
                let home = next.iter().find(|now| now.members.contains(kept)).unwrap();
                let names = home.aliases.iter().chain([&home.name]).map(|name| name.id);
                prop_assert!(names.into_iter().any(|id| id == old.name.id));
            }
            prop_assert_eq!(&name_openings(&next, &groups, context), &next);
            named = next;
        }
    }

    #[test]
    fn any_text_has_a_signature_that_is_stored_and_read_back(
        title in ".{0,60}", employer in ".{0,40}", place in ".{0,60}", text in ".{0,200}", url in ".{0,40}",
    ) {
        let facts = weir_openings::ad::AdFacts {
            title, employer: Some(employer), places: vec![place], description: Some(text),
            url: Some(url), ..Default::default()
        };
        let signature = OpeningSignature::of(AdKey::new("s", "1"), &facts, &Default::default());
        let stored = serde_json::to_string(&signature).unwrap();
        let mut read: OpeningSignature = serde_json::from_str(&stored).unwrap();
        read.text = weir_openings::shingles::TextShingles::from_bytes(&signature.text.to_bytes());
        prop_assert_eq!(read, signature);
    }
}

#[test]
fn parallel_ads_become_one_opening_only_where_that_is_declared() {
    let text = "You sort parcels at night and drive them to the depot before six in the morning.";
    let ad = |source: &str, id: &str, place: &str| {
        town::signature(source, id, "Parcel Sorter", "Quickline", place, text)
    };
    let ads =
        vec![ad("careers", "1", "Leeds"), ad("careers", "2", "Leeds"), ad("careers", "3", "York")];
    assert_eq!(openings(ads.clone(), &policy(200), &[]).len(), 3);
    let merge = OpeningPolicy { parallel: ParallelPolicy::Merge, ..policy(200) };
    assert_eq!(openings(ads, &merge, &[]).len(), 2);
}

#[test]
fn a_chain_of_lookalikes_does_not_become_one_opening() {
    // Each agrees with the next; the first and the last name other cities.
    let text = "You cook for ninety people, order the food, and bake a cake for every birthday.";
    let ads =
        [("a", "Leeds; York"), ("b", "Leeds"), ("c", "York"), ("d", "York; Hull"), ("e", "Hull")];
    let ad = |(source, place): (&str, &str)| {
        town::signature(source, "1", "Chef", "Hill House", place, text)
    };
    let found = openings(ads.map(ad).to_vec(), &policy(200), &[]);
    for members in &found {
        let places: BTreeSet<&str> = members.iter().map(|ad| ad.source.as_str()).collect();
        assert!(!places.is_superset(&["b", "c"].into()), "{found:?}");
        assert!(!places.is_superset(&["b", "e"].into()), "{found:?}");
    }
}
