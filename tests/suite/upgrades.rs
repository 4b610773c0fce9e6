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

/// A lab whose database is as another version left it.
async fn left_by(folder: &Path) -> Lab {
    let bench = Bench::with("").await;
    let mut connection = PgConnection::connect(&bench.url()).await.unwrap();
    let dump = std::fs::read_to_string(folder.join("dump.sql")).unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(dump))
        .execute(&mut connection)
        .await
        .unwrap();
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
