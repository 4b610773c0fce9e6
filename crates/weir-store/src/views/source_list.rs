//! Sources for people who watch them: their newest reads with the proof of completeness, what a
//! read measured, and the figures of runs over time. Bounded by the caller.

use crate::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{ReadId, RunId};

/// A read of a source.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct ReadLine {
    /// The institution.
    #[serde(skip)]
    pub institution_id: Uuid,
    /// The source.
    pub source_id: String,
    /// Its number.
    pub id: ReadId,
    /// Its run.
    pub run_id: RunId,
    /// Clock of the run.
    pub at: DateTime<Utc>,
    /// complete, empty, partial, blocked, unreachable, or reading.
    pub state: String,
    /// Pages or files.
    pub pages: i64,
    /// Documents.
    pub items: i64,
    /// How many the source says it has.
    pub stated_count: Option<i64>,
    /// Bytes.
    pub bytes: i64,
    /// Documents that were new or different.
    pub uploaded: i64,
    /// Why it is not complete.
    pub why: Option<String>,
    /// Wall clock at its start.
    pub started_at: DateTime<Utc>,
    /// Wall clock at its end.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The institutions of sources, and the sources as `institution source`.
fn keys(sources: &[(Uuid, String)]) -> (Vec<Uuid>, Vec<String>) {
    let key =
        |(institution, source): &(Uuid, String)| (*institution, format!("{institution} {source}"));
    sources.iter().map(key).unzip()
}

/// The newest reads of each of these sources, the newest first.
///
/// # Errors
/// The database failed.
pub async fn reads(
    connection: &mut PgConnection,
    sources: &[(Uuid, String)],
    each: i64,
) -> Result<Vec<ReadLine>> {
    let (institutions, keys) = keys(sources);
    let rows = sqlx::query_as(
        "SELECT w.institution_id, w.source_id, r.id, r.run_id, r.at, r.state, r.pages, r.items, r.stated_count, r.bytes, r.uploaded, r.why, r.started_at, r.finished_at
         FROM (SELECT t.institution_id, t.source_id, ARRAY(
             SELECT x.id FROM source_reads x WHERE x.institution_id = t.institution_id AND x.source_id = t.source_id ORDER BY x.id DESC LIMIT $3) AS reads
           FROM source_tallies t WHERE t.institution_id = ANY ($1) AND t.institution_id || ' ' || t.source_id = ANY ($2)) AS w
         JOIN source_reads r ON r.institution_id = w.institution_id AND r.id = ANY (w.reads)
         ORDER BY r.id DESC",
    );
    Ok(rows
        .bind(institutions)
        .bind(keys)
        .bind(each)
        .fetch_all(connection)
        .await?)
}

/// The figures of a run.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RunFigures {
    /// Its number.
    pub id: RunId,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub millis: i64,
    /// What came of its ads.
    pub total: Option<Json>,
    /// Ads by source.
    pub sources: Option<Json>,
    /// Bytes of all tables at its end.
    pub bytes: Option<i64>,
}

/// The figures of the newest runs that ended, the newest first.
///
/// # Errors
/// The database failed.
pub async fn figures(
    connection: &mut PgConnection,
    institution: Uuid,
    most: i64,
) -> Result<Vec<RunFigures>> {
    let rows = sqlx::query_as(
        "SELECT r.id, r.at, (extract(epoch FROM r.finished_at - r.started_at) * 1000)::bigint AS millis, r.summary -> 'total' AS total,
           (SELECT jsonb_object_agg(s.key, s.value -> 'documents') FROM jsonb_each(r.summary -> 'sources') AS s) AS sources,
           (SELECT sum(t.value::bigint)::bigint FROM jsonb_each_text(r.summary -> 'tables') AS t) AS bytes
         FROM runs r WHERE r.institution_id = $1 AND r.status = 'done' AND r.finished_at IS NOT NULL AND r.summary IS NOT NULL
         ORDER BY r.id DESC LIMIT $2",
    );
    Ok(rows
        .bind(institution)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// What a stage did over runs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StageFigures {
    /// The stage.
    pub stage: String,
    /// The source.
    pub source_id: String,
    /// Ads that reached it.
    pub rows_in: i64,
    /// Ads that it found reasons against.
    pub refused: i64,
    /// Microseconds in it.
    pub micros: i64,
    /// Runs in which it failed.
    pub failed: i64,
}

/// What the stages did from a run on.
///
/// # Errors
/// The database failed.
pub async fn stages(
    connection: &mut PgConnection,
    institution: Uuid,
    from: RunId,
) -> Result<Vec<StageFigures>> {
    let rows = sqlx::query_as(
        "SELECT stage, source_id, sum(rows_in)::bigint AS rows_in, sum(refused)::bigint AS refused, sum(micros)::bigint AS micros, count(error) AS failed
         FROM run_stages WHERE institution_id = $1 AND run_id >= $2 GROUP BY stage, source_id ORDER BY sum(refused) DESC, sum(micros) DESC LIMIT 200",
    );
    Ok(rows
        .bind(institution)
        .bind(from)
        .fetch_all(connection)
        .await?)
}

/// How often a rule spoke against ads in a read.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct RuleRate {
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// fails or warns.
    pub kind: String,
    /// `SET/ID`.
    pub rule: String,
    /// Clock of the run.
    pub at: DateTime<Utc>,
    /// Ads that it spoke against.
    pub part: i64,
    /// Ads that it looked at.
    pub whole: i64,
}

/// How often rules spoke against ads in the newest reads of each of these sources; of one rule if
/// it is named.
///
/// # Errors
/// The database failed.
pub async fn rule_rates(
    connection: &mut PgConnection,
    sources: &[(Uuid, String)],
    rule: Option<&str>,
    reads: i64,
) -> Result<Vec<RuleRate>> {
    let (institutions, keys) = keys(sources);
    let rows = sqlx::query_as(
        "SELECT i.slug AS institution, w.source_id, m.kind, m.subject AS rule, m.at, m.part, m.whole
         FROM (SELECT t.institution_id, t.source_id, ARRAY(
             SELECT q.at FROM source_quality q WHERE q.institution_id = t.institution_id AND q.source_id = t.source_id ORDER BY q.at DESC LIMIT $4) AS reads
           FROM source_tallies t WHERE t.institution_id = ANY ($1) AND t.institution_id || ' ' || t.source_id = ANY ($2)) AS w
         JOIN institutions i ON i.id = w.institution_id
         JOIN quality_measures m ON m.institution_id = w.institution_id AND m.source_id = w.source_id AND m.at = ANY (w.reads) AND m.kind IN ('fails', 'warns')
         WHERE $3::text IS NULL OR m.subject = $3 ORDER BY m.at DESC, i.slug, w.source_id LIMIT 20000",
    );
    Ok(rows
        .bind(institutions)
        .bind(keys)
        .bind(rule)
        .bind(reads)
        .fetch_all(connection)
        .await?)
}

/// How many of the most recently written jobs have a role.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct NewestCoverage {
    /// The institution's slug.
    pub institution: String,
    /// The framework.
    pub framework: String,
    /// Jobs that were asked.
    pub jobs: i64,
    /// Those with a role.
    pub roles: i64,
    /// Those with a group only.
    pub groups: i64,
    /// Those worth a look.
    pub review: i64,
}

/// How many of the most recently written jobs have a role, by institution and framework.
///
/// # Errors
/// The database failed.
pub async fn newest_coverage(
    connection: &mut PgConnection,
    jobs: i64,
) -> Result<Vec<NewestCoverage>> {
    let rows = sqlx::query_as(
        "WITH newest AS (
           SELECT j.institution_id, r.framework, count(*) AS jobs, count(*) FILTER (WHERE r.level = 'role') AS roles,
             count(*) FILTER (WHERE r.level = 'group') AS groups, count(*) FILTER (WHERE r.level = 'review') AS review
           FROM (SELECT p.institution_id,
               ARRAY(SELECT d.framework FROM job_roles d WHERE d.institution_id = p.institution_id AND d.job_id = p.id ORDER BY d.framework) AS frameworks,
               ARRAY(SELECT d.level FROM job_roles d WHERE d.institution_id = p.institution_id AND d.job_id = p.id ORDER BY d.framework) AS levels
             FROM published_jobs p ORDER BY p.txid DESC, p.change_id DESC LIMIT $1) AS j
           CROSS JOIN LATERAL unnest(j.frameworks, j.levels) AS r (framework, level)
           GROUP BY 1, 2)
         SELECT i.slug AS institution, n.framework, n.jobs, n.roles, n.groups, n.review FROM newest n JOIN institutions i ON i.id = n.institution_id
         ORDER BY 1, 2 LIMIT 1000",
    );
    Ok(rows.bind(jobs).fetch_all(connection).await?)
}

/// A title without a role among the most recently written jobs.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct NewestUnmatched {
    /// The framework.
    pub framework: String,
    /// The title or classification.
    pub title: String,
    /// How many jobs have it.
    pub jobs: i64,
    /// One of them.
    pub job: Uuid,
    /// What was decided about it, with its candidates.
    pub decided: Json,
}

/// Titles without a role among the most recently written jobs, the most frequent first.
///
/// # Errors
/// The database failed.
pub async fn newest_unmatched(
    connection: &mut PgConnection,
    jobs: i64,
    most: i64,
) -> Result<Vec<NewestUnmatched>> {
    let rows = sqlx::query_as(
        "SELECT r.framework, d.one ->> 'text' AS title, count(*) AS jobs, (array_agg(j.id ORDER BY j.id))[1] AS job, (array_agg(d.one ORDER BY j.id))[1] AS decided
         FROM (SELECT p.id, p.roles,
             ARRAY(SELECT d.framework FROM job_roles d WHERE d.institution_id = p.institution_id AND d.job_id = p.id AND d.level IN ('review', 'open')) AS frameworks
           FROM published_jobs p ORDER BY p.txid DESC, p.change_id DESC LIMIT $1) AS j
         CROSS JOIN LATERAL unnest(j.frameworks) AS r (framework)
         CROSS JOIN LATERAL (SELECT one FROM jsonb_array_elements(j.roles) AS one WHERE one ->> 'framework' = r.framework) AS d
         WHERE d.one ->> 'text' <> '' GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT $2",
    );
    Ok(rows.bind(jobs).bind(most).fetch_all(connection).await?)
}

/// A framework as a run last used it.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct LastUsedFramework {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// roles or capabilities.
    pub kind: String,
    /// What it is.
    pub about: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// What its use is bound to.
    pub licence: Option<String>,
    /// How many entries it has.
    pub entries: i64,
    /// Clock of the first run that used it.
    pub first_used_at: DateTime<Utc>,
}

/// The newest version of each framework.
///
/// # Errors
/// The database failed.
pub async fn frameworks(connection: &mut PgConnection) -> Result<Vec<LastUsedFramework>> {
    let sql = "SELECT DISTINCT ON (name) name, version, kind, about, source, licence, jsonb_array_length(entries)::bigint AS entries, first_used_at
               FROM frameworks ORDER BY name, first_used_at DESC LIMIT 200";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}

/// An opening that several ads advertise.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct SharedOpening {
    /// The institution's slug.
    pub institution: String,
    /// The opening.
    pub id: Uuid,
    /// open or archived.
    pub status: String,
    /// Title of the ad that leads.
    pub title: String,
    /// The job that leads.
    pub job_id: Uuid,
    /// Its ads.
    pub ads: Vec<String>,
    /// Their places.
    pub locations: Option<Vec<String>>,
}

/// Openings that several ads advertise and that something happened to lately, the newest first: of
/// an institution, or of those 20 in which openings were looked for last.
///
/// # Errors
/// The database failed.
pub async fn shared_openings(
    connection: &mut PgConnection,
    institution: Option<Uuid>,
    most: i64,
) -> Result<Vec<SharedOpening>> {
    let rows = sqlx::query_as(
        "WITH latest AS (
           SELECT institution_id FROM opening_states WHERE $1::uuid IS NULL OR institution_id = $1 ORDER BY run_id DESC NULLS LAST LIMIT 20),
         recent AS (
           SELECT n.institution_id, l.opening_id, max(l.id) AS last
           FROM (SELECT o.institution_id, ARRAY(
               SELECT x.id FROM opening_log x WHERE x.institution_id = o.institution_id ORDER BY x.id DESC LIMIT CASE WHEN $1::uuid IS NULL THEN 500 ELSE 2000 END) AS ids
             FROM opening_states o WHERE o.institution_id = ANY (ARRAY(SELECT institution_id FROM latest))) AS n
           JOIN opening_log l ON l.institution_id = n.institution_id AND l.id = ANY (n.ids)
           GROUP BY 1, 2),
         shared AS (
           SELECT r.institution_id, r.opening_id, r.last FROM recent r
           JOIN opening_members m ON m.institution_id = r.institution_id AND m.opening_id = r.opening_id
           GROUP BY 1, 2, 3 HAVING count(*) > 1 ORDER BY r.last DESC LIMIT $2),
         named AS (
           SELECT * FROM current_openings v
           WHERE v.institution_id = ANY (ARRAY(SELECT s.institution_id FROM shared s)) AND v.id = ANY (ARRAY(SELECT s.opening_id FROM shared s)))
         SELECT i.slug AS institution, o.id, o.status, o.title, o.job_id, o.ads, o.locations
         FROM shared s JOIN named o ON o.institution_id = s.institution_id AND o.id = s.opening_id
         JOIN institutions i ON i.id = s.institution_id ORDER BY s.last DESC",
    );
    Ok(rows
        .bind(institution)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// How often a field changes.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct FieldChanges {
    /// The field.
    pub field: String,
    /// Its changes.
    pub changes: i64,
    /// Jobs in which it changed.
    pub jobs: i64,
    /// Its changes in the newest of the runs.
    pub newest: i64,
    /// When it last changed.
    pub last_at: DateTime<Utc>,
}

/// What these runs of an institution changed in jobs that were there, of the newest `most` changed
/// jobs.
///
/// # Errors
/// The database failed.
pub async fn field_changes(
    connection: &mut PgConnection,
    institution: Uuid,
    runs: &[RunId],
    most: i64,
) -> Result<Vec<FieldChanges>> {
    let sql = "SELECT f.field, count(*) AS changes, count(DISTINCT v.id) AS jobs, count(*) FILTER (WHERE v.run_id = $4) AS newest, max(v.created_at) AS last_at
               FROM (SELECT id, run_id, created_at, changed_fields FROM jobs_history
                     WHERE institution_id = $1 AND run_id = ANY ($2) AND change_type = 'update' ORDER BY run_id DESC LIMIT $3) AS v
               CROSS JOIN LATERAL unnest(v.changed_fields) AS f (field)
               WHERE f.field <> 'status' GROUP BY f.field ORDER BY changes DESC, f.field";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(runs)
        .bind(most)
        .bind(runs.iter().max())
        .fetch_all(connection)
        .await?)
}
