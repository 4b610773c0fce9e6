//! `weir rollback`.

use super::database::with_store;
use super::decision::{SeenNumber, confirmed, moved, unseen};
use super::{ClockArgs, CommandContext, CommandFailure, DONE, FAILED, named};
use crate::engine::rollback::{self as undo, RollbackRequest};
use crate::model::RunId;
use crate::report::columns::line;
use crate::report::rollback::{self, ClockBack, RollbackPage};
use crate::store::rollback::{RollbackOrder, RolledBackRun, find};
use crate::store::{DatabaseDemand, Store, retention};
use serde_json::json;
use uuid::Uuid;

/// Undo what one run did to jobs.
#[derive(clap::Args)]
#[command(
    after_help = "Jobs that the run created are archived, updates and reopenings go back to the \
                  previous version, archived jobs are reopened: each as a new version with the \
                  reason; nothing is deleted. The ads are held until their content or the YAML \
                  changes; `weir holds release` publishes one anyway. Jobs that have changed \
                  again since are left as they are and listed: roll back the later run \
                  first.\n\nAfter a run with a wrong clock, such as a year ahead, every run at \
                  the right time is refused. Roll it back while it is the newest: the \
                  institution's clock returns to the previous run, the dates that the run wrote \
                  are corrected, and its ads are not held but published by the next run at the \
                  right time.\n\nAll jobs of the run are undone; `--job` undoes only some of them, and \
                  leaves the institution's clock alone. `--dry-run` lists them first, with the \
                  revision that the rollback must name.\n\nExit codes: \
                  0 done, 1 some jobs were left as they are, 2 there is no such run."
)]
pub struct RollbackArgs {
    /// The number of the run, as shown by `weir run` and `weir report --runs`, with the revision
    /// that `--dry-run` shows: 12@9f2c1a. At a terminal the number is enough: the effect is shown,
    /// and you are asked to confirm
    #[arg(value_name = "RUN@REVISION")]
    run: SeenNumber,
    /// Only this job, named as for `weir why`; may be repeated
    #[arg(long = "job", value_name = "JOB")]
    jobs: Vec<String>,
    /// Show what it would do, without writing anything
    #[arg(long)]
    dry_run: bool,
    /// The reason, for the record
    #[arg(long, required_unless_present = "dry_run", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Who decides, for the record; by default the user of this session
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    by: Option<String>,
    /// Wait for a run of the institution to finish
    #[arg(long)]
    wait: bool,
    /// How many jobs of each type to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    at: ClockArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// That a run is not there, and whether retention may be why.
async fn no_run(store: &Store, number: RunId) -> Result<CommandFailure, CommandFailure> {
    let removed = retention::runs_removed(&mut *store.connection().await?).await?;
    let removed = removed.map_or_else(String::new, |at| {
        format!(
            "; retention last removed old runs on {}",
            at.format("%Y-%m-%d")
        )
    });
    Ok(
        CommandFailure::nothing(format!("there is no run {number}{removed}"))
            .help("`weir report --runs` and `weir history JOB` list the runs"),
    )
}

impl RollbackArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        with_store(edge, DatabaseDemand::DECIDE, async |store| {
            self.take_back(edge, store).await
        })
    }

    async fn take_back(&self, edge: &CommandContext, store: &Store) -> Result<u8, CommandFailure> {
        let number = RunId(self.run.id);
        let Some(run) = find(&mut *store.connection().await?, number).await? else {
            return Err(no_run(store, number).await?);
        };
        let mut asked = self.asked(edge, self.meant(store).await?)?;
        if !self.dry_run && self.run.revision.is_none() {
            let shown = self
                .undo(
                    store,
                    &run,
                    &RollbackRequest {
                        dry_run: true,
                        ..asked.clone()
                    },
                )
                .await?;
            let name = format!("{number}@{}", shown.revision);
            if !edge.interactive {
                return Err(unseen(
                    &format!("run {number}"),
                    &format!("weir rollback {number}{} --dry-run", self.only()),
                    &format!("weir rollback {name}{}", self.only()),
                ));
            }
            confirmed(
                edge,
                &rollback::text(&shown, self.limit),
                &format!("roll back {name}?"),
            )?;
            asked.seen = Some(shown.revision);
        }
        let page = self.undo(store, &run, &asked).await?;
        if self.json {
            say!("{:#}", json!({ "format": 1, "rollback": page }));
        } else {
            put!("{}", rollback::text(&page, self.limit));
        }
        Ok(if page.left_alone() > 0 { FAILED } else { DONE })
    }

    /// The jobs as they were named, to be repeated in a command.
    fn only(&self) -> String {
        let jobs = self.jobs.iter();
        jobs.map(|job| format!(" --job '{}'", line(job, 80)))
            .collect()
    }

    /// The jobs that are named.
    async fn meant(&self, store: &Store) -> Result<Vec<Uuid>, CommandFailure> {
        let mut jobs = Vec::new();
        let mut connection = store.connection().await?;
        for name in &self.jobs {
            let found = named::find(&mut connection, name).await?;
            let Some(job) = found.job_id else {
                let name = line(name, 80);
                return Err(
                    CommandFailure::nothing(format!("`{name}` is an ad without a job"))
                        .help("only jobs are rolled back: `weir why` shows why it has none"),
                );
            };
            jobs.push(job);
        }
        Ok(jobs)
    }

    fn asked(
        &self,
        edge: &CommandContext,
        jobs: Vec<Uuid>,
    ) -> Result<RollbackRequest, CommandFailure> {
        // A dry run decides nothing, so nobody need be named.
        let by = if self.dry_run {
            edge.person(self.by.as_deref()).unwrap_or_default()
        } else {
            edge.person(self.by.as_deref())?
        };
        let order = RollbackOrder {
            at: self.at.clock(edge)?,
            by,
            reason: self.reason.clone(),
            now: (edge.now)(),
            jobs,
        };
        let allow_future = self.at.ahead.allow_future;
        Ok(RollbackRequest {
            order,
            dry_run: self.dry_run,
            seen: self.run.revision.clone(),
            wait: self.wait,
            allow_future,
        })
    }

    /// What it did, or would do; refuses if that is no longer what was seen.
    async fn undo(
        &self,
        store: &Store,
        run: &RolledBackRun,
        asked: &RollbackRequest,
    ) -> Result<RollbackPage, CommandFailure> {
        let taken = undo::take_back(store, run, asked).await?;
        let clock = taken.clock.map(|clock| ClockBack {
            to: clock.map(|clock| clock.0),
        });
        let is_seen = !taken.has_moved;
        let dry_run = asked.dry_run || taken.has_moved;
        let page = RollbackPage {
            institution: run.slug.clone(),
            run: run.id,
            revision: taken.revision,
            at: run.at,
            dry_run,
            jobs: taken.jobs,
            forgotten: taken.forgotten,
            clock,
        };
        match &asked.seen {
            Some(seen) if !is_seen => {
                let (seen, now) = (
                    format!("{}@{seen}", run.id),
                    format!("{}@{}", run.id, page.revision),
                );
                Err(moved(
                    &format!("run {}", run.id),
                    &seen,
                    &now,
                    &rollback::text(&page, self.limit),
                ))
            }
            _ => Ok(page),
        }
    }
}
