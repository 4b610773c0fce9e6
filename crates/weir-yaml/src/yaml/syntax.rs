//! Broken YAML syntax in our own words.
//!
//! The parser says what it expected; an author wants to know what was probably meant. To improve a
//! message, find the parser's kind of error in [`words`]. Must never guess a cause that the text
//! does not show.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::page::YamlText;
use crate::diagnostic::{Diagnostics, Place};

/// Tells a syntax error. `open` is the innermost bracket that is still open, `seen` the byte up to
/// which all was well.
pub(super) fn report(
    error: &ScanError,
    page: &YamlText,
    seen: usize,
    open: Option<Place>,
    out: &mut Diagnostics,
) {
    let place = page.place(*error.marker(), *error.marker());
    let shown = page.line(place.line);
    if let Some(quote) = is_after_quotes(error.kind())
        .then(|| page.quote_after(seen))
        .flatten()
        .filter(|quote| quote.line < place.line)
    {
        let told = out
            .error(&quote, "syntax", "this quote is not closed")
            .help("add the closing quote");
        told.related(&place, "the text ends at the quote before this");
        return;
    }
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(&place, out);
    }
    if let Some(open) = open {
        return in_brackets(
            error.kind(),
            &place,
            shown,
            Place { length: 1, ..open },
            out,
        );
    }
    let is_about_indentation = matches!(
        error.kind(),
        ErrorKind::MappingValueNotAllowed
            | ErrorKind::InvalidIndentation
            | ErrorKind::ExpectedBlockMappingKey
    );
    if is_about_indentation && let Some(name) = bare_name_above(&place, page) {
        out.error(&name, "syntax", "expected `name: value`")
            .help("add a `:` after the name");
        return;
    }
    let (message, help) = words(error, shown, place.column);
    let place = better_place(error.kind(), place, page);
    out.error(&place, "syntax", message).help(help);
}

fn is_after_quotes(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar
    )
}

/// Tells that values nest too deeply.
pub(super) fn too_deep(place: &Place, out: &mut Diagnostics) {
    out.error(place, "too-deep", "values are nested too deeply")
        .help("at most 64 levels are allowed");
}

/// Within brackets the culprit is an unquoted text, a stray comma, or the bracket that nobody
/// closed.
fn in_brackets(kind: &ErrorKind, place: &Place, line: &str, open: Place, out: &mut Diagnostics) {
    let (before, after) = around(line, place.column);
    let quotes = "text that contains `{`, `}`, `[`, `]`, `,` or `: ` needs quotes inside brackets";
    let is_open = matches!(
        kind,
        ErrorKind::UnclosedFlowCollection { .. } | ErrorKind::MismatchedFlowCollectionEnd { .. }
    );
    if is_open || open.line < place.line {
        let told = out
            .error(&open, "unclosed-bracket", "this bracket is not closed")
            .help(format!("close it; {quotes}"));
        if *place != open {
            told.related(place, "the syntax breaks here");
        }
    } else if before.ends_with('$') && after.starts_with('{') {
        let place = Place {
            column: place.column - 1,
            length: 2,
            ..place.clone()
        };
        out.error(&place, "syntax", "`${...}` inside brackets needs quotes")
            .help("write `\"${...}\"`");
    } else if after.starts_with(',') {
        out.error(place, "syntax", "there is no value before this comma")
            .help("remove the comma");
    } else {
        let told = out
            .error(place, "syntax", "expected a comma or the closing bracket")
            .help(quotes);
        told.related(&open, "the bracket");
    }
}

/// A line before and from a column.
fn around(line: &str, column: usize) -> (&str, &str) {
    let at = line
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at);
    line.split_at(at)
}

/// A name without its colon, where what is indented further below was to be its value.
fn bare_name_above(place: &Place, page: &YamlText) -> Option<Place> {
    let indent = |line: &str| line.chars().take_while(|letter| *letter == ' ').count();
    let says = |line: &usize| {
        !page.line(*line).trim().is_empty() && !page.line(*line).trim_start().starts_with('#')
    };
    let above = (1..place.line).rev().find(says)?;
    let name = page.line(above).trim();
    let is_name = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'))
        && !name.starts_with('-');
    let column = indent(page.line(above));
    (is_name && column < indent(page.line(place.line))).then(|| Place {
        line: above,
        column: column + 1,
        length: name.len(),
        ..place.clone()
    })
}

/// The parser sometimes stops a little before or after the culprit.
fn better_place(kind: &ErrorKind, place: Place, page: &YamlText) -> Place {
    let (line, next) = (page.line(place.line), page.line(place.line + 1));
    let tab = |line: &str| line.chars().position(|one| one == '\t').map(|at| at + 1);
    match kind {
        kind if is_about_tabs(kind) => match (tab(line), tab(next)) {
            (Some(column), _) => Place { column, ..place },
            (None, Some(column)) => Place {
                column,
                line: place.line + 1,
                ..place
            },
            (None, None) => place,
        },
        ErrorKind::MappingValueNotAllowed if !has_colon_before(line, place.column) => {
            let indented = line.chars().take_while(|one| one.is_whitespace()).count();
            Place {
                column: indented + 1,
                ..place
            }
        }
        _ => place,
    }
}

fn is_about_tabs(kind: &ErrorKind) -> bool {
    use ErrorKind as K;
    matches!(
        kind,
        K::TabNotAllowed
            | K::TabInBlockIndentation
            | K::TabInIndentation
            | K::TabAtBlockScalarStart
            | K::TabInPlainScalar
    )
}

fn has_colon_before(line: &str, column: usize) -> bool {
    around(line, column).0.contains(": ")
}

/// A message and a help.
fn words(error: &ScanError, line: &str, column: usize) -> (String, &'static str) {
    if let ErrorKind::UnexpectedCharacter { character } = error.kind() {
        let message = format!("text cannot start with `{}`", character.escape_default());
        return (message, "quote the text");
    }
    match about_lines(error.kind(), line, column).or_else(|| about_values(error.kind())) {
        Some((message, help)) => (message.to_string(), help),
        None => (
            format!("this is not YAML: {}", error.info().to_lowercase()),
            "check quotes, brackets and indentation",
        ),
    }
}

type SyntaxAdvice = Option<(&'static str, &'static str)>;

fn about_lines(kind: &ErrorKind, line: &str, column: usize) -> SyntaxAdvice {
    use ErrorKind as K;
    Some(match kind {
        kind if is_about_tabs(kind) => ("a tab cannot be used to indent", "use spaces"),
        K::MappingValueNotAllowed if has_colon_before(line, column) => {
            ("a second `: ` on one line", "quote text that contains `: `")
        }
        K::MappingValueNotAllowed => (
            "this line is indented too far",
            "align it with the keys above, or remove the value of the key above",
        ),
        K::ExpectedBlockMappingKey | K::InvalidIndentation => (
            "this line is not aligned with the lines above",
            "all keys of a mapping start in the same column",
        ),
        K::ExpectedBlockSequenceEntry => (
            "expected another `- ` item",
            "a list cannot contain `name: value` lines; check the indentation",
        ),
        K::SimpleKeyExpected | K::InvalidSimpleKey => (
            "expected `name: value`",
            "add a `: ` after the name, or check the indentation",
        ),
        K::ExpectedDocumentStart => (
            "expected the end of the file",
            "check the indentation of this line",
        ),
        _ => return None,
    })
}

fn about_values(kind: &ErrorKind) -> SyntaxAdvice {
    use ErrorKind as K;
    Some(match kind {
        K::UnclosedQuotedScalar => ("this quote is not closed", "add the closing quote"),
        K::MisplacedFlowCollectionEnd => (
            "this closing bracket has no opening bracket",
            "remove it, or quote the text",
        ),
        K::UnknownQuotedScalarEscape => (
            "unknown escape in double quotes",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        K::InvalidTrailingSingleQuotedScalar => (
            "text after the closing quote",
            "put all of the text inside the quotes; write `''` for a `'` inside single quotes",
        ),
        K::InvalidTrailingDoubleQuotedScalar => (
            "text after the closing quote",
            "put all of the text inside the quotes",
        ),
        K::MissingAnchorOrAliasName => (
            "a name must follow `&` or `*`",
            "quote text that starts with `&` or `*`",
        ),
        K::DirectiveDisallowed => (
            "YAML directives are not supported",
            "remove the line that starts with `%`",
        ),
        _ => return None,
    })
}
