//! A job: what is known of it, and why is it so? Its fields and what made each, its versions word
//! by word, its opening, what is said against it now, and everything that happened.

use super::jobs::standing;
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links::{self, address};
use crate::parts::{long, told};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::{Path, Query};
use axum::response::Html;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value as Json;
use weir_reporting::report::biography::{
    self, AdBiography, AdOpening, BiographyEvent, FieldOrigin,
};
use weir_reporting::report::classes::brief;
use weir_reporting::report::columns::{counted, line};
use weir_reporting::report::difference::ValueDifference;
use weir_reporting::report::duplicates::membership;
use weir_reporting::report::history::{HistoryEntry, short};
use weir_reporting::report::page::when;
use weir_runtime::engine::verdicts;
use weir_store::forgotten;
use weir_store::views::biography::{self as stored, FoundJob, JobName, JobVersion};

/// Versions that are shown; the command shows all.
const VERSIONS: usize = 30;

/// Characters of a value, and of the raw document.
const VALUE: usize = 400;
const LONG: usize = 12_000;

/// The page.
pub(super) async fn page(
    site: Visitor,
    Path(name): Path<String>,
) -> Result<Html<String>, PageError> {
    shown(&site, &name).await
}

/// Which ad is meant, as the address says.
#[derive(Debug, Deserialize)]
pub(super) struct AdQuery {
    ad: String,
}

/// The page of an ad, which may never have become a job.
pub(super) async fn of_ad(
    site: Visitor,
    Query(query): Query<AdQuery>,
) -> Result<Html<String>, PageError> {
    shown(&site, &query.ad).await
}

async fn shown(site: &Visitor, name: &str) -> Result<Html<String>, PageError> {
    let (biography, zone) = collect(site, name).await?;
    let shown = JobPage {
        biography: &biography,
        zone,
        now: (site.now)(),
    };
    let title = shown.title();
    let over = html! {
        a href="/jobs" { "Jobs" } " › "
        a href=(address("/jobs", [("institution", biography.of.institution.as_str())])) { (line(&biography.of.institution, 60)) } " › "
        (told(&biography.of.source_id, 60)) ":" (told(&biography.of.original_id, 60))
    };
    Ok(PageShell::new("Job", &title)
        .at("/jobs")
        .over(over)
        .show(site, &shown.body()))
}

async fn collect(site: &Visitor, name: &str) -> Result<(AdBiography, Tz), PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let mut all = stored::find(&mut connection, &JobName::read(name)).await?;
    let found: FoundJob = match all.len() {
        1 => all.remove(0),
        0 => {
            if let Some(gone) = forgotten::named(&mut connection, &JobName::read(name)).await? {
                return Err(PageError::gone(
                    "This job was removed on request",
                    format!("It was {}.", line(&gone.words(), 200)),
                ));
            }
            return Err(PageError::unknown(
                "There is no such job",
                "Jobs can be searched by title, organisation, place and id: `/jobs`.",
            ));
        }
        _ => {
            return Err(PageError::bad(
                format!("{} names several jobs", line(name, 60)),
                "Use the whole id of the job.",
            ));
        }
    };
    // The id may stand for another job now.
    let known = stored::ad(&mut connection, &found)
        .await?
        .filter(|ad| found.job_id.is_none() || ad.job_id == found.job_id);
    let judged = match &known {
        Some(known) if known.refused.is_none() => {
            drop(connection);
            let checked = site.project();
            let judged = verdicts::judge_stored(&site.store, &checked, &found, known).await;
            connection = site.connection().await?;
            // A page without verdicts is better than none.
            judged.unwrap_or_default()
        }
        _ => None,
    };
    let zone = catalog.zone(&found.institution);
    let biography = biography::collect(&mut connection, &found, known, judged).await?;
    Ok((biography, zone))
}

struct JobPage<'b> {
    biography: &'b AdBiography,
    zone: Tz,
    now: DateTime<Utc>,
}

impl JobPage<'_> {
    fn newest(&self) -> Option<&JobVersion> {
        let newest = self.biography.versions.last();
        newest.map(|entry| &entry.version)
    }

    fn text(&self, field: &str) -> &str {
        let job = self.newest().map(|version| &version.job);
        job.and_then(|job| job.get(field)?.as_str())
            .unwrap_or_default()
    }

    fn title(&self) -> String {
        match self.text("title") {
            "" => "This ad never became a job".to_owned(),
            title => line(title, 200),
        }
    }

    fn body(&self) -> Markup {
        html! {
            (self.head())
            (self.reasons())
            (self.fields())
            (self.description())
            (self.versions())
            @if let Some(opening) = &self.biography.opening { (self.opening(opening)) }
            (self.verdicts())
            (self.events())
            (self.document())
        }
    }

    fn head(&self) -> Markup {
        let Some(newest) = self.newest() else {
            return html! {};
        };
        let ad = self.biography.ad.as_ref();
        let held = ad.is_some_and(|ad| ad.outcome.name() == "held");
        let how = self.text("archived_as");
        let page = Some(self.text("source_url"))
            .filter(|page| page.starts_with("https://") || page.starts_with("http://"));
        html! {
            p {
                (standing(self.text("status"), held))
                @if !how.is_empty() { " as " (line(how, 40)) }
                " · version " (newest.version) " of " (when(newest.created_at, self.zone, self.now))
                @if let Some(ad) = ad { " · last seen " (when(ad.last_seen_at, self.zone, self.now)) }
                @if let Some(page) = page { " · " a href=(page) rel="noopener noreferrer nofollow external" { "page of the ad" } }
            }
        }
    }

    /// What speaks against the ad.
    fn reasons(&self) -> Markup {
        let reasons = self
            .biography
            .ad
            .as_ref()
            .and_then(|ad| ad.reasons.as_ref());
        let reasons: Vec<&Json> = reasons
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .collect();
        html! {
            @if !reasons.is_empty() {
                div.note.error {
                    p { "The newest content of this ad is not published:" }
                    ul.reasons { @for reason in reasons { li { (reason_line(reason)) } } }
                }
            }
        }
    }

    fn fields(&self) -> Markup {
        let fields = self.biography.fields.iter();
        let short: Vec<&FieldOrigin> = fields.filter(|made| made.field != "description").collect();
        html! {
            @if !short.is_empty() {
                section { h2 { "Fields" } dl.facts { @for made in short { dt { (in_words(&made.field)) } dd { (self.field(made)) } } } }
            }
        }
    }

    fn field(&self, made: &FieldOrigin) -> Markup {
        let shown = made.name.clone().unwrap_or_else(|| plain(&made.value));
        let filter = match made.field.as_str() {
            "company_id" => "company",
            "division_id" => "division",
            _ => "",
        };
        let mapping = made.text.as_deref().unwrap_or_default();
        html! {
            @if let (false, Some(id)) = (filter.is_empty(), made.value.as_str()) {
                a href=(address("/jobs", [(filter, id)])) { (told(&shown, VALUE)) }
            } @else { (told(&shown, VALUE)) }
            @if !mapping.is_empty() { small.origin { "v" (made.since) " · " (told(&mapping.replace('\n', ", "), 140)) } }
        }
    }

    fn description(&self) -> Markup {
        let text = self.text("description");
        html! {
            @if !text.is_empty() {
                section { h2 { "Description" } div.prose dir="auto" { (long(text, LONG)) } }
            }
        }
    }

    fn versions(&self) -> Markup {
        let all = &self.biography.versions;
        html! {
            section #versions {
                h2 { (counted(all.len(), "version")) }
                ol.versions { @for entry in all.iter().rev().take(VERSIONS) { (self.version(entry)) } }
                @if all.len() > VERSIONS { p.soft { "The oldest are left out; " code { "weir history " (self.biography.of.job_id.map(|id| id.to_string()).unwrap_or_default()) } " shows all." } }
            }
        }
    }

    fn version(&self, entry: &HistoryEntry) -> Markup {
        let version = &entry.version;
        html! {
            li {
                p {
                    b { "v" (version.version) } " " (super::run::change(version.change_type.name())) " "
                    (when(version.created_at, self.zone, self.now)) " · "
                    @match version.run_id {
                        Some(run) => { a href=(links::run(&self.biography.of.institution, run)) { "run " (run) } },
                        None => { (told(&version.created_by, 40)) },
                    }
                    " · " (told(&version.change_reason, 200))
                }
                (differences(version))
                @for part in &entry.edited {
                    p.soft { (told(&part.part, 60)) " " code { (part.old.as_deref().unwrap_or("-")) } " → " code { (part.new.as_deref().unwrap_or("-")) } }
                }
            }
        }
    }

    fn opening(&self, opening: &AdOpening) -> Markup {
        html! {
            section #opening {
                h2 { "Its opening has " (counted(opening.members.len(), "ad")) }
                p.soft { code { (opening.id) } }
                div.table { table {
                    thead { tr { th { "Status" } th { "Ad" } th { "Why it is a member" } } }
                    tbody { @for (place, member) in opening.members.iter().enumerate() { tr {
                        td.state-cell { (standing(&member.status, false)) }
                        th.wide scope="row" {
                            a href=(links::job(member.job_id)) aria-current=[(Some(member.job_id) == self.biography.of.job_id).then_some("true")] { (told(&member.title, 120)) }
                            p.soft.next-step { (told(&member.ad, 80)) }
                        }
                        td { (membership(place, member)) }
                    } } }
                } }
            }
        }
    }

    /// What the rules of today say of the stored document.
    fn verdicts(&self) -> Markup {
        let Some(judged) = &self.biography.verdicts else {
            return html! {};
        };
        let spoken: Vec<_> = judged
            .verdicts
            .iter()
            .filter(|said| said.verdict != "silent")
            .collect();
        let against = spoken.iter().filter(|said| said.verdict != "pass").count();
        html! {
            section {
                h2 { "Checks by the rules of today" }
                p.soft { (spoken.len()) " apply, " (against) " speak against it." }
                details open[against > 0] {
                    summary { "All checks" }
                    div.table { table { tbody { @for said in spoken { tr {
                        td { @if said.verdict == "pass" { "pass" } @else { b.warm { (said.verdict) } } }
                        th scope="row" { (told(&said.by, 100)) }
                        td { (told(&said.message, 300)) }
                    } } } } }
                }
            }
        }
    }

    fn events(&self) -> Markup {
        html! {
            section {
                h2 { "What happened" }
                ol.log { @for event in self.biography.events.iter().rev().take(100) { (self.event(event)) } }
            }
        }
    }

    fn event(&self, event: &BiographyEvent) -> Markup {
        html! {
            li {
                (when(event.at, self.zone, self.now))
                span.node { (event.kind) }
                span { (told(&event.what, 300)) @for more in event.more.iter().take(6) { br; span.soft { (told(more, 200)) } } }
            }
        }
    }

    fn document(&self) -> Markup {
        let Some(ad) = &self.biography.ad else {
            return html! {};
        };
        let text = serde_json::to_string_pretty(&ad.content).unwrap_or_default();
        html! {
            section {
                h2 { "Document" }
                p.soft { "As its source gave it " (when(ad.scraped_at, self.zone, self.now)) " · " code { (short(&ad.document)) } }
                details { summary { "Show it" } pre.yaml { code dir="auto" { (long(&text, LONG)) } } }
            }
        }
    }
}

/// What a version changed, word by word.
fn differences(version: &JobVersion) -> Markup {
    let changes = version.changes.as_ref().and_then(Json::as_object);
    let changes = changes.into_iter().flatten();
    html! {
        dl.facts { @for (field, change) in changes.take(40) {
            @let (old, new) = (change.get("old").unwrap_or(&Json::Null), change.get("new").unwrap_or(&Json::Null));
            dt { (in_words(field)) } dd { bdi { (ValueDifference::of(&brief(field, old), &brief(field, new)).html()) } }
        } }
    }
}

fn reason_line(reason: &Json) -> Markup {
    let part = |name: &str| reason.get(name).and_then(Json::as_str).unwrap_or_default();
    html! {
        @if !part("field").is_empty() { b { (in_words(part("field"))) } ": " }
        (told(part("message"), 300))
        @if !part("rule").is_empty() { span.soft { " · rule " (line(part("rule"), 60)) } }
    }
}

/// A field as people call it.
pub(super) fn in_words(field: &str) -> String {
    line(field.strip_suffix("_id").unwrap_or(field), 40).replace('_', " ")
}

/// A value as text; a list as its members.
pub(super) fn plain(value: &Json) -> String {
    match value {
        Json::Array(items) if items.iter().all(Json::is_string) => {
            let items = items.iter().filter_map(Json::as_str);
            items.collect::<Vec<_>>().join(" · ")
        }
        other => weir_reporting::report::difference::plain(other),
    }
}
