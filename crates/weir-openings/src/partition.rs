//! From pairs to openings. Pairs are taken from the strongest to the weakest, in an order that
//! comes from content, declared sources and ids. Two groups become one only if no contradiction
//! lies between them and every member then agrees with the survivor or with most of the others: no
//! chain of lookalikes can grow. What belongs together is decided within one connected part of the
//! graph, so ads elsewhere never change it.

use crate::corpus::SignatureCorpus;
use crate::decision::{DecisionSet, DecisionVerdict};
use crate::pair_graph::PairGraph;
use crate::policy::{OpeningPolicy, ParallelPolicy};
use crate::score::{PairBand, PairScore};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// Positions of the ads of one opening, the survivor first.
pub type OpeningMembers = Vec<usize>;

/// What came of all ads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OpeningPartition {
    /// Openings in order of their survivors; an ad without duplicates is one, too.
    pub openings: Vec<OpeningMembers>,
    /// Pairs for an operator, with their points: not in one opening, and not decided.
    pub review: Vec<(usize, usize, f64)>,
    /// Pairs that scored as one opening, but were kept apart by the rest of their group.
    pub refused: Vec<(usize, usize)>,
}

/// All that decides about a pair.
pub struct PairJudge<'a> {
    /// The ads.
    pub corpus: &'a SignatureCorpus,
    /// The scored pairs.
    pub graph: &'a PairGraph,
    /// The policy.
    pub policy: &'a OpeningPolicy,
    /// What operators decided.
    pub decisions: &'a DecisionSet,
}

/// A pair that scored as one opening.
#[derive(Debug, Clone, Copy)]
struct SamePair {
    one: usize,
    other: usize,
    exact: bool,
    points: f64,
    fit: f64,
}

/// Ads that are connected by pairs or decisions.
#[derive(Debug, Default)]
struct ConnectedPart {
    ads: Vec<usize>,
    decided: Vec<(usize, usize)>,
    pairs: Vec<SamePair>,
}

impl PairJudge<'_> {
    /// The openings of all ads.
    pub fn partition(&self) -> OpeningPartition {
        let pairs = self.same_pairs();
        let parts = self.connected(&pairs);
        let solved: Vec<OpeningPartition> =
            parts.into_par_iter().map(|part| self.solve(part)).collect();
        let mut all = OpeningPartition::default();
        for part in solved {
            all.openings.extend(part.openings);
            all.refused.extend(part.refused);
        }
        all.openings.par_sort_unstable_by_key(|members| self.order(members[0]));
        all.refused.sort_unstable();
        all.review = self.reviewed(&all.openings);
        all
    }

    /// Order of ads: declared sources first, then source and id.
    fn order(&self, ad: usize) -> (usize, usize) {
        (self.policy.rank(&self.corpus.ads()[ad].key.source), ad)
    }

    /// What the scores and rivals make of two ads; a pair that is no edge is different.
    pub fn band(&self, one: usize, other: usize) -> PairBand {
        let edge = self.graph.edges(one).iter().find(|edge| edge.other == other);
        match edge {
            Some(edge) => self.graph.judged(self.corpus, one, edge, &self.policy.bands).0,
            None => PairBand::Different,
        }
    }

    fn decided(&self, one: usize, other: usize) -> Option<DecisionVerdict> {
        if self.decisions.is_empty() {
            return None;
        }
        let ads = self.corpus.ads();
        self.decisions.about(&ads[one].key, &ads[other].key)
    }

    fn same_pairs(&self) -> Vec<SamePair> {
        let of = |one: usize| {
            let after = self.graph.edges(one).iter().filter(move |edge| edge.other > one);
            let judged = after.filter_map(move |edge| {
                let (band, points) = self.graph.judged(self.corpus, one, edge, &self.policy.bands);
                let pair =
                    SamePair { one, other: edge.other, exact: edge.exact, points, fit: edge.fit };
                (band == PairBand::Same).then_some(pair)
            });
            judged.collect::<Vec<_>>()
        };
        (0..self.corpus.ads().len()).into_par_iter().flat_map_iter(of).collect()
    }

    /// Connected parts: their ads, the pairs that were decided, and the pairs that scored.
    fn connected(&self, pairs: &[SamePair]) -> Vec<ConnectedPart> {
        let mut roots: Vec<usize> = (0..self.corpus.ads().len()).collect();
        let decided = self.decided_pairs();
        pairs.iter().for_each(|pair| unite(&mut roots, pair.one, pair.other));
        decided.iter().for_each(|(one, other)| unite(&mut roots, *one, *other));
        let mut parts: BTreeMap<usize, ConnectedPart> = BTreeMap::new();
        for ad in 0..roots.len() {
            parts.entry(root(&mut roots, ad)).or_default().ads.push(ad);
        }
        for pair in pairs {
            parts.entry(root(&mut roots, pair.one)).or_default().pairs.push(*pair);
        }
        for (one, other) in decided {
            parts.entry(root(&mut roots, one)).or_default().decided.push((one, other));
        }
        parts.into_values().collect()
    }

    /// The ads that decisions put together, as pairs with the first of each group.
    fn decided_pairs(&self) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for group in self.decisions.groups() {
            let here: Vec<usize> =
                group.into_iter().filter_map(|key| self.corpus.position(key)).collect();
            pairs.extend(here.iter().skip(1).map(|ad| (here[0], *ad)));
        }
        pairs
    }

    fn solve(&self, part: ConnectedPart) -> OpeningPartition {
        let ConnectedPart { ads, decided, mut pairs } = part;
        let ends = |pair: &SamePair| {
            let (one, other) = (self.order(pair.one), self.order(pair.other));
            (one.min(other), one.max(other))
        };
        pairs.sort_by(|a, b| {
            let points = b.points.total_cmp(&a.points).then(b.fit.total_cmp(&a.fit));
            b.exact.cmp(&a.exact).then(points).then_with(|| ends(a).cmp(&ends(b)))
        });
        let mut groups = GroupTable::of(&ads);
        for (one, other) in decided {
            groups.unite(groups.of_ad[&one], groups.of_ad[&other]);
        }
        let mut refused = Vec::new();
        for pair in pairs {
            let (one, other) = (groups.of_ad[&pair.one], groups.of_ad[&pair.other]);
            if one == other {
                continue;
            }
            if self.may_unite(&groups.members[one], &groups.members[other]) {
                groups.unite(one, other);
            } else {
                refused.push((pair.one, pair.other));
            }
        }
        OpeningPartition { openings: self.led(groups), review: Vec::new(), refused }
    }

    /// The groups, each with its survivor first.
    fn led(&self, groups: GroupTable) -> Vec<OpeningMembers> {
        let full = groups.members.into_iter().filter(|members| !members.is_empty());
        let led = |mut members: OpeningMembers| {
            members.sort_unstable_by_key(|ad| self.order(*ad));
            members
        };
        full.map(led).collect()
    }

    fn may_unite(&self, one: &[usize], other: &[usize]) -> bool {
        let across = || one.iter().flat_map(|a| other.iter().map(move |b| (*a, *b)));
        if across().any(|(a, b)| self.contradicts(a, b)) {
            return false;
        }
        let all: Vec<usize> = one.iter().chain(other).copied().collect();
        let Some(survivor) = all.iter().copied().min_by_key(|ad| self.order(*ad)) else {
            return false;
        };
        all.iter().all(|ad| *ad == survivor || self.is_backed(*ad, survivor, &all))
    }

    /// Whether a member agrees with the survivor or with most of the others.
    fn is_backed(&self, ad: usize, survivor: usize, all: &[usize]) -> bool {
        let others = all.iter().filter(|other| **other != ad);
        let agreeing = others.filter(|other| self.agrees(ad, **other)).count();
        self.agrees(ad, survivor) || 2 * agreeing > all.len() - 1
    }

    fn agrees(&self, one: usize, other: usize) -> bool {
        match self.decided(one, other) {
            Some(verdict) => verdict == DecisionVerdict::Same,
            None => self.band(one, other) == PairBand::Same,
        }
    }

    /// Whether two ads cannot be in one opening.
    fn contradicts(&self, one: usize, other: usize) -> bool {
        if let Some(verdict) = self.decided(one, other) {
            return verdict == DecisionVerdict::Different;
        }
        let ads = self.corpus.ads();
        if ads[one].key.source == ads[other].key.source {
            let merge = self.policy.parallel == ParallelPolicy::Merge;
            return !merge || self.band(one, other) != PairBand::Same;
        }
        match self.graph.edges(one).iter().any(|edge| edge.other == other) {
            true => self.band(one, other) == PairBand::Different,
            false => {
                let pair = self.corpus.features(one, other);
                PairScore::of(&pair, self.policy).veto.is_some()
            }
        }
    }

    /// Pairs of the band `review` across openings that nobody decided about.
    fn reviewed(&self, openings: &[OpeningMembers]) -> Vec<(usize, usize, f64)> {
        let mut opening = vec![0; self.corpus.ads().len()];
        for (number, members) in openings.iter().enumerate() {
            members.iter().for_each(|ad| opening[*ad] = number);
        }
        let of = |one: usize| {
            let apart = self.graph.edges(one).iter().filter(|edge| edge.other > one);
            let apart = apart.filter(|edge| opening[edge.other] != opening[one]);
            let judged = apart.filter_map(|edge| {
                let (band, points) = self.graph.judged(self.corpus, one, edge, &self.policy.bands);
                let open = band == PairBand::Review && self.decided(one, edge.other).is_none();
                open.then_some((one, edge.other, points))
            });
            judged.collect::<Vec<_>>()
        };
        (0..opening.len()).into_par_iter().flat_map_iter(of).collect()
    }
}

fn root(roots: &mut [usize], ad: usize) -> usize {
    let mut at = ad;
    while roots[at] != at {
        roots[at] = roots[roots[at]];
        at = roots[at];
    }
    at
}

/// The smaller root stays: the result does not depend on the order.
fn unite(roots: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(roots, one), root(roots, other));
    roots[one.max(other)] = one.min(other);
}

/// Which group each ad of a connected part is in.
struct GroupTable {
    members: Vec<Vec<usize>>,
    of_ad: HashMap<usize, usize>,
}

impl GroupTable {
    /// Every ad alone.
    fn of(ads: &[usize]) -> GroupTable {
        let members = ads.iter().map(|ad| vec![*ad]).collect();
        GroupTable { members, of_ad: ads.iter().enumerate().map(|(at, ad)| (*ad, at)).collect() }
    }

    fn unite(&mut self, one: usize, other: usize) {
        if one == other {
            return;
        }
        let moved = std::mem::take(&mut self.members[other]);
        moved.iter().for_each(|ad| {
            self.of_ad.insert(*ad, one);
        });
        self.members[one].extend(moved);
    }
}
