//! `weir rules`: which versions of rules and mappings have run, since when, and what differs
//! between them, in their texts and in what they say about stored ads.

mod compare;

use super::database::with_store;
use super::{CommandContext, CommandFailure, DONE, named, parse_time, unknown_name};
use crate::diagnostic::one_of;
use crate::model::Clock;
use crate::report::columns::columns;
use crate::report::history::short;
use crate::report::rule_history::{
    PartChange, PartLineage, PartText, agreed, changes, difference, is_named, lineages, row,
};
use crate::store::versions::{self, PartUse};
use crate::store::{DatabaseDemand, PgConnection, Store};
use clap::{Args, Subcommand};
use compare::CompareArgs;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// Versions of rules and mappings that have run.
#[derive(Args)]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Subcommand)]
enum RulesCommand {
    /// What changed, and when: rules, mappings, mandatory fields
    Log {
        /// A rule (`open-six-months`), or a field (`title`) for its mapping; all if none is named
        name: Option<String>,
        #[command(flatten)]
        whose: PartOwnerArgs,
        /// Only changes at or after this instant
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        since: Option<Clock>,
        /// As JSON, for machines
        #[arg(long)]
        json: bool,
    },
    /// A rule or mapping as it ran
    Show {
        /// A rule (`open-six-months`), or a field (`title`) for its mapping
        name: String,
        /// The version, as reasons name it; the newest if none is named
        version: Option<String>,
        /// The version that was in use at this instant
        #[arg(long, value_name = "TIME", value_parser = parse_time, conflicts_with = "version")]
        at: Option<Clock>,
        #[command(flatten)]
        whose: PartOwnerArgs,
    },
    /// What two versions of a rule say about the stored ads, side by side
    Compare(CompareArgs),
    /// What differs between two versions
    Diff {
        /// A rule (`open-six-months`), or a field (`title`) for its mapping
        name: String,
        /// The older version; the one before the newest if none is named
        old: Option<String>,
        /// The newer version; the newest if none is named
        new: Option<String>,
        #[command(flatten)]
        whose: PartOwnerArgs,
    },
}

/// Whose rules and mappings are meant.
#[derive(Args)]
struct PartOwnerArgs {
    /// Of one institution
    #[arg(long)]
    institution: Option<String>,
    /// Of one source
    #[arg(long)]
    source: Option<String>,
}

impl RulesArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let demand = match &self.command {
            RulesCommand::Compare(_) => DatabaseDemand::JUDGE,
            _ => DatabaseDemand::READ,
        };
        with_store(edge, demand, async |store| {
            self.act(edge, store).await.map(|()| DONE)
        })
    }

    async fn act(&self, edge: &CommandContext, store: &Store) -> Result<(), CommandFailure> {
        let (RulesCommand::Log { whose, .. }
        | RulesCommand::Show { whose, .. }
        | RulesCommand::Compare(CompareArgs { whose, .. })
        | RulesCommand::Diff { whose, .. }) = &self.command;
        let mut connection = store.connection().await?;
        let used = whose.used(edge, &mut connection).await?;
        match &self.command {
            RulesCommand::Log {
                name, since, json, ..
            } => log(&used, name.as_deref(), *since, *json),
            RulesCommand::Show {
                name, version, at, ..
            } => {
                let wanted = WantedVersion {
                    at: *at,
                    ..WantedVersion::of(version.as_deref(), 0)
                };
                let shown = chosen(&mut connection, &used, name, &[wanted]).await?;
                shown.iter().for_each(|version| say!("{}", version.shown()));
                Ok(())
            }
            RulesCommand::Compare(compare) => {
                drop(connection);
                compare.act(edge, store, &used).await
            }
            RulesCommand::Diff { name, old, new, .. } => {
                let wanted = [
                    WantedVersion::of(old.as_deref(), 1),
                    WantedVersion::of(new.as_deref(), 0),
                ];
                let both = chosen(&mut connection, &used, name, &wanted).await?;
                if let [old, new] = both.as_slice() {
                    say!("{}", difference(old, new));
                }
                Ok(())
            }
        }
    }
}

impl PartOwnerArgs {
    /// What was used of it; refuses unknown names.
    async fn used(
        &self,
        edge: &CommandContext,
        connection: &mut PgConnection,
    ) -> Result<Vec<PartUse>, CommandFailure> {
        if let Some(institution) = &self.institution {
            named::refuse_unknown(edge, connection, std::slice::from_ref(institution)).await?;
        }
        let mut used = versions::used(connection, self.institution.as_deref()).await?;
        let Some(source) = &self.source else {
            return Ok(used);
        };
        let known: BTreeSet<String> = used.iter().map(|one| one.source_id.clone()).collect();
        if !known.contains(source) {
            let known = || known.iter().map(String::as_str);
            return Err(unknown_name("source", source, known(), || {
                format!("sources that have run: {}", one_of(known()))
            }));
        }
        used.retain(|one| one.source_id == *source);
        Ok(used)
    }
}

fn log(
    used: &[PartUse],
    name: Option<&str>,
    since: Option<Clock>,
    json: bool,
) -> Result<(), CommandFailure> {
    let of_name: Vec<PartChange> = changes(used)
        .into_iter()
        .filter(|change| name.is_none_or(|name| is_named(&change.edit.part, name)))
        .collect();
    if let (Some(name), true) = (name, of_name.is_empty()) {
        return Err(unknown(name));
    }
    let changes: Vec<PartChange> = of_name
        .into_iter()
        .filter(|change| since.is_none_or(|since| change.used.used_at >= since.0))
        .collect();
    if json {
        let rows = changes.iter().map(|PartChange { used, edit }| {
            json!({ "at": used.used_at, "institution": used.institution, "source": used.source_id, "part": edit.part, "old": edit.old, "new": edit.new })
        });
        say!(
            "{:#}",
            json!({ "format": 1, "changes": rows.collect::<Vec<_>>() })
        );
    } else if changes.is_empty() {
        say!(
            "{}",
            if used.is_empty() {
                "no runs yet"
            } else {
                "no changes"
            }
        );
    } else {
        put!(
            "{}",
            columns(&changes.iter().map(row).collect::<Vec<_>>(), 5)
        );
    }
    Ok(())
}

fn unknown(name: &str) -> CommandFailure {
    CommandFailure::nothing(format!("no rule or mapping `{name}` has run"))
        .help("`weir rules log` lists those that have")
}

/// Which version of a part is wanted.
#[derive(Default)]
struct WantedVersion<'w> {
    /// By the beginning of its hash.
    version: Option<&'w str>,
    /// How many versions before the newest.
    back: usize,
    /// The one in use then.
    at: Option<Clock>,
}

impl WantedVersion<'_> {
    fn of(version: Option<&str>, back: usize) -> WantedVersion<'_> {
        WantedVersion {
            version,
            back,
            at: None,
        }
    }

    /// The wanted one of the versions of a source, oldest first.
    fn pick(&self, versions: &[PartText]) -> Option<PartText> {
        if let Some(wanted) = self.version {
            return versions
                .iter()
                .rfind(|version| version.version.starts_with(wanted))
                .cloned();
        }
        let until = self.at.map_or(versions.len(), |at| {
            versions.partition_point(|version| version.since <= at.0)
        });
        until
            .checked_sub(1 + self.back)
            .and_then(|place| versions.get(place).cloned())
    }
}

/// The wanted versions of a part, on which all sources that have them agree.
async fn chosen(
    connection: &mut PgConnection,
    used: &[PartUse],
    name: &str,
    wanted: &[WantedVersion<'_>],
) -> Result<Vec<PartText>, CommandFailure> {
    let all = lineages(used, name);
    let texts = texts(connection, &all).await?;
    let of_sources: Vec<Vec<PartText>> = all
        .iter()
        .map(|lineage| lineage.versions(&texts))
        .filter(|versions| !versions.is_empty())
        .collect();
    let picked = of_sources.iter().map(|versions| {
        wanted
            .iter()
            .map(|one| one.pick(versions))
            .collect::<Option<Vec<_>>>()
    });
    let picked: Vec<Vec<PartText>> = picked.flatten().collect();
    match agreed(&picked) {
        Ok(Some(versions)) => Ok(versions),
        Ok(None) => Err(none(name, &of_sources, wanted)),
        Err(places) => {
            let choice = "choose with `--institution` and `--source`, or write the name in full";
            Err(
                CommandFailure::nothing(format!("sources differ in `{name}`"))
                    .help(format!("{choice}:\n  {}", places.join("\n  "))),
            )
        }
    }
}

async fn texts(
    connection: &mut PgConnection,
    all: &[PartLineage],
) -> Result<HashMap<String, String>, CommandFailure> {
    let hashes: BTreeSet<&str> = all
        .iter()
        .flat_map(|lineage| &lineage.steps)
        .filter_map(|(_, hash)| hash.as_deref())
        .collect();
    Ok(versions::texts_of(connection, &hashes.into_iter().collect::<Vec<_>>()).await?)
}

/// Why no source has the wanted versions.
fn none(name: &str, of_sources: &[Vec<PartText>], wanted: &[WantedVersion<'_>]) -> CommandFailure {
    let all = || of_sources.iter().flatten();
    let Some(first) = all().next() else {
        return unknown(name);
    };
    if let Some(at) = wanted.iter().find_map(|one| one.at) {
        let since = all()
            .map(|version| version.since)
            .min()
            .unwrap_or(first.since);
        let since = since.format("%Y-%m-%d %H:%MZ");
        return CommandFailure::nothing(format!(
            "{} was not in use at {}",
            first.part,
            at.0.format("%Y-%m-%d %H:%MZ")
        ))
        .help(format!("it ran for the first time at {since}"));
    }
    let versions: BTreeSet<String> = all().map(|version| short(&version.version)).collect();
    if wanted.iter().all(|one| one.version.is_none()) {
        if versions.len() > 1 {
            return CommandFailure::nothing(format!(
                "no source has used more than one version of `{name}`"
            ))
            .help("`weir rules show` prints them");
        }
        let version = short(&first.version);
        return CommandFailure::nothing(format!("{} has only one version, {version}", first.part))
            .help("`weir rules show` prints it");
    }
    let versions: Vec<String> = versions.into_iter().collect();
    CommandFailure::nothing("there is no such version")
        .help(format!("versions that have run: {}", versions.join(", ")))
}
