//! The registries of a project: companies or divisions that are known, with their other names.
//!
//! Institutions share them; a matcher is built once. What of a registry cannot change a decision
//! (where it comes from, the order of its companies) is no part of its hash.

use super::near_name::{NearName, near_names};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_framework::company::{CompanyIndex, CompanyMatcher, CompanyRegistry, KnownCompany};
use weir_model::{Canonical, FingerprintParts};

/// Companies that are shown to people who look the text of a registry up; more are only counted.
const SHOWN_COMPANIES: usize = 400;

/// A registry as the stage uses it.
pub struct KnownRegistry {
    /// Its name.
    pub name: String,
    /// The files that it is made of.
    pub files: Vec<String>,
    /// Decides about names.
    pub matcher: CompanyMatcher,
}

impl std::fmt::Debug for KnownRegistry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = out.debug_struct("KnownRegistry");
        fields.field("name", &self.name).finish_non_exhaustive()
    }
}

/// Everything of a registry that can change a decision, in a fixed form.
struct RegistryContent(String);

impl Canonical for RegistryContent {
    fn canonical(&self) -> String {
        self.0.clone()
    }
}

impl KnownRegistry {
    /// A registry.
    pub fn new(name: String, files: Vec<String>, registry: CompanyRegistry) -> KnownRegistry {
        let matcher = CompanyMatcher::new(Arc::new(registry));
        KnownRegistry {
            name,
            files,
            matcher,
        }
    }

    /// The part of a fingerprint.
    pub fn parts(&self) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
        let name = format!("registry {}", self.name);
        parts.add_as(name, &RegistryContent(self.content()), self.shown());
        parts
    }

    /// The company of an id or a name.
    pub fn position(&self, text: &str) -> Option<CompanyIndex> {
        let registry = self.matcher.registry();
        let by_id = registry.position(text);
        by_id.or_else(|| self.matcher.decide(text).company)
    }

    /// Known names that are near to a text: those of which it may be a typo, else the nearest.
    pub fn near(&self, text: &str) -> Vec<NearName> {
        let typos = self.matcher.typos(text);
        let near = if typos.is_empty() {
            self.matcher.nearest(text)
        } else {
            typos
        };
        near_names(self.matcher.registry(), &near)
    }

    /// Whether it knows a company by its id.
    pub fn has(&self, id: Option<&str>) -> bool {
        id.is_some_and(|id| self.matcher.registry().position(id).is_some())
    }

    fn companies(&self) -> &[KnownCompany] {
        &self.matcher.registry().companies
    }

    fn content(&self) -> String {
        let parent = |company: &KnownCompany| company.parent.map(|at| &self.companies()[at].id);
        let one = |company: &KnownCompany| {
            let aliases: BTreeSet<&String> = company.aliases.iter().collect();
            let KnownCompany {
                id,
                name,
                agency,
                ids,
                ..
            } = company;
            json!([id, name, aliases, parent(company), agency, ids]).to_string()
        };
        let mut lines: Vec<String> = self.companies().iter().map(one).collect();
        lines.sort();
        let unnamed: BTreeSet<&String> = self.matcher.registry().unnamed.iter().collect();
        lines.push(json!({ "unnamed": unnamed }).to_string());
        lines.join("\n")
    }

    /// As people read it in the history of the YAML.
    fn shown(&self) -> String {
        let companies = self.companies();
        let mut lines = vec![format!("{} companies", companies.len())];
        if companies.len() <= SHOWN_COMPANIES {
            lines.extend(companies.iter().map(|company| {
                let names = std::iter::once(&company.name).chain(&company.aliases);
                let names: Vec<&str> = names.map(String::as_str).collect();
                format!("{}: {}", company.id, names.join(", "))
            }));
        }
        lines.join("\n")
    }
}

/// Which registry is meant.
#[derive(Debug)]
pub enum RegistryUse<'s> {
    /// It is there.
    Known(&'s Arc<KnownRegistry>),
    /// Its file cannot be read, which is reported.
    Broken,
    /// There is none.
    Unknown,
}

/// The registries of a project.
#[derive(Debug, Default)]
pub struct RegistrySet {
    known: BTreeMap<String, Arc<KnownRegistry>>,
    /// Names of registries that could not be read, with their files.
    broken: BTreeMap<String, String>,
}

impl RegistrySet {
    /// A set.
    pub fn new(known: Vec<KnownRegistry>, broken: BTreeMap<String, String>) -> RegistrySet {
        let known = known.into_iter().map(|one| (one.name.clone(), one.into()));
        RegistrySet {
            known: known.collect(),
            broken,
        }
    }

    /// The registry of a name.
    pub fn find(&self, name: &str) -> RegistryUse<'_> {
        match self.known.get(name) {
            Some(known) => RegistryUse::Known(known),
            None if self.broken.contains_key(name) => RegistryUse::Broken,
            None => RegistryUse::Unknown,
        }
    }

    /// The names of those that are known.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// The files that decide what an institution gets of a registry, a broken one, too.
    pub fn files(&self, name: &str) -> Vec<String> {
        let known = self.known.get(name).into_iter();
        let known = known.flat_map(|one| one.files.iter().cloned());
        known.chain(self.broken.get(name).cloned()).collect()
    }
}
