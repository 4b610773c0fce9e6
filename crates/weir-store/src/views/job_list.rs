//! Jobs for people who search: a page of them, the most recently written first. Words are looked
//! for in titles, organisations, places and ids of the newest [`WINDOW`] jobs, so that a search
//! costs the same however many jobs there are; an id is found wherever it is. Pages continue from
//! the position of the last row (keyset), so none counts or skips.

use crate::Result;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Jobs that a search looks at.
pub const WINDOW: i64 = 100_000;

/// Words that a search may have; more are left out.
const WORDS: usize = 6;

/// A job in a list.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct JobLine {
    /// The institution's slug.
    pub institution: String,
    /// The job.
    pub id: Uuid,
    /// The source.
    pub source_id: String,
    /// The source's id of the ad.
    pub original_id: String,
    /// Its title.
    pub title: String,
    /// Its company.
    pub company: Option<String>,
    /// Its division.
    pub division: Option<String>,
    /// Its department, as the source writes it.
    pub department: Option<String>,
    /// Its places.
    pub locations: Option<Vec<String>>,
    /// open or archived.
    pub status: String,
    /// Last day.
    pub close_date: Option<NaiveDate>,
    /// Number of its newest version.
    pub version: i32,
    /// create, update, archive, reopen.
    pub change_type: String,
    /// Clock of what made that version.
    pub created_at: DateTime<Utc>,
    /// Set while a newer version waits.
    pub held_since: Option<DateTime<Utc>>,
    /// Its place in the order.
    #[serde(skip)]
    pub txid: String,
    /// Its place in the order.
    #[serde(skip)]
    pub change_id: i64,
}

/// After which row a page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobCursor {
    txid: u64,
    change: i64,
}

impl JobLine {
    /// The cursor behind it.
    pub fn cursor(&self) -> JobCursor {
        JobCursor {
            txid: self.txid.parse().unwrap_or_default(),
            change: self.change_id,
        }
    }
}

impl fmt::Display for JobCursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.txid, self.change)
    }
}

impl FromStr for JobCursor {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<JobCursor, ()> {
        let (txid, change) = text.split_once('-').ok_or(())?;
        match (txid.parse(), change.parse()) {
            (Ok(txid), Ok(change)) => Ok(JobCursor { txid, change }),
            _ => Err(()),
        }
    }
}

/// Which jobs.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Words, each of which must be somewhere.
    pub words: String,
    /// Of this institution.
    pub institution: Option<Uuid>,
    /// Of this source.
    pub source: Option<String>,
    /// open, archived, or `held`.
    pub status: Option<String>,
    /// Of this company.
    pub company: Option<Uuid>,
    /// Of this division.
    pub division: Option<Uuid>,
    /// With this role: its framework and id.
    pub role: Option<(String, String)>,
    /// With this capability: its framework and id.
    pub capability: Option<(String, String)>,
    /// Written at or after this instant.
    pub since: Option<DateTime<Utc>>,
    /// After this row.
    pub after: Option<JobCursor>,
}

impl JobFilter {
    /// Whether it leaves anything out.
    pub fn narrows(&self) -> bool {
        !self.words.trim().is_empty()
            || self.source.is_some()
            || self.status.is_some()
            || self.company.is_some()
            || self.division.is_some()
            || self.role.is_some()
            || self.capability.is_some()
    }

    /// The words as patterns of `LIKE`.
    fn patterns(&self) -> Vec<String> {
        let quoted = |word: &str| {
            let lower = word.to_lowercase();
            let quoted = lower
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_");
            format!("%{quoted}%")
        };
        let words = self.words.split_whitespace().take(WORDS);
        words.map(quoted).collect()
    }
}

/// A job with its names, as [`JobLine`]; `w` is the job.
macro_rules! job_lines {
    ($from:literal, $rest:literal) => {
        concat!(
            "SELECT i.slug AS institution, w.id, w.source_id, w.original_id, w.title, c.name AS company, d.name AS division, w.department,
               w.locations, w.status, w.close_date, w.version, w.change_type, w.created_at, w.held_since, w.txid::text AS txid, w.change_id
             FROM ", $from, " JOIN institutions i ON i.id = w.institution_id
             LEFT JOIN companies c ON c.institution_id = w.institution_id AND c.id = w.company_id
             LEFT JOIN divisions d ON d.institution_id = w.institution_id AND d.id = w.division_id ", $rest
        )
    };
}

/// A page of jobs.
///
/// # Errors
/// The database failed.
pub async fn page(
    connection: &mut PgConnection,
    wanted: &JobFilter,
    most: i64,
) -> Result<Vec<JobLine>> {
    let rows = sqlx::query_as(job_lines!(
        "(SELECT j.* FROM published_jobs j
          WHERE ($2::uuid IS NULL OR j.institution_id = $2) AND ($3::text IS NULL OR (j.txid, j.change_id) < ($3::text::xid8, $4::bigint))
          ORDER BY j.txid DESC, j.change_id DESC LIMIT $14) AS w",
        "WHERE ($5::text IS NULL OR w.source_id = $5)
           AND ($6::text IS NULL OR w.status = $6 OR ($6 = 'held' AND w.held_since IS NOT NULL))
           AND ($7::uuid IS NULL OR w.company_id = $7) AND ($8::uuid IS NULL OR w.division_id = $8)
           AND ($9::text IS NULL OR EXISTS (SELECT 1 FROM job_roles r
             WHERE r.institution_id = w.institution_id AND r.job_id = w.id AND r.framework = $9 AND r.role_id = $10))
           AND ($11::text IS NULL OR EXISTS (SELECT 1 FROM job_capabilities k
             WHERE k.institution_id = w.institution_id AND k.job_id = w.id AND k.framework = $11 AND k.capability_id = $12))
           AND ($13::timestamptz IS NULL OR w.created_at >= $13)
           AND lower(concat_ws(' ', w.title, w.department, c.name, d.name, array_to_string(w.locations, ' '), w.original_id)) LIKE ALL ($1::text[])
         ORDER BY w.txid DESC, w.change_id DESC LIMIT $15"
    ));
    let (role, capability) = (wanted.role.as_ref(), wanted.capability.as_ref());
    let rows = rows
        .bind(wanted.patterns())
        .bind(wanted.institution)
        .bind(wanted.after.as_ref().map(|after| after.txid.to_string()))
        .bind(wanted.after.as_ref().map(|after| after.change))
        .bind(&wanted.source)
        .bind(&wanted.status)
        .bind(wanted.company)
        .bind(wanted.division)
        .bind(role.map(|(framework, _)| framework))
        .bind(role.map(|(_, id)| id))
        .bind(capability.map(|(framework, _)| framework))
        .bind(capability.map(|(_, id)| id))
        .bind(wanted.since)
        .bind(WINDOW)
        .bind(most);
    Ok(rows.fetch_all(connection).await?)
}

/// The jobs that an id names: of the job, or of its ad.
///
/// # Errors
/// The database failed.
pub async fn named(
    connection: &mut PgConnection,
    id: &str,
    institution: Option<Uuid>,
) -> Result<Vec<JobLine>> {
    let rows = sqlx::query_as(job_lines!(
        "(SELECT j.* FROM published_jobs j WHERE j.original_id = $1
          UNION SELECT j.* FROM published_jobs j WHERE j.id = $2 LIMIT 50) AS w",
        "WHERE $3::uuid IS NULL OR w.institution_id = $3 ORDER BY w.txid DESC, w.change_id DESC"
    ));
    let ad = id.split_once(':').map_or(id, |(_, ad)| ad);
    Ok(rows
        .bind(ad)
        .bind(Uuid::parse_str(id).ok())
        .bind(institution)
        .fetch_all(connection)
        .await?)
}

/// These jobs of an institution.
///
/// # Errors
/// The database failed.
pub async fn of_ids(connection: &mut PgConnection, jobs: &[Uuid]) -> Result<Vec<JobLine>> {
    let rows = sqlx::query_as(job_lines!(
        "(SELECT j.* FROM published_jobs j WHERE j.id = ANY ($1)) AS w",
        ""
    ));
    Ok(rows.bind(jobs).fetch_all(connection).await?)
}

/// A role of a job.
#[derive(Debug, Clone, sqlx::FromRow, Serialize)]
pub struct RoleLine {
    /// The institution's slug.
    pub institution: String,
    /// The institution.
    pub institution_id: Uuid,
    /// The job.
    pub job_id: Uuid,
    /// The framework.
    pub framework: String,
    /// role, group, review, open.
    pub level: String,
    /// The role or group.
    pub role_id: Option<String>,
    /// Its name.
    pub role_name: Option<String>,
    /// How sure it is.
    pub confidence: Option<f32>,
    /// How it was found.
    pub method: Option<String>,
}

/// The roles of jobs, in the order of institutions, jobs and frameworks, after a row.
///
/// # Errors
/// The database failed.
pub async fn roles(
    connection: &mut PgConnection,
    institutions: &[String],
    after: (Uuid, Uuid, &str),
    most: i64,
) -> Result<Vec<RoleLine>> {
    let sql = "SELECT i.slug AS institution, r.institution_id, r.job_id, r.framework, r.level, r.role_id, r.role_name, r.confidence, r.method
               FROM job_roles r JOIN institutions i ON i.id = r.institution_id
               WHERE (r.institution_id, r.job_id, r.framework) > ($2, $3, $4) AND (cardinality($1::text[]) = 0 OR i.slug = ANY ($1))
               ORDER BY r.institution_id, r.job_id, r.framework LIMIT $5";
    Ok(sqlx::query_as(sql)
        .bind(institutions)
        .bind(after.0)
        .bind(after.1)
        .bind(after.2)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// Whether there are more jobs than a search looks at.
///
/// # Errors
/// The database failed.
pub async fn is_wider(connection: &mut PgConnection, institution: Option<Uuid>) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM published_jobs WHERE $1::uuid IS NULL OR institution_id = $1 OFFSET $2 LIMIT 1)";
    Ok(sqlx::query_scalar(sql)
        .bind(institution)
        .bind(WINDOW)
        .fetch_one(connection)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::{JobCursor, JobFilter};

    #[test]
    fn cursors_are_read_as_they_are_written() {
        let cursor = JobCursor {
            txid: 7,
            change: 12,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "7", "7-", "a-1", "1-2-3"] {
            assert!(text.parse::<JobCursor>().is_err(), "{text}");
        }
    }

    #[test]
    fn words_are_looked_for_as_they_are() {
        let filter = JobFilter {
            words: "  50%_Off a b c d e f g ".to_owned(),
            ..JobFilter::default()
        };
        assert_eq!(filter.patterns()[0], "%50\\%\\_off%");
        assert_eq!(filter.patterns().len(), 6);
    }
}
