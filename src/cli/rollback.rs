//! `weir rollback`.

use super::database::with_store;
use super::{At, DONE, Edge, FAILED, Failure};
use crate::engine::rollback::{self as undo, Asked};
use crate::report::rollback::{self, ClockBack, Page};
use crate::store::rollback::{RollbackOrder, find};
use crate::store::{Demand, Store};
use serde_json::json;

/// Undo what one run did to jobs.
#[derive(clap::Args)]
#[command(
    after_help = "Jobs that the run created are archived, updates and reopenings go back to the previous version, archived jobs are reopened: each as \
    a new version with the reason; nothing is deleted. The ads are held until their content or the YAML changes; `weir holds release` \
    publishes one anyway. Jobs that have changed again since are left as they are and listed: roll back the later run first.\n\n\
    After a run with a wrong clock, such as a year ahead, every run at the right time is refused. Roll it back while it is the newest: the \
    institution's clock returns to the previous run, the dates that the run wrote are corrected, and its ads are not held but \
    published by the next run at the right time.\n\n\
    Exit codes: 0 done, 1 some jobs were left as they are, 2 there is no such run."
)]
pub struct Rollback {
    /// The number of the run, as shown by `weir run` and `weir report --runs`
    run: i64,
    /// Show what it would do, without writing anything
    #[arg(long)]
    dry_run: bool,
    /// The reason, for the record
    #[arg(long)]
    reason: Option<String>,
    /// Who decides, for the record; by default the user of this session
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Wait for a run of the institution to finish
    #[arg(long)]
    wait: bool,
    /// How many jobs of each type to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    at: At,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Rollback {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        with_store(edge, Demand::DECIDE, async |store| self.take_back(edge, store).await)
    }

    async fn take_back(&self, edge: &Edge, store: &Store) -> Result<u8, Failure> {
        let Some(run) = find(&mut *store.connection().await?, self.run).await? else {
            return Err(Failure::nothing(format!("there is no run {}\nhelp: `weir report --runs` and `weir history JOB` list the runs", self.run)));
        };
        let order = RollbackOrder { at: self.at.clock(edge)?, by: edge.person(self.by.as_deref())?, reason: self.reason.clone(), now: (edge.now)() };
        let allow_future = self.at.ahead.allow_future;
        let taken = undo::take_back(store, &run, &Asked { order, dry_run: self.dry_run, wait: self.wait, allow_future }).await?;
        let clock = taken.clock.map(|clock| ClockBack { to: clock.map(|clock| clock.0) });
        let page = Page { institution: run.slug, run: run.id, at: run.at, dry_run: self.dry_run, jobs: taken.jobs, clock };
        if self.json {
            say!("{:#}", json!({ "format": 1, "rollback": page }));
        } else {
            put!("{}", rollback::text(&page, self.limit));
        }
        Ok(if page.left_alone() > 0 { FAILED } else { DONE })
    }
}
