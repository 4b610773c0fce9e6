//! What an operator decides about names of companies: that a name means a company, or does no
//! longer. A decision is stronger than the registry and than the name itself, and only the ads that
//! it can concern are derived again.

use super::ruling::OperatorRuling;
use crate::engine::RunError;
use std::sync::Arc;
use uuid::Uuid;
use weir_framework::company::CompanyName;
use weir_model::{HoldKind, HoldStatus, RelationTable, name_key};
use weir_stage::resolve::{KnownRegistry, registered};
use weir_store::company_aliases::{self, AliasStamp};
use weir_store::relations::{KnownRelations, WantedRelations};
use weir_store::{PgConnection, holds, relations};

/// A name of an institution that is decided about.
#[derive(Debug, Clone, Copy)]
pub struct NamedIn<'a> {
    /// The institution.
    pub institution: Uuid,
    /// Its slug.
    pub slug: &'a str,
    /// The name, as an ad writes it.
    pub name: &'a str,
}

/// What came of accepting a name.
#[derive(Debug, PartialEq, Eq)]
pub enum AliasRuling {
    /// It means the company now.
    Accepted(AliasEffect),
    /// No company is known by that id or name.
    UnknownCompany,
    /// It is the company's own name, which needs no decision.
    OwnName(String),
}

/// What a decision about a name did.
#[derive(Debug, PartialEq, Eq)]
pub struct AliasEffect {
    /// The name of the company.
    pub company: String,
    /// How many ads the next run derives again.
    pub ads: u64,
    /// The holds that it closed.
    pub holds: Vec<i64>,
}

fn stamp<'r>(institution: Uuid, ruling: OperatorRuling<'r>) -> AliasStamp<'r> {
    let OperatorRuling { at, by, reason } = ruling;
    AliasStamp {
        institution,
        at,
        by,
        reason,
    }
}

/// Decides that a name means a company: one of a registry, by its id or a name, or one of the
/// table.
///
/// # Errors
/// The database failed.
pub async fn accept(
    tx: &mut PgConnection,
    named: NamedIn<'_>,
    company: &str,
    registries: &[Arc<KnownRegistry>],
    ruling: OperatorRuling<'_>,
) -> Result<AliasRuling, RunError> {
    let Some((id, own)) = target(tx, named, company, registries, ruling).await? else {
        return Ok(AliasRuling::UnknownCompany);
    };
    let name = CompanyName::read(named.name);
    if CompanyName::read(&own).key == name.key {
        return Ok(AliasRuling::OwnName(own));
    }
    let known = known(tx, named.institution, named.name).await?;
    let meant = known.named(&name_key(named.name), &name.key);
    let meant = meant.map(|stored| stored.id);
    let stamp = stamp(named.institution, ruling);
    let before = company_aliases::accept(tx, stamp, (&name.shown, &name.key), id).await?;
    let is_named = |text: &str| CompanyName::read(text).key == name.key;
    let table = RelationTable::Companies;
    let mut ads = relations::derive_named_again(tx, table, named.institution, is_named).await?;
    for other in meant.into_iter().chain(before).filter(|other| *other != id) {
        ads += company_aliases::derive_company_again(tx, named.institution, other).await?;
    }
    let holds = close_holds(tx, named, &name, ruling).await?;
    Ok(AliasRuling::Accepted(AliasEffect {
        company: own,
        ads,
        holds,
    }))
}

/// Takes back what was accepted for a name; `None` if nothing was. Gives how many ads are derived
/// again.
///
/// # Errors
/// The database failed.
pub async fn undo(
    tx: &mut PgConnection,
    named: NamedIn<'_>,
    ruling: OperatorRuling<'_>,
) -> Result<Option<u64>, RunError> {
    let stamp = stamp(named.institution, ruling);
    let key = CompanyName::read(named.name).key;
    let Some(company) = company_aliases::undo(tx, stamp, &key).await? else {
        return Ok(None);
    };
    let ads = company_aliases::derive_company_again(tx, named.institution, company).await?;
    Ok(Some(ads))
}

/// The company that a text means, with its name; one of a registry that no ad has had gets its row.
async fn target(
    tx: &mut PgConnection,
    named: NamedIn<'_>,
    company: &str,
    registries: &[Arc<KnownRegistry>],
    ruling: OperatorRuling<'_>,
) -> Result<Option<(Uuid, String)>, RunError> {
    for registry in registries {
        if let Some(at) = registry.position(company) {
            let table = RelationTable::Companies;
            let (own, rows) = registered(tx, table, named.institution, registry, at).await?;
            let rows: Vec<_> = rows.iter().collect();
            let better = CompanyName::reads_better;
            relations::write(tx, named.institution, &rows, ruling.at, ruling.by, better).await?;
            return Ok(Some((own.id, own.name)));
        }
    }
    let known = known(tx, named.institution, company).await?;
    let (exact, fold) = (name_key(company), CompanyName::read(company).key);
    let stored = known.registered(company, &exact, &fold);
    Ok(stored.map(|stored| (stored.id, stored.name.clone())))
}

async fn known(
    tx: &mut PgConnection,
    institution: Uuid,
    name: &str,
) -> Result<KnownRelations, RunError> {
    let mut wanted = WantedRelations::default();
    wanted.add(name_key(name), CompanyName::read(name).key);
    wanted.add_registered(name.to_owned());
    let fold = |text: &str| CompanyName::read(text).key;
    let table = RelationTable::Companies;
    Ok(relations::known(tx, table, institution, &wanted, fold).await?)
}

/// Closes the holds on a name, in whatever spelling and of whatever source.
async fn close_holds(
    tx: &mut PgConnection,
    named: NamedIn<'_>,
    name: &CompanyName,
    ruling: OperatorRuling<'_>,
) -> Result<Vec<i64>, RunError> {
    let mut closed = Vec::new();
    for hold in holds::list(tx, Some(named.slug), false).await? {
        let is_own =
            hold.kind == HoldKind::Company && CompanyName::read(&hold.subject).key == name.key;
        if is_own {
            let OperatorRuling { at, by, reason } = ruling;
            holds::decide(tx, &hold, HoldStatus::Released, at, by, reason).await?;
            closed.push(hold.id);
        }
    }
    Ok(closed)
}
