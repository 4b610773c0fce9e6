//! What a title says, taken apart: the words of the role, the level, numbers, requisition-like
//! codes, years and seasons. Employers' names, places and contract words are taken out, because
//! boards add and drop them. A level is kept apart from the role because a conflict of levels
//! decides against a pair, whatever else agrees.

use crate::fold::words_of;
use crate::title_words::{
    CONTRACT, COUNTED, DEGREES, ENTRY, ENTRY_LEVEL, LEVELS, MERGED, MONTHS, PHRASES, SEASONS,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A title taken apart. All lists are sorted and hold each entry once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TitleProfile {
    /// The words of the role as printed, in order, before variants become one.
    pub printed: Vec<String>,
    /// The words of the role, variants merged, with the words that mark an entry level.
    pub words: Vec<String>,
    /// The words of the role alone.
    pub hard: Vec<String>,
    /// Level words, such as `senior`.
    pub levels: Vec<String>,
    /// Words of an entry level that is no level of its own, such as a new graduate.
    pub entry: bool,
    /// Degrees that are asked for, such as `phd`.
    pub degrees: Vec<String>,
    /// Numbers of a grade within the role: `Engineer II` is 2.
    pub numbers: Vec<u32>,
    /// Tokens that look like a requisition number.
    pub codes: Vec<String>,
    /// Years.
    pub years: Vec<u32>,
    /// Seasons.
    pub seasons: Vec<String>,
}

impl TitleProfile {
    /// Takes a title apart; `noise` holds the words of the employer and of the ad's places.
    pub fn of(title: &str, noise: &BTreeSet<String>) -> TitleProfile {
        let printed = phrased(&words_of(title));
        let merged: Vec<String> = printed.iter().flat_map(|word| variant(word)).collect();
        let role = has_role(&merged, noise);
        let kept = |word: &String| !(role && noise.contains(word));
        let printed = printed.into_iter().filter(|word| kept(word) && is_role(word)).collect();
        let mut profile = TitleProfile { printed, ..TitleProfile::default() };
        merged.into_iter().filter(kept).for_each(|word| profile.take(word));
        profile.settle();
        profile
    }

    fn take(&mut self, token: String) {
        let word = token.as_str();
        if let Some(number) = grade_number(word) {
            self.numbers.push(number);
        } else if let Some(year) = year(word) {
            self.years.push(year);
        } else if word.bytes().filter(u8::is_ascii_digit).count() >= 4 {
            self.codes.push(token);
        } else if let Some((_, level)) = LEVELS.iter().find(|(name, _)| *name == word) {
            self.levels.push((*level).to_owned());
            self.words.push(token);
        } else if SEASONS.contains(&word) {
            self.seasons.push(token);
        } else if let Some((_, degree)) = DEGREES.iter().find(|(name, _)| *name == word) {
            self.degrees.push((*degree).to_owned());
        } else if !CONTRACT.contains(&word) && !MONTHS.contains(&word) {
            self.words.push(token);
        }
    }

    fn settle(&mut self) {
        sort_once(&mut self.words);
        sort_once(&mut self.levels);
        sort_once(&mut self.degrees);
        sort_once(&mut self.numbers);
        sort_once(&mut self.codes);
        sort_once(&mut self.years);
        sort_once(&mut self.seasons);
        let entry_level = |word: &String| ENTRY_LEVEL.contains(&word.as_str());
        self.entry = self.words.iter().any(entry_level);
        let hard = self.words.iter().filter(|word| !ENTRY.contains(&word.as_str()));
        self.hard = hard.cloned().collect();
        if self.hard.is_empty() {
            self.hard.clone_from(&self.words);
        }
    }
}

/// Whether a word of the role remains once the noise is out.
fn has_role(tokens: &[String], noise: &BTreeSet<String>) -> bool {
    let soft = |word: &str| ENTRY.contains(&word) || CONTRACT.contains(&word);
    tokens.iter().any(|token| {
        !noise.contains(token) && !soft(token) && token.chars().all(|c| !c.is_ascii_digit())
    })
}

fn sort_once<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

/// `II` is 2, `3` is 3; a longer number is none.
fn grade_number(word: &str) -> Option<u32> {
    const ROMAN: [&str; 7] = ["i", "ii", "iii", "iv", "v", "vi", "vii"];
    let roman = ROMAN.iter().position(|numeral| *numeral == word);
    match roman {
        Some(at) => u32::try_from(at + 1).ok(),
        None => word.parse().ok().filter(|number| (1..=19).contains(number)),
    }
}

fn year(word: &str) -> Option<u32> {
    word.parse().ok().filter(|year| (2015..=2039).contains(year))
}

/// Whether a printed word is of the role: no number, year, season or word of the contract.
fn is_role(word: &str) -> bool {
    let dropped = CONTRACT.contains(&word) || MONTHS.contains(&word) || SEASONS.contains(&word);
    !dropped && grade_number(word).is_none() && !word.bytes().any(|byte| byte.is_ascii_digit())
}

/// The words with phrases as one word each, and without counts of weeks, months and the like.
fn phrased(words: &[String]) -> Vec<String> {
    let counted = |at: usize| words.get(at).is_some_and(|word| COUNTED.contains(&word.as_str()));
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let kept = words.iter().enumerate().filter(|(at, word)| !(number(word) && counted(at + 1)));
    let kept: Vec<&str> = kept.map(|(_, word)| word.as_str()).collect();
    let mut text = format!(" {} ", kept.join(" "));
    for (phrase, word) in PHRASES {
        if text.contains(phrase) {
            text = text.replace(phrase, word);
        }
    }
    text.split_whitespace().map(str::to_owned).collect()
}

/// One spelling for the variants of a word.
fn variant(word: &str) -> Vec<String> {
    let known = |word: &str| MERGED.iter().find(|(name, _)| *name == word);
    let merged = match known(word) {
        Some((_, merged)) => merged,
        None => {
            let single = singular(word);
            known(single).map_or(single, |(_, merged)| merged)
        }
    };
    merged.split(' ').map(str::to_owned).collect()
}

/// Without the `s` of a plural.
pub fn singular(word: &str) -> &str {
    let keeps = ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    match word.strip_suffix('s') {
        Some(single) if word.len() > 4 && !keeps => single,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::TitleProfile;
    use std::collections::BTreeSet;

    fn read(title: &str) -> String {
        let noise: BTreeSet<String> = ["acme", "perth"].map(str::to_owned).into();
        let it = TitleProfile::of(title, &noise);
        format!(
            "{} {:?} {:?} {:?} {:?}",
            it.words.join("+"),
            it.levels,
            it.numbers,
            it.codes,
            it.years
        )
    }

    #[test]
    fn titles_are_taken_apart() {
        let cases = [
            (
                "Sr. Software Engineering Mgr",
                "engineer+manager+senior+software [\"manager\", \"senior\"] [] [] []",
            ),
            ("Software Engineer II (Perth)", "engineer+software [] [2] [] []"),
            ("2026 Intern - SWE - 10 weeks", "engineer+intern+software [\"intern\"] [] [] [2026]"),
            ("Acme: Nurses, full-time, REQ-10023", "nurse [] [] [\"10023\"] []"),
            ("Acme", "acme [] [] [] []"),
            ("", " [] [] [] []"),
        ];
        for (title, wanted) in cases {
            let wanted = wanted.replace("\"jr\"", "jr");
            assert_eq!(read(title), wanted, "{title}");
        }
    }
}
