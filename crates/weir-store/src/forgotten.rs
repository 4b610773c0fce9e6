//! What was forgotten on request: the record that it was, what is kept out and masked because of
//! it, and the answer to whoever asks for it. What goes is in [`crate::erasure`] and
//! [`crate::masking`].
//!
//! Must never store what was forgotten: rows hold hashes, and the words of whoever decided.

use super::views::biography::JobName;
use super::{Result, storable};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;
use weir_model::forgotten::{TextMask, TextMasks, ad_hash};
use weir_model::{Hash, RunId};

/// What is in force of an institution.
#[derive(Debug, Clone, Default)]
pub struct ForgottenSubjects {
    ads: HashSet<[u8; 16]>,
    institution: Uuid,
    /// What is masked.
    pub masks: TextMasks,
}

impl ForgottenSubjects {
    /// Whether an ad is kept out.
    pub fn has_ad(&self, source: &str, external_id: &str) -> bool {
        !self.ads.is_empty()
            && (self.ads).contains(&ad_hash(self.institution, source, external_id).0)
    }

    /// Whether nothing is kept out or masked.
    pub fn is_empty(&self) -> bool {
        self.ads.is_empty() && self.masks.is_empty()
    }
}

/// What is kept out of an institution, and masked in it.
///
/// # Errors
/// The database failed.
pub async fn in_force(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<ForgottenSubjects> {
    let rows: Vec<(Vec<u8>, Option<i32>)> = sqlx::query_as(
        "SELECT subject_hash, words FROM forgotten WHERE institution_id = $1 AND lifted_at IS NULL",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?;
    let (mut ads, mut masks) = (HashSet::new(), Vec::new());
    for (hash, words) in rows {
        match (Hash::from_column(Some(hash)), words) {
            (Some(hash), Some(words)) => masks.push(TextMask {
                words: usize::try_from(words).unwrap_or_default(),
                hash,
            }),
            (Some(hash), None) => {
                ads.insert(hash.0);
            }
            (None, _) => {}
        }
    }
    Ok(ForgottenSubjects {
        ads,
        institution,
        masks: TextMasks::new(institution, masks),
    })
}

/// Something that was forgotten, for people.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct ForgottenLine {
    /// Its number.
    pub id: i64,
    /// The institution.
    pub institution_id: Uuid,
    /// Its slug.
    pub institution: String,
    /// ad or text.
    pub kind: String,
    /// The source of an ad.
    pub source_id: String,
    /// By what it is known again.
    #[serde(skip)]
    pub subject_hash: Vec<u8>,
    /// The jobs that an ad had.
    pub jobs: Vec<Uuid>,
    /// How many rows were removed or masked.
    pub row_count: i64,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub forgotten_by: String,
    /// When.
    pub forgotten_at: DateTime<Utc>,
    /// Who lifted it.
    pub lifted_by: Option<String>,
    /// When.
    pub lifted_at: Option<DateTime<Utc>>,
    /// Why.
    pub lifted_reason: Option<String>,
}

/// What was forgotten of an institution or of all, the newest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut PgConnection,
    institution: Option<&str>,
) -> Result<Vec<ForgottenLine>> {
    let sql = "SELECT f.id, f.institution_id, i.slug AS institution, f.kind, f.source_id, f.subject_hash, f.row_count, f.reason, f.forgotten_by, f.forgotten_at,
           f.lifted_by, f.lifted_at, f.lifted_reason,
           ARRAY(SELECT j.job_id FROM forgotten_jobs j WHERE j.institution_id = f.institution_id AND j.forgotten_id = f.id ORDER BY 1) AS jobs
         FROM forgotten f JOIN institutions i ON i.id = f.institution_id
         WHERE $1::text IS NULL OR i.slug = $1 ORDER BY f.forgotten_at DESC, f.id DESC";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .fetch_all(connection)
        .await?)
}

impl ForgottenLine {
    /// Whether a name means this ad, or one of its jobs.
    fn is_named(&self, name: &JobName<'_>) -> bool {
        let is_job = |job: &Uuid| Uuid::parse_str(name.whole).is_ok_and(|named| named == *job);
        let of = |id: &str| ad_hash(self.institution_id, &self.source_id, id).to_vec();
        let is_here = name.institution.is_none_or(|slug| slug == self.institution)
            && name.source.is_none_or(|source| source == self.source_id);
        self.kind == "ad"
            && (self.jobs.iter().any(is_job)
                || (is_here && of(name.id) == self.subject_hash)
                || of(name.whole) == self.subject_hash)
    }

    /// What is told to whoever asks for it.
    pub fn words(&self) -> String {
        format!(
            "removed on request on {} by {}: {}",
            self.forgotten_at.format("%Y-%m-%d"),
            self.forgotten_by,
            self.reason
        )
    }
}

/// The forgotten ad that a name means, the newest of several.
///
/// # Errors
/// The database failed.
pub async fn named(
    connection: &mut PgConnection,
    name: &JobName<'_>,
) -> Result<Option<ForgottenLine>> {
    let all = list(connection, None).await?;
    Ok(all.into_iter().find(|one| one.is_named(name)))
}

/// What a decision to forget records.
#[derive(Debug, Clone, Copy)]
pub struct ForgetStamp<'s> {
    /// The institution.
    pub institution: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: &'s str,
    /// Why.
    pub reason: &'s str,
}

/// By what something is known again.
#[derive(Debug, Clone)]
pub enum ForgottenSubject {
    /// An ad of a source.
    Ad {
        /// The source.
        source: String,
        /// Its id there.
        external_id: String,
    },
    /// A text.
    Text(TextMask),
}

/// Records that something was forgotten, unless that is in force already; its number.
///
/// # Errors
/// The database failed.
pub async fn record(
    connection: &mut PgConnection,
    stamp: ForgetStamp<'_>,
    subject: &ForgottenSubject,
) -> Result<i64> {
    let (kind, source, hash, words) = match subject {
        ForgottenSubject::Ad {
            source,
            external_id,
        } => {
            let hash = ad_hash(stamp.institution, source, external_id);
            ("ad", source.as_str(), hash, None)
        }
        ForgottenSubject::Text(mask) => {
            let words = i32::try_from(mask.words).unwrap_or(i32::MAX);
            ("text", "", mask.hash, Some(words))
        }
    };
    let sql = "INSERT INTO forgotten AS f (institution_id, kind, source_id, subject_hash, words, row_count, reason, forgotten_by, forgotten_at)
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8)
         ON CONFLICT (institution_id, subject_hash) WHERE lifted_at IS NULL DO UPDATE SET row_count = f.row_count RETURNING id";
    Ok(sqlx::query_scalar(sql)
        .bind(stamp.institution)
        .bind(kind)
        .bind(source)
        .bind(hash.to_vec())
        .bind(words)
        .bind(storable(stamp.reason))
        .bind(storable(stamp.by))
        .bind(stamp.at)
        .fetch_one(connection)
        .await?)
}

/// Adds to the rows that were removed or masked for these.
///
/// # Errors
/// The database failed.
pub async fn count(
    connection: &mut PgConnection,
    institution: Uuid,
    numbers: &[i64],
    rows: i64,
) -> Result<()> {
    sqlx::query("UPDATE forgotten SET row_count = row_count + $3 WHERE institution_id = $1 AND id = ANY ($2)")
        .bind(institution)
        .bind(numbers)
        .bind(rows)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets something in again. An ad comes with the next read that lists it; what was masked comes
/// back with the ads that are still listed, which are read as if they had changed.
///
/// # Errors
/// The database failed.
pub async fn lift(connection: &mut PgConnection, stamp: ForgetStamp<'_>, id: i64) -> Result<bool> {
    let kind: Option<String> = sqlx::query_scalar(
        "UPDATE forgotten SET lifted_by = $3, lifted_at = $4, lifted_reason = $5
         WHERE institution_id = $1 AND id = $2 AND lifted_at IS NULL RETURNING kind",
    )
    .bind(stamp.institution)
    .bind(id)
    .bind(storable(stamp.by))
    .bind(stamp.at)
    .bind(storable(stamp.reason))
    .fetch_optional(&mut *connection)
    .await?;
    if kind.as_deref() == Some("text") {
        sqlx::query(
            "UPDATE ad_states s SET received_hash = decode(repeat('00', 16), 'hex')
             FROM raw_documents d
             WHERE s.institution_id = $1 AND d.institution_id = $1 AND d.document_id = s.document_id AND d.content_hash = s.content_hash
               AND d.content::text LIKE '%' || $2 || '%'",
        )
        .bind(stamp.institution)
        .bind(weir_model::forgotten::REMOVED)
        .execute(connection)
        .await?;
    }
    Ok(kind.is_some())
}

/// Jobs of institutions (all if none is named) that were there at an instant, and forgotten since.
///
/// # Errors
/// The database failed.
pub async fn forgotten_at(
    connection: &mut PgConnection,
    slugs: &[String],
    instant: DateTime<Utc>,
) -> Result<i64> {
    let sql = "SELECT count(*) FROM forgotten_jobs f JOIN institutions i ON i.id = f.institution_id
         WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND f.first_seen_at <= $2
           AND NOT EXISTS (SELECT 1 FROM published_jobs j WHERE j.institution_id = f.institution_id AND j.id = f.job_id)";
    Ok(sqlx::query_scalar(sql)
        .bind(slugs)
        .bind(instant)
        .fetch_one(connection)
        .await?)
}

/// How many of the jobs that a run had changed are forgotten.
///
/// # Errors
/// The database failed.
pub async fn of_run(connection: &mut PgConnection, institution: Uuid, run: RunId) -> Result<i64> {
    let sql = "SELECT count(*) FROM forgotten_jobs WHERE institution_id = $1 AND $2 = ANY (runs)";
    Ok(sqlx::query_scalar(sql)
        .bind(institution)
        .bind(run)
        .fetch_one(connection)
        .await?)
}
