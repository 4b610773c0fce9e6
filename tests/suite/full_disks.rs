//! Disks that are full, of the server and of this machine: whoever runs into one says so, and what was
//! to be done is done once there is room again.

use crate::bench::difference;
use crate::lab::{DAILY, Lab};
use crate::orchestration::{ACME, Process, own_project, sql, until};
use std::process::Command;
use weir::plan::compile::institution_id;

/// What PostgreSQL says to whoever writes when its disk is full.
const FULL: &str = "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF (SELECT count(*) FROM raw_documents) > 100 THEN
         RAISE 'could not extend file \"base/5/16384\": No space left on device' USING ERRCODE = 'disk_full';
       END IF;
       RETURN NULL;
     END $$;
     CREATE TRIGGER is_full AFTER INSERT ON raw_documents FOR EACH STATEMENT EXECUTE FUNCTION is_full()";

/// An institution that is due, with more ads than a full disk takes.
async fn due_lab() -> Lab {
    let lab = Lab::new().await;
    own_project(&lab).await;
    let ad =
        |id| format!("{{\"id\":{id},\"title\":\"Driver {id}\",\"text\":\"Drives bus {id}\"}}\n");
    lab.write("board.ndjson", &(0..300).map(ad).collect::<String>());
    let batches = DAILY.replace("[fetch, extract,", "[fetch, { extract: { batch: 20 } },");
    lab.write("pipelines/daily.yaml", &batches);
    lab.write(
        "institutions/acme.yaml",
        &ACME.replace("0 5 * * *", "0 5 1 1 *"),
    );
    let id = institution_id("acme");
    let mark = format!(
        "INSERT INTO schedule_marks (institution_id, due_at) VALUES ('{id}', now() - interval '399 days')"
    );
    sql(&lab, &mark).await;
    lab
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_server_delays_a_run_and_loses_nothing() {
    let lab = due_lab().await;
    let roomy = lab.copy().await;
    let words = ["serve", "--listen", "127.0.0.1:0"];
    let mut serve = Process::start(&roomy, &words);
    serve.says("acme: run 1: 300 created");
    assert_eq!(serve.stop(), Some(0));
    sql(&lab, FULL).await;
    let mut serve = Process::start(&lab, &words);
    let said = serve.says("No space left on device");
    assert!(said.contains("acme"), "{said}");
    let waits = "SELECT 1 FROM work_units WHERE state = 'waiting' AND why LIKE '%No space left%'";
    until(&lab, waits).await;
    // There is room again, and its back-off is over.
    sql(&lab, "DROP TRIGGER is_full ON raw_documents").await;
    sql(&lab, "DROP FUNCTION is_full").await;
    sql(&lab, "UPDATE work_units SET ready_at = now()").await;
    serve.says("acme: run 2, attempt 2: ");
    assert_eq!(serve.stop(), Some(0));
    assert_eq!(difference(&roomy.dump().await, &lab.dump().await), None);
    roomy.bench.drop().await;
    lab.bench.drop().await;
}

/// What a dry run reads goes into a file: a limit of files stands for a disk that is full.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_this_machine_ends_a_dry_run_with_its_remedy() {
    let lab = due_lab().await;
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_weir"))
        .arg("--project")
        .arg(&lab.folder)
        .args(["run", "--dry-run"])
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(1)
            && said.contains("the spool of the dry run: ")
            && said.contains("the disk is not full"),
        "{:?} {said}",
        output.status.code()
    );
    assert_eq!(lab.texts("SELECT count(*)::text FROM runs").await, ["0"]);
    let spool = lab.folder.join(".weir/spool");
    let left = std::fs::read_dir(spool).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing is left of it");
    assert!(lab.good(&["run", "--dry-run"]).contains("300"));
    lab.bench.drop().await;
}
