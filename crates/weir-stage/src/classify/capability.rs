//! Capabilities of ads: named in the text, pointed to by phrases, or brought by the role.

use super::framework_set::KnownFramework;
use super::{rounded, text_of};
use std::ops::Range;
use std::sync::Arc;
use weir_framework::capability::{CapabilityIndex, CapabilityRow};
use weir_framework::framework::RoleCapability;
use weir_model::decided::{AdDecision, EvidencePlace};
use weir_model::{Canonical, DecidedList, FieldValue, FingerprintParts, Job};

/// What separates the fields that are read together; no phrase runs across it.
const BETWEEN: &str = "\n\n";

/// Maximum characters of an excerpt that is kept as evidence.
const LONGEST_EXCERPT: usize = 160;

/// Finds the capabilities of an ad in the frameworks of an institution.
#[derive(Clone)]
pub(super) struct CapabilityFinder {
    pub(super) index: Arc<CapabilityIndex>,
    pub(super) known: Vec<Arc<KnownFramework>>,
    pub(super) from: Vec<String>,
    pub(super) by_role: bool,
}

impl std::fmt::Debug for CapabilityFinder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = out.debug_struct("CapabilityFinder");
        fields
            .field("known", &self.known)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// The capabilities of an ad, for rules and for its job.
pub(super) struct FoundCapabilities {
    pub(super) ids: FieldValue,
    pub(super) rows: DecidedList,
}

impl Canonical for CapabilityFinder {
    fn canonical(&self) -> String {
        format!(
            "from: {}\nby_role: {}\n",
            self.from.join(", "),
            self.by_role
        )
    }
}

/// A field in the text that is read.
struct ReadField<'f> {
    name: &'f str,
    place: Range<usize>,
}

impl CapabilityFinder {
    /// What an ad asks for; `brought` are the capabilities of its role.
    pub(super) fn find(&self, job: &Job, brought: &[(RoleCapability, f32)]) -> FoundCapabilities {
        let (text, fields) = self.text(job);
        let mut rows = self.index.decide(&text);
        if self.by_role {
            for (capability, confidence) in brought {
                let capability = std::slice::from_ref(capability);
                self.index.add_by_role(capability, *confidence, &mut rows);
            }
        }
        rows.sort_by_key(|row| (row.framework, row.capability));
        let ids = rows.iter().map(|row| self.entry(row).0.to_owned());
        let ids = FieldValue::List(ids.collect());
        let told: Vec<AdDecision> = rows
            .iter()
            .map(|row| self.told(row, &text, &fields))
            .collect();
        let rows = DecidedList::of(&told);
        FoundCapabilities { ids, rows }
    }

    /// Whether a capability that a role brings is in the frameworks, at its level.
    pub(super) fn has(&self, one: &RoleCapability) -> bool {
        let mut all = self.index.frameworks().iter();
        all.any(|framework| {
            let level = one.level.as_ref();
            framework.position(&one.capability).is_some()
                && level.is_none_or(|id| framework.levels.iter().any(|level| level.id == *id))
        })
    }

    /// The fields as one text, and where each is in it.
    fn text(&self, job: &Job) -> (String, Vec<ReadField<'_>>) {
        let (mut text, mut fields) = (String::new(), Vec::new());
        for name in &self.from {
            let Some(own) = text_of(job, name) else {
                continue;
            };
            if !text.is_empty() {
                text.push_str(BETWEEN);
            }
            let place = text.len()..text.len() + own.len();
            text.push_str(&own);
            fields.push(ReadField { name, place });
        }
        (text, fields)
    }

    /// Id and name of a capability.
    fn entry(&self, row: &CapabilityRow) -> (&str, &str) {
        let entry = &self.index.frameworks()[row.framework].entries[row.capability];
        (&entry.id, &entry.name)
    }

    fn told<'d>(
        &'d self,
        row: &CapabilityRow,
        text: &'d str,
        fields: &[ReadField<'d>],
    ) -> AdDecision<'d> {
        let framework = &self.index.frameworks()[row.framework];
        let (id, name) = self.entry(row);
        let level = row.level.and_then(|level| framework.levels.get(level));
        AdDecision {
            framework: &framework.name,
            id: Some(id),
            name: Some(name),
            level: level.map(|level| level.id.as_str()),
            kind: Some(row.kind.name()),
            confidence: Some(rounded(row.confidence)),
            evidence: evidence(&row.evidence, text, fields),
            ..AdDecision::default()
        }
    }

    pub(super) fn frameworks(&self) -> &[Arc<KnownFramework>] {
        &self.known
    }

    pub(super) fn parts(&self) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
        self.known
            .iter()
            .for_each(|known| parts.extend(known.parts()));
        parts.add("capabilities", self);
        parts
    }

    pub(super) fn explain(&self) -> String {
        let names: Vec<&str> = self
            .known
            .iter()
            .map(|known| known.framework.name.as_str())
            .collect();
        let by_role = if self.by_role { ", and by role" } else { "" };
        format!(
            "capabilities of {} from {}{by_role}",
            names.join(", "),
            self.from.join(", ")
        )
    }
}

/// The words that a capability was found by: the field, the characters in it, and an excerpt.
fn evidence<'d>(
    at: &Range<usize>,
    text: &'d str,
    fields: &[ReadField<'d>],
) -> Option<EvidencePlace<'d>> {
    let field = fields
        .iter()
        .find(|field| field.place.contains(&at.start))?;
    let end = at.end.min(field.place.end);
    let (before, words) = (
        text.get(field.place.start..at.start)?,
        text.get(at.start..end)?,
    );
    let begin = before.chars().count();
    let length = words.chars().count();
    let cut = words.char_indices().nth(LONGEST_EXCERPT);
    let shown = cut.map_or(words, |(cut, _)| &words[..cut]);
    (!words.is_empty()).then_some(EvidencePlace {
        field: field.name,
        from: begin,
        text: shown,
        to: begin + length,
    })
}
