//! `weir retire`.

use super::database::with_store;
use super::{CommandContext, CommandFailure, DONE, DecisionArgs, are_institutions, unknown_name};
use crate::actions::retire::retire;
use crate::diagnostic::one_of;
use crate::engine::RunError;
use crate::engine::person::{DecisionNote, DecisionRecord, decide};
use crate::model::SourceKey;
use crate::store::{DatabaseDemand, Store, figures, runs};
use std::collections::BTreeSet;

/// Deliberately archive the open jobs of an institution or source.
#[derive(clap::Args)]
#[command(
    after_help = "Use it for a source that you no longer need: runs do not reopen its jobs even \
                  if they are still listed. To stop reading it, remove it from the YAML. To undo \
                  a single run, use `weir rollback`, which leaves retired jobs as they are."
)]
pub struct RetireArgs {
    /// The institution
    institution: String,
    /// The source; by default all sources of the institution
    source: Option<String>,
    #[command(flatten)]
    word: DecisionArgs,
}

impl RetireArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        with_store(edge, DatabaseDemand::DECIDE, async |store| {
            self.retire(edge, store).await
        })
    }

    async fn retire(&self, edge: &CommandContext, store: &Store) -> Result<u8, CommandFailure> {
        let checked = edge.checked();
        let plan = checked
            .institutions
            .iter()
            .find(|one| one.slug == self.institution)
            .and_then(|one| one.plan());
        let mut connection = store.connection().await?;
        // An institution that is gone from the YAML can still be retired by its name.
        let institution = match plan {
            Some(plan) => Some(plan.institution.id),
            None => runs::institution(&mut connection, &self.institution).await?,
        };
        let Some(institution) = institution else {
            return are_institutions(std::slice::from_ref(&self.institution), &checked).map(|()| {
                say!("`{}` has never run; nothing to retire", self.institution);
                DONE
            });
        };
        let known = figures::known_sources(&mut connection, institution).await?;
        if let Some(source) = &self.source {
            let with_jobs = figures::jobs_by_source(&mut connection, institution)
                .await?
                .into_iter()
                .map(|(source, ..)| source);
            let all: BTreeSet<String> = plan
                .iter()
                .flat_map(|plan| &plan.flows)
                .map(|flow| flow.source.clone())
                .chain(with_jobs)
                .collect();
            if !all.contains(source) {
                let all = || all.iter().map(String::as_str);
                return Err(unknown_name("source", source, all(), || {
                    format!("sources of `{}`: {}", self.institution, one_of(all()))
                }));
            }
        }
        drop(connection);
        let chosen: Vec<String> = known
            .into_iter()
            .filter(|source| self.source.as_ref().is_none_or(|wanted| wanted == source))
            .collect();
        if chosen.is_empty() {
            say!("no open jobs; nothing to retire");
            return Ok(DONE);
        }
        let streams: Vec<SourceKey> = chosen
            .into_iter()
            .map(|source| SourceKey {
                institution,
                source,
            })
            .collect();
        let whose = self.word.author.on(edge, institution, &self.institution)?;
        let signed = self.word.signed(edge)?;
        let ruling = signed.ruling();
        let sources: Vec<&str> = streams.iter().map(|one| one.source.as_str()).collect();
        let note = DecisionNote {
            at: ruling.at,
            by: ruling.by,
            what: "retired",
            kind: "source",
            subject: &sources.join(", "),
            reason: ruling.reason,
        };
        let record = DecisionRecord::InTrail(note);
        let retired = decide(store, whose, record, async |connection| {
            Ok::<Vec<usize>, RunError>(retire(connection, &streams, ruling).await?)
        })
        .await?;
        for (stream, count) in streams.iter().zip(retired) {
            say!("{}: {count} jobs archived", stream.source);
        }
        Ok(DONE)
    }
}
