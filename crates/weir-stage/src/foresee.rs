//! What promoting would do to one ad, without doing it: for rehearsals and plans of jobs. It calls
//! the same functions as promoting, so the prediction is what happens.

use super::fate::AdFate;
use super::promote::PromoteStage;
use super::{AdDraft, SourceContext};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use uuid::Uuid;
use weir_model::{AdChange, Fingerprint, Job, Outcome};

/// What would become of one ad.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeseenChange {
    /// A new job.
    Create,
    /// A new version of its job: the fields that differ as `{field: {old, new}}`, and why.
    Update(Map<String, Json>, String),
    /// Its archived job opens again, with the fields that differ.
    Reopen(Map<String, Json>, String),
    /// Nothing.
    Unchanged,
    /// Rejected, because it was never published.
    Reject,
    /// Held for an operator; if it was published, the last good version stays.
    Hold,
    /// It cannot be derived now and is tried again.
    Fail,
}

impl ForeseenChange {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            ForeseenChange::Create => "created",
            ForeseenChange::Update(..) => "updated",
            ForeseenChange::Reopen(..) => "reopened",
            ForeseenChange::Unchanged => "unchanged",
            ForeseenChange::Reject => "rejected",
            ForeseenChange::Hold => "held",
            ForeseenChange::Fail => "failed",
        }
    }
}

impl PromoteStage {
    /// Jobs that must be at hand to foresee what becomes of these ads.
    pub fn compared_with(&self, drafts: &[AdDraft]) -> Vec<Uuid> {
        let differs = |draft: &&AdDraft| matches!(self.fate(draft), AdFate::Differs(..));
        drafts
            .iter()
            .filter(differs)
            .filter_map(|draft| Some(draft.ad.published.as_ref()?.job_id))
            .collect()
    }

    /// What would happen to one ad; `old` contains the jobs of [`PromoteStage::compared_with`],
    /// `history` the parts of older fingerprints.
    pub fn foresee(
        &self,
        setting: &SourceContext,
        draft: &AdDraft,
        old: &HashMap<Uuid, Job>,
        history: &HashMap<Fingerprint, Json>,
    ) -> ForeseenChange {
        match self.fate(draft) {
            AdFate::Create(_) => ForeseenChange::Create,
            AdFate::Differs(draft, published) => {
                let version = old
                    .get(&published.job_id)
                    .and_then(|old| self.next_version(setting, draft, published, old, history));
                let Some(version) = version else {
                    return ForeseenChange::Unchanged;
                };
                let changes = version.changes.as_object().cloned().unwrap_or_default();
                if version.change == AdChange::Reopened {
                    ForeseenChange::Reopen(changes, version.reason)
                } else {
                    ForeseenChange::Update(changes, version.reason)
                }
            }
            AdFate::Wait(_, Outcome::Rejected) => ForeseenChange::Reject,
            AdFate::Wait(..) | AdFate::Keep(..) => ForeseenChange::Hold,
            AdFate::Later(_) => ForeseenChange::Fail,
            AdFate::Ignore(draft) if draft.ad.published.is_none() => ForeseenChange::Reject,
            AdFate::Same(..) | AdFate::Ignore(_) => ForeseenChange::Unchanged,
        }
    }
}
