//! What becomes of a unit of work whose run did not end, and [`model`]: what may happen to units and
//! to the leases of their institutions, as a state machine, of which `laws` tries every order of
//! steps.
//!
//! Must never decide what the SQL of `store::queue` and `store::leases` does not do.

#[cfg(test)]
mod laws;
pub mod model;

use crate::engine::RunError;
use std::time::Duration;
use weir_store::StoreError;
use weir_store::queue::{ClaimedUnit, UnitEnd};

/// How many times a unit is begun before it is given up.
pub const MOST_ATTEMPTS: i32 = 5;

/// How long a unit waits that somebody else's work is in the way of.
const BUSY_FOR: Duration = Duration::from_secs(2);
/// Back-off after the first attempt; four times as long after each further one.
const BACKS_OFF: Duration = Duration::from_secs(15);

/// What becomes of a unit whose run did not end.
pub fn after_error(unit: &ClaimedUnit, error: &RunError) -> UnitEnd {
    let why = error.of(&unit.slug);
    match error {
        RunError::Busy { .. } | RunError::Interrupted => UnitEnd::GivenBack {
            after: BUSY_FOR,
            why,
        },
        RunError::Store(StoreError::LockLost(_)) => UnitEnd::Retried {
            after: Duration::ZERO,
            why,
        },
        RunError::CarriedOut { run, .. } => UnitEnd::Done { run: Some(*run) },
        // Somebody has run it since this worker has chosen the clock.
        RunError::Earlier { at, .. } if *at == unit.due_at => UnitEnd::Retried {
            after: Duration::ZERO,
            why,
        },
        RunError::Earlier { .. } | RunError::Leap { .. } | RunError::OtherProject { .. } => {
            UnitEnd::Failed { why }
        }
        // Whoever has asked for a dry run waits for its answer.
        _ if unit.is_dry || unit.attempts >= MOST_ATTEMPTS => UnitEnd::Failed { why },
        _ => UnitEnd::Retried {
            after: back_off(unit),
            why,
        },
    }
}

/// Longer with each attempt, and not the same for units that failed together.
fn back_off(unit: &ClaimedUnit) -> Duration {
    let times = u32::try_from(unit.attempts.clamp(1, MOST_ATTEMPTS) - 1).unwrap_or(0);
    let spread = u64::try_from(unit.id.rem_euclid(5)).unwrap_or(0);
    BACKS_OFF * 4u32.pow(times) + Duration::from_secs(spread)
}
