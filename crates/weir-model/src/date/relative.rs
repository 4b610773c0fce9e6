//! Relative dates of boards: "Posted 3 Days Ago", "Yesterday", "5h ago". They count from the
//! instant at which the document was fetched, so deriving it again next week yields the same date.
//!
//! Must never guess: "30+ days ago" is only a bound, which moves every day, so it is not a date.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// What such a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelativeDate {
    /// A day.
    Day(NaiveDate),
    /// Some day before another: no date.
    Earlier,
}

/// Words that may come first.
const BEFORE: [&str; 16] = [
    "posted",
    "listed",
    "published",
    "added",
    "advertised",
    "created",
    "opened",
    "reposted",
    "updated",
    "date",
    "job",
    "on",
    "about",
    "approximately",
    "around",
    "almost",
];
/// Words of things that have only now been done.
const DONE: [&str; 6] = [
    "posted",
    "listed",
    "published",
    "added",
    "advertised",
    "now",
];
const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

#[derive(Debug, Clone, Copy)]
enum RelativeUnit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Reads such a text; `None` if it is not one.
pub fn read(text: &str, fetched: DateTime<Utc>, zone: Tz) -> Option<RelativeDate> {
    let words = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let at = words.iter().position(|word| !BEFORE.contains(word))?;
    let now = fetched.with_timezone(&zone);
    match &words[at..] {
        ["today" | "now"] | ["moments" | "seconds", "ago"] => {
            Some(RelativeDate::Day(now.date_naive()))
        }
        ["just", done] if DONE.contains(done) => Some(RelativeDate::Day(now.date_naive())),
        ["yesterday"] => now.date_naive().pred_opt().map(RelativeDate::Day),
        ["over", .., unit_word, "ago"]
        | ["more", "than", .., unit_word, "ago"]
        | ["a", "few" | "couple", .., unit_word, "ago"] => {
            unit(unit_word).map(|_| RelativeDate::Earlier)
        }
        [number, "+", unit_word, "ago"] => count(number)
            .and(unit(unit_word))
            .map(|_| RelativeDate::Earlier),
        [number, unit_word, "ago"] => {
            back(now, count(number)?, unit(unit_word)?).map(RelativeDate::Day)
        }
        _ => None,
    }
}

/// Lowercase words, numbers and `+`; `2d` is two of them.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = None;
    for letter in text.chars().take(200).flat_map(char::to_lowercase) {
        let kind = match letter {
            '+' => Some(2),
            _ if letter.is_ascii_digit() => Some(1),
            _ if letter.is_alphabetic() => Some(0),
            _ => None,
        };
        match words.last_mut() {
            Some(word) if kind == last && kind.is_some() => word.push(letter),
            _ if kind.is_some() => words.push(letter.to_string()),
            _ => {}
        }
        last = kind;
    }
    words
}

fn count(word: &str) -> Option<u32> {
    let in_words = || {
        NUMBERS
            .iter()
            .position(|number| *number == word)
            .and_then(|number| u32::try_from(number).ok())
    };
    if matches!(word, "a" | "an") {
        Some(1)
    } else {
        word.parse().ok().or_else(in_words)
    }
}

fn unit(word: &str) -> Option<RelativeUnit> {
    match word {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(RelativeUnit::Second),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(RelativeUnit::Minute),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(RelativeUnit::Hour),
        "d" | "day" | "days" => Some(RelativeUnit::Day),
        "w" | "wk" | "wks" | "week" | "weeks" => Some(RelativeUnit::Week),
        "mo" | "mth" | "mths" | "month" | "months" => Some(RelativeUnit::Month),
        "y" | "yr" | "yrs" | "year" | "years" => Some(RelativeUnit::Year),
        _ => None,
    }
}

fn back(now: DateTime<Tz>, count: u32, unit: RelativeUnit) -> Option<NaiveDate> {
    let (many, today) = (i64::from(count), now.date_naive());
    let instant = |span: TimeDelta| now.checked_sub_signed(span).map(|then| then.date_naive());
    match unit {
        RelativeUnit::Second => instant(TimeDelta::seconds(many)),
        RelativeUnit::Minute => instant(TimeDelta::minutes(many)),
        RelativeUnit::Hour => instant(TimeDelta::hours(many)),
        RelativeUnit::Day => today.checked_sub_days(Days::new(u64::from(count))),
        RelativeUnit::Week => today.checked_sub_days(Days::new(u64::from(count) * 7)),
        RelativeUnit::Month => today.checked_sub_months(Months::new(count)),
        RelativeUnit::Year => today.checked_sub_months(Months::new(count.checked_mul(12)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Noon of the second of March in Sydney.
    fn told(text: &str) -> String {
        let fetched = "2026-03-02T01:00:00Z".parse().unwrap();
        match read(text, fetched, chrono_tz::Australia::Sydney) {
            Some(RelativeDate::Day(day)) => day.to_string(),
            Some(RelativeDate::Earlier) => "earlier".to_owned(),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn days_count_from_the_fetch_in_the_zone_of_the_source() {
        for text in [
            "Posted Today",
            "Just posted",
            "today",
            "5h ago",
            "Posted: just now",
            "40 minutes ago",
            "moments ago",
            "0 days ago",
        ] {
            assert_eq!(told(text), "2026-03-02", "{text}");
        }
        assert_eq!(told("Yesterday"), "2026-03-01");
        assert_eq!(told("13 hours ago"), "2026-03-01");
        assert_eq!(told("3 days ago"), "2026-02-27");
        assert_eq!(told("Posted 3\u{a0}Days Ago"), "2026-02-27");
        assert_eq!(told("2d ago"), "2026-02-28");
        assert_eq!(told("1 week ago"), "2026-02-23");
        assert_eq!(told("2 weeks ago"), "2026-02-16");
        assert_eq!(told("a month ago"), "2026-02-02");
        assert_eq!(told("Listed six days ago"), "2026-02-24");
        assert_eq!(told("1 year ago"), "2025-03-02");
    }

    #[test]
    fn a_bound_is_no_date() {
        for text in [
            "Posted 30+ Days Ago",
            "30+ days ago",
            "more than 30 days ago",
            "over a month ago",
            "a few days ago",
        ] {
            assert_eq!(told(text), "earlier", "{text}");
        }
        for text in [
            "",
            "Posted",
            "soon",
            "3 days",
            "ago",
            "in 3 days",
            "4000000000 years ago",
            "4294967295 months ago",
            "2 moons ago",
        ] {
            assert_eq!(told(text), "nothing", "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(posted |over )?[0-9+a-z ]{0,20}(day|h|week|month|year)s? ?(ago)?", any in ".{0,40}") {
            told(&text);
            told(&any);
        }
    }
}
