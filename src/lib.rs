//! Weir takes job ads from any number of sources and keeps one clean, versioned, de-duplicated set of jobs per
//! institution in PostgreSQL. YAML files say what is read, how it is mapped, what an ad must satisfy; they are
//! compiled to a DAG of stages, and the DAG is run.
//!
//! The modules below stand in dependency order, which is reading order: each uses only those above it. A test holds
//! that, and that SQL stands only in [`store`].

pub mod diagnostic;
pub mod number;
pub mod yaml;

pub mod date;
pub mod span;
pub mod untrusted;

pub mod model;

pub mod identity;
pub mod jsonpath;
pub mod markup;
pub mod quality;
pub mod rule;

pub mod draw;

pub mod store;

pub mod source;

pub mod stage;

pub mod config;
pub mod plan;

pub mod engine;

pub mod export;
pub mod test;

pub mod report;

pub mod cli;
