//! Jobs, their history and their changes as rows for others to read: one statement each, which sees
//! one state of the tables, streamed row by row, so memory stays flat. To add a column, add it to
//! the list of its table and to the statement, at the same place.

use super::feed::FeedCursor;
use crate::{Result, StoreError};
use chrono::{DateTime, NaiveDate, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use weir_model::Clock;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportTable {
    /// The jobs, as they are or as they were: a row a job.
    Jobs,
    /// The versions of jobs: a row a version, a complete snapshot.
    History,
    /// What changed: a row a field of a version.
    Changes,
    /// Versions and refreshes in the order in which they were committed, after a cursor.
    Feed,
    /// The openings, as they are: a row an opening.
    Openings,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// An instant, UTC, to the microsecond.
    Instant,
    /// A day.
    Day,
    /// Texts.
    Texts,
    /// Any JSON.
    Json,
}

/// A column of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportColumn {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
}

/// One value; every column may be empty.
#[derive(Debug, Clone, PartialEq)]
pub enum ExportCell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// An instant.
    Instant(DateTime<Utc>),
    /// A day.
    Day(NaiveDate),
    /// Texts.
    Texts(Vec<String>),
    /// JSON, as text.
    Json(String),
}

impl ExportCell {
    /// A cell of a value that may be missing.
    pub fn optional<T>(value: Option<T>, cell: impl FnOnce(T) -> ExportCell) -> ExportCell {
        value.map_or(ExportCell::Empty, cell)
    }
}

/// Which rows are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExportFilter {
    /// Of these institutions; of all if there is none.
    pub institutions: Vec<String>,
    /// Jobs as they were then, instead of as they are.
    pub at: Option<Clock>,
    /// Versions from this instant on; jobs whose newest version or refresh is of then or later.
    pub since: Option<Clock>,
    /// Versions before this instant.
    pub until: Option<Clock>,
    /// Changes after this one; of the feed only.
    pub after: FeedCursor,
    /// Raw documents, too.
    pub raw: bool,
    /// At most so many rows.
    pub most: Option<i64>,
    /// Jobs, versions and openings after this row.
    pub behind: ExportCursor,
    /// Of this job.
    pub job: Option<Uuid>,
}

/// After which row a page begins; the default is the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportCursor {
    /// The institution.
    pub institution: Uuid,
    /// The job or opening.
    pub id: Uuid,
    /// Of versions: the version.
    pub version: i32,
}

const fn column(name: &'static str, kind: ColumnKind) -> ExportColumn {
    ExportColumn { name, kind }
}

/// Whose row it is, in every table.
const WHOSE: [ExportColumn; 5] = [
    column("institution", ColumnKind::Text),
    column("source", ColumnKind::Text),
    column("job", ColumnKind::Text),
    column("original_id", ColumnKind::Text),
    column("version", ColumnKind::Number),
];

/// The fields of a job, in jobs and history.
const FIELDS: [ExportColumn; 26] = [
    column("status", ColumnKind::Text),
    column("title", ColumnKind::Text),
    column("description", ColumnKind::Text),
    column("open_date", ColumnKind::Day),
    column("close_date", ColumnKind::Day),
    column("department", ColumnKind::Text),
    column("department_id", ColumnKind::Text),
    column("company", ColumnKind::Text),
    column("division", ColumnKind::Text),
    column("job_type", ColumnKind::Text),
    column("locations", ColumnKind::Texts),
    column("remuneration", ColumnKind::Text),
    column("source_url", ColumnKind::Text),
    column("recruiter", ColumnKind::Json),
    column("extra", ColumnKind::Json),
    column("archived_at", ColumnKind::Instant),
    column("archived_as", ColumnKind::Text),
    column("reopened_at", ColumnKind::Instant),
    column("content_hash", ColumnKind::Text),
    column("archived_for", ColumnKind::Day),
    column("external_id", ColumnKind::Text),
    column("institution_id", ColumnKind::Text),
    column("company_id", ColumnKind::Text),
    column("division_id", ColumnKind::Text),
    column("roles", ColumnKind::Json),
    column("capabilities", ColumnKind::Json),
];

const OF_JOBS: [ExportColumn; 5] = [
    column("first_seen_at", ColumnKind::Instant),
    column("last_updated_at", ColumnKind::Instant),
    column("held_since", ColumnKind::Instant),
    column("generation", ColumnKind::Number),
    column("refreshed_at", ColumnKind::Instant),
];

const OF_HISTORY: [ExportColumn; 10] = [
    column("change_type", ColumnKind::Text),
    column("change_reason", ColumnKind::Text),
    column("changed_fields", ColumnKind::Texts),
    column("created_at", ColumnKind::Instant),
    column("created_by", ColumnKind::Text),
    column("run", ColumnKind::Number),
    column("takes_back", ColumnKind::Number),
    column("restores", ColumnKind::Number),
    column("fingerprint", ColumnKind::Text),
    column("changes", ColumnKind::Json),
];

const OF_CHANGES: [ExportColumn; 12] = [
    column("field", ColumnKind::Text),
    column("old", ColumnKind::Json),
    column("new", ColumnKind::Json),
    column("change_type", ColumnKind::Text),
    column("change_reason", ColumnKind::Text),
    column("created_at", ColumnKind::Instant),
    column("created_by", ColumnKind::Text),
    column("run", ColumnKind::Number),
    column("takes_back", ColumnKind::Number),
    column("status", ColumnKind::Text),
    column("external_id", ColumnKind::Text),
    column("institution_id", ColumnKind::Text),
];

/// What the feed says of a change, beside the version that it made.
const OF_FEED: [ExportColumn; 3] = [
    column(CURSOR, ColumnKind::Text),
    column("cause", ColumnKind::Text),
    column("recorded_at", ColumnKind::Instant),
];

/// The column that holds the cursor after a row of the feed.
const CURSOR: &str = "cursor";

const OF_OPENINGS: [ExportColumn; 23] = [
    column("institution", ColumnKind::Text),
    column("opening", ColumnKind::Text),
    column("status", ColumnKind::Text),
    column("job", ColumnKind::Text),
    column("survivor", ColumnKind::Text),
    column("ads", ColumnKind::Texts),
    column("title", ColumnKind::Text),
    column("description", ColumnKind::Text),
    column("open_date", ColumnKind::Day),
    column("close_date", ColumnKind::Day),
    column("department", ColumnKind::Text),
    column("company", ColumnKind::Text),
    column("division", ColumnKind::Text),
    column("job_type", ColumnKind::Text),
    column("locations", ColumnKind::Texts),
    column("remuneration", ColumnKind::Text),
    column("source_url", ColumnKind::Text),
    column("recruiter", ColumnKind::Json),
    column("origins", ColumnKind::Json),
    column("first_seen_at", ColumnKind::Instant),
    column("last_seen_at", ColumnKind::Instant),
    column("reposted_from", ColumnKind::Text),
    column("institution_id", ColumnKind::Text),
];

impl ExportTable {
    /// Where a row has the cursor to continue from after it.
    pub fn cursor_place(self) -> Option<usize> {
        let columns = self.columns(false);
        columns.iter().position(|column| column.name == CURSOR)
    }

    /// Its columns, in their order.
    pub fn columns(self, raw: bool) -> Vec<ExportColumn> {
        if self == ExportTable::Openings {
            return OF_OPENINGS.to_vec();
        }
        let mut columns = WHOSE.to_vec();
        match self {
            ExportTable::Openings => {}
            ExportTable::Jobs => columns.extend(FIELDS.iter().chain(&OF_JOBS)),
            ExportTable::History => columns.extend(FIELDS.iter().chain(&OF_HISTORY)),
            ExportTable::Changes => columns.extend(&OF_CHANGES),
            ExportTable::Feed => {
                columns.extend(OF_FEED.iter().chain(&FIELDS).chain(&OF_HISTORY));
            }
        }
        if raw && self != ExportTable::Changes {
            columns.push(column("raw", ColumnKind::Json));
        }
        columns
    }

    fn statement(self, wanted: &ExportFilter) -> &'static str {
        match (self, wanted.at) {
            (ExportTable::Jobs, None) => JOBS,
            (ExportTable::Jobs, Some(_)) => JOBS_AS_OF,
            (ExportTable::History, _) => HISTORY,
            (ExportTable::Changes, _) => CHANGES,
            (ExportTable::Feed, _) => FEED,
            (ExportTable::Openings, _) if wanted.most.is_some() => OPENINGS_PAGE,
            (ExportTable::Openings, _) => OPENINGS,
        }
    }
}

/// The fields of [`FIELDS`], in their order. Names are looked up for each row: Citus joins nothing
/// to the outer side of a union.
macro_rules! exported_fields {
    ($of:literal) => {
        exported_fields!(
            $of,
            concat!(
                "(SELECT c.name FROM companies c WHERE c.institution_id = ",
                $of,
                "institution_id AND c.id = ",
                $of,
                "company_id)"
            ),
            concat!(
                "(SELECT d.name FROM divisions d WHERE d.institution_id = ",
                $of,
                "institution_id AND d.id = ",
                $of,
                "division_id)"
            )
        )
    };
    ($of:literal, $company:expr, $division:expr) => {
        concat!(
            $of,
            "status, ",
            $of,
            "title, ",
            $of,
            "description, ",
            $of,
            "open_date, ",
            $of,
            "close_date, ",
            $of,
            "department, ",
            $of,
            "department_id, ",
            $company,
            ", ",
            $division,
            ", ",
            $of,
            "job_type, ",
            $of,
            "locations, ",
            $of,
            "remuneration, ",
            $of,
            "source_url, ",
            $of,
            "recruiter::text, ",
            $of,
            "extra::text, ",
            $of,
            "archived_at, ",
            $of,
            "archived_as, ",
            $of,
            "reopened_at, encode(",
            $of,
            "content_hash, 'hex'), ",
            $of,
            "archived_for, ",
            $of,
            "external_id, ",
            $of,
            "institution_id::text, ",
            $of,
            "company_id::text, ",
            $of,
            "division_id::text, ",
            $of,
            "roles::text, ",
            $of,
            "capabilities::text"
        )
    };
}

/// `$1` institutions, `$2` since, `$3` until, `$4` an instant, `$5` whether raw documents are
/// wanted, `$6` how many rows; of all statements here. `$7` and `$8` say after which row, `$9`
/// after which version, `$10` of which job.
const JOBS: &str = concat!(
    "SELECT i.slug, j.source_id, j.id::text, j.original_id, j.version::bigint,
    ",
    exported_fields!("j."),
    ", j.first_seen_at, j.last_updated_at, j.held_since, j.generation::bigint, j.refreshed_at,
    CASE WHEN $5::boolean THEN j.raw_json::text END
  FROM jobs j JOIN institutions i ON i.id = j.institution_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR GREATEST(j.last_updated_at, j.refreshed_at) >= $2)
    AND ($3::timestamptz IS NULL OR j.last_updated_at < $3) AND $4::timestamptz IS NULL
    AND (j.institution_id, j.id) > ($7, $8) AND $9::int IS NOT NULL AND ($10::uuid IS NULL OR j.id = $10)
  ORDER BY j.institution_id, j.id LIMIT $6"
);

const JOBS_AS_OF: &str = concat!(
    "SELECT i.slug, h.source_id, h.id::text, h.original_id, h.version::bigint,
    ",
    exported_fields!("h.", "c.name", "d.name"),
    ", j.first_seen_at, h.created_at, NULL::timestamptz, j.generation::bigint, NULL::timestamptz,
    CASE WHEN $5::boolean THEN h.raw_json::text END
  FROM jobs_as_of($4) h JOIN institutions i ON i.id = h.institution_id JOIN jobs j ON j.institution_id = h.institution_id AND j.id = h.id
  LEFT JOIN companies c ON c.institution_id = h.institution_id AND c.id = h.company_id
  LEFT JOIN divisions d ON d.institution_id = h.institution_id AND d.id = h.division_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR h.created_at >= $2)
    AND ($3::timestamptz IS NULL OR h.created_at < $3)
    AND (h.institution_id, h.id) > ($7, $8) AND $9::int IS NOT NULL AND ($10::uuid IS NULL OR h.id = $10)
  ORDER BY h.institution_id, h.id LIMIT $6"
);

const HISTORY: &str = concat!(
    "SELECT i.slug, h.source_id, h.id::text, h.original_id, h.version::bigint,
    ",
    exported_fields!("h."),
    ",
    h.change_type, h.change_reason, h.changed_fields, h.created_at, h.created_by, h.run_id, h.takes_back, h.restores::bigint,
    encode(h.fingerprint, 'hex'), h.changes::text,
    CASE WHEN $5::boolean THEN h.raw_json::text END
  FROM jobs_history h JOIN institutions i ON i.id = h.institution_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR h.created_at >= $2)
    AND ($3::timestamptz IS NULL OR h.created_at < $3) AND $4::timestamptz IS NULL
    AND (h.institution_id, h.id, h.version) > ($7, $8, $9) AND ($10::uuid IS NULL OR h.id = $10)
  ORDER BY h.institution_id, h.id, h.version LIMIT $6"
);

const CHANGES: &str = "SELECT i.slug, h.source_id, h.job_id::text, h.original_id, h.version::bigint,
    h.field, h.old::text, h.new::text, h.change_type, h.change_reason, h.created_at, h.created_by, h.run_id, h.takes_back,
    h.status, h.source_id || ':' || h.original_id, h.institution_id::text
  FROM job_changes h JOIN institutions i ON i.id = h.institution_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR h.created_at >= $2)
    AND ($3::timestamptz IS NULL OR h.created_at < $3) AND $4::timestamptz IS NULL AND $5::boolean IS NOT NULL
    AND (h.institution_id, h.job_id, h.version) > ($7, $8, $9) AND ($10::uuid IS NULL OR h.job_id = $10)
  ORDER BY h.institution_id, h.job_id, h.version, h.field COLLATE \"C\" LIMIT $6";

/// `$1` institutions, `$2` and `$3` the transaction and the change of the cursor, `$4` the name of
/// its database, `$5` whether raw documents are wanted, `$6` how many rows. A refresh changed no
/// version: what made that is left out. What was forgotten has no version to be joined with, and
/// Citus takes no outer join here. Each half is cut before it is joined, so that neither is read to
/// its end. The last two columns give the order.
const FEED: &str = concat!(
    "(SELECT f.slug, h.source_id, f.job_id::text, h.original_id, f.version::bigint,
    concat_ws('-', $4::text, f.txid, f.change_id), f.cause, f.recorded_at,
    ",
    exported_fields!("h."),
    ",
    f.change_type, CASE WHEN f.what = 'version' THEN h.change_reason END, CASE WHEN f.what = 'version' THEN h.changed_fields END,
    f.created_at, CASE WHEN f.what = 'version' THEN h.created_by END, CASE WHEN f.what = 'version' THEN h.run_id END,
    CASE WHEN f.what = 'version' THEN h.takes_back END, CASE WHEN f.what = 'version' THEN h.restores::bigint END,
    encode(h.fingerprint, 'hex'), CASE WHEN f.what = 'version' THEN h.changes::text END,
    CASE WHEN $5::boolean THEN h.raw_json::text END, f.txid, f.change_id
  FROM (SELECT i.slug, f.* FROM changes f JOIN institutions i ON i.id = f.institution_id
    WHERE f.what <> 'forget' AND (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND (f.txid, f.change_id) > ($2::text::xid8, $3::bigint)
      AND f.txid < (SELECT change_horizon())
    ORDER BY f.txid, f.change_id LIMIT $6) AS f
  JOIN jobs_history h ON h.institution_id = f.institution_id AND h.id = f.job_id AND h.version = f.version)
  UNION ALL
  (SELECT i.slug, NULL, f.job_id::text, NULL, f.version::bigint, concat_ws('-', $4::text, f.txid, f.change_id), f.cause, f.recorded_at,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    f.change_type, NULL, NULL, f.created_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, f.txid, f.change_id
  FROM changes f JOIN institutions i ON i.id = f.institution_id
  WHERE f.what = 'forget' AND (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND (f.txid, f.change_id) > ($2::text::xid8, $3::bigint)
    AND f.txid < (SELECT change_horizon())
  ORDER BY f.txid, f.change_id LIMIT $6)
  ORDER BY txid, change_id LIMIT $6"
);

/// The columns of [`OF_OPENINGS`], and what is asked of all of them; `$which` says of which
/// openings `o`, and `$with` what it looks up for that.
macro_rules! openings {
    ($with:literal, $which:literal) => {
        concat!(
            $with,
            "SELECT i.slug, o.id::text, o.status, o.job_id::text, o.survivor, o.ads, o.title, o.description, o.open_date, o.close_date,
    o.department, c.name, d.name, o.job_type, o.locations, o.remuneration, o.source_url, o.recruiter::text, o.origins::text, o.first_seen_at,
    o.last_seen_at, o.reposted_from::text, o.institution_id::text
  FROM current_openings o JOIN institutions i ON i.id = o.institution_id
  LEFT JOIN companies c ON c.institution_id = o.institution_id AND c.id = o.company_id
  LEFT JOIN divisions d ON d.institution_id = o.institution_id AND d.id = o.division_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR o.first_seen_at >= $2)
    AND ($3::timestamptz IS NULL OR o.first_seen_at < $3) AND $4::timestamptz IS NULL AND $5::boolean IS NOT NULL
    AND $9::int IS NOT NULL AND $10::uuid IS NULL ",
            $which,
            " ORDER BY o.institution_id, o.id"
        )
    };
}

const OPENINGS: &str = openings!(
    "",
    "AND (o.institution_id, o.id) > ($7, $8) AND $6::bigint IS NULL"
);

/// A page looks up the openings that it shows, and no others.
const OPENINGS_PAGE: &str = openings!(
    "WITH page AS (
       SELECT p.institution_id, p.id FROM openings p JOIN institutions n ON n.id = p.institution_id
       WHERE (p.institution_id, p.id) > ($7, $8) AND (cardinality($1::text[]) = 0 OR n.slug = ANY ($1)) ORDER BY p.institution_id, p.id LIMIT $6) ",
    "AND o.institution_id = ANY (ARRAY(SELECT page.institution_id FROM page)) AND o.id = ANY (ARRAY(SELECT page.id FROM page))"
);

/// The rows, in the order of institutions, jobs and versions; those of the feed in the order of
/// transactions.
pub fn rows<'c>(
    connection: &'c mut PgConnection,
    table: ExportTable,
    wanted: &ExportFilter,
) -> BoxStream<'c, Result<Vec<ExportCell>>> {
    let columns = table.columns(wanted.raw);
    let query = sqlx::query(table.statement(wanted)).bind(wanted.institutions.clone());
    let query = match table {
        ExportTable::Feed => {
            let (txid, change) = wanted.after.position();
            query.bind(txid).bind(change).bind(wanted.after.database())
        }
        _ => query
            .bind(wanted.since.map(|since| since.0))
            .bind(wanted.until.map(|until| until.0))
            .bind(wanted.at.map(|at| at.0)),
    };
    let query = query.bind(wanted.raw).bind(wanted.most);
    let query = match table {
        ExportTable::Feed => query,
        _ => query
            .bind(wanted.behind.institution)
            .bind(wanted.behind.id)
            .bind(wanted.behind.version)
            .bind(wanted.job),
    };
    let rows = query.fetch(connection);
    rows.map_err(StoreError::from)
        .map(move |row| cells(&row?, &columns))
        .boxed()
}

fn cells(row: &PgRow, columns: &[ExportColumn]) -> Result<Vec<ExportCell>> {
    columns
        .iter()
        .enumerate()
        .map(|(place, column)| Ok(cell(row, place, column.kind)?))
        .collect()
}

fn cell(
    row: &PgRow,
    place: usize,
    kind: ColumnKind,
) -> std::result::Result<ExportCell, sqlx::Error> {
    let filled = match kind {
        ColumnKind::Text => row.try_get::<Option<_>, _>(place)?.map(ExportCell::Text),
        ColumnKind::Number => row.try_get::<Option<_>, _>(place)?.map(ExportCell::Number),
        ColumnKind::Instant => row.try_get::<Option<_>, _>(place)?.map(ExportCell::Instant),
        ColumnKind::Day => row.try_get::<Option<_>, _>(place)?.map(ExportCell::Day),
        ColumnKind::Texts => row.try_get::<Option<_>, _>(place)?.map(ExportCell::Texts),
        ColumnKind::Json => row.try_get::<Option<_>, _>(place)?.map(ExportCell::Json),
    };
    Ok(filled.unwrap_or(ExportCell::Empty))
}
