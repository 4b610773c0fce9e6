//! The only place that reads dates and instants, whether written by a board, a feed, a header or a
//! person. A text is read exactly as written or not at all: a wrong day archives a job at once, and
//! nobody sees why.
//!
//! Must never guess: day and month are never swapped, a year has four digits unless a format or RFC
//! 2822 allows two, an impossible day does not roll over to the next month. It knows no clock: what
//! is plausible, and what "yesterday" means, depends on when the document was fetched.
//!
//! To add a form: first a line in `forms.txt`, then the reader of its family: [`iso`], [`named`]
//! (month names), [`pattern`] (strftime), [`relative`].

mod format;
mod iso;
mod named;
mod pattern;
mod relative;
mod scan;
mod suggest;
#[cfg(test)]
mod tests;
mod zone;

pub use format::{DateFormat, DateReader, DateSetting, DateWindow, FoundDate, NoDate};
pub use suggest::{suggest_format, suggest_formats};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// What a text says about a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatedMoment {
    /// A day, in no zone.
    Day(NaiveDate),
    /// What the clocks of some place show.
    Local(NaiveDateTime),
    /// An instant.
    Instant(DateTime<Utc>),
}

impl StatedMoment {
    /// Its day in a time zone; `None` at the limits of time, where the library would panic.
    pub fn day_in(self, zone: Tz) -> Option<NaiveDate> {
        let day = match self {
            StatedMoment::Day(day) => day,
            StatedMoment::Local(local) => local.date(),
            StatedMoment::Instant(instant) if !is_of_the_calendar(instant.date_naive()) => {
                return None;
            }
            StatedMoment::Instant(instant) => {
                zone.from_utc_datetime(&instant.naive_utc()).date_naive()
            }
        };
        Some(day).filter(|day| is_of_the_calendar(*day))
    }
}

/// Reads text that needs no format: ISO 8601, RFC 3339, or a day with a month name and a four-digit
/// year. `zone` resolves abbreviations such as `IST`.
pub fn read(text: &str, zone: Tz) -> Option<StatedMoment> {
    let text = scan::tidy(text)?;
    iso::read(&text, zone).or_else(|| named::read(&text, zone, named::YearForm::Four))
}

/// The instant of a text, as in feeds. Without a time zone there is none.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    match moment(text)? {
        StatedMoment::Instant(instant) => Some(instant),
        StatedMoment::Day(_) | StatedMoment::Local(_) => None,
    }
}

/// The same for an HTTP header, which is in UTC if it names no zone.
pub fn instant_of_http(text: &str) -> Option<DateTime<Utc>> {
    match moment(text)? {
        StatedMoment::Instant(instant) => Some(instant),
        StatedMoment::Local(local) => Some(local.and_utc()),
        StatedMoment::Day(_) => None,
    }
}

fn moment(text: &str) -> Option<StatedMoment> {
    let text = scan::tidy(text)?;
    iso::read(&text, Tz::UTC).or_else(|| named::read(&text, Tz::UTC, named::YearForm::Any))
}

/// A day as YAML, scripts and this program write it: `2026-12-31`.
pub fn plain_day(text: &str) -> Option<NaiveDate> {
    let is_plain = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| {
            if at == 4 || at == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
    let day = if is_plain { text.parse().ok() } else { None };
    day.filter(|day| is_of_the_calendar(*day))
}

/// Whether a date is one that people write and PostgreSQL keeps: of the years 1 to 9999. The
/// library counts further, both ways.
pub fn is_of_the_calendar(date: NaiveDate) -> bool {
    (1..=9999).contains(&date.year())
}
