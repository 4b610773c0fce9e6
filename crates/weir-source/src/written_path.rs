//! JSONPaths as authors write them: compiled, with their mistakes reported where they are.
//!
//! Nothing here reads a document.

use crate::jsonpath::{JsonPath, PathError, path_of};
use weir_yaml::diagnostic::{Diagnostic, Diagnostics};
use weir_yaml::yaml::Text;

/// Compiles `records`: plain steps only, so that the text can be read as a stream.
pub(super) fn records_path(text: Option<&Text>, out: &mut Diagnostics) -> Option<Option<JsonPath>> {
    plain_path(
        text,
        "records",
        "records are read as a stream: use names, positions and `[*]`, such as `$.jobs[*]`",
        out,
    )
}

/// Compiles `count`, likewise.
pub(super) fn count_path(text: Option<&Text>, out: &mut Diagnostics) -> Option<Option<JsonPath>> {
    plain_path(
        text,
        "count",
        "the count is read from a stream: use names and positions, such as `$.meta.total`",
        out,
    )
}

fn plain_path(
    text: Option<&Text>,
    what: &str,
    help: &str,
    out: &mut Diagnostics,
) -> Option<Option<JsonPath>> {
    let Some(text) = text else { return Some(None) };
    let path = json_path(text, out)?;
    if path.steps().is_none() {
        out.error(
            text.place(),
            "bad-jsonpath",
            format!("`{what}` needs a simple path"),
        )
        .help(help);
        return None;
    }
    Some(Some(path))
}

/// Compiles a JSONPath; problems go to `out` at their column.
pub fn json_path(text: &Text, out: &mut Diagnostics) -> Option<JsonPath> {
    if !text.starts_with('$') {
        not_a_path(text, out).help(format!(
            "a path starts with `$`, such as `{}`",
            path_of(text)
        ));
        return None;
    }
    match JsonPath::parse(text) {
        Ok(path) => Some(path),
        Err(PathError {
            message,
            column,
            help,
        }) => {
            out.error(
                &text.place_at(1, column + 1),
                "bad-jsonpath",
                format!("bad JSONPath `{text}`: {message}"),
            )
            .help(help);
            None
        }
    }
}

/// Reports that a text does not look like a path; the help is the caller's.
pub fn not_a_path<'o>(text: &Text, out: &'o mut Diagnostics) -> &'o mut Diagnostic {
    out.error(
        text.place(),
        "bad-jsonpath",
        format!("`{text}` is not a JSONPath"),
    )
}
