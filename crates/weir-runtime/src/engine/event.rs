//! What happens, as it happens: one stream that the terminal, JSON lines and tests read. A watcher
//! that answers `Break` stops the run: what is inside a transaction at that moment is rolled back.

use super::aside::DerivedAds;
use super::opening_counts::OpeningCounts;
use super::summary::RunSummary;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::ops::ControlFlow;
use std::sync::Arc;
use weir_model::quality::{ComparedMeasure, FieldLoss};
use weir_model::{Alert, OutcomeCounts, ReadOutcome, RunId};
use weir_project::plan::picture::{SetAside, StagePassage};
use weir_store::waiting::WaitingHolds;

/// Who watches a run.
pub type RunWatcher = Arc<dyn Fn(&RunEvent) -> ControlFlow<()> + Send + Sync>;

/// A node of the plan, by the id that `weir graph` gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeRef {
    /// The institution.
    pub institution: String,
    /// Its id: `extract:board`, or `report`.
    pub node: String,
    /// Its stage.
    pub stage: &'static str,
    /// Its source; empty for a stage of the institution.
    pub source: String,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// A run has begun.
    RunStarted {
        /// The institution.
        institution: String,
        /// The run.
        run: RunId,
        /// Its clock.
        at: DateTime<Utc>,
        /// Whether it will be rolled back.
        dry_run: bool,
        /// Its sources.
        sources: Vec<String>,
    },
    /// A node of the plan begins: everything that it waits for has ended, or streams into it.
    NodeStarted(NodeRef),
    /// A node of the plan has ended; each does so once a run.
    NodeFinished {
        /// Which.
        #[serde(flatten)]
        node: NodeRef,
        /// What passed.
        #[serde(flatten)]
        passage: StagePassage,
        /// Why it did nothing, if it had no reason to.
        #[serde(skip_serializing_if = "Option::is_none")]
        skipped: Option<String>,
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
        /// Microseconds that it took.
        micros: u64,
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
    /// How good a source is was measured, and is about to be committed (T5), before its ads are
    /// published if it may be held.
    QualityWeighed {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Whether nothing of it is published before a person says so.
        held: bool,
        /// What is not as usual, in words.
        unusual: Vec<String>,
        /// The same as figures.
        #[serde(skip)]
        compared: Vec<ComparedMeasure>,
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
        /// Jobs that were brought up to date without a version.
        refreshed: usize,
        /// What became of its ads.
        #[serde(skip)]
        derived: DerivedAds,
    },
    /// A source is about to be settled (T3).
    SourceSettled {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// Jobs archived.
        archived: usize,
        /// Ads whose absence was counted.
        missed: u64,
        /// Ads that were never published, and are gone.
        withdrawn: u64,
    },
    /// A source has come to its end, and what became of it is counted.
    SourceCounted {
        /// The institution.
        institution: String,
        /// The source.
        source: String,
        /// What became of its documents.
        counts: OutcomeCounts,
        /// Ads that the read has seen.
        seen: i64,
        /// Why another number of ads was derived than read.
        set_aside: Vec<SetAside>,
    },
    /// A step of finding openings is about to be committed (T8).
    OpeningsJudged {
        /// The institution.
        institution: String,
        /// What it did.
        #[serde(flatten)]
        counts: OpeningCounts,
    },
    /// What waits for an operator at the end of a run.
    DecisionsWaiting {
        /// The institution.
        institution: String,
        /// Open holds, by kind and source.
        waiting: Vec<WaitingHolds>,
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
        summary: Box<RunSummary>,
    },
}
