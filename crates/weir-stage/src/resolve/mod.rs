//! `resolve`: which company and division an ad belongs to. It may look names up; for missing ones
//! it only proposes an action (create, hold, reject), and the end of the batch writes it.
//!
//! `weir-framework` decides which spellings are one name and what a registry knows; `finder.rs`
//! puts that together with the table and with what people accepted. It must never guess: a name
//! that is only near waits. A new way of finding a company is a variant in `found.rs` and its arm
//! in `finder.rs`.

mod ad_name;
mod finder;
mod found;
mod near_name;
mod refusal;
mod registry_set;
mod rows;
mod spec;
mod unknown;

pub use found::{FoundRelation, RelationWay, nearest};
pub use near_name::NearName;
pub use registry_set::{KnownRegistry, RegistrySet, RegistryUse};
pub use rows::new_relation;
pub use spec::{RegisterNumberSpec, RelationSpec};
pub use unknown::UnknownNames;

use super::{AdDraft, SourceContext};
use ad_name::AdName;
use chrono::DateTime;
use finder::CompanyFinder;
use rows::NamePlace;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;
use weir_framework::company::{CompanyIndex, CompanyName, KnownCompany};
use weir_model::{
    Ad, Canonical, Clock, FingerprintParts, Hash, NewRelation, RelationTable, name_key,
};
use weir_source::jsonpath::JsonPath;
use weir_store::relations::{KnownRelations, WantedRelations};
use weir_store::{PgConnection, relations};
use weir_yaml::diagnostic::Diagnostics;

/// Both relations, compiled.
#[derive(Debug, Clone, Default)]
pub struct ResolveStage {
    company: Option<CompanyFinder>,
    division: Option<CompanyFinder>,
}

/// What stands for a finder where there is none.
struct NotLookedUp;

impl Canonical for NotLookedUp {
    fn canonical(&self) -> String {
        "not looked up".to_owned()
    }
}

impl ResolveStage {
    /// Compiles both; problems go to `out`.
    pub fn compile(
        company: Option<&RelationSpec>,
        division: Option<&RelationSpec>,
        registries: &RegistrySet,
        out: &mut Diagnostics,
    ) -> ResolveStage {
        ResolveStage {
            company: company.and_then(|spec| spec.compile(registries, out)),
            division: division.and_then(|spec| spec.compile(registries, out)),
        }
    }

    fn finders(&self) -> impl Iterator<Item = (RelationTable, &CompanyFinder)> {
        let company = self.company.iter();
        let company = company.map(|finder| (RelationTable::Companies, finder));
        let division = self.division.iter();
        company.chain(division.map(|finder| (RelationTable::Divisions, finder)))
    }

    /// The parts of its fingerprint.
    pub fn parts(&self) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
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
        let line = |(table, finder): (RelationTable, &CompanyFinder)| finder.explain(table.one());
        self.finders().map(line).collect()
    }

    /// The registries that it decides by.
    pub fn registries(&self) -> impl Iterator<Item = (RelationTable, &Arc<KnownRegistry>)> {
        self.finders()
            .filter_map(|(table, finder)| Some((table, finder.registry.as_ref()?)))
    }

    /// The companies and divisions of one ad when no table is available: those declared in the YAML
    /// are known.
    pub fn relate_alone(&self, setting: &SourceContext, draft: &mut AdDraft) {
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

    /// Whether it finds companies.
    pub fn finds_companies(&self) -> bool {
        self.company.is_some()
    }

    /// Which company a name means, as for an ad that has nothing but this name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn explain_company(
        &self,
        connection: &mut PgConnection,
        institution: Uuid,
        text: &str,
    ) -> weir_store::Result<Option<FoundRelation>> {
        let Some(finder) = &self.company else {
            return Ok(None);
        };
        let name = finder.name_of(text.to_owned(), None);
        let wanted = finder.wanted(std::iter::once(&name));
        let table = RelationTable::Companies;
        let known = relations::known(connection, table, institution, &wanted, fold).await?;
        let place = NamePlace {
            table,
            institution,
            known: &known,
        };
        let mut draft = AdDraft::new(Ad::fresh(
            String::new(),
            Json::Null,
            Hash::of(b""),
            Clock(DateTime::UNIX_EPOCH),
        ));
        finder.relate(place, &mut draft, name);
        Ok(draft.found.pop())
    }

    /// The members of a document that it reads itself; nothing if it may read any of them.
    pub fn members(&self) -> Option<BTreeSet<&str>> {
        let paths = self.finders().flat_map(|(_, finder)| finder.paths());
        paths.map(JsonPath::member).collect()
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
        setting: &SourceContext,
        drafts: &mut [AdDraft],
    ) -> weir_store::Result<()> {
        for (table, finder) in self.finders() {
            finder.resolve(table, connection, setting, drafts).await?;
        }
        Ok(())
    }
}

impl CompanyFinder {
    async fn resolve(
        &self,
        table: RelationTable,
        connection: &mut PgConnection,
        setting: &SourceContext,
        drafts: &mut [AdDraft],
    ) -> weir_store::Result<()> {
        let names: Vec<Option<AdName>> = drafts
            .iter()
            .map(|draft| self.name_in(&draft.job, &draft.ad.content))
            .collect();
        let wanted = self.wanted(names.iter().flatten());
        if wanted.is_empty() {
            return Ok(());
        }
        let institution = setting.stream.institution;
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
                want(&mut wanted, known);
            }
        }
        wanted
    }
}

fn fold(name: &str) -> String {
    CompanyName::read(name).key
}

/// What is to be looked up for a company of a registry.
fn want(wanted: &mut WantedRelations, known: &KnownCompany) {
    wanted.add(name_key(&known.name), fold(&known.name));
    wanted.add_registered(known.id.clone());
}

/// The row of a company of a registry, and the rows that are to be written for it.
///
/// # Errors
/// The database failed.
pub async fn registered(
    connection: &mut PgConnection,
    table: RelationTable,
    institution: Uuid,
    registry: &KnownRegistry,
    company: CompanyIndex,
) -> weir_store::Result<(NewRelation, Vec<NewRelation>)> {
    let all = registry.matcher.registry();
    let mut wanted = WantedRelations::default();
    for at in all.lineage(company) {
        want(&mut wanted, &all.companies[at]);
    }
    let known = relations::known(connection, table, institution, &wanted, fold).await?;
    let place = NamePlace {
        table,
        institution,
        known: &known,
    };
    let own = rows::registered(place, &registry.matcher, company);
    let rows = rows::registered_rows(place, &registry.matcher, company);
    Ok((own, rows))
}
