//! The decision: accepted titles, names, several roles, similarity.

use super::calibrate::RoleCalibration;
use super::decision::{DecisionMethod, RoleAd, RoleCandidate, RoleDecision, RoleOutcome};
use super::index::FrameworkIndex;
use super::names::NameKind;
use super::score::RoleRanking;
use crate::framework::EntryIndex;
use crate::title::CleanTitle;
use crate::words::{fold, name_key, scan_words};
use std::sync::Arc;

/// When a decision holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoleThresholds {
    /// From this confidence on, the answer is decided.
    pub accept: f32,
    /// From this confidence on, people should look at it.
    pub review: f32,
}

impl Default for RoleThresholds {
    fn default() -> RoleThresholds {
        RoleThresholds { accept: 0.9, review: 0.6 }
    }
}

/// Decides roles by title. Pure: the same index and ad give the same decision.
#[derive(Clone)]
pub struct RoleMatcher {
    index: Arc<FrameworkIndex>,
    thresholds: RoleThresholds,
    calibration: RoleCalibration,
}

/// How many candidates a decision names.
const CANDIDATES: usize = 3;

impl RoleMatcher {
    /// A matcher over an index.
    #[must_use]
    pub fn new(index: Arc<FrameworkIndex>, thresholds: RoleThresholds) -> RoleMatcher {
        let calibration = index.calibration.clone();
        RoleMatcher { index, thresholds, calibration }
    }

    /// The same matcher with another calibration.
    #[must_use]
    pub fn calibrated(self, calibration: RoleCalibration) -> RoleMatcher {
        RoleMatcher { calibration, ..self }
    }

    /// The same matcher with other thresholds.
    #[must_use]
    pub fn with_thresholds(&self, thresholds: RoleThresholds) -> RoleMatcher {
        RoleMatcher { thresholds, ..self.clone() }
    }

    /// The index.
    #[must_use]
    pub fn index(&self) -> &FrameworkIndex {
        &self.index
    }

    /// Decides which role an ad is for.
    #[must_use]
    pub fn decide(&self, ad: &RoleAd<'_>) -> RoleDecision {
        let title = self.index.cleaner.clean(ad.title, ad.locations);
        let found = self
            .accepted(ad.title, &title)
            .or_else(|| self.named(&title))
            .or_else(|| self.several(&title));
        match found {
            Some((entry, method, confidence)) => self.certain(entry, method, confidence, title),
            None => self.similar(title),
        }
    }

    /// Where each role ranks for a title, from 1; equal roles share the better rank.
    #[must_use]
    pub fn rank_of(&self, title: &str, entry: EntryIndex) -> Option<usize> {
        let role = self.index.roles.iter().position(|known| *known == entry)?;
        let ranking = self.index.rank(title);
        let own = ranking.posterior().get(role).copied()?;
        Some(1 + ranking.posterior().iter().filter(|p| **p > own).count())
    }

    fn accepted(&self, raw: &str, title: &CleanTitle) -> Option<(EntryIndex, DecisionMethod, f32)> {
        if self.index.accepted.is_empty() {
            return None;
        }
        let forms = [raw, &title.full, &title.role];
        let entry = forms.iter().find_map(|form| self.index.accepted.get(&name_key(form)))?;
        Some((*entry, DecisionMethod::Accepted, 1.0))
    }

    /// A title that is a name, with its seniority or without.
    fn named(&self, title: &CleanTitle) -> Option<(EntryIndex, DecisionMethod, f32)> {
        let names = &self.index.names;
        let shorter = Some(&title.role).filter(|role| **role != title.full);
        let (entry, kind) = names.find(&title.full).or_else(|| names.find(shorter?))?;
        let calibration = &self.calibration;
        Some(match kind {
            NameKind::Name => (entry, DecisionMethod::Name, calibration.name),
            NameKind::Alias => (entry, DecisionMethod::Alias, calibration.alias),
        })
    }

    /// A title that names several roles: the role if all are one, else what they have in common.
    fn several(&self, title: &CleanTitle) -> Option<(EntryIndex, DecisionMethod, f32)> {
        if title.parts.is_empty() {
            return None;
        }
        let mut common: Option<EntryIndex> = None;
        for part in &title.parts {
            let part = self.index.cleaner.clean(part, &[]);
            let names = &self.index.names;
            let (entry, _) = names.find(&part.full).or_else(|| names.find(&part.role))?;
            common = match common {
                None => Some(entry),
                Some(known) => Some(self.index.framework.common(known, entry)?),
            };
        }
        common.map(|entry| (entry, DecisionMethod::Several, self.calibration.alias))
    }

    fn certain(
        &self,
        entry: EntryIndex,
        method: DecisionMethod,
        confidence: f32,
        title: CleanTitle,
    ) -> RoleDecision {
        let outcome = match self.index.framework.entries.get(entry) {
            _ if confidence < self.thresholds.review => RoleOutcome::Open,
            _ if confidence < self.thresholds.accept => RoleOutcome::Review,
            Some(found) if found.group => RoleOutcome::Group(entry),
            _ => RoleOutcome::Role(entry),
        };
        let words = scan_words(&fold(&title.full)).into_iter().map(str::to_owned).collect();
        let candidates = vec![RoleCandidate { entry, confidence }];
        RoleDecision { outcome, method, confidence, words, candidates, title }
    }

    /// By similarity: the role if it is sure, else the finest group that is.
    fn similar(&self, title: CleanTitle) -> RoleDecision {
        let ranking = self.index.rank_clean(&title);
        let top = ranking.top(CANDIDATES);
        let candidate = |(role, p): &(usize, f32)| RoleCandidate {
            entry: self.index.roles[*role],
            confidence: *p,
        };
        let candidates: Vec<RoleCandidate> = top.iter().map(candidate).collect();
        let Some((best, _)) = top.first().copied().filter(|_| !ranking.query.stems.is_empty())
        else {
            return undecided(candidates, title);
        };
        let words = self.index.matched_words(&title, &ranking, best);
        let role = self.calibration.role.confidence(&self.index.features(&ranking, &top));
        let (outcome, confidence) = if role >= self.thresholds.accept {
            (RoleOutcome::Role(self.index.roles[best]), role)
        } else {
            self.group(&ranking, best, role)
        };
        let method = DecisionMethod::Similar;
        RoleDecision { outcome, method, confidence, words, candidates, title }
    }

    /// The finest group above the best role that is sure.
    fn group(&self, ranking: &RoleRanking, best: usize, role: f32) -> (RoleOutcome, f32) {
        let sure = self.index.groups(ranking, best).into_iter().find_map(|(entry, features)| {
            let confidence = self.calibration.group.confidence(&features);
            (confidence >= self.thresholds.accept)
                .then_some((RoleOutcome::Group(entry), confidence))
        });
        let review = role >= self.thresholds.review;
        sure.unwrap_or((if review { RoleOutcome::Review } else { RoleOutcome::Open }, role))
    }
}

fn undecided(candidates: Vec<RoleCandidate>, title: CleanTitle) -> RoleDecision {
    RoleDecision {
        outcome: RoleOutcome::Open,
        method: DecisionMethod::None,
        confidence: 0.0,
        words: Vec::new(),
        candidates,
        title,
    }
}
