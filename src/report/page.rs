//! What all pages share: one head, one style sheet, no request. A page is one file that can be
//! mailed, printed and read without a network.
//!
//! The first line of a page is its answer, in words; the evidence follows. A page must never load
//! anything, nor run a script that is not its own: it forbids both to itself, so that whatever an
//! ad says stays text.
//!
//! To add a page, give [`page`] its title and its body. To add a part, style it in `page.css`, once
//! for all pages.

use base64::Engine;
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");

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

/// A sign in the colour of what it stands for; the word for it is beside it.
pub fn sign(class: &str, sign: char) -> Markup {
    html! { span class={ "sign " (class) } aria-hidden="true" { (sign) } }
}
