//! A value that stands in an answer beside the ads: the next page, a token. Where it stands is said
//! in the words of the mapping.

use super::super::decode::{DecodeSpec, ValueSpot};
use super::super::steps::{regex, selector};
use super::super::template::scalar;
use super::super::written_path::json_path;
use serde_json::Value as Json;
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::{Located, Text};

/// Where a value stands, as written: one of these.
pub struct TakenSpec<'s> {
    /// A path into the body.
    pub from: Option<&'s Text>,
    /// A selector into markup.
    pub css: Option<&'s Text>,
    /// A regular expression over the body.
    pub pattern: Option<&'s Text>,
    /// A header.
    pub header: Option<&'s Located<String>>,
}

/// Where a value stands, compiled.
#[derive(Debug, Clone)]
pub enum ValueSelector {
    /// In the body.
    Body(ValueSpot),
    /// In a header.
    Header(String),
}

impl TakenSpec<'_> {
    /// Compiles it; problems go to `out`.
    pub fn compile(
        &self,
        place: &Place,
        decode: Option<&DecodeSpec>,
        out: &mut Diagnostics,
    ) -> Option<ValueSelector> {
        self.check(decode, out)?;
        match (self.from, self.css, self.pattern, self.header) {
            (Some(from), None, None, None) => {
                let path = json_path(from, out)?;
                if path.steps().is_none() {
                    out.error(from.place(), "bad-jsonpath", "a value outside the ads needs a simple path")
                        .help("the body is read as a stream: use names and positions, such as `$.paging.next`");
                    return None;
                }
                Some(ValueSelector::Body(ValueSpot::Path(path)))
            }
            (None, Some(css), None, None) => selector(css, out)
                .map(ValueSpot::Css)
                .map(ValueSelector::Body),
            (None, None, Some(pattern), None) => regex(pattern, out)
                .map(ValueSpot::Match)
                .map(ValueSelector::Body),
            (None, None, None, Some(header)) => Some(ValueSelector::Header(header.value.clone())),
            _ => {
                out.error(place, "bad-paging", "the value needs exactly one place in the response")
                    .help("give one of `from: $.next`, `css: \"a.next@href\"`, `match: \"next=(\\\\d+)\"` or `header: X-Next`");
                None
            }
        }
    }
}

impl TakenSpec<'_> {
    /// Paths read data and selectors read pages. Whatever a first request answers is read as
    /// either.
    fn check(&self, decode: Option<&DecodeSpec>, out: &mut Diagnostics) -> Option<()> {
        let Some(decode) = decode else {
            return Some(());
        };
        let is_page = match decode {
            DecodeSpec::Html(_) | DecodeSpec::JsonLd(_) => true,
            DecodeSpec::Json(_)
            | DecodeSpec::Script(_)
            | DecodeSpec::Xml(_)
            | DecodeSpec::Feed(_) => false,
            DecodeSpec::Ndjson(_) | DecodeSpec::Csv(_) | DecodeSpec::Sitemap(_) => false,
        };
        let (misplaced, help) = match is_page {
            true => (
                self.from,
                "use a selector for a page: `css: \"a.next@href\"`",
            ),
            false => (
                self.css.or(self.pattern),
                "use a path for data: `from: $.paging.next`",
            ),
        };
        let Some(misplaced) = misplaced else {
            return Some(());
        };
        out.error(
            misplaced.place(),
            "bad-paging",
            format!("`{misplaced}` does not work with this format"),
        )
        .help(help);
        None
    }
}

/// The text of a value that stands for something: not null, not false, not blank.
pub fn said(value: Option<Json>) -> Option<String> {
    value
        .filter(|value| *value != Json::Bool(false))
        .and_then(|value| scalar(&value))
}
