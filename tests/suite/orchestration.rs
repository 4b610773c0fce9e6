//! Weir by itself: what is due comes into the queue once, workers take over from one another, and a
//! stale one writes nothing.

use crate::bench::Bench;
use crate::lab::{DAILY, Lab, Step};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;
use weir::config::Project;
use weir::orchestration::calendar::due_work;
use weir::plan::{Plan, check};
use weir::store::runs::InstitutionLock;
use weir::store::schedules::ScheduleKey;
use weir::store::{Store, leases};

pub const ACME: &str = "institution: acme
timezone: Australia/Sydney
schedule: 0 5 * * *
sources:
  board:
    fetch: { file: { path: board.ndjson } }
    id: $.id
    job: { title: $.title, description: $.text }
";

const BOARD: &str = r#"{"id":1,"title":"Driver","text":"Drives a bus"}
"#;

const ZONES: [&str; 12] = [
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Europe/Vienna",
    "America/New_York",
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "America/Santiago",
    "UTC",
    "Asia/Kathmandu",
    "Africa/Cairo",
];

async fn acme() -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", ACME);
    lab.write("board.ndjson", BOARD);
    lab
}

pub async fn sql(lab: &Lab, statement: &str) {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// A process of the product, read line by line.
pub struct Process {
    child: Child,
    lines: BufReader<ChildStderr>,
}

impl Process {
    pub fn start(lab: &Lab, words: &[&str]) -> Process {
        Process::start_in(&lab.folder, lab, words)
    }

    /// The same in another folder, on the same database.
    pub fn start_in(folder: &Path, lab: &Lab, words: &[&str]) -> Process {
        Process::start_on(folder, &lab.bench.url(), words)
    }

    fn start_on(folder: &Path, database: &str, words: &[&str]) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_weir"))
            .arg("--project")
            .arg(folder)
            .args(words)
            .env("DATABASE_URL", database)
            .env("USER", "ada")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Process { child, lines }
    }

    /// Reads until a line holds this; gives that line.
    pub fn says(&mut self, what: &str) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(
                self.lines.read_line(&mut line).unwrap() > 0,
                "ended without `{what}`: {all}"
            );
            if line.contains(what) {
                return line;
            }
            all.push_str(&line);
        }
    }

    /// Asks it to end; gives its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = i32::try_from(self.child.id()).unwrap();
        nix_kill(pid, "TERM");
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nix_kill(pid: i32, signal: &str) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_run_is_made_up_for_once_and_at_the_instant_it_was_due() {
    let lab = acme().await;
    let mut serve = Process::start(&lab, &["serve", "--listen", "127.0.0.1:0"]);
    let address = serve.says("listening on http://");
    let address = address.trim().rsplit('/').next().unwrap().to_owned();
    serve.says("carrying out the schedule");
    for path in ["/health", "/ready"] {
        let answer = get(&address, path);
        assert!(answer.contains("200 OK"), "{path} of {address}: {answer}");
    }
    assert_eq!(serve.stop(), Some(0));
    // Three days without anybody.
    sql(
        &lab,
        "UPDATE schedule_marks SET due_at = due_at - interval '3 days'",
    )
    .await;
    let mut serve = Process::start(&lab, &["serve", "--listen", "127.0.0.1:0"]);
    serve.says("acme: run 1: 1 created");
    assert_eq!(serve.stop(), Some(0));
    let ran = lab
        .texts(
            "SELECT to_char(r.at AT TIME ZONE 'Australia/Sydney', 'HH24:MI') || ' ' || (r.at = w.due_at)::text || ' ' || w.state || ' ' || w.attempts
             || ' ' || (r.unit_id = w.id)::text || ' ' || (r.project_version IS NOT NULL)::text
             FROM runs r JOIN work_units w ON w.run_id = r.id",
        )
        .await;
    assert_eq!(
        ran,
        ["05:00 true done 1 true true"],
        "one run, as if it had been on time"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_worker_is_replaced_and_its_unit_begun_again() {
    let lab = acme().await;
    let project = own_project(&lab).await;
    sql(
        &lab,
        &format!(
            "INSERT INTO work_units (project, institution_id, slug, due_at, state, attempts, fence, ready_at, enqueued_at, holder, expires_at)
             VALUES ('{project}', '{}', 'acme', '2026-09-01T19:00:00Z', 'leased', 1, 1, now(), now(), 'process 7 on elsewhere', now() - interval '1 s')",
            weir::plan::compile::institution_id("acme")
        ),
    )
    .await;
    let mut worker = Process::start(&lab, &["worker"]);
    worker.says("acme: run 1, attempt 2: 1 created");
    assert_eq!(worker.stop(), Some(0));
    let units = lab
        .texts("SELECT state || ' ' || attempts || ' ' || fence FROM work_units")
        .await;
    assert_eq!(units, ["done 2 3"]);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ended_before_its_worker_died_is_not_repeated() {
    let lab = acme().await;
    let project = own_project(&lab).await;
    let id = weir::plan::compile::institution_id("acme");
    sql(
        &lab,
        &format!(
            "INSERT INTO institutions (id, slug, name, timezone, active, created_at) VALUES ('{id}', 'acme', 'acme', 'UTC', true, now());
             INSERT INTO work_units (id, project, institution_id, slug, due_at, state, attempts, fence, ready_at, enqueued_at)
             VALUES (7, '{project}', '{id}', 'acme', '2026-09-01T19:00:00Z', 'waiting', 1, 2, now(), now());
             INSERT INTO runs (institution_id, id, at, status, plan_fingerprint, host, pid, started_at, finished_at, summary, unit_id)
             VALUES ('{id}', 5, '2026-09-01T19:00:00Z', 'done', '', 'elsewhere', 1, now(), now(), '{{}}', 7)"
        ),
    )
    .await;
    let worker = Process::start(&lab, &["worker"]);
    until(
        &lab,
        "SELECT state FROM work_units WHERE state = 'done' AND run_id = 5",
    )
    .await;
    assert_eq!(worker.stop(), Some(0));
    assert_eq!(lab.texts("SELECT id::text FROM runs").await, ["5"]);
    lab.bench.drop().await;
}

/// A worker that has lost its unit runs on until somebody takes the lock of the institution: whether
/// the work is done can only be known under it.
#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_another_run_carries_out_first_is_not_run_again() {
    let lab = acme().await;
    let step = Step::new("2026-09-01", &[]);
    assert!(lab.run_unit(&step, 7).await[0].is_ok());
    let again = lab.run_unit(&step, 7).await.remove(0).unwrap_err();
    assert!(
        matches!(again, weir::engine::RunError::CarriedOut { .. }),
        "{again}"
    );
    let next = Step::new("2026-09-02", &[]);
    assert!(lab.run_unit(&next, 8).await[0].is_ok());
    let units = "SELECT unit_id::text FROM runs ORDER BY id";
    assert_eq!(lab.texts(units).await, ["7", "8"]);
    lab.bench.drop().await;
}

/// Nothing was begun: that is no failure.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_database_can_be_told_to_stop() {
    let lab = acme().await;
    let ways: [&[&str]; 3] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["worker"],
        &["worker", "--from-database"],
    ];
    for words in ways {
        let nowhere = "postgres://nobody@127.0.0.1:1/nothing";
        let mut waits = Process::start_on(&lab.folder, nowhere, words);
        waits.says("waiting for the database");
        assert_eq!(waits.stop(), Some(0), "{words:?}");
    }
    lab.bench.drop().await;
}

/// How often a wait looks, so that it leaves the machine to what it waits for.
const LOOKS_EVERY: Duration = Duration::from_millis(10);

/// Waits until a query has a row.
pub async fn until(lab: &Lab, query: &str) {
    until_within(lab, Duration::from_secs(120), query, async |_| {}).await;
}

/// The same, with something done before each look.
pub async fn until_within(
    lab: &Lab,
    most: Duration,
    query: &str,
    before: impl AsyncFn(&mut PgConnection),
) {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let mut ticks = tokio::time::interval(LOOKS_EVERY);
    let waiting = async {
        loop {
            before(&mut connection).await;
            let found = sqlx::query(AssertSqlSafe(query)).fetch_optional(&mut connection);
            if found.await.unwrap().is_some() {
                return;
            }
            ticks.tick().await;
        }
    };
    if tokio::time::timeout(most, waiting).await.is_err() {
        let units =
            "SELECT concat_ws(' ', slug, state, attempts, ready_at - now(), why) FROM work_units";
        panic!("never: {query}\n{}", lab.texts(units).await.join("\n"));
    }
}

/// The project's identity, which the first command that writes makes.
pub async fn own_project(lab: &Lab) -> String {
    lab.write(
        "weir.yaml",
        "project: 00000000-0000-7000-8000-000000000001\n",
    );
    "00000000-0000-7000-8000-000000000001".to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_batch_is_rolled_back_before_the_lock_is_taken_over() {
    let bench = Bench::new().await;
    let open = |who| {
        let url = bench.url();
        async move { Store::open(&url, 4, who).await.unwrap() }
    };
    let (stale, fresh) = (open("process 1 on a").await, open("process 2 on b").await);
    let institution = weir::plan::compile::institution_id("acme");
    let lock = InstitutionLock::try_take(&stale, institution)
        .await
        .unwrap()
        .unwrap();
    let guard = lock.guard("acme");
    assert!(
        InstitutionLock::try_take(&fresh, institution)
            .await
            .unwrap()
            .is_none()
    );
    // The process stands still in the middle of a batch, for longer than its lease lasts.
    let mut held = stale.connection().await.unwrap();
    let mut batch = held.begin().await.unwrap();
    guard.check(&mut batch).await.unwrap();
    sqlx::query("INSERT INTO host_turns (host, next_at) VALUES ('stale', now())")
        .execute(&mut *batch)
        .await
        .unwrap();
    let mut other = fresh.connection().await.unwrap();
    sqlx::query("UPDATE leases SET expires_at = now() - interval '1 s'")
        .execute(&mut *other)
        .await
        .unwrap();
    let taken = InstitutionLock::try_take(&fresh, institution)
        .await
        .unwrap();
    let taken = taken.expect("an expired lease is free");
    assert!(batch.commit().await.is_err(), "the stale batch was ended");
    let mut again = stale.connection().await.unwrap();
    let mut batch = again.begin().await.unwrap();
    let late = guard.check(&mut batch).await.unwrap_err().to_string();
    assert!(late.contains("the lock of `acme` was lost"), "{late}");
    drop(batch);
    let written: i64 = sqlx::query_scalar("SELECT count(*) FROM host_turns")
        .fetch_one(&mut *other)
        .await
        .unwrap();
    assert_eq!(written, 0);
    taken.release().await;
    assert!(leases::held(&mut other).await.unwrap().is_empty());
    lock.release().await;
    drop((held, again, other));
    stale.close().await;
    fresh.close().await;
    bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pauses_hold_back_the_schedule_and_are_on_record() {
    let lab = acme().await;
    let weir = |words: &str| lab.weir(&words.split(' ').collect::<Vec<_>>());
    let (code, said) = weir("pause acme --until 3d --reason relaunch");
    assert!(
        code == Some(0) && said.contains("acme: paused until"),
        "{said}"
    );
    let (code, said) = weir("status");
    assert!(
        code == Some(0) && said.contains("‖ paused") && said.contains("by ada: relaunch"),
        "{said}"
    );
    let (code, said) = weir("pause acme --until 2020-01-01 --reason relaunch");
    assert!(
        code == Some(2) && said.contains("before it begins"),
        "{said}"
    );
    let (code, said) = weir("resume acme --by bob");
    assert!(code == Some(0) && said.contains("acme: resumed"), "{said}");
    let (_, said) = weir("resume acme");
    assert!(said.contains("was not paused"), "{said}");
    let record = lab
        .texts("SELECT paused_by || ' ' || reason || ' ' || resumed_by FROM pauses")
        .await;
    assert_eq!(record, ["ada relaunch bob"]);
    // What cannot be read is not left out: it is what somebody has to look at.
    std::fs::write(
        lab.folder.join("institutions/acme.yaml"),
        "institution: acme\n",
    )
    .unwrap();
    let (code, said) = weir("status");
    let about =
        "■ failing  -         -         errors in institutions/acme.yaml; `weir check` shows them";
    assert!(code == Some(1) && said.contains(about), "{said}");
    lab.bench.drop().await;
}

/// The plans of many institutions; each has a fixed time a day, and some a source with an interval.
fn fleet(count: usize) -> Vec<(Tz, NaiveTime, Plan)> {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("pipelines/daily.yaml", DAILY);
    let mut times = HashMap::new();
    for number in 0..count {
        let (slug, zone) = (format!("i{number:02}"), ZONES[number % ZONES.len()]);
        // Around the hours at which clocks change, and at others.
        let (hour, minute) = (number % 5, number * 7 % 60);
        let cron = format!("{minute} {hour} * * *");
        let text = ACME
            .replace("institution: acme", &format!("institution: {slug}"))
            .replace("Australia/Sydney", zone)
            .replace("0 5 * * *", &cron);
        write(&format!("institutions/{slug}.yaml"), &text);
        let at = NaiveTime::from_hms_opt(hour.try_into().unwrap(), minute.try_into().unwrap(), 0);
        times.insert(slug, (zone.parse::<Tz>().unwrap(), at.unwrap()));
    }
    let checked = check::check(Project::load(folder.path()));
    let plans = checked.institutions.iter().map(|one| {
        let plan = Plan::clone(one.plan().expect("it is sound"));
        let (zone, at) = times[&plan.institution.slug];
        (zone, at, plan)
    });
    plans.collect()
}

/// When a fixed time of a day is due: at the end of a gap, and the first of two.
fn fixed(zone: Tz, day: chrono::NaiveDate, at: NaiveTime) -> DateTime<Utc> {
    let mut local = day.and_time(at);
    loop {
        if let Some(found) = zone.from_local_datetime(&local).earliest() {
            let in_gap = local != day.and_time(at);
            // The gap ends with its first minute that exists.
            return if in_gap {
                first_after_gap(zone, local)
            } else {
                found.to_utc()
            };
        }
        local += TimeDelta::minutes(1);
    }
}

fn first_after_gap(zone: Tz, local: chrono::NaiveDateTime) -> DateTime<Utc> {
    zone.from_local_datetime(&local)
        .earliest()
        .unwrap()
        .to_utc()
}

/// What is queued in a year by three schedulers of which any one acts, at odd intervals; `read` says
/// what their clock says at an instant.
fn queued_in_a_year(
    fleet: &[(Tz, NaiveTime, Plan)],
    start: DateTime<Utc>,
    read: impl Fn(DateTime<Utc>, u64) -> DateTime<Utc>,
) -> BTreeSet<(String, DateTime<Utc>)> {
    let mut marks: HashMap<ScheduleKey, DateTime<Utc>> = HashMap::new();
    let mut queued: BTreeSet<(String, DateTime<Utc>)> = BTreeSet::new();
    let (mut newest, mut unsaid) = (HashMap::new(), BTreeSet::new());
    let (mut now, mut seed, mut was_lost) = (start, 0x9e37_79b9_7f4a_7c15_u64, false);
    while now < start + TimeDelta::days(366) {
        let plans = fleet.iter().map(|(.., plan)| plan);
        // A schedule begins with the first look.
        let clock = if now == start { now } else { read(now, seed) };
        let work = due_work(plans, &marks, &BTreeSet::new(), clock);
        // One look in eight is lost: its scheduler stopped after it had queued, before it could say
        // so. The next one finds the same still due, and the key of the queue takes each once.
        let is_lost = !was_lost && seed >> 61 == 0;
        for unit in work.units {
            let key = (unit.slug.clone(), unit.due_at);
            let is_new = queued.insert(key.clone());
            assert!(is_new || unsaid.contains(&key), "twice");
            if is_lost {
                unsaid.insert(key);
            }
            let before = newest.insert(unit.slug, unit.due_at);
            assert!(before <= Some(unit.due_at), "backwards");
        }
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        if !is_lost {
            // They never move back.
            for (key, due) in work.marks {
                let mark = marks.entry(key).or_insert(due);
                *mark = due.max(*mark);
            }
        }
        was_lost = is_lost;
        now += TimeDelta::seconds(i64::try_from(seed >> 33).unwrap() % 40_000 + 1);
    }
    queued
}

/// The instants of a year, until the last of those that were queued.
fn instants_of_a_year(
    fleet: &[(Tz, NaiveTime, Plan)],
    start: DateTime<Utc>,
    queued: &BTreeSet<(String, DateTime<Utc>)>,
) -> BTreeSet<(String, DateTime<Utc>)> {
    let last = queued.iter().map(|(_, due)| *due).max().unwrap();
    let mut expected = BTreeSet::new();
    for (zone, at, plan) in fleet {
        let first = start.with_timezone(zone).date_naive();
        for day in 0..=367 {
            let due = fixed(*zone, first.checked_add_days(Days::new(day)).unwrap(), *at);
            if due > start && due <= last {
                expected.insert((plan.institution.slug.clone(), due));
            }
        }
    }
    expected
}

fn check_year(read: impl Fn(DateTime<Utc>, u64) -> DateTime<Utc>) {
    let fleet = fleet(40);
    let start: DateTime<Utc> = "2026-01-01T12:00:00Z".parse().unwrap();
    let queued = queued_in_a_year(&fleet, start, read);
    let expected = instants_of_a_year(&fleet, start, &queued);
    let missing: Vec<_> = expected.difference(&queued).take(5).collect();
    let extra: Vec<_> = queued.difference(&expected).take(5).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing {missing:?}, extra {extra:?}"
    );
    assert!(queued.len() > 40 * 360, "{}", queued.len());
}

#[test]
fn a_year_of_schedules_comes_out_exactly_whoever_acts() {
    check_year(|now, _| now);
}

/// Less than a day passes between two looks, as they read it: nothing is made up for by a later run.
#[test]
fn a_year_of_schedules_comes_out_exactly_although_the_clock_jumps_by_hours() {
    check_year(|now, seed| {
        let hours = i64::try_from(seed % 11).unwrap() - 5;
        let jumps = seed >> 63 == 0;
        now + TimeDelta::hours(if jumps { hours } else { 0 })
    });
}
