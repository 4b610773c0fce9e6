//! `weir.yaml` at the root of a project: its identity. The first run creates it; once committed,
//! every clone shares it.
//!
//! This module only reads it; the command line writes it.

use super::text_of;
use crate::diagnostic::{Diagnostics, Sources};
use crate::yaml::{self, Located};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;

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
    load(folder, &mut Sources::new(), &mut Diagnostics::new())
}

/// The identity of the project in a folder.
pub(super) fn load(folder: &Path, texts: &mut Sources, out: &mut Diagnostics) -> ProjectIdentity {
    let path = folder.join(FILE);
    if path.symlink_metadata().is_err() {
        return ProjectIdentity::Unknown;
    }
    let mut own = Diagnostics::new();
    let identity = read(&path, texts, &mut own);
    let is_whole = !own.has_errors();
    out.append(own);
    if is_whole {
        identity
    } else {
        ProjectIdentity::Broken
    }
}

fn read(path: &Path, texts: &mut Sources, out: &mut Diagnostics) -> ProjectIdentity {
    let spec: Option<ProjectSpec> =
        text_of(path, FILE, texts, out).and_then(|text| yaml::read(FILE, &text, out));
    let Some(ProjectSpec { project }) = spec else {
        return ProjectIdentity::Broken;
    };
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if project.is_empty() || project.len() > LONGEST || !project.chars().all(is_plain) {
        let message = format!("`project` must be 1 to {LONGEST} letters, digits, `-`, `_` or `.`");
        out.error(&project.place, "project-identity", message)
            .help("restore the `weir.yaml` that the first run created");
        return ProjectIdentity::Broken;
    }
    ProjectIdentity::Known(project.to_string())
}
