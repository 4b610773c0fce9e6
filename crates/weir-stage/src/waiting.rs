//! What a batch leaves waiting, and which reasons are resolved: by the source, by an edited rule or
//! mapping, or by an operator. Each reason keeps the time since which it has applied.

use super::fate::{AdFate, messages};
use super::{AdDraft, SourceContext};
use serde_json::Value as Json;
use std::collections::HashMap;
use weir_model::{Fingerprint, Outcome, Problem};
use weir_store::resolved::{self, StandingReason};
use weir_store::staging::StagedAd;
use weir_store::{PgConnection, staging};

/// Writes the ads of a batch that wait, and records which reasons are gone.
pub(super) async fn write(
    tx: &mut PgConnection,
    setting: &SourceContext,
    fates: &[AdFate<'_>],
    history: &HashMap<Fingerprint, Json>,
) -> weir_store::Result<()> {
    let had_waited =
        |draft: &AdDraft| !matches!(draft.ad.outcome, Outcome::Pending | Outcome::Published);
    let before: Vec<&str> = fates
        .iter()
        .map(AdFate::draft)
        .filter(|draft| had_waited(draft))
        .map(|draft| draft.ad.external_id.as_str())
        .collect();
    let stood = staging::lift(tx, &setting.stream, &before).await?;
    let stood_against = by_ad(&stood);
    let of = |draft: &AdDraft| {
        stood_against
            .get(draft.ad.external_id.as_str())
            .map_or([].as_slice(), Vec::as_slice)
    };
    let waiting: Vec<StagedAd> = fates
        .iter()
        .filter_map(|fate| Some(wait(setting, fate.draft(), status(fate)?, of(fate.draft()))))
        .collect();
    staging::put(
        tx,
        &setting.stream,
        setting.run,
        setting.at,
        setting.fingerprint,
        &waiting,
    )
    .await?;
    let gone: Vec<(&StandingReason, String)> = fates
        .iter()
        .flat_map(|fate| {
            of(fate.draft())
                .iter()
                .filter(|stood| !stands(fate, stood))
                .map(|stood| (*stood, why_gone(setting, fate.draft(), stood, history)))
        })
        .collect();
    resolved::record(tx, &setting.stream, setting.at, &gone).await?;
    note_failures(tx, setting, fates).await
}

/// Writes ads that wait because it is in doubt which jobs they are.
///
/// # Errors
/// The database failed.
pub async fn in_doubt(
    tx: &mut PgConnection,
    setting: &SourceContext,
    drafts: &[AdDraft],
) -> weir_store::Result<()> {
    let ads: Vec<&str> = drafts
        .iter()
        .map(|draft| draft.ad.external_id.as_str())
        .collect();
    let stood = staging::lift(tx, &setting.stream, &ads).await?;
    let stood_against = by_ad(&stood);
    let of = |draft: &AdDraft| {
        stood_against
            .get(draft.ad.external_id.as_str())
            .map_or([].as_slice(), Vec::as_slice)
    };
    let waiting: Vec<StagedAd> = drafts
        .iter()
        .map(|draft| wait(setting, draft, "held", of(draft)))
        .collect();
    let drafts: HashMap<&str, &AdDraft> = drafts
        .iter()
        .map(|draft| (draft.ad.external_id.as_str(), draft))
        .collect();
    let stands = |stood: &StandingReason| {
        drafts
            .get(stood.original_id.as_str())
            .is_some_and(|draft| draft.problems.iter().any(|problem| is_of(problem, stood)))
    };
    let gone: Vec<(&StandingReason, String)> = stood
        .iter()
        .filter(|stood| !stands(stood))
        .map(|stood| (stood, "content changed".to_owned()))
        .collect();
    resolved::record(tx, &setting.stream, setting.at, &gone).await?;
    staging::put(
        tx,
        &setting.stream,
        setting.run,
        setting.at,
        setting.fingerprint,
        &waiting,
    )
    .await
}

fn by_ad(stood: &[StandingReason]) -> HashMap<&str, Vec<&StandingReason>> {
    let mut by_ad: HashMap<&str, Vec<&StandingReason>> = HashMap::new();
    for one in stood {
        by_ad.entry(&one.original_id).or_default().push(one);
    }
    by_ad
}

/// The status of an ad that waits.
fn status(fate: &AdFate) -> Option<&'static str> {
    match fate {
        AdFate::Wait(_, Outcome::Rejected) => Some("failed"),
        AdFate::Wait(..) | AdFate::Keep(..) => Some("held"),
        _ => None,
    }
}

fn wait(
    setting: &SourceContext,
    draft: &AdDraft,
    status: &'static str,
    stood: &[&StandingReason],
) -> StagedAd {
    let since = |problem: &Problem| {
        stood
            .iter()
            .find(|stood| is_of(problem, stood))
            .map_or(setting.at.0, |stood| stood.since)
    };
    StagedAd {
        original_id: draft.ad.external_id.clone(),
        document_id: draft.ad.document_id,
        job: draft.job.clone(),
        status,
        problems: draft.problems.clone(),
        since: draft.problems.iter().map(since).collect(),
    }
}

/// Whether a problem is the earlier reason: the same rule, or the same type, on the same field.
fn is_of(problem: &Problem, stood: &StandingReason) -> bool {
    stood.text("type") == Some(&problem.kind)
        && stood.text("field") == problem.field.as_deref()
        && stood.text("rule") == problem.rule.as_deref()
}

/// Whether a reason still applies to an ad.
fn stands(fate: &AdFate, stood: &StandingReason) -> bool {
    status(fate).is_some()
        && fate
            .draft()
            .problems
            .iter()
            .any(|problem| is_of(problem, stood))
}

/// Why a reason was resolved, as text.
fn why_gone(
    setting: &SourceContext,
    draft: &AdDraft,
    stood: &StandingReason,
    history: &HashMap<Fingerprint, Json>,
) -> String {
    let ad = &draft.ad;
    if ad.discarded || ad.released {
        return if ad.discarded {
            "discarded by a person"
        } else {
            "released by a person"
        }
        .to_owned();
    }
    if ad.derived_hash != Some(ad.content_hash) {
        return "content changed".to_owned();
    }
    let old = ad
        .derived_fingerprint
        .filter(|old| *old != setting.fingerprint)
        .and_then(|old| history.get(&old));
    let edited = old
        .map(|old| setting.parts.changed_since(old))
        .unwrap_or_default();
    let (field, rule) = (
        stood.text("field").unwrap_or_default(),
        stood.text("rule").unwrap_or_default(),
    );
    let is_meant = |part: &&String| match part.split_once(' ') {
        Some(("rule", name)) => !rule.is_empty() && name.rsplit('/').next() == Some(rule),
        _ => {
            !field.is_empty()
                && (part.as_str() == format!("mapping of {field}")
                    || part.as_str() == format!("mandatory field {field}"))
        }
    };
    let mut parts: Vec<&String> = edited.iter().filter(is_meant).collect();
    if parts.is_empty() {
        parts = edited
            .iter()
            .filter(|part| part.as_str() != "date of the run")
            .collect();
    }
    let said = |part: &&String| {
        if setting.parts.all().any(|(name, _)| name == part.as_str()) {
            format!("{part} changed")
        } else {
            format!("{part} taken out")
        }
    };
    match (parts.is_empty(), edited.is_empty()) {
        (false, _) => parts.iter().map(said).collect::<Vec<_>>().join("; "),
        (true, false) => "the date changed".to_owned(),
        (true, true) if stood.text("type") == Some("invalid_relationship") => {
            "the name is known now".to_owned()
        }
        (true, true) => "derived again".to_owned(),
    }
}

async fn note_failures(
    tx: &mut PgConnection,
    setting: &SourceContext,
    fates: &[AdFate<'_>],
) -> weir_store::Result<()> {
    let failed: Vec<(i64, String, i32)> = fates
        .iter()
        .filter_map(|fate| {
            if let AdFate::Later(draft) = fate {
                Some((
                    draft.ad.document_id,
                    messages(&draft.problems),
                    draft.ad.retries + 1,
                ))
            } else {
                None
            }
        })
        .collect();
    let mended: Vec<i64> = fates
        .iter()
        .filter(|fate| !matches!(fate, AdFate::Later(_)))
        .map(AdFate::draft)
        .filter(|draft| draft.ad.outcome == Outcome::Failed)
        .map(|draft| draft.ad.document_id)
        .collect();
    staging::note_failures(
        tx,
        &setting.stream,
        setting.at,
        &failed,
        (&mended, "a retry succeeded"),
    )
    .await
}
