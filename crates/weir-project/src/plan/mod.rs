//! Project to [`Plan`]: everything that an institution's files say together, resolved, compiled and
//! connected into a DAG of stages. Pure: no network, no database, no clock, no environment; the
//! same files in any order give the same plan.
//!
//! To add a check: in the file of what it checks, as a located diagnostic with a remedy.

pub mod adjust;
pub mod against;
pub mod alerts;
pub mod board;
pub mod channels;
pub mod check;
pub mod compile;
pub mod due;
pub mod figures;
pub mod institution_tests;
pub mod mapping_tests;
pub mod meaning;
pub mod outline;
pub mod picture;
pub mod pipeline;
pub mod points;
pub mod quality;
pub mod rule_set;
pub mod rules;
pub mod schedule;
pub mod trial;
pub mod tried;
pub mod written;

pub use check::{CheckedInstitution, CheckedProject, InstitutionStatus};
pub use schedule::Schedule;
pub use tried::TriedTest;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use petgraph::Direction;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use weir_model::quality::{QualityBar, QualityGauge};
use weir_model::{Clock, Fingerprint, FingerprintParts, Hash, InstitutionProfile, YamlTexts};
use weir_source::{IdExtractor, Source, Variables};
use weir_stage::dedupe::DedupeStage;
use weir_stage::promote::PromoteStage;
use weir_stage::validate::ValidateStage;
use weir_stage::{Stage, StageKind, StageScope};

/// A pipeline compiled for one institution.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The institution.
    pub institution: InstitutionProfile,
    /// Its zone.
    pub zone: Tz,
    /// The pipeline's name.
    pub pipeline: String,
    /// When it runs by itself.
    pub schedule: Option<Schedule>,
    /// The DAG: edges run from a stage to those that wait for it.
    pub graph: StableDiGraph<PlanNode, ()>,
    /// The sources, in the order of the file.
    pub flows: Vec<SourcePlan>,
    /// When jobs advertise one opening, where that is asked for.
    pub openings: Option<Arc<DedupeStage>>,
    /// What it was compiled from, where a later run may need it: `on_broken: last_good`.
    pub texts: Option<PlanTexts>,
    /// Set where it was compiled from what ran last, as files are broken now.
    pub stands_in: Option<StandsIn>,
}

/// What a plan was compiled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTexts {
    /// The institution's own file.
    pub file: String,
    /// The text of every file.
    pub texts: YamlTexts,
}

/// Why a plan is not what the files say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandsIn {
    /// The broken files.
    pub broken: Vec<String>,
    /// Clock of the first run of the version that stands in.
    pub since: DateTime<Utc>,
}

impl StandsIn {
    /// What everybody is told.
    pub fn words(&self, slug: &str) -> String {
        let files = self.broken.join(", ");
        let since = self.since.format("%Y-%m-%d %H:%MZ");
        format!(
            "`{slug}` runs on its last good version, first used at {since}, because of errors in {files}; `weir check` shows them"
        )
    }
}

/// A stage in the DAG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanNode {
    /// `extract:nswgov`, or `archive` for a stage that all sources share.
    pub name: String,
    /// Its kind.
    pub kind: StageKind,
    /// The source, for kinds that have one node a source.
    pub source: Option<String>,
    /// What it does, in short lines.
    pub explain: Vec<String>,
    /// Fingerprint of what it does.
    pub fingerprint: Fingerprint,
}

/// What happens to one source: its way through the DAG.
#[derive(Debug, Clone)]
pub struct SourcePlan {
    /// The source.
    pub source: String,
    /// When it is read besides the institution's runs.
    pub schedule: Option<Schedule>,
    /// The zone of its dates.
    pub zone: Tz,
    /// How it is read.
    pub fetch: Source,
    /// The same in canonical form, as YAML and connector say it: `fetch`, `id` and `duplicates`.
    pub read_as: String,
    /// How its ads are told apart.
    pub ident: Arc<IdExtractor>,
    /// What is asked of its quality.
    pub quality: QualityBar,
    /// What is looked at in each ad.
    pub gauge: Arc<QualityGauge>,
    /// Its stages in the order of the DAG, with their nodes.
    pub stages: Vec<(NodeIndex, Stage)>,
    /// What the fingerprint of its segment is made of.
    pub parts: FingerprintParts,
    /// Ads that commit together.
    pub batch: usize,
}

impl SourcePlan {
    /// A hash of how it is read and how its ads are told apart, as written: variables stay names,
    /// so no secret is hashed.
    pub fn way(&self) -> Hash {
        Hash::of(self.read_as.as_bytes())
    }

    /// The same with what is asked for: a reading that died only goes on, and a source that says it
    /// is unchanged is only believed, if both are as they were. Variables may lead to another
    /// board.
    pub fn way_with(&self, variables: &Variables) -> Hash {
        Hash::of(format!("{} {}", self.way(), json!(self.fetch.asks_for(variables))).as_bytes())
    }

    /// The fingerprint of its segment: everything between the raw document and the job.
    pub fn fingerprint(&self) -> Fingerprint {
        self.parts.fingerprint()
    }

    /// What the fingerprint of its segment is made of in a run at this instant: the date counts
    /// where a rule reads it.
    pub fn parts_at(&self, at: Clock) -> FingerprintParts {
        let mut parts = self.parts.clone();
        let today = at.today(self.zone);
        for validate in self.validates() {
            validate.parts_on(today, &mut parts);
            if validate.reads_clock(today) {
                parts.add(FingerprintParts::DATE, &today);
            }
        }
        parts
    }

    /// The stages that judge its ads.
    pub fn validates(&self) -> impl Iterator<Item = &ValidateStage> {
        self.stages.iter().filter_map(|(_, stage)| match stage {
            Stage::Validate(validate) => Some(&**validate),
            _ => None,
        })
    }

    /// The stages through which its ads stream one by one, in order.
    pub fn record_stages(&self) -> impl Iterator<Item = &Stage> {
        self.stages
            .iter()
            .map(|(_, stage)| stage)
            .filter(|stage| stage.kind().scope() == StageScope::Record)
    }

    /// Whether a read without any ad says that there are none.
    pub fn empty_is_honest(&self) -> bool {
        let archives = |(_, stage): &(NodeIndex, Stage)| matches!(stage, Stage::Archive(archive) if archive.empty_is_honest());
        self.stages.iter().any(archives)
    }

    /// The stage that writes jobs.
    pub fn promote(&self) -> Option<&Arc<PromoteStage>> {
        self.record_stages().find_map(|stage| {
            if let Stage::Promote(promote) = stage {
                Some(promote)
            } else {
                None
            }
        })
    }
}

impl Plan {
    /// The fingerprint of the whole plan.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut parts = FingerprintParts::default();
        for node in self.ordered() {
            let node = &self.graph[node];
            parts.add(&node.name, &node.fingerprint);
        }
        parts.fingerprint()
    }

    /// The nodes, each after those that it waits for: kind by kind as the pipeline has them, and
    /// the sources of a kind in the order of the file.
    pub fn ordered(&self) -> Vec<NodeIndex> {
        self.graph.node_indices().collect()
    }

    /// What a node waits for, by name.
    pub fn waits_for(&self, node: NodeIndex) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .graph
            .neighbors_directed(node, Direction::Incoming)
            .map(|before| self.graph[before].name.as_str())
            .collect();
        names.sort_unstable();
        names
    }
}
