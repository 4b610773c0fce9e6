//! T1: a page of documents. Hashes go to the database first, and only documents that are new or different are
//! uploaded; an unchanged one costs a comparison and a `last_seen_at`.

use super::{Result, Stream};
use crate::model::{Clock, Document, Hash, Refused};
use sqlx::PgConnection;
use std::collections::HashMap;

/// What came of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Ids of documents that were new or different and can be derived.
    pub fresh: Vec<String>,
    /// Documents kept but refused (unreadable, no id, duplicate id) that were new or different.
    pub refused: usize,
}

/// Stores a page of a read. Within one read the first document of an id wins; another with other content is refused.
///
/// # Errors
/// The database failed; nothing of the page is stored then, if the caller rolls back.
pub async fn store_page(connection: &mut PgConnection, stream: &Stream, read: i64, at: Clock, page: Vec<Document>) -> Result<Stored> {
    let page = refuse_twins(page);
    let unseen = mark_seen(connection, stream, read, at, &page).await?;
    let earlier = seen_in_this_read(connection, stream, read, &unseen).await?;
    let fresh: Vec<Document> = page.into_iter().filter(|document| unseen.contains(&document.external_id)).collect();
    let (twins, mut fresh): (Vec<_>, Vec<_>) = fresh.into_iter().partition(|document| earlier.contains(&document.external_id));
    let twins: Vec<Document> = twins.into_iter().map(Document::as_duplicate).collect();
    let new_twins = mark_seen(connection, stream, read, at, &twins).await?;
    fresh.extend(twins.into_iter().filter(|twin| new_twins.contains(&twin.external_id)));
    upload(connection, stream, read, at, &fresh).await?;
    record_refusals(connection, stream, at, &fresh).await?;
    let refused = fresh.iter().filter(|document| document.refused.is_some()).count();
    let fresh = fresh.into_iter().filter(|document| document.refused.is_none()).map(|document| document.external_id);
    Ok(Stored { fresh: fresh.collect(), refused })
}

/// Same id and content within a page: once. Same id, other content: the first counts, the others are refused.
fn refuse_twins(page: Vec<Document>) -> Vec<Document> {
    let mut first: HashMap<String, Hash> = HashMap::with_capacity(page.len());
    let mut kept = Vec::with_capacity(page.len());
    for document in page {
        match first.get(&document.external_id) {
            None => {
                first.insert(document.external_id.clone(), document.hash);
                kept.push(document);
            }
            Some(hash) if *hash == document.hash => {}
            Some(_) => {
                let twin = document.as_duplicate();
                if first.insert(twin.external_id.clone(), twin.hash).is_none() {
                    kept.push(twin);
                }
            }
        }
    }
    kept
}

/// Records presence of the documents that are stored with this content already; gives the ids of the others.
async fn mark_seen(
    connection: &mut PgConnection,
    stream: &Stream,
    read: i64,
    at: Clock,
    page: &[Document],
) -> Result<std::collections::HashSet<String>> {
    if page.is_empty() {
        return Ok(std::collections::HashSet::new());
    }
    let ids: Vec<&str> = page.iter().map(|document| document.external_id.as_str()).collect();
    let hashes: Vec<Vec<u8>> = page.iter().map(|document| document.hash.to_vec()).collect();
    let unseen: Vec<String> = sqlx::query_scalar(
        "WITH page AS (SELECT * FROM unnest($5::text[], $6::bytea[]) AS page (external_id, hash)),
         hit AS (
           UPDATE ad_states s SET last_seen_at = $4, last_read = $3, misses = 0, last_miss_at = NULL,
             derived_fingerprint = CASE WHEN s.retired THEN NULL ELSE s.derived_fingerprint END, retired = FALSE
           FROM page
           WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = page.external_id AND s.content_hash = page.hash
           RETURNING s.external_id)
         SELECT page.external_id FROM page WHERE NOT EXISTS (SELECT 1 FROM hit WHERE hit.external_id = page.external_id)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(read)
    .bind(at.0)
    .bind(ids)
    .bind(hashes)
    .fetch_all(connection)
    .await?;
    Ok(unseen.into_iter().collect())
}

/// Of these ids, those that the same read has already shown with other content.
async fn seen_in_this_read(
    connection: &mut PgConnection,
    stream: &Stream,
    read: i64,
    ids: &std::collections::HashSet<String>,
) -> Result<std::collections::HashSet<String>> {
    if ids.is_empty() {
        return Ok(std::collections::HashSet::new());
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let seen: Vec<String> = sqlx::query_scalar(
        "SELECT external_id FROM ad_states
         WHERE institution_id = $1 AND source_id = $2 AND external_id = ANY ($4) AND last_read = $3",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(read)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    Ok(seen.into_iter().collect())
}

async fn upload(connection: &mut PgConnection, stream: &Stream, read: i64, at: Clock, fresh: &[Document]) -> Result<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    let contents: Vec<String> = fresh.iter().map(|document| document.content.to_string()).collect();
    let metadata: Vec<String> = fresh.iter().map(|document| document.metadata.to_string()).collect();
    let outcomes: Vec<&str> = fresh.iter().map(|document| outcome(document.refused.as_ref())).collect();
    sqlx::query(
        "WITH page AS (
           SELECT * FROM unnest($5::text[], $6::bytea[], $7::text[], $8::text[], $9::text[], $10::text[])
             AS page (external_id, hash, content, metadata, refused, outcome)),
         document AS (
           INSERT INTO staging_documents AS d (institution_id, source_id, external_id, raw_content, scraped_at, processing_status, error_details, metadata)
           SELECT $1, $2, external_id, content::jsonb, $4, CASE WHEN refused IS NULL THEN 'pending' ELSE 'failed' END, refused, metadata::jsonb FROM page
           ON CONFLICT (institution_id, source_id, external_id) DO UPDATE SET
             raw_content = EXCLUDED.raw_content, scraped_at = EXCLUDED.scraped_at, processed_at = NULL,
             processing_status = EXCLUDED.processing_status, error_details = EXCLUDED.error_details, metadata = EXCLUDED.metadata
           RETURNING d.id, d.external_id)
         INSERT INTO ad_states AS s (institution_id, source_id, external_id, document_id, content_hash, outcome, refused, first_seen_at, last_seen_at, last_read)
         SELECT $1, $2, external_id, document.id, page.hash, page.outcome, page.refused, $4, $4, $3 FROM document JOIN page USING (external_id)
         ON CONFLICT (institution_id, source_id, external_id) DO UPDATE SET
           content_hash = EXCLUDED.content_hash, last_seen_at = EXCLUDED.last_seen_at, last_read = EXCLUDED.last_read, misses = 0, last_miss_at = NULL,
           derived_fingerprint = CASE WHEN s.retired THEN NULL ELSE s.derived_fingerprint END, retired = FALSE, retries = 0, retry_at = NULL",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(read)
    .bind(at.0)
    .bind(fresh.iter().map(|document| document.external_id.as_str()).collect::<Vec<_>>())
    .bind(fresh.iter().map(|document| document.hash.to_vec()).collect::<Vec<_>>())
    .bind(contents)
    .bind(metadata)
    .bind(fresh.iter().map(|document| document.refused.as_ref().map(Refused::message)).collect::<Vec<_>>())
    .bind(outcomes)
    .execute(connection)
    .await?;
    Ok(())
}

/// Refused documents count as rejected, unreadable ones as failed.
fn outcome(refused: Option<&Refused>) -> &'static str {
    match refused {
        None => "pending",
        Some(Refused::Unreadable(_)) => "failed",
        Some(_) => "rejected",
    }
}

async fn record_refusals(connection: &mut PgConnection, stream: &Stream, at: Clock, fresh: &[Document]) -> Result<()> {
    let refused: Vec<(&str, &Refused)> =
        fresh.iter().filter_map(|document| Some((document.external_id.as_str(), document.refused.as_ref()?))).collect();
    if refused.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO staging_failed_documents (institution_id, document_id, failure_timestamp, error_type, error_details)
         SELECT $1, d.id, $3, f.error_type, f.details
         FROM unnest($4::text[], $5::text[], $6::text[]) AS f (external_id, error_type, details)
         JOIN staging_documents d ON d.institution_id = $1 AND d.source_id = $2 AND d.external_id = f.external_id
         ON CONFLICT (institution_id, document_id) DO UPDATE SET error_type = EXCLUDED.error_type, error_details = EXCLUDED.error_details",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(at.0)
    .bind(refused.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(refused.iter().map(|(_, refused)| refused.error_type()).collect::<Vec<_>>())
    .bind(refused.iter().map(|(_, refused)| refused.message()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn within_a_page_the_first_of_an_id_wins() {
        let document = |id: &str, title: &str| Document::identified(id.into(), json!({"id": id, "title": title}), json!({}));
        let kept = refuse_twins(vec![document("1", "a"), document("1", "a"), document("1", "b"), document("2", "c"), document("1", "b")]);
        let ids: Vec<&str> = kept.iter().map(|document| document.external_id.as_str()).collect();
        assert_eq!((ids[0], ids[2], ids.len()), ("1", "2", 3));
        assert_eq!(kept[1].refused, Some(Refused::DuplicateId("1".into())));
    }
}
