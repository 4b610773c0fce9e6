//! Stems that begin alike: `electric` and `electronic`, `pharmac` and `pharmaceut`.
//!
//! A word of a title counts a little for labels that have a word of its family and not the word
//! itself. A word that nothing knows counts as the one that differs by a letter.

use super::postings::{RowList, StemTable, TitleList};
use std::collections::HashMap;

/// Families share at least so many letters.
const LETTERS: usize = 5;

/// The letters that two stems begin with alike, of those of the longer one, must be so many.
const ALIKE: f32 = 0.6;

/// How many stems of its family a stem knows.
const MOST: usize = 6;

/// The family of each stem, with how alike its members are: only stems that labels have.
pub(super) fn related(stems: &StemTable, labels: &TitleList) -> RowList<(u32, f32)> {
    let mut sorted: Vec<(&str, u32)> = stems.iter().collect();
    sorted.sort_unstable();
    let mut rows: Vec<Vec<(u32, f32)>> = vec![Vec::new(); stems.len()];
    let mut begin = 0;
    while begin < sorted.len() {
        let opening = opening(sorted[begin].0);
        let family = sorted[begin..].iter().take_while(|(stem, _)| self::opening(stem) == opening);
        let end = begin + family.count();
        if opening.is_some() {
            relate(&sorted[begin..end], labels, &mut rows);
        }
        begin = end.max(begin + 1);
    }
    RowList::new(&rows)
}

fn relate(family: &[(&str, u32)], labels: &TitleList, rows: &mut [Vec<(u32, f32)>]) {
    for (stem, number) in family {
        let others =
            family.iter().filter(|(_, other)| other != number && labels.frequency(*other) > 0);
        let mut near: Vec<(u32, f32)> = others
            .map(|(other, at)| (*at, alike(stem, other)))
            .filter(|(_, alike)| *alike >= ALIKE)
            .collect();
        near.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        near.truncate(MOST);
        rows[*number as usize] = near;
    }
}

/// The letters that a family has in common.
fn opening(stem: &str) -> Option<&str> {
    stem.get(..LETTERS).filter(|opening| opening.bytes().all(|letter| letter.is_ascii_alphabetic()))
}

/// The letters that two stems begin with alike, of those of the longer one.
fn alike(left: &str, right: &str) -> f32 {
    let same = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    super::weights::float(same) / super::weights::float(left.len().max(right.len()))
}

/// Stems of labels without one of their letters: how a typo finds its word.
pub(super) fn near_stems(stems: &StemTable, labels: &TitleList) -> HashMap<String, u32> {
    let mut near: HashMap<String, u32> = HashMap::new();
    for (stem, at) in stems.iter() {
        if stem.chars().count() < LEAST_LETTERS || labels.frequency(at) == 0 {
            continue;
        }
        for form in shortened(stem).chain([stem.to_owned()]) {
            let better = |known: u32| {
                (labels.frequency(at), std::cmp::Reverse(at))
                    > (labels.frequency(known), std::cmp::Reverse(known))
            };
            let known = near.entry(form).or_insert(at);
            if better(*known) {
                *known = at;
            }
        }
    }
    near
}

/// Shorter words are too easily another word.
pub(super) const LEAST_LETTERS: usize = 5;

/// A word without each of its letters in turn.
pub(super) fn shortened(word: &str) -> impl Iterator<Item = String> + '_ {
    word.char_indices()
        .map(|(at, letter)| format!("{}{}", &word[..at], &word[at + letter.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_found() {
        let mut stems = StemTable::default();
        let words = ["electric", "electronic", "elect", "electromagnetism", "nurs", "elephant"];
        let numbers: Vec<u32> = words.iter().map(|word| stems.add(word)).collect();
        // `elect` is in no label.
        let labelled = numbers.iter().filter(|number| **number != 2);
        let titles = labelled.map(|number| (*number, vec![*number])).collect();
        let labels = TitleList::new(titles, stems.len());
        let related = related(&stems, &labels);
        let found = |word: usize| {
            related.row(numbers[word]).iter().map(|(other, _)| *other).collect::<Vec<u32>>()
        };
        assert_eq!(found(0), [1]);
        assert_eq!(found(2), [0]);
        assert!(found(4).is_empty() && found(5).is_empty());
    }
}
