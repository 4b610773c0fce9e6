//! Openings as operators look at them: lists, one opening with its members and its log, and the
//! figures of an institution. Read-only.

use super::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::RunId;

/// An opening in a list.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct OpeningLine {
    /// The institution's slug.
    pub institution: String,
    /// The opening.
    pub id: Uuid,
    /// `open` or `archived`.
    pub status: String,
    /// Title of the ad that leads.
    pub title: String,
    /// Its ads, the one that leads first.
    pub ads: Vec<String>,
    /// The places of all ads.
    pub locations: Option<Vec<String>>,
}

/// An opening.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct OpeningHead {
    /// The institution.
    #[serde(skip)]
    pub institution_id: Uuid,
    /// The institution's slug.
    pub institution: String,
    /// The opening.
    pub id: Uuid,
    /// `open` or `archived`.
    pub status: String,
    /// Title of the ad that leads.
    pub title: String,
    /// The ad that leads.
    pub survivor: String,
    /// The places of all ads.
    pub locations: Option<Vec<String>>,
    /// Which ad each field comes from.
    pub origins: Json,
    /// When its first ad was first seen.
    pub first_seen_at: DateTime<Utc>,
    /// When an ad was last seen.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Former ids that resolve to it.
    pub aliases: Vec<Uuid>,
}

/// A member of an opening.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct OpeningMemberLine {
    /// The job.
    pub job_id: Uuid,
    /// The ad, as `source:id`.
    pub ad: String,
    /// `open` or `archived`.
    pub status: String,
    /// Its title.
    pub title: String,
    /// `first`, `key`, `score`, `decision`.
    pub method: String,
    /// What speaks for it.
    pub evidence: Option<Json>,
    /// When it joined.
    pub joined_at: DateTime<Utc>,
    /// The run that put it there.
    pub run_id: Option<RunId>,
    /// `etl_pipeline`, or an operator.
    pub joined_by: String,
    /// The earlier ad that it lists again.
    pub reposted_from: Option<String>,
    /// Days between the two.
    pub reposted_days: Option<i32>,
}

/// A line of the log of an opening.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct OpeningLogLine {
    /// When.
    pub at: DateTime<Utc>,
    /// `joined` or `left`.
    pub what: String,
    /// The ad, as `source:id`.
    pub ad: String,
    /// Why.
    pub reason: String,
    /// The run.
    pub run_id: Option<RunId>,
    /// `etl_pipeline`, or an operator.
    pub done_by: String,
}

/// What an operator decided about a member of an opening and another ad.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct OpeningRuling {
    /// When.
    pub decided_at: DateTime<Utc>,
    /// `same` or `different`.
    pub verdict: String,
    /// The two ads, as `source:id`.
    pub ads: Vec<String>,
    /// The operator.
    pub decided_by: String,
    /// Why.
    pub reason: String,
}

/// An opening that a run changed, and how.
#[derive(Debug, Clone, sqlx::FromRow, Serialize, Deserialize)]
pub struct OpeningNews {
    /// The opening.
    pub opening: Uuid,
    /// Title of the ad that leads now; `None` if the opening has no ads any more.
    pub title: Option<String>,
    /// Its ads now, the one that leads first.
    pub ads: Option<Vec<String>>,
    /// `joined` or `left`.
    pub what: String,
    /// The ad that did, as `source:id`.
    pub ad: String,
    /// Why.
    pub reason: String,
}

/// How many openings an institution has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub struct OpeningFigures {
    /// Jobs that are in openings.
    pub jobs: i64,
    /// Openings.
    pub openings: i64,
    /// Openings that several jobs advertise.
    pub shared: i64,
    /// Jobs that list an earlier one again.
    pub reposted: i64,
    /// Decisions of operators that apply.
    pub decisions: i64,
    /// Pairs that wait for an operator.
    pub review: i64,
}

/// Openings that several jobs advertise, or all of them; those with the most jobs first.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut PgConnection,
    slug: Option<&str>,
    all: bool,
    limit: i64,
) -> Result<Vec<OpeningLine>> {
    Ok(sqlx::query_as(
        "WITH chosen AS (
           SELECT m.institution_id, m.opening_id, count(*) AS members FROM opening_members m JOIN institutions i ON i.id = m.institution_id
           WHERE $1::text IS NULL OR i.slug = $1 GROUP BY 1, 2 HAVING $2 OR count(*) > 1 ORDER BY 3 DESC, 1, 2 LIMIT $3)
         SELECT i.slug AS institution, o.id, o.status, o.title, o.ads, o.locations
         FROM current_openings o JOIN institutions i ON i.id = o.institution_id
         WHERE o.institution_id = ANY (ARRAY(SELECT c.institution_id FROM chosen c)) AND o.id = ANY (ARRAY(SELECT c.opening_id FROM chosen c))
         ORDER BY i.slug, o.members DESC, o.survivor",
    )
    .bind(slug)
    .bind(all)
    .bind(limit)
    .fetch_all(connection)
    .await?)
}

/// The opening of an id, also of one that was merged.
///
/// # Errors
/// The database failed.
pub async fn resolve(connection: &mut PgConnection, id: Uuid) -> Result<Option<(Uuid, Uuid)>> {
    Ok(sqlx::query_as(
        "SELECT institution_id, id FROM openings WHERE id = $1 AND institution_id IN (SELECT id FROM institutions)
         UNION ALL SELECT institution_id, opening_id FROM opening_aliases WHERE id = $1 AND institution_id IN (SELECT id FROM institutions) LIMIT 1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?)
}

/// The opening of a job.
///
/// # Errors
/// The database failed.
pub async fn of_job(
    connection: &mut PgConnection,
    institution: Uuid,
    job: Uuid,
) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar(
        "SELECT opening_id FROM opening_members WHERE institution_id = $1 AND job_id = $2",
    )
    .bind(institution)
    .bind(job)
    .fetch_optional(connection)
    .await?)
}

/// One opening; `None` if it has no job any more.
///
/// # Errors
/// The database failed.
pub async fn head(
    connection: &mut PgConnection,
    institution: Uuid,
    opening: Uuid,
) -> Result<Option<OpeningHead>> {
    Ok(sqlx::query_as(
        "SELECT o.institution_id, i.slug AS institution, o.id, o.status, o.title, o.survivor, o.locations, o.origins, o.first_seen_at, o.last_seen_at,
           ARRAY(SELECT a.id FROM opening_aliases a WHERE a.institution_id = o.institution_id AND a.opening_id = o.id ORDER BY a.serial, a.id) AS aliases
         FROM current_openings o JOIN institutions i ON i.id = o.institution_id WHERE o.institution_id = $1 AND o.id = $2",
    )
    .bind(institution)
    .bind(opening)
    .fetch_optional(connection)
    .await?)
}

/// The members of an opening, the one that leads first.
///
/// # Errors
/// The database failed.
pub async fn members(
    connection: &mut PgConnection,
    institution: Uuid,
    opening: Uuid,
) -> Result<Vec<OpeningMemberLine>> {
    Ok(sqlx::query_as(
        "SELECT m.job_id, j.source_id || ':' || j.original_id AS ad, j.status, j.title, m.method, m.evidence, m.joined_at, m.run_id, m.joined_by,
           f.source_id || ':' || f.original_id AS reposted_from, m.reposted_days
         FROM opening_members m JOIN published_jobs j ON j.institution_id = m.institution_id AND j.id = m.job_id
         LEFT JOIN published_jobs f ON f.institution_id = m.institution_id AND f.id = m.reposted_from
         WHERE m.institution_id = $1 AND m.opening_id = $2
         ORDER BY j.status = 'archived', m.source_rank, j.source_id COLLATE \"C\", j.original_id COLLATE \"C\", j.generation",
    )
    .bind(institution)
    .bind(opening)
    .fetch_all(connection)
    .await?)
}

/// Who joined and left an opening, oldest first.
///
/// # Errors
/// The database failed.
pub async fn log(
    connection: &mut PgConnection,
    institution: Uuid,
    opening: Uuid,
) -> Result<Vec<OpeningLogLine>> {
    Ok(sqlx::query_as(
        "SELECT l.at, l.what, COALESCE(j.source_id || ':' || j.original_id, l.job_id::text) AS ad, l.reason, l.run_id, l.done_by
         FROM opening_log l LEFT JOIN published_jobs j ON j.institution_id = l.institution_id AND j.id = l.job_id
         WHERE l.institution_id = $1 AND l.opening_id = $2 ORDER BY l.id",
    )
    .bind(institution)
    .bind(opening)
    .fetch_all(connection)
    .await?)
}

/// The decisions of operators that apply to members of an opening, oldest first.
///
/// # Errors
/// The database failed.
pub async fn rulings(
    connection: &mut PgConnection,
    institution: Uuid,
    opening: Uuid,
) -> Result<Vec<OpeningRuling>> {
    Ok(sqlx::query_as(
        "SELECT d.decided_at, d.verdict, ARRAY[a.source_id || ':' || a.original_id, b.source_id || ':' || b.original_id] AS ads, d.decided_by, d.reason
         FROM opening_decisions d
         JOIN published_jobs a ON a.institution_id = d.institution_id AND a.id = d.job_id
         JOIN published_jobs b ON b.institution_id = d.institution_id AND b.id = d.other_job_id
         WHERE d.institution_id = $1 AND d.undone_at IS NULL AND EXISTS (
           SELECT 1 FROM opening_members m WHERE m.institution_id = $1 AND m.opening_id = $2 AND m.job_id IN (d.job_id, d.other_job_id))
         ORDER BY d.id",
    )
    .bind(institution)
    .bind(opening)
    .fetch_all(connection)
    .await?)
}

/// Who joined and left openings in a run, in the order in which it was found out.
///
/// # Errors
/// The database failed.
pub async fn news_of_run(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    limit: i64,
) -> Result<Vec<OpeningNews>> {
    Ok(sqlx::query_as(
        "WITH news AS (SELECT * FROM opening_log WHERE institution_id = $1 AND run_id = $2 ORDER BY id LIMIT $3),
         named AS (SELECT v.id, v.title, v.ads FROM current_openings v WHERE v.institution_id = $1 AND v.id = ANY (ARRAY(SELECT n.opening_id FROM news n)))
         SELECT n.opening_id AS opening, o.title, o.ads, n.what, COALESCE(j.source_id || ':' || j.original_id, n.job_id::text) AS ad, n.reason
         FROM news n
         LEFT JOIN published_jobs j ON j.institution_id = $1 AND j.id = n.job_id
         LEFT JOIN named o ON o.id = n.opening_id
         ORDER BY n.id",
    )
    .bind(institution)
    .bind(run)
    .bind(limit)
    .fetch_all(connection)
    .await?)
}

/// How many openings an institution has; `None` if they are not looked for.
///
/// # Errors
/// The database failed.
pub async fn figures(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Option<OpeningFigures>> {
    let looked: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM opening_states WHERE institution_id = $1)",
    )
    .bind(institution)
    .fetch_one(&mut *connection)
    .await?;
    if !looked {
        return Ok(None);
    }
    Ok(Some(
        sqlx::query_as(
            "SELECT COALESCE(sum(members), 0)::bigint AS jobs, count(*) AS openings, count(*) FILTER (WHERE members > 1) AS shared,
               COALESCE(sum(reposted), 0)::bigint AS reposted,
               (SELECT count(*) FROM opening_decisions d WHERE d.institution_id = $1 AND d.undone_at IS NULL) AS decisions,
               (SELECT count(*) FROM holds h WHERE h.institution_id = $1 AND h.kind = 'duplicate' AND h.status = 'open') AS review
             FROM (SELECT count(*) AS members, count(reposted_from) AS reposted FROM opening_members WHERE institution_id = $1 GROUP BY opening_id) AS o",
        )
        .bind(institution)
        .fetch_one(connection)
        .await?,
    ))
}
