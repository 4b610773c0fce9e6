//! Words that are known, or a letter or two away from being known: scans and typos.

use crate::words::edit_distance;
use std::collections::HashMap;

/// First words of names with the names that begin with them.
#[derive(Debug, Default)]
pub(super) struct FirstWords {
    exact: HashMap<String, Vec<usize>>,
    /// The same by the numbers of the words without each letter in turn.
    near: HashMap<u64, Vec<usize>>,
    /// All these numbers: most words of a text have none of them.
    filter: NumberFilter,
}

/// Shorter words must be right.
const LEAST_LETTERS: usize = 5;

impl FirstWords {
    pub(super) fn add(&mut self, word: &str, name: usize) {
        self.exact.entry(word.to_owned()).or_default().push(name);
        numbers(word).take(1).for_each(|number| self.filter.add(number));
        if word.chars().count() >= LEAST_LETTERS {
            for form in numbers(word) {
                self.filter.add(form);
                let names = self.near.entry(form).or_default();
                if names.last() != Some(&name) {
                    names.push(name);
                }
            }
        }
    }

    /// Whether a name may begin with a word: where not, [`FirstWords::find`] finds none.
    pub(super) fn may_begin(&self, word: &str) -> bool {
        numbers(word).any(|number| self.filter.may_have(number))
    }

    /// The names that may begin with a word.
    pub(super) fn find(&self, word: &str) -> Vec<usize> {
        if let Some(names) = self.exact.get(word) {
            return names.clone();
        }
        if word.len() < LEAST_LETTERS - 1 {
            return Vec::new();
        }
        let near = numbers(word).filter_map(|form| self.near.get(&form));
        let mut names: Vec<usize> = near.flatten().copied().collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What letters are multiplied by for each letter behind them; odd, so that it can be undone.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Undoes a multiplication by [`BASE`]: each step doubles the bits that are right.
const INVERSE: u64 = {
    let (mut inverse, mut step) = (BASE, 0);
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(BASE.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
};

/// Numbers of a word and of the word without each of its letters. Two words may have one number by
/// chance; who finds a name by it compares the letters.
fn numbers(word: &str) -> impl Iterator<Item = u64> + '_ {
    let value = |letter: char| u64::from(u32::from(letter)) + 1;
    let join = |number: u64, letter: char| number.wrapping_mul(BASE).wrapping_add(value(letter));
    let whole = word.chars().fold(0, join);
    // Without a letter: what is before it moves down, and what is behind it stays.
    let (mut behind, mut power, mut before) = (0_u64, 1_u64, whole);
    let without = word.chars().rev().map(move |letter| {
        let own = value(letter).wrapping_mul(power);
        before = before.wrapping_sub(own);
        let shortened = before.wrapping_mul(INVERSE).wrapping_add(behind);
        behind = behind.wrapping_add(own);
        power = power.wrapping_mul(BASE);
        shortened
    });
    std::iter::once(whole).chain(without)
}

/// A set of numbers that may err on one side: it has all that were added, and a few others.
#[derive(Debug)]
struct NumberFilter(Vec<u64>);

impl Default for NumberFilter {
    fn default() -> NumberFilter {
        NumberFilter(vec![0; 1 << 10])
    }
}

impl NumberFilter {
    fn add(&mut self, number: u64) {
        let (at, bit) = place(number);
        self.0[at] |= bit;
    }

    fn may_have(&self, number: u64) -> bool {
        let (at, bit) = place(number);
        self.0[at] & bit != 0
    }
}

/// Where a number stands among 2^16 bits: its upper bits depend on all of its letters.
fn place(number: u64) -> (usize, u64) {
    let upper = (number >> 48) as u16;
    (usize::from(upper >> 6), 1 << (upper & 63))
}

/// How many letters a word is away from the one that is meant, if it is near enough.
pub(super) fn word_distance(word: &str, meant: &str) -> Option<usize> {
    if word == meant {
        return Some(0);
    }
    let letters = meant.len();
    let most = match letters {
        0..=3 => return None,
        4..=8 => 1,
        _ => 2,
    };
    edit_distance(word, meant, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// The numbers are those of the word and of what it is without each letter.
        #[test]
        fn numbers_are_of_the_shortened_words(word in "[a-cé]{0,9}") {
            let first = |word: &str| numbers(word).next();
            let places = word.char_indices();
            let shortened = places.map(|(at, letter)| format!("{}{}", &word[..at], &word[at + letter.len_utf8()..]));
            let all: BTreeSet<_> = shortened.chain([word.clone()]).filter_map(|one| first(&one)).collect();
            prop_assert_eq!(numbers(&word).collect::<BTreeSet<_>>(), all);
        }

        /// A word with a wrong letter is not left out.
        #[test]
        fn near_words_may_begin_names(before in "[a-z]{3,6}", letter in "[a-z]", after in "[a-z]{2,6}") {
            let mut words = FirstWords::default();
            words.add(&format!("{before}{after}"), 0);
            let near = format!("{before}{letter}{after}");
            prop_assert!(words.may_begin(&near) && words.find(&near).contains(&0));
        }
    }
}
