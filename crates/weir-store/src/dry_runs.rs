//! Dry runs that somebody has asked for: how far each is, and what it would have done, record by
//! record. They are units of the queue, and go with them after a week.
//!
//! What an ad says is in here. Whoever forgets an ad removes what the dry runs of its institution
//! have left ([`crate::erasure`]).

use super::queue::ClaimedUnit;
use super::{Result, storable_json};
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::RunRecord;

/// What a dry run leaves beside its records.
#[derive(Debug, Clone)]
pub struct DryRunOutcome {
    /// What came of it, as of a run.
    pub summary: Json,
    /// How many records there are of each source and kind.
    pub found: Json,
    /// The plan that ran, what passed, and a few ads.
    pub trail: Json,
    /// Which ads would join and leave openings.
    pub openings: Json,
}

/// Keeps what a dry run leaves.
///
/// # Errors
/// The database failed.
pub async fn keep(
    connection: &mut PgConnection,
    unit: &ClaimedUnit,
    outcome: &DryRunOutcome,
) -> Result<()> {
    let sql = "INSERT INTO dry_runs (unit_id, institution_id, summary, found, trail, openings) VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(unit.id)
        .bind(unit.institution_id)
        .bind(storable_json(&outcome.summary))
        .bind(&outcome.found)
        .bind(storable_json(&outcome.trail))
        .bind(storable_json(&outcome.openings))
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps some of its records; the first has this ordinal.
///
/// # Errors
/// The database failed.
pub async fn keep_records(
    connection: &mut PgConnection,
    unit: &ClaimedUnit,
    first: i32,
    records: &[RunRecord],
) -> Result<()> {
    let sql = "INSERT INTO dry_run_records (unit_id, ordinal, institution_id, kind, record)
         SELECT $1, $2 + v.place::int - 1, $3, v.kind, v.record FROM unnest($4::text[], $5::jsonb[]) WITH ORDINALITY AS v (kind, record, place)";
    let json = |record| storable_json(&serde_json::to_value(record).unwrap_or_default());
    sqlx::query(sql)
        .bind(unit.id)
        .bind(first)
        .bind(unit.institution_id)
        .bind(
            records
                .iter()
                .map(|one| one.what.name())
                .collect::<Vec<_>>(),
        )
        .bind(records.iter().map(json).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// A dry run, in a line.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DryRunLine {
    /// Number.
    pub id: i64,
    /// The institution.
    pub slug: String,
    /// waiting, leased, done, failed, skipped.
    pub state: String,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub due_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The node of its plan that began last.
    pub node: Option<String>,
    /// Why it waits, failed or was stopped.
    pub why: Option<String>,
    /// How many records there are of each source and kind, if it has come to its end.
    pub found: Option<Json>,
}

impl DryRunLine {
    /// What differs when anything does.
    pub fn stamp(&self) -> String {
        let [node, why] = [&self.node, &self.why].map(|text| text.as_deref().unwrap_or_default());
        format!("{} {node} {why}", self.state)
    }

    /// Whether it may still come to an end.
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "waiting" | "leased")
    }
}

/// The newest dry runs: of one institution or of all, or the one with this number.
///
/// # Errors
/// The database failed.
pub async fn newest(
    connection: &mut PgConnection,
    institution: Option<&str>,
    number: Option<i64>,
    most: i64,
) -> Result<Vec<DryRunLine>> {
    let sql = "SELECT u.id, u.slug, u.state, u.asked_by, u.due_at, u.finished_at, u.node, u.why, d.found
         FROM work_units u LEFT JOIN dry_runs d ON d.unit_id = u.id
         WHERE u.is_dry AND ($1::text IS NULL OR u.slug = $1) AND ($2::bigint IS NULL OR u.id = $2) ORDER BY u.id DESC LIMIT $3";
    Ok(sqlx::query_as(sql)
        .bind(institution)
        .bind(number)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// A dry run.
///
/// # Errors
/// The database failed.
pub async fn one(connection: &mut PgConnection, number: i64) -> Result<Option<DryRunLine>> {
    Ok(newest(connection, None, Some(number), 1).await?.pop())
}

/// The dry run of an institution that has not ended.
///
/// # Errors
/// The database failed.
pub async fn open(connection: &mut PgConnection, institution: Uuid) -> Result<Option<i64>> {
    let sql = "SELECT id FROM work_units WHERE institution_id = $1 AND is_dry AND state IN ('waiting', 'leased')";
    Ok(sqlx::query_scalar(sql)
        .bind(institution)
        .fetch_optional(connection)
        .await?)
}

/// What a dry run has left; nothing before it has come to its end.
///
/// # Errors
/// The database failed.
pub async fn outcome(connection: &mut PgConnection, id: i64) -> Result<Option<DryRunOutcome>> {
    let sql = "SELECT summary, found, trail, openings FROM dry_runs WHERE unit_id = $1";
    let row: Option<(Json, Json, Json, Json)> = sqlx::query_as(sql)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|(summary, found, trail, openings)| DryRunOutcome {
        summary,
        found,
        trail,
        openings,
    }))
}

/// Records of a dry run behind an ordinal, each with its own; of one kind, or of all.
///
/// # Errors
/// The database failed.
pub async fn records(
    connection: &mut PgConnection,
    id: i64,
    kind: Option<&str>,
    behind: i32,
    most: i64,
) -> Result<Vec<(i32, Json)>> {
    let sql = "SELECT ordinal, record FROM dry_run_records WHERE unit_id = $1 AND ($2::text IS NULL OR kind = $2) AND ordinal > $3
         ORDER BY ordinal LIMIT $4";
    Ok(sqlx::query_as(sql)
        .bind(id)
        .bind(kind)
        .bind(behind)
        .bind(most)
        .fetch_all(connection)
        .await?)
}
