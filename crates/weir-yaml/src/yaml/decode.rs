//! A tree to a typed value, with all problems and not only the first.
//!
//! Serde stops at the first error and cannot be asked to go on. So the tree is decoded again and
//! again: each pass that fails names one `DecodeGap`, which is reported, and the next pass does
//! without it. A right file takes one pass, a file with n broken values n + 1.
//!
//! While problems are still being looked for, missing mandatory fields are filled with *hollow*
//! values, so that the problems behind them are found as well. A value with something hollow in it
//! must never get out: the last passes run without.

use serde::de::DeserializeOwned;

use super::decoder::NodeDecoder;
use super::node::Node;
use super::pass::{DecodePass, MOST_PROBLEMS, too_many};
use crate::diagnostic::Diagnostics;

/// Decodes a tree. Every problem goes to `out`; the value is built from what is right, or `None`
/// when too little is.
pub fn decode<T: DeserializeOwned>(root: &Node, out: &mut Diagnostics) -> Option<T> {
    let mut pass = DecodePass::first();
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
