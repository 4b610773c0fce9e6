//! What stands where in an HTML page: CSS selectors, parsed once when the plan is compiled, and pages to select in.
//!
//! A selector must never fail at run time: what is not there selects nothing. What is read from a page is text, never
//! something that could run.

use scraper::{ElementRef, Html, Selector};
use std::fmt;
use url::Url;

/// A compiled selector, and what it takes of each element: `h4.title`, `a@href`, `div.text@html`.
#[derive(Clone)]
pub struct Css {
    text: String,
    selector: Selector,
    attribute: Option<String>,
}

/// Why a text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CssError {
    /// What is wrong.
    pub message: String,
    /// Zero-based column of it in the text, where known.
    pub column: usize,
    /// What to do about it.
    pub help: String,
}

/// A page, parsed.
#[derive(Debug)]
pub struct Page(Html);

impl Page {
    /// Parses a page or a part of one; anything can be parsed.
    pub fn parse(html: &str) -> Page {
        Page(Html::parse_document(html))
    }
}

impl Css {
    /// Parses a selector such as `h4.title` or `a@href`.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(text: &str) -> Result<Css, CssError> {
        let help = "a selector looks like `h4.title`, `#ad li` or `a.apply@href`";
        let (elements, attribute) = match text.rsplit_once('@') {
            Some((elements, name)) if !name.contains([']', '"', '\'']) => (elements, Some(name.trim().to_owned())),
            _ => (text, None),
        };
        let selector =
            Selector::parse(elements).map_err(|_| CssError { message: "it cannot be read".to_owned(), column: 0, help: help.to_owned() })?;
        Ok(Css { text: text.to_owned(), selector, attribute })
    }

    /// What every match gives, in document order; relative addresses are made absolute with `base`.
    pub fn select(&self, page: &Page, base: Option<&Url>) -> Vec<String> {
        page.0.select(&self.selector).filter_map(|element| self.take(element, base)).collect()
    }

    fn take(&self, element: ElementRef, base: Option<&Url>) -> Option<String> {
        match self.attribute.as_deref() {
            None => Some(element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")),
            Some("html") => Some(element.inner_html().trim().to_owned()),
            Some(name @ ("href" | "src")) => {
                let found = element.attr(name)?.trim();
                Some(base.and_then(|base| base.join(found).ok()).map_or_else(|| found.to_owned(), String::from))
            }
            Some(name) => element.attr(name).map(ToOwned::to_owned),
        }
    }
}

impl fmt::Display for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Css {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Css({})", self.text)
    }
}
