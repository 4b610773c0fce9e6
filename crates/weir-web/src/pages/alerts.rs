//! Alerts: what fires, who looks after it, and was it told? What lasts, the worst first; then what
//! is about to fire, silences, channels, what is declared with its tests, and what is over.

use super::{ROWS, asked, cut};
use crate::access::Visitor;
use crate::catalog::{Catalog, CatalogEntry};
use crate::decide::{cause_buttons, silence_form};
use crate::parts::{
    FilterField, OperatingState, and_more, empty, filter, institution_choices, pager, state, told,
};
use crate::refusal::PageError;
use crate::shell::{PageShell, prose};
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use weir_model::AlertStatus;
use weir_project::plan::CheckedProject;
use weir_project::plan::tried::TestKind;
use weir_reporting::report::alerts::{self, AlertPage, about, revision};
use weir_reporting::report::columns::{counted, line, span_words};
use weir_reporting::report::page::when;
use weir_store::alerts::{self as stored, AlertCause, AlertSilence, CauseFilter, StoredState};
use weir_store::notices::ChannelState;

/// Which alerts are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AlertsQuery {
    institution: String,
    before: String,
}

/// What the database says.
struct AlertsFacts {
    catalog: Catalog,
    page: AlertPage,
    /// Causes that are over, the newest first.
    over: Vec<AlertCause>,
    more: bool,
    /// Whether all institutions are seen, and so what belongs to none.
    sees_all: bool,
    now: DateTime<Utc>,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<AlertsQuery>,
) -> Result<Html<String>, PageError> {
    let facts = facts(&site, &query).await?;
    let checked = site.project();
    let next = facts.over.last().filter(|_| facts.more);
    let next = next.map(|cause| cause.id.to_string());
    let body = html! {
        (filter("/alerts", &[FilterField::Choice("institution", "Institution", &query.institution, institution_choices(facts.catalog.all()))]))
        (firing(&facts, &site))
        (elsewhere(&facts))
        (silences(&facts, &site))
        (channels(&facts))
        (declared(&checked))
        (over(&facts))
        (pager("/alerts", &[("institution", &query.institution)], ("before", &query.before), next.as_deref()))
    };
    Ok(PageShell::new("Alerts", &answer(&facts.page.causes))
        .at("/alerts")
        .show(&site, &body))
}

async fn facts(site: &Visitor, query: &AlertsQuery) -> Result<AlertsFacts, PageError> {
    let before = match query.before.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            PageError::bad("The address names no alert", "Follow the link of a page.")
        })?),
    };
    let now = (site.now)();
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let chosen = catalog.chosen(&query.institution)?;
    let chosen: Option<Vec<String>> = chosen.map(|entry| vec![entry.slug.clone()]);
    let wanted = CauseFilter {
        institutions: chosen.as_deref(),
        is_over: true,
        before,
    };
    let mut over = stored::page(&mut connection, wanted, now, asked()).await?;
    let more = cut(&mut over);
    let mut page = alerts::collect(&mut connection, now).await?;
    if let Some([slug]) = chosen.as_deref() {
        page.causes.retain(|cause| cause.key.institution == *slug);
        page.states.retain(|state| state.key.institution == *slug);
    }
    Ok(AlertsFacts {
        catalog,
        page,
        over,
        more,
        sees_all: site.who().institutions.is_none(),
        now,
    })
}

fn answer(causes: &[AlertCause]) -> String {
    let is_left =
        |cause: &&AlertCause| cause.acknowledged_at.is_none() && cause.silenced_until.is_none();
    let (all, left) = (causes.len(), causes.iter().filter(is_left).count());
    let fire = match all {
        0 => return "No alert fires".to_owned(),
        1 => "1 alert fires".to_owned(),
        all => format!("{} fire", counted(all, "alert")),
    };
    match left {
        0 => format!("{fire}; somebody looks after each"),
        left if left == all => format!(
            "{fire}, and nobody looks after {}",
            if all == 1 { "it" } else { "them" }
        ),
        left => format!("{fire}; nobody looks after {left} of them"),
    }
}

/// How a cause stands, by word and symbol.
pub(super) fn standing(cause: &AlertCause) -> Markup {
    match (
        &cause.resolved_at,
        &cause.acknowledged_by,
        cause.silenced_until,
    ) {
        (Some(_), ..) => state(OperatingState::Healthy, "over"),
        (None, Some(_), _) => state(OperatingState::Running, "looked after"),
        (None, None, Some(_)) => state(OperatingState::Paused, "silenced"),
        (None, None, None) if cause.severity == "error" => state(OperatingState::Failing, "error"),
        (None, None, None) => state(OperatingState::NeedsPerson, "warning"),
    }
}

fn firing(facts: &AlertsFacts, site: &Visitor) -> Markup {
    let causes = &facts.page.causes;
    html! {
        @if causes.is_empty() {
            (empty("Nothing is wrong that an alert watches.", "What is watched is declared in `alerts/*.yaml` (docs/alerts.md); runs raise some themselves."))
        } @else {
            form method="post" action="/alerts/acknowledge" {
                div.table { table {
                    thead { tr {
                        th.tick { input type="checkbox" data-all aria-label="select all on this page" hidden; }
                        th { "State" } th { "Alert" } th { "About" } th { "What is wrong" } th { "Since" } th { "Who" }
                    } }
                    tbody { @for cause in causes.iter().take(ROWS) { (cause_row(cause, facts)) } }
                } }
                (cause_buttons(site))
            }
            (and_more(causes.len(), ROWS))
        }
    }
}

fn cause_row(cause: &AlertCause, facts: &AlertsFacts) -> Markup {
    let zone = facts.catalog.zone(&cause.key.institution);
    html! {
        tr data-row {
            td.tick { input type="checkbox" name="cause" value={ (cause.id) "@" (revision(cause)) } aria-label={ "select alert " (cause.id) }; }
            td.state-cell { (standing(cause)) }
            th.named scope="row" { a href={ "/alerts/" (cause.id) } { (told(&cause.key.alert, 60)) } }
            td { (told(&about(&cause.key), 80)) }
            td.wide { (message(&cause.message)) }
            td { (when(cause.fired_at, zone, facts.now)) p.soft { (span_words(facts.now - cause.fired_at)) } }
            td { (attended(cause, facts)) }
        }
    }
}

fn attended(cause: &AlertCause, facts: &AlertsFacts) -> Markup {
    let zone = facts.catalog.zone(&cause.key.institution);
    html! {
        @if let Some(by) = &cause.acknowledged_by { (told(by, 40)) @if let Some(note) = &cause.note { p.soft { (told(note, 120)) } } }
        @if let Some(until) = cause.silenced_until { p.soft { "silent until " (when(until, zone, facts.now)) } }
    }
}

/// A message with names in backticks.
pub(super) fn message(text: &str) -> Markup {
    html! { bdi { (prose(&line(text, 300))) } }
}

/// Alerts that are neither normal nor firing.
fn elsewhere(facts: &AlertsFacts) -> Markup {
    let of = |status: AlertStatus| {
        let states = facts.page.states.iter();
        let states: Vec<&StoredState> = states.filter(|one| one.state == status).collect();
        states
    };
    let groups = [
        (
            "About to fire: true, but not for long enough",
            AlertStatus::Pending,
        ),
        ("Without data: a figure is not known", AlertStatus::NoData),
    ];
    html! {
        @for (title, status) in groups {
            @let states = of(status);
            @if !states.is_empty() {
                section { h2 { (title) } ul.list { @for one in states.iter().take(50) {
                    li { code { (told(&one.key.alert, 60)) } " of " (told(&about(&one.key), 80)) ", since " (when(one.since, facts.catalog.zone(&one.key.institution), facts.now)) }
                } @if states.len() > 50 { li.soft { "and " (states.len() - 50) " more" } } } }
            }
        }
    }
}

fn silences(facts: &AlertsFacts, site: &Visitor) -> Markup {
    html! {
        @if !facts.page.silences.is_empty() {
            section {
                h2 { "Silences" }
                div.table { table {
                    thead { tr { th { "Of" } th { "Until" } th { "Who" } th { "Why" } th { "End it" } } }
                    tbody { @for (number, silence) in &facts.page.silences { tr data-row {
                        th scope="row" { (told(&scope(silence), 120)) }
                        td { (when(silence.ends_at, facts.catalog.zone(silence.institution.as_deref().unwrap_or_default()), facts.now)) }
                        td { (told(&silence.created_by, 40)) }
                        td { (told(&silence.reason, 160)) }
                        td { (silence_form(site, *number, silence)) }
                    } } }
                } }
            }
        }
    }
}

fn scope(silence: &AlertSilence) -> String {
    let parts = [&silence.alert, &silence.institution, &silence.source_id];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() {
        "everything".to_owned()
    } else {
        parts.join(" ")
    }
}

fn channels(facts: &AlertsFacts) -> Markup {
    html! {
        @if !facts.page.channels.is_empty() || facts.sees_all { section #channels {
            h2 { "Channels" }
            @if facts.page.channels.is_empty() { p.soft { (prose("Nothing was sent yet. Channels are declared in `weir.yaml`; `weir alerts try NAME` sends one a message.")) } }
            @else {
                div.table { table {
                    thead { tr { th { "State" } th { "Channel" } th { "Last taken" } th.number { "Waiting" } th { "Why" } } }
                    tbody { @for one in &facts.page.channels { (channel(one, facts.now)) } }
                } }
            }
        } }
    }
}

fn channel(one: &ChannelState, now: DateTime<Utc>) -> Markup {
    let utc = chrono_tz::Tz::UTC;
    html! {
        tr data-row {
            td.state-cell { @if one.failures > 0 { (state(OperatingState::Failing, "refuses")) } @else { (state(OperatingState::Healthy, "takes")) } }
            th scope="row" { (told(&one.channel, 60)) }
            td { @match one.delivered_at { Some(at) => { (when(at, utc, now)) }, None => { span.soft { "never" } } } }
            td.number data-name="waiting" { (one.waiting) }
            td {
                @if let Some(error) = &one.error { (told(error, 200)) }
                @if let Some(next) = one.next_at.filter(|next| *next > now) { " " span.soft { "tried again " (when(next, utc, now)) } }
            }
        }
    }
}

/// What is declared, and whether it does what its tests say.
fn declared(checked: &CheckedProject) -> Markup {
    let tests: Vec<_> = checked
        .tried
        .iter()
        .filter(|test| test.kind == TestKind::Alert)
        .collect();
    let of = |name: &str| {
        let own = tests.iter().filter(|test| test.of == name);
        own.fold((0, 0), |(all, passed), test| {
            (all + 1, passed + usize::from(test.passed()))
        })
    };
    html! {
        section #declared {
            h2 { (counted(checked.alerts.len(), "declared alert")) }
            @if !checked.alerts.is_empty() {
                div.table { table {
                    thead { tr { th { "Alert" } th { "Over" } th { "Fires when" } th { "For" } th { "Severity" } th { "Tests" } } }
                    tbody { @for alert in &checked.alerts { @let (all, passed) = of(&alert.name); tr data-row {
                        th scope="row" { (told(&alert.name, 80)) }
                        td { (alert.over.name()) }
                        td.wide { code { (told(alert.condition(), 160)) } }
                        td { @if alert.hold.is_zero() { span.soft { "at once" } } @else { (span_words(alert.hold)) } }
                        td { (if alert.severity == weir_model::ProblemSeverity::Error { "error" } else { "warning" }) }
                        td { @if all == 0 { span.soft { "none" } } @else if passed == all { (state(OperatingState::Healthy, &format!("{all} pass"))) } @else { (state(OperatingState::Failing, &format!("{} of {all} fail", all - passed))) } }
                    } } }
                } }
            }
        }
    }
}

fn over(facts: &AlertsFacts) -> Markup {
    html! {
        @if !facts.over.is_empty() {
            section #over {
                h2 { "Over" }
                div.table { table {
                    thead { tr { th { "Alert" } th { "About" } th { "What was wrong" } th { "From" } th { "Lasted" } th { "Who" } } }
                    tbody { @for cause in &facts.over { tr data-row {
                        th.named scope="row" { a href={ "/alerts/" (cause.id) } { (told(&cause.key.alert, 60)) } }
                        td { (told(&about(&cause.key), 80)) }
                        td.wide { (message(&cause.message)) }
                        td { (when(cause.fired_at, facts.catalog.zone(&cause.key.institution), facts.now)) }
                        td { @if let Some(end) = cause.resolved_at { (span_words(end - cause.fired_at)) } }
                        td { (attended(cause, facts)) }
                    } } }
                } }
            }
        }
    }
}

/// The zone and name of what a cause is about.
pub(super) fn entry_of<'c>(catalog: &'c Catalog, cause: &AlertCause) -> Option<&'c CatalogEntry> {
    catalog
        .all()
        .find(|entry| entry.slug == cause.key.institution)
}
