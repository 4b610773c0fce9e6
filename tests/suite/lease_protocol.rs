//! The SQL of the queue and of leases, driven beside the state machine of `orchestration::protocol`,
//! of which every order of steps is tried.

use crate::bench::Bench;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use uuid::Uuid;
use weir::orchestration::protocol::model::{ProtocolStep, QueueModel, UnitProgress, UnitState};
use weir::store::queue::{self, ClaimedUnit, DueUnit, UnitEnd};
use weir::store::runs::{self, InstitutionLock};
use weir::store::{Store, StoreError};

const WORKERS: usize = 3;

/// A unit with the institution whose lease its runs need.
struct DrivenUnit {
    id: i64,
    institution: Uuid,
}

/// Workers and units, driven by SQL, beside the model.
struct ProtocolDrive {
    connection: PgConnection,
    store: Store,
    model: QueueModel,
    units: Vec<DrivenUnit>,
    claims: Vec<Option<ClaimedUnit>>,
    locks: Vec<Option<InstitutionLock>>,
    /// Locks of workers that died, which nobody gives back.
    left: Vec<InstitutionLock>,
    /// How many writes were let through, and how many refused.
    writes: (u32, u32),
}

impl ProtocolDrive {
    /// Two units, of these institutions.
    async fn new(bench: &Bench, institutions: [usize; 2]) -> ProtocolDrive {
        let mut connection = PgConnection::connect(&bench.url()).await.unwrap();
        sqlx::raw_sql("DELETE FROM runs; DELETE FROM work_units; DELETE FROM leases")
            .execute(&mut connection)
            .await
            .unwrap();
        let mut units = Vec::new();
        for (number, institution) in institutions.into_iter().enumerate() {
            units.push(enqueue(&mut connection, number, ["one", "two"][institution]).await);
        }
        if institutions[0] != institutions[1] {
            // Only a dry run is ended by a person, and an institution has one at a time.
            sqlx::raw_sql("UPDATE work_units SET is_dry = true, asked_by = 'ada'")
                .execute(&mut connection)
                .await
                .unwrap();
        }
        let none = || (0..WORKERS).map(|_| None);
        ProtocolDrive {
            connection,
            store: Store::connect(&bench.url(), 24, "process 1 on a")
                .await
                .unwrap(),
            model: QueueModel::new(&institutions, WORKERS, 2),
            units,
            claims: none().collect(),
            locks: (0..WORKERS).map(|_| None).collect(),
            left: Vec::new(),
            writes: (0, 0),
        }
    }

    /// All steps, or those that lead somewhere; those more often that are rarely possible.
    fn steps(&self, only_useful: bool) -> Vec<ProtocolStep> {
        let is_one = self.model.leases.len() == 1;
        let is_meant = |step: &ProtocolStep| match step {
            ProtocolStep::Withdraw(_) => !is_one,
            // Leases are renewed by the clock, every ten seconds.
            ProtocolStep::Renew(_) => false,
            ProtocolStep::Write(worker) => self.runs(*worker),
            _ => !only_useful || self.model.after(*step).is_some(),
        };
        let meant = self.model.steps().into_iter().filter(is_meant);
        let often = meant.flat_map(|step| std::iter::repeat_n(step, weight(step)));
        often.collect()
    }

    /// Whether a worker runs its unit.
    fn runs(&self, worker: usize) -> bool {
        let own = self.model.workers[worker];
        own.progress == UnitProgress::Running && !own.is_stopped
    }

    /// Does a step in SQL; whether it can be taken, and what comes of it, is as in the model.
    async fn take(&mut self, step: ProtocolStep) {
        match step {
            ProtocolStep::Claim(worker, _) => return self.claim(worker).await,
            ProtocolStep::Rescue(_) => return self.rescue().await,
            ProtocolStep::Take(worker) => self.take_lease(worker).await,
            ProtocolStep::Beat(worker) => self.beat(worker).await,
            ProtocolStep::Write(worker) | ProtocolStep::EndRun(worker) => {
                self.write(worker, matches!(step, ProtocolStep::EndRun(_)))
                    .await;
            }
            _ if self.model.after(step).is_some() => self.carry_out(step).await,
            _ => {}
        }
        self.model = self.model.after(step).unwrap_or_else(|| self.model.clone());
    }

    /// Steps that the model allows.
    async fn carry_out(&mut self, step: ProtocolStep) {
        match step {
            ProtocolStep::Expire(unit) => {
                let sql = "UPDATE work_units SET expires_at = now() - interval '1 s' WHERE id = $1";
                let expired = sqlx::query(sql).bind(self.units[unit].id);
                expired.execute(&mut self.connection).await.unwrap();
            }
            ProtocolStep::ExpireLease(institution) => {
                let sql = "UPDATE leases SET expires_at = now() - interval '1 s' WHERE name = $1";
                let expired = sqlx::query(sql).bind(self.lease_name(institution));
                expired.execute(&mut self.connection).await.unwrap();
            }
            ProtocolStep::Look(worker) => self.look(worker).await,
            ProtocolStep::Die(worker) => {
                self.claims[worker] = None;
                self.left.extend(self.locks[worker].take());
            }
            ProtocolStep::Release(worker) => self.locks[worker].take().unwrap().release().await,
            ProtocolStep::Withdraw(unit) => {
                let unit = self.units[unit].id;
                let withdrawn = queue::withdraw(&mut self.connection, unit, "no more").await;
                assert!(withdrawn.unwrap());
            }
            ProtocolStep::Finish(worker) => self.end(worker, UnitEnd::Done { run: None }).await,
            ProtocolStep::GiveBack(worker) => {
                let (after, why) = (Duration::ZERO, "busy".to_owned());
                self.end(worker, UnitEnd::GivenBack { after, why }).await;
            }
            ProtocolStep::Retry(worker) => {
                let (after, why) = (Duration::ZERO, "lost".to_owned());
                self.end(worker, UnitEnd::Retried { after, why }).await;
            }
            ProtocolStep::Fail(worker) => {
                let why = "broken".to_owned();
                self.end(worker, UnitEnd::Failed { why }).await;
            }
            _ => {}
        }
    }

    async fn claim(&mut self, worker: usize) {
        if self.model.workers[worker] != Default::default() {
            return;
        }
        let claimed = queue::claim(&mut self.connection, "p", "w", 1, &[]).await;
        let claimed = claimed.unwrap().pop();
        let units = &self.model.units;
        let is_under_way = |institution| {
            let mut own = units.iter().filter(|unit| unit.institution == institution);
            own.any(|unit| matches!(unit.state, UnitState::Leased { .. }))
        };
        let mut waiting = units.iter().filter(|unit| unit.state == UnitState::Waiting);
        let is_due = waiting.any(|unit| !is_under_way(unit.institution));
        assert_eq!(claimed.is_some(), is_due);
        let Some(claimed) = claimed else { return };
        let is_it = |unit: &DrivenUnit| unit.id == claimed.id;
        let unit = self.units.iter().position(is_it).unwrap();
        let next = self.model.after(ProtocolStep::Claim(worker, unit));
        self.model = next.expect("the model allows it");
        self.claims[worker] = Some(claimed);
    }

    /// The SQL rescues all silent units at once.
    async fn rescue(&mut self) {
        queue::rescue(&mut self.connection, 2).await.unwrap();
        for unit in 0..self.units.len() {
            if let Some(next) = self.model.after(ProtocolStep::Rescue(unit)) {
                self.model = next;
            }
        }
    }

    async fn take_lease(&mut self, worker: usize) {
        let own = self.model.workers[worker];
        let (Some(claim), None, UnitProgress::Unknown, false) =
            (own.claim, own.lease, own.progress, own.is_stopped)
        else {
            return;
        };
        let institution = self.units[claim.unit].institution;
        let taken = InstitutionLock::try_take(&self.store, institution).await;
        self.locks[worker] = taken.unwrap();
        let next = self.model.after(ProtocolStep::Take(worker));
        assert_eq!(self.locks[worker].is_some(), next.is_some());
    }

    async fn beat(&mut self, worker: usize) {
        let Some(claim) = self.active(worker) else {
            return;
        };
        let claims = [(claim.id, claim.fence, None)];
        let still = queue::beat(&mut self.connection, &claims).await.unwrap();
        assert_eq!(!still.is_empty(), self.model.has_unit(worker));
    }

    async fn look(&mut self, worker: usize) {
        let unit = self.claims[worker].as_ref().unwrap();
        let run = queue::run_of(&mut self.connection, unit.institution_id, unit.id).await;
        let next = self.model.after(ProtocolStep::Look(worker)).unwrap();
        let is_done = next.workers[worker].progress == UnitProgress::CarriedOut;
        assert_eq!(run.unwrap().is_some(), is_done);
    }

    /// Under the guard of the lock, as every batch.
    async fn write(&mut self, worker: usize, is_end: bool) {
        let progress = self.model.workers[worker].progress;
        let Some(unit) = self
            .active(worker)
            .filter(|_| progress == UnitProgress::Running)
        else {
            return;
        };
        let guard = self.locks[worker].as_ref().unwrap().guard(&unit.slug);
        let begun = guard.begin(&mut self.connection).await;
        let may_write = self.model.may_write(worker);
        if let Err(error) = begun {
            assert!(matches!(error, StoreError::LockLost(_)) && !may_write);
            self.writes.1 += 1;
            self.left.extend(self.locks[worker].take());
            return;
        }
        assert!(may_write, "a stale worker wrote");
        self.writes.0 += 1;
        let mut batch = begun.unwrap();
        if is_end {
            let sql = "INSERT INTO runs (institution_id, at, status, plan_fingerprint, host, pid, started_at, finished_at, summary, unit_id)
                 VALUES ($1, now(), 'done', '', 'a', 1, now(), now(), '{}', $2)";
            let ended = sqlx::query(sql).bind(unit.institution_id).bind(unit.id);
            ended.execute(&mut *batch).await.unwrap();
        }
        batch.commit().await.unwrap();
    }

    async fn end(&mut self, worker: usize, end: UnitEnd) {
        let claim = self.claims[worker].take().unwrap();
        let had = queue::end(&mut self.connection, &claim, &end)
            .await
            .unwrap();
        assert_eq!(had, self.model.has_unit(worker));
    }

    /// What a worker has claimed, unless it stands still.
    fn active(&self, worker: usize) -> Option<ClaimedUnit> {
        let is_stopped = self.model.workers[worker].is_stopped;
        self.claims[worker].clone().filter(|_| !is_stopped)
    }

    fn institution(&self, number: usize) -> Uuid {
        let mut units = self.model.units.iter();
        let unit = units.position(|unit| unit.institution == number);
        self.units[unit.unwrap()].institution
    }

    fn lease_name(&self, institution: usize) -> String {
        weir::store::leases::of_institution(self.institution(institution))
    }

    async fn agrees(&mut self, steps: &[ProtocolStep]) {
        let sql = "SELECT state, fence, attempts, (SELECT count(*) FROM runs r WHERE r.unit_id = w.id) FROM work_units w ORDER BY id";
        let rows: Vec<(String, i64, i32, i64)> = sqlx::query_as(sql)
            .fetch_all(&mut self.connection)
            .await
            .unwrap();
        let units = self.model.units.iter().map(|unit| {
            let (fence, attempts) = (unit.fence.into(), unit.attempts.into());
            (
                state(unit.state).to_owned(),
                fence,
                attempts,
                unit.runs.into(),
            )
        });
        assert_eq!(rows, units.collect::<Vec<_>>(), "after {steps:?}");
        for number in 0..self.model.leases.len() {
            let (name, lease) = (self.lease_name(number), self.model.leases[number]);
            let institution = self.institution(number);
            let fence =
                sqlx::query_scalar::<_, i64>("SELECT fence FROM leases WHERE name = $1").bind(name);
            let fence = fence.fetch_optional(&mut self.connection).await.unwrap();
            let holder = runs::holder(&mut self.connection, institution).await;
            let found = (fence.unwrap_or_default(), holder.unwrap().is_some());
            assert_eq!(
                found,
                (lease.fence.into(), lease.is_held),
                "after {steps:?}"
            );
        }
    }

    /// Gives how many writes were let through, and how many refused.
    async fn close(self) -> (u32, u32) {
        drop((self.locks, self.left));
        self.store.close().await;
        self.connection.close().await.unwrap();
        self.writes
    }
}

fn weight(step: ProtocolStep) -> usize {
    match step {
        ProtocolStep::Take(_) | ProtocolStep::Look(_) => 32,
        ProtocolStep::Write(_) => 24,
        ProtocolStep::EndRun(_) | ProtocolStep::Claim(..) | ProtocolStep::Rescue(_) => 16,
        ProtocolStep::Expire(_) | ProtocolStep::ExpireLease(_) => 16,
        ProtocolStep::Withdraw(_) | ProtocolStep::Fail(_) => 1,
        _ => 4,
    }
}

fn state(state: UnitState) -> &'static str {
    match state {
        UnitState::Waiting => "waiting",
        UnitState::Leased { .. } => "leased",
        UnitState::Done => "done",
        UnitState::Failed => "failed",
    }
}

async fn enqueue(connection: &mut PgConnection, number: usize, slug: &str) -> DrivenUnit {
    let first: DateTime<Utc> = "2026-09-01T00:00:00Z".parse().unwrap();
    let at = first + TimeDelta::days(i64::try_from(number).unwrap());
    let institution = weir::plan::compile::institution_id(slug);
    sqlx::query("INSERT INTO institutions (id, slug, name, timezone, active, created_at) VALUES ($1, $2, $2, 'UTC', true, now()) ON CONFLICT DO NOTHING")
        .bind(institution)
        .bind(slug)
        .execute(&mut *connection)
        .await
        .unwrap();
    let unit = [DueUnit {
        institution,
        slug: slug.to_owned(),
        source: String::new(),
        due_at: at,
        ready_at: at,
        plan: Vec::new(),
        queues: true,
    }];
    assert_eq!(queue::enqueue(connection, "p", &unit).await.unwrap(), 1);
    let again = queue::enqueue(connection, "p", &unit).await.unwrap();
    assert_eq!(again, 0, "the same instant is due once");
    let id = sqlx::query_scalar("SELECT max(id) FROM work_units")
        .fetch_one(connection)
        .await;
    DrivenUnit {
        id: id.unwrap(),
        institution,
    }
}

/// The SQL of the queue and of leases does what the model does, which is checked exhaustively.
#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_the_protocol() {
    let bench = Bench::new().await;
    let mut runner = TestRunner::deterministic();
    let choices = proptest::collection::vec((proptest::bool::weighted(0.8), any::<Index>()), 60);
    let mut writes = (0, 0);
    for round in 0..30 {
        let choices = choices.new_tree(&mut runner).unwrap().current();
        let mut drive = ProtocolDrive::new(&bench, [[0, 1], [0, 0]][round % 2]).await;
        let mut steps = Vec::new();
        for (only_useful, index) in choices {
            let open = drive.steps(only_useful);
            if open.is_empty() {
                break;
            }
            let step = *index.get(&open);
            steps.push(step);
            drive.take(step).await;
            drive.agrees(&steps).await;
        }
        let (through, refused) = drive.close().await;
        writes = (writes.0 + through, writes.1 + refused);
    }
    assert!(writes.0 > 20 && writes.1 > 0, "{writes:?}");
    bench.drop().await;
}
