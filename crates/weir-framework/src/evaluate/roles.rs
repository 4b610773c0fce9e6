//! Roles against labelled titles.

use super::DecisionMistake;
use super::labelled::{LabelFault, LabelledTitle};
use super::measure::{self, CalibrationBin, ConfidencePoint, DecisionTally, count, ratio};
use crate::framework::{EntryIndex, Framework};
use crate::role::{
    ClassificationMatcher, RoleAd, RoleDecision, RoleMatcher, RoleOutcome, RoleThresholds,
};
use rayon::prelude::*;
use std::collections::HashMap;
use std::fmt;

/// How roles were decided.
#[derive(Debug, Clone, Default)]
pub struct RoleScore {
    /// Roles and groups that were decided.
    pub decisions: DecisionTally,
    /// How many of the decisions were groups.
    pub groups: usize,
    /// Titles whose label is a role.
    pub ranked: usize,
    /// The mean of one over the rank of the right role.
    pub mrr: f64,
    /// How often the right role is among the first 1, 5 and 10.
    pub recall_at: [f64; 3],
    /// What is decided from a confidence on, roles only.
    pub curve: Vec<ConfidencePoint>,
    /// Confidence against what was right, roles only.
    pub bins: Vec<CalibrationBin>,
    /// Decisions that were wrong, the surest first.
    pub mistakes: Vec<DecisionMistake>,
}

/// What one title adds.
struct TitleAnswer {
    decision: RoleDecision,
    right: Option<EntryIndex>,
    rank: Option<usize>,
    /// The best role, how sure it is, and whether it is right.
    best: Option<(f32, bool)>,
}

impl RoleScore {
    /// Scores decisions by title.
    ///
    /// # Errors
    /// A label that the framework does not have.
    pub fn of_titles(
        matcher: &RoleMatcher,
        titles: &[LabelledTitle],
    ) -> Result<RoleScore, LabelFault> {
        let framework = matcher.index().framework();
        let labels = labels(framework, titles)?;
        let always = matcher.with_thresholds(RoleThresholds { accept: 0.0, review: 0.0 });
        let answers: Vec<TitleAnswer> = titles
            .par_iter()
            .zip(labels)
            .map(|(title, right)| answer(matcher, &always, &title.title, right))
            .collect();
        Ok(score(framework, titles, &answers))
    }

    /// Scores decisions by classification.
    ///
    /// # Errors
    /// A label that the framework does not have.
    pub fn of_classifications(
        matcher: &ClassificationMatcher,
        framework: &Framework,
        texts: &[LabelledTitle],
    ) -> Result<RoleScore, LabelFault> {
        let labels = labels(framework, texts)?;
        let answer = |(text, right): (&LabelledTitle, Option<EntryIndex>)| TitleAnswer {
            decision: matcher.decide(&text.title),
            right,
            rank: None,
            best: None,
        };
        let answers: Vec<TitleAnswer> = texts.iter().zip(labels).map(answer).collect();
        Ok(score(framework, texts, &answers))
    }

    /// The mean distance between confidence and what was right.
    #[must_use]
    pub fn calibration_error(&self) -> f64 {
        measure::calibration_error(&self.bins)
    }
}

fn labels(
    framework: &Framework,
    titles: &[LabelledTitle],
) -> Result<Vec<Option<EntryIndex>>, LabelFault> {
    let entries = framework.entries.iter().enumerate();
    let by_id: HashMap<&str, EntryIndex> = entries.map(|(at, e)| (e.id.as_str(), at)).collect();
    let label = |title: &LabelledTitle| match title.role.as_deref() {
        None | Some("") => Ok(None),
        Some(id) => match by_id.get(id) {
            Some(entry) => Ok(Some(*entry)),
            None => Err(LabelFault::UnknownId(id.to_owned())),
        },
    };
    titles.iter().map(label).collect()
}

fn answer(
    matcher: &RoleMatcher,
    always: &RoleMatcher,
    title: &str,
    right: Option<EntryIndex>,
) -> TitleAnswer {
    let ad = RoleAd { title, locations: &[] };
    let sure = always.decide(&ad);
    let best = match sure.outcome {
        RoleOutcome::Role(entry) => Some((sure.confidence, Some(entry) == right)),
        _ => None,
    };
    let rank = right.and_then(|right| matcher.rank_of(title, right));
    TitleAnswer { decision: matcher.decide(&ad), right, rank, best }
}

fn score(framework: &Framework, titles: &[LabelledTitle], answers: &[TitleAnswer]) -> RoleScore {
    let mut score = RoleScore::default();
    for (title, answer) in titles.iter().zip(answers) {
        score.decisions.labels += usize::from(answer.right.is_some());
        let Some(decided) = answer.decision.outcome.entry() else { continue };
        score.decisions.decided += 1;
        score.groups += usize::from(framework.entries[decided].group);
        if is_right(framework, decided, answer.right) {
            score.decisions.right += 1;
        } else {
            score.mistakes.push(mistake(framework, &title.title, answer, decided));
        }
    }
    score.mistakes.sort_by(|left, right| right.confidence.total_cmp(&left.confidence));
    let ranks: Vec<usize> = answers.iter().filter_map(|answer| answer.rank).collect();
    score.ranked = ranks.len();
    score.mrr =
        ranks.iter().map(|rank| 1.0 / count(*rank)).sum::<f64>() / count(ranks.len().max(1));
    score.recall_at =
        [1, 5, 10].map(|k| ratio(ranks.iter().filter(|rank| **rank <= k).count(), ranks.len()));
    let best: Vec<(f32, bool)> = answers.iter().filter_map(|answer| answer.best).collect();
    score.curve = measure::curve(&best);
    score.bins = measure::bins(&best);
    score
}

/// Whether a decision is the label or a group above it.
fn is_right(framework: &Framework, decided: EntryIndex, right: Option<EntryIndex>) -> bool {
    let above = framework.entries[decided].group;
    right.is_some_and(|right| right == decided || (above && framework.is_within(right, decided)))
}

fn mistake(
    framework: &Framework,
    title: &str,
    answer: &TitleAnswer,
    decided: EntryIndex,
) -> DecisionMistake {
    let id = |entry: EntryIndex| framework.entries[entry].id.clone();
    DecisionMistake {
        text: title.to_owned(),
        expected: answer.right.map(id).unwrap_or_default(),
        decided: id(decided),
        confidence: answer.decision.confidence,
    }
}

impl fmt::Display for RoleScore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "decisions    {}; {} groups", self.decisions, self.groups)?;
        if self.ranked > 0 {
            let [one, five, ten] = self.recall_at;
            writeln!(
                out,
                "ranking      MRR {:.3}  R@1 {one:.3}  R@5 {five:.3}  R@10 {ten:.3}  ({} titles)",
                self.mrr, self.ranked
            )?;
        }
        if !self.bins.is_empty() {
            writeln!(out, "calibration  {:.3} off on average", self.calibration_error())?;
            for bin in &self.bins {
                let CalibrationBin { answers, confidence, right } = bin;
                writeln!(out, "             {confidence:.2} sure, {right:.2} right  ({answers})")?;
            }
            writeln!(out, "curve        sure  coverage  precision")?;
            for ConfidencePoint { confidence, coverage, precision } in &self.curve {
                writeln!(out, "             {confidence:.2}  {coverage:>8.3}  {precision:>9.3}")?;
            }
        }
        Ok(())
    }
}
