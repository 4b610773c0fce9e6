//! Exact names: which entries a text is a name of.

use crate::framework::{EntryIndex, Framework};
use crate::words::{name_key, ordered_stems};
use std::collections::HashMap;

/// How a text is a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    /// It is the name of the entry.
    Name,
    /// It is an alias, or a name in other forms of its words.
    Alias,
}

/// Names and aliases by their keys.
#[derive(Debug, Default)]
pub(super) struct NameTable {
    /// By folded words.
    exact: HashMap<String, Vec<(EntryIndex, NameKind)>>,
    /// By stems in order.
    stemmed: HashMap<String, Vec<(EntryIndex, NameKind)>>,
}

impl NameTable {
    pub(super) fn new(framework: &Framework) -> NameTable {
        let mut table = NameTable::default();
        for (at, entry) in framework.entries.iter().enumerate() {
            for (position, name) in entry.names().enumerate() {
                let kind = if position == 0 { NameKind::Name } else { NameKind::Alias };
                add(&mut table.exact, name_key(name), at, kind);
                add(&mut table.stemmed, stem_key(name), at, NameKind::Alias);
            }
        }
        table
    }

    /// The one entry that a text names, if it is one. The name of an entry beats aliases of others.
    pub(super) fn find(&self, text: &str) -> Option<(EntryIndex, NameKind)> {
        let exact = self.exact.get(&name_key(text)).and_then(|found| only(found));
        exact.or_else(|| self.stemmed.get(&stem_key(text)).and_then(|found| only(found)))
    }

    pub(super) fn bytes(&self) -> usize {
        let of = |table: &HashMap<String, Vec<(EntryIndex, NameKind)>>| {
            table.iter().map(|(key, found)| key.len() + 48 + found.len() * 16).sum::<usize>()
        };
        of(&self.exact) + of(&self.stemmed)
    }
}

fn stem_key(text: &str) -> String {
    ordered_stems(text).join(" ")
}

fn add(
    table: &mut HashMap<String, Vec<(EntryIndex, NameKind)>>,
    key: String,
    entry: EntryIndex,
    kind: NameKind,
) {
    if key.is_empty() {
        return;
    }
    let found = table.entry(key).or_default();
    if !found.iter().any(|(known, _)| *known == entry) {
        found.push((entry, kind));
    }
}

/// The entry that is meant: the only one, or the only one with this name.
fn only(found: &[(EntryIndex, NameKind)]) -> Option<(EntryIndex, NameKind)> {
    let mut named = found.iter().filter(|(_, kind)| *kind == NameKind::Name);
    match (named.next(), named.next(), found) {
        (Some(one), None, _) => Some(*one),
        (None, _, [one]) => Some(*one),
        _ => None,
    }
}
