//! What pages are put together from, each part once: states, bars of runs, pagers, filters, texts
//! of sources. A state is said by word, symbol and colour, never by colour alone.
//!
//! Must never show a text of a source whole or bare: [`told`] cuts, cleans and isolates it.

use super::links::address;
use chrono_tz::Tz;
use maud::{Markup, html};
use weir_model::OutcomeCounts;
use weir_model::untrusted::escape;
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::line;
use weir_store::views::run_list::RunLine;

/// How something does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OperatingState {
    Failing,
    NeedsPerson,
    Running,
    Healthy,
    Paused,
}

impl OperatingState {
    /// The class of what has this state.
    pub(super) fn class(self) -> &'static str {
        self.look().0
    }

    fn look(self) -> (&'static str, &'static str) {
        match self {
            OperatingState::Failing => ("failing", "■"),
            OperatingState::NeedsPerson => ("needs", "◆"),
            OperatingState::Running => ("running", "◔"),
            OperatingState::Healthy => ("healthy", "●"),
            OperatingState::Paused => ("paused", "‖"),
        }
    }
}

/// A state with its symbol and a word.
pub(super) fn state(state: OperatingState, word: &str) -> Markup {
    let (class, symbol) = state.look();
    html! { span class={ "is " (class) } { span.symbol aria-hidden="true" { (symbol) } " " (word) } }
}

/// How a run ended.
pub(super) fn run_state(run: &RunLine, died: bool) -> (OperatingState, String) {
    match run.status.as_str() {
        _ if died => (OperatingState::Failing, "died".to_owned()),
        "running" => (OperatingState::Running, "running".to_owned()),
        "failed" => (OperatingState::Failing, "failed".to_owned()),
        "interrupted" => (OperatingState::NeedsPerson, "interrupted".to_owned()),
        _ if run.errors > 0 => (OperatingState::Failing, "done, with errors".to_owned()),
        _ if run.warnings > 0 => (OperatingState::Healthy, "done, with warnings".to_owned()),
        _ => (OperatingState::Healthy, "done".to_owned()),
    }
}

/// What came of the ads of a run.
pub(super) fn counts(run: &RunLine) -> Option<OutcomeCounts> {
    serde_json::from_value(run.total.clone()?).ok()
}

/// A text of a source, cut.
pub(super) fn told(text: &str, width: usize) -> Markup {
    html! { bdi { (line(text, width)) } }
}

/// A long text of a source with its lines, cut.
pub(super) fn long(text: &str, width: usize) -> Markup {
    let cut: String = text.chars().take(width).collect();
    let is_cut = cut.len() < text.len();
    html! { (escape(&cut)) @if is_cut { "…" } }
}

/// The last runs as bars, the oldest first; each is a link.
pub(super) fn bars(runs: &[&RunLine], zone: Tz) -> Markup {
    let most = runs
        .iter()
        .filter_map(|run| counts(run))
        .map(|all| all.documents)
        .max();
    html! {
        span.bars { @for run in runs.iter().rev() { (bar(run, most.unwrap_or_default().max(1), zone)) } }
    }
}

fn bar(run: &RunLine, most: i64, zone: Tz) -> Markup {
    let (state, word) = run_state(run, false);
    let (class, _) = state.look();
    let found = counts(run);
    let height = found
        .as_ref()
        .map_or(2, |all| (all.documents * 8 / most).clamp(1, 8));
    let ads = found.map_or_else(String::new, |all| {
        format!(", {} ads", thousands(all.documents))
    });
    let at = run.at.with_timezone(&zone).format("%a %-d %b %H:%M");
    let title = format!("run {}, {at}: {word}{ads}", run.id);
    html! { a class={ "bar h" (height) " " (class) } href=(super::links::run(&run.institution, run.id)) title=(title) {} }
}

/// A number that is a link to the rows that it counts; nothing is a dot.
pub(super) fn figure(count: i64, link: &str) -> Markup {
    if count == 0 {
        return html! { span.soft { "·" } };
    }
    html! { a href=(link) { (thousands(count)) } }
}

/// A number whose counting ends at 1,000.
pub(super) fn capped(count: i64) -> String {
    if count > 1000 {
        "1,000+".to_owned()
    } else {
        thousands(count)
    }
}

/// A field of a filter.
pub(super) enum FilterField<'f> {
    /// A search for words.
    Search(&'f str, &'f str, &'f str),
    /// Any text.
    Text(&'f str, &'f str, &'f str),
    /// One of some values, each with its name; the first is all of them.
    Choice(&'f str, &'f str, &'f str, Vec<(String, String)>),
    /// A day.
    Day(&'f str, &'f str, &'f str),
    /// Something that stays as it is.
    Fixed(&'f str, &'f str),
}

/// A filter: a form that is an address.
pub(super) fn filter(path: &str, fields: &[FilterField<'_>]) -> Markup {
    html! {
        form.filter action=(path) method="get" role="search" {
            @for field in fields { (filter_field(field)) }
            button { "Show" }
            a.reset href=(path) { "Reset" }
        }
    }
}

fn filter_field(field: &FilterField<'_>) -> Markup {
    html! {
        @match field {
            FilterField::Search(name, label, value) => {
                label { span { (label) } input type="search" name=(name) value=(value) maxlength="200" autocomplete="off"; }
            }
            FilterField::Text(name, label, value) => {
                label { span { (label) } input type="text" name=(name) value=(value) maxlength="200" autocomplete="off"; }
            }
            FilterField::Choice(name, label, value, all) => {
                label { span { (label) } select name=(name) {
                    @for (choice, said) in all { option value=(choice) selected[choice == value] { (line(said, 60)) } }
                    @if !all.iter().any(|(choice, _)| choice == value) { option value=(value) selected { (line(value, 60)) } }
                } }
            }
            FilterField::Day(name, label, value) => {
                label { span { (label) } input type="date" name=(name) value=(value); }
            }
            FilterField::Fixed(name, value) => { @if !value.is_empty() { input type="hidden" name=(name) value=(value); } }
        }
    }
}

/// Choices of institutions.
pub(super) fn institution_choices<'c>(
    all: impl Iterator<Item = &'c super::catalog::CatalogEntry>,
) -> Vec<(String, String)> {
    let none = (String::new(), "all institutions".to_owned());
    std::iter::once(none)
        .chain(all.map(|entry| (entry.slug.clone(), entry.slug.clone())))
        .collect()
}

/// The way to the rows that follow, and back to the first.
pub(super) fn pager<'f>(
    path: &str,
    filters: &[(&'f str, &'f str)],
    cursor: (&'f str, &'f str),
    next: Option<&'f str>,
) -> Markup {
    let (name, now) = cursor;
    let rest = || filters.iter().copied();
    html! {
        @if !now.is_empty() || next.is_some() {
            nav.pager aria-label="further rows" {
                @if !now.is_empty() { a href=(address(path, rest())) { "First rows" } }
                @if let Some(next) = next { a rel="next" href=(address(path, rest().chain([(name, next)]))) { "Next rows" } }
            }
        }
    }
}

/// What a table leaves out, and how to see it; nothing if it shows all.
pub(super) fn and_more(all: usize, shown: usize) -> Markup {
    html! { @if all > shown { p.soft { "and " (all - shown) " more: choose an institution to see its own" } } }
}

/// What is shown where there is nothing to show: why, and what to do first.
pub(super) fn empty(why: &str, first: &str) -> Markup {
    html! { div.empty { p { (why) } p.soft { (super::shell::prose(first)) } } }
}
