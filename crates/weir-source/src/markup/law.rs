//! The law of readable text, checked on random pages and by example: each word that a browser shows
//! appears in the text once, no word is joined to its neighbour, and no hidden word appears. The
//! model is simple: a list of words, and whether something separates them.
//!
//! An example is a line in `texts.txt`: the markup, ` | `, the text; `⏎` is a line end.

use super::{HtmlPage, readable, text_of};
use proptest::prelude::*;
use std::fmt::Write;

/// A piece of a page.
#[derive(Debug, Clone)]
enum MarkupPiece {
    Word,
    /// Literal text, and whether it separates words.
    Sign(&'static str, bool),
    /// An element: its tags, its effect, its content.
    Element(&'static str, &'static str, ElementEffect, Vec<MarkupPiece>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ElementEffect {
    Glues,
    Parts,
    Hides,
}

const SIGNS: [(&str, bool); 9] = [
    (" ", true),
    ("\n  ", true),
    ("&nbsp;", true),
    ("<br>", true),
    ("<wbr>", false),
    ("&shy;", false),
    ("<!-- x -->", false),
    ("&#9;", true),
    ("<hr>", true),
];

const PHRASES: [(&str, &str, ElementEffect); 24] = [
    ("<b>", "</b>", ElementEffect::Glues),
    ("<i class=x>", "</i>", ElementEffect::Glues),
    ("<em>", "</em>", ElementEffect::Glues),
    ("<span>", "</span>", ElementEffect::Glues),
    ("<sub>", "</sub>", ElementEffect::Glues),
    ("<sup>", "</sup>", ElementEffect::Glues),
    ("<s>", "</s>", ElementEffect::Glues),
    ("<del>", "</del>", ElementEffect::Glues),
    ("<ins>", "</ins>", ElementEffect::Glues),
    ("<mark>", "</mark>", ElementEffect::Glues),
    ("<label>", "</label>", ElementEffect::Glues),
    ("<unknown>", "</unknown>", ElementEffect::Glues),
    ("<font color=red>", "</font>", ElementEffect::Glues),
    (
        "<div style='display:inline'>",
        "</div>",
        ElementEffect::Glues,
    ),
    (
        "<span style='display: block'>",
        "</span>",
        ElementEffect::Parts,
    ),
    (
        "<span style='display:inline-block'>",
        "</span>",
        ElementEffect::Parts,
    ),
    ("<textarea>", "</textarea>", ElementEffect::Parts),
    ("<script>", "</script>", ElementEffect::Hides),
    ("<style>", "</style>", ElementEffect::Hides),
    ("<template>", "</template>", ElementEffect::Hides),
    ("<noscript>", "</noscript>", ElementEffect::Hides),
    ("<span hidden>", "</span>", ElementEffect::Hides),
    (
        "<span style='color:red;DISPLAY : none'>",
        "</span>",
        ElementEffect::Hides,
    ),
    ("<datalist>", "</datalist>", ElementEffect::Hides),
];

/// Blocks with any content; not `form`, as one in another is no element, and its end ends the other.
const BLOCKS: [&str; 16] = [
    "div",
    "section",
    "article",
    "aside",
    "header",
    "footer",
    "main",
    "nav",
    "address",
    "blockquote",
    "figure",
    "figcaption",
    "fieldset",
    "center",
    "details",
    "summary",
];

/// Blocks with phrases.
const PARAGRAPHS: [&str; 5] = ["p", "h1", "h4", "pre", "legend"];

fn tags(name: &'static str) -> (&'static str, &'static str) {
    (format!("<{name}>").leak(), format!("</{name}>").leak())
}

fn element(name: &'static str, inside: Vec<MarkupPiece>) -> MarkupPiece {
    let (open, close) = tags(name);
    MarkupPiece::Element(open, close, ElementEffect::Parts, inside)
}

fn phrases() -> impl Strategy<Value = Vec<MarkupPiece>> {
    let sign =
        prop::sample::select(&SIGNS[..8]).prop_map(|(text, parts)| MarkupPiece::Sign(text, parts));
    let leaf = prop_oneof![4 => Just(MarkupPiece::Word), 2 => sign];
    let piece = leaf.prop_recursive(3, 12, 4, |inner| {
        (
            prop::sample::select(&PHRASES[..]),
            prop::collection::vec(inner, 0..4),
        )
            .prop_map(|((open, close, effect), inside)| {
                // What is no markup inside holds words only, and inline blocks would end a
                // paragraph.
                let is_raw = matches!(
                    open,
                    "<script>" | "<style>" | "<textarea>" | "<noscript>" | "<datalist>"
                ) || open.starts_with("<div");
                let inside = if is_raw {
                    inside
                        .into_iter()
                        .filter(|piece| matches!(piece, MarkupPiece::Word))
                        .collect()
                } else {
                    inside
                };
                MarkupPiece::Element(open, close, effect, inside)
            })
    });
    prop::collection::vec(piece, 0..6).prop_map(without_blocks)
}

/// Phrases without those that browsers do not allow in paragraphs.
fn without_blocks(pieces: Vec<MarkupPiece>) -> Vec<MarkupPiece> {
    let is_phrase = |piece: &MarkupPiece| !matches!(piece, MarkupPiece::Element(open, ..) if open.starts_with("<div"));
    let inner = |piece: MarkupPiece| match piece {
        MarkupPiece::Element(open, close, effect, inside) => {
            MarkupPiece::Element(open, close, effect, without_blocks(inside))
        }
        other => other,
    };
    pieces.into_iter().filter(is_phrase).map(inner).collect()
}

fn flow() -> impl Strategy<Value = Vec<MarkupPiece>> {
    let paragraph = (prop::sample::select(&PARAGRAPHS[..]), phrases())
        .prop_map(|(name, inside)| element(name, inside));
    let inline = phrases().prop_map(|inside| {
        MarkupPiece::Element(
            "<div style='display:inline'>",
            "</div>",
            ElementEffect::Glues,
            inside,
        )
    });
    let hidden = phrases().prop_map(|inside| {
        MarkupPiece::Element(
            "<div style='display:none'>",
            "</div>",
            ElementEffect::Hides,
            inside,
        )
    });
    let leaf = prop_oneof![4 => Just(MarkupPiece::Word), 1 => Just(MarkupPiece::Sign("<hr>", true)), 3 => paragraph, 1 => inline, 1 => hidden];
    let piece = leaf.prop_recursive(4, 40, 5, |inner| {
        let flow = prop::collection::vec(inner, 0..5).boxed();
        let block = (prop::sample::select(&BLOCKS[..]), flow.clone())
            .prop_map(|(name, inside)| element(name, inside));
        prop_oneof![
            block,
            list(flow.clone()),
            definitions(flow.clone()),
            table(flow)
        ]
    });
    prop::collection::vec(piece, 0..7)
}

/// Lists with items, and with other content directly in them.
fn list(flow: BoxedStrategy<Vec<MarkupPiece>>) -> impl Strategy<Value = MarkupPiece> {
    let item = flow.clone().prop_map(|inside| vec![element("li", inside)]);
    let parts = prop::collection::vec(prop_oneof![3 => item, 1 => flow], 0..4);
    (prop::sample::select(&["ul", "ol", "menu"][..]), parts)
        .prop_map(|(name, parts)| element(name, parts.concat()))
}

fn definitions(flow: BoxedStrategy<Vec<MarkupPiece>>) -> impl Strategy<Value = MarkupPiece> {
    let group = (flow.clone(), flow, any::<bool>()).prop_map(|(term, detail, is_grouped)| {
        let pair = vec![element("dt", term), element("dd", detail)];
        if is_grouped {
            vec![element("div", pair)]
        } else {
            pair
        }
    });
    prop::collection::vec(group, 0..3).prop_map(|groups| element("dl", groups.concat()))
}

fn table(flow: BoxedStrategy<Vec<MarkupPiece>>) -> impl Strategy<Value = MarkupPiece> {
    let cell = (prop::sample::select(&["td", "th"][..]), flow.clone())
        .prop_map(|(name, inside)| element(name, inside));
    let row = prop::collection::vec(cell, 0..4).prop_map(|cells| element("tr", cells));
    let part = (
        prop::sample::select(&["tbody", "thead", "tfoot"][..]),
        prop::collection::vec(row, 0..3),
    )
        .prop_map(|(name, rows)| element(name, rows));
    let caption =
        prop::option::of(flow).prop_map(|caption| caption.map(|inside| element("caption", inside)));
    (caption, prop::collection::vec(part, 0..3))
        .prop_map(|(caption, parts)| element("table", caption.into_iter().chain(parts).collect()))
}

/// The markup of pieces, and the visible words.
#[derive(Default)]
struct MarkupModel {
    html: String,
    words: Vec<String>,
    count: usize,
    is_parted: bool,
}

impl MarkupModel {
    fn of(pieces: &[MarkupPiece]) -> MarkupModel {
        let mut model = MarkupModel::default();
        model.add(pieces, true);
        model
    }

    fn add(&mut self, pieces: &[MarkupPiece], is_shown: bool) {
        for piece in pieces {
            match piece {
                MarkupPiece::Word => self.word(is_shown),
                MarkupPiece::Sign(text, parts) => {
                    self.html.push_str(text);
                    self.is_parted |= *parts && is_shown;
                }
                MarkupPiece::Element(open, close, effect, inside) => {
                    let parts = *effect == ElementEffect::Parts && is_shown;
                    self.is_parted |= parts;
                    self.html.push_str(open);
                    self.add(inside, is_shown && *effect != ElementEffect::Hides);
                    self.html.push_str(close);
                    self.is_parted |= parts;
                }
            }
        }
    }

    fn word(&mut self, is_shown: bool) {
        self.count += 1;
        let word = format!("w{}q", self.count);
        let _ = write!(self.html, "{word}");
        match self.words.last_mut() {
            _ if !is_shown => {}
            Some(last) if !self.is_parted => last.push_str(&word),
            _ => {
                self.words.push(word);
                self.is_parted = false;
            }
        }
    }
}

/// The words of a text without marks.
fn words(text: &str) -> Vec<String> {
    let is_mark = |word: &&str| {
        *word != "*"
            && !word
                .strip_suffix('.')
                .is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
    };
    text.replace("~~", "")
        .split_whitespace()
        .filter(|word| is_mark(word))
        .map(str::to_owned)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_word_that_is_shown_stands_there_once(pieces in flow()) {
        let model = MarkupModel::of(&pieces);
        let text = readable(&model.html);
        prop_assert_eq!(words(&text), model.words.clone(), "{} -> {:?}", model.html, text);
        let is_tidy = !text.contains("\n\n\n") && text.trim() == text && text.lines().all(|line| line.trim_end() == line);
        prop_assert!(is_tidy, "{} -> {:?}", model.html, text);
        let flat = text_of(HtmlPage::parse(&model.html).0.root_element());
        prop_assert_eq!(words(&flat), model.words, "{}", model.html);
        prop_assert!(!flat.contains('\n') && !flat.contains("  "), "{:?}", flat);
    }

    #[test]
    fn escaping_markup_once_more_changes_nothing(pieces in flow()) {
        let html = format!("<p>w0q</p>{}", MarkupModel::of(&pieces).html);
        let escaped = html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        prop_assert_eq!(readable(&escaped), readable(&html));
    }

    #[test]
    fn no_text_panics(text in "[<>/=\"'&;a-c \n!-]{0,80}") {
        readable(&text);
    }
}

#[test]
fn examples_read_as_written() {
    let mut wrong = Vec::new();
    for line in include_str!("texts.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
    {
        let (html, text) = line
            .rsplit_once(" | ")
            .unwrap_or((line.trim_end_matches(" |"), ""));
        let read = readable(&html.replace('⏎', "\n")).replace('\n', "⏎");
        if read != text {
            wrong.push(format!("{html}\n  expected {text}\n  found    {read}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn long_and_deep_pages_are_read_in_time() {
    let deep = format!("<p>first</p>{}last", "<div>".repeat(20_000));
    assert_eq!(words(&readable(&deep)), ["first", "last"]);
    let tables = format!(
        "{}x{}",
        "<table><tr><td>a</td><td>".repeat(150),
        "</td></tr></table>".repeat(150)
    );
    assert_eq!(words(&readable(&tables)).len(), 151);
    for piece in [
        "<",
        "&lt;",
        "<z a=\"<z\" ",
        "&amp;lt;",
        "<!",
        "<!--",
        "<a href='",
        "<b>",
        "<ul><li>",
        "&",
        "<s>x",
        "</",
    ] {
        readable(&piece.repeat(200_000 / piece.len()));
    }
}
