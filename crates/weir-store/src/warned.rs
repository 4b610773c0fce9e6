//! Ads that pass and that rules warn about, found by their marks, and the rates of rules and fields
//! by week. Read-only. Marks of another fingerprint mean something else, so ads that were derived
//! by other rules are not listed.

use super::Result;
use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use weir_model::SourceKey;

/// A published ad that a rule warns about.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct WarnedAd {
    /// The bit of the rule.
    #[serde(skip)]
    pub bit: i32,
    /// The source's id.
    pub external_id: String,
    /// Its document.
    pub document_id: i64,
    /// The title of its job.
    pub title: String,
    /// How many there are of this rule, however many are listed.
    pub total: i64,
}

/// Published and listed ads with one of these bits among their marks, at most `limit` of each bit,
/// of the segment with these parts: all its fingerprints that differ by the date of the run alone.
///
/// # Errors
/// The database failed.
pub async fn ads(
    connection: &mut PgConnection,
    stream: &SourceKey,
    fingerprints: &[Vec<u8>],
    bits: &[i32],
    limit: i64,
) -> Result<Vec<WarnedAd>> {
    let rows = sqlx::query_as(
        "SELECT bit, external_id, document_id, title, total FROM (
           SELECT b.bit, s.external_id, s.document_id, j.title,
             count(*) OVER (PARTITION BY b.bit) AS total, row_number() OVER (PARTITION BY b.bit ORDER BY s.external_id) AS nth
           FROM unnest($4::int[]) AS b (bit)
           JOIN ad_states s ON s.institution_id = $1 AND s.source_id = $2 AND s.derived_fingerprint = ANY ($3)
             AND s.outcome = 'published' AND NOT s.retired AND s.misses = 0
             AND CASE WHEN octet_length(s.failed) * 8 > b.bit THEN get_bit(s.failed, b.bit) = 1 ELSE FALSE END
           JOIN jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id) AS warned
         WHERE nth <= $5 ORDER BY bit, external_id",
    );
    let rows = rows
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(fingerprints.to_vec())
        .bind(bits)
        .bind(limit);
    Ok(rows.fetch_all(connection).await?)
}

/// How often a rule or field spoke against ads of a source in one week.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct WeekRate {
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// fails, warns, refused or unread, as in `quality_measures.kind`.
    pub kind: String,
    /// The rule or field.
    pub subject: String,
    /// The Monday.
    pub week: NaiveDate,
    /// Measured reads.
    pub reads: i64,
    /// Ads that it spoke against, of all reads together.
    pub part: i64,
    /// Ads that were measured.
    pub whole: i64,
}

/// The rates of rules and fields by week since a day, where one of the weeks has any; weeks are of
/// UTC.
///
/// # Errors
/// The database failed.
pub async fn by_week(
    connection: &mut PgConnection,
    slug: Option<&str>,
    since: NaiveDate,
) -> Result<Vec<WeekRate>> {
    let rows = sqlx::query_as(
        "WITH reads AS (
           SELECT i.slug, q.institution_id, q.source_id, q.at, q.ads, date_trunc('week', q.at AT TIME ZONE 'UTC')::date AS week
           FROM source_quality q JOIN institutions i ON i.id = q.institution_id
           WHERE ($1::text IS NULL OR i.slug = $1) AND q.at >= $2 AND q.standing <> 'held'),
         weeks AS (SELECT slug, institution_id, source_id, week, count(*) AS reads, sum(ads)::bigint AS whole FROM reads GROUP BY 1, 2, 3, 4),
         spoke AS (
           SELECT r.institution_id, r.source_id, m.kind, m.subject, r.week, sum(m.part)::bigint AS part
           FROM reads r JOIN quality_measures m USING (institution_id, source_id, at)
           WHERE m.kind IN ('fails', 'warns', 'refused', 'unread') AND m.part > 0
           GROUP BY 1, 2, 3, 4, 5)
         SELECT w.slug AS institution, w.source_id, s.kind, s.subject, w.week, w.reads, COALESCE(p.part, 0) AS part, w.whole
         FROM weeks w JOIN (SELECT DISTINCT institution_id, source_id, kind, subject FROM spoke) s USING (institution_id, source_id)
         LEFT JOIN spoke p USING (institution_id, source_id, kind, subject, week)
         ORDER BY 1, 2, 3, 4, 5",
    );
    Ok(rows.bind(slug).bind(since).fetch_all(connection).await?)
}
