//! The date formats that a mapping declares, and the range of plausible dates.

use super::pattern::DatePattern;
use super::relative::{self, RelativeDate};
use super::{StatedMoment, iso, named, read, scan};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use std::fmt;
use weir_yaml::number;

/// A format, compiled.
#[derive(Debug, Clone, PartialEq)]
pub enum DateFormat {
    /// Seconds since 1970.
    Epoch,
    /// Milliseconds since 1970.
    EpochMillis,
    /// ISO 8601.
    Iso,
    /// RFC 822, RFC 2822 and their relatives.
    Mail,
    /// "3 days ago".
    Relative,
    /// strftime.
    Pattern(DatePattern),
}

impl DateFormat {
    /// Formats that are names.
    pub const WORDS: [&'static str; 5] = ["epoch", "epoch_ms", "iso8601", "rfc2822", "relative"];

    /// Compiles a named format, or a strftime format with day, month and year.
    pub fn compile(format: &str) -> Option<DateFormat> {
        match format {
            "epoch" => Some(DateFormat::Epoch),
            "epoch_ms" => Some(DateFormat::EpochMillis),
            "iso8601" => Some(DateFormat::Iso),
            "rfc2822" => Some(DateFormat::Mail),
            "relative" => Some(DateFormat::Relative),
            _ => DatePattern::compile(format).map(DateFormat::Pattern),
        }
    }

    /// The date of a text in this format.
    pub fn read(&self, text: &str, zone: Tz, fetched: DateTime<Utc>) -> Option<FoundDate> {
        let moment = match self {
            DateFormat::Epoch => epoch(text)
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
                .map(StatedMoment::Instant),
            DateFormat::EpochMillis => epoch(text)
                .and_then(DateTime::from_timestamp_millis)
                .map(StatedMoment::Instant),
            DateFormat::Iso => scan::tidy(text).and_then(|text| iso::read(&text, zone)),
            DateFormat::Mail => {
                scan::tidy(text).and_then(|text| named::read(&text, zone, named::YearForm::Any))
            }
            DateFormat::Relative => {
                return match relative::read(text, fetched, zone)? {
                    RelativeDate::Day(day) => Some(FoundDate::Day(day)),
                    RelativeDate::Earlier => Some(FoundDate::Earlier),
                };
            }
            DateFormat::Pattern(pattern) => pattern.read(text, zone),
        };
        moment
            .and_then(|moment| moment.day_in(zone))
            .map(FoundDate::Day)
    }
}

impl fmt::Display for DateFormat {
    /// As it is written in the YAML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DateFormat::Epoch => "epoch",
            DateFormat::EpochMillis => "epoch_ms",
            DateFormat::Iso => "iso8601",
            DateFormat::Mail => "rfc2822",
            DateFormat::Relative => "relative",
            DateFormat::Pattern(pattern) => pattern.format(),
        })
    }
}

/// A count since 1970; its fraction does not affect the day.
fn epoch(text: &str) -> Option<i64> {
    let plain = number::plain(text.trim())?;
    plain.split('.').next()?.parse().ok()
}

/// The dates that are plausible: others are mistakes of a board, such as the year 26 or 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateWindow {
    /// The first.
    pub earliest: NaiveDate,
    /// Years after the day of the fetch.
    pub years_ahead: u16,
}

impl Default for DateWindow {
    fn default() -> DateWindow {
        DateWindow {
            earliest: NaiveDate::from_ymd_opt(1990, 1, 1).unwrap_or_default(),
            years_ahead: 10,
        }
    }
}

impl DateWindow {
    /// All that PostgreSQL and people know.
    const ALL: (NaiveDate, NaiveDate) = {
        match (
            NaiveDate::from_ymd_opt(1, 1, 1),
            NaiveDate::from_ymd_opt(9999, 12, 31),
        ) {
            (Some(first), Some(last)) => (first, last),
            _ => (NaiveDate::MIN, NaiveDate::MAX),
        }
    };

    /// The first and the last plausible day for a document fetched at an instant. The beginning of
    /// 1970 means an unknown instant: an example in the YAML without a day.
    fn bounds(self, fetched: DateTime<Utc>, zone: Tz) -> (NaiveDate, NaiveDate) {
        if fetched == DateTime::UNIX_EPOCH {
            return DateWindow::ALL;
        }
        let day = fetched.with_timezone(&zone).date_naive();
        let year = day.year().saturating_add(i32::from(self.years_ahead));
        let last = day
            .with_year(year)
            .or_else(|| day.pred_opt()?.with_year(year))
            .unwrap_or(DateWindow::ALL.1);
        (self.earliest, last.min(DateWindow::ALL.1))
    }
}

/// The date settings of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateSetting {
    /// The zone in which an instant becomes a date.
    pub zone: Tz,
    /// What is plausible.
    pub window: DateWindow,
}

impl DateSetting {
    /// The usual window in a zone.
    pub fn of(zone: Tz) -> DateSetting {
        DateSetting {
            zone,
            window: DateWindow::default(),
        }
    }
}

/// Reads the dates of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct DateReader {
    /// Formats, tried in order; by default ISO 8601 and dates with month names.
    pub formats: Vec<DateFormat>,
    /// Zone and window.
    pub setting: DateSetting,
}

/// The result of reading a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundDate {
    /// A day.
    Day(NaiveDate),
    /// Some day before another (`30+ days ago`): no date, and no mistake either.
    Earlier,
}

/// Why there is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDate {
    /// The text is not a date.
    Unreadable,
    /// The date is before the first or after the last plausible day.
    Implausible(NaiveDate, NaiveDate),
}

impl fmt::Display for NoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoDate::Unreadable => f.write_str("must be a valid date"),
            NoDate::Implausible(first, last) => write!(f, "must be a date from {first} to {last}"),
        }
    }
}

impl DateReader {
    /// The formats as they are written, with something between.
    pub fn listed(&self, between: &str) -> String {
        self.formats
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(between)
    }

    /// Reads a date of a document that was fetched at an instant: the first format that yields a
    /// plausible date.
    ///
    /// # Errors
    /// No format does.
    pub fn read(&self, text: &str, fetched: DateTime<Utc>) -> Result<FoundDate, NoDate> {
        self.read_within(
            text,
            fetched,
            self.setting.window.bounds(fetched, self.setting.zone),
        )
    }

    /// Reads a date that the author of the YAML wrote, who may mean the year 9999.
    ///
    /// # Errors
    /// It is not a date.
    pub fn read_fixed(&self, text: &str, fetched: DateTime<Utc>) -> Result<FoundDate, NoDate> {
        self.read_within(text, fetched, DateWindow::ALL)
    }

    fn read_within(
        &self,
        text: &str,
        fetched: DateTime<Utc>,
        (first, last): (NaiveDate, NaiveDate),
    ) -> Result<FoundDate, NoDate> {
        let mut no_date = NoDate::Unreadable;
        for found in self.readings(text, fetched) {
            match found {
                FoundDate::Day(day) if !(first..=last).contains(&day) => {
                    no_date = NoDate::Implausible(first, last);
                }
                plausible => return Ok(plausible),
            }
        }
        Err(no_date)
    }

    fn readings<'r>(
        &'r self,
        text: &'r str,
        fetched: DateTime<Utc>,
    ) -> impl Iterator<Item = FoundDate> + 'r {
        let zone = self.setting.zone;
        let usual = self
            .formats
            .is_empty()
            .then(|| read(text, zone)?.day_in(zone).map(FoundDate::Day))
            .flatten();
        usual.into_iter().chain(
            self.formats
                .iter()
                .filter_map(move |format| format.read(text, zone, fetched)),
        )
    }
}
