//! One source along its nodes, in the order of the graph: it is read, and its pages stored, while
//! its ads already stream through the segment, unless a stage between the two must see the whole
//! read first; what an edited rule or a run that died left over is found by query afterwards.
//! Nothing acts on a held read, but closing dates still apply.

use super::event::RunEvent;
use super::run::{NO_READ, RunningPlan};
use super::spool::DocumentFeed;
use super::{RunError, identity, quality, segment};
use petgraph::stable_graph::NodeIndex;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;
use weir_model::{Alert, Hash, ReadId, ReadState, SourceKey};
use weir_project::plan::SourcePlan;
use weir_project::plan::picture::StagePassage;
use weir_stage::classify::KnownFramework;
use weir_stage::{ReadEnd, SourceContext, Stage, StageKind, StageScope};
use weir_store::views::records;
use weir_store::{StoreError, classes, figures, revisions, runs, states};

/// Why stages skip a held read.
const HELD: &str = "the read is held as unusual";

/// One source of a run, on its way.
pub(super) struct SourceWalk<'r> {
    pub run: &'r RunningPlan<'r>,
    pub flow: SourcePlan,
    pub setting: Arc<SourceContext>,
}

/// How far a source has come.
pub(super) struct SourceProgress {
    /// The read that took place.
    pub read: ReadId,
    /// How it ended, and the read that counts; nothing if none took place.
    pub end: Option<ReadEnd>,
    /// Whether nothing of the read is acted upon.
    pub is_held: bool,
    /// The nodes that have begun.
    pub begun: BTreeSet<NodeIndex>,
    /// Ads that are not derived before more is known.
    pub left_out: BTreeSet<String>,
    /// Jobs archived.
    pub archived: usize,
}

/// What comes after reading: a stage, or those that have fused.
enum WalkStep<'s> {
    Stage(NodeIndex, &'s Stage),
    Segment(Vec<NodeIndex>),
}

impl<'r> SourceWalk<'r> {
    pub(super) fn new(run: &'r RunningPlan<'r>, flow: SourcePlan) -> SourceWalk<'r> {
        let parts = flow.parts_at(run.request.at);
        let setting = SourceContext {
            stream: SourceKey {
                institution: run.plan.institution.id,
                source: flow.source.clone(),
            },
            slug: run.plan.institution.slug.clone(),
            zone: flow.zone,
            at: run.request.at,
            run: run.id,
            fingerprint: parts.fingerprint(),
            steady: parts.steady(),
            parts,
            sandbox: Arc::clone(&run.engine.sandbox),
        };
        SourceWalk {
            run,
            flow,
            setting: Arc::new(setting),
        }
    }

    /// Walks all nodes of the source.
    #[tracing::instrument(name = "source", skip_all, fields(source = %self.flow.source))]
    pub(super) async fn walk(&self, feed: DocumentFeed) -> Result<(), RunError> {
        let working = self.run.turn.take().await;
        self.remember().await?;
        self.forget_deleted().await?;
        // While it is waited for, its pages take their turn as they come; else the turn is kept to
        // the end.
        let _kept = Some(working).filter(|_| !feed.is_awaited(&self.flow));
        let mut progress = match self.run.request.waits(&self.flow) {
            Some(why) => self.pass_by(why)?,
            None => self.read(feed).await?,
        };
        let _working = self.run.turn.take().await;
        for step in self.steps() {
            self.take(step, &mut progress).await?;
        }
        self.count(&progress).await
    }

    /// What comes after reading, in the order of the graph; neighbouring stages of single records
    /// are one step.
    fn steps(&self) -> Vec<WalkStep<'_>> {
        let mut steps: Vec<WalkStep<'_>> = Vec::new();
        for (node, stage) in self
            .flow
            .stages
            .iter()
            .filter(|(_, stage)| !is_reading(stage.kind()))
        {
            match (stage.kind().scope(), steps.last_mut()) {
                (StageScope::Record, Some(WalkStep::Segment(nodes))) => nodes.push(*node),
                (StageScope::Record, _) => steps.push(WalkStep::Segment(vec![*node])),
                _ => steps.push(WalkStep::Stage(*node, stage)),
            }
        }
        steps
    }

    /// The nodes that work while the source is read.
    pub(super) fn reading_nodes(&self) -> impl Iterator<Item = (NodeIndex, StageKind)> {
        let stages = self
            .flow
            .stages
            .iter()
            .map(|(node, stage)| (*node, stage.kind()));
        stages.filter(|(_, kind)| is_reading(*kind))
    }

    /// Asks the stages before the segment whether one of them must see the whole read before any of
    /// its ads is derived; if not, ads stream through the segment while the source is read. Gives
    /// the nodes that have begun, and whether they do.
    pub(super) async fn open_segment(&self) -> Result<(BTreeSet<NodeIndex>, bool), RunError> {
        let (mut begun, mut is_barred) = (BTreeSet::new(), false);
        for (node, stage) in &self.flow.stages {
            let bars = match stage {
                Stage::Fetch(_) | Stage::Details => false,
                Stage::Quality(bar) => quality::bars(self.run, &self.setting, bar).await?,
                Stage::Identity(_) => identity::bars(self.run, &self.setting).await?,
                _ if stage.kind().scope() == StageScope::Record && !is_barred => false,
                _ => break,
            };
            self.begin(*node, &mut begun)?;
            is_barred |= bars;
        }
        Ok((begun, !is_barred))
    }

    /// A source that is to be read at other hours: what is stored of it is derived and settled as
    /// ever, but no read begins. So nothing is concluded from its silence, the read before stays
    /// the newest, and a crawl that died can still go on.
    fn pass_by(&self, why: String) -> Result<SourceProgress, RunError> {
        let mut progress = SourceProgress::of(NO_READ, None);
        for (node, _) in self.reading_nodes() {
            self.skip(node, &why, &mut progress)?;
        }
        let (institution, source) = (
            self.setting.slug.clone(),
            self.setting.stream.source.clone(),
        );
        self.run.emit(RunEvent::SourceWaits {
            institution,
            source,
            why,
        })?;
        Ok(progress)
    }

    async fn take(
        &self,
        step: WalkStep<'_>,
        progress: &mut SourceProgress,
    ) -> Result<(), RunError> {
        match step {
            WalkStep::Segment(nodes) if progress.is_held => nodes
                .into_iter()
                .try_for_each(|node| self.skip(node, HELD, progress)),
            WalkStep::Segment(nodes) => self.derive_rest(&nodes, progress).await,
            WalkStep::Stage(node, stage) => match (stage, progress.end) {
                (Stage::Quality(_) | Stage::Measure(_), None) => {
                    self.skip(node, "the source was not read", progress)
                }
                (Stage::Identity(_) | Stage::Measure(_), _) if progress.is_held => {
                    self.skip(node, HELD, progress)
                }
                _ => self.take_stage(node, stage, progress).await,
            },
        }
    }

    /// One stage of the source, in its own transaction.
    #[tracing::instrument(name = "stage", skip_all, fields(stage = stage.kind().name()))]
    async fn take_stage(
        &self,
        node: NodeIndex,
        stage: &Stage,
        progress: &mut SourceProgress,
    ) -> Result<(), RunError> {
        let started = Instant::now();
        self.begin(node, &mut progress.begun)?;
        let (run, setting, flow) = (self.run, &self.setting, &self.flow);
        let unread = ReadEnd {
            read: NO_READ,
            state: ReadState::Unreachable,
        };
        let end = progress.end.unwrap_or(unread);
        let rows = match stage {
            Stage::Quality(_) => {
                progress.is_held = quality::weigh(run, setting, flow, end).await?;
                0
            }
            Stage::Identity(guards) => {
                let sorted = identity::sort_out(run, setting, flow, guards, end).await?;
                progress.left_out = sorted.left_out;
                progress.archived += sorted.archived;
                sorted.archived
            }
            Stage::Measure(_) => {
                quality::keep(run, setting, flow, end, progress.left_out.len()).await?
            }
            _ => self.settle(stage, progress).await?,
        };
        self.finish(
            node,
            StagePassage::through(i64::try_from(rows).unwrap_or(i64::MAX), started.elapsed()),
        )
    }

    /// T3.
    async fn settle(
        &self,
        stage: &Stage,
        progress: &mut SourceProgress,
    ) -> Result<usize, RunError> {
        let end = progress.end.filter(|_| !progress.is_held);
        let mut held = self.run.lane.hold().await?;
        let mut tx = held.begin_batch().await?;
        let settled = stage.settle(&mut tx, &self.setting, end).await?;
        for alert in settled.alerts {
            self.run.raise(&mut tx, alert).await?;
        }
        let archived = settled.archived.len();
        self.run.emit(RunEvent::SourceSettled {
            institution: self.setting.slug.clone(),
            source: self.setting.stream.source.clone(),
            archived,
            missed: settled.missed,
            withdrawn: settled.withdrawn,
        })?;
        tx.commit().await.map_err(StoreError::from)?;
        self.run.samples().retire(
            stage.kind().name(),
            &self.setting.stream.source,
            &settled.archived,
        );
        progress.archived += archived;
        Ok(archived)
    }

    /// What is left of the source flows through the segment, which may have begun while it was
    /// read.
    async fn derive_rest(
        &self,
        nodes: &[NodeIndex],
        progress: &mut SourceProgress,
    ) -> Result<(), RunError> {
        nodes
            .iter()
            .try_for_each(|node| self.begin(*node, &mut progress.begun))?;
        segment::derive_rest(self.run, &self.setting, &self.flow, &progress.left_out).await?;
        for node in nodes {
            let kind = self.run.plan.graph[*node].kind;
            let passage = self
                .run
                .stats()
                .passage(kind.name(), &self.setting.stream.source);
            self.finish(*node, passage)?;
        }
        Ok(())
    }

    /// A node begins, unless it has.
    pub(super) fn begin(
        &self,
        node: NodeIndex,
        begun: &mut BTreeSet<NodeIndex>,
    ) -> Result<(), RunError> {
        if begun.insert(node) {
            self.run.emit(RunEvent::NodeStarted(self.run.node(node)))
        } else {
            Ok(())
        }
    }

    pub(super) fn finish(&self, node: NodeIndex, passage: StagePassage) -> Result<(), RunError> {
        self.run.emit(RunEvent::NodeFinished {
            node: self.run.node(node),
            passage,
            skipped: None,
        })
    }

    fn skip(
        &self,
        node: NodeIndex,
        why: &str,
        progress: &mut SourceProgress,
    ) -> Result<(), RunError> {
        self.begin(node, &mut progress.begun)?;
        let (passage, skipped) = (StagePassage::default(), Some(why.to_owned()));
        self.run.emit(RunEvent::NodeFinished {
            node: self.run.node(node),
            passage,
            skipped,
        })
    }

    /// Records which mapping and rules apply from now on.
    async fn remember(&self) -> Result<(), RunError> {
        let mut held = self.run.lane.hold().await?;
        let SourceContext {
            stream: SourceKey {
                institution,
                source,
            },
            fingerprint,
            parts,
            at,
            ..
        } = &*self.setting;
        let frameworks = self.flow.record_stages().filter_map(|stage| match stage {
            Stage::Classify(classify) => Some(classify.frameworks()),
            _ => None,
        });
        let known: HashMap<Hash, &KnownFramework> = frameworks
            .flatten()
            .map(|known| (known.hash(), known.as_ref()))
            .collect();
        if !known.is_empty() {
            let hashes: Vec<Hash> = known.keys().copied().collect();
            for hash in classes::unknown_frameworks(&mut held, &hashes).await? {
                if let Some(framework) = known.get(&hash) {
                    classes::remember_framework(&mut held, &framework.used(), *at).await?;
                }
            }
        }
        Ok(
            runs::remember_fingerprint(&mut held, *institution, source, *fingerprint, parts, *at)
                .await?,
        )
    }

    /// Jobs that somebody deleted outside Weir come back, as far as they are listed: before the
    /// read, whose pages bring new content of their ads.
    async fn forget_deleted(&self) -> Result<(), RunError> {
        let mut held = self.run.lane.hold().await?;
        let mut tx = held.begin_batch().await?;
        let deleted = states::forget_deleted(&mut tx, &self.setting.stream).await?;
        if deleted > 0 {
            let source = self.setting.stream.source.clone();
            let message = format!(
                "jobs of source `{source}` were deleted from the table `jobs` ({deleted}): ads that are still listed become new jobs"
            );
            self.run
                .raise(
                    &mut tx,
                    Alert {
                        source,
                        kind: "jobs_deleted",
                        severity: "warn",
                        message,
                    },
                )
                .await?;
        }
        Ok(tx.commit().await.map_err(StoreError::from)?)
    }

    /// Counts the outcome of the source.
    async fn count(&self, progress: &SourceProgress) -> Result<(), RunError> {
        let setting = &self.setting;
        let mut held = self.run.lane.hold().await?;
        let foreseen = progress
            .is_held
            .then_some((setting.fingerprint, setting.at));
        let mut counts = figures::count(
            &mut held,
            &setting.stream,
            self.run.id,
            progress.read,
            foreseen,
        )
        .await?;
        counts.archived = i64::try_from(progress.archived).unwrap_or(i64::MAX);
        let listed = records::listed(&mut held, &setting.stream, progress.read).await?;
        let seen = listed.values().sum();
        let (institution, source) = (setting.slug.clone(), setting.stream.source.clone());
        let set_aside = self
            .run
            .stats()
            .set_aside(&source, progress.read != NO_READ, &listed);
        self.run.emit(RunEvent::SourceCounted {
            institution,
            source,
            counts,
            seen,
            set_aside,
        })?;
        Ok(revisions::remember(
            &mut held,
            setting.stream.institution,
            Some(&setting.stream.source),
            setting.at,
        )
        .await?)
    }
}

/// Whether a stage works while the source is read.
fn is_reading(kind: StageKind) -> bool {
    matches!(kind, StageKind::Fetch | StageKind::Details)
}

impl SourceProgress {
    pub(super) fn of(read: ReadId, end: Option<ReadEnd>) -> SourceProgress {
        let left_out = BTreeSet::new();
        SourceProgress {
            read,
            end,
            is_held: false,
            begun: BTreeSet::new(),
            left_out,
            archived: 0,
        }
    }
}
