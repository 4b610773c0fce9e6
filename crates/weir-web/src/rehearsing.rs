//! Rehearsals on pages: what files would do to the ads that are stored, of the draft on the
//! workbench and of the files as they are. Nothing is read from a source, and nothing is written.
//!
//! Must never hold the pages up: it works in turn with whatever else reads stored ads.

use super::access::Visitor;
use super::aside::{WORKS_FOR, in_turn};
use super::refusal::PageError;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};
use weir_model::Clock;
use weir_project::plan::Plan;
use weir_reporting::report::columns::counted;
use weir_reporting::report::rehearsal::RehearsalPage;
use weir_rule::ScriptSandbox;
use weir_runtime::engine::RunError;
use weir_runtime::engine::rehearse::{RehearsalRequest, rehearse_institution};
use weir_store::Store;

/// Examples of each kind.
const EXAMPLES: usize = 5;

/// What the plans would do, one after the other, as far as there is time.
pub(super) async fn rehearsed(
    site: &Visitor,
    sandbox: Arc<ScriptSandbox>,
    plans: Vec<Arc<Plan>>,
) -> Result<Vec<RehearsalPage>, PageError> {
    let (store, now) = (site.store.clone(), site.now);
    let work = async move |ends| rehearse_all(&store, &sandbox, &plans, (now, ends)).await;
    Ok(in_turn(site, work).await??)
}

async fn rehearse_all(
    store: &Store,
    sandbox: &Arc<ScriptSandbox>,
    plans: &[Arc<Plan>],
    (now, ends): (fn() -> DateTime<Utc>, Instant),
) -> Result<Vec<RehearsalPage>, RunError> {
    let asked = RehearsalRequest {
        at: Clock(now()),
        all: false,
        examples: EXAMPLES,
    };
    let mut pages = Vec::new();
    for plan in plans {
        let begun = now();
        let found = rehearse_institution(store, sandbox, plan, asked);
        let Ok(found) = timeout_at(ends, found).await else {
            break;
        };
        let found = found?;
        pages.push(RehearsalPage {
            institution: plan.institution.slug.clone(),
            millis: (now() - begun).num_milliseconds(),
            sources: found.sources,
            openings: found.openings,
        });
    }
    Ok(pages)
}

/// What there was no time for.
pub(super) fn cut_short(rehearsed: usize, wanted: usize) -> String {
    let seconds = WORKS_FOR.as_secs();
    let rehearsed = counted(rehearsed, "institution");
    format!("{rehearsed} of {wanted} rehearsed within {seconds} s.")
}
