//! Jobs: which are there, and which changed? A search with filters, the most recently written
//! first.

use super::{asked, cut};
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::links;
use crate::parts::{
    FilterField, OperatingState, empty, filter, institution_choices, pager, state, told,
};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::extract::Query;
use axum::response::Html;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::{counted, line};
use weir_reporting::report::page::when;
use weir_store::views::job_list::{self, JobCursor, JobFilter, JobLine, WINDOW};

/// Which jobs are shown, as the address says.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct JobsQuery {
    q: String,
    institution: String,
    source: String,
    status: String,
    since: String,
    company: String,
    division: String,
    role: String,
    capability: String,
    after: String,
}

impl JobsQuery {
    fn filters(&self) -> [(&str, &str); 9] {
        [
            ("q", &self.q),
            ("institution", &self.institution),
            ("source", &self.source),
            ("status", &self.status),
            ("since", &self.since),
            ("company", &self.company),
            ("division", &self.division),
            ("role", &self.role),
            ("capability", &self.capability),
        ]
    }

    /// What is asked of the database.
    fn wanted(&self, catalog: &Catalog) -> Result<JobFilter, PageError> {
        let chosen = catalog.chosen(&self.institution)?;
        // An institution that has never run has no jobs.
        let institution = chosen.map(|entry| entry.id.unwrap_or(Uuid::nil()));
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let zone = catalog.zone(&self.institution);
        Ok(JobFilter {
            words: self.q.clone(),
            institution,
            source: given(&self.source),
            status: given(&self.status),
            company: read(&self.company, "the id of a company")?,
            division: read(&self.division, "the id of a division")?,
            role: pair(&self.role),
            capability: pair(&self.capability),
            since: read::<NaiveDate>(&self.since, "a day such as 2026-09-01")?
                .map(|day| day.and_time(NaiveTime::MIN))
                .and_then(|day| day.and_local_timezone(zone).earliest())
                .map(|since| since.to_utc()),
            after: read::<JobCursor>(&self.after, "a cursor that a page gave")?,
        })
    }
}

/// A value of the address; nothing if it is empty.
fn read<T: std::str::FromStr>(text: &str, what: &str) -> Result<Option<T>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = text.parse();
    value
        .map(Some)
        .map_err(|_| PageError::bad("The address cannot be read", format!("It needs {what}.")))
}

/// `FRAMEWORK:ID`.
fn pair(text: &str) -> Option<(String, String)> {
    let (framework, id) = text.split_once(':')?;
    Some((framework.to_owned(), id.to_owned()))
}

/// What the database says.
struct JobsFacts {
    catalog: Catalog,
    jobs: Vec<JobLine>,
    more: bool,
    /// Whether older jobs were not looked at.
    is_cut: bool,
}

/// The page.
pub(super) async fn page(
    site: Visitor,
    Query(query): Query<JobsQuery>,
) -> Result<Html<String>, PageError> {
    let facts = facts(&site, &query).await?;
    let next = facts
        .jobs
        .last()
        .filter(|_| facts.more)
        .map(|job| job.cursor().to_string());
    let body = html! {
        (search(&facts.catalog, &query))
        @if facts.is_cut {
            p.note { "Only the " (thousands(WINDOW)) " most recently written jobs were searched; choose an institution to reach further." }
        }
        @if facts.jobs.is_empty() {
            (empty("No job matches.", "Remove a filter, or look at `/failures`: an ad that fails never becomes a job."))
        } @else { (table(&facts, (site.now)())) }
        (pager("/jobs", &query.filters(), ("after", &query.after), next.as_deref()))
    };
    Ok(PageShell::new("Jobs", &answer(&facts, &query))
        .at("/jobs")
        .show(&site, &body))
}

async fn facts(site: &Visitor, query: &JobsQuery) -> Result<JobsFacts, PageError> {
    let mut connection = site.connection().await?;
    let catalog = Catalog::load(&mut connection, site).await?;
    let wanted = query.wanted(&catalog)?;
    let mut jobs = Vec::new();
    if wanted.after.is_none() && !query.q.trim().is_empty() {
        jobs = job_list::named(&mut connection, query.q.trim(), wanted.institution).await?;
    }
    let exact: Vec<Uuid> = jobs.iter().map(|job| job.id).collect();
    let mut found = job_list::page(&mut connection, &wanted, asked()).await?;
    let more = cut(&mut found);
    let is_cut = !more
        && wanted.narrows()
        && job_list::is_wider(&mut connection, wanted.institution).await?;
    jobs.extend(found.into_iter().filter(|job| !exact.contains(&job.id)));
    Ok(JobsFacts {
        catalog,
        jobs,
        more,
        is_cut,
    })
}

fn answer(facts: &JobsFacts, query: &JobsQuery) -> String {
    let number = counted(facts.jobs.len(), "job");
    let is_all = query.filters().iter().all(|(_, value)| value.is_empty());
    match (
        facts.jobs.is_empty(),
        facts.more || !query.after.is_empty(),
        is_all,
    ) {
        (true, ..) => "No job matches".to_owned(),
        (_, true, true) => format!("The {number} written last"),
        (_, true, false) => format!("More than {number} match"),
        (_, false, true) => format!("{number} in all"),
        (_, false, false) => format!("{number} match"),
    }
}

const STATUSES: [(&str, &str); 4] = [
    ("", "open and archived"),
    ("open", "open"),
    ("archived", "archived"),
    ("held", "with a held version"),
];

fn search(catalog: &Catalog, query: &JobsQuery) -> Markup {
    let statuses = STATUSES.map(|(value, said)| (value.to_owned(), said.to_owned()));
    html! {
        (filter("/jobs", &[
            FilterField::Search("q", "Title, organisation, place or id", &query.q),
            FilterField::Choice("institution", "Institution", &query.institution, institution_choices(catalog.all())),
            FilterField::Choice("status", "Status", &query.status, statuses.to_vec()),
            FilterField::Day("since", "Changed since", &query.since),
            FilterField::Fixed("source", &query.source),
            FilterField::Fixed("company", &query.company),
            FilterField::Fixed("division", &query.division),
            FilterField::Fixed("role", &query.role),
            FilterField::Fixed("capability", &query.capability),
        ]))
        (narrowed(query))
    }
}

/// Filters that a link has set.
fn narrowed(query: &JobsQuery) -> Markup {
    let set = ["source", "company", "division", "role", "capability"];
    let set = query
        .filters()
        .into_iter()
        .filter(|(name, value)| set.contains(name) && !value.is_empty());
    let set: Vec<(&str, &str)> = set.collect();
    html! {
        @if !set.is_empty() {
            p { "Only of " @for (name, value) in set { (name) " " code { (line(value, 60)) } " " } }
        }
    }
}

fn table(facts: &JobsFacts, now: DateTime<Utc>) -> Markup {
    html! {
        div.table { table {
            thead { tr { th { "Status" } th { "Job" } th { "Organisation" } th { "Places" } th { "Closes" } th { "Last change" } } }
            tbody { @for job in &facts.jobs { (row(job, facts, now)) } }
        } }
    }
}

fn row(job: &JobLine, facts: &JobsFacts, now: DateTime<Utc>) -> Markup {
    let organisation = job
        .company
        .as_ref()
        .or(job.division.as_ref())
        .or(job.department.as_ref());
    let places = job.locations.as_ref().map(|all| all.join(", "));
    html! {
        tr data-row {
            td.state-cell { (standing(&job.status, job.held_since.is_some())) }
            th.wide scope="row" {
                a href=(links::job(job.id)) { (told(&job.title, 140)) }
                p.soft.next-step { (line(&job.institution, 40)) " · " (told(&job.source_id, 40)) " · " (told(&job.original_id, 50)) }
            }
            td { @if let Some(organisation) = organisation { (told(organisation, 80)) } }
            td { @if let Some(places) = &places { (told(places, 80)) } }
            td data-name="closes" { @if let Some(day) = job.close_date { time datetime=(day.to_string()) { (day.format("%-d %b %Y")) } } }
            td data-name="last change" { (super::run::change(&job.change_type)) " v" (job.version) " · " (when(job.created_at, facts.catalog.zone(&job.institution), now)) }
        }
    }
}

/// The status of a job as a state.
pub(super) fn standing(status: &str, is_held: bool) -> Markup {
    match (status, is_held) {
        (_, true) => state(OperatingState::NeedsPerson, "held"),
        ("open", _) => state(OperatingState::Healthy, "open"),
        (other, _) => state(OperatingState::Paused, other),
    }
}
