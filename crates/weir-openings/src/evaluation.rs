//! Measures the whole machine on labelled pairs: precision, recall and F1 of each label, the
//! mistakes with the reasons, the curve over the threshold, and what blocking found. The figures
//! are about pairs as operators see them; no label ever feeds back into a score.

use crate::ad::AdKey;
use crate::ad_rows::{AdRow, RowError};
use crate::opening_set::{OpeningSet, PairAnswer};
use crate::pair_label::PairLabel;
use crate::policy::OpeningPolicy;
use crate::signature::{AddressPolicy, OpeningSignature};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A labelled pair of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LabelledPair {
    /// One ad, as `institution/source:id` or `source:id`.
    pub a: String,
    /// The other.
    pub b: String,
    /// The label.
    pub label: PairLabel,
    /// What the pair shows, for figures by group.
    #[serde(default)]
    pub group: String,
}

/// Right and wrong answers of one label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ClassFigures {
    /// Pairs with the label.
    pub labelled: usize,
    /// Pairs that were given the label.
    pub answered: usize,
    /// Pairs that were given it rightly.
    pub right: usize,
}

impl ClassFigures {
    /// Right answers over all answers.
    pub fn precision(&self) -> f64 {
        ratio(self.right, self.answered)
    }

    /// Right answers over all labelled pairs.
    pub fn recall(&self) -> f64 {
        ratio(self.right, self.labelled)
    }

    /// Harmonic mean of the two.
    pub fn f1(&self) -> f64 {
        let sum = self.precision() + self.recall();
        if sum > 0.0 { 2.0 * self.precision() * self.recall() / sum } else { 0.0 }
    }
}

#[allow(clippy::cast_precision_loss, reason = "there are far fewer pairs than 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// A wrong answer.
#[derive(Debug, Clone, Serialize)]
pub struct PairMistake {
    /// The pair with its label.
    pub pair: LabelledPair,
    /// What was answered.
    pub answer: PairLabel,
    /// Why.
    pub reason: String,
}

/// A point of the curve over the threshold `same`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ThresholdPoint {
    /// The threshold.
    pub threshold: f64,
    /// Precision of `same` there.
    pub precision: f64,
    /// Recall of `same` there.
    pub recall: f64,
}

/// What was measured.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EvaluationReport {
    /// Figures of each label.
    pub classes: BTreeMap<PairLabel, ClassFigures>,
    /// Figures of `same` by membership in one opening, after clustering.
    pub openings: ClassFigures,
    /// Pairs of each label and group: how many were answered rightly, and how many as `same`.
    pub groups: BTreeMap<String, ClassFigures>,
    /// The mistakes, in the order of the file.
    pub mistakes: Vec<PairMistake>,
    /// Precision and recall over the threshold.
    pub curve: Vec<ThresholdPoint>,
    /// Pairs `same` across sources that blocking proposed, and all of them.
    pub proposed: (usize, usize),
    /// Pairs that went to review.
    pub review: usize,
    /// Buckets over the cap.
    pub capped: usize,
}

/// Ads of one institution after another, ready to be asked about pairs.
pub struct PairOracle {
    sets: BTreeMap<String, OpeningSet>,
}

impl PairOracle {
    /// Judges all ads, each institution for itself.
    pub fn of(ads: Vec<AdRow>, policy: &OpeningPolicy) -> PairOracle {
        let mut rows: BTreeMap<String, Vec<OpeningSignature>> = BTreeMap::new();
        for ad in ads {
            let (institution, key) = (ad.institution.clone(), ad.key());
            let facts = ad.into_facts();
            let signature = OpeningSignature::of(key, &facts, &AddressPolicy::default());
            rows.entry(institution).or_default().push(signature);
        }
        let set = |(name, ads)| (name, OpeningSet::of(ads, policy.clone(), Default::default()));
        PairOracle { sets: rows.into_iter().map(set).collect() }
    }

    /// What is made of a pair; an error names the ad that is not there.
    pub fn answer(&self, one: &str, other: &str) -> Result<PairAnswer, String> {
        let ((first, a), (second, b)) = (named(one)?, named(other)?);
        if first != second {
            return Err(format!("`{one}` and `{other}` are of two institutions"));
        }
        let set = self.sets.get(first).ok_or(format!("no ads of institution `{first}`"))?;
        let position = |key, name| set.corpus().position(key).ok_or(format!("no ad `{name}`"));
        Ok(set.answer(position(&a, one)?, position(&b, other)?))
    }

    /// Buckets over the cap, in all institutions.
    pub fn capped(&self) -> usize {
        self.sets.values().map(|set| set.buckets().capped().len()).sum()
    }
}

/// `institution/source:id` in its parts.
fn named(text: &str) -> Result<(&str, AdKey), String> {
    let (institution, rest) = match text.split_once('/') {
        Some((institution, rest)) if !institution.contains(':') => (institution, rest),
        _ => ("", text),
    };
    let (source, id) = rest
        .split_once(':')
        .ok_or(format!("`{text}` is not of the form `institution/source:id`"))?;
    Ok((institution, AdKey::new(source, id)))
}

/// Measures on labelled pairs.
pub fn evaluate(oracle: &PairOracle, pairs: &[LabelledPair]) -> Result<EvaluationReport, RowError> {
    let mut report = EvaluationReport { capped: oracle.capped(), ..Default::default() };
    let mut answers = Vec::with_capacity(pairs.len());
    for (at, pair) in pairs.iter().enumerate() {
        let answer = oracle.answer(&pair.a, &pair.b);
        let answer = answer.map_err(|reason| RowError { row: at + 1, reason })?;
        report.count(pair, &answer);
        answers.push((pair.label == PairLabel::Same, answer.open_points()));
    }
    report.curve = curve(&answers);
    Ok(report)
}

impl EvaluationReport {
    fn count(&mut self, pair: &LabelledPair, answer: &PairAnswer) {
        let given = answer.label();
        let right = given == pair.label;
        self.classes.entry(pair.label).or_default().labelled += 1;
        self.classes.entry(given).or_default().answered += 1;
        let group = self.groups.entry(format!("{} {}", pair.label, pair.group)).or_default();
        group.labelled += 1;
        group.right += usize::from(right);
        group.answered += usize::from(given == PairLabel::Same);
        self.review += usize::from(answer.is_review());
        let same = pair.label == PairLabel::Same;
        self.openings.labelled += usize::from(same);
        self.openings.answered += usize::from(answer.one_opening);
        self.openings.right += usize::from(same && answer.one_opening);
        self.proposed.1 += usize::from(same);
        self.proposed.0 += usize::from(same && answer.candidates);
        if right {
            self.classes.entry(given).or_default().right += 1;
        } else {
            let reason = answer.reason();
            self.mistakes.push(PairMistake { pair: pair.clone(), answer: given, reason });
        }
    }
}

/// Precision and recall of `same` at thresholds from -8 to 8.
fn curve(answers: &[(bool, Option<f64>)]) -> Vec<ThresholdPoint> {
    let point = |step: i32| {
        let threshold = f64::from(step) / 2.0;
        let mut figures = ClassFigures::default();
        for (same, score) in answers {
            let answered = score.is_some_and(|score| score >= threshold);
            figures.labelled += usize::from(*same);
            figures.answered += usize::from(answered);
            figures.right += usize::from(*same && answered);
        }
        ThresholdPoint { threshold, precision: figures.precision(), recall: figures.recall() }
    };
    (-16..=16).map(point).collect()
}
