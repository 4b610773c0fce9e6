//! Applying a saved plan: the same run over the documents that the plan stored, at its clock, in one transaction; nothing is fetched. It is committed
//! only if the YAML and the tables are those of the plan, and if what came of it is, record for record, what the plan says.

use super::foresee::Records;
use super::saved::{self, Head, Saved};
use super::{Engine, Request, Run, RunError, Summary, take_lock};
use crate::model::{RecordFilter, RunRecord};
use crate::plan::Plan;
use crate::plan::against::Difference;
use crate::plan::outline::Outline;
use crate::store::digest::digest;
use crate::store::runs::InstitutionLock;
use serde_json::Value as Json;

/// Differences that a refusal names.
const NAMED: usize = 3;

impl Engine {
    /// Does what a saved plan says, or nothing.
    ///
    /// # Errors
    /// [`RunError::Moved`] if something has moved on since the plan was made; else as a run. Nothing is written then.
    pub async fn apply(&self, plan: &Plan, request: &Request, saved: &Saved) -> Result<Summary, RunError> {
        let lock = take_lock(&self.store, plan.institution.id, &plan.institution.slug, request.wait).await?;
        let outcome = self.apply_locked(plan, request, saved, &lock).await;
        // The server releases the lock by itself if this fails.
        let _ = lock.release().await;
        outcome
    }

    async fn apply_locked(&self, plan: &Plan, request: &Request, saved: &Saved, lock: &InstitutionLock) -> Result<Summary, RunError> {
        let moved = |why: String| RunError::Moved { slug: plan.institution.slug.clone(), why };
        if let Some(why) = edited(plan, &saved.head) {
            return Err(moved(why));
        }
        if digest(&mut *self.store.connection().await?, plan.institution.id).await? != saved.head.digest {
            return Err(moved("the tables have changed since it was made, by another run, a decision on a hold, or a command".to_owned()));
        }
        self.check_clock(plan, request).await?;
        let turn = self.turns.one();
        let _working = turn.take().await;
        let lane = self.store.rehearsal().await?.under(lock.guard(&plan.institution.slug));
        let run = Run::begin(self, plan, request, lane, turn).await?;
        let summary = run.go(saved.feeds(), (request.now)()).await?;
        let done = run.records(&RecordFilter::default(), "applied").await?;
        if let Some(why) = differs(saved, &summary, &done)? {
            return Err(moved(why));
        }
        let Run { lane, .. } = run;
        lane.commit().await?;
        Ok(summary)
    }
}

/// What was edited in the YAML since the plan was made.
fn edited(plan: &Plan, head: &Head) -> Option<String> {
    let now = Outline::of(plan);
    let difference = Difference::new(&head.plan, &now);
    let told = difference.turns().map(|(step, turn)| format!("{} {}: {}", turn.mark.name(), step.stage, turn.what.join(", ")));
    let edits: Vec<String> = told.map(|told| told.trim_end_matches(": ").to_owned()).chain(difference.beside.iter().cloned()).collect();
    if !edits.is_empty() {
        return Some(format!("the YAML has changed since it was made: {}", edits.join("; ")));
    }
    // In their order: each document file belongs to the source at its place.
    let is_same =
        plan.flows.iter().map(|flow| &flow.source).eq(head.sources.iter().map(|source| &source.source)) && now.fingerprint == head.plan.fingerprint;
    (!is_same).then(|| "the YAML has changed since it was made".to_owned())
}

/// How what was done differs from what was planned.
fn differs(saved: &Saved, summary: &Summary, done: &Records) -> Result<Option<String>, RunError> {
    let Some((outcome, planned)) = saved.expected() else { return Ok(Some("it contains no expected result".to_owned())) };
    if let Some((source, why)) = summary.problems.first_key_value() {
        return Ok(Some(format!("source `{source}` failed: {why}")));
    }
    let mut named = Vec::new();
    let (mut planned, mut done) = (planned.read()?, done.read()?);
    while named.len() < NAMED {
        match (planned.next().transpose()?, done.next().transpose()?) {
            (None, None) => break,
            (Some(planned), Some(done)) if planned == done => {}
            (planned, done) => named.push(difference(planned.as_ref(), done.as_ref())),
        }
    }
    if !named.is_empty() {
        return Ok(Some(format!("its result would now differ: {}", named.join("; "))));
    }
    let counts: Json = saved::outcome(summary);
    Ok((counts != *outcome).then(|| "its counts would now differ".to_owned()))
}

fn difference(planned: Option<&RunRecord>, done: Option<&RunRecord>) -> String {
    let words =
        |record: Option<&RunRecord>| record.map_or_else(|| "nothing".to_owned(), |one| format!("{} {}:{}", one.what.name(), one.source, one.id));
    let (was, is) = (words(planned), words(done));
    if was == is { format!("{is}, but differently") } else { format!("{is} instead of {was}") }
}
