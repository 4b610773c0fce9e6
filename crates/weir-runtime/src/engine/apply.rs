//! Applying a saved plan: the same run over the documents that the plan stored, at its clock, in
//! one transaction; nothing is fetched. It is committed only if the YAML and the tables are those
//! of the plan, and if what came of it is, record for record, what the plan says.

use super::records_file::RecordsFile;
use super::run::RunningPlan;
use super::saved::{self, PlanHead, SavedPlan};
use super::{Engine, RunError, RunSummary};
use serde_json::Value as Json;
use weir_model::{RecordFilter, RunRecord};
use weir_project::plan::Plan;
use weir_project::plan::against::PlanDifference;
use weir_project::plan::outline::PlanOutline;
use weir_store::views::digest::digest;

/// Differences that a refusal names.
const NAMED: usize = 3;

fn moved(plan: &Plan, why: String) -> RunError {
    RunError::Moved {
        slug: plan.institution.slug.clone(),
        why,
    }
}

/// Makes sure that YAML and tables are those of the plan, before anything is done.
pub(super) async fn check(engine: &Engine, plan: &Plan, saved: &SavedPlan) -> Result<(), RunError> {
    if let Some(why) = edited(plan, &saved.head) {
        return Err(moved(plan, why));
    }
    if digest(&mut *engine.store.connection().await?, plan.institution.id).await?
        != saved.head.digest
    {
        let why = "the tables have changed since it was made, by another run, a decision on a hold, or a command";
        return Err(moved(plan, why.to_owned()));
    }
    Ok(())
}

/// Commits what the run has done, if it is what the plan says.
pub(super) async fn finish(
    run: RunningPlan<'_>,
    summary: &RunSummary,
    saved: &SavedPlan,
) -> Result<(), RunError> {
    let done = run.records(&RecordFilter::default(), "applied").await?;
    if let Some(why) = differs(saved, summary, &done)? {
        return Err(moved(run.plan, why));
    }
    let RunningPlan { lane, .. } = run;
    Ok(lane.commit().await?)
}

/// What was edited in the YAML since the plan was made.
fn edited(plan: &Plan, head: &PlanHead) -> Option<String> {
    let now = PlanOutline::of(plan);
    let difference = PlanDifference::new(&head.plan, &now);
    let told = difference.turns().map(|(step, turn)| {
        format!(
            "{} {}: {}",
            turn.mark.name(),
            step.stage,
            turn.what.join(", ")
        )
    });
    let edits: Vec<String> = told
        .map(|told| told.trim_end_matches(": ").to_owned())
        .chain(difference.beside.iter().cloned())
        .collect();
    if !edits.is_empty() {
        return Some(format!(
            "the YAML has changed since it was made: {}",
            edits.join("; ")
        ));
    }
    // In their order: each document file belongs to the source at its place.
    let is_same = plan
        .flows
        .iter()
        .map(|flow| &flow.source)
        .eq(head.sources.iter().map(|source| &source.source))
        && now.fingerprint == head.plan.fingerprint;
    (!is_same).then(|| "the YAML has changed since it was made".to_owned())
}

/// How what was done differs from what was planned.
fn differs(
    saved: &SavedPlan,
    summary: &RunSummary,
    done: &RecordsFile,
) -> Result<Option<String>, RunError> {
    let Some((outcome, planned)) = saved.expected() else {
        return Ok(Some("it contains no expected result".to_owned()));
    };
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
        return Ok(Some(format!(
            "its result would now differ: {}",
            named.join("; ")
        )));
    }
    let counts: Json = saved::outcome(summary);
    Ok((counts != *outcome).then(|| "its counts would now differ".to_owned()))
}

fn difference(planned: Option<&RunRecord>, done: Option<&RunRecord>) -> String {
    let words = |record: Option<&RunRecord>| {
        record.map_or_else(
            || "nothing".to_owned(),
            |one| format!("{} {}:{}", one.what.name(), one.source, one.id),
        )
    };
    let (was, is) = (words(planned), words(done));
    if was == is {
        format!("{is}, but differently")
    } else {
        format!("{is} instead of {was}")
    }
}
