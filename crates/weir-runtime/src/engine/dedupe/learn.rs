//! What employers print in all their ads, learnt after everything that was written is signed and
//! before anything is judged. Where it changes, only the ads whose text has some of what changed are
//! judged again, with those that they paired with by what was known before.

use super::aside;
use super::{marked, stored};
use crate::engine::RunError;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;
use weir_openings::boilerplate::{BoilerplateProfile, SAMPLE};
use weir_openings::policy::OpeningPolicy;
use weir_openings::shingles::TextShingles;
use weir_store::PgConnection;
use weir_store::opening_marks::{self, MarkedJob};
use weir_store::signatures::{self, OpeningState};

/// Employers that are learnt together: it bounds the memory of their samples.
const TOGETHER: i64 = 250;

/// Texts that are looked through together.
const TEXTS: usize = 4000;

/// Learns the boilerplate of all employers of which an ad changed.
pub(super) async fn learn(
    tx: &mut PgConnection,
    institution: Uuid,
    policy: &OpeningPolicy,
    state: &OpeningState,
) -> Result<(), RunError> {
    loop {
        let employers = opening_marks::take_employers(tx, institution, TOGETHER).await?;
        if employers.is_empty() {
            return Ok(());
        }
        let changed = LearntProfiles::of(tx, institution, &employers).await?;
        // After edited settings every job is marked.
        if state.watermark > state.judged_until {
            changed.mark(tx, institution, policy).await?;
        }
        signatures::keep_profiles(tx, institution, &changed.profiles).await?;
    }
}

/// Profiles that differ from those that are stored.
struct LearntProfiles {
    profiles: Vec<(i64, Vec<u8>)>,
    /// Of each employer the grams that weigh something else now.
    changed: HashMap<i64, TextShingles>,
}

impl LearntProfiles {
    async fn of(
        tx: &mut PgConnection,
        institution: Uuid,
        employers: &[i64],
    ) -> Result<LearntProfiles, RunError> {
        let known = signatures::profiles(tx, institution, employers).await?;
        let titles = i64::try_from(SAMPLE).unwrap_or(i64::MAX);
        let sampled = signatures::sample(tx, institution, employers, titles).await?;
        let employers = employers.to_vec();
        aside(move || differing(&employers, &known, sampled)).await
    }

    /// Marks the ads that have some of what changed, and those that they pair with.
    async fn mark(
        &self,
        tx: &mut PgConnection,
        institution: Uuid,
        policy: &OpeningPolicy,
    ) -> Result<(), RunError> {
        let employers: Vec<i64> = self.changed.keys().copied().collect();
        let theirs = signatures::judged_of(tx, institution, &employers).await?;
        for some in theirs.chunks(TEXTS) {
            let jobs: Vec<Uuid> = some.iter().map(|(_, job)| *job).collect();
            let texts: HashMap<Uuid, Vec<u8>> = signatures::texts(tx, institution, &jobs)
                .await?
                .into_iter()
                .collect();
            let is_hit = |(employer, job): &&MarkedJob| {
                let text = texts.get(job).map(|text| TextShingles::from_bytes(text));
                let changed = self.changed.get(employer);
                text.zip(changed)
                    .is_some_and(|(text, changed)| text.meets(changed))
            };
            let hit: Vec<MarkedJob> = some.par_iter().filter(is_hit).copied().collect();
            opening_marks::mark(tx, institution, &hit).await?;
            let jobs: Vec<Uuid> = hit.into_iter().map(|(_, job)| job).collect();
            let ads = stored::load(tx, institution, &jobs).await?;
            marked::mark_partners(tx, institution, policy, ads).await?;
        }
        Ok(())
    }
}

/// The profiles of employers, from samples of texts, that differ from those that are known.
fn differing(
    employers: &[i64],
    known: &[(i64, Vec<u8>)],
    sampled: Vec<(i64, Vec<u8>)>,
) -> LearntProfiles {
    let mut texts: BTreeMap<i64, Vec<TextShingles>> =
        employers.iter().map(|one| (*one, Vec::new())).collect();
    for (employer, text) in sampled {
        let text = TextShingles::from_bytes(&text);
        texts.entry(employer).or_default().push(text);
    }
    let known: HashMap<i64, BoilerplateProfile> = known
        .iter()
        .map(|(employer, bytes)| (*employer, BoilerplateProfile::from_bytes(bytes)))
        .collect();
    let none = BoilerplateProfile::default();
    let learnt = |(employer, texts): (i64, Vec<TextShingles>)| {
        let now = BoilerplateProfile::of_texts(&texts);
        let changed = now.changed(known.get(&employer).unwrap_or(&none));
        (!changed.is_empty()).then(|| ((employer, now.to_bytes()), (employer, changed)))
    };
    let (profiles, changed) = texts.into_par_iter().filter_map(learnt).unzip();
    LearntProfiles { profiles, changed }
}
