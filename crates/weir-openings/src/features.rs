//! What two signatures have in common, field by field. Facts only: what they mean is decided by the
//! vetoes and the points, so that `explain` can show both apart.

use crate::employer::EmployerRelation;
use crate::place_relation::PlaceRelation;
use crate::shingles::{LightGrams, TextOverlap};
use crate::signature::OpeningSignature;
use crate::title::singular;
use crate::title_words::HIGH;
use serde::{Deserialize, Serialize};

/// How the role words of two titles relate; later ones agree less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TitleRelation {
    /// The same words as printed, but for their order.
    Equal,
    /// The same words once variants are merged.
    Merged,
    /// The same words but for those of an entry level.
    Hard,
    /// One has all words of the other and one more.
    OneMore,
    /// One has all words of the other and several more.
    Contained,
    /// At least half of the words are shared.
    Alike,
    /// Another role.
    Other,
}

/// How two sets of marks (levels, numbers, codes, years) relate; later ones agree less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkRelation {
    /// Neither has any.
    Neither,
    /// The same.
    Equal,
    /// Some are shared.
    Overlap,
    /// Only one has some.
    OneSided,
    /// Both have some, and share none.
    Conflict,
}

impl MarkRelation {
    fn of<T: PartialEq>(one: &[T], other: &[T]) -> MarkRelation {
        match (one.is_empty(), other.is_empty()) {
            (true, true) => MarkRelation::Neither,
            (false, false) if one == other => MarkRelation::Equal,
            (false, false) if one.iter().any(|mark| other.contains(mark)) => MarkRelation::Overlap,
            (false, false) => MarkRelation::Conflict,
            _ => MarkRelation::OneSided,
        }
    }
}

/// What two ads have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct PairFeatures {
    /// Both are of one source.
    pub one_source: bool,
    /// Role words.
    pub title: TitleRelation,
    /// Shared role words over all, from 0 to 1.
    pub title_overlap: f64,
    /// Levels.
    pub level: MarkRelation,
    /// Only one title has a level such as senior or manager.
    pub high_level_missing: bool,
    /// Only one title is for an entry level, such as a new graduate.
    pub entry_missing: bool,
    /// Degrees.
    pub degree: MarkRelation,
    /// Numbers of a grade in the title.
    pub number: MarkRelation,
    /// Requisition-like codes in the title.
    pub code: MarkRelation,
    /// Years.
    pub year: MarkRelation,
    /// Seasons.
    pub season: MarkRelation,
    /// The places are printed with the same words.
    pub one_place: bool,
    /// Employers.
    pub employer: EmployerRelation,
    /// Places.
    pub place: PlaceRelation,
    /// Texts, if both have one.
    pub text: Option<TextOverlap>,
    /// An address is shared.
    pub address: bool,
    /// Requisition numbers.
    pub requisition: MarkRelation,
    /// Days between the closing dates.
    pub closing_days: Option<u64>,
    /// Pay ranges of one currency and period: whether they overlap.
    pub pay: Option<bool>,
    /// Grades, if both have one: whether they are equal.
    pub grade: Option<bool>,
}

impl PairFeatures {
    /// Compares two ads; `light` says which grams of their texts are boilerplate.
    pub fn of(
        one: &OpeningSignature,
        other: &OpeningSignature,
        light: [&LightGrams; 2],
    ) -> PairFeatures {
        let (a, b) = (&one.title, &other.title);
        let (title, title_overlap) = title_relation(one, other);
        PairFeatures {
            one_source: one.key.source == other.key.source,
            title,
            title_overlap,
            level: MarkRelation::of(&a.levels, &b.levels),
            high_level_missing: high_level_missing(&a.levels, &b.levels),
            entry_missing: a.entry != b.entry,
            degree: MarkRelation::of(&a.degrees, &b.degrees),
            number: MarkRelation::of(&a.numbers, &b.numbers),
            code: MarkRelation::of(&a.codes, &b.codes),
            year: MarkRelation::of(&a.years, &b.years),
            season: MarkRelation::of(&a.seasons, &b.seasons),
            one_place: one.places.text == other.places.text && one.places.text != 0,
            employer: one.employer.relation(&other.employer),
            place: PlaceRelation::of(&one.places, &other.places),
            text: one.text.overlap(&other.text, light),
            address: one.links.share_address(&other.links),
            requisition: MarkRelation::of(
                one.links.requisition.as_slice(),
                other.links.requisition.as_slice(),
            ),
            closing_days: closing_days(one, other),
            pay: pay_overlap(one, other),
            grade: one.grade.as_ref().zip(other.grade.as_ref()).map(|(a, b)| a == b),
        }
    }

    /// Shared weight of the texts, if both have one.
    pub fn jaccard(&self) -> Option<f64> {
        self.text.map(|text| text.jaccard)
    }

    /// Whether the texts are as good as one.
    pub fn one_text(&self) -> bool {
        self.text.is_some_and(|text| text.is_one_text())
    }
}

impl TextOverlap {
    /// One text: nearly equal, or one is the other cut short and long enough to tell.
    pub fn is_one_text(&self) -> bool {
        self.jaccard >= 0.8 || self.contained >= 0.9 && self.lighter >= 40.0
    }
}

/// A level such as senior on one side only, and not beside another level there.
fn high_level_missing(one: &[String], other: &[String]) -> bool {
    let high = |level: &&String| HIGH.contains(&level.as_str());
    let only = |ours: &[String], theirs: &[String]| {
        ours.iter().filter(high).any(|level| !theirs.contains(level))
    };
    only(one, other) || only(other, one)
}

/// The same printed words, in any order.
fn printed_alike(one: &[String], other: &[String]) -> bool {
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words.dedup();
        words
    };
    one == other || sorted(one) == sorted(other)
}

/// The words with acronyms of a run of the other title's words spelled out: `RN` beside
/// `Registered Nurse`.
fn spelled_out(words: &[String], other: &[String]) -> Vec<String> {
    let spelled = |word: &String| -> Vec<String> {
        let length = word.chars().count();
        let fits = (2..=5).contains(&length) && !other.contains(word);
        let mut runs = other.windows(length.max(1)).filter(|_| fits);
        let initials =
            |run: &[String]| run.iter().filter_map(|w| w.chars().next()).eq(word.chars());
        match runs.find(|run| initials(run)) {
            Some(run) => run.iter().map(|word| singular(word).to_owned()).collect(),
            None => vec![word.clone()],
        }
    };
    let mut all: Vec<String> = words.iter().flat_map(spelled).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn title_relation(one: &OpeningSignature, other: &OpeningSignature) -> (TitleRelation, f64) {
    let (a, b) = (&one.title, &other.title);
    let (ours, theirs) = (spelled_out(&a.hard, &b.printed), spelled_out(&b.hard, &a.printed));
    let shared = ours.iter().filter(|word| theirs.contains(word)).count();
    let all = (ours.len() + theirs.len() - shared).max(1);
    let overlap = ratio(shared, all);
    let (short, long) = (ours.len().min(theirs.len()), ours.len().max(theirs.len()));
    let relation = if ours.is_empty() || theirs.is_empty() {
        TitleRelation::Other
    } else if a.words == b.words {
        let printed = printed_alike(&a.printed, &b.printed);
        if printed { TitleRelation::Equal } else { TitleRelation::Merged }
    } else if shared == long {
        TitleRelation::Hard
    } else if shared == short && long - short == 1 {
        TitleRelation::OneMore
    } else if shared == short {
        TitleRelation::Contained
    } else if overlap >= 0.5 {
        TitleRelation::Alike
    } else {
        TitleRelation::Other
    };
    (relation, overlap)
}

#[allow(clippy::cast_precision_loss, reason = "titles have far fewer words than 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn closing_days(one: &OpeningSignature, other: &OpeningSignature) -> Option<u64> {
    let (a, b) = one.closes_on.zip(other.closes_on)?;
    Some((a - b).num_days().unsigned_abs())
}

/// Whether two ranges overlap, if both are known in one currency and period.
fn pay_overlap(one: &OpeningSignature, other: &OpeningSignature) -> Option<bool> {
    let (a, b) = one.pay.as_ref().zip(other.pay.as_ref())?;
    let comparable = a.currency == b.currency && a.period == b.period;
    let (a_low, a_high) = (a.min.or(a.max)?, a.max.or(a.min)?);
    let (b_low, b_high) = (b.min.or(b.max)?, b.max.or(b.min)?);
    comparable.then_some(a_low <= b_high && b_low <= a_high)
}
