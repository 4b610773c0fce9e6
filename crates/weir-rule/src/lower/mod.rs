//! Scripts lowered once to a small typed tree: evaluation fills no scope and copies nothing from
//! the ad. Scripts with unrecognised parts stay with the interpreter, and whatever goes wrong here
//! is evaluated there again, so there is one meaning and one set of messages: Rhai's. Property
//! tests check that both return the same results.
//!
//! Must never return a result where Rhai would fail, or a different one. To lower another function,
//! see [`call`].

pub mod call;
pub mod tree;
pub mod value;

#[cfg(test)]
mod tests;

pub use tree::Tree;
pub use value::Stuck;

use super::scope::Facts;
use super::script::Script;
use weir_model::Job;

/// What a lowered script looks at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The ad.
    pub job: &'a Job,
    /// What is known besides its fields.
    pub facts: &'a Facts,
}

/// A script as a tree, if all of it is recognised.
pub fn lower(script: &Script) -> Option<Tree> {
    tree::of_script(script)
}
