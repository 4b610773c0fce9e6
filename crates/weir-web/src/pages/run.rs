//! A run: what went wrong, where, and what did it do to jobs? What failed stands first, then where
//! time went, then the plan with what passed each node, the jobs that it touched, and its log.

use super::runs::died;
use super::{asked, cut};
use crate::access::Visitor;
use crate::catalog::{Catalog, CatalogEntry};
use crate::decide::dry_run_form;
use crate::links::{self, address};
use crate::parts::{capped, counts, empty, pager, run_state, state, told};
use crate::refusal::PageError;
use crate::shell::{PageShell, prose};
use axum::extract::{Path, Query};
use axum::response::Html;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::RunId;
use weir_project::plan::picture::{spent, thousands};
use weir_project::plan::written::{YamlExcerpt, written};
use weir_reporting::report::columns::{line, took};
use weir_reporting::report::graph::stored::{self, StoredRun};
use weir_reporting::report::graph::{GraphFold, GraphPage, answer, outcomes};
use weir_reporting::report::page::when;
use weir_store::figures::{self, AlertRow, ReadRow, StageRow};
use weir_store::views::live::{self, LiveRun};
use weir_store::views::run_list::{self, RunLine, StoredLogLine, TouchedJob};

/// Lines of the log of a page.
const LINES: i64 = 60;

/// What is shown of a run, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunQuery {
    change: String,
    after: String,
    log: String,
    stage: String,
}

/// What the database says of a run.
struct RunFacts {
    entry: CatalogEntry,
    run: RunLine,
    is_dead: bool,
    stored: Option<StoredRun>,
    alerts: Vec<AlertRow>,
    stages: Vec<StageRow>,
    reads: Vec<ReadRow>,
    touched: Vec<TouchedJob>,
    log: Vec<StoredLogLine>,
    /// How far it is, while it is under way.
    live: Option<LiveRun>,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Path((slug, number)): Path<(String, RunId)>,
    Query(query): Query<RunQuery>,
) -> Result<Html<String>, PageError> {
    let mut facts = facts(&site, &slug, number, &query).await?;
    let more = cut(&mut facts.touched);
    let next = facts
        .touched
        .last()
        .filter(|_| more)
        .map(|job| job.id.to_string());
    let checked = site.project();
    let excerpts = excerpts(&facts.entry, &checked);
    let link = links::run(&slug, number);
    let title = format!("Run {number}");
    let body = html! {
        (head(&facts, (site.now)()))
        (problems(&facts))
        (timeline(&facts))
        (picture(&facts, &excerpts, GraphFold { address: &link, stage: &query.stage }))
        (sources(&facts))
        section #jobs {
            h2 { "Jobs that it touched" }
            (changes(&facts, &link, &query))
            @if facts.touched.is_empty() { p.soft { "None." } } @else { (jobs(&facts.touched)) }
            (pager(&link, &[("change", &query.change)], ("after", &query.after), next.as_deref()))
        }
        (log(&facts, &link))
        section #try { h2 { "What would a run do now?" } (dry_run_form(&site, &facts.entry)) }
    };
    let stream = format!("/live{link}");
    let stamp = facts.live.as_ref().map(LiveRun::stamp);
    let over = html! { a href="/runs" { "Runs" } " › " a href=(address("/runs", [("institution", slug.as_str())])) { (line(&slug, 60)) } " › " (title) };
    Ok(PageShell::new(&title, &said(&facts))
        .at("/runs")
        .over(over)
        .script("/assets/graph.js")
        .live(stamp.as_deref().map(|stamp| (stream.as_str(), stamp)))
        .show(&site, &body))
}

async fn facts(
    site: &Visitor,
    slug: &str,
    number: RunId,
    query: &RunQuery,
) -> Result<RunFacts, PageError> {
    let after = match query.after.as_str() {
        "" => None,
        after => Some(after.parse::<Uuid>().map_err(|_| {
            PageError::bad("The address names no job", "`after` is the id of a job.")
        })?),
    };
    let from = query.log.parse::<i32>().unwrap_or_default().max(0);
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let entry = catalog.named(slug)?.clone();
    let unknown = || {
        PageError::unknown(
            format!("{} has no run {number}", line(slug, 60)),
            "Runs lists those that there are.",
        )
    };
    let id = entry.id.ok_or_else(unknown)?;
    let run = run_list::one(&mut connection, id, number)
        .await?
        .ok_or_else(unknown)?;
    let change = Some(query.change.as_str()).filter(|change| !change.is_empty());
    let is_dead = !died(&mut connection, std::slice::from_ref(&run))
        .await?
        .is_empty();
    let live = if run.status == "running" && !is_dead {
        live::run(&mut connection, id, number).await?
    } else {
        None
    };
    Ok(RunFacts {
        is_dead,
        live,
        stored: stored::one(&mut connection, id, number).await?,
        alerts: figures::alerts(&mut connection, id, number).await?,
        stages: figures::stages(&mut connection, id, number).await?,
        reads: figures::reads(&mut connection, id, number).await?,
        touched: run_list::touched(&mut connection, (id, number), change, after, asked()).await?,
        log: run_list::log(&mut connection, id, number, from, LINES).await?,
        entry,
        run,
    })
}

/// The YAML behind the nodes, as far as it is still so.
fn excerpts(
    entry: &CatalogEntry,
    checked: &weir_project::plan::CheckedProject,
) -> BTreeMap<String, Vec<YamlExcerpt>> {
    let file = checked
        .institutions
        .iter()
        .find(|one| one.slug == entry.slug)
        .map(|one| one.file.as_str());
    match (&entry.plan, file) {
        (Some(plan), Some(file)) => written(plan, file, &checked.texts),
        _ => BTreeMap::new(),
    }
}

/// The first line: how it went.
fn said(facts: &RunFacts) -> String {
    let run = &facts.run;
    match (run.status.as_str(), &run.error) {
        _ if facts.is_dead => {
            "This run was killed; what it had written is kept, and the next run goes on".to_owned()
        }
        ("running", _) => match facts.live.as_ref().and_then(|live| live.node.as_ref()) {
            Some(node) => format!("This run is under way, at {}", line(node, 80)),
            None => "This run is under way".to_owned(),
        },
        (_, Some(error)) => format!("It failed: {}", line(error, 200)),
        ("interrupted", _) => "It was interrupted; what it had written is kept".to_owned(),
        _ => counts(run).map_or_else(|| "It is done".to_owned(), |all| answer(&all)),
    }
}

fn head(facts: &RunFacts, now: chrono::DateTime<chrono::Utc>) -> Markup {
    let (run, zone) = (&facts.run, facts.entry.zone);
    let (kind, word) = run_state(run, facts.is_dead);
    let millis = run
        .finished_at
        .map(|end| (end - run.started_at).num_milliseconds());
    html! {
        p {
            (state(kind, &word)) " · of " (when(run.at, zone, now))
            @if let Some(millis) = millis { " · took " (took(millis)) }
            @if let Some(live) = &facts.live { " · began " (when(run.started_at, zone, now)) " · " (capped(live.touched)) " changes of jobs so far" }
        }
        @if let Some(all) = counts(run) { (outcomes(&all)) }
    }
}

/// What failed: the first thing that most readers look for.
fn problems(facts: &RunFacts) -> Markup {
    let broken = facts.stages.iter().filter(|stage| stage.error.is_some());
    let broken: Vec<&StageRow> = broken.collect();
    html! {
        @if !facts.alerts.is_empty() || !broken.is_empty() {
            section.problems aria-label="what someone must look at" {
                @for stage in broken {
                    p.note.error { b { (node_name(stage)) } ": " (told(stage.error.as_deref().unwrap_or_default(), 400)) }
                }
                @for alert in &facts.alerts {
                    p.note.error[alert.severity == "error"] {
                        b { (if alert.severity == "error" { "error" } else { "warning" }) }
                        @if !alert.source_id.is_empty() { " " (told(&alert.source_id, 60)) }
                        ": " bdi { (prose(&line(&alert.message, 600))) }
                    }
                }
            }
        }
    }
}

fn node_name(stage: &StageRow) -> String {
    let source = if stage.source_id.is_empty() {
        String::new()
    } else {
        format!(" {}", line(&stage.source_id, 60))
    };
    format!("{}{source}", line(&stage.stage, 60))
}

/// Where time went: a bar for each node, as wide as its part of the longest.
fn timeline(facts: &RunFacts) -> Markup {
    let most = facts
        .stages
        .iter()
        .map(|stage| stage.micros)
        .max()
        .unwrap_or_default()
        .max(1);
    let mut stages: Vec<&StageRow> = facts
        .stages
        .iter()
        .filter(|stage| stage.micros > 0)
        .collect();
    stages.sort_by_key(|stage| std::cmp::Reverse(stage.micros));
    html! {
        @if !stages.is_empty() {
            section {
                h2 { "Where time went" }
                ul.timeline { @for stage in stages.into_iter().take(12) {
                    @let width = (stage.micros * 100 / most).clamp(1, 100);
                    li.failed[stage.error.is_some()] {
                        span.label { (node_name(stage)) }
                        svg.span viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" { rect width=(width) height="8" rx="1" {} }
                        span.number { (spent(stage.micros)) }
                    }
                } }
            }
        }
    }
}

fn picture(
    facts: &RunFacts,
    excerpts: &BTreeMap<String, Vec<YamlExcerpt>>,
    fold: GraphFold<'_>,
) -> Markup {
    let Some(stored) = &facts.stored else {
        return html! { p.soft { "This run has left no plan." } };
    };
    let page = GraphPage {
        plan: &stored.outline,
        run: stored.shown.ran.clone(),
        traffic: &stored.shown.traffic,
        asides: &stored.shown.asides,
        samples: &stored.shown.samples,
        written: excerpts,
        work: None,
        at_work: facts.live.as_ref().and_then(|live| live.node.as_deref()),
        against: None,
        fold: Some(fold),
    };
    html! { section { h2 { "What passed" } (page.body()) } }
}

/// How completely each source was read.
fn sources(facts: &RunFacts) -> Markup {
    html! {
        @if !facts.reads.is_empty() {
            section {
                h2 { "Reads" }
                div.table { table {
                    thead { tr { th { "Source" } th { "Read" } th.number { "Ads" } th.number { "Stated" } th.number { "Pages" } th.number { "Stored" } th { "Why" } } }
                    tbody { @for read in &facts.reads { tr {
                        th scope="row" { (told(&read.source_id, 60)) }
                        td { (read.state.name()) }
                        td.number data-name="ads" { (thousands(read.items)) }
                        td.number data-name="stated" { @match read.stated_count { Some(stated) => (thousands(stated)), None => { span.soft { "·" } } } }
                        td.number data-name="pages" { (thousands(read.pages)) }
                        td.number data-name="stored" { (thousands(read.uploaded)) }
                        td { @if let Some(why) = &read.why { (told(why, 300)) } }
                    } } }
                } }
            }
        }
    }
}

/// Which of the touched jobs are shown.
fn changes(facts: &RunFacts, link: &str, query: &RunQuery) -> Markup {
    let Some(all) = counts(&facts.run) else {
        return html! {};
    };
    let kinds = [
        (
            "",
            "all",
            all.created + all.updated + all.reopened + all.archived,
        ),
        ("create", "new", all.created),
        ("update", "changed", all.updated),
        ("reopen", "reopened", all.reopened),
        ("archive", "closed", all.archived),
    ];
    html! {
        ul.tabs { @for (change, name, count) in kinds.into_iter().filter(|(change, _, count)| *count > 0 || change.is_empty()) {
            li { a href={ (address(link, [("change", change)])) "#jobs" } aria-current=[(query.change == change).then_some("true")] { (name) " " (thousands(count)) } }
        } }
    }
}

fn jobs(touched: &[TouchedJob]) -> Markup {
    html! {
        div.table { table {
            thead { tr { th { "Change" } th { "Job" } th { "Ad" } th { "Why" } } }
            tbody { @for job in touched { tr data-row {
                td { (change(&job.change_type)) " v" (job.version) }
                th.wide scope="row" { a href=(links::job(job.id)) { (told(&job.title, 120)) } }
                td { code { (told(&job.external_id, 60)) } }
                td { (told(&job.change_reason, 160)) }
            } } }
        } }
    }
}

/// A change of a job in a word.
pub(super) fn change(kind: &str) -> &'static str {
    match kind {
        "create" => "new",
        "update" => "changed",
        "reopen" => "reopened",
        "archive" => "closed",
        _ => "refreshed",
    }
}

fn log(facts: &RunFacts, link: &str) -> Markup {
    let next = facts
        .log
        .last()
        .filter(|_| i64::try_from(facts.log.len()).unwrap_or_default() == LINES)
        .map(|last| (last.ordinal + 1).to_string());
    html! {
        section #log {
            h2 { "Log" }
            @if facts.log.is_empty() { (empty("This run has left no log.", "Runs of an earlier version of Weir kept none.")) }
            @else {
                ol.log { @for said in &facts.log {
                    li.error[said.severity == "error"].warn[said.severity == "warn"] {
                        time datetime=(said.logged_at.to_rfc3339()) title=(said.logged_at.to_rfc3339()) { (said.logged_at.with_timezone(&facts.entry.zone).format("%H:%M:%S")) }
                        span.node { (told(&said.node, 60)) }
                        span { @if said.severity != "info" { b { (said.severity) " " } } (told(&said.message, 400)) }
                    }
                } }
            }
            @if let Some(next) = next { nav.pager { a href={ (address(link, [("log", next.as_str())])) "#log" } { "Next lines" } } }
        }
    }
}
