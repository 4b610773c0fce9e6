//! Doubtful pairs are held for an operator: one hold for each two openings, about the pair that is
//! most alike, and only while both ads are open.

use super::naming::{JudgedOpenings, ReviewPair};
use crate::engine::RunError;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use weir_model::{HoldKind, NewHold, SourceKey};
use weir_stage::dedupe::shown;
use weir_store::openings::{self, OpeningStamp};
use weir_store::signatures::OpeningState;
use weir_store::{PgConnection, holds};

/// Why a hold ends by itself.
const SETTLED: &str = "the two ads are no longer in doubt, or one of them is closed";

/// Opens and ends holds; gives how many are new. `written` are jobs that may have closed.
pub(super) async fn ask(
    tx: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    state: &OpeningState,
    judged: &JudgedOpenings,
    written: &[Uuid],
) -> Result<usize, RunError> {
    let touched = [judged.judged.as_slice(), written].concat();
    let former = openings::pair_holds(tx, stamp.institution, &touched).await?;
    let named = former
        .iter()
        .flat_map(|hold| &hold.jobs)
        .filter_map(|job| job.parse().ok());
    let in_doubt: BTreeSet<Uuid> = judged
        .review
        .iter()
        .flat_map(|pair| pair.jobs)
        .chain(named)
        .collect();
    let in_doubt: Vec<Uuid> = in_doubt.into_iter().collect();
    let open: HashMap<Uuid, String> = openings::open_jobs(tx, stamp.institution, &in_doubt)
        .await?
        .into_iter()
        .collect();
    let wanted: BTreeMap<String, &ReviewPair> = best(judged, &open)
        .into_iter()
        .map(|pair| (subject(pair), pair))
        .collect();
    let reached: HashSet<Uuid> = judged.judged.iter().copied().collect();
    for hold in &former {
        let jobs = hold.jobs.iter().filter_map(|job| job.parse::<Uuid>().ok());
        let closed = jobs.clone().any(|job| !open.contains_key(&job));
        let settled = jobs.clone().any(|job| reached.contains(&job));
        if closed || settled && !wanted.contains_key(&hold.subject) {
            let stream = SourceKey {
                institution: stamp.institution,
                source: hold.source_id.clone(),
            };
            let subjects = [hold.subject.as_str()];
            holds::end(
                tx,
                &stream,
                HoldKind::Duplicate,
                &subjects,
                stamp.at,
                SETTLED,
            )
            .await?;
        }
    }
    open_all(tx, stamp, state, &wanted, &open).await?;
    let known: HashSet<&str> = former.iter().map(|hold| hold.subject.as_str()).collect();
    Ok(wanted
        .keys()
        .filter(|subject| !known.contains(subject.as_str()))
        .count())
}

fn subject(pair: &ReviewPair) -> String {
    format!("{} ~ {}", shown(&pair.ads[0]), shown(&pair.ads[1]))
}

/// Of each two openings the pair with the most points.
fn best<'j>(judged: &'j JudgedOpenings, open: &HashMap<Uuid, String>) -> Vec<&'j ReviewPair> {
    let mut best: BTreeMap<[usize; 2], &ReviewPair> = BTreeMap::new();
    let all = judged
        .review
        .iter()
        .filter(|pair| pair.jobs.iter().all(|job| open.contains_key(job)));
    for pair in all {
        let mut openings = pair.openings;
        openings.sort_unstable();
        let first = best.entry(openings).or_insert(pair);
        let rank = |pair: &ReviewPair| (-pair.points, pair.ads.clone());
        if rank(pair) < rank(first) {
            *first = pair;
        }
    }
    best.into_values().collect()
}

async fn open_all(
    tx: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    state: &OpeningState,
    wanted: &BTreeMap<String, &ReviewPair>,
    titles: &HashMap<Uuid, String>,
) -> Result<(), RunError> {
    let mut by_source: BTreeMap<&str, Vec<NewHold>> = BTreeMap::new();
    for (subject, pair) in wanted {
        let title = |job: &Uuid| titles.get(job).cloned().unwrap_or_default();
        let [one, other] = pair.jobs.each_ref().map(title);
        let hold = NewHold {
            kind: HoldKind::Duplicate,
            subject: subject.clone(),
            reason: format!(
                "`{one}` and `{other}` may be one opening: score {:+}",
                pair.points
            ),
            details: json!({
                "ads": pair.ads.iter().map(shown).collect::<Vec<_>>(),
                "jobs": pair.jobs,
                "titles": [one, other],
                "points": pair.points,
                "lines": pair.lines,
            }),
        };
        by_source.entry(&pair.ads[0].source).or_default().push(hold);
    }
    let run = stamp.run.or(state.run_id).unwrap_or_default();
    for (source, asked) in by_source {
        let stream = SourceKey {
            institution: stamp.institution,
            source: source.to_owned(),
        };
        holds::open(tx, &stream, run, stamp.at, &asked).await?;
    }
    Ok(())
}
