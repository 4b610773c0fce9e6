//! What happens, as it happens: one stream that the terminal, JSON lines and tests read. A watcher that answers
//! `Break` stops the run: what is inside a transaction at that moment is rolled back.

use super::tally::Summary;
use crate::model::{Alert, ReadOutcome};
use crate::quality::FieldLoss;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Who watches a run.
pub type Watcher = Arc<dyn Fn(&Event) -> ControlFlow<()> + Send + Sync>;

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run has begun.
    RunStarted {
        /// The institution.
        institution: String,
        /// The run.
        run: i64,
        /// Its clock.
        at: DateTime<Utc>,
        /// Whether it will be rolled back.
        dry_run: bool,
        /// Its sources.
        sources: Vec<String>,
    },
    /// A page is about to be committed (T1).
    PageStored {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Documents in it.
        documents: usize,
        /// Of them new or different.
        fresh: usize,
    },
    /// A source was read to its end, or as far as it went.
    ReadFinished {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// What was read, and why that is everything or not.
        proof: ReadOutcome,
    },
    /// A source is not read by this run: it is to be read at other hours.
    SourceWaits {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Which hours, and when they begin next.
        why: String,
    },
    /// A stage has worked on a batch.
    StageDone {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// The stage.
        stage: &'static str,
        /// Ads in the batch.
        ads: usize,
        /// Ads with reasons against them.
        refused: usize,
    },
    /// Which ads are which jobs is about to be committed (T2a).
    IdentitySettled {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Jobs that go on under another id.
        moved: usize,
        /// Jobs archived, as their ids stand for other jobs.
        archived: usize,
        /// Ads that wait for more to be known.
        left_out: usize,
    },
    /// How good a source is was measured, and is about to be committed (T5), before its ads are published if it may be held.
    QualityWeighed {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Whether nothing of it is published before a person says so.
        held: bool,
        /// What is not as usual, in words.
        unusual: Vec<String>,
    },
    /// Which values of a read could not be read and were left out, and is about to be committed.
    ValuesLost {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Each field, with one example.
        fields: Vec<FieldLoss>,
    },
    /// A batch is about to be committed (T2).
    BatchWritten {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Ads in it.
        ads: usize,
    },
    /// A source is about to be settled (T3).
    SourceSettled {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Jobs archived.
        archived: usize,
    },
    /// Someone must look at something.
    AlertRaised {
        /// The institution.
        institution: String,
        /// What.
        alert: Alert,
    },
    /// A run has ended.
    RunFinished {
        /// The institution.
        institution: String,
        /// What came of it.
        summary: Box<Summary>,
    },
}
