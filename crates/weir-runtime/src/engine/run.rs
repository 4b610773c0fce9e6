//! One run of one plan, from its number to its end. What happens in it is emitted as events, which
//! its statistics are made of.

use super::event::{NodeRef, RunEvent};
use super::run_stats::{RunEnd, RunStats};
use super::spool::DocumentFeed;
use super::trail::StageSamples;
use super::turn::WorkTurn;
use super::{Engine, RunError, RunMode, RunRequest, RunSummary, error};
use chrono::{DateTime, Utc};
use petgraph::stable_graph::NodeIndex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use weir_framework::company::CompanyName;
use weir_model::{Alert, Hash, ReadId, RunId, RunStatus};
use weir_project::plan::Plan;
use weir_project::plan::outline::PlanOutline;
use weir_store::runs::{self, RunStart};
use weir_store::{
    PgConnection, StoreError, WriteSession, metrics, projects, relations, run_trace, texts,
};

/// The number of a read that did not take place, or that brought nothing: no ad was seen by it.
pub(super) const NO_READ: ReadId = ReadId(0);

/// One run of one plan, under way.
pub(super) struct RunningPlan<'e> {
    pub engine: &'e Engine,
    pub plan: &'e Plan,
    pub request: &'e RunRequest,
    /// Whether it is rolled back in the end.
    pub is_dry: bool,
    pub lane: WriteSession,
    pub turn: WorkTurn,
    pub id: RunId,
    /// The plan in outline.
    outline: PlanOutline,
    /// Written by [`RunningPlan::emit`] alone.
    stats: Mutex<RunStats>,
    samples: Mutex<StageSamples>,
    /// Sources and rules of which an alert was raised.
    reported_rules: Mutex<BTreeSet<(String, String)>>,
}

/// The first run of a project takes an institution that belongs to nobody.
async fn claim(
    tx: &mut PgConnection,
    engine: &Engine,
    plan: &Plan,
    request: &RunRequest,
    run: RunId,
) -> Result<(), RunError> {
    let Some(own) = engine.store.identity().filter(|own| own.claims) else {
        return Ok(());
    };
    if projects::owner(tx, plan.institution.id, &plan.institution.slug)
        .await?
        .is_none()
    {
        let by = format!("run {run} on {}", request.host);
        projects::claim(tx, plan.institution.id, &own.project, (request.now)(), &by).await?;
    }
    Ok(())
}

impl<'e> RunningPlan<'e> {
    /// A run gets its number.
    pub(super) async fn begin(
        engine: &'e Engine,
        plan: &'e Plan,
        request: &'e RunRequest,
        mode: RunMode<'_>,
        lane: WriteSession,
        turn: WorkTurn,
    ) -> Result<RunningPlan<'e>, RunError> {
        let mut held = lane.hold().await?;
        let mut tx = held.begin_batch().await?;
        let id = runs::begin(
            &mut tx,
            &plan.institution,
            request.at,
            (request.now)(),
            &RunStart {
                plan: plan.fingerprint(),
                host: &request.host,
                unit: request.occasion.unit,
                project_version: request.occasion.project_version.map(Hash::to_vec),
            },
        )
        .await?;
        if let Some(written) = &plan.texts {
            texts::remember(
                &mut tx,
                plan.institution.id,
                request.at,
                &written.file,
                &written.texts,
            )
            .await?;
        }
        let fold = |name: &str| CompanyName::read(name).key;
        relations::fold_older(&mut tx, plan.institution.id, fold).await?;
        let outline = PlanOutline::of(plan);
        let stored = serde_json::to_value(&outline).unwrap_or_default();
        run_trace::remember_outline(
            &mut tx,
            plan.institution.id,
            plan.fingerprint(),
            &stored,
            request.at,
        )
        .await?;
        claim(&mut tx, engine, plan, request, id).await?;
        tx.commit().await.map_err(StoreError::from)?;
        drop(held);
        let is_dry = matches!(mode, RunMode::DryRun { .. });
        Ok(RunningPlan {
            engine,
            plan,
            request,
            is_dry,
            lane,
            turn,
            id,
            outline,
            stats: Mutex::default(),
            samples: Mutex::default(),
            reported_rules: Mutex::default(),
        })
    }

    /// Walks the plan to its end. A run that loses its lock on the way says so and no more: whoever
    /// has the lock now has the institution.
    pub(super) async fn go(
        &self,
        feeds: Vec<DocumentFeed>,
        begun: DateTime<Utc>,
    ) -> Result<RunSummary, RunError> {
        let walked = self.walk(feeds, begun).await;
        if let Err(lost) = &walked
            && error::is_lost(lost)
        {
            let (institution, now) = (self.plan.institution.id, (self.request.now)());
            let mut held = self.lane.hold().await?;
            runs::lose(&mut held, institution, self.id, now, &lost.to_string()).await?;
        }
        walked
    }

    pub(super) async fn conclude(
        &self,
        begun: DateTime<Utc>,
        errors: &BTreeMap<String, RunError>,
    ) -> Result<RunSummary, RunError> {
        let mut held = self.lane.hold().await?;
        let tables = self.engine.store.table_bytes(&mut held).await?;
        drop(held);
        let problems = errors
            .iter()
            .map(|(source, error)| (source.clone(), error.to_string()));
        let end = RunEnd {
            run: self.id,
            at: self.request.at,
            is_dry: self.is_dry,
            millis: ((self.request.now)() - begun).num_milliseconds(),
            tables,
            problems: problems.collect(),
        };
        let summary = self
            .stats()
            .summary(self.plan, &self.outline, end, &self.samples());
        let failed = summary
            .problems
            .iter()
            .map(|(source, why)| format!("{source}: {why}"))
            .collect::<Vec<_>>()
            .join("; ");
        let (status, error) = if errors.is_empty() {
            (RunStatus::Done, None)
        } else {
            (RunStatus::Failed, Some(failed.as_str()))
        };
        self.finish(status, Some(&summary), error).await?;
        let institution = self.plan.institution.slug.clone();
        self.emit(RunEvent::RunFinished {
            institution,
            summary: Box::new(summary.clone()),
        })?;
        Ok(summary)
    }

    pub(super) async fn finish(
        &self,
        status: RunStatus,
        summary: Option<&RunSummary>,
        error: Option<&str>,
    ) -> Result<(), RunError> {
        let mut held = self.lane.hold().await?;
        let nodes = self.stats().nodes(self.plan);
        let trace = self.stats().trace(self.plan, &self.samples());
        let json = summary.map(RunSummary::to_json).unwrap_or_default();
        let (institution, now) = (self.plan.institution.id, (self.request.now)());
        let mut tx = held.begin_end().await?;
        runs::record_stages(&mut tx, institution, self.id, &nodes).await?;
        run_trace::keep(&mut tx, institution, self.id, &trace).await?;
        runs::finish(&mut tx, institution, self.id, status, now, &json, error).await?;
        // A dry run must not lock rows that runs of other institutions write.
        if !self.is_dry {
            metrics::tally(&mut tx, institution, self.id).await?;
        }
        Ok(tx.commit().await.map_err(StoreError::from)?)
    }

    /// Raises an alert: something that an operator must look at.
    pub(super) async fn raise(
        &self,
        connection: &mut PgConnection,
        alert: Alert,
    ) -> Result<(), RunError> {
        runs::alert(
            connection,
            self.plan.institution.id,
            Some(self.id),
            self.request.at,
            &alert,
        )
        .await?;
        self.emit(RunEvent::AlertRaised {
            institution: self.plan.institution.slug.clone(),
            alert,
        })
    }

    /// Counts what happened, and passes it on to whoever watches, who may stop the run.
    pub(super) fn emit(&self, event: RunEvent) -> Result<(), RunError> {
        let verdict = (self.engine.watcher)(&event);
        self.stats().count(event, (self.request.now)());
        if verdict.is_break() {
            self.engine.stop.cancel();
            return Err(RunError::Interrupted);
        }
        Ok(())
    }

    /// A node of the plan, as events name it.
    pub(super) fn node(&self, node: NodeIndex) -> NodeRef {
        let found = &self.plan.graph[node];
        NodeRef {
            institution: self.plan.institution.slug.clone(),
            node: found.name.clone(),
            stage: found.kind.name(),
            source: found.source.clone().unwrap_or_default(),
        }
    }

    /// The statistics so far, to be read.
    pub(super) fn stats(&self) -> MutexGuard<'_, RunStats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A few ads at each node.
    pub(super) fn samples(&self) -> MutexGuard<'_, StageSamples> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a rule that could not be evaluated on ads of a source was not reported by this run
    /// yet.
    pub(super) fn is_first_report(&self, source: &str, rule: &str) -> bool {
        let mut reported = self
            .reported_rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reported.insert((source.to_owned(), rule.to_owned()))
    }
}
