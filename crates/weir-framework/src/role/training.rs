//! How sure decisions are, learnt from titles with labels.

use super::calibrate::{LogisticModel, RoleCalibration, SureFeatures};
use super::decision::{DecisionMethod, RoleAd};
use super::matcher::RoleMatcher;
use crate::framework::EntryIndex;

/// Answers that were right or wrong.
#[derive(Default)]
struct TrainingAnswers {
    name: Vec<bool>,
    alias: Vec<bool>,
    role: Vec<(SureFeatures, bool)>,
    group: Vec<(SureFeatures, bool)>,
}

/// So many answers of either kind are taken for granted: a few titles prove little.
const GRANTED_RIGHT: f32 = 4.0;
const GRANTED_WRONG: f32 = 0.1;

impl RoleMatcher {
    /// Learns how sure decisions are from titles and their roles or groups; none where the
    /// framework has none.
    #[must_use]
    pub fn learn_calibration(&self, titles: &[(&str, Option<EntryIndex>)]) -> RoleCalibration {
        let mut answers = TrainingAnswers::default();
        for (title, right) in titles {
            self.add_answers(title, *right, &mut answers);
        }
        RoleCalibration {
            name: ratio(&answers.name),
            alias: ratio(&answers.alias),
            role: LogisticModel::fit(&answers.role),
            group: LogisticModel::fit(&answers.group),
        }
    }

    fn add_answers(&self, title: &str, right: Option<EntryIndex>, answers: &mut TrainingAnswers) {
        let decision = self.decide(&RoleAd { title, locations: &[] });
        let named = decision.candidates.first().map(|best| Some(best.entry) == right);
        match (decision.method, named) {
            (DecisionMethod::Name, Some(right)) => return answers.name.push(right),
            (DecisionMethod::Alias | DecisionMethod::Several, Some(right)) => {
                return answers.alias.push(right);
            }
            (DecisionMethod::Accepted | DecisionMethod::None, _) | (_, None) => return,
            (DecisionMethod::Similar, Some(_)) => {}
        }
        let index = self.index();
        let ranking = index.rank_clean(&decision.title);
        let top = ranking.top(2);
        let Some((best, _)) = top.first().copied() else { return };
        let is = |entry: EntryIndex| Some(entry) == right;
        answers.role.push((index.features(&ranking, &top), is(index.roles[best])));
        for (group, features) in index.groups(&ranking, best) {
            let within = right.is_some_and(|right| index.framework.is_within(right, group));
            answers.group.push((features, within));
        }
    }
}

fn ratio(answers: &[bool]) -> f32 {
    let right = super::weights::float(answers.iter().filter(|right| **right).count());
    let all = super::weights::float(answers.len());
    (right + GRANTED_RIGHT) / (all + GRANTED_RIGHT + GRANTED_WRONG)
}
