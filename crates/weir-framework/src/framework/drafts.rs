//! Entries of a framework under construction.
//!
//! Nothing here reads a file or decides what is a mistake.

use super::FrameworkEntry;
use super::fault::{FaultCause, FaultPlace, FrameworkFault};
use std::collections::HashMap;

/// A framework under construction: parents are still ids.
#[derive(Default)]
pub(super) struct EntryDrafts {
    pub(super) entries: Vec<FrameworkEntry>,
    pub(super) parents: Vec<ParentDraft>,
    pub(super) places: Vec<FaultPlace>,
    pub(super) by_id: HashMap<String, usize>,
    pub(super) faults: Vec<FrameworkFault>,
}

/// What is said of a parent.
#[derive(Clone)]
pub(super) enum ParentDraft {
    None,
    Id(String),
    Prefix,
}

impl EntryDrafts {
    pub(super) fn fault(&mut self, place: FaultPlace, cause: FaultCause) {
        self.faults.push(FrameworkFault { place, cause });
    }
}
