//! Jobs that continue under another id, and jobs that have lost theirs (T2a,
//! docs/decisions/0006-identity.md). One transaction per source: concurrent readers see the board
//! as it was before or as it is after.

use super::columns::{newer_version, supersede};
use super::jobs::{self, ArchiveOrder};
use super::{Result, holds, staging};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::identity::{DisplacedJob, IdentityDecision, JobMove};
use weir_model::{AdChange, Clock, HoldKind, ReadId, RunId, SourceKey};

/// Each ad takes over the job, and the state of its newest version; the ad that had it keeps no
/// job, and is new if it is listed again: its source may return to its old numbers. Generations
/// increase, so the id of a job is never used twice.
const MOVE: &str = concat!(
    "WITH moves AS (SELECT m.*, nextval('change_ids') AS change_id FROM unnest($5::text[], $6::uuid[], $7::text[]) AS m (to_id, job_id, from_id)),
     origin AS (
       SELECT s.external_id, s.job_id, s.fields_hash, s.refresh_hash, s.derived_fingerprint
       FROM moves m JOIN ad_states s ON s.institution_id = $1 AND s.source_id = $2 AND s.external_id = m.from_id AND s.job_id = m.job_id),
     taken AS (
       UPDATE ad_states s SET generation = s.generation + 1, job_id = o.job_id, fields_hash = o.fields_hash, refresh_hash = o.refresh_hash,
         derived_fingerprint = o.derived_fingerprint, outcome = 'pending', last_change = $8, last_change_run = $3
       FROM moves m JOIN origin o ON o.job_id = m.job_id
       WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = m.to_id
       RETURNING s.external_id, s.generation, o.job_id, o.external_id AS from_id, m.change_id),
     left_behind AS (
       UPDATE ad_states s SET generation = s.generation + 1, job_id = NULL, derived_hash = NULL, kept_hash = NULL, fields_hash = NULL, refresh_hash = NULL,
         retry_at = NULL, retired = s.last_read IS NOT NULL, outcome = CASE WHEN s.last_read IS NULL THEN 'pending' ELSE 'withdrawn' END
       FROM origin o
       WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = o.external_id AND o.external_id NOT IN (SELECT to_id FROM moves)), ",
    "told AS (SELECT t.*, jsonb_build_object('original_id', jsonb_build_object('old', t.from_id, 'new', t.external_id)) AS changes FROM taken t), ",
    supersede!("j.institution_id = $1 AND j.id IN (SELECT job_id FROM taken)"),
    " UPDATE published_jobs j SET original_id = t.external_id, generation = t.generation, created_at = $4, changed_fields = '{original_id}',
         changes = t.changes, change_type = 'update',
         change_reason = 'id changed from `' || t.from_id || '` to `' || t.external_id || '`: the source renumbered its ads', cause = 'source',
         run_id = $3, fingerprint = NULL, created_by = 'etl_pipeline', takes_back = NULL, restores = NULL, ",
    newer_version!("t.change_id"),
    " FROM told t WHERE j.institution_id = $1 AND j.id = t.job_id"
);

/// The ads are processed as if they were new.
const PART: &str = "UPDATE ad_states s SET generation = s.generation + 1, job_id = NULL, kept_hash = NULL, fields_hash = NULL, refresh_hash = NULL, outcome = 'pending'
     FROM unnest($3::text[], $4::uuid[]) AS d (external_id, job_id)
     WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = d.external_id AND s.job_id = d.job_id";

/// Which run decides, and when.
#[derive(Debug, Clone, Copy)]
pub struct RunStamp {
    /// The run.
    pub run: RunId,
    /// Its instant.
    pub at: Clock,
}

/// Applies the decision.
///
/// # Errors
/// The database failed.
pub async fn apply(
    connection: &mut PgConnection,
    stream: &SourceKey,
    sight: RunStamp,
    decision: &IdentityDecision,
) -> Result<()> {
    let touched: Vec<&str> = decision
        .ads()
        .into_iter()
        .chain(decision.moves.iter().map(|one| one.from.as_str()))
        .collect();
    staging::clear(
        connection,
        stream,
        &touched,
        sight.at,
        "its id belongs to another job",
    )
    .await?;
    holds::end(
        connection,
        stream,
        HoldKind::Job,
        &touched,
        sight.at,
        "its id belongs to another job",
    )
    .await?;
    move_jobs(connection, stream, sight, &decision.moves).await?;
    displace(connection, stream, sight, &decision.displaced).await
}

async fn move_jobs(
    connection: &mut PgConnection,
    stream: &SourceKey,
    sight: RunStamp,
    moves: &[JobMove],
) -> Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    sqlx::query(MOVE)
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(sight.run)
        .bind(sight.at.0)
        .bind(moves.iter().map(|one| one.to.as_str()).collect::<Vec<_>>())
        .bind(moves.iter().map(|one| one.job).collect::<Vec<_>>())
        .bind(
            moves
                .iter()
                .map(|one| one.from.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(AdChange::Updated.name())
        .execute(&mut *connection)
        .await?;
    jobs::announce(connection, stream.institution).await
}

async fn displace(
    connection: &mut PgConnection,
    stream: &SourceKey,
    sight: RunStamp,
    displaced: &[DisplacedJob],
) -> Result<()> {
    if displaced.is_empty() {
        return Ok(());
    }
    let ads: Vec<&str> = displaced.iter().map(|one| one.ad.as_str()).collect();
    let jobs: Vec<Uuid> = displaced.iter().map(|one| one.job).collect();
    sqlx::query(PART)
        .bind(stream.institution)
        .bind(&stream.source)
        .bind(&ads)
        .bind(&jobs)
        .execute(&mut *connection)
        .await?;
    let why = |one: &DisplacedJob| {
        (
            one.job,
            format!(
                "archived: its id `{}` was given to another job ({})",
                one.ad, one.why
            ),
        )
    };
    let reasons: Vec<(Uuid, String)> = displaced.iter().map(why).collect();
    let by = "etl_pipeline";
    let archiving = ArchiveOrder {
        institution: stream.institution,
        run: Some(sight.run),
        at: sight.at,
        by,
        archived_as: "recycled",
    };
    jobs::archive(connection, archiving, &reasons).await?;
    Ok(())
}

/// An open job that a read did not contain.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UnseenJob {
    /// Its ad.
    pub ad: String,
    /// The job.
    pub job: Uuid,
    /// Whether it was missing from the read before already.
    pub was_missing: bool,
}

/// The next open jobs after an id that a read did not contain.
///
/// # Errors
/// The database failed.
pub async fn unseen(
    connection: &mut PgConnection,
    stream: &SourceKey,
    read: ReadId,
    at: Clock,
    after: &str,
    limit: usize,
) -> Result<Vec<UnseenJob>> {
    let rows = sqlx::query_as(
        "SELECT s.external_id AS ad, s.job_id AS job, s.misses > COALESCE((s.last_miss_at = $6)::int, 0) AS was_missing
         FROM ad_states s JOIN jobs j ON j.institution_id = s.institution_id AND j.id = s.job_id AND j.status = 'open'
         WHERE s.institution_id = $1 AND s.source_id = $2 AND (s.last_read IS NOT NULL OR $3::bigint = 0) AND s.external_id > $4 ORDER BY s.external_id LIMIT $5",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(read)
    .bind(after)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind(at.0)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Ads that are not derived before more is known: they count as held, and are found again by the
/// next run.
///
/// # Errors
/// The database failed.
pub async fn leave(connection: &mut PgConnection, stream: &SourceKey, ads: &[&str]) -> Result<()> {
    sqlx::query(
        "UPDATE ad_states SET outcome = 'held', derived_fingerprint = NULL WHERE institution_id = $1 AND source_id = $2 AND external_id = ANY ($3)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(ads)
    .execute(connection)
    .await?;
    Ok(())
}

/// An operator decided that ads are still the same jobs: this content of each, identified by the
/// hash of its document, is never again taken for another job.
///
/// # Errors
/// The database failed.
pub async fn keep(
    connection: &mut PgConnection,
    stream: &SourceKey,
    ads: &[(&str, &str)],
) -> Result<()> {
    sqlx::query(
        "UPDATE ad_states s SET kept_hash = decode(v.document, 'hex') FROM unnest($3::text[], $4::text[]) AS v (ad, document)
         WHERE s.institution_id = $1 AND s.source_id = $2 AND s.external_id = v.ad",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(ads.iter().map(|(ad, _)| *ad).collect::<Vec<_>>())
    .bind(ads.iter().map(|(_, document)| *document).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// One ad of an unused release, as the operator was shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedIds {
    /// The ad.
    pub ad: String,
    /// The mark of its content.
    pub mark: String,
    /// Whether its job is archived; it is an update of that otherwise.
    pub archives: bool,
}

/// The ads of an unused release; `None` if there is none.
///
/// # Errors
/// The database failed.
pub async fn released(
    connection: &mut PgConnection,
    stream: &SourceKey,
) -> Result<Option<Vec<ReleasedIds>>> {
    let jobs: Option<Json> = sqlx::query_scalar(
        "SELECT COALESCE(details -> 'jobs', '[]') FROM holds
         WHERE institution_id = $1 AND source_id = $2 AND kind = $3 AND status = 'released' AND NOT details ? 'used_by_run' ORDER BY id DESC LIMIT 1",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(HoldKind::Identity.name())
    .fetch_optional(connection)
    .await?;
    let text = |job: &Json, name: &str| job.get(name).and_then(Json::as_str).map(str::to_owned);
    let one = |job: &Json| {
        let does = text(job, "does")?;
        (does != "move").then_some(ReleasedIds {
            ad: text(job, "ad")?,
            mark: text(job, "mark")?,
            archives: does == "archive",
        })
    };
    Ok(jobs.map(|jobs| {
        jobs.as_array()
            .into_iter()
            .flatten()
            .filter_map(one)
            .collect()
    }))
}

/// Records that a run has used a release.
///
/// # Errors
/// The database failed.
pub async fn use_release(
    connection: &mut PgConnection,
    stream: &SourceKey,
    run: RunId,
) -> Result<()> {
    sqlx::query(
        "UPDATE holds SET details = details || jsonb_build_object('used_by_run', $4::bigint)
         WHERE institution_id = $1 AND source_id = $2 AND kind = $3 AND status = 'released' AND NOT details ? 'used_by_run'",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(HoldKind::Identity.name())
    .bind(run)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends an unused release: its ambiguity is gone, and the next one is a new question.
///
/// # Errors
/// The database failed.
pub async fn end_release(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    why: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE holds SET status = 'ended', closed_at = $4, closed_by = 'run',
           note = 'released by ' || closed_by || COALESCE(' (' || note || ')', '') || ' and not used: ' || $5
         WHERE institution_id = $1 AND source_id = $2 AND kind = $3 AND status = 'released' AND NOT details ? 'used_by_run'",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(HoldKind::Identity.name())
    .bind(at.0)
    .bind(why)
    .execute(connection)
    .await?;
    Ok(())
}
