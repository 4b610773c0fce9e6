//! What a dry run that somebody has asked for leaves: the counts, the picture of its plan, and the
//! plan of jobs record by record, in tables that any process can show.
//!
//! It must stay small whatever the run would do: of each source and kind the first records are
//! kept, and the counts say how many there are. Everything is in `weir plan --jobs`.

use crate::engine::{DryRun, RunError};
use serde_json::json;
use weir_model::{RecordFilter, RunRecord};
use weir_store::PgConnection;
use weir_store::dry_runs::{self, DryRunOutcome};
use weir_store::queue::ClaimedUnit;

/// Records that are kept of each source and kind.
const OF_EACH: usize = 500;
/// Records that are kept at most.
const MOST: usize = 10_000;
/// Records that are written at once.
const TOGETHER: usize = 250;

/// The records that are kept.
pub(super) fn wanted() -> RecordFilter {
    RecordFilter {
        limit: Some(OF_EACH),
        ..RecordFilter::default()
    }
}

/// Keeps what a dry run leaves, with the end of its unit.
pub(super) async fn keep(
    connection: &mut PgConnection,
    unit: &ClaimedUnit,
    dry_run: &DryRun,
) -> Result<(), RunError> {
    let outcome = DryRunOutcome {
        summary: dry_run.summary.to_json(),
        found: json!(dry_run.records.found),
        trail: json!(dry_run.summary.trail),
        openings: json!(dry_run.openings),
    };
    dry_runs::keep(connection, unit, &outcome).await?;
    let mut records = dry_run.records.read()?.take(MOST);
    let mut first = 0;
    loop {
        let some = records.by_ref().take(TOGETHER);
        let some = some.collect::<std::io::Result<Vec<RunRecord>>>()?;
        if some.is_empty() {
            return Ok(());
        }
        dry_runs::keep_records(connection, unit, first, &some).await?;
        first += i32::try_from(some.len()).unwrap_or_default();
    }
}
