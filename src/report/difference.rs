//! What changed between two values of a field, for people: short values side by side, lists by
//! added and removed items, objects key by key, long text word by word with distant parts omitted.
//! As text for a terminal and as HTML.
//!
//! Values are scraped: control characters never reach the terminal, and the page escapes them. The
//! cost of comparing is bounded for any input: values too long for a word-by-word comparison are
//! shown as removed and added.

use super::columns::line;
use super::ink::Ink;
use maud::{Markup, html};
use serde_json::Value as Json;
use similar::{DiffTag, TextDiff};
use std::fmt::Write;

/// Longer text is compared word by word.
const LONG: usize = 60;
/// Words shown around a change.
const BESIDE: usize = 6;
/// Maximum bytes of the differing part for a word-by-word comparison.
const COMPARED: usize = 24 * 1024;
/// Characters of one piece that are shown.
const SHOWN: usize = 600;

/// What changed from one value to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Short values: the old one and the new one.
    Values(String, String),
    /// Items of a list that went and that came.
    Items(Vec<String>, Vec<String>),
    /// Words of a text.
    Words(Vec<Piece>),
    /// The keys of an object that differ.
    Keys(Vec<(String, Difference)>),
}

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// In both.
    Same(String),
    /// Only in the old text.
    Gone(String),
    /// Only in the new text.
    Come(String),
    /// This many words, equal in both and far from any change.
    Skipped(usize),
}

/// How a stretch of text is shown.
#[derive(Debug, Clone, Copy)]
enum Tone {
    Same,
    Gone,
    Come,
    Soft,
}

/// A stretch of text as shown.
#[derive(Debug)]
struct Span {
    tone: Tone,
    text: String,
}

impl Span {
    fn new(tone: Tone, text: impl Into<String>) -> Span {
        Span {
            tone,
            text: text.into(),
        }
    }

    fn paint(&self, ink: Ink, text: &str) -> String {
        match self.tone {
            Tone::Same => text.to_owned(),
            Tone::Gone => ink.red(text),
            Tone::Come => ink.green(text),
            Tone::Soft => ink.soft(text),
        }
    }
}

impl Difference {
    /// Compares two values; null and missing are the same.
    pub fn of(old: &Json, new: &Json) -> Difference {
        match (old, new) {
            (Json::Array(old), Json::Array(new)) => {
                let only = |these: &[Json], others: &[Json]| {
                    these
                        .iter()
                        .filter(|item| !others.contains(item))
                        .map(plain)
                        .collect()
                };
                Difference::Items(only(old, new), only(new, old))
            }
            (Json::Object(old), Json::Object(new)) => {
                let names: std::collections::BTreeSet<&String> =
                    old.keys().chain(new.keys()).collect();
                let of = |name: &String| {
                    (
                        old.get(name).unwrap_or(&Json::Null),
                        new.get(name).unwrap_or(&Json::Null),
                    )
                };
                let differing = names.into_iter().filter(|name| of(name).0 != of(name).1);
                Difference::Keys(
                    differing
                        .map(|name| (name.clone(), Difference::of(of(name).0, of(name).1)))
                        .collect(),
                )
            }
            (Json::String(old), Json::String(new))
                if old.chars().count().max(new.chars().count()) > LONG =>
            {
                Difference::Words(words(old, new, BESIDE))
            }
            _ => Difference::Values(plain(old), plain(new)),
        }
    }

    /// On one line; `[-removed-]` and `{+added+}` without colours.
    pub fn text(&self, ink: Ink) -> String {
        self.spans(ink)
            .iter()
            .map(|span| span.paint(ink, &span.text))
            .collect()
    }

    /// On lines no longer than `width`, if their words allow it.
    pub fn lines(&self, ink: Ink, width: usize) -> Vec<String> {
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
        let spans = self.spans(ink);
        for span in &spans {
            for word in span.text.split_inclusive(' ') {
                let length = word.trim_end().chars().count();
                if used > 0 && used + length > width {
                    lines.push(std::mem::take(&mut line).trim_end().to_owned());
                    used = 0;
                }
                line.push_str(&span.paint(ink, word));
                used += word.chars().count();
            }
        }
        lines.push(line);
        lines
    }

    fn spans(&self, ink: Ink) -> Vec<Span> {
        match self {
            Difference::Values(old, new) => vec![
                Span::new(Tone::Gone, shown(old)),
                Span::new(Tone::Same, " → "),
                Span::new(Tone::Come, shown(new)),
            ],
            Difference::Items(gone, come) => {
                let mark = |open: &str, item: &String, close: &str| {
                    if ink.colour {
                        shown(item)
                    } else {
                        format!("{open}{}{close}", shown(item))
                    }
                };
                let gone = gone
                    .iter()
                    .map(|item| Span::new(Tone::Gone, mark("[-", item, "-]")));
                let come = come
                    .iter()
                    .map(|item| Span::new(Tone::Come, mark("{+", item, "+}")));
                let parted = gone
                    .chain(come)
                    .flat_map(|span| [Span::new(Tone::Same, " "), span]);
                parted.skip(1).collect()
            }
            Difference::Words(pieces) => pieces.iter().map(|piece| piece.span(ink)).collect(),
            Difference::Keys(keys) => {
                let key = |(name, difference): &(String, Difference)| {
                    let title = Span::new(Tone::Same, format!("; {} ", line(name, 40)));
                    std::iter::once(title)
                        .chain(difference.spans(ink))
                        .collect::<Vec<_>>()
                };
                let mut spans: Vec<Span> = keys.iter().flat_map(key).collect();
                if let Some(first) = spans.first_mut() {
                    first.text.drain(..2);
                }
                spans
            }
        }
    }

    /// As HTML: `del` and `ins`.
    pub fn html(&self) -> Markup {
        match self {
            Difference::Values(old, new) => {
                html! { del { (shown(old)) } " → " ins { (shown(new)) } }
            }
            Difference::Items(gone, come) => html! {
                @for item in gone { del { (shown(item)) } " " }
                @for item in come { ins { (shown(item)) } " " }
            },
            Difference::Words(pieces) => html! { @for piece in pieces { (piece.html()) } },
            Difference::Keys(keys) => {
                html! { @for (name, difference) in keys { div { code { (line(name, 40)) } " " (difference.html()) } } }
            }
        }
    }
}

impl Piece {
    fn span(&self, ink: Ink) -> Span {
        let mark = |open: &str, text: &str, close: &str| {
            if ink.colour {
                clean(text)
            } else {
                format!("{open}{}{close}", clean(text))
            }
        };
        match self {
            Piece::Same(text) => Span::new(Tone::Same, clean(text)),
            Piece::Gone(text) => Span::new(Tone::Gone, mark("[-", text, "-]")),
            Piece::Come(text) => Span::new(Tone::Come, mark("{+", text, "+}")),
            Piece::Skipped(_) => Span::new(Tone::Soft, "…"),
        }
    }

    fn html(&self) -> Markup {
        match self {
            Piece::Same(text) => html! { (clean(text)) },
            Piece::Gone(text) => html! { del { (clean(text)) } },
            Piece::Come(text) => html! { ins { (clean(text)) } },
            Piece::Skipped(words) => {
                html! { span.skipped title={ (words) " words that are the same" } { " … " } }
            }
        }
    }
}

/// A value as text: text unchanged, anything else as JSON, null as `-`.
pub fn plain(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) if items.iter().all(Json::is_string) => {
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn shown(text: &str) -> String {
    line(text, SHOWN)
}

/// Escapes unsafe characters, replaces line ends by spaces, and cuts the middle of long text.
fn clean(text: &str) -> String {
    let count = text.chars().count();
    if count <= SHOWN {
        return line(text, SHOWN);
    }
    let head: String = text.chars().take(SHOWN * 2 / 3).collect();
    let tail: String = text.chars().skip(count - SHOWN / 3).collect();
    format!("{} … {}", line(&head, SHOWN), line(&tail, SHOWN))
}

/// The words of two texts: equal, removed, added. Of equal ones, `beside` words are kept next to a
/// change.
pub fn words(old: &str, new: &str, beside: usize) -> Vec<Piece> {
    let (head, tail) = shared(old, new);
    let (old_middle, new_middle) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut pieces = vec![Piece::Same(old[..head].to_owned())];
    if old_middle.len() + new_middle.len() > COMPARED {
        pieces.extend([
            Piece::Gone(old_middle.to_owned()),
            Piece::Come(new_middle.to_owned()),
        ]);
    } else {
        compare(&mut pieces, old_middle, new_middle);
    }
    pieces.push(Piece::Same(old[old.len() - tail..].to_owned()));
    shortened(joined(pieces), beside)
}

/// Bytes that two texts share at both ends, up to a word boundary.
fn shared(old: &str, new: &str) -> (usize, usize) {
    let equal = old
        .bytes()
        .zip(new.bytes())
        .take_while(|(old, new)| old == new)
        .count();
    let border = |text: &str, from: usize| {
        (0..=from)
            .rev()
            .find(|&at| text.is_char_boundary(at) && is_border(text, at))
            .unwrap_or(0)
    };
    let head = border(old, equal).min(border(new, equal));
    let (old, new) = (&old[head..], &new[head..]);
    let equal = old
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take_while(|(old, new)| old == new)
        .count();
    let tail_border = |text: &str| {
        let from = text.len() - equal;
        (from..=text.len())
            .find(|&at| text.is_char_boundary(at) && is_border(text, at))
            .map_or(0, |at| text.len() - at)
    };
    (head, tail_border(old).min(tail_border(new)))
}

/// Whether text may be split here: not within a word.
fn is_border(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at..].chars().next();
    !(before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric))
}

/// Words, runs of whitespace, and single characters.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |letter: char| {
        if letter.is_alphanumeric() {
            1
        } else {
            2 * i32::from(letter.is_whitespace())
        }
    };
    let mut tokens = Vec::new();
    let (mut from, mut last) = (0, None);
    for (at, letter) in text.char_indices() {
        let now = kind(letter);
        if last.is_some_and(|last| last != now || now == 0) {
            tokens.push(&text[from..at]);
            from = at;
        }
        last = Some(now);
    }
    if from < text.len() {
        tokens.push(&text[from..]);
    }
    tokens
}

fn compare(pieces: &mut Vec<Piece>, old: &str, new: &str) {
    let (old, new) = (tokens(old), tokens(new));
    let diff = TextDiff::from_slices(&old, &new);
    for op in diff.ops() {
        let (gone, come) = (old[op.old_range()].concat(), new[op.new_range()].concat());
        match op.tag() {
            DiffTag::Equal => pieces.push(Piece::Same(gone)),
            _ => pieces.extend([Piece::Gone(gone), Piece::Come(come)]),
        }
    }
}

/// Joins neighbours: whitespace or punctuation between two changes belongs to them, and all
/// removals precede all additions.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    let (mut gone, mut come, mut between) = (String::new(), String::new(), String::new());
    let flush =
        |all: &mut Vec<Piece>, gone: &mut String, come: &mut String, between: &mut String| {
            let texts = [
                Piece::Gone(std::mem::take(gone)),
                Piece::Come(std::mem::take(come)),
                Piece::Same(std::mem::take(between)),
            ];
            all.extend(texts.into_iter().filter(|piece| !piece.is_empty()));
        };
    for piece in pieces {
        match piece {
            Piece::Same(text)
                if (gone.is_empty() && come.is_empty())
                    || text.chars().any(char::is_alphanumeric) =>
            {
                flush(&mut all, &mut gone, &mut come, &mut between);
                between = text;
                flush(&mut all, &mut gone, &mut come, &mut between);
            }
            Piece::Same(text) => between.push_str(&text),
            Piece::Gone(text) if !text.is_empty() => {
                gone.push_str(&between);
                come.push_str(&between);
                between.clear();
                gone.push_str(&text);
            }
            Piece::Come(text) if !text.is_empty() => {
                gone.push_str(&between);
                come.push_str(&between);
                between.clear();
                come.push_str(&text);
            }
            Piece::Gone(_) | Piece::Come(_) | Piece::Skipped(_) => {}
        }
    }
    flush(&mut all, &mut gone, &mut come, &mut between);
    merged(all)
}

fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (all.last_mut(), piece) {
            (Some(Piece::Same(before)), Piece::Same(text)) => before.push_str(&text),
            (_, piece) => all.push(piece),
        }
    }
    all
}

impl Piece {
    fn is_empty(&self) -> bool {
        matches!(self, Piece::Same(text) | Piece::Gone(text) | Piece::Come(text) if text.is_empty())
    }
}

/// Omits what is far from any change.
fn shortened(pieces: Vec<Piece>, beside: usize) -> Vec<Piece> {
    let last = pieces.len().saturating_sub(1);
    let mut all = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        let Piece::Same(text) = &piece else {
            all.push(piece);
            continue;
        };
        let tokens = tokens(text);
        let words: Vec<usize> = tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| is_word(token))
            .map(|(at, _)| at)
            .collect();
        let (before, after) = (
            if index == 0 { 0 } else { beside },
            if index == last { 0 } else { beside },
        );
        if words.len() <= before + after + 2 {
            all.push(piece);
            continue;
        }
        let head = if before == 0 {
            0
        } else {
            words[before - 1] + 1
        };
        let tail = if after == 0 {
            tokens.len()
        } else {
            words[words.len() - after]
        };
        let mut kept = tokens[..head].concat();
        if !kept.is_empty() {
            kept.push(' ');
            all.push(Piece::Same(std::mem::take(&mut kept)));
        }
        all.push(Piece::Skipped(words.len() - before - after));
        let _ = write!(kept, " {}", tokens[tail..].concat());
        if tail < tokens.len() {
            all.push(Piece::Same(kept));
        }
    }
    all
}

fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(old: Json, new: Json) -> String {
        Difference::of(&old, &new).text(Ink::default())
    }

    #[test]
    fn short_values_stand_side_by_side_and_lists_say_what_came_and_went() {
        assert_eq!(
            text(json!("2026-09-01"), json!("2026-09-15")),
            "2026-09-01 → 2026-09-15"
        );
        assert_eq!(text(Json::Null, json!("a\u{1b}[31m")), "- → a\\u001b[31m");
        assert_eq!(
            text(json!(["Sydney", "Bega"]), json!(["Bega", "Orange"])),
            "[-Sydney-] {+Orange+}"
        );
        assert_eq!(
            text(json!({"grade": 5, "pay": 1}), json!({"grade": 6, "pay": 1})),
            "grade 5 → 6"
        );
    }

    #[test]
    fn long_texts_are_compared_word_by_word() {
        let old = "Run the clinics of the northern coast and the wards of one hospital. Apply by Monday, please, and bring two references with you.";
        let new = old
            .replace("one hospital", "two hospitals")
            .replace("Monday", "Friday");
        assert_eq!(
            text(json!(old), json!(new)),
            "… northern coast and the wards of [-one hospital-]{+two hospitals+}. Apply by [-Monday-]{+Friday+}, please, and bring two references with you."
        );
        let page = Difference::of(&json!(format!("<b>{old}")), &json!(format!("<i>{old}")))
            .html()
            .into_string();
        assert!(
            page.starts_with("&lt;<del>b</del><ins>i</ins>&gt;Run"),
            "{page}"
        );
    }

    #[test]
    fn what_is_too_long_to_compare_is_taken_out_and_put_in() {
        let [old, new] = ["a b ", "c d "].map(|words| words.repeat(100_000));
        let pieces = words(old.trim_end(), new.trim_end(), 3);
        assert_eq!(pieces.len(), 2, "{}", pieces.len());
        assert!(Difference::Words(pieces).text(Ink::default()).len() < 4000);
    }

    proptest! {
        /// Together, the pieces are the two texts: nothing is lost, nothing added.
        #[test]
        fn pieces_put_together_are_the_texts(old in "([a-c]{1,2}|[ ,.é]){0,30}", new in "([a-c]{1,2}|[ ,.é]){0,30}") {
            let pieces = words(&old, &new, usize::MAX / 4);
            let of = |is_old: bool| pieces.iter().map(|piece| match piece {
                Piece::Same(text) => text.as_str(),
                Piece::Gone(text) if is_old => text.as_str(),
                Piece::Come(text) if !is_old => text.as_str(),
                _ => "",
            }).collect::<String>();
            prop_assert_eq!(of(true), old);
            prop_assert_eq!(of(false), new);
        }
    }
}
