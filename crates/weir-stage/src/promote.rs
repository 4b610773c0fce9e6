//! `promote`: what becomes of each ad of a batch, and the one transaction that writes it. A
//! published job never gets worse: if its new content fails, the last good version stays and the ad
//! is held.

use super::classify::reasons as classified;
use super::fate::{AdFate, messages};
use super::{AdDraft, SourceContext, waiting};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;
use weir_framework::company::CompanyName;
use weir_model::job::ComparedFields;
use weir_model::quality::QualityGauge;
use weir_model::{
    AdChange, ChangeCause, Field, FieldValue, Fingerprint, FingerprintParts, Hash, HoldKind, Job,
    NewHold, NewRelation, NewVersion, Outcome, PublishedJob, RolledBack, VersionStamp, ad,
};
use weir_store::states::AdStateUpdate;
use weir_store::views::newest;
use weir_store::{PgConnection, holds, jobs, relations, states};

/// Which fields make a version, compiled.
#[derive(Debug, Clone)]
pub struct PromoteStage {
    /// The compared fields.
    pub compared: ComparedFields,
    /// What is looked at in each ad, for its source's quality.
    pub gauge: Arc<QualityGauge>,
}

impl PromoteStage {
    /// The parts of its fingerprint.
    pub fn parts(&self) -> FingerprintParts {
        let mut parts = FingerprintParts::default();
        parts.add("compared fields", &self.compared);
        parts
    }

    /// What it does, in short lines.
    pub fn explain(&self) -> Vec<String> {
        let names: Vec<&str> = self
            .compared
            .fields
            .iter()
            .map(|field| field.name())
            .collect();
        vec![
            "jobs and history".to_owned(),
            format!("compares {}", names.join(", ")),
        ]
    }

    /// Writes a batch. `history` contains the parts of older fingerprints, so that reasons can name
    /// what changed. Returns how many jobs were updated without a version.
    ///
    /// # Errors
    /// The database failed.
    pub async fn write(
        &self,
        tx: &mut PgConnection,
        setting: &SourceContext,
        drafts: &[AdDraft],
        history: &HashMap<Fingerprint, Json>,
    ) -> weir_store::Result<usize> {
        let fates: Vec<AdFate> = drafts.iter().map(|draft| self.fate(draft)).collect();
        create_relations(tx, setting, &fates).await?;
        let (written, refreshed) = self.write_jobs(tx, setting, &fates, history).await?;
        waiting::write(tx, setting, &fates, history).await?;
        write_holds(tx, setting, &fates).await?;
        let standings: Vec<AdStateUpdate> = fates
            .iter()
            .map(|fate| self.standing(setting, fate, &written))
            .collect();
        states::record(
            tx,
            &setting.stream,
            setting.run,
            setting.at,
            setting.fingerprint,
            &standings,
        )
        .await?;
        Ok(refreshed)
    }

    /// What stands of an ad once it is written.
    pub fn outcome(&self, draft: &AdDraft) -> Outcome {
        self.fate(draft).outcome()
    }

    pub(super) fn fate<'d>(&self, draft: &'d AdDraft) -> AdFate<'d> {
        let ad = &draft.ad;
        let publishable = matches!(draft.job.get(Field::Title), FieldValue::Text(_));
        let passes = publishable && (!draft.fails() || ad.released);
        match &ad.published {
            _ if ad.discarded => AdFate::Ignore(draft),
            _ if !passes && draft.broke() => AdFate::Later(draft),
            Some(published) if !passes => AdFate::Keep(draft, published),
            None if !passes => AdFate::Wait(
                draft,
                if draft.holds.is_empty() {
                    Outcome::Rejected
                } else {
                    Outcome::Held
                },
            ),
            None => AdFate::Create(draft),
            Some(published)
                if self.reopens(draft, published)
                    || ad.fields_hash != Some(draft.hashes(&self.compared).0) =>
            {
                AdFate::Differs(draft, published)
            }
            Some(published) => AdFate::Same(draft, published),
        }
    }

    /// Archived as missing and listed again, or rolled back and different now, or its closing date
    /// moved; whether to today or later is checked by the archive stage.
    fn reopens(&self, draft: &AdDraft, published: &PublishedJob) -> bool {
        match published.archived_as.as_deref() {
            Some("missing" | "rolled_back") => true,
            Some("closed") => draft.job.get(Field::CloseDate).as_date() != published.archived_for,
            _ => false,
        }
    }

    /// Writes jobs and versions; returns what was done to which existing job.
    async fn write_jobs(
        &self,
        tx: &mut PgConnection,
        setting: &SourceContext,
        fates: &[AdFate<'_>],
        history: &HashMap<Fingerprint, Json>,
    ) -> weir_store::Result<(HashMap<Uuid, AdChange>, usize)> {
        let stamp = VersionStamp {
            run: Some(setting.run),
            at: setting.at,
            fingerprint: setting.fingerprint,
        };
        let created: Vec<NewVersion> = fates
            .iter()
            .filter_map(|fate| {
                if let AdFate::Create(draft) = fate {
                    Some(first_version(setting, draft))
                } else {
                    None
                }
            })
            .collect();
        jobs::create(tx, &setting.stream, stamp, &created).await?;
        let differing: Vec<(&AdDraft, &PublishedJob)> = fates
            .iter()
            .filter_map(|fate| {
                if let AdFate::Differs(draft, published) = fate {
                    Some((*draft, *published))
                } else {
                    None
                }
            })
            .collect();
        let ids: Vec<Uuid> = differing
            .iter()
            .map(|(_, published)| published.job_id)
            .collect();
        let old = newest::load(tx, &setting.stream, &ids).await?;
        let changed: Vec<NewVersion> = differing
            .iter()
            .filter_map(|(draft, published)| {
                self.next_version(
                    setting,
                    draft,
                    published,
                    old.get(&published.job_id)?,
                    history,
                )
            })
            .collect();
        jobs::change(tx, &setting.stream, stamp, &changed).await?;
        let refreshed: Vec<(Uuid, &Job)> = fates
            .iter()
            .filter_map(|fate| self.refreshed(fate))
            .collect();
        jobs::refresh(tx, &setting.stream, setting.at, &refreshed).await?;
        let freed: Vec<Uuid> = fates
            .iter()
            .filter(|fate| !matches!(fate, AdFate::Keep(..)))
            .filter_map(|fate| fate.draft().ad.published.as_ref())
            .filter(|p| p.held)
            .map(|p| p.job_id)
            .collect();
        jobs::mark_held(tx, &setting.stream, &freed, None).await?;
        let kept: Vec<Uuid> = fates
            .iter()
            .filter_map(|fate| {
                if let AdFate::Keep(_, published) = fate {
                    Some(published.job_id)
                } else {
                    None
                }
            })
            .collect();
        jobs::mark_held(tx, &setting.stream, &kept, Some(setting.at)).await?;
        Ok((
            changed
                .iter()
                .map(|version| (version.job_id, version.change))
                .collect(),
            refreshed.len(),
        ))
    }

    fn refreshed<'d>(&self, fate: &AdFate<'d>) -> Option<(Uuid, &'d Job)> {
        match fate {
            AdFate::Same(draft, published)
                if draft.ad.refresh_hash != Some(draft.hashes(&self.compared).1) =>
            {
                Some((published.job_id, &draft.job))
            }
            _ => None,
        }
    }

    pub(super) fn next_version<'d>(
        &self,
        setting: &SourceContext,
        draft: &'d AdDraft,
        published: &PublishedJob,
        old: &Job,
        history: &HashMap<Fingerprint, Json>,
    ) -> Option<NewVersion<'d>> {
        let (old_fields, new_fields) = (
            old.comparable(&self.compared),
            draft.job.comparable(&self.compared),
        );
        let differing: Vec<(&str, &Json, &Json)> = old_fields
            .iter()
            .zip(&new_fields)
            .filter(|((_, old), (_, new))| old != new)
            .map(|((name, old), (_, new))| (*name, old, new))
            .collect();
        let reopened = self.reopen_reason(setting, draft, published);
        if reopened.is_none() && differing.is_empty() {
            return None;
        }
        let mut changes: Map<String, Json> = differing
            .iter()
            .map(|(name, old, new)| ((*name).to_owned(), json!({ "old": old, "new": new })))
            .collect();
        let mut changed_fields: Vec<String> = differing
            .iter()
            .map(|(name, ..)| (*name).to_owned())
            .collect();
        let mut reasons: Vec<String> = Vec::new();
        if let Some(reason) = reopened {
            changed_fields.insert(0, "status".to_owned());
            changes.insert(
                "status".to_owned(),
                json!({ "old": "archived", "new": "open" }),
            );
            reasons.push(reason.to_owned());
        }
        reasons.extend(why(setting, draft, old, &differing, history));
        if reasons.is_empty() {
            reasons.push("general details updated".to_owned());
        }
        let change = if reopened.is_some() {
            AdChange::Reopened
        } else {
            AdChange::Updated
        };
        let stays_archived = reopened.is_none() && published.archived_as.is_some();
        Some(NewVersion {
            change,
            stays_archived,
            changed_fields,
            changes: Json::Object(changes),
            reason: reasons.join("; "),
            cause: cause(setting, draft, &differing, history),
            ..version(published.job_id, draft)
        })
    }

    /// Why an archived job opens again, if it does.
    fn reopen_reason(
        &self,
        setting: &SourceContext,
        draft: &AdDraft,
        published: &PublishedJob,
    ) -> Option<&'static str> {
        let closes = draft.job.get(Field::CloseDate).as_date();
        match published.archived_as.as_deref() {
            Some("missing") => Some("reopened: listed again"),
            Some("rolled_back") => Some("reopened: listed again after a rollback"),
            // A date that is gone, or that cannot be read today, has not moved.
            Some("closed")
                if closes != published.archived_for
                    && closes.is_some_and(|date| date >= setting.at.today(setting.zone)) =>
            {
                Some("reopened: closing date moved")
            }
            _ => None,
        }
    }

    fn standing(
        &self,
        setting: &SourceContext,
        fate: &AdFate,
        written: &HashMap<Uuid, AdChange>,
    ) -> AdStateUpdate {
        let change = match fate {
            AdFate::Create(_) => Some(AdChange::Created),
            // A hash may differ without causing a version: `compare` was edited, or a run was
            // rolled back.
            AdFate::Differs(_, published) => written.get(&published.job_id).copied(),
            _ => None,
        };
        let (draft, outcome) = (fate.draft(), fate.outcome());
        let ad = &draft.ad;
        let is_published = outcome == Outcome::Published;
        let hash =
            |fresh: Hash, stored: Option<Hash>| if is_published { Some(fresh) } else { stored };
        let later = outcome == Outcome::Failed;
        AdStateUpdate {
            external_id: ad.external_id.clone(),
            derived_hash: ad.content_hash,
            outcome,
            job_id: is_published.then(|| job_id(setting, draft)),
            fields_hash: hash(draft.hashes(&self.compared).0, ad.fields_hash),
            refresh_hash: hash(draft.hashes(&self.compared).1, ad.refresh_hash),
            marks: self.gauge.marks(&draft.job, &draft.problems),
            change,
            retry_at: later.then(|| ad::retry_at(setting.at, ad.retries)),
            retries: if later { ad.retries + 1 } else { 0 },
            error: later.then(|| messages(&draft.problems)),
        }
    }
}

/// Whether a field is one that `classify` decides.
fn is_decided(name: &str) -> bool {
    matches!(name, "roles" | "capabilities")
}

fn job_id(setting: &SourceContext, draft: &AdDraft) -> Uuid {
    if let Some(published) = &draft.ad.published {
        return published.job_id;
    }
    let name = format!(
        "{}:{}:{}",
        setting.stream.source, draft.ad.external_id, draft.ad.generation
    );
    Uuid::new_v5(&setting.stream.institution, name.as_bytes())
}

fn version(job_id: Uuid, draft: &AdDraft) -> NewVersion<'_> {
    NewVersion {
        job_id,
        original_id: &draft.ad.external_id,
        generation: draft.ad.generation,
        document_id: draft.ad.document_id,
        content_hash: draft.ad.content_hash,
        job: &draft.job,
        change: AdChange::Created,
        stays_archived: false,
        changed_fields: Vec::new(),
        changes: Json::Null,
        reason: String::new(),
        cause: if draft.ad.released {
            ChangeCause::Person
        } else {
            ChangeCause::Source
        },
        by: "etl_pipeline".to_owned(),
    }
}

fn first_version<'d>(setting: &SourceContext, draft: &'d AdDraft) -> NewVersion<'d> {
    let reason = if draft.ad.released {
        "initial job creation; released by a person"
    } else {
        "initial job creation"
    };
    NewVersion {
        reason: reason.to_owned(),
        ..version(job_id(setting, draft), draft)
    }
}

/// What made an update: whatever an operator released, then new content, then what was edited.
fn cause(
    setting: &SourceContext,
    draft: &AdDraft,
    differing: &[(&str, &Json, &Json)],
    history: &HashMap<Fingerprint, Json>,
) -> ChangeCause {
    if draft.ad.released {
        return ChangeCause::Person;
    }
    if draft.ad.derived_hash != Some(draft.ad.content_hash) {
        return ChangeCause::Source;
    }
    let old = draft
        .ad
        .derived_fingerprint
        .and_then(|old| history.get(&old));
    let edited = old
        .map(|old| setting.parts.changed_since(old))
        .unwrap_or_default();
    let begins = |with: &str| edited.iter().any(|part| part.starts_with(with));
    let is_decided = |(name, ..): &(&str, &Json, &Json)| is_decided(name);
    match () {
        () if differing.iter().all(is_decided)
            && begins("framework ")
            && !begins("roles of ")
            && !begins("capabilities") =>
        {
            ChangeCause::Framework
        }
        () if differing
            .iter()
            .all(|(name, ..)| matches!(*name, "company_id" | "division_id")) =>
        {
            ChangeCause::Company
        }
        () if begins("mapping ") => ChangeCause::Mapping,
        () if begins("rule ") => ChangeCause::Rule,
        () if begins("framework ") => ChangeCause::Framework,
        () => ChangeCause::Mapping,
    }
}

/// The reasons of an update, in their fixed order; none if it is only known that details differ.
fn why(
    setting: &SourceContext,
    draft: &AdDraft,
    old: &Job,
    differing: &[(&str, &Json, &Json)],
    history: &HashMap<Fingerprint, Json>,
) -> Vec<String> {
    let differs = |name: &str| differing.iter().any(|(field, ..)| *field == name);
    let mut reasons = Vec::new();
    let same_content = draft.ad.derived_hash == Some(draft.ad.content_hash);
    if old.get(Field::CloseDate).is_absent() && differs("close_date") {
        reasons.push("closing date added".to_owned());
    }
    if differs("description") && !same_content {
        reasons.push("description updated".to_owned());
    }
    let old_parts = draft
        .ad
        .derived_fingerprint
        .filter(|old| *old != setting.fingerprint)
        .and_then(|old| history.get(&old));
    let edited = old_parts
        .map(|old| setting.parts.changed_since(old))
        .unwrap_or_default();
    for part in &edited {
        let names_a_field = part.strip_prefix("mapping of ").is_some_and(|field| {
            differs(field) || (differs("extra") && Field::named(field).is_none())
        });
        // An edited rule releases a held ad only if the ad itself is unchanged.
        if names_a_field
            || (same_content && part.starts_with("rule ") && draft.ad.outcome == Outcome::Held)
        {
            reasons.push(format!("{part} changed"));
        }
    }
    if differs("company_id") {
        reasons.push("company resolved".to_owned());
    }
    reasons.extend(classified::reasons(differing, &edited));
    if draft.ad.released {
        reasons.push("released by a person".to_owned());
    }
    reasons
}

async fn create_relations(
    tx: &mut PgConnection,
    setting: &SourceContext,
    fates: &[AdFate<'_>],
) -> weir_store::Result<()> {
    let drafts = fates.iter().map(AdFate::draft);
    let rows: Vec<&NewRelation> = drafts.flat_map(|draft| &draft.new_relations).collect();
    let institution = setting.stream.institution;
    let reads_better = CompanyName::reads_better;
    relations::write(tx, institution, &rows, setting.at, "run", reads_better).await
}

async fn write_holds(
    tx: &mut PgConnection,
    setting: &SourceContext,
    fates: &[AdFate<'_>],
) -> weir_store::Result<()> {
    let mut open: Vec<NewHold> = Vec::new();
    for fate in fates {
        match fate {
            AdFate::Wait(draft, Outcome::Held) => open.extend(draft.holds.iter().cloned()),
            AdFate::Keep(draft, _) => {
                open.extend(draft.holds.iter().cloned());
                // The hold of a rollback was opened by it, and has more details.
                open.extend((!draft.is_rolled_back()).then(|| held_job(draft)));
            }
            _ => {}
        }
    }
    holds::open(tx, &setting.stream, setting.run, setting.at, &open).await?;
    let was_held = |draft: &&AdDraft| draft.ad.outcome == Outcome::Held;
    let ended: Vec<&str> = fates
        .iter()
        .filter(|fate| !matches!(fate, AdFate::Keep(..)))
        .map(AdFate::draft)
        .filter(was_held)
        .map(|draft| draft.ad.external_id.as_str())
        .collect();
    holds::end(
        tx,
        &setting.stream,
        HoldKind::Job,
        &ended,
        setting.at,
        "passes again",
    )
    .await?;
    end_known(tx, setting, fates, HoldKind::Company, |draft| {
        draft.facts.company.name.clone()
    })
    .await?;
    end_known(tx, setting, fates, HoldKind::Division, |draft| {
        draft.facts.division.name.clone()
    })
    .await
}

/// Holds on names end automatically when no ad waits for them any more: the name is known now, or
/// the YAML changed.
async fn end_known(
    tx: &mut PgConnection,
    setting: &SourceContext,
    fates: &[AdFate<'_>],
    kind: HoldKind,
    name: impl Fn(&AdDraft) -> Option<String>,
) -> weir_store::Result<()> {
    let waited = fates.iter().map(AdFate::draft).filter(|draft| {
        draft.ad.outcome == Outcome::Held && draft.holds.iter().all(|hold| hold.kind != kind)
    });
    let mut names: Vec<String> = waited.filter_map(name).collect();
    names.sort();
    names.dedup();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    holds::end(
        tx,
        &setting.stream,
        kind,
        &names,
        setting.at,
        "no ad waits for it any more",
    )
    .await
}

fn held_job(draft: &AdDraft) -> NewHold {
    NewHold {
        kind: HoldKind::Job,
        subject: draft.ad.external_id.clone(),
        reason: why_held(draft),
        details: json!({ "document": draft.ad.document_id, "reasons": draft.problems }),
    }
}

/// Why a published ad is held: what became of its job, and whether its content or the YAML is new.
fn why_held(draft: &AdDraft) -> String {
    let why = messages(&draft.problems);
    if draft
        .problems
        .iter()
        .any(|problem| problem.kind == RolledBack::KIND)
    {
        return why;
    }
    match draft
        .ad
        .published
        .as_ref()
        .and_then(|job| job.archived_as.as_deref())
    {
        Some(how) => format!("its job is archived (`{how}`), and its ad fails: {why}"),
        None if draft.ad.derived_hash == Some(draft.ad.content_hash) => {
            format!("published, but edited YAML rejects it: {why}")
        }
        None => format!("published, but its new version fails: {why}"),
    }
}
