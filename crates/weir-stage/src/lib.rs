//! The stages of a pipeline, one file per type: its YAML, how that is compiled, its work and its
//! tests.
//!
//! What a kind may touch follows from its [`StageScope`]: the stages of single records are pure and
//! cannot fail, what they look up they look up before; only `promote`, and the stages of a source
//! or an institution, get a transaction. To add a kind: a file here, a variant in [`StageKind`] and
//! [`Stage`], an arm in the method of its scope, and a test.

pub mod archive;
pub mod classify;
pub mod convert;
pub mod dates;
pub mod dedupe;
pub mod draft;
pub mod exception;
pub mod extract;
mod fate;
pub mod foresee;
mod kind;
pub mod lost;
mod mapped_path;
pub mod mapping;
mod parts;
pub mod pay;
pub mod plain;
pub mod promote;
pub mod resolve;
pub mod schema;
pub mod validate;
mod view;
pub mod waiting;

pub use draft::AdDraft;
pub use foresee::ForeseenChange;
pub use kind::{KINDS, StageKind, StageScope};

use chrono_tz::Tz;
use std::sync::Arc;
use weir_model::identity::IdentityGuards;
use weir_model::quality::QualityBar;
use weir_model::{
    Alert, Clock, Fingerprint, FingerprintParts, ReadId, ReadState, RunId, SourceKey,
};
use weir_rule::ScriptSandbox;
use weir_source::Source;
use weir_store::PgConnection;

/// A step compiled for one source.
#[derive(Debug, Clone)]
pub enum Stage {
    /// Reads the list of a source.
    Fetch(Source),
    /// Reads the pages of single ads.
    Details,
    /// Holds back a read that is not as usual.
    Quality(QualityBar),
    /// Finds out which ads are which jobs.
    Identity(IdentityGuards),
    /// Derives canonical fields.
    Extract(Arc<extract::ExtractStage>),
    /// Finds company and division.
    Resolve(Arc<resolve::ResolveStage>),
    /// Decides role and capabilities.
    Classify(Arc<classify::ClassifyStage>),
    /// Judges an ad.
    Validate(Arc<validate::ValidateStage>),
    /// Writes jobs and their history.
    Promote(Arc<promote::PromoteStage>),
    /// Retires what has closed or gone.
    Archive(Arc<archive::ArchiveStage>),
    /// Measures how good a source is.
    Measure(QualityBar),
    /// Finds out which jobs advertise one opening.
    Dedupe(Arc<dedupe::DedupeStage>),
    /// Sums up.
    Report,
}

/// What every stage of a source knows.
#[derive(Clone)]
pub struct SourceContext {
    /// Institution and source.
    pub stream: SourceKey,
    /// The institution's slug.
    pub slug: String,
    /// The zone of the source.
    pub zone: Tz,
    /// The instant of the run.
    pub at: Clock,
    /// The run.
    pub run: RunId,
    /// The fingerprint of the segment.
    pub fingerprint: Fingerprint,
    /// The same with the date of the run left out.
    pub steady: Fingerprint,
    /// What it is made of.
    pub parts: FingerprintParts,
    /// The engine for scripts.
    pub sandbox: Arc<ScriptSandbox>,
}

/// How a source's read ended, for stages that settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadEnd {
    /// The read.
    pub read: ReadId,
    /// How it ended.
    pub state: ReadState,
}

/// What a settle stage did.
#[derive(Debug, Clone, Default)]
pub struct SettledJobs {
    /// Ids of jobs archived.
    pub archived: Vec<String>,
    /// Ads whose absence was counted.
    pub missed: u64,
    /// Ads that were never published, and are gone.
    pub withdrawn: u64,
    /// What someone must look at.
    pub alerts: Vec<Alert>,
}

impl Stage {
    /// Its kind.
    pub fn kind(&self) -> StageKind {
        match self {
            Stage::Fetch(_) => StageKind::Fetch,
            Stage::Details => StageKind::Details,
            Stage::Quality(_) => StageKind::Quality,
            Stage::Identity(_) => StageKind::Identity,
            Stage::Extract(_) => StageKind::Extract,
            Stage::Resolve(_) => StageKind::Resolve,
            Stage::Classify(_) => StageKind::Classify,
            Stage::Validate(_) => StageKind::Validate,
            Stage::Promote(_) => StageKind::Promote,
            Stage::Archive(_) => StageKind::Archive,
            Stage::Measure(_) => StageKind::Measure,
            Stage::Dedupe(_) => StageKind::Dedupe,
            Stage::Report => StageKind::Report,
        }
    }

    /// What its fingerprint is made of.
    pub fn parts(&self) -> FingerprintParts {
        let mut parts = match self {
            Stage::Fetch(source) => source.parts(),
            Stage::Extract(extract) => extract.parts(),
            Stage::Resolve(resolve) => resolve.parts(),
            Stage::Classify(classify) => classify.parts(),
            Stage::Validate(validate) => validate.parts(),
            Stage::Promote(promote) => promote.parts(),
            Stage::Identity(guards) => FingerprintParts::of("guards of identity", guards),
            Stage::Quality(bar) | Stage::Measure(bar) => FingerprintParts::of("quality", bar),
            Stage::Dedupe(dedupe) => FingerprintParts::of("openings", &**dedupe),
            Stage::Details | Stage::Archive(_) | Stage::Report => FingerprintParts::default(),
        };
        parts.add(
            format!("code of {}", self.kind().name()),
            &self.kind().revision(),
        );
        parts
    }

    /// What it does, in short lines for plans and drawings.
    pub fn explain(&self) -> Vec<String> {
        match self {
            Stage::Fetch(source) => vec![source.explain()],
            Stage::Details => vec!["the page of each new or changed ad".to_owned()],
            Stage::Quality(bar) => bar.explain().into_iter().collect(),
            Stage::Identity(guards) => vec![guards.explain()],
            Stage::Extract(extract) => extract.explain(),
            Stage::Resolve(resolve) => resolve.explain(),
            Stage::Classify(classify) => classify.explain(),
            Stage::Validate(validate) => validate.explain(),
            Stage::Promote(promote) => promote.explain(),
            Stage::Archive(archive) => archive.explain(),
            Stage::Measure(_) => vec!["fill rates, failures, changes".to_owned()],
            Stage::Dedupe(dedupe) => dedupe.explain(),
            Stage::Report => vec!["counts, error rates, sizes".to_owned()],
        }
    }

    /// What must be looked up before a record stage can work: names to resolve, versions to compare
    /// with.
    ///
    /// # Errors
    /// The database failed.
    pub async fn look_up(
        &self,
        connection: &mut PgConnection,
        setting: &SourceContext,
        drafts: &mut [AdDraft],
    ) -> weir_store::Result<()> {
        match self {
            Stage::Extract(_) => extract::ExtractStage::look_up(connection, setting, drafts).await,
            Stage::Resolve(resolve) => resolve.look_up(connection, setting, drafts).await,
            Stage::Validate(validate) => validate.look_up(connection, setting, drafts).await,
            _ => Ok(()),
        }
    }

    /// The work of a record stage on one record: pure.
    pub fn record(&self, setting: &SourceContext, draft: &mut AdDraft) {
        match self {
            Stage::Extract(extract) => extract.apply(setting, draft),
            Stage::Classify(classify) => classify.apply(draft),
            Stage::Validate(validate) => validate.judge(setting, draft),
            _ => {}
        }
    }

    /// The work of a settle stage on a source.
    ///
    /// # Errors
    /// The database failed.
    pub async fn settle(
        &self,
        connection: &mut PgConnection,
        setting: &SourceContext,
        end: Option<ReadEnd>,
    ) -> weir_store::Result<SettledJobs> {
        match self {
            Stage::Archive(archive) => archive.settle(connection, setting, end).await,
            _ => Ok(SettledJobs::default()),
        }
    }
}
