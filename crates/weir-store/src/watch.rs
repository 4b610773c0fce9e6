//! Watches a database while a command works: reports whom the command waits for, and when
//! PostgreSQL has stopped responding. A half-open connection reports nothing; a new one does.
//!
//! It looks through its own connections, one at a time, and never touches a table.

use super::{Result, Store, StoreError, session, sessions};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeSet;
use std::time::Duration;

/// When it looks.
const LOOKS_EVERY: Duration = Duration::from_secs(15);
/// Maximum time of one look.
const LOOKS_WITHIN: Duration = Duration::from_secs(15);
/// Consecutive logins without a response after which the server counts as gone.
const SILENT: u32 = 3;

/// What someone must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchNotice {
    /// The command waits for a lock.
    Waits(String),
    /// PostgreSQL does not respond.
    Silent(String),
}

/// Watches until it is dropped, or the command can no longer end. `who` is the name of the
/// command's sessions; they may be idle while the command waits for an operator or for the reader
/// of its output (`is_waiting`).
pub async fn watch(
    store: Store,
    url: String,
    who: String,
    is_waiting: impl Fn() -> bool,
    tell: impl Fn(WatchNotice),
) {
    let Ok(options) = session::options(&url, &format!("{who}, watching")) else {
        return;
    };
    let (mut silent, mut told) = (0, BTreeSet::new());
    while silent < SILENT {
        tokio::time::sleep(LOOKS_EVERY).await;
        match session::agree(options.clone()).await {
            Err(StoreError::Connect(sqlx::Error::Io(error)))
                if error.kind() == std::io::ErrorKind::TimedOut =>
            {
                silent += 1;
            }
            // Any reply is a response.
            Err(_) => silent = 0,
            Ok((mut connection, _)) => {
                silent = 0;
                // A pooler may have no free session just now.
                let looked = tokio::time::timeout(LOOKS_WITHIN, look(&mut connection, &who)).await;
                let _ = tokio::time::timeout(LOOKS_WITHIN, connection.close()).await;
                let Ok(Ok(seen)) = looked else { continue };
                let awaited = store
                    .awaited()
                    .into_iter()
                    .map(|what| format!("waiting for {what}"));
                seen.waits
                    .into_iter()
                    .chain(awaited)
                    .filter(|words| told.insert(words.clone()))
                    .for_each(|words| tell(WatchNotice::Waits(words)));
                if seen.stands_still && !is_waiting() && store.held() > seen.locks {
                    return tell(silence(
                        "a connection to PostgreSQL has been silent for 3 min",
                    ));
                }
            }
        }
    }
    let seconds = u64::from(SILENT) * (LOOKS_EVERY + LOOKS_WITHIN).as_secs();
    tell(silence(&format!(
        "PostgreSQL has not responded for {seconds} s"
    )));
}

/// The result of one look.
struct WatchedState {
    waits: Vec<String>,
    stands_still: bool,
    locks: i64,
}

async fn look(connection: &mut PgConnection, who: &str) -> Result<WatchedState> {
    let waits = sessions::waits(connection, who).await?;
    let waits = waits
        .into_iter()
        .map(|(what, session)| format!("waiting for {what}, held by {session}"))
        .collect();
    let (stands_still, locks) = sessions::stand_still(connection, who).await?;
    Ok(WatchedState {
        waits,
        stands_still,
        locks,
    })
}

fn silence(what: &str) -> WatchNotice {
    WatchNotice::Silent(what.to_owned())
}
