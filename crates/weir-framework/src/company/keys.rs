//! Names to keys under which spellings of one name meet.

use super::forms::{LEGAL_FORMS, NUMBERS, PLACES, SAME_WORDS};
use crate::words::fold;

/// The words of a name: folded, `&` and `+` as `and`, initials joined, numbers as digits.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let marked: String = name.chars().filter(|c| !matches!(c, '™' | '®' | '©')).collect();
    let folded = fold(&umlauts(&marked)).replace("'s ", "s ").replace(['&', '+'], " and ");
    let folded = folded.replace('\'', "");
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut joined: Vec<String> = Vec::new();
    let mut initials = false;
    for word in words {
        let letter = word.chars().count() == 1;
        match joined.last_mut() {
            Some(last) if letter && initials => last.push_str(word),
            _ => joined.push(plain(word).to_owned()),
        }
        initials = letter;
    }
    without_article(joined)
}

/// German umlauts as their letters: `mueller` and `müller` meet as `muller`.
fn umlauts(name: &str) -> String {
    let folded = name.to_lowercase();
    let mut out = String::with_capacity(folded.len());
    let mut letters = folded.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        out.push(letter);
        // `ue` after a consonant other than q is `u`; so are `ae` and `oe`.
        let vowel = matches!(letter, 'a' | 'o' | 'u');
        let after_vowel = matches!(before, 'a' | 'e' | 'i' | 'o' | 'u' | 'q');
        if vowel && !after_vowel && before.is_alphabetic() && letters.peek() == Some(&'e') {
            letters.next();
        }
        before = letter;
    }
    out
}

fn plain(word: &str) -> &str {
    let tables = NUMBERS.iter().chain(SAME_WORDS);
    tables.into_iter().find(|(from, _)| *from == word).map_or(word, |(_, to)| *to)
}

fn without_article(mut words: Vec<String>) -> Vec<String> {
    if words.len() > 2 && words.first().is_some_and(|word| word == "the") {
        words.remove(0);
    }
    words
}

/// The key of a name: its words run together, without joining words.
pub(super) fn key(words: &[String]) -> String {
    words.iter().filter(|word| *word != "and").map(String::as_str).collect()
}

/// The words without legal forms at their end; never without any.
pub(super) fn without_legal_form(words: &[String]) -> &[String] {
    trimmed(words, LEGAL_FORMS)
}

/// The words without places at their end; never without any.
pub(super) fn without_place(words: &[String]) -> &[String] {
    trimmed(words, PLACES)
}

fn trimmed<'a>(words: &'a [String], endings: &[&str]) -> &'a [String] {
    let ending = |word: &String| endings.contains(&word.as_str()) || word == "and";
    let kept = words.iter().rposition(|word| !ending(word)).map_or(0, |last| last + 1);
    &words[..kept]
}
