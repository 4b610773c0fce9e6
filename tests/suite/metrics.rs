//! Figures for machines: what they say is what the tables say, a scrape reads no job, and the
//! dashboard and the rules for Prometheus name nothing that does not exist.

use crate::lab::{Lab, Step};
use sqlx::{Connection, PgConnection};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use weir::report::metrics::FAMILIES;

const YAML: &str = "institution: acme
timezone: UTC
schedule: \"0 5 * * *\"
sources:
  board:
    fetch: { file: { path: data/board.json } }
    id: $.id
    job: { title: $.title, close_date: { from: $.close, as: date } }
require: { title: { type: string, minLength: 3 } }
missing: { after: 1, apart: 1h, at_most: 100% }
";

/// Two days of a board: three ads, one of them refused; then one is gone and one is new.
async fn two_days() -> Lab {
    let lab = Lab::new().await;
    lab.write("institutions/acme.yaml", YAML);
    let days = [
        (
            "2026-09-01",
            r#"[{"id":1,"title":"Nurse"},{"id":2,"title":"Cook"},{"id":3,"title":"x"}]"#,
        ),
        (
            "2026-09-02",
            r#"[{"id":1,"title":"Nurse"},{"id":4,"title":"Clerk"},{"id":3,"title":"x"}]"#,
        ),
    ];
    for (day, ads) in days {
        lab.write("data/board.json", ads);
        lab.run(&Step::new(&format!("{day}T05:00:00Z"), &[])).await;
    }
    lab
}

fn weir(lab: &Lab, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("--project").arg(&lab.folder).args(words);
    command.env("DATABASE_URL", lab.bench.url());
    command.output().unwrap()
}

fn scraped(lab: &Lab) -> String {
    let output = weir(
        lab,
        &["metrics", "--at", "2026-09-03T07:00:00Z", "--allow-future"],
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_those_of_the_runs() {
    let lab = two_days().await;
    let text = scraped(&lab);
    let board = "institution=\"acme\",source=\"board\"";
    let expected = [
        format!("weir_documents_processed_total{{{board}}} 6.0"),
        format!("weir_jobs_processed_total{{{board},outcome=\"created\"}} 3.0"),
        format!("weir_jobs_processed_total{{{board},outcome=\"archived\"}} 1.0"),
        format!("weir_jobs_processed_total{{{board},outcome=\"rejected\"}} 2.0"),
        format!("weir_jobs_open{{{board}}} 2.0"),
        format!("weir_reads_total{{{board},state=\"complete\"}} 2.0"),
        format!("weir_source_last_complete_timestamp_seconds{{{board}}} 1788325200.0"),
        format!("weir_stage_jobs_total{{{board},stage=\"validate\"}} 4.0"),
        format!("weir_stage_refused_total{{{board},stage=\"validate\"}} 1.0"),
        format!("weir_stage_duration_seconds_count{{{board},stage=\"validate\"}} 2"),
        format!("weir_stage_duration_seconds_bucket{{le=\"+Inf\",{board},stage=\"validate\"}} 2"),
        "weir_runs_total{institution=\"acme\",status=\"done\"} 2.0".to_owned(),
        "weir_institution_late_seconds{institution=\"acme\"} 7200.0".to_owned(),
        "weir_institution_next_due_timestamp_seconds{institution=\"acme\"} 1788498000.0".to_owned(),
        "# TYPE weir_database_bytes gauge".to_owned(),
        "# EOF".to_owned(),
    ];
    let lines: Vec<&str> = text.lines().collect();
    for line in expected {
        assert!(lines.contains(&line.as_str()), "no `{line}` in\n{text}");
    }
    assert!(!text.contains("Nurse"), "{text}");
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_by_day_agree_with_the_tables() {
    let lab = two_days().await;
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let by_hand = [
        (
            "SELECT day || ' ' || documents || ' ' || created || ' ' || archived || ' ' || rejected FROM metric_jobs_per_day ORDER BY day",
            vec!["2026-09-01 3 2 0 1", "2026-09-02 3 1 1 1"],
        ),
        (
            "SELECT day || ' ' || jobs || ' ' || refused || ' ' || COALESCE(error_ratio::text, '-') FROM metric_error_rates WHERE stage = 'validate' ORDER BY day",
            vec!["2026-09-01 3 1 0.333333", "2026-09-02 1 0 0.000000"],
        ),
        (
            "SELECT source_id || ' ' || day || ' ' || reason || ' ' || jobs || ' ' || average_days_open FROM metric_archival",
            vec!["board 2026-09-02 missing 1 1.00"],
        ),
        (
            "SELECT source_id || ' ' || last_read_state || ' ' || last_items FROM metric_source_freshness",
            vec!["board complete 3"],
        ),
        (
            "SELECT (count(*) > 0)::text FROM metric_processing_time t JOIN run_stages s ON s.stage = t.stage AND s.rows_in = t.jobs
             WHERE t.milliseconds_per_job = round(s.micros / 1000.0 / NULLIF(s.rows_in, 0), 6)",
            vec!["true"],
        ),
        (
            "SELECT (max(growth) >= 0)::text FROM metric_database_size WHERE table_name = 'all' AND day = '2026-09-02'",
            vec!["true"],
        ),
    ];
    for (sql, expected) in by_hand {
        let found: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        assert_eq!(found, expected, "{sql}");
    }
    connection.close().await.unwrap();
    lab.bench.drop().await;
}

/// Everything that runs add to.
const TALLIES: [&str; 5] = [
    "source_tallies",
    "stage_tallies",
    "stage_durations",
    "run_tallies",
    "database_sizes",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_counts_what_ran_before_as_the_runs_would_have() {
    let lab = two_days().await;
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let mut dump = async || {
        let mut out = String::new();
        for table in TALLIES {
            let sql = format!("SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1");
            let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            out += &format!("{table}\n{}\n", rows.join("\n"));
        }
        out
    };
    let counted = dump().await;
    let migration = std::fs::read_to_string("migrations/0020_alerts.sql").unwrap();
    let (_, rest) = migration
        .split_once("-- What ran before this is counted, too.")
        .unwrap();
    let (fill, _) = rest.split_once("-- Alerts.").unwrap();
    let anew = format!("TRUNCATE {};{fill}", TALLIES.join(", "));
    let mut other = PgConnection::connect(&lab.bench.url()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(anew))
        .execute(&mut other)
        .await
        .unwrap();
    assert_eq!(counted, dump().await);
    connection.close().await.unwrap();
    other.close().await.unwrap();
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_reads_neither_jobs_nor_ads() {
    let lab = two_days().await;
    let before = scraped(&lab);
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    for table in [
        "published_jobs",
        "superseded_versions",
        "ad_states",
        "raw_documents",
        "staging_jobs",
    ] {
        let sql = format!("ALTER TABLE {table} RENAME TO away_{table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let of_runs = |text: &str| -> Vec<String> {
        let is_of_runs =
            |line: &&str| !line.starts_with("weir_table") && !line.starts_with("weir_database");
        text.lines().filter(is_of_runs).map(str::to_owned).collect()
    };
    assert_eq!(of_runs(&before), of_runs(&scraped(&lab)));
    connection.close().await.unwrap();
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_file_is_replaced_as_a_whole() {
    let lab = two_days().await;
    let words = ["metrics", "--textfile", "weir.prom"];
    assert_eq!(weir(&lab, &words).status.code(), Some(0));
    lab.write("weir.prom", "half of an old fi");
    assert_eq!(weir(&lab, &words).status.code(), Some(0));
    let text = std::fs::read_to_string(lab.folder.join("weir.prom")).unwrap();
    assert!(
        text.starts_with("# HELP weir_build_info") && text.ends_with("# EOF\n"),
        "{text}"
    );
    let names = std::fs::read_dir(&lab.folder).unwrap().flatten();
    let left: Vec<_> = names
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().ends_with(".new"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let nowhere = weir(&lab, &["metrics", "--textfile", "no/such/folder/weir.prom"]);
    assert_eq!(nowhere.status.code(), Some(1));
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_serves_them() {
    let lab = two_days().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command
        .arg("--project")
        .arg(&lab.folder)
        .args(["serve", "--listen", "127.0.0.1:0"]);
    let mut server = command
        .env("DATABASE_URL", lab.bench.url())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(server.stderr.take().unwrap());
    let address = said
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split("http://").nth(1).map(str::to_owned))
        .unwrap();
    let mut stream = TcpStream::connect(address.trim()).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.0 200") && answer.contains("application/openmetrics-text"),
        "{answer}"
    );
    assert!(
        answer.contains("weir_runs_total{institution=\"acme\",status=\"done\"} 2.0"),
        "{answer}"
    );
    let pid = nix::unistd::Pid::from_raw(i32::try_from(server.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert!(server.wait().unwrap().success());
    lab.bench.drop().await;
}

/// The names of metrics in a text, as samples carry them.
fn named(text: &str) -> Vec<String> {
    let name = regex::Regex::new(r"\bweir_[a-z0-9_]+").unwrap();
    let mut names: Vec<String> = name
        .find_iter(text)
        .map(|found| found.as_str().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The names of all samples.
fn samples() -> Vec<String> {
    let of = |family: &weir::report::metrics::MetricFamily| {
        let endings: &[&str] = match family.kind.as_str() {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        endings
            .iter()
            .map(|ending| format!("{}{ending}", family.name))
            .collect::<Vec<_>>()
    };
    FAMILIES.iter().flat_map(of).collect()
}

#[test]
fn the_dashboard_and_the_rules_name_metrics_that_exist() {
    let known = samples();
    for file in [
        "dashboards/weir.json",
        "dashboards/prometheus-rules.yaml",
        "docs/metrics.md",
    ] {
        let text = std::fs::read_to_string(file).unwrap();
        let names = named(&text);
        assert!(names.len() > 5, "{file}: the search is broken: {names:?}");
        let strays: Vec<&String> = names.iter().filter(|name| !known.contains(name)).collect();
        assert!(strays.is_empty(), "{file} names {strays:?}");
    }
    let board: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string("dashboards/weir.json").unwrap()).unwrap();
    let panels = board["panels"].as_array().unwrap();
    assert!(
        panels
            .iter()
            .all(|panel| panel["title"].is_string() && panel["gridPos"].is_object())
    );
}

#[test]
fn the_rules_for_prometheus_are_whole() {
    let text = std::fs::read_to_string("dashboards/prometheus-rules.yaml").unwrap();
    let mut found = weir::diagnostic::Diagnostics::new();
    let tree = weir::yaml::parse("dashboards/prometheus-rules.yaml", &text, &mut found).unwrap();
    assert!(!found.has_errors());
    let json = tree.to_json();
    let rules: Vec<&serde_json::Value> = json["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .collect();
    assert!(rules.len() >= 8);
    for rule in rules {
        let has = |path: &str| {
            rule.pointer(path)
                .is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty()))
        };
        for path in [
            "/alert",
            "/expr",
            "/for",
            "/labels/severity",
            "/annotations/summary",
        ] {
            assert!(has(path), "{rule} lacks {path}");
        }
        let expr = rule["expr"].as_str().unwrap();
        for (open, close) in [('(', ')'), ('{', '}'), ('[', ']')] {
            assert_eq!(
                expr.matches(open).count(),
                expr.matches(close).count(),
                "{expr}"
            );
        }
    }
}

#[test]
fn the_reference_of_metrics_is_what_the_program_says() {
    let head = "# Metrics\n\nGenerated: every metric of `/metrics` and `weir metrics`. Do not edit by hand; docs/metrics.md explains them.\n\n";
    let page = format!("{head}{}", weir::report::metrics::reference());
    crate::promises::expect(Path::new("docs/reference/metrics.md"), &page);
}
