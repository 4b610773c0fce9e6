//! What a form of the workbench says: which set, the revision that was opened, and the text.

use crate::access::{EntryMethod, Visitor};
use crate::decide::check_sender;
use crate::refusal::PageError;
use axum::http::HeaderMap;
use weir_runtime::actions::rule_drafts::{self, RuleFile};

/// A form that was sent.
#[derive(Debug, Default)]
pub(super) struct DraftForm {
    /// The rule set.
    pub(super) set: String,
    /// The revision that was opened.
    pub(super) opened: String,
    /// The edited text, with line breaks as browsers send them.
    text: String,
    /// The institution to rehearse; all that use the set if empty.
    pub(super) institution: String,
    /// Who saves.
    pub(super) by: String,
    /// Why.
    pub(super) reason: String,
}

impl DraftForm {
    /// The form of a file that was opened.
    pub(super) fn of(file: &RuleFile, set: String) -> DraftForm {
        DraftForm {
            set,
            opened: file.revision.clone(),
            ..DraftForm::default()
        }
    }

    /// Reads a form that a page of this process has sent.
    pub(super) fn read(
        site: &Visitor,
        headers: &HeaderMap,
        form: &str,
    ) -> Result<DraftForm, PageError> {
        check_sender(site, headers, form)?;
        let mut read = DraftForm::default();
        for (name, value) in url::form_urlencoded::parse(form.as_bytes()) {
            match &*name {
                "set" => read.set = value.into_owned(),
                "opened" => read.opened = value.into_owned(),
                "text" => read.text = value.into_owned(),
                "institution" => read.institution = value.into_owned(),
                "by" => read.by = value.trim().chars().take(100).collect(),
                "reason" => read.reason = value.trim().chars().take(1000).collect(),
                _ => {}
            }
        }
        if site.who().door != EntryMethod::Open {
            read.by.clone_from(&site.who().name);
        }
        Ok(read)
    }

    /// The file of the set as it is now.
    pub(super) fn file(&self, site: &Visitor) -> Result<RuleFile, PageError> {
        opened(site, &self.set)
    }

    /// The edited text with the line breaks of the file: browsers send others.
    pub(super) fn text_as(&self, file: &RuleFile) -> String {
        let plain = self.text.replace("\r\n", "\n");
        if file.text.contains("\r\n") {
            plain.replace('\n', "\r\n")
        } else {
            plain
        }
    }
}

/// The file of a set.
pub(super) fn opened(site: &Visitor, set: &str) -> Result<RuleFile, PageError> {
    let found = rule_drafts::open(&site.folder, set).map_err(|error| {
        PageError::bad(
            "The rule file cannot be read",
            format!("{error}. Check that it is text in UTF-8 and may be read."),
        )
    })?;
    found.ok_or_else(|| {
        PageError::unknown(
            "There is no such rule set",
            "Rules lists those of the project; `weir new rule` makes a rule in a set.",
        )
    })
}
