//! What a person decides of an institution: under its lock, so that no run is under way that has
//! read what is being changed; not before its newest run, for history is not written backwards; and
//! in one transaction. Every command that decides goes through here.

use super::RunError;
use super::institution_lock::{LockRequest, check_clock, with_institution_lock};
use uuid::Uuid;
use weir_model::Clock;
use weir_store::audit_trail::{self, TrailEntry};
use weir_store::runs::{self, LockGuard};
pub use weir_store::views::decisions::DecidedTable;
use weir_store::{PgConnection, Store, StoreError, revisions};

/// Whose jobs are decided of, and when.
#[derive(Debug, Clone, Copy)]
pub struct DecisionScope<'a> {
    /// The institution.
    pub institution: Uuid,
    /// Its slug.
    pub slug: &'a str,
    /// The instant of the decision; none where nothing is dated by it.
    pub at: Option<Clock>,
    /// Whether an instant long after the last run is meant.
    pub allow_future: bool,
    /// Wait for a run of the institution instead of giving up.
    pub wait: bool,
}

/// Where a decision is on record. Whoever decides must say so: the audit finds it there.
#[derive(Debug, Clone, Copy)]
pub enum DecisionRecord<'d> {
    /// With what it is about.
    InTable(DecidedTable),
    /// In the audit trail, for it leaves no row of its own.
    InTrail(DecisionNote<'d>),
}

/// What the audit trail keeps of a decision.
#[derive(Debug, Clone, Copy)]
pub struct DecisionNote<'d> {
    /// When.
    pub at: Clock,
    /// Who.
    pub by: &'d str,
    /// retried, discarded, retired, rolled back.
    pub what: &'d str,
    /// failure, source, run.
    pub kind: &'d str,
    /// Which.
    pub subject: &'d str,
    /// Why.
    pub reason: &'d str,
}

impl DecisionNote<'_> {
    /// Keeps it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn record(self, tx: &mut PgConnection, institution: Uuid) -> weir_store::Result<()> {
        let entry = TrailEntry {
            at: self.at.0,
            by: self.by,
            what: self.what,
            kind: self.kind,
            subject: self.subject,
            about: None,
            institution: Some(institution),
            reason: Some(self.reason),
        };
        audit_trail::record(tx, &entry).await
    }
}

/// Does what was decided, all of it or nothing, and puts it on record.
///
/// # Errors
/// The institution is busy, its newest run is later than the decision, or the work failed.
pub async fn decide<T, E: From<RunError>>(
    store: &Store,
    whose: DecisionScope<'_>,
    record: DecisionRecord<'_>,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let wanted = LockRequest {
        institution: whose.institution,
        slug: whose.slug,
        wait: whose.wait,
    };
    with_institution_lock(store, wanted, async |lock| {
        at_once(store, whose, record, &lock.guard(whose.slug), work).await
    })
    .await
}

async fn at_once<T, E: From<RunError>>(
    store: &Store,
    whose: DecisionScope<'_>,
    record: DecisionRecord<'_>,
    guard: &LockGuard,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    let failed = |error: StoreError| E::from(RunError::from(error));
    let mut connection = store.connection().await.map_err(failed)?;
    if let Some(at) = whose.at {
        let last = runs::last(&mut connection, whose.institution, None)
            .await
            .map_err(failed)?;
        check_clock(whose.slug, last, at, whose.allow_future)?;
    }
    let mut tx = guard.begin(&mut connection).await.map_err(failed)?;
    let done = work(&mut tx).await?;
    if let DecisionRecord::InTrail(note) = record {
        note.record(&mut tx, whose.institution)
            .await
            .map_err(failed)?;
    }
    if let Some(at) = whose.at {
        revisions::remember(&mut tx, whose.institution, None, at)
            .await
            .map_err(failed)?;
    }
    tx.commit().await.map_err(|error| failed(error.into()))?;
    Ok(done)
}
