//! `resolve`: which company and division an ad belongs to. It may look names up; for missing ones
//! it only proposes an action (create, hold, reject), and the end of the batch writes it.
//!
//! `weir-framework` decides which spellings are one name and what a registry knows; `finder.rs`
//! puts that together with the table and with what people accepted. It must never guess: a name
//! that is only near waits. A new way of finding a company is a variant in `found.rs` and its arm in
//! `finder.rs`.

mod finder;
mod found;
mod refusal;
mod registry_set;
mod spec;

pub use finder::new_relation;
pub use found::{FoundRelation, NearName, RelationWay};
pub use registry_set::{KnownRegistry, RegistrySet, RegistryUse};
pub use spec::{RegisterNumberSpec, RelationSpec, Unknown};

use super::{Draft, Setting};
use crate::diagnostic::Diagnostics;
use crate::jsonpath::Path;
use crate::model::{Canonical, Parts, RelationTable, name_key};
use crate::store::relations::{KnownRelations, WantedRelations};
use crate::store::{PgConnection, relations};
use finder::{AdName, Finder, NamePlace};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_framework::company::CompanyName;

/// Both relations, compiled.
#[derive(Debug, Clone, Default)]
pub struct Resolve {
    company: Option<Finder>,
    division: Option<Finder>,
}

/// What stands for a finder where there is none.
struct NotLookedUp;

impl Canonical for NotLookedUp {
    fn canonical(&self) -> String {
        "not looked up".to_owned()
    }
}

impl Resolve {
    /// Compiles both; problems go to `out`.
    pub fn compile(
        company: Option<&RelationSpec>,
        division: Option<&RelationSpec>,
        registries: &RegistrySet,
        out: &mut Diagnostics,
    ) -> Resolve {
        Resolve {
            company: company.and_then(|spec| spec.compile(registries, out)),
            division: division.and_then(|spec| spec.compile(registries, out)),
        }
    }

    fn finders(&self) -> impl Iterator<Item = (RelationTable, &Finder)> {
        let company = self.company.iter();
        let company = company.map(|finder| (RelationTable::Companies, finder));
        let division = self.division.iter();
        company.chain(division.map(|finder| (RelationTable::Divisions, finder)))
    }

    /// The parts of its fingerprint.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        for (name, finder) in [("company", &self.company), ("division", &self.division)] {
            match finder {
                Some(finder) => parts.extend(finder.parts(name)),
                None => parts.add(name, &NotLookedUp),
            }
        }
        parts
    }

    /// A short description, in lines.
    pub fn explain(&self) -> Vec<String> {
        let line = |(table, finder): (RelationTable, &Finder)| finder.explain(table.one());
        self.finders().map(line).collect()
    }

    /// The registries that it decides by.
    pub fn registries(&self) -> impl Iterator<Item = (RelationTable, &Arc<KnownRegistry>)> {
        self.finders()
            .filter_map(|(table, finder)| Some((table, finder.registry.as_ref()?)))
    }

    /// The companies and divisions of one ad when no table is available: those declared in the YAML
    /// are known.
    pub fn relate_alone(&self, setting: &Setting, draft: &mut Draft) {
        let known = KnownRelations::default();
        for (table, finder) in self.finders() {
            let place = NamePlace {
                table,
                institution: setting.stream.institution,
                known: &known,
            };
            if let Some(name) = finder.name_in(&draft.job, &draft.ad.content) {
                finder.relate(place, draft, name);
            }
        }
    }

    /// The members of a document that it reads itself; nothing if it may read any of them.
    pub fn members(&self) -> Option<BTreeSet<&str>> {
        let paths = self.finders().flat_map(|(_, finder)| finder.paths());
        paths.map(Path::member).collect()
    }

    /// Whether it can reject or hold an ad.
    pub fn can_refuse(&self) -> bool {
        self.finders().any(|(_, finder)| finder.can_refuse())
    }

    /// The names in the ads, and which of them are known.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_up(
        &self,
        connection: &mut PgConnection,
        setting: &Setting,
        drafts: &mut [Draft],
    ) -> crate::store::Result<()> {
        for (table, finder) in self.finders() {
            finder.resolve(table, connection, setting, drafts).await?;
        }
        Ok(())
    }
}

impl Finder {
    async fn resolve(
        &self,
        table: RelationTable,
        connection: &mut PgConnection,
        setting: &Setting,
        drafts: &mut [Draft],
    ) -> crate::store::Result<()> {
        let names: Vec<Option<AdName>> = drafts
            .iter()
            .map(|draft| self.name_in(&draft.job, &draft.ad.content))
            .collect();
        let wanted = self.wanted(names.iter().flatten());
        if wanted.is_empty() {
            return Ok(());
        }
        let institution = setting.stream.institution;
        let fold = |name: &str| CompanyName::read(name).key;
        let known = relations::known(connection, table, institution, &wanted, fold).await?;
        let place = NamePlace {
            table,
            institution,
            known: &known,
        };
        for (draft, name) in drafts.iter_mut().zip(names) {
            if let Some(name) = name {
                self.relate(place, draft, name);
            }
        }
        Ok(())
    }

    /// All that is to be looked up for these names, and for what the registry says they mean.
    fn wanted<'n>(&self, names: impl Iterator<Item = &'n AdName>) -> WantedRelations {
        let mut wanted = WantedRelations::default();
        for name in names {
            wanted.add(name_key(&name.text), name.name.key.clone());
            for known in self.lineage(name) {
                let key = CompanyName::read(&known.name).key;
                wanted.add(name_key(&known.name), key);
                wanted.add_registered(known.id.clone());
            }
        }
        wanted
    }
}
