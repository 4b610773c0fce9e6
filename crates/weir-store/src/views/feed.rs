//! Cursors of the change feed: every change of `changes` once, in the order of transactions.
//!
//! A transaction number means something to one server only, so a cursor names its database and is
//! refused by any other. What was written while an older transaction is still under way is left
//! out, and comes with the next query; nothing here may loosen that.

use crate::Result;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The newest changes of a kind, before a place if one is given. All are behind the start: said, it
/// tells the planner that few jobs have been refreshed.
macro_rules! newest_changes {
    ($kind:literal) => {
        concat!(
            "SELECT f.* FROM changes f WHERE ",
            $kind,
            " AND ($1::uuid IS NULL OR f.institution_id = $1) AND ($2::text IS NULL OR (f.txid, f.change_id) < ($2::text::xid8, $3::bigint))
              AND (f.txid, f.change_id) > ('0'::xid8, 0) AND f.txid < (SELECT change_horizon()) ORDER BY f.txid DESC, f.change_id DESC LIMIT $4"
        )
    };
}

/// Where a follower begins who knows nothing yet.
const START: &str = "start";

/// Everything up to a change has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedCursor {
    /// The database that gave it; none at the start.
    database: Option<String>,
    txid: u64,
    change: i64,
}

impl FeedCursor {
    /// The database that gave it.
    pub(super) fn database(&self) -> Option<String> {
        self.database.clone()
    }

    /// The transaction, as `xid8` reads it, and the change.
    pub(super) fn position(&self) -> (String, i64) {
        (self.txid.to_string(), self.change)
    }
}

/// A change, for people who look now and then.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FeedEntry {
    /// The institution's slug.
    pub institution: String,
    /// The job.
    pub job_id: Uuid,
    /// create, update, archive, reopen; refresh; forget.
    pub change_type: String,
    /// When it was written.
    pub recorded_at: DateTime<Utc>,
    /// The job's title after it; none of a job that was removed on request.
    pub title: Option<String>,
    /// Why, of a version.
    pub change_reason: Option<String>,
    txid: String,
    change_id: i64,
}

impl FeedEntry {
    /// The cursor behind it, of the database of another cursor.
    pub fn cursor(&self, of: &FeedCursor) -> FeedCursor {
        FeedCursor {
            database: of.database.clone(),
            txid: self.txid.parse().unwrap_or_default(),
            change: self.change_id,
        }
    }
}

/// The newest changes before a cursor, the newest first; before the start, of all.
///
/// # Errors
/// The database failed.
pub async fn newest(
    connection: &mut PgConnection,
    institution: Option<Uuid>,
    before: &FeedCursor,
    most: i64,
) -> Result<Vec<FeedEntry>> {
    let (txid, change) = before.position();
    let rows = sqlx::query_as(concat!(
        "(SELECT i.slug AS institution, f.job_id, f.change_type, f.recorded_at, h.title,
            CASE WHEN f.what = 'version' THEN h.change_reason END AS change_reason, f.txid::text AS txid, f.change_id, f.txid AS place
          FROM (",
        newest_changes!("f.what <> 'forget'"),
        ") AS f JOIN institutions i ON i.id = f.institution_id
          JOIN jobs_history h ON h.institution_id = f.institution_id AND h.id = f.job_id AND h.version = f.version)
         UNION ALL
         (SELECT i.slug, f.job_id, f.change_type, f.recorded_at, NULL, NULL, f.txid::text, f.change_id, f.txid
          FROM (",
        newest_changes!("f.what = 'forget'"),
        ") AS f JOIN institutions i ON i.id = f.institution_id)
         ORDER BY place DESC, change_id DESC LIMIT $4"
    ));
    Ok(rows
        .bind(institution)
        .bind(Some(txid).filter(|_| before.txid > 0))
        .bind(change)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

impl FromStr for FeedCursor {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<FeedCursor, String> {
        if text == START {
            return Ok(FeedCursor::default());
        }
        let mut parts = text.split('-');
        let mut read = || {
            let database = parts.next()?;
            let (txid, change) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let is_name =
                database.len() == 8 && database.bytes().all(|byte| byte.is_ascii_hexdigit());
            (is_name && parts.next().is_none()).then(|| FeedCursor {
                database: Some(database.to_owned()),
                txid,
                change,
            })
        };
        read().ok_or_else(|| {
            format!("not a cursor: give `{START}`, or the one that the last export ended with")
        })
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.database {
            Some(database) => write!(out, "{database}-{}-{}", self.txid, self.change),
            None => out.write_str(START),
        }
    }
}

/// Whether a database can continue from a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CursorVerdict {
    /// It can. The cursor names the database from now on.
    Known(FeedCursor),
    /// Another database gave it.
    Foreign,
    /// The database has not come that far: it was set back.
    Ahead,
    /// The database holds changes of a server that was further, and cannot order its own after
    /// them.
    Restored,
}

/// Why a follower cannot go on from a cursor, and what it does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorRefusal {
    /// Why.
    pub why: &'static str,
    /// What to do; nothing where the follower begins anew.
    pub remedy: Option<&'static str>,
}

impl CursorVerdict {
    /// The cursor from which the database can continue.
    ///
    /// # Errors
    /// It cannot.
    pub fn accepted(self) -> std::result::Result<FeedCursor, CursorRefusal> {
        let (why, remedy) = match self {
            CursorVerdict::Known(cursor) => return Ok(cursor),
            CursorVerdict::Foreign => ("the cursor is of another database", None),
            CursorVerdict::Ahead => (
                "the cursor is ahead of this database, which was set back",
                None,
            ),
            CursorVerdict::Restored => (
                "the changes in this database were numbered by another server",
                Some("number them anew once: docs/consumers.md, \"After a restore\""),
            ),
        };
        Err(CursorRefusal { why, remedy })
    }
}

/// Judges a cursor.
///
/// # Errors
/// The database failed.
pub async fn judge(connection: &mut PgConnection, cursor: FeedCursor) -> Result<CursorVerdict> {
    let (own, is_ahead, is_restored): (String, bool, bool) = sqlx::query_as(
        "SELECT left(md5(s.system_identifier || '/' || d.oid), 8), $1::text::xid8 >= (SELECT pg_snapshot_xmin(pg_current_snapshot())),
           EXISTS (SELECT 1 FROM changes WHERE txid >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
         FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()",
    )
    .bind(cursor.txid.to_string())
    .fetch_one(connection)
    .await?;
    Ok(match &cursor.database {
        Some(database) if *database != own => CursorVerdict::Foreign,
        _ if is_restored => CursorVerdict::Restored,
        Some(_) if is_ahead => CursorVerdict::Ahead,
        _ => CursorVerdict::Known(FeedCursor {
            database: Some(own),
            ..cursor
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::FeedCursor;

    #[test]
    fn cursors_are_read_as_they_are_written() {
        for text in [
            "start",
            "0a1b2c3d-812-99",
            "0a1b2c3d-18446744073709551615-0",
        ] {
            assert_eq!(
                text.parse::<FeedCursor>().map(|one| one.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "0",
            "812-99",
            "0a1b2c3d-812",
            "0a1b2c3d-812-99-1",
            "0a1b2c3d--1-2",
            "xyzxyzxy-1-2",
        ] {
            assert!(text.parse::<FeedCursor>().is_err(), "{text}");
        }
    }
}
