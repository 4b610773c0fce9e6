//! Sessions that see some institutions alone, for those who may see no others.
//!
//! In such a session every name of a table or view means a view of the same columns with the rows
//! of these institutions: a statement cannot forget to ask. What has no institution is empty,
//! unless [`WHOLE`] or [`SPECIAL`] says otherwise, so a table that is added later is hidden until
//! someone thinks about it. The views are temporary, of this session and of no other; the settings
//! that name the institutions are set whenever a session is taken.
//!
//! Must never be handed to work that writes: what was found through it is decided through the
//! ordinary sessions, by its number.

use super::{Result, Store, StoreError, session};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Postgres};
use std::sync::Arc;
use std::time::Duration;

/// Sessions at once; further ones wait.
const SESSIONS: u32 = 3;

/// How long a session that nobody uses is kept.
const KEPT: Duration = Duration::from_secs(60);

/// What belongs to no institution and tells of none: texts of plans by their hash, frameworks.
const WHOLE: [&str; 2] = ["plan_texts", "frameworks"];

/// What belongs to an institution in a way of its own: a table, and what is seen of it. `%1$I` is
/// the schema, `%2$s` the ids and `%3$s` the slugs of the institutions.
const SPECIAL: [(&str, &str); 5] = [
    ("institutions", "SELECT * FROM %1$I.institutions WHERE id = ANY (%2$s)"),
    ("leases", "SELECT * FROM %1$I.leases WHERE name NOT LIKE 'institution %%' OR substr(name, 13) = ANY ((%2$s)::text[])"),
    // Silences of everything keep their alerts silent, too.
    (
        "alert_silences",
        "SELECT * FROM %1$I.alert_silences WHERE institution IS NULL OR institution = ANY (%3$s)",
    ),
    ("notices", "SELECT * FROM %1$I.notices WHERE cause_id IN (SELECT id FROM %1$I.alert_causes WHERE institution = ANY (%3$s))"),
    ("daily_reports", "SELECT r.day, r.institution, r.made_at, ''::text AS title, ''::text AS text, ''::text AS html, r.content || (
       SELECT jsonb_object_agg(part, (SELECT COALESCE(jsonb_agg(one), '[]') FROM jsonb_array_elements(CASE jsonb_typeof(r.content -> part) WHEN 'array' THEN r.content -> part ELSE '[]' END) AS one
         WHERE one ->> 'institution' = ANY (%3$s)))
       FROM unnest(ARRAY['health', 'institutions']) AS part) || '{\"title\": \"\"}' AS content
     FROM %1$I.daily_reports r WHERE r.institution IN ('') OR r.institution = ANY (%3$s)"),
];

/// A pool of such sessions.
#[derive(Clone)]
pub struct NarrowStore {
    pool: PgPool,
}

impl Store {
    /// Sessions of the same database that see some institutions alone. They connect when needed.
    pub fn narrow(&self) -> NarrowStore {
        let schema: Option<Arc<str>> = self.schema.clone();
        let pool = PgPoolOptions::new()
            .max_connections(SESSIONS)
            .idle_timeout(KEPT)
            .acquire_timeout(super::WAITS_FOR_A_CONNECTION)
            .test_before_acquire(false);
        let pool = pool.after_connect(move |connection, _| {
            let schema = schema.clone();
            Box::pin(async move {
                session::settle(connection, schema.as_deref()).await?;
                sqlx::raw_sql(AssertSqlSafe(views()))
                    .execute(connection)
                    .await?;
                Ok(())
            })
        });
        let options = self.pool.connect_options().as_ref().clone();
        NarrowStore {
            pool: pool.connect_lazy_with(options),
        }
    }
}

impl NarrowStore {
    /// A session that sees these institutions, by slug, and no others.
    ///
    /// # Errors
    /// No connection.
    pub async fn connection(&self, slugs: &[String]) -> Result<PoolConnection<Postgres>> {
        let mut connection = self.pool.acquire().await.map_err(StoreError::Connect)?;
        sqlx::query(
            "SELECT set_config('weir.slugs', array_to_string($1::text[], ','), false),
               set_config('weir.ids', COALESCE((SELECT string_agg(id::text, ',') FROM weir_all_institutions WHERE slug = ANY ($1)), ''), false)",
        )
        .bind(slugs)
        .execute(&mut *connection)
        .await?;
        Ok(connection)
    }

    /// Closes all sessions.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// What makes the views of a session, once.
fn views() -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let special: Vec<String> = SPECIAL
        .iter()
        .map(|(name, sql)| format!("({}, {})", quoted(name), quoted(sql)))
        .collect();
    let whole: Vec<String> = WHOLE.iter().map(|name| quoted(name)).collect();
    format!(
        "DO $views$
         DECLARE
           one record; home text := current_schema();
           ids text := 'string_to_array(current_setting(''weir.ids'', true), '','')::uuid[]';
           slugs text := 'string_to_array(current_setting(''weir.slugs'', true), '','')';
         BEGIN
           -- Citus makes nothing of a temporary view but a note, and knows the settings of a session on the
           -- coordinator alone: a sub-select is evaluated there.
           IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
             SET LOCAL client_min_messages = error;
             ids := '((SELECT ' || ids || ')::uuid[])';
             slugs := '((SELECT ' || slugs || ')::text[])';
           END IF;
           EXECUTE format('CREATE TEMPORARY VIEW weir_all_institutions AS SELECT id, slug FROM %I.institutions', home);
           FOR one IN
             SELECT c.relname::text AS name, s.sql, c.relname = ANY (ARRAY[{}]) AS is_whole,
               EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'institution_id' AND NOT a.attisdropped) AS has_id,
               EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'institution' AND a.atttypid = 'text'::regtype AND NOT a.attisdropped) AS has_slug
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = home LEFT JOIN (VALUES {}) AS s (name, sql) ON s.name = c.relname
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
           LOOP
             EXECUTE format('CREATE TEMPORARY VIEW %I AS ', one.name) || CASE
               WHEN one.sql IS NOT NULL THEN format(one.sql, home, ids, slugs)
               ELSE format('SELECT * FROM %I.%I', home, one.name) || CASE
                 WHEN one.is_whole THEN ''
                 WHEN one.has_id THEN ' WHERE institution_id = ANY (' || ids || ')'
                 WHEN one.has_slug THEN ' WHERE institution = ANY (' || slugs || ')'
                 ELSE ' WHERE false' END END;
           END LOOP;
         END
         $views$",
        whole.join(", "),
        special.join(", ")
    )
}
