//! What is done about documents that did not become jobs.

use super::holds::OperatorRuling;
use crate::engine::RunError;
use crate::engine::person::{self, DecisionScope};
use crate::model::SourceKey;
use crate::store::failures::{self, FailedDocument};
use crate::store::{PgConnection, Result, Store};

/// Has documents of an institution derived again by its next run.
///
/// # Errors
/// The institution is busy, or the database failed.
pub async fn retry(
    store: &Store,
    whose: DecisionScope<'_>,
    documents: &[i64],
) -> std::result::Result<(), RunError> {
    person::decide(store, whose, async |tx| {
        Ok(failures::retry(tx, whose.institution, documents).await?)
    })
    .await
}

/// Ignores the content of failures from now on, a source at a time. They are of one institution,
/// those of a source together.
///
/// # Errors
/// The database failed.
pub async fn discard(
    tx: &mut PgConnection,
    found: &[FailedDocument],
    ruling: OperatorRuling<'_>,
) -> Result<()> {
    for of_source in found.chunk_by(|one, other| one.source_id == other.source_id) {
        let source = SourceKey {
            institution: of_source[0].institution_id,
            source: of_source[0].source_id.clone(),
        };
        let of_source: Vec<&FailedDocument> = of_source.iter().collect();
        failures::discard(tx, &source, &of_source, ruling.at, ruling.by, ruling.reason).await?;
    }
    Ok(())
}
