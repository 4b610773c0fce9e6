//! Whoever must know is told, once and in order: whatever receivers do, however often processes are
//! started, and whatever is silenced.

use crate::lab::Lab;
use serde_json::Value as Json;
use sqlx::{Connection, PgConnection};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const BOARD: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch: { file: { path: data/board.json } }
    id: $.id
    job: { title: $.title }
require: { title: { type: string } }
";

/// A board of three ads, and a channel that posts to `${HOOK}`.
async fn lab(channels: &str) -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", BOARD);
    lab.write("weir.yaml", &format!("project: test\n{channels}"));
    board(&lab, true);
    lab
}

fn board(lab: &Lab, is_there: bool) {
    if is_there {
        lab.write(
            "data/board.json",
            r#"[{"id":1,"title":"Nurse"},{"id":2,"title":"Cook"},{"id":3,"title":"Clerk"}]"#,
        );
    } else {
        std::fs::remove_file(lab.folder.join("data/board.json")).unwrap();
    }
}

const HOOK: &str = "channels:
  ops:
    webhook: { url: \"${HOOK}/in/s3cr3t-path\", headers: { Authorization: \"Bearer ${ALERT_TOKEN}\" }, timeout: 300ms }
";

fn weir(lab: &Lab, hook: &str, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("--project").arg(&lab.folder).args(words);
    command
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada");
    command.env("HOOK", hook).env("ALERT_TOKEN", "t0k3n-of-ops");
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    format!("{out}{err}")
}

/// A run at a day of September 2026 and an hour.
fn run(lab: &Lab, hook: &str, at: &str) -> String {
    let at = format!("2026-09-{at}:00Z");
    text(&weir(lab, hook, &["run", "--allow-future", "--at", &at]))
}

fn judge(lab: &Lab, hook: &str, at: &str) -> String {
    let at = format!("2026-09-{at}:00Z");
    text(&weir(
        lab,
        hook,
        &["alerts", "judge", "--allow-future", "--at", &at],
    ))
}

/// A receiver that answers as it is told, one answer after the other; then it takes everything.
async fn receiver(answers: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let asked = AtomicUsize::new(0);
    let answer = move |_: &wiremock::Request| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        answers
            .get(number)
            .cloned()
            .unwrap_or_else(|| ResponseTemplate::new(204))
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// What was posted: what each notice is of and its alert, and the id of each message.
async fn posted(server: &MockServer) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for request in server.received_requests().await.unwrap() {
        let body: Json = serde_json::from_slice(&request.body).unwrap();
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        assert_eq!(request.headers.get("idempotency-key").unwrap(), id.as_str());
        for notice in body["content"]["notices"].as_array().unwrap() {
            let of = |name: &str| notice[name].as_str().unwrap_or_default().to_owned();
            all.push((format!("{} {}", of("what"), of("alert")), id.clone()));
        }
    }
    all
}

async fn told(server: &MockServer) -> Vec<String> {
    posted(server)
        .await
        .into_iter()
        .map(|(what, _)| what)
        .collect()
}

async fn sql(lab: &Lab, sql: &'static str) -> Vec<String> {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let rows = sqlx::query_scalar(sql)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    rows
}

const GONE: &str = "run/source_unreachable";

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_is_told_once_and_so_is_its_end() {
    let (lab, server) = (lab(HOOK).await, receiver(Vec::new()).await);
    let hook = server.uri();
    run(&lab, &hook, "01T05:00");
    assert_eq!(told(&server).await, Vec::<String>::new());
    board(&lab, false);
    for day in ["02", "03", "04"] {
        run(&lab, &hook, &format!("{day}T05:00"));
    }
    let firing = format!("firing {GONE}");
    assert_eq!(told(&server).await, std::slice::from_ref(&firing));
    board(&lab, true);
    run(&lab, &hook, "05T05:00");
    run(&lab, &hook, "06T05:00");
    assert_eq!(told(&server).await, [firing, format!("resolved {GONE}")]);
    let causes = "SELECT alert || ' ' || institution || '/' || source_id || ' ' || severity || ' ' || to_char(fired_at, 'DD') || '-' || to_char(resolved_at, 'DD') FROM alert_causes";
    assert_eq!(
        sql(&lab, causes).await,
        [format!("{GONE} acme/board error 02-05")]
    );
    let headers = server.received_requests().await.unwrap();
    assert_eq!(
        headers[0].headers.get("authorization").unwrap(),
        "Bearer t0k3n-of-ops"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_receiver_does_each_notice_arrives_once_and_in_order() {
    let hang = || ResponseTemplate::new(204).set_delay(Duration::from_secs(3));
    let stories: [(&str, Vec<ResponseTemplate>); 4] = [
        (
            "refuses",
            vec![ResponseTemplate::new(500), ResponseTemplate::new(503)],
        ),
        (
            "says when",
            vec![ResponseTemplate::new(429).insert_header("Retry-After", "7200")],
        ),
        (
            "does not know us",
            vec![ResponseTemplate::new(401), ResponseTemplate::new(404)],
        ),
        ("hangs", vec![hang()]),
    ];
    for (story, answers) in stories {
        let failures = answers.len();
        let (lab, server) = (lab(HOOK).await, receiver(answers).await);
        let hook = server.uri();
        run(&lab, &hook, "01T05:00");
        board(&lab, false);
        let said = run(&lab, &hook, "02T05:00");
        assert!(said.contains("warn: channel `ops`: "), "{story}: {said}");
        board(&lab, true);
        // Too early: the channel is left alone, and the end does not overtake the beginning.
        run(&lab, &hook, "02T05:00");
        assert_eq!(told(&server).await.len(), 1, "{story}");
        for hour in ["08:00", "10:00", "12:00"] {
            judge(&lab, &hook, &format!("02T{hour}"));
        }
        let arrived: Vec<String> = posted(&server)
            .await
            .into_iter()
            .map(|(what, _)| what)
            .skip(failures)
            .collect();
        let mut tries: Vec<String> = Vec::new();
        for what in arrived {
            tries.push(what);
        }
        assert_eq!(
            tries.last().unwrap(),
            &format!("resolved {GONE}"),
            "{story}: {tries:?}"
        );
        assert_eq!(
            tries
                .iter()
                .filter(|what| what.starts_with("firing"))
                .count(),
            1,
            "{story}: {tries:?}"
        );
        assert_eq!(
            sql(&lab, "SELECT what || ' ' || state FROM notices ORDER BY id").await,
            ["firing sent", "resolved sent"],
            "{story}"
        );
        lab.bench.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_cannot_understand_holds_back_nothing() {
    let (lab, server) = (
        lab(HOOK).await,
        receiver(vec![ResponseTemplate::new(422)]).await,
    );
    let hook = server.uri();
    run(&lab, &hook, "01T05:00");
    board(&lab, false);
    run(&lab, &hook, "02T05:00");
    board(&lab, true);
    run(&lab, &hook, "03T05:00");
    assert_eq!(
        sql(&lab, "SELECT what || ' ' || state FROM notices ORDER BY id").await,
        ["firing refused"]
    );
    board(&lab, false);
    run(&lab, &hook, "04T05:00");
    assert_eq!(told(&server).await.len(), 2);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_tell_once_and_one_that_died_is_made_up_for() {
    let (lab, server) = (lab(HOOK).await, receiver(Vec::new()).await);
    let hook = server.uri();
    run(&lab, &hook, "01T05:00");
    board(&lab, false);
    // The receiver is not there when the alert fires; then eight processes find it due at once.
    run(&lab, "http://127.0.0.1:9", "02T05:00");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| judge(&lab, &hook, "02T08:00"));
        }
    });
    assert_eq!(told(&server).await, [format!("firing {GONE}")]);
    // As if the process had died after sending and before it could say so.
    let died = "UPDATE notices SET state = 'waiting' RETURNING state";
    sql(&lab, died).await;
    sql(&lab, "UPDATE notice_channels SET claimed_until = clock_timestamp() + interval '1 minute' RETURNING channel").await;
    judge(&lab, &hook, "02T09:00");
    assert_eq!(
        told(&server).await.len(),
        1,
        "another process has the channel"
    );
    sql(
        &lab,
        "UPDATE notice_channels SET claimed_until = clock_timestamp() RETURNING channel",
    )
    .await;
    judge(&lab, &hook, "02T09:00");
    let all = posted(&server).await;
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].1, all[1].1, "a receiver can see that it has had it");
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_ends_and_never_hides_the_end() {
    let (lab, server) = (lab(HOOK).await, receiver(Vec::new()).await);
    let hook = server.uri();
    let silence = |at: &str, span: &str| {
        let at = format!("2026-09-{at}:00Z");
        let words = [
            "alerts",
            "silence",
            "--institution",
            "acme",
            "--for",
            span,
            "--reason",
            "the board moves",
            "--allow-future",
            "--at",
            at.as_str(),
        ];
        text(&weir(&lab, &hook, &words))
    };
    run(&lab, &hook, "01T05:00");
    assert!(silence("01T12:00", "36h").contains("silence 1 until 2026-09-03 00:00Z"));
    board(&lab, false);
    run(&lab, &hook, "02T05:00");
    judge(&lab, &hook, "02T23:00");
    assert_eq!(told(&server).await, Vec::<String>::new());
    // What still fires when it ends is sent.
    judge(&lab, &hook, "03T00:00");
    assert_eq!(told(&server).await, [format!("firing {GONE}")]);
    // Silenced again, its end is told all the same.
    silence("03T01:00", "5d");
    board(&lab, true);
    run(&lab, &hook, "03T05:00");
    assert_eq!(
        told(&server).await,
        [format!("firing {GONE}"), format!("resolved {GONE}")]
    );
    // What begins and ends under a silence is told to nobody, and kept.
    board(&lab, false);
    run(&lab, &hook, "04T05:00");
    board(&lab, true);
    run(&lab, &hook, "05T05:00");
    assert_eq!(told(&server).await.len(), 2);
    assert_eq!(
        sql(
            &lab,
            "SELECT count(*)::text FROM alert_causes WHERE resolved_at IS NOT NULL"
        )
        .await,
        ["2"]
    );
    lab.bench.drop().await;
}

const STALE: &str = "alerts:
  - id: stale
    over: source
    when: hours_since_complete > 24
    for: 2h
    keep: 1h
    quiet: 22:00-06:00
    text: \"{source} of {institution}: {hours_since_complete} h\"
";

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_alert_waits_fires_goes_on_and_ends() {
    let (lab, server) = (lab(HOOK).await, receiver(Vec::new()).await);
    lab.write("alerts/mine.yaml", STALE);
    let hook = server.uri();
    let state = async || {
        sql(&lab, "SELECT state || ' ' || to_char(since, 'DD HH24') FROM alert_states WHERE alert = 'mine/stale'").await
    };
    run(&lab, &hook, "01T05:00");
    assert_eq!(state().await, Vec::<String>::new());
    judge(&lab, &hook, "02T18:00");
    assert_eq!(state().await, ["pending 02 18"]);
    judge(&lab, &hook, "02T19:00");
    assert_eq!(told(&server).await, Vec::<String>::new());
    // It fires in quiet hours, and is sent when they end, with the newest values in the list.
    judge(&lab, &hook, "02T22:30");
    assert_eq!(state().await, ["firing 02 22"]);
    judge(&lab, &hook, "03T05:59");
    assert_eq!(told(&server).await, Vec::<String>::new());
    judge(&lab, &hook, "03T06:00");
    assert_eq!(told(&server).await, ["firing mine/stale"]);
    let at = [
        "alerts",
        "list",
        "--allow-future",
        "--at",
        "2026-09-03T06:00:00Z",
    ];
    let list = text(&weir(&lab, &hook, &at));
    assert!(
        list.starts_with("1 alert firing, 1 unattended\n")
            && list.contains("board of acme: 49.0 h"),
        "{list}"
    );
    let ack = weir(
        &lab,
        &hook,
        &["alerts", "ack", "1", "--note", "asked the board"],
    );
    assert_eq!(ack.status.code(), Some(0), "{}", text(&ack));
    assert!(text(&weir(&lab, &hook, &at)).contains("1 alert firing, 0 unattended"));
    run(&lab, &hook, "03T07:00");
    assert_eq!(state().await, ["recovering 03 07"]);
    judge(&lab, &hook, "03T08:00");
    assert_eq!(state().await, Vec::<String>::new());
    assert_eq!(
        told(&server).await,
        ["firing mine/stale", "resolved mine/stale"]
    );
    lab.bench.drop().await;
}

const TWO: &str = "channels:
  ops: { webhook: { url: \"${HOOK}/ops\", timeout: 300ms } }
  pager: { webhook: { url: \"${HOOK}/pager\", timeout: 300ms } }
";
const ESCALATING: &str = "alerts:
  - id: stale
    over: source
    when: hours_since_complete > 24
    to: ops
    escalate: { after: 2h, to: pager }
    text: \"{source} of {institution}: {hours_since_complete} h\"
";

/// What was posted to which channel.
async fn told_to(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap().into_iter();
    let told = requests.map(|request| {
        let body: Json = serde_json::from_slice(&request.body).unwrap();
        let notice = &body["content"]["notices"][0];
        let more = if notice["escalated"] == true {
            ", escalated"
        } else {
            ""
        };
        format!(
            "{} {}{more}",
            request.url.path(),
            notice["what"].as_str().unwrap()
        )
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn more_are_told_of_what_nobody_looks_after() {
    let (lab, server) = (lab(TWO).await, receiver(Vec::new()).await);
    lab.write("alerts/mine.yaml", ESCALATING);
    let hook = server.uri();
    run(&lab, &hook, "01T05:00");
    judge(&lab, &hook, "02T06:00");
    judge(&lab, &hook, "02T07:59");
    assert_eq!(told_to(&server).await, ["/ops firing"]);
    // Each of these is a process of its own.
    for minute in ["08:00", "08:01", "20:00"] {
        judge(&lab, &hook, &format!("02T{minute}"));
    }
    let escalated = ["/ops firing", "/pager firing, escalated"];
    assert_eq!(told_to(&server).await, escalated);
    let subject = sql(&lab, "SELECT subject FROM notices WHERE channel = 'pager'").await;
    assert!(
        subject[0].starts_with("nobody looks after it: error: acme/board: "),
        "{subject:?}"
    );
    run(&lab, &hook, "02T21:00");
    judge(&lab, &hook, "02T21:00");
    let ended = ["/ops resolved", "/pager resolved"];
    let mut told = told_to(&server).await.split_off(2);
    told.sort();
    assert_eq!(told, ended);

    // Of what somebody looks after nobody else is told, even if the channel could not be reached.
    judge(&lab, &hook, "04T06:00");
    judge(&lab, "http://127.0.0.1:9", "04T08:00");
    let ack = weir(&lab, &hook, &["alerts", "ack", "2"]);
    assert_eq!(ack.status.code(), Some(0), "{}", text(&ack));
    judge(&lab, &hook, "04T20:00");
    judge(&lab, &hook, "05T06:00");
    let told = told_to(&server).await;
    assert_eq!(
        told.iter()
            .filter(|what| what.starts_with("/pager"))
            .count(),
        2,
        "{told:?}"
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_is_removed_is_resolved_and_one_that_is_broken_is_not() {
    let (lab, server) = (lab(HOOK).await, receiver(Vec::new()).await);
    lab.write(
        "alerts/mine.yaml",
        &STALE.replace("    for: 2h\n    keep: 1h\n    quiet: 22:00-06:00\n", ""),
    );
    let hook = server.uri();
    run(&lab, &hook, "01T05:00");
    judge(&lab, &hook, "03T05:00");
    lab.write(
        "alerts/mine.yaml",
        "alerts:\n  - id: stale\n    over: sourc\n",
    );
    judge(&lab, &hook, "03T06:00");
    assert_eq!(told(&server).await, ["firing mine/stale"]);
    std::fs::remove_file(lab.folder.join("alerts/mine.yaml")).unwrap();
    judge(&lab, &hook, "03T07:00");
    assert_eq!(
        told(&server).await,
        ["firing mine/stale", "resolved mine/stale"]
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_channels_are_shown_nowhere() {
    let lab = lab(HOOK).await;
    let hook = "http://user:pa55word@127.0.0.1:9";
    run(&lab, hook, "01T05:00");
    board(&lab, false);
    let mut all = run(&lab, hook, "02T05:00");
    for words in [
        &["alerts", "list"][..],
        &["alerts", "try", "ops"],
        &["alerts", "history", "--json"],
        &["check"],
    ] {
        all += &text(&weir(&lab, hook, words));
    }
    all += &sql(&lab, "SELECT error FROM notice_channels")
        .await
        .join("\n");
    assert!(all.contains("127.0.0.1 cannot be reached"), "{all}");
    for secret in ["s3cr3t-path", "pa55word", "t0k3n"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    lab.bench.drop().await;
}

/// A mail server of a few lines: takes everything after it has refused so often; what it took.
fn mail_server(refusals: usize) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, mails) = (
        listener.local_addr().unwrap().port(),
        Arc::new(Mutex::new(Vec::<String>::new())),
    );
    let taken = Arc::clone(&mails);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut out = stream.unwrap();
            let mut lines = BufReader::new(out.try_clone().unwrap()).lines();
            out.write_all(b"220 test\r\n").unwrap();
            let mut mail: Option<String> = None;
            while let Some(Ok(line)) = lines.next() {
                let answer = match &mut mail {
                    Some(text) if line == "." => {
                        taken.lock().unwrap().push(std::mem::take(text));
                        mail = None;
                        "250 taken"
                    }
                    Some(text) => {
                        text.push_str(&format!("{line}\n"));
                        continue;
                    }
                    None if line.starts_with("MAIL") && number < refusals => "451 not now",
                    None if line == "DATA" => {
                        mail = Some(String::new());
                        "354 go on"
                    }
                    None => "250 ok",
                };
                if out.write_all(format!("{answer}\r\n").as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    (port, mails)
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_sent_once_the_server_takes_it() {
    let (port, mails) = mail_server(1);
    let channels = format!(
        "channels:\n  post:\n    mail: {{ host: 127.0.0.1, port: {port}, encryption: none, from: weir@example.org, to: [ada@example.org, bob@example.org] }}\n"
    );
    let lab = lab(&channels).await;
    run(&lab, "", "01T05:00");
    board(&lab, false);
    assert!(run(&lab, "", "02T05:00").contains("451"));
    judge(&lab, "", "02T06:00");
    judge(&lab, "", "02T07:00");
    let mails = mails.lock().unwrap().clone();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail = &mails[0];
    assert!(mail.contains("Subject: error: acme/board: "), "{mail}");
    assert!(
        mail.contains("To: ada@example.org, bob@example.org"),
        "{mail}"
    );
    assert!(
        mail.contains("Message-ID: <weir-test-1@example.org>"),
        "{mail}"
    );
    assert_eq!(told_by_mail(mail), 1);
    lab.bench.drop().await;
}

fn told_by_mail(mail: &str) -> usize {
    mail.matches("weir alerts ack 1").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_given_the_message() {
    let channels =
        "channels:\n  program:\n    command: { run: [sh, -c, \"cat > $0; exit 0\", said.json] }\n";
    let lab = lab(&channels.replace("said.json", "\"${HOOK}\"")).await;
    let file = lab.folder.join("said.json");
    let hook = file.display().to_string();
    let output = weir(&lab, &hook, &["alerts", "try", "program"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said: Json = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(said["subject"], "test of the channel `program`");
    let unknown = weir(&lab, &hook, &["alerts", "try", "progam"]);
    assert!(
        text(&unknown).contains("did you mean `program`?"),
        "{}",
        text(&unknown)
    );
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_sent_once_a_day_and_kept() {
    let server = receiver(Vec::new()).await;
    let lab = lab(&format!("{HOOK}report: {{ at: \"07:00\" }}\n")).await;
    let hook = server.uri();
    run(&lab, &hook, "01T05:00");
    board(&lab, false);
    run(&lab, &hook, "02T05:00");
    for hour in ["06:59", "07:00", "07:01", "23:00"] {
        judge(&lab, &hook, &format!("02T{hour}"));
    }
    assert_eq!(
        told(&server).await,
        [format!("firing {GONE}"), "report ".to_owned()]
    );
    let requests = server.received_requests().await.unwrap();
    let body: Json = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(
        body["subject"],
        "Wed 2 Sep 2026: 1 of 1 institution failing"
    );
    let report = &body["content"]["notices"][0]["report"];
    // By hand: the day before has three jobs, this one none; the mean of seven days is 3 / 7.
    let by_hand = "SELECT sum(created) FILTER (WHERE day = '2026-09-02') || ' ' || round(sum(created) FILTER (WHERE day = '2026-09-01') / 7.0, 3) FROM metric_jobs_per_day";
    let figures = format!(
        "{} {:.3}",
        report["institutions"][0]["created"],
        report["institutions"][0]["usual_created"].as_f64().unwrap()
    );
    assert_eq!(sql(&lab, by_hand).await, [figures]);
    let shown = |words: &[&str]| {
        text(&weir(
            &lab,
            &hook,
            &[&["report", "--morning"], words].concat(),
        ))
    };
    let sent = shown(&["--sent", "2026-09-02"]);
    assert!(
        sent.starts_with("Wed 2 Sep 2026: 1 of 1 institution failing\n") && sent.contains("NEW"),
        "{sent}"
    );
    let now = ["--allow-future", "--at", "2026-09-02T08:00:00Z", "--format"];
    let page = shown(&[&now[..], &["html"]].concat());
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains("1 of 1 institution failing"),
        "{page}"
    );
    assert!(shown(&[&now[..], &["markdown"]].concat()).contains("| new | 0 | 0.4 |"));
    assert!(shown(&["--sent", "2026-09-05"]).contains("no report was sent on 2026-09-05"));
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_a_run_is_told_once_of_each() {
    let server = receiver(Vec::new()).await;
    let channels = HOOK.to_owned()
        + "  heart: { webhook: { url: \"${HOOK}/heart\" } }\n  after: { webhook: { url: \"${HOOK}/after\" } }\nruns: [{ to: after }, { to: heart, when: good }]\n";
    let lab = lab(&channels).await;
    let hook = server.uri();
    run(&lab, &hook, "01T05:00");
    board(&lab, false);
    run(&lab, &hook, "02T05:00");
    judge(&lab, &hook, "02T06:00");
    let mut told = Vec::new();
    for request in server.received_requests().await.unwrap() {
        let body: Json = serde_json::from_slice(&request.body).unwrap();
        let notice = &body["content"]["notices"][0];
        let (good, created) = (&notice["good"], &notice["total"]["created"]);
        told.push(format!(
            "{} {} {good} {created}",
            request.url.path(),
            notice["what"].as_str().unwrap()
        ));
    }
    told.sort();
    // The alert goes to the channel that is no follower of runs.
    let expected = [
        "/after run false 0",
        "/after run true 3",
        "/heart run true 3",
        "/in/s3cr3t-path firing null null",
    ];
    assert_eq!(told, expected);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_judges_and_sends_by_itself() {
    let (lab, server) = (lab(HOOK).await, receiver(Vec::new()).await);
    let waits = "    for: 2h\n    keep: 1h\n    quiet: 22:00-06:00\n";
    lab.write("alerts/mine.yaml", &STALE.replace(waits, ""));
    let hook = server.uri();
    let ran = weir(&lab, &hook, &["run", "--at", "2020-01-01"]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("--project").arg(&lab.folder);
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.env("DATABASE_URL", lab.bench.url());
    command.env("HOOK", &hook).env("ALERT_TOKEN", "t");
    let mut serving = command.stderr(Stdio::null()).spawn().unwrap();
    let mut found = Vec::new();
    for _ in 0..300 {
        found = told(&server).await;
        if !found.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(serving.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert!(serving.wait().unwrap().success());
    // Every run is older than a day: the source, and nothing else, is told of.
    assert_eq!(found, ["firing mine/stale"]);
    lab.bench.drop().await;
}

#[test]
fn the_shipped_alerts_pass_their_tests() {
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["alerts", "test"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn the_figures_of_the_documentation_are_those_of_the_program() {
    let head = "# Figures of alerts\n\nGenerated: what the conditions of alerts/*.yaml can read. Do not edit by hand; docs/alerts.md explains them.\n";
    let page = format!("{head}{}", weir::plan::figures::reference());
    crate::promises::expect(std::path::Path::new("docs/reference/figures.md"), &page);
}
