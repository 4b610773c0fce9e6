//! The pages: a file each. Every page answers one question in its first line, in words; the
//! evidence follows, and then the way on. A page takes one connection, asks everything, and gives
//! it back before it writes.

mod alert;
mod alerts;
mod audit;
mod dry_run;
mod duplicates;
mod failures;
mod frameworks;
mod hold;
mod holds;
mod institution_state;
mod job;
mod jobs;
mod reports;
mod rule_comparison;
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
use axum::routing::{MethodRouter, get};
use std::sync::Arc;

/// Rows of a page; one more is asked for, to know whether others follow.
const ROWS: usize = 50;

/// The address of a page, and what shows it.
type PageRoute = (&'static str, fn() -> MethodRouter<Arc<Site>>);

/// All pages.
pub(super) const PAGES: [PageRoute; 24] = [
    ("/", || get(today::page)),
    ("/runs", || get(runs::page)),
    ("/runs/{institution}/{run}", || get(run::page)),
    ("/dry-runs/{number}", || get(dry_run::page)),
    ("/schedule", || get(schedule::page)),
    ("/sources", || get(sources::page)),
    ("/failures", || get(failures::page)),
    ("/ads", || get(job::of_ad)),
    ("/holds", || get(holds::page)),
    ("/holds/decide", || get(hold::several)),
    ("/holds/{hold}", || get(hold::page)),
    ("/duplicates", || get(duplicates::page)),
    ("/jobs", || get(jobs::page)),
    ("/jobs/{job}", || get(job::page)),
    ("/rules", || get(rules::page)),
    ("/rules/compare", || get(rule_comparison::page)),
    ("/frameworks", || get(frameworks::page)),
    ("/trends", || get(trends::page)),
    ("/alerts", || get(alerts::page)),
    ("/alerts/{cause}", || get(alert::page)),
    ("/reports", || get(reports::page)),
    ("/reports/{day}", || get(reports::day)),
    ("/audit", || get(audit::page)),
    ("/system", || get(system::page)),
];

/// The routes of all pages.
pub(super) fn router() -> Router<Arc<Site>> {
    let all = PAGES.into_iter();
    all.fold(Router::new(), |router, (path, page)| {
        router.route(path, page())
    })
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
