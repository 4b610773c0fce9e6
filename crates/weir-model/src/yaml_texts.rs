//! The YAML that a plan is compiled from, kept for every run, so that an institution can run on its
//! last good version.

use std::collections::BTreeMap;

/// The texts that a plan is compiled from, by file.
pub type YamlTexts = BTreeMap<String, String>;
