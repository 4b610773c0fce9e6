//! The company or division of one ad: what the ad says, and what is known of that name.
//!
//! In this order: what a person accepted for the name; what the registry knows; what the table
//! knows, by the name as it is and then by any spelling of it; what the YAML declares; and a typo
//! of a name in the registry waits for a person. The order of arrival decides nothing.

use super::ad_name::{AdName, LONGEST_NAME, NameOrigin};
use super::found::{FoundRelation, RelationWay};
use super::refusal;
use super::registry_set::KnownRegistry;
use super::rows::{CompanyHit, NamePlace, new, of_stored, registered, registered_rows};
use super::unknown::UnknownNames;
use crate::AdDraft;
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;
use weir_framework::company::{CompanyMatcher, CompanyName, KnownCompany};
use weir_model::canonical::canonical_members;
use weir_model::{Canonical, FingerprintParts, Job, RelationTable, name_key};
use weir_rule::NamedRelation;
use weir_source::jsonpath::JsonPath;

/// Finds the company, or the division, of ads.
#[derive(Debug, Clone)]
pub(super) struct CompanyFinder {
    pub from: NameOrigin,
    pub number: Option<NameOrigin>,
    pub registry: Option<Arc<KnownRegistry>>,
    /// As written.
    pub known: Vec<String>,
    pub known_keys: HashSet<String>,
    pub unknown: UnknownNames,
}

impl Canonical for CompanyFinder {
    fn canonical(&self) -> String {
        canonical_members([
            ("from", json!(self.from.name())),
            ("known", json!(self.known)),
            ("number", json!(self.number.as_ref().map(NameOrigin::name))),
            (
                "registry",
                json!(self.registry.as_ref().map(|one| &one.name)),
            ),
            ("unknown", json!(self.unknown.name())),
        ])
    }
}

impl CompanyFinder {
    /// The parts of its fingerprint.
    pub fn parts(&self, name: &str) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
        parts.add_as(name, self, self.words());
        if let Some(registry) = &self.registry {
            parts.extend(registry.parts());
        }
        parts
    }

    /// As written, one line per key.
    fn words(&self) -> String {
        let known = (!self.known.is_empty()).then(|| format!("known: {}", self.known.join(", ")));
        let registry = self.registry.as_ref();
        let number = self.number.as_ref();
        let lines = [
            Some(format!("from: {}", self.from.name())),
            registry.map(|registry| format!("registry: {}", registry.name)),
            number.map(|number| format!("number: {}", number.name())),
            known,
            Some(format!("unknown: {}", self.unknown.name())),
        ];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// What it does, in a line.
    pub fn explain(&self, what: &str) -> String {
        let registry = self.registry.as_ref();
        let registry = registry.map(|registry| format!(", registry: {}", registry.name));
        format!(
            "{what} from {}{}, unknown: {}",
            self.from.name(),
            registry.unwrap_or_default(),
            self.unknown.name()
        )
    }

    /// Whether it can reject or hold an ad: typos of a registry's names always wait.
    pub fn can_refuse(&self) -> bool {
        self.unknown != UnknownNames::Create || self.registry.is_some()
    }

    /// The JSONPaths that it reads.
    pub fn paths(&self) -> impl Iterator<Item = &JsonPath> {
        std::iter::once(&self.from)
            .chain(&self.number)
            .filter_map(NameOrigin::path)
    }

    /// The name in an ad.
    pub fn name_in(&self, job: &Job, document: &Json) -> Option<AdName> {
        let text = self.from.text_in(job, document)?;
        let number = self.number.as_ref();
        let number = number.and_then(|number| number.number_in(job, document));
        Some(self.name_of(text, number.as_deref()))
    }

    /// A text as a name, with what the registry says to it.
    pub fn name_of(&self, text: String, number: Option<&str>) -> AdName {
        let matcher = self.matcher();
        AdName {
            decided: matcher.map(|matcher| matcher.decide_with(&text, number)),
            name: CompanyName::read(&text),
            text,
        }
    }

    /// The company of the registry that a name means, and those that it belongs to.
    pub fn lineage(&self, name: &AdName) -> Vec<&KnownCompany> {
        let decided = name.decided.as_ref().and_then(|decided| decided.company);
        let (Some(matcher), Some(company)) = (self.matcher(), decided) else {
            return Vec::new();
        };
        let registry = matcher.registry();
        registry
            .lineage(company)
            .map(|at| &registry.companies[at])
            .collect()
    }

    fn matcher(&self) -> Option<&CompanyMatcher> {
        self.registry.as_ref().map(|registry| &registry.matcher)
    }

    /// Relates an ad to the company that its name means.
    pub fn relate(&self, place: NamePlace<'_>, draft: &mut AdDraft, name: AdName) {
        let letters = name.text.chars().count();
        if letters > LONGEST_NAME {
            let problem = refusal::too_long(place.table, &name.text, letters);
            draft.problems.push(problem);
            return;
        }
        if let Some(hit) = self.find(place, &name) {
            set(draft, place.table, Some(hit.id), &name.text);
            draft.new_relations.extend(hit.rows);
            draft.found.push(FoundRelation {
                table: place.table,
                text: name.text,
                name: Some(hit.name),
                way: hit.way,
                agency: hit.agency,
                near: Vec::new(),
            });
            return;
        }
        self.leave_open(place.table, draft, name);
    }

    /// No company was found: nobody is named, or a person or the YAML decides.
    fn leave_open(&self, table: RelationTable, draft: &mut AdDraft, name: AdName) {
        let is_nameless = name.decided.as_ref().is_some_and(|decided| decided.unnamed);
        let registry = self.registry.as_ref().filter(|_| !is_nameless);
        let near = registry.map_or_else(Vec::new, |registry| registry.near(&name.text));
        if !is_nameless {
            set(draft, table, None, &name.text);
            refusal::refuse(self.unknown, table, draft, &name.text, &near);
        }
        let way = if is_nameless {
            RelationWay::Nameless
        } else {
            RelationWay::NotFound
        };
        draft.found.push(FoundRelation {
            table,
            text: name.text,
            name: None,
            way,
            agency: None,
            near,
        });
    }

    fn find(&self, place: NamePlace<'_>, name: &AdName) -> Option<CompanyHit> {
        if let Some(alias) = place.known.alias(&name.name.key) {
            return Some(CompanyHit {
                id: alias.id,
                name: alias.of.clone(),
                way: RelationWay::Accepted(alias.clone()),
                agency: None,
                rows: Vec::new(),
            });
        }
        match self.in_registry(place, name) {
            RegistryAnswer::Hit(hit) => return Some(hit),
            RegistryAnswer::Nameless => return None,
            RegistryAnswer::Silent => {}
        }
        if let Some(stored) = place.known.named(&name_key(&name.text), &name.name.key) {
            return Some(of_stored(place.table, stored, name));
        }
        let is_declared = self.known_keys.contains(&name.name.key);
        let is_typo = || {
            let matcher = self.matcher();
            matcher.is_some_and(|matcher| !matcher.typos(&name.text).is_empty())
        };
        let creates = is_declared || (self.unknown == UnknownNames::Create && !is_typo());
        creates.then(|| new(place, name, is_declared))
    }

    fn in_registry(&self, place: NamePlace<'_>, name: &AdName) -> RegistryAnswer {
        let (Some(matcher), Some(decided)) = (self.matcher(), &name.decided) else {
            return RegistryAnswer::Silent;
        };
        if decided.unnamed {
            return RegistryAnswer::Nameless;
        }
        let Some(company) = decided.company else {
            return RegistryAnswer::Silent;
        };
        let companies = &matcher.registry().companies;
        let shown = companies[company].name.clone();
        let is_own_name = CompanyName::read(&decided.name).key == CompanyName::read(&shown).key;
        let agency = decided.agency.and_then(|at| companies.get(at));
        RegistryAnswer::Hit(CompanyHit {
            id: registered(place, matcher, company).id,
            name: shown,
            way: RelationWay::of(decided, is_own_name),
            agency: agency.map(|agency| agency.name.clone()),
            rows: registered_rows(place, matcher, company),
        })
    }
}

/// What a registry says to a name.
enum RegistryAnswer {
    Hit(CompanyHit),
    /// The name says nothing: `Confidential`.
    Nameless,
    Silent,
}

/// Sets what rules and the job know of a relation.
fn set(draft: &mut AdDraft, table: RelationTable, id: Option<Uuid>, text: &str) {
    let relation = NamedRelation {
        name: Some(text.to_owned()),
        known: id.is_some(),
    };
    match table {
        RelationTable::Companies => {
            (draft.job.company_id, draft.facts.company) = (id, relation);
        }
        RelationTable::Divisions => {
            (draft.job.division_id, draft.facts.division) = (id, relation);
        }
    }
}
