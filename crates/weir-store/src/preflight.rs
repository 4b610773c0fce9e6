//! Checks a database before a command starts: one sentence per problem, with the remedy. The
//! database is shared: others choose its encoding, schemas, roles and connection limits.
//!
//! Nothing is written here except missing tables, and those only if the command or an empty schema
//! requires it. To add a check, add its fact to [`DatabaseFacts`] and a line to
//! [`DatabaseFacts::check`].

use super::demand::{DatabaseDemand, TableUse};
use super::migrations::{self, SchemaState};
use super::session::{self, identifier};
use super::{Result, Store, StoreError, budget, pooler};
use sqlx::{Connection, PgConnection};
use std::future::Future;
use std::time::Duration;

/// Maximum time of one look at the database.
const LOOKS_WITHIN: Duration = Duration::from_secs(30);

/// The facts found by the first look at a database.
#[derive(Debug, Clone, sqlx::FromRow)]
struct DatabaseFacts {
    encoding: String,
    database: String,
    role: String,
    is_standby: bool,
    is_read_only: bool,
    /// The schema in which new tables would be made.
    schema: Option<String>,
    /// The schema of the first record of migrations on the search path.
    home: Option<String>,
    search_path: String,
}

/// Opens a database for a command, once everything that could go wrong later has been looked at.
///
/// # Errors
/// No connection, or the database does not suit.
pub(super) async fn open(url: &str, demand: DatabaseDemand, who: &str) -> Result<Store> {
    let (mut first, options) = session::agree(session::options(url, who)?).await?;
    let mut second = if demand.is_private {
        None
    } else {
        pooler::second(&mut first, &options).await?
    };
    if let Some(second) = &mut second {
        // It is idle while the tables are migrated, which a short `idle_session_timeout` would end.
        let settled = async { Ok(session::settle(second, None).await?) };
        within("at its settings", settled).await?;
    }
    let (facts, schema, is_behind) = within(
        "at its encoding, schema and tables",
        look(&mut first, demand),
    )
    .await?;
    if is_behind {
        migrations::run(&mut first, &facts.database).await?;
    }
    within(
        "at the rights of the role",
        facts.check_rights(&mut first, &schema, demand.need),
    )
    .await?;
    let most = within(
        "at its connections",
        budget::of(&mut first, second.as_mut(), &options, demand),
    )
    .await?;
    for connection in [Some(first), second].into_iter().flatten() {
        let _ = connection.close().await;
    }
    Ok(Store::pooled(options, most, Some(schema)))
}

/// A look that ends, whatever the server does.
async fn within<T>(what: &str, look: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(LOOKS_WITHIN, look).await {
        Ok(looked) => looked,
        Err(_) => unsuitable(
            &format!(
                "PostgreSQL accepted the connection but did not respond for {} s while Weir looked {what}",
                LOOKS_WITHIN.as_secs()
            ),
            "check the server, the network and any proxy; then run again",
        ),
    }
}

/// The schema of the tables, and whether they must be made or changed for the command.
async fn look(
    connection: &mut PgConnection,
    demand: DatabaseDemand,
) -> Result<(DatabaseFacts, String, bool)> {
    session::settle(connection, None).await?;
    let facts = facts(connection).await?;
    facts.check(demand.need)?;
    let schema = facts.home(connection).await?;
    session::settle(connection, Some(&schema)).await?;
    let standing = migrations::standing(connection, &schema)
        .await
        .map_err(|error| facts.unreadable(&schema, error))?;
    let is_behind = facts
        .must_migrate(connection, &schema, demand, standing)
        .await?;
    Ok((facts, schema, is_behind))
}

async fn facts(connection: &mut PgConnection) -> Result<DatabaseFacts> {
    let facts = sqlx::query_as(
        "SELECT current_setting('server_encoding') AS encoding, current_database()::text AS database, current_user::text AS role,
           pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only') = 'on' AS is_read_only, current_schema()::text AS schema,
           (SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('_sqlx_migrations')) AS home,
           current_setting('search_path') AS search_path",
    );
    Ok(facts.fetch_one(connection).await?)
}

fn unsuitable<T>(problem: &str, help: &str) -> Result<T> {
    Err(StoreError::unsuitable(problem, help))
}

impl DatabaseFacts {
    fn check(&self, need: TableUse) -> Result<()> {
        let DatabaseFacts {
            database,
            encoding,
            role,
            ..
        } = self;
        if encoding != "UTF8" {
            return unsuitable(
                &format!(
                    "database `{database}` stores text as {encoding}, which cannot hold every ad"
                ),
                "create one that can: CREATE DATABASE weir ENCODING 'UTF8' TEMPLATE template0",
            );
        }
        if need == TableUse::Read {
            return Ok(());
        }
        if self.is_standby {
            return unsuitable(
                "this server is a standby, which is read-only",
                "use the primary server in `DATABASE_URL`; read-only commands such as `weir report` work here",
            );
        }
        if self.is_read_only {
            return unsuitable(
                &format!(
                    "database `{database}` is read-only for role `{role}` (`default_transaction_read_only` is on)"
                ),
                "use another role, or switch that setting off for this one; read-only commands such as `weir report` work",
            );
        }
        Ok(())
    }

    /// The schema of the tables: where they are, or where they would be made.
    async fn home(&self, connection: &mut PgConnection) -> Result<String> {
        let DatabaseFacts {
            search_path,
            role,
            database,
            ..
        } = self;
        let elsewhere = self
            .home
            .as_ref()
            .filter(|home| self.schema.as_ref() != Some(*home));
        if let Some(home) = elsewhere
            && !matches!(
                migrations::standing(connection, home).await,
                Ok(SchemaState::Foreign(_))
            )
        {
            return Ok(home.clone());
        }
        let Some(schema) = &self.schema else {
            let role = identifier(role);
            return unsuitable(
                &format!("role {role} can use no schema of the search path (`{search_path}`)"),
                &format!(
                    "create one for Weir: CREATE SCHEMA weir AUTHORIZATION {role}; ALTER ROLE {role} IN DATABASE {} SET search_path = weir",
                    identifier(database)
                ),
            );
        };
        Ok(schema.clone())
    }

    fn unreadable(&self, schema: &str, error: StoreError) -> StoreError {
        if error.code().as_deref() == Some("42501") {
            self.denied(schema, "`_sqlx_migrations`", TableUse::Read)
        } else {
            error
        }
    }

    /// Whether tables are to be made or changed; refuses where they would have to be and may not.
    async fn must_migrate(
        &self,
        connection: &mut PgConnection,
        schema: &str,
        demand: DatabaseDemand,
        standing: SchemaState,
    ) -> Result<bool> {
        let newest = migrations::newest();
        match standing {
            SchemaState::Current => return Ok(false),
            SchemaState::Newer(version) => {
                return unsuitable(
                    &format!(
                        "the tables in schema `{schema}` are from a newer Weir: version {version}, but this one supports {newest}"
                    ),
                    "use the Weir that created them, or a newer one",
                );
            }
            SchemaState::Foreign(table) => {
                return unsuitable(
                    &format!(
                        "schema `{schema}` of database `{}` belongs to another program: the table `{table}` is not Weir's",
                        self.database
                    ),
                    "give Weir its own schema (docs/reference/database.md) or another database",
                );
            }
            SchemaState::Older(version) if demand.need == TableUse::Read && !demand.is_private => {
                return unsuitable(
                    &format!(
                        "the tables in schema `{schema}` are from an older Weir: version {version}, but this one needs {newest}"
                    ),
                    "`weir db migrate` brings them up to date, as does the next `weir run`",
                );
            }
            SchemaState::Older(_) | SchemaState::None => {}
        }
        let owner = match self.may_not_migrate(connection, schema).await? {
            None if !self.is_standby && !self.is_read_only => return Ok(true),
            None => self.role.clone(),
            Some(owner) => owner,
        };
        let what = match standing {
            SchemaState::Older(version) => {
                format!("are from an older Weir (version {version}, but this one needs {newest})")
            }
            _ => "do not exist yet".to_owned(),
        };
        let who = if owner == self.role {
            "the owner of the schema, on the primary server".to_owned()
        } else {
            format!("role `{owner}`")
        };
        let (schema_name, role) = (identifier(schema), identifier(&self.role));
        unsuitable(
            &format!(
                "the tables in schema `{schema}` {what}, and role `{}` may not create them",
                self.role
            ),
            &format!(
                "run `weir db migrate` as {who}, or: GRANT CREATE ON SCHEMA {schema_name} TO {role}"
            ),
        )
    }

    /// Who may make and change tables there, if this role may not.
    async fn may_not_migrate(
        &self,
        connection: &mut PgConnection,
        schema: &str,
    ) -> Result<Option<String>> {
        let owner = sqlx::query_scalar(
            "SELECT COALESCE(t.owner, pg_get_userbyid(n.nspowner)::text) FROM pg_namespace n
             LEFT JOIN LATERAL (SELECT pg_get_userbyid(c.relowner)::text AS owner, pg_has_role(c.relowner, 'USAGE') AS is_ours FROM pg_class c
               WHERE c.relnamespace = n.oid AND c.relname = 'institutions') AS t ON true
             WHERE n.nspname = $1 AND NOT (has_schema_privilege(n.oid, 'CREATE') AND COALESCE(t.is_ours, true))",
        );
        Ok(owner.bind(schema).fetch_optional(connection).await?)
    }

    async fn check_rights(
        &self,
        connection: &mut PgConnection,
        schema: &str,
        need: TableUse,
    ) -> Result<()> {
        // A table of Weir leads with the institution.
        let missing: Vec<String> = sqlx::query_scalar(
            "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v') AND (c.relname IN ('institutions', '_sqlx_migrations')
                 OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'institution_id' AND NOT a.attisdropped))
               AND NOT (has_table_privilege(c.oid, 'SELECT') AND (NOT $2 OR c.relkind = 'v' OR c.relname = '_sqlx_migrations'
                 OR (has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))))
             ORDER BY 1",
        )
        .bind(schema)
        .bind(need == TableUse::Write)
        .fetch_all(connection)
        .await?;
        match missing.as_slice() {
            [] => Ok(()),
            [table] => Err(self.denied(schema, &format!("`{table}`"), need)),
            [table, rest @ ..] => {
                Err(self.denied(schema, &format!("`{table}` and {} more", rest.len()), need))
            }
        }
    }

    fn denied(&self, schema: &str, tables: &str, need: TableUse) -> StoreError {
        let (verb, rights) = if need == TableUse::Write {
            ("write", "SELECT, INSERT, UPDATE, DELETE")
        } else {
            ("read", "SELECT")
        };
        let (schema, role) = (identifier(schema), identifier(&self.role));
        StoreError::unsuitable(
            format!("role {role} may not {verb} {tables} in schema {schema}"),
            format!(
                "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT {rights} ON ALL TABLES IN SCHEMA {schema} TO {role}"
            ),
        )
    }
}
