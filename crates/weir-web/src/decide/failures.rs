//! Retries and discards selected failures.

use super::form::{DecisionForm, looks_only, signature};
use super::{told_page, whose};
use crate::access::Visitor;
use crate::parts::told;
use crate::refusal::PageError;
use axum::http::HeaderMap;
use axum::response::Html;
use maud::{Markup, html};
use weir_model::Clock;
use weir_runtime::actions::failures as failing;
use weir_runtime::engine::person::{self, DecisionRecord};
use weir_store::failures::{self, FailedDocument};

/// The buttons for selected failures, within their form.
pub(crate) fn failure_buttons(site: &Visitor) -> Markup {
    if !site.decides() {
        return looks_only();
    }
    html! {
        div.decision {
            h2 { "Decide about the selected ads" }
            div.fields { (signature(site, "")) }
            p.act {
                button formaction="/failures/retry" { "Retry" }
                button.quiet formaction="/failures/discard" { "Discard" }
                span.soft { "Retry: the next run derives them again. Discard: this content is ignored; other content counts again." }
            }
        }
    }
}

/// The selected failures, as they were seen.
async fn chosen(site: &Visitor, decision: &DecisionForm) -> Result<Vec<FailedDocument>, PageError> {
    let found = failures::find(&mut *site.connection().await?, &decision.ids()).await?;
    // Numbers of documents are unique within an institution; the revision tells the others apart.
    let seen = found
        .into_iter()
        .filter(|one| decision.is_as_seen(one.document_id, Some(&one.revision)));
    let seen: Vec<FailedDocument> = seen.collect();
    if seen.len() < decision.seen.len() {
        return Err(PageError::moved(
            "An ad has changed since you saw it",
            "Nothing was decided. Failures shows how they are now.",
        ));
    }
    Ok(seen)
}

pub(super) async fn retry(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let found = chosen(&site, &decision).await?;
    let at = Clock((site.now)());
    let mut lines = Vec::new();
    for of_one in found.chunk_by(|one, other| one.institution_id == other.institution_id) {
        let all: Vec<&FailedDocument> = of_one.iter().collect();
        failing::retry(
            &site.store,
            whose(of_one[0].institution_id, &of_one[0].institution, None),
            &all,
            decision.ruling(at),
        )
        .await?;
        lines.extend(
            of_one.iter().map(
                |one| html! { (told(&one.external_id, 80)) ": the next run derives it again" },
            ),
        );
    }
    Ok(told_page(&site, "Failures", &lines))
}

pub(super) async fn discard(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let found = chosen(&site, &decision).await?;
    let at = Clock((site.now)());
    let mut lines = Vec::new();
    for of_one in found.chunk_by(|one, other| one.institution_id == other.institution_id) {
        let documents: Vec<i64> = of_one.iter().map(|one| one.document_id).collect();
        let whose = whose(of_one[0].institution_id, &of_one[0].institution, Some(at));
        let named = failing::named(&of_one.iter().collect::<Vec<_>>());
        let note = failing::note("discarded", &named, decision.ruling(at));
        let record = DecisionRecord::InTrail(note);
        person::decide(&site.store, whose, record, async |connection| {
            let now = failures::find(connection, &documents).await?;
            let now: Vec<FailedDocument> = now
                .into_iter()
                .filter(|one| one.institution_id == whose.institution)
                .filter(|one| decision.is_as_seen(one.document_id, Some(&one.revision)))
                .collect();
            if now.len() < of_one.len() {
                return Err(PageError::moved(
                    "An ad has changed since you saw it",
                    "Nothing was decided. Failures shows how they are now.",
                ));
            }
            failing::discard(connection, &now, decision.ruling(at)).await?;
            Ok::<_, PageError>(())
        })
        .await?;
        lines.extend(
            of_one
                .iter()
                .map(|one| html! { (told(&one.external_id, 80)) ": this content is ignored" }),
        );
    }
    Ok(told_page(&site, "Failures", &lines))
}
