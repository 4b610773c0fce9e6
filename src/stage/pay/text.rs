//! Pay out of a text as people write it: "$86,439 - $95,000 pa", "A$45.50 per hour", "AUD 120k–140k", "Up to $90,000".
//!
//! The first amount or range that is money counts. Money is what has a currency beside it, or `k`, or a period right after
//! it; a plain number or range counts only if the text says nothing else. In doubt there is nothing.

use super::figure::{Figure, blanks, end_of_clause, figures, has_comma_groups, number, thousands, tokens};
use super::words::{code, strong_period, weak_period};

/// What a text says of pay.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Told {
    /// The least.
    pub min: Option<f64>,
    /// The most.
    pub max: Option<f64>,
    /// ISO 4217 code.
    pub currency: Option<&'static str>,
    /// One of [`PERIODS`](super::words::PERIODS).
    pub period: Option<&'static str>,
}

/// From here on a number is no pay.
pub const TOO_MUCH: f64 = 1e9;
/// How much of a text is read.
const LONGEST: usize = 4000;
/// A plain number below this is no pay.
const LEAST_PLAIN: f64 = 10.0;

/// Reads the pay in a text; `None` if there is none.
pub fn read(text: &str) -> Option<Told> {
    let letters: Vec<char> = text.chars().take(LONGEST).map(plain).collect();
    let figures = figures(&letters);
    let marked = figures.iter().position(|figure| figure.is_marked || figure.is_thousands);
    if let Some(at) = marked {
        // In `120 - 140k` the first of the two has no mark.
        let at = if at > 0 && is_range(&letters, &figures[at - 1], &figures[at]) { at - 1 } else { at };
        return told(&letters, &figures, at);
    }
    (0..figures.len()).find(|at| is_plain_pay(&letters, &figures, *at)).and_then(|at| told(&letters, &figures, at))
}

/// The first number of a text that is known to be an amount.
pub fn amount(text: &str) -> Option<f64> {
    let letters: Vec<char> = text.chars().take(LONGEST).map(plain).collect();
    let start = letters.iter().position(char::is_ascii_digit)?;
    let (end, amount, _) = number(&letters, start, !has_comma_groups(&letters));
    Some(if thousands(&letters, end).is_some() { amount * 1000.0 } else { amount })
}

/// Dashes, blanks and quotes in their plainest form.
fn plain(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2019}' => '\'',
        '\n' | '\r' => ';',
        _ if letter.is_whitespace() => ' ',
        _ => letter,
    }
}

fn told(letters: &[char], figures: &[Figure], at: usize) -> Option<Told> {
    let mut first = *figures.get(at)?;
    let second = figures.get(at + 1).filter(|second| is_range(letters, &first, second)).copied();
    let last = second.unwrap_or(first);
    let (mut min, mut max) = (Some(first.amount), Some(last.amount));
    if let Some(mut second) = second {
        share_thousands(&mut first, &mut second);
        (min, max) = (Some(first.amount.min(second.amount)), Some(first.amount.max(second.amount)));
    } else {
        match bound(letters, &first) {
            Some(Bound::Least) => max = None,
            Some(Bound::Most) => min = None,
            None => {}
        }
    }
    let positive = |amount: &f64| *amount > 0.0;
    let currency = first.currency.or(last.currency).or_else(|| code_in(letters));
    let period = period_after(letters, last.end).or_else(|| period_after(letters, first.end)).or_else(|| period_before(letters, first.start));
    Some(Told { min: min.filter(positive), max: max.filter(positive), currency, period })
}

/// `120 - 140k` and `120k - 140`: both are thousands.
fn share_thousands(first: &mut Figure, second: &mut Figure) {
    let are = (first.is_thousands, second.is_thousands);
    for (one, other) in [(first, are.1), (second, are.0)] {
        if other && !one.is_thousands && one.amount < 1000.0 {
            one.amount *= 1000.0;
        }
    }
}

fn is_of_period(word: &str) -> bool {
    matches!(word, "per" | "a" | "an") || strong_period(word).is_some() || weak_period(word).is_some()
}

/// Whether two numbers are the ends of a range: `-`, `to`, with nothing else between them than a period.
fn is_range(letters: &[char], first: &Figure, second: &Figure) -> bool {
    let between = tokens(letters, first.end, second.start);
    let has_other_signs =
        letters.get(first.end..second.start).unwrap_or_default().iter().any(|sign| sign.is_ascii_digit() || matches!(sign, ';' | ',' | '+'));
    let Some((link, before)) = between.split_last() else { return false };
    let is_between = || last_words(letters, first.start).last().is_some_and(|word| word == "between");
    let links = matches!(link.as_str(), "-" | "to" | "until" | "bis") || (link == "and" && is_between());
    let before = before.split_last().filter(|(word, _)| *word == "up" && link == "to").map_or(before, |(_, rest)| rest);
    !has_other_signs && links && before.iter().all(|word| is_of_period(word))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Least,
    Most,
}

/// Words before a place, back to the last number, line or clause.
fn last_words(letters: &[char], end: usize) -> Vec<String> {
    let start = end - letters[..end].iter().rev().take_while(|letter| !letter.is_ascii_digit() && **letter != ';').count();
    tokens(letters, start, end)
}

/// Whether a single amount is only the least or only the most.
fn bound(letters: &[char], figure: &Figure) -> Option<Bound> {
    if is_open(letters, figure.end) {
        return Some(Bound::Least);
    }
    let words = last_words(letters, figure.start);
    let mut back = words.iter().rev().map(String::as_str).filter(|word| !matches!(*word, "of" | "a" | "an"));
    match (back.next(), back.next()) {
        (Some("to"), Some("up" | "zu"))
        | (Some("max" | "maximum" | "under" | "below"), _)
        | (Some("than"), Some("less"))
        | (Some("at"), Some("capped")) => Some(Bound::Most),
        (Some("from" | "min" | "minimum" | "over" | "above"), _) | (Some("least"), Some("at")) | (Some("than"), Some("more")) => Some(Bound::Least),
        (Some("at"), Some("starting" | "starts" | "commencing" | "begins" | "beginning")) => Some(Bound::Least),
        _ => None,
    }
}

/// `$90,000+`, `$86,439 - $`, `$90,000 and above`.
fn is_open(letters: &[char], end: usize) -> bool {
    if letters.get(end) == Some(&'+') {
        return !letters.get(end + 1).is_some_and(|next| next.is_alphanumeric());
    }
    let words = tokens(letters, end, end_of_clause(letters, end));
    let next = (words.first().map(String::as_str), words.get(1).map(String::as_str));
    if matches!(next, (Some("and"), Some("above" | "up" | "over")) | (Some("or"), Some("more" | "above"))) {
        return true;
    }
    let dash = end + blanks(letters, end);
    let rest = letters.get(dash + 1..).unwrap_or_default();
    let mut behind = rest.iter().skip_while(|letter| **letter == ' ');
    letters.get(dash) == Some(&'-') && behind.next().is_none_or(|sign| matches!(sign, '$' | '£' | '€' | ';'))
}

/// The period behind an amount.
fn period_after(letters: &[char], end: usize) -> Option<&'static str> {
    let words = tokens(letters, end, end_of_clause(letters, end));
    words.iter().enumerate().find_map(|(at, word)| {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map(String::as_str);
        let is_led = matches!(before, None | Some("per" | "a" | "an" | "each" | "every"));
        strong_period(word).or_else(|| weak_period(word).filter(|_| is_led))
    })
}

/// The period in front of an amount: `hourly rate: $45`.
fn period_before(letters: &[char], start: usize) -> Option<&'static str> {
    let words = last_words(letters, start);
    words.iter().enumerate().find_map(|(at, word)| {
        let is_led = at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|before| before == "per");
        let is_rate = words.get(at + 1).is_some_and(|next| next == "rate");
        let strong = strong_period(word).filter(|_| !matches!(word.as_str(), "ph" | "pd" | "pf"));
        strong.or_else(|| weak_period(word).filter(|_| is_led || is_rate))
    })
}

/// A currency that stands apart from the amounts: `Salary (AUD): 90,000`. Only what is no other word in capitals counts: not `CAD`.
fn code_in(letters: &[char]) -> Option<&'static str> {
    let apart = ["AUD", "NZD", "USD", "GBP", "EUR", "SGD", "HKD", "INR", "CHF"];
    let mut words = letters.split(|letter| !letter.is_alphabetic()).map(|word| word.iter().collect::<String>());
    words.find_map(|word| apart.into_iter().find(|code| *code == word))
}

/// Whether numbers without any currency are pay: a period stands right behind them, or there is nothing else.
fn is_plain_pay(letters: &[char], figures: &[Figure], at: usize) -> bool {
    let first = &figures[at];
    let second = figures.get(at + 1).filter(|second| is_range(letters, first, second));
    let last = second.unwrap_or(first);
    let next = tokens(letters, last.end, end_of_clause(letters, last.end));
    let next: Vec<&str> = next.iter().map(String::as_str).collect();
    let is_per = matches!(next[..], ["per" | "a" | "an", word, ..] if strong_period(word).or_else(|| weak_period(word)).is_some());
    let is_timed = is_per || next.first().is_some_and(|word| strong_period(word).is_some());
    let are_years = first.is_year && last.is_year && !is_per;
    let is_named = last_words(letters, first.start).last().is_some_and(|word| NAMES.contains(&word.as_str()));
    let is_turned = first.amount > last.amount && !is_timed;
    !are_years && !is_named && !is_turned && first.amount >= LEAST_PLAIN && (is_timed || is_alone(letters, first.start, last.end))
}

/// Words before numbers that are no pay.
const NAMES: [&str; 20] = [
    "level",
    "grade",
    "band",
    "class",
    "step",
    "scale",
    "phone",
    "tel",
    "telephone",
    "mobile",
    "call",
    "fax",
    "ref",
    "reference",
    "id",
    "no",
    "number",
    "postcode",
    "room",
    "unit",
];
/// Words that may stand beside plain numbers.
const BESIDE: [&str; 26] = [
    "from",
    "up",
    "to",
    "between",
    "and",
    "salary",
    "pay",
    "rate",
    "range",
    "wage",
    "package",
    "remuneration",
    "approx",
    "approximately",
    "circa",
    "about",
    "max",
    "maximum",
    "min",
    "minimum",
    "of",
    "at",
    "least",
    "gross",
    "brutto",
    "above",
];

fn is_alone(letters: &[char], start: usize, end: usize) -> bool {
    let (before, after) = (letters.get(..start).unwrap_or_default(), letters.get(end..).unwrap_or_default());
    let has_digits = before.iter().chain(after).any(char::is_ascii_digit);
    let words = tokens(letters, 0, start).into_iter().chain(tokens(letters, end, letters.len()));
    !has_digits && words.into_iter().all(|word| word == "-" || BESIDE.contains(&word.as_str()) || is_of_period(&word) || code(&word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> String {
        let Some(told) = read(text) else { return "-".to_owned() };
        let number = |amount: Option<f64>| amount.map_or("?".to_owned(), |amount| amount.to_string());
        let words: Vec<&str> = [told.currency, told.period].into_iter().flatten().collect();
        format!("{}..{} {}", number(told.min), number(told.max), words.join(" ")).trim().to_owned()
    }

    #[test]
    fn pay_as_people_write_it() {
        for (text, meant) in [
            ("$373,951 to $527,050", "373951..527050"),
            ("$86,439 - $95,000 pa", "86439..95000 year"),
            ("1300 - 1600", "1300..1600"),
            ("A$45.50 per hour", "45.5..45.5 AUD hour"),
            ("AUD 120k–140k", "120000..140000 AUD"),
            ("£30,000 per annum + super", "30000..30000 GBP year"),
            ("€ 3.500 brutto", "3500..3500 EUR"),
            ("3 500 EUR per month", "3500..3500 EUR month"),
            ("$15.45/hr", "15.45..15.45 hour"),
            ("Up to $90,000", "?..90000"),
            ("From $90,000", "90000..?"),
            ("$90,000+", "90000..?"),
            ("Level 3, $86,439 - $", "86439..?"),
            ("$120 - 140k AUD p.a.", "120000..140000 AUD year"),
            ("USD $95,000.00 - $80,000.00 / year", "80000..95000 USD year"),
            ("$45/hr - $50/hr plus 11.5% super", "45..50 hour"),
            ("between $60,000 and $70,000 a year", "60000..70000 year"),
            ("VPSG5 $107,847 - $130,482 plus super", "107847..130482"),
            ("Salary (AUD): 90,000 - 100,000", "90000..100000 AUD"),
            ("38 hours per week, $45.10 p/h", "45.1..45.1 hour"),
            ("Hourly rate: $32.50", "32.5..32.5 hour"),
            ("45 - 50 per hour", "45..50 hour"),
            ("$1,900 pw", "1900..1900 week"),
            ("$3,000 per fortnight", "3000..3000 fortnight"),
            ("£450 per day, 6 month contract", "450..450 GBP day"),
            ("Starting at $60,000 annually", "60000..? year"),
            ("85000", "85000..85000"),
            ("CHF 100'000", "100000..100000 CHF"),
            ("$50,000 - $60,000 plus $5,000 bonus", "50000..60000"),
            ("$86,439 - $95,00", "86439..?"),
            ("€ 15,50 - 17,25 per hour", "15.5..17.25 EUR hour"),
            ("CAD drafter, $45 per hour", "45..45 hour"),
            ("$50 up to $60 an hour", "50..60 hour"),
            ("£2,000 pcm", "2000..2000 GBP month"),
        ] {
            assert_eq!(said(text), meant, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_pay_is_not_taken() {
        for text in [
            "Competitive",
            "",
            "2026",
            "2025 - 2026",
            "2025/26",
            "VPSG5",
            "Level 3",
            "9.5% super",
            "38 hours per week",
            "0400 123 456",
            "+61 2 9999 9999",
            "(02) 9876 5432",
            "1300 123 456",
            "call 1800 555 111 per annum",
            "2 years",
            "0.8 FTE",
            "9:30 to 17:30",
            "a $5 million project",
            "ref 12345678",
            "Grade 5 per annum",
            "3",
            "2 x 12 months",
            "10 per cent",
            "2026 annual review",
            "$",
            "- $",
            "k",
        ] {
            assert_eq!(said(text), "-", "{text}");
        }
    }

    #[test]
    fn amounts_are_numbers_of_any_writing() {
        assert_eq!(amount("$86,439.50"), Some(86_439.5));
        assert_eq!(amount("120k"), Some(120_000.0));
        assert_eq!(amount("none"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[$£€AUDk0-9., '+/%()a-z-]{0,40}", any in ".{0,40}") {
            read(&text);
            read(&any);
            amount(&any);
        }
    }
}
