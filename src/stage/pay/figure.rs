//! The numbers in a text, with the currency beside each, and the words between them. A number that is only a part of
//! something else (`VPSG5`, `9:30`, a phone number, `38 hours`) must not get out of here.

use super::text::TOO_MUCH;
use super::words::{SIGNS, code, strong_period, weak_period};

/// A number in a text, and the currency beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    pub(super) amount: f64,
    /// Where it begins and ends, the currency included.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_marked: bool,
    pub(super) currency: Option<&'static str>,
    /// Written with `k`.
    pub(super) is_thousands: bool,
    /// Four digits that may be a year.
    pub(super) is_year: bool,
}

/// All numbers that can be pay.
pub(super) fn figures(letters: &[char]) -> Vec<Figure> {
    let mut found: Vec<(Figure, bool)> = Vec::new();
    let decimal_commas = !has_comma_groups(letters);
    let mut at = 0;
    while at < letters.len() {
        if !letters[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let (end, amount, is_whole) = number(letters, at, decimal_commas);
        let (figure, mut can_be) = figure(letters, at, end, amount, is_whole);
        // Numbers that stand side by side are a phone number.
        if let Some((before, could_be)) = found.last_mut() {
            let gap = letters.get(before.end..figure.start).unwrap_or_default();
            if !before.is_marked && !figure.is_marked && gap.iter().all(|sign| matches!(sign, ' ' | '(' | ')')) {
                (*could_be, can_be) = (false, false);
            }
        }
        found.push((figure, can_be));
        at = end.max(at + 1);
    }
    found.into_iter().filter_map(|(figure, can_be)| can_be.then_some(figure)).collect()
}

/// The number that begins at a digit: its end, its amount, and whether it is digits only.
pub(super) fn number(letters: &[char], start: usize, decimal_commas: bool) -> (usize, f64, bool) {
    let digits = |from: usize| letters.iter().skip(from).take_while(|letter| letter.is_ascii_digit()).count();
    let first = digits(start);
    let mut end = start + first;
    let mut group = None;
    while (1..=3).contains(&first) && letters[start] != '0' {
        let Some(sign) = letters.get(end).copied().filter(|sign| matches!(sign, ',' | '.' | '\'' | ' ')) else { break };
        if group.is_some_and(|group| group != sign) || digits(end + 1) != 3 {
            break;
        }
        (group, end) = (Some(sign), end + 4);
    }
    let mut text: String = letters[start..end].iter().filter(|letter| letter.is_ascii_digit()).collect();
    let decimals = digits(end + 1);
    let is_point = match letters.get(end) {
        Some('.') => group != Some('.') && decimals > 0,
        // `$65,7` is what was cut off, and not 65.7.
        Some(',') => group != Some(',') && decimals == 2 && decimal_commas,
        _ => false,
    };
    if is_point {
        text.push('.');
        text.extend(&letters[end + 1..=end + decimals]);
        end += 1 + decimals;
    }
    let is_whole = end == start + first;
    (end, text.parse().unwrap_or(f64::INFINITY), is_whole)
}

/// Whether a comma stands before thousands somewhere, and so nowhere before decimals.
pub(super) fn has_comma_groups(letters: &[char]) -> bool {
    letters.windows(5).any(|part| part[0].is_ascii_digit() && part[1] == ',' && part[2..].iter().all(char::is_ascii_digit))
}

/// The number with what stands beside it, and whether it can be pay.
fn figure(letters: &[char], start: usize, number_end: usize, amount: f64, is_whole: bool) -> (Figure, bool) {
    let thousands = thousands(letters, number_end);
    let end = thousands.unwrap_or(number_end);
    let (mark_start, before) = mark_before(letters, start);
    let (mark_end, after) = mark_after(letters, end);
    let is_marked = before.is_some() || after.is_some();
    let currency = [before, after].into_iter().flatten().flatten().next();
    let digits = number_end - start;
    let is_year = is_whole && digits == 4 && (1900.0..=2100.0).contains(&amount) && !is_marked;
    let amount = if thousands.is_some() { amount * 1000.0 } else { amount };
    let is_code = is_whole && !is_marked && (digits >= 8 || (digits > 1 && letters[start] == '0'));
    let can_be = amount < TOO_MUCH && !is_code && !is_inside(letters, start, end, mark_start) && !is_something_else(letters, mark_end, is_marked);
    (Figure { amount, start: mark_start, end: mark_end, is_marked, currency, is_thousands: thousands.is_some(), is_year }, can_be)
}

/// Where `k` behind a number ends.
pub(super) fn thousands(letters: &[char], end: usize) -> Option<usize> {
    let at = if letters.get(end) == Some(&' ') { end + 1 } else { end };
    let is_k = matches!(letters.get(at), Some('k' | 'K')) && !letters.get(at + 1).is_some_and(|next| next.is_alphanumeric());
    is_k.then_some(at + 1)
}

/// Whether a number is only a part of a word, a date, a time, a version or a phone number: `VPSG5`, `2025/26`, `9:30`.
fn is_inside(letters: &[char], start: usize, end: usize, mark_start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| letters.get(at));
    let is_glued =
        mark_start == start && before.is_some_and(|sign| sign.is_alphanumeric() || matches!(sign, '/' | ':' | '#' | '+' | '_' | '@' | '.' | ','));
    let (next, after) = (letters.get(end), letters.get(end + 1));
    let goes_on = next.is_some_and(|sign| matches!(sign, '/' | ':' | '.' | ',')) && after.is_some_and(char::is_ascii_digit);
    let is_word = next.is_some_and(|sign| sign.is_alphabetic()) && {
        let word = word_at(letters, end);
        code(&word).is_none() && strong_period(&word.to_lowercase()).is_none() && weak_period(&word.to_lowercase()).is_none() && word != "p"
    };
    is_glued || goes_on || is_word
}

/// Whether what follows says that a number is no money: `9.5%`, `38 hours`, `$5 million`.
fn is_something_else(letters: &[char], end: usize, is_marked: bool) -> bool {
    let at = end + blanks(letters, end);
    if letters.get(at) == Some(&'%') {
        return true;
    }
    let words = tokens(letters, at, end_of_clause(letters, at));
    match words.first().map(String::as_str) {
        Some("percent" | "pct" | "m" | "mil" | "mio" | "million" | "millions" | "bn" | "billion" | "billions") => true,
        Some("per") => words.get(1).is_some_and(|word| word == "cent"),
        Some("h" | "hour" | "hours" | "hr" | "hrs" | "day" | "days" | "week" | "weeks" | "month" | "months" | "year" | "years" | "yr" | "yrs") => {
            !is_marked
        }
        Some("fte" | "x" | "positions" | "people" | "staff" | "st" | "nd" | "rd" | "th") => !is_marked,
        _ => false,
    }
}

/// The currency in front of a number: where it begins, and which if it says so.
fn mark_before(letters: &[char], start: usize) -> (usize, Option<Option<&'static str>>) {
    let (mut at, mut mark) = (start, None);
    for _ in 0..2 {
        let end = at - letters[..at].iter().rev().take_while(|letter| **letter == ' ').count();
        let Some((begin, currency)) = sign_before(letters, end).or_else(|| code_before(letters, end)) else { break };
        (at, mark) = (begin, Some(mark.flatten().or(currency)));
    }
    (at, mark)
}

fn sign_before(letters: &[char], end: usize) -> Option<(usize, Option<&'static str>)> {
    SIGNS.iter().find_map(|(sign, currency)| {
        let begin = end.checked_sub(sign.chars().count())?;
        let is_there = letters[begin..end].iter().map(char::to_ascii_lowercase).eq(sign.chars());
        let is_tail = sign.starts_with(char::is_alphabetic) && begin > 0 && letters[begin - 1].is_alphabetic();
        (is_there && !is_tail).then_some((begin, *currency))
    })
}

fn code_before(letters: &[char], end: usize) -> Option<(usize, Option<&'static str>)> {
    let begin = end - letters[..end].iter().rev().take(5).take_while(|letter| letter.is_alphabetic()).count();
    let word: String = letters[begin..end].iter().collect();
    code(&word).map(|code| (begin, Some(code)))
}

/// The currency behind a number, unless it belongs to the next one.
fn mark_after(letters: &[char], end: usize) -> (usize, Option<Option<&'static str>>) {
    let (mut at, mut mark) = (end, None);
    for _ in 0..2 {
        let begin = at + blanks(letters, at);
        let sign = SIGNS.iter().find(|(sign, _)| letters.get(begin).is_some_and(|letter| sign.chars().eq([*letter])));
        let word = word_at(letters, begin);
        let found = sign.map(|(_, currency)| (begin + 1, *currency)).or_else(|| code(&word).map(|code| (begin + word.chars().count(), Some(code))));
        let Some((next, currency)) = found else { break };
        (at, mark) = (next, Some(mark.flatten().or(currency)));
    }
    let is_of_next = letters.get(at + blanks(letters, at)).is_some_and(char::is_ascii_digit);
    if is_of_next { (end, None) } else { (at, mark) }
}

pub(super) fn blanks(letters: &[char], at: usize) -> usize {
    letters.iter().skip(at).take_while(|letter| **letter == ' ').count()
}

fn word_at(letters: &[char], at: usize) -> String {
    letters.iter().skip(at).take(20).take_while(|letter| letter.is_alphabetic()).collect()
}

/// Where the next number, line or clause begins.
pub(super) fn end_of_clause(letters: &[char], at: usize) -> usize {
    at + letters.iter().skip(at).take_while(|letter| !letter.is_ascii_digit() && **letter != ';').count()
}

/// Lower-case words; `/` is `per`, `p.a.` is `pa`, `-` stands for itself.
pub(super) fn tokens(letters: &[char], start: usize, end: usize) -> Vec<String> {
    let mut words = vec![String::new()];
    let part = letters.get(start..end.max(start)).unwrap_or_default();
    for (at, letter) in part.iter().enumerate() {
        let word = words.last().map(String::as_str).unwrap_or_default();
        let is_short = *letter == '/' && word == "p" && part.get(at + 1).is_some_and(|next| next.is_alphabetic());
        match letter {
            _ if letter.is_alphabetic() => words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase())),
            '.' if !word.is_empty() => {}
            _ if is_short => {}
            '/' => words.extend(["per".to_owned(), String::new()]),
            '-' => words.extend(["-".to_owned(), String::new()]),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
