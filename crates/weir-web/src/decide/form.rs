//! What a form of a decision says, and whether a page of this process has sent it: the browser says
//! where a request comes from, and the form carries a token that no other site can read.

use crate::access::{EntryMethod, Visitor};
use crate::refusal::PageError;
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use maud::{Markup, html};
use std::collections::BTreeMap;
use uuid::Uuid;
use weir_model::Clock;
use weir_runtime::actions::ruling::OperatorRuling;

/// Things that are decided at once.
const TOGETHER: usize = 60;

/// What a form says.
pub(super) struct DecisionForm {
    /// Numbers, each with the revision that was shown.
    pub(super) seen: Vec<(i64, String)>,
    by: String,
    reason: String,
    /// Jobs that it is about.
    pub(super) jobs: Vec<Uuid>,
    /// Institutions, each with the revision that was shown.
    pub(super) institutions: Vec<(String, String)>,
    /// What else it says.
    more: BTreeMap<String, String>,
}

impl DecisionForm {
    /// Reads a form that a page of this process has sent.
    pub(super) fn read(
        site: &Visitor,
        headers: &HeaderMap,
        form: &str,
    ) -> Result<DecisionForm, PageError> {
        check_sender(site, headers, form)?;
        let mut decision = DecisionForm {
            seen: Vec::new(),
            by: String::new(),
            reason: String::new(),
            jobs: Vec::new(),
            institutions: Vec::new(),
            more: BTreeMap::new(),
        };
        for (name, value) in url::form_urlencoded::parse(form.as_bytes()) {
            match &*name {
                "hold" | "document" | "cause" | "silence" => decision.seen.extend(seen(&value)),
                "institution" => decision.institutions.extend(seen::<String>(&value)),
                "by" => decision.by = value.trim().chars().take(100).collect(),
                "reason" => decision.reason = value.trim().chars().take(1000).collect(),
                "job" => decision.jobs.extend(value.parse::<Uuid>()),
                "token" => {}
                _ => {
                    let more = &mut decision.more;
                    more.insert(name.into_owned(), value.trim().to_owned());
                }
            }
        }
        if site.who().door != EntryMethod::Open {
            decision.by.clone_from(&site.who().name);
        }
        decision.checked()
    }

    fn checked(mut self) -> Result<DecisionForm, PageError> {
        self.seen.sort();
        self.seen.dedup();
        self.institutions.sort();
        self.institutions.dedup();
        if self.seen.is_empty() && self.jobs.is_empty() && self.institutions.is_empty() {
            return Err(PageError::bad(
                "Nothing is selected",
                "Go back and select at least one row.",
            ));
        }
        if self.seen.len().max(self.institutions.len()) > TOGETHER {
            return Err(PageError::bad(
                "Too much is selected at once",
                format!("Select at most {TOGETHER} rows."),
            ));
        }
        if self.by.is_empty() || self.reason.is_empty() {
            return Err(PageError::bad(
                "A decision needs a name and a reason",
                "Both are kept with it, for whoever asks later.",
            ));
        }
        Ok(self)
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.seen.iter().map(|(id, _)| *id).collect()
    }

    pub(super) fn is_as_seen(&self, id: i64, revision: Option<&str>) -> bool {
        let seen = self.seen.iter().find(|(seen, _)| *seen == id);
        seen.is_some_and(|(_, seen)| Some(seen.as_str()) == revision)
    }

    /// A further field; empty if the form has none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.more.get(name).map_or("", String::as_str)
    }

    pub(super) fn ruling(&self, at: Clock) -> OperatorRuling<'_> {
        OperatorRuling {
            at,
            by: &self.by,
            reason: &self.reason,
        }
    }
}

/// `3@9f2c1a`, `acme@9f2c1a`.
fn seen<T: std::str::FromStr>(text: &str) -> Option<(T, String)> {
    let (of, revision) = text.split_once('@')?;
    Some((of.parse().ok()?, revision.to_owned()))
}

/// Refuses a form that no page of this process has sent for this visitor.
pub(crate) fn check_sender(
    site: &Visitor,
    headers: &HeaderMap,
    form: &str,
) -> Result<(), PageError> {
    if !is_own(headers) {
        return Err(PageError::forbidden(
            "The request does not come from a page of this process",
        ));
    }
    if !is_token_of(site, form) {
        return Err(PageError::forbidden(
            "The form is of another login, or of a process that has ended since",
        ));
    }
    Ok(())
}

/// Whether a form carries what forms for this visitor carry.
fn is_token_of(site: &Visitor, form: &str) -> bool {
    let mut fields = url::form_urlencoded::parse(form.as_bytes());
    fields.any(|(name, value)| name == "token" && value == site.form_token())
}

/// Whether a request comes from a page of this process: by what its browser says.
pub(crate) fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = text(ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    matches!((origin, text(HOST.as_str())), (Some((_, origin)), Some(host)) if origin == host)
}

/// What is shown to those who may look, but not decide, in place of buttons.
pub(super) fn looks_only() -> Markup {
    html! { p.soft { "You may look here; who may decide has the role " code { "operate" } "." } }
}

/// The fields and buttons for what is selected, within its form: the fields of every decision,
/// `more` of them, and what can be done.
pub(super) fn selected(site: &Visitor, more: &Markup, acts: &Markup) -> Markup {
    if !site.decides() {
        return looks_only();
    }
    html! {
        div.decision {
            div.fields { (signature(site, "")) (more) }
            p.act { (acts) }
        }
    }
}

/// The fields that every decision needs.
pub(crate) fn signature(site: &Visitor, reason: &str) -> Markup {
    html! {
        input type="hidden" name="token" value=(site.form_token());
        label { span { "Reason" } input name="reason" required maxlength="1000" value=(reason) autocomplete="off"; }
        @if site.who().door == EntryMethod::Open { label { span { "Your name" } input name="by" required maxlength="100" value=(site.operator) autocomplete="username"; } }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_own, seen};
    use axum::http::HeaderMap;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_pages_of_this_process_decide() {
        let host = ("host", "127.0.0.1:8080");
        for (all, own) in [
            (vec![host, ("origin", "http://127.0.0.1:8080")], true),
            (vec![host, ("origin", "http://127.0.0.1:8081")], false),
            (vec![host, ("origin", "null")], false),
            (vec![host], false),
            (
                vec![
                    host,
                    ("sec-fetch-site", "same-origin"),
                    ("origin", "http://127.0.0.1:8080"),
                ],
                true,
            ),
            (
                vec![
                    host,
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "http://127.0.0.1:8080"),
                ],
                false,
            ),
            (vec![host, ("sec-fetch-site", "none")], false),
        ] {
            assert_eq!(is_own(&headers(&all)), own, "{all:?}");
        }
    }

    #[test]
    fn what_was_seen_has_a_revision() {
        assert_eq!(seen("3@9f2c1a"), Some((3, "9f2c1a".to_owned())));
        assert_eq!(seen("acme@"), Some(("acme".to_owned(), String::new())));
        assert_eq!(seen::<i64>("3"), None);
    }
}
