//! `weir why`.

use super::database::with_store;
use super::{CommandContext, CommandFailure, DONE, named};
use crate::engine::verdicts::{self, JudgedAd};
use crate::report::biography as page;
use crate::store::views::biography::{self, AdState, FoundJob};
use crate::store::{DatabaseDemand, Store};
use serde_json::json;

/// Everything that is known of an ad: the biography of its job.
#[derive(clap::Args)]
#[command(
    after_help = "Documents, versions, holds and alerts in chronological order; then the state of \
                  the ad, the mapping behind each field, and the result of each rule of the \
                  working copy on the stored document. Also works for ads that never became \
                  jobs.\nJOB is the uuid of a job, or the id of its ad: 601245, nswgov:601245, \
                  nsw-gov/nswgov:601245; a prefix is enough if it is unique."
)]
pub struct WhyArgs {
    /// The job, or the ad
    #[arg(value_name = "JOB")]
    job: String,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
}

impl WhyArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        with_store(edge, DatabaseDemand::READ, async |store| {
            self.tell(edge, store).await.map(|()| DONE)
        })
    }

    async fn tell(&self, edge: &CommandContext, store: &Store) -> Result<(), CommandFailure> {
        let mut connection = store.connection().await?;
        let found = named::find(&mut connection, &self.job).await?;
        // The id may stand for another job now.
        let known = biography::ad(&mut connection, &found)
            .await?
            .filter(|ad| found.job_id.is_none() || ad.job_id == found.job_id);
        let judged = match &known {
            Some(known) if known.refused.is_none() => {
                // One connection at a time is enough.
                drop(connection);
                let judged = judge(edge, store, &found, known).await?;
                connection = store.connection().await?;
                judged
            }
            _ => None,
        };
        let biography = page::collect(&mut connection, &found, known, judged).await?;
        if self.json {
            say!("{:#}", json!({ "format": 1, "why": biography }));
        } else {
            put!("{}", page::text(&biography));
        }
        Ok(())
    }
}

/// What the working copy says of the stored document, if it compiles.
async fn judge(
    edge: &CommandContext,
    store: &Store,
    found: &FoundJob,
    known: &AdState,
) -> Result<Option<JudgedAd>, CommandFailure> {
    let judged = verdicts::judge_stored(store, &edge.checked(), found, known).await?;
    if judged.is_none() {
        note!(
            "the current rules cannot be evaluated: `{}` is not in the YAML, or its files \
             have errors (`weir check`)",
            found.institution
        );
    }
    Ok(judged)
}
