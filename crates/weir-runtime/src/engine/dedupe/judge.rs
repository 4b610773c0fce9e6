//! Judging: from marked jobs the walk of `weir-openings` finds all that they are connected with,
//! and what came of that is written. What was judged is not marked any more.

use super::answers::NeighbourAnswers;
use super::aside;
use super::marked::{self, MarkedAds};
use super::naming::{self, JudgedOpenings};
use super::review;
use crate::engine::RunError;
use crate::engine::opening_counts::OpeningCounts;
use std::collections::BTreeSet;
use uuid::Uuid;
use weir_openings::ad::AdKey;
use weir_openings::decision::{DecisionSet, DecisionVerdict, PairDecision};
use weir_openings::neighbourhood::{NeighbourWalk, WalkedAds};
use weir_openings::opening_set::{OpeningSet, PairAnswer};
use weir_openings::partition::PairJudge;
use weir_stage::dedupe::OpeningSettings;
use weir_store::PgConnection;
use weir_store::opening_marks::{self, MarkedJob};
use weir_store::openings::{self, OpeningStamp};
use weir_store::signatures::{self, OpeningState};

/// Judges some of the marked jobs; `None` if there are none.
pub(super) async fn judge_marked(
    tx: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    settings: &OpeningSettings,
    state: &mut OpeningState,
    limit: i64,
) -> Result<Option<OpeningCounts>, RunError> {
    let marks = opening_marks::marked(tx, stamp.institution, limit).await?;
    if marks.is_empty() {
        return Ok(None);
    }
    let counts = judge(tx, stamp, settings, state, &jobs_of(&marks)).await?;
    opening_marks::unmark(tx, stamp.institution, &marks).await?;
    Ok(Some(counts))
}

fn jobs_of(marks: &[MarkedJob]) -> Vec<Uuid> {
    let jobs: BTreeSet<Uuid> = marks.iter().map(|(_, job)| *job).collect();
    jobs.into_iter().collect()
}

/// Judges jobs and everything that they are connected with, and writes what came of it.
pub(super) async fn judge(
    tx: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    settings: &OpeningSettings,
    state: &mut OpeningState,
    jobs: &[Uuid],
) -> Result<OpeningCounts, RunError> {
    let institution = stamp.institution;
    let MarkedAds { ads, jobs, gone } = MarkedAds::load(tx, institution, jobs).await?;
    let blocks: BTreeSet<i64> = ads
        .iter()
        .flat_map(|ad| ad.blocks.iter().map(|block| block.0))
        .collect();
    let mut answers = NeighbourAnswers::of(institution, &settings.policy, jobs, &ads);
    let walk = NeighbourWalk::of(settings.policy.clone(), ads);
    let walk = answers.walk(tx, walk).await?;
    let decisions = decisions(tx, institution).await?;
    let (policy, jobs) = (settings.policy.clone(), answers.into_jobs());
    let (judged, marks) = aside(move || {
        let reposts = walk.reposts();
        let WalkedAds { corpus, graph, .. } = walk.finish();
        let judge = PairJudge {
            corpus: &corpus,
            graph: &graph,
            policy: &policy,
            decisions: &decisions,
        };
        let partition = judge.partition();
        let marks = marked::marks(corpus.ads(), &jobs);
        (JudgedOpenings::of(&judge, partition, &reposts, jobs), marks)
    })
    .await?;
    let mut counts = naming::write(tx, stamp, state, &judged, &gone).await?;
    opening_marks::unmark(tx, institution, &marks).await?;
    counts.judged = judged.judged.len();
    counts.review = review::ask(tx, stamp, state, &judged, &gone).await?;
    let cap = i64::try_from(settings.policy.bucket_cap).unwrap_or(i64::MAX);
    let blocks: Vec<i64> = blocks.into_iter().collect();
    counts.capped = signatures::over_cap(tx, institution, &blocks, cap)
        .await?
        .len();
    Ok(counts)
}

/// What operators decided. Decisions that contradict each other, which no command writes, are left
/// out together: neither wins in silence, as both are listed.
async fn decisions(tx: &mut PgConnection, institution: Uuid) -> Result<DecisionSet, RunError> {
    let rows = openings::decisions(tx, institution).await?;
    let all: Vec<PairDecision> = rows.iter().map(pair_decision).collect();
    let conflicts = match DecisionSet::of(&all) {
        Ok(set) => return Ok(set),
        Err(conflicts) => conflicts,
    };
    let named: Vec<PairDecision> = conflicts
        .into_iter()
        .flat_map(|conflict| conflict.same.into_iter().chain([conflict.different]))
        .collect();
    let sound: Vec<PairDecision> = all.into_iter().filter(|one| !named.contains(one)).collect();
    Ok(DecisionSet::of(&sound).unwrap_or_default())
}

/// A stored decision as the judge knows it.
pub fn pair_decision(row: &openings::OpeningDecision) -> PairDecision {
    PairDecision {
        one: AdKey::new(&row.source_id, &row.ad_id),
        other: AdKey::new(&row.other_source_id, &row.other_ad_id),
        verdict: match row.verdict.as_str() {
            "same" => DecisionVerdict::Same,
            _ => DecisionVerdict::Different,
        },
    }
}

/// What is made of two jobs, and why; `None` if one of them has no signature. Judged beside all
/// that can change it, by the settings of the newest run.
///
/// # Errors
/// The database failed.
pub async fn explain(
    tx: &mut PgConnection,
    institution: Uuid,
    jobs: [Uuid; 2],
) -> Result<Option<PairAnswer>, RunError> {
    let Some(state) = signatures::state(tx, institution).await? else {
        return Ok(None);
    };
    let Some(settings) = OpeningSettings::stored(&state.settings) else {
        return Ok(None);
    };
    let found = MarkedAds::load(tx, institution, &jobs).await?;
    let key = |job: Uuid| found.jobs.iter().find(|(_, known)| **known == job);
    let Some((one, other)) = key(jobs[0]).zip(key(jobs[1])) else {
        return Ok(None);
    };
    let (one, other) = (one.0.clone(), other.0.clone());
    let policy = settings.policy;
    let mut answers = NeighbourAnswers::of(institution, &policy, found.jobs, &found.ads);
    let walk = NeighbourWalk::of(policy.clone(), found.ads);
    let walk = answers.walk(tx, walk).await?;
    let decisions = decisions(tx, institution).await?;
    let set = OpeningSet::of_walk(walk.finish(), policy, decisions);
    let places = set
        .corpus()
        .position(&one)
        .zip(set.corpus().position(&other));
    Ok(places.map(|(one, other)| set.answer(one, other)))
}
