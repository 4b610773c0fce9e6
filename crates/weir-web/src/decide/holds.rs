//! Releases and discards holds, among them those of pairs of ads.

use super::form::{DecisionForm, looks_only, signature};
use super::{told_page, whose};
use crate::access::Visitor;
use crate::refusal::PageError;
use crate::shell::prose;
use axum::http::HeaderMap;
use axum::response::Html;
use maud::{Markup, html};
use weir_model::Clock;
use weir_reporting::report::columns::counted;
use weir_reporting::report::holds::{done, name};
use weir_runtime::actions::holds::answer;
use weir_runtime::engine::person::{self, DecidedTable, DecisionRecord};
use weir_store::holds::{self, Hold};

/// The forms that decide these holds.
pub(crate) fn hold_forms(site: &Visitor, open: &[Hold]) -> Markup {
    if !site.decides() {
        return looks_only();
    }
    let what = counted(open.len(), "hold");
    html! {
        @if !open.is_empty() {
            form.decision method="post" action="/holds/release" {
                h2 { "Decide" }
                @for hold in open { input type="hidden" name="hold" value=(name(hold)); }
                div.fields { (signature(site, "")) }
                p.act {
                    button formaction="/holds/release" { "Release " (what) }
                    button.quiet formaction="/holds/discard" { "Discard " (what) }
                    span.soft { "What each answer does is above; it is refused if that has changed by then." }
                }
            }
        }
    }
}

/// The form that judges a pair of ads.
pub(crate) fn pair_form(site: &Visitor, hold: &Hold) -> Markup {
    if !site.decides() {
        return html! {};
    }
    html! {
        form.decision method="post" action="/holds/release" {
            input type="hidden" name="hold" value=(name(hold));
            div.fields { (signature(site, "looked at both")) }
            p.act { button formaction="/holds/release" { "Same opening" } button.quiet formaction="/holds/discard" { "Two openings" } }
        }
    }
}

pub(super) async fn release(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    decide_holds(&site, &headers, &form, true).await
}

pub(super) async fn discard(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    decide_holds(&site, &headers, &form, false).await
}

/// Decides holds one by one, each only if it is as it was seen; all are looked at first.
async fn decide_holds(
    site: &Visitor,
    headers: &HeaderMap,
    form: &str,
    release: bool,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(site, headers, form)?;
    let open = holds::find(&mut *site.connection().await?, &decision.ids()).await?;
    if open.len() < decision.seen.len() {
        return Err(PageError::moved(
            "A hold is not open any more",
            "Holds lists those that wait.",
        ));
    }
    for hold in &open {
        unmoved(&decision, hold)?;
    }
    let at = Clock((site.now)());
    let mut lines = Vec::new();
    for shown in &open {
        let whose = whose(shown.institution_id, &shown.institution, Some(at));
        let effect = person::decide(
            &site.store,
            whose,
            DecisionRecord::InTable(DecidedTable::Holds),
            async |connection| {
                // A run may have ended or changed it before the lock was taken.
                let found = holds::find(connection, &[shown.id]).await?;
                let hold = found.first().ok_or_else(|| {
                    PageError::moved(
                        "A hold is not open any more",
                        "Holds lists those that wait.",
                    )
                })?;
                unmoved(&decision, hold)?;
                let effect = answer(connection, hold, release, decision.ruling(at)).await?;
                Ok::<_, PageError>(effect)
            },
        );
        let effect = effect.await?;
        lines.push(html! { a href={ "/holds/" (shown.id) } { "hold " (shown.id) } ": " (prose(&done(shown, effect))) });
    }
    Ok(told_page(site, "Holds", &lines))
}

fn unmoved(decision: &DecisionForm, hold: &Hold) -> Result<(), PageError> {
    if decision.is_as_seen(hold.id, hold.revision.as_deref()) {
        return Ok(());
    }
    Err(PageError::moved(
        format!("Hold {} has changed since you saw it", hold.id),
        format!(
            "Nothing was decided about it. Look again: `/holds/{}`.",
            hold.id
        ),
    ))
}
