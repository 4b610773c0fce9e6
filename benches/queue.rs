//! How fast the queue is: small units of no work through four workers, with and without a snapshot
//! that somebody holds open. `DATABASE_URL=... cargo bench --bench queue`, on a database of its own.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a benchmark is an edge, too: it prints, and may fail"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;
use weir::store::queue::{self, DueUnit, UnitEnd};
use weir::store::{Connection, Store};

const UNITS: usize = 10_000;
const WORKERS: usize = 4;
const PROJECT: &str = "bench";

#[tokio::main]
async fn main() {
    let Ok(url) = std::env::var("DATABASE_URL") else {
        println!("skipped: DATABASE_URL is not set");
        return;
    };
    let store = Store::open(&url, 16, "bench").await.unwrap();
    let free = round(&store, "no snapshot").await;
    let mut held = store.connection().await.unwrap();
    let mut old = held.begin().await.unwrap();
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        .execute(&mut *old)
        .await
        .unwrap();
    sqlx::query("SELECT count(*) FROM work_units")
        .execute(&mut *old)
        .await
        .unwrap();
    let with_old = round(&store, "old snapshot").await;
    println!(
        "old snapshot / none: {:.2} of the throughput",
        with_old / free
    );
    old.rollback().await.unwrap();
    drop(held);
    store.close().await;
}

/// Units a second.
async fn round(store: &Store, name: &str) -> f64 {
    let mut connection = store.connection().await.unwrap();
    let now = chrono::Utc::now();
    let units: Vec<DueUnit> = (0..UNITS)
        .map(|_| DueUnit {
            institution: Uuid::now_v7(),
            slug: "bench".to_owned(),
            source: String::new(),
            due_at: now,
            ready_at: now,
            plan: Vec::new(),
            queues: false,
        })
        .collect();
    queue::enqueue(&mut connection, PROJECT, &units)
        .await
        .unwrap();
    drop(connection);
    let (begun, done) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let (store, done) = (store.clone(), Arc::clone(&done));
        workers.push(tokio::spawn(work(store, format!("worker {worker}"), done)));
    }
    let mut claims: Vec<Duration> = Vec::new();
    for worker in workers {
        claims.extend(worker.await.unwrap());
    }
    let rate = UNITS as f64 / begun.elapsed().as_secs_f64();
    claims.sort();
    let p99 = claims[claims.len() * 99 / 100];
    println!(
        "{name}: {rate:.0} units a second, claim p99 {:.1} ms",
        p99.as_secs_f64() * 1000.0
    );
    rate
}

/// How long each claim took.
async fn work(store: Store, name: String, done: Arc<AtomicUsize>) -> Vec<Duration> {
    let mut claims = Vec::new();
    while done.load(Ordering::Relaxed) < UNITS {
        let mut connection = store.connection().await.unwrap();
        let begun = Instant::now();
        let claimed = queue::claim(&mut connection, PROJECT, &name, 4, &[])
            .await
            .unwrap();
        claims.push(begun.elapsed());
        for unit in &claimed {
            let end = UnitEnd::Done { run: None };
            assert!(queue::end(&mut connection, unit, &end).await.unwrap());
        }
        done.fetch_add(claimed.len(), Ordering::Relaxed);
    }
    claims
}
