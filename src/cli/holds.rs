//! `weir holds`.

use super::database::with_store;
use super::{DONE, Edge, Failure, Word};
use crate::engine::person;
use crate::model::Clock;
use crate::report::columns::{columns, line};
use crate::store::holds::{self, Hold};
use crate::store::relations::{self, Table};
use crate::store::{Demand, Store, Stream, identity, quality, settle};
use clap::Subcommand;
use serde_json::json;
use sqlx::PgConnection;

/// What waits for a person.
#[derive(clap::Args)]
pub struct Holds {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List what waits
    List {
        /// The institution; all if none is named
        institution: Option<String>,
        /// Those that are decided, too
        #[arg(long)]
        all: bool,
        /// As JSON, for machines
        #[arg(long)]
        json: bool,
    },
    /// Do it anyway: publish the ad or the unusual read, add the name, retire the ads, take ids at their word
    Release(Decision),
    /// Do not: ignore this content, refuse the name or the read, keep the ads, take other content for updates
    Discard(Decision),
}

#[derive(clap::Args)]
struct Decision {
    /// Numbers of holds, from the list
    #[arg(required = true)]
    holds: Vec<i64>,
    #[command(flatten)]
    word: Word,
}

impl Holds {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        with_store(edge, self.demand(), async |store| self.act(edge, store).await.map(|()| DONE))
    }

    fn demand(&self) -> Demand {
        if matches!(self.command, Command::List { .. }) { Demand::READ } else { Demand::DECIDE }
    }

    async fn act(&self, edge: &Edge, store: &Store) -> Result<(), Failure> {
        match &self.command {
            Command::List { institution, all, json } => list(&mut *store.connection().await?, institution.as_deref(), *all, *json).await,
            Command::Release(decision) => decide(edge, store, decision, true).await,
            Command::Discard(decision) => decide(edge, store, decision, false).await,
        }
    }
}

async fn list(connection: &mut PgConnection, institution: Option<&str>, all: bool, json: bool) -> Result<(), Failure> {
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
        let since = hold.opened_at.format("%Y-%m-%d").to_string();
        vec![
            hold.id.to_string(),
            hold.institution.clone(),
            hold.source_id.clone(),
            hold.kind.clone(),
            hold.status.clone(),
            since,
            line(&hold.subject, 40),
            line(&hold.reason, 140),
        ]
    };
    put!("{}", columns(&found.iter().map(row).collect::<Vec<_>>(), 8));
    say!("`weir holds release N --reason ...` does it anyway; `weir holds discard N --reason ...` does not");
    Ok(())
}

async fn decide(edge: &Edge, store: &Store, decision: &Decision, release: bool) -> Result<(), Failure> {
    let mut wanted = Vec::new();
    for id in &decision.holds {
        wanted.push((id, find(&mut *store.connection().await?, *id).await?));
    }
    for (id, hold) in wanted {
        let whose = decision.word.on(edge, hold.institution_id, &hold.institution);
        let said = person::decide(store, whose, async |connection| {
            // A run may have ended it, or changed what it is about, before it was ours to decide.
            let hold = find(connection, *id).await?;
            let said = act_on(edge, connection, &hold, &decision.word, release).await?;
            let status = if release { "released" } else { "discarded" };
            holds::decide(connection, &hold, status, decision.word.at.clock(edge), &edge.person(), &decision.word.reason).await?;
            Ok::<String, Failure>(said)
        });
        say!("hold {id}: {}", said.await?);
    }
    Ok(())
}

async fn find(connection: &mut PgConnection, id: i64) -> Result<Hold, Failure> {
    let found = holds::find(connection, id).await?;
    found.ok_or_else(|| Failure::nothing(format!("hold {id} is not open\nhelp: `weir holds list` shows the numbers")))
}

/// T4.
async fn act_on(edge: &Edge, tx: &mut PgConnection, hold: &Hold, word: &Word, release: bool) -> Result<String, Failure> {
    let (at, person) = (word.at.clock(edge), edge.person());
    match (hold.kind.as_str(), release) {
        ("company", true) => add_name(tx, Table::Companies, hold, at, &person).await,
        ("division", true) => add_name(tx, Table::Divisions, hold, at, &person).await,
        ("company" | "division", false) => {
            Ok(format!("`{}` stays unknown; its ads keep waiting until content or YAML changes", line(&hold.subject, 60)))
        }
        ("retirement", true) => retire(tx, hold, at, &person).await,
        ("retirement", false) => {
            settle::forget_misses(tx, &stream(hold)).await?;
            Ok("the ads stay; their misses are forgotten".to_owned())
        }
        ("identity", true) => Ok("the next complete read is taken at its word: jobs whose ids stand for others are archived".to_owned()),
        ("identity", false) => {
            identity::keep(tx, &stream(hold), &ads_of(hold)).await?;
            Ok("the ads are the jobs that they were: the next run takes them for updates".to_owned())
        }
        ("quality", true) => {
            let read_at = hold.details.as_ref().and_then(|details| details.get("at")?.as_str()?.parse().ok());
            if let Some(read_at) = read_at {
                quality::accept(tx, &stream(hold), read_at).await?;
            }
            Ok("the next run publishes this read, and what is like it".to_owned())
        }
        ("quality", false) => Ok("the ads keep waiting until content or YAML changes".to_owned()),
        _ => {
            holds::mark_ad(tx, hold, release).await?;
            Ok(if release { "the next run publishes this content".to_owned() } else { "this content is ignored from the next run on".to_owned() })
        }
    }
}

async fn add_name(tx: &mut PgConnection, table: Table, hold: &Hold, at: Clock, person: &str) -> Result<String, Failure> {
    relations::create(tx, table, hold.institution_id, std::slice::from_ref(&hold.subject), at, person).await?;
    holds::derive_waiting_again(tx, hold).await?;
    Ok(format!("`{}` is known now; the next run publishes its ads", line(&hold.subject, 60)))
}

async fn retire(tx: &mut PgConnection, hold: &Hold, at: Clock, person: &str) -> Result<String, Failure> {
    let after = hold.details.as_ref().and_then(|details| details.get("after")?.as_i64()).and_then(|after| i32::try_from(after).ok()).unwrap_or(2);
    let retired = settle::retire_missing(tx, &stream(hold), None, at, after, person).await?;
    Ok(format!("{} jobs retired", retired.len()))
}

/// The ads that a hold on ids is about.
fn ads_of(hold: &Hold) -> Vec<&str> {
    let ads = hold.details.as_ref().and_then(|details| details.get("ads")?.as_array());
    ads.into_iter().flatten().filter_map(serde_json::Value::as_str).collect()
}

fn stream(hold: &Hold) -> Stream {
    Stream { institution: hold.institution_id, source: hold.source_id.clone() }
}
