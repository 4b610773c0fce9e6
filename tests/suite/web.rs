//! The pages of `weir serve`, as a client sees them: every link leads somewhere, every response is
//! guarded, and no text of a source is ever markup.

use super::lab::{DAILY, Lab, on_any_day};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Texts that would do harm if a page took them for markup, or broke a row.
const HOSTILE: [&str; 6] = [
    "<script>alert('weir')</script>",
    "\"><img src=x onerror=alert('weir')>",
    "'--\u{202e}thgir ot tfel",
    "</title></style><svg onload=alert('weir')>",
    "{{7*7}}${7*7}<!--",
    "javascript:alert('weir')",
];

/// The most that a page may weigh.
const PAGE_BYTES: usize = 150 * 1024;

/// A day of the board: ads with hostile texts, ads that fail, one that changes each day.
fn feed(day: usize) -> String {
    let hostile = HOSTILE.iter().enumerate().map(|(number, text)| {
        json!({ "id": format!("H{number}{text}"), "title": text, "text": format!("{text} of day {day}"), "org": text,
                "place": text.repeat(40), "pay": text, "ends": "2026-12-31", "url": text })
    });
    let plain = (0..70).map(|number| {
        let ends = if number % 9 == 0 { "never" } else { "2026-12-31" };
        let title = if number % 3 == 0 { format!("Ranger {number} of day {day}") } else { format!("Ranger {number}") };
        json!({ "id": format!("A{number}"), "title": title, "text": "Look after the reserve.", "org": "Parks", "place": "Bourke", "pay": "$1", "ends": ends, "url": "https://jobs.example/1" })
    });
    Json::from(hostile.chain(plain).collect::<Vec<_>>()).to_string()
}

const BOARD: &str = r#"
institution: harbour
name: Harbour <Trust>
timezone: Australia/Sydney
schedule: "0 5 * * *"
sources:
  board:
    fetch: { file: { path: "${FEED}" } }
    id: $.id
    job:
      title: $.title
      description: $.text
      close_date: { from: $.ends, as: date }
      department: $.org
      locations: { from: $.place, as: list }
      remuneration: $.pay
      source_url: $.url
  mirror:
    fetch: { file: { path: "${FEED}" } }
    id: $.id
    job: { title: $.title, description: $.text, department: $.org, locations: { from: $.place, as: list } }
    division: { from: department, known: [Parks], unknown: hold }
require:
  title: { type: string, minLength: 3 }
rules: [house]
company: { from: department, unknown: create }
openings: {}
"#;

const HOUSE: &str = r#"
rules:
  - id: no-acting-for-ever
    type: rule_violation
    field: title
    assert: job.title != "Ranger 5"
    message: nobody is ranger five
    tests:
      - { job: { title: Ranger 5 }, expect: fail }
      - { job: { title: Ranger 6 }, expect: pass }
"#;

async fn harbour() -> Lab {
    let lab = Lab::new().await;
    lab.write(
        "pipelines/daily.yaml",
        &DAILY.replace("archive, ", "archive, dedupe, "),
    );
    lab.write("institutions/harbour.yaml", BOARD);
    lab.write("institutions/asleep.yaml", "institution: asleep\ntimezone: UTC\nactive: false\nsources:\n  board:\n    fetch: { file: { path: none.json } }\n    id: $.id\n    job: { title: $.title }\nrules: []\n");
    lab.write("rules/house.yaml", HOUSE);
    (1..=3).for_each(|day| lab.write(&format!("day-{day}.json"), &feed(day)));
    for day in 1..=3 {
        let at = format!("2026-09-0{day}T05:00:00+10:00");
        let done = weir(&lab, &["run", "harbour", "--at", &at], day)
            .output()
            .unwrap();
        assert!(matches!(done.status.code(), Some(0 | 1)), "{done:?}");
    }
    lab
}

fn weir(lab: &Lab, words: &[&str], day: usize) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(on_any_day(words))
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .env("FEED", format!("day-{day}.json"));
    command
}

/// A server of its own.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(lab: &Lab) -> Served {
        let mut process = weir(
            lab,
            &["serve", "--listen", "127.0.0.1:0", "--parallel", "0"],
            3,
        )
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
        let said = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut said = said.map_while(Result::ok);
        let address =
            said.find_map(|line| Some(line.split_once("listening on http://")?.1.to_owned()));
        // What it says later must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        Served {
            process,
            address: address.expect("it says where it listens"),
        }
    }

    fn ask(&self, head: &str, body: &str) -> Response {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let rest = format!("Connection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        stream
            .write_all(format!("{head}\r\n{rest}").as_bytes())
            .unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        Response::read(&text)
    }

    fn get(&self, path: &str) -> Response {
        self.get_with(path, "")
    }

    fn get_with(&self, path: &str, more: &str) -> Response {
        self.ask(
            &format!("GET {path} HTTP/1.1\r\nHost: {}{more}", self.address),
            "",
        )
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came back.
struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Response {
    fn read(bytes: &[u8]) -> Response {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let body = &bytes[end + 4..];
        let body = if headers
            .get("transfer-encoding")
            .is_some_and(|how| how == "chunked")
        {
            unchunked(body)
        } else {
            body.to_vec()
        };
        Response {
            status,
            headers,
            body: String::from_utf8(body).unwrap(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn is_page(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    /// The addresses of this process that it links to.
    fn links(&self) -> BTreeSet<String> {
        let parts = ["href=\"", "src=\""]
            .into_iter()
            .flat_map(|name| self.body.split(name).skip(1));
        parts
            .filter_map(|rest| rest.split('"').next())
            .map(|link| {
                link.split('#')
                    .next()
                    .unwrap_or_default()
                    .replace("&amp;", "&")
            })
            .filter(|link| link.starts_with('/'))
            .collect()
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        out.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[(end + 4 + size).min(bytes.len())..];
    }
    out
}

/// What every response must carry.
fn assert_guarded(path: &str, response: &Response) {
    let policy = response.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'")
            && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe"),
        "{path}: {policy}"
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(response.header(name), value, "{path}: {name}");
    }
}

/// No text of a source is markup.
fn assert_harmless(path: &str, response: &Response) {
    let body = response.body.to_lowercase();
    for harm in [
        "<script>",
        "<img",
        "<svg onload",
        "onerror=alert('weir')>",
        "href=\"javascript:",
        "\u{202e}",
        "<!--",
        " style=\"",
        " onclick",
    ] {
        assert!(!body.contains(harm), "{path} contains {harm}");
    }
    assert!(
        response.body.len() < PAGE_BYTES,
        "{path} weighs {}",
        response.body.len()
    );
}

#[tokio::test]
async fn every_link_leads_somewhere_and_every_page_is_harmless() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    let (mut seen, mut queue) = (BTreeSet::new(), VecDeque::from(["/".to_owned()]));
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(path) = queue.pop_front() {
        // Pages of one kind are alike: a few of each are enough.
        let kind: String = path.split(['?', '/']).nth(1).unwrap_or_default().to_owned();
        let of_kind = names.entry(kind).or_default();
        *of_kind += 1;
        if *of_kind > 60 {
            continue;
        }
        let response = served.get(&path);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        assert_guarded(&path, &response);
        if response.is_page() {
            assert_harmless(&path, &response);
            assert_eq!(response.body.matches("<h1").count(), 1, "{path}");
            queue.extend(
                response
                    .links()
                    .into_iter()
                    .filter(|link| seen.insert(link.clone())),
            );
        }
    }
    assert!(names.len() > 4, "{names:?}");
}

#[tokio::test]
async fn responses_are_guarded_whatever_is_asked() {
    let lab = Lab::new().await;
    let served = Served::start(&lab);
    let host = served.address.clone();
    let asked = |head: &str| served.ask(&format!("{head} HTTP/1.1\r\nHost: {host}"), "");
    for (head, status) in [
        ("GET /", 200),
        ("HEAD /", 200),
        ("GET /runs?before=none", 400),
        ("GET /runs?institution=nobody", 404),
        ("GET /runs/nobody/1", 404),
        ("GET /runs/nobody/first", 400),
        ("GET /nowhere", 404),
        ("GET /../etc/passwd", 404),
        ("POST /", 405),
        ("DELETE /runs", 405),
    ] {
        let response = asked(head);
        assert_eq!(response.status, status, "{head}: {}", response.body);
        assert_guarded(head, &response);
    }
    let empty = served.get("/");
    assert!(empty.body.contains("weir new NAME"), "{}", empty.body);
    assert_eq!(asked("HEAD /").body, "");
    let foreign = served.ask("GET / HTTP/1.1\r\nHost: weir.example", "");
    assert_eq!(foreign.status, 421);
    assert_guarded("/ by another name", &foreign);
}

#[tokio::test]
async fn a_file_that_is_known_is_not_sent_again() {
    let lab = Lab::new().await;
    let served = Served::start(&lab);
    let first = served.get("/assets/page.css");
    assert!(first.status == 200 && first.body.contains("prefers-color-scheme"));
    let tag = first.header("etag").to_owned();
    let again = served.get_with("/assets/page.css", &format!("\r\nIf-None-Match: {tag}"));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

/// A follower that asks for a few changes at a time, from the beginning.
fn follow(served: &Served) -> (Vec<(String, i64)>, String) {
    let (mut seen, mut path) = (Vec::new(), "/api/v1/changes?limit=7".to_owned());
    loop {
        let answer = served.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let body: Json = serde_json::from_str(&answer.body).unwrap();
        for row in body["data"].as_array().unwrap() {
            assert!(row.get("recruiter").is_none());
            if row["change_type"] != "refresh" {
                seen.push((
                    row["job"].as_str().unwrap().to_owned(),
                    row["version"].as_i64().unwrap(),
                ));
            }
        }
        let cursor = body["cursor"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("weir-cursor"), cursor);
        match body["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => return (seen, cursor),
        }
    }
}

/// The versions that there are.
async fn versions(lab: &Lab) -> Vec<(String, i64)> {
    use sqlx::{Connection, Row};
    let mut connection = sqlx::PgConnection::connect(&lab.bench.url()).await.unwrap();
    let rows = sqlx::query("SELECT id::text, version::bigint FROM jobs_history ORDER BY 1, 2")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn a_follower_sees_exactly_the_history() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    // A transaction of another test on the same server may hold the newest changes back for a while.
    let wanted = versions(&lab).await;
    let mut found = follow(&served);
    for _ in 0..600 {
        if found.0.len() >= wanted.len() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        found = follow(&served);
    }
    let (mut seen, cursor) = found;
    seen.sort();
    assert_eq!(seen, wanted);
    let rest = served.get(&format!("/api/v1/changes?cursor={cursor}"));
    let rest: Json = serde_json::from_str(&rest.body).unwrap();
    assert_eq!(
        (&rest["data"], &rest["cursor"]),
        (&json!([]), &json!(cursor))
    );
    for (cursor, status) in [("nonsense", 400), ("00000000-1-1", 409)] {
        assert_eq!(
            served
                .get(&format!("/api/v1/changes?cursor={cursor}"))
                .status,
            status
        );
    }
}

/// Whether a row has the form that the document says.
fn assert_described(path: &str, row: &Json, schema: &Json) {
    let names =
        |value: &Json| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(row), names(&schema["properties"]), "{path}");
    for (name, value) in row.as_object().unwrap() {
        let kinds = &schema["properties"][name]["type"];
        let kind = match value {
            Json::Null => "null",
            Json::String(_) => "string",
            Json::Number(_) => "integer",
            Json::Array(_) => "array",
            _ => "object",
        };
        let allowed = kinds
            .as_array()
            .is_none_or(|all| all.iter().any(|one| one == kind));
        assert!(allowed, "{path}: {name} is {value}");
    }
}

#[tokio::test]
async fn the_document_describes_every_answer() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    let document: Json = serde_json::from_str(&served.get("/api/v1/openapi.json").body).unwrap();
    let jobs: Json = serde_json::from_str(&served.get("/api/v1/jobs?limit=1").body).unwrap();
    let job = jobs["data"][0]["job"].as_str().unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 7);
    for (path, about) in paths {
        let path = path.replace("{id}", job);
        let response = &about["get"]["responses"]["200"];
        let schema = &response["content"]["application/json"]["schema"];
        let answer = served.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_guarded(&path, &answer);
        let body: Json = serde_json::from_str(&answer.body).unwrap();
        for row in body["data"].as_array().unwrap() {
            assert_described(&path, row, &schema["properties"]["data"]["items"]);
        }
        let lines = served.get(&format!("{path}?format=ndjson"));
        assert_eq!(
            lines.body.lines().count(),
            body["data"].as_array().unwrap().len(),
            "{path}"
        );
        let table = served.get_with(&path, "\r\nAccept: text/csv");
        assert!(
            table.header("content-type").starts_with("text/csv"),
            "{path}"
        );
        let known = served.get_with(
            &path,
            &format!("\r\nIf-None-Match: {}", answer.header("etag")),
        );
        assert_eq!(known.status, 304, "{path}");
        for (query, status) in [("?nonsense=1", 400), ("?format=xml", 400)] {
            assert_eq!(
                served.get(&format!("{path}{query}")).status,
                status,
                "{path}{query}"
            );
        }
    }
    for (path, status) in [
        ("/api/v1/jobs?institution=nobody", 404),
        ("/api/v1/jobs?limit=0", 400),
        ("/api/v1/jobs?limit=1001", 400),
        ("/api/v1/jobs?after=x", 400),
        ("/api/v1/jobs?since=yesterday", 400),
        ("/api/v1/jobs/no-uuid", 404),
        ("/api/v1/jobs/00000000-0000-0000-0000-000000000000", 404),
        ("/api/v1/nothing", 404),
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, status, "{path}");
        let body: Json = serde_json::from_str(&answer.body).unwrap();
        assert!(body["error"]["help"].is_string(), "{path}: {body}");
    }
}

#[tokio::test]
async fn pages_of_rows_hold_every_row_once() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    for list in ["jobs", "openings", "runs"] {
        let whole: Json =
            serde_json::from_str(&served.get(&format!("/api/v1/{list}?limit=1000")).body).unwrap();
        let (mut rows, mut path) = (Vec::new(), format!("/api/v1/{list}?limit=2"));
        loop {
            let page: Json = serde_json::from_str(&served.get(&path).body).unwrap();
            rows.extend(page["data"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = next.to_owned();
        }
        assert!(rows.len() > 2, "{list}");
        assert_eq!(Json::from(rows), whole["data"], "{list}");
    }
}

/// The value of a field of a form.
fn field(page: &str, name: &str) -> String {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let value = rest.and_then(|rest| rest.split('"').next());
    value
        .unwrap_or_else(|| panic!("no {name} in {page}"))
        .to_owned()
}

#[tokio::test]
async fn decisions_are_bound_to_what_was_shown_and_to_its_page() {
    let lab = Lab::new().await;
    lab.write("institutions/harbour.yaml", "institution: harbour\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: \"${FEED}\" } }\n    id: $.id\n    job: { title: $.title, department: $.org }\n    division: { from: department, known: [Rivers], unknown: hold }\nrules: []\n");
    lab.write("day-1.json", &feed(1));
    let done = weir(&lab, &["run", "harbour"], 1).output().unwrap();
    assert!(done.status.code().is_some_and(|code| code < 2), "{done:?}");
    let served = Served::start(&lab);
    let list = served.get("/holds");
    let hold = list
        .body
        .split("name=\"hold\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let page = served.get(&format!("/holds/{hold}"));
    let (seen, token) = (field(&page.body, "hold"), field(&page.body, "token"));
    let own = format!("http://{}", served.address);
    let post = |path: &str, origin: &str, body: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nContent-Type: application/x-www-form-urlencoded",
            served.address
        );
        served.ask(&head, body)
    };
    let form =
        |hold: &str, token: &str| format!("hold={hold}&token={token}&by=grace&reason=looked");
    for (origin, body, status) in [
        ("http://elsewhere.example", form(&seen, &token), 403),
        ("null", form(&seen, &token), 403),
        (own.as_str(), form(&seen, "made-up"), 403),
        (own.as_str(), form(&format!("{hold}@000000"), &token), 409),
        (
            own.as_str(),
            format!("hold={seen}&token={token}&by=grace&reason="),
            400,
        ),
        (own.as_str(), form(&seen, &token), 200),
        (own.as_str(), form(&seen, &token), 409),
    ] {
        let answer = post("/holds/release", origin, &body);
        assert_eq!(answer.status, status, "{origin} {body}: {}", answer.body);
        assert_guarded("/holds/release", &answer);
    }
    let audit = served.get("/audit");
    assert!(
        audit.body.contains("grace") && audit.body.contains("looked"),
        "{}",
        audit.body
    );
    let large = "x".repeat(300 * 1024);
    assert_eq!(post("/holds/release", &own, &large).status, 413);
}
