//! One alert that has fired: why does it, and who was told? The condition with the figures of now,
//! who looks after it, and what was sent.

use super::alerts::{entry_of, message, standing};
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::decide::cause_buttons;
use crate::links::address;
use crate::parts::{OperatingState, state, told};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Path;
use axum::response::Html;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use std::sync::Arc;
use weir_project::plan::alerts::AlertRule;
use weir_project::plan::figures::FigureValues;
use weir_reporting::alerts::subject::{FigureQuery, subjects};
use weir_reporting::report::alerts::{about, revision};
use weir_reporting::report::columns::{line, span_words};
use weir_reporting::report::page::when;
use weir_rule::RuleParameter;
use weir_store::PgConnection;
use weir_store::alerts::{self as stored, AlertCause};
use weir_store::notices::{self, DeliveryLine};

/// Notices that are shown.
const NOTICES: i64 = 100;

/// What is known of a cause.
struct CauseFacts {
    cause: AlertCause,
    zone: Tz,
    rule: Option<Arc<AlertRule>>,
    figures: FigureValues,
    sent: Vec<DeliveryLine>,
    now: DateTime<Utc>,
}

/// The page.
pub(super) async fn page(site: Visitor, Path(id): Path<i64>) -> Result<Html<String>, PageError> {
    let facts = facts(&site, id).await?;
    let cause = &facts.cause;
    let over = html! {
        a href="/alerts" { "Alerts" } " › "
        @if !cause.key.institution.is_empty() { a href=(address("/alerts", [("institution", cause.key.institution.as_str())])) { (line(&cause.key.institution, 60)) } " › " }
        (told(&cause.key.alert, 80))
    };
    let body = html! {
        (head(&facts))
        @if cause.resolved_at.is_none() {
            form method="post" action="/alerts/acknowledge" {
                input type="hidden" name="cause" value={ (cause.id) "@" (revision(cause)) };
                (cause_buttons(&site))
            }
        }
        (condition(&facts))
        (deliveries(&facts))
    };
    let answer = line(&cause.message.replace('`', ""), 200);
    Ok(PageShell::new("Alert", &answer)
        .at("/alerts")
        .over(over)
        .show(&site, &body))
}

async fn facts(site: &Visitor, id: i64) -> Result<CauseFacts, PageError> {
    let now = (site.now)();
    let checked = site.project();
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let cause = stored::cause(&mut connection, id, now).await?;
    let cause = cause.ok_or_else(|| {
        PageError::unknown(
            "There is no such alert",
            "Alerts lists those that there are.",
        )
    })?;
    let rules = checked.alerts.iter();
    let rule = rules
        .filter(|rule| rule.name == cause.key.alert)
        .map(Arc::clone)
        .next();
    let figures = match &rule {
        Some(rule) => figures(&mut connection, rule, &cause, &catalog, now).await?,
        None => FigureValues::default(),
    };
    Ok(CauseFacts {
        zone: entry_of(&catalog, &cause).map_or(Tz::UTC, |entry| entry.zone),
        sent: notices::deliveries(&mut connection, Some(id), NOTICES).await?,
        cause,
        rule,
        figures,
        now,
    })
}

/// The figures of now that the condition reads.
async fn figures(
    connection: &mut PgConnection,
    rule: &AlertRule,
    cause: &AlertCause,
    catalog: &Catalog,
    now: DateTime<Utc>,
) -> Result<FigureValues, PageError> {
    let institutions = [cause.key.institution.clone()];
    let plans: Vec<_> = catalog
        .all()
        .filter_map(|entry| entry.plan.clone())
        .collect();
    let query = FigureQuery {
        institutions: Some(&institutions),
        plans: &plans,
        now,
    };
    let all = subjects(connection, rule.over, query).await?;
    let is_it = |of: &weir_project::plan::alerts::AlertSubject| {
        of.institution == cause.key.institution && of.source == cause.key.source_id
    };
    let found = all.into_iter().find(|(of, _)| is_it(of));
    let mut values = found.map(|(_, values)| values).unwrap_or_default();
    values.0.retain(|name, _| rule.reads(name));
    Ok(values)
}

fn head(facts: &CauseFacts) -> Markup {
    let (cause, zone, now) = (&facts.cause, facts.zone, facts.now);
    html! {
        p { (standing(cause)) " · since " (when(cause.fired_at, zone, now))
            @if let Some(end) = cause.resolved_at { " · until " (when(end, zone, now)) ", " (span_words(end - cause.fired_at)) } @else { " · " (span_words(now - cause.fired_at)) } }
        dl.facts {
            dt { "alert" } dd { code { (told(&cause.key.alert, 80)) } " · number " (cause.id) " · " (if cause.severity == "error" { "error" } else { "warning" }) }
            dt { "about" } dd { (told(&about(&cause.key), 120)) }
            dt { "what is wrong" } dd { (message(&cause.message)) }
            @if let Some(by) = &cause.acknowledged_by { dt { "looked after by" } dd { (told(by, 60)) @if let Some(at) = cause.acknowledged_at { ", since " (when(at, zone, now)) } @if let Some(note) = &cause.note { ": " (told(note, 300)) } } }
            @if let Some(until) = cause.silenced_until { dt { "silent until" } dd { (when(until, zone, now)) } }
        }
    }
}

fn condition(facts: &CauseFacts) -> Markup {
    html! {
        section {
            h2 { "Condition" }
            @match &facts.rule {
                None if facts.cause.key.alert.starts_with("run/") => { p { "The newest run raised it itself; a run that does not raise it ends it." } },
                None => { p { "No file declares this alert any more." } },
                Some(rule) => {
                    pre.yaml { code { (line(rule.condition(), 1000)) } }
                    dl.facts {
                        @for figure in rule.over.figures().iter().filter(|figure| rule.reads(figure.name)) {
                            dt { code { (figure.name) } } dd { b { (value(&facts.figures, figure.name)) } " now · " span.soft { (figure.help) } }
                        }
                        dt { "for" } dd { @if rule.hold.is_zero() { "fires at once" } @else { "fires once it has held for " (span_words(rule.hold)) } }
                        dt { "keep" } dd { @if rule.keep.is_zero() { "is over as soon as it no longer holds" } @else { "is over once it has not held for " (span_words(rule.keep)) } }
                    }
                },
            }
        }
    }
}

fn value(figures: &FigureValues, name: &str) -> String {
    match figures.0.get(name) {
        None => "not known".to_owned(),
        Some(RuleParameter::Text(text)) => line(text, 60),
        Some(RuleParameter::Number(number)) => number.to_string(),
        Some(RuleParameter::Boolean(truth)) => truth.to_string(),
        Some(RuleParameter::List(texts)) => line(&texts.join(", "), 120),
        Some(RuleParameter::Date(_) | RuleParameter::Span(_)) => String::new(),
    }
}

fn deliveries(facts: &CauseFacts) -> Markup {
    html! {
        section {
            h2 { "Who was told" }
            @if facts.sent.is_empty() { p.soft { "No channel wants alerts of this severity." } }
            @else {
                div.table { table {
                    thead { tr { th { "State" } th { "Channel" } th { "What" } th { "Made" } th { "Taken" } th { "Why not" } } }
                    tbody { @for one in &facts.sent { tr data-row {
                        td.state-cell { (sent(one)) }
                        th scope="row" { (told(&one.channel, 60)) }
                        td { (one.what) }
                        td { (when(one.made_at, facts.zone, facts.now)) }
                        td { @match one.sent_at { Some(at) => { (when(at, facts.zone, facts.now)) }, None if one.due_at > facts.now => { span.soft { "due " (when(one.due_at, facts.zone, facts.now)) } }, None => { span.soft { "not yet" } } } }
                        td { @if let Some(error) = &one.error { (told(error, 200)) } }
                    } } }
                } }
            }
        }
    }
}

fn sent(one: &DeliveryLine) -> Markup {
    match one.state.as_str() {
        "sent" => state(OperatingState::Healthy, "taken"),
        "waiting" => state(OperatingState::Running, "waits"),
        "silenced" => state(OperatingState::Paused, "silenced"),
        _ => state(OperatingState::NeedsPerson, "not sent"),
    }
}
