//! Words that are known, or a letter or two away from being known: scans and typos.

use crate::words::edit_distance;
use std::collections::HashMap;

/// First words of names with the names that begin with them.
#[derive(Debug, Default)]
pub(super) struct FirstWords {
    exact: HashMap<String, Vec<usize>>,
    /// The same by the numbers of the words without each letter in turn.
    near: HashMap<u64, Vec<usize>>,
}

/// Shorter words must be right.
const LEAST_LETTERS: usize = 5;

impl FirstWords {
    pub(super) fn add(&mut self, word: &str, name: usize) {
        self.exact.entry(word.to_owned()).or_default().push(name);
        if word.chars().count() >= LEAST_LETTERS {
            for form in numbers(word) {
                let names = self.near.entry(form).or_default();
                if names.last() != Some(&name) {
                    names.push(name);
                }
            }
        }
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

/// Numbers of a word and of the word without each of its letters. Two words may have one number by
/// chance; who finds a name by it compares the letters.
fn numbers(word: &str) -> impl Iterator<Item = u64> + '_ {
    let skipped = word.char_indices().map(|(at, _)| at).chain([usize::MAX]);
    skipped.map(|skipped| {
        let letters = word.char_indices().filter(|(at, _)| *at != skipped);
        letters.fold(0xcbf2_9ce4_8422_2325, |number: u64, (_, letter)| {
            (number ^ u64::from(u32::from(letter))).wrapping_mul(0x0000_0100_0000_01b3)
        })
    })
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
