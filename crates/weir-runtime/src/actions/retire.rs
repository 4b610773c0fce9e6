//! Archives the open jobs of sources that are given up.

use super::ruling::OperatorRuling;
use weir_model::SourceKey;
use weir_store::{PgConnection, Result, settle};

/// Archives every open job of these sources; how many of each.
///
/// # Errors
/// The database failed.
pub async fn retire(
    tx: &mut PgConnection,
    sources: &[SourceKey],
    ruling: OperatorRuling<'_>,
) -> Result<Vec<usize>> {
    let mut retired = Vec::with_capacity(sources.len());
    for source in sources {
        retired.push(
            settle::retire_by_person(tx, source, ruling.at, ruling.by, ruling.reason)
                .await?
                .len(),
        );
    }
    Ok(retired)
}
