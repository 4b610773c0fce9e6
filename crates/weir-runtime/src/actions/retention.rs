//! Removes what a project no longer keeps, institution by institution. Each batch is one decision
//! under the lock of the institution, so that no run reads what is being removed, and none waits
//! for long; whoever is interrupted begins again and finds the rest.

use crate::engine::RunError;
use crate::engine::person::{self, DecidedTable, DecisionRecord, DecisionScope};
use chrono::{DateTime, Utc};
use serde::Serialize;
use weir_model::{RemovalKind, RetentionPolicy};
use weir_store::retention::{RemovalExtent, RemovalOrder};
use weir_store::{Connection, Store, StoreError};

/// Rows of a batch.
const BATCH: i64 = 1_000;

/// What was, or would be, removed of an institution.
#[derive(Debug, Clone, Serialize)]
pub struct RemovalLine {
    /// Its slug.
    pub institution: String,
    /// What.
    pub kind: RemovalKind,
    /// What is older than this.
    pub older_than: DateTime<Utc>,
    /// How much.
    #[serde(flatten)]
    pub extent: RemovalExtent,
}

/// What a policy would remove of an institution now; kinds of which nothing would go are left out.
///
/// # Errors
/// The database failed.
pub async fn foresee(
    store: &Store,
    whose: DecisionScope<'_>,
    policy: &RetentionPolicy,
    now: DateTime<Utc>,
) -> Result<Vec<RemovalLine>, StoreError> {
    let mut connection = store.connection().await?;
    // All kinds are measured at one moment.
    let mut tx = connection.begin().await?;
    let mut lines = Vec::new();
    for order in RemovalOrder::all(policy, whose.institution, now) {
        let extent = order.extent(&mut tx).await?;
        lines.extend((extent.row_count > 0).then(|| line(whose.slug, &order, extent)));
    }
    Ok(lines)
}

/// Removes it, and keeps on record that `by` did.
///
/// # Errors
/// The institution is busy, or the database failed; the batches before that are removed.
pub async fn remove(
    store: &Store,
    whose: DecisionScope<'_>,
    policy: &RetentionPolicy,
    now: DateTime<Utc>,
    by: &str,
) -> Result<Vec<RemovalLine>, RunError> {
    let mut lines = Vec::new();
    for order in RemovalOrder::all(policy, whose.institution, now) {
        let mut all = RemovalExtent::default();
        loop {
            let record = DecisionRecord::InTable(DecidedTable::Removals);
            let batch = person::decide(store, whose, record, async |connection| {
                let batch = order.remove(connection, BATCH, now).await?;
                if batch.row_count > 0 {
                    order.record(connection, batch, now, by).await?;
                }
                Ok::<_, RunError>(batch)
            })
            .await?;
            all.row_count += batch.row_count;
            all.bytes += batch.bytes;
            if batch.row_count < BATCH {
                break;
            }
        }
        lines.extend((all.row_count > 0).then(|| line(whose.slug, &order, all)));
    }
    Ok(lines)
}

fn line(slug: &str, order: &RemovalOrder, extent: RemovalExtent) -> RemovalLine {
    RemovalLine {
        institution: slug.to_owned(),
        kind: order.kind,
        older_than: order.older_than,
        extent,
    }
}
