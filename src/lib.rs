//! Weir takes job ads from any number of sources and keeps one clean, versioned, de-duplicated set
//! of jobs per institution in PostgreSQL. YAML files say what is read, how it is mapped, what an ad
//! must satisfy; they are compiled to a DAG of stages, and the DAG is run.
//!
//! The names below are in dependency order, which is reading order: each uses only those above it.
//! All but the command line are crates of their own; the compiler keeps their order, a test that of
//! the modules within them.

pub use weir_yaml::{diagnostic, number, written_as, yaml};

pub use weir_model as model;
pub use weir_model::{date, identity, quality, span, untrusted};

pub use weir_rule as rule;

pub use weir_draw as draw;

pub use weir_store as store;

pub use weir_source as source;
pub use weir_source::{jsonpath, markup};

pub use weir_stage as stage;

pub use weir_project::{config, plan};

pub use weir_runtime::{actions, engine, export, orchestration, test};

pub use weir_reporting::{alerts, report};

pub use weir_web as web;

pub mod cli;
