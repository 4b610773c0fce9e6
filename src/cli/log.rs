//! The log of the process: spans `run`, `source`, `batch` and `stage`, and what happens in them, on
//! stderr, as text or as JSON lines. Off unless it is asked for; the engine reports what people
//! must know in other ways.
//!
//! What is logged leaves by the same exit as every report: secrets are masked, and characters that
//! would control a terminal are escaped.

use super::failure::CommandFailure;
use super::out;
use clap::{Args, ValueEnum};
use std::io;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer, SubscriberExt};

/// What is logged, and how.
#[derive(Args)]
pub(super) struct LogArgs {
    /// Log what happens on stderr: a level (error, warn, info, debug, trace), or levels by target
    /// such as `info,weir_source=debug,sqlx=debug`
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "WEIR_LOG",
        hide_env_values = true
    )]
    log: Option<String>,
    /// The form of the log
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        env = "WEIR_LOG_FORMAT",
        hide_env_values = true
    )]
    log_format: LogFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Text,
    /// A JSON object a line
    Json,
}

impl LogArgs {
    /// Begins to log, if that is asked for.
    pub(super) fn begin(&self) -> Result<(), CommandFailure> {
        let wanted = self.log.as_deref().map(str::trim).unwrap_or_default();
        if wanted.is_empty() {
            return Ok(());
        }
        let targets = targets(wanted)?;
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(LogWriter)
            .with_ansi(false)
            .with_span_events(FmtSpan::CLOSE);
        let layer = match self.log_format {
            LogFormat::Text => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        let log = tracing_subscriber::registry().with(layer.with_filter(targets));
        tracing::subscriber::set_global_default(log)
            .map_err(|error| CommandFailure::nothing(format!("cannot log: {error}")))
    }
}

/// A level alone is that of Weir; libraries then only warn.
fn targets(wanted: &str) -> Result<Targets, CommandFailure> {
    if let Ok(level) = wanted.parse::<LevelFilter>() {
        let libraries = level.min(LevelFilter::WARN);
        return Ok(Targets::new()
            .with_default(libraries)
            .with_target("weir", level));
    }
    wanted.parse().map_err(|_| {
        CommandFailure::nothing(format!("`{wanted}` is no log level")).help(
            "give a level (error, warn, info, debug, trace), or levels by target: \
             `info,weir_source=debug`",
        )
    })
}

/// Whole lines to stderr, by the way out of all reports.
struct LogWriter;

impl<'w> MakeWriter<'w> for LogWriter {
    type Writer = LogWriter;

    fn make_writer(&'w self) -> LogWriter {
        LogWriter
    }
}

impl io::Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        out::report(String::from_utf8_lossy(line).trim_end());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn a_level_alone_is_that_of_weir() {
        let targets = targets("debug").unwrap_or_default();
        assert!(targets.would_enable("weir::engine", &Level::DEBUG));
        assert!(targets.would_enable("weir_source::door", &Level::DEBUG));
        assert!(!targets.would_enable("sqlx::query", &Level::DEBUG));
        assert!(targets.would_enable("sqlx::query", &Level::WARN));
    }

    #[test]
    fn levels_by_target_are_taken_as_they_are() {
        let targets = targets("warn,sqlx=debug").unwrap_or_default();
        assert!(targets.would_enable("sqlx::query", &Level::DEBUG));
        assert!(!targets.would_enable("weir::engine", &Level::INFO));
    }

    #[test]
    fn something_else_is_refused_with_the_levels_that_exist() {
        let failure = targets("weir=loud").err();
        let help = failure.and_then(|failure| failure.help).unwrap_or_default();
        assert!(help.contains("debug"), "{help}");
    }
}
