//! Ratios, curves and calibration.

use std::fmt;

/// How decisions went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecisionTally {
    /// Labels to be found.
    pub labels: usize,
    /// Decisions made.
    pub decided: usize,
    /// Decisions that were right.
    pub right: usize,
}

impl DecisionTally {
    /// Right decisions of all decisions.
    #[must_use]
    pub fn precision(&self) -> f64 {
        ratio(self.right, self.decided)
    }

    /// Right decisions of all labels.
    #[must_use]
    pub fn recall(&self) -> f64 {
        ratio(self.right, self.labels)
    }

    /// The harmonic mean of precision and recall.
    #[must_use]
    pub fn f1(&self) -> f64 {
        ratio(2 * self.right, self.decided + self.labels)
    }

    /// Adds another tally.
    pub fn add(&mut self, other: DecisionTally) {
        self.labels += other.labels;
        self.decided += other.decided;
        self.right += other.right;
    }
}

impl fmt::Display for DecisionTally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DecisionTally { labels, decided, right } = self;
        write!(
            out,
            "precision {:.3} ({right} of {decided})  recall {:.3} ({right} of {labels})  F1 {:.3}",
            self.precision(),
            self.recall(),
            self.f1()
        )
    }
}

/// What is decided from a confidence on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidencePoint {
    /// The least confidence.
    pub confidence: f32,
    /// Decisions of all texts.
    pub coverage: f64,
    /// Right decisions of all decisions.
    pub precision: f64,
}

/// Answers of about one confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// How many.
    pub answers: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// Which part was right.
    pub right: f64,
}

/// The curve over answers with a confidence, right or not.
pub(super) fn curve(answers: &[(f32, bool)]) -> Vec<ConfidencePoint> {
    let point = |confidence: f32| {
        let sure: Vec<bool> =
            answers.iter().filter(|(c, _)| *c >= confidence).map(|(_, right)| *right).collect();
        let right = sure.iter().filter(|right| **right).count();
        let coverage = ratio(sure.len(), answers.len());
        ConfidencePoint { confidence, coverage, precision: ratio(right, sure.len()) }
    };
    [0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95].into_iter().map(point).collect()
}

/// Ten bins of confidence, without empty ones.
pub(super) fn bins(answers: &[(f32, bool)]) -> Vec<CalibrationBin> {
    let bin = |at: u8| {
        let begin = f32::from(at) / 10.0;
        let end = if at == 9 { f32::INFINITY } else { f32::from(at + 1) / 10.0 };
        let inside: Vec<&(f32, bool)> =
            answers.iter().filter(|(c, _)| *c >= begin && *c < end).collect();
        let sum: f64 = inside.iter().map(|(c, _)| f64::from(*c)).sum();
        let right = inside.iter().filter(|(_, right)| *right).count();
        CalibrationBin {
            answers: inside.len(),
            confidence: sum / count(inside.len().max(1)),
            right: ratio(right, inside.len()),
        }
    };
    (0..10).map(bin).filter(|bin| bin.answers > 0).collect()
}

/// The mean distance between confidence and what was right, over all answers.
pub(super) fn calibration_error(bins: &[CalibrationBin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.answers).sum();
    let off = |bin: &CalibrationBin| count(bin.answers) * (bin.confidence - bin.right).abs();
    bins.iter().map(off).sum::<f64>() / count(all.max(1))
}

pub(super) fn ratio(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { count(part) / count(all) }
}

pub(super) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
