//! Why a page or an answer of the API is not shown, for whoever asked: what happened, what was kept
//! safe, what to do. A browser gets a page, a program JSON. Must never show the inside of an error
//! that no operator can act on.

use super::shell::{self, PageShell};
use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use serde_json::json;
use weir_reporting::report::columns::line;
use weir_store::StoreError;

/// A refusal.
#[derive(Debug)]
pub(super) struct PageError {
    pub(super) status: StatusCode,
    /// What happened.
    pub(super) what: String,
    /// What to do.
    pub(super) help: String,
    /// Whether whoever asks was let in: only then does the page lead to others.
    is_inside: bool,
}

impl PageError {
    fn new(status: StatusCode, what: impl Into<String>, help: impl Into<String>) -> PageError {
        PageError {
            status,
            what: what.into(),
            help: help.into(),
            is_inside: true,
        }
    }

    /// The same, for somebody who was not let in.
    pub(super) fn outside(self) -> PageError {
        PageError {
            is_inside: false,
            ..self
        }
    }

    /// There is no such thing.
    pub(super) fn unknown(what: impl Into<String>, help: impl Into<String>) -> PageError {
        PageError::new(StatusCode::NOT_FOUND, what, help)
    }

    /// What was there was removed for good.
    pub(super) fn gone(what: impl Into<String>, help: impl Into<String>) -> PageError {
        PageError::new(StatusCode::GONE, what, help)
    }

    /// The request means nothing.
    pub(super) fn bad(what: impl Into<String>, help: impl Into<String>) -> PageError {
        PageError::new(StatusCode::BAD_REQUEST, what, help)
    }

    /// The request must not be made.
    pub(super) fn forbidden(what: impl Into<String>) -> PageError {
        let help = "Nothing was changed. Open the page again and decide there.";
        PageError::new(StatusCode::FORBIDDEN, what, help)
    }

    /// Nobody says who asks.
    pub(super) fn not_known() -> PageError {
        let help = "Log in at `/login`; a program sends a token as `Authorization: Bearer TOKEN`.";
        PageError::new(StatusCode::UNAUTHORIZED, "Nobody is logged in", help).outside()
    }

    /// What is shown to be let in is worth nothing.
    pub(super) fn bad_token() -> PageError {
        let help = "`weir tokens list` shows those that are in use.";
        PageError::new(StatusCode::UNAUTHORIZED, "The token is not in use", help).outside()
    }

    /// A proxy names somebody who may not see anything.
    pub(super) fn stranger(name: &str) -> PageError {
        let what = format!("{} is not a user of this Weir", line(name, 60));
        let help = "Whoever runs it adds them: `weir users add NAME --role look --no-password`.";
        PageError::new(StatusCode::FORBIDDEN, what, help).outside()
    }

    /// Who asks may not do this.
    pub(super) fn not_allowed(what: impl Into<String>, help: impl Into<String>) -> PageError {
        PageError::new(StatusCode::FORBIDDEN, what, help)
    }

    /// Too many passwords were wrong.
    pub(super) fn too_often(seconds: u64) -> PageError {
        PageError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many passwords were wrong",
            format!("Try again in {} minutes.", seconds.div_ceil(60)),
        )
        .outside()
    }

    /// What is asked for is no longer so, or cannot be done now.
    pub(super) fn moved(what: impl Into<String>, help: impl Into<String>) -> PageError {
        PageError::new(StatusCode::CONFLICT, what, help)
    }

    /// A page of another site, or another name of this machine.
    pub(super) fn foreign_host() -> PageError {
        PageError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "This process does not go by the name in the address",
            "Use localhost or an IP address, or start it with `weir serve --host NAME`.",
        )
        .outside()
    }

    /// The code of a page is wrong.
    pub(super) fn bug() -> PageError {
        PageError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "This page has a bug",
            "Nothing was changed. Report the address, and use the command line in the meantime.",
        )
    }

    /// The database took too long.
    pub(super) fn too_slow() -> PageError {
        PageError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The database did not answer in time",
            "Nothing was changed. Try again, or narrow what is shown with a filter.",
        )
    }

    /// As a page, or as JSON.
    pub(super) fn answer(self, is_api: bool) -> Response {
        if is_api {
            let body = json!({ "error": { "message": self.what, "help": self.help } });
            return (self.status, Json(body)).into_response();
        }
        let body = html! {
            p { (shell::prose(&self.help)) }
            @if self.is_inside { p { a href="/" { "Today" } " shows what needs you." } }
        };
        let shell = PageShell::new("Not shown", &self.what);
        let page = if self.is_inside {
            shell.alone(&body)
        } else {
            shell.outside(&body)
        };
        (self.status, page).into_response()
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        self.answer(false)
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> PageError {
        let help = error.help().unwrap_or_default();
        PageError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The database cannot be read",
            format!("{error}. {help}"),
        )
    }
}

/// No such address.
pub(super) async fn unknown_address(request: Request) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    PageError::unknown(
        "There is no page at this address",
        "Addresses are plain words: `/runs`, `/jobs`, `/holds`. The navigation lists them.",
    )
    .answer(is_api)
}

/// An address that is only read, or only written.
pub(super) async fn wrong_method(request: Request) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    PageError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This address cannot be used that way",
        "Open it with GET; forms send what they change.",
    )
    .answer(is_api)
}
