//! The workbench: edit a rule file, see what is wrong as you type and what the edit does to stored
//! ads, before it ships; download the text, or save it where `weir serve --edit` allows that. For
//! people with the role `edit` who see all institutions: a rule file is shared.
//!
//! Must never write what was not opened ([`rule_drafts`] binds a save to the revision), nor hold the
//! pages up: compiling and reading files happen on a thread for that, and one rehearsal at a time
//! has a time limit.

mod bench;
mod form;

pub(super) use bench::workbench_link;

use super::Site;
use super::access::Visitor;
use super::aside::aside;
use super::refusal::PageError;
use super::rehearsing::{cut_short, rehearsed};
use super::shell::{PageShell, prose};
use axum::Router;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::{MethodRouter, get, post};
use bench::WorkbenchPage;
use form::{DraftForm, opened};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use weir_project::plan::{CheckedProject, Plan};
use weir_reporting::report::columns::line;
use weir_reporting::report::difference;
use weir_reporting::report::rehearsal;
use weir_runtime::actions::rule_drafts::{self, DraftFindings, DraftOutcome, RuleFile};
use weir_store::audit_trail::{self, TrailEntry};
use weir_yaml::diagnostic::one_of;

/// The address of a step, and what carries it out.
type WorkbenchRoute = (&'static str, fn() -> MethodRouter<Arc<Site>>);

/// What forms of the workbench are sent to.
pub(super) const STEPS: [WorkbenchRoute; 4] = [
    ("/workbench/check", || post(check)),
    ("/workbench/rehearse", || post(rehearse)),
    ("/workbench/download", || post(download)),
    ("/workbench/save", || post(save)),
];

/// The routes of the workbench.
pub(super) fn router() -> Router<Arc<Site>> {
    let first = Router::new().route("/workbench", get(page));
    let all = STEPS.into_iter();
    all.fold(first, |router, (path, step)| router.route(path, step()))
}

/// Which set is edited, as the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WorkbenchQuery {
    set: String,
}

async fn page(
    site: Visitor,
    Query(query): Query<WorkbenchQuery>,
) -> Result<Html<String>, PageError> {
    if query.set.is_empty() {
        return Ok(choose(&site));
    }
    let file = opened(&site, &query.set)?;
    let form = DraftForm::of(&file, query.set);
    let text = file.text.clone();
    let findings = examine(&site, &file, &text).await?;
    let bench = WorkbenchPage {
        answer: Some("Edit the file, and see what the edit does before it ships".to_owned()),
        ..on_bench(&file, &form, &text, &findings)
    };
    Ok(bench.show(&site, &form))
}

/// The sets that can be edited.
fn choose(site: &Visitor) -> Html<String> {
    let sets = rule_drafts::sets(&site.folder);
    let body = html! {
        @if sets.is_empty() { p { "There is no rule file yet: " code { "weir new rule" } " makes one." } }
        ul.list { @for set in &sets { li { (workbench_link(site, set)) } } }
    };
    PageShell::new("Workbench", "Which rule file do you want to edit?")
        .at("/rules")
        .show(site, &body)
}

fn on_bench<'b>(
    file: &'b RuleFile,
    form: &'b DraftForm,
    text: &'b str,
    findings: &'b DraftFindings,
) -> WorkbenchPage<'b> {
    WorkbenchPage {
        file,
        opened: &form.opened,
        text,
        findings,
        institution: &form.institution,
        answer: None,
        result: html! {},
    }
}

async fn check(site: Visitor, headers: HeaderMap, form: String) -> Result<Html<String>, PageError> {
    let form = DraftForm::read(&site, &headers, &form)?;
    let file = form.file(&site)?;
    let text = form.text_as(&file);
    let findings = examine(&site, &file, &text).await?;
    Ok(on_bench(&file, &form, &text, &findings).show(&site, &form))
}

async fn rehearse(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<Html<String>, PageError> {
    let form = DraftForm::read(&site, &headers, &form)?;
    let file = form.file(&site)?;
    let text = form.text_as(&file);
    let findings = examine(&site, &file, &text).await?;
    let draft = rehearsable(&site, &file, &text).await?;
    let chosen: Vec<String> = rule_drafts::users(&draft, &file.file)
        .map(|one| one.slug.clone())
        .filter(|slug| form.institution.is_empty() || *slug == form.institution)
        .collect();
    if chosen.is_empty() {
        return Err(PageError::unknown(
            "No such institution uses the file",
            "Open the workbench again: it lists those that do.",
        ));
    }
    let plans: Vec<Arc<Plan>> = draft.ready(&chosen).cloned().collect();
    let left_out = chosen.iter().map(String::as_str);
    let left_out: Vec<&str> = left_out
        .filter(|slug| plans.iter().all(|plan| plan.institution.slug != *slug))
        .collect();
    let (left_out, wanted) = (one_of(left_out), plans.len());
    let pages = rehearsed(&site, draft.sandbox, plans).await?;
    let result = html! {
        @if !left_out.is_empty() { p.note { "Not rehearsed, because files have errors or it is not active: " (prose(&line(&left_out, 300))) "." } }
        @if pages.len() < wanted { p.note { (cut_short(pages.len(), wanted)) " Choose one, or run " code { "weir rehearse --rules FILE" } " with the downloaded text." } }
        @for page in &pages { (rehearsal::institution(page)) }
    };
    let answer = (!pages.is_empty()).then(|| rehearsal::answer(&pages));
    let bench = WorkbenchPage {
        answer,
        result,
        ..on_bench(&file, &form, &text, &findings)
    };
    Ok(bench.show(&site, &form))
}

async fn download(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<impl IntoResponse, PageError> {
    let form = DraftForm::read(&site, &headers, &form)?;
    let file = form.file(&site)?;
    let text = form.text_as(&file);
    let name: String = file.file.chars().skip("rules/".len()).collect();
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
    let name: String = name.chars().filter(plain).collect();
    let headers = [
        (
            header::CONTENT_TYPE,
            "application/yaml; charset=utf-8".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, text))
}

async fn save(
    site: Visitor,
    headers: HeaderMap,
    form: String,
) -> Result<(StatusCode, Html<String>), PageError> {
    let form = DraftForm::read(&site, &headers, &form)?;
    if !site.saves_edits {
        return Err(PageError::not_allowed(
            "Files are not saved here",
            "Download the text, or start `weir serve --edit`.",
        ));
    }
    if form.by.is_empty() || form.reason.is_empty() {
        return Err(PageError::bad(
            "Saving needs a name and a reason",
            "Both are kept with it, for whoever asks later. Go back: the text is still there.",
        ));
    }
    let file = form.file(&site)?;
    let text = form.text_as(&file);
    match put(&site, &form, &text).await? {
        DraftOutcome::Saved(revision) => {
            record(&site, &form, &file, &revision).await?;
            Ok((StatusCode::OK, told(&site, &file, &text)))
        }
        DraftOutcome::Broken(findings) => {
            let page = on_bench(&file, &form, &text, &findings).show(&site, &form);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page))
        }
        DraftOutcome::Moved(now) => {
            let page = moved(&site, &form, &now, &text).await?;
            Ok((StatusCode::CONFLICT, page))
        }
    }
}

/// Somebody else has saved the file meanwhile: theirs against this text.
async fn moved(
    site: &Visitor,
    form: &DraftForm,
    now: &RuleFile,
    text: &str,
) -> Result<Html<String>, PageError> {
    let findings = examine(site, now, text).await?;
    let result = html! {
        p.note { "Nothing was saved. Below is what saving would change of the file as it is now: if that is what you want, save again." }
    };
    let bench = WorkbenchPage {
        opened: &now.revision,
        answer: Some("The file has changed since you opened it".to_owned()),
        result,
        ..on_bench(now, form, text, &findings)
    };
    Ok(bench.show(site, form))
}

async fn record(
    site: &Visitor,
    form: &DraftForm,
    file: &RuleFile,
    revision: &str,
) -> Result<(), PageError> {
    let about = format!("{} to {revision}", form.opened);
    let entry = TrailEntry {
        at: (site.now)(),
        by: &form.by,
        what: "saved",
        kind: "file",
        subject: &file.file,
        about: Some(&about),
        institution: None,
        reason: Some(&form.reason),
    };
    let mut connection = site.store.connection().await?;
    Ok(audit_trail::record(&mut connection, &entry).await?)
}

/// What was saved.
fn told(site: &Visitor, file: &RuleFile, text: &str) -> Html<String> {
    let body: Markup = html! {
        p { "The next runs of the institutions that use it judge their ads again." }
        pre.findings tabindex="0" { code { (difference::of_files(&file.text, text)) } }
        p { a href="/rules" { "Rules" } " · " a href="/audit" { "Audit" } }
    };
    PageShell::new("Workbench", &format!("Saved: {}", line(&file.file, 80)))
        .at("/rules")
        .show(site, &body)
}

async fn examine(site: &Visitor, file: &RuleFile, text: &str) -> Result<DraftFindings, PageError> {
    let (folder, now) = (site.folder.clone(), site.project());
    let (file, text) = (file.file.clone(), text.to_owned());
    aside(move || rule_drafts::examine(&folder, &file, &text, &now)).await
}

async fn rehearsable(
    site: &Visitor,
    file: &RuleFile,
    text: &str,
) -> Result<CheckedProject, PageError> {
    let folder = site.folder.clone();
    let (file, text) = (file.file.clone(), text.to_owned());
    aside(move || rule_drafts::rehearsable(&folder, &file, &text)).await
}

async fn put(site: &Visitor, form: &DraftForm, text: &str) -> Result<DraftOutcome, PageError> {
    let (folder, now) = (site.folder.clone(), site.project());
    let (set, seen, text) = (form.set.clone(), form.opened.clone(), text.to_owned());
    let saved = aside(move || rule_drafts::save(&folder, &set, &seen, &text, &now)).await?;
    saved.map_err(|error| {
        PageError::moved(
            "The file was not saved",
            format!(
                "{error}. Check that the project folder may be written; the text can be downloaded."
            ),
        )
    })
}
