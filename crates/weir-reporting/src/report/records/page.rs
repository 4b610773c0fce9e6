//! The plan of jobs as one page that needs nothing else: no script, no network. Kinds are switched
//! on and off by the page's own style. Pages of `weir serve` show its records by the same parts.

use super::openings::plans;
use super::{UNCHANGED, changed, gist, noted, reasons, sources, totals, why};
use crate::report::columns::{counted, line};
use crate::report::difference::ValueDifference;
use crate::report::page::{instant, page, sign};
use maud::{Markup, html};
use std::io::Result;
use weir_model::{RECORD_KINDS, RecordKind, RunRecord};
use weir_project::plan::picture::thousands;
use weir_runtime::engine::DryRun;
use weir_store::opening_views::OpeningNews;

/// The page.
///
/// # Errors
/// The records cannot be read.
pub fn html(plans: &[&DryRun], fields: &[String]) -> Result<String> {
    let mut sections = Vec::new();
    for plan in plans {
        sections.push(institution(plan, fields)?);
    }
    let body = html! {
        header {
            p.over { "Plan of jobs · " (counted(plans.len(), "institution")) }
            h1 { (answer(|what| count(plans, what))) }
            p.soft { "What a run would do. Nothing was written." }
            (switches(plans))
        }
        @for section in &sections { (section) }
    };
    Ok(page("Plan of jobs", &body, None))
}

fn count(plans: &[&DryRun], what: RecordKind) -> usize {
    plans
        .iter()
        .flat_map(|plan| plan.records.found.values())
        .filter_map(|found| found.get(&what))
        .sum()
}

/// The first line: which jobs would change, and what needs an operator.
pub fn answer(count: impl Fn(RecordKind) -> usize) -> String {
    let verbs = [
        (RecordKind::Create, "create"),
        (RecordKind::Update, "update"),
        (RecordKind::Reopen, "reopen"),
        (RecordKind::Archive, "archive"),
    ];
    let said = |(what, verb): (RecordKind, &str)| {
        Some(count(what))
            .filter(|count| *count > 0)
            .map(|count| format!("{verb} {}", number(count)))
    };
    let verbs: Vec<String> = verbs.into_iter().filter_map(said).collect();
    let jobs = match verbs.split_last() {
        None => "A run would change no job".to_owned(),
        Some((last, [])) => format!(
            "A run would {last} {}",
            if last.ends_with(" 1") { "job" } else { "jobs" }
        ),
        Some((last, before)) => format!("A run would {} and {last} jobs", before.join(", ")),
    };
    let waits = [RecordKind::Held, RecordKind::Rejected, RecordKind::Failed]
        .into_iter()
        .map(&count)
        .sum::<usize>();
    if waits == 0 {
        jobs
    } else {
        format!("{jobs}; {} would not pass", counted(waits, "ad"))
    }
}

fn switches(plans: &[&DryRun]) -> Markup {
    html! {
        div.switches role="group" aria-label="which records are shown" {
            @for what in RECORD_KINDS.into_iter().filter(|what| count(plans, *what) > 0) {
                label.switch { input type="checkbox" id={ "show-" (what.name()) } checked; (badge(Some(what))) (number(count(plans, what))) " " (super::sign(what).1) }
            }
        }
    }
}

/// A number of records.
pub fn number(count: usize) -> String {
    thousands(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The sign of a type of record, or of what stays as it is.
pub fn badge(what: Option<RecordKind>) -> Markup {
    sign(
        what.map_or("same", RecordKind::name),
        what.map_or(UNCHANGED, super::sign).0,
    )
}

fn institution(plan: &DryRun, fields: &[String]) -> Result<Markup> {
    let mut records: Vec<RunRecord> = Vec::new();
    for record in plan.records.read()? {
        records.push(record?);
    }
    let of = |source: &str, what: RecordKind| {
        records
            .iter()
            .filter(|record| record.what == what && record.source == source)
            .collect::<Vec<_>>()
    };
    let silent = sources(plan).is_empty();
    Ok(html! {
        h2 { bdi { (plan.summary.institution) } }
        p.soft { "at " (instant(plan.summary.at)) }
        @for alert in &plan.summary.alerts { p.note.error[alert.severity == "error"] { b { (alert.severity) } ": " (alert.message) } }
        @for (source, about) in &plan.summary.sources {
            section {
                h3 { (source) " " @if let Some(read) = &about.read { span.soft { "read " (read.state.name()) } } }
                @if let Some(why) = &about.waits { p.soft { "Not read now: " (why) } }
                ul.counts {
                    @for (what, count) in totals(&about.counts, plan.records.count(source, RecordKind::Question)) {
                        li { (badge(what)) b { (thousands(count)) } " " (what.map_or(UNCHANGED, super::sign).1) }
                    }
                }
                @for what in RECORD_KINDS { (group(plan, source, what, &of(source, what), fields)) }
                @if let Some(noted) = noted(&about.bookkeeping) { p.soft { "Recorded, without changes to jobs: " (noted) } }
            }
        }
        @if silent { p.soft { "No records to show." } }
        (openings(&plan.openings))
    })
}

/// Which ads would join and leave openings.
pub fn openings(news: &[OpeningNews]) -> Markup {
    let openings = plans(news);
    html! {
        @if !openings.is_empty() {
            section {
                h3 { "openings" }
                ul {
                    @for opening in &openings {
                        li {
                            b { bdi { (line(opening.title, 100)) } } " " span.soft { (line(&opening.ads, 300)) }
                            @for (sign, ad, reason) in &opening.moves { br; (sign) " " (line(ad, 60)) " · " (line(reason, 100)) }
                        }
                    }
                }
            }
        }
    }
}

fn group(
    plan: &DryRun,
    source: &str,
    what: RecordKind,
    records: &[&RunRecord],
    fields: &[String],
) -> Markup {
    let more = plan
        .records
        .count(source, what)
        .saturating_sub(records.len());
    html! {
        @for record in records { (one(record, fields)) }
        @if more > 0 { p class={ "more " (what.name()) } { "and " (number(more)) " more " (super::sign(what).1) } }
    }
}

/// One record: what changes, and why.
pub fn one(record: &RunRecord, fields: &[String]) -> Markup {
    let (why, gist, changed, reasons) = (
        why(record),
        gist(record),
        changed(record, fields),
        reasons(record),
    );
    html! {
        article class=(record.what.name()) {
            (badge(Some(record.what)))
            div {
                div {
                    @if let Some(title) = &record.title { b { bdi { (line(title, 160)) } } " " code { bdi { (line(&record.id, 60)) } } } @else { b { bdi { (line(&record.id, 90)) } } }
                    @if !why.is_empty() { span.why { (line(why, 300)) } }
                }
                @if !gist.is_empty() { p.soft { bdi { (line(&gist.join(" · "), 300)) } } }
                @if !changed.is_empty() {
                    dl { @for (field, old, new) in &changed { dt { (in_words(field)) } dd { (ValueDifference::of(old, new).html()) } } }
                }
                @if !reasons.is_empty() {
                    ul.reasons { @for [kind, field, message] in &reasons { li title=(line(kind, 40)) { @if !field.is_empty() { b { (in_words(field)) } ": " } bdi { (line(message, 300)) } } } }
                }
            }
        }
    }
}

/// A field as people call it: `close_date` is the close date.
fn in_words(field: &str) -> String {
    line(field.strip_suffix("_id").unwrap_or(field), 40).replace('_', " ")
}
