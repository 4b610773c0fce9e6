//! One pass over a tree: what is known before it, and what is reported during it.
//!
//! It must never decode anything itself.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use super::fault::{DecodeFault, DecodeGap};
use super::node::{Node, NodeContent};
use crate::diagnostic::{Diagnostic, Diagnostics, Place};

/// An author who has made this many mistakes in one file has another problem.
pub(super) const MOST_PROBLEMS: usize = 200;

/// Says that there are more problems than are shown.
pub(super) fn too_many(place: &Place) -> Diagnostic {
    let mut stopped = Diagnostic::error(
        "too-many-problems",
        "too many problems in this file; some are not shown",
    )
    .at(place);
    stopped.help("fix these and check again");
    stopped
}

/// What is known before a pass over the tree, and what is told during it.
#[derive(Default)]
pub(super) struct DecodePass {
    broken: HashSet<u32>,
    absent: Vec<(u32, &'static str)>,
    pub(super) hollow: bool,
    pub(super) has_hollow: Cell<bool>,
    pub(super) told: RefCell<Diagnostics>,
    told_at: RefCell<HashSet<u32>>,
}

impl DecodePass {
    /// The first pass over a tree: what is missing is filled with hollow values.
    pub(super) fn first() -> Self {
        Self {
            hollow: true,
            ..Self::default()
        }
    }

    /// Whether to leave a node out.
    pub(super) fn skips(&self, node: &Node) -> bool {
        matches!(*node.content, NodeContent::Broken) || self.broken.contains(&node.id)
    }

    /// The mandatory fields that a mapping is known not to have.
    pub(super) fn absent(&self, mapping: &Node) -> impl Iterator<Item = &'static str> {
        self.absent
            .iter()
            .filter(|(id, _)| *id == mapping.id)
            .map(|(_, field)| *field)
    }

    /// Tells a problem that does not stop the pass, once however often the node is passed.
    pub(super) fn tell(&self, node: &Node, diagnostic: impl FnOnce() -> Diagnostic) {
        let mut told_at = self.told_at.borrow_mut();
        if told_at.len() > MOST_PROBLEMS || !told_at.insert(node.id) {
            return;
        }
        let diagnostic = if told_at.len() > MOST_PROBLEMS {
            too_many(node.place())
        } else {
            diagnostic()
        };
        self.told.borrow_mut().push(diagnostic);
    }

    /// Tells a problem that stopped the pass and remembers what to leave out; `None` when nothing
    /// would be left.
    pub(super) fn note(&mut self, fault: DecodeFault, root: &Node) -> Option<()> {
        let DecodeFault::Settled { told, gap } = fault.leave_out(root) else {
            return None;
        };
        if let Some(diagnostic) = told {
            self.told.get_mut().push(*diagnostic);
        }
        let is_new = match gap? {
            DecodeGap::Node(id) => id != root.id && self.broken.insert(id),
            DecodeGap::Field(id, field) if self.absent.contains(&(id, field)) => false,
            DecodeGap::Field(id, field) => {
                self.absent.push((id, field));
                true
            }
        };
        is_new.then_some(())
    }
}
