//! The keys of a mapping: text, each once, merge keys followed.
//!
//! `<<: *defaults` takes over the entries of another mapping that are not given here. Entries given
//! here win over merged ones, and the first of several merged mappings wins over the later ones, as
//! YAML defines it. Merged entries keep the places where they were written.

use std::collections::{HashMap, HashSet};

use super::node::{MappingEntry, Node, NodeContent};
use super::pass::MOST_PROBLEMS;
use super::scalar::WrittenStyle;
use crate::diagnostic::{Diagnostics, Place};

/// Keys and values in turn to entries. Of a key that is given twice, the first counts.
pub(super) fn entries(parts: Vec<Node>, out: &mut Diagnostics) -> Vec<MappingEntry> {
    let mut given: Vec<MappingEntry> = Vec::with_capacity(parts.len() / 2);
    let mut more = Vec::new();
    let mut seen: HashMap<String, Place> = HashMap::new();
    let told_before = out.len();
    let mut parts = parts.into_iter();
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        if out.len() - told_before >= MOST_PROBLEMS {
            break;
        }
        let Some(name) = key.text() else {
            not_text(&key, out);
            continue;
        };
        if is_merge(&key) {
            more.extend(merged(&value, out));
        } else if let Some(first) = seen.get(name) {
            let told = out.error(
                &key.place,
                "duplicate-key",
                format!("`{name}` is given twice"),
            );
            told.help("remove one of them")
                .related(first, "first given here");
        } else {
            seen.insert(name.to_string(), key.place.clone());
            given.push(MappingEntry { key, value });
        }
    }
    with_merged(given, more)
}

fn not_text(key: &Node, out: &mut Diagnostics) {
    if matches!(*key.content, NodeContent::Broken) {
        return;
    }
    let message = format!("expected a name before `:`, found {}", key.described());
    let help = "a key must be text; quote text that starts with `{` or `[`";
    out.error(&key.place, "key-not-text", message).help(help);
}

/// Whether a key is the unquoted `<<`.
fn is_merge(key: &Node) -> bool {
    key.scalar()
        .is_some_and(|scalar| scalar.style == WrittenStyle::Plain && scalar.text == "<<")
}

/// The entries that the value of a merge key brings.
fn merged(value: &Node, out: &mut Diagnostics) -> Vec<MappingEntry> {
    match &*value.content {
        NodeContent::Mapping(entries) => entries.clone(),
        NodeContent::List(items)
            if items.iter().all(|item| {
                matches!(*item.content, NodeContent::Mapping(_) | NodeContent::Broken)
            }) =>
        {
            items.iter().flat_map(Node::entries).cloned().collect()
        }
        NodeContent::Broken => Vec::new(),
        _ => {
            let message = format!("expected a mapping to merge, found {}", value.described());
            out.error(value.place(), "bad-merge", message)
                .help("write `<<: *name`, where `&name` marks a mapping above");
            Vec::new()
        }
    }
}

/// Adds the merged entries whose keys are not given.
fn with_merged(mut given: Vec<MappingEntry>, more: Vec<MappingEntry>) -> Vec<MappingEntry> {
    let mut names: HashSet<String> = given.iter().map(MappingEntry::key_text).collect();
    given.extend(
        more.into_iter()
            .filter(|entry| names.insert(entry.key_text())),
    );
    given
}
