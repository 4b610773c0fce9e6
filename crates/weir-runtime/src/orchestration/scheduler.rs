//! The leader: puts what is due into the queue. Every `weir serve` has one of these; the one with
//! the lease works, the others look every few seconds whether it is free. Whatever it writes is
//! under its fence: a leader that wakes up late writes nothing.

use super::calendar::{self, DueWork};
use super::{PlanSet, ProjectOrigin};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;
use weir_store::leases::Lease;
use weir_store::{Connection, PgConnection, Store, StoreError, queue, schedules, snapshots};

/// How far the clock of this machine may be from the server's.
const CLOCKS_DIFFER_BY: TimeDelta = TimeDelta::minutes(1);
/// How often the tables are looked at although nothing is due: pauses may have ended.
const LOOKS_AGAIN: TimeDelta = TimeDelta::seconds(15);

/// What became of one look at the schedules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchedulerTick {
    /// Another process carries them out.
    Follows,
    /// Nothing was due.
    Idle,
    /// So many units are new in the queue.
    Queued(u64),
    /// The clock of this machine is not the server's: nothing is scheduled until it is.
    ClockDiffers(TimeDelta),
}

/// Carries out the schedules of a project, as long as no other process does.
pub struct Scheduler {
    store: Store,
    lease: Option<Lease>,
    seen: Option<SeenSchedule>,
}

/// What was seen last.
struct SeenSchedule {
    plans: Arc<PlanSet>,
    at: DateTime<Utc>,
    next: Option<DateTime<Utc>>,
}

impl Scheduler {
    /// A scheduler without a lease.
    pub fn new(store: Store) -> Scheduler {
        Scheduler {
            store,
            lease: None,
            seen: None,
        }
    }

    /// Puts into the queue what is due.
    ///
    /// # Errors
    /// The database failed: nothing was put there, and the next look finds it still due.
    pub fn tick<'f>(
        &'f mut self,
        plans: &'f Arc<PlanSet>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'f, Result<SchedulerTick, StoreError>> {
        Box::pin(async move {
            if !self.leads().await? {
                return Ok(SchedulerTick::Follows);
            }
            if self
                .seen
                .as_ref()
                .is_some_and(|look| look.is_fresh(plans, now))
            {
                return Ok(SchedulerTick::Idle);
            }
            self.look(plans, now).await
        })
    }

    /// Gives the lease back.
    pub async fn stop(self) {
        if let Some(lease) = self.lease {
            lease.release().await;
        }
    }

    async fn leads(&mut self) -> Result<bool, StoreError> {
        if self
            .lease
            .as_ref()
            .is_some_and(|lease| lease.lost().is_cancelled())
        {
            self.lease = None;
        }
        if self.lease.is_none() {
            self.seen = None;
            self.lease = Lease::try_take(&self.store, &lease_name(&self.store)).await?;
        }
        Ok(self.lease.is_some())
    }

    async fn look(
        &mut self,
        plans: &Arc<PlanSet>,
        now: DateTime<Utc>,
    ) -> Result<SchedulerTick, StoreError> {
        let Some(lease) = &self.lease else {
            return Ok(SchedulerTick::Follows);
        };
        let mut connection = self.store.connection().await?;
        let mut tx = connection.begin().await?;
        if !lease.fence().holds(&mut tx).await? {
            drop(tx);
            self.lease = None;
            return Ok(SchedulerTick::Follows);
        }
        let apart = now - schedules::server_clock(&mut tx).await?;
        if apart.abs() > CLOCKS_DIFFER_BY {
            return Ok(SchedulerTick::ClockDiffers(apart));
        }
        let project = project_of(&self.store);
        let seen = self.seen.as_ref().map(|look| &look.plans);
        if seen.is_none_or(|seen| !Arc::ptr_eq(seen, plans)) {
            keep_files(&mut tx, &project, plans).await?;
        }
        let (queued, work) = put(&mut tx, &project, plans, now).await?;
        tx.commit().await?;
        self.seen = Some(SeenSchedule {
            plans: Arc::clone(plans),
            at: now,
            next: work.next,
        });
        Ok(if queued > 0 {
            SchedulerTick::Queued(queued)
        } else {
            SchedulerTick::Idle
        })
    }
}

impl SeenSchedule {
    /// Whether nothing can have become due since.
    fn is_fresh(&self, plans: &Arc<PlanSet>, now: DateTime<Utc>) -> bool {
        Arc::ptr_eq(&self.plans, plans)
            && now >= self.at
            && now - self.at < LOOKS_AGAIN
            && self.next.is_none_or(|next| now < next)
    }
}

/// Stores the files that these plans are from, so that workers without the folder have them.
async fn keep_files(
    tx: &mut PgConnection,
    project: &str,
    plans: &PlanSet,
) -> Result<(), StoreError> {
    match &plans.origin {
        ProjectOrigin::Folder(Some(files)) => snapshots::keep(tx, project, files).await,
        _ => Ok(()),
    }
}

async fn put(
    tx: &mut PgConnection,
    project: &str,
    plans: &PlanSet,
    now: DateTime<Utc>,
) -> Result<(u64, DueWork), StoreError> {
    let marks = schedules::marks(tx).await?;
    let paused: BTreeSet<Uuid> = schedules::pauses(tx, now)
        .await?
        .iter()
        .map(|one| one.institution_id)
        .collect();
    let all = plans.plans.values().map(|plan| &**plan);
    let work = calendar::due_work(all, &marks, &paused, now);
    let queued = queue::enqueue(tx, project, &work.units).await?;
    schedules::set_marks(tx, &work.marks).await?;
    let today = plans.plans.values();
    let today = today.map(|plan| (plan.institution.id, plan.fingerprint().to_vec()));
    queue::set_plans(tx, project, &today.collect::<Vec<_>>()).await?;
    Ok((queued, work))
}

/// The project whose work a process does; several may share a database.
pub fn project_of(store: &Store) -> String {
    store
        .identity()
        .map(|own| own.project.to_string())
        .unwrap_or_default()
}

fn lease_name(store: &Store) -> String {
    format!("schedule {}", project_of(store))
}
