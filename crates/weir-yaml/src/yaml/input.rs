//! Bytes of a file to text that is worth parsing.
//!
//! The first line of defence: what is too large, not text or empty never reaches the parser.

use crate::diagnostic::{Diagnostics, Place};

/// More than any institution needs; a larger file is a mistake or an attack.
const LARGEST: usize = 1024 * 1024;

/// The text without byte order mark, or `None` after saying why there is none.
pub(super) fn text<'a>(file: &str, content: &'a [u8], out: &mut Diagnostics) -> Option<&'a str> {
    let start = Place::start_of(file);
    if content.len() > LARGEST {
        let message = format!(
            "the file has {} bytes, more than the limit of {LARGEST}",
            content.len()
        );
        out.error(&start, "file-too-large", message)
            .help("split it, or move the data out of the YAML");
        return None;
    }
    if content.contains(&0) {
        out.error(&start, "not-text", "the file is not text")
            .help("expected YAML in UTF-8");
        return None;
    }
    let text = utf8(file, content, out)?;
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        empty(&start, out);
        return None;
    }
    Some(text)
}

/// Tells that a file holds nothing.
pub(super) fn empty(start: &Place, out: &mut Diagnostics) {
    out.error(start, "empty-file", "the file is empty")
        .help("delete it, or add at least one `name: value` line");
}

fn utf8<'a>(file: &str, content: &'a [u8], out: &mut Diagnostics) -> Option<&'a str> {
    match str::from_utf8(content) {
        Ok(text) => Some(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let before = String::from_utf8_lossy(&content[..error.valid_up_to()]);
            let line = before.matches('\n').count() + 1;
            let column = before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1;
            let place = Place::new(file, line, column, 1);
            out.error(&place, "not-utf8", "the file is not valid UTF-8")
                .help("save the file as UTF-8");
            None
        }
    }
}
