//! System: can this process and its database go on? Who works, what waits, what holds back the
//! clean-up, how large the tables are, and the versions of everything.

use super::work::WorkFacts;
use crate::access::Visitor;
use crate::catalog::Catalog;
use crate::parts::{OperatingState, state};
use crate::refusal::PageError;
use crate::shell::PageShell;
use axum::response::Html;
use maud::{Markup, html};
use weir_project::plan::picture::thousands;
use weir_reporting::report::columns::{counted, share, size};
use weir_store::views::database_state::{self, DatabaseState, TableState};

/// Transactions that a snapshot may hold back before someone should look.
const HELD_BACK: i64 = 1_000_000;

/// Seconds that a transaction may last before someone should look.
const LONG: i64 = 6 * 3600;

/// The page.
pub(super) async fn page(site: Visitor) -> Result<Html<String>, PageError> {
    let now = (site.now)();
    let (catalog, work, database, tables) = {
        let mut connection = site.connection().await?;
        (
            Catalog::load(&mut connection, &site).await?,
            WorkFacts::load(&mut connection, &site).await?,
            database_state::state(&mut connection).await?,
            database_state::tables(&mut connection).await?,
        )
    };
    let readiness = site.readiness.borrow().clone();
    let ready = catalog.all().filter(|entry| entry.plan.is_some()).count();
    let body = html! {
        section {
            h2 { "This process" }
            dl.facts {
                dt { "state" } dd { @match &readiness { Ok(()) => (state(OperatingState::Healthy, "ready")), Err(why) => { (state(OperatingState::Failing, "not ready")) " " (why) } } }
                dt { "Weir" } dd { (env!("CARGO_PKG_VERSION")) }
                dt { "project" } dd { (counted(catalog.all().count(), "institution")) ", " (ready) " of them without errors" }
                dt { "machines" } dd { a href="/health" { "/health" } " · " a href="/ready" { "/ready" } " · " a href="/api/v1/openapi.json" { "/api/v1/openapi.json" } }
            }
        }
        (work.processes(&catalog, now))
        (of_database(&database))
        (of_tables(&tables))
    };
    Ok(
        PageShell::new("System", &answer(readiness.is_ok(), &database))
            .at("/system")
            .show(&site, &body),
    )
}

fn answer(is_ready: bool, database: &DatabaseState) -> String {
    if !is_ready {
        return "This process is not ready".to_owned();
    }
    match trouble(database).first() {
        Some(trouble) => (*trouble).to_owned(),
        None => "Everything can go on".to_owned(),
    }
}

/// What someone should look at.
fn trouble(database: &DatabaseState) -> Vec<&'static str> {
    let mut all = Vec::new();
    if database.oldest_xmin.is_some_and(|held| held > HELD_BACK) {
        all.push("An old snapshot keeps the database from cleaning up");
    }
    if database
        .oldest_transaction
        .is_some_and(|seconds| seconds > LONG)
    {
        all.push("A transaction has been open for hours");
    }
    if database.sessions * 10 > database.max_sessions * 9 {
        all.push("The server has hardly a session left");
    }
    all
}

fn of_database(database: &DatabaseState) -> Markup {
    html! {
        section {
            h2 { "Database" }
            @for trouble in trouble(database) { p.note { (trouble) } }
            dl.facts {
                dt { "server" } dd { "PostgreSQL " (database.server) ", database " code { (database.name) } }
                dt { "size" } dd { (size(database.bytes)) }
                dt { "sessions" } dd { (database.sessions) " of " (database.max_sessions) }
                dt { "oldest snapshot" } dd { @match database.oldest_xmin { Some(held) => { "holds back " (thousands(held)) " transactions" }, None => { "none" } } }
                dt { "oldest transaction" } dd { @match database.oldest_transaction { Some(seconds) => { (thousands(seconds)) " s" }, None => { "none" } } }
            }
        }
    }
}

fn of_tables(tables: &[TableState]) -> Markup {
    let most: i64 = tables.iter().map(|table| table.bytes).sum();
    html! {
        section {
            h2 { "Tables" }
            p.soft { "Rows are estimates of the server." }
            div.table { table {
                thead { tr { th { "Table" } th.number { "Size" } th.number { "Ratio" } th.number { "Rows" } th.number { "Dead rows" } } }
                tbody { @for table in tables.iter().filter(|table| table.rows > 0 || table.bytes > 100_000) { tr {
                    th scope="row" { code { (table.name) } }
                    td.number data-name="size" { (size(table.bytes)) }
                    td.number data-name="ratio" { (share(table.bytes, most)) }
                    td.number data-name="rows" { (thousands(table.rows)) }
                    td.number data-name="dead rows" { (thousands(table.dead)) }
                } } }
            } }
        }
    }
}
