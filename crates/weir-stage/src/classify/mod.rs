//! `classify`: which role an ad is for and which capabilities it asks for, decided against declared
//! frameworks. Pure: what titles taught and what people accepted are files of the project, never
//! rows of a database, so the same ad and the same files give the same decision.
//!
//! `weir-framework` decides; this stage reads the fields that the YAML names, keeps the decisions
//! in the job, and shows them to rules. It must never guess: where nothing is sure, the decision
//! says `review` or `open`, and names candidates.
//!
//! A new member of a decision is one line in `role.rs` or `capability.rs`; if it only says how the
//! decision was made, its name belongs to the evidence that `Job` does not compare.

mod capability;
mod framework_set;
pub mod reasons;
mod role;
mod spec;

pub use framework_set::{FrameworkSet, FrameworkUse, KnownFramework};
pub use role::RoleLevel;
pub use spec::{CapabilitiesSpec, RolesSpec};

use super::AdDraft;
use capability::CapabilityFinder;
use role::RoleDecider;
use std::borrow::Cow;
use std::sync::Arc;
use weir_model::decided::AdDecision;
use weir_model::{DecidedList, FingerprintParts, Job};
use weir_yaml::diagnostic::Diagnostics;

/// What is asked of each ad, compiled.
#[derive(Debug, Clone, Default)]
pub struct ClassifyStage {
    roles: Vec<RoleDecider>,
    capabilities: Option<CapabilityFinder>,
}

impl ClassifyStage {
    /// Compiles it; `None` if nothing is asked for. Problems go to `out`.
    pub fn compile(
        roles: &[RolesSpec],
        capabilities: Option<&CapabilitiesSpec>,
        known: &FrameworkSet,
        out: &mut Diagnostics,
    ) -> Option<ClassifyStage> {
        spec::check_repeated(roles, out);
        let deciders: Vec<RoleDecider> = roles
            .iter()
            .filter_map(|spec| spec.compile(known, out))
            .collect();
        let is_whole = deciders.len() == roles.len();
        let roles = deciders;
        let finder = capabilities.and_then(|spec| spec.compile(known, out));
        if let (Some(spec), Some(finder), true) = (capabilities, &finder, is_whole) {
            spec.check_by_role(finder, &roles, out);
        }
        let capabilities = finder;
        let asks = !roles.is_empty() || capabilities.is_some();
        asks.then_some(ClassifyStage {
            roles,
            capabilities,
        })
    }

    /// Decides about one ad.
    pub fn apply(&self, draft: &mut AdDraft) {
        let mut decisions = Vec::with_capacity(self.roles.len());
        let mut brought = Vec::new();
        for decider in &self.roles {
            let decided = decider.decide(&draft.job);
            brought.extend(decider.capabilities(&decided.decision));
            if draft.facts.role.is_none() {
                draft.facts.role = decider.as_fact(&decided.decision);
            }
            decisions.push((decider, decided));
        }
        let decisions = decisions.iter();
        let decisions: Vec<AdDecision> =
            decisions.map(|(decider, one)| decider.told(one)).collect();
        draft.job.roles = DecidedList::of(&decisions);
        if let Some(finder) = &self.capabilities {
            let found = finder.find(&draft.job, &brought);
            draft.facts.capabilities = found.ids;
            draft.job.capabilities = found.rows;
        }
    }

    /// The parts of its fingerprint: each framework with what was learnt and accepted for it, and
    /// what is asked.
    pub fn parts(&self) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
        for decider in &self.roles {
            parts.extend(decider.parts());
        }
        if let Some(finder) = &self.capabilities {
            parts.extend(finder.parts());
        }
        parts
    }

    /// What it does, in short lines.
    pub fn explain(&self) -> Vec<String> {
        let roles = self.roles.iter().map(RoleDecider::explain);
        let capabilities = self.capabilities.iter().map(CapabilityFinder::explain);
        roles.chain(capabilities).collect()
    }

    /// The frameworks that it decides against.
    pub fn frameworks(&self) -> impl Iterator<Item = &Arc<KnownFramework>> {
        let roles = self.roles.iter().map(RoleDecider::framework);
        let capabilities = self.capabilities.iter();
        roles.chain(capabilities.flat_map(CapabilityFinder::frameworks))
    }

    /// The frameworks in which it decides titles.
    pub fn by_title(&self) -> impl Iterator<Item = &Arc<KnownFramework>> {
        let titles = self.roles.iter().filter(|role| role.standardise.is_some());
        titles.map(RoleDecider::framework)
    }

    /// Whether it decides roles.
    pub fn decides_roles(&self) -> bool {
        !self.roles.is_empty()
    }

    /// Whether it looks for capabilities.
    pub fn finds_capabilities(&self) -> bool {
        self.capabilities.is_some()
    }
}

/// The text of a field, canonical or custom; lists as their items, separated by commas.
fn text_of<'j>(job: &'j Job, field: &str) -> Option<Cow<'j, str>> {
    use weir_model::FieldValue;
    match job.named(field)? {
        FieldValue::Text(text) => Some(Cow::Borrowed(text)),
        FieldValue::List(items) => Some(Cow::Owned(items.join(", "))),
        FieldValue::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// A ratio with two digits: more would change with every edit of a framework.
fn rounded(ratio: f32) -> f64 {
    (f64::from(ratio) * 100.0).round() / 100.0
}
