//! What is due. Pure: the same schedules, marks and instant give the same units, whichever process
//! asks, so that a second scheduler finds everything in the queue already.
//!
//! A schedule that was never carried out begins now: nothing is made up for from before it existed.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;
use weir_model::Hash;
use weir_project::config::schedule::{CatchUp, Overlap};
use weir_project::plan::due::DueTimes;
use weir_project::plan::{Plan, Schedule};
use weir_store::queue::DueUnit;
use weir_store::schedules::ScheduleKey;

/// A run that is later than this was missed: a leader that died has been replaced before.
const MISSED_AFTER: TimeDelta = TimeDelta::minutes(2);
/// Runs that were missed longer ago are not looked for.
const LOOKS_BACK: TimeDelta = TimeDelta::days(400);

/// A schedule of a plan, or of one of its sources.
#[derive(Clone, Copy)]
pub struct Timetable<'p> {
    /// The plan.
    pub plan: &'p Plan,
    /// The one source to read; all of them if none.
    pub source: Option<&'p str>,
    /// When.
    pub schedule: &'p Schedule,
}

impl Timetable<'_> {
    /// By what it is remembered how far it has been carried out.
    pub fn key(&self) -> ScheduleKey {
        ScheduleKey {
            institution: self.plan.institution.id,
            source: self.source.unwrap_or_default().to_owned(),
        }
    }

    /// Its instants.
    pub fn times(&self) -> Option<DueTimes> {
        DueTimes::new(&self.schedule.cron, self.plan.zone)
    }

    fn unit(&self, due_at: DateTime<Utc>) -> DueUnit {
        DueUnit {
            institution: self.plan.institution.id,
            slug: self.plan.institution.slug.clone(),
            source: self.source.unwrap_or_default().to_owned(),
            due_at,
            ready_at: due_at + self.jitter(due_at),
            plan: self.plan.fingerprint().to_vec(),
            queues: self.schedule.overlap == Overlap::Queue,
        }
    }

    /// How much later a run starts: the same for whoever asks.
    fn jitter(&self, due_at: DateTime<Utc>) -> TimeDelta {
        let Some(most) = &self.schedule.jitter else {
            return TimeDelta::zero();
        };
        let text = format!("{:?} {}", self.key(), due_at.timestamp());
        let bytes = Hash::of(text.as_bytes()).to_vec();
        let drawn = bytes
            .iter()
            .take(4)
            .fold(0i64, |sum, byte| sum << 8 | i64::from(*byte));
        TimeDelta::milliseconds(((most.0.num_milliseconds() >> 8) * (drawn >> 8)) >> 16)
    }
}

/// The schedules of a plan: its own first, then those of its sources.
pub fn timetables(plan: &Plan) -> impl Iterator<Item = Timetable<'_>> {
    let own = plan.schedule.iter().map(move |schedule| Timetable {
        plan,
        source: None,
        schedule,
    });
    let of_source = plan.flows.iter().filter_map(move |flow| {
        Some(Timetable {
            plan,
            source: Some(&flow.source),
            schedule: flow.schedule.as_ref()?,
        })
    });
    own.chain(of_source)
}

/// What is due, and what to remember of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DueWork {
    /// Units for the queue.
    pub units: Vec<DueUnit>,
    /// Up to when schedules are carried out with them.
    pub marks: Vec<(ScheduleKey, DateTime<Utc>)>,
    /// When something is due next.
    pub next: Option<DateTime<Utc>>,
}

/// What is due until an instant. Of several missed runs of a schedule the newest is made up for;
/// schedules of paused institutions stand still.
pub fn due_work<'p>(
    plans: impl IntoIterator<Item = &'p Plan>,
    marks: &HashMap<ScheduleKey, DateTime<Utc>>,
    paused: &BTreeSet<Uuid>,
    now: DateTime<Utc>,
) -> DueWork {
    let mut work = DueWork::default();
    for table in plans.into_iter().flat_map(timetables) {
        let Some(times) = table.times() else { continue };
        if !paused.contains(&table.plan.institution.id) {
            work.add(&table, &times, marks.get(&table.key()).copied(), now);
        }
        let next = times.next(now).map(|next| next.to_utc());
        work.next = [work.next, next].into_iter().flatten().min();
    }
    work
}

impl DueWork {
    fn add(
        &mut self,
        table: &Timetable<'_>,
        times: &DueTimes,
        mark: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) {
        let Some(mark) = mark else {
            self.marks.push((table.key(), now));
            return;
        };
        let from = mark.max(now - LOOKS_BACK);
        let Some(due) = times.between(from, now).last().map(|due| due.to_utc()) else {
            return;
        };
        self.marks.push((table.key(), due));
        if table.schedule.catch_up == CatchUp::Once || now - due <= MISSED_AFTER {
            self.units.push(table.unit(due));
        }
    }
}
