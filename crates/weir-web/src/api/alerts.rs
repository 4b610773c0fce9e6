//! What has fired, and the reports of days.

use super::ApiPage;
use super::request::{ApiRequest, not_after};
use super::runs::columns;
use crate::refusal::PageError;
use futures::FutureExt;
use futures::future::BoxFuture;
use weir_store::PgConnection;
use weir_store::alerts::{self as stored, AlertCause, CauseFilter};
use weir_store::daily_reports::{self, KeptDay};
use weir_store::views::export::{ColumnKind, ExportCell, ExportColumn};

pub(super) fn alert_columns() -> Vec<ExportColumn> {
    columns(&[
        ("id", ColumnKind::Number),
        ("alert", ColumnKind::Text),
        ("institution", ColumnKind::Text),
        ("source", ColumnKind::Text),
        ("severity", ColumnKind::Text),
        ("message", ColumnKind::Text),
        ("fired_at", ColumnKind::Instant),
        ("resolved_at", ColumnKind::Instant),
        ("acknowledged_by", ColumnKind::Text),
        ("acknowledged_at", ColumnKind::Instant),
        ("note", ColumnKind::Text),
        ("silenced_until", ColumnKind::Instant),
    ])
}

fn alert_row(cause: AlertCause) -> Vec<ExportCell> {
    let text = |text| ExportCell::optional(text, ExportCell::Text);
    let given = |name: String| text(Some(name).filter(|name| !name.is_empty()));
    let instant = |at| ExportCell::optional(at, ExportCell::Instant);
    vec![
        ExportCell::Number(cause.id),
        ExportCell::Text(cause.key.alert),
        given(cause.key.institution),
        given(cause.key.source_id),
        ExportCell::Text(cause.severity),
        ExportCell::Text(cause.message),
        ExportCell::Instant(cause.fired_at),
        instant(cause.resolved_at),
        text(cause.acknowledged_by),
        instant(cause.acknowledged_at),
        text(cause.note),
        instant(cause.silenced_until),
    ]
}

pub(super) fn alerts<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        let before = request
            .after::<1>()?
            .map(|[cause]| cause.parse().map_err(|_| not_after()));
        let institutions = request.institutions();
        let wanted = CauseFilter {
            institutions: Some(institutions.as_slice()).filter(|some| !some.is_empty()),
            is_over: false,
            before: before.transpose()?,
        };
        let asked = request.asked();
        let causes = stored::page(connection, wanted, request.asker.now, asked).await?;
        let key = |cause: &AlertCause| cause.id.to_string();
        Ok(ApiPage::of(causes, request, key, alert_row))
    }
    .boxed()
}

pub(super) fn report_columns() -> Vec<ExportColumn> {
    columns(&[
        ("day", ColumnKind::Day),
        ("made_at", ColumnKind::Instant),
        ("title", ColumnKind::Text),
        ("content", ColumnKind::Json),
    ])
}

fn report_row(one: KeptDay) -> Vec<ExportCell> {
    vec![
        ExportCell::Day(one.day),
        ExportCell::Instant(one.made_at),
        ExportCell::Text(one.title),
        ExportCell::Json(one.content.to_string()),
    ]
}

pub(super) fn reports<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        let before = request
            .after::<1>()?
            .map(|[day]| day.parse().map_err(|_| not_after()));
        let asked = request.asked();
        let days = daily_reports::days(connection, before.transpose()?, asked).await?;
        let key = |one: &KeptDay| one.day.to_string();
        Ok(ApiPage::of(days, request, key, report_row))
    }
    .boxed()
}
