//! The state of an institution as one short text: if it is unchanged, a run over the same documents
//! has the same result. It covers everything that a run reads and that a run, a command or a manual
//! change in the database may modify. Sums of hashes: no sorting, one pass over each table; raw
//! documents are represented by their hashes.

use crate::Result;
use crate::columns::job_columns;
use sqlx::PgConnection;
use uuid::Uuid;

/// The digest of an institution.
///
/// # Errors
/// The database failed.
pub async fn digest(connection: &mut PgConnection, institution: Uuid) -> Result<String> {
    let parts: String = sqlx::query_scalar(
        concat!("SELECT string_agg(part, '/' ORDER BY n) FROM (
         SELECT 1 AS n, count(*) || ':' || COALESCE(max(id), 0) AS part FROM runs WHERE institution_id = $1
         UNION ALL SELECT 2, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM institutions t WHERE id = $1
         UNION ALL SELECT 3, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM source_reads t WHERE institution_id = $1
         UNION ALL SELECT 4, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM companies t WHERE institution_id = $1
         UNION ALL SELECT 5, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM divisions t WHERE institution_id = $1
         UNION ALL SELECT 6, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM holds t WHERE institution_id = $1
         UNION ALL SELECT 7, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM ad_states t WHERE institution_id = $1
         UNION ALL SELECT 8, count(*) || ':' || COALESCE(sum(hashtextextended(ROW(id, status, version, archived_at, archived_as, archived_for, reopened_at,
             held_since, last_updated_at, original_id, generation, company_id, division_id, ", job_columns!(), ", content_hash)::text, 0)), 0) FROM jobs WHERE institution_id = $1
         UNION ALL SELECT 10, count(*) || ':' || COALESCE(sum(hashtextextended(ROW(id, version, title, status, change_type, changes, change_reason, content_hash,
             created_at)::text, 0)), 0) FROM jobs_history WHERE institution_id = $1
         UNION ALL SELECT 11, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM opening_decisions t WHERE institution_id = $1
         UNION ALL SELECT 12, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM company_aliases t WHERE institution_id = $1
         UNION ALL SELECT 9, count(*) || ':' || COALESCE(sum(hashtextextended(t::text, 0)), 0) FROM source_quality t WHERE institution_id = $1) parts"),
    )
    .bind(institution)
    .fetch_one(connection)
    .await?;
    Ok(weir_model::Hash::of(parts.as_bytes()).to_string())
}
