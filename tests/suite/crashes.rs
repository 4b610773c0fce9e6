//! The real process, killed; PostgreSQL, restarted; two runs at once. Whatever happens: one more
//! run, and the tables equal those of an unbroken one. `WEIR_SOAK=200` kills in 200 places instead
//! of 20.

use crate::bench::{difference, environment};
use crate::lab::{Lab, Step, everything};
use crate::promises::{Act, acts, lab};
use sqlx::Connection;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use weir::store::server::Server;
use weir::store::views::source_list;

const CASE: &str = "tests/cases/lifecycle";

/// The steps of the case, with batches of one ad so that there are many places to die.
async fn many_batches() -> (Lab, Vec<Step>) {
    let lab = lab(Path::new(CASE)).await;
    lab.write("pipelines/daily.yaml", "pipeline: daily\nstages: [fetch, extract: { batch: 1 }, resolve, validate, promote, archive, report]\n");
    let steps = acts(Path::new(CASE)).into_iter().filter_map(|(_, act)| {
        if let Act::Run(step) = act {
            Some(step)
        } else {
            None
        }
    });
    (lab, steps.collect())
}

fn weir(lab: &Lab, step: &Step, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args([
            "run",
            "--json",
            "--allow-future",
            "--at",
            &step.clock().0.to_rfc3339(),
        ])
        .args(more);
    command
        .envs(&step.variables)
        .env("DATABASE_URL", lab.bench.url());
    command
}

/// Runs the process and kills it at its n-th event, or lets it end. Gives how many events it told.
fn run_and_kill(lab: &Lab, step: &Step, at_event: Option<usize>) -> usize {
    let mut child: Child = weir(lab, step, &["--wait"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut events = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if line.is_err() {
            break;
        }
        if at_event == Some(events) {
            child.kill().unwrap();
        }
        events += 1;
    }
    child.wait().unwrap();
    events
}

/// A generator of numbers that is the same for ever: xorshift.
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

#[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
fn places() -> usize {
    std::env::var("WEIR_SOAK")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20)
}

#[tokio::test(flavor = "multi_thread")]
async fn soak_killed_at_any_event_and_run_again_the_tables_equal_an_unbroken_run() {
    let (lab, steps) = many_batches().await;
    let unbroken = lab.copy().await;
    let events: Vec<usize> = steps
        .iter()
        .map(|step| run_and_kill(&unbroken, step, None))
        .collect();
    let expected = unbroken.dump().await;
    unbroken.bench.drop().await;
    let mut seed = 20_260_901;
    for place in 0..places() {
        let step = usize::try_from(next(&mut seed)).unwrap() % steps.len();
        let event = usize::try_from(next(&mut seed)).unwrap() % events[step];
        let killed = lab.copy().await;
        for (index, each) in steps.iter().enumerate() {
            if index == step {
                run_and_kill(&killed, each, Some(event));
            }
            run_and_kill(&killed, each, None);
        }
        if let Some(difference) = difference(&expected, &killed.dump().await) {
            panic!(
                "place {place}: killed in step {step} at event {event} of {}:\n{difference}",
                events[step]
            );
        }
        killed.bench.drop().await;
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_read_that_died_is_in_the_list_of_reads() {
    let (lab, steps) = many_batches().await;
    let mut event = 0;
    let mut connection = sqlx::PgConnection::connect(&lab.bench.url()).await.unwrap();
    let begun = "SELECT institution_id, source_id FROM source_reads";
    let mut sources: Vec<(uuid::Uuid, String)> = Vec::new();
    while sources.is_empty() {
        event += 1;
        run_and_kill(&lab, &steps[0], Some(event));
        sources = sqlx::query_as(begun)
            .fetch_all(&mut connection)
            .await
            .unwrap();
    }
    let listed = source_list::reads(&mut connection, &sources, 5)
        .await
        .unwrap();
    assert_eq!(listed.len(), sources.len());
    drop(connection);
    lab.bench.drop().await;
}

fn status_of(child: std::io::Result<Child>) -> (ExitStatus, String) {
    let output = child.unwrap().wait_with_output().unwrap();
    (
        output.status,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_are_one_run_and_one_that_says_who_holds_it() {
    let (lab, steps) = many_batches().await;
    let unbroken = lab.copy().await;
    run_and_kill(&unbroken, &steps[0], None);
    let expected = unbroken.dump().await;
    let spawn = || {
        weir(&lab, &steps[0], &[])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    };
    let (one, other) = (spawn(), spawn());
    for (status, said) in [status_of(one), status_of(other)] {
        let busy = status.code() == Some(1) && said.contains("is being run by process");
        assert!(status.success() || busy, "{status}: {said}");
    }
    assert_eq!(difference(&expected, &lab.dump().await), None);
    unbroken.bench.drop().await;
    lab.bench.drop().await;
}

/// Changes the lease of the institution behind the back of a run.
fn change_lease(url: &str, sql: &'static str) {
    let changed = async {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    };
    std::thread::scope(|scope| {
        let changed = scope
            .spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(changed))
            .join()
            .unwrap();
        assert!(changed <= 1, "one lease is held, or the run has ended");
    });
}

/// Another process takes the lock over, and gives it back.
const TAKEN_OVER: &str = "WITH taken AS (UPDATE leases SET fence = fence + 1, expires_at = '-infinity' WHERE expires_at > now() RETURNING 1)
    SELECT count(*) FROM taken";

/// The session that renews the lock is ended, as a server does that takes it for idle.
const SESSION_ENDED: &str =
    "SELECT count(pg_terminate_backend(session_pid, 10000)) FROM leases WHERE expires_at > now()";

/// Nobody else has come: the run renews its lock on another session and goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_lock_session_ends_goes_on_if_nobody_took_the_lock() {
    let (lab, steps) = many_batches().await;
    let unbroken = lab.copy().await;
    unbroken.run(&steps[0]).await;
    let (url, is_first) = (lab.bench.url(), std::sync::atomic::AtomicBool::new(true));
    let watcher = move |_: &weir::engine::RunEvent| {
        if is_first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            change_lease(&url, SESSION_ENDED);
        }
        ControlFlow::Continue(())
    };
    let ran = lab
        .run_as(&steps[0], false, Arc::new(watcher))
        .await
        .remove(0);
    assert!(ran.is_ok(), "{:?}", ran.err());
    assert_eq!(difference(&unbroken.dump().await, &lab.dump().await), None);
    unbroken.bench.drop().await;
    lab.bench.drop().await;
}

/// While a run waits for its source, another may be admitted: nothing more is written then.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_has_lost_its_lock_writes_nothing_more() {
    let (lab, steps) = many_batches().await;
    let unbroken = lab.copy().await;
    let seen = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let count = move |_: &weir::engine::RunEvent| {
        counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        ControlFlow::Continue(())
    };
    unbroken.run_as(&steps[0], false, Arc::new(count)).await;
    let (expected, events) = (
        unbroken.dump().await,
        seen.load(std::sync::atomic::Ordering::SeqCst),
    );
    let mut lost = 0;
    for event in (0..events).step_by(5) {
        let broken = lab.copy().await;
        let (url, seen) = (broken.bench.url(), std::sync::atomic::AtomicUsize::new(0));
        let taking = Arc::new(std::sync::Mutex::new(None));
        let taker = Arc::clone(&taking);
        let watcher = move |_: &weir::engine::RunEvent| {
            if seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == event {
                // A batch under way is waited for, so this must not wait in it.
                let url = url.clone();
                let taken = std::thread::spawn(move || change_lease(&url, TAKEN_OVER));
                if event == 0 {
                    taken.join().unwrap();
                } else {
                    *taker.lock().unwrap() = Some(taken);
                }
            }
            ControlFlow::Continue(())
        };
        let result = broken
            .run_as(&steps[0], false, Arc::new(watcher))
            .await
            .remove(0);
        let taken = taking.lock().unwrap().take();
        if let Some(taken) = taken {
            taken.join().unwrap();
        }
        let said = result
            .err()
            .map(|error| error.of("acme"))
            .unwrap_or_default();
        // Batches may follow so closely that the lock is taken after the last of them.
        let is_lost = said.starts_with("the lock of `acme` was lost");
        assert!(
            is_lost || said.is_empty(),
            "event {event} of {events}: {said}"
        );
        lost += usize::from(is_lost);
        if event == 0 {
            assert_eq!(
                broken
                    .texts("SELECT count(*)::text FROM staging_documents")
                    .await,
                ["0"]
            );
            let run = broken
                .texts("SELECT status || ' ' || split_part(error, ':', 1) FROM runs")
                .await;
            assert_eq!(run, ["failed the lock of `acme` was lost"]);
        }
        broken.run(&steps[0]).await;
        assert_eq!(
            difference(&expected, &broken.dump().await),
            None,
            "event {event}"
        );
        broken.bench.drop().await;
    }
    assert!(lost * 2 > events / 5, "{lost} of {events} events");
    unbroken.bench.drop().await;
    lab.bench.drop().await;
}

/// The run breaks with a located reason when its server goes away, and the next run ends what it
/// began.
#[tokio::test(flavor = "multi_thread")]
async fn postgresql_restarted_in_the_middle_loses_nothing() {
    let (lab, steps) = many_batches().await;
    lab.run_as(&steps[0], false, everything()).await;
    let expected = lab.dump().await;
    let own = tempfile::tempdir().unwrap();
    let server = Arc::new(Server::open(own.path(), &environment()).unwrap());
    let url = server.url("postgres");
    weir::store::Store::open(&url, 2, "bench")
        .await
        .unwrap()
        .close()
        .await;
    for event in [2, 5, 9, 14, 20] {
        let folder = own.path().to_owned();
        let seen = std::sync::atomic::AtomicUsize::new(0);
        let watcher = Arc::new(move |_: &weir::engine::RunEvent| {
            if seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == event {
                restart(&folder);
            }
            ControlFlow::Continue(())
        });
        let results = lab.run_on(&url, &steps[0], watcher).await;
        assert!(
            results.iter().any(|result| result
                .as_ref()
                .map_or(true, |summary| !summary.problems.is_empty())),
            "event {event}: the restart went unnoticed"
        );
    }
    for result in lab.run_on(&url, &steps[0], everything()).await {
        assert!(result.unwrap().problems.is_empty());
    }
    assert_eq!(difference(&expected, &crate::bench::dump(&url).await), None);
    lab.bench.drop().await;
}

/// Ends every process of the server at once, as a crash would, and starts it again.
fn restart(folder: &Path) {
    let pid = Server::status(folder, &environment()).unwrap().pid.unwrap();
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap()),
        nix::sys::signal::Signal::SIGQUIT,
    )
    .unwrap();
    // Joining a server that is going down waits for it and starts it anew.
    drop(Server::open(folder, &environment()).unwrap());
}
