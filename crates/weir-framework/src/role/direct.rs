//! Grades, bands and other classifications: looked up, never guessed.

use super::accepted::AcceptedTitles;
use super::decision::{DecisionMethod, RoleCandidate, RoleDecision, RoleOutcome};
use crate::framework::{EntryIndex, Framework};
use crate::title::CleanTitle;
use crate::words::{edit_distance, fold, nearest_names, scan_words};
use std::collections::HashMap;
use std::sync::Arc;

/// Decides roles by classification. Built once, then pure.
pub struct ClassificationMatcher {
    framework: Arc<Framework>,
    /// Entries by the key of their names; `None` where several have it.
    entries: HashMap<String, Option<EntryIndex>>,
    names: HashMap<String, EntryIndex>,
    /// Classifications that people accepted.
    accepted: HashMap<String, EntryIndex>,
}

impl ClassificationMatcher {
    /// A matcher over a framework, with the classifications that people accepted for its roles.
    #[must_use]
    pub fn new(framework: Arc<Framework>, accepted: &AcceptedTitles) -> ClassificationMatcher {
        let mut entries: HashMap<String, Option<EntryIndex>> = HashMap::new();
        let mut names = HashMap::new();
        for (at, entry) in framework.entries.iter().enumerate() {
            names.entry(grade_key(&entry.name)).or_insert(at);
            for name in entry.names() {
                let known = entries.entry(grade_key(name)).or_insert(Some(at));
                if *known != Some(at) {
                    *known = None;
                }
            }
        }
        entries.remove("");
        let taught = accepted.accepted.iter();
        let taught =
            taught.filter_map(|one| Some((grade_key(&one.title), framework.position(&one.role)?)));
        let accepted = taught.collect();
        ClassificationMatcher { framework, entries, names, accepted }
    }

    /// Decides a classification. What is only near is proposed.
    #[must_use]
    pub fn decide(&self, text: &str) -> RoleDecision {
        let key = grade_key(text);
        if let Some(entry) = self.accepted.get(&key) {
            return self.certain(*entry, DecisionMethod::Accepted, &key, text);
        }
        let found = self.entries.get(&key).copied().flatten();
        let found = found.or_else(|| {
            let outside = without_brackets(text);
            self.entries.get(&grade_key(&outside)).copied().flatten()
        });
        match found {
            Some(entry) => self.certain(entry, self.method_of(entry, &key), &key, text),
            None => self.proposed(&key, text),
        }
    }

    fn method_of(&self, entry: EntryIndex, key: &str) -> DecisionMethod {
        let is_name = self.names.get(key) == Some(&entry);
        if is_name { DecisionMethod::Name } else { DecisionMethod::Alias }
    }

    fn certain(
        &self,
        entry: EntryIndex,
        method: DecisionMethod,
        key: &str,
        text: &str,
    ) -> RoleDecision {
        let group = self.framework.entries.get(entry).is_some_and(|found| found.group);
        RoleDecision {
            outcome: if group { RoleOutcome::Group(entry) } else { RoleOutcome::Role(entry) },
            method,
            confidence: 1.0,
            words: key.split(' ').map(str::to_owned).collect(),
            candidates: vec![RoleCandidate { entry, confidence: 1.0 }],
            title: as_title(text),
        }
    }

    /// The names that a text may mean: those a typo away, else those with most letters in common.
    fn proposed(&self, key: &str, text: &str) -> RoleDecision {
        let known = || self.entries.iter().filter_map(|(name, at)| Some(((*at)?, name.as_str())));
        let typo = |(entry, name): (EntryIndex, &str)| {
            let edits = edit_distance(key, name, most_edits(name))?;
            (digits(key) == digits(name)).then_some((edits, entry))
        };
        let mut typos: Vec<(usize, EntryIndex)> = known().filter_map(typo).collect();
        typos.sort_unstable();
        let mut candidates: Vec<RoleCandidate> = typos
            .into_iter()
            .map(|(edits, entry)| RoleCandidate {
                entry,
                confidence: if edits == 1 { 0.8 } else { 0.7 },
            })
            .collect();
        let mut near = nearest_names(key, known(), NEAREST);
        near.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        candidates.extend(
            near.into_iter().map(|(entry, near)| RoleCandidate { entry, confidence: near * 0.6 }),
        );
        keep_first_of_each(&mut candidates);
        let review = candidates.first().is_some_and(|first| first.confidence >= 0.7);
        RoleDecision {
            outcome: if review { RoleOutcome::Review } else { RoleOutcome::Open },
            method: DecisionMethod::None,
            confidence: candidates.first().map_or(0.0, |first| first.confidence),
            words: Vec::new(),
            candidates,
            title: as_title(text),
        }
    }
}

/// How many letters of a name may be wrong: a short one with two typos is another.
fn most_edits(name: &str) -> usize {
    match name.chars().count() {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    }
}

/// How many near names are looked at.
const NEAREST: usize = 9;

fn keep_first_of_each(candidates: &mut Vec<RoleCandidate>) {
    let mut seen = Vec::new();
    candidates.retain(|candidate| {
        let new = !seen.contains(&candidate.entry);
        seen.push(candidate.entry);
        new
    });
    candidates.truncate(3);
}

fn as_title(text: &str) -> CleanTitle {
    let text = text.trim().to_owned();
    CleanTitle { full: text.clone(), role: text, ..CleanTitle::default() }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let mut outside = String::new();
    for letter in text.chars() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(letter),
            _ => {}
        }
    }
    outside
}

/// The key of a classification: `Clerk Gr. 5-6` and `CLERK GRADE 5/6` are one.
fn grade_key(text: &str) -> String {
    let folded = fold(text);
    let mut words: Vec<String> = Vec::new();
    for word in scan_words(&folded) {
        for part in letters_and_digits(word) {
            let after_scale = words.last().is_some_and(|last| is_scale(last));
            words.push(plain_grade(part, after_scale).to_owned());
        }
    }
    words.join(" ")
}

fn is_scale(word: &str) -> bool {
    matches!(word, "grade" | "level" | "band" | "class")
}

/// `seb1` is two words.
fn letters_and_digits(word: &str) -> impl Iterator<Item = &str> {
    let split = word.find(|letter: char| letter.is_ascii_digit()).unwrap_or(word.len());
    let (letters, digits) = word.split_at(split);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let parts = if plain { [letters, digits] } else { [word, ""] };
    parts.into_iter().filter(|part| !part.is_empty())
}

/// A word of a classification in its plain form; Roman and written numbers follow a scale.
fn plain_grade(word: &str, after_scale: bool) -> &str {
    match word {
        "gr" | "grades" | "gde" => "grade",
        "lvl" | "lev" | "levels" => "level",
        "bands" => "band",
        "i" | "one" if after_scale => "1",
        "ii" | "two" if after_scale => "2",
        "iii" | "three" if after_scale => "3",
        "iv" | "four" if after_scale => "4",
        "v" | "five" if after_scale => "5",
        "vi" | "six" if after_scale => "6",
        "vii" | "seven" if after_scale => "7",
        "viii" | "eight" if after_scale => "8",
        _ => word,
    }
}
