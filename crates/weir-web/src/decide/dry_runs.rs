//! Asks for a dry run of an institution, stops one, and rehearses its files on what is stored.
//! Bound to the plan that was shown: what is asked for is what is tried.

use super::form::{DecisionForm, looks_only, signature};
use crate::access::Visitor;
use crate::catalog::{Catalog, CatalogEntry};
use crate::links;
use crate::refusal::PageError;
use crate::rehearsing::{cut_short, rehearsed};
use crate::shell::PageShell;
use axum::http::HeaderMap;
use axum::response::{Html, Redirect};
use maud::{Markup, html};
use std::sync::Arc;
use weir_model::Clock;
use weir_project::plan::Plan;
use weir_reporting::report::columns::line;
use weir_reporting::report::rehearsal;
use weir_runtime::actions::dry_runs;
use weir_runtime::orchestration::scheduler::project_of;
use weir_store::dry_runs::DryRunLine;
use weir_store::queue::DueUnit;

/// The form that asks for a dry run of an institution, or for a rehearsal.
pub(crate) fn dry_run_form(site: &Visitor, entry: &CatalogEntry) -> Markup {
    let Some(plan) = &entry.plan else {
        return html! { p.soft { "Its files let nothing run: " code { "weir check" } " shows why." } };
    };
    if !site.decides() {
        return looks_only();
    }
    html! {
        form.decision method="post" action="/dry-runs/ask" {
            input type="hidden" name="institution" value=(plan_name(plan));
            div.fields { (signature(site, "to see what a run would do")) }
            p.act {
                button { "Dry run" }
                button.quiet formaction="/dry-runs/rehearse" { "Rehearse on stored ads" }
                span.soft { "A dry run reads the sources and shows every job that a run would change; a rehearsal judges what is stored by the files as they are. Neither writes a job." }
            }
        }
    }
}

/// What a form says of an institution that it shows: its slug, and the plan that it has.
fn plan_name(plan: &Plan) -> String {
    format!("{}@{}", plan.institution.slug, plan.fingerprint())
}

/// The form that stops a dry run.
pub(crate) fn stop_form(site: &Visitor, dry_run: &DryRunLine) -> Markup {
    html! {
        @if site.decides() && dry_run.is_open() {
            form.decision method="post" action="/dry-runs/stop" {
                input type="hidden" name="institution" value={ (dry_run.slug) "@" (dry_run.id) };
                div.fields { (signature(site, "")) }
                p.act { button.quiet { "Stop it" } span.soft { "Nothing was written, so nothing is lost." } }
            }
        }
    }
}

/// The plan that a form is about, if it is as it was shown.
async fn chosen(site: &Visitor, decision: &DecisionForm) -> Result<Arc<Plan>, PageError> {
    let [(slug, seen)] = decision.institutions.as_slice() else {
        return Err(PageError::bad(
            "One institution at a time",
            "Its page has the button.",
        ));
    };
    let catalog = Catalog::load(&mut *site.connection().await?, site).await?;
    let entry = catalog.named(slug)?;
    let plan = entry.plan.clone();
    let plan = plan.filter(|plan| plan.fingerprint().to_string() == *seen);
    let plan = plan.ok_or_else(|| {
        PageError::moved(
            "The files have changed since you saw them",
            "Nothing was tried. Open the page again: it tries the files as they are now.",
        )
    })?;
    if entry.id.is_none() && site.who().institutions.is_some() {
        return Err(PageError::moved(
            format!("{} has not run yet", line(slug, 60)),
            "Nothing was tried. After its first run its dry runs can be seen here.",
        ));
    }
    Ok(plan)
}

pub(super) async fn ask(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Redirect, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let plan = chosen(&site, &decision).await?;
    let now = (site.now)();
    let unit = DueUnit {
        institution: plan.institution.id,
        slug: plan.institution.slug.clone(),
        source: String::new(),
        due_at: now,
        ready_at: now,
        plan: plan.fingerprint().to_vec(),
        queues: true,
    };
    let project = project_of(&site.store);
    let asked = dry_runs::ask(&site.store, &project, &unit, decision.ruling(Clock(now))).await?;
    let number = asked.ok_or_else(|| {
        PageError::moved(
            "Another dry run of it has just ended",
            "Nothing was tried. Go back and ask again.",
        )
    })?;
    Ok(Redirect::to(&links::dry_run(number)))
}

pub(super) async fn stop(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Redirect, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let over = || {
        PageError::moved(
            "There is nothing to stop",
            "The dry run has ended. Its page shows how.",
        )
    };
    let Some((slug, number)) = decision.institutions.first() else {
        return Err(over());
    };
    let number = number.parse().map_err(|_| over())?;
    let known = weir_store::dry_runs::one(&mut *site.connection().await?, number).await?;
    let institution = {
        let catalog = Catalog::load(&mut *site.connection().await?, &site).await?;
        let entry = catalog.named(slug)?;
        entry
            .id
            .or(entry.plan.as_ref().map(|plan| plan.institution.id))
    };
    let (Some(_), Some(institution)) = (known.filter(|known| known.slug == *slug), institution)
    else {
        return Err(over());
    };
    let ruling = decision.ruling(Clock((site.now)()));
    if !dry_runs::stop(&site.store, institution, number, ruling).await? {
        return Err(over());
    }
    Ok(Redirect::to(&links::dry_run(number)))
}

/// What the files as they are would do to the stored ads of an institution.
pub(super) async fn rehearse(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let plan = chosen(&site, &decision).await?;
    let slug = plan.institution.slug.clone();
    let sandbox = Arc::clone(&site.project().sandbox);
    let pages = rehearsed(&site, sandbox, vec![plan]).await?;
    let answer = if pages.is_empty() {
        cut_short(0, 1)
    } else {
        rehearsal::answer(&pages)
    };
    let body = html! {
        @if pages.is_empty() { p { code { "weir rehearse " (line(&slug, 60)) } " has no limit of time." } }
        @for page in &pages { (rehearsal::institution(page)) }
        p.soft { "The files as they are, on the ads that are stored. No source was read, and nothing was written." }
    };
    let over = html! { a href="/runs" { "Runs" } " › " a href=(links::address("/runs", [("institution", slug.as_str())])) { (line(&slug, 60)) } " › Rehearsal" };
    Ok(PageShell::new("Rehearsal", &answer)
        .at("/runs")
        .over(over)
        .show(&site, &body))
}
