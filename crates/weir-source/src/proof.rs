//! How the end of a reading is judged: complete only without any problem and with an agreeing
//! count.

use super::page::PageSink;
use weir_model::{ReadOutcome, ReadState};

/// What makes a read incomplete though it came to its end: any of the missing ads may be among
/// these documents.
pub fn doubts(pages: &PageSink) -> Vec<String> {
    let unreadable =
        (pages.unreadable > 0).then(|| counted(pages.unreadable, "unreadable document", ""));
    let nameless = (pages.nameless > 0).then(|| {
        counted(
            pages.nameless,
            "document",
            " without an id, so missing ads cannot be identified",
        )
    });
    unreadable.into_iter().chain(nameless).collect()
}

/// A number of things in words: `1 ad`, `2 entries`.
pub fn counted(number: i64, what: &str, more: &str) -> String {
    match (number, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}{more}"),
        (_, Some(stem)) => format!("{number} {stem}ies{more}"),
        (_, None) => format!("{number} {what}s{more}"),
    }
}

/// The proof of a read that reached its source: complete only without problems and with an agreeing
/// count.
pub fn judge(
    pages: i64,
    items: i64,
    stated: Option<i64>,
    bytes: i64,
    mut problems: Vec<String>,
) -> ReadOutcome {
    if let Some(stated) = stated.filter(|stated| *stated != items) {
        problems.push(format!(
            "the source states {stated} ads, but {items} were read"
        ));
    }
    let state = match (problems.is_empty(), items) {
        (false, _) => ReadState::Partial,
        (true, 0) => ReadState::Empty,
        (true, _) => ReadState::Complete,
    };
    // What is told of a source may hold what it sent.
    let why = (!problems.is_empty()).then(|| problems.join("; ").replace('\0', "\u{fffd}"));
    ReadOutcome {
        state,
        pages,
        items,
        stated,
        bytes,
        why,
        warning: None,
        validators: None,
        not_modified: false,
    }
}

/// The proof of a read that never reached its source.
pub fn unreachable(why: String) -> ReadOutcome {
    ReadOutcome {
        state: ReadState::Unreachable,
        ..judge(0, 0, None, 0, vec![why])
    }
}
