//! Scripts lowered to a small typed tree, once: no scope is filled and nothing is copied from the ad when it is evaluated. What is not recognised stays
//! with the interpreter, and whatever goes wrong here is asked there again, so that there is one meaning and one wording: Rhai's. Property tests hold
//! both to the same answers.
//!
//! It must never answer where Rhai would fail, or otherwise than Rhai. To lower a further function: [`call`].

pub mod call;
pub mod tree;
pub mod value;

#[cfg(test)]
mod tests;

pub use tree::Tree;
pub use value::Stuck;

use super::scope::Facts;
use super::script::Script;
use crate::model::Job;

/// What a lowered script looks at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The ad.
    pub job: &'a Job,
    /// What is known beside its fields.
    pub facts: &'a Facts,
}

/// A script as a tree, if all of it is recognised.
pub fn lower(script: &Script) -> Option<Tree> {
    tree::of_script(script)
}
