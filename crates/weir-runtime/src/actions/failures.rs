//! What is done about documents that did not become jobs.

use super::ruling::OperatorRuling;
use crate::engine::RunError;
use crate::engine::person::{self, DecisionNote, DecisionRecord, DecisionScope};
use weir_model::SourceKey;
use weir_store::failures::{self, FailedDocument};
use weir_store::{PgConnection, Result, Store};

/// Has documents of an institution derived again by its next run.
///
/// # Errors
/// The institution is busy, or the database failed.
pub async fn retry(
    store: &Store,
    whose: DecisionScope<'_>,
    found: &[&FailedDocument],
    ruling: OperatorRuling<'_>,
) -> std::result::Result<(), RunError> {
    let documents: Vec<i64> = found.iter().map(|one| one.document_id).collect();
    let named = named(found);
    let record = DecisionRecord::InTrail(note("retried", &named, ruling));
    person::decide(store, whose, record, async |tx| {
        Ok(failures::retry(tx, whose.institution, &documents).await?)
    })
    .await
}

/// How many ads a decision names; of more it says how many.
const NAMED: usize = 5;

/// The ads of failures, as the record of a decision names them.
pub fn named(found: &[&FailedDocument]) -> String {
    let names = found.iter().take(NAMED);
    let names = names.map(|one| format!("{}:{}", one.source_id, one.external_id));
    let names = names.collect::<Vec<_>>().join(", ");
    match found.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{names} and {more} more"),
        _ => names,
    }
}

/// What is on record of a decision about failures.
pub fn note<'n>(what: &'n str, named: &'n str, ruling: OperatorRuling<'n>) -> DecisionNote<'n> {
    DecisionNote {
        at: ruling.at,
        by: ruling.by,
        what,
        kind: "failure",
        subject: named,
        reason: ruling.reason,
    }
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
