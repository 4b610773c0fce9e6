//! `weir.yaml` at the root of a project: who the project is. The first run makes it, it is committed, and every
//! clone shares it.
//!
//! Reading it is all that happens here; the command line writes it.

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
    /// Its identity, the same in every clone: letters, digits, `-`, `_` and `.`, at most 64. The first run makes one up.
    pub project: Located<String>,
}

/// Who a project is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProjectIdentity {
    /// It has no `weir.yaml` yet.
    #[default]
    Unknown,
    /// Its identity.
    Known(String),
    /// Its `weir.yaml` cannot be read.
    Broken,
}

/// The identity of the project in a folder, without a word on what is wrong with it.
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
    if is_whole { identity } else { ProjectIdentity::Broken }
}

fn read(path: &Path, texts: &mut Sources, out: &mut Diagnostics) -> ProjectIdentity {
    let spec: Option<ProjectSpec> = text_of(path, FILE, texts, out).and_then(|text| yaml::read(FILE, &text, out));
    let Some(ProjectSpec { project }) = spec else { return ProjectIdentity::Broken };
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if project.is_empty() || project.len() > LONGEST || !project.chars().all(is_plain) {
        let message = format!("`project` is 1 to {LONGEST} letters, digits, `-`, `_` and `.`");
        out.error(&project.place, "project-identity", message).help("restore the `weir.yaml` that the first run made");
        return ProjectIdentity::Broken;
    }
    ProjectIdentity::Known(project.to_string())
}
