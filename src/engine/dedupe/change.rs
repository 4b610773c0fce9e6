//! Signatures of what was written, and what has to be judged because of it. A job that says what it
//! said before costs a comparison and nothing more.

use super::aside;
use crate::engine::RunError;
use crate::stage::dedupe::{OpeningSettings, ad_key};
use crate::store::PgConnection;
use crate::store::openings;
use crate::store::signatures::{self, NewSignature, StoredSignature, WrittenJob};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use weir_openings::ad::AdKey;
use weir_openings::boilerplate::{BoilerplateProfile, SAMPLE, title_rank};
use weir_openings::buckets::bucket_rank;
use weir_openings::hash::hash_of;
use weir_openings::neighbourhood::NeighbourChange;
use weir_openings::shingles::TextShingles;
use weir_openings::signature::OpeningSignature;

/// What has to be judged, and whose jobs the ads are.
#[derive(Debug, Default)]
pub(super) struct OpeningsToJudge {
    /// Ads as they are and were.
    pub change: NeighbourChange,
    /// The job of each ad.
    pub jobs: HashMap<AdKey, Uuid>,
    /// Jobs that are in no opening any more.
    pub gone: Vec<Uuid>,
    /// Jobs that were written.
    pub written: Vec<Uuid>,
}

impl OpeningsToJudge {
    fn add(&mut self, job: Uuid, ad: OpeningSignature) {
        self.jobs.insert(ad.key.clone(), job);
        self.change.now.push(ad);
    }
}

/// A job with its signature as it was and as it is; none if its run was taken back.
struct WrittenSignature {
    job: Uuid,
    before: Option<OpeningSignature>,
    now: Option<OpeningSignature>,
    must: bool,
}

impl WrittenSignature {
    fn is_unchanged(&self) -> bool {
        !self.must && self.before == self.now
    }
}

/// An unsigned number as a signed one in the same order: PostgreSQL has no others.
pub(super) fn ordered(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}

/// The number by which an employer is stored.
pub(super) fn employer_number(name: &str) -> i64 {
    hash_of([name]).cast_signed()
}

/// A signature as it is stored, whole again; `None` if another version wrote it.
pub(super) fn whole(row: &StoredSignature) -> Option<OpeningSignature> {
    let mut signature: OpeningSignature = serde_json::from_str(&row.signature).ok()?;
    signature.text = TextShingles::from_bytes(&row.text);
    Some(signature)
}

/// The signatures of jobs, whole.
pub(super) async fn load(
    tx: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<(Uuid, OpeningSignature)>, RunError> {
    let rows = signatures::load(tx, institution, jobs).await?;
    aside(move || {
        rows.par_iter()
            .filter_map(|row| Some((row.job_id, whole(row)?)))
            .collect()
    })
    .await
}

/// What was written: signatures are stored, and what they can change is found.
pub(super) async fn of_written(
    tx: &mut PgConnection,
    institution: Uuid,
    settings: &OpeningSettings,
    jobs: Vec<WrittenJob>,
    judged_until: i64,
) -> Result<OpeningsToJudge, RunError> {
    let written: Vec<Uuid> = jobs.iter().map(|job| job.id).collect();
    let before: HashMap<Uuid, OpeningSignature> =
        load(tx, institution, &written).await?.into_iter().collect();
    let signed = sign(settings.clone(), jobs, before, judged_until).await?;
    let replaced: Vec<Uuid> = signed.iter().map(|one| one.job).collect();
    signatures::remove(tx, institution, &replaced).await?;
    let rows: Vec<NewSignature> = signed.iter().filter_map(row).collect();
    signatures::store(tx, institution, &rows).await?;
    let mut found = OpeningsToJudge {
        written,
        ..OpeningsToJudge::default()
    };
    for one in signed {
        found.change.before.extend(one.before);
        match one.now {
            Some(now) => found.add(one.job, now),
            None => found.gone.push(one.job),
        }
    }
    reach_employers(tx, institution, &mut found).await?;
    let bereft = openings::companions(tx, institution, &found.gone).await?;
    reach(tx, institution, bereft, &mut found).await?;
    Ok(found)
}

/// What an operator decided about.
pub(super) async fn of_decided(
    tx: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<OpeningsToJudge, RunError> {
    let mut found = OpeningsToJudge {
        written: jobs.to_vec(),
        ..OpeningsToJudge::default()
    };
    reach(tx, institution, jobs.to_vec(), &mut found).await?;
    Ok(found)
}

/// Makes signatures, on all cores, and leaves out the jobs that say what they said before.
async fn sign(
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
            .filter(|one| !one.is_unchanged())
            .collect()
    })
    .await
}

fn row(one: &WrittenSignature) -> Option<NewSignature> {
    let ad = one.now.as_ref()?;
    Some(NewSignature {
        job_id: one.job,
        source_id: ad.key.source.clone(),
        ad_id: ad.key.id.clone(),
        content: ordered(ad.content),
        employer: employer_number(&ad.employer.squeezed()),
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

/// Where the boilerplate of an employer changed, all of its ads are judged again: what their texts
/// weigh has changed.
async fn reach_employers(
    tx: &mut PgConnection,
    institution: Uuid,
    found: &mut OpeningsToJudge,
) -> Result<(), RunError> {
    let ads = found.change.now.iter().chain(&found.change.before);
    let employers: BTreeSet<i64> = ads
        .map(|ad| employer_number(&ad.employer.squeezed()))
        .collect();
    let employers: Vec<i64> = employers.into_iter().collect();
    let known: BTreeMap<i64, Vec<u8>> = signatures::profiles(tx, institution, &employers)
        .await?
        .into_iter()
        .collect();
    let titles = i64::try_from(SAMPLE).unwrap_or(i64::MAX);
    let sampled = signatures::sample(tx, institution, &employers, titles).await?;
    let now = aside(move || profiles(sampled)).await?;
    let none = Vec::new();
    let before = |employer: &i64| known.get(employer).unwrap_or(&none);
    let after = |employer: &i64| now.get(employer).unwrap_or(&none);
    let changed: Vec<i64> = employers
        .into_iter()
        .filter(|one| before(one) != after(one))
        .collect();
    let kept: Vec<(i64, Vec<u8>)> = changed
        .iter()
        .map(|one| (*one, after(one).clone()))
        .collect();
    if kept.is_empty() {
        return Ok(());
    }
    signatures::keep_profiles(tx, institution, &kept).await?;
    let theirs = signatures::of_employers(tx, institution, &changed).await?;
    reach(tx, institution, theirs, found).await
}

/// The boilerplate of each employer, from samples of texts; none of an employer with one title.
fn profiles(sampled: Vec<(i64, Vec<u8>)>) -> BTreeMap<i64, Vec<u8>> {
    let mut texts: BTreeMap<i64, Vec<TextShingles>> = BTreeMap::new();
    for (employer, text) in sampled {
        texts
            .entry(employer)
            .or_default()
            .push(TextShingles::from_bytes(&text));
    }
    let profile = |(employer, texts): (i64, Vec<TextShingles>)| {
        (employer, BoilerplateProfile::of_texts(&texts).to_bytes())
    };
    texts.into_par_iter().map(profile).collect()
}

/// Adds jobs as they are stored, unless they are there.
async fn reach(
    tx: &mut PgConnection,
    institution: Uuid,
    jobs: Vec<Uuid>,
    found: &mut OpeningsToJudge,
) -> Result<(), RunError> {
    let there: HashSet<Uuid> = found.jobs.values().chain(&found.gone).copied().collect();
    let new: Vec<Uuid> = jobs
        .into_iter()
        .filter(|job| !there.contains(job))
        .collect();
    for (job, ad) in load(tx, institution, &new).await? {
        found.add(job, ad);
    }
    Ok(())
}
