//! Clocks that jump by hours while Weir runs by itself, the machine's and the server's: nothing that
//! is due is lost or done twice, and history is not written backwards.

use crate::bench::Bench;
use crate::lab::Lab;
use crate::orchestration::{ACME, until};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use weir::orchestration::scheduler::SchedulerTick;
use weir::orchestration::{PlanSet, ProjectOrigin, Scheduler};
use weir::store::queue::{self, DueUnit};
use weir::store::runs::InstitutionLock;
use weir::store::{Store, host_turns, leases};

/// A server whose clock is ahead by what a table says: the name of its clock means another function.
const OWN_CLOCK: &str = "CREATE SCHEMA jumped;
     CREATE TABLE jumped.clock (ahead INTERVAL NOT NULL);
     INSERT INTO jumped.clock VALUES ('0');
     CREATE FUNCTION jumped.clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE
       AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM jumped.clock'";

async fn own_clock(bench: &Bench) {
    let mut connection = PgConnection::connect(&bench.url()).await.unwrap();
    let path = format!(
        "{OWN_CLOCK}; ALTER DATABASE {} SET search_path = jumped, public, pg_catalog",
        bench.name
    );
    let made = sqlx::raw_sql(sqlx::AssertSqlSafe(path));
    made.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn set_server(url: &str, ahead: TimeDelta) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query("UPDATE jumped.clock SET ahead = $1")
        .bind(TimeDelta::seconds(ahead.num_seconds()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// By how many seconds the clock of this machine is ahead.
static MACHINE_AHEAD: AtomicI64 = AtomicI64::new(0);

fn machine_clock() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(MACHINE_AHEAD.load(Ordering::SeqCst))
}

/// A scheduler and its clocks; workers look by themselves.
struct JumpingClocks<'l> {
    lab: &'l Lab,
    scheduler: Scheduler,
    plans: Arc<PlanSet>,
    /// Half past ten of a day to come.
    start: DateTime<Utc>,
}

impl JumpingClocks<'_> {
    /// Sets both clocks to so many minutes after the start, and lets everything be done that is due.
    async fn at(&mut self, minutes: i64) {
        let ahead = self.start - Utc::now() + TimeDelta::minutes(minutes);
        set_server(&self.lab.bench.url(), ahead).await;
        assert!(self.tick(ahead).await != SchedulerTick::Follows);
        until(
            self.lab,
            "SELECT 1 WHERE NOT EXISTS (SELECT FROM work_units WHERE state IN ('waiting', 'leased'))",
        )
        .await;
    }

    /// Looks at the schedule when the machine's clock is ahead by so much.
    async fn tick(&mut self, ahead: TimeDelta) -> SchedulerTick {
        MACHINE_AHEAD.store(ahead.num_seconds(), Ordering::SeqCst);
        let ticked = self.scheduler.tick(&self.plans, machine_clock()).await;
        ticked.unwrap()
    }

    async fn jump_about(mut self) {
        self.at(0).await;
        self.at(60).await;
        // The machine's clock alone, forwards and backwards: it schedules nothing.
        let ahead = self.start - Utc::now() + TimeDelta::hours(1);
        for wrong in [5, -5] {
            let ticked = self.tick(ahead + TimeDelta::hours(wrong)).await;
            assert!(
                matches!(ticked, SchedulerTick::ClockDiffers(_)),
                "{ticked:?}"
            );
        }
        self.at(120).await;
        // Five hours ahead, all but five back, and on until it is as late again.
        for minutes in [7 * 60, 2 * 60, 3 * 60, 7 * 60 - 10, 8 * 60] {
            self.at(minutes).await;
        }
        self.scheduler.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_jump_by_hours_lose_nothing_and_repeat_nothing() {
    let lab = Lab::new().await;
    lab.write(
        "institutions/acme.yaml",
        &ACME.replace("0 5 * * *", "0 * * * *"),
    );
    lab.write(
        "board.ndjson",
        "{\"id\":1,\"title\":\"Driver\",\"text\":\"Drives\"}\n",
    );
    own_clock(&lab.bench).await;
    let checked = lab.checked();
    let plans = checked.ready(&[]).map(Arc::clone);
    let plans = Arc::new(PlanSet::new(plans, &checked, ProjectOrigin::Folder(None)));
    let store = Store::connect(&lab.bench.url(), 8, "process 1 on a")
        .await
        .unwrap();
    let tomorrow = Utc::now().date_naive() + TimeDelta::days(1);
    let clocks = JumpingClocks {
        scheduler: Scheduler::new(store.clone()),
        plans: Arc::clone(&plans),
        start: tomorrow.and_hms_opt(10, 30, 0).unwrap().and_utc(),
        lab: &lab,
    };
    let (_keeps, given) = watch::channel(plans);
    let worker = lab.worker(store.clone(), given, machine_clock);
    let stop = CancellationToken::new();
    let acts = async {
        clocks.jump_about().await;
        stop.cancel();
    };
    tokio::join!(worker.work(stop.clone(), Duration::from_secs(30)), acts);
    let runs = lab
        .texts("SELECT to_char(r.at AT TIME ZONE 'UTC', 'HH24:MI ') || r.status || ' ' || w.state || ' ' || (w.due_at = r.at) FROM runs r JOIN work_units w ON w.id = r.unit_id ORDER BY r.id")
        .await;
    let expected = ["11:00", "12:00", "17:00", "18:00"].map(|at| format!("{at} done done true"));
    assert_eq!(runs, expected);
    let units = "SELECT count(*)::text FROM work_units UNION ALL SELECT count(*)::text FROM alerts";
    assert_eq!(lab.texts(units).await, ["4", "0"]);
    store.close().await;
    lab.bench.drop().await;
}

/// What a clock that was ahead has leased, and the turns it has given out, bind nobody for hours once
/// it is right again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_clock_ahead_has_given_away_is_free_soon_after_it_is_set_back() {
    let bench = Bench::new().await;
    own_clock(&bench).await;
    let url = bench.url();
    let store = Store::connect(&url, 4, "process 1 on a").await.unwrap();
    let mut held = store.connection().await.unwrap();
    let institution = weir::plan::compile::institution_id("acme");
    set_server(&url, TimeDelta::hours(5)).await;
    let due = DueUnit {
        institution,
        slug: "acme".to_owned(),
        source: String::new(),
        due_at: Utc::now(),
        ready_at: Utc::now(),
        plan: Vec::new(),
        queues: false,
    };
    queue::enqueue(&mut held, "p", &[due]).await.unwrap();
    assert_eq!(
        queue::claim(&mut held, "p", "gone", 1, &[])
            .await
            .unwrap()
            .len(),
        1
    );
    let lock = InstitutionLock::try_take(&store, institution)
        .await
        .unwrap();
    let second = Duration::from_secs(1);
    host_turns::next_turn(&mut held, "a.example", second)
        .await
        .unwrap();
    let hour = Duration::from_secs(60 * 60);
    host_turns::leave_alone(&mut held, "b.example", hour)
        .await
        .unwrap();

    set_server(&url, TimeDelta::zero()).await;
    for host in ["a.example", "b.example"] {
        let wait = host_turns::next_turn(&mut held, host, second)
            .await
            .unwrap();
        assert!(wait <= second, "{host}: {wait:?}");
    }
    // Who is alive says so within its lease, as ever; then it is over.
    assert!(queue::rescue(&mut held, 5).await.unwrap().is_empty());
    leases::shorten(&mut held).await.unwrap();
    assert_eq!(leases::held(&mut held).await.unwrap().len(), 1);
    set_server(&url, TimeDelta::seconds(31)).await;
    assert_eq!(queue::rescue(&mut held, 5).await.unwrap().len(), 1);
    assert!(leases::held(&mut held).await.unwrap().is_empty());
    drop((lock, held));
    store.close().await;
    bench.drop().await;
}
