//! `weir apply`.

use super::database::{Database, block_on};
use super::run::engine;
use super::{
    CHANGES, CommandContext, CommandFailure, DONE, FAILED, FutureClockArgs, INTERRUPTED, show,
};
use crate::engine::saved::{self, SavedPlan};
use crate::engine::{Engine, RunError, RunMode, RunPurpose, RunRequest, RunSummary};
use crate::model::OutcomeCounts;
use crate::plan::{CheckedProject, InstitutionStatus, Plan};
use crate::report::records::changes;
use crate::report::{progress, summary};
use crate::store::{DatabaseDemand, TableUse};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Apply a saved plan exactly, or not at all.
#[derive(clap::Args)]
#[command(
    after_help = "The plan comes from `weir run --dry-run --out FILE` or `weir plan --jobs --out \
                  FILE`, and contains the documents that were read: nothing is fetched.\n\nAn \
                  institution is refused if its tables or its YAML have changed since, or if the \
                  result would differ from the plan; each is applied in one transaction, or not \
                  at all."
)]
pub struct ApplyArgs {
    /// The saved plan
    file: PathBuf,
    /// Wait for a run of the same institution to finish
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    ahead: FutureClockArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Exit with 3 if jobs were created, updated, reopened or archived
    #[arg(long)]
    detailed_exitcode: bool,
}

impl ApplyArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let checked = edge.checked();
        let plans = saved::read(&self.file, &edge.home().join("spool")).map_err(|error| {
            CommandFailure {
                help: error.help(),
                ..CommandFailure::nothing(format!("`{}`: {error}", self.file.display()))
            }
        })?;
        plans
            .iter()
            .try_for_each(|saved| self.ahead.check(saved.at(), edge))?;
        show(
            &checked,
            edge,
            &plans
                .iter()
                .map(|saved| saved.head.institution.clone())
                .collect::<Vec<_>>(),
        );
        block_on(async {
            // The lock, the one transaction, and what is looked up beside it.
            let demand = DatabaseDemand {
                need: TableUse::Write,
                least: 3,
                most: 4,
                is_private: false,
            };
            let ids: Vec<_> = plans
                .iter()
                .filter_map(|saved| plan(&checked, &saved.head.institution).ok())
                .map(|plan| plan.institution.id)
                .collect();
            let database = Database::open(edge, demand)
                .await?
                .on_behalf(edge, &ids, true)
                .await?;
            let engine = engine(edge, &checked, &database, None, progress::quiet())?;
            let (mut summaries, mut code) = (Vec::new(), DONE);
            for saved in &plans {
                match self.one(edge, &engine, &checked, saved).await {
                    Ok(summary) => summaries.push(summary),
                    Err(error) => {
                        code = code.max(if matches!(error, RunError::Interrupted) {
                            INTERRUPTED
                        } else {
                            FAILED
                        });
                        super::failure::tell_run_error(&error, &saved.head.institution);
                    }
                }
            }
            database.close().await?;
            Ok(self.tell(&summaries, code))
        })?
    }

    async fn one(
        &self,
        edge: &CommandContext,
        engine: &Engine,
        checked: &CheckedProject,
        saved: &SavedPlan,
    ) -> Result<RunSummary, RunError> {
        let request = RunRequest {
            at: saved.at(),
            allow_future: self.ahead.allow_future,
            wait: self.wait,
            now: edge.now,
            host: edge.host(),
            spool: edge.home().join("spool"),
            occasion: RunPurpose::default(),
        };
        let plan = plan(checked, &saved.head.institution)?;
        Ok(engine
            .run(&plan, &request, RunMode::Apply(saved))
            .await?
            .into_summary())
    }

    fn tell(&self, summaries: &[RunSummary], code: u8) -> u8 {
        let mut total = OutcomeCounts::default();
        for summary in summaries {
            total.add(&summary.total);
            if !self.json {
                say!("{}", summary::text(summary));
            }
        }
        if self.json {
            say!(
                "{}",
                json!({ "event": "summary", "format": 1, "total": total, "institutions": summaries })
            );
        }
        let code = if summaries.iter().any(RunSummary::has_problems) {
            code.max(FAILED)
        } else {
            code
        };
        if code == DONE && self.detailed_exitcode && changes(&total) {
            CHANGES
        } else {
            code
        }
    }
}

/// The plan of an institution as its YAML says it now.
fn plan(checked: &CheckedProject, slug: &str) -> Result<Arc<Plan>, RunError> {
    let moved = |why: &str| RunError::Moved {
        slug: slug.to_owned(),
        why: why.to_owned(),
    };
    match checked
        .institutions
        .iter()
        .find(|one| one.slug == slug)
        .map(|one| &one.standing)
    {
        Some(InstitutionStatus::Ready(plan)) => Ok(Arc::clone(plan)),
        Some(InstitutionStatus::Inactive(_)) => Err(moved("it is no longer active")),
        Some(InstitutionStatus::Broken(_)) => Err(moved("its YAML has errors")),
        None => Err(moved("the institution is not in this project")),
    }
}
