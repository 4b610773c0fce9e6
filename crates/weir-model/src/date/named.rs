//! Dates with a month name: those of mail, feeds and HTTP (RFC 822, 850, 2822, 5322), of C and
//! JavaScript, and of people. With a named month, day and year cannot be confused, as long as the
//! year has four digits.
//!
//! A wrong day of the week is ignored: programs get it wrong even if the date is right. Must never
//! read words of other languages, nor pass over a bracket that may hold another date.

use super::StatedMoment;
use super::iso::of_parts;
use super::scan::DateScanner;
use super::zone::time::{self, TimeForm};
use super::zone::{ZoneNames, bracket};
use chrono::NaiveDate;
use chrono_tz::Tz;

/// How the year may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YearForm {
    /// With four digits.
    Four,
    /// Behind day and month with two or three, too, as RFC 2822 reads those.
    Any,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Reads a tidy text.
pub fn read(text: &str, zone: Tz, years: YearForm) -> Option<StatedMoment> {
    let (bare, brackets) = bracket::parted(text)?;
    let names = if years == YearForm::Any {
        ZoneNames::Mail
    } else {
        ZoneNames::Clear
    };
    let moment = unbracketed(&bare, zone, years, names)?;
    brackets.iter().try_fold(moment, |moment, inside| {
        bracket::heard(moment, inside, zone, names)
    })
}

/// Reads a text without its brackets.
fn unbracketed(bare: &str, zone: Tz, years: YearForm, names: ZoneNames) -> Option<StatedMoment> {
    let bare = bare.replace(", ", " ").replace(',', " ");
    let mut words: Vec<&str> = bare
        .split(' ')
        .filter(|word| !word.is_empty() && *word != "of")
        .collect();
    if words
        .first()
        .is_some_and(|word| weekday(word.trim_end_matches('.')).is_some())
    {
        words.remove(0);
    }
    let (day, behind) = day(&words, years)?;
    let rest = behind.join(" ");
    let rest = rest.strip_prefix("at ").unwrap_or(&rest);
    if rest.is_empty() {
        return Some(StatedMoment::Day(day));
    }
    time::moment(
        &mut DateScanner::new(rest),
        day,
        zone,
        TimeForm {
            hour_alone: false,
            names,
        },
    )
}

/// The day, and the words of its time.
fn day<'w>(words: &[&'w str], years: YearForm) -> Option<(NaiveDate, Vec<&'w str>)> {
    let (first, rest) = words.split_first()?;
    if let Some(parts) = glued(first) {
        return Some((in_order(parts, years)?, rest.to_vec()));
    }
    let [second, others @ ..] = rest else {
        return None;
    };
    if let Some((last, time)) = others.split_last().filter(|(_, time)| !time.is_empty()) {
        // In C the year follows the time.
        if let (Some(month), Some(day), Some(year)) =
            (month(first), day_number(second), year(last, YearForm::Four))
        {
            return Some((of_parts(year, month, day)?, time.to_vec()));
        }
    }
    let [third, time @ ..] = others else {
        return None;
    };
    Some((in_order([first, second, third], years)?, time.to_vec()))
}

/// `06-nov-94`, `6/nov/2026`, `2026.nov.06` as one word.
fn glued(word: &str) -> Option<[&str; 3]> {
    let between = ['-', '/', '.']
        .into_iter()
        .find(|between| word.trim_end_matches('.').contains(*between))?;
    let parts: Vec<&str> = word.split(between).collect();
    <[&str; 3]>::try_from(parts)
        .ok()
        .filter(|parts| parts.iter().all(|part| !part.is_empty()))
}

fn in_order([first, second, third]: [&str; 3], years: YearForm) -> Option<NaiveDate> {
    let of = |day: &str, month_word: &str, year_word: &str, years| {
        of_parts(
            year(year_word, years)?,
            month(month_word)?,
            day_number(day)?,
        )
    };
    of(first, second, third, years)
        .or_else(|| of(second, first, third, YearForm::Four))
        .or_else(|| of(third, second, first, YearForm::Four).filter(|_| first.len() == 4))
}

/// An English month: full, three letters, or `sept`.
pub fn month(word: &str) -> Option<u32> {
    let word = word.strip_suffix('.').unwrap_or(word);
    let is_it = |month: &&str| {
        *month == word || month[..3] == *word || word == "sept" && month.starts_with("sept")
    };
    MONTHS
        .iter()
        .zip(1..)
        .find(|(month, _)| is_it(month))
        .map(|(_, number)| number)
}

/// A day of the week in English, Monday being 0.
pub fn weekday(word: &str) -> Option<u8> {
    let is_it = |day: &&str| {
        day.starts_with(word)
            && (word.len() == 3
                || word == *day
                || matches!(word, "tues" | "weds" | "thur" | "thurs"))
    };
    if word == "weds" {
        Some(2)
    } else {
        WEEKDAYS
            .iter()
            .zip(0..)
            .find(|(day, _)| is_it(day))
            .map(|(_, number)| number)
    }
}

/// `3`, `03`, `3rd`, `3.`.
fn day_number(word: &str) -> Option<u32> {
    let mut text = DateScanner::new(word.strip_suffix('.').unwrap_or(word));
    let day = text.whole_number(1, 2)?;
    pass_ordinal(&mut text);
    text.is_done().then_some(day)
}

/// Takes the `rd` of `3rd`.
pub fn pass_ordinal(text: &mut DateScanner) {
    let mut ahead = *text;
    if ["st", "nd", "rd", "th"]
        .into_iter()
        .any(|end| ahead.eat(end))
        && !ahead.is_at_letter()
    {
        *text = ahead;
    }
}

/// Two digits are of 1950 to 2049, and three count from 1900: so RFC 2822, 4.3.
fn year(word: &str, years: YearForm) -> Option<u32> {
    let mut text = DateScanner::new(word);
    let digits = text.digits();
    let number = text.whole_number(2, 4)?;
    let year = match digits {
        4 => Some(number),
        2 if number < 50 => Some(number + 2000),
        _ => Some(number + 1900),
    };
    year.filter(|_| text.is_done() && (digits == 4 || years == YearForm::Any))
}
