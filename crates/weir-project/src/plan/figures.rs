//! What the conditions of alerts can read: named figures of a run, a source, an institution, the
//! queue and the database, each with its type and what it says.
//!
//! To add a figure: a line here, and its value in `alerts::subject`. A figure without a value makes
//! an alert that reads it say `no_data`, never false.

use crate::config::alerts::AlertScope;
use serde_json::Number;
use std::collections::BTreeMap;
use weir_rule::RuleParameter;
use weir_rule::types::{TypeEnv, TypeSet};

/// A figure.
pub struct FigureSpec {
    /// Its name in conditions and messages.
    pub name: &'static str,
    /// Its type.
    pub types: TypeSet,
    /// What it says.
    pub help: &'static str,
}

/// The values of figures; those that are not known are not there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FigureValues(pub BTreeMap<String, RuleParameter>);

const fn number(name: &'static str, help: &'static str) -> FigureSpec {
    FigureSpec {
        name,
        types: TypeSet::NUMBER,
        help,
    }
}

const fn text(name: &'static str, help: &'static str) -> FigureSpec {
    FigureSpec {
        types: TypeSet::TEXT,
        ..number(name, help)
    }
}

const RUN: &[FigureSpec] = &[
    text(
        "status",
        "how the newest run ended: done, failed, interrupted",
    ),
    number(
        "failed_runs",
        "runs in a row that did not end well; 0 if the newest did",
    ),
    number("seconds", "how long the newest run took"),
    number(
        "usual_seconds",
        "how long it usually takes: of 19 in 20 of the 28 runs before",
    ),
    number("documents", "ads that it looked at"),
    number("usual_documents", "the median of the 28 runs before"),
    number("created", "jobs created"),
    number("updated", "jobs that got a new version"),
    number("reopened", "archived jobs that opened again"),
    number("archived", "jobs archived"),
    number("usual_archived", "the median of the 28 runs before"),
    number(
        "refused",
        "ads that were rejected, held or could not be read",
    ),
    number("error_ratio", "refused of documents, from 0 to 1"),
    number("usual_error_ratio", "the median of the 28 runs before"),
];

const SOURCE: &[FigureSpec] = &[
    text(
        "last_read_state",
        "how the newest read ended: complete, empty, partial, blocked, unreachable",
    ),
    number(
        "failed_reads",
        "reads in a row that were neither complete nor empty, of the newest 28",
    ),
    number("hours_since_read", "hours since the newest read"),
    number(
        "hours_since_complete",
        "hours since the newest complete read; of a source that never had one, since its first read",
    ),
    number("items", "ads in the newest read"),
    number("usual_items", "the median of the complete reads before"),
    number(
        "completeness",
        "ads of the newest read, of those that the source said it had",
    ),
    number("open_jobs", "open jobs"),
    number("documents", "ads that the newest run looked at"),
    number("refused", "ads that it rejected, held or could not read"),
    number("error_ratio", "refused of documents, from 0 to 1"),
    number("usual_error_ratio", "the median of the 28 runs before"),
    number("seconds", "how long its stages took in the newest run"),
    number(
        "usual_seconds",
        "how long they usually take: of 19 in 20 of the 28 runs before",
    ),
    text(
        "quality",
        "what the stage measure found: usual, unusual, held, released",
    ),
];

const INSTITUTION: &[FigureSpec] = &[
    number(
        "hours_late",
        "hours since it was due and no run has begun; 0 if none is missing",
    ),
    number("hours_since_run", "hours since its newest run"),
    number("open_holds", "decisions that wait"),
    number(
        "oldest_hold_days",
        "how long the oldest has waited; 0 if none waits",
    ),
    number(
        "mass_holds",
        "holds of many jobs at once: retirement, closing, quality, identity",
    ),
];

const QUEUE: &[FigureSpec] = &[
    number("waiting", "units of work that wait"),
    number(
        "oldest_minutes",
        "how long the oldest has waited beyond its time; 0 if none waits",
    ),
    number("working", "units of work that a worker has"),
];

const DATABASE: &[FigureSpec] = &[
    number("bytes", "bytes of the database"),
    number(
        "growth",
        "bytes that the tables grew by since the day before that is known",
    ),
    number("usual_growth", "the median growth of the 28 days before"),
    number("connections", "sessions in use"),
    number(
        "connections_ratio",
        "sessions in use, of those that the server allows",
    ),
    number("dead_rows", "dead rows that vacuum has not removed"),
    number("dead_ratio", "dead rows, of all rows"),
    number(
        "oldest_xmin_age",
        "transactions since the oldest that is still open",
    ),
    number(
        "longest_transaction_minutes",
        "how long the longest transaction has been open",
    ),
];

/// All scopes.
pub const SCOPES: [AlertScope; 5] = [
    AlertScope::Run,
    AlertScope::Source,
    AlertScope::Institution,
    AlertScope::Queue,
    AlertScope::Database,
];

impl AlertScope {
    /// Its name in the YAML.
    pub fn name(self) -> &'static str {
        match self {
            AlertScope::Run => "run",
            AlertScope::Source => "source",
            AlertScope::Institution => "institution",
            AlertScope::Queue => "queue",
            AlertScope::Database => "database",
        }
    }

    /// The figures that its conditions can read.
    pub fn figures(self) -> &'static [FigureSpec] {
        match self {
            AlertScope::Run => RUN,
            AlertScope::Source => SOURCE,
            AlertScope::Institution => INSTITUTION,
            AlertScope::Queue => QUEUE,
            AlertScope::Database => DATABASE,
        }
    }

    /// What messages can show besides figures.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            AlertScope::Source => &["institution", "source"],
            AlertScope::Run | AlertScope::Institution => &["institution"],
            AlertScope::Queue | AlertScope::Database => &[],
        }
    }

    /// The types of its figures.
    pub fn types(self) -> TypeEnv {
        let figures = self.figures().iter();
        TypeEnv {
            variables: figures
                .map(|figure| (figure.name.to_owned(), figure.types))
                .collect(),
            ..TypeEnv::default()
        }
    }
}

impl FigureValues {
    /// A count.
    pub fn count(&mut self, name: &str, value: Option<i64>) {
        let value = value.map(|value| RuleParameter::Number(value.into()));
        self.set(name, value);
    }

    /// A measure, rounded to three digits: a message shows it.
    pub fn measure(&mut self, name: &str, value: Option<f64>) {
        let value = value.and_then(|value| Number::from_f64((value * 1000.0).round() / 1000.0));
        self.set(name, value.map(RuleParameter::Number));
    }

    /// A word.
    pub fn word(&mut self, name: &str, value: Option<&str>) {
        self.set(name, value.map(|word| RuleParameter::Text(word.to_owned())));
    }

    fn set(&mut self, name: &str, value: Option<RuleParameter>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
    }
}

/// The figures as Markdown: a table for each scope.
pub fn reference() -> String {
    let mut out = String::new();
    for scope in SCOPES {
        out += &format!(
            "\n### over: {}\n\n| figure | type | says |\n|---|---|---|\n",
            scope.name()
        );
        for figure in scope.figures() {
            out += &format!(
                "| `{}` | {} | {} |\n",
                figure.name, figure.types, figure.help
            );
        }
    }
    out
}
