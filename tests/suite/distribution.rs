//! The tables fit Citus, and `weir db distribute` says what it would do, does it once, and loses
//! nothing. What needs Citus is skipped, with a word, unless `WEIR_TEST_DATABASE` names a database
//! that uses it.

use crate::bench::{Bench, difference};
use crate::lab::{DAILY, Lab, Step};
use sqlx::{Connection, PgConnection};
use weir::store::distribution::{DistributionPlan, TablePlacement, distribute};

const BOARD: &str = "institution: acme\ntimezone: UTC\nsources:\n  board:\n    fetch: { file: { path: feed.json } }\n    id: $.id\n    job: { title: $.title }\nrequire: { title: { type: string } }\n";

fn write_board(lab: &Lab, ads: usize) {
    lab.write("institutions/acme.yaml", BOARD);
    lab.write("pipelines/daily.yaml", DAILY);
    let ads: Vec<String> = (0..ads)
        .map(|n| format!("{{\"id\": {n}, \"title\": \"Post {n}\"}}"))
        .collect();
    lab.write("feed.json", &format!("[{}]", ads.join(",")));
}

async fn plan(lab: &Lab) -> DistributionPlan {
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let plan = DistributionPlan::of(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    plan
}

/// Tables of a placement, as a list of SQL.
async fn placed(lab: &Lab, wanted: TablePlacement) -> Vec<String> {
    let tables = plan(lab).await.tables;
    let of = tables.into_iter().filter(|table| table.wanted == wanted);
    of.map(|table| table.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_fits_where_it_belongs() {
    let lab = Lab::new().await;
    let distributed = placed(&lab, TablePlacement::Distributed).await;
    let coordinator = placed(&lab, TablePlacement::Coordinator).await;
    assert_eq!(
        placed(&lab, TablePlacement::Reference).await,
        ["frameworks", "institutions"]
    );
    assert!(distributed.len() > 40, "{distributed:?}");
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    let unique: Vec<String> = sqlx::query_scalar(
        "SELECT x.indexrelid::regclass::text FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
         WHERE x.indisunique AND c.relname = ANY ($1) AND c.relnamespace = current_schema()::regnamespace AND NOT EXISTS (
           SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (x.indkey) AND a.attname = 'institution_id')",
    )
    .bind(&distributed)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(unique, Vec::<String>::new(), "unique across institutions");
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT f.relname || ': ' || pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
         WHERE k.contype = 'f' AND f.relnamespace = current_schema()::regnamespace AND ((f.relname = ANY ($1) AND t.relname = ANY ($2)) OR (f.relname = ANY ($2) AND NOT t.relname = ANY ($2)))",
    )
    .bind(&distributed)
    .bind(&coordinator)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(keys, Vec::<String>::new(), "keys between machines");
    let triggers: Vec<String> = sqlx::query_scalar(
        "SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relname = ANY ($1)",
    )
    .bind(&distributed)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(triggers, Vec::<String>::new());
    connection.close().await.unwrap();
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_citus_it_says_what_would_move_and_what_is_missing() {
    let lab = Lab::new().await;
    if lab.bench.has_citus().await {
        eprintln!("skipped: the databases of these tests use Citus");
        return lab.bench.drop().await;
    }
    let (code, said) = lab.weir(&["db", "distribute", "--dry-run"]);
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "published_jobs               by institution",
        "institutions                 on every node",
        " tables would move, ",
        "help: ",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let (code, said) = lab.weir(&["db", "distribute"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("this database does not use Citus")
            && said.contains("CREATE EXTENSION citus"),
        "{said}"
    );
    assert!(!plan(&lab).await.is_distributed());
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_move_once_and_a_run_goes_on_where_they_are() {
    let lab = Lab::on(Bench::with("").await);
    if !lab.bench.has_citus().await {
        eprintln!("skipped: `WEIR_TEST_DATABASE` names no database that uses Citus");
        return lab.bench.drop().await;
    }
    lab.good(&["db", "migrate"]);
    write_board(&lab, 30);
    lab.run(&Step::new("2026-09-01", &[])).await;
    let before = lab.dump().await;
    lab.bench.use_citus().await;
    let said = lab.good(&["db", "distribute"]);
    assert!(said.contains(" tables moved, "), "{said}");
    assert_eq!(difference(&before, &lab.dump().await), None);
    let again = lab.good(&["db", "distribute"]);
    assert!(again.contains("nothing to do"), "{again}");
    let status = lab.good(&["db", "status"]);
    assert!(status.contains("largest shard"), "{status}");
    lab.run(&Step::new("2026-09-01", &[])).await;
    assert_eq!(difference(&before, &lab.dump().await), None);
    lab.bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_table_joins_the_others() {
    let lab = Lab::new().await;
    if !lab.bench.has_citus().await {
        eprintln!("skipped: `WEIR_TEST_DATABASE` names no database that uses Citus");
        return lab.bench.drop().await;
    }
    let mut connection = PgConnection::connect(&lab.bench.url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE newcomers (institution_id UUID NOT NULL REFERENCES institutions (id), id BIGINT NOT NULL, PRIMARY KEY (institution_id, id))")
        .execute(&mut connection)
        .await
        .unwrap();
    let status = lab.good(&["db", "status"]);
    assert!(
        status.contains("not distributed yet: newcomers"),
        "{status}"
    );
    let plan = distribute(&mut connection).await.unwrap();
    let moved: Vec<&str> = plan.moves().map(|table| table.name.as_str()).collect();
    assert_eq!(moved, ["newcomers"]);
    connection.close().await.unwrap();
    lab.bench.drop().await;
}
