//! Takes the clock of an institution back with its newest run. If that clock was wrong, everything
//! that it dated is dated again, just after the run before: retries would not come due, misses
//! would not count, and edits would never be the newest. Versions keep their dates, for history is
//! never rewritten. A new table with instants of runs needs a line in [`DATED`].

use super::rollback::{RollbackOrder, RolledBackRun};
use super::{Result, runs};
use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use weir_model::Clock;

/// Corrects what is dated after an instant. `$1` institution, `$2` the instant, `$3` the new date.
/// A miss counted then is removed.
const DATED: [&str; 19] = [
    "UPDATE ad_states SET misses = CASE WHEN last_miss_at > $2 THEN GREATEST(misses - 1, 0) ELSE misses END,
       last_miss_at = CASE WHEN last_miss_at > $2 THEN NULL ELSE last_miss_at END,
       detailed_at = CASE WHEN detailed_at > $2 THEN $3 ELSE detailed_at END, first_seen_at = CASE WHEN first_seen_at > $2 THEN $3 ELSE first_seen_at END,
       last_seen_at = CASE WHEN last_seen_at > $2 THEN $3 ELSE last_seen_at END, retry_at = CASE WHEN retry_at > $2 THEN $3 ELSE retry_at END,
       processed_at = CASE WHEN processed_at > $2 THEN $3 ELSE processed_at END
     WHERE institution_id = $1 AND GREATEST(detailed_at, first_seen_at, last_seen_at, last_miss_at, retry_at, processed_at) > $2",
    "UPDATE raw_documents SET scraped_at = $3 WHERE institution_id = $1 AND scraped_at > $2",
    "UPDATE staging_failed_documents SET failure_timestamp = $3 WHERE institution_id = $1 AND failure_timestamp > $2",
    "UPDATE staging_jobs SET validation_timestamp = $3 WHERE institution_id = $1 AND validation_timestamp > $2",
    "UPDATE staging_validation_failures SET validation_timestamp = $3, since = CASE WHEN since > $2 THEN $3 ELSE since END WHERE institution_id = $1 AND validation_timestamp > $2",
    "UPDATE resolved_failures SET since = CASE WHEN since > $2 THEN $3 ELSE since END, resolved_at = $3 WHERE institution_id = $1 AND resolved_at > $2",
    "UPDATE replaced_documents SET scraped_at = CASE WHEN scraped_at > $2 THEN $3 ELSE scraped_at END, replaced_at = $3 WHERE institution_id = $1 AND replaced_at > $2",
    "UPDATE published_jobs SET first_seen_at = CASE WHEN first_seen_at > $2 THEN $3 ELSE first_seen_at END, held_since = CASE WHEN held_since > $2 THEN $3 ELSE held_since END
     WHERE institution_id = $1 AND GREATEST(first_seen_at, held_since) > $2",
    "UPDATE holds SET opened_at = CASE WHEN opened_at > $2 THEN $3 ELSE opened_at END, closed_at = CASE WHEN closed_at > $2 THEN $3 ELSE closed_at END WHERE institution_id = $1 AND GREATEST(opened_at, closed_at) > $2",
    "UPDATE hold_revisions SET first_at = $3 WHERE institution_id = $1 AND first_at > $2",
    "UPDATE alerts SET raised_at = $3 WHERE institution_id = $1 AND raised_at > $2",
    "UPDATE fingerprints SET first_used_at = $3 WHERE institution_id = $1 AND first_used_at > $2",
    "UPDATE versions SET first_used_at = $3 WHERE institution_id = $1 AND first_used_at > $2",
    "UPDATE plan_texts SET first_used_at = $3 WHERE institution_id = $1 AND first_used_at > $2",
    "UPDATE companies SET created_at = $3 WHERE institution_id = $1 AND created_at > $2",
    "UPDATE divisions SET created_at = $3 WHERE institution_id = $1 AND created_at > $2",
    "UPDATE company_aliases SET decided_at = LEAST(decided_at, $3), undone_at = LEAST(undone_at, $3) WHERE institution_id = $1 AND GREATEST(decided_at, undone_at) > $2",
    "DELETE FROM quality_measures WHERE institution_id = $1 AND at > $2 AND $3::timestamptz IS NOT NULL",
    "DELETE FROM source_quality WHERE institution_id = $1 AND at > $2 AND $3::timestamptz IS NOT NULL",
];

/// Takes back the clock of a run that is the newest. Gives the clock of the run before, to which it
/// goes back.
///
/// # Errors
/// The database failed.
pub async fn take_clock_back(
    connection: &mut PgConnection,
    run: &RolledBackRun,
    order: &RollbackOrder,
) -> Result<Option<Clock>> {
    sqlx::query("UPDATE runs SET clock_taken_back_at = $3 WHERE institution_id = $1 AND id = $2")
        .bind(run.institution_id)
        .bind(run.id)
        .bind(order.at.0)
        .execute(&mut *connection)
        .await?;
    let before = runs::last(connection, run.institution_id, None)
        .await?
        .map(|(_, clock)| clock);
    sqlx::query("UPDATE institutions SET last_run_at = $2, created_at = LEAST(created_at, $3) WHERE id = $1")
        .bind(run.institution_id)
        .bind(before.map(|clock| clock.0))
        .bind(order.at.0)
        .execute(&mut *connection)
        .await?;
    // The institution runs on the texts of its newest run, which were good.
    sqlx::query(
        "UPDATE plan_texts SET last_used_at = $3 WHERE institution_id = $1 AND last_used_at = $2",
    )
    .bind(run.institution_id)
    .bind(run.at)
    .bind(before.unwrap_or(order.at).0)
    .execute(&mut *connection)
    .await?;
    if let Some(present) = order.before_wrong_clock(run) {
        date_again(connection, run, present, just_after(before, present)).await?;
    }
    Ok(before)
}

async fn date_again(
    connection: &mut PgConnection,
    run: &RolledBackRun,
    present: DateTime<Utc>,
    anew: DateTime<Utc>,
) -> Result<()> {
    for statement in DATED {
        sqlx::query(statement)
            .bind(run.institution_id)
            .bind(present)
            .bind(anew)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// After everything that the run before dated, and before everything that the next one will.
fn just_after(before: Option<Clock>, present: DateTime<Utc>) -> DateTime<Utc> {
    before
        .filter(|before| before.0 < present)
        .map_or(present, |before| before.0 + Duration::microseconds(1))
}
