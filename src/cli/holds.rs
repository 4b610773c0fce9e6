//! `weir holds`.

use super::database::with_store;
use super::decision::{RevisionBound, SeenCause, SeenHolds, SeenNumber, confirmed, moved, unseen};
use super::{ClockArgs, CommandContext, CommandFailure, DONE, DecisionArgs, hold_causes, named};
use crate::actions::holds::answer;
use crate::engine::person::{self, DecidedTable, DecisionRecord};
use crate::model::{Clock, HoldKind, RelationTable};
use crate::report::columns::{columns, line};
use crate::report::holds::{self as page, HoldsLayout};
use crate::stage::resolve::{NearName, nearest};
use crate::store::holds::{self, Hold};
use crate::store::{DatabaseDemand, PgConnection, Store, relations, revisions};
use clap::Subcommand;
use serde_json::json;

/// Changes that are held for an operator.
#[derive(clap::Args)]
pub struct HoldsArgs {
    #[command(subcommand)]
    command: HoldsCommand,
}

#[derive(Subcommand)]
enum HoldsCommand {
    /// List the holds, each with its revision
    List {
        /// The institution; by default all
        institution: Option<String>,
        /// Include decided holds
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// The clock, from which ages are counted
        #[command(flatten)]
        at: ClockArgs,
    },
    /// List the causes of open holds: the holds of a source with the same reasons
    Causes {
        /// The institution; by default all
        institution: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the effect of a decision, and what has changed since a revision
    Show {
        /// Numbers of holds, or causes (c81f2a); with a revision (3@9f2c1a) what has changed since
        /// is shown as well
        #[arg(required = true, value_name = "HOLD")]
        holds: Vec<SeenHolds>,
        /// Maximum number of ads per hold, 0 for all
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Apply the held change: publish the ad or the unusual read, add the name, retire or close the
    /// jobs, accept the ids
    Release(HoldDecisionArgs),
    /// Drop the held change: ignore the content, reject the name or the read, keep the jobs, treat
    /// the content as updates
    Discard(HoldDecisionArgs),
}

#[derive(clap::Args)]
struct HoldDecisionArgs {
    /// Holds with their revisions, from the list (3@9f2c1a), or causes (c81f2a@9b04d1), from `weir
    /// holds causes`: all holds of a cause are decided on, or none. At a terminal the number is
    /// enough: the hold is shown, and you are asked to confirm
    #[arg(required = true, value_name = "HOLD@REVISION")]
    holds: Vec<SeenHolds>,
    #[command(flatten)]
    word: DecisionArgs,
}

/// How a hold is shown in full.
fn look(edge: &CommandContext, limit: usize) -> HoldsLayout {
    HoldsLayout {
        ink: edge.ink(),
        width: edge.width,
        limit,
    }
}

impl HoldsArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        with_store(edge, self.demand(), async |store| {
            self.act(edge, store).await.map(|()| DONE)
        })
    }

    fn demand(&self) -> DatabaseDemand {
        if matches!(
            self.command,
            HoldsCommand::List { .. } | HoldsCommand::Causes { .. } | HoldsCommand::Show { .. }
        ) {
            DatabaseDemand::READ
        } else {
            DatabaseDemand::DECIDE
        }
    }

    async fn act(&self, edge: &CommandContext, store: &Store) -> Result<(), CommandFailure> {
        match &self.command {
            HoldsCommand::List {
                institution,
                all,
                json,
                at,
            } => {
                let (at, mut connection) = (at.clock(edge)?, store.connection().await?);
                named::refuse_unknown(edge, &mut connection, institution.as_slice()).await?;
                list(&mut connection, institution.as_deref(), *all, *json, at).await
            }
            HoldsCommand::Causes { institution, json } => {
                let mut connection = store.connection().await?;
                named::refuse_unknown(edge, &mut connection, institution.as_slice()).await?;
                hold_causes::list(&mut connection, institution.as_deref(), *json).await
            }
            HoldsCommand::Show { holds, limit, json } => {
                let (mut connection, look) = (store.connection().await?, look(edge, *limit));
                let (causes, numbers) = split(holds);
                hold_causes::show(&mut connection, &causes, look, *json).await?;
                if numbers.is_empty() {
                    Ok(())
                } else {
                    show(&mut connection, &numbers, look, *json).await
                }
            }
            HoldsCommand::Release(decision) => decide(edge, store, decision, true).await,
            HoldsCommand::Discard(decision) => decide(edge, store, decision, false).await,
        }
    }
}

async fn list(
    connection: &mut PgConnection,
    institution: Option<&str>,
    all: bool,
    json: bool,
    at: Clock,
) -> Result<(), CommandFailure> {
    let found = holds::list(connection, institution, all).await?;
    if json {
        say!("{:#}", json!({ "format": 1, "holds": found }));
        return Ok(());
    }
    if found.is_empty() {
        say!("nothing is held");
        return Ok(());
    }
    let row = |hold: &Hold| {
        vec![
            page::name(hold),
            hold.institution.clone(),
            hold.source_id.clone(),
            hold.kind.to_string(),
            page::status(hold, at),
            line(&hold.subject, 40),
            line(&hold.reason, 140),
        ]
    };
    put!("{}", columns(&found.iter().map(row).collect::<Vec<_>>(), 7));
    hold_causes::hint(&found);
    say!(
        "`weir holds show N` shows what a decision does; `weir holds release N@REVISION --reason \
         ...` applies the held change, `weir holds discard N@REVISION --reason ...` drops it"
    );
    Ok(())
}

async fn show(
    connection: &mut PgConnection,
    wanted: &[SeenNumber],
    look: HoldsLayout,
    json: bool,
) -> Result<(), CommandFailure> {
    let found = find(connection, wanted).await?;
    if json {
        let found: Vec<&Hold> = found.iter().map(|(_, hold)| hold).collect();
        say!("{:#}", json!({ "format": 1, "holds": found }));
        return Ok(());
    }
    for (seen, hold) in &found {
        put!("{}", page::shown(hold, look));
        put!("{}", page::near(&near(connection, hold).await?));
        if let RevisionBound::Moved(revision) = seen.bound(revision(hold)) {
            put!(
                "  changed since `{revision}`\n{}",
                difference(connection, hold, revision, look).await?
            );
        }
    }
    Ok(())
}

/// The names of the table that are nearest to one that waits; none where its reason names those of
/// a registry.
async fn near(connection: &mut PgConnection, hold: &Hold) -> Result<Vec<NearName>, CommandFailure> {
    let details = hold.details.as_ref();
    if details.is_some_and(|details| details.get("near").is_some()) {
        return Ok(Vec::new());
    }
    let table = match hold.kind {
        HoldKind::Company => RelationTable::Companies,
        HoldKind::Division => RelationTable::Divisions,
        _ => return Ok(Vec::new()),
    };
    let stored = relations::all_names(connection, table, hold.institution_id).await?;
    Ok(nearest(&hold.subject, &[], &stored))
}

/// What has changed since a revision, as far as known.
async fn difference(
    connection: &mut PgConnection,
    hold: &Hold,
    seen: &str,
    look: HoldsLayout,
) -> Result<String, CommandFailure> {
    let then = revisions::content(connection, hold.institution_id, hold.id, seen).await?;
    Ok(then.map_or_else(
        || page::unknown(hold, look),
        |then| page::difference(hold, &then, look),
    ))
}

fn revision(hold: &Hold) -> &str {
    hold.revision.as_deref().unwrap_or_default()
}

/// The causes and the numbers that are named.
fn split(wanted: &[SeenHolds]) -> (Vec<SeenCause>, Vec<SeenNumber>) {
    let (mut causes, mut numbers) = (Vec::new(), Vec::new());
    for one in wanted {
        match one {
            SeenHolds::Cause(cause) => causes.push(cause.clone()),
            SeenHolds::One(number) => numbers.push(number.clone()),
        }
    }
    (causes, numbers)
}

async fn decide(
    edge: &CommandContext,
    store: &Store,
    decision: &HoldDecisionArgs,
    release: bool,
) -> Result<(), CommandFailure> {
    let signed = decision.word.signed(edge)?;
    let (causes, numbers) = split(&decision.holds);
    for seen in &causes {
        hold_causes::decide(edge, store, seen, &decision.word, release).await?;
    }
    let mut connection = store.connection().await?;
    let wanted = find(&mut connection, &numbers).await?;
    for (seen, hold) in &wanted {
        is_as_seen(edge, &mut connection, seen, hold, release).await?;
    }
    drop(connection);
    for (_, shown) in wanted {
        let whose = decision
            .word
            .author
            .on(edge, shown.institution_id, &shown.institution)?;
        let said = person::decide(
            store,
            whose,
            DecisionRecord::InTable(DecidedTable::Holds),
            async |connection| {
                // A run may have ended or changed it before the lock was taken.
                let seen = SeenNumber {
                    id: shown.id,
                    revision: shown.revision.clone(),
                };
                let (_, hold) = find(connection, std::slice::from_ref(&seen))
                    .await?
                    .remove(0);
                is_as_seen(edge, connection, &seen, &hold, release).await?;
                let effect = answer(connection, &hold, release, signed.ruling()).await?;
                Ok::<String, CommandFailure>(page::done(&hold, effect))
            },
        );
        say!("hold {}: {}", shown.id, said.await?);
    }
    Ok(())
}

/// Whether a hold is as the operator has seen it; at a terminal it is shown now.
async fn is_as_seen(
    edge: &CommandContext,
    connection: &mut PgConnection,
    seen: &SeenNumber,
    hold: &Hold,
    release: bool,
) -> Result<(), CommandFailure> {
    let (what, now, look) = (
        format!("hold {}", hold.id),
        page::name(hold),
        look(edge, 20),
    );
    let word = if release { "release" } else { "discard" };
    match seen.bound(revision(hold)) {
        RevisionBound::Same => Ok(()),
        RevisionBound::Moved(revision) => {
            let difference = difference(connection, hold, revision, look).await?;
            Err(moved(
                &what,
                &format!("{}@{revision}", hold.id),
                &now,
                &difference,
            ))
        }
        RevisionBound::Unseen if edge.interactive => {
            confirmed(edge, &page::shown(hold, look), &format!("{word} {now}?"))
        }
        RevisionBound::Unseen => Err(unseen(
            &what,
            &format!("weir holds show {}", hold.id),
            &format!("weir holds {word} {now}"),
        )),
    }
}

/// The open holds with these numbers, in order; refuses unknown numbers before anything is done.
async fn find(
    connection: &mut PgConnection,
    wanted: &[SeenNumber],
) -> Result<Vec<(SeenNumber, Hold)>, CommandFailure> {
    let mut found = holds::find(
        connection,
        &wanted.iter().map(|seen| seen.id).collect::<Vec<_>>(),
    )
    .await?;
    let mut holds: Vec<(SeenNumber, Hold)> = Vec::new();
    for seen in wanted {
        if holds.iter().any(|(other, _)| other == seen) {
            continue;
        }
        let Some(place) = found.iter().position(|hold| hold.id == seen.id) else {
            return Err(
                CommandFailure::nothing(format!("hold {} is not open", seen.id))
                    .help("`weir holds list` shows the numbers"),
            );
        };
        holds.push((seen.clone(), found.swap_remove(place)));
    }
    Ok(holds)
}
