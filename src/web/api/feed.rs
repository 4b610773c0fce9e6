//! The changes, for programs that follow: whoever asks again with the cursor of the answer before
//! misses nothing and gets nothing twice, whatever runs overlap.

use super::ApiPage;
use super::exports::{read, shown, text};
use super::request::ApiRequest;
use crate::store::PgConnection;
use crate::store::views::export::{ExportColumn, ExportFilter, ExportTable};
use crate::store::views::feed::{self, FeedCursor};
use crate::web::refusal::PageError;
use futures::FutureExt;
use futures::future::BoxFuture;

pub(super) fn columns() -> Vec<ExportColumn> {
    ExportTable::Feed.columns(false)
}

pub(super) fn changes<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        let after = cursor(connection, request).await?;
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
) -> Result<FeedCursor, PageError> {
    const ANEW: &str = "begin anew without a cursor, and replace what you have";
    let given = request.text("cursor").unwrap_or("start");
    let given: FeedCursor = given
        .parse()
        .map_err(|why: String| PageError::bad("`cursor` cannot be read", why))?;
    let judged = feed::judge(connection, given).await?.accepted();
    judged.map_err(|refusal| PageError::moved(refusal.why, refusal.remedy.unwrap_or(ANEW)))
}
