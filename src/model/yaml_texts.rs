//! The YAML that a plan is compiled from, as it is kept of every run, so that an institution can stay on its last good version.

use std::collections::BTreeMap;

/// The texts that a plan is compiled from, by file.
pub type YamlTexts = BTreeMap<String, String>;
