//! The changes, for programs that follow: whoever asks again with the cursor of the answer before
//! misses nothing and gets nothing twice, whatever runs overlap. And the newest of them for people,
//! who follow in a reader of feeds.

use super::ApiPage;
use super::exports::{read, shown, text};
use super::request::ApiRequest;
use super::runs;
use crate::refusal::PageError;
use futures::FutureExt;
use futures::future::BoxFuture;
use weir_store::PgConnection;
use weir_store::runs::institution;
use weir_store::views::export::{ColumnKind, ExportCell, ExportColumn, ExportFilter, ExportTable};
use weir_store::views::feed::{self, FeedCursor, FeedEntry};

pub(super) fn columns() -> Vec<ExportColumn> {
    ExportTable::Feed.columns(false)
}

pub(super) fn changes<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        let after = cursor(connection, request, "cursor").await?;
        let wanted = ExportFilter {
            institutions: request.institutions(),
            after: after.clone(),
            most: Some(request.asked()),
            ..ExportFilter::default()
        };
        let mut rows = read(connection, ExportTable::Feed, &wanted, request.asker).await?;
        let more = rows.len() > request.limit;
        rows.truncate(request.limit);
        let columns = shown(ExportTable::Feed, request.asker);
        let last = rows
            .last()
            .map(|row| text(&columns, row, "cursor").to_owned());
        let cursor = last.unwrap_or_else(|| after.to_string());
        Ok(ApiPage {
            rows,
            next: more.then(|| ("cursor", cursor.clone())),
            cursor: Some(cursor),
        })
    }
    .boxed()
}

/// The cursor that is given, if this database can continue from it.
async fn cursor(
    connection: &mut PgConnection,
    request: &ApiRequest,
    parameter: &str,
) -> Result<FeedCursor, PageError> {
    const ANEW: &str = "begin anew without a cursor, and replace what you have";
    let given = request.text(parameter).unwrap_or("start");
    let given: FeedCursor = given
        .parse()
        .map_err(|why: String| PageError::bad(format!("`{parameter}` cannot be read"), why))?;
    let judged = feed::judge(connection, given).await?.accepted();
    judged.map_err(|refusal| PageError::moved(refusal.why, refusal.remedy.unwrap_or(ANEW)))
}

/// What an entry of the feed is made of, in this order.
pub(super) fn entry_columns() -> Vec<ExportColumn> {
    runs::columns(&[
        ("cursor", ColumnKind::Text),
        ("institution", ColumnKind::Text),
        ("job", ColumnKind::Text),
        ("change_type", ColumnKind::Text),
        ("recorded_at", ColumnKind::Instant),
        ("title", ColumnKind::Text),
        ("change_reason", ColumnKind::Text),
    ])
}

fn entry(entry: FeedEntry, of: &FeedCursor) -> Vec<ExportCell> {
    let cursor = entry.cursor(of).to_string();
    let text = |text| ExportCell::optional(text, ExportCell::Text);
    vec![
        ExportCell::Text(cursor),
        ExportCell::Text(entry.institution),
        ExportCell::Text(entry.job_id.to_string()),
        ExportCell::Text(entry.change_type),
        ExportCell::Instant(entry.recorded_at),
        text(entry.title),
        text(entry.change_reason),
    ]
}

pub(super) fn entries<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        // It names the database, of which entries are, even where none is given.
        let before = cursor(connection, request, "after").await?;
        let of = match request.text("institution") {
            Some(slug) => institution(connection, slug).await?,
            None => None,
        };
        let found = feed::newest(connection, of, &before, request.asked()).await?;
        let key = |entry: &FeedEntry| entry.cursor(&before).to_string();
        Ok(ApiPage::of(found, request, key, |found| {
            entry(found, &before)
        }))
    }
    .boxed()
}
