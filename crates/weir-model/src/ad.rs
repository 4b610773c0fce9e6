//! The state of an ad between runs: the row of `ad_states`, with what `jobs` shows of it. Decisions
//! are made from this and a freshly derived [`Job`](super::Job), never from the memory of the
//! process.

use super::{Clock, Hash};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

/// What came of an ad (docs/decisions/0001-state.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Never derived.
    Pending,
    /// The stored content is what `jobs` shows.
    Published,
    /// Never published and failing.
    Rejected,
    /// Held for an operator, or for better content or YAML.
    Held,
    /// Deriving failed; tried again later.
    Failed,
    /// Unpublished, and gone from the source.
    Withdrawn,
    /// An operator decided to ignore this content.
    Discarded,
}

impl Outcome {
    /// The text in the column.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pending => "pending",
            Outcome::Published => "published",
            Outcome::Rejected => "rejected",
            Outcome::Held => "held",
            Outcome::Failed => "failed",
            Outcome::Withdrawn => "withdrawn",
            Outcome::Discarded => "discarded",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl From<String> for Outcome {
    fn from(text: String) -> Outcome {
        Outcome::from(text.as_str())
    }
}

impl From<&str> for Outcome {
    /// Unknown texts cannot pass the column's check; they read as pending, which derives the ad
    /// again.
    fn from(text: &str) -> Outcome {
        use Outcome::{Discarded, Failed, Held, Pending, Published, Rejected, Withdrawn};
        let all = [Published, Rejected, Held, Failed, Withdrawn, Discarded];
        all.into_iter()
            .find(|outcome| outcome.name() == text)
            .unwrap_or(Pending)
    }
}

/// One ad to derive: its document and its stored state.
#[derive(Debug, Clone)]
pub struct Ad {
    /// The source's id.
    pub external_id: String,
    /// The document.
    pub document_id: i64,
    /// The document's content.
    pub content: Json,
    /// The address that it was read from.
    pub page: Option<String>,
    /// The instant of the run that stored it.
    pub scraped_at: Clock,
    /// Hash of it.
    pub content_hash: Hash,
    /// The content that was last derived.
    pub derived_hash: Option<Hash>,
    /// What last derived it.
    pub derived_fingerprint: Option<Hash>,
    /// What came of that.
    pub outcome: Outcome,
    /// Rises when a recycled id is proven to be another job.
    pub generation: i32,
    /// Hash of the compared fields of the newest version.
    pub fields_hash: Option<Hash>,
    /// Hash of the fields that refresh without a version.
    pub refresh_hash: Option<Hash>,
    /// Whether the newest read of its source lists it.
    pub is_listed: bool,
    /// An operator released this content.
    pub released: bool,
    /// An operator discarded this content.
    pub discarded: bool,
    /// A run that published this content was rolled back.
    pub rolled_back: Option<RolledBack>,
    /// Failed tries so far.
    pub retries: i32,
    /// What `jobs` shows of it.
    pub published: Option<PublishedJob>,
}

impl Ad {
    /// An ad without stored state.
    pub fn fresh(external_id: String, content: Json, content_hash: Hash, scraped_at: Clock) -> Ad {
        Ad {
            external_id,
            document_id: 0,
            content,
            page: None,
            content_hash,
            scraped_at,
            derived_hash: None,
            derived_fingerprint: None,
            outcome: Outcome::Pending,
            generation: 0,
            fields_hash: None,
            refresh_hash: None,
            is_listed: true,
            released: false,
            discarded: false,
            rolled_back: None,
            retries: 0,
            published: None,
        }
    }
}

impl Ad {
    /// It with the address that it was read from, as the metadata of its document has it.
    #[must_use]
    pub fn from_page(self, metadata: &Json) -> Ad {
        Ad {
            page: metadata
                .get("url")
                .and_then(Json::as_str)
                .map(str::to_owned),
            ..self
        }
    }
}

/// What is stored about an ad when a run is rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledBack {
    /// What derived its content, the date of the run left out: while this derives it, the ad is
    /// held.
    pub fingerprint: Hash,
    /// Which run was rolled back and why, as text.
    pub why: String,
}

impl RolledBack {
    /// The type of the reason against such an ad.
    pub const KIND: &'static str = "rolled_back";
}

/// What `jobs` shows of an ad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedJob {
    /// The job.
    pub job_id: Uuid,
    /// Its newest version.
    pub version: i32,
    /// Why it is archived, if it is: as in `jobs.archived_as`.
    pub archived_as: Option<String>,
    /// The closing date for which it was archived.
    pub archived_for: Option<NaiveDate>,
    /// A newer version waits.
    pub held: bool,
}

/// What a run does to one ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdChange {
    /// First published.
    Created,
    /// A new version.
    Updated,
    /// Open again.
    Reopened,
}

impl AdChange {
    /// The text in `ad_states.last_change`.
    pub fn name(self) -> &'static str {
        match self {
            AdChange::Created => "created",
            AdChange::Updated => "updated",
            AdChange::Reopened => "reopened",
        }
    }

    /// The text in `jobs_history.change_type`.
    pub fn change_type(self) -> &'static str {
        match self {
            AdChange::Created => "create",
            AdChange::Updated => "update",
            AdChange::Reopened => "reopen",
        }
    }
}

/// How long to wait before the next try of something that failed: 15 minutes, doubling up to a day.
pub fn retry_at(at: Clock, retries: i32) -> Clock {
    let minutes = 15_i64 << retries.clamp(0, 7);
    Clock(at.0 + chrono::Duration::minutes(minutes.min(24 * 60)))
}
