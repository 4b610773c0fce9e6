//! The functions that rule and mapping authors may call beyond Rhai's own: dates with arithmetic,
//! texts, URLs. Each must be total (no panic on any argument), pure and cheap. Add one here,
//! register it in [`register`], and add a line to `docs/reference/rules.md`.

pub(super) mod register;

use super::budget;
use super::list::key;
use chrono::{Datelike, Days, Months, NaiveDate};
use std::borrow::Cow;
use weir_model::date::{is_of_the_calendar, plain_day};

/// A date as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScriptDate(pub NaiveDate);

/// A span of time, as made by `months(6)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptSpan {
    months: i64,
    days: i64,
}

impl ScriptSpan {
    /// So many days.
    pub fn days(days: i64) -> ScriptSpan {
        ScriptSpan { months: 0, days }
    }

    /// So many months.
    pub fn months(months: i64) -> ScriptSpan {
        ScriptSpan { months, days: 0 }
    }

    /// So many years.
    pub fn years(years: i64) -> ScriptSpan {
        ScriptSpan {
            months: years.saturating_mul(12),
            days: 0,
        }
    }

    /// The same span back.
    pub(super) fn negated(self) -> ScriptSpan {
        ScriptSpan {
            months: self.months.saturating_neg(),
            days: self.days.saturating_neg(),
        }
    }

    /// A span as people write it: `6 months`, `30 days`, `2 weeks`, `1 year`.
    pub fn parse(text: &str) -> Option<ScriptSpan> {
        let unit = text.find(|letter: char| !letter.is_ascii_digit())?;
        let number: i64 = text[..unit].parse().ok()?;
        let months = |each: i64| {
            Some(ScriptSpan {
                months: number.checked_mul(each)?,
                days: 0,
            })
        };
        match text[unit..].trim() {
            "day" | "days" => Some(ScriptSpan {
                months: 0,
                days: number,
            }),
            "week" | "weeks" => Some(ScriptSpan {
                months: 0,
                days: number.checked_mul(7)?,
            }),
            "month" | "months" => months(1),
            "year" | "years" => months(12),
            _ => None,
        }
    }
}

impl std::fmt::Display for ScriptSpan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of =
            |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
        match (self.months, self.days) {
            (months, 0) if months != 0 && months % 12 == 0 => f.write_str(&of(months / 12, "year")),
            (months, 0) if months != 0 => f.write_str(&of(months, "month")),
            (_, days) => f.write_str(&of(days, "day")),
        }
    }
}

/// Names of the functions registered here, for `did you mean`.
pub const FUNCTIONS: [&str; 24] = [
    "date",
    "months",
    "days",
    "years",
    "year",
    "month",
    "day",
    "weekday",
    "domain_of",
    "on_domain",
    "is_url",
    "is_blank",
    "contains_any",
    "contains_all",
    "one_of",
    "matches",
    "words",
    "word_count",
    "count",
    "is_upper",
    "has_digits",
    "amount",
    "mentions",
    "look_up",
];

/// Parses a date.
pub(super) fn date(text: &str) -> Option<ScriptDate> {
    plain_day(text).map(ScriptDate)
}

/// Monday is 1, Sunday 7.
pub(super) fn weekday(date: ScriptDate) -> i64 {
    i64::from(date.0.weekday().number_from_monday())
}

/// Adds months as PostgreSQL does (31 August + 6 months = 28 February), then days.
pub(super) fn shift(date: ScriptDate, span: ScriptSpan) -> Result<ScriptDate, &'static str> {
    let size = |n: i64| u32::try_from(n.unsigned_abs()).ok().map(Months::new);
    let by_months = size(span.months).and_then(|n| {
        if span.months < 0 {
            date.0.checked_sub_months(n)
        } else {
            date.0.checked_add_months(n)
        }
    });
    let by_days = by_months.and_then(|d| {
        let n = Days::new(span.days.unsigned_abs());
        if span.days < 0 {
            d.checked_sub_days(n)
        } else {
            d.checked_add_days(n)
        }
    });
    by_days
        .filter(|date| is_of_the_calendar(*date))
        .map(ScriptDate)
        .ok_or("the date is out of range")
}

/// Whether the text contains one of the lowercase words, ignoring case.
pub(super) fn contains_any(text: &str, words: impl Iterator<Item: AsRef<str>>) -> bool {
    first_contained(text, words).is_some()
}

/// The first of the lowercase words that the text contains, ignoring case.
pub(super) fn first_contained<W: AsRef<str>>(
    text: &str,
    mut words: impl Iterator<Item = W>,
) -> Option<W> {
    let text = text.to_lowercase();
    words.find(|word| text.contains(word.as_ref()))
}

/// Whether the text contains all of the words, ignoring case.
///
/// # Errors
/// Text and words are too long.
pub(super) fn contains_all(text: &str, words: &[impl AsRef<str>]) -> Result<bool, String> {
    budget::look_for(text, words)?;
    let text = text.to_lowercase();
    Ok(words
        .iter()
        .all(|word| text.contains(&word.as_ref().to_lowercase())))
}

/// Whether a name is one of several, ignoring case and repeated whitespace.
///
/// # Errors
/// The names are too long.
pub(super) fn one_of(name: &str, all: &[impl AsRef<str>]) -> Result<bool, String> {
    budget::look_for(name, all)?;
    let name = key(name);
    Ok(all.iter().any(|one| key(one.as_ref()) == name))
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| !word.is_empty())
}

/// The number of words.
pub(super) fn word_count(text: &str) -> i64 {
    i64::try_from(words(text).count()).unwrap_or(i64::MAX)
}

/// How often a part is in the text; an empty part never.
pub(super) fn count(text: &str, part: &str) -> i64 {
    let found = if part.is_empty() {
        0
    } else {
        text.matches(part).count()
    };
    i64::try_from(found).unwrap_or(i64::MAX)
}

/// Whether there are letters, and all of them are uppercase.
pub(super) fn is_upper(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase)
}

/// Whether there is a digit.
pub(super) fn has_digits(text: &str) -> bool {
    text.chars().any(|letter| letter.is_ascii_digit())
}

/// The first number in a text: `$86,439 pa` is 86439.0.
pub(super) fn amount(text: &str) -> Option<f64> {
    let from = text.find(|letter: char| letter.is_ascii_digit())?;
    let number = text[from..]
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || matches!(letter, ',' | '.'))
        .filter(|letter| *letter != ',');
    number
        .collect::<String>()
        .trim_end_matches('.')
        .parse()
        .ok()
}

/// The host of a complete http or https address, in lowercase.
pub(super) fn host(text: &str) -> Option<Cow<'_, str>> {
    plain_host(text)
        .map(Cow::Borrowed)
        .or_else(|| parsed_host(text).map(Cow::Owned))
}

fn parsed_host(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https")
        .then(|| url.host_str().map(str::to_lowercase))
        .flatten()
}

/// The host of an address that is written plainly, as nearly all are: what follows it cannot spoil
/// the address, and need not be read.
fn plain_host(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let is_plain = |label: &str| {
        let letters = label
            .bytes()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-');
        letters
            && (1..64).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.contains("--")
    };
    // A last label that starts with a digit may be a numeric address.
    let is_named = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with(|letter: char| letter.is_ascii_lowercase()));
    (host.len() < 254 && is_named && host.split('.').all(is_plain)).then_some(host)
}

/// Whether a URL is on a domain or a sub-domain of it; `evilseek.com.au` is not on `seek.com.au`.
pub(super) fn on_domain(url: &str, domain: &str) -> bool {
    let is_small = domain
        .bytes()
        .all(|letter| letter.is_ascii() && !letter.is_ascii_uppercase());
    let domain = if is_small {
        Cow::Borrowed(domain)
    } else {
        Cow::Owned(domain.to_lowercase())
    };
    host(url).is_some_and(|host| {
        host == domain
            || host
                .strip_suffix(domain.as_ref())
                .is_some_and(|front| front.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_added_as_postgresql_adds_them() {
        let date = |text: &str| date(text).unwrap();
        assert_eq!(
            shift(date("2026-08-31"), ScriptSpan::months(6)).unwrap(),
            date("2027-02-28")
        );
        assert_eq!(
            shift(date("2026-03-31"), ScriptSpan::months(-1)).unwrap(),
            date("2026-02-28")
        );
        assert_eq!(
            shift(date("2026-02-28"), ScriptSpan::days(1)).unwrap(),
            date("2026-03-01")
        );
        assert!(shift(date("2026-02-28"), ScriptSpan::months(i64::MAX)).is_err());
        assert!(shift(date("2026-02-28"), ScriptSpan::days(i64::MIN)).is_err());
        assert!(
            shift(date("2026-02-28"), ScriptSpan::years(8000)).is_err()
                && shift(date("0001-01-01"), ScriptSpan::days(-1)).is_err()
        );
    }

    #[test]
    fn dates_are_of_the_years_that_people_and_databases_know() {
        assert!(date("0001-01-01").is_some() && date("9999-12-31").is_some());
        assert!(
            ["0000-12-31", "-5000-01-01", "+10000-01-01"]
                .iter()
                .all(|text| date(text).is_none())
        );
    }

    #[test]
    fn a_domain_is_not_a_suffix_of_letters() {
        assert!(on_domain("https://www.seek.com.au/job/1", "seek.com.au"));
        assert!(!on_domain("https://evilseek.com.au/job/1", "seek.com.au"));
        assert!(!on_domain("seek.com.au/job/1", "seek.com.au"));
    }

    #[test]
    fn words_numbers_and_patterns() {
        assert_eq!(
            (
                word_count("Nurse (night), R.N."),
                count("a-b-a", "a"),
                count("aaa", "")
            ),
            (4, 2, 0)
        );
        assert!(is_upper("URGENT: NURSE 2") && !is_upper("123") && !is_upper("Nurse"));
        assert_eq!(
            [
                amount("$86,439 - $95,000 pa"),
                amount("from 50.5 an hour."),
                amount("competitive")
            ],
            [Some(86439.0), Some(50.5), None]
        );
        assert_eq!(one_of("nsw  health", &["NSW Health"]), Ok(true));
        assert_eq!(weekday(ScriptDate("2026-11-23".parse().unwrap())), 1);
    }
    #[test]
    fn an_address_that_is_written_plainly_is_read_alike() {
        let fronts = [
            "https://",
            "http://",
            "HTTPS://",
            "ftp://",
            "https:/",
            " https://",
            "",
        ];
        let hosts = [
            "seek.com.au",
            "a",
            "a.b",
            "A.b",
            "a..b",
            ".a",
            "a.",
            "a-b.c",
            "-a.b",
            "xn--mnchen-3ya.de",
            "xn--a.de",
            "1.2.3.4",
            "1.2.3",
            "a.1",
            "a.0x1",
            "a_b.c",
            "ä.de",
            "u@h.de",
            "",
        ];
        let rests = &[
            "",
            "/",
            "/job/1?x=ä b",
            "?q",
            "#f",
            ":80/x",
            ":x/",
            "\\x",
            "\t/x",
            "/\n",
        ];
        let mut plain = 0;
        for (front, host_, rest) in fronts.iter().flat_map(|front| {
            hosts
                .iter()
                .flat_map(move |host| rests.iter().map(move |rest| (front, host, rest)))
        }) {
            let text = format!("{front}{host_}{rest}");
            assert_eq!(
                host(&text).map(Cow::into_owned),
                parsed_host(&text),
                "{text}"
            );
            plain += usize::from(plain_host(&text).is_some());
        }
        assert!(plain > 30, "{plain}");
    }
}
