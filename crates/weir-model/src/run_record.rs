//! What a run does, one record per effect: a dry run prints them, a saved plan keeps them, and a
//! report compares them.
//!
//! Records are read from what a run wrote, never remembered beside it; this file only gives them
//! their form and their filter. To add a kind, add it to [`RecordKind`] and [`RECORD_KINDS`], and
//! the query that finds it to `store::views::records`.

use super::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

/// What a run does to a job or an ad, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// A new job.
    Create,
    /// A new version of a job.
    Update,
    /// An archived job opens again.
    Reopen,
    /// A job is archived.
    Archive,
    /// An ad is held for an operator, or for better content or YAML.
    Held,
    /// An ad is refused.
    Rejected,
    /// An ad could not be read or derived.
    Failed,
    /// An operator must decide: an unknown name, too many changes at once.
    Question,
}

/// All that a run does.
pub const RECORD_KINDS: [RecordKind; 8] = [
    RecordKind::Create,
    RecordKind::Update,
    RecordKind::Reopen,
    RecordKind::Archive,
    RecordKind::Held,
    RecordKind::Rejected,
    RecordKind::Failed,
    RecordKind::Question,
];

impl RecordKind {
    /// Its name in JSON and filters; of versions, also the `change_type` of `jobs_history`.
    pub fn name(self) -> &'static str {
        match self {
            RecordKind::Create => "create",
            RecordKind::Update => "update",
            RecordKind::Reopen => "reopen",
            RecordKind::Archive => "archive",
            RecordKind::Held => "held",
            RecordKind::Rejected => "rejected",
            RecordKind::Failed => "failed",
            RecordKind::Question => "question",
        }
    }

    /// The type of record for an ad that is not published, by its outcome.
    pub fn of_outcome(outcome: Outcome) -> RecordKind {
        match outcome {
            Outcome::Held => RecordKind::Held,
            Outcome::Rejected => RecordKind::Rejected,
            _ => RecordKind::Failed,
        }
    }
}

/// One thing that a run does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The source.
    pub source: String,
    /// What is done.
    pub what: RecordKind,
    /// The source's own id of the ad; of a question its subject.
    pub id: String,
    /// The job, of versions and of held ads that are published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Uuid>,
    /// The number of the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The reason.
    pub why: String,
    /// Hash of the document that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Of a create: the fields. Of a question: its details.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub fields: Json,
    /// Of other versions: `{field: {"old": value, "new": value}}`.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub changes: Json,
    /// Of ads that are refused or held: every reason.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub reasons: Json,
    /// Names of the companies and divisions referenced by id.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub names: Json,
}

impl RunRecord {
    /// Whether its type is wanted, and its reasons concern a wanted field.
    pub fn is_wanted(&self, wanted: &RecordFilter) -> bool {
        wanted.wants(self.what) && wanted.wants_reasons(&self.reasons)
    }
}

/// Which records are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Only these; all if empty.
    pub only: Vec<RecordKind>,
    /// Only of these sources; all if empty.
    pub sources: Vec<String>,
    /// Only records that touch one of these fields, custom ones as `extra.NAME`; all if empty.
    pub fields: Vec<String>,
    /// Maximum number per type and source.
    pub limit: Option<usize>,
}

impl RecordFilter {
    /// Whether records of all types, sources and fields are wanted.
    pub fn is_whole(&self) -> bool {
        self.only.is_empty() && self.sources.is_empty() && self.fields.is_empty()
    }

    /// Whether records of this type are wanted.
    pub fn wants(&self, what: RecordKind) -> bool {
        self.only.is_empty() || self.only.contains(&what)
    }

    /// Whether records of this source are wanted.
    pub fn wants_source(&self, source: &str) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|wanted| wanted == source)
    }

    /// Whether reasons speak of a wanted field.
    fn wants_reasons(&self, reasons: &Json) -> bool {
        let fields = || {
            reasons
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|reason| reason.get("field")?.as_str())
        };
        let named = |wanted: &String, field: &str| {
            wanted.strip_prefix(CUSTOM_PREFIX).unwrap_or(wanted) == field
        };
        self.fields.is_empty()
            || fields().any(|field| self.fields.iter().any(|wanted| named(wanted, field)))
    }

    /// The wanted custom fields, without their prefix.
    pub fn custom(&self) -> Vec<&str> {
        self.fields
            .iter()
            .filter_map(|field| field.strip_prefix(CUSTOM_PREFIX))
            .collect()
    }

    /// The limit, for PostgreSQL.
    pub fn at_most(&self) -> Option<i64> {
        self.limit
            .map(|limit| i64::try_from(limit).unwrap_or(i64::MAX))
    }
}

/// Prefix of custom fields.
pub const CUSTOM_PREFIX: &str = "extra.";

/// What a run notes without changing a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookkeeping {
    /// Ads seen.
    pub seen: i64,
    /// Ads missed.
    pub missed: i64,
    /// Jobs updated without a version: the address of the page, the contact.
    pub refreshed: i64,
    /// Ads that were never published, and are gone.
    pub withdrawn: i64,
}
