//! What an operator decides on pages: release or discard holds, retry or discard failures, judge
//! pairs of ads, take a judgement back, look after alerts, pause schedules, ask for a dry run. Through `actions`,
//! under the lock of the institution, as the commands do; bound to what was shown by its revision.
//!
//! A request must come from a page of this process ([`form`]). It must never decide what has
//! changed since it was seen. To add a decision: a file here with its form and what it does, a line
//! in [`router`].

mod alerts;
mod dry_runs;
mod failures;
mod form;
mod holds;
mod pairs;
mod pauses;

pub(super) use alerts::{cause_buttons, silence_form};
pub(super) use dry_runs::{dry_run_form, stop_form};
pub(super) use failures::failure_buttons;
pub(super) use form::{check_sender, is_own, signature};
pub(super) use holds::{hold_forms, pair_form};
pub(super) use pauses::{pause_buttons, pause_name};

use super::Site;
use super::access::Visitor;
use super::refusal::PageError;
use super::shell::PageShell;
use axum::Router;
use axum::response::Html;
use axum::routing::{MethodRouter, get, post};
use maud::{Markup, html};
use std::sync::Arc;
use uuid::Uuid;
use weir_model::Clock;
use weir_reporting::report::columns::counted;
use weir_runtime::engine::RunError;
use weir_runtime::engine::person::DecisionScope;

/// The address of a decision, and what carries it out.
type DecisionRoute = (&'static str, fn() -> MethodRouter<Arc<Site>>);

/// All decisions: forms are sent to these.
pub(super) const DECISIONS: [DecisionRoute; 13] = [
    ("/holds/release", || post(holds::release)),
    ("/holds/discard", || post(holds::discard)),
    ("/failures/retry", || post(failures::retry)),
    ("/failures/discard", || post(failures::discard)),
    ("/duplicates/undo", || {
        get(pairs::ask_undo).post(pairs::undo)
    }),
    ("/alerts/acknowledge", || post(alerts::acknowledge)),
    ("/alerts/silence", || post(alerts::silence)),
    ("/alerts/end", || post(alerts::end_silence)),
    ("/schedule/pause", || post(pauses::pause)),
    ("/schedule/resume", || post(pauses::resume)),
    ("/dry-runs/ask", || post(dry_runs::ask)),
    ("/dry-runs/stop", || post(dry_runs::stop)),
    ("/dry-runs/rehearse", || post(dry_runs::rehearse)),
];

/// The routes of decisions.
pub(super) fn router() -> Router<Arc<Site>> {
    let all = DECISIONS.into_iter();
    all.fold(Router::new(), |router, (path, decide)| {
        router.route(path, decide())
    })
}

/// What was done stays on a page.
fn told_page(site: &Visitor, title: &str, lines: &[Markup]) -> Html<String> {
    let answer = format!("Done: {}", counted(lines.len(), "decision"));
    let body = html! {
        ul.list { @for line in lines { li { (line) } } }
        p { a href="/holds" { "Holds" } " · " a href="/failures" { "Failures" } " · " a href="/alerts" { "Alerts" } " · " a href="/schedule" { "Schedule" } " · " a href="/audit" { "Audit" } }
    };
    PageShell::new(title, &answer).show(site, &body)
}

fn whose(institution: Uuid, slug: &str, at: Option<Clock>) -> DecisionScope<'_> {
    DecisionScope {
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
