//! From what changed to what it can change: the walk of `weir-openings` asks, this answers from the
//! database, set by set. Then the ads that were reached are judged, and what came of it is written.

use super::change::{self, OpeningsToJudge, employer_number};
use super::naming::{self, JudgedOpenings};
use super::{aside, review};
use crate::engine::RunError;
use crate::engine::opening_counts::OpeningCounts;
use crate::stage::dedupe::OpeningSettings;
use crate::store::PgConnection;
use crate::store::openings::{self, OpeningStamp};
use crate::store::signatures::{self, OpeningState};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use weir_openings::ad::AdKey;
use weir_openings::blocking::BlockKey;
use weir_openings::boilerplate::BoilerplateProfile;
use weir_openings::decision::{DecisionSet, DecisionVerdict, PairDecision};
use weir_openings::neighbourhood::{NeighbourAnswer, NeighbourRequest, NeighbourWalk, WalkedAds};
use weir_openings::opening_set::{OpeningSet, PairAnswer};
use weir_openings::partition::PairJudge;
use weir_openings::signature::OpeningSignature;

/// Judges what changed and everything that it can change, and writes what came of it.
pub(super) async fn judge(
    tx: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    settings: &OpeningSettings,
    state: &mut OpeningState,
    found: OpeningsToJudge,
) -> Result<OpeningCounts, RunError> {
    let OpeningsToJudge {
        change,
        jobs,
        gone,
        written,
    } = found;
    let blocks: BTreeSet<i64> = change
        .now
        .iter()
        .flat_map(|ad| ad.blocks.iter().map(|block| block.0))
        .collect();
    let mut answers = NeighbourAnswers::of(stamp.institution, jobs, &change.now);
    let mut walk = NeighbourWalk::of(settings.policy.clone(), change);
    while let Some(request) = walk.request() {
        let answer = answers.answer(tx, &request).await?;
        walk = aside(move || {
            walk.supply(answer);
            walk
        })
        .await?;
    }
    let decisions = decisions(tx, stamp.institution).await?;
    let (policy, jobs) = (settings.policy.clone(), answers.jobs);
    let judged = aside(move || {
        let reposts = walk.reposts();
        let WalkedAds { corpus, graph, .. } = walk.finish();
        let judge = PairJudge {
            corpus: &corpus,
            graph: &graph,
            policy: &policy,
            decisions: &decisions,
        };
        let partition = judge.partition();
        JudgedOpenings::of(&judge, partition, &reposts, jobs)
    })
    .await?;
    let mut counts = naming::write(tx, stamp, state, &judged, &gone).await?;
    counts.judged = judged.judged.len();
    counts.review = review::ask(tx, stamp, state, &judged, &[written, gone].concat()).await?;
    let cap = i64::try_from(settings.policy.bucket_cap).unwrap_or(i64::MAX);
    let blocks: Vec<i64> = blocks.into_iter().collect();
    counts.capped = signatures::over_cap(tx, stamp.institution, &blocks, cap)
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

/// Answers the walk from the database; each signature is read once.
struct NeighbourAnswers {
    institution: Uuid,
    jobs: HashMap<AdKey, Uuid>,
    ads: HashMap<Uuid, AdKey>,
    /// Employers whose boilerplate was sent.
    employers: HashSet<i64>,
    /// Employers of the ads that the walk began with.
    first: Vec<String>,
}

impl NeighbourAnswers {
    fn of(
        institution: Uuid,
        jobs: HashMap<AdKey, Uuid>,
        now: &[OpeningSignature],
    ) -> NeighbourAnswers {
        let ads = jobs.iter().map(|(key, job)| (*job, key.clone())).collect();
        let first = now.iter().map(|ad| ad.employer.squeezed()).collect();
        NeighbourAnswers {
            institution,
            jobs,
            ads,
            employers: HashSet::new(),
            first,
        }
    }

    async fn answer(
        &mut self,
        tx: &mut PgConnection,
        request: &NeighbourRequest,
    ) -> Result<NeighbourAnswer, RunError> {
        let limit = i64::try_from(request.limit).unwrap_or(i64::MAX);
        let blocks: Vec<i64> = request.blocks.iter().map(|block| block.0).collect();
        let placed = signatures::buckets(tx, self.institution, &blocks, limit).await?;
        let asked: Vec<Uuid> = request
            .openings_of
            .iter()
            .filter_map(|key| self.jobs.get(key).copied())
            .collect();
        let members = openings::companions(tx, self.institution, &asked).await?;
        let signatures = self.signatures(tx, &placed, &members).await?;
        let profiles = self.profiles(tx, &signatures).await?;
        let mut buckets: HashMap<i64, Vec<AdKey>> =
            blocks.iter().map(|block| (*block, Vec::new())).collect();
        for (block, job) in placed {
            buckets
                .entry(block)
                .or_default()
                .extend(self.ads.get(&job).cloned());
        }
        Ok(NeighbourAnswer {
            buckets: buckets
                .into_iter()
                .map(|(block, ads)| (BlockKey(block), ads))
                .collect(),
            profiles,
            members: members
                .iter()
                .filter_map(|job| self.ads.get(job).cloned())
                .collect(),
            signatures,
        })
    }

    async fn signatures(
        &mut self,
        tx: &mut PgConnection,
        placed: &[(i64, Uuid)],
        members: &[Uuid],
    ) -> Result<Vec<OpeningSignature>, RunError> {
        let all = placed.iter().map(|(_, job)| job).chain(members);
        let new: BTreeSet<Uuid> = all
            .filter(|job| !self.ads.contains_key(job))
            .copied()
            .collect();
        let new: Vec<Uuid> = new.into_iter().collect();
        let rows = change::load(tx, self.institution, &new).await?;
        let mut signatures = Vec::with_capacity(rows.len());
        for (job, ad) in rows {
            self.jobs.insert(ad.key.clone(), job);
            self.ads.insert(job, ad.key.clone());
            signatures.push(ad);
        }
        Ok(signatures)
    }

    async fn profiles(
        &mut self,
        tx: &mut PgConnection,
        ads: &[OpeningSignature],
    ) -> Result<Vec<(String, BoilerplateProfile)>, RunError> {
        let names = ads
            .iter()
            .map(|ad| ad.employer.squeezed())
            .chain(self.first.drain(..));
        let mut new: HashMap<i64, String> = HashMap::new();
        for name in names {
            let number = employer_number(&name);
            if self.employers.insert(number) {
                new.insert(number, name);
            }
        }
        let numbers: Vec<i64> = new.keys().copied().collect();
        let rows = signatures::profiles(tx, self.institution, &numbers).await?;
        let profile = |(number, bytes): (i64, Vec<u8>)| {
            Some((new.remove(&number)?, BoilerplateProfile::from_bytes(&bytes)))
        };
        Ok(rows.into_iter().filter_map(profile).collect())
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
    let found = change::of_decided(tx, institution, &jobs).await?;
    let keys: Vec<AdKey> = jobs
        .iter()
        .filter_map(|job| found.jobs.iter().find(|(_, known)| *known == job))
        .map(|(key, _)| key.clone())
        .collect();
    let [one, other] = keys.as_slice() else {
        return Ok(None);
    };
    let (one, other) = (one.clone(), other.clone());
    let mut answers = NeighbourAnswers::of(institution, found.jobs, &found.change.now);
    let mut walk = NeighbourWalk::of(settings.policy.clone(), found.change);
    while let Some(request) = walk.request() {
        walk.supply(answers.answer(tx, &request).await?);
    }
    let decisions = decisions(tx, institution).await?;
    let set = OpeningSet::of_walk(walk.finish(), settings.policy, decisions);
    let places = set
        .corpus()
        .position(&one)
        .zip(set.corpus().position(&other));
    Ok(places.map(|(one, other)| set.answer(one, other)))
}
