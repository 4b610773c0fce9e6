//! Reads of sources with their completeness. An interrupted read keeps its position, and the next
//! run resumes there.

use super::presence::{self, listed};
use super::{Result, metrics, storable, storable_json};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use weir_model::{CacheValidators, Clock, Hash, ReadId, ReadOutcome, ReadState, RunId, SourceKey};

/// The previous read, if it was complete and provided validators.
#[derive(Debug, Clone)]
pub struct KnownRead {
    /// Its number, or that of the read it was the same as.
    pub read: ReadId,
    /// Its proof.
    pub proof: ReadOutcome,
    /// Its validators.
    pub validators: CacheValidators,
}

/// A read that has begun.
#[derive(Debug, Clone)]
pub struct BegunRead {
    /// Its number.
    pub id: ReadId,
    /// Where it resumes, if it was interrupted.
    pub bookmark: Option<Json>,
}

/// How old a read that died may be to go on.
const RESUMES_WITHIN: Duration = Duration::hours(24);

/// How a source is read.
#[derive(Debug, Clone, Copy)]
pub struct ReadMethod {
    /// Its hash: an interrupted read is only resumed if that is unchanged.
    pub hash: Hash,
    /// How long a place in it stays where it is.
    pub holds: Duration,
}

/// Begins a read, or resumes the newest one if that was interrupted recently and its configuration
/// is unchanged.
///
/// # Errors
/// The database failed.
pub async fn begin(
    connection: &mut PgConnection,
    stream: &SourceKey,
    run: RunId,
    at: Clock,
    now: DateTime<Utc>,
    way: ReadMethod,
) -> Result<BegunRead> {
    let resumed: Option<(ReadId, Json)> = sqlx::query_as(
        "WITH newest AS (
           SELECT id FROM source_reads WHERE institution_id = $1 AND state IN ('reading', 'partial') AND bookmark IS NOT NULL AND way = $5 AND at >= $6 AND (bookmark->>'kept_at')::timestamptz >= $7
             AND id = (SELECT max(id) FROM source_reads WHERE institution_id = $1 AND source_id = $2))
         UPDATE source_reads r SET run_id = $3, at = $4, state = 'reading', why = NULL, finished_at = NULL
         FROM newest n WHERE r.institution_id = $1 AND r.id = n.id RETURNING r.id, r.bookmark",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(run)
    .bind(at.0)
    .bind(way.hash.to_vec())
    .bind(at.0 - RESUMES_WITHIN)
    .bind(now - way.holds.min(RESUMES_WITHIN))
    .fetch_optional(&mut *connection)
    .await?;
    if let Some((id, bookmark)) = resumed {
        return Ok(BegunRead {
            id,
            bookmark: Some(bookmark),
        });
    }
    presence::forget_pages(connection, stream).await?;
    metrics::open_tally(connection, stream).await?;
    let id = sqlx::query_scalar(
        "INSERT INTO source_reads (institution_id, run_id, source_id, at, state, pages, items, bytes, uploaded, started_at, way)
         VALUES ($1, $2, $3, $4, 'reading', 0, 0, 0, 0, $5, $6) RETURNING id",
    );
    let id = id
        .bind(stream.institution)
        .bind(run)
        .bind(&stream.source)
        .bind(at.0)
        .bind(now)
        .bind(way.hash.to_vec())
        .fetch_one(connection)
        .await?;
    Ok(BegunRead { id, bookmark: None })
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    id: ReadId,
    state: String,
    pages: i64,
    items: i64,
    stated_count: Option<i64>,
    bytes: i64,
    etag: Option<String>,
    last_modified: Option<String>,
}

/// The newest read of a source, if it was complete and a conditional request is possible.
///
/// # Errors
/// The database failed.
pub async fn known(
    connection: &mut PgConnection,
    stream: &SourceKey,
    way: Hash,
) -> Result<Option<KnownRead>> {
    let row: Option<KnownRow> = sqlx::query_as(
        "SELECT COALESCE(same_as, id) AS id, state, pages, items, stated_count, bytes, etag, last_modified FROM source_reads
         WHERE institution_id = $1 AND source_id = $2 AND way = $3 AND state IN ('complete', 'empty') AND COALESCE(etag, last_modified) IS NOT NULL
           AND id = (SELECT max(id) FROM source_reads WHERE institution_id = $1 AND source_id = $2)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(way.to_vec())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let state = if row.state == "empty" {
            ReadState::Empty
        } else {
            ReadState::Complete
        };
        let proof = ReadOutcome {
            state,
            pages: row.pages,
            items: row.items,
            stated: row.stated_count,
            bytes: row.bytes,
            why: None,
            warning: None,
            validators: None,
            not_modified: false,
        };
        KnownRead {
            read: row.id,
            proof,
            validators: CacheValidators {
                etag: row.etag,
                last_modified: row.last_modified,
            },
        }
    }))
}

/// Records the progress of a read, in the transaction of the page, with its position if it can be
/// resumed there.
///
/// # Errors
/// The database failed.
pub async fn progress(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    items: usize,
    uploaded: usize,
    bookmark: Option<(&Json, DateTime<Utc>)>,
) -> Result<()> {
    sqlx::query(
        "UPDATE source_reads SET pages = pages + 1, items = items + $3, uploaded = uploaded + $4, bookmark = COALESCE($5, bookmark)
         WHERE institution_id = $1 AND id = $2",
    )
    .bind(stream.institution)
    .bind(read)
    .bind(i64::try_from(items).unwrap_or(i64::MAX))
    .bind(i64::try_from(uploaded).unwrap_or(i64::MAX))
    .bind(bookmark.map(|(bookmark, now)| kept(bookmark, now)))
    .execute(connection)
    .await?;
    Ok(())
}

/// A position, with when it was kept.
fn kept(bookmark: &Json, now: DateTime<Utc>) -> Json {
    let mut kept = storable_json(bookmark);
    if let Some(members) = kept.as_object_mut() {
        members.insert("kept_at".to_owned(), now.to_rfc3339().into());
    }
    kept
}

/// How many ads a read has found, each counted once, whichever process read it.
///
/// # Errors
/// The database failed.
pub async fn distinct(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
) -> Result<i64> {
    let count = sqlx::query_scalar(concat!(
        "SELECT count(*) FROM ad_states WHERE institution_id = $1 AND source_id = $2 AND ",
        listed!("$3"),
        " AND NOT (refused IS NOT NULL AND outcome = 'rejected')"
    ));
    Ok(count
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(read)
        .fetch_one(connection)
        .await?)
}

/// Ends a read that broke off before its proof: with why, and with its place if it can go on from
/// there.
///
/// # Errors
/// The database failed.
pub async fn break_off(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    now: DateTime<Utc>,
    why: &str,
) -> Result<()> {
    sqlx::query("UPDATE source_reads SET state = 'partial', why = $3, finished_at = $4 WHERE institution_id = $1 AND id = $2 AND state = 'reading'")
        .bind(stream.institution)
        .bind(read)
        .bind(storable(why))
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a read with its proof.
///
/// # Errors
/// The database failed.
pub async fn finish(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    now: DateTime<Utc>,
    proof: &ReadOutcome,
    same_as: Option<ReadId>,
) -> Result<()> {
    let validators = proof.validators.clone().unwrap_or_default();
    sqlx::query(
        "UPDATE source_reads SET state = $3, pages = $4, items = $5, stated_count = $6, bytes = $7, why = $8, finished_at = $9,
           bookmark = NULL, etag = $10, last_modified = $11, same_as = $12,
           seen = COALESCE(seen, (SELECT s.seen FROM source_reads s WHERE s.institution_id = $1 AND s.id = $12))
         WHERE institution_id = $1 AND id = $2",
    )
    .bind(stream.institution)
    .bind(read)
    .bind(proof.state.name())
    .bind(proof.pages)
    .bind(proof.items)
    .bind(proof.stated)
    .bind(proof.bytes)
    .bind(proof.why.as_deref().map(storable))
    .bind(now)
    .bind(validators.etag.as_deref().map(storable))
    .bind(validators.last_modified.as_deref().map(storable))
    .bind(same_as)
    .execute(connection)
    .await?;
    Ok(())
}
