//! Ten mornings of an operator with 40 institutions, of which five break on the sixth day, each in
//! its own way: what the mail of `weir run --quiet` and the overview of `weir report` say.
//! `tests/mornings` keeps the screens of three days, to be read by people.

use crate::lab::Lab;
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const TOWNS: u32 = 40;
/// From this day on, five are broken; on the last but one, the dead host responds again.
const BREAKS: u32 = 6;
const NEXT: u32 = BREAKS + 1;
const RETURNS: u32 = 9;
/// The towns that break, and how.
const DEAD: u32 = 3;
const GONE: u32 = 8;
const RESHAPED: u32 = 15;
const HALVED: u32 = 22;
const DATED: u32 = 31;

/// The boards of all towns; the board of one has a host of its own.
struct Boards {
    day: Arc<AtomicU32>,
    all: MockServer,
    own: Option<MockServer>,
    own_address: std::net::SocketAddr,
}

impl Boards {
    async fn open() -> Boards {
        let day = Arc::new(AtomicU32::new(1));
        let (all, own) = (serve(None, &day).await, serve(None, &day).await);
        let own_address = *own.address();
        Boards {
            day,
            all,
            own: Some(own),
            own_address,
        }
    }

    /// The boards as they are on a day.
    async fn turn_to(&mut self, day: u32) {
        self.day.store(day, Ordering::SeqCst);
        match day {
            BREAKS => self.own = None,
            RETURNS => {
                self.own = Some(
                    serve(
                        Some(TcpListener::bind(self.own_address).unwrap()),
                        &self.day,
                    )
                    .await,
                );
            }
            _ => {}
        }
    }

    fn url(&self, town: u32) -> String {
        let host = if town == DEAD {
            self.own_address
        } else {
            *self.all.address()
        };
        format!("http://{host}/{}/jobs", name(town))
    }

    /// A text without the ports of this test.
    fn shown(&self, text: &str) -> String {
        text.replace(&self.all.address().to_string(), "jobs.example")
            .replace(&self.own_address.to_string(), "own.example")
    }
}

async fn serve(listener: Option<TcpListener>, day: &Arc<AtomicU32>) -> MockServer {
    let builder = MockServer::builder();
    let server = match listener {
        Some(listener) => builder.listener(listener).start().await,
        None => builder.start().await,
    };
    let day = Arc::clone(day);
    Mock::given(any())
        .respond_with(move |request: &Request| response(request, day.load(Ordering::SeqCst)))
        .mount(&server)
        .await;
    server
}

fn response(request: &Request, day: u32) -> ResponseTemplate {
    let path = request.url.path();
    let town = path
        .strip_prefix("/town-")
        .and_then(|rest| rest.split('/').next()?.parse().ok());
    match town {
        Some(GONE) if day >= BREAKS => ResponseTemplate::new(404),
        Some(town) => ResponseTemplate::new(200).set_body_json(page(town, day)),
        None => ResponseTemplate::new(404),
    }
}

/// Thirty ads, of which one is new each day and one is gone.
fn page(town: u32, day: u32) -> Json {
    let is_broken = |one: u32| town == one && day >= BREAKS;
    let count = if is_broken(HALVED) { 15 } else { 30 };
    let closes = |ad: u32| match ad % 20 + 1 {
        day if is_broken(DATED) => format!("{day:02}/11/2026"),
        day => format!("2026-11-{day:02}"),
    };
    let ad = |ad: u32| json!({ "id": ad, "title": format!("Position {ad} in town {town}"), "closes": closes(ad) });
    let jobs: Vec<Json> = (day..day + count).map(ad).collect();
    if is_broken(RESHAPED) {
        json!({ "data": { "items": jobs } })
    } else {
        json!({ "jobs": jobs })
    }
}

fn name(town: u32) -> String {
    format!("town-{town:02}")
}

fn yaml(town: u32, url: &str) -> String {
    format!(
        "institution: {}\ntimezone: UTC\nsources:\n  board:\n    fetch:\n      http: {{ url: \"{url}\", records: \"$.jobs[*]\", allow_private: true, \
         retries: 0 }}\n    id: $.id\n    job: {{ title: $.title, close_date: $.closes }}\nrequire:\n  title: {{ type: string, minLength: 3 }}\n  \
         close_date: {{ type: string, format: date }}\n",
        name(town)
    )
}

fn weir(lab: &Lab, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("--project").arg(&lab.folder).args(words);
    command
        .env("DATABASE_URL", lab.bench.url())
        .env("USER", "ada")
        .output()
        .unwrap()
}

/// What a morning shows first.
struct Morning {
    code: Option<i32>,
    mail: String,
    overview: String,
}

impl Morning {
    fn look(lab: &Lab, boards: &Boards, day: u32) -> Morning {
        let at = format!("2026-09-{day:02}T05:00:00Z");
        let run = weir(lab, &["run", "--quiet", "--allow-future", "--at", &at]);
        let report = weir(lab, &["report", "--allow-future", "--at", &at]);
        let text = |bytes: &[u8]| boards.shown(&String::from_utf8_lossy(bytes));
        assert!(run.stdout.is_empty(), "{}", text(&run.stdout));
        Morning {
            code: run.status.code(),
            mail: text(&run.stderr),
            overview: text(&report.stdout),
        }
    }

    /// The line of the overview about a town.
    fn line(&self, town: u32) -> &str {
        self.overview
            .lines()
            .find(|line| line.contains(&name(town)))
            .unwrap()
    }

    /// The lines of the overview that are not `ok`, by institution.
    fn failing(&self) -> Vec<(String, String)> {
        let is_failing = |line: &&str| {
            ["NEW", "failing"]
                .iter()
                .any(|word| line.trim_start().starts_with(word))
        };
        let lines = self.overview.lines().skip(1).filter(is_failing);
        lines
            .map(|line| {
                (
                    line.split_whitespace()
                        .find(|word| word.starts_with("town-"))
                        .unwrap()
                        .to_owned(),
                    line.to_owned(),
                )
            })
            .collect()
    }

    fn screen(&self, day: u32) -> String {
        let mut out = format!(
            "Day {day}\n\n$ weir run --quiet\n{}exit code {}\n\n$ weir report\n",
            self.mail,
            self.code.unwrap()
        );
        // All that is wrong, and two that are well.
        let told = self
            .overview
            .lines()
            .skip(1)
            .filter(|line| !line.trim_start().starts_with("ok"))
            .count();
        for line in self.overview.lines().take(1 + told + 2) {
            writeln!(out, "{line}").unwrap();
        }
        out + "...\n"
    }
}

fn keep(day: u32, screen: &str) {
    let file = Path::new("tests/mornings").join(format!("day-{day}.txt"));
    if std::env::var("WEIR_BLESS").is_ok() {
        std::fs::create_dir_all("tests/mornings").unwrap();
        std::fs::write(file, screen).unwrap();
    } else {
        assert_eq!(std::fs::read_to_string(file).unwrap(), screen);
    }
}

/// The exit codes of the ten days: new troubles on the sixth and seventh, then nothing but known
/// ones.
const CODES: [i32; 10] = [0, 0, 0, 0, 0, 1, 1, 4, 4, 4];

/// What the overview of a day says of the towns that fail.
fn expected(day: u32) -> Vec<(String, &'static str)> {
    let since = |words: &'static str| move |town: u32| (name(town), words);
    let (known, new) = (since("failing since 2026-09-06"), since("NEW"));
    let halved = if day == NEXT {
        "NEW"
    } else {
        "failing since 2026-09-07"
    };
    match day {
        ..BREAKS => Vec::new(),
        BREAKS => [DEAD, GONE, RESHAPED, DATED].map(new).to_vec(),
        NEXT..RETURNS => [
            known(DEAD),
            known(GONE),
            known(RESHAPED),
            (name(HALVED), halved),
            known(DATED),
        ]
        .to_vec(),
        _ => [
            known(GONE),
            known(RESHAPED),
            (name(HALVED), halved),
            known(DATED),
        ]
        .to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_morning_says_which_since_when_and_what_is_new() {
    let (lab, mut boards) = (Lab::new().await, Boards::open().await);
    for town in 1..=TOWNS {
        lab.write(
            &format!("institutions/{}.yaml", name(town)),
            &yaml(town, &boards.url(town)),
        );
    }
    for day in 1..=10 {
        boards.turn_to(day).await;
        let morning = Morning::look(&lab, &boards, day);
        let screen = morning.screen(day);
        assert_eq!(morning.code, Some(CODES[day as usize - 1]), "{screen}");
        let mut failing = morning.failing();
        let is_new = |line: &(String, String)| line.1.trim_start().starts_with("NEW");
        assert!(
            failing.is_sorted_by_key(|line| !is_new(line)),
            "what is new is first: {screen}"
        );
        failing.sort();
        let towns: Vec<&String> = failing.iter().map(|(town, _)| town).collect();
        assert_eq!(
            towns,
            expected(day)
                .iter()
                .map(|(town, _)| town)
                .collect::<Vec<_>>(),
            "{screen}"
        );
        for ((town, line), (_, words)) in failing.iter().zip(expected(day)) {
            assert!(
                line.contains(words) && line.contains(&format!("weir {}", step(town, day))),
                "{line}"
            );
        }
        if day == BREAKS {
            assert!(
                morning.line(HALVED).trim_start().starts_with("warn")
                    && morning.mail.contains("ads 15 today, usually 30"),
                "{screen}"
            );
            assert!(
                morning.mail.contains("`format: \"%d/%m/%Y\"` reads it"),
                "{screen}"
            );
            let runs = weir(&lab, &["report", &name(DEAD), "--runs=1"]);
            assert!(String::from_utf8_lossy(&runs.stdout).contains("done, board unreachable"));
        }
        assert_eq!(
            morning.line(DEAD).trim_start().starts_with("ok again"),
            day == RETURNS,
            "{screen}"
        );
        let recovery = format!("recovered: {}: was: ", name(DEAD));
        assert_eq!(morning.mail.contains(&recovery), day == RETURNS, "{screen}");
        if [1, BREAKS, NEXT].contains(&day) {
            keep(day, &screen);
        }
    }
    let retired = "SELECT DISTINCT i.slug FROM jobs j JOIN institutions i ON i.id = j.institution_id
                   WHERE j.status = 'archived' AND j.last_updated_at >= '2026-09-07' AND i.slug IN ('town-08', 'town-15', 'town-22')";
    assert_eq!(
        lab.texts(retired).await,
        Vec::<String>::new(),
        "a broken board retires nothing"
    );
    decide_by_cause(&lab).await;
    lab.bench.drop().await;
}

/// The command that the overview names.
fn step(town: &str, day: u32) -> String {
    let command = match town {
        "town-22" => "holds list",
        "town-31" => "failures list",
        _ => "preview",
    };
    assert!(day >= BREAKS);
    format!("{command} {town}")
}

/// All ads of the town with other dates are held for one cause: one decision answers them all.
async fn decide_by_cause(lab: &Lab) {
    let act = |words: &[&str]| {
        weir(
            lab,
            &[
                words,
                &[
                    "--allow-future",
                    "--at",
                    "2026-09-11",
                    "--reason",
                    "the dates are right",
                ],
            ]
            .concat(),
        )
    };
    let causes: Json =
        serde_json::from_slice(&weir(lab, &["holds", "causes", "town-31", "--json"]).stdout)
            .unwrap();
    let [cause] = causes["causes"].as_array().unwrap().as_slice() else {
        panic!("{causes:#}")
    };
    let (key, held) = (
        cause["cause"].as_str().unwrap(),
        cause["holds"].as_array().unwrap().len(),
    );
    assert!(
        held > 20 && cause["reasons"] == json!(["invalid_date close_date"]),
        "{cause:#}"
    );
    let shown = weir(lab, &["holds", "show", key]);
    assert!(
        String::from_utf8_lossy(&shown.stdout)
            .contains(&format!("town-31 board · {held} holds of kind job"))
    );
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let unseen = act(&["holds", "discard", key]);
    assert!(
        unseen.status.code() == Some(2) && said(&unseen).contains("must name its revision"),
        "{}",
        said(&unseen)
    );
    let moved = act(&["holds", "discard", &format!("{key}@000000")]);
    assert!(
        moved.status.code() == Some(1) && said(&moved).contains("nothing was done"),
        "{}",
        said(&moved)
    );
    let unknown = act(&["holds", "discard", "c000000@000000"]);
    assert!(
        unknown.status.code() == Some(2) && said(&unknown).contains("no open hold has the cause"),
        "{}",
        said(&unknown)
    );
    let done = act(&[
        "holds",
        "discard",
        &format!("{key}@{}", cause["revision"].as_str().unwrap()),
    ]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(
        String::from_utf8_lossy(&done.stdout)
            .starts_with(&format!("cause {key}: {held} holds discarded\n"))
    );
    let left = "SELECT concat(status, ' ', count(*)) FROM holds h JOIN institutions i ON i.id = h.institution_id
                WHERE i.slug = 'town-31' GROUP BY status ORDER BY 1";
    assert!(
        !lab.texts(left)
            .await
            .iter()
            .any(|line| line.starts_with("open")),
        "each of them is decided"
    );
}
