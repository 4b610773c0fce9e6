//! Spans of time, shares and zones as people write them: `12h`, `1d`, `20%`, `Australia/Sydney`.

use crate::date::plain_day;
use chrono::{Days, Duration, Months, NaiveDate};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;
use weir_yaml::diagnostic::did_you_mean;
use weir_yaml::yaml::from_text;

/// A span of time: `30m`, `12h`, `1d`, `2 weeks`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        let parsed = humantime::parse_duration(text).map_err(|_| {
            format!("`{text}` is not a duration\nwrite it like `30m`, `12h`, `1d` or `2weeks`")
        })?;
        Duration::from_std(parsed)
            .map(Span)
            .map_err(|_| format!("`{text}` is too long"))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}",
            humantime::format_duration(self.0.to_std().unwrap_or_default())
        )
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0.num_seconds())
    }
}

/// A span whose days, weeks, months and years are those of a calendar, and whose hours and less are
/// time that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarSpan {
    months: u32,
    days: u32,
    /// What is no whole day.
    pub hours: Duration,
}

impl CalendarSpan {
    /// No span.
    pub const NONE: CalendarSpan = CalendarSpan {
        months: 0,
        days: 0,
        hours: Duration::zero(),
    };

    /// The newest day whose span is over with the end of `day`, the hours left aside. Months are
    /// added as PostgreSQL does.
    pub fn before(self, day: NaiveDate) -> Option<NaiveDate> {
        let day = day.checked_sub_days(Days::new(u64::from(self.days)))?;
        let months = Months::new(self.months);
        let earliest = day.checked_sub_months(months)?;
        // The last days of a long month all end with the last day of a short one.
        let is_over = |later: &NaiveDate| {
            later
                .checked_add_months(months)
                .is_some_and(|end| end <= day)
        };
        (0..4)
            .rev()
            .filter_map(|more| earliest.checked_add_days(Days::new(more)))
            .find(is_over)
    }

    fn add(&mut self, part: &str) -> Option<()> {
        let digits = part.find(|letter: char| !letter.is_ascii_digit())?;
        let (count, unit) = (part[..digits].parse::<u32>().ok()?, part[digits..].trim());
        match unit {
            "day" | "days" | "d" => self.days = self.days.checked_add(count)?,
            "week" | "weeks" | "wk" | "wks" | "w" => {
                self.days = self.days.checked_add(count.checked_mul(7)?)?;
            }
            "month" | "months" | "M" => self.months = self.months.checked_add(count)?,
            "year" | "years" | "yr" | "yrs" | "y" => {
                self.months = self.months.checked_add(count.checked_mul(12)?)?;
            }
            _ => {
                let hours = humantime::parse_duration(part)
                    .ok()
                    .and_then(|hours| Duration::from_std(hours).ok())?;
                self.hours = self.hours.checked_add(&hours)?;
            }
        }
        Some(())
    }
}

impl FromStr for CalendarSpan {
    type Err = String;

    fn from_str(text: &str) -> Result<CalendarSpan, String> {
        text.parse::<Span>()?;
        let mut span = CalendarSpan::NONE;
        let is_start = |at: &usize| {
            text[*at..].starts_with(|letter: char| letter.is_ascii_digit())
                && !text[..*at].ends_with(|letter: char| letter.is_ascii_digit())
        };
        let starts: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .filter(is_start)
            .chain([text.len()])
            .collect();
        let parts = starts.windows(2).map(|pair| text[pair[0]..pair[1]].trim());
        parts
            .map(|part| span.add(part))
            .collect::<Option<()>>()
            .map(|()| span)
            .ok_or_else(|| format!("`{text}` is too long"))
    }
}

/// A share: `20%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        let number = text
            .trim()
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<f64>().ok());
        let share = number.filter(|number| (0.0..=100.0).contains(number));
        share.map(|number| Share(number / 100.0)).ok_or_else(|| {
            format!("`{text}` is not a percentage\nwrite it like `20%`, from `0%` to `100%`")
        })
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

impl Share {
    /// From how many upwards a share binds: three of seven ads is no catastrophe.
    pub const BINDS_FROM: i64 = 5;

    /// Whether `part` of `whole` is more than the share, and enough for it to bind.
    pub fn exceeded_by(self, part: i64, whole: i64) -> bool {
        part >= Share::BINDS_FROM && self.is_less_than(part, whole)
    }

    /// Whether `part` of `whole` is more than the share.
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts of ads are far below 2^52"
    )]
    pub fn is_less_than(self, part: i64, whole: i64) -> bool {
        part as f64 > self.0 * whole as f64
    }
}

/// A time zone of the IANA list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Zone, String> {
        text.parse()
            .map(Zone)
            .map_err(|_| format!("unknown time zone `{text}`\n{}", zone_meant(text)))
    }
}

/// A zone of nearly the same name, or of that city.
fn zone_meant(text: &str) -> String {
    let city = |zone: &Tz| {
        zone.name()
            .rsplit('/')
            .next()
            .is_some_and(|city| city.eq_ignore_ascii_case(&text.replace(' ', "_")))
    };
    let of_city = TZ_VARIANTS
        .iter()
        .filter(|zone| zone.name().contains('/'))
        .find(|zone| city(zone))
        .map(|zone| zone.name().to_owned());
    match of_city.or_else(|| {
        did_you_mean(
            text,
            TZ_VARIANTS
                .iter()
                .map(|zone| zone.name())
                .filter(|name| name.contains('/')),
        )
    }) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write its IANA name, such as `Australia/Sydney`; abbreviations are ambiguous"
            .to_owned(),
    }
}

/// A date as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenDay(pub NaiveDate);

impl FromStr for WrittenDay {
    type Err = String;

    fn from_str(text: &str) -> Result<WrittenDay, String> {
        plain_day(text)
            .map(WrittenDay)
            .ok_or_else(|| format!("`{text}` is not a date\nwrite it like `2026-12-31`"))
    }
}

weir_yaml::written_as!(Span, "Span", "a duration", ["30m", "12h", "1d", "2 weeks"]);
weir_yaml::written_as!(
    CalendarSpan,
    "CalendarSpan",
    "a duration",
    ["1d", "12h", "2 weeks"]
);
weir_yaml::written_as!(Share, "Share", "a percentage", ["20%"]);
weir_yaml::written_as!(
    Zone,
    "Zone",
    "an IANA time zone",
    ["Australia/Sydney", "UTC"]
);
weir_yaml::written_as!(WrittenDay, "Day", "a date", ["2026-12-31"]);

impl<'de> Deserialize<'de> for WrittenDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WrittenDay, D::Error> {
        from_text(deserializer)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        from_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_shares_read_as_people_write_them() {
        assert_eq!("12h".parse::<Span>().unwrap().0, Duration::hours(12));
        assert_eq!("1d".parse::<Span>().unwrap().0, Duration::days(1));
        assert!("soon".parse::<Span>().is_err());
        let calendar = |text: &str| {
            text.parse::<CalendarSpan>()
                .map(|span| (span.months, span.days, span.hours.num_seconds()))
        };
        assert_eq!(
            calendar("1y 2 months 3weeks 4d 5h30m"),
            Ok((14, 25, 19_800))
        );
        assert_eq!(
            [calendar("0s"), calendar("90m"), calendar("1M")],
            [Ok((0, 0, 0)), Ok((0, 0, 5_400)), Ok((1, 0, 0))]
        );
        for bad in [
            "",
            "soon",
            "1",
            "d",
            "-1d",
            "1.5d",
            "99999999999d",
            "4294967295 years",
        ] {
            assert!(calendar(bad).is_err(), "{bad}");
        }
        assert!("120%".parse::<Share>().is_err());
        assert!("0.2".parse::<Share>().is_err());
    }

    #[test]
    fn a_share_binds_from_five_upwards() {
        let fifth: Share = "20%".parse().unwrap();
        assert!(!fifth.exceeded_by(4, 4));
        assert!(fifth.exceeded_by(5, 24));
        assert!(!fifth.exceeded_by(5, 25));
    }
}
