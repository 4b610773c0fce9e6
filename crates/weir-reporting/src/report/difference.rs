//! What changed between two values of a field, for people: short values side by side, lists by
//! added and removed items, objects key by key, long text word by word with distant parts omitted.
//! As text for a terminal and as HTML.
//!
//! Values are scraped: control characters never reach the terminal, and the page escapes them. The
//! cost of comparing is bounded for any input: values too long for a word-by-word comparison are
//! shown as removed and added.

use super::columns::line;
use super::ink::TerminalInk;
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

/// What changed from one file to the next: the lines that differ, with some around them.
pub fn of_files(old: &str, new: &str) -> String {
    let difference = TextDiff::from_lines(old, new);
    difference.unified_diff().context_radius(3).to_string()
}

/// What changed from one value to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueDifference {
    /// Short values: the old one and the new one.
    Values(String, String),
    /// Items of a list that went and that came.
    Items(Vec<String>, Vec<String>),
    /// Words of a text.
    Words(Vec<TextPiece>),
    /// The keys of an object that differ.
    Keys(Vec<(String, ValueDifference)>),
}

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPiece {
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
enum TextTone {
    Same,
    Gone,
    Come,
    Soft,
}

/// A stretch of text as shown.
#[derive(Debug)]
struct ShownSpan {
    tone: TextTone,
    text: String,
}

impl ShownSpan {
    fn new(tone: TextTone, text: impl Into<String>) -> ShownSpan {
        ShownSpan {
            tone,
            text: text.into(),
        }
    }

    fn paint(&self, ink: TerminalInk, text: &str) -> String {
        match self.tone {
            TextTone::Same => text.to_owned(),
            TextTone::Gone => ink.red(text),
            TextTone::Come => ink.green(text),
            TextTone::Soft => ink.soft(text),
        }
    }
}

impl ValueDifference {
    /// Compares two values; null and missing are the same.
    pub fn of(old: &Json, new: &Json) -> ValueDifference {
        match (old, new) {
            (Json::Array(old), Json::Array(new)) => {
                let only = |these: &[Json], others: &[Json]| {
                    these
                        .iter()
                        .filter(|item| !others.contains(item))
                        .map(plain)
                        .collect()
                };
                ValueDifference::Items(only(old, new), only(new, old))
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
                ValueDifference::Keys(
                    differing
                        .map(|name| (name.clone(), ValueDifference::of(of(name).0, of(name).1)))
                        .collect(),
                )
            }
            (Json::String(old), Json::String(new))
                if old.chars().count().max(new.chars().count()) > LONG =>
            {
                ValueDifference::Words(words(old, new, BESIDE))
            }
            _ => ValueDifference::Values(plain(old), plain(new)),
        }
    }

    /// On one line; `[-removed-]` and `{+added+}` without colours.
    pub fn text(&self, ink: TerminalInk) -> String {
        self.spans(ink)
            .iter()
            .map(|span| span.paint(ink, &span.text))
            .collect()
    }

    /// On lines no longer than `width`, if their words allow it.
    pub fn lines(&self, ink: TerminalInk, width: usize) -> Vec<String> {
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

    fn spans(&self, ink: TerminalInk) -> Vec<ShownSpan> {
        match self {
            ValueDifference::Values(old, new) => vec![
                ShownSpan::new(TextTone::Gone, shown(old)),
                ShownSpan::new(TextTone::Same, " → "),
                ShownSpan::new(TextTone::Come, shown(new)),
            ],
            ValueDifference::Items(gone, come) => {
                let mark = |open: &str, item: &String, close: &str| {
                    if ink.colour {
                        shown(item)
                    } else {
                        format!("{open}{}{close}", shown(item))
                    }
                };
                let gone = gone
                    .iter()
                    .map(|item| ShownSpan::new(TextTone::Gone, mark("[-", item, "-]")));
                let come = come
                    .iter()
                    .map(|item| ShownSpan::new(TextTone::Come, mark("{+", item, "+}")));
                let parted = gone
                    .chain(come)
                    .flat_map(|span| [ShownSpan::new(TextTone::Same, " "), span]);
                parted.skip(1).collect()
            }
            ValueDifference::Words(pieces) => pieces.iter().map(|piece| piece.span(ink)).collect(),
            ValueDifference::Keys(keys) => {
                let key = |(name, difference): &(String, ValueDifference)| {
                    let title = ShownSpan::new(TextTone::Same, format!("; {} ", line(name, 40)));
                    std::iter::once(title)
                        .chain(difference.spans(ink))
                        .collect::<Vec<_>>()
                };
                let mut spans: Vec<ShownSpan> = keys.iter().flat_map(key).collect();
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
            ValueDifference::Values(old, new) => {
                html! { del { (shown(old)) } " → " ins { (shown(new)) } }
            }
            ValueDifference::Items(gone, come) => html! {
                @for item in gone { del { (shown(item)) } " " }
                @for item in come { ins { (shown(item)) } " " }
            },
            ValueDifference::Words(pieces) => html! { @for piece in pieces { (piece.html()) } },
            ValueDifference::Keys(keys) => {
                html! { @for (name, difference) in keys { div { code { (line(name, 40)) } " " (difference.html()) } } }
            }
        }
    }
}

impl TextPiece {
    fn span(&self, ink: TerminalInk) -> ShownSpan {
        let mark = |open: &str, text: &str, close: &str| {
            if ink.colour {
                clean(text)
            } else {
                format!("{open}{}{close}", clean(text))
            }
        };
        match self {
            TextPiece::Same(text) => ShownSpan::new(TextTone::Same, clean(text)),
            TextPiece::Gone(text) => ShownSpan::new(TextTone::Gone, mark("[-", text, "-]")),
            TextPiece::Come(text) => ShownSpan::new(TextTone::Come, mark("{+", text, "+}")),
            TextPiece::Skipped(_) => ShownSpan::new(TextTone::Soft, "…"),
        }
    }

    fn html(&self) -> Markup {
        match self {
            TextPiece::Same(text) => html! { (clean(text)) },
            TextPiece::Gone(text) => html! { del { (clean(text)) } },
            TextPiece::Come(text) => html! { ins { (clean(text)) } },
            TextPiece::Skipped(words) => {
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
pub fn words(old: &str, new: &str, beside: usize) -> Vec<TextPiece> {
    let (head, tail) = shared(old, new);
    let (old_middle, new_middle) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut pieces = vec![TextPiece::Same(old[..head].to_owned())];
    if old_middle.len() + new_middle.len() > COMPARED {
        pieces.extend([
            TextPiece::Gone(old_middle.to_owned()),
            TextPiece::Come(new_middle.to_owned()),
        ]);
    } else {
        compare(&mut pieces, old_middle, new_middle);
    }
    pieces.push(TextPiece::Same(old[old.len() - tail..].to_owned()));
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

fn compare(pieces: &mut Vec<TextPiece>, old: &str, new: &str) {
    let (old, new) = (tokens(old), tokens(new));
    let diff = TextDiff::from_slices(&old, &new);
    for op in diff.ops() {
        let (gone, come) = (old[op.old_range()].concat(), new[op.new_range()].concat());
        match op.tag() {
            DiffTag::Equal => pieces.push(TextPiece::Same(gone)),
            _ => pieces.extend([TextPiece::Gone(gone), TextPiece::Come(come)]),
        }
    }
}

/// Joins neighbours: whitespace or punctuation between two changes belongs to them, and all
/// removals precede all additions.
fn joined(pieces: Vec<TextPiece>) -> Vec<TextPiece> {
    let mut all: Vec<TextPiece> = Vec::new();
    let (mut gone, mut come, mut between) = (String::new(), String::new(), String::new());
    let flush =
        |all: &mut Vec<TextPiece>, gone: &mut String, come: &mut String, between: &mut String| {
            let texts = [
                TextPiece::Gone(std::mem::take(gone)),
                TextPiece::Come(std::mem::take(come)),
                TextPiece::Same(std::mem::take(between)),
            ];
            all.extend(texts.into_iter().filter(|piece| !piece.is_empty()));
        };
    for piece in pieces {
        match piece {
            TextPiece::Same(text)
                if (gone.is_empty() && come.is_empty())
                    || text.chars().any(char::is_alphanumeric) =>
            {
                flush(&mut all, &mut gone, &mut come, &mut between);
                between = text;
                flush(&mut all, &mut gone, &mut come, &mut between);
            }
            TextPiece::Same(text) => between.push_str(&text),
            TextPiece::Gone(text) if !text.is_empty() => {
                gone.push_str(&between);
                come.push_str(&between);
                between.clear();
                gone.push_str(&text);
            }
            TextPiece::Come(text) if !text.is_empty() => {
                gone.push_str(&between);
                come.push_str(&between);
                between.clear();
                come.push_str(&text);
            }
            TextPiece::Gone(_) | TextPiece::Come(_) | TextPiece::Skipped(_) => {}
        }
    }
    flush(&mut all, &mut gone, &mut come, &mut between);
    merged(all)
}

fn merged(pieces: Vec<TextPiece>) -> Vec<TextPiece> {
    let mut all: Vec<TextPiece> = Vec::new();
    for piece in pieces {
        match (all.last_mut(), piece) {
            (Some(TextPiece::Same(before)), TextPiece::Same(text)) => before.push_str(&text),
            (_, piece) => all.push(piece),
        }
    }
    all
}

impl TextPiece {
    fn is_empty(&self) -> bool {
        matches!(self, TextPiece::Same(text) | TextPiece::Gone(text) | TextPiece::Come(text) if text.is_empty())
    }
}

/// Omits what is far from any change.
fn shortened(pieces: Vec<TextPiece>, beside: usize) -> Vec<TextPiece> {
    let last = pieces.len().saturating_sub(1);
    let mut all = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        let TextPiece::Same(text) = &piece else {
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
            all.push(TextPiece::Same(std::mem::take(&mut kept)));
        }
        all.push(TextPiece::Skipped(words.len() - before - after));
        let _ = write!(kept, " {}", tokens[tail..].concat());
        if tail < tokens.len() {
            all.push(TextPiece::Same(kept));
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
        ValueDifference::of(&old, &new).text(TerminalInk::default())
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
        let page = ValueDifference::of(&json!(format!("<b>{old}")), &json!(format!("<i>{old}")))
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
        assert!(
            ValueDifference::Words(pieces)
                .text(TerminalInk::default())
                .len()
                < 4000
        );
    }

    proptest! {
        /// Together, the pieces are the two texts: nothing is lost, nothing added.
        #[test]
        fn pieces_put_together_are_the_texts(old in "([a-c]{1,2}|[ ,.é]){0,30}", new in "([a-c]{1,2}|[ ,.é]){0,30}") {
            let pieces = words(&old, &new, usize::MAX / 4);
            let of = |is_old: bool| pieces.iter().map(|piece| match piece {
                TextPiece::Same(text) => text.as_str(),
                TextPiece::Gone(text) if is_old => text.as_str(),
                TextPiece::Come(text) if !is_old => text.as_str(),
                _ => "",
            }).collect::<String>();
            prop_assert_eq!(of(true), old);
            prop_assert_eq!(of(false), new);
        }
    }
}
