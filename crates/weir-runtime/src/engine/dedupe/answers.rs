//! Answers the walks of `weir-openings` from the database, set by set. Reads, and decides nothing.

use super::aside;
use super::stored::{self, employer_number};
use crate::engine::RunError;
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;
use weir_openings::ad::AdKey;
use weir_openings::blocking::BlockKey;
use weir_openings::boilerplate::BoilerplateProfile;
use weir_openings::neighbourhood::{NeighbourAnswer, NeighbourRequest, NeighbourWalk};
use weir_openings::policy::OpeningPolicy;
use weir_openings::signature::OpeningSignature;
use weir_store::PgConnection;
use weir_store::{openings, signatures};

/// Answers the walk from the database; each signature is read once.
#[derive(Debug)]
pub(super) struct NeighbourAnswers {
    institution: Uuid,
    /// How many ads of a bucket are compared.
    cap: i64,
    jobs: HashMap<AdKey, Uuid>,
    ads: HashMap<Uuid, AdKey>,
    /// Employers whose boilerplate was sent.
    employers: HashSet<i64>,
    /// Employers of the ads that the walk began with.
    first: Vec<String>,
}

impl NeighbourAnswers {
    /// Answers a walk from ads that are known already, with the job of each.
    pub(super) fn of(
        institution: Uuid,
        policy: &OpeningPolicy,
        jobs: HashMap<AdKey, Uuid>,
        now: &[OpeningSignature],
    ) -> NeighbourAnswers {
        let ads = jobs.iter().map(|(key, job)| (*job, key.clone())).collect();
        let first = now.iter().map(|ad| ad.employer.squeezed()).collect();
        NeighbourAnswers {
            institution,
            cap: i64::try_from(policy.bucket_cap).unwrap_or(i64::MAX),
            jobs,
            ads,
            employers: HashSet::new(),
            first,
        }
    }

    /// Answers a walk to its end.
    pub(super) async fn walk(
        &mut self,
        tx: &mut PgConnection,
        mut walk: NeighbourWalk,
    ) -> Result<NeighbourWalk, RunError> {
        while let Some(request) = walk.request() {
            let answer = self.answer(tx, &request).await?;
            walk = aside(move || {
                walk.supply(answer);
                walk
            })
            .await?;
        }
        Ok(walk)
    }

    /// The job of each ad that was loaded.
    pub(super) fn into_jobs(self) -> HashMap<AdKey, Uuid> {
        self.jobs
    }

    /// Answers one round.
    pub(super) async fn answer(
        &mut self,
        tx: &mut PgConnection,
        request: &NeighbourRequest,
    ) -> Result<NeighbourAnswer, RunError> {
        let blocks: Vec<i64> = request.blocks.iter().map(|block| block.0).collect();
        let placed = signatures::buckets(tx, self.institution, &blocks, self.cap).await?;
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
        let rows = stored::load(tx, self.institution, &new).await?;
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
