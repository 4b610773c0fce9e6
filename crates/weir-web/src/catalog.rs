//! The institutions that pages speak of: those of the YAML, and those that the database knows from
//! before; of both, those that the visitor may see. Each with its zone, in which its times are
//! shown.

use super::access::Visitor;
use super::refusal::PageError;
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;
use weir_project::plan::{InstitutionStatus, Plan};
use weir_store::PgConnection;
use weir_store::views::run_list::{self, KnownInstitution};

/// Whether the YAML lets an institution run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum YamlStanding {
    /// It can run.
    Ready,
    /// `active: false`.
    Inactive,
    /// These files have errors.
    Broken(Vec<String>),
    /// No file names it any more.
    Removed,
}

/// An institution.
#[derive(Clone)]
pub(super) struct CatalogEntry {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) zone: Tz,
    /// Its id, if it has run.
    pub(super) id: Option<Uuid>,
    pub(super) plan: Option<Arc<Plan>>,
    pub(super) standing: YamlStanding,
}

/// All institutions, by slug.
pub(super) struct Catalog(BTreeMap<String, CatalogEntry>);

impl Catalog {
    /// Reads it.
    pub(super) async fn load(
        connection: &mut PgConnection,
        visitor: &Visitor,
    ) -> Result<Catalog, PageError> {
        let checked = visitor.project();
        let known = run_list::institutions(connection).await?;
        let mut all: BTreeMap<String, CatalogEntry> =
            known.into_iter().map(from_database).collect();
        let shown = checked.institutions.iter();
        for institution in shown.filter(|one| visitor.sees(&one.slug)) {
            let standing = match &institution.standing {
                InstitutionStatus::Ready(_) => YamlStanding::Ready,
                InstitutionStatus::Inactive(_) => YamlStanding::Inactive,
                InstitutionStatus::Broken(files) => YamlStanding::Broken(files.clone()),
            };
            let entry = all
                .entry(institution.slug.clone())
                .or_insert_with(|| CatalogEntry {
                    slug: institution.slug.clone(),
                    name: institution.slug.clone(),
                    zone: Tz::UTC,
                    id: None,
                    plan: None,
                    standing: YamlStanding::Removed,
                });
            entry.standing = standing;
            if let Some(plan) = institution.plan() {
                entry.zone = plan.zone;
                entry.name.clone_from(&plan.institution.name);
                entry.plan = Some(Arc::clone(plan));
            }
        }
        Ok(Catalog(all))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &CatalogEntry> {
        self.0.values()
    }

    /// The ids of those that have run.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        self.all().filter_map(|entry| entry.id).collect()
    }

    /// The institution of a slug.
    pub(super) fn named(&self, slug: &str) -> Result<&CatalogEntry, PageError> {
        self.0.get(slug).ok_or_else(|| {
            PageError::unknown(
                format!(
                    "No institution is called {}",
                    weir_reporting::report::columns::line(slug, 60)
                ),
                "Today lists them all.",
            )
        })
    }

    /// The one that a filter names; none if it is empty.
    pub(super) fn chosen(&self, slug: &str) -> Result<Option<&CatalogEntry>, PageError> {
        if slug.is_empty() {
            return Ok(None);
        }
        self.named(slug).map(Some)
    }

    /// The zone of an institution.
    pub(super) fn zone(&self, slug: &str) -> Tz {
        self.0.get(slug).map_or(Tz::UTC, |entry| entry.zone)
    }
}

fn from_database(known: KnownInstitution) -> (String, CatalogEntry) {
    let entry = CatalogEntry {
        slug: known.slug.clone(),
        name: known.name,
        zone: known.timezone.parse().unwrap_or(Tz::UTC),
        id: Some(known.id),
        plan: None,
        standing: YamlStanding::Removed,
    };
    (known.slug, entry)
}
