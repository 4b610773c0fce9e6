//! What the stage `dedupe` still has to do: jobs to judge, and employers whose boilerplate is to be
//! learnt. A row stays until its work is done, so a process that stops in between loses nothing.
//! Marking a row that is marked changes nothing; statements follow the rows that they are given.

use super::Result;
use sqlx::PgConnection;
use uuid::Uuid;

/// A job to judge: its employer and its id.
pub type MarkedJob = (i64, Uuid);

/// Marks jobs to be judged.
///
/// # Errors
/// The database failed.
pub async fn mark(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[MarkedJob],
) -> Result<()> {
    let sql =
        "INSERT INTO jobs_to_judge (institution_id, employer, job_id) SELECT $1, v.* FROM unnest($2::bigint[], $3::uuid[]) AS v
         ON CONFLICT DO NOTHING";
    with_jobs(connection, sql, institution, jobs).await
}

/// Takes the marks of jobs away.
///
/// # Errors
/// The database failed.
pub async fn unmark(
    connection: &mut PgConnection,
    institution: Uuid,
    jobs: &[MarkedJob],
) -> Result<()> {
    let sql =
        "DELETE FROM jobs_to_judge t USING unnest($2::bigint[], $3::uuid[]) AS v (employer, job_id)
         WHERE t.institution_id = $1 AND t.employer = v.employer AND t.job_id = v.job_id";
    with_jobs(connection, sql, institution, jobs).await
}

async fn with_jobs(
    connection: &mut PgConnection,
    sql: &'static str,
    institution: Uuid,
    jobs: &[MarkedJob],
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    sqlx::query(sql)
        .bind(institution)
        .bind(
            jobs.iter()
                .map(|(employer, _)| *employer)
                .collect::<Vec<_>>(),
        )
        .bind(jobs.iter().map(|(_, job)| *job).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Marks the jobs about the cap of buckets: in each bucket so many rows were added or removed, and
/// may have moved as many others over the cap, either way.
///
/// # Errors
/// The database failed.
pub async fn mark_displaced(
    connection: &mut PgConnection,
    institution: Uuid,
    moved: &[(i64, i64)],
    cap: i64,
) -> Result<()> {
    // Each part is asked once, whatever the planner takes an institution for: whether a bucket is
    // over the cap (`OFFSET 0`), and the jobs, as an array. Of thousands of jobs that are alike it
    // took minutes to ask for each job of each bucket.
    sqlx::query(
        "INSERT INTO jobs_to_judge (institution_id, employer, job_id)
         SELECT s.institution_id, s.employer, s.job_id FROM job_signatures s
         WHERE s.institution_id = $1 AND s.job_id = ANY (ARRAY(
           SELECT DISTINCT b.job_id
           FROM (SELECT moves.block, moves.moved FROM unnest($2::bigint[], $3::bigint[]) AS moves (block, moved)
                 WHERE (SELECT count(*) FROM (SELECT 1 FROM job_blocks WHERE institution_id = $1 AND block = moves.block LIMIT $4 + 1) AS first) > $4
                 OFFSET 0) AS k
           CROSS JOIN LATERAL (SELECT job_id FROM job_blocks WHERE institution_id = $1 AND block = k.block ORDER BY rank
             OFFSET GREATEST($4 - k.moved, 0) LIMIT LEAST($4, k.moved) + k.moved) AS b))
         ON CONFLICT DO NOTHING",
    )
    .bind(institution)
    .bind(moved.iter().map(|(block, _)| *block).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, moved)| *moved).collect::<Vec<_>>())
    .bind(cap)
    .execute(connection)
    .await?;
    Ok(())
}

/// Some of the jobs to judge, those of one employer beside each other.
///
/// # Errors
/// The database failed.
pub async fn marked(
    connection: &mut PgConnection,
    institution: Uuid,
    limit: i64,
) -> Result<Vec<MarkedJob>> {
    Ok(sqlx::query_as(
        "SELECT employer, job_id FROM jobs_to_judge WHERE institution_id = $1 ORDER BY employer, job_id LIMIT $2",
    )
    .bind(institution)
    .bind(limit)
    .fetch_all(connection)
    .await?)
}

/// How many jobs are to be judged, counted up to a limit.
///
/// # Errors
/// The database failed.
pub async fn count(connection: &mut PgConnection, institution: Uuid, limit: i64) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM jobs_to_judge WHERE institution_id = $1 LIMIT $2) AS t",
    )
    .bind(institution)
    .bind(limit)
    .fetch_one(connection)
    .await?)
}

/// Marks employers whose boilerplate is to be learnt.
///
/// # Errors
/// The database failed.
pub async fn mark_employers(
    connection: &mut PgConnection,
    institution: Uuid,
    employers: &[i64],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO employers_to_learn (institution_id, employer) SELECT $1, * FROM unnest($2::bigint[]) ON CONFLICT DO NOTHING",
    )
    .bind(institution)
    .bind(employers)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes some of the employers whose boilerplate is to be learnt; they are not marked any more.
///
/// # Errors
/// The database failed.
pub async fn take_employers(
    connection: &mut PgConnection,
    institution: Uuid,
    limit: i64,
) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar(
        "DELETE FROM employers_to_learn WHERE institution_id = $1 AND employer IN (
           SELECT employer FROM employers_to_learn WHERE institution_id = $1 ORDER BY employer LIMIT $2)
         RETURNING employer",
    )
    .bind(institution)
    .bind(limit)
    .fetch_all(connection)
    .await?)
}
