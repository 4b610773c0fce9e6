//! Which source of which institution: part of the key in nearly every statement, never the source
//! itself.

use uuid::Uuid;

/// One source of one institution.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceKey {
    /// The institution's id.
    pub institution: Uuid,
    /// The source's id.
    pub source: String,
}
