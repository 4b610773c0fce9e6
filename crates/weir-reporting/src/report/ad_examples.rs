//! A few ads that stand for many, for people: as lines of a text and as articles of a page. Scraped
//! text is cut and escaped.

use super::columns::line;
use super::page;
use maud::{Markup, html};
use std::fmt::Write;
use weir_project::plan::picture::thousands;
use weir_runtime::engine::rehearse::AdExample;

/// Examples of `count` ads, a line each.
pub(super) fn lines(out: &mut String, examples: &[AdExample], count: usize, sign: char) {
    for AdExample { id, title, what } in examples {
        let _ = writeln!(
            out,
            "      {sign} {} {} · {}",
            line(id, 40),
            line(title, 50),
            line(what, 160)
        );
    }
    if let Some(more) = more(examples, count) {
        let _ = writeln!(out, "        {more}");
    }
}

/// Examples of `count` ads, under a title.
pub(super) fn section(title: &str, examples: &[AdExample], count: usize) -> Markup {
    html! {
        h3 { (title) }
        @for one in examples {
            article {
                (page::sign("begins", '!'))
                div { b { bdi { (line(&one.title, 120)) } } " " code { bdi { (line(&one.id, 80)) } } p.soft { bdi { (line(&one.what, 600)) } } }
            }
        }
        @if let Some(more) = more(examples, count) { p.more { (more) } }
    }
}

/// How many are not shown.
fn more(examples: &[AdExample], count: usize) -> Option<String> {
    let more = count.saturating_sub(examples.len());
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    (more > 0 && !examples.is_empty()).then(|| format!("and {} more", thousands(more)))
}
