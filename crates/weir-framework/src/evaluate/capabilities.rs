//! Capabilities against labelled texts.

use super::DecisionMistake;
use super::labelled::{LabelFault, LabelledCapability, LabelledText};
use super::measure::{self, ConfidencePoint, DecisionTally, ratio};
use crate::capability::{CapabilityIndex, CapabilityKind};
use std::fmt;

/// How capabilities were decided.
#[derive(Debug, Clone, Default)]
pub struct CapabilityScore {
    /// Capabilities, with level and kind where the label has them.
    pub decisions: DecisionTally,
    /// Capabilities alone.
    pub capabilities: DecisionTally,
    /// Texts with labels, and how many of them something was decided for.
    pub texts: (usize, usize),
    /// What is decided from a confidence on: recall in place of coverage.
    pub curve: Vec<ConfidencePoint>,
    /// Capabilities that were wrong or not found.
    pub mistakes: Vec<DecisionMistake>,
}

/// A row of a text, to be compared.
struct ComparedRow {
    id: String,
    level: Option<String>,
    kind: CapabilityKind,
    confidence: f32,
}

impl CapabilityScore {
    /// Scores decisions by text.
    ///
    /// # Errors
    /// A label that the frameworks do not have.
    pub fn of_texts(
        index: &CapabilityIndex,
        texts: &[LabelledText],
    ) -> Result<CapabilityScore, LabelFault> {
        let mut score = CapabilityScore::default();
        let mut answers = Vec::new();
        for text in texts {
            let labels = text.labels();
            labels.iter().try_for_each(|label| check(index, label))?;
            let rows = rows(index, &text.text);
            score.texts.0 += usize::from(!labels.is_empty());
            score.texts.1 += usize::from(!labels.is_empty() && !rows.is_empty());
            score.add(text, &labels, &rows, &mut answers);
        }
        let labels = score.capabilities.labels;
        score.curve = measure::curve(&answers);
        for point in &mut score.curve {
            let found = |(sure, right): &&(f32, bool)| *sure >= point.confidence && *right;
            point.coverage = ratio(answers.iter().filter(found).count(), labels);
        }
        Ok(score)
    }

    fn add(
        &mut self,
        text: &LabelledText,
        labels: &[LabelledCapability],
        rows: &[ComparedRow],
        answers: &mut Vec<(f32, bool)>,
    ) {
        let label_of = |row: &ComparedRow| labels.iter().find(|label| label.id == row.id);
        let same = |row: &&ComparedRow| label_of(row).is_some_and(|label| agrees(row, label));
        self.decisions.add(DecisionTally {
            labels: labels.len(),
            decided: rows.len(),
            right: rows.iter().filter(same).count(),
        });
        self.capabilities.add(DecisionTally {
            labels: labels.len(),
            decided: rows.len(),
            right: rows.iter().filter(|row| label_of(row).is_some()).count(),
        });
        answers.extend(rows.iter().map(|row| (row.confidence, label_of(row).is_some())));
        for row in rows.iter().filter(|row| !same(row)) {
            let expected = label_of(row).map(expected).unwrap_or_default();
            let decided = shown(row);
            self.mistake(text, expected, decided, row.confidence);
        }
        for label in labels {
            if !rows.iter().any(|row| row.id == label.id) {
                self.mistake(text, label.id.clone(), String::new(), 0.0);
            }
        }
    }

    fn mistake(&mut self, text: &LabelledText, expected: String, decided: String, confidence: f32) {
        let text = text.text.chars().take(60).collect::<String>().replace('\n', " ");
        self.mistakes.push(DecisionMistake { text, expected, decided, confidence });
    }
}

fn check(index: &CapabilityIndex, label: &LabelledCapability) -> Result<(), LabelFault> {
    if !index.frameworks().iter().any(|framework| framework.position(&label.id).is_some()) {
        return Err(LabelFault::UnknownId(label.id.clone()));
    }
    match label.kind.as_deref() {
        Some(kind) if !kind.is_empty() && CapabilityKind::named(kind).is_none() => {
            Err(LabelFault::UnknownKind(kind.to_owned()))
        }
        _ => Ok(()),
    }
}

fn rows(index: &CapabilityIndex, text: &str) -> Vec<ComparedRow> {
    let row = |row: crate::capability::CapabilityRow| {
        let framework = index.frameworks().get(row.framework)?;
        let level = row.level.and_then(|level| framework.levels.get(level));
        Some(ComparedRow {
            id: framework.entries.get(row.capability)?.id.clone(),
            level: level.map(|level| level.id.clone()),
            kind: row.kind,
            confidence: row.confidence,
        })
    };
    index.decide(text).into_iter().filter_map(row).collect()
}

fn agrees(row: &ComparedRow, label: &LabelledCapability) -> bool {
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    said(&label.level).is_none_or(|level| Some(level) == row.level)
        && said(&label.kind).is_none_or(|kind| kind == row.kind.name())
}

fn expected(label: &LabelledCapability) -> String {
    let parts = [Some(&label.id), label.level.as_ref(), label.kind.as_ref()];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn shown(row: &ComparedRow) -> String {
    let level = row.level.as_deref().unwrap_or("no level");
    format!("{} {level} {}", row.id, row.kind.name())
}

impl fmt::Display for CapabilityScore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "rows         {}", self.decisions)?;
        writeln!(out, "capabilities {}", self.capabilities)?;
        let (texts, decided) = self.texts;
        writeln!(out, "texts        {decided} of {texts} with labels have a row")?;
        writeln!(out, "curve        sure  recall  precision")?;
        for ConfidencePoint { confidence, coverage, precision } in &self.curve {
            writeln!(out, "             {confidence:.2}  {coverage:>6.3}  {precision:>9.3}")?;
        }
        Ok(())
    }
}
