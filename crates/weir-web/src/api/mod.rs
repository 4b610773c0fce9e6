//! The API for programs, read-only: jobs, their history and changes, openings, roles, runs, alerts,
//! reports.
//!
//! [`ROUTES`] is the one list of what there is: the router and the OpenAPI document are both made
//! of it, so that they cannot differ. Rows are pages that continue from their last row; a page is
//! bounded and has an entity tag. Contacts of recruiters are for tokens with the scope `contacts`
//! alone.
//!
//! To add a route, add it to [`ROUTES`] with its parameters and columns, and a function that reads
//! its rows.

mod alerts;
mod atom;
mod exports;
mod feed;
mod openapi;
mod output;
mod request;
mod runs;

use super::Site;
use super::access::Visitor;
use super::refusal::PageError;
use axum::Router;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::future::BoxFuture;
use request::{ApiAsker, ApiFormat, ApiRequest};
use std::sync::Arc;
use weir_store::PgConnection;
use weir_store::views::export::{ExportCell, ExportColumn};

/// A parameter of a query.
pub(super) struct ApiParameter {
    name: &'static str,
    about: &'static str,
    /// Its form: `string`, `integer`, `date-time`, `uuid`.
    form: &'static str,
}

/// Something that can be asked for.
pub(super) struct ApiRoute {
    pub(super) path: &'static str,
    summary: &'static str,
    parameters: &'static [&'static ApiParameter],
    columns: fn() -> Vec<ExportColumn>,
    /// Its one form; any of those that `format` names, if none.
    form: Option<ApiFormat>,
    read: ReadRows,
}

/// How rows are read.
type ReadRows =
    for<'r> fn(&'r mut PgConnection, &'r ApiRequest) -> BoxFuture<'r, Result<ApiPage, PageError>>;

/// A page of rows.
#[derive(Default)]
pub(super) struct ApiPage {
    rows: Vec<Vec<ExportCell>>,
    /// The parameter that continues after it, and its value; none if it was the last.
    next: Option<(&'static str, String)>,
    /// Of changes: where a follower goes on, whether or not there are further ones now.
    cursor: Option<String>,
}

impl ApiPage {
    /// A page of rows of which one more than its limit was asked for: whether that is there says
    /// whether others follow, after the `key` of the last.
    fn of<T>(
        mut found: Vec<T>,
        request: &ApiRequest,
        key: impl Fn(&T) -> String,
        row: impl Fn(T) -> Vec<ExportCell>,
    ) -> ApiPage {
        let more = found.len() > request.limit;
        found.truncate(request.limit);
        let last = found.last().filter(|_| more);
        ApiPage {
            next: last.map(|last| ("after", key(last))),
            rows: found.into_iter().map(row).collect(),
            cursor: None,
        }
    }
}

const INSTITUTION: ApiParameter = ApiParameter {
    name: "institution",
    about: "Only of this institution",
    form: "string",
};
const SINCE: ApiParameter = ApiParameter {
    name: "since",
    about: "Only what was written at or after this instant",
    form: "date-time",
};
const AFTER: ApiParameter = ApiParameter {
    name: "after",
    about: "After the row that this value of `next` names",
    form: "string",
};
const CURSOR: ApiParameter = ApiParameter {
    name: "cursor",
    about: "After this cursor, which an earlier answer ended with; from the beginning if absent",
    form: "string",
};
const LIMIT: ApiParameter = ApiParameter {
    name: "limit",
    about: "At most so many rows, 1 to 1,000; 100 if absent",
    form: "integer",
};
const FORMAT: ApiParameter = ApiParameter {
    name: "format",
    about: "`json`, `ndjson` or `csv`, whatever `Accept` says",
    form: "string",
};

/// Everything that can be asked for.
pub(super) const ROUTES: [ApiRoute; 10] = [
    ApiRoute {
        path: "/api/v1/jobs",
        summary: "The jobs as they are, one row a job",
        parameters: &[&INSTITUTION, &SINCE, &AFTER, &LIMIT, &FORMAT],
        columns: exports::job_columns,
        form: None,
        read: exports::jobs,
    },
    ApiRoute {
        path: "/api/v1/jobs/{id}",
        summary: "One job as it is",
        parameters: &[&FORMAT],
        columns: exports::job_columns,
        form: None,
        read: exports::job,
    },
    ApiRoute {
        path: "/api/v1/jobs/{id}/history",
        summary: "The versions of a job, each a complete snapshot, the oldest first",
        parameters: &[&AFTER, &LIMIT, &FORMAT],
        columns: exports::history_columns,
        form: None,
        read: exports::history,
    },
    ApiRoute {
        path: "/api/v1/changes",
        summary: "Every version and every refresh once, in the order in which they were committed",
        parameters: &[&INSTITUTION, &CURSOR, &LIMIT, &FORMAT],
        columns: feed::columns,
        form: None,
        read: feed::changes,
    },
    ApiRoute {
        path: "/api/v1/changes.atom",
        summary: "The changes for a reader of feeds, the newest first",
        parameters: &[&INSTITUTION, &AFTER, &LIMIT],
        columns: feed::entry_columns,
        form: Some(ApiFormat::Atom),
        read: feed::entries,
    },
    ApiRoute {
        path: "/api/v1/openings",
        summary: "The openings as they are, one row however many ads advertise it",
        parameters: &[&INSTITUTION, &AFTER, &LIMIT, &FORMAT],
        columns: exports::opening_columns,
        form: None,
        read: exports::openings,
    },
    ApiRoute {
        path: "/api/v1/roles",
        summary: "What was decided of the role of each job, one row for each framework",
        parameters: &[&INSTITUTION, &AFTER, &LIMIT, &FORMAT],
        columns: runs::role_columns,
        form: None,
        read: runs::roles,
    },
    ApiRoute {
        path: "/api/v1/runs",
        summary: "The runs, the newest first",
        parameters: &[&INSTITUTION, &AFTER, &LIMIT, &FORMAT],
        columns: runs::run_columns,
        form: None,
        read: runs::runs,
    },
    ApiRoute {
        path: "/api/v1/alerts",
        summary: "What has fired, one row from its first to its last day, the newest first",
        parameters: &[&INSTITUTION, &AFTER, &LIMIT, &FORMAT],
        columns: alerts::alert_columns,
        form: None,
        read: alerts::alerts,
    },
    ApiRoute {
        path: "/api/v1/reports",
        summary: "The daily reports as they were made, the newest first",
        parameters: &[&AFTER, &LIMIT, &FORMAT],
        columns: alerts::report_columns,
        form: None,
        read: alerts::reports,
    },
];

/// The routes.
pub(super) fn router() -> Router<Arc<Site>> {
    let all = ROUTES.iter().fold(Router::new(), |router, route| {
        let respond = move |site: Visitor,
                            uri: Uri,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap| async move {
            answer(&site, route, &uri, query.as_deref(), &headers).await
        };
        router.route(route.path, get(respond))
    });
    all.route("/api/v1/openapi.json", get(openapi::document))
}

async fn answer(
    site: &Visitor,
    route: &'static ApiRoute,
    uri: &Uri,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    match rows(site, route, uri, query, headers).await {
        Ok(response) => response.into_response(),
        Err(refusal) => refusal.answer(true),
    }
}

async fn rows(
    site: &Visitor,
    route: &'static ApiRoute,
    uri: &Uri,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, PageError> {
    let request = ApiRequest::read(
        route,
        uri.path(),
        query.unwrap_or_default(),
        headers,
        ApiAsker {
            now: (site.now)(),
            sees_contacts: site.sees_contacts(),
        },
    )?;
    let page = {
        let mut connection = site.connection().await?;
        request.check(&mut connection).await?;
        (route.read)(&mut connection, &request).await?
    };
    output::response(route, &request, page, headers)
}
