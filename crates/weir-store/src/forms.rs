//! Fingerprints that an older Weir wrote in another form. Their hashes say nothing to those of
//! today, so what was bound to one of them is bound to the one that stands for it now: once, in the
//! first run of a source after the upgrade, and before anything is derived. Nobody has edited
//! anything, and nothing that an operator decided may end for it.

use super::Result;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Fingerprint, FingerprintParts, Hash};

/// Binds the ads of a source that a roll-back holds to the fingerprint of today, where an older
/// form holds them still.
///
/// # Errors
/// The database failed.
pub(super) async fn carry_over(
    connection: &mut PgConnection,
    institution: Uuid,
    source: &str,
    today: (Fingerprint, &FingerprintParts),
) -> Result<()> {
    let (fingerprint, parts) = today;
    if is_carried_over(&mut *connection, institution, source, fingerprint).await? {
        return Ok(());
    }
    let all: Vec<(Vec<u8>, Json)> = sqlx::query_as(
        "SELECT fingerprint, parts FROM fingerprints WHERE institution_id = $1 AND source_id = $2",
    )
    .bind(institution)
    .bind(source)
    .fetch_all(&mut *connection)
    .await?;
    let older = all
        .into_iter()
        .filter(|(_, parts)| !FingerprintParts::is_comparable(parts));
    let (older, steady): (Vec<Vec<u8>>, Vec<Vec<u8>>) = older
        .map(|(other, parts)| (other, FingerprintParts::stored(&parts).steady().to_vec()))
        .unzip();
    if older.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE ad_states s SET rolled_back_fingerprint = $3 FROM unnest($4::bytea[], $5::bytea[]) AS f (fingerprint, steady)
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.derived_fingerprint = f.fingerprint AND s.rolled_back_fingerprint = f.steady",
    )
    .bind(institution)
    .bind(source)
    .bind(Hash::to_vec(parts.steady()))
    .bind(older)
    .bind(steady)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether another fingerprint of the source has the form of today: then the first run after the
/// upgrade is over. Fingerprints come daily where a rule reads the clock, so this must not read
/// them all.
async fn is_carried_over(
    connection: &mut PgConnection,
    institution: Uuid,
    source: &str,
    fingerprint: Fingerprint,
) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM fingerprints WHERE institution_id = $1 AND source_id = $2 AND fingerprint <> $3 AND parts -> $4 = to_jsonb($5::bigint))";
    let query = sqlx::query_scalar(sql)
        .bind(institution)
        .bind(source)
        .bind(fingerprint.to_vec());
    Ok(query
        .bind(FingerprintParts::FORM_KEY)
        .bind(FingerprintParts::FORM)
        .fetch_one(connection)
        .await?)
}
