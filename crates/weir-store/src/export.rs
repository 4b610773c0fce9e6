//! Jobs, their history and their changes as rows for others to read: one statement each, which sees one state of the tables, streamed row by row,
//! so memory stays flat. To add a column, add it to the list of its table and to the statement, at the same place.

use super::{Result, StoreError};
use chrono::{DateTime, NaiveDate, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use weir_model::Clock;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// The jobs, as they are or as they were: a row a job.
    Jobs,
    /// The versions of jobs: a row a version, a complete snapshot.
    History,
    /// What changed: a row a field of a version.
    Changes,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// One value; every column may be empty.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
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

/// Which rows are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Of these institutions; of all if there is none.
    pub institutions: Vec<String>,
    /// Jobs as they were then, instead of as they are.
    pub at: Option<Clock>,
    /// Versions from this instant on; jobs whose newest version is of then or later.
    pub since: Option<Clock>,
    /// Versions before this instant.
    pub until: Option<Clock>,
    /// Raw documents, too.
    pub raw: bool,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// Whose row it is, in every table.
const WHOSE: [Column; 5] = [
    column("institution", Kind::Text),
    column("source", Kind::Text),
    column("job", Kind::Text),
    column("original_id", Kind::Text),
    column("version", Kind::Number),
];

/// The fields of a job, in jobs and history.
const FIELDS: [Column; 19] = [
    column("status", Kind::Text),
    column("title", Kind::Text),
    column("description", Kind::Text),
    column("open_date", Kind::Day),
    column("close_date", Kind::Day),
    column("department", Kind::Text),
    column("department_id", Kind::Text),
    column("company", Kind::Text),
    column("division", Kind::Text),
    column("job_type", Kind::Text),
    column("locations", Kind::Texts),
    column("remuneration", Kind::Text),
    column("source_url", Kind::Text),
    column("recruiter", Kind::Json),
    column("extra", Kind::Json),
    column("archived_at", Kind::Instant),
    column("archived_as", Kind::Text),
    column("reopened_at", Kind::Instant),
    column("content_hash", Kind::Text),
];

const OF_JOBS: [Column; 2] = [column("first_seen_at", Kind::Instant), column("last_updated_at", Kind::Instant)];

const OF_HISTORY: [Column; 8] = [
    column("change_type", Kind::Text),
    column("change_reason", Kind::Text),
    column("changed_fields", Kind::Texts),
    column("created_at", Kind::Instant),
    column("created_by", Kind::Text),
    column("run", Kind::Number),
    column("takes_back", Kind::Number),
    column("restores", Kind::Number),
];

const OF_CHANGES: [Column; 9] = [
    column("field", Kind::Text),
    column("old", Kind::Json),
    column("new", Kind::Json),
    column("change_type", Kind::Text),
    column("change_reason", Kind::Text),
    column("created_at", Kind::Instant),
    column("created_by", Kind::Text),
    column("run", Kind::Number),
    column("takes_back", Kind::Number),
];

impl Table {
    /// Its columns, in their order.
    pub fn columns(self, raw: bool) -> Vec<Column> {
        let mut columns = WHOSE.to_vec();
        match self {
            Table::Jobs => columns.extend(FIELDS.iter().chain(&OF_JOBS)),
            Table::History => columns.extend(FIELDS.iter().chain(&OF_HISTORY)),
            Table::Changes => columns.extend(&OF_CHANGES),
        }
        if raw && self != Table::Changes {
            columns.push(column("raw", Kind::Json));
        }
        columns
    }

    fn statement(self, wanted: &Wanted) -> &'static str {
        match (self, wanted.at) {
            (Table::Jobs, None) => JOBS,
            (Table::Jobs, Some(_)) => JOBS_AS_OF,
            (Table::History, _) => HISTORY,
            (Table::Changes, _) => CHANGES,
        }
    }
}

/// The fields of [`FIELDS`], in their order; `c` is the company and `d` the division.
macro_rules! exported_fields {
    ($of:literal) => {
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
            "department_id, c.name, d.name, ",
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
            "content_hash, 'hex')"
        )
    };
}

/// `$1` institutions, `$2` since, `$3` until, `$4` an instant, `$5` whether raw documents are wanted; of all statements here.
const JOBS: &str = concat!(
    "SELECT i.slug, j.source_id, j.id::text, j.original_id, j.version::bigint,
    ",
    exported_fields!("j."),
    ", j.first_seen_at, j.last_updated_at,
    CASE WHEN $5::boolean THEN j.raw_json::text END
  FROM jobs j JOIN institutions i ON i.id = j.institution_id
  LEFT JOIN companies c ON c.institution_id = j.institution_id AND c.id = j.company_id
  LEFT JOIN divisions d ON d.institution_id = j.institution_id AND d.id = j.division_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR j.last_updated_at >= $2)
    AND ($3::timestamptz IS NULL OR j.last_updated_at < $3) AND $4::timestamptz IS NULL
  ORDER BY j.institution_id, j.id"
);

const JOBS_AS_OF: &str = concat!(
    "SELECT i.slug, h.source_id, h.id::text, h.original_id, h.version::bigint,
    ",
    exported_fields!("h."),
    ", j.first_seen_at, h.created_at,
    CASE WHEN $5::boolean THEN h.raw_json::text END
  FROM jobs_as_of($4) h JOIN institutions i ON i.id = h.institution_id JOIN jobs j ON j.institution_id = h.institution_id AND j.id = h.id
  LEFT JOIN companies c ON c.institution_id = h.institution_id AND c.id = h.company_id
  LEFT JOIN divisions d ON d.institution_id = h.institution_id AND d.id = h.division_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR h.created_at >= $2)
    AND ($3::timestamptz IS NULL OR h.created_at < $3)
  ORDER BY h.institution_id, h.id"
);

const HISTORY: &str = concat!(
    "SELECT i.slug, h.source_id, h.id::text, h.original_id, h.version::bigint,
    ",
    exported_fields!("h."),
    ",
    h.change_type, h.change_reason, h.changed_fields, h.created_at, h.created_by, h.run_id, h.takes_back, h.restores::bigint,
    CASE WHEN $5::boolean THEN h.raw_json::text END
  FROM jobs_history h JOIN institutions i ON i.id = h.institution_id
  LEFT JOIN companies c ON c.institution_id = h.institution_id AND c.id = h.company_id
  LEFT JOIN divisions d ON d.institution_id = h.institution_id AND d.id = h.division_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR h.created_at >= $2)
    AND ($3::timestamptz IS NULL OR h.created_at < $3) AND $4::timestamptz IS NULL
  ORDER BY h.institution_id, h.id, h.version"
);

const CHANGES: &str = "SELECT i.slug, h.source_id, h.job_id::text, h.original_id, h.version::bigint,
    h.field, h.old::text, h.new::text, h.change_type, h.change_reason, h.created_at, h.created_by, h.run_id, h.takes_back
  FROM job_changes h JOIN institutions i ON i.id = h.institution_id
  WHERE (cardinality($1::text[]) = 0 OR i.slug = ANY ($1)) AND ($2::timestamptz IS NULL OR h.created_at >= $2)
    AND ($3::timestamptz IS NULL OR h.created_at < $3) AND $4::timestamptz IS NULL AND $5::boolean IS NOT NULL
  ORDER BY h.institution_id, h.job_id, h.version, h.field COLLATE \"C\"";

/// The rows, in the order of institutions, jobs and versions.
pub fn rows<'c>(connection: &'c mut PgConnection, table: Table, wanted: &Wanted) -> BoxStream<'c, Result<Vec<Cell>>> {
    let columns = table.columns(wanted.raw);
    let rows = sqlx::query(table.statement(wanted))
        .bind(wanted.institutions.clone())
        .bind(wanted.since.map(|since| since.0))
        .bind(wanted.until.map(|until| until.0))
        .bind(wanted.at.map(|at| at.0))
        .bind(wanted.raw)
        .fetch(connection);
    rows.map_err(StoreError::from).map(move |row| cells(&row?, &columns)).boxed()
}

fn cells(row: &PgRow, columns: &[Column]) -> Result<Vec<Cell>> {
    columns.iter().enumerate().map(|(place, column)| Ok(cell(row, place, column.kind)?)).collect()
}

fn cell(row: &PgRow, place: usize, kind: Kind) -> std::result::Result<Cell, sqlx::Error> {
    let filled = match kind {
        Kind::Text => row.try_get::<Option<_>, _>(place)?.map(Cell::Text),
        Kind::Number => row.try_get::<Option<_>, _>(place)?.map(Cell::Number),
        Kind::Instant => row.try_get::<Option<_>, _>(place)?.map(Cell::Instant),
        Kind::Day => row.try_get::<Option<_>, _>(place)?.map(Cell::Day),
        Kind::Texts => row.try_get::<Option<_>, _>(place)?.map(Cell::Texts),
        Kind::Json => row.try_get::<Option<_>, _>(place)?.map(Cell::Json),
    };
    Ok(filled.unwrap_or(Cell::Empty))
}
