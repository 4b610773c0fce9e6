//! What the answer to a hold does: the held change is made or dropped, and the hold is closed with
//! who, when and why. A new kind of hold needs both answers here and their sentences in
//! `report::holds`.

use super::duplicates::{self, PairRuling};
use super::ruling::OperatorRuling;
use crate::engine::RunError;
use serde_json::Value as Json;
use uuid::Uuid;
use weir_framework::company::CompanyName;
use weir_model::span::CalendarSpan;
use weir_model::{Clock, HoldKind, HoldStatus, RelationTable, SourceKey, name_key};
use weir_openings::decision::DecisionVerdict;
use weir_stage::resolve::new_relation;
use weir_store::holds::{self, Hold};
use weir_store::relations::WantedRelations;
use weir_store::settle::{self, DateClosing};
use weir_store::{PgConnection, identity, quality, relations};

/// Where the content of a hold lists ads or jobs.
pub const LISTS: [&str; 2] = ["jobs", "ads"];

/// What an answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldEffect {
    /// The name is known; the next run publishes its ads.
    NameAdded,
    /// The name stays unknown.
    NameRefused,
    /// So many jobs are archived, as their ads are gone.
    JobsRetired(usize),
    /// The ads stay; their misses are forgotten.
    MissesForgotten,
    /// So many jobs are archived, as their closing dates have passed.
    JobsClosed(usize),
    /// So many jobs stay open until their closing dates change.
    JobsKeptOpen(u64),
    /// The next complete read is taken at its word.
    IdsTrusted,
    /// The ads are the jobs that they were.
    IdsKept,
    /// The next run publishes the read.
    ReadAccepted,
    /// The ads of the read keep waiting.
    ReadRefused,
    /// The next run publishes the content.
    ContentReleased,
    /// The content is ignored.
    ContentIgnored,
    /// Two ads are one opening.
    AdsMerged,
    /// Two ads are two openings.
    AdsKeptApart,
}

/// Answers an open hold: `release` makes the held change.
///
/// # Errors
/// The database failed.
pub async fn answer(
    tx: &mut PgConnection,
    hold: &Hold,
    release: bool,
    ruling: OperatorRuling<'_>,
) -> Result<HoldEffect, RunError> {
    let effect = if release {
        make(tx, hold, ruling).await?
    } else {
        drop_change(tx, hold, ruling).await?
    };
    let status = if release {
        HoldStatus::Released
    } else {
        HoldStatus::Discarded
    };
    holds::decide(tx, hold, status, ruling.at, ruling.by, ruling.reason).await?;
    Ok(effect)
}

/// The held change is made.
async fn make(
    tx: &mut PgConnection,
    hold: &Hold,
    ruling: OperatorRuling<'_>,
) -> Result<HoldEffect, RunError> {
    let source = source_of(hold);
    Ok(match hold.kind {
        HoldKind::Company => add_name(tx, RelationTable::Companies, hold, ruling).await?,
        HoldKind::Division => add_name(tx, RelationTable::Divisions, hold, ruling).await?,
        HoldKind::Retirement => {
            let retired =
                settle::retire_missing(tx, &source, None, ruling.at, after(hold), ruling.by)
                    .await?;
            HoldEffect::JobsRetired(retired.len())
        }
        HoldKind::Closing => {
            let closed = settle::archive_closed(
                tx,
                &source,
                closing(hold, ruling.at),
                None,
                ruling.at,
                ruling.by,
            )
            .await?;
            HoldEffect::JobsClosed(closed.len())
        }
        HoldKind::Identity => HoldEffect::IdsTrusted,
        HoldKind::Quality => {
            let read_at = hold
                .details
                .as_ref()
                .and_then(|details| details.get("at")?.as_str()?.parse().ok());
            if let Some(read_at) = read_at {
                quality::accept(tx, &source, read_at).await?;
            }
            HoldEffect::ReadAccepted
        }
        HoldKind::Duplicate => {
            rule_on_pair(tx, hold, DecisionVerdict::Same, ruling).await?;
            HoldEffect::AdsMerged
        }
        HoldKind::Job | HoldKind::Mapping => {
            holds::mark_ad(tx, hold, true).await?;
            HoldEffect::ContentReleased
        }
    })
}

/// The held change is dropped.
async fn drop_change(
    tx: &mut PgConnection,
    hold: &Hold,
    ruling: OperatorRuling<'_>,
) -> Result<HoldEffect, RunError> {
    let source = source_of(hold);
    Ok(match hold.kind {
        HoldKind::Company | HoldKind::Division => HoldEffect::NameRefused,
        HoldKind::Retirement => {
            settle::forget_misses(tx, &source, after(hold)).await?;
            HoldEffect::MissesForgotten
        }
        HoldKind::Closing => HoldEffect::JobsKeptOpen(
            settle::keep_open(tx, &source, closing(hold, ruling.at), ruling.at).await?,
        ),
        HoldKind::Identity => {
            identity::keep(tx, &source, &documents(hold)).await?;
            HoldEffect::IdsKept
        }
        HoldKind::Quality => HoldEffect::ReadRefused,
        HoldKind::Duplicate => {
            rule_on_pair(tx, hold, DecisionVerdict::Different, ruling).await?;
            HoldEffect::AdsKeptApart
        }
        HoldKind::Job | HoldKind::Mapping => {
            holds::mark_ad(tx, hold, false).await?;
            HoldEffect::ContentIgnored
        }
    })
}

/// Decides about the two ads of a hold.
async fn rule_on_pair(
    tx: &mut PgConnection,
    hold: &Hold,
    verdict: DecisionVerdict,
    ruling: OperatorRuling<'_>,
) -> Result<(), RunError> {
    let jobs = hold
        .details
        .as_ref()
        .and_then(|details| details.get("jobs"))
        .cloned();
    let jobs: Option<[Uuid; 2]> = jobs.and_then(|jobs| serde_json::from_value(jobs).ok());
    let pair = match jobs {
        Some(jobs) => duplicates::pair(tx, hold.institution_id, jobs).await?,
        None => None,
    };
    let Some(pair) = pair else {
        return Err(RunError::NotCompared(hold.subject.clone()));
    };
    match duplicates::decide(tx, &pair, verdict, ruling).await? {
        PairRuling::Applied(_) => Ok(()),
        PairRuling::Refused(conflicts) => Err(RunError::Contradiction(duplicates::contradiction(
            &conflicts,
        ))),
    }
}

async fn add_name(
    tx: &mut PgConnection,
    table: RelationTable,
    hold: &Hold,
    ruling: OperatorRuling<'_>,
) -> Result<HoldEffect, RunError> {
    let name = CompanyName::read(&hold.subject);
    if !is_known(tx, table, hold, &name).await? {
        let row = new_relation(table, hold.institution_id, &name);
        let (rows, reads_better) = ([&row], CompanyName::reads_better);
        relations::write(
            tx,
            hold.institution_id,
            &rows,
            ruling.at,
            ruling.by,
            reads_better,
        )
        .await?;
    }
    let is_named = |text: &str| CompanyName::read(text).key == name.key;
    relations::derive_named_again(tx, table, hold.institution_id, is_named).await?;
    Ok(HoldEffect::NameAdded)
}

/// Whether the name of a hold has become known since it was opened.
async fn is_known(
    tx: &mut PgConnection,
    table: RelationTable,
    hold: &Hold,
    name: &CompanyName,
) -> Result<bool, RunError> {
    let mut wanted = WantedRelations::default();
    let exact = name_key(&hold.subject);
    wanted.add(exact.clone(), name.key.clone());
    let fold = |text: &str| CompanyName::read(text).key;
    let known = relations::known(tx, table, hold.institution_id, &wanted, fold).await?;
    Ok(known.named(&exact, &name.key).is_some())
}

/// The ads or jobs that a hold lists.
pub fn entries(hold: &Hold) -> impl Iterator<Item = &Json> {
    let content = hold.content.as_ref();
    LISTS
        .into_iter()
        .filter_map(move |list| content?.get(list)?.as_array())
        .flatten()
        .filter(|entry| entry.get("ad").is_some())
}

/// The ads of a hold on ids, each with the document that was seen.
fn documents(hold: &Hold) -> Vec<(&str, &str)> {
    entries(hold)
        .filter_map(|one| Some((one.get("ad")?.as_str()?, one.get("document")?.as_str()?)))
        .collect()
}

/// After how many misses the ads of a hold are gone.
fn after(hold: &Hold) -> i32 {
    let after = hold
        .details
        .as_ref()
        .and_then(|details| details.get("after")?.as_i64());
    after
        .and_then(|after| i32::try_from(after).ok())
        .unwrap_or(2)
}

/// What a hold on closings is about: at most what has passed when it is decided, should it say no
/// date.
fn closing(hold: &Hold, at: Clock) -> DateClosing {
    let until = hold
        .details
        .as_ref()
        .and_then(|details| details.get("until")?.as_str()?.parse().ok());
    let passed = || at.newest_passed(chrono_tz::UTC, CalendarSpan::NONE);
    DateClosing {
        newest_passed: until.unwrap_or_else(passed),
        fingerprint: None,
    }
}

fn source_of(hold: &Hold) -> SourceKey {
    SourceKey {
        institution: hold.institution_id,
        source: hold.source_id.clone(),
    }
}
