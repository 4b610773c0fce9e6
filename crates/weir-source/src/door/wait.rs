//! How long a source demands a break, in any form. Values that cannot be a wait are ignored: an
//! instant read as a duration, or milliseconds as seconds, would stop a crawl for minutes.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use std::time::{Duration, SystemTime};
use weir_model::date::instant_of_http;

/// Longest time that a source can make us wait between two tries.
pub(super) const LONGEST: Duration = Duration::from_secs(300);

/// The headers that state it, with the unit of a bare number; the first readable one is used.
const HEADERS: [(&str, NumberUnit); 8] = [
    ("retry-after", NumberUnit::Seconds),
    ("retry-after-ms", NumberUnit::Milliseconds),
    ("x-ms-retry-after-ms", NumberUnit::Milliseconds),
    ("x-retry-after", NumberUnit::Seconds),
    ("ratelimit-reset", NumberUnit::Seconds),
    ("x-ratelimit-reset", NumberUnit::Seconds),
    ("x-rate-limit-reset", NumberUnit::Seconds),
    ("ratelimit", NumberUnit::Seconds),
];

/// The unit of a number that is too small to be a moment.
#[derive(Clone, Copy)]
enum NumberUnit {
    Seconds,
    Milliseconds,
}

/// From here on a number counts from 1970: in seconds, and a thousand and a million times finer.
const MOMENTS: [(f64, f64); 3] = [(1e9, 1.0), (1e11, 1e3), (1e14, 1e6)];
/// Larger values are ignored.
const TOO_LARGE: f64 = 1e17;

/// How long the source demands a break, if it says so.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.trim().trim_matches('"').trim())
    };
    let own = DateTime::<Utc>::from(SystemTime::now());
    let clocks = ClockPair {
        theirs: text("date").and_then(instant_of_http).unwrap_or(own),
        own,
    };
    let wait = HEADERS
        .iter()
        .find_map(|(name, unit)| clocks.wait(text(name)?, *unit));
    wait.map(|wait| wait.min(LONGEST))
}

/// What time it is, as the source has it and as we have it.
struct ClockPair {
    theirs: DateTime<Utc>,
    own: DateTime<Utc>,
}

impl ClockPair {
    fn wait(&self, text: &str, unit: NumberUnit) -> Option<Duration> {
        let number = plain_number(text).map(|number| self.of_number(number, unit));
        let parameter = || {
            parameter(text)
                .and_then(plain_number)
                .map(|number| self.of_number(number, unit))
        };
        let of_date = || instant_of_http(text).map(|moment| self.until(moment));
        let of_span = || humantime::parse_duration(text).ok().map(Some);
        number
            .or_else(parameter)
            .or_else(of_date)
            .or_else(of_span)
            .flatten()
    }

    fn of_number(&self, number: f64, unit: NumberUnit) -> Option<Duration> {
        let moments = MOMENTS.iter().rev().find(|(from, _)| number >= *from);
        match (moments, unit) {
            _ if number >= TOO_LARGE => None,
            (Some((_, fraction)), _) => self.until(epoch(number / fraction)?),
            (None, NumberUnit::Seconds) => Duration::try_from_secs_f64(number).ok(),
            (None, NumberUnit::Milliseconds) => Duration::try_from_secs_f64(number / 1e3).ok(),
        }
    }

    /// By the clock of the source, unless that yields a wait longer than the maximum: its date may
    /// then be that of a cached copy.
    fn until(&self, moment: DateTime<Utc>) -> Option<Duration> {
        let from = |now: DateTime<Utc>| (moment - now).max(TimeDelta::zero()).to_std().ok();
        let theirs = from(self.theirs)?;
        if theirs <= LONGEST {
            Some(theirs)
        } else {
            from(self.own).map(|own| own.min(theirs))
        }
    }
}

/// Digits, optionally with a fraction: no sign, no exponent, no text.
fn plain_number(text: &str) -> Option<f64> {
    let is_plain = text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .chars()
            .all(|letter| letter.is_ascii_digit() || letter == '.');
    text.parse().ok().filter(|_| is_plain)
}

fn epoch(seconds: f64) -> Option<DateTime<Utc>> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    DateTime::from_timestamp(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())
}

/// The seconds of `limit=100, remaining=0, reset=5` and of `"default";r=0;t=5`.
fn parameter(text: &str) -> Option<&str> {
    let all = text
        .split([',', ';'])
        .filter_map(|one| one.trim().split_once('='));
    all.into_iter()
        .find(|(name, _)| matches!(name.trim(), "reset" | "t"))
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(all: &[(&str, &str)]) -> Option<f64> {
        let pair = |(name, value): &(&str, &str)| {
            (
                name.parse::<reqwest::header::HeaderName>().unwrap(),
                value.parse().unwrap(),
            )
        };
        wait(&all.iter().map(pair).collect()).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn waits_are_read_in_every_form() {
        let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        let cases: [(&str, &str, f64); 23] = [
            ("retry-after", "7", 7.0),
            ("retry-after", " \"7\" ", 7.0),
            ("retry-after", "1.5", 1.5),
            ("retry-after", "99999", 300.0),
            ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
            ("retry-after", "Wednesday, 21-Oct-26 07:28:30 GMT", 30.0),
            ("retry-after", "Wed Oct 21 07:28:30 2026", 30.0),
            ("retry-after", "2026-10-21T07:28:30Z", 30.0),
            ("retry-after", "2026-10-21 09:28:30+02:00", 30.0),
            ("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT", 0.0),
            ("retry-after", "1792567692", 12.0),
            ("retry-after-ms", "500", 0.5),
            ("x-ms-retry-after-ms", "1500", 1.5),
            ("x-ratelimit-reset", "1792567692", 12.0),
            ("x-ratelimit-reset", "1792567692.5", 12.5),
            ("x-ratelimit-reset", "1792567692500", 12.5),
            ("x-ratelimit-reset", "1792567692500000", 12.5),
            ("x-ratelimit-reset", "2", 2.0),
            ("x-ratelimit-reset", "1577836800", 0.0),
            ("ratelimit-reset", "1", 1.0),
            ("x-rate-limit-reset", "1s", 1.0),
            ("ratelimit", "limit=100, remaining=0, reset=5", 5.0),
            ("ratelimit", "\"default\";r=0;t=5", 5.0),
        ];
        for (name, value, expected) in cases {
            assert_eq!(
                waits(&[date, (name, value)]),
                Some(expected),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn what_is_no_wait_says_nothing() {
        for bad in [
            "-1",
            "-3",
            "soon",
            "",
            "1e9",
            "inf",
            "NaN",
            "99999999999999999999999",
            "9223372036854775807",
            "1.2.3",
        ] {
            assert_eq!(
                waits(&[("retry-after", bad), ("x-ratelimit-reset", bad)]),
                None,
                "{bad}"
            );
        }
        assert_eq!(
            waits(&[("retry-after", "soon"), ("x-ratelimit-reset", "3")]),
            Some(3.0)
        );
    }

    /// A cached copy keeps the date of the original response.
    #[test]
    fn an_old_date_makes_no_long_wait() {
        let soon = (DateTime::<Utc>::from(SystemTime::now()) + TimeDelta::seconds(2))
            .timestamp()
            .to_string();
        let found = waits(&[
            ("date", "Wed, 21 Oct 2020 07:28:00 GMT"),
            ("x-ratelimit-reset", &soon),
        ])
        .unwrap();
        assert!(found <= 2.0, "{found}");
    }
}
