//! Jobs, versions and openings, as `weir export` gives them, page by page.

use super::request::{ApiAsker, ApiRequest, not_after};
use super::{ApiPage, ApiRoute};
use crate::refusal::PageError;
use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use serde_json::Value as Json;
use uuid::Uuid;
use weir_model::Clock;
use weir_store::views::biography::JobName;
use weir_store::views::export::{
    self, ColumnKind, ExportCell, ExportColumn, ExportCursor, ExportFilter, ExportTable,
};
use weir_store::{PgConnection, forgotten};

/// What is for few.
const PRIVATE: &str = "recruiter";

/// Whether a column is for few.
pub(super) fn is_private(column: &ExportColumn) -> bool {
    column.name == PRIVATE
}

pub(super) fn job_columns() -> Vec<ExportColumn> {
    ExportTable::Jobs.columns(false)
}

pub(super) fn history_columns() -> Vec<ExportColumn> {
    ExportTable::History.columns(false)
}

pub(super) fn opening_columns() -> Vec<ExportColumn> {
    ExportTable::Openings.columns(false)
}

/// The columns of a route that whoever asks may see.
pub(super) fn seen(route: &ApiRoute, asker: ApiAsker) -> Vec<ExportColumn> {
    of_asker((route.columns)(), asker)
}

fn of_asker(columns: Vec<ExportColumn>, asker: ApiAsker) -> Vec<ExportColumn> {
    let is_seen = |column: &ExportColumn| asker.sees_contacts || !is_private(column);
    columns.into_iter().filter(is_seen).collect()
}

/// The columns of a table that whoever asks may see.
pub(super) fn shown(table: ExportTable, asker: ApiAsker) -> Vec<ExportColumn> {
    of_asker(table.columns(false), asker)
}

/// Rows of a table, without what is not for whoever asks.
pub(super) async fn read(
    connection: &mut PgConnection,
    table: ExportTable,
    wanted: &ExportFilter,
    asker: ApiAsker,
) -> Result<Vec<Vec<ExportCell>>, PageError> {
    let columns = table.columns(wanted.raw);
    let rows: Vec<Vec<ExportCell>> = export::rows(connection, table, wanted)
        .try_collect()
        .await?;
    if asker.sees_contacts {
        return Ok(rows);
    }
    let public = |row: Vec<ExportCell>| {
        let cells = columns.iter().zip(row);
        let cells = cells.filter(|(column, _)| !is_private(column));
        cells
            .map(|(column, cell)| without_private(column, cell))
            .collect()
    };
    Ok(rows.into_iter().map(public).collect())
}

/// What changed of a contact is as private as the contact.
fn without_private(column: &ExportColumn, cell: ExportCell) -> ExportCell {
    match (column.name, cell) {
        ("changes" | "origins", ExportCell::Json(text)) if text.contains(PRIVATE) => {
            let mut all: Json = serde_json::from_str(&text).unwrap_or_default();
            if let Some(members) = all.as_object_mut() {
                members.remove(PRIVATE);
            }
            ExportCell::Json(all.to_string())
        }
        (_, cell) => cell,
    }
}

/// The text of a column of a row.
pub(super) fn text<'r>(columns: &[ExportColumn], row: &'r [ExportCell], name: &str) -> &'r str {
    let place = columns.iter().position(|column| column.name == name);
    match place.and_then(|place| row.get(place)) {
        Some(ExportCell::Text(text)) => text,
        _ => "",
    }
}

fn version(columns: &[ExportColumn], row: &[ExportCell]) -> i64 {
    let place = columns
        .iter()
        .position(|column| column.name == "version" && column.kind == ColumnKind::Number);
    match place.and_then(|place| row.get(place)) {
        Some(ExportCell::Number(number)) => *number,
        _ => 0,
    }
}

/// Cuts rows to a page; what continues after it, if others follow.
fn cut(
    request: &ApiRequest,
    mut rows: Vec<Vec<ExportCell>>,
    key: impl Fn(&[ExportCell]) -> String,
) -> ApiPage {
    let more = rows.len() > request.limit;
    rows.truncate(request.limit);
    let next = rows.last().filter(|_| more).map(|row| ("after", key(row)));
    ApiPage {
        rows,
        next,
        cursor: None,
    }
}

fn filter(request: &ApiRequest) -> Result<ExportFilter, PageError> {
    Ok(ExportFilter {
        institutions: request.institutions(),
        since: request.instant("since")?.map(Clock),
        most: Some(request.asked()),
        ..ExportFilter::default()
    })
}

/// The institution and the job or opening after which a page begins.
fn behind(request: &ApiRequest) -> Result<ExportCursor, PageError> {
    let Some([institution, id]) = request.after::<2>()? else {
        return Ok(ExportCursor::default());
    };
    Ok(ExportCursor {
        institution: institution.parse().map_err(|_| not_after())?,
        id: id.parse().map_err(|_| not_after())?,
        version: 0,
    })
}

async fn page(
    connection: &mut PgConnection,
    request: &ApiRequest,
    table: ExportTable,
    id: &str,
) -> Result<ApiPage, PageError> {
    let wanted = ExportFilter {
        behind: behind(request)?,
        ..filter(request)?
    };
    let columns = shown(table, request.asker);
    let rows = read(connection, table, &wanted, request.asker).await?;
    let key = |row: &[ExportCell]| {
        format!(
            "{}~{}",
            text(&columns, row, "institution_id"),
            text(&columns, row, id)
        )
    };
    Ok(cut(request, rows, key))
}

pub(super) fn jobs<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    page(connection, request, ExportTable::Jobs, "job").boxed()
}

pub(super) fn openings<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    page(connection, request, ExportTable::Openings, "opening").boxed()
}

/// Why a job is not there: it was removed on request, or never was.
async fn missing_job(connection: &mut PgConnection, job: Uuid) -> PageError {
    let name = job.to_string();
    match forgotten::named(connection, &JobName::read(&name)).await {
        Ok(Some(gone)) => PageError::gone(
            "the job was removed on request",
            format!("it was {}", gone.words()),
        ),
        Ok(None) => unknown_job(),
        Err(error) => error.into(),
    }
}

fn unknown_job() -> PageError {
    PageError::unknown(
        "there is no such job",
        "`/api/v1/jobs` lists those that there are",
    )
}

pub(super) fn job<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        let wanted = ExportFilter {
            job: Some(request.id),
            ..filter(request)?
        };
        let rows = read(connection, ExportTable::Jobs, &wanted, request.asker).await?;
        if rows.is_empty() {
            return Err(missing_job(connection, request.id).await);
        }
        Ok(ApiPage {
            rows,
            ..ApiPage::default()
        })
    }
    .boxed()
}

pub(super) fn history<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        let behind = match request.after::<2>()? {
            None => ExportCursor::default(),
            Some([institution, version]) => ExportCursor {
                institution: institution.parse().map_err(|_| not_after())?,
                id: request.id,
                version: version.parse().map_err(|_| not_after())?,
            },
        };
        let wanted = ExportFilter {
            job: Some(request.id),
            behind,
            ..filter(request)?
        };
        let columns = shown(ExportTable::History, request.asker);
        let rows = read(connection, ExportTable::History, &wanted, request.asker).await?;
        if rows.is_empty() && behind == ExportCursor::default() {
            return Err(missing_job(connection, request.id).await);
        }
        let key = |row: &[ExportCell]| {
            format!(
                "{}~{}",
                text(&columns, row, "institution_id"),
                version(&columns, row)
            )
        };
        Ok(cut(request, rows, key))
    }
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::{ApiAsker, PRIVATE, without_private};
    use weir_store::views::export::{ColumnKind, ExportCell, ExportColumn, ExportTable};

    #[test]
    fn contacts_are_for_few() {
        let tables = [
            ExportTable::Jobs,
            ExportTable::History,
            ExportTable::Feed,
            ExportTable::Openings,
        ];
        for table in tables {
            let asker = |sees_contacts| ApiAsker {
                now: chrono::DateTime::UNIX_EPOCH,
                sees_contacts,
            };
            let has = |sees| {
                let columns = super::shown(table, asker(sees));
                columns.iter().any(|column| column.name == PRIVATE)
            };
            assert!(!has(false));
            assert_eq!(
                has(true),
                table.columns(false).iter().any(super::is_private)
            );
        }
        let changes = ExportColumn {
            name: "changes",
            kind: ColumnKind::Json,
        };
        let text = r#"{"recruiter":{"old":"ada@example.org"},"title":{"old":"a"}}"#;
        let cell = without_private(&changes, ExportCell::Json(text.to_owned()));
        assert_eq!(
            cell,
            ExportCell::Json(r#"{"title":{"old":"a"}}"#.to_owned())
        );
    }
}
