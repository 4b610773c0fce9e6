//! Jobs by which openings are judged again, as they are marked and loaded. Whoever marks a job says
//! nothing about what becomes of it; the mark goes when it is judged.

use super::answers::NeighbourAnswers;
use super::aside;
use super::stored::{employer_of, load};
use crate::engine::RunError;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;
use weir_openings::ad::AdKey;
use weir_openings::neighbourhood::NeighbourWalk;
use weir_openings::policy::OpeningPolicy;
use weir_openings::signature::OpeningSignature;
use weir_store::PgConnection;
use weir_store::opening_marks::{self, MarkedJob};
use weir_store::openings;

/// Jobs to judge, and whose jobs the ads are.
#[derive(Debug, Default)]
pub(super) struct MarkedAds {
    /// The ads as they are.
    pub ads: Vec<OpeningSignature>,
    /// The job of each ad.
    pub jobs: HashMap<AdKey, Uuid>,
    /// Jobs that are in no opening any more.
    pub gone: Vec<Uuid>,
}

impl MarkedAds {
    /// Jobs as they are stored. One without a signature is gone, and who was in its opening is
    /// judged again.
    pub(super) async fn load(
        tx: &mut PgConnection,
        institution: Uuid,
        jobs: &[Uuid],
    ) -> Result<MarkedAds, RunError> {
        let mut found = MarkedAds::default();
        found.extend(tx, institution, jobs).await?;
        let there: HashSet<Uuid> = found.jobs.values().copied().collect();
        let gone = jobs.iter().filter(|job| !there.contains(job));
        found.gone = gone.copied().collect();
        let bereft = openings::companions(tx, institution, &found.gone).await?;
        let new = bereft
            .into_iter()
            .filter(|job| !there.contains(job) && !found.gone.contains(job));
        found
            .extend(tx, institution, &new.collect::<Vec<Uuid>>())
            .await?;
        Ok(found)
    }

    async fn extend(
        &mut self,
        tx: &mut PgConnection,
        institution: Uuid,
        jobs: &[Uuid],
    ) -> Result<(), RunError> {
        for (job, ad) in load(tx, institution, jobs).await? {
            self.jobs.insert(ad.key.clone(), job);
            self.ads.push(ad);
        }
        Ok(())
    }
}

/// The marks of ads, if they have any.
pub(super) fn marks<'a>(
    ads: impl IntoIterator<Item = &'a OpeningSignature>,
    jobs: &HashMap<AdKey, Uuid>,
) -> Vec<MarkedJob> {
    ads.into_iter()
        .filter_map(|ad| Some((employer_of(ad), *jobs.get(&ad.key)?)))
        .collect()
}

/// Marks whoever pairs with some ads, by the boilerplate that is stored, or shares an opening with
/// them: before the ads, or what their employers print everywhere, become something else.
pub(super) async fn mark_partners(
    tx: &mut PgConnection,
    institution: Uuid,
    policy: &OpeningPolicy,
    ads: Vec<(Uuid, OpeningSignature)>,
) -> Result<(), RunError> {
    if ads.is_empty() {
        return Ok(());
    }
    let jobs = ads.iter().map(|(job, ad)| (ad.key.clone(), *job)).collect();
    let ads: Vec<OpeningSignature> = ads.into_iter().map(|(_, ad)| ad).collect();
    let mut answers = NeighbourAnswers::of(institution, policy, jobs, &ads);
    let mut walk = NeighbourWalk::of(policy.clone(), ads);
    if let Some(request) = walk.request() {
        let answer = answers.answer(tx, &request).await?;
        walk = aside(move || {
            walk.supply(answer);
            walk
        })
        .await?;
    }
    let marks = marks(walk.found(), &answers.into_jobs());
    opening_marks::mark(tx, institution, &marks).await?;
    Ok(())
}
