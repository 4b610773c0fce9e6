//! What is built once for the capability frameworks of an institution.

use super::near::{FirstWords, word_distance};
use super::{CapabilityKind, CapabilityRow};
use crate::framework::{EntryIndex, Framework, RoleCapability};
use crate::words::fold;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Frameworks of capabilities, searched together. Built once for a plan, then only read.
pub struct CapabilityIndex {
    pub(super) frameworks: Vec<Arc<Framework>>,
    pub(super) names: Vec<KnownName>,
    pub(super) first_words: FirstWords,
    pub(super) phrases: AhoCorasick,
    /// What each phrase points to.
    pub(super) meanings: Vec<Vec<PhraseMeaning>>,
}

/// A name that tables print.
#[derive(Debug)]
pub(super) struct KnownName {
    pub(super) words: Vec<String>,
    pub(super) framework: usize,
    pub(super) meaning: NameMeaning,
}

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameMeaning {
    Capability(EntryIndex),
    Level(usize),
}

/// What a phrase points to.
#[derive(Debug, Clone, Copy)]
pub(super) struct PhraseMeaning {
    pub(super) framework: usize,
    pub(super) capability: EntryIndex,
    pub(super) confidence: f32,
}

/// A name found in a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoundName {
    pub(super) framework: usize,
    pub(super) meaning: NameMeaning,
    /// How many words it has.
    pub(super) words: usize,
    /// How many letters were wrong.
    pub(super) wrong: usize,
}

/// How sure a capability is whose name runs through a sentence.
const NAME_IN_TEXT: f32 = 0.85;

/// Phrases with fewer letters than this are searched for by a table of all steps, which takes
/// about 250 bytes a letter and a fifth of the time.
const MOST_LETTERS: usize = 50_000;

impl CapabilityIndex {
    /// Builds an index; frameworks of roles are left out.
    ///
    /// # Errors
    /// The phrases are too many or too long to search for at once.
    pub fn build(frameworks: Vec<Arc<Framework>>) -> Result<CapabilityIndex, String> {
        let mut names = Vec::new();
        let mut texts: BTreeMap<String, Vec<PhraseMeaning>> = BTreeMap::new();
        for (at, framework) in frameworks.iter().enumerate() {
            add_names(at, framework, &mut names);
            add_phrases(at, framework, &mut texts);
        }
        let mut first_words = FirstWords::default();
        for (at, name) in names.iter().enumerate() {
            name.words.iter().take(1).for_each(|word| first_words.add(word, at));
        }
        let (patterns, meanings): (Vec<String>, Vec<Vec<PhraseMeaning>>) =
            texts.into_iter().unzip();
        // Of phrases within one another only the longest counts.
        let letters: usize = patterns.iter().map(String::len).sum();
        let kind = (letters <= MOST_LETTERS).then_some(AhoCorasickKind::DFA);
        let mut search = AhoCorasick::builder();
        let search = search.match_kind(MatchKind::LeftmostLongest).kind(kind).build(patterns);
        let phrases = search.map_err(|error| error.to_string())?;
        Ok(CapabilityIndex { frameworks, names, first_words, phrases, meanings })
    }

    /// The frameworks, in the order of [`CapabilityRow::framework`].
    #[must_use]
    pub fn frameworks(&self) -> &[Arc<Framework>] {
        &self.frameworks
    }

    /// Bytes of memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let names: usize = self.names.iter().map(|name| name.words.len() * 40 + 64).sum();
        self.phrases.memory_usage() + names + self.meanings.len() * size_of::<PhraseMeaning>()
    }

    /// Adds the capabilities that a role brings and the text does not name.
    pub fn add_by_role(
        &self,
        brought: &[RoleCapability],
        confidence: f32,
        rows: &mut Vec<CapabilityRow>,
    ) {
        for one in brought {
            let found =
                self.frameworks.iter().enumerate().find_map(|(framework, known)| {
                    Some((framework, known.position(&one.capability)?))
                });
            let Some((framework, capability)) = found else { continue };
            let known =
                |row: &CapabilityRow| (row.framework, row.capability) == (framework, capability);
            if rows.iter().any(known) {
                continue;
            }
            let levels = &self.frameworks[framework].levels;
            let level = levels.iter().position(|level| Some(&level.id) == one.level.as_ref());
            let kind = CapabilityKind::ByRole;
            rows.push(CapabilityRow {
                framework,
                capability,
                level,
                kind,
                evidence: 0..0,
                confidence,
            });
        }
    }

    /// The longest name that words begin with; of equally long the one with the fewest wrong
    /// letters.
    pub(super) fn name_at<'a>(
        &self,
        words: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<FoundName> {
        let first = words.clone().next()?;
        let found = self.first_words.find(first).into_iter().filter_map(|at| {
            let name = self.names.get(at)?;
            let wrong = wrong_letters(&name.words, words.clone())?;
            let (framework, meaning) = (name.framework, name.meaning);
            Some(FoundName { framework, meaning, words: name.words.len(), wrong })
        });
        found.max_by_key(|name| (name.words, std::cmp::Reverse(name.wrong)))
    }
}

/// How many letters are wrong if words are a name.
fn wrong_letters<'a>(name: &[String], mut words: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut wrong = 0;
    for meant in name {
        wrong += word_distance(words.next()?, meant)?;
    }
    let letters: usize = name.iter().map(String::len).sum();
    (wrong * 5 <= letters).then_some(wrong)
}

fn add_names(at: usize, framework: &Framework, names: &mut Vec<KnownName>) {
    let mut add = |text: &str, meaning| {
        let folded = fold(text);
        let words: Vec<String> =
            super::line::words(&folded, 0).iter().map(|word| word.text.to_owned()).collect();
        if !words.is_empty() {
            names.push(KnownName { words, framework: at, meaning });
        }
    };
    for (entry, found) in framework.entries.iter().enumerate().filter(|(_, entry)| !entry.group) {
        found.names().for_each(|name| add(name, NameMeaning::Capability(entry)));
    }
    for (level, found) in framework.levels.iter().enumerate() {
        let all = std::iter::once(&found.name).chain(&found.aliases);
        all.for_each(|name| add(name, NameMeaning::Level(level)));
    }
}

fn add_phrases(at: usize, framework: &Framework, texts: &mut BTreeMap<String, Vec<PhraseMeaning>>) {
    for (capability, entry) in framework.entries.iter().enumerate().filter(|(_, e)| !e.group) {
        let named = entry.names().filter(|name| name.trim().contains(' '));
        let named = named.map(|name| (fold(name), NAME_IN_TEXT));
        let declared = entry.phrases.iter().map(|phrase| (fold(&phrase.text), phrase.confidence));
        for (text, confidence) in named.chain(declared).filter(|(text, _)| !text.trim().is_empty())
        {
            let meaning = PhraseMeaning { framework: at, capability, confidence };
            texts.entry(text).or_default().push(meaning);
        }
    }
}
