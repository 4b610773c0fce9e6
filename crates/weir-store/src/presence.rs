//! Which ads a read has listed. An ad that was listed yesterday and is listed today costs nothing:
//! only ads that come back, and ads that are missing for the first time, are written
//! (docs/decisions/0024-presence.md).
//!
//! `ad_states.last_read` is empty while an ad is listed by the newest read of its source; else it
//! names the newest read that listed it. Whatever asks which ads a read has listed does so with
//! [`listed`], once the read is settled here.

use super::Result;
use roaring::RoaringTreemap;
use sqlx::PgConnection;
use weir_model::{ReadId, SourceKey};

/// Whether an ad is listed by a read, which is the newest one that listed anything: its number, or
/// 0 for none.
macro_rules! listed {
    ($read:literal) => {
        concat!("(last_read IS NULL AND ", $read, "::bigint <> 0)")
    };
}
pub(crate) use listed;

/// The ads that a read has listed so far, by the numbers of their documents: bits, so that memory
/// stays flat.
#[derive(Debug, Default)]
pub struct SeenAds {
    all: RoaringTreemap,
    /// Those of the page that is being stored.
    page: Vec<i64>,
}

impl SeenAds {
    /// What a read that goes on had listed when it died.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of(
        connection: &mut PgConnection,
        stream: &SourceKey,
        read: ReadId,
    ) -> Result<SeenAds> {
        let pages: Vec<Vec<i64>> = sqlx::query_scalar(
            "SELECT documents FROM read_pages WHERE institution_id = $1 AND read_id = $2",
        )
        .bind(stream.institution)
        .bind(read)
        .fetch_all(connection)
        .await?;
        let mut seen = SeenAds::default();
        pages
            .into_iter()
            .for_each(|documents| seen.extend(documents));
        seen.page.clear();
        Ok(seen)
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn contains(&self, document: i64) -> bool {
        self.all.contains(document.unsigned_abs())
    }

    pub(super) fn extend(&mut self, documents: impl IntoIterator<Item = i64>) {
        for document in documents {
            if self.all.insert(document.unsigned_abs()) {
                self.page.push(document);
            }
        }
    }

    /// Ends a page: what it has listed is kept if the read can go on after it, should it die.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_page(
        &mut self,
        connection: &mut PgConnection,
        stream: &SourceKey,
        read: ReadId,
        goes_on: bool,
    ) -> Result<()> {
        let documents = std::mem::take(&mut self.page);
        if goes_on && !documents.is_empty() {
            sqlx::query(
                "INSERT INTO read_pages (institution_id, read_id, documents) VALUES ($1, $2, $3)",
            )
            .bind(stream.institution)
            .bind(read)
            .bind(documents)
            .execute(connection)
            .await?;
        }
        Ok(())
    }
}

/// Settles who is missing from a read: ads that were listed until now and are not among those seen.
/// From here on the read is the newest one.
///
/// # Errors
/// The database failed.
pub async fn settle(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    seen: &SeenAds,
) -> Result<()> {
    let listed: Vec<Vec<i64>> = sqlx::query_scalar(
        "SELECT array_agg(document_id) FROM ad_states
         WHERE institution_id = $1 AND source_id = $2 AND last_read IS NULL GROUP BY document_id / 10000",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .fetch_all(&mut *connection)
    .await?;
    let missing: Vec<i64> = listed
        .into_iter()
        .flatten()
        .filter(|document| !seen.contains(*document))
        .collect();
    if !missing.is_empty() {
        sqlx::query(
            "WITH before AS (
               SELECT id, at FROM source_reads WHERE institution_id = $1 AND source_id = $2 AND id < $3 AND seen IS NOT NULL ORDER BY id DESC LIMIT 1)
             UPDATE ad_states SET last_read = COALESCE((SELECT id FROM before), 0), last_seen_at = GREATEST((SELECT at FROM before), detailed_at)
             WHERE institution_id = $1 AND document_id = ANY ($4)",
        )
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(read)
        .bind(missing)
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query("UPDATE source_reads SET seen = $3 WHERE institution_id = $1 AND id = $2")
        .bind(stream.institution)
        .bind(read)
        .bind(i64::try_from(seen.len()).unwrap_or(i64::MAX))
        .execute(&mut *connection)
        .await?;
    forget_pages(connection, stream).await
}

/// Forgets the pages of reads that do not go on.
///
/// # Errors
/// The database failed.
pub async fn forget_pages(connection: &mut PgConnection, stream: &SourceKey) -> Result<()> {
    sqlx::query(
        "DELETE FROM read_pages p USING source_reads r
         WHERE p.institution_id = $1 AND r.institution_id = $1 AND r.id = p.read_id AND r.source_id = $2",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .execute(connection)
    .await?;
    Ok(())
}
