//! What may happen to a unit of work: waiting, leased to a worker, done, failed. The SQL of
//! `store::queue` carries out exactly these steps, one statement each; here they are functions over
//! a small state, so that every order of them can be tried.
//!
//! Time is whatever may have passed: a lease may expire at any moment at which its worker has not
//! just renewed it, and a worker may stand still between any two steps.

use crate::engine::RunError;
use crate::store::StoreError;
use crate::store::queue::{ClaimedUnit, UnitEnd};
use std::time::Duration;

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

/// A unit, as its row says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnitState {
    /// Nobody has it.
    Waiting,
    /// The worker with its fence has it.
    Leased {
        /// Whether others may take it.
        is_expired: bool,
    },
    /// Its run has ended.
    Done,
    /// It was given up.
    Failed,
}

/// A unit with its fence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnitModel {
    /// Its state.
    pub state: UnitState,
    /// Raised whenever it is claimed or rescued.
    pub fence: u8,
    /// How many times it was begun.
    pub attempts: u8,
}

/// What a worker believes to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitClaim {
    /// The unit.
    pub unit: usize,
    /// The fence of the claim.
    pub fence: u8,
}

/// A worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct WorkerModel {
    /// What it believes to have.
    pub claim: Option<UnitClaim>,
    /// Whether it stands still.
    pub is_stopped: bool,
}

/// Units and workers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QueueModel {
    /// The units.
    pub units: Vec<UnitModel>,
    /// The workers.
    pub workers: Vec<WorkerModel>,
    /// The fence under which data of each unit was last written.
    pub written: Vec<u8>,
    /// Attempts after which a silent worker's unit is given up.
    pub most_attempts: u8,
}

/// One step of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProtocolStep {
    /// A worker claims a unit.
    Claim(usize, usize),
    /// A worker says that it goes on.
    Beat(usize),
    /// A worker stands still.
    Stop(usize),
    /// It wakes up, and believes what it believed.
    Wake(usize),
    /// It dies, and forgets.
    Die(usize),
    /// The lease of a unit runs out.
    Expire(usize),
    /// Somebody puts the unit of a silent worker back.
    Rescue(usize),
    /// A worker writes a batch.
    Write(usize),
    /// A worker writes the end of its unit.
    Finish(usize),
    /// A worker gives its unit back.
    GiveBack(usize),
    /// Somebody ends a unit that has not ended.
    Withdraw(usize),
}

impl QueueModel {
    /// Units that wait, and workers with free hands.
    pub fn new(units: usize, workers: usize, most_attempts: u8) -> QueueModel {
        let unit = UnitModel {
            state: UnitState::Waiting,
            fence: 0,
            attempts: 0,
        };
        QueueModel {
            units: vec![unit; units],
            workers: vec![WorkerModel::default(); workers],
            written: vec![0; units],
            most_attempts,
        }
    }

    /// All steps that are worth trying.
    pub fn steps(&self) -> Vec<ProtocolStep> {
        let units = 0..self.units.len();
        let of_units = units.clone().flat_map(|unit| {
            [
                ProtocolStep::Expire(unit),
                ProtocolStep::Rescue(unit),
                ProtocolStep::Withdraw(unit),
            ]
        });
        let of_workers = (0..self.workers.len()).flat_map(|worker| {
            let claims = units
                .clone()
                .map(move |unit| ProtocolStep::Claim(worker, unit));
            let own = [
                ProtocolStep::Beat(worker),
                ProtocolStep::Stop(worker),
                ProtocolStep::Wake(worker),
                ProtocolStep::Die(worker),
                ProtocolStep::Write(worker),
                ProtocolStep::Finish(worker),
                ProtocolStep::GiveBack(worker),
            ];
            own.into_iter().chain(claims)
        });
        of_units.chain(of_workers).collect()
    }

    /// What a step leads to; nothing if it cannot be taken.
    #[must_use]
    pub fn after(&self, step: ProtocolStep) -> Option<QueueModel> {
        let mut next = self.clone();
        next.take(step)?;
        (next != *self).then_some(next)
    }

    fn take(&mut self, step: ProtocolStep) -> Option<()> {
        match step {
            ProtocolStep::Claim(worker, unit) => self.claim(worker, unit),
            ProtocolStep::Beat(worker) => {
                let claim = self.active(worker)?;
                if self.has(claim) {
                    self.units[claim.unit].state = UnitState::Leased { is_expired: false };
                } else {
                    self.workers[worker].claim = None;
                }
                Some(())
            }
            ProtocolStep::Stop(worker) => {
                // Without a claim it makes no difference.
                let _ = self.active(worker)?;
                self.workers[worker].is_stopped = true;
                Some(())
            }
            ProtocolStep::Wake(worker) => {
                std::mem::take(&mut self.workers[worker].is_stopped).then_some(())
            }
            ProtocolStep::Die(worker) => {
                let died = std::mem::take(&mut self.workers[worker]);
                died.claim.map(|_| ())
            }
            ProtocolStep::Expire(unit) => {
                let UnitState::Leased { is_expired } = &mut self.units[unit].state else {
                    return None;
                };
                *is_expired = true;
                Some(())
            }
            ProtocolStep::Rescue(unit) => self.rescue(unit),
            ProtocolStep::Write(worker) => {
                let claim = self.active(worker)?;
                if self.units[claim.unit].fence == claim.fence {
                    self.written[claim.unit] = claim.fence;
                }
                Some(())
            }
            ProtocolStep::Finish(worker) => self.end(worker, UnitState::Done),
            ProtocolStep::GiveBack(worker) => self.end(worker, UnitState::Waiting),
            ProtocolStep::Withdraw(unit) => self.withdraw(unit),
        }
    }

    fn claim(&mut self, worker: usize, unit: usize) -> Option<()> {
        let row = &mut self.units[unit];
        let is_free = self.workers[worker] == WorkerModel::default();
        if !is_free || row.state != UnitState::Waiting {
            return None;
        }
        row.fence += 1;
        row.attempts += 1;
        row.state = UnitState::Leased { is_expired: false };
        self.workers[worker].claim = Some(UnitClaim {
            unit,
            fence: row.fence,
        });
        Some(())
    }

    fn rescue(&mut self, unit: usize) -> Option<()> {
        let row = &mut self.units[unit];
        if row.state != (UnitState::Leased { is_expired: true }) {
            return None;
        }
        row.fence += 1;
        row.state = if row.attempts >= self.most_attempts {
            UnitState::Failed
        } else {
            UnitState::Waiting
        };
        Some(())
    }

    fn withdraw(&mut self, unit: usize) -> Option<()> {
        let row = &mut self.units[unit];
        if matches!(row.state, UnitState::Done | UnitState::Failed) {
            return None;
        }
        row.fence += 1;
        row.state = UnitState::Failed;
        Some(())
    }

    /// Under its fence a worker writes the end; without it, it only learns that it has lost.
    fn end(&mut self, worker: usize, state: UnitState) -> Option<()> {
        let claim = self.active(worker)?;
        if self.has(claim) {
            let row = &mut self.units[claim.unit];
            row.attempts -= u8::from(state == UnitState::Waiting);
            row.state = state;
        }
        self.workers[worker].claim = None;
        Some(())
    }

    fn active(&self, worker: usize) -> Option<UnitClaim> {
        let worker = self.workers[worker];
        worker.claim.filter(|_| !worker.is_stopped)
    }

    /// Whether a claim still counts.
    fn has(&self, claim: UnitClaim) -> bool {
        let row = &self.units[claim.unit];
        row.fence == claim.fence && matches!(row.state, UnitState::Leased { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet, VecDeque};

    /// Fences beyond this are not followed: the states repeat.
    const MOST_FENCES: u8 = 4;

    /// Workers are alike: which of them has what makes no difference.
    fn in_order(mut state: QueueModel) -> QueueModel {
        state.workers.sort();
        state
    }

    fn all_states() -> HashMap<QueueModel, Vec<QueueModel>> {
        let first = QueueModel::new(2, 3, 2);
        let (mut seen, mut queue) = (HashMap::new(), VecDeque::from([first]));
        while let Some(state) = queue.pop_front() {
            if seen.contains_key(&state) {
                continue;
            }
            let next: Vec<QueueModel> = state
                .steps()
                .into_iter()
                .filter_map(|step| state.after(step))
                .filter(|next| next.units.iter().all(|unit| unit.fence <= MOST_FENCES))
                .map(in_order)
                .collect();
            queue.extend(
                next.iter()
                    .filter(|next| !seen.contains_key(*next))
                    .cloned(),
            );
            seen.insert(state, next);
        }
        seen
    }

    #[test]
    fn no_order_of_steps_breaks_the_protocol_and_every_unit_can_end() {
        let states = all_states();
        check_each(&states);
        check_ends(&states);
    }

    fn check_each(states: &HashMap<QueueModel, Vec<QueueModel>>) {
        assert!(states.len() > 1_000, "{} states", states.len());
        for (state, after) in states {
            for unit in 0..state.units.len() {
                let claims = state.workers.iter().filter_map(|worker| worker.claim);
                let holders = claims.filter(|claim| claim.unit == unit && state.has(*claim));
                assert!(
                    holders.count() <= 1,
                    "two workers have unit {unit}: {state:?}"
                );
                assert!(state.written[unit] <= state.units[unit].fence, "{state:?}");
                for next in after {
                    assert!(
                        next.written[unit] >= state.written[unit],
                        "a stale worker wrote: {state:?} then {next:?}"
                    );
                    let is_over = |state: &QueueModel| {
                        matches!(state.units[unit].state, UnitState::Done | UnitState::Failed)
                    };
                    assert!(
                        !is_over(state) || is_over(next),
                        "an end was taken back: {state:?}"
                    );
                }
            }
        }
    }

    fn check_ends(states: &HashMap<QueueModel, Vec<QueueModel>>) {
        // Close to the limit on fences, a rescue and the claim after it are not followed.
        let mut before: HashMap<&QueueModel, Vec<&QueueModel>> = HashMap::new();
        for (state, after) in states {
            after
                .iter()
                .for_each(|next| before.entry(next).or_default().push(state));
        }
        let is_over = |state: &QueueModel| {
            let over = |unit: &UnitModel| matches!(unit.state, UnitState::Done | UnitState::Failed);
            state.units.iter().all(over)
        };
        let mut ends: HashSet<&QueueModel> = HashSet::new();
        let mut queue: VecDeque<&QueueModel> =
            states.keys().filter(|state| is_over(state)).collect();
        while let Some(state) = queue.pop_front() {
            if ends.insert(state) {
                queue.extend(before.get(state).into_iter().flatten());
            }
        }
        let stuck = states.keys().find(|state| {
            let at_limit = state.units.iter().any(|unit| unit.fence + 2 > MOST_FENCES);
            !at_limit && !ends.contains(state)
        });
        assert!(stuck.is_none(), "{stuck:?}");
    }
}
