//! What an operator decides about pairs of jobs: they advertise one opening, or two. A decision
//! outlives every score; one that contradicts others is refused, with all of them shown, and
//! neither wins in silence. What follows from it is judged at once, by the settings of the newest
//! run.

use super::ruling::OperatorRuling;
use crate::engine::opening_counts::OpeningCounts;
use crate::engine::{RunError, dedupe};
use std::collections::BTreeSet;
use uuid::Uuid;
use weir_openings::ad::AdKey;
use weir_openings::decision::{DecisionConflict, DecisionSet, DecisionVerdict, PairDecision};
use weir_stage::dedupe::shown;
use weir_store::openings::{self, OpeningStamp};
use weir_store::{PgConnection, signatures};

/// A pair of jobs of an institution, each with the ad that it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPair {
    /// The institution.
    pub institution: Uuid,
    /// The jobs.
    pub jobs: [Uuid; 2],
    /// Their ads.
    pub ads: [AdKey; 2],
}

/// What came of a decision.
#[derive(Debug)]
pub enum PairRuling {
    /// It applies, and this changed.
    Applied(OpeningCounts),
    /// It contradicts others, and nothing was written.
    Refused(Vec<DecisionConflict>),
}

fn stamp<'r>(institution: Uuid, ruling: OperatorRuling<'r>) -> OpeningStamp<'r> {
    let OperatorRuling { at, by, .. } = ruling;
    OpeningStamp {
        institution,
        run: None,
        at,
        by,
    }
}

/// Decides that two jobs advertise one opening, or two.
///
/// # Errors
/// The database failed.
pub async fn decide(
    tx: &mut PgConnection,
    pair: &JobPair,
    verdict: DecisionVerdict,
    ruling: OperatorRuling<'_>,
) -> Result<PairRuling, RunError> {
    let said = openings::decisions(tx, pair.institution).await?;
    let [one, other] = pair.ads.clone();
    let new = PairDecision {
        one,
        other,
        verdict,
    };
    let all: Vec<PairDecision> = said
        .iter()
        .map(dedupe::pair_decision)
        .chain([new])
        .collect();
    if let Err(conflicts) = DecisionSet::of(&all) {
        return Ok(PairRuling::Refused(conflicts));
    }
    let stamp = stamp(pair.institution, ruling);
    openings::decide(tx, stamp, pair.jobs, verdict_name(verdict), ruling.reason).await?;
    Ok(PairRuling::Applied(
        dedupe::settle(tx, stamp, &pair.jobs).await?,
    ))
}

/// Undoes what was decided about two jobs; `None` if nothing was.
///
/// # Errors
/// The database failed.
pub async fn undo(
    tx: &mut PgConnection,
    pair: &JobPair,
    ruling: OperatorRuling<'_>,
) -> Result<Option<OpeningCounts>, RunError> {
    let stamp = stamp(pair.institution, ruling);
    // Those whom the decision put together are judged again, also where they leave.
    let together = openings::companions(tx, pair.institution, &pair.jobs).await?;
    if openings::undo(tx, stamp, pair.jobs, ruling.reason).await? == 0 {
        return Ok(None);
    }
    let touched = [together.as_slice(), &pair.jobs].concat();
    Ok(Some(dedupe::settle(tx, stamp, &touched).await?))
}

/// The two jobs as a pair; `None` unless both have been compared.
///
/// # Errors
/// The database failed.
pub async fn pair(
    tx: &mut PgConnection,
    institution: Uuid,
    jobs: [Uuid; 2],
) -> Result<Option<JobPair>, RunError> {
    let known = signatures::ads(tx, institution, &jobs).await?;
    let ad = |job: Uuid| {
        let (_, source, id) = known.iter().find(|(known, ..)| *known == job)?;
        Some(AdKey::new(source, id))
    };
    let pair = |ads| JobPair {
        institution,
        jobs,
        ads,
    };
    Ok(ad(jobs[0])
        .zip(ad(jobs[1]))
        .map(|(one, other)| pair([one, other])))
}

/// Decisions that contradict each other, in words, each on a line.
pub fn contradiction(conflicts: &[DecisionConflict]) -> String {
    let line = |said: &PairDecision| {
        let (one, other) = (shown(&said.one), shown(&said.other));
        format!("\n  {one} and {other}: {}", verdict_name(said.verdict))
    };
    let all: BTreeSet<&PairDecision> = conflicts
        .iter()
        .flat_map(|conflict| conflict.same.iter().chain([&conflict.different]))
        .collect();
    all.into_iter().map(line).collect()
}

/// The verdict as it is stored.
pub fn verdict_name(verdict: DecisionVerdict) -> &'static str {
    match verdict {
        DecisionVerdict::Same => "same",
        DecisionVerdict::Different => "different",
    }
}
