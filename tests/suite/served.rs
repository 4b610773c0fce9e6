//! A server of its own for a test, over a board whose ads are hostile, refused and changed, and
//! what every response of it must be.

use super::lab::{DAILY, Lab, on_any_day};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Texts that would do harm if a page took them for markup, or broke a row.
pub const HOSTILE: [&str; 6] = [
    "<script>alert('weir')</script>",
    "\"><img src=x onerror=alert('weir')>",
    "'--\u{202e}thgir ot tfel",
    "</title></style><svg onload=alert('weir')>",
    "{{7*7}}${7*7}<!--",
    "javascript:alert('weir')",
];

/// The most that a page may weigh.
pub const PAGE_BYTES: usize = 150 * 1024;

/// A day of the board: ads with hostile texts, ads that fail, one that changes each day.
pub fn feed(day: usize) -> String {
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

pub const BOARD: &str = r#"
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

pub const HOUSE: &str = r#"
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

pub const WATCH: &str = r#"
alerts:
  - id: decisions-wait
    over: institution
    when: open_holds > 0
    severity: warn
    text: "{open_holds} decisions of `{institution}` wait"
    tests:
      - { figures: { open_holds: 1 }, expect: fire }
      - { figures: { open_holds: 0 }, expect: quiet }
"#;

/// A project whose pages all have something to show.
pub async fn harbour() -> Lab {
    let lab = Lab::new().await;
    lab.write(
        "pipelines/daily.yaml",
        &DAILY.replace("archive, ", "archive, dedupe, "),
    );
    lab.write("institutions/harbour.yaml", BOARD);
    lab.write("institutions/asleep.yaml", "institution: asleep\ntimezone: UTC\nactive: false\nsources:\n  board:\n    fetch: { file: { path: none.json } }\n    id: $.id\n    job: { title: $.title }\nrules: []\n");
    lab.write("rules/house.yaml", HOUSE);
    lab.write("alerts/watch.yaml", WATCH);
    lab.write("weir.yaml", "project: harbour\nchannels: { journal: { log: {} } }\nreport: { at: \"00:00\", timezone: UTC }\n");
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

pub fn weir(lab: &Lab, words: &[&str], day: usize) -> Command {
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

/// The password of everybody.
pub const PASSWORD: &str = "correct-horse";

/// Adds a person.
pub fn add_user(lab: &Lab, words: &[&str]) {
    let mut command = weir(lab, &[&["users", "add"], words].concat(), 1);
    let done = command.env("WEIR_PASSWORD", PASSWORD).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// A server of its own.
pub struct Served {
    process: Child,
    pub address: String,
}

impl Served {
    pub fn start(lab: &Lab) -> Served {
        Served::listening(lab, "127.0.0.1:0", &[])
    }

    /// One that listens there, with further words.
    pub fn listening(lab: &Lab, listen: &str, more: &[&str]) -> Served {
        let words = ["serve", "--listen", listen, "--parallel", "0"];
        let mut process = weir(lab, &[&words, more].concat(), 3)
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
            address: address
                .expect("it says where it listens")
                .replace("0.0.0.0", "127.0.0.1"),
        }
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let process = self.process.id().to_string();
        let done = Command::new("kill").args(["-TERM", &process]).status();
        assert!(done.unwrap().success());
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> std::process::ExitStatus {
        self.process.wait().unwrap()
    }

    pub fn ask(&self, head: &str, body: &str) -> Response {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let rest = format!("Connection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        stream
            .write_all(format!("{head}\r\n{rest}").as_bytes())
            .unwrap();
        Response::read(&whole(stream))
    }

    pub fn get(&self, path: &str) -> Response {
        self.get_with(path, "")
    }

    /// Sends a form, as a page of this server does.
    pub fn post(&self, path: &str, body: &str) -> Response {
        self.post_from(path, &format!("http://{}", self.address), body)
    }

    /// Sends a form from a page of this origin.
    pub fn post_from(&self, path: &str, origin: &str, body: &str) -> Response {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nContent-Type: application/x-www-form-urlencoded",
            self.address
        );
        self.ask(&head, body)
    }

    /// What a browser with this cookie gets.
    pub fn get_as(&self, cookie: &str, path: &str) -> Response {
        self.get_with(path, &format!("\r\nCookie: {cookie}"))
    }

    /// Sends a form as a page of this server does, from a browser with this cookie.
    pub fn post_as(&self, cookie: &str, path: &str, body: &str) -> Response {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded",
            self.address
        );
        self.ask(&head, body)
    }

    /// Logs in; the cookie.
    pub fn log_in(&self, name: &str) -> String {
        let answer = self.post("/login", &format!("name={name}&password={PASSWORD}"));
        assert_eq!(answer.status, 303, "{name}: {}", answer.body);
        let cookie = answer.header("set-cookie");
        cookie.split(';').next().unwrap().to_owned()
    }

    pub fn get_with(&self, path: &str, more: &str) -> Response {
        self.ask(
            &format!("GET {path} HTTP/1.1\r\nHost: {}{more}", self.address),
            "",
        )
    }
}

/// What comes until the end; of a stream, which has none, its head.
fn whole(mut stream: TcpStream) -> Vec<u8> {
    let (mut text, mut part) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = stream.read(&mut part).unwrap();
        text.extend_from_slice(&part[..read]);
        let end = text.windows(4).position(|four| four == b"\r\n\r\n");
        let is_stream = end.is_some_and(|end| {
            let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
            head.contains("content-type: text/event-stream")
        });
        if is_stream {
            text.truncate(end.unwrap_or_default() + 4);
        }
        if read == 0 || is_stream {
            return text;
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came back.
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Response {
    pub fn read(bytes: &[u8]) -> Response {
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

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn is_page(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    /// The addresses of this process that it links to.
    pub fn links(&self) -> BTreeSet<String> {
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

pub fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        out.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[(end + 4 + size).min(bytes.len())..];
    }
    out
}

/// What every response must carry.
pub fn assert_guarded(path: &str, response: &Response) {
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
pub fn assert_harmless(path: &str, response: &Response) {
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

/// The value of a field of a form.
pub fn field(page: &str, name: &str) -> String {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let value = rest.and_then(|rest| rest.split('"').next());
    value
        .unwrap_or_else(|| panic!("no {name} in {page}"))
        .to_owned()
}
