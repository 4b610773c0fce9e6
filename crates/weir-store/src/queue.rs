//! The queue of due work, in a plain table: workers claim units, say that they go on, and write
//! their end under the fence of their claim; units of workers that have gone silent are rescued.
//! Dry runs that somebody asks for are units like any other, and ended by whoever thinks better of it.
//!
//! The transitions are those of the state machine in `orchestration::protocol` of the program,
//! which is checked exhaustively; each function here is one of them, in one statement. Nothing here
//! waits for a lock: what another worker is about to claim is passed over.

use super::{Result, storable};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;
use weir_model::RunId;

/// How long a claim lasts without a heartbeat.
pub const LEASE: Duration = super::leases::LASTS;

/// Finished units that one sweep removes.
const SWEPT: i64 = 1_000;

/// A unit that is to be put into the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueUnit {
    /// The institution.
    pub institution: Uuid,
    /// Its slug.
    pub slug: String,
    /// The one source to read; empty for all.
    pub source: String,
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// Before this it is not claimed.
    pub ready_at: DateTime<Utc>,
    /// Fingerprint of the plan, as this scheduler reads it.
    pub plan: Vec<u8>,
    /// Whether it waits for a unit before it that has not ended, instead of being skipped.
    pub queues: bool,
}

/// A unit that this worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ClaimedUnit {
    /// Number.
    pub id: i64,
    /// Fence of the claim.
    pub fence: i64,
    /// The institution.
    pub institution_id: Uuid,
    /// Its slug.
    pub slug: String,
    /// The one source to read; empty for all.
    pub source_id: String,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// How many times it was begun, this one included.
    pub attempts: i32,
    /// Fingerprint of the plan that is to be run.
    pub plan_fingerprint: Option<Vec<u8>>,
    /// Whether it is rolled back.
    pub is_dry: bool,
}

/// How a unit ends, or goes back to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitEnd {
    /// Its run has ended.
    Done {
        /// The run.
        run: Option<RunId>,
    },
    /// It is given up.
    Failed {
        /// Why.
        why: String,
    },
    /// It is tried again after a while.
    Retried {
        /// After how long.
        after: Duration,
        /// Why.
        why: String,
    },
    /// It is given back as if it had not been begun.
    GivenBack {
        /// After how long others may take it.
        after: Duration,
        /// Why.
        why: String,
    },
}

/// Puts due units into the queue, each once whoever asks; one that is due while another of its
/// institution has not ended is skipped, and the reason kept. Gives how many are new.
///
/// # Errors
/// The database failed.
pub async fn enqueue(
    connection: &mut PgConnection,
    project: &str,
    units: &[DueUnit],
) -> Result<u64> {
    if units.is_empty() {
        return Ok(0);
    }
    let sql = "INSERT INTO work_units (project, institution_id, slug, source_id, due_at, state, plan_fingerprint, ready_at, enqueued_at, finished_at, why)
         SELECT $8, v.institution, v.slug, v.source, v.due, CASE WHEN s.skip THEN 'skipped' ELSE 'waiting' END, v.plan, v.ready, clock_timestamp(),
           CASE WHEN s.skip THEN clock_timestamp() END, CASE WHEN s.skip THEN 'the run before had not ended' END
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bytea[], $7::bool[]) AS v (institution, slug, source, due, ready, plan, queues)
         CROSS JOIN LATERAL (SELECT NOT v.queues AND EXISTS (SELECT 1 FROM work_units w WHERE w.institution_id = v.institution AND w.state IN ('waiting', 'leased') AND NOT w.is_dry
           AND w.source_id IN ('', v.source)) AS skip) s
         ON CONFLICT DO NOTHING";
    let done = sqlx::query(sql)
        .bind(units.iter().map(|u| u.institution).collect::<Vec<_>>())
        .bind(units.iter().map(|u| u.slug.as_str()).collect::<Vec<_>>())
        .bind(units.iter().map(|u| u.source.as_str()).collect::<Vec<_>>())
        .bind(units.iter().map(|u| u.due_at).collect::<Vec<_>>())
        .bind(units.iter().map(|u| u.ready_at).collect::<Vec<_>>())
        .bind(units.iter().map(|u| u.plan.as_slice()).collect::<Vec<_>>())
        .bind(units.iter().map(|u| u.queues).collect::<Vec<_>>())
        .bind(project)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Puts a dry run into the queue for whoever asks; gives its number, or nothing if one of the
/// institution has not ended.
///
/// # Errors
/// The database failed.
pub async fn ask(
    connection: &mut PgConnection,
    project: &str,
    unit: &DueUnit,
    by: &str,
) -> Result<Option<i64>> {
    let sql = "INSERT INTO work_units (project, institution_id, slug, source_id, due_at, state, plan_fingerprint, ready_at, enqueued_at, is_dry, asked_by)
         VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7, clock_timestamp(), true, $8) ON CONFLICT DO NOTHING RETURNING id";
    Ok(sqlx::query_scalar(sql)
        .bind(project)
        .bind(unit.institution)
        .bind(&unit.slug)
        .bind(&unit.source)
        .bind(unit.due_at)
        .bind(&unit.plan)
        .bind(unit.ready_at)
        .bind(storable(by))
        .fetch_optional(connection)
        .await?)
}

/// Ends a dry run that waits or is under way: its worker learns that it has lost it. Gives whether
/// there was one.
///
/// # Errors
/// The database failed.
pub async fn withdraw(connection: &mut PgConnection, unit: i64, why: &str) -> Result<bool> {
    let sql = "UPDATE work_units SET state = 'failed', fence = fence + 1, expires_at = NULL, finished_at = clock_timestamp(), why = $2
         WHERE id = $1 AND is_dry AND state IN ('waiting', 'leased')";
    let done = sqlx::query(sql)
        .bind(unit)
        .bind(storable(why))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Waiting units get the plan of today: an edit between the time they were due and their turn is
/// carried out, and workers agree on which files count. Those of institutions that the project no
/// longer has are skipped.
///
/// # Errors
/// The database failed.
pub async fn set_plans(
    connection: &mut PgConnection,
    project: &str,
    plans: &[(Uuid, Vec<u8>)],
) -> Result<()> {
    let institutions: Vec<Uuid> = plans.iter().map(|(id, _)| *id).collect();
    sqlx::query(
        "UPDATE work_units w SET plan_fingerprint = v.plan FROM unnest($1::uuid[], $2::bytea[]) AS v (institution, plan)
         WHERE w.institution_id = v.institution AND w.project = $3 AND w.state = 'waiting' AND w.plan_fingerprint IS DISTINCT FROM v.plan",
    )
    .bind(&institutions)
    .bind(plans.iter().map(|(_, plan)| plan.as_slice()).collect::<Vec<_>>())
    .bind(project)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE work_units SET state = 'skipped', finished_at = clock_timestamp(), why = 'the project no longer runs it'
         WHERE project = $2 AND state = 'waiting' AND institution_id <> ALL ($1)",
    )
    .bind(&institutions)
    .bind(project)
    .execute(connection)
    .await?;
    Ok(())
}

/// Claims at most so many units: those that have been ready for longest, none of an institution of
/// which another is under way, and none of those that this worker has just given back.
///
/// # Errors
/// The database failed.
pub async fn claim(
    connection: &mut PgConnection,
    project: &str,
    holder: &str,
    most: usize,
    passed_over: &[Uuid],
) -> Result<Vec<ClaimedUnit>> {
    let sql = "WITH ready AS (
           SELECT w.id FROM work_units w WHERE w.project = $4 AND w.state = 'waiting' AND w.ready_at <= clock_timestamp()
             AND w.institution_id <> ALL ($5) AND NOT EXISTS (SELECT 1 FROM work_units o WHERE o.institution_id = w.institution_id AND o.state = 'leased')
           ORDER BY w.priority DESC, w.ready_at, w.id LIMIT $2 FOR UPDATE SKIP LOCKED)
         UPDATE work_units w SET state = 'leased', holder = $1, fence = w.fence + 1, attempts = w.attempts + 1, begun_at = COALESCE(w.begun_at, clock_timestamp()),
           beaten_at = clock_timestamp(), expires_at = clock_timestamp() + $3, why = NULL
         FROM ready WHERE w.id = ready.id
         RETURNING w.id, w.fence, w.institution_id, w.slug, w.source_id, w.due_at, w.attempts, w.plan_fingerprint, w.is_dry";
    Ok(sqlx::query_as(sql)
        .bind(holder)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .bind(LEASE)
        .bind(project)
        .bind(passed_over)
        .fetch_all(connection)
        .await?)
}

/// A worker goes on with these units, each with its fence and the node that began last; gives those
/// that it still has.
///
/// # Errors
/// The database failed.
pub async fn beat(
    connection: &mut PgConnection,
    claims: &[(i64, i64, Option<String>)],
) -> Result<Vec<i64>> {
    let sql = "UPDATE work_units w SET beaten_at = clock_timestamp(), expires_at = clock_timestamp() + $3, node = v.node
         FROM unnest($1::bigint[], $2::bigint[], $4::text[]) AS v (id, fence, node) WHERE w.id = v.id AND w.fence = v.fence AND w.state = 'leased' RETURNING w.id";
    Ok(sqlx::query_scalar(sql)
        .bind(claims.iter().map(|(id, ..)| *id).collect::<Vec<_>>())
        .bind(
            claims
                .iter()
                .map(|(_, fence, _)| *fence)
                .collect::<Vec<_>>(),
        )
        .bind(LEASE)
        .bind(
            claims
                .iter()
                .map(|(.., node)| node.as_deref())
                .collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?)
}

/// Puts units back whose workers have gone silent; those that were begun too often are given up. A
/// claim that lasts for longer than one just renewed was written by a clock that has been set back
/// since: from now on it lasts as long as any.
///
/// # Errors
/// The database failed.
pub async fn rescue(connection: &mut PgConnection, most_attempts: i32) -> Result<Vec<RescuedUnit>> {
    let sql = "WITH ahead AS (UPDATE work_units SET expires_at = clock_timestamp() + $2 WHERE state = 'leased' AND expires_at > clock_timestamp() + $2),
           silent AS (SELECT id FROM work_units WHERE state = 'leased' AND expires_at <= clock_timestamp() FOR UPDATE SKIP LOCKED)
         UPDATE work_units w SET state = CASE WHEN w.attempts >= $1 THEN 'failed' ELSE 'waiting' END, fence = w.fence + 1, expires_at = NULL,
           ready_at = clock_timestamp(), finished_at = CASE WHEN w.attempts >= $1 THEN clock_timestamp() END, why = 'nothing was heard of ' || w.holder
         FROM silent WHERE w.id = silent.id RETURNING w.id, w.institution_id, w.slug, w.due_at, w.state = 'failed' AS given_up, w.why, w.is_dry";
    Ok(sqlx::query_as(sql)
        .bind(most_attempts)
        .bind(LEASE)
        .fetch_all(connection)
        .await?)
}

/// A unit that was taken from a silent worker.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RescuedUnit {
    /// Number.
    pub id: i64,
    /// The institution.
    pub institution_id: Uuid,
    /// Its slug.
    pub slug: String,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// Whether it is not tried again.
    pub given_up: bool,
    /// Why, in words.
    pub why: String,
    /// Whether it was to be rolled back.
    pub is_dry: bool,
}

/// Ends a unit, or puts it back; gives whether the worker still had it.
///
/// # Errors
/// The database failed.
pub async fn end(connection: &mut PgConnection, unit: &ClaimedUnit, end: &UnitEnd) -> Result<bool> {
    let (state, given_back, after, why, run) = match end {
        UnitEnd::Done { run } => ("done", false, Duration::ZERO, None, *run),
        UnitEnd::Failed { why } => ("failed", false, Duration::ZERO, Some(why), None),
        UnitEnd::Retried { after, why } => ("waiting", false, *after, Some(why), None),
        UnitEnd::GivenBack { after, why } => ("waiting", true, *after, Some(why), None),
    };
    let sql = "UPDATE work_units SET state = $3, attempts = attempts - $4::int, expires_at = NULL, ready_at = CASE WHEN $3 = 'waiting' THEN clock_timestamp() + $5 ELSE ready_at END,
           finished_at = CASE WHEN $3 <> 'waiting' THEN clock_timestamp() END, why = $6, run_id = $7
         WHERE id = $1 AND fence = $2 AND state = 'leased'";
    let done = sqlx::query(sql)
        .bind(unit.id)
        .bind(unit.fence)
        .bind(state)
        .bind(i32::from(given_back))
        .bind(after)
        .bind(why.map(|why| storable(why)))
        .bind(run)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The ended run that carried out a unit, if there is one: its worker died, or lost the unit, before
/// it could say so. Only under the lock of the institution does it stay true.
///
/// # Errors
/// The database failed.
pub async fn run_of(
    connection: &mut PgConnection,
    institution: Uuid,
    unit: i64,
) -> Result<Option<RunId>> {
    let sql = "SELECT id FROM runs WHERE institution_id = $1 AND unit_id = $2 AND status IN ('done', 'failed') AND summary IS NOT NULL ORDER BY id DESC LIMIT 1";
    Ok(sqlx::query_scalar(sql)
        .bind(institution)
        .bind(unit)
        .fetch_optional(connection)
        .await?)
}

/// Removes units that ended before an age, a small batch at a time; gives how many.
///
/// # Errors
/// The database failed.
pub async fn sweep(connection: &mut PgConnection, older_than: Duration) -> Result<u64> {
    let sql = "DELETE FROM work_units WHERE id IN (
         SELECT id FROM work_units WHERE finished_at < clock_timestamp() - $1 ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
    let done = sqlx::query(sql)
        .bind(older_than)
        .bind(SWEPT)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// A unit, to look at.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct UnitRow {
    /// Number.
    pub id: i64,
    /// The institution.
    pub slug: String,
    /// The one source to read; empty for all.
    pub source_id: String,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// waiting, leased, done, failed, skipped.
    pub state: String,
    /// How many times it was begun.
    pub attempts: i32,
    /// When it may be claimed.
    pub ready_at: DateTime<Utc>,
    /// The worker that has or had it.
    pub holder: Option<String>,
    /// Seconds since its worker last said that it goes on.
    pub silent: Option<f64>,
    /// When it was first begun.
    pub begun_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Its run.
    pub run_id: Option<RunId>,
    /// The node of its plan that began last.
    pub node: Option<String>,
    /// Why it waits, failed or was skipped.
    pub why: Option<String>,
    /// Whether it is rolled back.
    pub is_dry: bool,
}

/// Units of a project that have not ended, the most urgent first, and for each institution the
/// newest that has.
///
/// # Errors
/// The database failed.
pub async fn units(connection: &mut PgConnection, project: &str) -> Result<Vec<UnitRow>> {
    let sql = "WITH open AS (SELECT * FROM work_units WHERE project = $1 AND state IN ('waiting', 'leased') ORDER BY state, ready_at, id LIMIT 5000),
           ended AS (SELECT DISTINCT ON (institution_id, source_id) * FROM work_units WHERE project = $1 AND state IN ('done', 'failed', 'skipped') AND NOT is_dry ORDER BY institution_id, source_id, due_at DESC)
         SELECT u.id, u.slug, u.source_id, u.due_at, u.state, u.attempts, u.ready_at, u.holder,
           CASE WHEN u.state = 'leased' THEN EXTRACT(epoch FROM clock_timestamp() - u.beaten_at)::float8 END AS silent, u.begun_at, u.finished_at, u.run_id, u.node, u.why, u.is_dry
         FROM (SELECT * FROM open UNION ALL SELECT * FROM ended) u ORDER BY (u.state = 'leased') DESC, (u.state = 'waiting') DESC, u.ready_at, u.id";
    Ok(sqlx::query_as(sql)
        .bind(project)
        .fetch_all(connection)
        .await?)
}
