//! Whatever a hostile board sends, and whatever secret it echoes: nothing that a terminal, a page,
//! a log or a spreadsheet would obey leaves Weir, and no secret is printed, recorded or stored.

use crate::lab::Lab;
use serde_json::{Value as Json, json};
use sqlx::Connection;
use std::path::Path;
use std::process::Command;
use weir::untrusted::is_unsafe;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The token that the board is given, and echoes wherever it can.
const TOKEN: &str = "s3cr3t/to&ken+1";
/// What moves cursors, sets titles, turns and hides text.
const HOSTILE: &str =
    "A\u{1b}[2J\u{1b}]0;x\u{7}B\u{9b}31mC\u{202e}D\u{200b}E\u{e0041}F\u{2066}G\u{feff}H\u{85}I";

const ACME: &str = "institution: acme
timezone: UTC
sources:
  board:
    fetch:
      http:
        url: ${URL}/jobs
        auth: { bearer: '${BOARD_TOKEN}' }
        pages: { next: { from: $.next } }
        records: $.jobs[*]
        count: $.total
        backoff_ms: 1
        allow_private: true
    id: $.id
    job:
      title: $.title
      description: $.text
      department: $.by
      close_date: { from: $.closes, as: date }
      locations: $.places[*]
      source_url: $.url
require:
  title: { type: string, minLength: 3 }
  description: { type: string, minLength: 10 }
division: { from: department, known: [Parks], unknown: hold }
company: { from: $.employer, unknown: hold }
";

/// Every text of an ad is hostile and holds the token.
fn ad(id: &str, more: Json) -> Json {
    let text = format!("{HOSTILE} {TOKEN} and words that are long enough");
    let mut ad = json!({
        "id": format!("{id}{HOSTILE}"), "title": format!("=cmd|' /C calc'!A0 {text}"), "text": text,
        "by": "Parks", "closes": "2027-01-01", "places": [text], "url": format!("https://b.example/{TOKEN}"),
        format!("member {HOSTILE} {TOKEN}"): text,
    });
    ad.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    ad
}

async fn board() -> MockServer {
    let server = MockServer::start().await;
    let encoded: String = url::form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect();
    let second = json!({ "total": format!("3 {HOSTILE} {TOKEN}"), "jobs": [
        ad("c", json!({ "title": format!("{HOSTILE}") , "text": "short" })),
        ad("d", json!({ "employer": format!("Lakes {HOSTILE} {TOKEN}"), "by": format!("Lakes {HOSTILE} {TOKEN}"), "closes": format!("soon {HOSTILE} {TOKEN}") })),
    ] });
    let next = format!("{}/jobs?page=2&key={encoded}", server.uri());
    let first =
        json!({ "total": "4", "next": next, "jobs": [ad("a", json!({})), ad("b", json!({})) ] });
    let answer = |page: Json| {
        let etag = format!("\"{TOKEN}\"");
        ResponseTemplate::new(200)
            .set_body_json(page)
            .insert_header("etag", etag.as_str())
    };
    let page = |number: &str| {
        Mock::given(method("GET"))
            .and(path("/jobs"))
            .and(query_param("page", number))
    };
    page("2").respond_with(answer(second)).mount(&server).await;
    Mock::given(method("GET"))
        .and(path("/jobs"))
        .respond_with(answer(first))
        .with_priority(9)
        .mount(&server)
        .await;
    server
}

struct Said {
    words: String,
    code: Option<i32>,
    text: String,
}

fn weir(lab: &Lab, server: &MockServer, words: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(words.split(' '))
        .current_dir(&lab.folder);
    command
        .env("DATABASE_URL", lab.bench.url())
        .env("URL", server.uri());
    command
        .env("BOARD_TOKEN", TOKEN)
        .env("USER", "ada")
        .env_remove("COLUMNS");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .concat();
    Said {
        words: words.to_owned(),
        code: output.status.code(),
        text,
    }
}

/// The forms of the token that nobody may see.
fn forms() -> Vec<String> {
    let encoded: String = url::form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect();
    vec![
        TOKEN.to_owned(),
        encoded,
        TOKEN.replace('&', "&amp;"),
        TOKEN.replace('/', "\\/"),
    ]
}

fn assert_clean(what: &str, text: &str) {
    let unsafe_at = text
        .char_indices()
        .find(|(_, c)| is_unsafe(*c) && !matches!(c, '\n' | '\t'));
    assert_eq!(
        unsafe_at,
        None,
        "{what} prints it raw:\n{}",
        text.escape_debug()
    );
    assert_no_secret(what, text);
}

fn assert_no_secret(what: &str, text: &str) {
    for form in forms() {
        assert!(
            !text.contains(&form),
            "{what} shows the secret as `{form}`:\n{text}"
        );
    }
}

const AT: &str = "--at 2026-09-01T06:00:00Z";

/// Commands before the run, then after it; each must have something to print.
const COMMANDS: [&str; 38] = [
    "check",
    "preview acme board --count 9",
    "preview acme board --count 9 --json",
    "preview acme board --save",
    "plan acme",
    "plan acme --jobs --html plan.html",
    "plan acme --json",
    "run --dry-run --json",
    "run",
    "run --json",
    "run --log debug",
    "run --log trace --log-format json",
    "report",
    "report --json",
    "report --runs",
    "report --format markdown --out report.md",
    "failures list",
    "failures list --json",
    "failures show 3",
    "holds list",
    "holds list --json",
    "companies list",
    "companies unmatched",
    "companies unmatched --json",
    "companies export",
    "history board:a",
    "why board:a",
    "why board:c --json",
    "export jobs",
    "export history",
    "graph acme",
    "graph acme --format html --out graph.html",
    "graph acme --format svg --out graph.svg",
    "graph acme --format mermaid",
    "graph acme --format json",
    "rehearse --html rehearsal.html",
    "audit",
    "rules log",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hostile_and_no_secret_leaves_by_any_command() {
    let (lab, server) = (Lab::new().await, board().await);
    lab.write("institutions/acme.yaml", ACME);
    let clocked = [
        "plan acme",
        "plan acme --jobs --html plan.html",
        "plan acme --json",
        "run",
        "run --json",
        "run --log debug",
        "run --log trace --log-format json",
    ];
    for words in COMMANDS {
        let at = if clocked.contains(&words) || words.starts_with("run") {
            format!("{words} {AT}")
        } else {
            words.to_owned()
        };
        let said = weir(&lab, &server, &at);
        assert!(
            said.code != Some(101) && !said.text.is_empty(),
            "`{}`: {:?}",
            said.words,
            said.code
        );
        assert_clean(
            &format!("`weir {}` ({:?})", said.words, said.code),
            &said.text,
        );
    }
    let csv = weir(&lab, &server, "export jobs --format csv");
    assert_no_secret("CSV", &csv.text);
    assert!(
        csv.text.contains("'=cmd|") && !csv.text.contains(",=cmd"),
        "{}",
        csv.text
    );
    files_are_clean(&lab.folder);
    tables_are_clean(&lab).await;
    lab.bench.drop().await;
}

/// Pages and drawings, recordings, and what is left in `.weir`.
fn files_are_clean(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_are_clean(&path);
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let name = path.display().to_string();
        let is_page = ["html", "svg", "md"]
            .iter()
            .any(|ending| name.ends_with(ending));
        if is_page {
            assert_clean(&name, &text);
        } else {
            assert_no_secret(&name, &text);
        }
    }
}

/// Every row of every table, as text.
async fn tables_are_clean(lab: &Lab) {
    let mut connection = sqlx::PgConnection::connect(&lab.bench.url()).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() > 10);
    for table in tables {
        let sql = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_no_secret(&format!("table `{table}`"), &rows);
    }
}

/// The crawl goes on with the secret that it does not show.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_echoes_the_token_is_read_to_its_end() {
    let (lab, server) = (Lab::new().await, board().await);
    lab.write("institutions/acme.yaml", ACME);
    let said = weir(&lab, &server, &format!("run {AT}"));
    let jobs = lab
        .texts("SELECT title FROM jobs ORDER BY original_id")
        .await;
    assert_eq!(jobs.len(), 2, "{}", said.text);
    assert!(
        jobs[0].contains("${BOARD_TOKEN}") && jobs[0].contains('\u{202e}'),
        "{jobs:?}"
    );
    let documents = lab
        .texts("SELECT count(*)::text FROM staging_documents")
        .await;
    assert_eq!(documents, ["4"], "{}", said.text);
    lab.bench.drop().await;
}
