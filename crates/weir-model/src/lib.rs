//! The data that flows: documents in, jobs out, and the problems on the way.
//!
//! Everything here is pure: no clock, no database, no YAML. To add a canonical field, add it to
//! [`field::Field`] and to the `jobs` tables of a new migration; nothing else lists fields by hand.

pub mod date;
pub mod span;
pub mod text_enum;
pub mod untrusted;

pub mod access;
pub mod ad;
pub mod alert;
pub mod alert_state;
pub mod canonical;
pub mod clock;
pub mod counts;
pub mod decided;
pub mod document;
pub mod field;
pub mod forgotten;
pub mod hash;
pub mod hold;
pub mod institution;
pub mod job;
pub mod problem;
pub mod read_outcome;
pub mod relation;
pub mod retention;
pub mod run_id;
pub mod run_record;
pub mod run_status;
pub mod run_trace;
pub mod source_key;
pub mod stage_record;
pub mod version;
pub mod yaml_texts;

pub mod identity;
pub mod quality;

pub use access::{AccessRole, TokenScope};
pub use ad::{Ad, AdChange, Outcome, PublishedJob, RolledBack};
pub use alert::Alert;
pub use alert_state::{AlertChange, AlertPatience, AlertState, AlertStatus};
pub use canonical::Canonical;
pub use clock::Clock;
pub use counts::OutcomeCounts;
pub use decided::DecidedList;
pub use document::{Document, ReceivedRecord, RefusalCause, replace_nul};
pub use field::{Field, FieldKind};
pub use hash::{Fingerprint, FingerprintParts, Hash};
pub use hold::{HoldKind, HoldStatus, NewHold};
pub use institution::InstitutionProfile;
pub use job::{FieldValue, Job};
pub use problem::{Problem, ProblemSeverity};
pub use read_outcome::{CacheValidators, ReadOutcome, ReadState};
pub use relation::{NewRelation, RelationTable, name_key};
pub use retention::{RemovalKind, RetentionPolicy, VersionRetention};
pub use run_id::{ReadId, RunId};
pub use run_record::{
    Bookkeeping, CUSTOM_PREFIX, RECORD_KINDS, RecordFilter, RecordKind, RunRecord,
};
pub use run_status::{ReadStatus, RunStatus};
pub use run_trace::{LogSeverity, RunEdge, RunLogLine, RunSample, RunTrace};
pub use source_key::SourceKey;
pub use stage_record::StageRecord;
pub use version::{ChangeCause, ChangeType, NewVersion, VersionStamp};
pub use yaml_texts::YamlTexts;
