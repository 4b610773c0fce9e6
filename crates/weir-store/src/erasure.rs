//! Removes an ad from every table, with all jobs that it ever was: as if it had never been listed.
//! That it was removed is on record in `forgotten`.
//!
//! Tables in which an ad has rows of its own are listed here; texts that are about many ads, such
//! as those of alerts, are masked by [`crate::masking`]. A new table that has rows of single ads
//! needs its statement in [`ERASED`]; the suite looks for what was removed in a dump of the whole
//! database.

use super::Result;
use super::views::biography::JobName;
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::BTreeSet;
use uuid::Uuid;

/// An ad, and the jobs that it had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
pub struct ErasedAd {
    /// The source.
    pub source_id: String,
    /// Its id there.
    pub external_id: String,
}

/// The ads of an institution that a name means: each of a source and id.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut PgConnection,
    institution: Uuid,
    name: &JobName<'_>,
) -> Result<Vec<ErasedAd>> {
    let sql = "SELECT source_id, external_id FROM ad_states
         WHERE institution_id = $1 AND ((external_id = $3 AND ($2::text IS NULL OR source_id = $2)) OR external_id = $4 OR job_id = $5)
         UNION SELECT source_id, original_id FROM published_jobs
         WHERE institution_id = $1 AND ((original_id = $3 AND ($2::text IS NULL OR source_id = $2)) OR original_id = $4 OR id = $5)
         ORDER BY 1, 2";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(name.source)
        .bind(name.id)
        .bind(name.whole)
        .bind(Uuid::parse_str(name.whole).ok())
        .fetch_all(connection)
        .await?)
}

/// An ad that is renumbered leads to its job, and a job whose id was given to another one to that.
const COLLECT: &str = "CREATE TEMPORARY TABLE going_ads ON COMMIT DROP AS
     WITH RECURSIVE known (source_id, external_id, job_id) AS (
       SELECT $2::text, $3::text, NULL::uuid
       UNION
       SELECT x.source_id, x.external_id, x.job_id FROM known k CROSS JOIN LATERAL (
         SELECT j.source_id, j.original_id AS external_id, j.id AS job_id FROM published_jobs j
         WHERE j.institution_id = $1 AND j.source_id = k.source_id AND j.original_id = k.external_id
         UNION SELECT j.source_id, j.original_id, j.id FROM published_jobs j WHERE j.institution_id = $1 AND j.id = k.job_id
         UNION SELECT v.source_id, v.original_id, v.id FROM superseded_versions v WHERE v.institution_id = $1 AND v.id = k.job_id
         UNION SELECT s.source_id, s.external_id, s.job_id FROM ad_states s WHERE s.institution_id = $1 AND s.job_id = k.job_id
         UNION SELECT s.source_id, s.external_id, s.job_id FROM ad_states s
         WHERE s.institution_id = $1 AND s.source_id = k.source_id AND s.external_id = k.external_id) AS x)
     SELECT DISTINCT k.source_id, k.external_id, k.job_id, s.document_id, m.opening_id
     FROM known k
     LEFT JOIN ad_states s ON s.institution_id = $1 AND s.source_id = k.source_id AND s.external_id = k.external_id
     LEFT JOIN opening_members m ON m.institution_id = $1 AND m.job_id = k.job_id";

/// What an ad leads to, collected for the statements that follow.
#[derive(Debug)]
pub struct ErasureScope {
    /// The ads.
    pub ads: Vec<ErasedAd>,
    /// Jobs that share an opening with theirs.
    pub companions: Vec<Uuid>,
    /// Texts that are of these ads alone, for tables that are about many.
    pub texts: Vec<String>,
}

/// Collects what an ad leads to: its jobs, and the ads that they ever were.
///
/// # Errors
/// The database failed.
pub async fn collect(
    connection: &mut PgConnection,
    institution: Uuid,
    ad: &ErasedAd,
) -> Result<ErasureScope> {
    sqlx::query(COLLECT)
        .bind(institution)
        .bind(&ad.source_id)
        .bind(&ad.external_id)
        .execute(&mut *connection)
        .await?;
    let ads = sqlx::query_as("SELECT DISTINCT source_id, external_id FROM going_ads ORDER BY 1, 2")
        .fetch_all(&mut *connection)
        .await?;
    let companions = sqlx::query_scalar(
        "SELECT m.job_id FROM opening_members m WHERE m.institution_id = $1 AND m.opening_id IN (SELECT opening_id FROM going_ads)
           AND m.job_id NOT IN (SELECT job_id FROM going_ads WHERE job_id IS NOT NULL)",
    )
    .bind(institution)
    .fetch_all(&mut *connection)
    .await?;
    let texts = texts(connection, institution, &ads).await?;
    Ok(ErasureScope {
        ads,
        companions,
        texts,
    })
}

/// What tells the ads from others: their titles unless other ads have them, too, their contacts,
/// addresses and ids.
async fn texts(
    connection: &mut PgConnection,
    institution: Uuid,
    ads: &[ErasedAd],
) -> Result<Vec<String>> {
    let rows: Vec<(Option<String>, Option<String>, Option<Json>)> = sqlx::query_as(
        "WITH said AS (
           SELECT title, source_url, recruiter FROM published_jobs WHERE institution_id = $1 AND id IN (SELECT job_id FROM going_ads)
           UNION SELECT title, source_url, recruiter FROM superseded_versions WHERE institution_id = $1 AND id IN (SELECT job_id FROM going_ads)
           UNION SELECT raw_data ->> 'title', raw_data ->> 'source_url', raw_data -> 'recruiter' FROM staging_jobs
           WHERE institution_id = $1 AND (source_id, original_id) IN (SELECT source_id, external_id FROM going_ads))
         SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM published_jobs o WHERE o.institution_id = $1 AND o.title = s.title
             AND o.id NOT IN (SELECT job_id FROM going_ads WHERE job_id IS NOT NULL)) THEN s.title END,
           s.source_url, s.recruiter
         FROM said s",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?;
    let mut texts: BTreeSet<String> = BTreeSet::new();
    for (title, address, contact) in rows {
        texts.extend(title);
        texts.extend(address);
        leaves(&contact.unwrap_or_default(), &mut texts);
    }
    for ad in ads {
        // A short number stands for anything.
        let letters = ad.external_id.chars().count();
        let label = format!("{}:{}", ad.source_id, ad.external_id);
        texts.extend((letters >= 3).then_some(label));
        texts.extend((letters >= 6).then(|| ad.external_id.clone()));
    }
    Ok(texts.into_iter().collect())
}

/// The texts in a value.
pub(super) fn leaves(value: &Json, texts: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => {
            texts.insert(text.clone());
        }
        Json::Array(items) => items.iter().for_each(|item| leaves(item, texts)),
        Json::Object(members) => members.values().for_each(|item| leaves(item, texts)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Whether a row `t` is of one of the ads.
macro_rules! of_ad {
    ($id:literal) => {
        concat!(
            "t.institution_id = $1 AND (t.source_id, t.",
            $id,
            ") IN (SELECT source_id, external_id FROM going_ads)"
        )
    };
}

/// Whether a row `t` is of one of the jobs.
macro_rules! of_job {
    () => {
        "t.institution_id = $1 AND t.job_id IN (SELECT job_id FROM going_ads)"
    };
}

/// What goes from each table, in an order that foreign keys allow; `$1` institution.
const ERASED: [(&str, &str); 25] = [
    // One that has read the ad already must not leave it behind.
    ("work_units",
     "UPDATE work_units t SET state = 'failed', fence = t.fence + 1, expires_at = NULL, finished_at = clock_timestamp(), why = 'an ad was forgotten meanwhile: ask again'
      WHERE t.institution_id = $1 AND t.is_dry AND t.state = 'leased'"),
    ("dry_runs", "DELETE FROM dry_runs t WHERE t.institution_id = $1"),
    ("staging_validation_failures", concat!(
        "DELETE FROM staging_validation_failures f USING staging_jobs t WHERE f.institution_id = $1 AND f.staging_job_id = t.id AND ",
        of_ad!("original_id")
    )),
    ("staging_jobs", concat!("DELETE FROM staging_jobs t WHERE ", of_ad!("original_id"))),
    ("staging_failed_documents",
     "DELETE FROM staging_failed_documents t WHERE t.institution_id = $1 AND t.document_id IN (SELECT document_id FROM going_ads)"),
    ("resolved_failures", concat!("DELETE FROM resolved_failures t WHERE ", of_ad!("original_id"))),
    ("replaced_documents", concat!("DELETE FROM replaced_documents t WHERE ", of_ad!("original_id"))),
    ("raw_documents",
     "DELETE FROM raw_documents t WHERE t.institution_id = $1 AND t.document_id IN (SELECT document_id FROM going_ads)"),
    ("holds", concat!("DELETE FROM holds t WHERE t.kind NOT IN ('company', 'division') AND ", of_ad!("subject"))),
    ("run_samples",
     "DELETE FROM run_samples t WHERE t.institution_id = $1 AND (t.source_id, t.external_id) IN (
       SELECT source_id, CASE WHEN char_length(external_id) > 80 THEN left(external_id, 79) || '…' ELSE external_id END FROM going_ads)"),
    ("lost_values", concat!("UPDATE lost_values t SET external_id = NULL, example = NULL WHERE ", of_ad!("external_id"))),
    ("job_roles", concat!("DELETE FROM job_roles t WHERE ", of_job!())),
    ("job_capabilities", concat!("DELETE FROM job_capabilities t WHERE ", of_job!())),
    ("job_signatures", concat!("DELETE FROM job_signatures t WHERE ", of_job!())),
    ("job_blocks", concat!("DELETE FROM job_blocks t WHERE ", of_job!())),
    ("jobs_to_judge", concat!("DELETE FROM jobs_to_judge t WHERE ", of_job!())),
    ("opening_members", concat!("DELETE FROM opening_members t WHERE ", of_job!())),
    ("opening_log", concat!("DELETE FROM opening_log t WHERE ", of_job!())),
    ("opening_decisions",
     "DELETE FROM opening_decisions t WHERE t.institution_id = $1
       AND (t.job_id IN (SELECT job_id FROM going_ads) OR t.other_job_id IN (SELECT job_id FROM going_ads))"),
    ("opening_aliases",
     "DELETE FROM opening_aliases t WHERE t.institution_id = $1 AND t.opening_id IN (SELECT opening_id FROM going_ads)
       AND NOT EXISTS (SELECT 1 FROM opening_members m WHERE m.institution_id = $1 AND m.opening_id = t.opening_id)"),
    ("openings",
     "DELETE FROM openings t WHERE t.institution_id = $1 AND t.id IN (SELECT opening_id FROM going_ads)
       AND NOT EXISTS (SELECT 1 FROM opening_members m WHERE m.institution_id = $1 AND m.opening_id = t.id)"),
    ("removed_versions", concat!("DELETE FROM removed_versions t WHERE ", of_job!())),
    ("superseded_versions",
     "DELETE FROM superseded_versions t WHERE t.institution_id = $1 AND t.id IN (SELECT job_id FROM going_ads)"),
    ("published_jobs",
     "DELETE FROM published_jobs t WHERE t.institution_id = $1 AND t.id IN (SELECT job_id FROM going_ads)"),
    ("ad_states", concat!("DELETE FROM ad_states t WHERE ", of_ad!("external_id"))),
];

/// Jobs that were listed again after one of these are no longer said to be.
const REPOSTED: &str = "UPDATE opening_members SET reposted_from = NULL, reposted_days = NULL
     WHERE institution_id = $1 AND reposted_from IN (SELECT job_id FROM going_ads)";

/// What stays of the jobs, for those who follow along and those who ask; `$2` the row of forgotten.
/// Numbers are drawn beside what was looked up, not while it is: Citus asks the node for that first.
const REMEMBER: &str = "WITH went AS MATERIALIZED (
       SELECT j.id, j.version, j.first_seen_at,
         ARRAY(SELECT DISTINCT h.run_id FROM jobs_history h WHERE h.institution_id = $1 AND h.id = j.id AND h.run_id IS NOT NULL ORDER BY 1) AS runs
       FROM published_jobs j WHERE j.institution_id = $1 AND j.id IN (SELECT job_id FROM going_ads))
     INSERT INTO forgotten_jobs AS f (institution_id, job_id, forgotten_id, version, first_seen_at, runs, change_id, txid, recorded_at)
     SELECT $1, w.id, $2, w.version, w.first_seen_at, w.runs, nextval('change_ids'), pg_current_xact_id(), clock_timestamp() FROM went w
     ON CONFLICT (institution_id, job_id) DO UPDATE SET forgotten_id = EXCLUDED.forgotten_id, version = EXCLUDED.version,
       first_seen_at = EXCLUDED.first_seen_at, runs = EXCLUDED.runs, change_id = EXCLUDED.change_id, txid = EXCLUDED.txid,
       recorded_at = EXCLUDED.recorded_at";

/// Keeps that the jobs which were collected have been there: their removal is a change.
///
/// # Errors
/// The database failed.
pub async fn remember_jobs(
    connection: &mut PgConnection,
    institution: Uuid,
    forgotten: i64,
) -> Result<()> {
    sqlx::query(REMEMBER)
        .bind(institution)
        .bind(forgotten)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes what was collected; gives how many rows of which tables.
///
/// # Errors
/// The database failed.
pub async fn erase(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Vec<(&'static str, u64)>> {
    sqlx::query(REPOSTED)
        .bind(institution)
        .execute(&mut *connection)
        .await?;
    let mut erased = Vec::new();
    for (table, sql) in ERASED {
        let rows = sqlx::query(sql)
            .bind(institution)
            .execute(&mut *connection)
            .await?
            .rows_affected();
        erased.extend((rows > 0).then_some((table, rows)));
    }
    Ok(erased)
}
