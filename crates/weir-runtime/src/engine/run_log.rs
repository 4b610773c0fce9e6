//! What happened in a run, line by line, in words: derived from its events, and bounded.

use super::event::RunEvent;
use chrono::{DateTime, Utc};
use weir_model::{LogSeverity, ReadState, RunLogLine};
use weir_project::plan::picture::{StagePassage, spent, thousands};

/// Lines kept per run; further lines are only counted.
const LINES: usize = 400;

/// The lines of a run so far.
#[derive(Debug, Default)]
pub(super) struct RunLog {
    lines: Vec<RunLogLine>,
    left_out: usize,
}

impl RunLog {
    /// Notes an event, if the log has a line for it.
    pub(super) fn note(&mut self, event: &RunEvent, at: DateTime<Utc>) {
        let Some((severity, node, message)) = words(event) else {
            return;
        };
        trace(severity, &node, &message);
        if self.lines.len() < LINES {
            self.lines.push(RunLogLine {
                at,
                severity,
                node,
                message,
            });
        } else {
            self.left_out += 1;
        }
    }

    /// The lines, and at the end how many were left out.
    pub(super) fn lines(&self) -> Vec<RunLogLine> {
        let mut lines = self.lines.clone();
        if let (1.., Some(last)) = (self.left_out, lines.last()) {
            let message = format!("{} more lines were left out", self.left_out);
            lines.push(RunLogLine {
                at: last.at,
                severity: LogSeverity::Info,
                node: String::new(),
                message,
            });
        }
        lines
    }
}

/// Hands a line to whoever follows the log of the process: see `--log`.
fn trace(severity: LogSeverity, node: &str, message: &str) {
    match severity {
        LogSeverity::Info => tracing::info!(node, "{message}"),
        LogSeverity::Warn => tracing::warn!(node, "{message}"),
        LogSeverity::Error => tracing::error!(node, "{message}"),
    }
}

/// What an event says: how much it matters, at which node, and the words.
fn words(event: &RunEvent) -> Option<(LogSeverity, String, String)> {
    let line = |severity, node: &str, message: String| Some((severity, node.to_owned(), message));
    let of = |stage: &str, source: &str| format!("{stage}:{source}");
    match event {
        RunEvent::NodeFinished {
            node,
            skipped: Some(why),
            ..
        } => line(LogSeverity::Info, &node.node, format!("did nothing: {why}")),
        RunEvent::NodeFinished { node, passage, .. } => {
            line(LogSeverity::Info, &node.node, passed(passage))
        }
        RunEvent::ReadFinished { source, proof, .. } => {
            let severity = match proof.state {
                ReadState::Complete => LogSeverity::Info,
                ReadState::Empty | ReadState::Partial => LogSeverity::Warn,
                ReadState::Blocked | ReadState::Unreachable => LogSeverity::Error,
            };
            let why = proof
                .why
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}"));
            line(
                severity,
                &of("fetch", source),
                format!(
                    "read {} with {} ads{why}",
                    proof.state.name(),
                    thousands(proof.items)
                ),
            )
        }
        RunEvent::AlertRaised { alert, .. } => {
            let severity = if alert.severity == "error" {
                LogSeverity::Error
            } else {
                LogSeverity::Warn
            };
            line(severity, "", alert.message.clone())
        }
        _ => None,
    }
}

/// What passed a node: `8 in, 7 out, 1 refused, 12 ms`.
fn passed(passage: &StagePassage) -> String {
    let refused = if passage.refused == 0 {
        String::new()
    } else {
        format!(", {} refused", thousands(passage.refused))
    };
    let (entered, left) = (thousands(passage.rows_in), thousands(passage.rows_out));
    format!(
        "{entered} in, {left} out{refused}, {}",
        spent(passage.micros)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::NodeRef;

    fn finished() -> RunEvent {
        let node = NodeRef {
            institution: "a".into(),
            node: "extract:b".into(),
            stage: "extract",
            source: "b".into(),
        };
        let passage = StagePassage {
            rows_in: 8,
            rows_out: 7,
            refused: 1,
            micros: 12_345,
        };
        RunEvent::NodeFinished {
            node,
            passage,
            skipped: None,
        }
    }

    #[test]
    fn a_long_log_says_how_much_it_leaves_out() {
        let mut log = RunLog::default();
        (0..LINES + 3).for_each(|_| log.note(&finished(), DateTime::UNIX_EPOCH));
        let lines = log.lines();
        assert_eq!(
            (lines.len(), lines[0].message.as_str()),
            (LINES + 1, "8 in, 7 out, 1 refused, 12 ms")
        );
        assert_eq!(lines[LINES].message, "3 more lines were left out");
    }
}
