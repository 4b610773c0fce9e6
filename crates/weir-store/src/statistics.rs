//! What the planner believes of an institution. A server renews its statistics when a tenth of a
//! table has changed; an institution that has just begun is no tenth of a table that others share,
//! so it is taken for empty, and a batch of its ads is joined with all of them, one by one. Whoever
//! loads many rows tells how many, and the statistics are renewed where they fall short.
//!
//! Must cost next to nothing where they do not: it is asked during every load. A table that is
//! joined by institution during a load gets a line here.

use super::Result;
use sqlx::PgConnection;
use uuid::Uuid;

/// Renews what is known of the tables of ads and jobs, unless it is close to the `loaded` ads of
/// an institution.
///
/// # Errors
/// The database failed.
pub async fn renew_ads(
    connection: &mut PgConnection,
    institution: Uuid,
    loaded: usize,
) -> Result<()> {
    let sql =
        "ANALYZE ad_states; ANALYZE raw_documents (institution_id, document_id, content_hash);
        ANALYZE published_jobs (institution_id, id, source_id, original_id, status, close_date)";
    renew(connection, ("ad_states", sql), institution, loaded).await
}

/// Renews what is known of the tables of signatures and openings, unless it is close to the
/// `loaded` signatures of an institution.
///
/// # Errors
/// The database failed.
pub async fn renew_signatures(
    connection: &mut PgConnection,
    institution: Uuid,
    loaded: usize,
) -> Result<()> {
    let sql = "ANALYZE job_signatures (institution_id, job_id, employer, title, content); ANALYZE job_blocks; ANALYZE jobs_to_judge;
        ANALYZE employer_profiles (institution_id, employer); ANALYZE openings; ANALYZE opening_members (institution_id, job_id, opening_id)";
    renew(connection, ("job_signatures", sql), institution, loaded).await
}

async fn renew(
    connection: &mut PgConnection,
    (table, sql): (&str, &'static str),
    institution: Uuid,
    loaded: usize,
) -> Result<()> {
    let believed = believed(connection, table, institution).await?;
    #[allow(clippy::cast_precision_loss, reason = "a rough comparison")]
    if believed * 2.0 < loaded as f64 {
        sqlx::raw_sql(sql).execute(connection).await?;
    }
    Ok(())
}

/// How many rows of a table the planner takes to be an institution's: its share among the most
/// common ones, else an equal part of what they leave.
async fn believed(connection: &mut PgConnection, table: &str, institution: Uuid) -> Result<f64> {
    let sql = "WITH known AS (
           SELECT GREATEST(c.reltuples, 0) AS rows, s.most_common_vals::text::text[] AS values, COALESCE(s.most_common_freqs, '{}') AS shares,
             CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * c.reltuples ELSE s.n_distinct END AS institutions
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = 'institution_id'
           WHERE c.oid = $1::regclass)
         SELECT COALESCE((SELECT rows * COALESCE(shares[array_position(values, $2::text)],
           GREATEST(1 - (SELECT COALESCE(sum(share), 0) FROM unnest(shares) AS share), 0) / GREATEST(institutions - cardinality(shares), 1)) FROM known), 0)::float8";
    Ok(sqlx::query_scalar(sql)
        .bind(table)
        .bind(institution)
        .fetch_one(connection)
        .await?)
}
