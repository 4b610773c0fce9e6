//! Companies and divisions as rows: of a name that the table knows, of one that it does not, and of
//! what a registry says. They are only proposed here; the end of the batch writes them.

use super::ad_name::AdName;
use super::found::RelationWay;
use uuid::Uuid;
use weir_framework::company::{CompanyIndex, CompanyMatcher, CompanyName};
use weir_model::{NewRelation, RelationTable, name_key};
use weir_store::relations::{self, KnownRelations, StoredRelation};

/// Where names are looked up.
#[derive(Clone, Copy)]
pub(super) struct NamePlace<'k> {
    pub table: RelationTable,
    pub institution: Uuid,
    pub known: &'k KnownRelations,
}

/// A company that was found: its id, its name, and the rows that are to be written for it.
pub(super) struct CompanyHit {
    pub id: Uuid,
    pub name: String,
    pub way: RelationWay,
    pub agency: Option<String>,
    pub rows: Vec<NewRelation>,
}

/// A stored company; a spelling that reads better than the stored one replaces it.
pub(super) fn of_stored(
    table: RelationTable,
    stored: &StoredRelation,
    name: &AdName,
) -> CompanyHit {
    let is_same = name_key(&stored.name) == name_key(&name.text);
    let better = stored.is_named_by_ads
        && CompanyName::read(&stored.name).key == name.name.key
        && CompanyName::reads_better(&name.name.shown, &stored.name);
    let row = better.then(|| NewRelation {
        table,
        id: stored.id,
        key: name.name.key.clone(),
        name: name.name.shown.clone(),
        registry_id: None,
        parent: None,
    });
    CompanyHit {
        id: stored.id,
        name: stored.name.clone(),
        way: if is_same {
            RelationWay::Name
        } else {
            RelationWay::Spelling
        },
        agency: None,
        rows: row.into_iter().collect(),
    }
}

pub(super) fn new(place: NamePlace<'_>, name: &AdName, is_declared: bool) -> CompanyHit {
    let row = new_relation(place.table, place.institution, &name.name);
    CompanyHit {
        id: row.id,
        name: row.name.clone(),
        way: if is_declared {
            RelationWay::Name
        } else {
            RelationWay::New
        },
        agency: None,
        rows: vec![row],
    }
}

/// The row of a name that is not in its table.
pub fn new_relation(table: RelationTable, institution: Uuid, name: &CompanyName) -> NewRelation {
    NewRelation {
        table,
        id: relations::id(table, institution, &name.key),
        key: name.key.clone(),
        name: name.shown.clone(),
        registry_id: None,
        parent: None,
    }
}

/// The row of a company of a registry: the one that has its id there, else the one of its name.
pub(super) fn registered(
    place: NamePlace<'_>,
    matcher: &CompanyMatcher,
    company: CompanyIndex,
) -> NewRelation {
    let known = &matcher.registry().companies[company];
    let name = CompanyName::read(&known.name);
    let stored = place
        .known
        .registered(&known.id, &name_key(&known.name), &name.key);
    let fresh = new_relation(place.table, place.institution, &name);
    let parent = known
        .parent
        .map(|parent| registered(place, matcher, parent).id);
    NewRelation {
        id: stored.map_or(fresh.id, |stored| stored.id),
        name: known.name.clone(),
        registry_id: Some(known.id.clone()),
        parent,
        ..fresh
    }
}

/// The rows of a company of a registry and of those that it belongs to that are not there as the
/// registry says, the topmost first.
pub(super) fn registered_rows(
    place: NamePlace<'_>,
    matcher: &CompanyMatcher,
    company: CompanyIndex,
) -> Vec<NewRelation> {
    let lineage = matcher.registry().lineage(company);
    let rows = lineage.map(|company| registered(place, matcher, company));
    let mut rows: Vec<NewRelation> = rows.filter(|row| !place.known.has(row)).collect();
    rows.reverse();
    rows
}
