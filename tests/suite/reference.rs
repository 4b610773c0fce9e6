//! Pages that are generated stay in step with what they are generated from.

use crate::bench::Bench;
use sqlx::{Connection, PgConnection};

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_of_tables_is_what_the_comments_say() {
    let bench = Bench::new().await;
    let mut connection = PgConnection::connect(&bench.url()).await.unwrap();
    let page = weir::store::tables::reference(&mut connection).await.unwrap();
    let bare: Vec<&str> = page.lines().filter(|line| line.ends_with("|  |")).collect();
    assert!(bare.is_empty(), "columns without a comment: {bare:?}");
    crate::promises::expect(std::path::Path::new("docs/reference/tables.md"), &page);
    connection.close().await.unwrap();
    bench.drop().await;
}
