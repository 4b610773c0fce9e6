//! Signatures of jobs: what the stage `dedupe` compares, and what has changed since it last ran.
//! Rows are handed out and taken as they are; what they mean is decided elsewhere. Statements are
//! bounded by the jobs that are asked for, never by all jobs of an institution.

use super::Result;
use chrono::NaiveDate;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::RunId;

/// How far the stage has come in an institution.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OpeningState {
    /// Everything that was written up to this number is judged.
    pub watermark: i64,
    /// Jobs up to this number are judged again even if they are unchanged.
    pub judged_until: i64,
    /// What decides, as text.
    pub settings: String,
    /// Number of the next opening that is named.
    pub next_serial: i64,
    /// The newest run that judged.
    pub run_id: Option<RunId>,
}

/// A job that was written since.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct WrittenJob {
    /// The job.
    pub id: Uuid,
    /// Its source.
    pub source_id: String,
    /// The id that the source gives the ad.
    pub original_id: String,
    /// How often that id was recycled.
    pub generation: i32,
    /// Its title.
    pub title: String,
    /// The name of its company.
    pub company: Option<String>,
    /// Its company.
    pub company_id: Option<Uuid>,
    /// Its department.
    pub department: Option<String>,
    /// Its places.
    pub locations: Option<Vec<String>>,
    /// First day.
    pub open_date: Option<NaiveDate>,
    /// Closing date.
    pub close_date: Option<NaiveDate>,
    /// The day on which the source stopped listing it.
    pub withdrawn_on: Option<NaiveDate>,
    /// Whether the run that created it was taken back.
    pub is_taken_back: bool,
    /// Its page.
    pub source_url: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Declared custom fields.
    pub extra: Option<Json>,
    /// The number of what was written.
    pub written: i64,
}

/// A signature as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredSignature {
    /// The job.
    pub job_id: Uuid,
    /// The signature as JSON.
    pub signature: String,
    /// The hashes of its text.
    pub text: Vec<u8>,
}

/// A signature to store.
#[derive(Debug, Clone)]
pub struct NewSignature {
    /// The job.
    pub job_id: Uuid,
    /// The source.
    pub source_id: String,
    /// The id of the ad.
    pub ad_id: String,
    /// Hash of its content.
    pub content: i64,
    /// Hash of the employer.
    pub employer: i64,
    /// Rank of the title.
    pub title: i64,
    /// The signature as JSON.
    pub signature: String,
    /// The hashes of its text.
    pub text: Vec<u8>,
    /// Its buckets, with its rank in each.
    pub blocks: Vec<(i64, i64)>,
}

/// How far the stage has come; `None` if it never ran.
///
/// # Errors
/// The database failed.
pub async fn state(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Option<OpeningState>> {
    Ok(sqlx::query_as(
        "SELECT watermark, judged_until, settings, next_serial, run_id FROM opening_states WHERE institution_id = $1",
    )
    .bind(institution)
    .fetch_optional(connection)
    .await?)
}

/// Keeps how far the stage has come.
///
/// # Errors
/// The database failed.
pub async fn keep_state(
    connection: &mut PgConnection,
    institution: Uuid,
    state: &OpeningState,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO opening_states AS s (institution_id, watermark, judged_until, settings, next_serial, run_id) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (institution_id) DO UPDATE SET watermark = $2, judged_until = $3, settings = $4, next_serial = $5, run_id = $6",
    )
    .bind(institution)
    .bind(state.watermark)
    .bind(state.judged_until)
    .bind(&state.settings)
    .bind(state.next_serial)
    .bind(state.run_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// The number of what was last written to jobs of an institution; 0 if there are none.
///
/// # Errors
/// The database failed.
pub async fn newest(connection: &mut PgConnection, institution: Uuid) -> Result<i64> {
    let newest: Option<i64> = sqlx::query_scalar(
        "SELECT GREATEST(change_id, refresh_id) FROM published_jobs WHERE institution_id = $1
         ORDER BY GREATEST(change_id, refresh_id) DESC LIMIT 1",
    )
    .bind(institution)
    .fetch_optional(connection)
    .await?;
    Ok(newest.unwrap_or_default())
}

/// Jobs that were written after a number, in the order in which they were written. `zone` says on
/// which day one was withdrawn.
///
/// # Errors
/// The database failed.
pub async fn written_since(
    connection: &mut PgConnection,
    institution: Uuid,
    watermark: i64,
    zone: &str,
    limit: i64,
) -> Result<Vec<WrittenJob>> {
    Ok(sqlx::query_as(
        "SELECT j.id, j.source_id, j.original_id, j.generation, j.title, c.name AS company, j.company_id, j.department, j.locations, j.open_date,
           j.close_date, CASE WHEN j.archived_as IN ('missing', 'person') THEN (COALESCE(a.last_seen_at, j.archived_at) AT TIME ZONE $3)::date END AS withdrawn_on,
           COALESCE(j.archived_as = 'rolled_back', FALSE) AS is_taken_back, j.source_url, j.description, j.extra,
           GREATEST(j.change_id, j.refresh_id) AS written
         FROM published_jobs j LEFT JOIN companies c ON c.institution_id = j.institution_id AND c.id = j.company_id
         LEFT JOIN ad_states a ON a.institution_id = j.institution_id AND a.source_id = j.source_id AND a.external_id = j.original_id AND a.job_id = j.id
         WHERE j.institution_id = $1 AND GREATEST(j.change_id, j.refresh_id) > $2
         ORDER BY GREATEST(j.change_id, j.refresh_id) LIMIT $4",
    )
    .bind(institution)
    .bind(watermark)
    .bind(zone)
    .bind(limit)
    .fetch_all(connection)
    .await?)
}

/// The signatures of jobs.
///
/// # Errors
/// The database failed.
pub async fn load(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<StoredSignature>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(
        "SELECT s.job_id, s.signature, s.text FROM unnest($2::uuid[]) AS k (id)
         JOIN job_signatures s ON s.institution_id = $1 AND s.job_id = k.id",
    )
    .bind(institution)
    .bind(jobs)
    .fetch_all(connection)
    .await?)
}

/// Source and ad of jobs that have a signature.
///
/// # Errors
/// The database failed.
pub async fn ads(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<(Uuid, String, String)>> {
    Ok(sqlx::query_as(
        "SELECT job_id, source_id, ad_id FROM job_signatures WHERE institution_id = $1 AND job_id = ANY ($2)",
    )
    .bind(institution)
    .bind(jobs)
    .fetch_all(connection)
    .await?)
}

/// Removes the signatures of jobs, with their places in buckets.
///
/// # Errors
/// The database failed.
pub async fn remove(connection: &mut PgConnection, institution: Uuid, jobs: &[Uuid]) -> Result<()> {
    for sql in [
        "DELETE FROM job_blocks WHERE institution_id = $1 AND job_id = ANY ($2)",
        "DELETE FROM job_signatures WHERE institution_id = $1 AND job_id = ANY ($2)",
    ] {
        sqlx::query(sql)
            .bind(institution)
            .bind(jobs)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Stores signatures of jobs that have none.
///
/// # Errors
/// The database failed.
pub async fn store(
    connection: &mut PgConnection,
    institution: Uuid,
    rows: &[NewSignature],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO job_signatures (institution_id, job_id, source_id, ad_id, content, employer, title, signature, text)
         SELECT $1, v.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::bytea[]) AS v",
    )
    .bind(institution)
    .bind(rows.iter().map(|row| row.job_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.source_id.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.ad_id.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.content).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.employer).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.title).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.signature.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.text.as_slice()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    let placed = || {
        rows.iter()
            .flat_map(|row| row.blocks.iter().map(move |at| (row.job_id, at)))
    };
    sqlx::query(
        "INSERT INTO job_blocks (institution_id, block, rank, job_id)
         SELECT $1, v.* FROM unnest($2::bigint[], $3::bigint[], $4::uuid[]) AS v ON CONFLICT DO NOTHING",
    )
    .bind(institution)
    .bind(placed().map(|(_, (block, _))| *block).collect::<Vec<_>>())
    .bind(placed().map(|(_, (_, rank))| *rank).collect::<Vec<_>>())
    .bind(placed().map(|(job, _)| job).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// The jobs of each bucket with the smallest ranks.
///
/// # Errors
/// The database failed.
pub async fn buckets(
    connection: &mut PgConnection,
    institution: Uuid,
    blocks: &[i64],
    limit: i64,
) -> Result<Vec<(i64, Uuid)>> {
    Ok(sqlx::query_as(
        "SELECT k.block, b.job_id FROM unnest($2::bigint[]) AS k (block) CROSS JOIN LATERAL (
           SELECT job_id FROM job_blocks WHERE institution_id = $1 AND block = k.block ORDER BY rank LIMIT $3) AS b",
    )
    .bind(institution)
    .bind(blocks)
    .bind(limit)
    .fetch_all(connection)
    .await?)
}

/// Of some buckets those with more jobs than a cap, with the number of their jobs.
///
/// # Errors
/// The database failed.
pub async fn over_cap(
    connection: &mut PgConnection,
    institution: Uuid,
    blocks: &[i64],
    cap: i64,
) -> Result<Vec<(i64, i64)>> {
    if blocks.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(
        "SELECT block, count(*) FROM job_blocks WHERE institution_id = $1 AND block = ANY ($2) GROUP BY block HAVING count(*) > $3 ORDER BY 2 DESC, 1",
    )
    .bind(institution)
    .bind(blocks)
    .bind(cap)
    .fetch_all(connection)
    .await?)
}

/// A sample of the texts of employers: of the titles with the smallest ranks, the text of the job
/// with the smallest content each. The index is asked for one title after the other: an employer may
/// have thousands of ads under one.
///
/// # Errors
/// The database failed.
pub async fn sample(
    connection: &mut PgConnection,
    institution: Uuid,
    employers: &[i64],
    titles: i64,
) -> Result<Vec<(i64, Vec<u8>)>> {
    if employers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(
        "WITH RECURSIVE sampled AS (
           SELECT k.employer, s.title, s.job_id, 1 AS number FROM unnest($2::bigint[]) AS k (employer) CROSS JOIN LATERAL (
             SELECT title, job_id FROM job_signatures WHERE institution_id = $1 AND employer = k.employer AND text <> ''
             ORDER BY title, content LIMIT 1) AS s
           UNION ALL
           SELECT p.employer, s.title, s.job_id, p.number + 1 FROM sampled p CROSS JOIN LATERAL (
             SELECT title, job_id FROM job_signatures WHERE institution_id = $1 AND employer = p.employer AND title > p.title AND text <> ''
             ORDER BY title, content LIMIT 1) AS s
           WHERE p.number < $3)
         SELECT p.employer, s.text FROM sampled p JOIN job_signatures s ON s.institution_id = $1 AND s.job_id = p.job_id",
    )
    .bind(institution)
    .bind(employers)
    .bind(titles)
    .fetch_all(connection)
    .await?)
}

/// What is stored of the boilerplate of employers.
///
/// # Errors
/// The database failed.
pub async fn profiles(
    connection: &mut PgConnection,
    institution: Uuid,
    employers: &[i64],
) -> Result<Vec<(i64, Vec<u8>)>> {
    Ok(sqlx::query_as(
        "SELECT employer, profile FROM employer_profiles WHERE institution_id = $1 AND employer = ANY ($2)",
    )
    .bind(institution)
    .bind(employers)
    .fetch_all(connection)
    .await?)
}

/// Keeps the boilerplate of employers; one that has none has no row.
///
/// # Errors
/// The database failed.
pub async fn keep_profiles(
    connection: &mut PgConnection,
    institution: Uuid,
    profiles: &[(i64, Vec<u8>)],
) -> Result<()> {
    for sql in [
        "INSERT INTO employer_profiles (institution_id, employer, profile)
         SELECT $1, v.* FROM unnest($2::bigint[], $3::bytea[]) AS v (employer, profile) WHERE v.profile <> ''
         ON CONFLICT (institution_id, employer) DO UPDATE SET profile = EXCLUDED.profile",
        "DELETE FROM employer_profiles t USING unnest($2::bigint[], $3::bytea[]) AS v (employer, profile)
         WHERE t.institution_id = $1 AND t.employer = v.employer AND v.profile = ''",
    ] {
        sqlx::query(sql)
            .bind(institution)
            .bind(profiles.iter().map(|(employer, _)| *employer).collect::<Vec<_>>())
            .bind(profiles.iter().map(|(_, profile)| profile.as_slice()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The jobs of employers that are in an opening.
///
/// # Errors
/// The database failed.
pub async fn judged_of(
    connection: &mut PgConnection,
    institution: Uuid,
    employers: &[i64],
) -> Result<Vec<(i64, Uuid)>> {
    Ok(sqlx::query_as(
        "SELECT s.employer, s.job_id FROM job_signatures s JOIN opening_members m ON m.institution_id = $1 AND m.job_id = s.job_id
         WHERE s.institution_id = $1 AND s.employer = ANY ($2)",
    )
    .bind(institution)
    .bind(employers)
    .fetch_all(connection)
    .await?)
}

/// The texts of jobs.
///
/// # Errors
/// The database failed.
pub async fn texts(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<(Uuid, Vec<u8>)>> {
    Ok(sqlx::query_as(
        "SELECT job_id, text FROM job_signatures WHERE institution_id = $1 AND job_id = ANY ($2)",
    )
    .bind(institution)
    .bind(jobs)
    .fetch_all(connection)
    .await?)
}
