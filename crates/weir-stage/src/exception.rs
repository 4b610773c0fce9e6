//! Exceptions from a rule that end by themselves: it is switched off, or has another severity,
//! until a day. Nothing is edited on that day: the rule counts again in the runs of the day after,
//! and in their fingerprints, as if the exception had been removed. Must never reach beyond its
//! day.

use chrono::NaiveDate;
use std::sync::Arc;
use weir_model::FingerprintParts;
use weir_rule::CompiledRule;
use weir_yaml::diagnostic::Place;

/// A rule that counts otherwise until a day.
#[derive(Debug, Clone)]
pub struct RuleException {
    /// The set of the rule.
    pub set: String,
    /// The id of the rule.
    pub rule: String,
    /// The last day of the exception, in the zone of the source.
    pub until: NaiveDate,
    /// The rule as it counts until then; nothing if it is switched off.
    pub instead: Option<Arc<CompiledRule>>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it is written.
    pub place: Place,
}

impl RuleException {
    /// The set and the id of its rule.
    pub fn key(&self) -> (&str, &str) {
        (&self.set, &self.rule)
    }

    /// Whether it is over.
    pub fn has_ended(&self, today: NaiveDate) -> bool {
        today > self.until
    }
}

/// The rules that count on a day, with their sets.
pub fn rules_on<'r>(
    rules: &'r [(String, Arc<CompiledRule>)],
    exceptions: &'r [RuleException],
    today: NaiveDate,
) -> impl Iterator<Item = (&'r str, &'r Arc<CompiledRule>)> {
    rules.iter().filter_map(move |(set, rule)| {
        let is_of_it = |one: &&RuleException| one.set == *set && one.rule == rule.id;
        let mut current = exceptions.iter().filter(|one| !one.has_ended(today));
        match current.find(is_of_it) {
            Some(exception) => Some((set.as_str(), exception.instead.as_ref()?)),
            None => Some((set.as_str(), rule)),
        }
    })
}

/// What the rules of a day add to a fingerprint.
pub fn rule_parts<'r>(
    rules: impl Iterator<Item = (&'r str, &'r Arc<CompiledRule>)>,
    parts: &mut FingerprintParts,
) {
    for (set, rule) in rules {
        parts.add(format!("rule {set}/{}", rule.id), rule.as_ref());
    }
}
