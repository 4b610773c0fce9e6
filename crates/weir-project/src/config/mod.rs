//! Turns YAML into a [`Project`]: reads every file, locates everything, and validates nothing that
//! needs more than one file. [`crate::plan`] checks how files fit together.
//!
//! It never uses the network, the database or the environment. To add a type of file: its `Spec`, a
//! folder in [`Project::load`], a field here.

pub mod alerts;
pub mod companies;
pub mod connector;
pub mod frameworks;
pub mod identity;
pub mod institution;
pub mod institution_tests;
pub mod lists;
pub mod mapping_tests;
pub mod pipeline;
pub mod retention;
pub mod rules;
pub mod schedule;
pub mod schema;

pub use alerts::{AlertFileSpec, ChannelSpec, ReportSpec, RunNoticeSpec};
pub use connector::{Connector, ConnectorSpec};
pub use identity::ProjectIdentity;
pub use institution::{InstitutionSpec, OnBroken, SourceSpec};
pub use institution_tests::InstitutionTestSpec;
pub use mapping_tests::MappingTestsSpec;
pub use pipeline::{PipelineSpec, StageSpec};
pub use retention::RetentionSpec;
pub use rules::{RuleSetSpec, RuleSpec};

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_rule::NamedList;
use weir_stage::classify::FrameworkSet;
use weir_stage::resolve::RegistrySet;
use weir_yaml::diagnostic::{Diagnostic, Diagnostics, FileTexts, Place};
use weir_yaml::yaml::{self, Located};

/// Keys that other programs have for what institutions declare here, and what to write instead.
const OTHER_NAMES: [(&str, &str); 4] = [
    (
        "capabilityFramework",
        "write `capabilities: { framework: nsw-core-capabilities, from: [description] }`",
    ),
    (
        "roleMapping",
        "write `roles: { framework: nsw-role-types, direct: { from: grade } }`",
    ),
    (
        "roleStandardization",
        "write `roles: { framework: private-sector-roles, standardise: { from: title } }`",
    ),
    (
        "companyDetection",
        "write `company: { from: $.company, unknown: create }`, with `registry: NAME` where companies are known",
    ),
];

/// Edited texts of rule files, by the file as displayed: `rules/common.yaml`.
pub type RuleTexts = BTreeMap<String, String>;

/// Every file of a project folder, read and located.
pub struct Project {
    /// The folder.
    pub folder: PathBuf,
    /// `weir.yaml`.
    pub identity: ProjectIdentity,
    /// Its channels.
    pub channels: IndexMap<Located<String>, ChannelSpec>,
    /// When the daily report is sent.
    pub report: Option<ReportSpec>,
    /// Who is told that a run has ended.
    pub run_notices: Vec<RunNoticeSpec>,
    /// What it does not keep.
    pub retention: Option<RetentionSpec>,
    /// `alerts/*.yaml`.
    pub alerts: Vec<ParsedFile<AlertFileSpec>>,
    /// The texts, for showing problems.
    pub texts: FileTexts,
    /// `institutions/*.yaml`.
    pub institutions: Vec<ParsedFile<InstitutionSpec>>,
    /// `connectors/*.yaml`, and those that come with Weir.
    pub connectors: Vec<Connector>,
    /// `pipelines/*.yaml`.
    pub pipelines: Vec<ParsedFile<PipelineSpec>>,
    /// `rules/*.yaml`.
    pub rules: Vec<ParsedFile<RuleSetSpec>>,
    /// `lists/*.yaml` and `lists/*.csv`.
    pub lists: Vec<ParsedFile<Arc<NamedList>>>,
    /// `frameworks/`: roles and capabilities, with what was accepted and learnt.
    pub frameworks: FrameworkSet,
    /// `companies/`: companies and divisions that are known.
    pub registries: RegistrySet,
    /// Whether other institutions are missing here on purpose: what one of them declares is not
    /// unknown.
    pub is_part: bool,
    /// `tests/mapping/*.yaml`.
    pub mapping_tests: Vec<ParsedFile<MappingTestsSpec>>,
    /// `tests/institutions/*.yaml`.
    pub institution_tests: Vec<ParsedFile<InstitutionTestSpec>>,
    /// Problems found so far.
    pub diagnostics: Diagnostics,
}

/// One file and what could be read of it.
pub struct ParsedFile<T> {
    /// The file, relative to the project folder.
    pub file: String,
    /// Its name without folder and ending.
    pub stem: String,
    /// Its content, as far as it could be read.
    pub spec: Option<T>,
    /// Other files that it consists of: connectors.
    pub made_of: Vec<String>,
}

impl<T> ParsedFile<T> {
    /// The first character of the file, for problems without a better place.
    pub fn start(&self) -> Place {
        Place::start_of(self.file.as_str())
    }
}

impl Project {
    /// Reads a project folder. Problems are collected, never returned: a folder without a file is a
    /// problem too.
    pub fn load(folder: &Path) -> Project {
        Project::load_with(folder, &[])
    }

    /// Reads a project folder with other rule sets: each file replaces the one of its name in
    /// `rules/`, or is added.
    pub fn load_with(folder: &Path, rule_files: &[PathBuf]) -> Project {
        Project::load_as(folder, rule_files, &RuleTexts::new())
    }

    /// Reads a project folder as it would be with edited texts of some of its rule files.
    pub fn load_drafted(folder: &Path, drafts: &RuleTexts) -> Project {
        Project::load_as(folder, &[], drafts)
    }

    fn load_as(folder: &Path, rule_files: &[PathBuf], drafts: &RuleTexts) -> Project {
        let mut texts = FileTexts::new();
        let mut diagnostics = Diagnostics::new();
        let (identity, project) = identity::load(folder, &mut texts, &mut diagnostics);
        let connectors = connector::load(folder, &mut texts, &mut diagnostics);
        let institutions = read_institutions(folder, &connectors, &mut texts, &mut diagnostics);
        let pipelines = read_all(
            files(&folder.join("pipelines")),
            "pipelines",
            &mut texts,
            &mut diagnostics,
        );
        let rule_files = instead(files(&folder.join("rules")), rule_files);
        let rules = read_rules(rule_files, drafts, &mut texts, &mut diagnostics);
        let alerts = read_all(
            files(&folder.join("alerts")),
            "alerts",
            &mut texts,
            &mut diagnostics,
        );
        let lists = lists::load(folder, &mut texts, &mut diagnostics);
        let frameworks = frameworks::load(folder, &institutions, &mut texts, &mut diagnostics);
        let registries = companies::load(folder, &mut texts, &mut diagnostics);
        let mapping_tests = read_all(
            files(&folder.join("tests/mapping")),
            "tests/mapping",
            &mut texts,
            &mut diagnostics,
        );
        let institution_tests = read_all(
            files(&folder.join("tests/institutions")),
            "tests/institutions",
            &mut texts,
            &mut diagnostics,
        );
        if institutions.is_empty() {
            let message = format!(
                "no institutions: there is no `institutions/*.yaml` in `{}`",
                folder.display()
            );
            let help = if identity == ProjectIdentity::Unknown {
                "change to a project folder, or give one with `--project`; `weir init` makes one"
            } else {
                "`weir new NAME --from URL|FILE` drafts one"
            };
            diagnostics
                .push(Diagnostic::error("no-institution", message))
                .help(help);
        }
        Project {
            folder: folder.to_owned(),
            identity,
            channels: project
                .as_ref()
                .map(|spec| spec.channels.clone())
                .unwrap_or_default(),
            report: project.as_ref().and_then(|spec| spec.report.clone()),
            run_notices: project
                .as_ref()
                .map(|spec| spec.runs.clone())
                .unwrap_or_default(),
            retention: project.and_then(|spec| spec.retention),
            alerts,
            texts,
            institutions,
            connectors,
            pipelines,
            rules,
            lists,
            frameworks,
            registries,
            is_part: false,
            mapping_tests,
            institution_tests,
            diagnostics,
        }
    }
}

/// The rule files of a project folder, as displayed, with their paths.
pub fn rule_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let all = files(&folder.join("rules")).into_iter();
    all.map(|path| (named("rules", &path).0, path)).collect()
}

/// The files with some of them replaced by others of the same name.
fn instead(mut files: Vec<PathBuf>, others: &[PathBuf]) -> Vec<PathBuf> {
    files.retain(|file| {
        others
            .iter()
            .all(|other| other.file_stem() != file.file_stem())
    });
    files.extend_from_slice(others);
    files.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    files
}

fn read_all<T: DeserializeOwned>(
    paths: Vec<PathBuf>,
    kind: &str,
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> Vec<ParsedFile<T>> {
    let read = |path: PathBuf| {
        let (file, stem) = named(kind, &path);
        let text = text_of(&path, &file, texts, out);
        parsed(file, stem, text.as_deref(), out)
    };
    paths.into_iter().map(read).collect()
}

/// Rule files, some of them with an edited text.
fn read_rules(
    paths: Vec<PathBuf>,
    drafts: &RuleTexts,
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> Vec<ParsedFile<RuleSetSpec>> {
    let read = |path: PathBuf| {
        let (file, stem) = named("rules", &path);
        let text = match drafts.get(&file) {
            Some(draft) => {
                texts.insert(file.as_str(), draft);
                Some(draft.clone().into_bytes())
            }
            None => text_of(&path, &file, texts, out),
        };
        parsed(file, stem, text.as_deref(), out)
    };
    paths.into_iter().map(read).collect()
}

fn parsed<T: DeserializeOwned>(
    file: String,
    stem: String,
    text: Option<&[u8]>,
    out: &mut Diagnostics,
) -> ParsedFile<T> {
    let spec = text.and_then(|text| yaml::read(&file, text, out));
    ParsedFile {
        file,
        stem,
        spec,
        made_of: Vec::new(),
    }
}

fn read_institutions(
    folder: &Path,
    connectors: &[Connector],
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> Vec<ParsedFile<InstitutionSpec>> {
    let read = |path: PathBuf| {
        let (file, stem) = named("institutions", &path);
        let tree =
            text_of(&path, &file, texts, out).and_then(|text| yaml::parse(&file, &text, out));
        let (spec, made_of) = tree.map_or((None, Vec::new()), |tree| {
            let (whole, made_of) = connector::lay_under(&tree, connectors, out);
            let mut found = Diagnostics::new();
            let spec = yaml::decode(&whole, &mut found);
            for mut one in found {
                let other = OTHER_NAMES
                    .iter()
                    .find(|(name, _)| one.message == format!("unknown field `{name}`"));
                if let Some((_, remedy)) = other {
                    one.help(*remedy);
                }
                out.push(one);
            }
            (
                spec.map(|spec: InstitutionSpec| spec.with_read_as(&whole)),
                made_of,
            )
        });
        ParsedFile {
            file,
            stem,
            spec,
            made_of,
        }
    };
    files(&folder.join("institutions"))
        .into_iter()
        .map(read)
        .collect()
}

/// The file as displayed, and its name without extension.
fn named(kind: &str, path: &Path) -> (String, String) {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    (format!("{kind}/{name}"), stem)
}

/// The bytes of a file, kept for showing problems; `None` after reporting that it cannot be read.
fn text_of(
    path: &Path,
    file: &str,
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> Option<Vec<u8>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            texts.insert(file, &String::from_utf8_lossy(&bytes));
            Some(bytes)
        }
        Err(error) => {
            out.error(
                &Place::start_of(file),
                "unreadable-file",
                format!("cannot read the file: {}", why(&error)),
            )
            .help("check that it is a file and that you have permission to read it");
            None
        }
    }
}

/// The system's reason, in our style.
fn why(error: &std::io::Error) -> String {
    error
        .to_string()
        .split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

/// The YAML files of a folder, sorted by name; none if there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_yaml = |path: &PathBuf| {
        path.extension()
            .is_some_and(|ending| ending == "yaml" || ending == "yml")
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_yaml)
        .collect();
    files.sort();
    files
}
