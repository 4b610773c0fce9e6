//! Ads in the scripts of a page: the state that a page's own program starts with, as JSON in a
//! script with an id or behind an assignment.

use super::lists;
use scraper::{ElementRef, Html, Selector};
use serde_json::Value as Json;

/// What holds the ads.
pub(super) struct ScriptState {
    /// The right side of `decode`.
    pub(super) settings: String,
    pub(super) value: Json,
    pub(super) ads: usize,
}

/// Most scripts, and most assignments in one, that are looked at.
const MOST: usize = 200;
/// The text in front of JSON: `window.__STATE__ =`, `var jobs =`, `app["state"] =`.
const ASSIGNED: &str = r#"([A-Za-z_$][\w$.]*(?:\[["'][\w$.-]+["']\])?)\s*=\s*[\[{]"#;

/// The script of a page with the most ads.
pub(super) fn find(text: &str) -> Option<ScriptState> {
    let (page, script) = (Html::parse_document(text), Selector::parse("script").ok()?);
    let mut states: Vec<ScriptState> = Vec::new();
    for element in page.select(&script).take(MOST) {
        let body: String = element.text().collect();
        match data_selector(element) {
            Some(css) => states.extend(
                serde_json::from_str(body.trim())
                    .ok()
                    .and_then(|value| state("css", &css, value)),
            ),
            None => states.extend(assigned(&body)),
        }
    }
    states
        .into_iter()
        .reduce(|best, state| if state.ads > best.ads { state } else { best })
}

/// The selector of a script that holds data and no program.
fn data_selector(script: ElementRef) -> Option<String> {
    let kind = script.attr("type")?.trim().to_ascii_lowercase();
    if !kind.contains("json") || kind.contains("ld+json") {
        return None;
    }
    let is_word = |id: &&str| {
        !id.is_empty()
            && id
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
    };
    let id = script
        .attr("id")
        .filter(is_word)
        .filter(|id| !id.starts_with(|first: char| first.is_ascii_digit()));
    Some(id.map_or_else(|| format!("script[type='{kind}']"), |id| format!("#{id}")))
}

fn state(way: &str, place: &str, value: Json) -> Option<ScriptState> {
    let ads = lists::best(&value)
        .filter(lists::AdList::is_like_ads)?
        .items
        .len();
    Some(ScriptState {
        settings: format!("{{ script: {{ {way}: {} }} }}", Json::from(place)),
        value,
        ads,
    })
}

/// The states that a script assigns.
fn assigned(body: &str) -> Vec<ScriptState> {
    let Ok(pattern) = regex::Regex::new(ASSIGNED) else {
        return Vec::new();
    };
    let (mut states, mut at) = (Vec::new(), 0);
    for _ in 0..MOST {
        let Some(found) = pattern.captures_at(body, at) else {
            break;
        };
        let (whole, name) = (
            found.get(0).map_or(at..at, |whole| whole.range()),
            &found[1],
        );
        let start = whole.end - 1;
        let mut values = serde_json::Deserializer::from_str(&body[start..]).into_iter::<Json>();
        at = whole.end;
        if let Some(Ok(value)) = values.next() {
            at = start + values.byte_offset();
            states.extend(state("after", &format!("{name} ="), value));
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(script: &str) -> String {
        find(&format!(
            "<html><script>var a = [];</script>{script}</html>"
        ))
        .map(|state| state.settings)
        .unwrap_or_default()
    }

    const JOBS: &str =
        r#"{"x":[{"id":1,"title":"A;","url":"/a"},{"id":2,"title":"B","url":"/b"}]}"#;

    #[test]
    fn data_and_assignments_are_found_and_programs_are_not() {
        assert_eq!(
            found(&format!(
                "<script id=__NEXT_DATA__ type='application/json'>{JOBS}</script>"
            )),
            r##"{ script: { css: "#__NEXT_DATA__" } }"##
        );
        assert_eq!(
            found(&format!(
                "<script>if (x) {{ window.state={JOBS}; }}</script>"
            )),
            r#"{ script: { after: "window.state =" } }"#
        );
        assert_eq!(
            found(&format!("<script>app['jobs'] = {JOBS}</script>")),
            r#"{ script: { after: "app['jobs'] =" } }"#
        );
        assert_eq!(
            found(
                "<script>var menu = [{\"name\": \"Home\"}]; function f() { return {}; }</script>"
            ),
            ""
        );
    }
}
