//! Two versions of a rule side by side: the stored ads flow through the stages of today up to the
//! one that validates, and both versions judge each. It answers what a rehearsal cannot, which knows
//! the working copy and how ads stand: what did an edit of last month do, on the ads of today?
//! Nothing is fetched, locked or written.

use super::RunError;
use super::preview::setting;
use super::rehearse::{AdExample, each_batch};
use super::segment;
use futures::future::LocalBoxFuture;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use weir_model::{Ad, Clock, Field, Hash, ProblemSeverity};
use weir_project::plan::{Plan, SourcePlan};
use weir_rule::{CompiledRule, RuleVerdict, ScriptBindings, ScriptSandbox, recall};
use weir_stage::validate::ValidateStage;
use weir_stage::{AdDraft, SourceContext, Stage, StageKind};
use weir_store::work::AdSelection;
use weir_store::{Store, WriteSession};

/// Two versions of a rule.
#[derive(Debug, Clone)]
pub struct RulePair {
    /// Its set.
    pub set: String,
    /// The older version.
    pub old: Arc<CompiledRule>,
    /// The newer version.
    pub new: Arc<CompiledRule>,
}

/// What a version says about an ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionVerdict {
    /// The ad satisfies it.
    Passes,
    /// It is not about the ad.
    Silent,
    /// It warns.
    Warns,
    /// It refuses the ad.
    Fails,
}

impl VersionVerdict {
    fn of(verdict: &RuleVerdict) -> VersionVerdict {
        match verdict {
            RuleVerdict::Pass => VersionVerdict::Passes,
            RuleVerdict::Silent => VersionVerdict::Silent,
            RuleVerdict::Fail(problem) if problem.severity == ProblemSeverity::Warn => {
                VersionVerdict::Warns
            }
            RuleVerdict::Fail(_) => VersionVerdict::Fails,
        }
    }

    /// As a word of a report.
    pub fn word(self) -> &'static str {
        match self {
            VersionVerdict::Passes => "passes",
            VersionVerdict::Silent => "does not apply",
            VersionVerdict::Warns => "warns",
            VersionVerdict::Fails => "fails",
        }
    }
}

/// Ads on which the versions say the same two things.
#[derive(Debug, Serialize)]
pub struct ComparedAds {
    /// What the older version says.
    pub old: VersionVerdict,
    /// What the newer version says.
    pub new: VersionVerdict,
    /// How many.
    pub count: usize,
    /// How many of them get another message.
    pub reworded: usize,
    /// Where the verdicts or messages differ, those with the smallest ids, and the messages.
    pub examples: Vec<AdExample>,
}

/// Two versions of a rule on the stored ads of one source.
#[derive(Debug, Serialize)]
pub struct RuleComparison {
    /// The source.
    pub source: String,
    /// The ads that were judged.
    pub judged: usize,
    /// By what both say.
    pub ads: Vec<ComparedAds>,
}

impl RuleComparison {
    /// Ads on which the verdict differs.
    pub fn differing(&self) -> usize {
        let differ = self.ads.iter().filter(|ads| ads.old != ads.new);
        differ.map(|ads| ads.count).sum()
    }
}

type ComparisonTally = BTreeMap<(VersionVerdict, VersionVerdict), ComparedAds>;

/// Judges the stored ads of a source by both versions; `examples` of each kind are kept.
///
/// # Errors
/// The database failed, or a worker broke.
pub fn compare<'f>(
    store: &'f Store,
    sandbox: &'f Arc<ScriptSandbox>,
    plan: &'f Plan,
    flow: &'f SourcePlan,
    pair: &'f RulePair,
    (at, examples): (Clock, usize),
) -> LocalBoxFuture<'f, Result<RuleComparison, RunError>> {
    Box::pin(async move {
        let setting = Arc::new(setting(sandbox, plan, flow, at));
        let lane = store.lane();
        let judges = pair.judges();
        let tally = Mutex::new(ComparisonTally::new());
        let judging = |ads: Vec<Ad>| {
            let (lane, setting, judges, tally) = (&lane, &setting, &judges, &tally);
            async move {
                for one in judge(lane, setting, flow, judges, ads).await? {
                    one.count(
                        &mut tally.lock().unwrap_or_else(PoisonError::into_inner),
                        examples,
                    );
                }
                Ok(())
            }
        };
        each_batch(&lane, &setting, flow, AdSelection::Stored, judging).await?;
        let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut ads: Vec<ComparedAds> = tally.into_values().collect();
        ads.iter_mut().for_each(|ads| ads.keep(examples));
        Ok(RuleComparison {
            source: flow.source.clone(),
            judged: ads.iter().map(|ads| ads.count).sum(),
            ads,
        })
    })
}

impl RulePair {
    /// Two versions from their texts, `part` being `rule SET/ID`, with the lists whose entries are
    /// not those of then.
    ///
    /// # Errors
    /// Why a version cannot judge again, in a sentence.
    pub fn recalled(
        flow: &SourcePlan,
        part: &str,
        texts: [&str; 2],
        sandbox: &ScriptSandbox,
    ) -> Result<(RulePair, Vec<String>), String> {
        let (set, id) = part
            .strip_prefix("rule ")
            .and_then(|name| name.split_once('/'))
            .ok_or_else(|| format!("{part} is not a rule"))?;
        let today = given(flow, set);
        let again = |text: &str| {
            recall(id, text, &today, sandbox).map_err(|why| {
                let version = Hash::of(text.as_bytes()).short();
                format!("version {version} of {part} cannot judge again: {why}")
            })
        };
        let [old, new] = [again(texts[0])?, again(texts[1])?];
        let lists: BTreeSet<String> = [old.changed_lists, new.changed_lists]
            .into_iter()
            .flatten()
            .collect();
        let pair = RulePair {
            set: set.to_owned(),
            old: Arc::new(old.rule),
            new: Arc::new(new.rule),
        };
        Ok((pair, lists.into_iter().collect()))
    }

    /// A stage that has both versions as its rules, and nothing else.
    fn judges(&self) -> ValidateStage {
        let rule = |rule: &Arc<CompiledRule>| (self.set.clone(), Arc::clone(rule));
        ValidateStage {
            rules: vec![rule(&self.old), rule(&self.new)],
            ..ValidateStage::default()
        }
    }
}

/// The parameters and lists that the rules of a set read today.
fn given(flow: &SourcePlan, set: &str) -> ScriptBindings {
    let rules = flow.validates().flat_map(|stage| &stage.rules);
    let mut all = ScriptBindings::default();
    for given in rules
        .filter(|(of, _)| of == set)
        .map(|(_, rule)| rule.given())
    {
        all.parameters.extend(given.parameters);
        all.lists.extend(given.lists);
    }
    all
}

/// What both versions say about one ad.
struct ComparedAd {
    verdicts: [VersionVerdict; 2],
    messages: [Option<String>; 2],
    id: String,
    title: String,
}

async fn judge(
    lane: &WriteSession,
    setting: &Arc<SourceContext>,
    flow: &SourcePlan,
    judges: &ValidateStage,
    ads: Vec<Ad>,
) -> Result<Vec<ComparedAd>, RunError> {
    let mut held = lane.hold().await?;
    let before = flow
        .record_stages()
        .take_while(|stage| stage.kind() != StageKind::Validate);
    let stages: Vec<&Stage> = before.collect();
    let mut drafts = segment::derived(setting, stages, &mut held, ads).await?;
    judges.look_up(&mut held, setting, &mut drafts).await?;
    drop(held);
    let judged = drafts
        .par_iter()
        .map(|draft| ComparedAd::of(draft, judges, setting));
    Ok(judged.flatten().collect())
}

impl ComparedAd {
    fn of(draft: &AdDraft, judges: &ValidateStage, setting: &SourceContext) -> Option<ComparedAd> {
        let said: Vec<(String, RuleVerdict)> = judges.verdicts(setting, draft);
        let [(_, old), (_, new)] = said.as_slice() else {
            return None;
        };
        let message = |verdict: &RuleVerdict| match verdict {
            RuleVerdict::Fail(problem) => Some(problem.message.clone()),
            RuleVerdict::Pass | RuleVerdict::Silent => None,
        };
        let title = draft.job.get(Field::Title).as_text().unwrap_or_default();
        Some(ComparedAd {
            verdicts: [VersionVerdict::of(old), VersionVerdict::of(new)],
            messages: [message(old), message(new)],
            id: draft.ad.external_id.clone(),
            title: title.to_owned(),
        })
    }

    fn count(self, tally: &mut ComparisonTally, examples: usize) {
        let [old, new] = self.verdicts;
        let ads = tally.entry((old, new)).or_insert_with(|| ComparedAds {
            old,
            new,
            count: 0,
            reworded: 0,
            examples: Vec::new(),
        });
        ads.count += 1;
        let [then, now] = self.messages;
        if then == now {
            return;
        }
        ads.reworded += usize::from(then.is_some() && now.is_some());
        let messages: Vec<String> = then.into_iter().chain(now).collect();
        ads.examples.push(AdExample {
            id: self.id,
            title: self.title,
            what: messages.join(" -> "),
        });
        if ads.examples.len() > examples.saturating_mul(2) {
            ads.keep(examples);
        }
    }
}

impl ComparedAds {
    /// Keeps the examples with the smallest ids, whichever batch came first.
    fn keep(&mut self, examples: usize) {
        self.examples.sort_by(|one, other| one.id.cmp(&other.id));
        self.examples.truncate(examples);
    }
}
