//! Texts of frameworks and accepted titles to sets of stems.

use super::accepted::{AcceptedTitle, AcceptedTitles};
use super::postings::{StemTable, TitleList};
use crate::framework::{EntryIndex, Framework};
use crate::words::{name_key, title_stems};
use std::collections::HashMap;

/// Entries that are roles, in their order.
pub(super) fn roles(framework: &Framework) -> Vec<EntryIndex> {
    let entries = framework.entries.iter().enumerate();
    entries.filter(|(_, entry)| !entry.group).map(|(at, _)| at).collect()
}

/// Owner, stems, and whether it is the name: one for each different set of stems of a role.
pub(super) fn label_sets(
    framework: &Framework,
    roles: &[EntryIndex],
    table: &mut StemTable,
) -> Vec<(u32, Vec<u32>, bool)> {
    let mut sets = Vec::new();
    for (role, entry) in roles.iter().enumerate() {
        let owner = number(role);
        let begin = sets.len();
        for (position, name) in framework.names(*entry).enumerate() {
            let stems = numbers(name, table);
            let known = |set: &(u32, Vec<u32>, bool)| set.1 == stems;
            if !stems.is_empty() && !sets[begin..].iter().any(known) {
                sets.push((owner, stems, position == 0));
            }
        }
    }
    sets
}

pub(super) fn without_flag(sets: Vec<(u32, Vec<u32>, bool)>) -> Vec<(u32, Vec<u32>)> {
    sets.into_iter().map(|(owner, stems, _)| (owner, stems)).collect()
}

pub(super) fn numbers(text: &str, table: &mut StemTable) -> Vec<u32> {
    let mut stems: Vec<u32> = title_stems(text).iter().map(|stem| table.add(stem)).collect();
    stems.sort_unstable();
    stems
}

/// The stems of descriptions and of the names of groups, by role.
pub(super) fn contexts(
    framework: &Framework,
    roles: &[EntryIndex],
    table: &mut StemTable,
) -> Vec<Vec<u32>> {
    let of = |entry: &EntryIndex| {
        let mut text = framework.entries[*entry].about.clone().unwrap_or_default();
        for group in framework.lineage(*entry).skip(1) {
            text.push(' ');
            text.push_str(&framework.entries[group].name);
        }
        numbers(&text, table)
    };
    roles.iter().map(of).collect()
}

/// The stems of all labels of each role.
pub(super) fn unions(labels: &TitleList, roles: usize) -> Vec<Vec<u32>> {
    let mut unions: Vec<Vec<u32>> = vec![Vec::new(); roles];
    for (owner, stems) in labels.owners.iter().zip(&labels.stems) {
        unions[*owner as usize].extend(stems);
    }
    for union in &mut unions {
        union.sort_unstable();
        union.dedup();
    }
    unions
}

pub(super) fn inverted(rows: &[Vec<u32>], count: usize) -> Vec<Vec<u32>> {
    let mut columns = vec![Vec::new(); count];
    for (row, items) in rows.iter().enumerate() {
        for item in items {
            columns[*item as usize].push(number(row));
        }
    }
    columns
}

pub(super) fn accepted_keys(
    accepted: &AcceptedTitles,
    framework: &Framework,
) -> HashMap<String, EntryIndex> {
    let ids: HashMap<&str, EntryIndex> =
        framework.entries.iter().enumerate().map(|(at, entry)| (entry.id.as_str(), at)).collect();
    let pair =
        |title: &AcceptedTitle| Some((name_key(&title.title), *ids.get(title.role.as_str())?));
    accepted.accepted.iter().filter_map(pair).collect()
}

pub(super) fn neighbour_sets(
    accepted: &AcceptedTitles,
    framework: &Framework,
    roles: &[EntryIndex],
    table: &mut StemTable,
) -> Vec<(u32, Vec<u32>)> {
    let by_id: HashMap<&str, u32> = roles
        .iter()
        .enumerate()
        .map(|(role, entry)| (framework.entries[*entry].id.as_str(), number(role)))
        .collect();
    let set = |title: &AcceptedTitle| {
        let owner = *by_id.get(title.role.as_str())?;
        Some((owner, numbers(&title.title, table)))
    };
    accepted.accepted.iter().filter_map(set).collect()
}

pub(super) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
