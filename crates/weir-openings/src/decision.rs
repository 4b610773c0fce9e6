//! What operators decided about pairs. A decision names ads, not openings, outlives every score,
//! and is stronger than any of them. Two decisions that contradict each other are refused together;
//! neither wins in silence.

use crate::ad::AdKey;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionVerdict {
    /// The two ads advertise one opening.
    Same,
    /// They advertise two.
    Different,
}

/// A decision about two ads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PairDecision {
    /// One ad.
    pub one: AdKey,
    /// The other.
    pub other: AdKey,
    /// What was decided.
    pub verdict: DecisionVerdict,
}

/// A decision `different` about two ads that decisions `same` put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionConflict {
    /// The decision that keeps them apart.
    pub different: PairDecision,
    /// The decisions that put them together.
    pub same: Vec<PairDecision>,
}

/// Decisions without contradictions.
#[derive(Debug, Clone, Default)]
pub struct DecisionSet {
    /// Number of the group of ads that decisions put together.
    groups: BTreeMap<AdKey, usize>,
    different: BTreeSet<(AdKey, AdKey)>,
}

impl DecisionSet {
    /// Puts decisions together, or reports every contradiction.
    pub fn of(decisions: &[PairDecision]) -> Result<DecisionSet, Vec<DecisionConflict>> {
        let same: Vec<_> = with(decisions, DecisionVerdict::Same).collect();
        let groups = united(&same);
        let clash = |decision: &&PairDecision| {
            let group = groups.get(&decision.one);
            decision.one == decision.other
                || group.is_some() && group == groups.get(&decision.other)
        };
        let different = with(decisions, DecisionVerdict::Different);
        let clashes: Vec<&PairDecision> = different.clone().filter(clash).collect();
        if clashes.is_empty() {
            let different = different.map(|d| ordered(&d.one, &d.other)).collect();
            return Ok(DecisionSet { groups, different });
        }
        let conflict = |different: &PairDecision| {
            let group = groups.get(&different.one);
            let same = same.iter().filter(|decision| groups.get(&decision.one) == group);
            let same = same.map(|decision| (*decision).clone()).collect();
            DecisionConflict { different: different.clone(), same }
        };
        Err(clashes.into_iter().map(conflict).collect())
    }

    /// What was decided about two ads, directly or by way of others.
    pub fn about(&self, one: &AdKey, other: &AdKey) -> Option<DecisionVerdict> {
        if self.different.contains(&ordered(one, other)) {
            return Some(DecisionVerdict::Different);
        }
        let group = self.groups.get(one)?;
        (self.groups.get(other) == Some(group)).then_some(DecisionVerdict::Same)
    }

    /// The groups of ads that decisions put together.
    pub fn groups(&self) -> Vec<Vec<&AdKey>> {
        let mut groups: BTreeMap<usize, Vec<&AdKey>> = BTreeMap::new();
        self.groups.iter().for_each(|(key, group)| groups.entry(*group).or_default().push(key));
        groups.into_values().collect()
    }

    /// Whether nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.different.is_empty()
    }
}

fn with(
    decisions: &[PairDecision],
    verdict: DecisionVerdict,
) -> impl Iterator<Item = &PairDecision> + Clone {
    decisions.iter().filter(move |decision| decision.verdict == verdict)
}

fn ordered(one: &AdKey, other: &AdKey) -> (AdKey, AdKey) {
    let (first, second) = if one <= other { (one, other) } else { (other, one) };
    (first.clone(), second.clone())
}

/// Groups of ads that are connected, each by a number.
fn united(same: &[&PairDecision]) -> BTreeMap<AdKey, usize> {
    let ads: BTreeSet<&AdKey> = same.iter().flat_map(|said| [&said.one, &said.other]).collect();
    let numbers: BTreeMap<&AdKey, usize> = ads.into_iter().zip(0..).collect();
    let mut roots: Vec<usize> = (0..numbers.len()).collect();
    for said in same {
        let (one, other) = (root(&roots, numbers[&said.one]), root(&roots, numbers[&said.other]));
        roots[one.max(other)] = one.min(other);
    }
    numbers.into_iter().map(|(key, number)| (key.clone(), root(&roots, number))).collect()
}

fn root(roots: &[usize], mut at: usize) -> usize {
    while roots[at] != at {
        at = roots[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::{DecisionSet, DecisionVerdict, PairDecision};
    use crate::ad::AdKey;

    fn decisions(text: &str) -> Vec<PairDecision> {
        let read = |word: &str| {
            let verdict = match &word[1..2] {
                "=" => DecisionVerdict::Same,
                _ => DecisionVerdict::Different,
            };
            let [one, other] = [&word[..1], &word[2..]].map(|id| AdKey::new("s", id));
            PairDecision { one, other, verdict }
        };
        text.split_whitespace().map(read).collect()
    }

    #[test]
    fn decisions_hold_by_way_of_others_and_contradictions_are_refused() {
        let set = DecisionSet::of(&decisions("a=b c=d b=c e!a")).unwrap();
        let about = |one, other| set.about(&AdKey::new("s", one), &AdKey::new("s", other));
        assert_eq!(about("a", "d"), Some(DecisionVerdict::Same));
        assert_eq!(about("a", "e"), Some(DecisionVerdict::Different));
        assert_eq!(about("d", "e"), None);
        for (text, conflicts) in [("a=b b=c a!c", 1), ("a!a", 1), ("a=b a!b b!a", 2), ("", 0)] {
            let found = DecisionSet::of(&decisions(text)).err().map_or(0, |all| all.len());
            assert_eq!(found, conflicts, "{text}");
        }
    }
}
