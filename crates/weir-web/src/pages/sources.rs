//! Sources: was every board read completely? A row for each, the worst first; and one source with
//! its reads and what was measured.

use crate::access::Visitor;
use crate::catalog::{Catalog, CatalogEntry};
use crate::links::{self, address};
use crate::parts::{FilterField, OperatingState, empty, filter, institution_choices, state, told};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::SourceKey;
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::{counted, line, size, took};
use weir_reporting::report::page::when;
use weir_reporting::report::quality::{self, SourceQuality};
use weir_store::views::source_list::{self, ReadLine};

/// Reads that are shown of each source of a list, and of one source.
const FEW: i64 = 14;
const MANY: i64 = 60;

/// Sources of a page.
const SOURCES: usize = 60;

/// Which sources are shown, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SourcesQuery {
    institution: String,
    source: String,
    page: usize,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<SourcesQuery>,
) -> Result<Html<String>, PageError> {
    if !query.source.is_empty() {
        return one(&site, &query).await;
    }
    let (catalog, reads) = {
        let mut connection = site.connection().await?;
        let catalog = Catalog::load(&mut connection, &site).await?;
        catalog.chosen(&query.institution)?;
        let sources = sources(&catalog, &query.institution);
        let reads = source_list::reads(&mut connection, &keys(&sources), FEW).await?;
        (catalog, by_source(reads))
    };
    let sources = sources(&catalog, &query.institution);
    let mut rows: Vec<SourceRow<'_>> = sources
        .into_iter()
        .map(|source| SourceRow::new(source, &reads))
        .collect();
    rows.sort_by_key(|row| (row.rank(), row.entry.slug.clone(), row.source.clone()));
    let shown = rows.iter().skip(query.page * SOURCES).take(SOURCES);
    let now = (site.now)();
    let body = html! {
        (filter("/sources", &[FilterField::Choice("institution", "Institution", &query.institution, institution_choices(catalog.all()))]))
        @if rows.is_empty() { (empty("No source yet.", "A source is a board of an institution: `weir new NAME --from URL` writes the first.")) }
        @else {
            div.table { table {
                thead { tr { th { "Newest read" } th { "Source" } th { "Last " (FEW) " reads" } th.number { "Ads" } th.number { "Stated" } th.number { "Stored" } th.number { "Took" } th { "Read" } } }
                tbody { @for row in shown { (row.show(now)) } }
            } }
        }
        (pages(&query, rows.len()))
    };
    Ok(PageShell::new("Sources", &answer(&rows))
        .at("/sources")
        .show(&site, &body))
}

fn pages(query: &SourcesQuery, all: usize) -> Markup {
    let to = |page: usize| {
        address(
            "/sources",
            [
                ("institution", query.institution.as_str()),
                ("page", &page.to_string()),
            ],
        )
    };
    html! {
        @if all > SOURCES { nav.pager aria-label="further rows" {
            @if query.page > 0 { a href=(to(query.page - 1)) { "Previous rows" } }
            @if (query.page + 1) * SOURCES < all { a rel="next" href=(to(query.page + 1)) { "Next rows" } }
        } }
    }
}

/// The sources of the YAML.
fn sources<'c>(catalog: &'c Catalog, institution: &str) -> Vec<(&'c CatalogEntry, String)> {
    let entries = catalog
        .all()
        .filter(|entry| institution.is_empty() || entry.slug == institution);
    let of = |entry: &'c CatalogEntry| {
        let flows = entry.plan.iter().flat_map(|plan| &plan.flows);
        flows.map(move |flow| (entry, flow.source.clone()))
    };
    entries.flat_map(of).collect()
}

fn keys(sources: &[(&CatalogEntry, String)]) -> Vec<(Uuid, String)> {
    let key = |(entry, source): &(&CatalogEntry, String)| Some((entry.id?, source.clone()));
    sources.iter().filter_map(key).collect()
}

fn by_source(reads: Vec<ReadLine>) -> BTreeMap<(Uuid, String), Vec<ReadLine>> {
    let mut all: BTreeMap<(Uuid, String), Vec<ReadLine>> = BTreeMap::new();
    for read in reads {
        all.entry((read.institution_id, read.source_id.clone()))
            .or_default()
            .push(read);
    }
    all
}

/// A row.
struct SourceRow<'r> {
    entry: &'r CatalogEntry,
    source: String,
    reads: &'r [ReadLine],
}

impl<'r> SourceRow<'r> {
    fn new(
        (entry, source): (&'r CatalogEntry, String),
        reads: &'r BTreeMap<(Uuid, String), Vec<ReadLine>>,
    ) -> SourceRow<'r> {
        let of = entry.id.and_then(|id| reads.get(&(id, source.clone())));
        SourceRow {
            entry,
            source,
            reads: of.map(Vec::as_slice).unwrap_or_default(),
        }
    }

    fn state(&self) -> OperatingState {
        self.reads
            .first()
            .map_or(OperatingState::Paused, |read| read_state(&read.state))
    }

    fn rank(&self) -> OperatingState {
        self.state()
    }

    fn show(&self, now: DateTime<Utc>) -> Markup {
        let newest = self.reads.first();
        let slug = self.entry.slug.as_str();
        html! {
            tr data-row {
                td.state-cell { (state(self.state(), newest.map_or("never read", |read| read.state.as_str()))) }
                th.wide scope="row" {
                    a href=(address("/sources", [("institution", slug), ("source", self.source.as_str())])) { (line(slug, 40)) " " (told(&self.source, 40)) }
                    @if let Some(why) = newest.and_then(|read| read.why.as_ref()) { p.soft.next-step { (told(why, 200)) } }
                }
                td data-name="last reads" { (read_bars(slug, self.reads, self.entry.zone)) }
                @match newest {
                    Some(read) => {
                        td.number data-name="ads" { (thousands(read.items)) }
                        td.number data-name="stated" { @match read.stated_count { Some(stated) => (thousands(stated)), None => { span.soft { "·" } } } }
                        td.number data-name="stored" { (thousands(read.uploaded)) }
                        td.number data-name="took" { (duration(read)) }
                        td { a href=(links::run(slug, read.run_id)) { (when(read.at, self.entry.zone, now)) } }
                    },
                    None => { @for _ in 0..5 { td.number.none { "·" } } },
                }
            }
        }
    }
}

fn duration(read: &ReadLine) -> String {
    read.finished_at.map_or_else(String::new, |end| {
        took((end - read.started_at).num_milliseconds())
    })
}

/// How a read ended, as a state.
fn read_state(state: &str) -> OperatingState {
    match state {
        "complete" => OperatingState::Healthy,
        "reading" => OperatingState::Running,
        "partial" | "empty" => OperatingState::NeedsPerson,
        _ => OperatingState::Failing,
    }
}

fn read_bars(slug: &str, reads: &[ReadLine], zone: Tz) -> Markup {
    let most = reads
        .iter()
        .map(|read| read.items)
        .max()
        .unwrap_or_default()
        .max(1);
    html! {
        span.bars { @for read in reads.iter().rev().take(14) {
            @let height = (read.items * 8 / most).clamp(1, 8);
            @let at = read.at.with_timezone(&zone).format("%a %-d %b %H:%M");
            a class={ "bar h" (height) " " (read_state(&read.state).class()) } href=(links::run(slug, read.run_id))
              title={ (at) ": " (read.state) ", " (thousands(read.items)) " ads" } {}
        } }
    }
}

fn answer(rows: &[SourceRow<'_>]) -> String {
    let read: Vec<&SourceRow<'_>> = rows.iter().filter(|row| !row.reads.is_empty()).collect();
    let incomplete = read
        .iter()
        .filter(|row| row.state() < OperatingState::Running)
        .count();
    match (read.len(), incomplete) {
        (0, _) => "No source has been read yet".to_owned(),
        (all, 0) => format!(
            "Every newest read of {} was complete",
            counted(all, "source")
        ),
        (all, incomplete) => format!(
            "{incomplete} of {} did not give a complete read",
            counted(all, "source")
        ),
    }
}

/// One source.
async fn one(site: &Visitor, query: &SourcesQuery) -> Result<Html<String>, PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let entry = catalog.named(&query.institution)?.clone();
    let key = SourceKey {
        institution: entry.id.unwrap_or_default(),
        source: query.source.clone(),
    };
    let reads = source_list::reads(
        &mut connection,
        &[(key.institution, key.source.clone())],
        MANY,
    )
    .await?;
    let quality = match &entry.plan {
        Some(plan) if entry.id.is_some() => quality::collect(&mut connection, plan).await?,
        _ => Vec::new(),
    };
    drop(connection);
    let quality = quality.into_iter().find(|one| one.source == query.source);
    let now = (site.now)();
    let answer = reads.first().map_or_else(
        || "It has not been read".to_owned(),
        |read| {
            format!(
                "Its newest read is {}: {}",
                read.state,
                counted(usize::try_from(read.items).unwrap_or_default(), "ad")
            )
        },
    );
    let body = html! {
        p { a href=(address("/failures", [("institution", query.institution.as_str()), ("source", query.source.as_str())])) { "Failures" } " · "
            a href=(address("/jobs", [("institution", query.institution.as_str()), ("source", query.source.as_str())])) { "Jobs" } }
        @if let Some(quality) = &quality { (measures(quality, entry.zone, now)) }
        (read_table(&reads, &entry, now))
    };
    let over = html! { a href="/sources" { "Sources" } " › " a href=(address("/sources", [("institution", entry.slug.as_str())])) { (line(&entry.slug, 60)) } " › " (told(&query.source, 60)) };
    Ok(PageShell::new("Source", &answer)
        .at("/sources")
        .over(over)
        .show(site, &body))
}

/// What the newest read measured, against what is usual.
fn measures(quality: &SourceQuality, zone: Tz, now: DateTime<Utc>) -> Markup {
    html! {
        section {
            h2 { "Quality" }
            p.soft { "The read of " (when(quality.at, zone, now)) " was " (quality.standing) "." }
            div.table { table {
                thead { tr { th { "Measure" } th.number { "Then" } th.number { "Usual" } th { "Judged" } } }
                tbody { @for measure in &quality.measures { tr {
                    th scope="row" { (told(&measure.name(), 100)) }
                    td.number data-name="then" { (measure.shown(measure.today)) }
                    td.number data-name="usual" { @match measure.usual { Some(usual) => (measure.shown(usual)), None => { span.soft { "·" } } } }
                    td { @if measure.is_unusual { b.warm { "◆ unusual" } } }
                } } }
            } }
        }
    }
}

fn read_table(reads: &[ReadLine], entry: &CatalogEntry, now: DateTime<Utc>) -> Markup {
    html! {
        section {
            h2 { "Reads" }
            @if reads.is_empty() { (empty("It has not been read.", "`weir run` reads every source of an institution.")) }
            @else { div.table { table {
                thead { tr { th { "State" } th { "Read" } th.number { "Ads" } th.number { "Stated" } th.number { "Pages" } th.number { "Stored" } th.number { "Size" } th.number { "Took" } th { "Why" } } }
                tbody { @for read in reads { tr data-row {
                    td.state-cell { (state(read_state(&read.state), &read.state)) }
                    th scope="row" { a href=(links::run(&entry.slug, read.run_id)) { (when(read.at, entry.zone, now)) } }
                    td.number data-name="ads" { (thousands(read.items)) }
                    td.number data-name="stated" { @match read.stated_count { Some(stated) => (thousands(stated)), None => { span.soft { "·" } } } }
                    td.number data-name="pages" { (thousands(read.pages)) }
                    td.number data-name="stored" { (thousands(read.uploaded)) }
                    td.number data-name="size" { (size(read.bytes)) }
                    td.number data-name="took" { (duration(read)) }
                    td { @if let Some(why) = &read.why { (told(why, 300)) } }
                } } }
            } } }
        }
    }
}
