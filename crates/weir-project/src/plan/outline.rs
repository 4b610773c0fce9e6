//! A plan as it can be kept, sent and compared: what its stages are, what each waits for, and the
//! hashes of what each is made of. It holds no address, no secret and nothing of what was compiled.
//! `weir graph --format json` writes it, every run leaves one.

use super::Plan;
use petgraph::stable_graph::NodeIndex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_stage::{Stage, StageKind, StageScope};

/// A plan in outline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanOutline {
    /// The institution.
    pub institution: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// When it runs, as cron.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Fingerprint of the whole plan.
    pub fingerprint: String,
    /// Its stages, each after those that it waits for.
    pub stages: Vec<OutlineStage>,
}

/// A stage in outline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineStage {
    /// `extract:nswgov`, or `archive` for a stage that all sources share.
    pub stage: String,
    /// Its kind.
    pub kind: String,
    /// The source, for kinds that have one stage a source.
    #[serde(default)]
    pub source: Option<String>,
    /// The stages that it waits for.
    #[serde(default)]
    pub after: Vec<String>,
    /// Fingerprint of what it does.
    pub fingerprint: String,
    /// What it does, in short lines.
    #[serde(default)]
    pub explain: Vec<String>,
    /// Hashes of what it is made of, by source and name.
    #[serde(default)]
    pub parts: BTreeMap<String, BTreeMap<String, String>>,
}

impl PlanOutline {
    /// The outline of a plan.
    pub fn of(plan: &Plan) -> PlanOutline {
        PlanOutline {
            institution: plan.institution.slug.clone(),
            pipeline: plan.pipeline.clone(),
            schedule: plan.schedule.as_ref().map(ToString::to_string),
            fingerprint: plan.fingerprint().to_string(),
            stages: plan
                .ordered()
                .into_iter()
                .map(|node| step(plan, node))
                .collect(),
        }
    }

    /// The position of a stage.
    pub fn position(&self, stage: &str) -> Option<usize> {
        self.stages.iter().position(|step| step.stage == stage)
    }
}

impl OutlineStage {
    /// What one unit of its work is; nothing if no kind has this name.
    pub fn scope(&self) -> Option<StageScope> {
        StageKind::named(&self.kind).map(StageKind::scope)
    }

    /// Whether it commits together with its neighbours.
    pub fn in_segment(&self) -> bool {
        self.scope() == Some(StageScope::Record)
    }
}

fn step(plan: &Plan, index: NodeIndex) -> OutlineStage {
    let node = &plan.graph[index];
    OutlineStage {
        stage: node.name.clone(),
        kind: node.kind.name().to_owned(),
        source: node.source.clone(),
        after: plan
            .waits_for(index)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        fingerprint: node.fingerprint.to_string(),
        explain: node.explain.clone(),
        parts: parts(plan, index),
    }
}

/// What a stage is made of, for each source that flows through it.
fn parts(plan: &Plan, index: NodeIndex) -> BTreeMap<String, BTreeMap<String, String>> {
    let node = &plan.graph[index];
    let mut all = BTreeMap::new();
    for flow in plan.flows.iter().filter(|flow| {
        node.source
            .as_ref()
            .is_none_or(|source| *source == flow.source)
    }) {
        let stage = flow
            .stages
            .iter()
            .map(|(_, stage)| stage)
            .find(|stage| stage.kind() == node.kind);
        let mut parts = stage.map(Stage::parts).unwrap_or_default();
        if node.kind == StageKind::Fetch {
            // No part of any fingerprint, as it changes nothing that is derived; an edit of it is
            // an edit all the same.
            parts.add("how it is read", &flow.way());
        }
        let hashes = parts
            .all()
            .map(|(name, part)| (name.to_owned(), part.hash.short()));
        all.insert(flow.source.clone(), hashes.collect());
    }
    all
}
