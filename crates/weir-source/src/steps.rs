//! The steps between where a value stands and what is made of it: select in HTML, take the
//! parameter of an address, match a pattern, look up a word. The mapping of fields and that of ids
//! take the same steps, in this order.
//!
//! A step must never fail at run time: what it does not find is absent. To add one: a member in
//! [`StepsSpec`] and [`MappingSteps`], its check in `compile` and its line in
//! [`MappingSteps::apply`].

use super::decode::MARKUP;
use crate::jsonpath::{JsonPath, PathStep};
use crate::markup::{CssError, CssPath, HtmlPage, readable, readable_items};
use indexmap::IndexMap;
use regex::Regex;
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use url::Url;
use weir_model::canonical::canonical_object;
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::number;
use weir_yaml::yaml::{Located, Node, Text};

/// The steps of a mapping, as written.
#[derive(Debug, Clone, Copy, Default)]
pub struct StepsSpec<'a> {
    /// Select in HTML.
    pub css: Option<&'a Text>,
    /// Take a query parameter of an address.
    pub parameter: Option<&'a Located<String>>,
    /// Match a pattern.
    pub pattern: Option<&'a Text>,
    /// Look up words.
    pub replace: Option<&'a IndexMap<Located<String>, Node>>,
}

/// The steps of a mapping, compiled.
#[derive(Debug, Clone, Default)]
pub struct MappingSteps {
    css: Option<CssPath>,
    parameter: Option<String>,
    readable: Option<ReadableForm>,
    pattern: Option<Regex>,
    replace: BTreeMap<String, Json>,
}

/// What markup becomes before patterns and words look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadableForm {
    /// One text.
    Text,
    /// A list of texts.
    Items,
}

impl StepsSpec<'_> {
    /// Compiles them; problems go to `out`.
    pub fn compile(&self, out: &mut Diagnostics) -> Option<MappingSteps> {
        let css = self.css.map(|css| selector(css, out));
        let parameter = self.parameter.map(|name| parameter_name(name, out));
        let pattern = self.pattern.map(|pattern| regex(pattern, out));
        let words = self
            .replace
            .into_iter()
            .flatten()
            .map(|(word, value)| (word.value.trim().to_owned(), value.to_json()));
        let broken = matches!(css, Some(None))
            || matches!(parameter, Some(None))
            || matches!(pattern, Some(None));
        let steps = MappingSteps {
            css: css.flatten(),
            parameter: parameter.flatten(),
            readable: None,
            pattern: pattern.flatten(),
            replace: words.collect(),
        };
        (!broken).then_some(steps)
    }

    /// The name of the first step, if there is any.
    pub fn first(&self) -> Option<&'static str> {
        let replaces = self.replace.is_some_and(|words| !words.is_empty());
        let steps = [
            (self.css.is_some(), "css"),
            (self.parameter.is_some(), "parameter"),
            (self.pattern.is_some(), "match"),
            (replaces, "replace"),
        ];
        steps
            .into_iter()
            .find_map(|(is_there, name)| is_there.then_some(name))
    }
}

/// Compiles a CSS selector; problems go to `out` at their column.
pub fn selector(text: &Text, out: &mut Diagnostics) -> Option<CssPath> {
    match CssPath::parse(text) {
        Ok(css) => Some(css),
        Err(CssError {
            message,
            column,
            help,
        }) => {
            out.error(
                &text.place_at(1, column + 1),
                "bad-selector",
                format!("bad selector `{text}`: {message}"),
            )
            .help(help);
            None
        }
    }
}

fn parameter_name(name: &Located<String>, out: &mut Diagnostics) -> Option<String> {
    if name.trim().is_empty() || name.contains(['=', '&', '?']) {
        out.error(
            &name.place,
            "bad-mapping",
            format!("`{name}` is not a valid parameter name"),
        )
        .help("write just the name: `id` for `https://jobs.example.com/ad?id=7`");
        return None;
    }
    Some(name.trim().to_owned())
}

/// Compiles a regular expression of which one value is taken; problems go to `out` at their column.
pub fn regex(text: &Text, out: &mut Diagnostics) -> Option<Regex> {
    let compiled = pattern(text, out)?;
    let groups = compiled.captures_len() - 1;
    if groups > 1 {
        out.error(
            text.place(),
            "bad-match",
            format!("the pattern has {groups} groups, but only one can be used"),
        )
        .help("write `(?:...)` for the other groups");
        return None;
    }
    Some(compiled)
}

/// Compiles a regular expression; problems go to `out` at their column.
pub fn pattern(text: &Text, out: &mut Diagnostics) -> Option<Regex> {
    if text.is_empty() {
        out.error(text.place(), "bad-match", "the pattern is empty")
            .help("write a regular expression such as `ref ([0-9]+)`, or remove it");
        return None;
    }
    Regex::new(text)
        .map_err(|error| {
            let (message, column) = complaint(&error);
            let place = column.map_or_else(|| text.place().clone(), |column| text.place_at(1, column));
            out.error(&place, "bad-match", format!("bad pattern `{text}`: {message}"))
                .help("escape a literal character with a backslash: `\\(`; look-around and back-references are not supported");
        })
        .ok()
}

/// What the library says of a pattern: the last line, and the column of its caret.
fn complaint(error: &regex::Error) -> (String, Option<usize>) {
    let regex::Error::Syntax(text) = error else {
        return ("it is too large".to_owned(), None);
    };
    let message = text
        .lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .trim_end_matches('.')
        .to_lowercase();
    let one_line = text.lines().count() == 4;
    let caret = text
        .lines()
        .nth(2)
        .filter(|_| one_line)
        .and_then(|line| line.chars().position(|sign| sign == '^'));
    (message, caret.map(|caret| caret.saturating_sub(4) + 1))
}

impl MappingSteps {
    /// The same steps, where `match` and `replace` see text as a reader does, not markup.
    #[must_use]
    pub fn on_readable(self, form: ReadableForm) -> MappingSteps {
        let looks_at_text = self.pattern.is_some() || !self.replace.is_empty();
        MappingSteps {
            readable: Some(form).filter(|_| looks_at_text),
            ..self
        }
    }

    /// Whether the steps have made text of markup.
    pub fn make_readable_text(&self) -> bool {
        self.readable == Some(ReadableForm::Text)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.css.is_none()
            && self.parameter.is_none()
            && self.pattern.is_none()
            && self.replace.is_empty()
    }

    /// The steps as they are written, a line each.
    pub fn words(&self) -> impl Iterator<Item = String> {
        let css = self.css.iter().map(|css| format!("css: {css}"));
        let parameter = self
            .parameter
            .iter()
            .map(|name| format!("parameter: {name}"));
        let pattern = self
            .pattern
            .iter()
            .map(|pattern| format!("match: {pattern}"));
        let readable = self.make_readable_text().then(|| "as: html".to_owned());
        css.chain(parameter).chain(readable).chain(pattern).chain(
            self.replace
                .iter()
                .map(|(word, value)| format!("replace {word}: {value}")),
        )
    }

    /// What counts for a fingerprint; nothing where there is no step.
    pub fn canonical_object(&self) -> Json {
        if self.is_empty() {
            return Json::Null;
        }
        let readable = self.readable.map(|form| match form {
            ReadableForm::Text => "text",
            ReadableForm::Items => "items",
        });
        canonical_object([
            ("css", json!(self.css.as_ref().map(ToString::to_string))),
            ("parameter", json!(self.parameter)),
            ("readable", json!(readable)),
            ("match", json!(self.pattern.as_ref().map(Regex::as_str))),
            (
                "replace",
                if self.replace.is_empty() {
                    Json::Null
                } else {
                    json!(self.replace)
                },
            ),
        ])
    }

    /// What the steps make of what a path gave; `base` makes links absolute.
    pub fn apply<'d>(
        &self,
        found: &[&'d Json],
        markup: &MarkupCache<'d>,
        base: Option<&Url>,
    ) -> Vec<Json> {
        let mut values: Vec<Json> = match &self.css {
            Some(css) => found
                .iter()
                .copied()
                .flat_map(items)
                .flat_map(|html| select(css, html, markup, base))
                .collect(),
            None => found.iter().copied().cloned().collect(),
        };
        if let Some(name) = &self.parameter {
            values = of_texts(&values, |address| parameter(address, name));
        }
        if let Some(form) = self.readable {
            values = values
                .iter()
                .flat_map(items)
                .flat_map(|value| made_readable(value, form))
                .collect();
        }
        if let Some(pattern) = &self.pattern {
            values = of_texts(&values, |text| matched(pattern, text));
        }
        if !self.replace.is_empty() {
            values.iter_mut().for_each(|value| self.look_up(value));
        }
        values
    }

    /// [`MappingSteps::apply`] to everything that a path selects in a document.
    pub fn follow<'d>(
        &self,
        path: &JsonPath,
        document: &'d Json,
        markup: &MarkupCache<'d>,
    ) -> Vec<Json> {
        self.follow_found(path, &path.select(document), document, markup)
    }

    /// [`MappingSteps::apply`] to what was found at a path of a document.
    pub fn follow_found<'d>(
        &self,
        path: &JsonPath,
        found: &[&'d Json],
        document: &'d Json,
        markup: &MarkupCache<'d>,
    ) -> Vec<Json> {
        let base = self.css.as_ref().and_then(|_| base(document, path));
        self.apply(found, markup, base.as_ref())
    }

    fn look_up(&self, value: &mut Json) {
        if let Json::Array(items) = value {
            items.iter_mut().for_each(|item| self.look_up_word(item));
        } else {
            self.look_up_word(value);
        }
    }

    fn look_up_word(&self, value: &mut Json) {
        if let Some(word) = text_of(value).and_then(|text| self.replace.get(text.trim())) {
            *value = word.clone();
        }
    }
}

/// In words for a person: `css a@href, parameter id`.
impl fmt::Display for MappingSteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let css = self.css.as_ref().map(|css| format!("css {css}"));
        let parameter = self
            .parameter
            .as_ref()
            .map(|name| format!("parameter {name}"));
        let pattern = self
            .pattern
            .as_ref()
            .map(|pattern| format!("match {pattern}"));
        let replace = (!self.replace.is_empty()).then(|| "replace".to_owned());
        let steps: Vec<String> = [css, parameter, pattern, replace]
            .into_iter()
            .flatten()
            .collect();
        f.write_str(&steps.join(", "))
    }
}

/// The HTML texts of one document, each parsed once however many fields select in it.
#[derive(Debug, Default)]
pub struct MarkupCache<'d>(RefCell<Vec<(&'d str, Rc<HtmlPage>)>>);

impl<'d> MarkupCache<'d> {
    fn page(&self, html: &'d str) -> Rc<HtmlPage> {
        let known = self
            .0
            .borrow()
            .iter()
            .find(|(text, _)| *text == html)
            .map(|(_, page)| Rc::clone(page));
        known.unwrap_or_else(|| {
            let page = Rc::new(HtmlPage::parse(html));
            self.0.borrow_mut().push((html, Rc::clone(&page)));
            page
        })
    }
}

fn select<'d>(
    css: &CssPath,
    html: &'d Json,
    markup: &MarkupCache<'d>,
    base: Option<&Url>,
) -> Vec<Json> {
    let html = match html {
        Json::String(html) => html,
        other => match element_text(other) {
            Some(ElementText::Markup(html) | ElementText::Text(html)) => html,
            None => return Vec::new(),
        },
    };
    css.select(&markup.page(html), base)
        .into_iter()
        .map(Json::from)
        .collect()
}

/// The address that links beside a value are relative to: the nearest `url` above it, so
/// `$.detail.url` for `$.detail.html`.
pub fn base(document: &Json, path: &JsonPath) -> Option<Url> {
    let (mut here, mut nearest) = (document, address_of(document));
    for step in path.steps().unwrap_or_default() {
        let next = match step {
            PathStep::Name(name) => here.get(name),
            PathStep::Index(index) => here.get(index),
            PathStep::Every => None,
        };
        let Some(next) = next else { break };
        here = next;
        nearest = address_of(here).or(nearest);
    }
    nearest
}

/// The address in the member `url`; where a page says that its links lead from elsewhere, that.
pub fn address_of(value: &Json) -> Option<Url> {
    let text = |name: &str| value.get(name).and_then(Json::as_str);
    let address = Url::parse(text("html_base").or_else(|| text("url"))?.trim()).ok()?;
    matches!(address.scheme(), "http" | "https").then_some(address)
}

/// What is no text stays for the conversion to judge.
fn made_readable(value: &Json, form: ReadableForm) -> Vec<Json> {
    match (value, form) {
        (Json::String(text), ReadableForm::Text) => vec![Json::from(readable(text))],
        (Json::String(text), ReadableForm::Items) => {
            readable_items(text).into_iter().map(Json::from).collect()
        }
        _ => vec![value.clone()],
    }
}

/// Words that people write where there is no address.
const NO_ADDRESSES: [&str; 4] = ["n/a", "w/o", "n/k", "tba/tbc"];

/// A text as an address, from where it stands; nothing where it is not written as one. What begins
/// with a host lacks its scheme and is none, and a word by itself is one of no page.
pub fn address_from(base: &Url, text: &str) -> Option<Url> {
    let text = text.trim();
    if text.is_empty()
        || text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    {
        return None;
    }
    if Url::parse(text).is_ok() || text.starts_with(['/', '?', '#', '.']) {
        return base.join(text).ok();
    }
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    let is_page = [".html", ".htm", ".php", ".aspx", ".asp", ".jsp"]
        .iter()
        .any(|ending| first.to_lowercase().ends_with(ending));
    let is_path = text.contains(['/', '?'])
        && !first.contains(['.', ':', '@'])
        && !NO_ADDRESSES.contains(&text.to_lowercase().as_str());
    if is_page || is_path {
        base.join(text).ok()
    } else {
        None
    }
}

/// What an element of XML says that is more than its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementText<'v> {
    /// Its children are markup, which this is.
    Markup(&'v str),
    /// It has attributes beside this text.
    Text(&'v str),
}

/// What an element says, however it is written; nothing where it holds fields of its own.
pub fn element_text(value: &Json) -> Option<ElementText<'_>> {
    let members = value.as_object()?;
    let member = |name: &str| members.get(name).and_then(Json::as_str);
    let are_attributes =
        !members.is_empty() && members.keys().all(|name| name.starts_with(['@', '#']));
    let text =
        member("#text").or_else(|| are_attributes.then(|| member("@value").unwrap_or_default()));
    member(MARKUP)
        .map(ElementText::Markup)
        .or_else(|| text.map(ElementText::Text))
}

fn of_texts(values: &[Json], take: impl Fn(&str) -> Option<String>) -> Vec<Json> {
    values
        .iter()
        .flat_map(items)
        .filter_map(text_of)
        .filter_map(|text| take(&text))
        .map(Json::from)
        .collect()
}

fn items(value: &Json) -> &[Json] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// Text, numbers, truth values and what elements say as text.
pub fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number::text_of(number)),
        Json::Bool(truth) => Some(truth.to_string()),
        element => match element_text(element)? {
            ElementText::Markup(html) => Some(HtmlPage::parse(html).text()),
            ElementText::Text(text) => Some(text.to_owned()),
        },
    }
}

fn matched(pattern: &Regex, text: &str) -> Option<String> {
    let found = pattern.captures(text)?;
    let wanted = usize::from(pattern.captures_len() > 1);
    found.get(wanted).map(|part| part.as_str().to_owned())
}

/// The query parameter of an address, relative ones too; where the query has none, that of the part
/// after `#`.
fn parameter(address: &str, name: &str) -> Option<String> {
    let (address, fragment) = address
        .trim()
        .split_once('#')
        .unwrap_or((address.trim(), ""));
    [address, fragment].into_iter().find_map(|part| {
        let (_, query) = part.split_once('?')?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn steps(css: Option<&str>, parameter: Option<&str>, pattern: Option<&str>) -> MappingSteps {
        let css = css.map(|css| CssPath::parse(css).unwrap());
        MappingSteps {
            css,
            parameter: parameter.map(Into::into),
            readable: None,
            pattern: pattern.map(|text| Regex::new(text).unwrap()),
            replace: BTreeMap::new(),
        }
    }

    fn follow(steps: &MappingSteps, path: &str, document: &Json) -> Vec<Json> {
        steps.follow(
            &JsonPath::parse(path).unwrap(),
            document,
            &MarkupCache::default(),
        )
    }

    #[test]
    fn steps_follow_each_other() {
        let document = json!({
            "url": "https://jobs.example.com/list/",
            "html": "<a class=x href='ad?id=7&x=ref-12'>Nurse</a><a class=x href='#/ad?id=8'>Cook</a>",
            "detail": { "url": "https://ads.example.com/ad/", "html": "<a href=apply>Apply</a>" },
        });
        assert_eq!(
            follow(&steps(Some("a.x"), None, None), "$.html", &document),
            [json!("Nurse"), json!("Cook")]
        );
        assert_eq!(
            follow(
                &steps(Some("a@href"), Some("id"), None),
                "$.html",
                &document
            ),
            [json!("7"), json!("8")]
        );
        assert_eq!(
            follow(
                &steps(Some("a@href"), Some("x"), Some("ref-([0-9]+)")),
                "$.html",
                &document
            ),
            [json!("12")]
        );
        assert_eq!(
            follow(
                &steps(Some("a@href"), None, None),
                "$.detail.html",
                &document
            ),
            [json!("https://ads.example.com/ad/apply")]
        );
        assert!(follow(&steps(Some("b"), None, None), "$.nothing", &document).is_empty());
    }

    #[test]
    fn a_match_is_its_group_or_all_of_it() {
        let document = json!({"n": 4711, "list": ["a1", "b", {"c": 2}, "d3"]});
        assert_eq!(
            follow(&steps(None, None, Some("[0-9]{2}")), "$.n", &document),
            [json!("47")]
        );
        assert_eq!(
            follow(
                &steps(None, None, Some("[a-z]([0-9])?")),
                "$.list",
                &document
            ),
            [json!("1"), json!("3")]
        );
    }

    #[test]
    fn words_are_looked_up_whole() {
        let words = [
            ("FT".to_owned(), json!("Full time")),
            ("1".to_owned(), json!("One")),
            ("-".to_owned(), Json::Null),
        ];
        let steps = MappingSteps {
            replace: words.into_iter().collect(),
            ..MappingSteps::default()
        };
        let document = json!({"list": [" FT ", "FTE", 1, "-", {"FT": 1}]});
        assert_eq!(
            follow(&steps, "$.list", &document),
            [json!(["Full time", "FTE", "One", null, {"FT": 1}])]
        );
        assert_eq!(
            follow(&steps, "$.list[*]", &document)[0],
            json!("Full time")
        );
    }

    #[test]
    fn addresses_lead_from_where_they_stand() {
        let base = Url::parse("https://b.example/jobs/list?p=2").unwrap();
        for (text, right) in [
            ("/jobs/12", Some("https://b.example/jobs/12")),
            (" 12/nurse ", Some("https://b.example/jobs/12/nurse")),
            ("./12", Some("https://b.example/jobs/12")),
            ("../12", Some("https://b.example/12")),
            ("?id=7", Some("https://b.example/jobs/list?id=7")),
            ("ad.php?id=7", Some("https://b.example/jobs/ad.php?id=7")),
            ("//c.example/1", Some("https://c.example/1")),
            ("https://c.example/1", Some("https://c.example/1")),
            ("www.b.example/jobs/1", None),
            ("b.example/1", None),
            ("hr@b.example", None),
            ("n/a", None),
            ("none", None),
            ("see our page", None),
            ("", None),
        ] {
            assert_eq!(
                address_from(&base, text).map(String::from).as_deref(),
                right,
                "{text}"
            );
        }
    }

    #[test]
    fn elements_say_what_is_written_in_them() {
        let document = json!({ "a": { "@id": "1", "#text": "Nurse" }, "b": { "em": "x", "#markup": "Senior <em>Nurse</em>" }, "c": { "@x": "1" }, "d": { "n": "1" } });
        let said = |name: &str| text_of(&document[name]);
        assert_eq!(
            (
                said("a").as_deref(),
                said("b").as_deref(),
                said("c").as_deref(),
                said("d")
            ),
            (Some("Nurse"), Some("Senior Nurse"), Some(""), None)
        );
        assert_eq!(
            follow(&steps(Some("em"), None, None), "$.b", &document),
            [json!("Nurse")]
        );
        assert_eq!(
            follow(&steps(None, None, Some("N(.*)")), "$.a", &document),
            [json!("urse")]
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", name in ".{0,5}") {
            let document = json!({"url": text, "html": text});
            follow(&steps(Some("a@href"), Some(&name), Some("(.)")), "$.html", &document);
            parameter(&text, &name);
        }
    }
}
