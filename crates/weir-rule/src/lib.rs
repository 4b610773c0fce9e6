//! Business rules: Rhai, compiled once and sandboxed. A rule reads only the fields that it names
//! and returns true or false; a rule that cannot be evaluated is itself a problem of the ad, never
//! a pass.
//!
//! Pure: no clock (the date is passed in), no database, no files. To add a function for rule
//! authors, register it in [`library`].

mod budget;
pub mod certain;
pub mod draft;
mod flat;
pub mod given;
pub mod kinds;
pub mod library;
pub mod list;
pub mod lower;
pub mod message;
pub mod mistake;
pub mod naming;
pub mod pattern;
pub mod sandbox;
pub mod scope;
pub mod script;
pub mod sense;
mod truism;
pub mod verdict;
mod yaml_script;

pub use given::{Given, Parameter};
pub use list::List;
pub use message::Message;
pub use mistake::Mistake;
pub use sandbox::Sandbox;
pub use scope::Facts;
pub use script::{Reads, Script, ScriptError};
pub use verdict::{Rule, Verdict};
pub use yaml_script::compile_script;
