//! YAML text to typed values that know where they stand.
//!
//! An author must see everything that is wrong in a file at once, each problem at its own line, in
//! words about YAML and not about Rust. So reading goes in two steps: [`parse`] makes a tree of
//! [`Node`]s with a place for every key and value, and [`decode`] turns a tree into any plain
//! `#[derive(Deserialize)]` type and collects all problems on the way. [`read`] does both.
//!
//! ## Writing a `Spec`
//!
//! - `Located<T>` for a value whose place is needed later; plain `T` for one whose place never
//!   matters.
//! - `Option<...>` or `#[serde(default)]` for what may be left out. A *broken* value is reported
//!   and then treated as left out.
//! - A mandatory field is declared plainly, `name: Located<String>`: the struct then exists only
//!   when the field is whole. Where the rest of the struct is worth compiling even so, declare
//!   `Required<Located<String>>`; its emptiness is always reported already.
//! - In lists and maps a broken element is reported and left out; the others stay.
//! - [`Node`] for JSON that the caller checks itself, [`Text`] for a script whose own errors have
//!   lines and columns, [`OneOrMany`] for `x` or `[x, y]`, [`TextOr`] for a short form beside a
//!   full one, [`from_text`] and [`Parsed`] for `FromStr` types.
//! - Kinds are externally tagged enums (`fetch: { http: {...} }`); never `tag =`, `untagged` or
//!   `flatten`, which lose all places.
//!
//! This module must never judge what a value means, never read a file, and never stop at the first
//! problem.

mod decode;
mod decoder;
mod fault;
mod input;
mod keys;
mod layers;
mod leaf;
mod located;
mod node;
mod page;
mod pass;
mod position;
mod scalar;
mod schema;
mod shapes;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;
mod wanted;

pub use decode::decode;
pub use layers::MergeRule;
pub use located::{Located, Text};
pub use node::{MappingEntry, Node};
pub use shapes::{OneOrMany, Parsed, PositiveNumber, Required, TextOr, from_text};

use serde::de::DeserializeOwned;

use crate::diagnostic::Diagnostics;

/// Reads a whole file. Every problem goes to `out`.
///
/// The answer is a value when one could be built from the parts that are right: a caller may go on
/// and find more problems in it, but must not use it for work while `out` has errors.
pub fn read<T: DeserializeOwned>(
    file: &str,
    content: impl AsRef<[u8]>,
    out: &mut Diagnostics,
) -> Option<T> {
    let tree = parse(file, content, out)?;
    decode(&tree, out)
}

/// Reads a whole file into a tree whose root is a mapping. Every problem goes to `out`.
pub fn parse(file: &str, content: impl AsRef<[u8]>, out: &mut Diagnostics) -> Option<Node> {
    let text = input::text(file, content.as_ref(), out)?;
    tree::build(file, text, out)
}
