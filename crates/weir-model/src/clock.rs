//! The one instant of a run. Business columns are written from it and never from `now()`, so that a
//! replay with `--at` means the same for ever. It must never be read from the system below the
//! command line.

use crate::date::{instant, is_of_the_calendar, plain_day};
use crate::span::CalendarSpan;
use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

/// How far a clock may be ahead of the machine's: another zone was meant, or two machines disagree.
pub const AHEAD: Duration = Duration::days(1);

/// How long after an institution's last run a clock is still believed.
pub const LEAP: Duration = Duration::days(400);

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

    /// Whether it is later than a machine's clock can explain.
    pub fn is_ahead_of(self, machine: DateTime<Utc>) -> bool {
        self.0 - machine > AHEAD
    }

    /// Whether it is later than a pause since the last run can explain.
    pub fn leaps_from(self, last: Clock) -> bool {
        self.0 - last.0 > LEAP
    }

    /// The newest closing date that has passed, when a job stays open for `grace` after the end of
    /// its last day. A date has passed at the end of that day in `zone`; the days of the grace are
    /// days of its calendar, whatever its clocks do.
    pub fn newest_passed(self, zone: Tz, grace: CalendarSpan) -> NaiveDate {
        let hours_ago = self
            .0
            .checked_sub_signed(grace.hours)
            .filter(|instant| is_of_the_calendar(instant.date_naive()));
        let over =
            hours_ago.and_then(|instant| instant.with_timezone(&zone).date_naive().pred_opt());
        over.and_then(|over| grace.before(over))
            .filter(|day| is_of_the_calendar(*day))
            .unwrap_or(FIRST_DAY)
    }
}

/// No job has closed before.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

impl std::str::FromStr for Clock {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Clock, &'static str> {
        let midnight = || plain_day(text).map(|day| day.and_time(NaiveTime::MIN).and_utc());
        instant(text)
            .or_else(midnight)
            .map(Clock)
            .ok_or("write it like 2026-09-01 (midnight UTC) or 2026-09-01T06:00:00+10:00")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_date_passes_at_the_end_of_the_day_in_its_zone() {
        let zone = chrono_tz::Australia::Sydney;
        let passed = |text: &str, grace: &str| {
            Clock(text.parse().unwrap()).newest_passed(zone, grace.parse().unwrap())
        };
        let day = |text: &str| passed(text, "0s");
        // 13:59Z is 23:59 in Sydney: the first of September is not over.
        assert_eq!(day("2026-09-01T13:59:00Z").to_string(), "2026-08-31");
        assert_eq!(day("2026-09-01T14:00:00Z").to_string(), "2026-09-01");
        assert_eq!(
            passed("2026-09-01T14:00:00Z", "1d").to_string(),
            "2026-08-31"
        );
    }

    #[test]
    fn the_days_of_a_grace_are_days_of_the_calendar_and_its_hours_are_hours() {
        let passed = |zone: Tz, text: &str, grace: &str| {
            Clock(text.parse().unwrap())
                .newest_passed(zone, grace.parse().unwrap())
                .to_string()
        };
        // In Vancouver the first of November has 25 hours, in Sydney the fourth of October 23, in
        // Lord Howe 23 and a half.
        for (zone, at, grace, closed) in [
            (
                chrono_tz::America::Vancouver,
                "2026-11-01T23:30:00-08:00",
                "1d",
                "2026-10-30",
            ),
            (
                chrono_tz::America::Vancouver,
                "2026-11-02T00:00:00-08:00",
                "1d",
                "2026-10-31",
            ),
            (
                chrono_tz::America::Vancouver,
                "2026-11-01T22:59:00-08:00",
                "24h",
                "2026-10-30",
            ),
            (
                chrono_tz::America::Vancouver,
                "2026-11-01T23:00:00-08:00",
                "24h",
                "2026-10-31",
            ),
            (
                chrono_tz::Australia::Sydney,
                "2026-10-04T23:59:00+11:00",
                "1 day",
                "2026-10-02",
            ),
            (
                chrono_tz::Australia::Sydney,
                "2026-10-05T00:00:00+11:00",
                "1 day",
                "2026-10-03",
            ),
            (
                chrono_tz::Australia::Sydney,
                "2026-10-05T00:00:00+11:00",
                "23h",
                "2026-10-03",
            ),
            (
                chrono_tz::Australia::Lord_Howe,
                "2026-10-05T00:00:00+11:00",
                "1d",
                "2026-10-03",
            ),
            (
                chrono_tz::Australia::Sydney,
                "2026-10-12T11:59:00+11:00",
                "1 week 12h",
                "2026-10-03",
            ),
            (
                chrono_tz::Australia::Sydney,
                "2026-10-12T12:00:00+11:00",
                "1week 12h",
                "2026-10-04",
            ),
            (
                chrono_tz::UTC,
                "2026-03-01T00:00:00Z",
                "1 month",
                "2026-01-31",
            ),
            (
                chrono_tz::UTC,
                "2026-02-28T00:00:00Z",
                "1 month",
                "2026-01-27",
            ),
            (
                chrono_tz::UTC,
                "2027-02-28T23:59:00Z",
                "1 year",
                "2026-02-27",
            ),
            (
                chrono_tz::UTC,
                "2026-09-01T00:00:00Z",
                "100000 years",
                "0001-01-01",
            ),
            (
                chrono_tz::UTC,
                "2026-09-01T00:00:00Z",
                "100000000h",
                "0001-01-01",
            ),
        ] {
            assert_eq!(passed(zone, at, grace), closed, "{grace} at {at}");
        }
    }

    #[test]
    fn a_clock_is_believed_within_a_day_of_the_machine_and_400_days_of_the_last_run() {
        let clock = |text: &str| text.parse::<Clock>().unwrap();
        let ahead = |text: &str| clock(text).is_ahead_of(clock("2026-09-01T12:00:00Z").0);
        let cases = [
            "2025-01-01",
            "2026-09-02T12:00:00Z",
            "2026-09-02T12:00:01Z",
            "2062-09-02",
        ];
        assert_eq!(cases.map(ahead), [false, false, true, true]);
        let leaps = |text: &str| clock(text).leaps_from(clock("2026-01-01"));
        assert_eq!(
            ["2025-01-01", "2027-02-05", "2027-02-06", "9999-12-31"].map(leaps),
            [false, false, true, true]
        );
        for wrong in [
            "+10000-01-01",
            "0000-12-31",
            "-0001-01-01",
            "2026-13-01",
            "tomorrow",
        ] {
            assert!(wrong.parse::<Clock>().is_err(), "{wrong}");
        }
    }
}
