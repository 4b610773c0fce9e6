//! What a person has written, read and checked, and the plan that it is compiled to: the graph of
//! stages that is run, drawn and fingerprinted. Nothing here reads a source or the database.
//!
//! The names below are in dependency order. A key of YAML goes into `config`, with its place in the
//! files; what it means for the run into `plan`.

pub mod config;
pub mod plan;
