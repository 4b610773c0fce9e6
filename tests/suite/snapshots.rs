//! A worker on a machine without the project folder: it takes the files from the database, follows
//! them, does what the scheduler would have done, and leaves what it cannot do to others.

use crate::bench::difference;
use crate::lab::Lab;
use crate::orchestration::{Process, own_project, sql, until};
use std::path::Path;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SCHEDULED: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--parallel", "0"];
const FROM_DATABASE: [&str; 2] = ["worker", "--from-database"];

async fn board() -> MockServer {
    let server = MockServer::start().await;
    let ads = serde_json::json!({ "jobs": [
        { "id": 1, "title": "Bus driver", "text": "Drives a bus" },
        { "id": 2, "title": "Cook", "text": "Cooks" },
    ] });
    let answer = ResponseTemplate::new(200).set_body_json(ads);
    let jobs = Mock::given(path("/jobs")).respond_with(answer);
    jobs.mount(&server).await;
    server
}

/// An institution that reads the board, with a rule.
async fn acme(board: &MockServer) -> Lab {
    let lab = Lab::new().await;
    own_project(&lab).await;
    let institution = format!(
        "institution: acme\ntimezone: Australia/Sydney\nschedule: 0 5 * * *\nrules: [common]\nsources:\n  board:\n    \
         fetch: {{ http: {{ url: '{}/jobs', records: '$.jobs[*]', allow_private: true }} }}\n    id: $.id\n    \
         job: {{ title: $.title, description: $.text }}\n",
        board.uri()
    );
    lab.write("institutions/acme.yaml", &institution);
    with_rule(&lab, 3);
    lab
}

fn with_rule(lab: &Lab, letters: usize) {
    let rule = format!(
        "rules:\n  - id: title-length\n    type: too_short\n    field: title\n    assert: job.title.len() > {letters}\n    \
         message: the title is too short\n"
    );
    lab.write("rules/common.yaml", &rule);
}

/// The schedule is carried out for the first time, and then three days are missed.
async fn missed(lab: &Lab) {
    let mut serve = Process::start(lab, &SCHEDULED);
    serve.says("carrying out the schedule");
    until(lab, "SELECT 'x' FROM schedule_marks").await;
    assert_eq!(serve.stop(), Some(0));
    sql(lab, BACK).await;
}

const BACK: &str = "UPDATE schedule_marks SET due_at = due_at - interval '3 days'";
const AGAIN: &str =
    "DELETE FROM work_units; UPDATE schedule_marks SET due_at = due_at - interval '1 hour'";

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_the_folder_does_what_the_scheduler_would() {
    let board = board().await;
    let (far, near) = (acme(&board).await, acme(&board).await);
    let empty = tempfile::tempdir().unwrap();
    for lab in [&far, &near] {
        missed(lab).await;
    }
    let mut serve = Process::start(&far, &SCHEDULED);
    serve.says("carrying out the schedule");
    let mut worker = Process::start_in(empty.path(), &far, &FROM_DATABASE);
    worker.says("working without the project folder");
    worker.says("acme: run 1: 2 created");
    let mut alone = Process::start(&near, &["serve", "--listen", "127.0.0.1:0"]);
    alone.says("acme: run 1: 2 created");
    // An edit is followed, and the next run is with it.
    for lab in [&far, &near] {
        with_rule(lab, 5);
    }
    worker.says("files have changed: 1 institutions can run");
    alone.says("files have changed: 1 institutions can run");
    for lab in [&far, &near] {
        sql(lab, AGAIN).await;
    }
    worker.says("acme: run 2");
    alone.says("acme: run 2");
    until(&far, "SELECT 'x' FROM work_units WHERE state = 'done'").await;
    until(&near, "SELECT 'x' FROM work_units WHERE state = 'done'").await;
    assert_eq!(
        (worker.stop(), serve.stop(), alone.stop()),
        (Some(0), Some(0), Some(0))
    );
    assert_eq!(difference(&near.dump().await, &far.dump().await), None);
    let reasons = "SELECT error_message FROM staging_validation_failures";
    assert_eq!(far.texts(reasons).await, ["the title is too short"]);
    let versions = "SELECT count(DISTINCT project_version)::text FROM runs";
    assert_eq!(far.texts(versions).await, ["2"]);
    // What was replaced long ago is swept; nothing of it is left on the worker's machine.
    sql(
        &far,
        "UPDATE project_snapshots SET stored_at = stored_at - interval '2 hours'",
    )
    .await;
    let (code, said) = far.weir(&["db", "tidy"]);
    assert!(
        code == Some(0) && said.contains("1 version of the project's files"),
        "{said}"
    );
    assert_eq!(
        far.texts("SELECT count(*)::text FROM project_snapshots")
            .await,
        ["1"]
    );
    assert_eq!(left(empty.path()), 0);
    far.bench.drop().await;
    near.bench.drop().await;
}

/// Projects that are still unpacked.
fn left(folder: &Path) -> usize {
    std::fs::read_dir(folder.join(".weir/snapshots"))
        .unwrap()
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_folder_is_left_to_a_worker_that_has_it() {
    let lab = acme(&board().await).await;
    lab.write(
        "institutions/acme.yaml",
        "institution: acme\ntimezone: UTC\nschedule: 0 5 * * *\nsources:\n  board:\n    fetch: { file: { path: board.ndjson } }\n    id: $.id\n    job: { title: $.title }\n",
    );
    lab.write("board.ndjson", "{\"id\":1,\"title\":\"Driver\"}\n");
    missed(&lab).await;
    let mut serve = Process::start(&lab, &SCHEDULED);
    serve.says("carrying out the schedule");
    let empty = tempfile::tempdir().unwrap();
    let mut worker = Process::start_in(empty.path(), &lab, &FROM_DATABASE);
    let told = worker.says("acme: waits");
    let why = "its source `board` reads `board.ndjson` from the project folder: a worker with that file must do it";
    assert!(told.contains(why), "{told}");
    let (_, status) = lab.weir(&["status"]);
    assert!(status.contains("from the project folder"), "{status}");
    // Whoever has the folder does it.
    let mut with_folder = Process::start(&lab, &["worker"]);
    with_folder.says("acme: run 1: 1 created");
    for process in [worker, serve, with_folder] {
        assert_eq!(process.stop(), Some(0));
    }
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_are_refused_until_they_are_stored_again() {
    let lab = acme(&board().await).await;
    let empty = tempfile::tempdir().unwrap();
    let worker = |words: &[&str]| Process::start_in(empty.path(), &lab, words);
    worker(&FROM_DATABASE).says("the database has no files of a project");
    missed(&lab).await;
    worker(&["worker", "--from-database", "--of", "other"]).says("no files of the project `other`");
    let mut serve = Process::start(&lab, &SCHEDULED);
    serve.says("carrying out the schedule");
    until(&lab, "SELECT 'x' FROM work_units").await;
    sql(
        &lab,
        "UPDATE project_snapshots SET files = overlay(files PLACING '\\x00' FROM 30)",
    )
    .await;
    let mut refusing = worker(&FROM_DATABASE);
    refusing.says("the files of the project in the database are damaged");
    refusing.says("acme: waits: process");
    until(
        &lab,
        "SELECT 'x' FROM work_units WHERE state = 'waiting' AND why LIKE '%are damaged%'",
    )
    .await;
    // Stored again, they are worked with.
    assert_eq!(serve.stop(), Some(0));
    let mut serve = Process::start(&lab, &SCHEDULED);
    serve.says("carrying out the schedule");
    refusing.says("files have changed: 1 institutions can run");
    refusing.says("acme: run 1: 2 created");
    assert_eq!((refusing.stop(), serve.stop()), (Some(0), Some(0)));
    lab.bench.drop().await;
}
