//! Pairs that may be one opening, and the rivals that speak against them. Two ads of one text in
//! two cities are told apart by their neighbourhood: on the other's source another ad fits better.
//! Only an ad that could itself be the copy counts as a rival, so what decides a pair lies within
//! the connected part of this graph that the pair belongs to; nothing outside can change it.

use crate::buckets::BucketIndex;
use crate::corpus::SignatureCorpus;
use crate::features::{PairFeatures, TitleRelation};
use crate::place_relation::PlaceRelation;
use crate::policy::{BandThresholds, OpeningPolicy, ParallelPolicy};
use crate::score::{PairBand, PairScore, band_of};
use crate::signature::OpeningSignature;
use rayon::prelude::*;

/// A pair that may be one opening, seen from one of its ads.
#[derive(Debug, Clone)]
pub struct PairEdge {
    /// The other ad.
    pub other: usize,
    /// Points, before rivals.
    pub points: f64,
    /// How well the other fits as the copy.
    pub fit: f64,
    /// The places are equal.
    pub equal_place: bool,
    /// An exact key is shared.
    pub exact: bool,
    /// Only the exact key speaks for the pair: the titles are of other roles.
    pub bare: bool,
}

/// The rivals of a pair.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RivalGap {
    /// By how much the best of them fits better; 0 if none does.
    pub gap: f64,
    /// Others that fit just as well.
    pub ties: usize,
}

/// Pairs across sources that may be one opening.
#[derive(Debug, Default)]
pub struct PairGraph {
    edges: Vec<Vec<PairEdge>>,
}

/// What a rival does to a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RivalEffect {
    /// No other ad fits better.
    Nothing,
    /// Another fits a little better.
    Points(f64),
    /// Another fits better: this is not the copy.
    Veto,
}

impl RivalEffect {
    /// The effect of the rivals of a pair; a pair for which only a key speaks has no second.
    pub fn of(rivals: RivalGap, equal_place: bool, bare: bool) -> RivalEffect {
        let RivalGap { gap, ties } = rivals;
        if bare && (gap > 0.0 || ties > 0) {
            RivalEffect::Veto
        } else if gap <= 0.0 {
            RivalEffect::Nothing
        } else if gap > 2.0 || !equal_place {
            RivalEffect::Veto
        } else {
            RivalEffect::Points(if gap < 1.0 { -3.5 } else { -2.5 })
        }
    }
}

impl PairGraph {
    /// Scores all candidates across sources.
    pub fn of(
        corpus: &SignatureCorpus,
        buckets: &BucketIndex,
        policy: &OpeningPolicy,
    ) -> PairGraph {
        let ads = corpus.ads();
        let after = |one: usize| -> Vec<(usize, PairEdge)> {
            let others = buckets.candidates(one).into_iter().filter(|other| *other > one);
            let others = others.filter(|other| may_pair(&ads[*other], &ads[one], policy));
            others.filter_map(|other| Some((one, edge(corpus, one, other, policy)?))).collect()
        };
        let found: Vec<Vec<_>> = (0..ads.len()).into_par_iter().map(after).collect();
        let mut edges: Vec<Vec<PairEdge>> = vec![Vec::new(); ads.len()];
        for (one, edge) in found.into_iter().flatten() {
            edges[edge.other].push(PairEdge { other: one, ..edge.clone() });
            edges[one].push(edge);
        }
        PairGraph { edges }
    }

    /// The edges of an ad.
    pub fn edges(&self, ad: usize) -> &[PairEdge] {
        &self.edges[ad]
    }

    /// The rivals of a pair: other ads on the source of one that may be the copy of the other.
    pub fn rivals(&self, corpus: &SignatureCorpus, one: usize, other: usize, fit: f64) -> RivalGap {
        let mut found = RivalGap::default();
        for (ad, copy) in [(one, other), (other, one)] {
            let source = &corpus.ads()[copy].key.source;
            let rivals = self.edges[ad].iter().filter(|edge| edge.other != copy);
            for rival in rivals.filter(|edge| corpus.ads()[edge.other].key.source == *source) {
                found.gap = found.gap.max(rival.fit - fit);
                found.ties += usize::from((rival.fit - fit).abs() < 1e-9);
            }
        }
        found
    }

    /// The band of an edge of `one`, rivals included, and its points.
    pub fn judged(
        &self,
        corpus: &SignatureCorpus,
        one: usize,
        edge: &PairEdge,
        bands: &BandThresholds,
    ) -> (PairBand, f64) {
        let rivals = self.rivals(corpus, one, edge.other, edge.fit);
        match RivalEffect::of(rivals, edge.equal_place, edge.bare) {
            RivalEffect::Veto => (PairBand::Different, edge.points),
            RivalEffect::Nothing => (band_of(edge.points, bands), edge.points),
            RivalEffect::Points(points) => {
                (band_of(edge.points + points, bands), edge.points + points)
            }
        }
    }
}

/// Whether two ads can be an edge at all: on two sources, or where parallel ads are merged.
pub fn may_pair(one: &OpeningSignature, other: &OpeningSignature, policy: &OpeningPolicy) -> bool {
    one.key.source != other.key.source || policy.parallel == ParallelPolicy::Merge
}

/// The edge of a pair, unless a contradiction or the points decide against it.
fn edge(
    corpus: &SignatureCorpus,
    one: usize,
    other: usize,
    policy: &OpeningPolicy,
) -> Option<PairEdge> {
    let pair = corpus.features(one, other);
    let score = PairScore::of(&pair, policy);
    let parallel =
        pair.one_source && (pair.place != PlaceRelation::Equal || pair.title > TitleRelation::Hard);
    if parallel {
        return None;
    }
    (score.band(&policy.bands) != PairBand::Different).then(|| PairEdge::of(other, &pair, &score))
}

impl PairEdge {
    fn of(other: usize, pair: &PairFeatures, score: &PairScore) -> PairEdge {
        PairEdge {
            other,
            points: score.points,
            fit: score.fit,
            equal_place: pair.place == PlaceRelation::Equal,
            exact: score.exact,
            bare: score.exact && pair.title == TitleRelation::Other,
        }
    }
}
