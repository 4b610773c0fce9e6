//! Dry runs that somebody asks for: who, of which institution and why; and who stops one before
//! its end. Workers carry them out as they do what is due.

use super::ruling::OperatorRuling;
use uuid::Uuid;
use weir_store::audit_trail::{self, TrailEntry};
use weir_store::queue::{self, DueUnit};
use weir_store::{Connection, PgConnection, Result, Store, dry_runs};

/// Asks for a dry run of an institution; gives its number, or that of the one that has not ended.
///
/// # Errors
/// The database failed.
pub async fn ask(
    store: &Store,
    project: &str,
    unit: &DueUnit,
    ruling: OperatorRuling<'_>,
) -> Result<Option<i64>> {
    let mut connection = store.connection().await?;
    let mut tx = connection.begin().await?;
    let Some(number) = queue::ask(&mut tx, project, unit, ruling.by).await? else {
        return dry_runs::open(&mut tx, unit.institution).await;
    };
    record(&mut tx, "asked for", (unit.institution, number), ruling).await?;
    tx.commit().await?;
    Ok(Some(number))
}

/// Stops a dry run of an institution; gives whether it had not ended.
///
/// # Errors
/// The database failed.
pub async fn stop(
    store: &Store,
    institution: Uuid,
    number: i64,
    ruling: OperatorRuling<'_>,
) -> Result<bool> {
    let mut connection = store.connection().await?;
    let mut tx = connection.begin().await?;
    let why = format!("{} stopped it: {}", ruling.by, ruling.reason);
    if !queue::withdraw(&mut tx, number, &why).await? {
        return Ok(false);
    }
    record(&mut tx, "stopped", (institution, number), ruling).await?;
    tx.commit().await?;
    Ok(true)
}

async fn record(
    tx: &mut PgConnection,
    what: &str,
    (institution, number): (Uuid, i64),
    ruling: OperatorRuling<'_>,
) -> Result<()> {
    let entry = TrailEntry {
        at: ruling.at.0,
        by: ruling.by,
        what,
        kind: "run",
        subject: &format!("dry run {number}"),
        about: None,
        institution: Some(institution),
        reason: Some(ruling.reason),
    };
    audit_trail::record(tx, &entry).await
}
