//! Runs, and the roles of jobs.

use super::ApiPage;
use super::request::{ApiRequest, not_after};
use crate::refusal::PageError;
use futures::FutureExt;
use futures::future::BoxFuture;
use uuid::Uuid;
use weir_store::PgConnection;
use weir_store::runs::institution;
use weir_store::views::export::{ColumnKind, ExportCell, ExportColumn};
use weir_store::views::job_list::{self, RoleLine};
use weir_store::views::run_list::{self, RunFilter, RunLine};

pub(super) fn columns(all: &[(&'static str, ColumnKind)]) -> Vec<ExportColumn> {
    let column = |(name, kind): &(&'static str, ColumnKind)| ExportColumn { name, kind: *kind };
    all.iter().map(column).collect()
}

pub(super) fn run_columns() -> Vec<ExportColumn> {
    columns(&[
        ("institution", ColumnKind::Text),
        ("run", ColumnKind::Number),
        ("at", ColumnKind::Instant),
        ("status", ColumnKind::Text),
        ("started_at", ColumnKind::Instant),
        ("finished_at", ColumnKind::Instant),
        ("error", ColumnKind::Text),
        ("errors", ColumnKind::Number),
        ("warnings", ColumnKind::Number),
        ("counts", ColumnKind::Json),
    ])
}

fn run_row(run: RunLine) -> Vec<ExportCell> {
    let text = |text| ExportCell::optional(text, ExportCell::Text);
    vec![
        ExportCell::Text(run.institution),
        ExportCell::Number(run.id.0),
        ExportCell::Instant(run.at),
        ExportCell::Text(run.status),
        ExportCell::Instant(run.started_at),
        ExportCell::optional(run.finished_at, ExportCell::Instant),
        text(run.error),
        ExportCell::Number(run.errors),
        ExportCell::Number(run.warnings),
        ExportCell::optional(run.total, |total| ExportCell::Json(total.to_string())),
    ]
}

pub(super) fn runs<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        let before = request
            .after::<1>()?
            .map(|[run]| run.parse().map_err(|_| not_after()));
        let institution = match request.text("institution") {
            Some(slug) => institution(connection, slug).await?,
            None => None,
        };
        let wanted = RunFilter {
            institution,
            status: None,
            before: before.transpose()?,
        };
        let runs = run_list::page(connection, &wanted, request.asked()).await?;
        let key = |run: &RunLine| run.id.to_string();
        Ok(ApiPage::of(runs, request, key, run_row))
    }
    .boxed()
}

pub(super) fn role_columns() -> Vec<ExportColumn> {
    columns(&[
        ("institution", ColumnKind::Text),
        ("job", ColumnKind::Text),
        ("framework", ColumnKind::Text),
        ("level", ColumnKind::Text),
        ("role_id", ColumnKind::Text),
        ("role_name", ColumnKind::Text),
        ("confidence", ColumnKind::Json),
        ("method", ColumnKind::Text),
    ])
}

fn role_row(role: RoleLine) -> Vec<ExportCell> {
    let text = |text| ExportCell::optional(text, ExportCell::Text);
    vec![
        ExportCell::Text(role.institution),
        ExportCell::Text(role.job_id.to_string()),
        ExportCell::Text(role.framework),
        ExportCell::Text(role.level),
        text(role.role_id),
        text(role.role_name),
        ExportCell::optional(role.confidence, |sure| ExportCell::Json(sure.to_string())),
        text(role.method),
    ]
}

pub(super) fn roles<'r>(
    connection: &'r mut PgConnection,
    request: &'r ApiRequest,
) -> BoxFuture<'r, Result<ApiPage, PageError>> {
    async {
        let after: (Uuid, Uuid, &str) = match request.after::<3>()? {
            None => (Uuid::nil(), Uuid::nil(), ""),
            Some([institution, job, framework]) => (
                institution.parse().map_err(|_| not_after())?,
                job.parse().map_err(|_| not_after())?,
                framework,
            ),
        };
        let wanted = request.institutions();
        let roles = job_list::roles(connection, &wanted, after, request.asked()).await?;
        let key =
            |role: &RoleLine| format!("{}~{}~{}", role.institution_id, role.job_id, role.framework);
        Ok(ApiPage::of(roles, request, key, role_row))
    }
    .boxed()
}
