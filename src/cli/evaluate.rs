//! `weir evaluate`: measures decisions on labelled files. Each thing that is measured has a file of
//! its own and a line here; none needs a database, a network or an institution.

use super::evaluate_decisions::EvaluateDecisions;
use super::evaluate_duplicates::EvaluateDuplicates;
use super::{CommandContext, CommandFailure, DONE};
use clap::Subcommand;

/// Measure decisions on labelled files.
#[derive(clap::Args)]
pub struct EvaluateArgs {
    #[command(subcommand)]
    what: EvaluatedKind,
}

/// What is measured.
#[derive(Subcommand)]
enum EvaluatedKind {
    /// Roles by title or classification
    Roles(EvaluateDecisions),
    /// Companies by name
    Companies(EvaluateDecisions),
    /// Capabilities by text
    Capabilities(EvaluateDecisions),
    /// Which ads are one opening
    Duplicates(EvaluateDuplicates),
}

impl EvaluateArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match &self.what {
            EvaluatedKind::Roles(command) => command.roles(edge)?,
            EvaluatedKind::Companies(command) => command.companies(edge)?,
            EvaluatedKind::Capabilities(command) => command.capabilities(edge)?,
            EvaluatedKind::Duplicates(command) => return command.run(edge),
        }
        Ok(DONE)
    }
}
