//! Roles of ads: by classification, else by title.

use super::framework_set::KnownFramework;
use super::{rounded, text_of};
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use weir_framework::framework::RoleCapability;
use weir_framework::role::{
    RoleAd, RoleCandidate, RoleDecision, RoleMatcher, RoleOutcome, RoleThresholds,
};
use weir_framework::title::NoteKind;
use weir_model::decided::{AdDecision, CandidateEntry};
use weir_model::{Canonical, Field, FieldValue, FingerprintParts, Job};
use weir_rule::DecidedRole;

/// What was decided of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleLevel {
    /// A role.
    Role,
    /// No role is sure, but this group of roles is.
    Group,
    /// Nothing is sure, but a candidate is worth a look.
    Review,
    /// Nothing.
    Open,
}

impl RoleLevel {
    /// Its name in tables and YAML.
    pub fn name(self) -> &'static str {
        match self {
            RoleLevel::Role => "role",
            RoleLevel::Group => "group",
            RoleLevel::Review => "review",
            RoleLevel::Open => "open",
        }
    }

    fn of(outcome: RoleOutcome) -> RoleLevel {
        match outcome {
            RoleOutcome::Role(_) => RoleLevel::Role,
            RoleOutcome::Group(_) => RoleLevel::Group,
            RoleOutcome::Review => RoleLevel::Review,
            RoleOutcome::Open => RoleLevel::Open,
        }
    }
}

/// Decides the role of an ad in one framework.
#[derive(Debug, Clone)]
pub(super) struct RoleDecider {
    pub(super) known: Arc<KnownFramework>,
    /// The field with a classification.
    pub(super) direct: Option<String>,
    pub(super) standardise: Option<TitleDecider>,
}

/// Decides by title.
#[derive(Clone)]
pub(super) struct TitleDecider {
    from: String,
    thresholds: RoleThresholds,
    matcher: Arc<OnceLock<RoleMatcher>>,
}

impl std::fmt::Debug for TitleDecider {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = out.debug_struct("TitleDecider");
        fields
            .field("from", &self.from)
            .field("thresholds", &self.thresholds)
            .finish_non_exhaustive()
    }
}

impl TitleDecider {
    pub(super) fn new(from: String, thresholds: RoleThresholds) -> TitleDecider {
        let matcher = Arc::new(OnceLock::new());
        TitleDecider {
            from,
            thresholds,
            matcher,
        }
    }

    fn decide<'j>(&self, known: &KnownFramework, job: &'j Job) -> DecidedText<'j> {
        let matcher = self
            .matcher
            .get_or_init(|| RoleMatcher::new(known.index(), self.thresholds));
        let title = text_of(job, &self.from).unwrap_or_default();
        let locations: Vec<&str> = match job.get(Field::Locations) {
            FieldValue::List(places) => places.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let decision = matcher.decide(&RoleAd {
            title: &title,
            locations: &locations,
        });
        DecidedText {
            decision,
            text: title,
        }
    }
}

/// A decision and the title or classification that it is about.
pub(super) struct DecidedText<'j> {
    pub(super) decision: RoleDecision,
    text: Cow<'j, str>,
}

/// What is asked of the titles or classifications of a framework.
struct RoleQuestion<'d>(&'d RoleDecider);

impl Canonical for RoleQuestion<'_> {
    fn canonical(&self) -> String {
        let direct = self.0.direct.iter().map(|from| format!("direct: {from}\n"));
        let title = self.0.standardise.iter().map(|title| {
            let RoleThresholds { accept, review } = title.thresholds;
            let from = &title.from;
            format!("standardise: {from}, accept: {accept}, review: {review}\n")
        });
        direct.chain(title).collect()
    }
}

impl RoleDecider {
    /// By classification; where that decides nothing, by title.
    pub(super) fn decide<'j>(&self, job: &'j Job) -> DecidedText<'j> {
        let by_classification = |text: Cow<'j, str>| DecidedText {
            decision: self.known.classifications().decide(&text),
            text,
        };
        let direct = self.direct.as_ref();
        let direct = direct.map(|from| by_classification(text_of(job, from).unwrap_or_default()));
        match (direct, &self.standardise) {
            (Some(direct), Some(title)) if direct.decision.outcome.entry().is_none() => {
                title.decide(&self.known, job)
            }
            (Some(direct), _) => direct,
            (None, Some(title)) => title.decide(&self.known, job),
            // Compiling refuses it.
            (None, None) => by_classification(Cow::Borrowed("")),
        }
    }

    /// The decision as a member of the job's roles.
    pub(super) fn told<'d>(&'d self, decided: &'d DecidedText<'_>) -> AdDecision<'d> {
        let decision = &decided.decision;
        let framework = &self.known.framework;
        let entry = decision.outcome.entry().map(|at| &framework.entries[at]);
        let candidate = |candidate: &RoleCandidate| {
            let entry = &framework.entries[candidate.entry];
            CandidateEntry {
                confidence: rounded(candidate.confidence),
                id: &entry.id,
                name: &entry.name,
            }
        };
        let is_open = entry.is_none();
        let candidates = || decision.candidates.iter().map(candidate).collect();
        AdDecision {
            framework: &framework.name,
            level: Some(RoleLevel::of(decision.outcome).name()),
            id: entry.map(|entry| entry.id.as_str()),
            name: entry.map(|entry| entry.name.as_str()),
            candidates: is_open.then(candidates),
            text: is_open.then_some(&decided.text),
            method: Some(decision.method.name()),
            confidence: Some(rounded(decision.confidence)),
            words: Some(&decision.words),
            notes: notes(decision),
            ..AdDecision::default()
        }
    }

    /// The decision as rules see it; nothing if neither role nor group is sure.
    pub(super) fn as_fact(&self, decision: &RoleDecision) -> Option<DecidedRole> {
        let entry = self
            .known
            .framework
            .entries
            .get(decision.outcome.entry()?)?;
        Some(DecidedRole {
            id: entry.id.clone(),
            name: entry.name.clone(),
            level: RoleLevel::of(decision.outcome).name().to_owned(),
            confidence: rounded(decision.confidence),
        })
    }

    /// The capabilities that the role brings, with how sure the role is.
    pub(super) fn capabilities(&self, decision: &RoleDecision) -> Vec<(RoleCapability, f32)> {
        let Some(entry) = decision.outcome.entry() else {
            return Vec::new();
        };
        let framework = &self.known.framework;
        let own = framework
            .lineage(entry)
            .map(|at| &framework.entries[at].capabilities)
            .find(|capabilities| !capabilities.is_empty());
        let sure = decision.confidence;
        let own = own.into_iter().flatten();
        own.map(|one| (one.clone(), sure)).collect()
    }

    pub(super) fn framework(&self) -> &Arc<KnownFramework> {
        &self.known
    }

    pub(super) fn parts(&self) -> FingerprintParts {
        let mut parts = self.known.parts();
        let name = format!("roles of {}", self.known.framework.name);
        parts.add(name, &RoleQuestion(self));
        parts
    }

    pub(super) fn explain(&self) -> String {
        let name = &self.known.framework.name;
        let direct = self.direct.as_deref();
        let title = self.standardise.as_ref().map(|title| title.from.as_str());
        let from: Vec<&str> = direct.into_iter().chain(title).collect();
        format!("role of {name} from {}", from.join(", else "))
    }
}

/// What the title says beside the role: seniority, employment and so on, each kind once.
fn notes(decision: &RoleDecision) -> BTreeMap<&'static str, &str> {
    const KEPT: [NoteKind; 4] = [
        NoteKind::Seniority,
        NoteKind::Employment,
        NoteKind::Contract,
        NoteKind::Arrangement,
    ];
    let note = |kind: NoteKind| Some((kind.name(), decision.title.value(kind)?));
    KEPT.into_iter().filter_map(note).collect()
}
