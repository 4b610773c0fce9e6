//! `weir.yaml` at the root of a project: its identity, its channels, when its report is sent and
//! what it does not keep. The
//! first run creates it; once committed, every clone shares it. A mistake in a channel is reported,
//! and never stops a run.
//!
//! This module only reads it; the command line writes it.

use super::alerts::{ChannelSpec, ReportSpec, RunNoticeSpec};
use super::retention::RetentionSpec;
use super::text_of;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;
use weir_yaml::diagnostic::{Diagnostics, FileTexts};
use weir_yaml::yaml::{self, Located, Node};

/// The file, from the project folder.
pub const FILE: &str = "weir.yaml";
/// How long an identity may be.
const LONGEST: usize = 64;

/// The whole project.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectSpec {
    /// The identity of the project, the same in every clone: up to 64 letters, digits, `-`, `_` and
    /// `.`. The first run generates it.
    pub project: Located<String>,
    /// Where alerts and reports are sent, by name.
    #[serde(default)]
    pub channels: IndexMap<Located<String>, ChannelSpec>,
    /// When the daily report is sent.
    pub report: Option<ReportSpec>,
    /// Who is told that a run has ended.
    #[serde(default)]
    pub runs: Vec<RunNoticeSpec>,
    /// What `weir db tidy` removes, and after how long.
    pub retention: Option<RetentionSpec>,
}

/// The identity of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProjectIdentity {
    /// There is no `weir.yaml` yet.
    #[default]
    Unknown,
    /// Its identity.
    Known(String),
    /// The `weir.yaml` cannot be read.
    Broken,
}

/// The identity of the project in a folder; problems are not reported.
pub fn of(folder: &Path) -> ProjectIdentity {
    load(folder, &mut FileTexts::new(), &mut Diagnostics::new()).0
}

/// The identity of the project in a folder, and what else its file says.
pub(super) fn load(
    folder: &Path,
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> (ProjectIdentity, Option<ProjectSpec>) {
    let path = folder.join(FILE);
    if path.symlink_metadata().is_err() {
        return (ProjectIdentity::Unknown, None);
    }
    let mut own = Diagnostics::new();
    let tree = text_of(&path, FILE, texts, &mut own)
        .and_then(|text| yaml::parse(FILE, &text, &mut own))
        .filter(|_| !own.has_errors());
    let read = tree.map_or((ProjectIdentity::Broken, None), |tree| {
        let identity = identity(&tree, &mut own);
        (identity, yaml::decode(&tree, &mut own))
    });
    out.append(own);
    read
}

/// The identity alone: whatever else is wrong with the file, runs know whose jobs they write. What
/// is missing or no text is reported by whoever decodes the file.
fn identity(tree: &Node, out: &mut Diagnostics) -> ProjectIdentity {
    let Some((project, text)) = tree
        .get("project")
        .and_then(|project| Some((project, project.text()?)))
    else {
        return ProjectIdentity::Broken;
    };
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if text.is_empty() || text.len() > LONGEST || !text.chars().all(is_plain) {
        let message = format!("`project` must be 1 to {LONGEST} letters, digits, `-`, `_` or `.`");
        out.error(project.place(), "project-identity", message)
            .help("restore the `weir.yaml` that the first run created");
        return ProjectIdentity::Broken;
    }
    ProjectIdentity::Known(text.to_owned())
}
