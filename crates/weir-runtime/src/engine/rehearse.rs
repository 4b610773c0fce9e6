//! The working copy of the YAML against what is stored, before anyone else is affected: the stored
//! ads flow through the same stages as in a run, on all cores, and instead of being written each is
//! compared with how it stands. Nothing is fetched, locked or written.

use super::dedupe;
use super::opening_counts::OpeningCounts;
use super::preview::setting;
use super::{RunError, segment};
use futures::TryStreamExt;
use futures::future::LocalBoxFuture;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use weir_model::{
    Ad, Clock, Fingerprint, FingerprintParts, Outcome, Problem, ProblemSeverity, RolledBack,
};
use weir_project::plan::{Plan, SourcePlan};
use weir_rule::ScriptSandbox;
use weir_stage::classify::reasons;
use weir_stage::{AdDraft, ForeseenChange, SourceContext, pay};
use weir_store::views::newest;
use weir_store::work::{self, AdSelection};
use weir_store::{Store, WriteSession, runs, staging};

/// How to rehearse.
#[derive(Debug, Clone, Copy)]
pub struct RehearsalRequest {
    /// The instant that rules see as today.
    pub at: Clock,
    /// Judge every stored ad, not only those that the edit can affect.
    pub all: bool,
    /// Examples that are kept of each kind.
    pub examples: usize,
}

/// What the working copy would do to the stored ads of one source.
#[derive(Debug, Default, Serialize)]
pub struct Rehearsal {
    /// The source.
    pub source: String,
    /// What was edited since the ads were derived.
    pub edited: BTreeSet<String>,
    /// Whether any ad of it is stored.
    pub stored: bool,
    /// Whether a run may hold all of it as unusual, which only its read can tell.
    pub may_be_held: bool,
    /// Ads that were judged.
    pub judged: usize,
    /// How many would be created, updated, reopened, unchanged, rejected, held, failed.
    pub foreseen: BTreeMap<&'static str, usize>,
    /// Verdicts that would change: from how an ad stands to how it would.
    pub turns: BTreeMap<String, RehearsedAds>,
    /// What the next run would do for another reason than the edit, by what it is.
    pub anyway: BTreeMap<String, RehearsedAds>,
    /// By rule (or error type and field): who begins to fail and who stops.
    pub rules: BTreeMap<String, RuleVerdicts>,
    /// By field: values that would change.
    pub fields: BTreeMap<String, RehearsedAds>,
}

/// Ads of one kind.
#[derive(Debug, Default, Serialize)]
pub struct RehearsedAds {
    /// How many.
    pub count: usize,
    /// A few of them.
    pub examples: Vec<AdExample>,
}

/// What one rule says now, and what it said.
#[derive(Debug, Default, Serialize)]
pub struct RuleVerdicts {
    /// Ads against which it speaks.
    pub fails: usize,
    /// Of them, only as a warning.
    pub warns: usize,
    /// Of these, ads that it warns of since it is new or edited; with `all`, every one.
    pub warned: RehearsedAds,
    /// Ads against which it did not speak.
    pub begins: RehearsedAds,
    /// Ads against which it no longer speaks.
    pub ends: RehearsedAds,
}

/// One ad.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdExample {
    /// The source's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why, or the values: `old -> new`.
    pub what: String,
}

/// What the working copy would do to the stored ads of one institution.
#[derive(Debug)]
pub struct InstitutionRehearsal {
    /// Its sources.
    pub sources: Vec<Rehearsal>,
    /// What would become of its openings, if their settings were edited.
    pub openings: Option<OpeningCounts>,
}

/// Rehearses all sources of an institution.
///
/// # Errors
/// The database failed, or a worker broke.
pub fn rehearse_institution<'f>(
    store: &'f Store,
    sandbox: &'f Arc<ScriptSandbox>,
    plan: &'f Plan,
    asked: RehearsalRequest,
) -> LocalBoxFuture<'f, Result<InstitutionRehearsal, RunError>> {
    Box::pin(async move {
        let mut sources = Vec::new();
        for flow in &plan.flows {
            sources.push(rehearse(store, sandbox, plan, flow, asked, &|_, _| ()).await?);
        }
        Ok(InstitutionRehearsal {
            sources,
            openings: dedupe::rehearse(store, plan, asked.at).await?,
        })
    })
}

/// Who wants to know what is foreseen for each single ad.
pub type RehearsalWatcher<'w> = &'w (dyn Fn(&str, &ForeseenChange) + Sync);

/// Rehearses one source.
///
/// # Errors
/// The database failed, or a worker broke.
pub fn rehearse<'f>(
    store: &'f Store,
    sandbox: &'f Arc<ScriptSandbox>,
    plan: &'f Plan,
    flow: &'f SourcePlan,
    asked: RehearsalRequest,
    watcher: RehearsalWatcher<'f>,
) -> LocalBoxFuture<'f, Result<Rehearsal, RunError>> {
    Box::pin(async move {
        let setting = Arc::new(setting(sandbox, plan, flow, asked.at));
        let lane = store.lane();
        let outcome = Mutex::new(Rehearsal {
            source: flow.source.clone(),
            ..Rehearsal::default()
        });
        let which = if asked.all {
            AdSelection::Stored
        } else {
            AdSelection::All
        };
        let judging = |ads: Vec<Ad>| {
            let (lane, setting, outcome) = (&lane, &setting, &outcome);
            async move {
                let batch = judge(lane, setting, flow, ads).await?;
                let mut outcome = outcome
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                for one in &batch {
                    watcher(&one.draft.ad.external_id, &one.foreseen);
                    outcome.add(one, asked);
                }
                Ok(())
            }
        };
        each_batch(&lane, &setting, flow, which, judging).await?;
        let mut rehearsal = outcome
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        rehearsal.may_be_held = flow.quality.hold;
        rehearsal.edited = edited(&lane, &setting, asked.at).await?;
        rehearsal.stored = rehearsal.judged > 0 || is_stored(&lane, &setting, asked.at).await?;
        rehearsal.sort();
        Ok(rehearsal)
    })
}

/// Judges stored ads batch by batch, as many batches side by side as there are lanes.
pub(super) async fn each_batch<J, R>(
    lane: &WriteSession,
    setting: &SourceContext,
    flow: &SourcePlan,
    which: AdSelection,
    judging: J,
) -> Result<(), RunError>
where
    J: Fn(Vec<Ad>) -> R,
    R: Future<Output = Result<(), RunError>>,
{
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let finding = find(lane, setting, flow, which, sender);
    let batches = futures::stream::unfold(receiver, |mut batches| async move {
        batches.recv().await.map(|batch| (Ok(batch), batches))
    });
    let judging = batches.try_for_each_concurrent(lane.width(), judging);
    let (found, judged): (Result<(), RunError>, Result<(), RunError>) =
        tokio::join!(finding, judging);
    judged.and(found)
}

async fn find(
    lane: &WriteSession,
    setting: &SourceContext,
    flow: &SourcePlan,
    which: AdSelection,
    sender: tokio::sync::mpsc::Sender<Vec<Ad>>,
) -> Result<(), RunError> {
    let mut last = String::new();
    loop {
        // Not held while the judging side, which needs a connection too, is waited for.
        let mut held = lane.hold().await?;
        let ads = work::after(
            &mut held,
            &setting.stream,
            setting.fingerprint,
            setting.at,
            &last,
            flow.batch,
            which,
        )
        .await?;
        drop(held);
        let Some(ad) = ads.last() else { return Ok(()) };
        last.clone_from(&ad.external_id);
        if sender.send(ads).await.is_err() {
            return Ok(());
        }
    }
}

/// Whether any ad of the source is stored.
async fn is_stored(
    lane: &WriteSession,
    setting: &SourceContext,
    at: Clock,
) -> Result<bool, RunError> {
    let mut held = lane.hold().await?;
    let first = work::after(
        &mut held,
        &setting.stream,
        setting.fingerprint,
        at,
        "",
        1,
        AdSelection::Stored,
    )
    .await?;
    Ok(!first.is_empty())
}

/// What has been edited since the stored ads were derived, by name.
async fn edited(
    lane: &WriteSession,
    setting: &SourceContext,
    at: Clock,
) -> Result<BTreeSet<String>, RunError> {
    let mut held = lane.hold().await?;
    let pending = work::pending(&mut held, &setting.stream, setting.fingerprint, at).await?;
    let older: Vec<Fingerprint> = pending
        .iter()
        .filter_map(|one| one.derived_by)
        .filter(|by| *by != setting.fingerprint)
        .collect();
    let known = runs::fingerprint_parts(&mut held, setting.stream.institution, &older).await?;
    Ok(known
        .values()
        .flat_map(|old| FingerprintParts::changed_since(&setting.parts, old))
        .collect())
}

/// One ad, how it stood and how it would stand.
struct RehearsedAd {
    draft: AdDraft,
    foreseen: ForeseenChange,
    /// What was said against it, as stored.
    before: Vec<Problem>,
    /// What has been edited since it was derived; nothing if it never was.
    edited: Option<Vec<String>>,
}

impl RehearsedAd {
    /// Whether what speaks is new to this ad, a value that an edited mapping no longer reads
    /// included: warnings of ads that pass are not stored.
    fn is_new(&self, problem: &Problem) -> bool {
        let Some(edited) = &self.edited else {
            return true;
        };
        let is_it = |part: &String| {
            part.strip_prefix("rule ")
                .and_then(|name| name.rsplit('/').next())
                == problem.rule.as_deref()
        };
        let mapping = problem.field.as_deref().map(|field| {
            if pay::FIELDS.contains(&field) {
                "mapping of pay".to_owned()
            } else {
                format!("mapping of {field}")
            }
        });
        match &problem.rule {
            Some(_) => edited.iter().any(is_it),
            None => mapping.is_some_and(|mapping| edited.contains(&mapping)),
        }
    }
}

impl RehearsedAd {
    /// How the ad would stand.
    fn after(&self) -> &'static str {
        match self.foreseen {
            ForeseenChange::Create
            | ForeseenChange::Update(..)
            | ForeseenChange::Reopen(..)
            | ForeseenChange::Unchanged
                if self.draft.ad.discarded =>
            {
                stands(&self.draft)
            }
            ForeseenChange::Create
            | ForeseenChange::Update(..)
            | ForeseenChange::Reopen(..)
            | ForeseenChange::Unchanged => "published",
            ForeseenChange::Reject => "rejected",
            ForeseenChange::Hold => "held",
            ForeseenChange::Fail => "failed",
        }
    }

    /// Why the next run would treat the ad otherwise, if not for what was edited.
    fn other_cause(&self) -> Option<&'static str> {
        let ad = &self.draft.ad;
        if ad.released && ad.outcome != Outcome::Published {
            return Some("because an operator released it");
        }
        if self
            .before
            .iter()
            .any(|problem| problem.kind == RolledBack::KIND)
        {
            return Some("because any edit ends the hold of a rollback");
        }
        (ad.derived_hash
            .is_some_and(|derived| derived != ad.content_hash))
        .then_some("because its content is new")
    }
}

/// The old and the new value of each field that changes, custom fields one by one.
fn each_field(changes: &Map<String, Json>) -> Vec<(String, [&Json; 2])> {
    const NOTHING: &Json = &Json::Null;
    let mut all = Vec::new();
    for (field, change) in changes {
        let [old, new] = ["old", "new"].map(|side| change.get(side).unwrap_or(NOTHING));
        let customs: BTreeSet<&String> = [old, new]
            .into_iter()
            .filter(|_| field == "extra")
            .filter_map(Json::as_object)
            .flat_map(Map::keys)
            .collect();
        if customs.is_empty() {
            all.push((field.clone(), [old, new]));
        }
        for custom in customs {
            let [old, new] = [old, new].map(|side| side.get(custom).unwrap_or(NOTHING));
            if old != new {
                all.push((custom.clone(), [old, new]));
            }
        }
    }
    all
}

async fn judge(
    lane: &WriteSession,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    ads: Vec<Ad>,
) -> Result<Vec<RehearsedAd>, RunError> {
    let mut held = lane.hold().await?;
    let history = segment::older_parts(&mut held, setting, &ads).await?;
    let waiting: Vec<&str> = ads
        .iter()
        .filter(|ad| !matches!(ad.outcome, Outcome::Published | Outcome::Pending))
        .map(|ad| ad.external_id.as_str())
        .collect();
    let mut before = staging::reasons(&mut held, &setting.stream, &waiting).await?;
    let drafts = segment::derived(setting, flow.record_stages(), &mut held, ads).await?;
    let Some(promote) = flow.promote() else {
        return Ok(Vec::new());
    };
    let old = newest::load(&mut held, &setting.stream, &promote.compared_with(&drafts)).await?;
    drop(held);
    let foreseen: Vec<ForeseenChange> = drafts
        .par_iter()
        .map(|draft| promote.foresee(setting, draft, &old, &history))
        .collect();
    let judged = drafts.into_iter().zip(foreseen).map(|(draft, foreseen)| {
        let before = before.remove(&draft.ad.external_id).unwrap_or_default();
        let derived_by = draft.ad.derived_fingerprint.map(|by| {
            if by == setting.fingerprint {
                None
            } else {
                history.get(&by)
            }
        });
        let edited = derived_by.map(|old| {
            old.map(|old| setting.parts.changed_since(old))
                .unwrap_or_default()
        });
        RehearsedAd {
            draft,
            foreseen,
            before,
            edited,
        }
    });
    Ok(judged.collect())
}

impl Rehearsal {
    fn add(&mut self, one: &RehearsedAd, asked: RehearsalRequest) {
        let examples = asked.examples;
        self.judged += 1;
        *self.foreseen.entry(one.foreseen.name()).or_default() += 1;
        if let Some(cause) = one.other_cause() {
            return self.add_anyway(one, cause, examples);
        }
        self.add_turn(one, examples);
        self.add_rules(one, examples);
        self.add_warnings(one, asked);
        if let ForeseenChange::Update(changes, _) | ForeseenChange::Reopen(changes, _) =
            &one.foreseen
        {
            for (field, [old, new]) in each_field(changes) {
                let decided = reasons::reasons(&[(field.as_str(), old, new)], &[]).pop();
                let what = decided.unwrap_or_else(|| format!("{} -> {}", shown(old), shown(new)));
                self.fields
                    .entry(field)
                    .or_default()
                    .add(one, what, examples);
            }
        }
    }

    fn add_anyway(&mut self, one: &RehearsedAd, cause: &str, examples: usize) {
        let (before, after) = (stands(&one.draft), one.after());
        if before != after
            || !matches!(
                one.foreseen,
                ForeseenChange::Unchanged
                    | ForeseenChange::Reject
                    | ForeseenChange::Hold
                    | ForeseenChange::Fail
            )
        {
            let why: Vec<&str> = errors(&one.draft.problems)
                .into_values()
                .map(|problem| problem.message.as_str())
                .collect();
            self.anyway
                .entry(format!("{before} -> {after}, {cause}"))
                .or_default()
                .add(one, why.join("; "), examples);
        }
    }

    fn add_turn(&mut self, one: &RehearsedAd, examples: usize) {
        let (before, after) = (stands(&one.draft), one.after());
        if before != after {
            let why: Vec<&str> = errors(&one.draft.problems)
                .into_values()
                .map(|problem| problem.message.as_str())
                .collect();
            self.turns
                .entry(format!("{before} -> {after}"))
                .or_default()
                .add(one, why.join("; "), examples);
        }
    }

    fn add_rules(&mut self, one: &RehearsedAd, examples: usize) {
        let before = errors(&one.before);
        let now = errors(&one.draft.problems);
        for problem in &one.draft.problems {
            let verdicts = self.rules.entry(name_of(problem)).or_default();
            verdicts.fails += 1;
            verdicts.warns += usize::from(problem.severity == ProblemSeverity::Warn);
        }
        for (name, problem) in now.iter().filter(|(name, _)| !before.contains_key(*name)) {
            self.rules.entry(name.clone()).or_default().begins.add(
                one,
                problem.message.clone(),
                examples,
            );
        }
        for (name, problem) in before
            .into_iter()
            .filter(|(name, _)| !now.contains_key(name))
        {
            self.rules
                .entry(name)
                .or_default()
                .ends
                .add(one, problem.message.clone(), examples);
        }
    }

    fn add_warnings(&mut self, one: &RehearsedAd, asked: RehearsalRequest) {
        let warnings = one
            .draft
            .problems
            .iter()
            .filter(|problem| problem.severity == ProblemSeverity::Warn);
        for problem in warnings.filter(|problem| asked.all || one.is_new(problem)) {
            self.rules.entry(name_of(problem)).or_default().warned.add(
                one,
                problem.message.clone(),
                asked.examples,
            );
        }
    }

    /// Whether nothing would change.
    pub fn is_quiet(&self) -> bool {
        self.turns.is_empty()
            && self.anyway.is_empty()
            && self.fields.is_empty()
            && self
                .rules
                .values()
                .all(|rule| rule.begins.count + rule.ends.count == 0)
    }

    /// The same examples in the same order, whichever batch came first.
    fn sort(&mut self) {
        let kinds = self
            .turns
            .values_mut()
            .chain(self.anyway.values_mut())
            .chain(self.fields.values_mut());
        let kinds = kinds.chain(
            self.rules
                .values_mut()
                .flat_map(|rule| [&mut rule.begins, &mut rule.ends, &mut rule.warned]),
        );
        kinds.for_each(|kind| kind.examples.sort_by(|one, other| one.id.cmp(&other.id)));
    }
}

impl RehearsedAds {
    /// Counts an ad; those with the smallest ids are kept as examples.
    fn add(&mut self, one: &RehearsedAd, what: String, examples: usize) {
        self.count += 1;
        let title = one
            .draft
            .job
            .get(weir_model::Field::Title)
            .as_text()
            .unwrap_or_default()
            .to_owned();
        self.examples.push(AdExample {
            id: one.draft.ad.external_id.clone(),
            title,
            what,
        });
        if self.examples.len() > examples {
            self.examples.sort_by(|one, other| one.id.cmp(&other.id));
            self.examples.truncate(examples);
        }
    }
}

/// How an ad stands before.
fn stands(draft: &AdDraft) -> &'static str {
    match draft.ad.outcome {
        Outcome::Pending => "new",
        other => other.name(),
    }
}

/// What refuses, by what speaks.
fn errors(problems: &[Problem]) -> BTreeMap<String, &Problem> {
    problems
        .iter()
        .filter(|problem| problem.severity == ProblemSeverity::Error)
        .map(|problem| (name_of(problem), problem))
        .collect()
}

/// What speaks: the rule, or the error type and field.
fn name_of(problem: &Problem) -> String {
    problem
        .rule
        .clone()
        .unwrap_or_else(|| match &problem.field {
            Some(field) => format!("{} {field}", problem.kind),
            None => problem.kind.clone(),
        })
}

fn shown(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
