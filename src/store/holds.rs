//! What waits for a person. A hold is opened once per subject, keeps its number while it stays open, and ends by
//! itself when its reason goes away.

use super::{Result, Stream, storable, storable_json};
use crate::model::Clock;
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An ad: published and now failing, or with an unknown company or division.
    Job,
    /// An unknown company.
    Company,
    /// An unknown division.
    Division,
    /// The retirement of too many ads at once.
    Retirement,
    /// Too many ids that stand for other jobs at once.
    Identity,
    /// A read that is not as usual.
    Quality,
}

impl Kind {
    /// The text in the column.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Job => "job",
            Kind::Company => "company",
            Kind::Division => "division",
            Kind::Retirement => "retirement",
            Kind::Identity => "identity",
            Kind::Quality => "quality",
        }
    }
}

/// A hold to open.
#[derive(Debug, Clone, PartialEq)]
pub struct NewHold {
    /// What is held.
    pub kind: Kind,
    /// The ad's id, the unknown name, or the source.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// What a person needs to decide.
    pub details: Json,
}

/// A hold as stored.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
pub struct Hold {
    /// Its number.
    pub id: i64,
    /// The institution.
    pub institution_id: Uuid,
    /// The institution's slug.
    pub institution: String,
    /// job, company, division, retirement, identity, quality.
    pub kind: String,
    /// The source.
    pub source_id: String,
    /// What is held.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// What a person needs to decide.
    pub details: Option<Json>,
    /// open, released, discarded, ended.
    pub status: String,
    /// Since when.
    pub opened_at: DateTime<Utc>,
}

/// Opens holds; one that is open already stays and takes the new reason.
///
/// # Errors
/// The database failed.
pub async fn open(connection: &mut PgConnection, stream: &Stream, run: i64, at: Clock, holds: &[NewHold]) -> Result<()> {
    if holds.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO holds AS h (institution_id, kind, source_id, subject, reason, details, status, opened_at, opened_run)
         SELECT DISTINCT ON (v.kind, v.subject) $1, v.kind, $2, v.subject, v.reason, v.details::jsonb, 'open', $4, $3
         FROM unnest($5::text[], $6::text[], $7::text[], $8::text[]) AS v (kind, subject, reason, details) ORDER BY v.kind, v.subject
         ON CONFLICT (institution_id, kind, source_id, subject) WHERE status = 'open' DO UPDATE SET reason = EXCLUDED.reason, details = EXCLUDED.details
         WHERE (h.reason, h.details) IS DISTINCT FROM (EXCLUDED.reason, EXCLUDED.details)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(run)
    .bind(at.0)
    .bind(holds.iter().map(|h| h.kind.name()).collect::<Vec<_>>())
    .bind(holds.iter().map(|h| storable(&h.subject)).collect::<Vec<_>>())
    .bind(holds.iter().map(|h| storable(&h.reason)).collect::<Vec<_>>())
    .bind(holds.iter().map(|h| storable_json(&h.details).to_string()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends open holds whose reason has gone away.
///
/// # Errors
/// The database failed.
pub async fn end(connection: &mut PgConnection, stream: &Stream, kind: Kind, subjects: &[&str], at: Clock, note: &str) -> Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE holds SET status = 'ended', closed_at = $5, closed_by = 'run', note = $6
         WHERE institution_id = $1 AND source_id = $2 AND kind = $3 AND subject = ANY ($4) AND status = 'open'",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(kind.name())
    .bind(subjects)
    .bind(at.0)
    .bind(note)
    .execute(connection)
    .await?;
    Ok(())
}

macro_rules! holds {
    ($which:literal) => {
        concat!(
            "SELECT h.id, h.institution_id, i.slug AS institution, h.kind, h.source_id, h.subject, h.reason, h.details, h.status, h.opened_at
             FROM holds h JOIN institutions i ON i.id = h.institution_id WHERE ",
            $which
        )
    };
}

/// Holds, newest last; only open ones unless `all`; of one institution if a slug is given.
///
/// # Errors
/// The database failed.
pub async fn list(connection: &mut PgConnection, slug: Option<&str>, all: bool) -> Result<Vec<Hold>> {
    let rows = sqlx::query_as(holds!("($1::text IS NULL OR i.slug = $1) AND ($2 OR h.status = 'open') ORDER BY h.id"));
    Ok(rows.bind(slug).bind(all).fetch_all(connection).await?)
}

/// The open hold of a number.
///
/// # Errors
/// The database failed.
pub async fn find(connection: &mut PgConnection, id: i64) -> Result<Option<Hold>> {
    Ok(sqlx::query_as(holds!("h.id = $1 AND h.status = 'open'")).bind(id).fetch_optional(connection).await?)
}

/// Closes a hold as a person decided: `released` or `discarded`.
///
/// # Errors
/// The database failed.
pub async fn decide(connection: &mut PgConnection, hold: &Hold, status: &'static str, at: Clock, by: &str, note: &str) -> Result<()> {
    sqlx::query("UPDATE holds SET status = $3, closed_at = $4, closed_by = $5, note = $6 WHERE institution_id = $1 AND id = $2 AND status = 'open'")
        .bind(hold.institution_id)
        .bind(hold.id)
        .bind(status)
        .bind(at.0)
        .bind(storable(by))
        .bind(storable(note))
        .execute(connection)
        .await?;
    Ok(())
}

/// What a person's word on an ad does to its state: released or discarded content is remembered by its hash, and the ad is derived again by the next run. It is
/// the content that was judged, which the person has seen; other content that has come since is judged by itself.
///
/// # Errors
/// The database failed.
pub async fn mark_ad(connection: &mut PgConnection, hold: &Hold, released: bool) -> Result<()> {
    sqlx::query(
        "UPDATE ad_states SET released_hash = CASE WHEN $4 THEN COALESCE(derived_hash, content_hash) ELSE released_hash END,
           discarded_hash = CASE WHEN $4 THEN discarded_hash ELSE COALESCE(derived_hash, content_hash) END, derived_fingerprint = NULL
         WHERE institution_id = $1 AND source_id = $2 AND external_id = $3",
    )
    .bind(hold.institution_id)
    .bind(&hold.source_id)
    .bind(&hold.subject)
    .bind(released)
    .execute(connection)
    .await?;
    Ok(())
}

/// Asks for every held or rejected ad of a source to be derived again.
///
/// # Errors
/// The database failed.
pub async fn derive_waiting_again(connection: &mut PgConnection, hold: &Hold) -> Result<()> {
    sqlx::query("UPDATE ad_states SET derived_fingerprint = NULL WHERE institution_id = $1 AND source_id = $2 AND outcome IN ('held', 'rejected') AND refused IS NULL")
        .bind(hold.institution_id)
        .bind(&hold.source_id)
        .execute(connection)
        .await?;
    Ok(())
}
