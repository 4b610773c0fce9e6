//! Holds back the schedules of institutions, and lets them go on. Bound to the pause that was
//! shown, or to there being none.

use super::form::{DecisionForm, selected};
use super::told_page;
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::parts::told;
use crate::refusal::PageError;
use axum::http::HeaderMap;
use axum::response::Html;
use chrono::{DateTime, NaiveDateTime, Utc};
use maud::{Markup, html};
use std::sync::Arc;
use weir_project::plan::Plan;
use weir_reporting::report::page::when;
use weir_runtime::actions::pauses;
use weir_store::schedules::{self, InstitutionPause};

/// What a form says of an institution that it shows: its slug, and the pause that it has.
pub(crate) fn pause_name(slug: &str, pause: Option<&InstitutionPause>) -> String {
    let revision = pause.map_or(0, |pause| pause.paused_at.timestamp_micros());
    format!("{slug}@{revision:x}")
}

/// The fields and buttons for institutions that are selected, within their form.
pub(crate) fn pause_buttons(site: &Visitor) -> Markup {
    let until = html! {
        label { span { "Until, in its zone; empty: until it is resumed" } input type="datetime-local" name="until"; }
    };
    let acts = html! {
        button formaction="/schedule/pause" { "Pause" }
        button.quiet formaction="/schedule/resume" { "Resume" }
        span.soft { "A pause holds back the schedule; runs by hand go on. What was due meanwhile is made up for once." }
    };
    selected(site, &until, &acts)
}

/// The plans of the institutions that are decided about, if all are as they were seen.
async fn chosen(site: &Visitor, decision: &DecisionForm) -> Result<Vec<Arc<Plan>>, PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let pauses = schedules::pauses(&mut connection, (site.now)()).await?;
    let mut plans = Vec::new();
    for (slug, seen) in &decision.institutions {
        let plan = catalog.named(slug)?.plan.clone().ok_or_else(|| {
            PageError::moved(
                "An institution has no schedule any more",
                "Nothing was decided. `weir check` shows what is wrong with its files.",
            )
        })?;
        let pause = pauses
            .iter()
            .find(|pause| pause.institution_id == plan.institution.id);
        if pause_name(slug, pause) != format!("{slug}@{seen}") {
            return Err(PageError::moved(
                "A pause has changed since you saw it",
                "Nothing was decided. Schedule shows how it is now.",
            ));
        }
        plans.push(plan);
    }
    Ok(plans)
}

pub(super) async fn pause(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let now = (site.now)();
    let ruling = decision.ruling(weir_model::Clock(now));
    let plans = chosen(&site, &decision).await?;
    let pause_of = |plan: &Arc<Plan>| {
        Ok(InstitutionPause {
            institution_id: plan.institution.id,
            slug: plan.institution.slug.clone(),
            until: end(decision.text("until"), plan, now)?,
            reason: ruling.reason.to_owned(),
            paused_by: ruling.by.to_owned(),
            paused_at: now,
        })
    };
    let all: Vec<InstitutionPause> = plans
        .iter()
        .map(pause_of)
        .collect::<Result<_, PageError>>()?;
    pauses::pause(&site.store, &all).await?;
    let line = |(pause, plan): (&InstitutionPause, &Arc<Plan>)| {
        html! {
            (told(&pause.slug, 60)) ": paused "
            @match pause.until { Some(until) => { "until " (when(until, plan.zone, now)) }, None => { "until it is resumed" } }
        }
    };
    let lines: Vec<Markup> = all.iter().zip(&plans).map(line).collect();
    Ok(told_page(&site, "Schedule", &lines))
}

/// When a pause ends by itself: a time of day in the zone of its institution.
fn end(text: &str, plan: &Plan, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M");
    let local = local.ok().and_then(|local| {
        // A time that the clocks skip is the first one after it.
        local.and_local_timezone(plan.zone).earliest().or_else(|| {
            (local + chrono::TimeDelta::hours(1))
                .and_local_timezone(plan.zone)
                .earliest()
        })
    });
    let until = local.map(|until| until.to_utc()).ok_or_else(|| {
        PageError::bad(
            "The end of the pause cannot be read",
            "Choose a day and a time.",
        )
    })?;
    if until <= now {
        return Err(PageError::bad(
            "The pause would end before it begins",
            "Choose a time in the future, or none.",
        ));
    }
    Ok(Some(until))
}

pub(super) async fn resume(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let now = (site.now)();
    let ruling = decision.ruling(weir_model::Clock(now));
    let plans = chosen(&site, &decision).await?;
    let all: Vec<_> = plans
        .iter()
        .map(|plan| (plan.institution.id, plan.institution.slug.clone()))
        .collect();
    let resumed = pauses::resume(&site.store, &all, ruling.by, ruling.reason, now).await?;
    let line = |(_, slug): &(_, String)| {
        let done = if resumed.contains(slug) {
            "goes on"
        } else {
            "was not paused"
        };
        html! { (told(slug, 60)) ": " (done) }
    };
    Ok(told_page(
        &site,
        "Schedule",
        &all.iter().map(line).collect::<Vec<_>>(),
    ))
}

#[cfg(test)]
mod tests {
    use super::pause_name;
    use weir_store::schedules::InstitutionPause;

    #[test]
    fn a_pause_that_is_replaced_has_another_name() {
        let pause = |second| InstitutionPause {
            institution_id: uuid::Uuid::nil(),
            slug: "acme".to_owned(),
            until: None,
            reason: String::new(),
            paused_by: String::new(),
            paused_at: chrono::DateTime::from_timestamp(second, 0).unwrap(),
        };
        let names = [None, Some(pause(1)), Some(pause(2))];
        let names = names.map(|pause| pause_name("acme", pause.as_ref()));
        assert_eq!(names, ["acme@0", "acme@f4240", "acme@1e8480"]);
    }
}
