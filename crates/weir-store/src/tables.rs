//! The tables as such: their reference, from their own comments (`docs/reference/tables.md`), and
//! what dry runs leave in them.

use super::Result;
use sqlx::PgConnection;
use std::fmt::Write;

/// Cleans up after a large dry run of `documents` ads: rolled-back rows are dead, and the planner's
/// statistics from that time are wrong. Without it, a first load after a dry run took six times as
/// long. Never waits for another's lock.
///
/// # Errors
/// The database failed.
pub async fn tidy(connection: &mut PgConnection, documents: i64) -> Result<()> {
    if documents < LARGE {
        return Ok(());
    }
    sqlx::raw_sql(
        "VACUUM (SKIP_LOCKED) ad_states, published_jobs, superseded_versions, raw_documents, staging_jobs, staging_validation_failures, staging_failed_documents",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Number of ads from which the planner's statistics matter for statements of a batch.
const LARGE: i64 = 1000;

#[derive(sqlx::FromRow)]
struct ColumnRow {
    table_name: String,
    table_comment: Option<String>,
    name: String,
    kind: String,
    nullable: bool,
    is_view: bool,
    comment: Option<String>,
}

/// The reference page of all tables and views, as Markdown.
///
/// # Errors
/// The database failed.
pub async fn reference(connection: &mut PgConnection) -> Result<String> {
    let columns: Vec<ColumnRow> = sqlx::query_as(
        "SELECT c.relname AS table_name, obj_description(c.oid) AS table_comment, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS kind,
           NOT a.attnotnull AS nullable, c.relkind = 'v' AS is_view, col_description(c.oid, a.attnum) AS comment
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND c.relkind IN ('r', 'v') AND c.relname <> '_sqlx_migrations'
         ORDER BY c.relkind, c.relname, a.attnum",
    )
    .fetch_all(connection)
    .await?;
    Ok(markdown(&columns))
}

fn markdown(columns: &[ColumnRow]) -> String {
    let mut page = String::from(
        "# Tables\n\nGenerated from the comments in the database: `weir db tables`. Do not edit by hand.\n",
    );
    let mut table = "";
    for column in columns {
        if column.table_name != table {
            table = &column.table_name;
            let about = column.table_comment.as_deref().unwrap_or_default();
            let _ = write!(
                page,
                "\n## {table}\n\n{about}\n\n| column | type | meaning |\n|---|---|---|\n"
            );
        }
        let kind = if column.nullable && !column.is_view {
            format!("{}, may be null", column.kind)
        } else {
            column.kind.clone()
        };
        let _ = writeln!(
            page,
            "| `{}` | {kind} | {} |",
            column.name,
            column
                .comment
                .as_deref()
                .unwrap_or_default()
                .replace('|', "\\|")
        );
    }
    page
}
