//! Where an alert is, and where it goes next: a pure state machine. The caller says whether the
//! condition holds and what time it is; nothing here sends anything.
//!
//! ```text
//!            true             for its time            true again
//! normal ----------> pending --------------> firing <------------ recovering
//!    ^                  | false                 | false               |
//!    +------------------+                       +-------------------->+ false for `keep`: resolved
//! ```
//!
//! Without data nothing that fires is resolved: silence is not recovery. What did not fire says
//! `no_data`, which is seen and never sent.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// Where an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// The condition does not hold.
    Normal,
    /// It holds, but not for long enough.
    Pending,
    /// It has held for long enough.
    Firing,
    /// It no longer holds, but not for long enough.
    Recovering,
    /// It cannot be said.
    NoData,
}

impl AlertStatus {
    /// Its name in the database and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            AlertStatus::Normal => "normal",
            AlertStatus::Pending => "pending",
            AlertStatus::Firing => "firing",
            AlertStatus::Recovering => "recovering",
            AlertStatus::NoData => "no_data",
        }
    }

    /// Whether it has fired and is not resolved.
    pub fn is_on(self) -> bool {
        matches!(self, AlertStatus::Firing | AlertStatus::Recovering)
    }
}

impl TryFrom<String> for AlertStatus {
    type Error = String;

    fn try_from(name: String) -> Result<AlertStatus, String> {
        use AlertStatus::{Firing, NoData, Normal, Pending, Recovering};
        [Normal, Pending, Firing, Recovering, NoData]
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| format!("`{name}` is no state of an alert"))
    }
}

/// Where an alert is, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertState {
    /// Where.
    pub status: AlertStatus,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// How long an alert waits before it changes its mind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlertPatience {
    /// How long the condition must hold before it fires.
    pub hold: TimeDelta,
    /// How long it must be over before it is resolved.
    pub keep: TimeDelta,
}

/// What someone is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertChange {
    /// It fires.
    Fired,
    /// It is resolved.
    Resolved,
}

/// The next state. `holds` is `None` where it cannot be said.
pub fn step(
    state: Option<AlertState>,
    holds: Option<bool>,
    patience: AlertPatience,
    now: DateTime<Utc>,
) -> (AlertState, Option<AlertChange>) {
    use AlertStatus::{Firing, NoData, Normal, Pending, Recovering};
    let normal = AlertState {
        status: Normal,
        since: now,
    };
    let state = state.unwrap_or(normal);
    // Whatever has lasted goes on since it began; a clock that was set back adds nothing.
    let lasted = now - state.since;
    let to = |status: AlertStatus| AlertState {
        status,
        since: if status == state.status {
            state.since
        } else {
            now
        },
    };
    match (state.status, holds) {
        (Firing | Recovering, None) => (state, None),
        (_, None) => (to(NoData), None),
        (Firing, Some(true)) => (state, None),
        (Recovering, Some(true)) => (to(Firing), None),
        (Firing, Some(false)) if patience.keep <= TimeDelta::zero() => {
            (to(Normal), Some(AlertChange::Resolved))
        }
        (Firing, Some(false)) => (to(Recovering), None),
        (Recovering, Some(false)) if lasted >= patience.keep => {
            (to(Normal), Some(AlertChange::Resolved))
        }
        (Recovering, Some(false)) => (state, None),
        (Pending, Some(true)) if lasted >= patience.hold => (to(Firing), Some(AlertChange::Fired)),
        (Pending, Some(true)) => (state, None),
        (Normal | NoData, Some(true)) if patience.hold <= TimeDelta::zero() => {
            (to(Firing), Some(AlertChange::Fired))
        }
        (Normal | NoData, Some(true)) => (to(Pending), None),
        (Normal | Pending | NoData, Some(false)) => (to(Normal), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(hour * 3600, 0).unwrap()
    }

    fn patience(hold: i64, keep: i64) -> AlertPatience {
        AlertPatience {
            hold: TimeDelta::hours(hold),
            keep: TimeDelta::hours(keep),
        }
    }

    /// What is told hour by hour: `+` holds, `-` does not, `?` cannot be said.
    fn told(patience: AlertPatience, hours: &str) -> String {
        let (mut state, mut out) = (None, String::new());
        for (hour, letter) in hours.chars().enumerate() {
            let holds = match letter {
                '+' => Some(true),
                '-' => Some(false),
                _ => None,
            };
            let hour = at(i64::try_from(hour).unwrap());
            let (next, change) = step(state, holds, patience, hour);
            state = Some(next);
            out.push(match (change, next.status) {
                (Some(AlertChange::Fired), _) => 'F',
                (Some(AlertChange::Resolved), _) => 'R',
                (None, AlertStatus::Normal) => '.',
                (None, AlertStatus::Pending) => 'p',
                (None, AlertStatus::Firing) => 'f',
                (None, AlertStatus::Recovering) => 'r',
                (None, AlertStatus::NoData) => '?',
            });
        }
        out
    }

    #[test]
    fn stories() {
        let stories = [
            ((0, 0), "--++-+", "..FfRF", "at once"),
            ((2, 0), "-+++-", ".ppFR", "only what lasts fires"),
            ((2, 0), "++-++", "pp.pp", "what flaps never lasts"),
            (
                (0, 2),
                "+----+",
                "FrrR.F",
                "only what has ended for long enough is resolved",
            ),
            (
                (0, 2),
                "+--+--",
                "Frrfrr",
                "one that comes back is the same",
            ),
            ((0, 0), "+???-", "FfffR", "silence is not recovery"),
            ((0, 2), "+-???-", "FrrrrR", "time goes on without data"),
            (
                (1, 0),
                "??+??++",
                "??p??pF",
                "what cannot be said begins anew",
            ),
            ((0, 0), "?-+", "?.F", "no data, then well, then not"),
        ];
        for ((hold, keep), hours, expected, why) in stories {
            assert_eq!(
                told(patience(hold, keep), hours),
                expected,
                "{why}: {hours}"
            );
        }
    }

    #[test]
    fn a_clock_that_is_set_back_changes_nothing() {
        let pending = AlertState {
            status: AlertStatus::Pending,
            since: at(10),
        };
        let (next, change) = step(Some(pending), Some(true), patience(1, 0), at(2));
        assert_eq!((next, change), (pending, None));
    }

    proptest! {
        #[test]
        fn what_fires_is_resolved_before_it_fires_again(hold in 0i64..4, keep in 0i64..4, hours in "[-+?]{0,60}") {
            let changes: Vec<char> = told(patience(hold, keep), &hours).chars().filter(|c| "FR".contains(*c)).collect();
            for (number, change) in changes.iter().enumerate() {
                prop_assert_eq!(*change, if number % 2 == 0 { 'F' } else { 'R' });
            }
        }
    }
}
