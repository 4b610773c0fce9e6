//! How text that may contain markup is written: as markup, as plain text, or as markup that was
//! escaped once too often. Browsers drop anything that looks like a tag; in text that merely
//! mentions tags (`List<String>`, `x<y`, "use the `<div>` tag") that would lose words.
//!
//! So `<` starts a tag only if HTML knows the element, or the text closes it itself. Escapes are
//! undone only if the resulting tags look like markup rather than words among words.

use super::role::{ElementRole, role_of_name};
use scraper::Html;
use std::borrow::Cow;
use std::collections::HashSet;

/// What a text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WrittenText<'t> {
    /// Markup for a parser.
    Markup(Cow<'t, str>),
    /// Text in which nothing is left to decode.
    Plain(Cow<'t, str>),
}

/// How often escapes on escapes are undone.
const MOST_ESCAPES: usize = 4;

impl WrittenText<'_> {
    /// Reads a text.
    pub(super) fn of(text: &str) -> WrittenText<'_> {
        if !text.contains(['<', '&']) {
            return WrittenText::Plain(Cow::Borrowed(text));
        }
        let text = without_sections(text);
        if let Some(markup) = TagList::of(&text).markup(&text, false) {
            return WrittenText::Markup(Cow::Owned(markup));
        }
        let mut decoded = decode(&text);
        for _ in 1..MOST_ESCAPES {
            if let Some(markup) = TagList::of(&decoded).markup(&decoded, true) {
                return WrittenText::Markup(Cow::Owned(markup));
            }
            if !holds_reference(&decoded) {
                break;
            }
            decoded = decode(&decoded);
        }
        WrittenText::Plain(Cow::Owned(decoded))
    }
}

/// CDATA sections are XML: their content is text of the page, which browsers would drop.
fn without_sections(text: &str) -> Cow<'_, str> {
    if !text.contains("<![CDATA[") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("<![CDATA[", "").replace("]]>", ""))
}

/// Resolves the character references of text without tags, as browsers do.
fn decode(text: &str) -> String {
    let page = Html::parse_fragment(&text.replace('<', "&lt;"));
    page.tree
        .nodes()
        .filter_map(|node| node.value().as_text())
        .map(|piece| &**piece)
        .collect()
}

/// Longest name of a character reference.
const LONGEST_NAME: usize = 32;

/// Whether another decoding would change the text, which contains a full reference: `&amp;`,
/// `&#39;`.
fn holds_reference(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let rest = &text.as_bytes()[at + 1..];
        let Some(end) = rest
            .iter()
            .take(LONGEST_NAME)
            .position(|byte| *byte == b';')
        else {
            return false;
        };
        let is_name = end > 0
            && rest[..end]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
        is_name && (rest.starts_with(b"amp;") || !decode(&text[at..at + end + 2]).starts_with('&'))
    })
}

/// The tags of a text, as far as recognisable without parsing it.
#[derive(Debug, Default)]
struct TagList<'t> {
    tags: Vec<TextTag<'t>>,
    /// Where `<` starts neither a tag nor a comment.
    strays: Vec<usize>,
    opened: HashSet<String>,
    closed: HashSet<String>,
    has_comment: bool,
}

/// What looks like a tag.
#[derive(Debug, Clone, Copy)]
struct TextTag<'t> {
    name: &'t str,
    begin: usize,
    end: usize,
    is_end: bool,
    /// Whether it is cut off, or a quote in it is not closed.
    is_broken: bool,
}

/// How often a text may be looked through before its parser is left to decide.
const MOST_LOOKS: usize = 8;

impl<'t> TagList<'t> {
    fn of(text: &'t str) -> TagList<'t> {
        let mut list = TagList::default();
        let last_end = text.rfind('>').unwrap_or_default();
        let (mut at, mut looked) = (0, 0);
        while let Some(found) = text[at..]
            .find('<')
            .filter(|_| looked < text.len() * MOST_LOOKS)
        {
            let begin = at + found;
            let rest = &text[begin + 1..];
            at = if rest.starts_with("!--") {
                list.has_comment = true;
                rest.find("-->")
                    .map_or(text.len(), |end| begin + 1 + end + 3)
            } else if rest.starts_with(['!', '?']) && begin < last_end {
                list.has_comment = true;
                rest.find('>').map_or(text.len(), |end| begin + 1 + end + 1)
            } else {
                let (tag, end) = TextTag::at(text, begin);
                looked += end - begin;
                list.note(text, begin, tag)
            };
        }
        list
    }

    /// Records what a `<` starts; returns where to continue.
    fn note(&mut self, text: &'t str, begin: usize, tag: Option<TextTag<'t>>) -> usize {
        let Some(tag) = tag else {
            self.strays.push(begin);
            return begin + 1;
        };
        let name = tag.name.to_ascii_lowercase();
        let is_raw = !tag.is_end && matches!(name.as_str(), "script" | "style");
        if tag.is_end {
            &mut self.closed
        } else {
            &mut self.opened
        }
        .insert(name);
        self.tags.push(tag);
        // The content of scripts is not markup.
        let raw = is_raw
            .then(|| text[tag.end..].find("</").map(|end| tag.end + end))
            .flatten();
        raw.unwrap_or(tag.end)
    }

    /// The text with everything escaped that is not a tag; `None` if no tag is left. If escapes
    /// were undone, its tags must look like markup.
    fn markup(&self, text: &str, is_undone: bool) -> Option<String> {
        let are_elements: Vec<bool> = self
            .tags
            .iter()
            .map(|tag| self.is_element(tag, text, is_undone))
            .collect();
        let mut elements = self
            .tags
            .iter()
            .zip(&are_elements)
            .filter(|(tag, is_element)| **is_element && !tag.is_broken);
        let is_markup = if is_undone {
            elements.any(|(tag, _)| self.is_whole(tag) && tag.touches(text))
        } else {
            self.has_comment || elements.next().is_some()
        };
        if !is_markup {
            return None;
        }
        let mut signs: Vec<(usize, Option<&TextTag>)> =
            self.strays.iter().map(|at| (*at, None)).collect();
        for (tag, is_element) in self.tags.iter().zip(are_elements) {
            if tag.is_broken || !is_element {
                signs.push((tag.begin, Some(tag).filter(|_| is_element)));
            }
        }
        signs.sort_by_key(|(at, _)| *at);
        let (mut out, mut from) = (String::with_capacity(text.len() + 16), 0);
        for (at, broken) in signs {
            out.push_str(&text[from..at]);
            out.push_str(&broken.map_or_else(|| "&lt;".to_owned(), TextTag::bare));
            from = broken.map_or(at + 1, |tag| tag.end);
        }
        out.push_str(&text[from..]);
        Some(out)
    }

    fn is_pair(&self, name: &str) -> bool {
        self.opened.contains(name) && self.closed.contains(name)
    }

    /// Whether it is closed where it must be.
    fn is_whole(&self, tag: &TextTag) -> bool {
        let name = tag.name.to_ascii_lowercase();
        LONELY.contains(&name.as_str()) || self.is_pair(&name)
    }

    /// Whether a tag belongs to an element: a known one, or one that the text opens and closes. If
    /// escapes were undone it must be closed, or touch a word; and it may never hide all that
    /// follows.
    fn is_element(&self, tag: &TextTag, text: &str, is_undone: bool) -> bool {
        let name = tag.name.to_ascii_lowercase();
        let is_known = KNOWN.binary_search(&name.as_str()).is_ok();
        if tag.is_comparison(text) {
            return false;
        }
        if !is_undone {
            return is_known || text[..tag.end].ends_with("/>") || self.is_pair(&name);
        }
        let is_safe = !SWALLOWING.contains(&name.as_str());
        self.is_pair(&name)
            || LONELY.contains(&name.as_str())
            || (is_known && is_safe && tag.touches(text))
    }
}

impl<'t> TextTag<'t> {
    /// The tag at a `<` if a name follows, and how far the scan went. Another `<` before it is
    /// closed shows that it is not a tag.
    fn at(text: &'t str, begin: usize) -> (Option<TextTag<'t>>, usize) {
        let is_end = text[begin + 1..].starts_with('/');
        let start = begin + 1 + usize::from(is_end);
        if !text[start..].starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            return (None, start);
        }
        let is_over = |letter: char| letter.is_whitespace() || matches!(letter, '/' | '>' | '<');
        let name_end = text[start..]
            .find(is_over)
            .map_or(text.len(), |length| start + length);
        let name = &text[start..name_end];
        let tag = |end: usize, is_broken: bool| {
            (
                Some(TextTag {
                    name,
                    begin,
                    end,
                    is_end,
                    is_broken,
                }),
                end,
            )
        };
        let (mut at, mut after_sign) = (name_end, false);
        while let Some(byte) = text.as_bytes().get(at) {
            match byte {
                b'>' => return tag(at + 1, false),
                b'<' => return (None, at),
                b'"' | b'\'' if after_sign => match text[at + 1..].find(char::from(*byte)) {
                    Some(end) => at += 1 + end,
                    // The quote is not closed: the tag then ends, without its attributes, at the
                    // next `>`.
                    None => {
                        return text[at..]
                            .find('>')
                            .map_or((None, text.len()), |end| tag(at + end + 1, true));
                    }
                },
                _ => {}
            }
            after_sign = *byte == b'=' || (after_sign && byte.is_ascii_whitespace());
            at += 1;
        }
        if is_cut_off(name, name_end == text.len()) {
            tag(text.len(), true)
        } else {
            (None, text.len())
        }
    }

    /// Whether it touches a word or another tag, or starts a line: a tag that is merely mentioned
    /// is surrounded by spaces, commas and brackets.
    fn touches(&self, text: &str) -> bool {
        let before = text[..self.begin].chars().next_back();
        let after = text[self.end..].chars().next();
        let is_apart = |letter: char| letter.is_whitespace() || "([{\"'`“‘«<,/".contains(letter);
        before.is_none_or(|letter| letter == '\n' || !is_apart(letter))
            || after.is_some_and(|letter| letter.is_alphanumeric() || "<&$€£(•-–".contains(letter))
    }

    /// Whether it is a letter among words, as in `if a<b and c>d`: hardly any attribute of these
    /// elements lacks a value.
    fn is_comparison(&self, text: &str) -> bool {
        let inside = text[self.begin..self.end]
            .trim_end_matches('>')
            .get(1 + usize::from(self.is_end) + self.name.len()..);
        let words = inside.unwrap_or_default().trim().trim_end_matches('/');
        self.name.len() == 1
            && words.starts_with(char::is_alphanumeric)
            && !words.contains(['=', '-'])
            && !matches!(words, "hidden" | "itemscope")
    }

    /// The tag without attributes.
    fn bare(&self) -> String {
        format!("<{}{}>", if self.is_end { "/" } else { "" }, self.name)
    }
}

/// Whether the end of a text is the start of a tag, rather than a word after a sign.
fn is_cut_off(name: &str, ends_in_name: bool) -> bool {
    let name = name.to_ascii_lowercase();
    KNOWN.binary_search(&name.as_str()).is_ok()
        || (ends_in_name && KNOWN.iter().any(|known| known.starts_with(&name)))
}

/// Elements of HTML, those of old pages too, in order.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base",
    "basefont", "bdi", "bdo", "bgsound", "big", "blink", "blockquote", "body", "br", "button",
    "canvas", "caption", "center", "cite", "code", "col", "colgroup", "data", "datalist", "dd",
    "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em", "embed", "fieldset",
    "figcaption", "figure", "font", "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4",
    "h5", "h6", "head", "header", "hgroup", "hr", "html", "i", "iframe", "img", "input", "ins",
    "kbd", "label", "legend", "li", "link", "listing", "main", "map", "mark", "marquee", "math",
    "menu", "meta", "meter", "nav", "nobr", "noembed", "noframes", "noscript", "object", "ol",
    "optgroup", "option", "output", "p", "param", "picture", "plaintext", "pre", "progress", "q",
    "rp", "rt", "ruby", "s", "samp", "script", "search", "section", "select", "slot", "small",
    "source", "spacer", "span", "strike", "strong", "style", "sub", "summary", "sup", "svg",
    "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title", "tr",
    "track", "tt", "u", "ul", "var", "video", "wbr", "xmp",
];

/// Elements that swallow everything after them if they are not closed.
#[rustfmt::skip]
const SWALLOWING: [&str; 20] = [
    "script", "style", "template", "noscript", "title", "textarea", "iframe", "noembed",
    "noframes", "xmp", "plaintext", "select", "dialog", "video", "audio", "canvas", "object",
    "svg", "head", "frameset",
];

/// Elements that need not be closed.
const LONELY: [&str; 12] = [
    "br", "hr", "img", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "option",
];

/// Flattens the markup of a page that is nested too deeply to be parsed: blocks end lines, all
/// other elements are removed, and the content of scripts stays hidden.
pub(super) fn flattened(markup: &str) -> String {
    let (mut out, mut from) = (String::with_capacity(markup.len()), 0);
    for tag in TagList::of(markup).tags {
        let name = tag.name.to_ascii_lowercase();
        if matches!(
            name.as_str(),
            "script" | "style" | "noscript" | "title" | "iframe"
        ) {
            continue;
        }
        out.push_str(&markup[from..tag.begin]);
        match role_of_name(&name) {
            ElementRole::Inline | ElementRole::Hidden => {}
            ElementRole::Apart | ElementRole::Cell => out.push(' '),
            _ => out.push_str("<br>"),
        }
        from = tag.end;
    }
    out.push_str(&markup[from..]);
    out
}

/// The first tag of a text, without its attributes.
pub(super) fn first_tag(text: &str) -> Option<String> {
    let begin = text.find('<')?;
    TextTag::at(text, begin)
        .0
        .filter(|tag| !tag.is_end)
        .map(|tag| tag.name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Option<String> {
        match WrittenText::of(text) {
            WrittenText::Plain(text) => Some(text.into_owned()),
            WrittenText::Markup(_) => None,
        }
    }

    #[test]
    fn text_that_speaks_of_tags_is_text() {
        for (text, read) in [
            (
                "Knowledge of List&lt;String&gt; and &lt;template&gt;",
                "Knowledge of List<String> and <template>",
            ),
            ("Use the &lt;div&gt; tag", "Use the <div> tag"),
            (
                "know &lt;br&gt;, &lt;p&gt; and (&lt;li&gt;)",
                "know <br>, <p> and (<li>)",
            ),
            ("x<y and a<b; 3 < 4", "x<y and a<b; 3 < 4"),
            ("Map<K, V> &amp; List<T>", "Map<K, V> & List<T>"),
            ("We <3 data, > 100k", "We <3 data, > 100k"),
            ("R&amp;amp;D &amp;ndash; now", "R&D – now"),
            ("AT&T and Q&A", "AT&T and Q&A"),
            ("If a<b then c>d", "If a<b then c>d"),
            (
                "<https://x.example> or <jo@x.example> or <mailto:jo@x.example>",
                "<https://x.example> or <jo@x.example> or <mailto:jo@x.example>",
            ),
            (
                "<your-name>, &lt;b&gt; and &lt;/b&gt;",
                "<your-name>, <b> and </b>",
            ),
        ] {
            assert_eq!(plain(text).as_deref(), Some(read), "{text}");
        }
    }

    #[test]
    fn escaped_markup_is_undone_and_nothing_else() {
        for (text, markup) in [
            ("&lt;p&gt;x&lt;y&lt;/p&gt;", "<p>x&lt;y</p>"),
            ("one&lt;br&gt;two", "one<br>two"),
            ("&amp;lt;p&amp;gt;Role&amp;lt;/p&amp;gt;", "<p>Role</p>"),
            (
                "&lt;p&gt;the &lt;template&gt; tag&lt;/p&gt;",
                "<p>the &lt;template> tag</p>",
            ),
            ("<p>List<String> of a <b", "<p>List&lt;String> of a <b>"),
            (
                "&lt;p&gt;Use the &lt;div&gt; tag&lt;/p&gt;",
                "<p>Use the &lt;div> tag</p>",
            ),
            ("<p title=\"a>cut</p>", "<p>cut</p>"),
            ("<![CDATA[<p>in</p>]]>", "<p>in</p>"),
            ("<foo>unknown</foo>", "<foo>unknown</foo>"),
        ] {
            assert_eq!(
                WrittenText::of(text),
                WrittenText::Markup(Cow::Owned(markup.to_owned())),
                "{text}"
            );
        }
    }
}
