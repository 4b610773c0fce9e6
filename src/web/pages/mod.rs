//! The pages: a file each. Every page answers one question in its first line, in words; the evidence
//! follows, and then the way on. A page takes one connection, asks everything, and gives it back
//! before it writes.

mod alert;
mod alerts;
mod audit;
mod duplicates;
mod failures;
mod frameworks;
mod hold;
mod holds;
mod institution_state;
mod job;
mod jobs;
mod reports;
mod rules;
mod run;
mod runs;
mod schedule;
mod sources;
mod system;
mod today;
mod trends;
mod work;

use super::Site;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;

/// Rows of a page; one more is asked for, to know whether others follow.
const ROWS: usize = 50;

/// The routes of all pages.
pub(super) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(today::page))
        .route("/runs", get(runs::page))
        .route("/runs/{institution}/{run}", get(run::page))
        .route("/schedule", get(schedule::page))
        .route("/sources", get(sources::page))
        .route("/failures", get(failures::page))
        .route("/ads", get(job::of_ad))
        .route("/holds", get(holds::page))
        .route("/holds/decide", get(hold::several))
        .route("/holds/{hold}", get(hold::page))
        .route("/duplicates", get(duplicates::page))
        .route("/jobs", get(jobs::page))
        .route("/jobs/{job}", get(job::page))
        .route("/rules", get(rules::page))
        .route("/frameworks", get(frameworks::page))
        .route("/trends", get(trends::page))
        .route("/alerts", get(alerts::page))
        .route("/alerts/{cause}", get(alert::page))
        .route("/reports", get(reports::page))
        .route("/reports/{day}", get(reports::day))
        .route("/audit", get(audit::page))
        .route("/system", get(system::page))
}

/// How many rows are asked for.
fn asked() -> i64 {
    i64::try_from(ROWS).unwrap_or(i64::MAX) + 1
}

/// Cuts rows to a page; whether others follow.
fn cut<T>(rows: &mut Vec<T>) -> bool {
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    more
}
