//! Everything about the ads of one institution in one place: signatures, buckets, pairs, openings,
//! and the answer to "why are these two one opening, or not".

use crate::buckets::BucketIndex;
use crate::corpus::SignatureCorpus;
use crate::decision::{DecisionSet, DecisionVerdict};
use crate::features::{PairFeatures, TitleRelation};
use crate::neighbourhood::WalkedAds;
use crate::pair_graph::{PairGraph, RivalEffect};
use crate::pair_label::PairLabel;
use crate::partition::{OpeningPartition, PairJudge};
use crate::place_relation::PlaceRelation;
use crate::policy::{BandThresholds, OpeningPolicy};
use crate::score::{PairBand, PairScore, ScoreLine, band_of, lines};
use crate::sibling::{RepostLink, SiblingRelation, repost_links};
use crate::signature::OpeningSignature;
use crate::veto::VetoReason;
use serde::Serialize;

/// The ads of one institution, judged.
#[derive(Debug)]
pub struct OpeningSet {
    policy: OpeningPolicy,
    decisions: DecisionSet,
    corpus: SignatureCorpus,
    buckets: BucketIndex,
    graph: PairGraph,
    partition: OpeningPartition,
    /// Number of the opening of each ad.
    opening: Vec<usize>,
}

/// What is made of a pair, and why.
#[derive(Debug, Clone, Serialize)]
pub struct PairAnswer {
    /// The band.
    pub band: PairBand,
    /// The points, rivals included.
    pub points: f64,
    /// The scores from which two ads are one opening, or an operator is asked.
    pub bands: BandThresholds,
    /// The contradiction that decided.
    pub veto: Option<VetoReason>,
    /// Another ad on the source of one fits the other better, by so much.
    pub rival: f64,
    /// Other ads on the source of one that fit as well.
    pub ties: usize,
    /// What an operator decided.
    pub decided: Option<DecisionVerdict>,
    /// Points line by line.
    pub lines: Vec<ScoreLine>,
    /// The two share a bucket.
    pub candidates: bool,
    /// The two are in one opening.
    pub one_opening: bool,
    /// Both are of one source.
    pub one_source: bool,
    /// What the one is to the other, if they were of one source.
    pub sibling: SiblingRelation,
}

impl OpeningSet {
    /// Judges all ads of an institution.
    pub fn of(
        ads: Vec<OpeningSignature>,
        policy: OpeningPolicy,
        decisions: DecisionSet,
    ) -> OpeningSet {
        let corpus = SignatureCorpus::of(ads);
        let buckets = BucketIndex::of(&corpus, policy.bucket_cap);
        let graph = PairGraph::of(&corpus, &buckets, &policy);
        OpeningSet::judged(corpus, buckets, graph, policy, decisions)
    }

    /// Judges what a walk has reached.
    pub fn of_walk(walked: WalkedAds, policy: OpeningPolicy, decisions: DecisionSet) -> OpeningSet {
        OpeningSet::judged(walked.corpus, walked.buckets, walked.graph, policy, decisions)
    }

    fn judged(
        corpus: SignatureCorpus,
        buckets: BucketIndex,
        graph: PairGraph,
        policy: OpeningPolicy,
        decisions: DecisionSet,
    ) -> OpeningSet {
        let judge =
            PairJudge { corpus: &corpus, graph: &graph, policy: &policy, decisions: &decisions };
        let partition = judge.partition();
        let mut opening = vec![0; corpus.ads().len()];
        for (number, members) in partition.openings.iter().enumerate() {
            members.iter().for_each(|ad| opening[*ad] = number);
        }
        OpeningSet { policy, decisions, corpus, buckets, graph, partition, opening }
    }

    /// The signatures in order.
    pub fn corpus(&self) -> &SignatureCorpus {
        &self.corpus
    }

    /// The buckets.
    pub fn buckets(&self) -> &BucketIndex {
        &self.buckets
    }

    /// The openings.
    pub fn partition(&self) -> &OpeningPartition {
        &self.partition
    }

    /// The re-posts.
    pub fn reposts(&self) -> Vec<RepostLink> {
        repost_links(&self.corpus, &self.buckets)
    }

    /// What is made of two ads, and why.
    pub fn answer(&self, one: usize, other: usize) -> PairAnswer {
        let ads = self.corpus.ads();
        let pair = self.corpus.features(one, other);
        let score = PairScore::of(&pair, &self.policy);
        let rivals = self.graph.rivals(&self.corpus, one, other, score.fit);
        let bare = score.exact && pair.title == TitleRelation::Other;
        let effect = RivalEffect::of(rivals, pair.place == PlaceRelation::Equal, bare);
        let (points, outrun) = match effect {
            RivalEffect::Points(points) => (score.points + points, false),
            effect => (score.points, effect == RivalEffect::Veto),
        };
        let decided = self.decisions.about(&ads[one].key, &ads[other].key);
        let candidates = self.buckets.candidates(one).binary_search(&other).is_ok();
        let band = match decided {
            Some(DecisionVerdict::Same) => PairBand::Same,
            Some(DecisionVerdict::Different) => PairBand::Different,
            None if score.veto.is_some() || outrun || !candidates => PairBand::Different,
            None => band_of(points, &self.policy.bands),
        };
        PairAnswer {
            band,
            points,
            bands: self.policy.bands,
            veto: score.veto.or(outrun.then_some(VetoReason::Rival)),
            rival: rivals.gap,
            ties: rivals.ties,
            decided,
            lines: lines(&pair, &self.policy.weights),
            candidates,
            one_opening: self.opening[one] == self.opening[other],
            one_source: pair.one_source,
            sibling: sibling(&ads[one], &ads[other], &pair),
        }
    }
}

fn sibling(
    one: &OpeningSignature,
    other: &OpeningSignature,
    pair: &PairFeatures,
) -> SiblingRelation {
    SiblingRelation::of(one, other, pair)
}

impl PairAnswer {
    /// The label of the pair.
    pub fn label(&self) -> PairLabel {
        match (self.one_source, self.sibling) {
            (true, SiblingRelation::Repost(_)) => PairLabel::Repost,
            (false, _) if self.band == PairBand::Same => PairLabel::Same,
            (_, SiblingRelation::Parallel) => PairLabel::Parallel,
            _ if self.one_source && self.one_opening => PairLabel::Same,
            _ => PairLabel::Different,
        }
    }

    /// Whether an operator is asked.
    pub fn is_review(&self) -> bool {
        !self.one_source && self.band == PairBand::Review
    }

    /// The points, unless a contradiction decided.
    pub fn open_points(&self) -> Option<f64> {
        let open = self.veto.is_none() && self.candidates && !self.one_source;
        open.then_some(self.points)
    }

    /// The reason in a line.
    pub fn reason(&self) -> String {
        if !self.candidates {
            return "no bucket is shared".to_owned();
        }
        if let Some(veto) = self.veto {
            return format!("contradiction: {}", veto.name());
        }
        let line = |line: &ScoreLine| format!("{} {} {:+}", line.field, line.found, line.points);
        let lines: Vec<String> = self.lines.iter().map(line).collect();
        format!("{:+} points: {}", self.points, lines.join(", "))
    }
}
