//! `weir history`.

use super::database::with_connection;
use super::{CommandContext, CommandFailure, DONE, named, parse_time};
use crate::model::Clock;
use crate::report::history;
use crate::store::PgConnection;
use crate::store::views::biography;
use serde_json::json;

/// The versions of a job: what changed, when, why, by whom.
#[derive(clap::Args)]
#[command(
    after_help = "JOB is the uuid of a job, or the id of its ad: 601245, nswgov:601245, \
                  nsw-gov/nswgov:601245; a prefix is enough if it is unique. Each version shows \
                  the run that made it, the document (its hash), and the mappings and rules that \
                  had changed."
)]
pub struct HistoryArgs {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,
    /// The job as it was at an instant: 2026-09-01 (midnight UTC), or 2026-09-01T06:00:00+10:00
    #[arg(long, value_name = "DATE", value_parser = parse_time)]
    at: Option<Clock>,
    /// Print JSON; with --at, include the raw document
    #[arg(long)]
    json: bool,
}

impl HistoryArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        with_connection(edge, async |connection| {
            self.tell(connection).await.map(|()| DONE)
        })
    }

    async fn tell(&self, connection: &mut PgConnection) -> Result<(), CommandFailure> {
        let found = named::find(connection, &self.job).await?;
        let Some(job) = found.job_id else {
            return Err(
                CommandFailure::nothing(format!("`{}` never became a job", self.job))
                    .help("`weir why` explains why"),
            );
        };
        let history = history::collect(connection, &found, job).await?;
        let Some(at) = self.at else {
            if self.json {
                say!("{:#}", json!({ "format": 1, "history": history }));
            } else {
                put!("{}", history::text(&history));
            }
            return Ok(());
        };
        let Some(version) = history.at(at.0) else {
            if let Some(removed) = history.removed_words()
                && history.existed(at.0)
            {
                return Err(CommandFailure::nothing(format!(
                    "the version of {} is not there any more: {removed}",
                    at.0
                ))
                .help(format!(
                    "`weir history {}` shows the versions that are",
                    self.job
                )));
            }
            return Err(
                CommandFailure::nothing(format!("the job did not exist at {}", at.0)).help(
                    format!("`weir history {}` shows when it was created", self.job),
                ),
            );
        };
        if self.json {
            let raw =
                biography::raw(connection, found.institution_id, job, version.version).await?;
            say!(
                "{:#}",
                json!({ "format": 1, "at": at.0, "version": version, "raw_json": raw, "removed": history.removed })
            );
        } else {
            put!("{}", history::job(version));
        }
        Ok(())
    }
}
