//! Every order of the steps of [`super::model`], tried: what must hold in every state and in every
//! step, and that every unit can end from everywhere.

use super::model::{ProtocolStep, QueueModel, UnitState};
use std::collections::{HashMap, VecDeque};

/// All states that steps lead to, each with the numbers of those that follow.
struct ReachedStates {
    numbers: HashMap<QueueModel, usize>,
    after: Vec<Vec<usize>>,
}

impl ReachedStates {
    fn from(first: QueueModel) -> ReachedStates {
        // Standing still is taking no step, which the search does anyway.
        let steps: Vec<ProtocolStep> = first
            .steps()
            .into_iter()
            .filter(|step| !matches!(step, ProtocolStep::Stop(_) | ProtocolStep::Wake(_)))
            .collect();
        let mut queue = VecDeque::from([normal(first.clone())]);
        let mut reached = ReachedStates {
            numbers: HashMap::from([(normal(first), 0)]),
            after: Vec::new(),
        };
        while let Some(state) = queue.pop_front() {
            let mut after = Vec::new();
            for next in steps.iter().filter_map(|step| state.after(*step)) {
                check_step(&state, &next);
                let next = normal(next);
                let number = reached.numbers.len();
                let number = *reached.numbers.entry(next).or_insert_with_key(|next| {
                    check_state(next);
                    queue.push_back(next.clone());
                    number
                });
                after.push(number);
            }
            reached.after.push(after);
        }
        reached
    }

    /// From every state, all units can end.
    fn check_ends(&self) {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.after.len()];
        for (state, after) in self.after.iter().enumerate() {
            after.iter().for_each(|next| before[*next].push(state));
        }
        let over = self.numbers.iter().filter(|(state, _)| is_over(state));
        let mut queue: VecDeque<usize> = over.map(|(_, number)| *number).collect();
        let mut ends = vec![false; self.after.len()];
        while let Some(state) = queue.pop_front() {
            if !std::mem::replace(&mut ends[state], true) {
                queue.extend(&before[state]);
            }
        }
        let stuck = self.numbers.iter().find(|(_, number)| !ends[**number]);
        assert!(stuck.is_none(), "{stuck:?}");
    }
}

/// Whether all units have ended.
fn is_over(state: &QueueModel) -> bool {
    let mut units = state.units.iter();
    units.all(|unit| matches!(unit.state, UnitState::Done | UnitState::Failed))
}

/// One state for all that behave alike: workers and units have no names, and of a fence it only
/// matters whether it is the newest, as an older one never comes back. So there are finitely many.
fn normal(mut state: QueueModel) -> QueueModel {
    for worker in 0..state.workers.len() {
        let has_newest = has_newest_fence(&state, worker);
        let may_write = state.may_write(worker);
        let own = &mut state.workers[worker];
        own.lease = own.lease.map(|_| u8::from(may_write));
        if let Some(claim) = &mut own.claim {
            claim.fence = u8::from(has_newest);
        }
    }
    state.leases.iter_mut().for_each(|lease| lease.fence = 1);
    for unit in &mut state.units {
        unit.fence = 1;
        unit.attempts = unit.attempts.min(state.most_attempts);
    }
    sort_units(&mut state);
    state.workers.sort();
    state
}

fn has_newest_fence(state: &QueueModel, worker: usize) -> bool {
    let claim = state.workers[worker].claim;
    claim.is_some_and(|claim| state.units[claim.unit].fence == claim.fence)
}

/// Two units, either of one institution or of one each.
fn sort_units(state: &mut QueueModel) {
    let held = |unit: usize| state.leases[state.units[unit].institution].is_held;
    let key = |unit: usize| {
        let row = state.units[unit];
        (row.state, row.attempts, row.runs, held(unit))
    };
    if key(0) <= key(1) {
        return;
    }
    state.units.swap(0, 1);
    let last = state.leases.len() - 1;
    state.leases.swap(0, last);
    state.units[0].institution = 0;
    state.units[1].institution = last;
    for claim in state
        .workers
        .iter_mut()
        .filter_map(|own| own.claim.as_mut())
    {
        claim.unit = 1 - claim.unit;
    }
}

fn check_state(state: &QueueModel) {
    for (number, unit) in state.units.iter().enumerate() {
        let of_unit = |worker: &usize| {
            let claim = state.workers[*worker].claim;
            claim.is_some_and(|claim| claim.unit == number)
        };
        let workers = (0..state.workers.len()).filter(of_unit);
        let holders = workers.filter(|worker| state.has_unit(*worker));
        assert!(holders.count() <= 1, "two workers have a unit: {state:?}");
        assert!(unit.runs <= 1, "two runs carried out a unit: {state:?}");
        assert!(
            unit.state != UnitState::Done || unit.runs == 1,
            "a unit is done, and no run has carried it out: {state:?}"
        );
    }
    for institution in 0..state.leases.len() {
        let writers = (0..state.workers.len()).filter(|worker| {
            let claim = state.workers[*worker].claim;
            let own = claim.map(|claim| state.units[claim.unit].institution);
            own == Some(institution) && state.may_write(*worker)
        });
        assert!(
            writers.count() <= 1,
            "two writers under one fence: {state:?}"
        );
    }
}

fn check_step(state: &QueueModel, next: &QueueModel) {
    let leases = state.leases.iter().zip(&next.leases);
    let is_risen = leases.map(|(before, after)| after.fence >= before.fence);
    assert!(
        is_risen.min().unwrap_or(true),
        "a lease: {state:?}, {next:?}"
    );
    for (before, after) in state.units.iter().zip(&next.units) {
        let is_over = matches!(before.state, UnitState::Done | UnitState::Failed);
        assert!(after.fence >= before.fence, "a unit: {state:?}, {next:?}");
        assert!(
            !is_over || after.state == before.state,
            "an end was taken back: {state:?}, {next:?}"
        );
    }
}

/// Two units of two institutions, and two of one.
#[test]
fn no_order_of_steps_breaks_the_protocol_and_every_unit_can_end() {
    for institutions in [[0, 1], [0, 0]] {
        let states = ReachedStates::from(QueueModel::new(&institutions, 3, 2));
        let count = states.after.len();
        assert!(count > 20_000, "{count} states of {institutions:?}");
        states.check_ends();
    }
}
