//! Processes that are killed or stand still, and a PostgreSQL that is stopped and started, again and
//! again: what is left equals what one unbroken process leaves.

use crate::bench::{Bench, difference};
use crate::lab::{DAILY, Lab};
use crate::orchestration::{ACME, own_project, sql, until_within};
use sqlx::PgConnection;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use weir::plan::compile::institution_id;

/// Institutions of the soak, and the ads of each.
const FLEET: usize = 12;
const ADS: usize = 300;

/// What can go wrong.
#[derive(Debug, Clone, Copy)]
enum SoakFault {
    /// A process is killed; others take over once it was silent for long enough.
    Killed,
    /// A process stands still for longer than its leases last, then wakes up.
    Stopped,
    /// PostgreSQL ends all sessions and starts again.
    Restarted,
    /// PostgreSQL dies and recovers.
    Crashed,
}

const FAULTS: [SoakFault; 4] = [
    SoakFault::Killed,
    SoakFault::Stopped,
    SoakFault::Restarted,
    SoakFault::Crashed,
];

/// How many faults there are: a few, or as many as `WEIR_SOAK` says.
fn faults() -> usize {
    let set = std::env::var("WEIR_SOAK").ok();
    set.and_then(|count| count.parse().ok()).unwrap_or(6)
}

async fn soak_lab() -> Lab {
    let lab = Lab::on(Bench::alone().await);
    own_project(&lab).await;
    let board: String = (0..ADS)
        .map(|ad| {
            format!("{{\"id\":{ad},\"title\":\"Driver {ad}\",\"text\":\"Drives bus {ad}\"}}\n")
        })
        .collect();
    lab.write("board.ndjson", &board);
    lab.write(
        "pipelines/daily.yaml",
        &DAILY.replace("[fetch, extract,", "[fetch, { extract: { batch: 20 } },"),
    );
    for number in 0..FLEET {
        let slug = format!("i{number:02}");
        let text = ACME
            .replace("institution: acme", &format!("institution: {slug}"))
            .replace("0 5 * * *", "0 5 1 1 *");
        lab.write(&format!("institutions/{slug}.yaml"), &text);
        let id = institution_id(&slug);
        let mark = format!(
            "INSERT INTO schedule_marks (institution_id, due_at) VALUES ('{id}', now() - interval '399 days')"
        );
        sql(&lab, &mark).await;
    }
    lab
}

/// A process that works, with what it says in a file.
struct SoakHand {
    child: Child,
    kind: usize,
}

impl SoakHand {
    /// One `weir serve`, and workers.
    fn start(lab: &Lab, kind: usize) -> SoakHand {
        let words: &[&str] = match kind {
            0 => &["serve", "--listen", "127.0.0.1:0", "--parallel", "2"],
            _ => &["worker", "--parallel", "2"],
        };
        let log = lab.folder.join(format!("hand-{kind}.log"));
        let log = std::fs::File::options().create(true).append(true).open(log);
        let child = Command::new(env!("CARGO_BIN_EXE_weir"))
            .arg("--project")
            .arg(&lab.folder)
            .args(words)
            .env("DATABASE_URL", lab.bench.url())
            .env("USER", "ada")
            .stdout(Stdio::null())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        SoakHand { child, kind }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill")
            .args([&format!("-{signal}"), &pid])
            .status();
        assert!(status.unwrap().success());
    }

    /// Asks it to end; it must do so well.
    fn stop(mut self, lab: &Lab) {
        self.signal("TERM");
        let code = self.child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{}", self.said(lab));
    }

    fn said(&self, lab: &Lab) -> String {
        let log = lab.folder.join(format!("hand-{}.log", self.kind));
        std::fs::read_to_string(log).unwrap()
    }
}

impl Drop for SoakHand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that works, and what befalls it.
struct SoakCrew<'l> {
    lab: &'l Lab,
    hands: Vec<SoakHand>,
    seed: u64,
}

impl SoakCrew<'_> {
    fn draw(&mut self) -> usize {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap() % self.hands.len()
    }

    async fn suffer(&mut self, fault: SoakFault, is_first: bool) {
        let who = self.draw();
        let pid = self.hands[who].child.id();
        match fault {
            SoakFault::Killed => {
                self.hands[who].signal("KILL");
                self.hands[who] = SoakHand::start(self.lab, who);
                // The first one is waited for as long as it takes.
                if !is_first {
                    self.outlast(pid).await;
                }
            }
            SoakFault::Stopped => {
                self.hands[who].signal("STOP");
                self.outlast(pid).await;
                self.hands[who].signal("CONT");
            }
            SoakFault::Restarted => self.lab.bench.restart("fast"),
            SoakFault::Crashed => self.lab.bench.restart("immediate"),
        }
    }

    /// As if it had been silent for longer than its leases last.
    async fn outlast(&self, pid: u32) {
        for table in ["leases", "work_units"] {
            let expires = format!(
                "UPDATE {table} SET expires_at = now() WHERE holder LIKE 'process {pid} on %' AND expires_at > now()"
            );
            sql(self.lab, &expires).await;
        }
    }
}

/// Waits until a query has a row; back-off is over soon.
async fn until_found(lab: &Lab, query: &str) {
    until_within(lab, Duration::from_secs(180), query, async |connection| {
        hurry(connection).await;
    })
    .await;
}

/// The next fault comes once there are so many documents, and no unit is at its last attempt: giving
/// up is not what is tried here.
async fn until_documents(lab: &Lab, least: usize) {
    let due = format!(
        "SELECT 1 WHERE (SELECT count(*) FROM staging_documents) >= {least}
         AND NOT EXISTS (SELECT 1 FROM work_units WHERE attempts >= 4 AND state IN ('waiting', 'leased'))"
    );
    until_found(lab, &due).await;
}

/// Ends long back-off.
async fn hurry(connection: &mut PgConnection) {
    let sql = "UPDATE work_units SET ready_at = now() WHERE state = 'waiting' AND ready_at > now() + interval '4 s'";
    sqlx::query(sql).execute(connection).await.unwrap();
}

const ALL_DONE: &str =
    "SELECT 'all' FROM work_units HAVING count(*) FILTER (WHERE state = 'done') = 12";

#[tokio::test(flavor = "multi_thread")]
async fn soak_workers_that_are_killed_or_stand_still_leave_what_one_process_leaves() {
    let lab = soak_lab().await;
    let unbroken = lab.copy().await;
    let alone = SoakHand::start(&unbroken, 0);
    until_found(&unbroken, ALL_DONE).await;
    alone.stop(&unbroken);
    let hands = (0..3).map(|kind| SoakHand::start(&lab, kind)).collect();
    let mut crew = SoakCrew {
        lab: &lab,
        hands,
        seed: 0x9e37_79b9_7f4a_7c15,
    };
    for number in 0..faults() {
        until_documents(&lab, FLEET * ADS * number / faults()).await;
        crew.suffer(FAULTS[number % FAULTS.len()], number == 0)
            .await;
    }
    until_found(&lab, ALL_DONE).await;
    for hand in crew.hands {
        hand.stop(&lab);
    }
    assert_eq!(difference(&unbroken.dump().await, &lab.dump().await), None);
    let twice = lab
        .texts("SELECT slug FROM runs r JOIN institutions i ON i.id = r.institution_id WHERE r.status = 'done' GROUP BY slug, unit_id HAVING count(*) > 1")
        .await;
    assert!(twice.is_empty(), "each unit is carried out once: {twice:?}");
    assert_eq!(lab.audit().await, [""; 0]);
}
