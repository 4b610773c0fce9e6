//! Single values as the parser gives them, and tags.
//!
//! Kept is how a value was written, because that decides what it means and where its characters
//! stand. The only tags are YAML's own, and of those only `!!str` says something that the value
//! itself does not.

use serde_saphyr::granit_parser::{ScalarStyle, Span, Tag};

use super::page::YamlText;
use super::scalar::{Scalar, WrittenStyle};
use crate::diagnostic::Diagnostics;

pub(super) fn scalar(
    page: &YamlText,
    text: &str,
    style: ScalarStyle,
    is_text: bool,
    span: Span,
) -> Scalar {
    let range = span.start.byte_offset().zip(span.end.byte_offset());
    let raw = range
        .and_then(|(from, to)| page.text.get(from..to))
        .unwrap_or_default();
    let style = match style {
        ScalarStyle::SingleQuoted => WrittenStyle::Single,
        ScalarStyle::DoubleQuoted => WrittenStyle::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => WrittenStyle::Block,
        _ => WrittenStyle::Plain,
    };
    let (line, column) = (span.start.line(), span.start.col() + 1);
    Scalar {
        text: text.to_string(),
        style,
        is_text,
        raw: raw.into(),
        line,
        column,
    }
}

/// Whether a tag says `!!str`; `None` for other tags than YAML's own, which are told.
pub(super) fn is_text(
    page: &YamlText,
    tag: Option<&Tag>,
    span: Span,
    out: &mut Diagnostics,
) -> Option<bool> {
    let Some(tag) = tag else { return Some(false) };
    if !tag.is_yaml_core_schema() {
        let tagged = span.tag_span().unwrap_or(span);
        let place = page.place(tagged.start, tagged.end);
        let told = out.error(
            &place,
            "unknown-tag",
            format!("unknown tag `{}`", tag.original()),
        );
        told.help("quote text that starts with `!`");
        return None;
    }
    Some(tag.core_suffix() == Some("str"))
}
