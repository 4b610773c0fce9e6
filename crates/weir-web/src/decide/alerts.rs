//! Acknowledges causes, keeps them silent for some hours, ends silences. A cause is bound to what
//! was shown of it: whether it lasts, and who looks after it.

use super::form::{DecisionForm, selected, signature};
use super::told_page;
use crate::access::Visitor;
use crate::parts::told;
use crate::refusal::PageError;
use axum::http::HeaderMap;
use axum::response::Html;
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use weir_model::Clock;
use weir_reporting::report::alerts::revision;
use weir_reporting::report::columns::counted;
use weir_runtime::actions::alerts::{self as actions, SilenceScope};
use weir_store::alerts::{self as stored, AlertCause, AlertSilence};
use weir_store::{Connection, PgConnection, StoreError};

/// For how long causes can be silenced, each with its words.
const HOURS: [(i64, &str); 7] = [
    (1, "1 hour"),
    (4, "4 hours"),
    (8, "8 hours"),
    (24, "1 day"),
    (72, "3 days"),
    (168, "7 days"),
    (720, "30 days"),
];

/// The fields and buttons for causes that are selected, within their form.
pub(crate) fn cause_buttons(site: &Visitor) -> Markup {
    let hours = html! {
        label { span { "Silent for" } select name="hours" { @for (hours, words) in HOURS { option value=(hours) selected[hours == 24] { (words) } } } }
    };
    let acts = html! {
        button formaction="/alerts/acknowledge" { "I look after it" }
        button.quiet formaction="/alerts/silence" { "Silence" }
        span.soft { "What still fires when a silence ends is sent then; that it is over is always sent." }
    };
    selected(site, &hours, &acts)
}

/// The form that ends a silence.
pub(crate) fn silence_form(site: &Visitor, number: i64, silence: &AlertSilence) -> Markup {
    if !site.decides() || !ends(site, silence) {
        return html! {};
    }
    html! {
        details {
            summary { "End it" }
            form method="post" action="/alerts/end" {
                input type="hidden" name="silence" value={ (number) "@" };
                div.fields { (signature(site, "")) }
                p.act { button { "End silence " (number) } }
            }
        }
    }
}

/// The causes that are decided about, if all are as they were seen.
fn as_seen(decision: &DecisionForm, causes: &[AlertCause]) -> Result<(), PageError> {
    let is_seen = |cause: &AlertCause| {
        cause.resolved_at.is_none() && decision.is_as_seen(cause.id, Some(&revision(cause)))
    };
    if causes.len() == decision.seen.len() && causes.iter().all(is_seen) {
        return Ok(());
    }
    Err(PageError::moved(
        "An alert has changed since you saw it",
        "Nothing was decided. Alerts shows how they are now.",
    ))
}

/// Those of the causes that whoever decides may see.
async fn visible(site: &Visitor, decision: &DecisionForm) -> Result<Vec<i64>, PageError> {
    let mut connection = site.connection().await?;
    let causes = stored::causes(&mut connection, &decision.ids(), (site.now)()).await?;
    Ok(causes.iter().map(|cause| cause.id).collect())
}

/// Does something about the causes of a decision, all of it or nothing, if they are as they were
/// seen; gives them.
async fn decide(
    site: &Visitor,
    decision: &DecisionForm,
    now: DateTime<Utc>,
    work: impl AsyncFnOnce(&mut PgConnection, &[AlertCause]) -> Result<(), StoreError>,
) -> Result<Vec<AlertCause>, PageError> {
    let ids = visible(site, decision).await?;
    let mut connection = site.store.connection().await?;
    let mut tx = connection.begin().await.map_err(StoreError::from)?;
    stored::lock(&mut tx).await?;
    let causes = stored::causes(&mut tx, &ids, now).await?;
    as_seen(decision, &causes)?;
    work(&mut tx, &causes).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(causes)
}

pub(super) async fn acknowledge(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let now = (site.now)();
    let ruling = decision.ruling(Clock(now));
    let causes = decide(&site, &decision, now, async |tx, causes| {
        let ids: Vec<i64> = causes.iter().map(|cause| cause.id).collect();
        actions::acknowledge(tx, &ids, ruling.by, Some(ruling.reason), now).await?;
        Ok(())
    });
    let causes = causes.await?;
    let lines: Vec<Markup> = causes
        .iter()
        .map(|cause| html! { (link(cause)) ": " (told(ruling.by, 60)) " looks after it" })
        .collect();
    Ok(told_page(&site, "Alerts", &lines))
}

pub(super) async fn silence(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let hours = decision.text("hours").parse();
    let hours = hours.ok().filter(|hours| (1..=720).contains(hours));
    let hours: i64 = hours.ok_or_else(|| {
        PageError::bad("For how long is not said", "Choose from 1 hour to 30 days.")
    })?;
    let now = (site.now)();
    let causes = decide(&site, &decision, now, async |tx, causes| {
        for cause in causes {
            let span = TimeDelta::hours(hours);
            actions::silence(tx, scope_of(cause), span, decision.ruling(Clock(now))).await?;
        }
        Ok(())
    });
    let causes = causes.await?;
    let span = counted(usize::try_from(hours).unwrap_or_default(), "hour");
    let lines: Vec<Markup> = causes
        .iter()
        .map(|cause| html! { (link(cause)) ": silent for " (span) })
        .collect();
    Ok(told_page(&site, "Alerts", &lines))
}

/// The silence of one cause alone.
fn scope_of(cause: &AlertCause) -> SilenceScope {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    SilenceScope {
        alert: Some(cause.key.alert.clone()),
        institution: given(&cause.key.institution),
        source: given(&cause.key.source_id),
    }
}

/// Whether somebody may end a silence: of all institutions only who sees all of them.
fn ends(site: &Visitor, silence: &AlertSilence) -> bool {
    let institution = silence.institution.as_deref();
    institution.map_or(site.who().institutions.is_none(), |slug| site.sees(slug))
}

pub(super) async fn end_silence(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let decision = DecisionForm::read(&site, &headers, &form)?;
    let now = (site.now)();
    let known = stored::silences(&mut *site.connection().await?, now).await?;
    let mut connection = site.store.connection().await?;
    let mut tx = connection.begin().await.map_err(StoreError::from)?;
    let mut lines = Vec::new();
    for number in decision.ids() {
        let silence = known.iter().find(|(known, _)| *known == number);
        if silence.is_some_and(|(_, silence)| !ends(&site, silence)) {
            return Err(PageError::not_allowed(
                format!("Silence {number} is of all institutions"),
                "Nothing was changed. Who sees all of them can end it.",
            ));
        }
        if silence.is_none()
            || !actions::end_silence(&mut tx, number, decision.ruling(Clock(now))).await?
        {
            return Err(PageError::moved(
                format!("Silence {number} is over already"),
                "Nothing was changed. Alerts lists those that last.",
            ));
        }
        lines.push(html! { "silence " (number) " has ended" });
    }
    tx.commit().await.map_err(StoreError::from)?;
    Ok(told_page(&site, "Alerts", &lines))
}

fn link(cause: &AlertCause) -> Markup {
    html! { a href={ "/alerts/" (cause.id) } { (told(&cause.key.alert, 60)) " " (told(&cause.key.institution, 60)) } }
}
