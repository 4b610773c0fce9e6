//! The one instant of a run. Business columns are written from it and never from `now()`, so that a replay
//! with `--at` means the same for ever. It must never be read from the system below the command line.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

/// The instant that a run calls now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(pub DateTime<Utc>);

impl Clock {
    /// What the clocks in `zone` show at this instant.
    pub fn local(self, zone: Tz) -> NaiveDateTime {
        self.0.with_timezone(&zone).naive_local()
    }

    /// The date in `zone` at this instant.
    pub fn today(self, zone: Tz) -> NaiveDate {
        self.0.with_timezone(&zone).date_naive()
    }

    /// The newest closing date that has passed, when a job stays open for `grace` after the end of its last day.
    ///
    /// A date has passed at the end of that day in `zone`, so the newest one is the day before.
    pub fn newest_passed(self, zone: Tz, grace: Duration) -> NaiveDate {
        let date = (self.0 - grace).with_timezone(&zone).date_naive();
        date.pred_opt().unwrap_or(date)
    }
}

/// Whether a date is one that people write and PostgreSQL keeps: of the years 1 to 9999. The library counts further, both ways.
pub fn is_of_the_calendar(date: NaiveDate) -> bool {
    (1..=9999).contains(&date.year())
}

impl std::str::FromStr for Clock {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Clock, &'static str> {
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Ok(Clock(instant.to_utc()));
        }
        let day = text.parse::<NaiveDate>().map_err(|_| "write it like 2026-09-01 (midnight UTC) or 2026-09-01T06:00:00+10:00")?;
        Ok(Clock(day.and_time(NaiveTime::MIN).and_utc()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_date_passes_at_the_end_of_the_day_in_its_zone() {
        let zone = chrono_tz::Australia::Sydney;
        let day = |text: &str| Clock(text.parse().unwrap()).newest_passed(zone, Duration::zero());
        // 13:59Z is 23:59 in Sydney: the first of September is not over.
        assert_eq!(day("2026-09-01T13:59:00Z").to_string(), "2026-08-31");
        assert_eq!(day("2026-09-01T14:00:00Z").to_string(), "2026-09-01");
        let grace = Clock("2026-09-01T14:00:00Z".parse().unwrap()).newest_passed(zone, Duration::days(1));
        assert_eq!(grace.to_string(), "2026-08-31");
    }
}
