//! Takes back what was decided about a pair of ads.

use super::form::{DecisionForm, looks_only, signature};
use super::{told_page, whose};
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links;
use crate::parts::told;
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Html;
use maud::html;
use serde::Deserialize;
use uuid::Uuid;
use weir_model::Clock;
use weir_reporting::report::columns::line;
use weir_runtime::actions::duplicates;
use weir_runtime::engine::person::{self, DecidedTable, DecisionRecord};
use weir_store::views::job_list;

/// Which judgement is taken back, as the address says.
#[derive(Debug, Deserialize)]
pub(super) struct UndoQuery {
    one: Uuid,
    other: Uuid,
}

/// Shows what taking a judgement back is about.
pub(super) async fn ask_undo(
    site: Visitor,
    Query(query): Query<UndoQuery>,
) -> Result<Html<String>, PageError> {
    let jobs = {
        let mut connection = site.connection().await?;
        job_list::of_ids(&mut connection, &[query.one, query.other]).await?
    };
    let body = html! {
        ul.list { @for job in &jobs { li { a href=(links::job(job.id)) { (told(&job.title, 140)) } " " code { (told(&job.source_id, 40)) ":" (told(&job.original_id, 60)) } } } }
        @if !site.decides() { (looks_only()) }
        @else { form.decision method="post" action="/duplicates/undo" {
            p { "What was decided about these two ads no longer counts, and they are judged again by the settings of the newest run." }
            @for job in [query.one, query.other] { input type="hidden" name="job" value=(job); }
            div.fields { (signature(&site, "")) }
            p.act { button { "Take it back" } }
        } }
    };
    Ok(
        PageShell::new("Undo", "Take back what was decided about two ads")
            .at("/duplicates")
            .show(&site, &body),
    )
}

pub(super) async fn undo(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let [one, other] = decision.jobs[..] else {
        return Err(PageError::bad(
            "A pair has two ads",
            "Follow the link of a page.",
        ));
    };
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, &site).await?;
    let known = job_list::of_ids(&mut connection, &[one, other]).await?;
    let first = known.iter().find(|job| job.id == one);
    let entry = match first {
        Some(job) => catalog.named(&job.institution)?,
        None => {
            return Err(PageError::unknown(
                "There is no such job",
                "Audit lists what was decided.",
            ));
        }
    };
    let institution = entry.id.unwrap_or_default();
    let pair = duplicates::pair(&mut connection, institution, [one, other]).await?;
    drop(connection);
    let Some(pair) = pair else {
        return Err(PageError::bad(
            "These ads were never compared",
            "Audit lists what was decided.",
        ));
    };
    let at = Clock((site.now)());
    let counts = person::decide(
        &site.store,
        whose(institution, &entry.slug, Some(at)),
        DecisionRecord::InTable(DecidedTable::OpeningDecisions),
        async |tx| {
            let counts = duplicates::undo(tx, &pair, decision.ruling(at)).await?;
            counts.ok_or_else(|| {
                PageError::moved(
                    "Nothing is decided about these ads",
                    "Audit lists what was decided.",
                )
            })
        },
    );
    let words = counts.await?.words();
    let line = html! { "taken back" @if !words.is_empty() { ": " (line(&words, 200)) } };
    Ok(told_page(&site, "Duplicates", &[line]))
}
