//! How frequent roles are before a title is read.

use super::index::FrameworkIndex;
use super::learnt::LearntTitles;
use super::weights::float;
use crate::framework::{Framework, FrameworkEntry};

/// How many titles of the frameworks stand in for titles of ads where nothing was learnt.
const SAMPLE: usize = 4000;

/// So many accepted titles weigh as much as the learnt prior.
const ACCEPTED_TRUST: f32 = 300.0;

impl FrameworkIndex {
    /// The prior: what was learnt, or else what the titles of the second framework say, mixed with
    /// the roles of accepted titles.
    pub(super) fn set_prior(&mut self, learnt: Option<&LearntTitles>, bridge: Option<&Framework>) {
        let roles = self.roles.len();
        let uniform = 1.0 / float(roles.max(1));
        let mut mean = match (learnt, bridge) {
            (Some(learnt), _) if !learnt.roles.is_empty() => self.learnt_prior(learnt),
            (None, Some(bridge)) if roles > 0 => self.mean_posterior(&sample(bridge)),
            _ => vec![uniform; roles],
        };
        let counts = self.accepted_counts();
        let total: f32 = counts.iter().sum();
        // A few accepted titles say little about how frequent roles are, many say all.
        let trust = total / (total + ACCEPTED_TRUST);
        for (mean, count) in mean.iter_mut().zip(&counts).filter(|_| total > 0.0) {
            *mean = (1.0 - trust) * *mean + trust * count / total;
        }
        let (part, weight) = (self.tuning.prior_learnt, self.tuning.prior);
        let log = |mean: &f32| weight * (part * mean + (1.0 - part) * uniform).ln();
        self.log_prior = mean.iter().map(log).collect();
    }

    fn learnt_prior(&self, learnt: &LearntTitles) -> Vec<f32> {
        let of = |role: usize| self.role_id(role).and_then(|id| learnt.roles.get(id));
        (0..self.roles.len()).map(|role| of(role).copied().unwrap_or(0.0)).collect()
    }

    fn accepted_counts(&self) -> Vec<f32> {
        let mut counts = vec![0.0; self.roles.len()];
        for owner in &self.neighbours.owners {
            counts[*owner as usize] += 1.0;
        }
        counts
    }
}

/// Every so many titles of a framework.
fn sample(framework: &Framework) -> Vec<&str> {
    let titles: Vec<&str> = framework.entries.iter().flat_map(FrameworkEntry::names).collect();
    let step = titles.len().div_ceil(SAMPLE).max(1);
    titles.into_iter().step_by(step).collect()
}
