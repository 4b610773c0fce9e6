//! One document as its mappings see it: what a path selects in it, and what its links are resolved
//! against. It borrows the document and changes nothing.

use serde_json::Value as Json;
use url::Url;
use weir_model::Clock;
use weir_rule::ScriptSandbox;
use weir_source::jsonpath::JsonPath;
use weir_source::steps::{ElementText, MarkupCache, address_from, base, element_text};

/// One document as its mappings see it.
pub struct DocumentView<'d> {
    sandbox: &'d ScriptSandbox,
    document: &'d Json,
    fetched: Clock,
    markup: MarkupCache<'d>,
    /// The address that it was read from.
    page: Option<Url>,
    /// Whether it consists of XML elements.
    is_elements: bool,
}

impl<'d> DocumentView<'d> {
    /// A document and when it was fetched.
    pub fn new(sandbox: &'d ScriptSandbox, document: &'d Json, fetched: Clock) -> DocumentView<'d> {
        DocumentView {
            sandbox,
            document,
            fetched,
            markup: MarkupCache::default(),
            page: None,
            is_elements: false,
        }
    }

    /// It with the address that it was read from.
    #[must_use]
    pub fn from_page(self, page: Option<&str>) -> DocumentView<'d> {
        let base = self.document.get("@xml:base").and_then(Json::as_str);
        DocumentView {
            page: base.or(page).and_then(|page| Url::parse(page).ok()),
            ..self
        }
    }

    /// The same, as XML elements if `is_elements`.
    #[must_use]
    pub fn of_elements(self, is_elements: bool) -> DocumentView<'d> {
        DocumentView {
            is_elements,
            ..self
        }
    }

    /// What a path selects in a value of it.
    pub(super) fn select(&self, path: &JsonPath, within: &'d Json) -> Vec<&'d Json> {
        if self.is_elements {
            path.select_elements(within)
        } else {
            path.select(within)
        }
    }

    /// The document.
    pub(super) fn document(&self) -> &'d Json {
        self.document
    }

    /// When it was fetched.
    pub(super) fn fetched(&self) -> Clock {
        self.fetched
    }

    /// The texts with markup in it.
    pub(super) fn markup(&self) -> &MarkupCache<'d> {
        &self.markup
    }

    /// The address that it was read from.
    pub(super) fn page(&self) -> Option<&Url> {
        self.page.as_ref()
    }

    /// The engine for scripts.
    pub(super) fn sandbox(&self) -> &'d ScriptSandbox {
        self.sandbox
    }

    /// The address that links at a path lead from: in HTML that of its page, elsewhere that from
    /// which the document was read.
    pub(super) fn base(&self, path: &JsonPath) -> Option<Url> {
        let is_page = self.document.get("html").is_some();
        is_page
            .then(|| base(self.document, path))
            .flatten()
            .or_else(|| self.page.clone())
    }
}

/// A text that is written as an address as one that leads from there.
pub(super) fn absolute(value: Json, base: &Url) -> Json {
    match &value {
        Json::Array(items) => items
            .iter()
            .map(|item| absolute(item.clone(), base))
            .collect(),
        // Addresses stay as written.
        Json::String(text) if Url::parse(text.trim()).is_err() => {
            address_from(base, text).map_or(value, |address| Json::from(address.as_str()))
        }
        element if element.is_object() => match element_text(element) {
            Some(ElementText::Text(text)) => absolute(Json::from(text), base),
            _ => value,
        },
        _ => value,
    }
}
