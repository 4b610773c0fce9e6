//! Databases that are not ours alone: another encoding, other schemas, roles with few rights, few
//! connections, poolers, odd certificates, proxies that cut or freeze. The samples either run as
//! they do anywhere, or one sentence says why not, before anything is published.

use crate::bench::{Bench, difference, dump, environment};
use crate::cluster::{Cluster, Pgbouncer, Proxy, have};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A copy of the sample project.
pub struct Samples(pub tempfile::TempDir);

impl Samples {
    pub fn new() -> Samples {
        let folder = tempfile::tempdir().unwrap();
        for part in [
            "institutions",
            "pipelines",
            "rules",
            "lists",
            "frameworks",
            "connectors",
            "samples",
            "weir.yaml",
        ] {
            let copied = Command::new("cp")
                .arg("-r")
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(part))
                .arg(folder.path())
                .status();
            assert!(copied.unwrap().success());
        }
        Samples(folder)
    }

    fn weir(&self, url: &str, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command
            .arg("--project")
            .arg(self.0.path())
            .args(words)
            .env("DATABASE_URL", url)
            .env("USER", "ada")
            .output()
            .unwrap()
    }

    /// A command that must end well; what it prints.
    fn done(&self, url: &str, words: &[&str]) -> String {
        let output = self.weir(url, words);
        let (out, said) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{words:?}: {out}{said}");
        out
    }

    /// A command that is refused before anything is attempted: one sentence, with its remedy.
    fn refused(&self, url: &str, words: &[&str]) -> String {
        let output = self.weir(url, words);
        let said = text(&output.stderr);
        let told: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("error:") || line.starts_with("help:"))
            .collect();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(
            told.len() == 2 && told[1].starts_with("help: "),
            "{words:?}: {said}"
        );
        told.join("\n")
    }

    /// Three days of the samples; on the second a file is cut off, and on the third most ads of
    /// that board are gone: it says so.
    fn days(&self, url: &str) {
        for day in ["1", "2", "3"] {
            let output = self.day(url, day);
            let (out, said) = (text(&output.stdout), text(&output.stderr));
            let is_as_ever = output.status.code() == Some(if day == "1" { 0 } else { 1 })
                && out.matches("complete").count() == if day == "2" { 4 } else { 5 };
            let is_expected =
                |line: &str| day != "1" && line.starts_with("error: vic-gov/careers-vic: ");
            let is_silent = said
                .lines()
                .all(|line| !line.contains("error") || is_expected(line));
            assert!(is_as_ever && is_silent, "day {day}: {out}{said}");
        }
    }

    fn day(&self, url: &str, day: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        let at = format!("2026-09-0{day}T06:00:00+10:00");
        command
            .arg("--project")
            .arg(self.0.path())
            .args(["run", "--at", &at])
            .env("DATABASE_URL", url)
            .env("DAY", day)
            .output()
            .unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const DAY_1: [&str; 3] = ["run", "--at", "2026-09-01T06:00:00+10:00"];

static ROLES: AtomicU32 = AtomicU32::new(0);

/// A name for a role: roles belong to the whole server.
fn role_name(kind: &str) -> String {
    format!(
        "{kind}_{}_{}",
        std::process::id(),
        ROLES.fetch_add(1, Ordering::Relaxed)
    )
}

/// The same database as another role.
fn as_role(url: &str, role: &str) -> String {
    url.replace("postgres@localhost", &format!("{role}@localhost"))
}

async fn sql(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
    connection.close().await.unwrap();
}

async fn count(url: &str, query: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let count = sqlx::query_scalar(AssertSqlSafe(query))
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    count
}

/// What the samples come to where nothing is in the way.
async fn expected() -> &'static str {
    EXPECTED.get_or_init(three_days).await
}

static EXPECTED: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();

async fn three_days() -> String {
    let bench = Bench::new().await;
    Samples::new().days(&bench.url());
    let dump = dump(&bench.url()).await;
    bench.drop().await;
    dump
}

#[tokio::test(flavor = "multi_thread")]
async fn only_utf8_is_taken() {
    let samples = Samples::new();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let bench = Bench::with(&format!(
            "ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        ))
        .await;
        for words in [&DAY_1[..], &["report"], &["db", "migrate"]] {
            let said = samples.refused(&bench.url(), words);
            assert!(
                said.contains(&format!("stores text as {encoding}"))
                    && said.contains("ENCODING 'UTF8'"),
                "{said}"
            );
        }
        assert_eq!(
            count(
                &bench.url(),
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            )
            .await,
            0
        );
        bench.drop().await;
    }
}

/// Commands that read, with words that find something in the samples.
const READING: [&[&str]; 16] = [
    &["report"],
    &["report", "--runs"],
    &["plan"],
    &["rehearse", "--all"],
    &["graph", "nsw-gov"],
    &["failures"],
    &["failures", "list"],
    &["failures", "resolved"],
    &["holds", "list", "--all"],
    &["history", "nsw-gov/nswgov:601245"],
    &["why", "nsw-gov/nswgov:601245"],
    &["rules", "log"],
    &["audit"],
    &["export", "jobs", "--format", "csv"],
    &["db", "tables"],
    &["db", "status"],
];

#[tokio::test(flavor = "multi_thread")]
async fn rows_need_dml_reading_needs_select_and_what_is_missing_is_named() {
    let (samples, bench) = (Samples::new(), Bench::new().await);
    let (writer, reader, nobody) = (
        role_name("writer"),
        role_name("reader"),
        role_name("nobody"),
    );
    let setup = format!(
        "CREATE ROLE {writer} LOGIN; CREATE ROLE {reader} LOGIN; CREATE ROLE {nobody} LOGIN;
         GRANT USAGE ON SCHEMA public TO {writer}, {reader};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {writer};
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}"
    );
    sql(&bench.url(), &setup).await;
    let url = |role: &str| as_role(&bench.url(), role);
    samples.days(&url(&writer));
    for words in READING {
        samples.done(&url(&reader), words);
    }
    let output = samples.weir(
        &url(&writer),
        &["rollback", "1", "--dry-run", "--at", "2026-09-04"],
    );
    assert!(
        !text(&output.stderr).contains("error"),
        "{}",
        text(&output.stderr)
    );
    for words in [
        &["run"][..],
        &["run", "--dry-run"],
        &["retire", "vic-gov", "--reason", "r"],
    ] {
        let said = samples.refused(&url(&reader), words);
        assert!(
            said.contains("may not write") && said.contains("GRANT SELECT, INSERT, UPDATE, DELETE"),
            "{said}"
        );
    }
    let said = samples.refused(&url(&nobody), &["report"]);
    assert!(
        said.contains("may not read") && said.contains("GRANT SELECT ON ALL TABLES"),
        "{said}"
    );
    // Tables of an older Weir: who may change them does, who reads says so.
    sql(
        &bench.url(),
        "DELETE FROM _sqlx_migrations WHERE version > 7; DROP TABLE project_claims",
    )
    .await;
    let said = samples.refused(&url(&writer), &["run"]);
    assert!(
        said.contains("from an older Weir") && said.contains("as role `postgres`"),
        "{said}"
    );
    let said = samples.refused(&url(&reader), &["report"]);
    assert!(
        said.contains("from an older Weir") && said.contains("weir db migrate"),
        "{said}"
    );
    sql(
        &bench.url(),
        "INSERT INTO _sqlx_migrations SELECT 9999, 'tomorrow', now(), true, '\\x00', 1",
    )
    .await;
    let said = samples.refused(&bench.url(), &["report"]);
    assert!(said.contains("from a newer Weir: version 9999"), "{said}");
    sql(
        &bench.url(),
        &format!(
            "DROP OWNED BY {writer}, {reader}, {nobody}; DROP ROLE {writer}, {reader}, {nobody}"
        ),
    )
    .await;
    bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_is_filled_by_who_may() {
    let (samples, bench) = (Samples::new(), Bench::with("TEMPLATE template0").await);
    let role = role_name("poor");
    sql(&bench.url(), &format!("CREATE ROLE {role} LOGIN")).await;
    for words in [&["report"][..], &["run"], &["db", "migrate"]] {
        let said = samples.refused(&as_role(&bench.url(), &role), words);
        assert!(
            said.contains("do not exist yet") && said.contains("GRANT CREATE ON SCHEMA"),
            "{said}"
        );
    }
    sql(
        &bench.url(),
        "ALTER DATABASE current SET default_transaction_read_only = on"
            .replace("current", &bench.name)
            .as_str(),
    )
    .await;
    let said = samples.refused(&bench.url(), &["run"]);
    assert!(said.contains("read-only for role `postgres`"), "{said}");
    bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_stand_in_the_schema_that_the_search_path_names() {
    let expected = expected().await;
    let (samples, bench) = (Samples::new(), Bench::with("TEMPLATE template0").await);
    let (url, name) = (bench.url(), bench.name.clone());
    sql(&url, "DROP SCHEMA public; CREATE SCHEMA \"odd \"\"name\"").await;
    let said = samples.refused(&url, &["run"]);
    assert!(
        said.contains("no schema of the search path") && said.contains("CREATE SCHEMA weir"),
        "{said}"
    );
    sql(
        &url,
        &format!("ALTER DATABASE {name} SET search_path = missing, \"odd \"\"name\""),
    )
    .await;
    samples.days(&url);
    assert_eq!(difference(expected, &dump(&url).await), None);
    // A schema that comes to stand before it does not hide the tables.
    sql(&url, &format!("CREATE SCHEMA missing; ALTER DATABASE {name} SET search_path = missing, \"odd \"\"name\"")).await;
    assert!(samples.done(&url, &["report"]).contains("nsw-gov"));
    assert!(samples.done(&url, &["db", "tables"]).contains("## jobs"));
    bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_another_program_is_left_alone() {
    let samples = Samples::new();
    for tables in [
        "CREATE TABLE jobs (id int)",
        "CREATE TABLE _sqlx_migrations AS SELECT 1::bigint AS version, 'users' AS description, '\\x00'::bytea AS checksum",
    ] {
        let bench = Bench::with("TEMPLATE template0").await;
        sql(&bench.url(), tables).await;
        let said = samples.refused(&bench.url(), &["run"]);
        assert!(said.contains("belongs to another program"), "{said}");
        bench.drop().await;
    }
}

/// What a role or a database has set changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn settings_of_others_change_nothing() {
    let expected = expected().await;
    let (samples, bench) = (Samples::new(), Bench::with("TEMPLATE template0").await);
    let settings = [
        "default_transaction_isolation = serializable",
        "default_transaction_deferrable = on",
        "statement_timeout = '1ms'",
        "lock_timeout = '1ms'",
        "idle_session_timeout = '1ms'",
        "idle_in_transaction_session_timeout = '1ms'",
        "timezone = 'Asia/Kathmandu'",
        "datestyle = 'German'",
        "intervalstyle = 'iso_8601'",
        "bytea_output = 'escape'",
        "extra_float_digits = -10",
    ];
    for setting in settings.iter().filter(|setting| !setting.contains("'1ms'")) {
        sql(
            &bench.url(),
            &format!("ALTER DATABASE {} SET {setting}", bench.name),
        )
        .await;
    }
    // A role that may hardly do anything at a time: a session is set up before the limit strikes.
    sql(
        &bench.url(),
        &format!(
            "ALTER DATABASE {} SET idle_session_timeout = '1s'",
            bench.name
        ),
    )
    .await;
    samples.days(&bench.url());
    sql(
        &bench.url(),
        &format!("ALTER DATABASE {} RESET ALL", bench.name),
    )
    .await;
    assert_eq!(difference(expected, &dump(&bench.url()).await), None);
    bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn few_connections_are_enough_or_the_command_says_what_it_needs() {
    let expected = expected().await;
    let (samples, bench) = (Samples::new(), Bench::new().await);
    let role = role_name("few");
    sql(&bench.url(), &format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 2; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")).await;
    let url = as_role(&bench.url(), &role);
    samples.days(&url);
    assert_eq!(difference(expected, &dump(&bench.url()).await), None);
    let said = samples.refused(&url, &["run", "--dry-run"]);
    assert!(
        said.contains("needs 3 connections")
            && said.contains("the connection limit of the role leaves only 2"),
        "{said}"
    );
    let hold = samples
        .done(&url, &["holds", "list"])
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    samples.done(
        &url,
        &[
            "holds",
            "release",
            &hold,
            "--reason",
            "r",
            "--at",
            "2026-09-04",
        ],
    );
    sql(
        &bench.url(),
        &format!("ALTER ROLE {role} CONNECTION LIMIT 3"),
    )
    .await;
    samples.done(&url, &["run", "--dry-run", "--at", "2026-09-04"]);
    sql(
        &bench.url(),
        &format!("ALTER ROLE {role} CONNECTION LIMIT 1"),
    )
    .await;
    for words in READING {
        samples.done(&url, words);
    }
    sql(
        &bench.url(),
        &format!("DROP OWNED BY {role}; DROP ROLE {role}"),
    )
    .await;
    bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_is_said_once_and_the_next_run_goes_on() {
    let expected = expected().await;
    let (samples, bench) = (Samples::new(), Bench::new().await);
    for bytes in [0, 300, 2_000, 6_000, 20_000, 40_000] {
        let proxy = Proxy::cutting(&bench.url(), bytes).await;
        let output = samples.day(&proxy.url(&bench.name), "1");
        let said = text(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(1 | 2))
                && said.contains("error: ")
                && !said.contains("panicked"),
            "{bytes}: {said}"
        );
    }
    samples.days(&bench.url());
    assert_eq!(
        count(
            &bench.url(),
            "SELECT count(*) FROM source_reads WHERE state = 'reading'"
        )
        .await,
        0
    );
    assert_eq!(difference(expected, &dump(&bench.url()).await), None);
    bench.drop().await;
}

/// A client that has gone half-open before it has said anything of weight keeps nobody waiting.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_connection_keeps_nobody_waiting() {
    let (samples, bench) = (Samples::new(), Bench::with("TEMPLATE template0").await);
    samples.done(&bench.url(), &["db", "migrate"]);
    let mut frozen = Vec::new();
    for bytes in [500, 2_000, 3_500, 5_000] {
        let proxy = Proxy::freezing(&bench.url(), bytes).await;
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command
            .arg("--project")
            .arg(samples.0.path())
            .args(DAY_1)
            .env("DATABASE_URL", proxy.url(&bench.name));
        let child = command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        proxy.is_frozen().await;
        frozen.push((child, proxy));
    }
    samples.done(&bench.url(), &["report"]);
    samples.done(&bench.url(), &["db", "migrate"]);
    for (mut child, _) in frozen {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    bench.drop().await;
}

/// Whoever makes the tables and does not end is named.
#[tokio::test(flavor = "multi_thread")]
async fn who_holds_an_institution_is_named_without_special_rights() {
    let (samples, bench) = (Samples::new(), Bench::new().await);
    let role = role_name("plain");
    sql(
        &bench.url(),
        &format!("CREATE ROLE {role} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"),
    )
    .await;
    let store = weir::store::Store::open(&bench.url(), 2, "process 7 on elsewhere")
        .await
        .unwrap();
    let lock = weir::store::runs::InstitutionLock::try_take(
        &store,
        weir::plan::compile::institution_id("vic-gov"),
    )
    .await
    .unwrap()
    .unwrap();
    let output = samples.weir(
        &as_role(&bench.url(), &role),
        &["run", "vic-gov", "--at", "2026-09-01"],
    );
    let said = text(&output.stderr);
    assert!(
        said.contains("`vic-gov` is being run by process 7 on elsewhere (session "),
        "{said}"
    );
    lock.release().await;
    store.close().await;
    sql(
        &bench.url(),
        &format!("DROP OWNED BY {role}; DROP ROLE {role}"),
    )
    .await;
    bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_gives_sessions_or_is_refused() {
    if !have("pgbouncer") {
        return;
    }
    let expected = expected().await;
    let samples = Samples::new();
    for size in [3, 20] {
        let bench = Bench::new().await;
        let pooler = Pgbouncer::start(&bench.url(), &bench.name, "session", size);
        samples.days(&pooler.url());
        samples.done(&pooler.url(), &["report"]);
        drop(pooler);
        assert_eq!(
            difference(expected, &dump(&bench.url()).await),
            None,
            "pool of {size}"
        );
        bench.drop().await;
    }
    let bench = Bench::new().await;
    for mode in ["transaction", "statement"] {
        for size in [1, 20] {
            let pooler = Pgbouncer::start(&bench.url(), &bench.name, mode, size);
            for words in [&DAY_1[..], &["report"]] {
                let said = samples.refused(&pooler.url(), words);
                assert!(
                    said.contains("shares sessions among clients")
                        && said.contains("pool_mode = session"),
                    "{mode}: {said}"
                );
            }
        }
    }
    assert_eq!(count(&bench.url(), "SELECT count(*) FROM runs").await, 0);
    bench.drop().await;
}

/// A server of its own: five connections in all, three of them reserved, and a certificate of X.509
/// v1.
#[tokio::test(flavor = "multi_thread")]
async fn five_connections_and_an_old_certificate_are_enough() {
    if !have("openssl") {
        return;
    }
    let expected = expected().await;
    let samples = Samples::new();
    let cluster = Cluster::certified(
        &environment(),
        &["max_connections=5", "superuser_reserved_connections=3"],
    );
    for statement in [
        "CREATE ROLE plain LOGIN",
        "CREATE DATABASE weir OWNER plain",
    ] {
        sql(&cluster.url("postgres", "postgres", "disable"), statement).await;
    }
    samples.days(&cluster.url("plain", "weir", "prefer"));
    assert_eq!(
        difference(
            expected,
            &dump(&cluster.url("plain", "weir", "disable")).await
        ),
        None
    );
    let said = samples.refused(&cluster.url("plain", "weir", "require"), &["report"]);
    assert!(
        said.contains("certificate") && said.contains("X.509 v3"),
        "{said}"
    );
    let kept = PgConnection::connect(&cluster.url("plain", "weir", "disable"))
        .await
        .unwrap();
    let said = samples.refused(&cluster.url("plain", "weir", "prefer"), &["run"]);
    assert!(
        said.contains("needs 2 connections") && said.contains("`max_connections` = 5"),
        "{said}"
    );
    kept.close().await.unwrap();
}

/// An error whose own text PostgreSQL refuses ends its read like any other, and sends nobody to
/// look at the database.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_a_read_is_recorded() {
    let lab = crate::lab::Lab::new().await;
    let feed = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><jobs><job><id>1</id><title>Diver</title></job></jobs>";
    let wide: Vec<u8> = feed.encode_utf16().flat_map(u16::to_le_bytes).collect();
    lab.write(
        "institutions/acme.yaml",
        concat!(
            "institution: acme\ntimezone: UTC\nsources:\n  wide:\n    fetch: { file: { path: wide.xml, decode: xml, records: \"$.jobs.job[*]\" } }\n",
            "    id: $.id\n    job: { title: $.title }\n"
        ),
    );
    std::fs::write(lab.folder.join("wide.xml"), wide).unwrap();
    let summary = lab
        .run(&crate::lab::Step::new("2026-09-01", &[]))
        .await
        .remove(0);
    assert!(summary.problems.is_empty(), "{:?}", summary.problems);
    assert_eq!(
        lab.texts(
            "SELECT count(*)::text FROM source_reads WHERE state = 'reading' OR finished_at IS NULL"
        )
        .await,
        ["0"]
    );
    // A read whose process died is marked by the next run.
    lab.texts(
        "UPDATE source_reads SET state = 'reading', finished_at = NULL, why = NULL RETURNING ''",
    )
    .await;
    lab.run(&crate::lab::Step::new("2026-09-02", &[])).await;
    assert_eq!(
        lab.texts("SELECT why FROM source_reads WHERE at < '2026-09-02'")
            .await,
        ["the process died"]
    );
    lab.bench.drop().await;
}
