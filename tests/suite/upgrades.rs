//! Databases of older versions: the first run over an unchanged feed derives once more at most,
//! writes no version, and blames nobody.

use crate::bench::Bench;
use crate::lab::{Lab, Step};
use sqlx::{Connection, PgConnection};
use std::path::Path;
use weir::store::Store;

async fn texts(lab: &Lab, sql: &'static str) -> Vec<String> {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    sqlx::query_scalar(sql)
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// A database as another version left it.
async fn dumped_by(folder: &Path) -> Bench {
    let bench = Bench::with("").await;
    let dump = std::fs::read_to_string(folder.join("dump.sql")).unwrap();
    execute(&bench.url(), &dump).await;
    bench
}

/// A lab whose database is as another version left it, and migrated.
async fn left_by(folder: &Path) -> Lab {
    let bench = dumped_by(folder).await;
    Store::open(&bench.url(), 2, "the upgrade")
        .await
        .unwrap()
        .close()
        .await;
    let lab = Lab::on(bench);
    lab.lay_over(&folder.join("project"));
    lab
}

const HISTORY: &str = "SELECT concat_ws(' ', source_id, original_id, version, change_type, change_reason) FROM jobs_history ORDER BY 1";
const WAITING: &str =
    "SELECT concat_ws(' ', kind, subject, opened_run, closed_at) FROM holds ORDER BY 1";
const BLAMED: &str = "SELECT message FROM alerts WHERE run_id > 3 ORDER BY 1";

#[tokio::test]
async fn an_unchanged_feed_changes_nothing_after_an_upgrade() {
    for folder in std::fs::read_dir("tests/upgrades")
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
    {
        let lab = left_by(&folder.path()).await;
        let before = (texts(&lab, HISTORY).await, texts(&lab, WAITING).await);
        for day in ["2026-10-04", "2026-10-05"] {
            let summary = lab.run(&Step::new(day, &[])).await.remove(0);
            let total = &summary.total;
            assert_eq!(
                (total.created, total.updated, total.reopened, total.archived),
                (0, 0, 0, 0),
                "{}",
                folder.path().display()
            );
        }
        assert_eq!(
            (texts(&lab, HISTORY).await, texts(&lab, WAITING).await),
            before
        );
        assert!(texts(&lab, BLAMED).await.is_empty());
    }
}

#[tokio::test]
async fn what_was_taken_back_waits_until_somebody_edits_what_derives_it() {
    let lab = left_by(Path::new("tests/upgrades/debug-forms")).await;
    lab.run(&Step::new("2026-10-04", &[])).await;
    let file = lab.folder.join("institutions/acme.yaml");
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replace("N: North", "N: Northern");
    std::fs::write(file, text).unwrap();
    let total = &lab.run(&Step::new("2026-10-05", &[])).await[0]
        .total
        .clone();
    assert_eq!((total.updated, total.reopened), (2, 1));
    let reasons = texts(
        &lab,
        "SELECT change_reason FROM jobs_history WHERE version > 1 AND run_id = 5 ORDER BY 1",
    );
    assert!(
        reasons
            .await
            .iter()
            .any(|reason| reason.contains("mapping of unit changed"))
    );
}

/// What others read of jobs, versions and documents. The newest version shows the newest values of
/// the fields that refresh without a version; it did not before. Columns that a migration adds are
/// empty, and left out.
const READ: [&str; 4] = [
    "SELECT jsonb_strip_nulls(to_jsonb(t) - 'refreshed_at')::text FROM jobs t ORDER BY 1",
    "SELECT jsonb_strip_nulls(to_jsonb(t) - '{source_url,recruiter,locations}'::text[])::text FROM jobs_history t ORDER BY 1",
    "SELECT to_jsonb(t)::text FROM staging_documents t ORDER BY 1",
    "SELECT to_jsonb(t)::text FROM job_changes t ORDER BY 1",
];

async fn all_rows(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut rows: Vec<String> = Vec::new();
    for sql in READ {
        let read = sqlx::query_scalar(sql).fetch_all(&mut connection).await;
        rows.extend(read.unwrap());
    }
    rows.join("\n")
}

fn assert_equal(expected: &str, found: &str, what: &str) {
    let difference = crate::bench::difference(expected, found);
    assert!(
        difference.is_none(),
        "{what}:\n{}",
        difference.unwrap_or_default()
    );
}

#[tokio::test]
async fn a_migration_changes_no_row_that_others_read() {
    for folder in [
        "tests/upgrades/content-thrice",
        "tests/upgrades/debug-forms",
    ] {
        let bench = dumped_by(Path::new(folder)).await;
        let before = all_rows(&bench.url()).await;
        let store = Store::open(&bench.url(), 2, "the upgrade").await.unwrap();
        store.close().await;
        assert_equal(&before, &all_rows(&bench.url()).await, folder);
    }
}

/// A dump without what an older Weir did not record, or recorded in another way.
fn comparable(dump: &str) -> String {
    let other = r#""(processed_at|fingerprint|derived_fingerprint|refreshed_at)": ("[^"]*"|null)"#;
    let other = regex::Regex::new(other).unwrap();
    let sections = dump
        .split("# ")
        .filter(|section| !section.starts_with("causes\n"));
    other
        .replace_all(&sections.collect::<String>(), "")
        .into_owned()
}

/// Copies the companies of a database to a fresh one. Their ids are made of other text today, and
/// stay as they are in a database of before; their keys are filled in by the first run.
async fn bring_companies(from: &Lab, to: &Lab) {
    for (table, sql) in [
        (
            "institutions",
            "SELECT (to_jsonb(t) - 'last_run_at')::text FROM institutions t",
        ),
        ("companies", "SELECT to_jsonb(t)::text FROM companies t"),
        ("divisions", "SELECT to_jsonb(t)::text FROM divisions t"),
    ] {
        for row in texts(from, sql).await {
            let row = row.replace('\'', "''");
            let insert = format!(
                "INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, '{row}')"
            );
            execute(&to.bench.url(), &insert).await;
        }
    }
}

#[tokio::test]
async fn a_migrated_database_equals_a_fresh_one() {
    let folder = Path::new("tests/upgrades/content-thrice");
    let migrated = left_by(folder).await;
    let fresh = Lab::new().await;
    fresh.lay_over(&folder.join("project"));
    bring_companies(&migrated, &fresh).await;
    for day in 1..=3 {
        let feed = folder.join(format!("project/days/{day}.json"));
        std::fs::copy(feed, fresh.folder.join("feeds/board.json")).unwrap();
        fresh.run(&Step::new(&format!("2026-10-0{day}"), &[])).await;
    }
    execute(
        &fresh.bench.url(),
        "UPDATE companies SET fold_key = NULL; UPDATE divisions SET fold_key = NULL",
    )
    .await;
    let (old, new) = (migrated.dump().await, fresh.dump().await);
    assert_equal(&comparable(&new), &comparable(&old), "a fresh one");
    assert_eq!(migrated.audit().await, [""; 0]);
}

/// Ends the session at the command of a migration whose number the sequence has reached.
const KILLS: &str = "CREATE SCHEMA kills;
    CREATE SEQUENCE kills.left INCREMENT -1 MINVALUE -1000000 MAXVALUE 1000000 START 1;
    CREATE FUNCTION kills.kill() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('kills.left') < 0 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    END $$;
    CREATE EVENT TRIGGER kills ON ddl_command_start EXECUTE FUNCTION kills.kill()";

#[tokio::test]
async fn a_migration_that_is_killed_leaves_all_as_it_was_and_the_next_start_finishes_it() {
    let folder = Path::new("tests/upgrades/content-thrice");
    let (whole, killed) = (left_by(folder).await, dumped_by(folder).await);
    let before = all_rows(&killed.url()).await;
    execute(&killed.url(), KILLS).await;
    let mut kills = 0;
    loop {
        let limit = format!("SELECT setval('kills.left', {})", kills * 9 + 1);
        execute(&killed.url(), &limit).await;
        let opened = Store::open(&killed.url(), 1, "the upgrade").await;
        assert_eq!(
            all_rows(&killed.url()).await,
            before,
            "killed {kills} times"
        );
        let Ok(store) = opened else {
            kills += 1;
            assert!(kills < 200, "the migration never ends");
            continue;
        };
        store.close().await;
        break;
    }
    assert!(kills > 5, "killed {kills} times only");
    execute(
        &killed.url(),
        "DROP EVENT TRIGGER kills; DROP SCHEMA kills CASCADE",
    )
    .await;
    let killed = crate::bench::dump(&killed.url()).await;
    assert_equal(&whole.dump().await, &killed, "one that was not killed");
}
