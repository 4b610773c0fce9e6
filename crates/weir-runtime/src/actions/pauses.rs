//! Who pauses an institution, until when and why; and who ends that. Runs by hand go on: a pause
//! holds back the schedule alone.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use weir_store::schedules::{self, InstitutionPause};
use weir_store::{Connection, Result, Store};

/// Pauses institutions, all of them or none.
///
/// # Errors
/// The database failed.
pub async fn pause(store: &Store, pauses: &[InstitutionPause]) -> Result<()> {
    let mut connection = store.connection().await?;
    let mut tx = connection.begin().await?;
    for one in pauses {
        schedules::pause(&mut tx, one).await?;
    }
    Ok(tx.commit().await?)
}

/// Ends pauses; gives the slugs of those that had one.
///
/// # Errors
/// The database failed.
pub async fn resume(
    store: &Store,
    institutions: &[(Uuid, String)],
    by: &str,
    reason: &str,
    at: DateTime<Utc>,
) -> Result<Vec<String>> {
    let mut connection = store.connection().await?;
    let mut tx = connection.begin().await?;
    let mut resumed = Vec::new();
    for (institution, slug) in institutions {
        if schedules::end_pause(&mut tx, *institution, by, reason, at).await? {
            resumed.push(slug.clone());
        }
    }
    tx.commit().await?;
    Ok(resumed)
}
