//! A tree to a typed value, with all problems and not only the first.
//!
//! Serde stops at the first error and cannot be asked to go on. So the tree is decoded again and
//! again: each pass that fails names one [`DecodeGap`], which is reported, and the next pass does without
//! it. A right file takes one pass, a file with n broken values n + 1.
//!
//! While problems are still being looked for, missing mandatory fields are filled with *hollow*
//! values, so that the problems behind them are found as well. A value with something hollow in it
//! must never get out: the last passes run without.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::decoder::NodeDecoder;
use super::fault::{DecodeFault, DecodeGap};
use super::node::{Node, NodeContent};
use crate::diagnostic::{Diagnostic, Diagnostics, Place};

/// An author who has made this many mistakes in one file has another problem.
pub(super) const MOST_PROBLEMS: usize = 200;

/// Decodes a tree. Every problem goes to `out`; the value is built from what is right, or `None`
/// when too little is.
pub fn decode<T: DeserializeOwned>(root: &Node, out: &mut Diagnostics) -> Option<T> {
    let mut pass = DecodePass {
        hollow: true,
        ..DecodePass::default()
    };
    let value = passes(root, &mut pass);
    out.append(pass.told.into_inner());
    value
}

fn passes<T: DeserializeOwned>(root: &Node, pass: &mut DecodePass) -> Option<T> {
    for _ in 0..MOST_PROBLEMS {
        let decoder = NodeDecoder::root(root, pass);
        match decoder.settled(T::deserialize(decoder)) {
            Ok(value) if !pass.has_hollow.take() => return Some(value),
            Ok(_) => pass.hollow = false,
            Err(fault) => pass.note(fault, root)?,
        }
    }
    pass.told.get_mut().push(too_many(root.place()));
    None
}

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
    told: RefCell<Diagnostics>,
    told_at: RefCell<HashSet<u32>>,
}

impl DecodePass {
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
    fn note(&mut self, fault: DecodeFault, root: &Node) -> Option<()> {
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
