//! `weir status`.

use super::database::Database;
use super::{
    CommandContext, CommandFailure, DONE, FAILED, are_institutions, database, identity, show,
};
use crate::report::status;
use crate::store::{DatabaseDemand, Store};
use std::time::Duration;

/// How often `--watch` looks again.
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// Show what runs where, what is due, late, paused and failing.
#[derive(clap::Args)]
#[command(
    after_help = "Exit code 1 if something is late or failing, for monitoring. It reads the \
                  database and needs no `weir serve`."
)]
pub struct StatusArgs {
    /// Institutions; by default all
    institutions: Vec<String>,
    /// Look again every two seconds; Ctrl-C ends it
    #[arg(long, conflicts_with = "json")]
    watch: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl StatusArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        database::block_on(async {
            let database = Database::open(edge, DatabaseDemand::READ).await?;
            let store = database.store.clone().of_project(identity::known(edge)?);
            let code = loop {
                let code = self.look(edge, &store).await?;
                if !self.watch {
                    break code;
                }
                say!("{}", "─".repeat(edge.width.min(100)));
                tokio::time::sleep(LOOKS_EVERY).await;
            };
            drop(store);
            database.close().await?;
            Ok(code)
        })?
    }

    async fn look(&self, edge: &CommandContext, store: &Store) -> Result<u8, CommandFailure> {
        let checked = edge.checked();
        are_institutions(&self.institutions, &checked)?;
        show(&checked, edge, &self.institutions);
        let status = status::collect(store, &checked, &self.institutions, (edge.now)()).await?;
        if self.json {
            say!("{:#}", status::json(&status));
        } else {
            put!("{}", status::text(&status));
        }
        Ok(if status.needs_somebody() {
            FAILED
        } else {
            DONE
        })
    }
}
