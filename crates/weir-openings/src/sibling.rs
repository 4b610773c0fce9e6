//! Ads of one source that are alike. They are never merged by a score: at the same time they are
//! parallel openings, one after the other they are a re-post, which is linked to the ad it follows.

use crate::buckets::BucketIndex;
use crate::corpus::SignatureCorpus;
use crate::employer::EmployerRelation;
use crate::features::{MarkRelation, PairFeatures, TitleRelation};
use crate::place_relation::PlaceRelation;
use crate::signature::OpeningSignature;
use chrono::NaiveDate;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Longest pause between an ad and its re-post, in days.
const LONGEST_PAUSE: i64 = 400;
/// Text overlap from which two ads of one source and place are one role.
const ONE_ROLE: f64 = 0.5;

/// What an ad is to an earlier one of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiblingRelation {
    /// The same role at the same time: in another place, or under another id.
    Parallel,
    /// The same opening, listed again so many days after the first ad ended.
    Repost(i64),
    /// Another role.
    Other,
}

/// A re-post and the ad that it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepostLink {
    /// The later ad.
    pub ad: usize,
    /// The ad that it follows.
    pub follows: usize,
    /// Days between the end of the first and the start of the second.
    pub days: i64,
}

impl SiblingRelation {
    /// Relates two ads of one source, in either order.
    pub fn of(
        one: &OpeningSignature,
        other: &OpeningSignature,
        pair: &PairFeatures,
    ) -> SiblingRelation {
        if !is_one_role(pair) {
            return SiblingRelation::Other;
        }
        let followed = pause(one, other).or_else(|| pause(other, one));
        let new_number = pair.requisition == MarkRelation::Conflict;
        match followed {
            Some(days) if !pair.place.excludes() && !new_number => SiblingRelation::Repost(days),
            _ => SiblingRelation::Parallel,
        }
    }
}

fn is_one_role(pair: &PairFeatures) -> bool {
    let marks = [pair.level, pair.number, pair.degree];
    let contradicted = marks.contains(&MarkRelation::Conflict) || pair.high_level_missing;
    let agreed = [pair.pay, pair.grade].iter().all(|agrees| *agrees != Some(false));
    let text = pair.text.is_none_or(|text| text.jaccard >= ONE_ROLE || text.is_one_text());
    let employer = pair.employer < EmployerRelation::Unrelated;
    let title = pair.title <= TitleRelation::Hard
        || pair.title <= TitleRelation::OneMore && pair.text.is_some_and(|text| text.is_one_text());
    title && !contradicted && agreed && text && employer
}

/// Days from the end of one ad to the start of the other, if it started after that end.
fn pause(first: &OpeningSignature, second: &OpeningSignature) -> Option<i64> {
    let days = (second.opens_on? - ended(first)?).num_days();
    (0..=LONGEST_PAUSE).contains(&days).then_some(days)
}

/// The day on which an ad ended: withdrawn, or closed by its date.
fn ended(ad: &OpeningSignature) -> Option<NaiveDate> {
    ad.withdrawn_on.or(ad.closes_on)
}

/// Days from the end of an ad to another of its source that lists it again; `None` if the other is
/// no re-post of it. Most pairs are told by their dates, so they are compared after those.
pub fn repost_days(
    follows: &OpeningSignature,
    ad: &OpeningSignature,
    compare: impl FnOnce() -> PairFeatures,
) -> Option<i64> {
    let days = pause(follows, ad)?;
    let pair = compare();
    let relation = SiblingRelation::of(follows, ad, &pair);
    let placed = pair.place != PlaceRelation::Unknown || pair.text.is_some();
    (matches!(relation, SiblingRelation::Repost(_)) && placed).then_some(days)
}

/// Every re-post with the ad that it follows most closely.
pub fn repost_links(corpus: &SignatureCorpus, buckets: &BucketIndex) -> Vec<RepostLink> {
    let ads = corpus.ads();
    let of = |ad: usize| -> Option<RepostLink> {
        let here = |other: &usize| ads[*other].key.source == ads[ad].key.source;
        let earlier = buckets.candidates(ad).into_iter().filter(here);
        let links = earlier.filter_map(|follows| {
            let compare = || corpus.features(follows, ad);
            let days = repost_days(&ads[follows], &ads[ad], compare)?;
            Some(RepostLink { ad, follows, days })
        });
        links.min_by_key(|link| (link.days, link.follows))
    };
    (0..ads.len()).into_par_iter().filter_map(of).collect()
}
