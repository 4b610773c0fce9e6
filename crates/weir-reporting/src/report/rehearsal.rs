//! What a rehearsal found, for people: as text and as a page. Scraped text is cut and escaped.

use super::ad_examples;
use super::columns::{columns, counted, line, took};
use super::page;
use maud::{Markup, html};
use serde::Serialize;
use std::fmt::Write;
use weir_project::plan::picture::thousands;
use weir_runtime::engine::opening_counts::OpeningCounts;
use weir_runtime::engine::rehearse::{Rehearsal, RehearsedAds, RuleVerdicts};

/// The rehearsal of one institution.
#[derive(Debug, Serialize)]
pub struct RehearsalPage {
    /// The institution.
    pub institution: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// Its sources.
    pub sources: Vec<Rehearsal>,
    /// What would become of its openings, if their settings were edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openings: Option<OpeningCounts>,
}

/// What edited settings of openings would do.
fn openings(counts: &OpeningCounts) -> String {
    let words = counts.words();
    let words = if words.is_empty() {
        "nothing would change"
    } else {
        &words
    };
    format!(
        "openings: {} judged again (settings changed): {words}",
        ads(counts.judged)
    )
}

fn count(number: usize) -> String {
    thousands(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A number of ads: `1 ad`, `2,345 ads`.
fn ads(number: usize) -> String {
    counted(number, "ad")
}

/// The rehearsal as text.
pub fn text(page: &RehearsalPage) -> String {
    let mut out = String::new();
    let judged = page.sources.iter().map(|source| source.judged).sum();
    let _ = writeln!(
        out,
        "{} · rehearsal on {} · {} · nothing was written",
        page.institution,
        ads(judged),
        took(page.millis)
    );
    page.sources
        .iter()
        .for_each(|source| source_text(&mut out, source));
    if let Some(counts) = &page.openings {
        let _ = writeln!(out, "  {}", openings(counts));
    }
    out
}

fn source_text(out: &mut String, source: &Rehearsal) {
    let _ = writeln!(out, "  {}: {}", source.source, summary(source));
    if let Some(note) = may_wait(source) {
        let _ = writeln!(out, "    {note}");
    }
    let verdicts = source
        .rules
        .iter()
        .filter(|(_, rule)| speaks(rule))
        .map(|(name, rule)| verdict_row(name, rule));
    let verdicts: Vec<Vec<String>> = verdicts.collect();
    if !verdicts.is_empty() {
        let head = [
            "rule",
            "fails now",
            "of these warn",
            "starts failing",
            "stops failing",
        ]
        .map(str::to_owned)
        .to_vec();
        let _ = write!(
            out,
            "{}",
            columns(
                &std::iter::once(head).chain(verdicts).collect::<Vec<_>>(),
                1
            )
        );
    }
    for (turn, kind) in &source.turns {
        let _ = writeln!(out, "    {turn}: {}", ads(kind.count));
        examples(out, kind, '!');
    }
    for (what, kind) in &source.anyway {
        let _ = writeln!(out, "    not by the edit: {what}: {}", ads(kind.count));
        examples(out, kind, '!');
    }
    for (name, kind) in warned(source) {
        let _ = writeln!(out, "    {}", warns(name, kind));
        examples(out, kind, '~');
    }
    for (field, kind) in &source.fields {
        let _ = writeln!(out, "    {field} would change in {}", ads(kind.count));
        examples(out, kind, '~');
    }
}

/// Rules that are edited and only warn, with the ads that they warn of.
fn warned(source: &Rehearsal) -> impl Iterator<Item = (&str, &RehearsedAds)> {
    source
        .rules
        .iter()
        .map(|(name, rule)| (name.as_str(), &rule.warned))
        .filter(|(_, kind)| kind.count > 0)
}

fn warns(name: &str, kind: &RehearsedAds) -> String {
    format!("{} warns about {}", line(name, 60), ads(kind.count))
}

fn summary(source: &Rehearsal) -> String {
    let edited: Vec<&str> = source.edited.iter().map(String::as_str).collect();
    let why = if edited.is_empty() {
        String::new()
    } else {
        format!(" ({} changed)", line(&edited.join(", "), 200))
    };
    if !source.stored {
        return "nothing is stored for this source yet; `weir run` reads it".to_owned();
    }
    if source.judged == 0 {
        return "all stored ads were derived by the working copy; nothing would change".to_owned();
    }
    let parts: Vec<String> = source
        .foreseen
        .iter()
        .map(|(what, number)| format!("{} {what}", count(*number)))
        .collect();
    format!(
        "{} checked again{why}: {}",
        ads(source.judged),
        parts.join(", ")
    )
}

/// What a rehearsal cannot predict: that the run holds all of it for an operator.
fn may_wait(source: &Rehearsal) -> Option<&'static str> {
    (source.may_be_held && source.judged > 0)
        .then_some("`quality: hold` is declared: if this read is unusual, the run holds all of it for an operator")
}

fn speaks(rule: &RuleVerdicts) -> bool {
    rule.fails + rule.begins.count + rule.ends.count > 0
}

fn verdict_row(name: &str, rule: &RuleVerdicts) -> Vec<String> {
    vec![
        line(name, 60),
        count(rule.fails),
        count(rule.warns),
        count(rule.begins.count),
        count(rule.ends.count),
    ]
}

fn examples(out: &mut String, kind: &RehearsedAds, sign: char) {
    ad_examples::lines(out, &kind.examples, kind.count, sign);
}

/// The rehearsal as a self-contained page.
pub fn html(pages: &[RehearsalPage]) -> String {
    let body = html! {
        header {
            p.over { "Rehearsal · " (counted(pages.len(), "institution")) }
            h1 { (answer(pages)) }
            p.soft { "The edited files, tried on the ads that are stored. Nothing was written." }
        }
        @for page in pages { (institution(page)) }
    };
    page::page("Rehearsal", &body, None)
}

/// The first line: how many ads would be judged otherwise.
pub fn answer(pages: &[RehearsalPage]) -> String {
    let sources = || pages.iter().flat_map(|page| &page.sources);
    let judged = sources().map(|source| source.judged).sum::<usize>();
    let turned = sources()
        .flat_map(|source| source.turns.values())
        .map(|kind| kind.count)
        .sum::<usize>();
    let changed = sources()
        .flat_map(|source| source.fields.values())
        .map(|kind| kind.count)
        .max()
        .unwrap_or_default();
    match (judged, turned) {
        (0, _) => "The edit changes nothing that is stored".to_owned(),
        (_, 0) if changed == 0 => format!("The edit changes none of {}", ads(judged)),
        (_, 0) => format!(
            "The edit changes no verdict on {}, and fields of some",
            ads(judged)
        ),
        _ => format!(
            "The edit changes the verdict on {} of {}",
            count(turned),
            ads(judged)
        ),
    }
}

/// What was found for one institution.
pub fn institution(page: &RehearsalPage) -> Markup {
    html! {
        h2 { bdi { (page.institution) } }
        @for source in &page.sources {
            section {
                h3 { (source.source) }
                p { (summary(source)) }
                @if let Some(note) = may_wait(source) { p.note { (note) } }
                (rules(source))
                @for (turn, kind) in &source.turns { (table(&format!("{turn}: {}", ads(kind.count)), kind)) }
                @for (what, kind) in &source.anyway { (table(&format!("not by the edit: {what}: {}", ads(kind.count)), kind)) }
                @for (name, kind) in warned(source) { (table(&warns(name, kind), kind)) }
                @for (field, kind) in &source.fields { (table(&format!("{field} would change in {}", ads(kind.count)), kind)) }
            }
        }
    }
}

fn rules(source: &Rehearsal) -> Markup {
    let cell = |name: &str, number: usize| html! { td.number.none[number == 0] data-name=(name) { (count(number)) } };
    html! {
        @if source.rules.values().any(speaks) {
            div.table { table {
                thead { tr { th { "rule" } th.number { "fails now" } th.number { "of these warn" } th.number { "starts failing" } th.number { "stops failing" } } }
                tbody {
                    @for (name, rule) in source.rules.iter().filter(|(_, rule)| speaks(rule)) {
                        tr {
                            th scope="row" { code { (line(name, 80)) } }
                            (cell("fails now", rule.fails)) (cell("of these warn", rule.warns))
                            td.number.warm[rule.begins.count > 0].none[rule.begins.count == 0] data-name="starts failing" { (count(rule.begins.count)) }
                            (cell("stops failing", rule.ends.count))
                        }
                    }
                }
            } }
        }
    }
}

fn table(title: &str, kind: &RehearsedAds) -> Markup {
    ad_examples::section(title, &kind.examples, kind.count)
}
