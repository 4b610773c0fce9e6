//! Signatures as they are stored, made whole.

use super::aside;
use crate::engine::RunError;
use rayon::prelude::*;
use uuid::Uuid;
use weir_openings::hash::hash_of;
use weir_openings::shingles::TextShingles;
use weir_openings::signature::OpeningSignature;
use weir_store::PgConnection;
use weir_store::signatures::{self, StoredSignature};

/// The number by which the employer of an ad is stored.
pub(super) fn employer_of(ad: &OpeningSignature) -> i64 {
    employer_number(&ad.employer.squeezed())
}

/// The number by which an employer is stored.
pub(super) fn employer_number(name: &str) -> i64 {
    hash_of([name]).cast_signed()
}

/// A signature as it is stored, whole again; `None` if another version wrote it.
fn whole(row: &StoredSignature) -> Option<OpeningSignature> {
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
