//! `weir companies`: companies of an institution, names that wait for one, and what people decide
//! about names. Decisions are kept in the database, apply from the next run on, and can be exported
//! as YAML.

use super::database::{with_connection, with_store};
use super::decision::{RevisionBound, SeenNumber, moved};
use super::{CommandContext, CommandFailure, DONE, DecisionArgs, named};
use crate::actions::companies::{self, AliasEffect, AliasRuling, NamedIn};
use crate::diagnostic::one_of;
use crate::engine::person::{self, DecidedTable, DecisionRecord};
use crate::model::{HoldKind, RelationTable};
use crate::plan::Plan;
use crate::report::columns::{columns, counted, line};
use crate::report::companies as page;
use crate::stage::Stage;
use crate::stage::resolve::{FoundRelation, KnownRegistry, ResolveStage, nearest};
use crate::store::company_aliases::{self, CompanyAlias};
use crate::store::views::company_list;
use crate::store::{DatabaseDemand, PgConnection, Store, holds, relations, runs};
use clap::Subcommand;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// Companies, names that wait for one, and decisions about names.
#[derive(clap::Args)]
#[command(
    after_help = "A name that a person accepted for a company is stronger than the registry and than the name itself; the next run derives \
    the ads that it concerns, and no others. `export` prints what was accepted as YAML, to commit it. docs/companies.md says how companies \
    are found."
)]
pub struct CompaniesArgs {
    #[command(subcommand)]
    command: CompaniesCommand,
}

#[derive(Subcommand)]
enum CompaniesCommand {
    /// List companies with their open jobs and accepted names
    List {
        #[command(flatten)]
        whose: OfInstitution,
        /// Maximum number of companies
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the names that ads wait for, by frequency, with the nearest known names
    Unmatched {
        #[command(flatten)]
        whose: OfInstitution,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Explain which company a name means, and why
    Explain {
        /// The name, as ads write it
        name: String,
        #[command(flatten)]
        whose: OfInstitution,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Accept a name for a company
    Accept {
        /// The name, as ads write it, or the hold on it with its revision (3@9f2c1a)
        name: String,
        /// The company: its id in the registry, or its name
        company: String,
        #[command(flatten)]
        whose: OfInstitution,
        #[command(flatten)]
        word: DecisionArgs,
    },
    /// Take back what was accepted for a name
    Undo {
        /// The name
        name: String,
        #[command(flatten)]
        whose: OfInstitution,
        #[command(flatten)]
        word: DecisionArgs,
    },
    /// Print the accepted names as YAML, to commit them
    Export {
        #[command(flatten)]
        whose: OfInstitution,
    },
}

#[derive(clap::Args)]
struct OfInstitution {
    /// The institution; by default the only one that resolves companies
    #[arg(long, value_name = "INSTITUTION")]
    institution: Option<String>,
}

/// An institution that is asked about, and what its YAML says.
struct AskedInstitution {
    id: Uuid,
    slug: String,
    plan: Option<Arc<Plan>>,
}

impl CompaniesArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match &self.command {
            CompaniesCommand::List { whose, limit, json } => {
                with_connection(edge, async |connection| {
                    let asked = whose.find(edge, connection).await?;
                    list(connection, &asked, *limit, *json).await
                })?;
            }
            CompaniesCommand::Unmatched { whose, json } => {
                with_connection(edge, async |connection| {
                    let asked = whose.find(edge, connection).await?;
                    unmatched(connection, &asked, *json).await
                })?;
            }
            CompaniesCommand::Explain { name, whose, json } => {
                with_connection(edge, async |connection| {
                    let asked = whose.find(edge, connection).await?;
                    explain(connection, &asked, name, *json).await
                })?;
            }
            CompaniesCommand::Export { whose } => with_connection(edge, async |connection| {
                let asked = whose.find(edge, connection).await?;
                let accepted = company_aliases::list(connection, asked.id).await?;
                export(&asked, &accepted);
                Ok(())
            })?,
            CompaniesCommand::Accept {
                name,
                company,
                whose,
                word,
            } => with_store(edge, DatabaseDemand::DECIDE, async |store| {
                let asked = whose.find(edge, &mut *store.connection().await?).await?;
                accept(edge, store, &asked, (name, company), word).await
            })?,
            CompaniesCommand::Undo { name, whose, word } => {
                with_store(edge, DatabaseDemand::DECIDE, async |store| {
                    let asked = whose.find(edge, &mut *store.connection().await?).await?;
                    undo(edge, store, &asked, name, word).await
                })?;
            }
        }
        Ok(DONE)
    }
}

impl OfInstitution {
    async fn find(
        &self,
        edge: &CommandContext,
        connection: &mut PgConnection,
    ) -> Result<AskedInstitution, CommandFailure> {
        let checked = edge.checked();
        let plans = checked.institutions.iter().filter_map(|one| one.plan());
        let plans: Vec<&Arc<Plan>> = plans.filter(|plan| stages(plan).next().is_some()).collect();
        let slug = match (&self.institution, plans.as_slice()) {
            (Some(slug), _) => slug.clone(),
            (None, [only]) => only.institution.slug.clone(),
            (None, []) => {
                return Err(CommandFailure::nothing("no institution resolves companies")
                    .help("declare `company: { from: $.company, unknown: create }`, or name one with `--institution`"));
            }
            (None, several) => {
                let names = several.iter().map(|plan| plan.institution.slug.as_str());
                let names = one_of(names);
                return Err(
                    CommandFailure::nothing("several institutions resolve companies")
                        .help(format!("choose one with `--institution`: {names}")),
                );
            }
        };
        named::refuse_unknown(edge, connection, std::slice::from_ref(&slug)).await?;
        let Some(id) = runs::institution(connection, &slug).await? else {
            let message = format!("no data is stored for the institution `{slug}`");
            return Err(CommandFailure::nothing(message)
                .help(format!("`weir run {slug}` reads its sources")));
        };
        let plan = plans.into_iter().find(|plan| plan.institution.id == id);
        Ok(AskedInstitution {
            id,
            slug,
            plan: plan.cloned(),
        })
    }
}

/// The stages of a plan that find companies, by source.
fn stages(plan: &Plan) -> impl Iterator<Item = (&str, &Arc<ResolveStage>)> {
    plan.flows.iter().filter_map(|flow| {
        let resolve = flow.record_stages().find_map(resolves)?;
        Some((flow.source.as_str(), resolve))
    })
}

/// The stage, if it finds companies.
fn resolves(stage: &Stage) -> Option<&Arc<ResolveStage>> {
    match stage {
        Stage::Resolve(resolve) if resolve.finds_companies() => Some(resolve),
        _ => None,
    }
}

impl AskedInstitution {
    /// The registries of companies of its sources.
    fn registries(&self) -> Vec<Arc<KnownRegistry>> {
        let mut all: Vec<Arc<KnownRegistry>> = Vec::new();
        let stages = self.plan.iter().flat_map(|plan| stages(plan));
        let used = stages.flat_map(|(_, resolve)| resolve.registries());
        for (table, registry) in used {
            let is_new = all.iter().all(|other| !Arc::ptr_eq(other, registry));
            if table == RelationTable::Companies && is_new {
                all.push(Arc::clone(registry));
            }
        }
        all
    }
}

async fn list(
    connection: &mut PgConnection,
    asked: &AskedInstitution,
    limit: u32,
    json: bool,
) -> Result<(), CommandFailure> {
    let found = company_list::companies(connection, asked.id, i64::from(limit)).await?;
    if json {
        say!("{:#}", json!({ "format": 1, "companies": found }));
    } else if found.is_empty() {
        say!("`{}` has no companies yet", asked.slug);
    } else {
        put!("{}", page::list(&found));
    }
    Ok(())
}

async fn unmatched(
    connection: &mut PgConnection,
    asked: &AskedInstitution,
    json: bool,
) -> Result<(), CommandFailure> {
    let waiting = company_list::waiting_names(connection, asked.id).await?;
    let stored = relations::all_names(connection, RelationTable::Companies, asked.id).await?;
    let registries = asked.registries();
    let near = |name: &str| nearest(name, &registries, &stored);
    let rows: Vec<_> = waiting
        .into_iter()
        .map(|one| (near(&one.name), one))
        .collect();
    if json {
        let all = rows
            .iter()
            .map(|(near, one)| json!({ "name": one.name, "ads": one.ads, "near": near }));
        let all: Vec<_> = all.collect();
        say!("{:#}", json!({ "format": 1, "unmatched": all }));
        return Ok(());
    }
    if rows.is_empty() {
        say!("no ad of `{}` waits for a company", asked.slug);
        return Ok(());
    }
    let row = |(near, one): &(Vec<_>, company_list::WaitingName)| {
        vec![line(&one.name, 60), one.ads.to_string(), page::near(near)]
    };
    put!("{}", columns(&rows.iter().map(row).collect::<Vec<_>>(), 2));
    say!("`weir companies accept NAME COMPANY --reason ...` says which company a name means");
    Ok(())
}

async fn explain(
    connection: &mut PgConnection,
    asked: &AskedInstitution,
    name: &str,
    json: bool,
) -> Result<(), CommandFailure> {
    let mut all: Vec<(FoundRelation, Vec<&str>)> = Vec::new();
    for (source, resolve) in asked.plan.iter().flat_map(|plan| stages(plan)) {
        let Some(found) = resolve.explain_company(connection, asked.id, name).await? else {
            continue;
        };
        match all.iter_mut().find(|(other, _)| *other == found) {
            Some((_, sources)) => sources.push(source),
            None => all.push((found, vec![source])),
        }
    }
    if json {
        let one = |(found, sources): &(FoundRelation, Vec<&str>)| json!({ "sources": sources, "found": found });
        let all: Vec<_> = all.iter().map(one).collect();
        say!("{:#}", json!({ "format": 1, "explained": all }));
        return Ok(());
    }
    if all.is_empty() {
        say!("no source of `{}` resolves companies", asked.slug);
    }
    for (found, sources) in &all {
        say!("{}: {}", sources.join(", "), page::explained(found));
    }
    Ok(())
}

async fn accept(
    edge: &CommandContext,
    store: &Store,
    asked: &AskedInstitution,
    (name, company): (&str, &str),
    word: &DecisionArgs,
) -> Result<(), CommandFailure> {
    let seen: Option<SeenNumber> = name.parse().ok();
    let seen = seen.filter(|seen| seen.revision.is_some());
    let signed = word.signed(edge)?;
    let registries = asked.registries();
    let whose = word.author.on(edge, asked.id, &asked.slug)?;
    let ruled = person::decide(
        store,
        whose,
        DecisionRecord::InTable(DecidedTable::CompanyAliases),
        async |tx| {
            let name = match &seen {
                Some(seen) => name_of_hold(tx, seen, asked).await?,
                None => name.to_owned(),
            };
            let named = NamedIn {
                institution: asked.id,
                slug: &asked.slug,
                name: &name,
            };
            if name.trim().is_empty() {
                return Err(
                    CommandFailure::nothing("the name is empty").help("give it as ads write it")
                );
            }
            let ruled = companies::accept(tx, named, company, &registries, signed.ruling()).await?;
            match ruled {
                AliasRuling::Accepted(effect) => Ok((name, effect)),
                AliasRuling::OwnName(own) => Err(CommandFailure::nothing(format!(
                    "`{name}` is the name of `{own}` itself: nothing is to be decided"
                ))),
                AliasRuling::UnknownCompany => {
                    let table = RelationTable::Companies;
                    let stored = relations::all_names(tx, table, asked.id).await?;
                    Err(unknown_company(company, &registries, &stored))
                }
            }
        },
    );
    let (
        name,
        AliasEffect {
            company,
            ads,
            holds,
        },
    ) = ruled.await?;
    let closed = page::closed(&holds);
    let (name, company) = (line(&name, 80), line(&company, 80));
    say!(
        "`{name}` means `{company}` from now on{closed}; the next run derives {} again",
        page::ads(ads)
    );
    Ok(())
}

/// The name of a hold that was seen, if it is still what was seen.
async fn name_of_hold(
    tx: &mut PgConnection,
    seen: &SeenNumber,
    asked: &AskedInstitution,
) -> Result<String, CommandFailure> {
    let found = holds::find(tx, &[seen.id]).await?.pop();
    let is_own =
        |hold: &holds::Hold| hold.kind == HoldKind::Company && hold.institution_id == asked.id;
    let Some(hold) = found.filter(is_own) else {
        let message = format!(
            "hold {} is no open hold on a company of `{}`",
            seen.id, asked.slug
        );
        return Err(CommandFailure::nothing(message).help("`weir holds list` shows the numbers"));
    };
    let revision = hold.revision.clone().unwrap_or_default();
    if let RevisionBound::Moved(then) = seen.bound(&revision) {
        let (what, id) = (format!("hold {}", hold.id), hold.id);
        return Err(moved(
            &what,
            &format!("{id}@{then}"),
            &format!("{id}@{revision}"),
            "",
        ));
    }
    Ok(hold.subject)
}

fn unknown_company(
    company: &str,
    registries: &[Arc<KnownRegistry>],
    stored: &[String],
) -> CommandFailure {
    let near = nearest(company, registries, stored);
    let message = format!("no company is known as `{}`", line(company, 80));
    let failure = CommandFailure::nothing(message);
    if near.is_empty() {
        failure.help("`weir companies list` shows those of the table; a registry in `companies/` may know more")
    } else {
        failure.help(format!("near: {}", page::near(&near)))
    }
}

async fn undo(
    edge: &CommandContext,
    store: &Store,
    asked: &AskedInstitution,
    name: &str,
    word: &DecisionArgs,
) -> Result<(), CommandFailure> {
    let signed = word.signed(edge)?;
    let whose = word.author.on(edge, asked.id, &asked.slug)?;
    let undone = person::decide(
        store,
        whose,
        DecisionRecord::InTable(DecidedTable::CompanyAliases),
        async |tx| {
            let named = NamedIn {
                institution: asked.id,
                slug: &asked.slug,
                name,
            };
            Ok::<_, CommandFailure>(companies::undo(tx, named, signed.ruling()).await?)
        },
    );
    let Some(ads) = undone.await? else {
        return Err(
            CommandFailure::nothing(format!("`{name}` is not an accepted name"))
                .help("`weir companies list` shows the names that are"),
        );
    };
    say!(
        "`{name}` is no longer accepted; the next run derives {} again",
        page::ads(ads)
    );
    Ok(())
}

fn export(asked: &AskedInstitution, accepted: &[CompanyAlias]) {
    let registries = asked.registries();
    match registries.first() {
        Some(registry) => {
            let (of, others): (Vec<_>, Vec<_>) = accepted.iter().partition(|alias| {
                registries
                    .iter()
                    .any(|one| one.has(alias.registry_id.as_deref()))
            });
            put!("{}", page::accepted_yaml(&registry.name, &of));
            if !others.is_empty() {
                note!(
                    "{} left out, as no registry knows their companies: add these to `companies/{}.yaml` first",
                    counted(others.len(), "name"),
                    registry.name
                );
            }
        }
        None => put!("{}", page::registry_yaml(accepted)),
    }
}
