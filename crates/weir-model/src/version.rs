//! A version of a job that is about to be written: the decision of a stage, before the store turns
//! it into rows.

use super::text_enum::text_enum;
use super::{AdChange, Clock, Fingerprint, Hash, Job};
use crate::RunId;
use serde_json::Value as Json;
use uuid::Uuid;

text_enum!(
    /// What a version did to its job.
    ChangeType, "type of change", {
        /// The first version.
        Create = "create",
        /// Fields changed.
        Update = "update",
        /// The job was archived.
        Archive = "archive",
        /// The job is open again.
        Reopen = "reopen",
    }
);

text_enum!(
    /// What made a version of a job.
    ChangeCause, "cause of a change", {
        /// The source changed, listed or left out the ad.
        Source = "source",
        /// A closing date passed.
        Date = "date",
        /// A mapping, or another part of the YAML that is no rule, was edited.
        Mapping = "mapping",
        /// A rule was edited.
        Rule = "rule",
        /// A framework of roles or capabilities was edited.
        Framework = "framework",
        /// A company or division was resolved.
        Company = "company",
        /// An operator decided.
        Person = "person",
        /// It was written before causes were recorded.
        Unknown = "unknown",
    }
);

/// One version to write.
#[derive(Debug, Clone)]
pub struct NewVersion<'d> {
    /// The job.
    pub job_id: Uuid,
    /// The source's id.
    pub original_id: &'d str,
    /// Rises when a recycled id is proven to be another job.
    pub generation: i32,
    /// The document it comes from.
    pub document_id: i64,
    /// Hash of that.
    pub content_hash: Hash,
    /// The fields.
    pub job: &'d Job,
    /// The type of change.
    pub change: AdChange,
    /// An update of an archived job leaves it archived.
    pub stays_archived: bool,
    /// Which fields changed; none of a create, where that follows from the fields.
    pub changed_fields: Vec<String>,
    /// Old and new values; null for a create.
    pub changes: Json,
    /// The reason.
    pub reason: String,
    /// What made it.
    pub cause: ChangeCause,
    /// `etl_pipeline`, or an operator.
    pub by: String,
}

/// Which run writes, and when.
#[derive(Debug, Clone, Copy)]
pub struct VersionStamp {
    /// The run; `None` if an operator made it.
    pub run: Option<RunId>,
    /// The instant.
    pub at: Clock,
    /// What derived the fields.
    pub fingerprint: Fingerprint,
}
