//! Openings, their members and their names, as they are read and written; decisions of operators,
//! and the log. What becomes one opening is decided elsewhere; nothing here touches a job.

use super::{Result, storable};
use serde_json::Value as Json;
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::{Clock, RunId};

/// A member of an opening, as it is stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct OpeningMember {
    /// The job.
    pub job_id: Uuid,
    /// Its opening.
    pub opening_id: Uuid,
    /// Rank of its source.
    pub source_rank: i32,
    /// `first`, `key`, `score`, `decision`.
    pub method: String,
    /// What speaks for it.
    pub evidence: Option<Json>,
    /// The earlier job that it lists again.
    pub reposted_from: Option<Uuid>,
    /// Days between the two.
    pub reposted_days: Option<i32>,
}

/// A name of an opening, or one that resolves to it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OpeningNameRow {
    /// The id.
    pub id: Uuid,
    /// The opening that it is, or resolves to.
    pub opening_id: Uuid,
    /// The job that it was named by.
    pub named_by: Uuid,
    /// Order of naming.
    pub serial: i64,
}

/// Who writes, and when.
#[derive(Debug, Clone, Copy)]
pub struct OpeningStamp<'a> {
    /// The institution.
    pub institution: Uuid,
    /// The run; `None` if an operator does it.
    pub run: Option<RunId>,
    /// The instant.
    pub at: Clock,
    /// `etl_pipeline`, or the operator.
    pub by: &'a str,
}

/// What becomes of the openings of some jobs.
#[derive(Debug, Clone, Default)]
pub struct OpeningChange {
    /// Openings that are no more.
    pub gone: Vec<Uuid>,
    /// Openings that are new.
    pub named: Vec<OpeningNameRow>,
    /// Openings whose aliases are replaced.
    pub renamed: Vec<Uuid>,
    /// Their aliases.
    pub aliases: Vec<OpeningNameRow>,
    /// Jobs that are in no opening any more.
    pub left: Vec<Uuid>,
    /// Jobs whose membership is new or changed.
    pub members: Vec<OpeningMember>,
    /// What is written down: opening, job, `joined` or `left`, and why.
    pub log: Vec<(Uuid, Uuid, &'static str, String)>,
}

/// The jobs of the openings that some jobs are in, and jobs about which an operator decided
/// together with one of them.
///
/// # Errors
/// The database failed.
pub async fn companions(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar(
        "SELECT o.job_id FROM opening_members m JOIN opening_members o ON o.institution_id = $1 AND o.opening_id = m.opening_id
         WHERE m.institution_id = $1 AND m.job_id = ANY ($2)
         UNION SELECT other_job_id FROM opening_decisions WHERE institution_id = $1 AND job_id = ANY ($2) AND undone_at IS NULL
         UNION SELECT job_id FROM opening_decisions WHERE institution_id = $1 AND other_job_id = ANY ($2) AND undone_at IS NULL",
    )
    .bind(institution)
    .bind(jobs)
    .fetch_all(connection)
    .await?)
}

/// The members of the openings that some jobs are in, those that lead first.
///
/// # Errors
/// The database failed.
pub async fn members(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<OpeningMember>> {
    Ok(sqlx::query_as(
        "SELECT o.job_id, o.opening_id, o.source_rank, o.method, o.evidence, o.reposted_from, o.reposted_days
         FROM opening_members o JOIN published_jobs j ON j.institution_id = $1 AND j.id = o.job_id
         WHERE o.institution_id = $1 AND o.opening_id IN (SELECT opening_id FROM opening_members WHERE institution_id = $1 AND job_id = ANY ($2))
         ORDER BY o.opening_id, j.status = 'archived', o.source_rank, j.source_id COLLATE \"C\", j.original_id COLLATE \"C\", j.generation",
    )
    .bind(institution)
    .bind(jobs)
    .fetch_all(connection)
    .await?)
}

/// The names of openings, oldest first; with them the aliases that resolve to them.
///
/// # Errors
/// The database failed.
pub async fn names(
    connection: &mut PgConnection,
    institution: Uuid,
    openings: &[Uuid],
) -> Result<Vec<OpeningNameRow>> {
    Ok(sqlx::query_as(
        "SELECT id, id AS opening_id, named_by, serial FROM openings WHERE institution_id = $1 AND id = ANY ($2)
         UNION ALL SELECT id, opening_id, named_by, serial FROM opening_aliases WHERE institution_id = $1 AND opening_id = ANY ($2)
         ORDER BY serial, id",
    )
    .bind(institution)
    .bind(openings)
    .fetch_all(connection)
    .await?)
}

/// The names that jobs gave to openings, wherever these are now.
///
/// # Errors
/// The database failed.
pub async fn names_by(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<OpeningNameRow>> {
    Ok(sqlx::query_as(
        "SELECT id, id AS opening_id, named_by, serial FROM openings WHERE institution_id = $1 AND named_by = ANY ($2)
         UNION ALL SELECT id, opening_id, named_by, serial FROM opening_aliases WHERE institution_id = $1 AND named_by = ANY ($2)",
    )
    .bind(institution)
    .bind(jobs)
    .fetch_all(connection)
    .await?)
}

/// Writes what becomes of openings. A name keeps the instant at which it was given, also where it
/// becomes an alias, or an id again.
///
/// # Errors
/// The database failed.
pub async fn write(
    connection: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    change: &OpeningChange,
) -> Result<()> {
    let dated = forget_names(connection, stamp, change).await?;
    write_names(connection, stamp, &dated, "openings", &change.named).await?;
    write_names(
        connection,
        stamp,
        &dated,
        "opening_aliases",
        &change.aliases,
    )
    .await?;
    leave(connection, stamp.institution, &change.left).await?;
    join(connection, stamp, &change.members).await?;
    log(connection, stamp, &change.log).await
}

/// Takes names out of both tables, and gives the instants at which they were given.
async fn forget_names(
    connection: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    change: &OpeningChange,
) -> Result<BTreeMap<Uuid, chrono::DateTime<chrono::Utc>>> {
    let mut dated = BTreeMap::new();
    for (sql, ids) in [
        (
            "DELETE FROM openings WHERE institution_id = $1 AND id = ANY ($2) RETURNING id, named_at",
            &change.gone,
        ),
        (
            "DELETE FROM opening_aliases WHERE institution_id = $1 AND opening_id = ANY ($2) RETURNING id, named_at",
            &change.renamed,
        ),
    ] {
        if !ids.is_empty() {
            let rows: Vec<(Uuid, chrono::DateTime<chrono::Utc>)> = sqlx::query_as(sql)
                .bind(stamp.institution)
                .bind(ids)
                .fetch_all(&mut *connection)
                .await?;
            dated.extend(rows);
        }
    }
    Ok(dated)
}

async fn write_names(
    connection: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    dated: &BTreeMap<Uuid, chrono::DateTime<chrono::Utc>>,
    table: &'static str,
    names: &[OpeningNameRow],
) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let sql = if table == "openings" {
        "INSERT INTO openings (institution_id, id, serial, named_by, named_at)
         SELECT $1, v.id, v.serial, v.named_by, v.named_at
         FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::timestamptz[], $6::uuid[]) AS v (id, serial, named_by, named_at, opening_id)"
    } else {
        "INSERT INTO opening_aliases (institution_id, id, serial, named_by, named_at, opening_id)
         SELECT $1, v.* FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::timestamptz[], $6::uuid[]) AS v"
    };
    let given = |name: &OpeningNameRow| dated.get(&name.id).copied().unwrap_or(stamp.at.0);
    sqlx::query(sql)
        .bind(stamp.institution)
        .bind(names.iter().map(|name| name.id).collect::<Vec<_>>())
        .bind(names.iter().map(|name| name.serial).collect::<Vec<_>>())
        .bind(names.iter().map(|name| name.named_by).collect::<Vec<_>>())
        .bind(names.iter().map(given).collect::<Vec<_>>())
        .bind(names.iter().map(|name| name.opening_id).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

async fn leave(connection: &mut PgConnection, institution: Uuid, jobs: &[Uuid]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM opening_members WHERE institution_id = $1 AND job_id = ANY ($2)")
        .bind(institution)
        .bind(jobs)
        .execute(connection)
        .await?;
    Ok(())
}

/// Who only changes its evidence keeps the instant at which it joined.
async fn join(
    connection: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    members: &[OpeningMember],
) -> Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO opening_members AS m (institution_id, job_id, opening_id, source_rank, method, evidence, reposted_from, reposted_days, joined_at, run_id, joined_by)
         SELECT $1, v.job_id, v.opening_id, v.source_rank, v.method, v.evidence::jsonb, v.reposted_from, v.reposted_days, $2, $3, $4
         FROM unnest($5::uuid[], $6::uuid[], $7::int[], $8::text[], $9::text[], $10::uuid[], $11::int[])
           AS v (job_id, opening_id, source_rank, method, evidence, reposted_from, reposted_days)
         ON CONFLICT (institution_id, job_id) DO UPDATE SET opening_id = EXCLUDED.opening_id, source_rank = EXCLUDED.source_rank,
           method = EXCLUDED.method, evidence = EXCLUDED.evidence, reposted_from = EXCLUDED.reposted_from, reposted_days = EXCLUDED.reposted_days,
           joined_at = CASE WHEN m.opening_id = EXCLUDED.opening_id THEN m.joined_at ELSE EXCLUDED.joined_at END,
           run_id = CASE WHEN m.opening_id = EXCLUDED.opening_id THEN m.run_id ELSE EXCLUDED.run_id END,
           joined_by = CASE WHEN m.opening_id = EXCLUDED.opening_id THEN m.joined_by ELSE EXCLUDED.joined_by END",
    )
    .bind(stamp.institution)
    .bind(stamp.at.0)
    .bind(stamp.run)
    .bind(storable(stamp.by))
    .bind(members.iter().map(|member| member.job_id).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.opening_id).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.source_rank).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.method.as_str()).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.evidence.as_ref().map(Json::to_string)).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.reposted_from).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.reposted_days).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn log(
    connection: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    lines: &[(Uuid, Uuid, &'static str, String)],
) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO opening_log (institution_id, opening_id, job_id, what, reason, at, run_id, done_by)
         SELECT $1, v.opening_id, v.job_id, v.what, v.reason, $2, $3, $4
         FROM unnest($5::uuid[], $6::uuid[], $7::text[], $8::text[]) AS v (opening_id, job_id, what, reason)",
    )
    .bind(stamp.institution)
    .bind(stamp.at.0)
    .bind(stamp.run)
    .bind(storable(stamp.by))
    .bind(lines.iter().map(|line| line.0).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.1).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.2).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| storable(&line.3)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// A decision that applies, with the ads of its jobs.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Serialize)]
pub struct OpeningDecision {
    /// Its number.
    pub id: i64,
    /// One job.
    pub job_id: Uuid,
    /// Its source.
    pub source_id: String,
    /// Its ad.
    pub ad_id: String,
    /// The other job.
    pub other_job_id: Uuid,
    /// Its source.
    pub other_source_id: String,
    /// Its ad.
    pub other_ad_id: String,
    /// `same` or `different`.
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
    /// When.
    pub decided_at: chrono::DateTime<chrono::Utc>,
}

/// The decisions that apply to jobs that are there.
///
/// # Errors
/// The database failed.
pub async fn decisions(
    connection: &mut PgConnection,
    institution: Uuid,
) -> Result<Vec<OpeningDecision>> {
    Ok(sqlx::query_as(
        "SELECT d.id, d.job_id, a.source_id, a.ad_id, d.other_job_id, b.source_id AS other_source_id, b.ad_id AS other_ad_id, d.verdict, d.reason,
           d.decided_by, d.decided_at
         FROM opening_decisions d
         JOIN job_signatures a ON a.institution_id = d.institution_id AND a.job_id = d.job_id
         JOIN job_signatures b ON b.institution_id = d.institution_id AND b.job_id = d.other_job_id
         WHERE d.institution_id = $1 AND d.undone_at IS NULL ORDER BY d.id",
    )
    .bind(institution)
    .fetch_all(connection)
    .await?)
}

/// Writes a decision down; one that says the same of the two already stays alone.
///
/// # Errors
/// The database failed.
pub async fn decide(
    connection: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    jobs: [Uuid; 2],
    verdict: &str,
    reason: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO opening_decisions (institution_id, job_id, other_job_id, verdict, reason, decided_by, decided_at)
         SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (
           SELECT 1 FROM opening_decisions WHERE institution_id = $1 AND (job_id, other_job_id) IN (($2, $3), ($3, $2)) AND verdict = $4 AND undone_at IS NULL)",
    )
    .bind(stamp.institution)
    .bind(jobs[0])
    .bind(jobs[1])
    .bind(verdict)
    .bind(storable(reason))
    .bind(storable(stamp.by))
    .bind(stamp.at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Undoes the decisions about two jobs. Gives how many there were.
///
/// # Errors
/// The database failed.
pub async fn undo(
    connection: &mut PgConnection,
    stamp: OpeningStamp<'_>,
    jobs: [Uuid; 2],
    reason: &str,
) -> Result<u64> {
    Ok(sqlx::query(
        "UPDATE opening_decisions SET undone_at = $4, undone_by = $5, undone_reason = $6
         WHERE institution_id = $1 AND (job_id, other_job_id) IN (($2, $3), ($3, $2)) AND undone_at IS NULL",
    )
    .bind(stamp.institution)
    .bind(jobs[0])
    .bind(jobs[1])
    .bind(stamp.at.0)
    .bind(storable(stamp.by))
    .bind(storable(reason))
    .execute(connection)
    .await?
    .rows_affected())
}

/// Which of some jobs are open, with their titles.
///
/// # Errors
/// The database failed.
pub async fn open_jobs(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<(Uuid, String)>> {
    Ok(sqlx::query_as(
        "SELECT id, title FROM published_jobs WHERE institution_id = $1 AND id = ANY ($2) AND status = 'open'",
    )
    .bind(institution)
    .bind(jobs)
    .fetch_all(connection)
    .await?)
}

/// An open hold about a pair of jobs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PairHold {
    /// Its source.
    pub source_id: String,
    /// Its subject.
    pub subject: String,
    /// The two jobs, as texts.
    pub jobs: Vec<String>,
}

/// The open holds about pairs in which one of these jobs is.
///
/// # Errors
/// The database failed.
pub async fn pair_holds(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[Uuid],
) -> Result<Vec<PairHold>> {
    let ids: Vec<String> = jobs.iter().map(Uuid::to_string).collect();
    Ok(sqlx::query_as(
        "SELECT source_id, subject, ARRAY[details #>> '{jobs,0}', details #>> '{jobs,1}'] AS jobs FROM holds
         WHERE institution_id = $1 AND kind = 'duplicate' AND status = 'open'
           AND (details #>> '{jobs,0}' = ANY ($2) OR details #>> '{jobs,1}' = ANY ($2))",
    )
    .bind(institution)
    .bind(&ids)
    .fetch_all(connection)
    .await?)
}
