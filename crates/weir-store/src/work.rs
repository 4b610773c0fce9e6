//! The work of a segment: the ads whose (content hash, fingerprint) differs from what was last
//! derived. Found by query, so an interrupted run is simply run again.

use super::Result;
use super::views::has_document;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;
use weir_model::{
    Ad, Clock, Document, Fingerprint, Hash, Outcome, PublishedJob, RolledBack, SourceKey,
};

#[derive(sqlx::FromRow)]
struct StoredAdRow {
    external_id: String,
    document_id: i64,
    raw_content: String,
    page: Option<String>,
    scraped_at: Option<DateTime<Utc>>,
    content_hash: Vec<u8>,
    derived_hash: Option<Vec<u8>>,
    derived_fingerprint: Option<Vec<u8>>,
    #[sqlx(try_from = "String")]
    outcome: Outcome,
    generation: i32,
    fields_hash: Option<Vec<u8>>,
    refresh_hash: Option<Vec<u8>>,
    released: bool,
    discarded: bool,
    rolled_back: Option<Vec<u8>>,
    rolled_back_why: Option<String>,
    retries: i32,
    is_listed: bool,
    job_id: Option<Uuid>,
    version: Option<i32>,
    archived_as: Option<String>,
    archived_for: Option<NaiveDate>,
    held: bool,
}

macro_rules! select_ads {
    ($content:literal, $page:literal, $scraped_at:literal, $document:expr, $condition:literal) => {
        concat!(
            "SELECT s.external_id, s.document_id, ",
            $content,
            " AS raw_content, ",
            $page,
            " AS page, ",
            $scraped_at,
            " AS scraped_at, s.content_hash, s.derived_hash, s.derived_fingerprint, s.outcome,
               s.generation, s.fields_hash, s.refresh_hash, s.retries, s.last_read IS NULL AS is_listed,
               s.released_hash IS NOT DISTINCT FROM s.content_hash AS released, s.discarded_hash IS NOT DISTINCT FROM s.content_hash AS discarded,
               CASE WHEN s.rolled_back_hash = s.content_hash THEN s.rolled_back_fingerprint END AS rolled_back, s.rolled_back_why,
               j.id AS job_id, j.version, j.archived_as, j.archived_for, j.held_since IS NOT NULL AS held
             FROM ad_states s
             ",
            $document,
            "
             LEFT JOIN jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id
             WHERE s.institution_id = $1 AND s.source_id = $2 AND s.refused IS NULL AND NOT s.retired
               AND ",
            $condition,
            " ORDER BY s.external_id"
        )
    };
}

/// The same with their stored content.
macro_rules! select_stored_ads {
    ($condition:literal) => {
        select_ads!(
            "d.content::text",
            "d.metadata->>'url'",
            "d.scraped_at",
            concat!("JOIN raw_documents d ON ", has_document!("s.")),
            $condition
        )
    };
}

/// The ads of newly stored documents that need deriving; their content is not sent back over the
/// wire.
///
/// # Errors
/// The database failed.
pub async fn of(
    connection: &mut PgConnection,
    stream: &SourceKey,
    fingerprint: Fingerprint,
    at: Clock,
    documents: Vec<Document>,
) -> Result<Vec<Ad>> {
    let rows: Vec<StoredAdRow> = sqlx::query_as(select_ads!(
        "''",
        "NULL::text",
        "NULL::timestamptz",
        "",
        "(s.derived_hash IS DISTINCT FROM s.content_hash OR s.derived_fingerprint IS DISTINCT FROM $3 OR s.retry_at <= $4) AND s.external_id = ANY ($5)"
    ))
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(fingerprint.to_vec())
        .bind(at.0)
        .bind(documents.iter().map(|document| document.external_id.as_str()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let mut known: HashMap<String, Document> = documents
        .into_iter()
        .map(|document| (document.external_id.clone(), document))
        .collect();
    let ads = rows.into_iter().filter_map(|row| {
        let Document {
            hash,
            content,
            metadata,
            ..
        } = known.remove(&row.external_id)?;
        // Another content is stored by now: the ad is found again by query.
        (hash.0.as_slice() == row.content_hash).then(|| row.ad(content, at).from_page(&metadata))
    });
    Ok(ads.collect())
}

/// Which ads of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdSelection {
    /// Those that are stored and not gone, whether they need deriving or not.
    Stored,
    /// Those that need deriving.
    All,
    /// Of these, those whose content is new, unless an operator decided that it is still the same
    /// job.
    Changed,
}

/// The next ads after an id, at most `limit`.
///
/// # Errors
/// The database failed.
pub async fn after(
    connection: &mut PgConnection,
    stream: &SourceKey,
    fingerprint: Fingerprint,
    at: Clock,
    after: &str,
    limit: usize,
    which: AdSelection,
) -> Result<Vec<Ad>> {
    let rows: Vec<StoredAdRow> = sqlx::query_as(select_stored_ads!(
        "s.external_id > $5 AND s.external_id IN (
             SELECT w.external_id FROM ad_states w
             WHERE w.institution_id = $1 AND w.source_id = $2 AND w.refused IS NULL AND NOT w.retired AND w.external_id > $5
               AND ($8 OR w.derived_hash IS DISTINCT FROM w.content_hash OR w.derived_fingerprint IS DISTINCT FROM $3 OR w.retry_at <= $4)
               AND (NOT $7 OR (w.derived_hash IS DISTINCT FROM w.content_hash AND w.kept_hash IS DISTINCT FROM w.content_hash))
             ORDER BY w.external_id LIMIT $6)"
    ))
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(fingerprint.to_vec())
    .bind(at.0)
    .bind(after)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind(which == AdSelection::Changed)
    .bind(which == AdSelection::Stored)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.stored_ad(at)).collect())
}

/// Stored ads by their ids, whether they need deriving or not.
///
/// # Errors
/// The database failed.
pub async fn named(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    ids: &[&str],
) -> Result<Vec<Ad>> {
    let rows: Vec<StoredAdRow> = sqlx::query_as(select_stored_ads!("s.external_id = ANY ($3)"))
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.stored_ad(at)).collect())
}

/// How many ads need deriving, by the fingerprint that last derived them.
///
/// # Errors
/// The database failed.
pub async fn pending(
    connection: &mut PgConnection,
    stream: &SourceKey,
    fingerprint: Fingerprint,
    at: Clock,
) -> Result<Vec<PendingAds>> {
    let rows: Vec<(Option<Vec<u8>>, i64, i64)> = sqlx::query_as(
        "SELECT derived_fingerprint, count(*), count(*) FILTER (WHERE derived_hash IS DISTINCT FROM content_hash) FROM ad_states
         WHERE institution_id = $1 AND source_id = $2 AND refused IS NULL AND NOT retired
           AND (derived_hash IS DISTINCT FROM content_hash OR derived_fingerprint IS DISTINCT FROM $3 OR retry_at <= $4)
         GROUP BY derived_fingerprint",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(fingerprint.to_vec())
    .bind(at.0)
    .fetch_all(connection)
    .await?;
    let pending = |(derived_by, ads, new_content): (Option<Vec<u8>>, i64, i64)| PendingAds {
        derived_by: Hash::from_column(derived_by),
        ads,
        new_content,
    };
    Ok(rows.into_iter().map(pending).collect())
}

/// Ads that need deriving and were last derived by the same fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAds {
    /// The fingerprint that last derived them; `None` if never derived or to be retried.
    pub derived_by: Option<Fingerprint>,
    /// How many.
    pub ads: i64,
    /// How many of them have content that was never derived.
    pub new_content: i64,
}

impl StoredAdRow {
    /// The ad of a row that has its content: what was stored as jsonb reads as JSON.
    fn stored_ad(self, at: Clock) -> Ad {
        let content = serde_json::from_str(&self.raw_content).unwrap_or(Json::Null);
        self.ad(content, at)
    }

    /// The ad of a row; a document that has just been stored was fetched by the run at `at`.
    fn ad(self, content: Json, at: Clock) -> Ad {
        let published = self
            .job_id
            .zip(self.version)
            .map(|(job_id, version)| PublishedJob {
                job_id,
                version,
                archived_as: self.archived_as,
                archived_for: self.archived_for,
                held: self.held,
            });
        Ad {
            external_id: self.external_id,
            document_id: self.document_id,
            content,
            page: self.page,
            scraped_at: self.scraped_at.map_or(at, Clock),
            content_hash: Hash::from_column(Some(self.content_hash)).unwrap_or(Hash([0; 16])),
            derived_hash: Hash::from_column(self.derived_hash),
            derived_fingerprint: Hash::from_column(self.derived_fingerprint),
            outcome: self.outcome,
            generation: self.generation,
            fields_hash: Hash::from_column(self.fields_hash),
            refresh_hash: Hash::from_column(self.refresh_hash),
            is_listed: self.is_listed,
            released: self.released,
            discarded: self.discarded,
            rolled_back: Hash::from_column(self.rolled_back).map(|fingerprint| RolledBack {
                fingerprint,
                why: self.rolled_back_why.unwrap_or_default(),
            }),
            retries: self.retries,
            published,
        }
    }
}
