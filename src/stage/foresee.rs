//! What promoting would do to one ad, without doing it: for rehearsals and plans of jobs. It calls
//! the same functions as promoting, so the prediction is what happens.

use super::promote::{Fate, Promote};
use super::{Draft, Setting};
use crate::model::{AdChange, Fingerprint, Job, Outcome};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use uuid::Uuid;

/// What would become of one ad.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Foreseen {
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

impl Foreseen {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Foreseen::Create => "created",
            Foreseen::Update(..) => "updated",
            Foreseen::Reopen(..) => "reopened",
            Foreseen::Unchanged => "unchanged",
            Foreseen::Reject => "rejected",
            Foreseen::Hold => "held",
            Foreseen::Fail => "failed",
        }
    }
}

impl Promote {
    /// Jobs that must be at hand to foresee what becomes of these ads.
    pub fn compared_with(&self, drafts: &[Draft]) -> Vec<Uuid> {
        let differs = |draft: &&Draft| matches!(self.fate(draft), Fate::Differs(..));
        drafts
            .iter()
            .filter(differs)
            .filter_map(|draft| Some(draft.ad.published.as_ref()?.job_id))
            .collect()
    }

    /// What would happen to one ad; `old` contains the jobs of [`Promote::compared_with`],
    /// `history` the parts of older fingerprints.
    pub fn foresee(
        &self,
        setting: &Setting,
        draft: &Draft,
        old: &HashMap<Uuid, Job>,
        history: &HashMap<Fingerprint, Json>,
    ) -> Foreseen {
        match self.fate(draft) {
            Fate::Create(_) => Foreseen::Create,
            Fate::Differs(draft, published) => {
                let version = old
                    .get(&published.job_id)
                    .and_then(|old| self.next_version(setting, draft, published, old, history));
                let Some(version) = version else {
                    return Foreseen::Unchanged;
                };
                let changes = version.changes.as_object().cloned().unwrap_or_default();
                if version.change == AdChange::Reopened {
                    Foreseen::Reopen(changes, version.reason)
                } else {
                    Foreseen::Update(changes, version.reason)
                }
            }
            Fate::Wait(_, Outcome::Rejected) => Foreseen::Reject,
            Fate::Wait(..) | Fate::Keep(..) => Foreseen::Hold,
            Fate::Later(_) => Foreseen::Fail,
            Fate::Ignore(draft) if draft.ad.published.is_none() => Foreseen::Reject,
            Fate::Same(..) | Fate::Ignore(_) => Foreseen::Unchanged,
        }
    }
}
