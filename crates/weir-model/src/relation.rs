//! Companies and divisions: the two tables of names that ads refer to, and their rows before they
//! are stored. Which spellings are one name is decided elsewhere.

use uuid::Uuid;

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelationTable {
    /// `companies`.
    Companies,
    /// `divisions`.
    Divisions,
}

impl RelationTable {
    /// What one of its rows is.
    pub fn one(self) -> &'static str {
        match self {
            RelationTable::Companies => "company",
            RelationTable::Divisions => "division",
        }
    }
}

/// A row to write: a new one, or one whose name or place in the hierarchy is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelation {
    /// Which table.
    pub table: RelationTable,
    /// Its id.
    pub id: Uuid,
    /// What makes two spellings one name.
    pub key: String,
    /// The name, as it is shown.
    pub name: String,
    /// Its id in a registry.
    pub registry_id: Option<String>,
    /// The one that it belongs to.
    pub parent: Option<Uuid>,
}

/// A name as it was compared before keys folded more: lower case, single spaces. Rows from then are
/// found by it first, so that their ads stay with them.
pub fn name_key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
