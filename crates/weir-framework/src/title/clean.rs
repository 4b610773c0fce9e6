//! The cleaner: phrases and patterns out, the rest to role and qualifiers.

use super::cut::{TitleWord, cut};
use super::lexicon::{PHRASES, PLACES, PhrasePlace, STATES};
use super::{CleanTitle, NoteKind, TitleNote, pattern};
use crate::words::name_key;
use std::collections::{HashMap, HashSet};

/// How many words of a title are looked at.
const MOST_WORDS: usize = 60;

/// Takes noise out of titles. Built once.
pub struct TitleCleaner {
    /// Phrases by their first word, the longest first.
    phrases: HashMap<&'static str, Vec<LexiconPhrase>>,
    places: HashSet<String>,
}

struct LexiconPhrase {
    words: Vec<&'static str>,
    kind: NoteKind,
    value: &'static str,
    place: PhrasePlace,
}

/// A note and the words that it covers.
struct FoundNote {
    kind: NoteKind,
    value: String,
    words: std::ops::Range<usize>,
}

impl TitleCleaner {
    /// A cleaner that knows the usual places and those of a project.
    #[must_use]
    pub fn new<'a>(places: impl IntoIterator<Item = &'a str>) -> TitleCleaner {
        let mut phrases: HashMap<&'static str, Vec<LexiconPhrase>> = HashMap::new();
        for (text, kind, value, place) in PHRASES {
            let words: Vec<&'static str> = text.split(' ').collect();
            let first = words.first().copied().unwrap_or_default();
            let phrase = LexiconPhrase { words, kind: *kind, value, place: *place };
            phrases.entry(first).or_default().push(phrase);
        }
        for list in phrases.values_mut() {
            list.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        }
        let places = PLACES.iter().copied().chain(places).map(name_key).collect();
        TitleCleaner { phrases, places }
    }

    /// Cleans a title; `locations` are the places that the ad itself names.
    #[must_use]
    pub fn clean(&self, title: &str, locations: &[&str]) -> CleanTitle {
        let mut words = cut(title);
        // What is longer is no title: its rest qualifies what it begins with.
        let rest = words.get(MOST_WORDS).map(|word| title[word.begin..].trim().to_owned());
        words.truncate(MOST_WORDS);
        let own: HashSet<String> = locations.iter().map(|place| name_key(place)).collect();
        let notes = self.notes(title, &words, &own);
        let mut clean = assemble(title, &words, &notes);
        if clean.role.is_empty() {
            title.trim().clone_into(&mut clean.role);
            clean.full.clone_from(&clean.role);
        }
        clean.qualifiers.extend(rest);
        clean
    }

    fn notes(&self, title: &str, words: &[TitleWord], own: &HashSet<String>) -> Vec<FoundNote> {
        let mut notes = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let end = segment_end(words, at);
            let begin = segment_begin(words, at);
            let segment = &words[at..end];
            let found = self
                .place(title, words, begin..end, at, own)
                .or_else(|| self.phrase(words, begin..end, at))
                .or_else(|| pattern::find(segment));
            match found {
                Some((kind, value, count)) => {
                    let covered = at..(at + count.max(1)).min(words.len());
                    at = covered.end;
                    notes.push(FoundNote { kind, value, words: covered });
                }
                None => at += 1,
            }
        }
        notes
    }

    /// A phrase that begins at a word, the longest that may be where it is.
    fn phrase(
        &self,
        words: &[TitleWord],
        segment: std::ops::Range<usize>,
        at: usize,
    ) -> Option<(NoteKind, String, usize)> {
        let list = self.phrases.get(words[at].folded.as_str())?;
        let found = list.iter().find(|phrase| {
            let end = at + phrase.words.len();
            let same = |(word, wanted): (&TitleWord, &&str)| word.folded == **wanted;
            let allowed = match phrase.place {
                PhrasePlace::Anywhere => true,
                PhrasePlace::First => at == segment.start && end < segment.end,
                PhrasePlace::Last => end == segment.end || self.only_noise(words, end..segment.end),
            };
            end <= segment.end && allowed && words[at..end].iter().zip(&phrase.words).all(same)
        })?;
        Some((found.kind, found.value.to_owned(), found.words.len()))
    }

    /// Whether all that follows in a segment is noise that may be anywhere.
    fn only_noise(&self, words: &[TitleWord], rest: std::ops::Range<usize>) -> bool {
        let mut at = rest.start;
        while at < rest.end {
            let list = self.phrases.get(words[at].folded.as_str());
            let anywhere = list.into_iter().flatten().find(|phrase| {
                let end = at + phrase.words.len();
                phrase.place == PhrasePlace::Anywhere
                    && end <= rest.end
                    && words[at..end].iter().zip(&phrase.words).all(|(w, p)| w.folded == **p)
            });
            let pattern = || pattern::find(&words[at..rest.end]).map(|(_, _, count)| count);
            match anywhere.map(|phrase| phrase.words.len()).or_else(pattern) {
                Some(count) => at += count,
                None => return false,
            }
        }
        true
    }

    /// A place: a whole segment, a state in capitals at its end, or what the ad itself names.
    fn place(
        &self,
        title: &str,
        words: &[TitleWord],
        segment: std::ops::Range<usize>,
        at: usize,
        own: &HashSet<String>,
    ) -> Option<(NoteKind, String, usize)> {
        let whole = &title[words[at].begin..words[segment.end - 1].end];
        let key = name_key(whole);
        let later = words[at].segment > words[0].segment;
        let named = at == segment.start && later && self.places.contains(&key);
        if named || (own.contains(&key) && at > 0) {
            return Some((NoteKind::Location, whole.to_owned(), segment.end - at));
        }
        let states = |word: &TitleWord| STATES.contains(&&title[word.begin..word.end]);
        let closing = at > 0 && words[at..segment.end].iter().all(states);
        closing.then(|| (NoteKind::Location, whole.to_owned(), segment.end - at))
    }
}

fn segment_end(words: &[TitleWord], at: usize) -> usize {
    let segment = words[at].segment;
    words[at..].iter().position(|word| word.segment != segment).map_or(words.len(), |n| at + n)
}

fn segment_begin(words: &[TitleWord], at: usize) -> usize {
    let segment = words[at].segment;
    words[..at].iter().rposition(|word| word.segment != segment).map_or(0, |before| before + 1)
}

/// What is left of a segment.
#[derive(Default)]
struct SegmentRest<'a> {
    segment: usize,
    /// The words that are no notes.
    role: Vec<&'a str>,
    /// The same with seniority.
    full: Vec<&'a str>,
    /// Where in `full` another role begins.
    breaks: Vec<usize>,
}

/// What is left of a title: the first segment with words is the role, the others qualify it.
fn assemble(title: &str, words: &[TitleWord], found: &[FoundNote]) -> CleanTitle {
    let rests = rests(title, words, found);
    let mut left = rests.iter().filter(|rest| !rest.role.is_empty());
    let first = left.next();
    let notes = found.iter().map(|note| TitleNote {
        kind: note.kind,
        text: title[words[note.words.start].begin..words[note.words.end - 1].end].to_owned(),
        value: note.value.clone(),
    });
    CleanTitle {
        full: first.map(|rest| rest.full.join(" ")).unwrap_or_default(),
        role: first.map(|rest| rest.role.join(" ")).unwrap_or_default(),
        parts: first.map(SegmentRest::parts).unwrap_or_default(),
        qualifiers: left.map(|rest| rest.role.join(" ")).collect(),
        notes: notes.collect(),
    }
}

fn rests<'a>(title: &'a str, words: &[TitleWord], found: &[FoundNote]) -> Vec<SegmentRest<'a>> {
    let mut rests: Vec<SegmentRest<'a>> = Vec::new();
    let mut before = 0;
    for (at, word) in words.iter().enumerate() {
        let text = &title[word.begin..word.end];
        if rests.last().is_none_or(|rest| rest.segment != word.segment) {
            rests.push(SegmentRest { segment: word.segment, ..SegmentRest::default() });
        }
        let Some(rest) = rests.last_mut() else { continue };
        let joins = matches!(word.folded.as_str(), "and" | "or" | "cum");
        if joins || title[before..word.begin].contains(['/', '&', '+']) {
            rest.breaks.push(rest.full.len() + usize::from(joins));
        }
        before = word.end;
        match found.iter().find(|note| note.words.contains(&at)).map(|note| note.kind) {
            None => {
                rest.role.push(text);
                rest.full.push(text);
            }
            Some(NoteKind::Seniority) => rest.full.push(text),
            Some(_) => {}
        }
    }
    rests
}

impl SegmentRest<'_> {
    fn parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let ends = self.breaks.iter().copied().chain([self.full.len()]);
        let mut begin = 0;
        for end in ends {
            let words = self.full.get(begin..end).unwrap_or_default();
            let named =
                |word: &&&str| !matches!(word.to_lowercase().as_str(), "and" | "or" | "cum");
            let words: Vec<&str> = words.iter().filter(named).copied().collect();
            if !words.is_empty() {
                parts.push(words.join(" "));
            }
            begin = end;
        }
        if parts.len() > 1 { parts } else { Vec::new() }
    }
}
