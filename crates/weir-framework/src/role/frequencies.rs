//! How frequent roles are among titles, as an index sees them: the second step of learning.
//!
//! The same titles must give the same bits: sums are made in a fixed order.

use super::index::FrameworkIndex;
use super::learnt::LearntTitles;
use rayon::prelude::*;

impl LearntTitles {
    /// The second step: how frequent each role is among the titles, as the index sees them.
    #[must_use]
    pub fn with_roles(mut self, index: &FrameworkIndex, titles: &[&str]) -> LearntTitles {
        let mean = index.mean_posterior(titles);
        // What nearly no title points to is left to the uniform part of the prior.
        let frequent = |(at, ratio): (usize, &f32)| {
            let id = index.role_id(at)?;
            (*ratio > 1e-6).then(|| (id.to_owned(), *ratio))
        };
        self.roles = mean.iter().enumerate().filter_map(frequent).collect();
        self
    }
}

impl FrameworkIndex {
    /// The mean probability of each role over titles.
    pub(super) fn mean_posterior(&self, titles: &[&str]) -> Vec<f32> {
        // Chunks of one size and sums in their order: the same titles give the same bits.
        let sums: Vec<Vec<f32>> = titles
            .par_chunks(512)
            .map(|chunk| {
                let mut sum = vec![0.0_f32; self.role_count()];
                for title in chunk {
                    let ranking = self.rank(title);
                    sum.iter_mut().zip(ranking.posterior()).for_each(|(sum, p)| *sum += p);
                }
                sum
            })
            .collect();
        let mut mean = vec![0.0_f32; self.role_count()];
        for sum in sums {
            mean.iter_mut().zip(sum).for_each(|(mean, sum)| *mean += sum);
        }
        let all: f32 = mean.iter().sum();
        mean.iter_mut().for_each(|ratio| *ratio /= all.max(f32::MIN_POSITIVE));
        mean
    }
}
