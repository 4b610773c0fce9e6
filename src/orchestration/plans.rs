//! The plans that a process works with: what its files say, or what stood in for broken ones.

use crate::model::Hash;
use crate::plan::{CheckedProject, Plan};
use crate::rule::ScriptSandbox;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The plans of a project, as its files were read.
pub struct PlanSet {
    /// The active institutions that can run, by slug.
    pub plans: BTreeMap<String, Arc<Plan>>,
    /// Hash of all files: processes that agree on it do the same.
    pub version: Hash,
    /// The engine for scripts.
    pub sandbox: Arc<ScriptSandbox>,
}

impl PlanSet {
    /// Plans, and the project that they were compiled from.
    pub fn new(plans: impl IntoIterator<Item = Arc<Plan>>, checked: &CheckedProject) -> PlanSet {
        let by_slug = |plan: Arc<Plan>| (plan.institution.slug.clone(), plan);
        PlanSet {
            plans: plans.into_iter().map(by_slug).collect(),
            version: checked.version(),
            sandbox: Arc::clone(&checked.sandbox),
        }
    }
}
