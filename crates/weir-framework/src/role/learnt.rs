//! What is learnt from titles without labels: how frequent words and roles are.
//!
//! A command writes it and a person commits it, so that a stage never depends on what a database
//! happens to hold.

use super::calibrate::RoleCalibration;
use crate::words::title_stems;
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
}
