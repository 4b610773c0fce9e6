//! What publishers allow, as any worker has read it: a robots.txt is asked for once a day, whoever
//! asks. Long ones are not kept here; of hosts there are at most [`MOST`].
//!
//! Must never be a reason not to read a source: without an answer, a worker reads the file itself.

use super::Result;
use sqlx::PgConnection;
use std::time::Duration;

/// How long an answer counts.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest rules that are kept.
const LONGEST: usize = 64 * 1024;
/// More hosts than these are forgotten, the oldest first.
const MOST: i64 = 4096;

/// The rules of a publisher, and how long ago they were read.
///
/// # Errors
/// The database failed.
pub async fn recall(
    connection: &mut PgConnection,
    origin: &str,
) -> Result<Option<(String, Duration)>> {
    // What was read later than now was read by a clock that has been set back since.
    let sql =
        "SELECT rules, EXTRACT(epoch FROM clock_timestamp() - read_at)::float8 FROM robots_rules
         WHERE origin = $1 AND read_at BETWEEN clock_timestamp() - $2 AND clock_timestamp()";
    let row: Option<(String, f64)> = sqlx::query_as(sql)
        .bind(origin)
        .bind(KEPT)
        .fetch_optional(connection)
        .await?;
    let age = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(KEPT);
    Ok(row.map(|(rules, seconds)| (rules, age(seconds))))
}

/// Keeps what was read just now.
///
/// # Errors
/// The database failed.
pub async fn remember(connection: &mut PgConnection, origin: &str, rules: &str) -> Result<()> {
    if rules.len() > LONGEST {
        return Ok(());
    }
    let sql = "INSERT INTO robots_rules (origin, rules, read_at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (origin) DO UPDATE SET rules = EXCLUDED.rules, read_at = EXCLUDED.read_at";
    sqlx::query(sql)
        .bind(origin)
        .bind(rules)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets what no longer counts, and the oldest of too many.
///
/// # Errors
/// The database failed.
pub async fn forget(connection: &mut PgConnection) -> Result<()> {
    let sql = "DELETE FROM robots_rules WHERE read_at NOT BETWEEN clock_timestamp() - $1 AND clock_timestamp()
         OR read_at < (SELECT read_at FROM robots_rules ORDER BY read_at DESC OFFSET $2 LIMIT 1)";
    sqlx::query(sql)
        .bind(KEPT)
        .bind(MOST)
        .execute(connection)
        .await?;
    Ok(())
}
