//! What a run leaves for display: bounded whatever the size of a feed, and shortened. Nothing may
//! be derived from it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One ad at one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSample {
    /// Its source.
    pub source: String,
    /// The source's id.
    pub ad: String,
    /// Its title, once it has one.
    pub title: String,
    /// Whether the node found something against it.
    pub refused: bool,
    /// Its fields, or everything said against it.
    pub what: String,
}

/// What passed from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEdge {
    /// The id of a node.
    pub from: String,
    /// The id of a node that waits for it.
    pub to: String,
    /// Ads that left the first.
    pub rows: i64,
}

/// How much a line of a log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogSeverity {
    /// It went as it should.
    Info,
    /// Somebody may want to look.
    Warn,
    /// Somebody must look.
    Error,
}

impl LogSeverity {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            LogSeverity::Info => "info",
            LogSeverity::Warn => "warn",
            LogSeverity::Error => "error",
        }
    }
}

/// One line of what happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLogLine {
    /// Wall clock.
    pub at: DateTime<Utc>,
    /// How much it matters.
    pub severity: LogSeverity,
    /// The id of the node that it is about; empty for the run.
    pub node: String,
    /// What happened, in words.
    pub message: String,
}

/// Everything that a run leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunTrace {
    /// What passed between nodes.
    pub edges: Vec<RunEdge>,
    /// A few ads of each node, by its id.
    pub samples: Vec<(String, RunSample)>,
    /// What happened.
    pub log: Vec<RunLogLine>,
}
