//! Between a source's read and the deriving of what it brought, where the source declares that its
//! ids may lie: which ads are jobs that are known by other ids, and which ids stand for other jobs
//! now. It asks the store, lets [`weir_model::identity`] decide, and writes the decision in one
//! transaction (T2a). Too many jobs losing their ids at once are no evidence but a reason to ask a
//! person.

use super::event::RunEvent;
use super::run::{NO_READ, RunningPlan};
use super::{RunError, segment};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;
use weir_model::identity::{
    ArrivedAd, IdentityDecision, IdentityFate, IdentityGuards, JobMarks, UnmatchedJob, decide,
    matching::OwnJob,
};
use weir_model::{
    Ad, Alert, Field, Fingerprint, Hash, HoldKind, NewHold, Problem, ReadId, ReadState,
    RelationTable,
};
use weir_project::plan::SourcePlan;
use weir_stage::{AdDraft, ReadEnd, SourceContext, StageKind, waiting};
use weir_store::identity::{self, ReleasedIds, RunStamp, UnseenJob};
use weir_store::views::newest;
use weir_store::work::{self, AdSelection};
use weir_store::{BatchConnection, PgConnection, StoreError, holds, relations, settle};

/// The error types of ads that wait because their ids are in doubt.
const RECYCLED: &str = "recycled_id";
const RENUMBERED: &str = "renumbered_id";

/// What came of asking.
#[derive(Debug, Default)]
pub(super) struct SortedAds {
    /// Ads that are not derived before more is known.
    pub left_out: BTreeSet<String>,
    /// Jobs archived, as their ids stand for other jobs.
    pub archived: usize,
}

/// Whether the ads of a source must wait for the end of its read: it guards its ids, and there are
/// jobs that they could be.
pub(super) async fn bars(run: &RunningPlan<'_>, setting: &SourceContext) -> Result<bool, RunError> {
    let mut held = run.lane.hold().await?;
    Ok(settle::has_jobs(&mut held, &setting.stream).await?)
}

/// Sorts out which ad is which job.
pub(super) async fn sort_out(
    run: &RunningPlan<'_>,
    setting: &SourceContext,
    flow: &SourcePlan,
    guards: &IdentityGuards,
    end: ReadEnd,
) -> Result<SortedAds, RunError> {
    let mut held = run.lane.hold().await?;
    let mut seen = arrivals(setting, flow, guards, &mut held, end.read).await?;
    if guards.renumbered.is_some() && !seen.arrivals.is_empty() {
        seen.adrift
            .extend(unseen(setting, flow, guards, &mut held, end.read).await?);
    }
    let released = identity::released(&mut held, &setting.stream).await?;
    seen.keep_to(released.as_deref().unwrap_or_default());
    let open = settle::on_board(&mut held, &setting.stream, setting.at, Some(1)).await?;
    let decision = decide(guards, &seen.arrivals, &seen.adrift, open);
    let sight = RunStamp {
        run: setting.run,
        at: setting.at,
    };
    let is_complete = end.state == ReadState::Complete;
    let case = IdentityCase {
        run,
        setting,
        flow,
        guards,
        open,
        sight,
        is_whole: is_complete || guards.renumbered.is_none(),
        is_clear: is_complete || seen.gone.is_empty(),
        released,
    };
    case.settle(&mut held, &seen, &decision).await
}

/// What a read brought.
#[derive(Default)]
struct ReadContents {
    arrivals: Vec<ArrivedAd>,
    /// The documents of the arrivals that are not recognised as their jobs.
    documents: HashMap<String, Hash>,
    adrift: Vec<UnmatchedJob>,
    /// Ads that waited for more to be known, and are not listed any more.
    gone: Vec<String>,
}

/// The ads with new content, each beside the job that its id stands for.
async fn arrivals(
    setting: &SourceContext,
    flow: &SourcePlan,
    guards: &IdentityGuards,
    held: &mut BatchConnection,
    read: ReadId,
) -> Result<ReadContents, RunError> {
    let (mut seen, mut last) = (ReadContents::default(), String::new());
    loop {
        let ads = work::after(
            held,
            &setting.stream,
            setting.fingerprint,
            setting.at,
            &last,
            flow.batch,
            AdSelection::Changed,
        )
        .await?;
        let Some(ad) = ads.last() else {
            return Ok(seen);
        };
        last.clone_from(&ad.external_id);
        let remapped = remapped(setting, held, &ads).await?;
        let drafts = derived(setting, flow, held, ads).await?;
        let jobs = marks_of(
            setting,
            guards,
            held,
            &drafts
                .iter()
                .filter_map(|draft| Some(draft.ad.published.as_ref()?.job_id))
                .collect::<Vec<_>>(),
        )
        .await?;
        for draft in drafts.iter().filter(|draft| {
            !draft
                .ad
                .derived_fingerprint
                .is_some_and(|by| remapped.contains(&by))
        }) {
            seen.add(guards, draft, &jobs, read);
        }
    }
}

impl ReadContents {
    /// What a person has said of an ad with this content stands, whatever else the read has
    /// brought.
    fn keep_to(&mut self, released: &[ReleasedIds]) {
        let said: HashMap<&str, &ReleasedIds> =
            released.iter().map(|one| (one.ad.as_str(), one)).collect();
        for arrival in &mut self.arrivals {
            let Some(said) = said
                .get(arrival.ad.as_str())
                .filter(|said| said.mark == arrival.mark.to_string())
            else {
                continue;
            };
            let Some(own) = arrival.own.as_mut().filter(|own| !own.is_same) else {
                continue;
            };
            own.is_described_alike = !said.archives;
            own.unlike = said.archives.then(|| {
                own.unlike
                    .take()
                    .unwrap_or_else(|| "decided by an operator".to_owned())
            });
        }
    }

    fn add(
        &mut self,
        guards: &IdentityGuards,
        draft: &AdDraft,
        jobs: &HashMap<Uuid, JobMarks>,
        read: ReadId,
    ) {
        let new = guards.marks(&draft.job, draft.company_name());
        let ad = draft.ad.external_id.clone();
        let published = draft
            .ad
            .published
            .as_ref()
            .and_then(|published| Some((published, jobs.get(&published.job_id)?)));
        let own = published.map(|(published, old)| OwnJob {
            job: published.job_id,
            is_open: published.archived_as.is_none(),
            is_same: old.key == new.key,
            unlike: guards.unlike(old, &new),
            is_described_alike: old.text.is_some() && old.text == new.text,
            sketch: old.sketch.clone(),
        });
        if !draft.ad.is_listed || read == NO_READ {
            self.gone.extend(
                own.filter(|own| !own.is_same || own.unlike.is_some())
                    .map(|_| ad),
            );
            return;
        }
        let open = published
            .filter(|(published, old)| published.archived_as.is_none() && old.key != new.key);
        self.adrift
            .extend(open.and_then(|(published, old)| adrift(published.job_id, &ad, false, old)));
        if own.as_ref().is_none_or(|own| !own.is_same) {
            self.documents.insert(ad.clone(), draft.ad.content_hash);
        }
        self.arrivals.push(ArrivedAd {
            ad,
            key: new.key,
            text: new.text,
            mark: new.hash(),
            sketch: new.sketch,
            own,
        });
    }
}

fn adrift(job: Uuid, ad: &str, was_missing: bool, marks: &JobMarks) -> Option<UnmatchedJob> {
    Some(UnmatchedJob {
        job,
        ad: ad.to_owned(),
        was_missing,
        key: marks.key?,
        text: marks.text,
    })
}

/// The fingerprints under which other mappings were in force: what they derived cannot be compared
/// with what is derived now.
async fn remapped(
    setting: &SourceContext,
    held: &mut BatchConnection,
    ads: &[Ad],
) -> Result<BTreeSet<Fingerprint>, RunError> {
    let older = segment::older_parts(held, setting, ads).await?;
    let is_remapped = |parts: &Json| {
        setting
            .parts
            .changed_since(parts)
            .iter()
            .any(|part| part.starts_with("mapping of "))
    };
    Ok(older
        .into_iter()
        .filter(|(_, parts)| is_remapped(parts))
        .map(|(by, _)| by)
        .collect())
}

/// The fields of ads, and the names of their companies: the record stages before any judgement.
async fn derived(
    setting: &SourceContext,
    flow: &SourcePlan,
    held: &mut PgConnection,
    ads: Vec<Ad>,
) -> Result<Vec<AdDraft>, RunError> {
    let mut drafts: Vec<AdDraft> = ads.into_iter().map(AdDraft::new).collect();
    for stage in flow
        .record_stages()
        .filter(|stage| !matches!(stage.kind(), StageKind::Classify | StageKind::Validate))
    {
        stage.look_up(held, setting, &mut drafts).await?;
        drafts.iter_mut().for_each(|draft| {
            segment::guarded(draft, stage.kind().name(), |draft| {
                stage.record(setting, draft);
            });
        });
    }
    Ok(drafts)
}

async fn marks_of(
    setting: &SourceContext,
    guards: &IdentityGuards,
    held: &mut BatchConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, JobMarks>, RunError> {
    let jobs = newest::load(held, &setting.stream, ids).await?;
    let companies: Vec<Uuid> = jobs.values().filter_map(|job| job.company_id).collect();
    let names = relations::names(
        held,
        RelationTable::Companies,
        setting.stream.institution,
        &companies,
    )
    .await?;
    let company = |id: Option<Uuid>| id.and_then(|id| names.get(&id)).map(String::as_str);
    Ok(jobs
        .into_iter()
        .map(|(id, job)| (id, guards.marks(&job, company(job.company_id))))
        .collect())
}

/// The open jobs whose ids the read did not contain.
async fn unseen(
    setting: &SourceContext,
    flow: &SourcePlan,
    guards: &IdentityGuards,
    held: &mut BatchConnection,
    read: ReadId,
) -> Result<Vec<UnmatchedJob>, RunError> {
    let (mut all, mut last) = (Vec::new(), String::new());
    loop {
        let ads =
            identity::unseen(held, &setting.stream, read, setting.at, &last, flow.batch).await?;
        let Some(UnseenJob { ad, .. }) = ads.last() else {
            return Ok(all);
        };
        last.clone_from(ad);
        let marks = marks_of(
            setting,
            guards,
            held,
            &ads.iter().map(|one| one.job).collect::<Vec<_>>(),
        )
        .await?;
        all.extend(
            ads.iter()
                .filter_map(|one| adrift(one.job, &one.ad, one.was_missing, marks.get(&one.job)?)),
        );
    }
}

/// One source about to be sorted out.
struct IdentityCase<'r> {
    run: &'r RunningPlan<'r>,
    setting: &'r SourceContext,
    flow: &'r SourcePlan,
    guards: &'r IdentityGuards,
    open: i64,
    sight: RunStamp,
    /// Whether the read can tell ids that are new.
    is_whole: bool,
    /// Whether no ad in doubt was out of its sight.
    is_clear: bool,
    /// What a person has said of the ads of an earlier read.
    released: Option<Vec<ReleasedIds>>,
}

impl IdentityCase<'_> {
    /// T2a.
    async fn settle(
        &self,
        held: &mut BatchConnection,
        seen: &ReadContents,
        decision: &IdentityDecision,
    ) -> Result<SortedAds, RunError> {
        let stream = &self.setting.stream;
        let mut tx = held.begin_batch().await?;
        let too_many = self
            .guards
            .at_most
            .exceeded_by(decision.archives(), self.open);
        let mut sorted = if decision.ads().is_empty() {
            self.end_doubt(&mut tx, "its ids are consistent again")
                .await?;
            SortedAds::default()
        } else if !self.is_whole {
            self.run
                .raise(&mut tx, self.waits_for_a_whole_read(decision))
                .await?;
            self.leave(&mut tx, seen, decision, "waits for a complete read")
                .await?
        } else if too_many && !self.is_released(&mut tx, decision).await? {
            self.ask(&mut tx, seen, decision).await?;
            self.leave(&mut tx, seen, decision, "held for an operator")
                .await?
        } else {
            self.apply(&mut tx, decision).await?
        };
        sorted.left_out.extend(seen.gone.iter().cloned());
        self.run.emit(RunEvent::IdentitySettled {
            institution: self.setting.slug.clone(),
            source: stream.source.clone(),
            moved: decision.moves.len(),
            archived: sorted.archived,
            left_out: sorted.left_out.len(),
        })?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(sorted)
    }

    /// A release is about the ads that the person was shown, with the content that they had. A few
    /// more, as a board that changes daily has, would need no release by themselves.
    async fn is_released(
        &self,
        tx: &mut PgConnection,
        decision: &IdentityDecision,
    ) -> Result<bool, RunError> {
        let Some(released) = &self.released else {
            return Ok(false);
        };
        let named: BTreeSet<(&str, &str)> = released
            .iter()
            .filter(|one| one.archives)
            .map(|one| (one.ad.as_str(), one.mark.as_str()))
            .collect();
        if self
            .guards
            .at_most
            .exceeded_by(decision.archives_beyond(&named), self.open)
        {
            return Ok(false);
        }
        identity::use_release(tx, &self.setting.stream, self.sight.run).await?;
        Ok(true)
    }

    /// The question, and an answer to it that was not used, end with the doubt: months later they
    /// would be about other ads.
    async fn end_doubt(&self, tx: &mut PgConnection, why: &str) -> Result<(), RunError> {
        if self.is_clear {
            let stream = &self.setting.stream;
            holds::end(
                tx,
                stream,
                HoldKind::Identity,
                &[&stream.source],
                self.sight.at,
                why,
            )
            .await?;
            identity::end_release(tx, stream, self.sight.at, why).await?;
        }
        Ok(())
    }

    /// While ids are in doubt, no ad that may be another job is taken for its own. Each waits with
    /// what its id stood for before; what was held of it before was about other content.
    async fn leave(
        &self,
        tx: &mut PgConnection,
        seen: &ReadContents,
        decision: &IdentityDecision,
        until: &str,
    ) -> Result<SortedAds, RunError> {
        let stream = &self.setting.stream;
        let sorts: BTreeMap<&str, Problem> = decision
            .sorts(&seen.arrivals)
            .into_iter()
            .map(|(ad, sort)| (ad.ad.as_str(), in_doubt(ad, sort, until)))
            .collect();
        self.stage(tx, &sorts).await?;
        let ads: Vec<&str> = sorts.keys().copied().collect();
        holds::end(
            tx,
            stream,
            HoldKind::Job,
            &ads,
            self.sight.at,
            "new content arrived, and its id is in doubt",
        )
        .await?;
        identity::leave(tx, stream, &ads).await?;
        Ok(SortedAds {
            left_out: ads.into_iter().map(str::to_owned).collect(),
            archived: 0,
        })
    }

    /// The ads in doubt are derived once more, batch by batch, so that memory stays flat however
    /// many there are.
    async fn stage(
        &self,
        tx: &mut PgConnection,
        sorts: &BTreeMap<&str, Problem>,
    ) -> Result<(), RunError> {
        let (setting, flow, mut last) = (self.setting, self.flow, String::new());
        loop {
            let mut ads = work::after(
                tx,
                &setting.stream,
                setting.fingerprint,
                setting.at,
                &last,
                flow.batch,
                AdSelection::Changed,
            )
            .await?;
            let Some(ad) = ads.last() else { return Ok(()) };
            last.clone_from(&ad.external_id);
            ads.retain(|ad| sorts.contains_key(ad.external_id.as_str()));
            let mut drafts = derived(setting, flow, tx, ads).await?;
            drafts.iter_mut().for_each(|draft| {
                draft.problems = sorts
                    .get(draft.ad.external_id.as_str())
                    .cloned()
                    .into_iter()
                    .collect();
            });
            waiting::in_doubt(tx, setting, &drafts).await?;
        }
    }

    async fn apply(
        &self,
        tx: &mut PgConnection,
        decision: &IdentityDecision,
    ) -> Result<SortedAds, RunError> {
        let stream = &self.setting.stream;
        identity::apply(tx, stream, self.sight, decision).await?;
        self.end_doubt(tx, "within the limit again").await?;
        if !decision.moves.is_empty() {
            self.run.raise(tx, self.renumbered(decision)).await?;
        }
        Ok(SortedAds {
            archived: usize::try_from(decision.archives()).unwrap_or_default(),
            ..SortedAds::default()
        })
    }

    async fn ask(
        &self,
        tx: &mut PgConnection,
        seen: &ReadContents,
        decision: &IdentityDecision,
    ) -> Result<(), RunError> {
        let (source, share) = (&self.setting.stream.source, self.guards.at_most);
        let (lost, open) = (decision.archives(), self.open);
        let sorts = decision.sorts(&seen.arrivals);
        let others = match sorts
            .iter()
            .filter(|(_, sort)| !matches!(sort, IdentityFate::Archive(_)))
            .count()
        {
            0 => String::new(),
            others => format!(", and the content of {others} more changed"),
        };
        let reason = format!(
            "the ids of {lost} of {open} open jobs of `{source}` now belong to other jobs, more than {share}{others}: no job was changed"
        );
        let ads: Vec<&str> = sorts.iter().map(|(ad, _)| ad.ad.as_str()).collect();
        let jobs: Vec<Json> = sorts
            .iter()
            .map(|(ad, sort)| seen.entry(ad, *sort))
            .collect();
        let details =
            json!({ "open": open, "ads": ads, "moves": decision.moves.len(), "jobs": jobs });
        let hold = NewHold {
            kind: HoldKind::Identity,
            subject: source.clone(),
            reason: reason.clone(),
            details,
        };
        holds::open(
            tx,
            &self.setting.stream,
            self.sight.run,
            self.sight.at,
            &[hold],
        )
        .await?;
        identity::end_release(
            tx,
            &self.setting.stream,
            self.sight.at,
            "many other ids are in doubt",
        )
        .await?;
        let message = format!(
            "{reason}; see `weir holds list`: `release` archives them and creates the new jobs, `discard` treats the ads as updates"
        );
        self.run
            .raise(
                tx,
                Alert {
                    source: source.clone(),
                    kind: "recycled",
                    severity: "error",
                    message,
                },
            )
            .await
    }

    fn renumbered(&self, decision: &IdentityDecision) -> Alert {
        let source = self.setting.stream.source.clone();
        let message = format!(
            "source `{source}` has renumbered its ads: {} of {} open jobs continue under new ids",
            decision.moves.len(),
            self.open
        );
        Alert {
            source,
            kind: "renumbered",
            severity: "warn",
            message,
        }
    }

    fn waits_for_a_whole_read(&self, decision: &IdentityDecision) -> Alert {
        let source = self.setting.stream.source.clone();
        let message = format!(
            "source `{source}` seems to have renumbered its ads, but was read only partially: {} ads wait for a complete read",
            decision.ads().len()
        );
        Alert {
            source,
            kind: "renumbered",
            severity: "warn",
            message,
        }
    }
}

impl ReadContents {
    /// An ad as a person is shown it: what its id stood for, what it stands for now, and what
    /// becomes of it.
    fn entry(&self, ad: &ArrivedAd, sort: IdentityFate<'_>) -> Json {
        let (does, why, from) = match sort {
            IdentityFate::Archive(displaced) => ("archive", Some(displaced.why.as_str()), None),
            IdentityFate::Move(moved) => ("move", None, Some(moved.from.as_str())),
            IdentityFate::Update => ("update", None, None),
        };
        let mut entry =
            json!({ "ad": ad.ad, "does": does, "new": ad.sketch, "mark": ad.mark.to_string() });
        let known = [
            ("why", why.map(Json::from)),
            ("from", from.map(Json::from)),
            ("old", ad.own.as_ref().map(|own| json!(own.sketch))),
            (
                "document",
                self.documents
                    .get(&ad.ad)
                    .map(|document| document.to_string().into()),
            ),
        ];
        if let Some(entry) = entry.as_object_mut() {
            entry.extend(
                known
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?))),
            );
        }
        entry
    }
}

/// Why an ad waits: what its id stood for, beside what it stands for now.
fn in_doubt(ad: &ArrivedAd, sort: IdentityFate<'_>, until: &str) -> Problem {
    let now = ad.sketch.words();
    let was = ad
        .own
        .as_ref()
        .map(|own| own.sketch.words())
        .unwrap_or_default();
    let (kind, message) = match sort {
        IdentityFate::Archive(displaced) => (
            RECYCLED,
            format!(
                "the id belonged to {was}, and now belongs to {now} ({})",
                displaced.why
            ),
        ),
        IdentityFate::Update => (
            RECYCLED,
            format!(
                "the id belonged to {was}, and now belongs to {now}; many ids of its source now belong to other jobs"
            ),
        ),
        IdentityFate::Move(moved) => (RENUMBERED, format!("{now} had the id `{}`", moved.from)),
    };
    Problem::error(kind, Field::Title.name(), format!("{message}: {until}"))
}
