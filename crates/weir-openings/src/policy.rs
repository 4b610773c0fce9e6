//! What an operator may set: vetoes, weights, thresholds, the order of sources. The defaults were
//! measured; `docs/quality-duplicates.md` has the figures. A policy that cannot mean anything is
//! reported by [`OpeningPolicy::mistakes`], never silently mended.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Scores at which a pair is one opening, or goes to review.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BandThresholds {
    /// Least score of the band `same`.
    pub same: f64,
    /// Least score of the band `review`.
    pub review: f64,
}

impl Default for BandThresholds {
    fn default() -> BandThresholds {
        BandThresholds { same: -2.5, review: -5.0 }
    }
}

/// Contradictions that decide against a pair, each of which can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VetoPolicy {
    /// Different requisition numbers on one source.
    pub requisition: bool,
    /// Pay that does not overlap, in one currency and period.
    pub pay: bool,
    /// Different grades.
    pub grade: bool,
    /// Different levels, numbers or degrees in the titles.
    pub level: bool,
    /// Places that exclude each other.
    pub place: bool,
    /// Closing dates more than this many days apart; `None` switches it off.
    pub closing_days: Option<u32>,
}

impl Default for VetoPolicy {
    fn default() -> VetoPolicy {
        VetoPolicy {
            requisition: true,
            pay: true,
            grade: true,
            level: true,
            place: true,
            closing_days: Some(45),
        }
    }
}

/// Fields of a pair that bring points.
pub const WEIGHTED: [&str; 9] =
    ["title", "level", "number", "year", "season", "employer", "place", "text", "exact key"];

/// Factors by which the points of fields count; a field that is not named counts once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldWeights(pub BTreeMap<String, f64>);

impl FieldWeights {
    /// Whether every field counts once.
    pub fn is_usual(&self) -> bool {
        self.0.is_empty()
    }

    /// The factor of a field.
    pub fn of(&self, field: &str) -> f64 {
        self.0.get(field).copied().unwrap_or(1.0)
    }
}

/// What becomes of ads of one source that are alike at the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParallelPolicy {
    /// Each is an opening of its own.
    #[default]
    Separate,
    /// They are one opening if their places are equal and nothing contradicts it.
    Merge,
}

/// Everything that decides what one opening is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpeningPolicy {
    /// Sources from the most to the least trusted; others follow by name.
    pub sources: Vec<String>,
    /// Bands.
    pub bands: BandThresholds,
    /// Vetoes.
    pub vetoes: VetoPolicy,
    /// Factors of the points.
    #[serde(skip_serializing_if = "FieldWeights::is_usual")]
    pub weights: FieldWeights,
    /// Parallel ads.
    pub parallel: ParallelPolicy,
    /// Most ads of a bucket that are compared; the rest is reported.
    pub bucket_cap: usize,
}

impl Default for OpeningPolicy {
    fn default() -> OpeningPolicy {
        OpeningPolicy {
            sources: Vec::new(),
            bands: BandThresholds::default(),
            vetoes: VetoPolicy::default(),
            weights: FieldWeights::default(),
            parallel: ParallelPolicy::default(),
            bucket_cap: 200,
        }
    }
}

impl OpeningPolicy {
    /// Rank of a source: declared ones first.
    pub fn rank(&self, source: &str) -> usize {
        let declared = self.sources.iter().position(|name| name == source);
        declared.unwrap_or(self.sources.len())
    }

    /// What cannot mean anything, as messages for the operator.
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let BandThresholds { same, review } = self.bands;
        if !same.is_finite() || !review.is_finite() {
            mistakes.push("a threshold is not a number".to_owned());
        } else if review > same {
            mistakes.push(format!("`review` ({review}) is above `same` ({same})"));
        }
        for (field, weight) in &self.weights.0 {
            if !WEIGHTED.contains(&field.as_str()) {
                mistakes.push(format!("`{field}` brings no points"));
            } else if !(0.0..=10.0).contains(weight) {
                mistakes.push(format!("the weight of `{field}` is not between 0 and 10"));
            }
        }
        if self.bucket_cap < 2 {
            mistakes.push("`bucket_cap` below 2 compares nothing".to_owned());
        }
        for (at, source) in self.sources.iter().enumerate() {
            if self.sources[..at].contains(source) {
                mistakes.push(format!("source `{source}` is listed twice"));
            }
        }
        mistakes
    }
}
