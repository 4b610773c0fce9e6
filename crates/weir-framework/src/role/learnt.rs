//! What is learnt from titles without labels: how frequent words and roles are.
//!
//! A command writes it and a person commits it, so that a stage never depends on what a database
//! happens to hold.

use super::calibrate::RoleCalibration;
use super::index::FrameworkIndex;
use crate::words::title_stems;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Frequencies learnt from titles.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearntTitles {
    /// The framework that the roles belong to.
    pub framework: String,
    /// Its version.
    pub version: String,
    /// How many titles there were.
    pub titles: u32,
    /// In how many titles a stem was.
    pub stems: BTreeMap<String, u32>,
    /// How frequent each role is, by its id; they add up to 1.
    #[serde(default)]
    pub roles: BTreeMap<String, f32>,
    /// How sure decisions are, learnt from titles with labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<RoleCalibration>,
}

impl LearntTitles {
    /// Counts the words of titles. It is the first of two steps: the index that is built with these
    /// counts then says how frequent roles are.
    #[must_use]
    pub fn words(framework: &str, version: &str, titles: &[&str]) -> LearntTitles {
        let mut stems: BTreeMap<String, u32> = BTreeMap::new();
        for title in titles {
            for stem in title_stems(title) {
                *stems.entry(stem).or_default() += 1;
            }
        }
        LearntTitles {
            framework: framework.to_owned(),
            version: version.to_owned(),
            titles: u32::try_from(titles.len()).unwrap_or(u32::MAX),
            stems,
            ..LearntTitles::default()
        }
    }

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
