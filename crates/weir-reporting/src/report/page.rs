//! What all pages share: one head, one style sheet, no request. A page is one file that can be
//! mailed, printed and read without a network.
//!
//! The first line of a page is its answer, in words; the evidence follows. A page must never load
//! anything, nor run a script that is not its own: it forbids both to itself, so that whatever an
//! ad says stays text.
//!
//! To add a page, give [`page`] its title and its body. To add a part, style it in `page.css`, once
//! for all pages. Pages of `weir serve` have the same parts and the same sheet, as [`STYLE`], and a
//! frame of their own.

use base64::Engine;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

/// The sheet of all pages.
pub const STYLE: &str = include_str!("page.css");

/// A whole page, with the script that it may run.
pub fn page(title: &str, body: &Markup, script: Option<&str>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy(script));
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                @if let Some(script) = script { script { (PreEscaped(script)) } }
            }
        }
    };
    page.into_string()
}

/// No request, no script but the page's own.
fn policy(script: Option<&str>) -> String {
    let hash = |script: &str| {
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script.as_bytes()))
    };
    let scripts = script.map_or(String::new(), |script| {
        format!(" script-src 'sha256-{}';", hash(script))
    });
    format!(
        "default-src 'none'; style-src 'unsafe-inline';{scripts} base-uri 'none'; form-action 'none'"
    )
}

/// An instant, with the exact one behind it.
pub fn instant(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) title=(at.to_rfc3339()) { (at.format("%Y-%m-%d %H:%MZ")) } }
}

/// An instant as its reader thinks of it, in a zone: `today 05:04`, `Tue 05:04`, `14 Sep 05:04`;
/// the exact one is behind it.
pub fn when(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> Markup {
    let (local, today) = (
        at.with_timezone(&zone),
        now.with_timezone(&zone).date_naive(),
    );
    let day = local.date_naive();
    let words = match (day - today).num_days() {
        0 => local.format("today %H:%M"),
        -1 => local.format("yesterday %H:%M"),
        1 => local.format("tomorrow %H:%M"),
        -6..=6 => local.format("%a %H:%M"),
        -180..=180 => local.format("%-d %b %H:%M"),
        _ => local.format("%-d %b %Y"),
    };
    let exact = local.to_rfc3339_opts(SecondsFormat::Secs, false);
    html! { time datetime=(exact) title={ (exact) " " (zone.name()) } { (words) } }
}

/// A sign in the colour of what it stands for; the word for it is beside it.
pub fn sign(class: &str, sign: char) -> Markup {
    html! { span class={ "sign " (class) } aria-hidden="true" { (sign) } }
}

#[cfg(test)]
mod tests {
    use super::when;
    use chrono_tz::Australia::Sydney;

    #[test]
    fn instants_are_said_as_their_readers_think_of_them() {
        let at = |text: &str| text.parse().unwrap();
        let said = |text: &str| {
            let markup = when(at(text), Sydney, at("2026-09-02T01:00:00Z")).into_string();
            markup
                .split_once('>')
                .and_then(|(_, rest)| rest.split_once('<'))
                .map(|(words, _)| words.to_owned())
        };
        for (instant, words) in [
            ("2026-09-01T19:04:00Z", "today 05:04"),
            ("2026-09-01T13:00:00Z", "yesterday 23:00"),
            ("2026-08-30T19:00:00Z", "Mon 05:00"),
            ("2026-08-20T19:00:00Z", "21 Aug 05:00"),
            ("2025-08-20T19:00:00Z", "21 Aug 2025"),
        ] {
            assert_eq!(said(instant).as_deref(), Some(words), "{instant}");
        }
    }
}
