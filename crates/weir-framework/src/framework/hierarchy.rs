//! Ids of parents to parents.

use super::drafts::{EntryDrafts, ParentDraft};
use super::fault::FaultCause;

/// Links every entry to its parent; reports parents that do not exist and circles.
pub(super) fn link(drafts: &mut EntryDrafts) {
    for at in 0..drafts.entries.len() {
        let parent = match drafts.parents[at].clone() {
            ParentDraft::None => None,
            ParentDraft::Prefix => longest_prefix(drafts, at),
            ParentDraft::Id(id) => {
                let found = drafts.by_id.get(&id).copied();
                if found.is_none() {
                    drafts.fault(drafts.places[at].clone(), FaultCause::UnknownParent(id));
                }
                found
            }
        };
        drafts.entries[at].parent = parent;
    }
    cut_circles(drafts);
}

/// The group with the longest id that another's begins with.
fn longest_prefix(drafts: &EntryDrafts, at: usize) -> Option<usize> {
    let id = &drafts.entries[at].id;
    let shorter = id.char_indices().map(|(end, _)| end).rev();
    let group = |end| {
        let found = drafts.by_id.get(&id[..end]).copied();
        found.filter(|parent| drafts.entries[*parent].group)
    };
    shorter.filter(|end| *end > 0).find_map(group)
}

/// Reports every entry that is its own ancestor, and takes its parent away.
fn cut_circles(drafts: &mut EntryDrafts) {
    // 0: not seen, 1: on the way up, 2: leads to a root.
    let mut seen = vec![0_u8; drafts.entries.len()];
    for start in 0..drafts.entries.len() {
        let mut way = Vec::new();
        let mut at = Some(start);
        while let Some(entry) = at.filter(|entry| seen[*entry] == 0) {
            seen[entry] = 1;
            way.push(entry);
            at = drafts.entries[entry].parent;
        }
        if let Some(entry) = at.filter(|entry| seen[*entry] == 1) {
            let id = drafts.entries[entry].id.clone();
            drafts.fault(drafts.places[entry].clone(), FaultCause::CircularParents(id));
            drafts.entries[entry].parent = None;
        }
        way.into_iter().for_each(|entry| seen[entry] = 2);
    }
}
