//! The plan of jobs as a self-contained page: no script, no network. Types are shown and hidden by
//! the page's own style sheet.

use super::{UNCHANGED, changed, gist, noted, reasons, sign, sources, totals, why};
use crate::engine::DryRun;
use crate::model::{RECORD_KINDS, RecordKind, RunRecord};
use crate::plan::picture::thousands;
use crate::report::columns::line;
use crate::report::difference::Difference;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::io::Result;

/// The page.
///
/// # Errors
/// The records cannot be read.
pub fn html(plans: &[&DryRun], fields: &[String]) -> Result<String> {
    let mut sections = Vec::new();
    for plan in plans {
        sections.push(institution(plan, fields)?);
    }
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Plan of jobs" }
                style { (PreEscaped(include_str!("../page.css"))) (PreEscaped(include_str!("page.css"))) }
            }
            body { main {
                h1 { "Plan of jobs " small { "what a run would do; nothing was written" } }
                (switches(plans))
                @for section in &sections { (section) }
            } }
        }
    };
    Ok(page.into_string())
}

fn switches(plans: &[&DryRun]) -> Markup {
    let count = |what: RecordKind| plans.iter().flat_map(|plan| plan.records.found.values()).filter_map(|found| found.get(&what)).sum::<usize>();
    html! {
        p.switches {
            @for what in RECORD_KINDS.into_iter().filter(|what| count(*what) > 0) {
                label.switch { input type="checkbox" id={ "show-" (what.name()) } checked; " " (badge(Some(what))) " " (number(count(what))) " " (sign(what).1) }
            }
        }
    }
}

fn number(count: usize) -> String {
    thousands(i64::try_from(count).unwrap_or(i64::MAX))
}

fn badge(what: Option<RecordKind>) -> Markup {
    let (sign, _) = what.map_or(UNCHANGED, sign);
    html! { span class={ "badge " (what.map_or("same", RecordKind::name)) } { (sign) } }
}

fn institution(plan: &DryRun, fields: &[String]) -> Result<Markup> {
    let mut records: Vec<RunRecord> = Vec::new();
    for record in plan.records.read()? {
        records.push(record?);
    }
    let of = |source: &str, what: RecordKind| records.iter().filter(|record| record.what == what && record.source == source).collect::<Vec<_>>();
    let silent = sources(plan).is_empty();
    Ok(html! {
        h2.institution { (plan.summary.institution) " " small { "at " (plan.summary.at.format("%Y-%m-%d %H:%MZ")) } }
        @for (source, about) in &plan.summary.sources {
            section {
                h3.source { (source) " " @if let Some(read) = &about.read { small { "read " (read.state.name()) } } }
                @if let Some(why) = &about.waits { p.noted { "Not read now: " (why) } }
                p.totals {
                    @for (what, count) in totals(&about.counts, plan.records.count(source, RecordKind::Question)) {
                        span.total { (badge(what)) " " (thousands(count)) " " (what.map_or(UNCHANGED, sign).1) }
                    }
                }
                @for what in RECORD_KINDS { (group(plan, source, what, &of(source, what), fields)) }
                @if let Some(noted) = noted(&about.bookkeeping) { p.noted { "Recorded, without changes to jobs: " (noted) } }
            }
        }
        @if silent { p.noted { "No records to show." } }
        @for alert in &plan.summary.alerts { p.alert { b { (alert.severity) } " " (alert.message) } }
    })
}

fn group(plan: &DryRun, source: &str, what: RecordKind, records: &[&RunRecord], fields: &[String]) -> Markup {
    let more = plan.records.count(source, what).saturating_sub(records.len());
    html! {
        @for record in records { (one(record, fields)) }
        @if more > 0 { p class={ "more " (what.name()) } { "and " (number(more)) " more " (sign(what).1) } }
    }
}

fn one(record: &RunRecord, fields: &[String]) -> Markup {
    let (why, gist, changed, reasons) = (why(record), gist(record), changed(record, fields), reasons(record));
    html! {
        article class=(record.what.name()) {
            (badge(Some(record.what)))
            div {
                header { @if let Some(title) = &record.title { b { (line(title, 160)) } " " code { (line(&record.id, 60)) } } @else { b { (line(&record.id, 90)) } } @if !why.is_empty() { span.why { (line(why, 300)) } } }
                @if !gist.is_empty() { p.gist { (line(&gist.join(" · "), 300)) } }
                @if !changed.is_empty() {
                    dl { @for (field, old, new) in &changed { dt { (line(field, 40)) } dd { (Difference::of(old, new).html()) } } }
                }
                @if !reasons.is_empty() {
                    ul.reasons { @for [kind, field, message] in &reasons { li { code { (line(kind, 40)) } " " @if !field.is_empty() { b { (line(field, 40)) } " " } (line(message, 300)) } } }
                }
            }
        }
    }
}
