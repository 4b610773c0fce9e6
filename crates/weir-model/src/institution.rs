//! An institution as a run needs it: declared in the YAML, and repeated in the row of
//! `institutions`.

use uuid::Uuid;

/// An institution as a run needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstitutionProfile {
    /// Its id.
    pub id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Its zone.
    pub timezone: String,
    /// Whether it runs.
    pub active: bool,
    /// The slug it had before, when it was renamed.
    pub formerly: Option<String>,
}
