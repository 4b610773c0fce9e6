//! Signatures of what was written, and whom that can change. A job that says what it said before
//! costs a comparison and nothing more. Nothing is judged here.

use super::aside;
use super::marked;
use super::naming::JudgedOpenings;
use super::review;
use super::stored::{self, employer_of};
use crate::engine::RunError;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;
use weir_openings::boilerplate::title_rank;
use weir_openings::buckets::bucket_rank;
use weir_openings::signature::OpeningSignature;
use weir_stage::dedupe::{OpeningSettings, ad_key};
use weir_store::PgConnection;
use weir_store::opening_marks::{self, MarkedJob};
use weir_store::openings::OpeningStamp;
use weir_store::signatures::{self, NewSignature, OpeningState, WrittenJob};

/// A job with its signature as it was and as it is; none if its run was taken back.
struct WrittenSignature {
    job: Uuid,
    before: Option<OpeningSignature>,
    now: Option<OpeningSignature>,
    /// It is judged again even if it says what it said, as are all others.
    must: bool,
}

impl WrittenSignature {
    fn is_changed(&self) -> bool {
        self.before != self.now
    }

    fn versions(&self) -> impl Iterator<Item = &OpeningSignature> {
        self.before.iter().chain(&self.now)
    }

    fn mark(&self) -> Option<MarkedJob> {
        let ad = self.now.as_ref().or(self.before.as_ref())?;
        Some((employer_of(ad), self.job))
    }
}

/// Takes what was written: signatures are stored, and whom that can change is marked.
pub(super) async fn sign(
    tx: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    settings: &OpeningSettings,
    state: &OpeningState,
    jobs: Vec<WrittenJob>,
) -> Result<(), RunError> {
    let institution = stamp.institution;
    let written: Vec<Uuid> = jobs.iter().map(|job| job.id).collect();
    let before = stored::load(tx, institution, &written).await?;
    let before: HashMap<Uuid, OpeningSignature> = before.into_iter().collect();
    let signed = signed(settings.clone(), jobs, before, state.judged_until).await?;
    let policy = &settings.policy;
    marked::mark_partners(tx, institution, policy, former(&signed)).await?;
    replace(tx, institution, &signed).await?;
    let cap = i64::try_from(policy.bucket_cap).unwrap_or(i64::MAX);
    opening_marks::mark_displaced(tx, institution, &moved(&signed), cap).await?;
    let marks: Vec<MarkedJob> = signed.iter().filter_map(WrittenSignature::mark).collect();
    opening_marks::mark(tx, institution, &marks).await?;
    review::ask(tx, stamp, state, &JudgedOpenings::default(), &written).await?;
    Ok(())
}

/// Makes signatures, on all cores, and leaves out the jobs that say what they said before.
async fn signed(
    settings: OpeningSettings,
    jobs: Vec<WrittenJob>,
    before: HashMap<Uuid, OpeningSignature>,
    judged_until: i64,
) -> Result<Vec<WrittenSignature>, RunError> {
    aside(move || {
        let one = |job: WrittenJob| {
            let key = ad_key(&job.source_id, &job.original_id, job.generation);
            let addresses = settings.addresses(&job.source_id);
            let now = (!job.is_taken_back)
                .then(|| OpeningSignature::of(key, &settings.facts(&job), &addresses));
            let before = before.get(&job.id).cloned();
            let must = job.written <= judged_until && now.is_some();
            WrittenSignature {
                job: job.id,
                before,
                now,
                must,
            }
        };
        jobs.into_par_iter()
            .map(one)
            .filter(|one| one.must || one.is_changed())
            .collect()
    })
    .await
}

/// The ads as they were, unless all others are judged again, too.
fn former(signed: &[WrittenSignature]) -> Vec<(Uuid, OpeningSignature)> {
    let some = signed.iter().filter(|one| !one.must);
    some.filter_map(|one| Some((one.job, one.before.clone()?)))
        .collect()
}

/// Stores the signatures that changed, and has the boilerplate of their employers learnt.
async fn replace(
    tx: &mut PgConnection,
    institution: Uuid,
    signed: &[WrittenSignature],
) -> Result<(), RunError> {
    let changed = || signed.iter().filter(|one| one.is_changed());
    let replaced: Vec<Uuid> = changed().map(|one| one.job).collect();
    signatures::remove(tx, institution, &replaced).await?;
    let rows: Vec<NewSignature> = changed().filter_map(row).collect();
    signatures::store(tx, institution, &rows).await?;
    let employers = changed().flat_map(|one| one.versions().map(employer_of));
    let employers: BTreeSet<i64> = employers.collect();
    let employers: Vec<i64> = employers.into_iter().collect();
    opening_marks::mark_employers(tx, institution, &employers).await?;
    Ok(())
}

/// How many of the ads that changed are, or were, in each bucket.
fn moved(signed: &[WrittenSignature]) -> Vec<(i64, i64)> {
    let changed = signed.iter().filter(|one| one.is_changed());
    let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
    for block in changed.flat_map(|one| one.versions().flat_map(|ad| &ad.blocks)) {
        *moved.entry(block.0).or_default() += 1;
    }
    moved.into_iter().collect()
}

/// An unsigned number as a signed one in the same order: PostgreSQL has no others.
fn ordered(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}

fn row(one: &WrittenSignature) -> Option<NewSignature> {
    let ad = one.now.as_ref()?;
    Some(NewSignature {
        job_id: one.job,
        source_id: ad.key.source.clone(),
        ad_id: ad.key.id.clone(),
        content: ordered(ad.content),
        employer: employer_of(ad),
        title: ordered(title_rank(ad)),
        signature: serde_json::to_string(ad).unwrap_or_default(),
        text: ad.text.to_bytes(),
        blocks: ad
            .blocks
            .iter()
            .map(|block| (block.0, ordered(bucket_rank(*block, ad))))
            .collect(),
    })
}
