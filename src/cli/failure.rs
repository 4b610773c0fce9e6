//! Why a command failed: what happened, what the operator does about it, and the exit code.
//!
//! The remedy is a field of an error, never a part of its text: an error type says it in `help()`,
//! and implements [`Remedy`] here. Only this module joins the two for printing.

use super::{FAILED, NOTHING};
use crate::engine::RunError;
use crate::engine::saved::SavedError;
use crate::store::StoreError;
use crate::store::server::{InstallError, ServerError};
use std::fmt::Display;

/// Why a command failed.
#[derive(Debug)]
pub(super) struct CommandFailure {
    /// What happened.
    pub(super) message: String,
    /// What the operator does about it.
    pub(super) help: Option<String>,
    /// The exit code.
    pub(super) code: u8,
}

impl CommandFailure {
    /// A command that attempted nothing.
    pub(super) fn nothing(message: impl Into<String>) -> CommandFailure {
        CommandFailure {
            message: message.into(),
            help: None,
            code: NOTHING,
        }
    }

    /// A command that failed in its work.
    pub(super) fn failed(message: impl Into<String>) -> CommandFailure {
        CommandFailure {
            code: FAILED,
            ..CommandFailure::nothing(message)
        }
    }

    /// With the remedy.
    pub(super) fn help(self, help: impl Into<String>) -> CommandFailure {
        CommandFailure {
            help: Some(help.into()),
            ..self
        }
    }

    /// Reports it.
    pub(super) fn tell(&self) {
        tell("error", &self.message, self.help.as_deref());
    }
}

/// Reports why the run of an institution did not end well.
pub(super) fn tell_run_error(error: &RunError, slug: &str) {
    tell("error", &error.of(slug), error.help().as_deref());
}

fn tell(severity: &str, message: &dyn Display, help: Option<&str>) {
    match help {
        Some(help) => tell!("{severity}: {message}\nhelp: {help}"),
        None => tell!("{severity}: {message}"),
    }
}

/// An error of which the operator is told what to do.
pub(super) trait Remedy: std::error::Error {
    /// The remedy, where the message does not say it itself.
    fn help(&self) -> Option<String> {
        None
    }
}

impl Remedy for StoreError {
    fn help(&self) -> Option<String> {
        StoreError::help(self)
    }
}

impl Remedy for RunError {
    fn help(&self) -> Option<String> {
        RunError::help(self)
    }
}

impl Remedy for SavedError {
    fn help(&self) -> Option<String> {
        SavedError::help(self)
    }
}

impl Remedy for ServerError {
    fn help(&self) -> Option<String> {
        ServerError::help(self)
    }
}

impl Remedy for InstallError {}
impl Remedy for std::io::Error {}
impl Remedy for serde_json::Error {}
impl Remedy for csv::Error {}
impl Remedy for crate::source::door::DoorError {}
impl Remedy for tokio::task::JoinError {}

impl<E: Remedy> From<E> for CommandFailure {
    fn from(error: E) -> CommandFailure {
        CommandFailure {
            help: error.help(),
            ..CommandFailure::failed(error.to_string())
        }
    }
}
