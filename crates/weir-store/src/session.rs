//! How a session with PostgreSQL starts: connected within a time limit, with TLS as in libpq, and
//! with its own settings. A role, a database or a pooler may have other settings: none of them may
//! change the meaning of a statement, end one silently or let one wait forever.
//!
//! Nothing here touches a table. To add a setting, add a line to [`SETTINGS`]; a server that does
//! not know it ignores it.

use super::{Result, StoreError};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use std::str::FromStr;
use std::time::Duration;

/// How long a server has to let a client in.
const CONNECTS_WITHIN: Duration = Duration::from_secs(15);

/// How often, and how many times, a full server is tried again.
const ASKS_EVERY: Duration = Duration::from_millis(150);
const ASKS: u32 = 20;

/// The settings of each session. They are sent as statements: a pooler refuses unknown settings at
/// the start.
const SETTINGS: [(&str, &str); 15] = [
    ("timezone", "UTC"),
    ("jit", "off"),
    ("plan_cache_mode", "force_custom_plan"),
    // What the statements were written for.
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    // Every wait has a limit.
    ("statement_timeout", "1h"),
    ("lock_timeout", LOCK_WAIT),
    ("idle_in_transaction_session_timeout", "15min"),
    // The lock of an institution is held by an idle session, and a dry run is one transaction.
    ("idle_session_timeout", "0"),
    ("transaction_timeout", "0"),
    // A disconnected client releases its locks after two minutes.
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "6"),
    ("tcp_user_timeout", "120000"),
    ("client_min_messages", "warning"),
];

/// How long a statement waits for a lock that another session holds.
pub(super) const LOCK_WAIT: &str = "1min";

/// Connection options for a URL; `who` is how this process appears to others.
///
/// # Errors
/// It is not a PostgreSQL URL.
pub(super) fn options(url: &str, who: &str) -> Result<PgConnectOptions> {
    let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
    if !matches!(scheme, "postgres" | "postgresql") {
        return Err(StoreError::OtherScheme(scheme.chars().take(20).collect()));
    }
    Ok(PgConnectOptions::from_str(url)
        .map_err(StoreError::Url)?
        .application_name(who)
        .extra_float_digits(None))
}

/// Connects, within a time limit.
///
/// # Errors
/// There is no server, no right, or no response.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    let connected = tokio::time::timeout(CONNECTS_WITHIN, options.connect()).await;
    let no_answer = || {
        std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no response within {} s", CONNECTS_WITHIN.as_secs()),
        )
    };
    connected
        .unwrap_or_else(|_| Err(no_answer().into()))
        .map_err(StoreError::Connect)
}

/// The first connection to a server, and its options. As in libpq, `prefer` (the default) continues
/// without TLS if TLS fails, and `allow` uses it if the server requires it.
///
/// # Errors
/// There is no server, no right, or no response.
pub(super) async fn agree(options: PgConnectOptions) -> Result<(PgConnection, PgConnectOptions)> {
    let mut connected = connect(&options).await;
    // A session that has just been closed, by the command before, may still be counted.
    for _ in 0..ASKS {
        let Err(StoreError::Connect(error)) = &connected else {
            break;
        };
        if !has_code(error, "53300") {
            break;
        }
        tokio::time::sleep(ASKS_EVERY).await;
        connected = connect(&options).await;
    }
    let failed = match connected {
        Ok(connection) => return Ok((connection, options)),
        Err(failed) => failed,
    };
    let other = match (options.get_ssl_mode(), &failed) {
        (PgSslMode::Prefer, StoreError::Connect(error))
            if is_of_tls(error) || is_turned_away(error) =>
        {
            PgSslMode::Disable
        }
        (PgSslMode::Allow, StoreError::Connect(error)) if is_turned_away(error) => {
            PgSslMode::Require
        }
        _ => return Err(failed),
    };
    let options = options.ssl_mode(other);
    match connect(&options).await {
        Ok(connection) => Ok((connection, options)),
        Err(_) => Err(failed),
    }
}

/// Whether agreeing on TLS failed.
pub(super) fn is_of_tls(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => matches!(
            error.kind(),
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
        ),
        _ => false,
    }
}

/// Whether `pg_hba.conf` has no place for such a connection.
fn is_turned_away(error: &sqlx::Error) -> bool {
    has_code(error, "28000")
}

fn has_code(error: &sqlx::Error, wanted: &str) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == wanted)
}

/// Sets what every session has set; with a schema, every name means a table of that schema.
///
/// # Errors
/// The server failed.
pub(super) async fn settle(
    connection: &mut PgConnection,
    schema: Option<&str>,
) -> std::result::Result<(), sqlx::Error> {
    let values: Vec<String> = SETTINGS
        .iter()
        .map(|(name, value)| format!("('{name}', '{value}')"))
        .collect();
    let mut sql = format!(
        "SELECT set_config(s.name, v.setting, false) FROM (VALUES {}) AS v (name, setting)
         JOIN pg_settings s ON lower(s.name) = v.name AND s.context = 'user';",
        values.join(", ")
    );
    if let Some(schema) = schema {
        sql.push_str(&format!(
            "SELECT set_config('search_path', {}, false)",
            literal(&identifier(schema))
        ));
    }
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

/// A name as SQL writes it.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL writes it, for a statement without parameters.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::{identifier, literal};

    #[test]
    fn odd_names_are_quoted() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's \\"), "E'it\\'s \\\\'");
    }
}
