//! The effect of a decision on an open hold at each revision: a decision on an older one is
//! answered with the difference. Runs and commands store it at their end; read-only commands write
//! nothing.

use super::Result;
use super::holds::holds;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;
use weir_model::Clock;

/// Days after which an outdated revision is forgotten.
const DAYS: i32 = 30;

/// Stores the subjects of the open holds of an institution, or of one of its sources; forgets those
/// that are closed.
///
/// # Errors
/// The database failed.
pub async fn remember(
    connection: &mut PgConnection,
    institution: Uuid,
    source: Option<&str>,
    at: Clock,
) -> Result<()> {
    sqlx::query(concat!(
        "WITH now AS (",
        holds!("h.institution_id = $1 AND h.status = 'open' AND ($2::text IS NULL OR h.source_id = $2)"),
        "), put AS (
           INSERT INTO hold_revisions (institution_id, hold_id, revision, content, first_at)
           SELECT institution_id, id, revision, content, $3 FROM now WHERE content IS NOT NULL ON CONFLICT DO NOTHING)
         DELETE FROM hold_revisions r WHERE r.institution_id = $1 AND (
           EXISTS (SELECT 1 FROM holds h WHERE h.institution_id = $1 AND h.id = r.hold_id AND h.status <> 'open')
           OR (r.first_at < $3 - make_interval(days => $4) AND EXISTS (SELECT 1 FROM now WHERE now.id = r.hold_id AND now.revision <> r.revision)))"
    ))
    .bind(institution)
    .bind(source)
    .bind(at.0)
    .bind(DAYS)
    .execute(connection)
    .await?;
    Ok(())
}

/// The subject of a hold at a revision, if still known.
///
/// # Errors
/// The database failed.
pub async fn content(
    connection: &mut PgConnection,
    institution: Uuid,
    hold: i64,
    revision: &str,
) -> Result<Option<Json>> {
    let found = sqlx::query_scalar(
        "SELECT content FROM hold_revisions WHERE institution_id = $1 AND hold_id = $2 AND revision = $3",
    );
    Ok(found
        .bind(institution)
        .bind(hold)
        .bind(revision)
        .fetch_optional(connection)
        .await?)
}
