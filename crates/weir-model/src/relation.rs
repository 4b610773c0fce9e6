//! Companies and divisions: the two tables of names that ads refer to, and when two spellings are
//! one name.

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationTable {
    /// `companies`.
    Companies,
    /// `divisions`.
    Divisions,
}

/// What makes two spellings one name: lower case, single spaces.
pub fn name_key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
