//! The plans that a process works with: what its files say, or what stood in for broken ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use weir_model::Hash;
use weir_project::plan::{CheckedProject, Plan};
use weir_rule::ScriptSandbox;
use weir_source::{Source, Variables};
use weir_store::snapshots::SnapshotRow;

/// The plans of a project, as its files were read.
pub struct PlanSet {
    /// The active institutions that can run, by slug.
    pub plans: BTreeMap<String, Arc<Plan>>,
    /// Hash of all files: processes that agree on it do the same.
    pub version: Hash,
    /// The engine for scripts.
    pub sandbox: Arc<ScriptSandbox>,
    /// Where the files are.
    pub origin: ProjectOrigin,
}

/// Where the files of a project are.
pub enum ProjectOrigin {
    /// In a folder of this machine; with what a scheduler stores of it for others.
    Folder(Option<SnapshotRow>),
    /// In the database.
    Snapshot,
    /// In the database, and cannot be used; why.
    Unusable(String),
}

impl PlanSet {
    /// Plans, and the project that they were compiled from.
    pub fn new(
        plans: impl IntoIterator<Item = Arc<Plan>>,
        checked: &CheckedProject,
        origin: ProjectOrigin,
    ) -> PlanSet {
        let by_slug = |plan: Arc<Plan>| (plan.institution.slug.clone(), plan);
        PlanSet {
            plans: plans.into_iter().map(by_slug).collect(),
            version: checked.version(),
            sandbox: Arc::clone(&checked.sandbox),
            origin,
        }
    }

    /// No plans, because the project in the database cannot be used.
    pub fn unusable(why: String) -> PlanSet {
        PlanSet {
            plans: BTreeMap::new(),
            version: Hash::of(b""),
            sandbox: Arc::new(ScriptSandbox::new()),
            origin: ProjectOrigin::Unusable(why),
        }
    }

    /// What of a plan cannot be done without the project folder, in words: the source if only one is
    /// to be read.
    pub fn needs_folder(&self, plan: &Plan, only: &str, variables: &Variables) -> Option<String> {
        if matches!(self.origin, ProjectOrigin::Folder(_)) {
            return None;
        }
        plan.flows.iter().find_map(|flow| {
            let Source::File(files) = &flow.fetch else {
                return None;
            };
            let is_read = only.is_empty() || only == flow.source;
            let path = files.path_of_project(variables).filter(|_| is_read)?;
            Some(format!(
                "its source `{}` reads `{path}` from the project folder: a worker with that file must do it",
                flow.source
            ))
        })
    }
}
