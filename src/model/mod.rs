//! The data that flows: documents in, jobs out, and what is said about them on the way.
//!
//! Everything here is pure: no clock, no database, no YAML. To add a canonical field, add it to [`field::Field`]
//! and to the `jobs` tables of a new migration; nothing else lists fields by hand.

pub mod ad;
pub mod clock;
pub mod document;
pub mod field;
pub mod hash;
pub mod job;
pub mod problem;

pub use ad::{Ad, Change, Outcome, Published, RolledBack};
pub use clock::Clock;
pub use document::{Document, Received, Refused, replace_nul};
pub use field::{Field, FieldKind};
pub use hash::{Fingerprint, Hash, Parts};
pub use job::{Job, Value};
pub use problem::{Problem, Severity};
