//! How sure a similarity is: a logistic model over what is known of the best answer.
//!
//! The probability that similarity gives is overconfident; what can be believed is learnt from
//! titles with labels, here or by a project from its own accepted titles.

use serde::{Deserialize, Serialize};

/// What is known of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SureFeatures {
    /// The overlap with its best label.
    pub overlap: f32,
    /// Which part of the title's weight that label has.
    pub title_covered: f32,
    /// Which part of the label's weight the title has.
    pub label_covered: f32,
    /// Its probability.
    pub probability: f32,
    /// How much more probable it is than the next.
    pub margin: f32,
    /// The logarithm of the number of words.
    pub length: f32,
    /// Which part of the words no framework knows.
    pub unknown: f32,
}

/// How many weights a model has: one for each feature and one for none.
const WEIGHTS: usize = 8;

impl SureFeatures {
    fn values(&self) -> [f64; WEIGHTS] {
        let values = [
            1.0,
            self.overlap,
            self.title_covered,
            self.label_covered,
            self.probability,
            self.margin,
            self.length,
            self.unknown,
        ];
        values.map(f64::from)
    }
}

/// A logistic model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogisticModel {
    /// The weights, in the order of [`SureFeatures`] after the constant.
    pub weights: [f64; WEIGHTS],
}

impl LogisticModel {
    /// The confidence of an answer, between 0 and 1.
    #[must_use]
    pub fn confidence(&self, features: &SureFeatures) -> f32 {
        let sum: f64 = self.weights.iter().zip(features.values()).map(|(w, x)| w * x).sum();
        narrow(sigmoid(sum))
    }

    /// Fits a model to answers that were right or wrong, by Newton's method with a ridge.
    #[must_use]
    pub fn fit(answers: &[(SureFeatures, bool)]) -> LogisticModel {
        let mut weights = [0.0; WEIGHTS];
        for _ in 0..ROUNDS {
            let (gradient, curvature) = slopes(answers, &weights);
            let step = solve(curvature, gradient);
            weights.iter_mut().zip(step).for_each(|(weight, step)| *weight += step);
        }
        LogisticModel { weights }
    }
}

/// Newton's method is done long before.
const ROUNDS: usize = 25;
/// The ridge: without it a set that is answered without a mistake has no end.
const RIDGE: f64 = 1.0;

type WeightSquare = [[f64; WEIGHTS]; WEIGHTS];

fn slopes(
    answers: &[(SureFeatures, bool)],
    weights: &[f64; WEIGHTS],
) -> ([f64; WEIGHTS], WeightSquare) {
    let mut gradient = [0.0; WEIGHTS];
    let mut curvature = [[0.0; WEIGHTS]; WEIGHTS];
    for (features, right) in answers {
        let x = features.values();
        let p = sigmoid(weights.iter().zip(x).map(|(w, x)| w * x).sum());
        for row in 0..WEIGHTS {
            gradient[row] += (f64::from(u8::from(*right)) - p) * x[row];
            for column in 0..WEIGHTS {
                curvature[row][column] += p * (1.0 - p) * x[row] * x[column];
            }
        }
    }
    for at in 0..WEIGHTS {
        let ridge = if at == 0 { 1e-6 } else { RIDGE };
        gradient[at] -= ridge * weights[at];
        curvature[at][at] += ridge;
    }
    (gradient, curvature)
}

/// Solves a system by elimination with pivots.
fn solve(mut matrix: WeightSquare, mut right: [f64; WEIGHTS]) -> [f64; WEIGHTS] {
    for at in 0..WEIGHTS {
        let size = |row: &usize| matrix[*row][at].abs();
        let pivot = (at..WEIGHTS).max_by(|l, r| size(l).total_cmp(&size(r))).unwrap_or(at);
        matrix.swap(at, pivot);
        right.swap(at, pivot);
        if matrix[at][at].abs() < 1e-12 {
            continue;
        }
        for row in at + 1..WEIGHTS {
            let factor = matrix[row][at] / matrix[at][at];
            let above = matrix[at];
            matrix[row].iter_mut().zip(above).for_each(|(value, above)| *value -= factor * above);
            right[row] -= factor * right[at];
        }
    }
    let mut solution = [0.0; WEIGHTS];
    for at in (0..WEIGHTS).rev() {
        let known: f64 =
            (at + 1..WEIGHTS).map(|column| matrix[at][column] * solution[column]).sum();
        let pivot = matrix[at][at];
        solution[at] = if pivot.abs() < 1e-12 { 0.0 } else { (right[at] - known) / pivot };
    }
    solution
}

fn sigmoid(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}

#[allow(clippy::cast_possible_truncation, reason = "a probability keeps all that matters")]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// How sure the decisions of a framework are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleCalibration {
    /// Of a title that is the name of a role.
    pub name: f32,
    /// Of a title that is an alias.
    pub alias: f32,
    /// Of a role by similarity.
    pub role: LogisticModel,
    /// Of a group by similarity.
    pub group: LogisticModel,
}

impl Default for RoleCalibration {
    /// From the labelled titles of this repository, as `docs/quality.md` says.
    fn default() -> RoleCalibration {
        RoleCalibration {
            name: 0.98,
            alias: 0.96,
            role: LogisticModel {
                weights: [-2.372, 0.269, 0.140, 0.568, 1.607, 2.067, 0.463, -0.174],
            },
            group: LogisticModel {
                weights: [-1.919, 0.432, -0.001, 0.689, 1.046, 2.093, 0.910, -0.297],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_finds_what_decides() {
        let answers: Vec<(SureFeatures, bool)> = (0..400_u16)
            .map(|at| {
                let overlap = f32::from(at % 20) / 20.0;
                let margin = f32::from(at % 7) / 7.0;
                (SureFeatures { overlap, margin, ..SureFeatures::default() }, overlap > 0.5)
            })
            .collect();
        let model = LogisticModel::fit(&answers);
        let sure = |overlap| {
            model.confidence(&SureFeatures { overlap, margin: 0.5, ..SureFeatures::default() })
        };
        assert!(sure(0.9) > 0.9 && sure(0.2) < 0.1, "{} {}", sure(0.9), sure(0.2));
    }

    #[test]
    fn degenerate_answers_have_a_model() {
        assert!(LogisticModel::fit(&[]).weights.iter().all(|weight| weight.is_finite()));
        let all_right = vec![(SureFeatures::default(), true); 9];
        let model = LogisticModel::fit(&all_right);
        assert!(model.confidence(&SureFeatures::default()) > 0.5);
    }
}
