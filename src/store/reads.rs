//! Readings of sources with their proof of completeness.

use super::{Result, Stream};
use crate::model::Clock;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

/// How a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadState {
    /// All pages read without error, and the stated count agrees where there is one.
    Complete,
    /// Complete, and there was nothing in it.
    Empty,
    /// Something is missing.
    Partial,
    /// The source refuses us.
    Blocked,
    /// The source does not answer.
    Unreachable,
}

impl ReadState {
    /// The text in the column.
    pub fn name(self) -> &'static str {
        match self {
            ReadState::Complete => "complete",
            ReadState::Empty => "empty",
            ReadState::Partial => "partial",
            ReadState::Blocked => "blocked",
            ReadState::Unreachable => "unreachable",
        }
    }
}

/// What was read, and why that is everything or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// How it ended.
    pub state: ReadState,
    /// Pages or files.
    pub pages: i64,
    /// Documents.
    pub items: i64,
    /// How many ads the source says it has.
    pub stated: Option<i64>,
    /// Bytes, after decompression.
    pub bytes: i64,
    /// Why it is not complete.
    pub why: Option<String>,
}

/// Begins a read and gives its number.
///
/// # Errors
/// The database failed.
pub async fn begin(connection: &mut PgConnection, stream: &Stream, run: i64, at: Clock, now: DateTime<Utc>) -> Result<i64> {
    let id = sqlx::query_scalar(
        "INSERT INTO source_reads (institution_id, run_id, source_id, at, state, pages, items, bytes, uploaded, started_at)
         VALUES ($1, $2, $3, $4, 'reading', 0, 0, 0, 0, $5) RETURNING id",
    );
    Ok(id.bind(stream.institution).bind(run).bind(&stream.source).bind(at.0).bind(now).fetch_one(connection).await?)
}

/// Notes the progress of a read, in the transaction of the page.
///
/// # Errors
/// The database failed.
pub async fn progress(connection: &mut PgConnection, stream: &Stream, read: i64, items: usize, uploaded: usize) -> Result<()> {
    sqlx::query("UPDATE source_reads SET pages = pages + 1, items = items + $3, uploaded = uploaded + $4 WHERE institution_id = $1 AND id = $2")
        .bind(stream.institution)
        .bind(read)
        .bind(i64::try_from(items).unwrap_or(i64::MAX))
        .bind(i64::try_from(uploaded).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a read with its proof.
///
/// # Errors
/// The database failed.
pub async fn finish(connection: &mut PgConnection, stream: &Stream, read: i64, now: DateTime<Utc>, proof: &Proof) -> Result<()> {
    sqlx::query(
        "UPDATE source_reads SET state = $3, pages = $4, items = $5, stated_count = $6, bytes = $7, why = $8, finished_at = $9
         WHERE institution_id = $1 AND id = $2",
    )
    .bind(stream.institution)
    .bind(read)
    .bind(proof.state.name())
    .bind(proof.pages)
    .bind(proof.items)
    .bind(proof.stated)
    .bind(proof.bytes)
    .bind(&proof.why)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}
