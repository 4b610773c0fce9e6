//! Elements of a record as JSON, and as markup if they contain markup: a description whose
//! paragraphs are elements has an order that an object of children cannot keep.
//!
//! Markup is kept once, for the outermost element that contains it, never again at each level.

use serde_json::{Map, Value as Json};

/// The member with the markup of an element, in order.
pub const MARKUP: &str = "#markup";

/// An open element.
pub(super) struct OpenElement {
    pub(super) name: String,
    pub(super) members: Map<String, Json>,
    pub(super) text: String,
    /// Namespaces that it declares: prefix and URI.
    pub(super) declares: Vec<(String, String)>,
    /// Its `xml:base`, for resolving links.
    pub(super) base: Option<String>,
    /// Where its content starts in the markup of the record.
    pub(super) start: usize,
    has_children: bool,
    has_other_children: bool,
}

impl OpenElement {
    pub(super) fn new(name: &str) -> OpenElement {
        OpenElement {
            name: name.to_owned(),
            members: Map::new(),
            text: String::new(),
            declares: Vec::new(),
            base: None,
            start: 0,
            has_children: false,
            has_other_children: false,
        }
    }

    /// A child opens.
    pub(super) fn has_child(&mut self, name: &str) {
        self.has_children = true;
        self.has_other_children |= !is_of_text(local(name));
    }

    /// A child has ended.
    pub(super) fn add(&mut self, name: String, value: Json, lists: &[String]) {
        let is_list = lists
            .iter()
            .any(|list| *list == name || list == local(&name));
        match self.members.get_mut(&name) {
            None if is_list => {
                self.members.insert(name, Json::Array(vec![value]));
            }
            None => {
                self.members.insert(name, value);
            }
            Some(Json::Array(items)) => items.push(value),
            Some(first) => *first = Json::Array(vec![first.take(), value]),
        }
    }

    /// Whether its children are markup: they appear between texts, or are all text-level elements.
    fn holds_markup(&self) -> bool {
        self.has_children && (!self.has_other_children || !self.text.trim().is_empty())
    }

    /// What it is, at its end.
    pub(super) fn value(mut self, markup: &InnerMarkup) -> Json {
        if self.holds_markup() {
            self.members.values_mut().for_each(without_markup);
            let inner = markup.0.get(self.start..).unwrap_or_default().trim();
            self.members.insert(MARKUP.to_owned(), Json::from(inner));
        }
        self.record()
    }

    /// The element as a record, which is never reduced to text.
    pub(super) fn record(self) -> Json {
        let text = self.text.trim();
        let mut members = self.members;
        if members.is_empty() {
            return Json::from(text);
        }
        if !text.is_empty() {
            members.insert("#text".to_owned(), Json::from(text));
        }
        Json::Object(members)
    }
}

/// Removes markup nested in markup.
fn without_markup(value: &mut Json) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(without_markup),
        // There is none within an element that has it.
        Json::Object(members) if members.contains_key(MARKUP) => drop(members.remove(MARKUP)),
        Json::Object(members) => members.values_mut().for_each(without_markup),
        _ => {}
    }
}

/// The content of a record as markup, as read so far.
#[derive(Default)]
pub(super) struct InnerMarkup(String);

impl InnerMarkup {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn open(&mut self, name: &str, attributes: &[(String, String)]) {
        self.0.push('<');
        self.0.push_str(local(name));
        for (key, value) in attributes {
            self.0.push(' ');
            self.0.push_str(local(key));
            self.0.push_str("=\"");
            self.escaped(value);
            self.0.push('"');
        }
        self.0.push('>');
    }

    pub(super) fn close(&mut self, name: &str) {
        if !is_void(local(name)) {
            self.0.push_str("</");
            self.0.push_str(local(name));
            self.0.push('>');
        }
    }

    /// Text. Tags in CDATA and in declared entities are meant as tags here.
    pub(super) fn text(&mut self, text: &str, may_be_markup: bool) {
        let has_tags =
            may_be_markup && (text.contains("</") || text.contains("/>") || text.contains("<br"));
        if has_tags {
            self.0.push_str(text);
        } else {
            self.escaped(text);
        }
    }

    fn escaped(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                letter => self.0.push(letter),
            }
        }
    }
}

/// The name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}

fn is_void(name: &str) -> bool {
    ["br", "hr", "img", "input", "wbr", "col"]
        .iter()
        .any(|void| name.eq_ignore_ascii_case(void))
}

/// The HTML elements that texts consist of.
#[rustfmt::skip]
const OF_TEXT: [&str; 60] = [
    "a", "abbr", "article", "aside", "b", "big", "blockquote", "body", "br", "caption", "center", "cite", "code", "dd", "del",
    "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "i", "img", "ins", "li", "main", "mark", "ol", "p", "pre", "q", "s", "section", "small", "span", "strike", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
];

fn is_of_text(name: &str) -> bool {
    OF_TEXT.iter().any(|known| name.eq_ignore_ascii_case(known))
}
