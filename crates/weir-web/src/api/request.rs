//! What a request asks for, checked: parameters that a route does not have are refused, for a
//! filter that is misspelt would otherwise give everything.

use super::ApiRoute;
use crate::links;
use crate::refusal::PageError;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_reporting::report::columns::line;
use weir_store::PgConnection;
use weir_store::runs;

/// In which form rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApiFormat {
    Json,
    Ndjson,
    Csv,
    Atom,
}

impl ApiFormat {
    fn named(name: &str) -> Option<ApiFormat> {
        match name {
            "json" => Some(ApiFormat::Json),
            "ndjson" => Some(ApiFormat::Ndjson),
            "csv" => Some(ApiFormat::Csv),
            _ => None,
        }
    }

    /// The first that the client accepts; JSON if it does not care.
    fn accepted(headers: &HeaderMap) -> ApiFormat {
        let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let kinds = accepted.unwrap_or_default().split(',');
        let kinds = kinds.filter_map(|kind| kind.split(';').next());
        kinds
            .filter_map(|kind| match kind.trim() {
                "application/json" => Some(ApiFormat::Json),
                "application/x-ndjson" | "application/ndjson" => Some(ApiFormat::Ndjson),
                "text/csv" => Some(ApiFormat::Csv),
                _ => None,
            })
            .next()
            .unwrap_or(ApiFormat::Json)
    }

    /// Its media type.
    pub(super) fn media(self) -> &'static str {
        match self {
            ApiFormat::Json => "application/json",
            ApiFormat::Ndjson => "application/x-ndjson",
            ApiFormat::Csv => "text/csv; charset=utf-8",
            ApiFormat::Atom => "application/atom+xml; charset=utf-8",
        }
    }
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct ApiAsker {
    /// What time it is.
    pub(super) now: DateTime<Utc>,
    /// Whether contacts of recruiters are for them.
    pub(super) sees_contacts: bool,
}

/// A request.
pub(super) struct ApiRequest {
    path: String,
    /// The job of the path.
    pub(super) id: Uuid,
    pub(super) format: ApiFormat,
    /// How many rows at most.
    pub(super) limit: usize,
    /// Who asks, and when.
    pub(super) asker: ApiAsker,
    parameters: BTreeMap<String, String>,
}

impl ApiRequest {
    pub(super) fn read(
        route: &ApiRoute,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        asker: ApiAsker,
    ) -> Result<ApiRequest, PageError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if !route.parameters.iter().any(|known| known.name == name) {
                let known: Vec<&str> = route.parameters.iter().map(|known| known.name).collect();
                return Err(PageError::bad(
                    format!("unknown parameter `{}`", line(&name, 60)),
                    format!("known parameters: {}", known.join(", ")),
                ));
            }
            if parameters
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(PageError::bad("a parameter is given twice", "give it once"));
            }
        }
        let format = match (route.form, parameters.get("format")) {
            (Some(form), _) => form,
            (None, None) => ApiFormat::accepted(headers),
            (None, Some(name)) => ApiFormat::named(name).ok_or_else(|| {
                PageError::bad("unknown format", "known formats: json, ndjson, csv")
            })?,
        };
        let limit = match parameters.get("limit") {
            None => 100,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=1000).contains(limit))
                .ok_or_else(|| {
                    PageError::bad("`limit` is out of range", "give a number from 1 to 1000")
                })?,
        };
        Ok(ApiRequest {
            path: path.to_owned(),
            id: id(route.path, path)?,
            format,
            limit,
            asker,
            parameters,
        })
    }

    /// Refuses an institution that nobody knows.
    pub(super) async fn check(&self, connection: &mut PgConnection) -> Result<(), PageError> {
        let Some(slug) = self.text("institution") else {
            return Ok(());
        };
        match runs::institution(connection, slug).await? {
            Some(_) => Ok(()),
            None => Err(PageError::unknown(
                format!("no institution `{}` has run", line(slug, 60)),
                "leave `institution` out for all",
            )),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.parameters
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn institutions(&self) -> Vec<String> {
        self.text("institution")
            .map(str::to_owned)
            .into_iter()
            .collect()
    }

    pub(super) fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, PageError> {
        let Some(text) = self.parameters.get(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            PageError::bad(
                format!("`{name}` is not an instant"),
                "give one such as 2026-09-01T06:00:00Z",
            )
        })
    }

    /// The parts of `after`.
    pub(super) fn after<const N: usize>(&self) -> Result<Option<[&str; N]>, PageError> {
        let Some(text) = self.text("after") else {
            return Ok(None);
        };
        let parts: Vec<&str> = text.splitn(N, '~').collect();
        parts.try_into().map(Some).map_err(|_| not_after())
    }

    /// How many rows are asked for: one more than wanted, to know whether others follow.
    pub(super) fn asked(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX - 1) + 1
    }

    /// Its own address.
    pub(super) fn own(&self) -> String {
        let filters = self.parameters.iter();
        let filters = filters.map(|(name, value)| (name.as_str(), value.as_str()));
        links::address(&self.path, filters)
    }

    /// The address of the page that follows.
    pub(super) fn next(&self, (name, value): &(&'static str, String)) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (known, text) in &self.parameters {
            if known != name {
                query.append_pair(known, text);
            }
        }
        query.append_pair(name, value);
        format!("{}?{}", self.path, query.finish())
    }
}

/// `after` means nothing.
pub(super) fn not_after() -> PageError {
    PageError::bad(
        "`after` cannot be read",
        "follow `next` of the answer before",
    )
}

/// The id in a path, where its pattern has one.
fn id(pattern: &str, path: &str) -> Result<Uuid, PageError> {
    let mut steps = pattern.split('/').zip(path.split('/'));
    match steps.find(|(pattern, _)| *pattern == "{id}") {
        None => Ok(Uuid::nil()),
        Some((_, id)) => id.parse().map_err(|_| {
            PageError::unknown(
                "there is no such job",
                "ids of jobs are UUIDs, as `/api/v1/jobs` lists them",
            )
        }),
    }
}
