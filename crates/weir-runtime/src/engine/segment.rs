//! The segment: a batch of ads flows through its record stages in memory, on all cores, and is
//! written in one transaction (T2). Each batch finds its ads by query, so a batch that failed is
//! simply found again.

use super::RunError;
use super::aside::DerivedAds;
use super::event::RunEvent;
use super::run::RunningPlan;
use futures::TryStreamExt;
use rayon::prelude::*;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;
use weir_model::Alert;
use weir_model::{Ad, Document, Fingerprint, Problem, ProblemSeverity};
use weir_project::plan::SourcePlan;
use weir_stage::{AdDraft, SourceContext, Stage, StageKind};
use weir_store::work::{self, AdSelection};
use weir_store::{BatchConnection, StoreError, runs};

/// Derives ads as their documents are stored.
pub(super) async fn derive_fresh(
    run: &RunningPlan<'_>,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    documents: mpsc::Receiver<Vec<Document>>,
) -> Result<(), RunError> {
    let batches = futures::stream::unfold(documents, |mut documents| async move {
        documents.recv().await.map(|batch| (Ok(batch), documents))
    });
    batches
        .try_for_each_concurrent(run.lane.width(), |batch: Vec<Document>| async move {
            let _working = run.turn.take().await;
            let mut held = run.lane.hold().await?;
            let ads = work::of(
                &mut held,
                &setting.stream,
                setting.fingerprint,
                setting.at,
                batch,
            )
            .await?;
            derive(run, setting, flow, &mut held, ads).await
        })
        .await
}

/// Derives everything of a source that is left: edited rules and mappings, retries, what a run that
/// died left over; not the ads that wait for more to be known of them.
pub(super) async fn derive_rest(
    run: &RunningPlan<'_>,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    left_out: &BTreeSet<String>,
) -> Result<(), RunError> {
    let (sender, receiver) = mpsc::channel(1);
    let finding = async move {
        let mut last = String::new();
        loop {
            let mut held = run.lane.hold().await?;
            let mut ads = work::after(
                &mut held,
                &setting.stream,
                setting.fingerprint,
                setting.at,
                &last,
                flow.batch,
                AdSelection::All,
            )
            .await?;
            drop(held);
            let Some(ad) = ads.last() else { return Ok(()) };
            last.clone_from(&ad.external_id);
            ads.retain(|ad| !left_out.contains(&ad.external_id));
            if sender.send(ads).await.is_err() {
                return Ok(());
            }
        }
    };
    let batches = futures::stream::unfold(receiver, |mut batches| async move {
        batches.recv().await.map(|batch| (Ok(batch), batches))
    });
    let deriving = batches.try_for_each_concurrent(run.lane.width(), |ads: Vec<Ad>| async move {
        let mut held = run.lane.hold().await?;
        derive(run, setting, flow, &mut held, ads).await
    });
    let (found, derived): (Result<(), RunError>, Result<(), RunError>) =
        tokio::join!(finding, deriving);
    derived.and(found)
}

/// T2 for one batch.
#[tracing::instrument(name = "batch", level = "debug", skip_all, fields(ads = ads.len()))]
async fn derive(
    run: &RunningPlan<'_>,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    held: &mut BatchConnection,
    ads: Vec<Ad>,
) -> Result<(), RunError> {
    if ads.is_empty() {
        return Ok(());
    }
    if run.engine.stop.is_cancelled() {
        return Err(RunError::Interrupted);
    }
    let history = older_parts(held, setting, &ads).await?;
    let mut drafts: Vec<AdDraft> = ads.into_iter().map(|ad| AdDraft::of(setting, ad)).collect();
    for stage in flow
        .record_stages()
        .filter(|stage| stage.kind() != StageKind::Promote)
    {
        drafts = record(run, setting, stage, held, drafts).await?;
    }
    write_all(run, setting, flow, held, drafts, &history).await
}

/// Ads as stages of a run derive them, without a run: nothing is counted and nothing is written.
pub(super) async fn derived(
    setting: &Arc<SourceContext>,
    stages: impl IntoIterator<Item = &Stage>,
    held: &mut BatchConnection,
    ads: Vec<Ad>,
) -> Result<Vec<AdDraft>, RunError> {
    let mut drafts: Vec<AdDraft> = ads.into_iter().map(|ad| AdDraft::of(setting, ad)).collect();
    for stage in stages {
        stage.look_up(held, setting, &mut drafts).await?;
        drafts = on_all_cores(setting, stage, drafts).await?;
    }
    Ok(drafts)
}

/// What the fingerprints that derived these ads before were made of.
pub(super) async fn older_parts(
    held: &mut BatchConnection,
    setting: &SourceContext,
    ads: &[Ad],
) -> Result<HashMap<Fingerprint, Json>, RunError> {
    let older: BTreeSet<Fingerprint> = ads
        .iter()
        .filter_map(|ad| ad.derived_fingerprint)
        .filter(|old| *old != setting.fingerprint)
        .collect();
    if older.is_empty() {
        return Ok(HashMap::new());
    }
    let older: Vec<Fingerprint> = older.into_iter().collect();
    Ok(runs::fingerprint_parts(held, setting.stream.institution, &older).await?)
}

/// One record stage over a batch, on all cores.
#[tracing::instrument(name = "stage", level = "debug", skip_all, fields(stage = stage.kind().name()))]
async fn record(
    run: &RunningPlan<'_>,
    setting: &Arc<SourceContext>,
    stage: &Stage,
    held: &mut BatchConnection,
    mut drafts: Vec<AdDraft>,
) -> Result<Vec<AdDraft>, RunError> {
    let started = Instant::now();
    stage.look_up(held, setting, &mut drafts).await?;
    let before: Vec<bool> = drafts.iter().map(AdDraft::fails).collect();
    let drafts = on_all_cores(setting, stage, drafts).await?;
    let refused = drafts
        .iter()
        .zip(&before)
        .filter(|(draft, before)| draft.fails() && !**before)
        .count();
    run.samples().add(
        stage.kind().name(),
        &setting.stream.source,
        &drafts,
        &before,
    );
    run.emit(done(setting, stage.kind(), drafts.len(), refused, started))?;
    Ok(drafts)
}

/// The work of a record stage, on all cores.
pub(super) async fn on_all_cores(
    setting: &Arc<SourceContext>,
    stage: &Stage,
    mut drafts: Vec<AdDraft>,
) -> Result<Vec<AdDraft>, RunError> {
    let (stage, setting) = (stage.clone(), Arc::clone(setting));
    let worked = tokio::task::spawn_blocking(move || {
        drafts.par_iter_mut().with_min_len(32).for_each(|draft| {
            guarded(draft, stage.kind().name(), |draft| {
                stage.record(&setting, draft);
            });
        });
        drafts
    });
    worked
        .await
        .map_err(|error| RunError::Worker(error.to_string()))
}

/// Keeps a bug that one document brings out from taking the other documents down: the document is a
/// dead letter, tried again later.
pub(super) fn guarded(draft: &mut AdDraft, stage: &str, work: impl FnOnce(&mut AdDraft)) {
    let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut *draft)));
    if worked.is_err() {
        let message = format!(
            "the stage `{stage}` failed on this document: this is a bug in Weir, please report it with the document"
        );
        draft.problems.push(Problem {
            field: None,
            ..Problem::error("system_error", "", message)
        });
    }
}

/// Writes a batch. Where the database refuses something in it, each half is written by itself, and
/// so on down to the one ad: it is on record with what the database says, and keeps no other ad
/// from being written, in this run or the next. What cannot even be put on record fails the run.
async fn write_all(
    run: &RunningPlan<'_>,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    held: &mut BatchConnection,
    drafts: Vec<AdDraft>,
    history: &HashMap<Fingerprint, Json>,
) -> Result<(), RunError> {
    let mut left = vec![drafts];
    while let Some(mut drafts) = left.pop() {
        match write(run, setting, flow, held, &drafts, history).await {
            Err(RunError::Store(error)) if error.refuses_data() && drafts.len() > 1 => {
                let rest = drafts.split_off(drafts.len() / 2);
                left.extend([rest, drafts]);
            }
            Err(RunError::Store(error)) if error.refuses_data() => {
                let given_up: Vec<AdDraft> = drafts
                    .into_iter()
                    .map(|draft| given_up(draft.ad, &error))
                    .collect();
                write(run, setting, flow, held, &given_up, history).await?;
            }
            written => written?,
        }
    }
    Ok(())
}

/// An ad that the database refuses: of what was made of it nothing is kept.
fn given_up(ad: Ad, error: &StoreError) -> AdDraft {
    let mut draft = AdDraft::new(ad);
    let message = format!(
        "the database rejects the result of this ad: {}",
        error.said()
    );
    draft.problems.push(Problem {
        field: None,
        ..Problem::error("system_error", "", message)
    });
    draft
}

async fn write(
    run: &RunningPlan<'_>,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    held: &mut BatchConnection,
    drafts: &[AdDraft],
    history: &HashMap<Fingerprint, Json>,
) -> Result<(), RunError> {
    let started = Instant::now();
    let source = &setting.stream.source;
    let mut tx = held.begin_batch().await?;
    let promote = flow.promote();
    let refreshed = match promote {
        Some(promote) => promote.write(&mut tx, setting, drafts, history).await?,
        None => 0,
    };
    // Only what was written counts. What an earlier stage refused is kept by this one, too, but did
    // not come to it as a job.
    let passed = drafts.iter().filter(|draft| !draft.fails()).count();
    run.emit(done(setting, StageKind::Promote, passed, 0, started))?;
    run.samples().add(
        StageKind::Promote.name(),
        source,
        drafts,
        &vec![true; drafts.len()],
    );
    for alert in broken_rules(run, source, drafts) {
        run.raise(&mut tx, alert).await?;
    }
    let derived = promote
        .map(|promote| DerivedAds::of(promote, drafts))
        .unwrap_or_default();
    run.emit(RunEvent::BatchWritten {
        institution: setting.slug.clone(),
        source: source.clone(),
        ads: drafts.len(),
        refreshed,
        derived,
    })?;
    Ok(tx.commit().await.map_err(StoreError::from)?)
}

/// Rules that could not be evaluated on some ad, each once a run. How often and why stands with the
/// ads: whichever came first, the alert is the same.
fn broken_rules(run: &RunningPlan<'_>, source: &str, drafts: &[AdDraft]) -> Vec<Alert> {
    let broken = drafts
        .iter()
        .flat_map(|draft| &draft.problems)
        .filter(|problem| problem.kind == "system_error");
    let rules: BTreeMap<&str, ProblemSeverity> = broken
        .filter_map(|problem| Some((problem.rule.as_deref()?, problem.severity)))
        .collect();
    let fresh = rules
        .into_iter()
        .filter(|(rule, _)| run.is_first_report(source, rule));
    let message = |rule: &str, what: &str| {
        format!(
            "rule `{rule}` could not be evaluated on ads of source `{source}`, which {what}: correct it, or switch it off with `without`"
        )
    };
    let alert = |(rule, severity): (&str, ProblemSeverity)| {
        let what = if severity == ProblemSeverity::Warn {
            "are not rejected, because it only warns"
        } else {
            "are rejected"
        };
        Alert {
            source: source.to_owned(),
            kind: "rule_broken",
            severity: "error",
            message: message(rule, what),
        }
    };
    fresh.map(alert).collect()
}

fn done(
    setting: &SourceContext,
    stage: StageKind,
    ads: usize,
    refused: usize,
    started: Instant,
) -> RunEvent {
    RunEvent::StageDone {
        institution: setting.slug.clone(),
        source: setting.stream.source.clone(),
        stage: stage.name(),
        ads,
        refused,
        micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::guarded;
    use weir_model::{Ad, Clock, Hash};
    use weir_stage::AdDraft;

    #[test]
    fn a_document_that_breaks_a_stage_is_a_dead_letter_and_no_crash() {
        let hash = Hash::of(b"");
        let ad = Ad::fresh(
            "1".into(),
            serde_json::Value::Null,
            hash,
            Clock(chrono::DateTime::UNIX_EPOCH),
        );
        let mut draft = AdDraft::new(ad);
        guarded(&mut draft, "extract", |_| panic!("a bug"));
        assert!(draft.fails() && draft.broke());
    }
}
