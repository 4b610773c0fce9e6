//! What may happen to units of work and to the leases of their institutions. The SQL of
//! `store::queue` and `store::leases` carries out exactly these steps; here they are functions over
//! a small state, so that every order of them can be tried.
//!
//! A worker claims a unit under the fence of the unit, and runs it under the fence of the
//! institution's lease, which it takes afterwards: whoever has lost its unit may still have that.
//! Whether a unit has been carried out is therefore looked at under the lease, and a run writes and
//! ends under the lease's fence alone.
//!
//! Time is whatever may have passed: what is leased may expire at any moment at which its worker has
//! not just renewed it, and a worker may stand still between any two steps.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitModel {
    /// Whose lease its runs need.
    pub institution: usize,
    /// Its state.
    pub state: UnitState,
    /// Raised whenever it is claimed or rescued.
    pub fence: u8,
    /// How many times it was begun.
    pub attempts: u8,
    /// How many runs have ended that carried it out.
    pub runs: u8,
}

/// The lease of an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LeaseModel {
    /// Raised whenever it is taken.
    pub fence: u8,
    /// Whether nobody else may take it: it was neither given back, nor has it expired.
    pub is_held: bool,
}

/// What a worker believes to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitClaim {
    /// The unit.
    pub unit: usize,
    /// The fence of the claim.
    pub fence: u8,
}

/// How far a worker is with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum UnitProgress {
    /// It does not know whether it was carried out.
    #[default]
    Unknown,
    /// It runs it.
    Running,
    /// A run has carried it out, its own or another.
    CarriedOut,
}

/// A worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct WorkerModel {
    /// What it believes to have.
    pub claim: Option<UnitClaim>,
    /// The fence of the lease that it believes to have.
    pub lease: Option<u8>,
    /// How far it is.
    pub progress: UnitProgress,
    /// Whether it stands still.
    pub is_stopped: bool,
}

/// Units, leases and workers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QueueModel {
    /// The units.
    pub units: Vec<UnitModel>,
    /// The leases of institutions.
    pub leases: Vec<LeaseModel>,
    /// The workers.
    pub workers: Vec<WorkerModel>,
    /// Attempts after which a silent worker's unit is given up.
    pub most_attempts: u8,
}

/// One step of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProtocolStep {
    /// A worker claims a unit.
    Claim(usize, usize),
    /// A worker says that it goes on with its unit.
    Beat(usize),
    /// A worker stands still.
    Stop(usize),
    /// It wakes up, and believes what it believed.
    Wake(usize),
    /// It dies, and forgets.
    Die(usize),
    /// The claim of a unit runs out.
    Expire(usize),
    /// The lease of an institution runs out, or the session that renews it ends.
    ExpireLease(usize),
    /// Somebody puts the unit of a silent worker back.
    Rescue(usize),
    /// A worker takes the lease of its unit's institution, if it is free.
    Take(usize),
    /// A worker renews that lease.
    Renew(usize),
    /// A worker looks under the lease whether its unit was carried out; if not, it runs it.
    Look(usize),
    /// A run writes a batch.
    Write(usize),
    /// A run writes its own end.
    EndRun(usize),
    /// A worker gives the lease back, however its run went.
    Release(usize),
    /// A worker writes that its unit is done.
    Finish(usize),
    /// A worker puts its unit back as if it had not been begun.
    GiveBack(usize),
    /// A worker puts its unit back to be tried again.
    Retry(usize),
    /// A worker gives its unit up.
    Fail(usize),
    /// Somebody ends a unit that has not ended.
    Withdraw(usize),
}

impl QueueModel {
    /// Units that wait, of these institutions, and workers with free hands.
    pub fn new(institutions: &[usize], workers: usize, most_attempts: u8) -> QueueModel {
        let unit = |institution: &usize| UnitModel {
            institution: *institution,
            state: UnitState::Waiting,
            fence: 0,
            attempts: 0,
            runs: 0,
        };
        let last = institutions.iter().max().copied().unwrap_or_default();
        QueueModel {
            units: institutions.iter().map(unit).collect(),
            leases: vec![LeaseModel::default(); last + 1],
            workers: vec![WorkerModel::default(); workers],
            most_attempts,
        }
    }

    /// All steps that are worth trying.
    pub fn steps(&self) -> Vec<ProtocolStep> {
        use ProtocolStep::{
            Beat, Claim, Die, EndRun, Expire, ExpireLease, Fail, Finish, GiveBack, Look, Release,
            Renew, Rescue, Retry, Stop, Take, Wake, Withdraw, Write,
        };
        let units = 0..self.units.len();
        let of_units = units
            .clone()
            .flat_map(|u| [Expire(u), Rescue(u), Withdraw(u)]);
        let of_leases = (0..self.leases.len()).map(ExpireLease);
        let own = [
            Beat, Stop, Wake, Die, Take, Renew, Look, Write, EndRun, Release, Finish, GiveBack,
            Retry, Fail,
        ];
        let of_workers = (0..self.workers.len()).flat_map(|worker| {
            let claims = units.clone().map(move |unit| Claim(worker, unit));
            own.iter().map(move |step| step(worker)).chain(claims)
        });
        of_units.chain(of_leases).chain(of_workers).collect()
    }

    /// What a step leads to; nothing if it cannot be taken.
    #[must_use]
    pub fn after(&self, step: ProtocolStep) -> Option<QueueModel> {
        let mut next = self.clone();
        next.take(step)?;
        (next != *self).then_some(next)
    }

    /// Whether the claim of a worker still counts.
    pub fn has_unit(&self, worker: usize) -> bool {
        self.workers[worker].claim.is_some_and(|claim| {
            let row = &self.units[claim.unit];
            row.fence == claim.fence && matches!(row.state, UnitState::Leased { .. })
        })
    }

    /// Whether a batch of a worker would be committed: nobody has taken the lease since.
    pub fn may_write(&self, worker: usize) -> bool {
        let WorkerModel { claim, lease, .. } = self.workers[worker];
        let fence = claim.map(|claim| self.lease_of(claim).fence);
        lease.is_some() && lease == fence
    }

    fn take(&mut self, step: ProtocolStep) -> Option<()> {
        match step {
            ProtocolStep::Claim(worker, unit) => self.claim(worker, unit),
            ProtocolStep::Beat(worker) => self.beat(worker),
            ProtocolStep::Stop(worker) => {
                // Without a claim it makes no difference.
                self.active(worker)?;
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
            ProtocolStep::ExpireLease(institution) => {
                std::mem::take(&mut self.leases[institution].is_held).then_some(())
            }
            ProtocolStep::Rescue(unit) => self.rescue(unit),
            ProtocolStep::Take(worker) => self.take_lease(worker),
            ProtocolStep::Renew(worker) => self.set_held(worker, true),
            ProtocolStep::Look(worker) => self.look(worker),
            ProtocolStep::Write(worker) => self.write(worker).map(|_| ()),
            ProtocolStep::EndRun(worker) => self.end_run(worker),
            ProtocolStep::Release(worker) => self.release(worker),
            ProtocolStep::Finish(worker) => self.end(worker, UnitState::Done, 0),
            ProtocolStep::GiveBack(worker) => self.end(worker, UnitState::Waiting, 1),
            ProtocolStep::Retry(worker) => self.end(worker, UnitState::Waiting, 0),
            ProtocolStep::Fail(worker) => self.end(worker, UnitState::Failed, 0),
            ProtocolStep::Withdraw(unit) => self.withdraw(unit),
        }
    }

    /// That the SQL passes over units of an institution under way saves work, and nothing rests on it.
    fn claim(&mut self, worker: usize, unit: usize) -> Option<()> {
        let is_free = self.workers[worker] == WorkerModel::default();
        let row = &mut self.units[unit];
        if !is_free || row.state != UnitState::Waiting {
            return None;
        }
        row.fence += 1;
        row.attempts += 1;
        row.state = UnitState::Leased { is_expired: false };
        let fence = row.fence;
        self.workers[worker].claim = Some(UnitClaim { unit, fence });
        Some(())
    }

    /// A worker that has lost its unit is asked to stop, but may take any further step before it does.
    fn beat(&mut self, worker: usize) -> Option<()> {
        let claim = self.active(worker)?;
        if self.has_unit(worker) {
            self.units[claim.unit].state = UnitState::Leased { is_expired: false };
        }
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

    fn take_lease(&mut self, worker: usize) -> Option<()> {
        let claim = self.active(worker)?;
        let WorkerModel {
            lease, progress, ..
        } = self.workers[worker];
        let row = self.lease_of_mut(claim);
        if lease.is_some() || progress != UnitProgress::Unknown || row.is_held {
            return None;
        }
        row.fence += 1;
        row.is_held = true;
        self.workers[worker].lease = Some(row.fence);
        Some(())
    }

    /// A plain read: the lease may be lost before or after, which the first write learns.
    fn look(&mut self, worker: usize) -> Option<()> {
        let claim = self.active(worker)?;
        let own = &mut self.workers[worker];
        if own.lease.is_none() || own.progress != UnitProgress::Unknown {
            return None;
        }
        own.progress = if self.units[claim.unit].runs > 0 {
            UnitProgress::CarriedOut
        } else {
            UnitProgress::Running
        };
        Some(())
    }

    /// A run writes under the fence of its lease; without it, it only learns that it has lost. Gives
    /// whether it still had it.
    fn write(&mut self, worker: usize) -> Option<bool> {
        self.active(worker)?;
        if self.workers[worker].progress != UnitProgress::Running {
            return None;
        }
        let may_write = self.may_write(worker);
        if !may_write {
            self.workers[worker].lease = None;
            self.workers[worker].progress = UnitProgress::Unknown;
        }
        Some(may_write)
    }

    fn end_run(&mut self, worker: usize) -> Option<()> {
        let claim = self.active(worker)?;
        if self.write(worker)? {
            self.units[claim.unit].runs += 1;
            self.workers[worker].progress = UnitProgress::CarriedOut;
        }
        Some(())
    }

    /// A run that has not ended is over with its lease.
    fn release(&mut self, worker: usize) -> Option<()> {
        self.set_held(worker, false)?;
        let own = &mut self.workers[worker];
        own.lease = None;
        if own.progress == UnitProgress::Running {
            own.progress = UnitProgress::Unknown;
        }
        Some(())
    }

    fn set_held(&mut self, worker: usize, is_held: bool) -> Option<()> {
        let claim = self.active(worker)?;
        self.workers[worker].lease?;
        if self.may_write(worker) {
            self.lease_of_mut(claim).is_held = is_held;
        }
        Some(())
    }

    /// Under the fence of its claim a worker writes the end of its unit, after it has given the lease
    /// back; without it, it only learns that it has lost.
    fn end(&mut self, worker: usize, state: UnitState, given_back: u8) -> Option<()> {
        let claim = self.active(worker)?;
        let WorkerModel {
            lease, progress, ..
        } = self.workers[worker];
        let is_done = progress == UnitProgress::CarriedOut;
        if lease.is_some() || is_done != (state == UnitState::Done) {
            return None;
        }
        if self.has_unit(worker) {
            let row = &mut self.units[claim.unit];
            row.attempts -= given_back;
            row.state = state;
        }
        self.workers[worker] = WorkerModel::default();
        Some(())
    }

    fn active(&self, worker: usize) -> Option<UnitClaim> {
        let worker = self.workers[worker];
        worker.claim.filter(|_| !worker.is_stopped)
    }

    fn lease_of(&self, claim: UnitClaim) -> &LeaseModel {
        &self.leases[self.units[claim.unit].institution]
    }

    fn lease_of_mut(&mut self, claim: UnitClaim) -> &mut LeaseModel {
        &mut self.leases[self.units[claim.unit].institution]
    }
}
