//! Companies against labelled names.

use super::DecisionMistake;
use super::labelled::{LabelFault, LabelledName};
use super::measure::DecisionTally;
use crate::company::CompanyMatcher;
use std::fmt;

/// How companies were decided.
#[derive(Debug, Clone, Default)]
pub struct CompanyScore {
    /// Companies that were decided.
    pub decisions: DecisionTally,
    /// Decisions that were wrong, and companies that were not found.
    pub mistakes: Vec<DecisionMistake>,
}

impl CompanyScore {
    /// Scores decisions by name.
    ///
    /// # Errors
    /// A label that the registry does not have.
    pub fn of_names(
        matcher: &CompanyMatcher,
        names: &[LabelledName],
    ) -> Result<CompanyScore, LabelFault> {
        let mut score = CompanyScore::default();
        let registry = matcher.registry();
        for LabelledName { name, company } in names {
            let expected = company.clone().unwrap_or_default();
            if !expected.is_empty() && registry.position(&expected).is_none() {
                return Err(LabelFault::UnknownId(expected));
            }
            let decision = matcher.decide(name);
            let id = decision.company.and_then(|at| registry.companies.get(at));
            let decided = id.map(|company| company.id.clone()).unwrap_or_default();
            let right = !decided.is_empty() && decided == expected;
            score.decisions.add(DecisionTally {
                labels: usize::from(!expected.is_empty()),
                decided: usize::from(!decided.is_empty()),
                right: usize::from(right),
            });
            if decided != expected {
                let confidence = if decided.is_empty() { 0.0 } else { 1.0 };
                let text = name.clone();
                score.mistakes.push(DecisionMistake { text, expected, decided, confidence });
            }
        }
        Ok(score)
    }
}

impl fmt::Display for CompanyScore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "decisions    {}", self.decisions)
    }
}
