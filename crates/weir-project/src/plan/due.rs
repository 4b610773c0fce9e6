//! When an institution is due: the instants of its cron schedule in its own zone.
//!
//! Around the change to and from daylight saving it does what users of cron expect. A schedule with
//! a fixed hour and minute runs once that day: where its time is skipped, when the gap ends; where
//! its time comes twice, the first time. A schedule that repeats (`*/15`) goes on through both.
//!
//! Must never read a clock: the caller says from when to when.

use super::Plan;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// How long after its time a run counts as missing: it may wait for its turn.
const MISSING_AFTER: TimeDelta = TimeDelta::hours(1);

/// When a plan was due after its newest run, if no run has begun since: whoever runs it.
pub fn missed(plan: &Plan, newest: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Tz>> {
    let due = DueTimes::of(plan)?.next(newest)?;
    (due.to_utc() + MISSING_AFTER <= now).then_some(due)
}

/// The instants at which a plan is due.
#[derive(Debug, Clone)]
pub struct DueTimes {
    cron: croner::Cron,
    zone: Tz,
}

impl DueTimes {
    /// Those of a plan; `None` if it has no schedule.
    pub fn of(plan: &Plan) -> Option<DueTimes> {
        DueTimes::new(&plan.schedule.as_ref()?.cron, plan.zone)
    }

    /// Those of a schedule in a zone; `None` if it is no cron schedule.
    pub fn new(schedule: &str, zone: Tz) -> Option<DueTimes> {
        let cron = schedule.parse().ok()?;
        Some(DueTimes { cron, zone })
    }

    /// Those after an instant, up to and including another.
    pub fn between(
        &self,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> impl Iterator<Item = DateTime<Tz>> + '_ {
        self.cron
            .iter_after(after.with_timezone(&self.zone))
            .take_while(move |due| *due <= until)
    }

    /// The first after an instant; none in a calendar that has no such day any more.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Tz>> {
        self.cron.iter_after(after.with_timezone(&self.zone)).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instants(schedule: &str, zone: Tz, after: &str, until: &str) -> Vec<String> {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        DueTimes::new(schedule, zone)
            .unwrap()
            .between(at(after), at(until))
            .map(|due| due.to_utc().format("%d %H:%M").to_string())
            .collect()
    }

    #[test]
    fn a_fixed_time_that_is_skipped_comes_when_the_gap_ends() {
        // Sydney, 4 October 2026: 02:00 becomes 03:00 (16:00 UTC on the 3rd).
        let due = |schedule| {
            instants(
                schedule,
                chrono_tz::Australia::Sydney,
                "2026-10-02T20:00:00Z",
                "2026-10-04T20:00:00Z",
            )
        };
        assert_eq!(due("30 2 * * *"), ["03 16:00", "04 15:30"]);
        // Lord Howe changes by half an hour: 02:00 becomes 02:30 (15:30 UTC on the 3rd).
        let howe = instants(
            "15 2 * * *",
            chrono_tz::Australia::Lord_Howe,
            "2026-10-02T20:00:00Z",
            "2026-10-04T20:00:00Z",
        );
        assert_eq!(howe, ["03 15:30", "04 15:15"]);
    }

    #[test]
    fn a_fixed_time_that_comes_twice_runs_the_first_time() {
        // Vienna, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
        let due = instants(
            "30 2 * * *",
            chrono_tz::Europe::Vienna,
            "2026-10-24T12:00:00Z",
            "2026-10-26T12:00:00Z",
        );
        assert_eq!(due, ["25 00:30", "26 01:30"]);
    }

    #[test]
    fn an_interval_goes_on_through_both_changes() {
        let back = instants(
            "*/30 * * * *",
            chrono_tz::Europe::Vienna,
            "2026-10-24T23:59:00Z",
            "2026-10-25T02:00:00Z",
        );
        assert_eq!(
            back,
            ["25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00"]
        );
        let forward = instants(
            "*/30 * * * *",
            chrono_tz::Europe::Vienna,
            "2026-03-28T23:59:00Z",
            "2026-03-29T02:00:00Z",
        );
        assert_eq!(
            forward,
            ["29 00:00", "29 00:30", "29 01:00", "29 01:30", "29 02:00"]
        );
    }

    #[test]
    fn each_day_of_a_year_is_due_once_whatever_the_zone() {
        for zone in chrono_tz::TZ_VARIANTS.into_iter().step_by(7) {
            let due = DueTimes::new("30 2 * * *", zone).unwrap();
            let from = "2026-01-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
            let until = "2027-01-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
            let all: Vec<_> = due.between(from, until).collect();
            let days: std::collections::BTreeSet<_> =
                all.iter().map(DateTime::date_naive).collect();
            assert_eq!((all.len(), days.len()), (365, 365), "{zone}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_never_due() {
        assert!(DueTimes::new("every day", Tz::UTC).is_none());
    }
}
