//! The page of the workbench: the text of a rule file, what is wrong with it, what can be done.

use super::form::DraftForm;
use crate::access::Visitor;
use crate::decide::signature;
use crate::links::address;
use crate::shell::PageShell;
use axum::response::Html;
use maud::{Markup, PreEscaped, html};
use weir_reporting::report::columns::{counted, line};
use weir_reporting::report::difference;
use weir_runtime::actions::rule_drafts::{DraftFindings, RuleFile, users};
use weir_yaml::diagnostic::{self, Severity};

/// What is on the bench.
pub(super) struct WorkbenchPage<'b> {
    /// The file as it is.
    pub(super) file: &'b RuleFile,
    /// The revision that was opened.
    pub(super) opened: &'b str,
    /// The edited text.
    pub(super) text: &'b str,
    /// What is wrong with it.
    pub(super) findings: &'b DraftFindings,
    /// The institution that is chosen.
    pub(super) institution: &'b str,
    /// The first line, if it is not what is wrong with the text.
    pub(super) answer: Option<String>,
    /// What was found out.
    pub(super) result: Markup,
}

impl WorkbenchPage<'_> {
    pub(super) fn show(&self, site: &Visitor, form: &DraftForm) -> Html<String> {
        let said = said(self.findings);
        let answer = self.answer.as_deref().unwrap_or(&said);
        let over = html! {
            a href="/rules" { "Rules" } " › " (line(&self.file.file, 80)) " › Workbench"
        };
        let body = html! {
            form.workbench method="post" action="/workbench/check" {
                input type="hidden" name="token" value=(site.form_token());
                input type="hidden" name="set" value=(form.set);
                input type="hidden" name="opened" value=(self.opened);
                label { span { (line(&self.file.file, 80)) }
                    // A browser drops the first line break of the text.
                    textarea name="text" rows="28" spellcheck="false" autocomplete="off" { (PreEscaped("\n")) (self.text) }
                }
                (self.findings())
                p.act {
                    button formnovalidate { "Check" }
                    (self.choice())
                    button formaction="/workbench/rehearse" formnovalidate { "Rehearse on stored ads" }
                    button.quiet formaction="/workbench/download" formnovalidate { "Download" }
                }
                (self.saving(site, form))
            }
            (self.result)
            (self.edit())
        };
        PageShell::new("Workbench", answer)
            .at("/rules")
            .over(over)
            .script("/assets/workbench.js")
            .show(site, &body)
    }

    /// What is wrong, which the script keeps up to date.
    fn findings(&self) -> Markup {
        let found = &self.findings.diagnostics;
        html! {
            div #findings role="status" {
                p { (said(self.findings)) }
                @if !found.is_empty() { pre.findings tabindex="0" { code { (diagnostic::render(found, &self.findings.checked.texts, false).trim_end()) } } }
            }
        }
    }

    /// Which institution is rehearsed.
    fn choice(&self) -> Markup {
        let all = users(&self.findings.checked, &self.file.file);
        html! {
            label.inline { span { "for" }
                select name="institution" {
                    option value="" { "all that use it" }
                    @for one in all { option value=(one.slug) selected[one.slug == self.institution] { (line(&one.slug, 60)) } }
                }
            }
        }
    }

    fn saving(&self, site: &Visitor, form: &DraftForm) -> Markup {
        html! {
            @if site.saves_edits {
                div.decision {
                    div.fields { (signature(site, &form.reason)) }
                    p.act {
                        button formaction="/workbench/save" { "Save " (line(&self.file.file, 80)) }
                        span.soft { "Refused if the file has changed since you opened it, or has an error. The next runs use it." }
                    }
                }
            } @else {
                p.soft { "Files are not saved here: download the text, or start " code { "weir serve --edit" } "." }
            }
        }
    }

    /// What was edited.
    fn edit(&self) -> Markup {
        let edit = difference::of_files(&self.file.text, self.text);
        html! {
            @if !edit.is_empty() {
                section { h2 { "Your edit" } pre.findings tabindex="0" { code { (edit) } } }
            }
        }
    }
}

/// What is wrong, in a line.
fn said(findings: &DraftFindings) -> String {
    let all = findings.diagnostics.sorted();
    let errors = all.iter().filter(|one| one.severity == Severity::Error);
    let errors = errors.count();
    match (errors, all.len() - errors) {
        (0, 0) => "Nothing is wrong with the file, and its tests pass".to_owned(),
        (0, warnings) => format!("{} in the file", counted(warnings, "warning")),
        (errors, 0) => format!("{} in the file", counted(errors, "error")),
        (errors, warnings) => format!(
            "{} and {} in the file",
            counted(errors, "error"),
            counted(warnings, "warning")
        ),
    }
}

/// The way to the workbench of a set.
pub(crate) fn workbench_link(site: &Visitor, set: &str) -> Markup {
    html! {
        @if site.edits() { a href=(address("/workbench", [("set", set)])) { "Edit " (line(set, 60)) } }
    }
}
