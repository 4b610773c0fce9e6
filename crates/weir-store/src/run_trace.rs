//! The tables for whoever looks at a run: `plan_outlines`, `run_edges`, `run_samples`, `run_log`.

use super::{Result, storable};
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::{Clock, Fingerprint, RunId, RunLogLine, RunSample, RunTrace};

/// Keeps the plan that a run walks.
///
/// # Errors
/// The database failed.
pub async fn remember_outline(
    connection: &mut PgConnection,
    institution: Uuid,
    fingerprint: Fingerprint,
    outline: &Json,
    at: Clock,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO plan_outlines (institution_id, fingerprint, outline, first_used_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(institution)
    .bind(fingerprint.to_vec())
    .bind(outline)
    .bind(at.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps what a run leaves, all of it in one commit that does not wait for the disk: the one that
/// ends the run does.
///
/// # Errors
/// The database failed.
pub async fn keep(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    trace: &RunTrace,
) -> Result<()> {
    let mut tx = connection.begin().await?;
    sqlx::query("SET LOCAL synchronous_commit = off")
        .execute(&mut *tx)
        .await?;
    keep_edges(&mut tx, institution, run, trace).await?;
    keep_samples(&mut tx, institution, run, trace).await?;
    keep_log(&mut tx, institution, run, &trace.log).await?;
    Ok(tx.commit().await?)
}

async fn keep_edges(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    trace: &RunTrace,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO run_edges (institution_id, run_id, from_node, to_node, rows)
         SELECT $1, $2, e.from_node, e.to_node, e.rows FROM unnest($3::text[], $4::text[], $5::bigint[]) AS e (from_node, to_node, rows)",
    )
    .bind(institution)
    .bind(run)
    .bind(trace.edges.iter().map(|edge| edge.from.as_str()).collect::<Vec<_>>())
    .bind(trace.edges.iter().map(|edge| edge.to.as_str()).collect::<Vec<_>>())
    .bind(trace.edges.iter().map(|edge| edge.rows).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn keep_samples(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    trace: &RunTrace,
) -> Result<()> {
    let mut ordinals: BTreeMap<&str, i32> = BTreeMap::new();
    let mut ordinal = |node| {
        let next = ordinals.entry(node).or_default();
        *next += 1;
        *next - 1
    };
    let text = |of: fn(&RunSample) -> &str| {
        trace
            .samples
            .iter()
            .map(move |(_, sample)| storable(of(sample)))
    };
    sqlx::query(
        "INSERT INTO run_samples (institution_id, run_id, node, ordinal, source_id, external_id, title, refused, what)
         SELECT $1, $2, s.* FROM unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::text[]) AS s",
    )
    .bind(institution)
    .bind(run)
    .bind(trace.samples.iter().map(|(node, _)| node.as_str()).collect::<Vec<_>>())
    .bind(trace.samples.iter().map(|(node, _)| ordinal(node.as_str())).collect::<Vec<_>>())
    .bind(text(|sample| &sample.source).collect::<Vec<_>>())
    .bind(text(|sample| &sample.ad).collect::<Vec<_>>())
    .bind(text(|sample| &sample.title).collect::<Vec<_>>())
    .bind(trace.samples.iter().map(|(_, sample)| sample.refused).collect::<Vec<_>>())
    .bind(text(|sample| &sample.what).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn keep_log(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
    log: &[RunLogLine],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO run_log (institution_id, run_id, ordinal, logged_at, severity, node, message)
         SELECT $1, $2, l.ordinal - 1, l.logged_at, l.severity, l.node, l.message
         FROM unnest($3::timestamptz[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS l (logged_at, severity, node, message, ordinal)",
    )
    .bind(institution)
    .bind(run)
    .bind(log.iter().map(|line| line.at).collect::<Vec<_>>())
    .bind(log.iter().map(|line| line.severity.name()).collect::<Vec<_>>())
    .bind(log.iter().map(|line| line.node.as_str()).collect::<Vec<_>>())
    .bind(log.iter().map(|line| storable(&line.message)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// A run that has left its plan, for looking at it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TracedRun {
    /// Its number.
    pub id: RunId,
    /// Its clock.
    pub at: DateTime<Utc>,
    /// Wall clock at its start.
    pub started_at: DateTime<Utc>,
    /// Wall clock at its end, if it has ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Its summary.
    pub summary: Option<Json>,
    /// The plan that it walked.
    pub outline: Json,
}

/// The newest run that has left its plan.
///
/// # Errors
/// The database failed.
pub async fn newest(connection: &mut PgConnection, institution: Uuid) -> Result<Option<TracedRun>> {
    let sql = "SELECT r.id, r.at, r.started_at, r.finished_at, r.summary, p.outline
               FROM runs r JOIN plan_outlines p ON p.institution_id = r.institution_id AND p.fingerprint = r.plan_fingerprint
               WHERE r.institution_id = $1 ORDER BY r.id DESC LIMIT 1";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .fetch_optional(connection)
        .await?)
}

/// A run that has left its plan.
///
/// # Errors
/// The database failed.
pub async fn one(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> Result<Option<TracedRun>> {
    let sql = "SELECT r.id, r.at, r.started_at, r.finished_at, r.summary, p.outline
               FROM runs r JOIN plan_outlines p ON p.institution_id = r.institution_id AND p.fingerprint = r.plan_fingerprint
               WHERE r.institution_id = $1 AND r.id = $2";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .fetch_optional(connection)
        .await?)
}

/// The ads that a run has left at its nodes, by the id of the node.
///
/// # Errors
/// The database failed.
pub async fn samples(
    connection: &mut PgConnection,
    institution: Uuid,
    run: RunId,
) -> Result<BTreeMap<String, Vec<RunSample>>> {
    let sql = "SELECT node, source_id, external_id, title, refused, what FROM run_samples
               WHERE institution_id = $1 AND run_id = $2 ORDER BY node, ordinal";
    let rows: Vec<(String, String, String, String, bool, String)> = sqlx::query_as(sql)
        .bind(institution)
        .bind(run)
        .fetch_all(connection)
        .await?;
    let mut found: BTreeMap<String, Vec<RunSample>> = BTreeMap::new();
    for (node, source, ad, title, refused, what) in rows {
        found.entry(node).or_default().push(RunSample {
            source,
            ad,
            title,
            refused,
            what,
        });
    }
    Ok(found)
}
