//! Reads YAML with the place of every key and value, and reports everything that is wrong with it
//! at once.
//!
//! Parsers of YAML stop at the first mistake and lose places on the way to a struct; authors need
//! all mistakes, each where it is. This crate knows nothing of job ads and nothing of Weir. Numbers
//! are here because YAML and ads spell them alike.

pub mod diagnostic;
pub mod number;
pub mod yaml;
