//! HTML and CSS selectors: the text, attribute or markup that a selector finds in a page. Pages are
//! parsed as in a browser, so nothing is too broken to be read.
//!
//! It never follows a link and never runs a script. Text is what a reader sees, as defined in
//! `text.rs`.

mod escapes;
mod frame;
#[cfg(test)]
mod law;
mod marker;
mod microdata;
mod role;
mod text;
mod writer;

use escapes::WrittenText;
pub use frame::PageFrame;
use html5ever::tendril::{StrTendril, TendrilSink};
use role::TextSpacing;
use scraper::{ElementRef, Html, HtmlTreeSink, Selector};
use std::borrow::Cow;
use std::fmt;
use url::Url;
use writer::{TextForm, TextWriter};

/// A page, parsed. It cannot leave its thread.
#[derive(Debug)]
pub struct HtmlPage(Html);

/// A selector, and the part of the result to use: `a.title`, `a@href`, `div.text@html`.
#[derive(Clone)]
pub struct CssPath {
    text: String,
    selector: Selector,
    takes: CssTarget,
}

#[derive(Clone, PartialEq, Eq)]
enum CssTarget {
    Text,
    Html,
    Attribute(String),
}

/// Why a text is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CssError {
    /// What is wrong.
    pub message: String,
    /// Where, from 0.
    pub column: usize,
    /// What to do.
    pub help: String,
}

/// Maximum depth of a page, as in browsers: the cost of an element grows with the number of open
/// elements.
const MOST_LEVELS: usize = 512;
/// How much is parsed before the levels are looked at.
const PIECE: usize = 4096;

/// A page is nested so deeply that reading it could take hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the page is nested deeper than {MOST_LEVELS} levels at line {line}")]
pub struct TooDeep {
    line: usize,
}

impl HtmlPage {
    /// Parses a page; of one that is nested too deeply the part before that place.
    pub fn parse(html: &str) -> HtmlPage {
        HtmlPage(parse(html).0)
    }

    /// Parses a whole page.
    ///
    /// # Errors
    /// It is nested too deeply.
    pub fn whole(html: &str) -> Result<HtmlPage, TooDeep> {
        match parse(html) {
            (page, None) => Ok(HtmlPage(page)),
            (_, Some(deep)) => Err(deep),
        }
    }

    /// Its `<base>`, if it has one.
    pub fn base(&self, url: Option<&Url>) -> Option<Url> {
        let bases = Selector::parse("base[href]").ok()?;
        let href = self.0.select(&bases).next()?.attr("href")?.trim();
        url.map_or_else(|| Url::parse(href), |url| url.join(href))
            .ok()
    }

    /// The objects that its microdata describes.
    pub fn microdata(&self, url: Option<&Url>) -> Vec<serde_json::Value> {
        let own = self.base(url);
        microdata::objects(&self.0, own.as_ref().or(url))
    }

    /// Its text, on one line.
    pub fn text(&self) -> String {
        text_of(self.0.root_element())
    }

    /// The elements that a selector finds, but not those within another of them.
    pub fn outermost(&self, css: &CssPath) -> Vec<ElementRef<'_>> {
        let found: Vec<ElementRef> = self.0.select(&css.selector).collect();
        let ids: std::collections::HashSet<_> = found.iter().map(|element| element.id()).collect();
        found
            .into_iter()
            .filter(|element| !element.ancestors().any(|above| ids.contains(&above.id())))
            .collect()
    }

    /// Whether the page, whose text this is, ends within the last of these elements: nothing closes
    /// it, and nothing follows it. Elements whose end may be left out are not told.
    pub fn ends_within(&self, last: ElementRef<'_>, text: &str) -> bool {
        const MAY_STAY_OPEN: [&str; 12] = [
            "li", "dt", "dd", "p", "rt", "rp", "optgroup", "option", "tr", "td", "th", "tbody",
        ];
        let name = last.value().name();
        let mut ends =
            std::iter::successors(Some(self.0.tree.root()), ego_tree::NodeRef::last_child);
        if MAY_STAY_OPEN.contains(&name) || !ends.any(|node| node.id() == last.id()) {
            return false;
        }
        let closed = closed_last(text);
        // Whoever closes what is around it closes it.
        let around = last.ancestors().filter_map(ElementRef::wrap);
        let mut closing = around
            .map(|element| element.value().name())
            .chain([name, "body", "html"]);
        !closing.any(|name| name.eq_ignore_ascii_case(closed))
    }

    /// Removes from the page what a selector finds.
    pub fn drop(&mut self, css: &CssPath) {
        let gone: Vec<_> = self
            .0
            .select(&css.selector)
            .map(|element| element.id())
            .collect();
        for id in gone {
            if let Some(mut node) = self.0.tree.get_mut(id) {
                node.detach();
            }
        }
    }

    /// The page as markup again.
    pub fn html(&self) -> String {
        self.0.html().trim().to_owned()
    }
}

/// The element that a text closes at its end; empty if it does not end with an end tag.
fn closed_last(text: &str) -> &str {
    let end = without_open_tag(text).trim_end().strip_suffix('>');
    let tag = end.and_then(|end| end.rsplit_once("</"));
    tag.map_or("", |(_, name)| name.trim_end())
}

/// Whether a text breaks off in the middle of a tag.
pub fn ends_within_tag(text: &str) -> bool {
    without_open_tag(text).len() < text.len()
}

/// A text up to a tag that is not finished at its end.
fn without_open_tag(text: &str) -> &str {
    let Some(at) = text.rfind('<').filter(|at| !text[*at..].contains('>')) else {
        return text;
    };
    let is_tag = text[at + 1..].starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '/');
    if is_tag { &text[..at] } else { text }
}

fn may_be_deep(html: &str) -> bool {
    html.bytes().filter(|byte| *byte == b'<').count() > MOST_LEVELS
}

/// Parses piece by piece, and stops where it gets too deep.
fn parse(html: &str) -> (Html, Option<TooDeep>) {
    if !may_be_deep(html) {
        return (Html::parse_document(html), None);
    }
    let mut parser = html5ever::parse_document(
        HtmlTreeSink::new(Html::new_document()),
        html5ever::ParseOpts::default(),
    );
    let (mut at, mut seen) = (0, 0);
    while at < html.len() {
        let end = html.ceil_char_boundary(at + PIECE);
        parser.process(StrTendril::from(&html[at..end]));
        at = end;
        let page = parser.tokenizer.sink.sink.0.borrow();
        let nodes = page.tree.nodes();
        let fresh = nodes.len() - seen;
        seen += fresh;
        let deep = nodes
            .rev()
            .take(fresh)
            .any(|node| node.ancestors().nth(MOST_LEVELS).is_some());
        drop(page);
        if deep {
            return (
                parser.finish(),
                Some(TooDeep {
                    line: html[..at].lines().count(),
                }),
            );
        }
    }
    (parser.finish(), None)
}

/// An element as markup that reads the same on its own: a row is put in a table, because browsers
/// ignore rows without one.
pub fn standing_alone(element: ElementRef<'_>) -> String {
    let html = element.html();
    let html = html.trim();
    match element.value().name() {
        "td" | "th" => format!("<table><tbody><tr>{html}</tr></tbody></table>"),
        "tr" => format!("<table><tbody>{html}</tbody></table>"),
        "tbody" | "thead" | "tfoot" => format!("<table>{html}</table>"),
        _ => html.to_owned(),
    }
}

impl CssPath {
    /// Reads a selector.
    ///
    /// # Errors
    /// It is invalid.
    pub fn parse(text: &str) -> Result<CssPath, CssError> {
        let (selector, takes) = match text.rsplit_once('@') {
            Some((selector, "html")) => (selector, CssTarget::Html),
            Some((selector, name)) if is_attribute(name) => {
                (selector, CssTarget::Attribute(name.to_lowercase()))
            }
            _ => (text, CssTarget::Text),
        };
        let wrong = |message: String| CssError {
            message,
            column: 0,
            help: HELP.to_owned(),
        };
        if selector.trim().is_empty() {
            return Err(wrong("it selects no element".to_owned()));
        }
        let parsed =
            Selector::parse(selector).map_err(|error| wrong(complaint(&error.to_string())))?;
        Ok(CssPath {
            text: text.to_owned(),
            selector: parsed,
            takes,
        })
    }

    /// What it finds, in the order of the page. Links become absolute, if it is known from where
    /// they lead.
    pub fn select(&self, page: &HtmlPage, base: Option<&Url>) -> Vec<String> {
        let own = matches!(self.takes, CssTarget::Attribute(_))
            .then(|| page.base(base))
            .flatten();
        page.0
            .select(&self.selector)
            .filter_map(|element| self.take(element, own.as_ref().or(base)))
            .collect()
    }

    fn take(&self, element: ElementRef<'_>, base: Option<&Url>) -> Option<String> {
        match &self.takes {
            CssTarget::Text => Some(text_of(element)),
            // The content of a script is not markup, and is used unchanged.
            CssTarget::Html if element.value().name() == "script" => {
                Some(element.text().collect::<String>().trim().to_owned())
            }
            CssTarget::Html => Some(element.inner_html().trim().to_owned()),
            CssTarget::Attribute(name) => {
                let value = element.attr(name)?.trim();
                let is_link = matches!(
                    name.as_str(),
                    "href" | "src" | "action" | "data-href" | "data-url"
                );
                let joined = base
                    .filter(|_| is_link && !value.is_empty())
                    .and_then(|base| base.join(value).ok());
                Some(joined.map_or_else(|| value.to_owned(), String::from))
            }
        }
    }
}

/// How selectors are written.
const HELP: &str = "write a CSS selector such as `h4.title`, `td:nth-child(2)` or `[data-id]`; `a@href` selects an attribute, `div@html` the markup";

/// The library's last line as text: `DanglingCombinator` as `dangling combinator`.
fn complaint(error: &str) -> String {
    let line = error
        .lines()
        .last()
        .unwrap_or_default()
        .trim_end_matches('.');
    if line.contains(' ') {
        return line.to_lowercase().replace("eol", "end");
    }
    let mut words = String::new();
    for letter in line.chars() {
        if letter.is_uppercase() && words.ends_with(char::is_alphabetic) {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    if words.is_empty() {
        "it cannot be read".to_owned()
    } else {
        words
    }
}

fn is_attribute(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ':'))
}

/// The text that a reader sees, on one line: blocks and cells separated, whitespace collapsed.
pub fn text_of(element: ElementRef<'_>) -> String {
    text::written(element, TextForm::Flat)
}

/// Markup made readable: blocks, items and rows as lines, references resolved. Text without markup
/// keeps its lines; markup that was escaped once too often is undone.
pub fn readable(text: &str) -> String {
    laid_out(text, TextForm::Lines)
}

/// The lines of what may be markup, without bullets: the items of a list. Text without markup is
/// one item.
pub fn readable_items(text: &str) -> Vec<String> {
    match WrittenText::of(text) {
        WrittenText::Plain(Cow::Borrowed(text)) => vec![text.to_owned()],
        WrittenText::Plain(Cow::Owned(text)) => vec![with_lines(&text, TextForm::Bare)],
        WrittenText::Markup(markup) => parsed(&markup, TextForm::Bare)
            .lines()
            .map(str::trim)
            .map(str::to_owned)
            .collect(),
    }
}

fn laid_out(text: &str, form: TextForm) -> String {
    let written = match WrittenText::of(text) {
        WrittenText::Plain(text) => with_lines(&text, form),
        WrittenText::Markup(markup) => parsed(&markup, form),
    };
    written.trim().to_owned()
}

/// Plain text with its lines, but at most one blank line in a row.
fn with_lines(text: &str, form: TextForm) -> String {
    let mut writer = TextWriter::new(form);
    writer.text(
        &text.replace("\r\n", "\n").replace('\r', "\n"),
        TextSpacing::Kept,
    );
    writer.finish()
}

/// The text of markup. Rows and cells without their table are read as in one, for a browser would
/// glue them.
fn parsed(markup: &str, form: TextForm) -> String {
    let around = match escapes::first_tag(markup).as_deref() {
        Some("td" | "th") => "<table><tr>",
        Some("tr") => "<table><tbody>",
        Some("tbody" | "thead" | "tfoot" | "caption") => "<table>",
        _ => "",
    };
    let page = if around.is_empty() {
        HtmlPage::whole(markup)
    } else {
        HtmlPage::whole(&format!("{around}{markup}"))
    };
    let page = page.unwrap_or_else(|_| HtmlPage::parse(&escapes::flattened(markup)));
    text::written(page.0.root_element(), form)
}

impl fmt::Display for CssPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for CssPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Css({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CARD: &str = r#"<table><tr class="job"><td>Dubbo &amp; West</td><td><a href="/j/1?x=2" data-id="7"><b>Senior</b> Ranger</a></td>
      <td><script>var a = 1;</script>Closing<br>date</td></tr></table>"#;

    fn all(css: &str) -> Vec<String> {
        CssPath::parse(css).unwrap().select(
            &HtmlPage::parse(CARD),
            Url::parse("https://x.org/list/").ok().as_ref(),
        )
    }

    #[test]
    fn texts_attributes_and_markup_are_taken() {
        assert_eq!(all("td"), ["Dubbo & West", "Senior Ranger", "Closing date"]);
        assert_eq!(all("a@href"), ["https://x.org/j/1?x=2"]);
        assert_eq!(all("a@data-id"), ["7"]);
        assert_eq!(all("a@html"), ["<b>Senior</b> Ranger"]);
        assert_eq!(all("tr.job"), ["Dubbo & West Senior Ranger Closing date"]);
        assert!(all("p").is_empty());
    }

    #[test]
    fn what_is_no_selector_says_so() {
        for bad in ["", "td[", "@href", "a:nope("] {
            assert!(CssPath::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn records_do_not_nest_and_lose_what_is_dropped() {
        let mut page = HtmlPage::parse(
            "<div class=a>1<div class=a>2</div><script>x</script></div><div class=a>3</div><table><tr class=b><td>4</td></tr></table>",
        );
        page.drop(&CssPath::parse("script").unwrap());
        let found = page.outermost(&CssPath::parse("div.a").unwrap());
        assert_eq!(found.len(), 2);
        assert_eq!(
            standing_alone(found[0]),
            r#"<div class="a">1<div class="a">2</div></div>"#
        );
        let row = standing_alone(page.outermost(&CssPath::parse("tr.b").unwrap())[0]);
        assert_eq!(
            CssPath::parse("tr.b td")
                .unwrap()
                .select(&HtmlPage::parse(&row), None),
            ["4"]
        );
    }

    #[test]
    fn what_is_too_deep_is_told_and_what_is_only_long_is_not() {
        let deep = format!("<p>first</p>\n{}", "<div class=x>".repeat(80_000));
        assert_eq!(
            HtmlPage::whole(&deep).unwrap_err().to_string(),
            "the page is nested deeper than 512 levels at line 2"
        );
        assert_eq!(
            CssPath::parse("p")
                .unwrap()
                .select(&HtmlPage::parse(&deep), None),
            ["first"]
        );
        let long = format!(
            "<ul>{}</ul><table>{}</table>",
            "<li>é<p>a<br><b>b".repeat(2000),
            "<tr><td><span>c".repeat(2000)
        );
        let page = HtmlPage::whole(&long).unwrap();
        assert_eq!(page.html(), Html::parse_document(&long).html());
        assert_eq!(
            CssPath::parse("td").unwrap().select(&page, None).len(),
            2000
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(html in ".{0,200}", css in ".{0,20}") {
            if let Ok(css) = CssPath::parse(&css) {
                css.select(&HtmlPage::parse(&html), None);
            }
        }
    }
}
