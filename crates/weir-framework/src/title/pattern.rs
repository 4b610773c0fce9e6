//! Notes with numbers in them: pay, durations, hours, requisitions, headcounts, genders.

use super::NoteKind;
use super::cut::TitleWord;

/// What the words of a segment begin with: kind, value and how many words.
pub(super) fn find(words: &[TitleWord]) -> Option<(NoteKind, String, usize)> {
    let first = words.first()?.folded.as_str();
    let text = |at: usize| words.get(at).map_or("", |word| word.folded.as_str());
    pay(first, &text)
        .or_else(|| duration(first, &text))
        .or_else(|| headcount(first, &text))
        .or_else(|| requisition(first, &text))
        .or_else(|| gender(words))
}

type NoteMatch = Option<(NoteKind, String, usize)>;

fn pay<'a>(first: &str, text: &impl Fn(usize) -> &'a str) -> NoteMatch {
    let money = first.starts_with(['$', '£', '€']) || is_thousands(first);
    if !money {
        return None;
    }
    let mut count = 1;
    while is_pay_word(text(count)) || (text(count) == "p" && text(count + 1) == "h") {
        count += 1;
    }
    Some((NoteKind::Pay, first.to_owned(), count))
}

/// `80k`, `110k`.
fn is_thousands(word: &str) -> bool {
    let digits = word.strip_suffix('k').unwrap_or_default();
    digits.len() >= 2 && digits.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_pay_word(word: &str) -> bool {
    let usual = [
        "per",
        "hour",
        "hr",
        "ph",
        "p.h",
        "pa",
        "p.a",
        "annum",
        "day",
        "pd",
        "k",
        "super",
        "plus",
        "base",
        "ote",
        "package",
        "pkg",
        "inc",
        "incl",
        "h",
        "penalties",
        "bonus",
        "week",
        "pw",
        "commission",
        "and",
        "to",
    ];
    usual.contains(&word) || word.starts_with('$') || is_thousands(word)
}

/// `12 month contract`, `6mth`, `3-6 months`, `2 days per week`, `0.6 fte`, `2/1`.
fn duration<'a>(first: &str, text: &impl Fn(usize) -> &'a str) -> NoteMatch {
    let digits = first.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number = !digits.is_empty()
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '/'));
    if !number {
        return None;
    }
    let glued = &first[digits.len()..];
    let (unit, mut count) = if glued.is_empty() { (text(1), 2) } else { (glued, 1) };
    let kind = match unit {
        "month" | "months" | "mth" | "mths" | "mo" | "week" | "weeks" | "wk" | "wks" | "year"
        | "years" | "yr" | "m" => NoteKind::Contract,
        "day" | "days" | "hours" | "hrs" | "fte" | "nights" => NoteKind::Employment,
        _ => return None,
    };
    let more = [
        "contract",
        "ftc",
        "fixed",
        "term",
        "temp",
        "assignment",
        "per",
        "week",
        "a",
        "pw",
        "contracts",
        "mat",
        "maternity",
        "parental",
        "leave",
        "cover",
        "role",
        "project",
    ];
    while more.contains(&text(count)) {
        count += 1;
    }
    Some((kind, format!("{digits} {unit}"), count))
}

/// `x 3`, `10 positions`.
fn headcount<'a>(first: &str, text: &impl Fn(usize) -> &'a str) -> NoteMatch {
    let number = |word: &str| {
        (1..=3).contains(&word.len()) && word.bytes().all(|digit| digit.is_ascii_digit())
    };
    let several = ["positions", "roles", "vacancies", "openings"];
    if first == "x" && number(text(1)) {
        return Some((NoteKind::Appeal, text(1).to_owned(), 2));
    }
    let positions = number(first) && several.contains(&text(1));
    positions.then(|| (NoteKind::Appeal, first.to_owned(), 2))
}

/// `req-20391`, `ref: 8231`, `#5512`, `jr100234`, `2026`.
fn requisition<'a>(first: &str, text: &impl Fn(usize) -> &'a str) -> NoteMatch {
    let digits = |word: &str| word.bytes().filter(u8::is_ascii_digit).count();
    let number = |word: &str| {
        let code = word.trim_start_matches(['#', '$']);
        digits(code) >= 3 && code.len() >= digits(code) && !code.starts_with('.')
    };
    let named = ["ref", "req", "job", "id", "vacancy", "requisition", "no", "number", "position"];
    if named.contains(&first) && number(text(1)) {
        return Some((NoteKind::Requisition, text(1).to_owned(), 2));
    }
    if !number(first) || first.starts_with('$') {
        return None;
    }
    let intake = matches!(text(1), "intake" | "program" | "cohort");
    Some((NoteKind::Requisition, first.to_owned(), 1 + usize::from(intake)))
}

/// `m f d` where every letter is a word of its own.
fn gender(words: &[TitleWord]) -> NoteMatch {
    let letter =
        |word: &&TitleWord| matches!(word.folded.as_str(), "m" | "f" | "w" | "d" | "x" | "v" | "i");
    let count = words.iter().take_while(letter).count();
    let whole = count >= 2 && words.iter().take(count).any(|word| word.folded == "m");
    let near =
        words.windows(2).take(count.saturating_sub(1)).all(|two| two[1].begin <= two[0].end + 3);
    (whole && near).then(|| {
        let letters: Vec<&str> = words[..count].iter().map(|word| word.folded.as_str()).collect();
        (NoteKind::Gender, letters.join("/"), count)
    })
}
