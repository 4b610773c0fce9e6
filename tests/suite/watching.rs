//! Pages that follow what happens, and pages of many institutions: streams tell of changes and hold
//! nothing up, the first page stays light.

use super::lab::Lab;
use super::served::{PAGE_BYTES, Served, harbour};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A stream that is followed.
struct Followed(BufReader<TcpStream>);

impl Followed {
    fn open(served: &Served, path: &str) -> Followed {
        let mut stream = TcpStream::connect(&served.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", served.address);
        stream.write_all(head.as_bytes()).unwrap();
        Followed(BufReader::new(stream))
    }

    /// The next line that begins so; none when the stream ends.
    fn next(&mut self, begins: &str) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(rest) = line.trim_end().strip_prefix(begins) {
                return Some(rest.to_owned());
            }
        }
    }
}

async fn sql(lab: &Lab, sql: &'static str) {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_tell_of_changes_and_hold_nothing_up() {
    let lab = harbour().await;
    let mut served = Served::start(&lab);
    let mut today = Followed::open(&served, "/live/today");
    assert_eq!(
        today.next("content-type: ").as_deref(),
        Some("text/event-stream")
    );
    let first = today.next("data: ").unwrap();
    sql(&lab, "INSERT INTO pauses (institution_id, slug, reason, paused_by, paused_at) SELECT id, slug, 'none', 'ada', now() FROM institutions").await;
    assert_ne!(today.next("data: ").unwrap(), first);
    sql(&lab, "UPDATE runs SET status = 'running', finished_at = NULL, unit_id = 1 WHERE id = (SELECT max(id) FROM runs)").await;
    let number = Served::get(&served, "/api/v1/runs?limit=1").body;
    let number = number
        .split("\"run\":")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    let mut run = Followed::open(&served, &format!("/live/runs/harbour/{number}"));
    assert!(run.next("data: ").unwrap().starts_with("running"));
    sql(&lab, "INSERT INTO work_units (id, project, institution_id, slug, due_at, state, ready_at, enqueued_at, expires_at, node) SELECT 1, 'x', id, slug, now(), 'leased', now(), now(), now() + interval '1 day', 'fetch:board' FROM institutions WHERE slug = 'harbour'").await;
    assert!(run.next("data: ").unwrap().contains("fetch:board"));
    // Somebody holds the institution, so the run is under way.
    sql(&lab, "INSERT INTO leases (name, holder, fence, session_pid, session_began, taken_at, beaten_at, expires_at)
               SELECT 'institution ' || i.id, 'a process', 9, a.pid, a.backend_start, now(), now(), now() + interval '1 day' FROM institutions i
               CROSS JOIN LATERAL (SELECT pid, backend_start FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() LIMIT 1) AS a
               WHERE i.slug = 'harbour'
               ON CONFLICT (name) DO UPDATE SET session_pid = EXCLUDED.session_pid, session_began = EXCLUDED.session_began, expires_at = EXCLUDED.expires_at").await;
    let page = served.get(&format!("/runs/harbour/{number}")).body;
    let node = page.split("id=\"fetch:board\"").nth(1).unwrap();
    let node = node.split("</a>").next().unwrap();
    assert!(
        node.contains("at-work") && node.contains("works now"),
        "{node}"
    );
    for path in ["/live/runs/harbour/999999", "/live/runs/nobody/1"] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    // Both are open, and it ends all the same.
    let began = Instant::now();
    served.terminate();
    assert!(today.next("nothing more").is_none() && run.next("nothing more").is_none());
    assert!(served.ended().success());
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn three_hundred_institutions_are_pages_that_stay_light() {
    let lab = Lab::new().await;
    for number in 0..300 {
        lab.write(
            &format!("institutions/institution-{number:03}.yaml"),
            &format!("institution: institution-{number:03}\ntimezone: Australia/Sydney\nschedule: \"0 5 * * *\"\nsources:\n  board:\n    fetch: {{ file: {{ path: none.json }} }}\n    id: $.id\n    job: {{ title: $.title }}\nrules: []\n"),
        );
    }
    let served = Served::start(&lab);
    sql(&lab, "INSERT INTO institutions (id, slug, name, timezone, active, created_at) SELECT gen_random_uuid(), 'institution-' || lpad(n::text, 3, '0'), 'Institution ' || n, 'Australia/Sydney', true, now() FROM generate_series(0, 299) AS n;
        INSERT INTO runs (institution_id, at, status, plan_fingerprint, host, pid, started_at, finished_at, summary)
        SELECT i.id, now() - make_interval(days => d), 'done', '', 'here', 1, now() - make_interval(days => d), now() - make_interval(days => d),
          '{\"total\": {\"documents\": 12345, \"created\": 123, \"updated\": 1234, \"reopened\": 7, \"archived\": 12, \"unchanged\": 7, \"rejected\": 7, \"held\": 7, \"failed\": 7}}'
        FROM institutions i CROSS JOIN generate_series(1, 14) AS d ORDER BY d DESC").await;
    let (mut path, mut seen, mut pages) = ("/".to_owned(), Vec::new(), 0);
    loop {
        let page = served.get(&path);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(
            page.body.len() < PAGE_BYTES,
            "{path} weighs {}",
            page.body.len()
        );
        let rows = page.body.split("/runs?institution=").skip(1);
        seen.extend(rows.map(|rest| rest.split('"').next().unwrap().to_owned()));
        pages += 1;
        let next = page.links().into_iter().find(|link| {
            let from = link
                .strip_prefix("/?from=")
                .map(|from| from.parse::<usize>().unwrap());
            from == Some(pages * 40)
        });
        let Some(next) = next else { break };
        path = next;
    }
    let all: BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), all.len(), pages), (300, 300, 8));
    assert_eq!(served.get("/?from=100000").status, 200);
}
