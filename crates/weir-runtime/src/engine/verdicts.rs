//! What each mandatory field and rule of the working copy says of one stored ad, those that are
//! content included. The same stages as in a run; nothing is fetched, locked or written.

use super::preview::setting;
use super::{RunError, segment};
use futures::future::BoxFuture;
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;
use weir_model::{Ad, Clock, Hash, Problem, ProblemSeverity, PublishedJob};
use weir_project::plan::{CheckedProject, Plan, SourcePlan};
use weir_rule::{RuleVerdict, ScriptSandbox};
use weir_stage::resolve::FoundRelation;
use weir_stage::{AdDraft, Stage};
use weir_store::Store;
use weir_store::views::biography::{AdState, FoundJob};

/// What is said of an ad.
#[derive(Debug, Default, Serialize)]
pub struct JudgedAd {
    /// The company that it names.
    pub company: Option<String>,
    /// The division that it names.
    pub division: Option<String>,
    /// How they were found.
    pub found: Vec<FoundRelation>,
    /// Each verdict.
    pub verdicts: Vec<AdVerdict>,
}

/// One verdict.
#[derive(Debug, Serialize)]
pub struct AdVerdict {
    /// Who says it: `mandatory field title`, `rule common/close-after-open 4b1cfbba`, `company`.
    pub by: String,
    /// pass, fail, warn, hold, or silent: it does not apply.
    pub verdict: &'static str,
    /// Why, where it does not pass.
    pub message: String,
}

/// Judges the stored document of an ad; nothing if its institution or source is not in the YAML, or
/// its files have errors.
///
/// # Errors
/// The database failed.
pub fn judge_stored<'f>(
    store: &'f Store,
    checked: &'f CheckedProject,
    found: &'f FoundJob,
    known: &'f AdState,
) -> BoxFuture<'f, Result<Option<JudgedAd>, RunError>> {
    Box::pin(async move {
        let plan = checked
            .institutions
            .iter()
            .filter_map(|one| one.plan())
            .find(|plan| plan.institution.id == found.institution_id);
        let flow = plan.and_then(|plan| {
            let flow = plan
                .flows
                .iter()
                .find(|flow| flow.source == found.source_id);
            Some((plan, flow?))
        });
        let (Some((plan, flow)), Some(hash)) = (flow, Hash::from_digits(&known.document)) else {
            return Ok(None);
        };
        let ad = Ad::fresh(
            found.original_id.clone(),
            known.content.clone(),
            hash,
            Clock(known.scraped_at),
        );
        let ad = known
            .metadata
            .as_ref()
            .map_or(ad.clone(), |metadata| ad.from_page(metadata));
        judge(store, &checked.sandbox, plan, flow, ad, found.job_id)
            .await
            .map(Some)
    })
}

/// Judges one ad; `job` is what `jobs` shows of it, for rules that compare with the version before.
///
/// # Errors
/// The database failed.
pub fn judge<'f>(
    store: &'f Store,
    sandbox: &'f Arc<ScriptSandbox>,
    plan: &'f Plan,
    flow: &'f SourcePlan,
    ad: Ad,
    job: Option<Uuid>,
) -> BoxFuture<'f, Result<JudgedAd, RunError>> {
    Box::pin(async move {
        let setting = setting(sandbox, plan, flow, ad.scraped_at);
        let mut held = store.lane().hold().await?;
        let published = job.map(|job_id| PublishedJob {
            job_id,
            version: 0,
            archived_as: None,
            archived_for: None,
            held: false,
        });
        let mut drafts = vec![AdDraft::new(Ad { published, ..ad })];
        let mut judged = JudgedAd::default();
        for stage in flow.record_stages() {
            stage.look_up(&mut held, &setting, &mut drafts).await?;
            let Some(draft) = drafts.first_mut() else {
                return Ok(judged);
            };
            if let Stage::Validate(validate) = stage {
                judged.verdicts.extend(
                    validate
                        .verdicts(&setting, draft)
                        .into_iter()
                        .map(|(by, verdict)| said(by, verdict)),
                );
            }
            segment::guarded(draft, stage.kind().name(), |draft| {
                stage.record(&setting, draft);
            });
        }
        if let Some(draft) = drafts.pop() {
            judged.add(draft);
        }
        Ok(judged)
    })
}

impl JudgedAd {
    /// What was said apart from mandatory fields and rules, and the names in the ad.
    fn add(&mut self, draft: AdDraft) {
        let is_said = |problem: &Problem| {
            problem.rule.is_some()
                || self
                    .verdicts
                    .iter()
                    .any(|said| said.message == problem.message)
        };
        let others: Vec<Problem> = draft
            .problems
            .iter()
            .filter(|problem| !is_said(problem))
            .cloned()
            .collect();
        self.verdicts.extend(others.into_iter().map(|problem| {
            said(
                problem
                    .field
                    .clone()
                    .unwrap_or_else(|| problem.kind.clone()),
                RuleVerdict::Fail(problem),
            )
        }));
        let holds = draft.holds.into_iter().map(|hold| AdVerdict {
            by: hold.kind.name().to_owned(),
            verdict: "hold",
            message: hold.reason,
        });
        self.verdicts.extend(holds);
        (self.company, self.division) = (draft.facts.company.name, draft.facts.division.name);
        self.found = draft.found;
    }
}

fn said(by: String, verdict: RuleVerdict) -> AdVerdict {
    match verdict {
        RuleVerdict::Silent => AdVerdict {
            by,
            verdict: "silent",
            message: String::new(),
        },
        RuleVerdict::Pass => AdVerdict {
            by,
            verdict: "pass",
            message: String::new(),
        },
        RuleVerdict::Fail(problem) => AdVerdict {
            by,
            verdict: if problem.severity == ProblemSeverity::Warn {
                "warn"
            } else {
                "fail"
            },
            message: problem.message,
        },
    }
}
