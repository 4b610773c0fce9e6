//! T1: a page of documents. Hashes go to the database first, and only documents that are new or
//! different are uploaded; an unchanged one costs a comparison, and nothing is written of it.

use super::Result;
use super::presence::SeenAds;
use super::views::has_document;
use chrono::{DateTime, Utc};
use rayon::prelude::*;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use weir_model::{Clock, Document, Hash, ReceivedRecord, RefusalCause, SourceKey};

/// What came of a page.
#[derive(Debug, Default)]
pub struct StoredPage {
    /// Documents that were new or different and can be derived.
    pub fresh: Vec<Document>,
    /// Documents kept but refused (unreadable, no id, duplicate id) that were new or different.
    pub refused: usize,
}

/// What a statement sets of ads that are listed again.
macro_rules! seen {
    () => {
        "last_seen_at = NULL, last_read = NULL, misses = 0, last_miss_at = NULL,
         derived_fingerprint = CASE WHEN retired THEN NULL ELSE derived_fingerprint END,
         retired = FALSE"
    };
}

/// Whether an ad must be recorded when it is listed again: it was missing, or taken for gone.
macro_rules! is_away {
    () => {
        "(s.last_read IS NOT NULL OR s.misses > 0 OR s.retired)"
    };
}

/// Where a page belongs.
#[derive(Debug, Clone, Copy)]
pub struct PageContext<'s> {
    /// Institution and source.
    pub stream: &'s SourceKey,
    /// The instant.
    pub at: Clock,
}

/// What is stored of an ad that came with another text than before.
#[derive(sqlx::FromRow)]
struct KnownDocument {
    external_id: String,
    content_hash: Vec<u8>,
    document_id: i64,
}

/// A stored ad that a page lists.
#[derive(sqlx::FromRow)]
struct ListedAd {
    external_id: String,
    document_id: i64,
    /// Whether it was missing, or taken for gone.
    is_away: bool,
}

/// A page on its way into the database.
#[derive(Debug, Default)]
pub struct ArrivedPage {
    /// Records with an id.
    pub received: Vec<ReceivedRecord>,
    /// Listings that were put together with the page of their ad just now: whatever is stored of
    /// them, they are looked into.
    pub detailed: Vec<ReceivedRecord>,
    /// Listings whose detail page could not be read or is gone, and why.
    pub undetailed: Vec<(ReceivedRecord, RefusalCause)>,
    /// Records that cannot be read as ads.
    pub refused: Vec<Document>,
}

/// Stores a page of a read. Within one read the first document of an id wins; another with
/// different content is rejected.
///
/// # Errors
/// The database failed; nothing of the page is stored then, if the caller rolls back.
pub async fn store_page(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    page: ArrivedPage,
    seen: &mut SeenAds,
) -> Result<StoredPage> {
    let ArrivedPage {
        received,
        detailed,
        undetailed,
        mut refused,
    } = page;
    let (first, twins) = first_of_each(received);
    let unseen = mark_seen(
        connection,
        reading,
        first
            .iter()
            .map(|one| (one.external_id.as_str(), one.received_hash)),
        seen,
    )
    .await?;
    let changed: Vec<ReceivedRecord> = first
        .into_iter()
        .filter(|one| unseen.contains(&one.external_id))
        .chain(twins)
        .chain(detailed)
        .collect();
    refused.extend(without_detail(connection, reading, undetailed, seen).await?);
    let (documents, unreadable) = read_all(changed).await;
    // An ad whose text cannot be read is still listed: its id is known.
    note_presence(
        connection,
        reading,
        &unreadable.iter().map(String::as_str).collect::<Vec<_>>(),
        seen,
    )
    .await?;
    let sorted = sort_out(connection, reading, documents, seen).await?;
    refused.extend(sorted.refused);
    let unseen = mark_seen(
        connection,
        reading,
        refused
            .iter()
            .map(|one| (one.external_id.as_str(), one.received_hash)),
        seen,
    )
    .await?;
    let mut again: HashSet<String> = HashSet::new();
    // A duplicate document is rejected once.
    refused.retain(|document| {
        unseen.contains(&document.external_id) && again.insert(document.external_id.clone())
    });
    keep_trace(connection, reading, &sorted.replaced).await?;
    let stored = StoredPage {
        refused: refused.len(),
        fresh: sorted.fresh,
    };
    drop_replaced(connection, reading, &sorted.replaced).await?;
    upload(
        connection,
        reading,
        stored.fresh.iter().chain(&refused),
        seen,
    )
    .await?;
    record_refusals(connection, reading, &refused).await?;
    Ok(stored)
}

/// The listings that are new, or whose ads were stored with another listing, or read before an
/// instant: their detail pages are requested.
///
/// # Errors
/// The database failed.
pub async fn to_detail(
    connection: &mut PgConnection,
    stream: &SourceKey,
    listings: &[ReceivedRecord],
    read_before: Option<DateTime<Utc>>,
) -> Result<HashSet<String>> {
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT s.external_id FROM unnest($3::text[], $4::bytea[]) AS page (external_id, hash)
         JOIN ad_states s ON s.institution_id = $1 AND s.source_id = $2 AND s.external_id = page.external_id AND s.received_hash = page.hash
         WHERE s.refused IS NULL AND ($5::timestamptz IS NULL OR s.detailed_at > $5)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(listings.iter().map(|one| one.external_id.as_str()).collect::<Vec<_>>())
    .bind(listings.iter().map(|one| one.received_hash.to_vec()).collect::<Vec<_>>())
    .bind(read_before)
    .fetch_all(connection)
    .await?;
    let known: HashSet<String> = known.into_iter().collect();
    Ok(listings
        .iter()
        .map(|one| &one.external_id)
        .filter(|id| !known.contains(*id))
        .cloned()
        .collect())
}

/// How many of these listings belong to stored ads, including those rejected for lack of a detail
/// page.
///
/// # Errors
/// The database failed.
pub async fn stored_before(
    connection: &mut PgConnection,
    stream: &SourceKey,
    listings: &[(ReceivedRecord, RefusalCause)],
) -> Result<usize> {
    let refused_as = |(one, why): &(ReceivedRecord, RefusalCause)| {
        one.clone().read().without_detail(why.clone()).external_id
    };
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM unnest($3::text[], $4::text[]) AS page (external_id, refused_as) WHERE EXISTS (
           SELECT 1 FROM ad_states s WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id IN (page.external_id, page.refused_as))",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(listings.iter().map(|(one, _)| one.external_id.as_str()).collect::<Vec<_>>())
    .bind(listings.iter().map(refused_as).collect::<Vec<_>>())
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Ads without a detail page keep their stored content. Returns those without any, as rejected.
async fn without_detail(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    undetailed: Vec<(ReceivedRecord, RefusalCause)>,
    seen: &mut SeenAds,
) -> Result<Vec<Document>> {
    let listed: Vec<&str> = undetailed
        .iter()
        .map(|(one, _)| one.external_id.as_str())
        .collect();
    let present = note_presence(connection, reading, &listed, seen).await?;
    let unknown = undetailed
        .into_iter()
        .filter(|(one, _)| !present.contains(&one.external_id));
    Ok(unknown
        .map(|(one, why)| one.read().without_detail(why))
        .collect())
}

/// Records that ads without new content are listed; returns the known ones.
async fn note_presence(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    ads: &[&str],
    seen: &mut SeenAds,
) -> Result<HashSet<String>> {
    if ads.is_empty() {
        return Ok(HashSet::new());
    }
    let known: Vec<ListedAd> = sqlx::query_as(concat!(
        "SELECT external_id, document_id, ",
        is_away!(),
        " AS is_away FROM ad_states s WHERE institution_id = $1 AND source_id = $2 AND external_id = ANY ($3)"
    ))
    .bind(reading.stream.institution)
    .bind(&reading.stream.source)
    .bind(ads)
    .fetch_all(&mut *connection)
    .await?;
    welcome(connection, reading, &known, seen).await?;
    Ok(known.into_iter().map(|ad| ad.external_id).collect())
}

/// Listed ads are seen by the read; of those that were missing or gone this is recorded.
async fn welcome(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    known: &[ListedAd],
    seen: &mut SeenAds,
) -> Result<()> {
    seen.extend(known.iter().map(|ad| ad.document_id));
    let away: Vec<i64> = known
        .iter()
        .filter(|ad| ad.is_away)
        .map(|ad| ad.document_id)
        .collect();
    if away.is_empty() {
        return Ok(());
    }
    sqlx::query(concat!(
        "UPDATE ad_states SET ",
        seen!(),
        " WHERE institution_id = $1 AND document_id = ANY ($2)"
    ))
    .bind(reading.stream.institution)
    .bind(away)
    .execute(connection)
    .await?;
    Ok(())
}

/// The first of each id, and those that follow with another text. The same text again counts once.
fn first_of_each(received: Vec<ReceivedRecord>) -> (Vec<ReceivedRecord>, Vec<ReceivedRecord>) {
    let mut hashes: HashMap<String, Hash> = HashMap::with_capacity(received.len());
    let (mut first, mut twins) = (Vec::with_capacity(received.len()), Vec::new());
    for one in received {
        match hashes.get(&one.external_id) {
            None => {
                hashes.insert(one.external_id.clone(), one.received_hash);
                first.push(one);
            }
            Some(hash) if *hash == one.received_hash => {}
            Some(_) => twins.push(one),
        }
    }
    (first, twins)
}

/// Parses the texts, on all cores; also returns the ids of unreadable ones.
async fn read_all(received: Vec<ReceivedRecord>) -> (Vec<Document>, Vec<String>) {
    let read = |one: ReceivedRecord| (one.external_id.clone(), one.read());
    let reading = tokio::task::spawn_blocking(move || {
        received
            .into_par_iter()
            .with_min_len(32)
            .map(read)
            .collect::<Vec<_>>()
    });
    // Parsing cannot panic; if it did, the ads of the page must not count as missing: the read ends
    // here.
    let read = reading
        .await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let unreadable = read
        .iter()
        .filter(|(_, document)| document.refused.is_some())
        .map(|(id, _)| id.clone())
        .collect();
    (
        read.into_iter().map(|(_, document)| document).collect(),
        unreadable,
    )
}

/// Documents with new text, compared with what is stored of their ads.
#[derive(Default)]
struct SortedDocuments {
    /// New or different content.
    fresh: Vec<Document>,
    /// Unreadable after all, or the second of an id with other content.
    refused: Vec<Document>,
    /// Ids with different stored content.
    replaced: Vec<String>,
}

async fn sort_out(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    documents: Vec<Document>,
    seen: &mut SeenAds,
) -> Result<SortedDocuments> {
    let known = known(connection, reading, &documents).await?;
    let mut sorted = SortedDocuments::default();
    let mut fresh: HashMap<String, Hash> = HashMap::new();
    let mut same: Vec<(String, Hash)> = Vec::new();
    for document in documents {
        let stored = known.get(&document.external_id);
        // The first occurrence in this read is used; what is stored belongs to another read,
        // although it may occur again.
        let counts = fresh
            .get(&document.external_id)
            .or(stored.map(|(hash, _)| hash));
        let is_same = counts == Some(&document.hash);
        let came_before = stored.is_some_and(|(_, document)| seen.contains(*document))
            || fresh.contains_key(&document.external_id);
        if document.refused.is_some() {
            sorted.refused.push(document);
        } else if is_same {
            same.push((document.external_id, document.received_hash));
        } else if came_before {
            sorted.refused.push(document.as_duplicate());
        } else {
            if stored.is_some() {
                sorted.replaced.push(document.external_id.clone());
            }
            fresh.insert(document.external_id.clone(), document.hash);
            sorted.fresh.push(document);
        }
    }
    mark_same(connection, reading, &same, seen).await?;
    Ok(sorted)
}

async fn known(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    documents: &[Document],
) -> Result<HashMap<String, (Hash, i64)>> {
    if documents.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<KnownDocument> = sqlx::query_as(
        "SELECT external_id, content_hash, document_id FROM ad_states WHERE institution_id = $1 AND source_id = $2 AND external_id = ANY ($3)",
    )
    .bind(reading.stream.institution)
    .bind(&reading.stream.source)
    .bind(documents.iter().map(|document| document.external_id.as_str()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some((
                row.external_id,
                (Hash::from_column(Some(row.content_hash))?, row.document_id),
            ))
        })
        .collect())
}

/// Records presence of the documents that are already stored with this exact text; returns the ids
/// of the others.
async fn mark_seen(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    page: impl Iterator<Item = (&str, Hash)>,
    seen: &mut SeenAds,
) -> Result<HashSet<String>> {
    let (ids, hashes): (Vec<&str>, Vec<Vec<u8>>) =
        page.map(|(id, hash)| (id, hash.to_vec())).unzip();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let mut unseen: HashSet<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    // One look-up by index for each document, whatever the planner believes: of a source that it
    // has not measured yet it expects one row, and would compare each stored ad with each of the
    // page.
    set_scans(connection, "off").await?;
    let known: Vec<ListedAd> = sqlx::query_as(concat!(
        "SELECT known.* FROM unnest($3::text[], $4::bytea[]) AS page (external_id, hash)
         CROSS JOIN LATERAL (
           SELECT s.external_id, s.document_id, ",
        is_away!(),
        " AS is_away FROM ad_states s
           WHERE s.institution_id = $1 AND s.source_id = $2
             AND s.external_id = page.external_id AND s.received_hash = page.hash
           OFFSET 0) AS known"
    ))
    .bind(reading.stream.institution)
    .bind(&reading.stream.source)
    .bind(ids)
    .bind(hashes)
    .fetch_all(&mut *connection)
    .await?;
    set_scans(connection, "on").await?;
    welcome(connection, reading, &known, seen).await?;
    known.iter().for_each(|ad| {
        unseen.remove(&ad.external_id);
    });
    Ok(unseen)
}

/// Whether the planner may read a whole table in the rest of the transaction.
async fn set_scans(connection: &mut PgConnection, on: &str) -> Result<()> {
    sqlx::query("SELECT set_config('enable_seqscan', $1, true)")
        .bind(on)
        .execute(connection)
        .await?;
    Ok(())
}

/// Records presence of documents whose content is already stored, although their text differs.
async fn mark_same(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    same: &[(String, Hash)],
    seen: &mut SeenAds,
) -> Result<()> {
    if same.is_empty() {
        return Ok(());
    }
    set_scans(connection, "off").await?;
    let marked: Vec<i64> = sqlx::query_scalar(concat!(
        "UPDATE ad_states s SET received_hash = page.hash, detailed_at = $3, ",
        seen!(),
        " FROM (
            SELECT known.place, page.hash FROM unnest($4::text[], $5::bytea[]) AS page (external_id, hash)
            CROSS JOIN LATERAL (
              SELECT s.ctid AS place FROM ad_states s
              WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = page.external_id
              OFFSET 0) AS known) AS page
          WHERE s.institution_id = $1 AND s.ctid = page.place RETURNING s.document_id"
    ))
    .bind(reading.stream.institution)
    .bind(&reading.stream.source)
    .bind(reading.at.0)
    .bind(same.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>())
    .bind(same.iter().map(|(_, hash)| hash.to_vec()).collect::<Vec<_>>())
    .fetch_all(&mut *connection)
    .await?;
    seen.extend(marked);
    set_scans(connection, "on").await
}

/// Keeps of each document that is about to be replaced which it was, and when and where it came
/// from: an ad that never became a job has no other past.
async fn keep_trace(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    ids: &[String],
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(concat!(
        "INSERT INTO replaced_documents (institution_id, source_id, original_id, document_id, content_hash, scraped_at, replaced_at, metadata)
         SELECT $1, $2, s.external_id, s.document_id, s.content_hash, d.scraped_at, $3, d.metadata
         FROM ad_states s JOIN raw_documents d ON ",
        has_document!("s."),
        " WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = ANY ($4)"
    ))
    .bind(reading.stream.institution)
    .bind(&reading.stream.source)
    .bind(reading.at.0)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the documents that are about to be replaced, unless a version of a job was made of them.
async fn drop_replaced(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    ids: &[String],
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(concat!(
        "DELETE FROM raw_documents d USING ad_states s
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = ANY ($3)
           AND ",
        has_document!("s."),
        " AND NOT EXISTS (SELECT 1 FROM published_jobs j
             WHERE j.institution_id = $1 AND j.document_id = d.document_id AND j.content_hash = d.content_hash)
           AND NOT EXISTS (SELECT 1 FROM superseded_versions v
             WHERE v.institution_id = $1 AND v.document_id = d.document_id AND v.content_hash = d.content_hash)"
    ))
    .bind(reading.stream.institution)
    .bind(&reading.stream.source)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(())
}

async fn upload(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    fresh: impl Iterator<Item = &Document>,
    seen: &mut SeenAds,
) -> Result<()> {
    let fresh: Vec<&Document> = fresh.collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let contents: Vec<&str> = fresh
        .iter()
        .map(|document| document.canonical.as_str())
        .collect();
    let metadata: Vec<String> = fresh
        .iter()
        .map(|document| document.metadata.to_string())
        .collect();
    let outcomes: Vec<&str> = fresh
        .iter()
        .map(|document| outcome(document.refused.as_ref()))
        .collect();
    let stored: Vec<i64> = sqlx::query_scalar(
        "WITH page AS (
           SELECT * FROM unnest($4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[])
             AS page (external_id, hash, content, metadata, refused, outcome, received_hash)),
         ad AS (
           INSERT INTO ad_states AS s (institution_id, source_id, external_id, content_hash, received_hash, detailed_at, outcome, refused, first_seen_at)
           SELECT $1, $2, external_id, hash, received_hash, $3, outcome, refused, $3 FROM page
           ON CONFLICT (institution_id, source_id, external_id) DO UPDATE SET
             content_hash = EXCLUDED.content_hash, received_hash = EXCLUDED.received_hash, detailed_at = EXCLUDED.detailed_at, last_seen_at = NULL, last_read = NULL, misses = 0, last_miss_at = NULL,
             derived_fingerprint = CASE WHEN s.retired THEN NULL ELSE s.derived_fingerprint END, retired = FALSE, document_removed_at = NULL, retries = 0, retry_at = NULL
           RETURNING s.document_id, s.external_id)
         INSERT INTO raw_documents AS d (institution_id, document_id, content_hash, content, scraped_at, metadata)
         SELECT $1, ad.document_id, page.hash, page.content::jsonb, $3, page.metadata::jsonb FROM ad JOIN page USING (external_id)
         ON CONFLICT (institution_id, document_id, content_hash) DO UPDATE SET scraped_at = EXCLUDED.scraped_at, metadata = EXCLUDED.metadata
         RETURNING document_id",
    )
    .bind(reading.stream.institution)
    .bind(&reading.stream.source)
    .bind(reading.at.0)
    .bind(fresh.iter().map(|document| document.external_id.as_str()).collect::<Vec<_>>())
    .bind(fresh.iter().map(|document| document.hash.to_vec()).collect::<Vec<_>>())
    .bind(contents)
    .bind(metadata)
    .bind(fresh.iter().map(|document| document.refused.as_ref().map(stated)).collect::<Vec<_>>())
    .bind(outcomes)
    .bind(fresh.iter().map(|document| document.received_hash.to_vec()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    seen.extend(stored);
    Ok(())
}

/// Refused documents count as rejected, unreadable ones as failed.
fn outcome(refused: Option<&RefusalCause>) -> &'static str {
    match refused {
        None => "pending",
        Some(
            RefusalCause::Unreadable(_) | RefusalCause::NoDetail(_) | RefusalCause::DetailGone(_),
        ) => "failed",
        Some(_) => "rejected",
    }
}

/// Why a document is rejected, as stored.
fn stated(refused: &RefusalCause) -> String {
    super::storable(&refused.message()).into_owned()
}

async fn record_refusals(
    connection: &mut PgConnection,
    reading: PageContext<'_>,
    fresh: &[Document],
) -> Result<()> {
    let refused: Vec<(&str, &RefusalCause)> = fresh
        .iter()
        .filter_map(|document| Some((document.external_id.as_str(), document.refused.as_ref()?)))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO staging_failed_documents (institution_id, document_id, failure_timestamp, error_type, error_details)
         SELECT $1, s.document_id, $3, f.error_type, f.details
         FROM unnest($4::text[], $5::text[], $6::text[]) AS f (external_id, error_type, details)
         JOIN ad_states s ON s.institution_id = $1 AND s.source_id = $2 AND s.external_id = f.external_id
         ON CONFLICT (institution_id, document_id) DO UPDATE SET error_type = EXCLUDED.error_type, error_details = EXCLUDED.error_details",
    )
    .bind(reading.stream.institution)
    .bind(&reading.stream.source)
    .bind(reading.at.0)
    .bind(refused.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(refused.iter().map(|(_, refused)| refused.error_type()).collect::<Vec<_>>())
    .bind(refused.iter().map(|(_, refused)| stated(refused)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn within_a_page_the_same_text_counts_once_and_another_text_is_a_twin() {
        let received =
            |id: &str, text: &str| ReceivedRecord::new(id.into(), text.into(), json!({}));
        let (first, twins) = first_of_each(vec![
            received("1", "a"),
            received("1", "a"),
            received("1", "b"),
            received("2", "c"),
        ]);
        let ids = |all: &[ReceivedRecord]| {
            all.iter()
                .map(|one| format!("{}{}", one.external_id, one.text))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (ids(&first), ids(&twins)),
            (
                vec!["1a".to_owned(), "2c".to_owned()],
                vec!["1b".to_owned()]
            )
        );
    }
}
