//! The pace at which all workers together ask a host: each takes the next turn, and waits for it.

use super::Result;
use sqlx::PgConnection;
use std::time::Duration;

/// Turns that were over before this age are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// No turn is further off than this and its pace: one that is was given by a clock that has been set
/// back since.
const FURTHEST_OFF: Duration = Duration::from_secs(60 * 60);

/// Takes the next turn at a host; gives how long it is until then.
///
/// # Errors
/// The database failed.
pub async fn next_turn(
    connection: &mut PgConnection,
    host: &str,
    pace: Duration,
) -> Result<Duration> {
    let sql = "INSERT INTO host_turns AS h (host, next_at) VALUES ($1, clock_timestamp() + $2)
         ON CONFLICT (host) DO UPDATE SET
           next_at = GREATEST(CASE WHEN h.next_at <= clock_timestamp() + $2 + $3 THEN h.next_at END, CASE WHEN h.pause_at <= clock_timestamp() + $3 THEN h.pause_at END, clock_timestamp()) + $2,
           pause_at = CASE WHEN h.pause_at <= clock_timestamp() + $3 THEN h.pause_at END
         RETURNING EXTRACT(epoch FROM next_at - $2 - clock_timestamp())::float8";
    let seconds: f64 = sqlx::query_scalar(sql)
        .bind(host)
        .bind(whole_micros(pace))
        .bind(FURTHEST_OFF)
        .fetch_one(connection)
        .await?;
    Ok(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default())
}

/// Lets no worker ask a host for so long.
///
/// # Errors
/// The database failed.
pub async fn leave_alone(connection: &mut PgConnection, host: &str, wait: Duration) -> Result<()> {
    let sql = "INSERT INTO host_turns AS h (host, next_at, pause_at) VALUES ($1, clock_timestamp(), clock_timestamp() + $2)
         ON CONFLICT (host) DO UPDATE SET pause_at = GREATEST(CASE WHEN h.pause_at <= clock_timestamp() + $3 THEN h.pause_at END, EXCLUDED.pause_at)";
    sqlx::query(sql)
        .bind(host)
        .bind(whole_micros(wait))
        .bind(FURTHEST_OFF)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets hosts that nobody has asked for a day.
///
/// # Errors
/// The database failed.
pub async fn forget(connection: &mut PgConnection) -> Result<u64> {
    let sql = "DELETE FROM host_turns WHERE GREATEST(next_at, pause_at) < clock_timestamp() - $1";
    let done = sqlx::query(sql)
        .bind(FORGOTTEN_AFTER)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// What an interval of PostgreSQL can hold.
fn whole_micros(span: Duration) -> Duration {
    Duration::from_micros(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
}
