//! A dry run that somebody has asked for: what would a run do now? How far it is, then its plan of
//! jobs record by record, what would pass each node, and the openings.

use super::{asked, cut};
use crate::access::Visitor;
use crate::catalog::{Catalog, CatalogEntry};
use crate::decide::{dry_run_form, stop_form};
use crate::links::{self, address};
use crate::live::unknown_dry_run;
use crate::parts::{OperatingState, empty, pager, state, told};
use crate::refusal::PageError;
use crate::shell::{PageShell, prose};
use axum::extract::{Path, Query};
use axum::response::Html;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use weir_model::{OutcomeCounts, RECORD_KINDS, RecordKind, RunId, RunRecord};
use weir_reporting::report::columns::{line, took};
use weir_reporting::report::graph::{GraphFold, GraphPage, GraphRun, outcomes};
use weir_reporting::report::page::when;
use weir_reporting::report::records::page as records;
use weir_reporting::report::records::sign;
use weir_runtime::engine::trail::RunTrail;
use weir_store::dry_runs::{self, DryRunLine, DryRunOutcome};
use weir_store::opening_views::OpeningNews;

/// Which records are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DryRunQuery {
    kind: String,
    after: String,
    stage: String,
}

/// What the database says of a dry run.
struct DryRunFacts {
    entry: CatalogEntry,
    asked: DryRunLine,
    outcome: Option<DryRunOutcome>,
    /// Those of the page, each with its place.
    records: Vec<(i32, Json)>,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Path(number): Path<i64>,
    Query(query): Query<DryRunQuery>,
) -> Result<Html<String>, PageError> {
    let mut facts = facts(&site, number, &query).await?;
    let more = cut(&mut facts.records);
    let next = facts.records.last().filter(|_| more);
    let next = next.map(|(place, _)| place.to_string());
    let link = links::dry_run(number);
    let now = (site.now)();
    let body = html! {
        (head(&facts, now))
        (stop_form(&site, &facts.asked))
        @if let Some(outcome) = &facts.outcome {
            (problems(outcome))
            section #jobs {
                h2 { "Plan of jobs" }
                (kinds(&facts, &link, &query))
                @if facts.records.is_empty() { p.soft { "Every job would stay as it is." } }
                @for (source, of_it) in facts.by_source() {
                    h3 { (told(&source, 60)) }
                    @for record in &of_it { (records::one(record, &[])) }
                }
                (pager(&link, &[("kind", &query.kind)], ("after", &query.after), next.as_deref()))
                (left_out(&facts, &query, more))
            }
            (picture(&facts, outcome, number, GraphFold { address: &link, stage: &query.stage }))
            (records::openings(&read::<Vec<OpeningNews>>(&outcome.openings)))
        } @else if !facts.asked.is_open() { (empty("It has left no plan of jobs.", "Ask again: nothing was written, so nothing stands in the way.")) }
        @if !facts.asked.is_open() { section { h2 { "Ask again" } (dry_run_form(&site, &facts.entry)) } }
    };
    let stream = format!("/live{link}");
    let stamp = facts.asked.is_open().then(|| facts.asked.stamp());
    let title = format!("Dry run {number}");
    let slug = facts.asked.slug.as_str();
    let over = html! { a href="/runs" { "Runs" } " › " a href=(address("/runs", [("institution", slug)])) { (line(slug, 60)) } " › " (title) };
    Ok(PageShell::new(&title, &said(&facts))
        .at("/runs")
        .over(over)
        .script("/assets/graph.js")
        .live(stamp.as_deref().map(|stamp| (stream.as_str(), stamp)))
        .show(&site, &body))
}

async fn facts(site: &Visitor, number: i64, query: &DryRunQuery) -> Result<DryRunFacts, PageError> {
    let behind = match query.after.as_str() {
        "" => -1,
        after => after.parse().map_err(|_| {
            PageError::bad("The address names no record", "Follow the link of a page.")
        })?,
    };
    let kind = Some(query.kind.as_str()).filter(|kind| !kind.is_empty());
    let mut connection = site.connection().await?;
    let asked_for = dry_runs::one(&mut connection, number).await?;
    let asked_for = asked_for.ok_or_else(unknown_dry_run)?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let entry = catalog.named(&asked_for.slug)?.clone();
    let outcome = dry_runs::outcome(&mut connection, number).await?;
    let records = dry_runs::records(&mut connection, number, kind, behind, asked()).await?;
    Ok(DryRunFacts {
        entry,
        asked: asked_for,
        outcome,
        records,
    })
}

/// A part of what was left, as it was written.
fn read<T: Default + serde::de::DeserializeOwned>(json: &Json) -> T {
    serde_json::from_value(json.clone()).unwrap_or_default()
}

/// How many records of each kind there are.
pub(super) fn found(asked: &DryRunLine) -> Option<BTreeMap<RecordKind, usize>> {
    let of_sources: BTreeMap<String, BTreeMap<RecordKind, usize>> = read(asked.found.as_ref()?);
    let mut all = BTreeMap::new();
    for (kind, count) in of_sources.into_values().flatten() {
        *all.entry(kind).or_default() += count;
    }
    Some(all)
}

/// How a dry run stands, in a word.
pub(super) fn standing(asked: &DryRunLine) -> Markup {
    match asked.state.as_str() {
        "waiting" => state(OperatingState::Running, "waiting"),
        "leased" => state(OperatingState::Running, "under way"),
        "done" => state(OperatingState::Healthy, "done"),
        _ => state(OperatingState::NeedsPerson, "not done"),
    }
}

/// What a dry run has to say, in a line.
pub(super) fn told_of(asked: &DryRunLine) -> String {
    let why = |else_: &str| line(asked.why.as_deref().unwrap_or(else_), 300);
    match (asked.state.as_str(), found(asked)) {
        ("waiting", _) if asked.why.is_some() => format!("It waits: {}", why("")),
        ("waiting", _) => "It waits for a worker".to_owned(),
        ("leased", _) => match &asked.node {
            Some(node) => format!("It is under way, at {}", line(node, 80)),
            None => "It is under way: its sources are read".to_owned(),
        },
        ("done", Some(found)) => {
            records::answer(|kind| found.get(&kind).copied().unwrap_or_default())
        }
        ("done", None) => "It is done, and what it found is no longer kept".to_owned(),
        _ => format!("It came to no end: {}", why("nobody said why")),
    }
}

impl DryRunFacts {
    /// The records of the page, those of a source together.
    fn by_source(&self) -> Vec<(String, Vec<RunRecord>)> {
        let mut all: Vec<(String, Vec<RunRecord>)> = Vec::new();
        for (_, record) in &self.records {
            let Ok(record) = serde_json::from_value::<RunRecord>(record.clone()) else {
                continue;
            };
            match all
                .last_mut()
                .filter(|(source, _)| *source == record.source)
            {
                Some((_, of_it)) => of_it.push(record),
                None => all.push((record.source.clone(), vec![record])),
            }
        }
        all
    }
}

fn said(facts: &DryRunFacts) -> String {
    told_of(&facts.asked)
}

fn head(facts: &DryRunFacts, now: DateTime<Utc>) -> Markup {
    let (asked, zone) = (&facts.asked, facts.entry.zone);
    let summary = facts.outcome.as_ref().map(|outcome| &outcome.summary);
    let millis = summary.and_then(|summary| summary["millis"].as_i64());
    html! {
        p {
            (standing(asked)) " · asked for by " (told(&asked.asked_by, 60)) " · " (when(asked.due_at, zone, now))
            @if let Some(millis) = millis { " · took " (took(millis)) }
        }
        @if let Some(summary) = summary { (outcomes(&read::<OutcomeCounts>(&summary["total"]))) }
        p.soft { "What a run would do. Nothing was written." }
    }
}

/// What someone would have to look at.
fn problems(outcome: &DryRunOutcome) -> Markup {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let alerts = outcome.summary["alerts"].as_array().into_iter().flatten();
    let waits = outcome.summary["sources"].as_object().into_iter().flatten();
    let waits = waits.filter_map(|(source, of)| Some((source, of["waits"].as_str()?)));
    html! {
        @for alert in alerts {
            @let severity = text(&alert["severity"]);
            p.note.error[severity == "error"] {
                b { (line(&severity, 20)) } ": " (told(&text(&alert["source"]), 60)) " " bdi { (prose(&line(&text(&alert["message"]), 600))) }
            }
        }
        @for (source, why) in waits { p.soft { (told(source, 60)) " is not read now: " (told(why, 300)) } }
    }
}

/// Which of the records are shown.
fn kinds(facts: &DryRunFacts, link: &str, query: &DryRunQuery) -> Markup {
    let found = found(&facts.asked).unwrap_or_default();
    let all = found.values().sum::<usize>();
    let tab = |name: &str, count: usize, words: &str| {
        let to = address(link, [("kind", name)]);
        let is_shown = query.kind == name;
        html! { li { a href={ (to) "#jobs" } aria-current=[is_shown.then_some("true")] { (words) " " (records::number(count)) } } }
    };
    html! {
        @if all > 0 {
            ul.tabs {
                (tab("", all, "all"))
                @for kind in RECORD_KINDS { @if let Some(count) = found.get(&kind) { (tab(kind.name(), *count, sign(kind).1)) } }
            }
        }
    }
}

/// What is not kept of the records, on their last page.
fn left_out(facts: &DryRunFacts, query: &DryRunQuery, more: bool) -> Markup {
    let slug = line(&facts.asked.slug, 60);
    html! {
        @if !more && !query.after.is_empty() {
            p.soft { "Of many records of a kind the first are kept. " code { "weir plan --jobs " (slug) " --limit 0" } " shows every one." }
        }
    }
}

/// What would pass each node.
fn picture(
    facts: &DryRunFacts,
    outcome: &DryRunOutcome,
    number: i64,
    fold: GraphFold<'_>,
) -> Markup {
    let trail: RunTrail = read(&outcome.trail);
    let run = GraphRun {
        run: RunId(number),
        at: facts.asked.due_at,
        dry_run: true,
        millis: outcome.summary["millis"].as_i64().unwrap_or_default(),
        total: read(&outcome.summary["total"]),
    };
    let page = GraphPage {
        plan: &trail.plan,
        run: Some(run),
        traffic: &trail.traffic,
        asides: &trail.asides,
        samples: &trail.samples,
        written: &BTreeMap::new(),
        work: None,
        at_work: None,
        against: None,
        fold: Some(fold),
    };
    html! { section { h2 { "What would pass" } (page.body()) } }
}

/// The newest dry runs, in a table; nothing if there are none.
pub(super) fn table(asked: &[DryRunLine], catalog: &Catalog, now: DateTime<Utc>) -> Markup {
    html! {
        @if !asked.is_empty() {
            div.table { table {
                thead { tr { th { "State" } th { "Dry run" } th { "Institution" } th { "Asked for" } th { "By" } th { "What it says" } } }
                tbody { @for one in asked { tr data-row {
                    td.state-cell { (standing(one)) }
                    th scope="row" { a href=(links::dry_run(one.id)) { "Dry run " (one.id) } }
                    td { (told(&one.slug, 60)) }
                    td { (when(one.due_at, catalog.zone(&one.slug), now)) }
                    td { (told(&one.asked_by, 60)) }
                    td { (told_of(one)) }
                } } }
            } }
        }
    }
}
