//! Resolved reasons against ads: what they were, and why they no longer apply. Rows are only ever
//! added, in the transaction that resolves the reason.

use super::Result;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::{Clock, SourceKey};

/// A reason that applied to an ad.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StandingReason {
    /// The source's id.
    pub original_id: String,
    /// The document.
    pub document_id: i64,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The reason: {type, field, message, rule, severity}.
    pub reason: Json,
    /// What was found.
    pub value: Option<Json>,
}

impl StandingReason {
    /// A member of the reason, as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.reason.get(name).and_then(Json::as_str)
    }
}

/// Records resolved reasons, each with its cause. Warnings cannot be resolved.
///
/// # Errors
/// The database failed.
pub async fn record(
    connection: &mut PgConnection,
    stream: &SourceKey,
    at: Clock,
    gone: &[(&StandingReason, String)],
) -> Result<()> {
    let gone: Vec<_> = gone
        .iter()
        .filter(|(stood, _)| stood.text("severity") != Some("warn"))
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    let texts = |name: &str| {
        gone.iter()
            .map(|(stood, _)| stood.text(name))
            .collect::<Vec<_>>()
    };
    sqlx::query(
        "INSERT INTO resolved_failures (institution_id, source_id, resolved_at, original_id, document_id, since, error_type, field_name, rule, error_message, value, why)
         SELECT $1, $2, $3, v.original_id, v.document_id, v.since, COALESCE(v.kind, 'system_error'), v.field, v.rule, v.message, v.value::jsonb, v.why
         FROM unnest($4::text[], $5::bigint[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
           AS v (original_id, document_id, since, kind, field, rule, message, value, why)",
    )
    .bind(stream.institution)
    .bind(&stream.source)
    .bind(at.0)
    .bind(gone.iter().map(|(stood, _)| stood.original_id.as_str()).collect::<Vec<_>>())
    .bind(gone.iter().map(|(stood, _)| stood.document_id).collect::<Vec<_>>())
    .bind(gone.iter().map(|(stood, _)| stood.since).collect::<Vec<_>>())
    .bind(texts("type"))
    .bind(texts("field"))
    .bind(texts("rule"))
    .bind(texts("message"))
    .bind(gone.iter().map(|(stood, _)| stood.value.as_ref().map(Json::to_string)).collect::<Vec<_>>())
    .bind(gone.iter().map(|(_, why)| super::storable(why)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// A reason that is gone.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct ResolvedFailure {
    /// The institution's slug.
    pub institution: String,
    /// The source.
    pub source_id: String,
    /// The source's id.
    pub original_id: String,
    /// The document.
    pub document_id: i64,
    /// The error type.
    pub error_type: String,
    /// The field.
    pub field_name: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// The message.
    pub error_message: Option<String>,
    /// What was found.
    pub value: Option<Json>,
    /// Since when it applied.
    pub since: DateTime<Utc>,
    /// When it was gone.
    pub resolved_at: DateTime<Utc>,
    /// Why.
    pub why: String,
}

/// The resolved reasons selected by `$which`.
macro_rules! resolved {
    ($which:literal) => {
        concat!(
            "SELECT i.slug AS institution, r.source_id, r.original_id, r.document_id, r.error_type, r.field_name, r.rule, r.error_message, r.value, r.since, r.resolved_at, r.why
             FROM resolved_failures r JOIN institutions i ON i.id = r.institution_id ",
            $which
        )
    };
}

/// Reasons that are gone since an instant, the newest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    connection: &mut PgConnection,
    slug: Option<&str>,
    since: Option<Clock>,
    limit: i64,
) -> Result<Vec<ResolvedFailure>> {
    let rows = sqlx::query_as(resolved!(
        "WHERE ($1::text IS NULL OR i.slug = $1) AND ($2::timestamptz IS NULL OR r.resolved_at >= $2)
         ORDER BY r.resolved_at DESC, i.slug, r.source_id, r.original_id, r.id LIMIT $3"
    ));
    Ok(rows
        .bind(slug)
        .bind(since.map(|since| since.0))
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// The resolved reasons of one ad, oldest first. `ids` are all that the ad has had.
///
/// # Errors
/// The database failed.
pub async fn of_ad(
    connection: &mut PgConnection,
    institution: Uuid,
    source: &str,
    ids: &[&str],
) -> Result<Vec<ResolvedFailure>> {
    let rows = sqlx::query_as(resolved!(
        "WHERE r.institution_id = $1 AND r.source_id = $2 AND r.original_id = ANY ($3) ORDER BY r.resolved_at, r.id"
    ));
    Ok(rows
        .bind(institution)
        .bind(source)
        .bind(ids)
        .fetch_all(connection)
        .await?)
}
