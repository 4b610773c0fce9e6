//! What an operator decides on pages: release or discard holds, retry or discard failures, judge
//! pairs of ads, take a judgement back, look after alerts, pause schedules. Through `actions`, under the lock of the institution, as the
//! commands do; bound to what was shown by its revision.
//!
//! A request must come from a page of this process ([`form`]). It must never decide what has changed
//! since it was seen. To add a decision: a file here with its form and what it does, a line in
//! [`router`].

mod alerts;
mod failures;
mod form;
mod holds;
mod pairs;
mod pauses;

pub(super) use alerts::{cause_buttons, silence_form};
pub(super) use failures::failure_buttons;
pub(super) use holds::{hold_forms, pair_form};
pub(super) use pauses::{pause_buttons, pause_name};

use super::Site;
use super::refusal::PageError;
use super::shell::Shell;
use crate::engine::RunError;
use crate::engine::person::Whose;
use crate::model::Clock;
use crate::report::columns::counted;
use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use maud::{Markup, html};
use std::sync::Arc;
use uuid::Uuid;

/// The routes of decisions.
pub(super) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/holds/release", post(holds::release))
        .route("/holds/discard", post(holds::discard))
        .route("/failures/retry", post(failures::retry))
        .route("/failures/discard", post(failures::discard))
        .route("/duplicates/undo", get(pairs::ask_undo).post(pairs::undo))
        .route("/alerts/acknowledge", post(alerts::acknowledge))
        .route("/alerts/silence", post(alerts::silence))
        .route("/alerts/end", post(alerts::end_silence))
        .route("/schedule/pause", post(pauses::pause))
        .route("/schedule/resume", post(pauses::resume))
}

/// What was done stays on a page.
fn told_page(title: &str, lines: &[Markup]) -> Html<String> {
    let answer = format!("Done: {}", counted(lines.len(), "decision"));
    let body = html! {
        ul.list { @for line in lines { li { (line) } } }
        p { a href="/holds" { "Holds" } " · " a href="/failures" { "Failures" } " · " a href="/alerts" { "Alerts" } " · " a href="/schedule" { "Schedule" } " · " a href="/audit" { "Audit" } }
    };
    Shell::new(title, &answer).show(&body)
}

fn whose(institution: Uuid, slug: &str, at: Option<Clock>) -> Whose<'_> {
    Whose {
        institution,
        slug,
        at,
        allow_future: false,
        wait: false,
    }
}

impl From<RunError> for PageError {
    fn from(error: RunError) -> PageError {
        let help = error.help().unwrap_or_default();
        PageError::moved("It was not done", format!("{error}. {help}"))
    }
}
