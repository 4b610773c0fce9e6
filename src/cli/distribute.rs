//! `weir db distribute`: spreads the tables over the nodes of Citus; and what `weir db status` says
//! of a database that is.

use super::database::Database;
use super::{CommandContext, CommandFailure, DONE};
use crate::actions::distribution::{self, DistributionError};
use crate::report::columns::{columns, counted, size};
use crate::store::distribution::{CitusState, DistributionPlan, PlacedTable, TablePlacement};
use crate::store::node_loads::{self, NodeLoad, TableLoad};
use crate::store::{DatabaseDemand, PgConnection, StoreError};
use serde_json::json;

/// Spreads the tables over the nodes of Citus.
#[derive(clap::Args, Clone)]
#[command(
    after_help = "Done twice, it does nothing the second time. Stop `weir serve` and other processes first: they \
                  would wait. docs/citus.md says how to set up Citus, add nodes and rebalance."
)]
pub struct DistributeArgs {
    /// Show where each table would be, and how many bytes move; move nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl DistributeArgs {
    pub(super) async fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let demand = if self.dry_run {
            DatabaseDemand::READ
        } else {
            DatabaseDemand::MIGRATE
        };
        let database = Database::open(edge, demand).await?;
        let plan = if self.dry_run {
            distribution::foresee(&database.store).await
        } else {
            distribution::distribute(&database.store).await
        };
        database.close().await?;
        let plan = plan.map_err(refused)?;
        if self.json {
            say!("{:#}", self.json(&plan));
        } else {
            put!("{}", self.text(&plan));
        }
        if plan.citus != CitusState::Ready {
            tell!(
                "{}: nothing can be moved yet\nhelp: {}",
                distribution::lack(plan.citus),
                distribution::remedy(plan.citus)
            );
        }
        Ok(DONE)
    }

    fn json(&self, plan: &DistributionPlan) -> serde_json::Value {
        json!({
            "format": 1, "dry_run": self.dry_run, "tables": plan.tables,
            "moved": plan.moves().map(|table| &table.name).collect::<Vec<_>>(), "foreign_keys": plan.key_count(),
        })
    }

    fn text(&self, plan: &DistributionPlan) -> String {
        let moved = plan.moves().count();
        if plan.is_settled() {
            return "every table is where it belongs: nothing to do\n".to_owned();
        }
        let verb = if self.dry_run { "would move" } else { "moved" };
        let head = ["table", verb, "bytes"].map(str::to_owned).to_vec();
        let rows = plan.moves().map(|table| {
            vec![
                table.name.clone(),
                table.wanted.to_string(),
                size(table.bytes),
            ]
        });
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        let stay = |table: &&_| is_on_coordinator(table);
        format!(
            "{}{} {verb}, {} put back, {} on the coordinator\n",
            columns(&rows, 2),
            counted(moved, "table"),
            counted(plan.key_count(), "foreign key"),
            plan.tables.iter().filter(stay).count(),
        )
    }
}

fn is_on_coordinator(table: &PlacedTable) -> bool {
    table.wanted == TablePlacement::Coordinator
}

fn refused(error: DistributionError) -> CommandFailure {
    match error {
        DistributionError::Store(error) => CommandFailure::from(error),
        error @ DistributionError::NotReady(_) => {
            let help = error.help().unwrap_or_default();
            CommandFailure::nothing(error.to_string()).help(help)
        }
    }
}

/// The nodes and the largest tables of a database that is distributed; nothing of any other.
pub(super) async fn status(connection: &mut PgConnection) -> Result<String, StoreError> {
    let plan = DistributionPlan::of(connection).await?;
    if !plan.is_distributed() {
        return Ok(String::new());
    }
    let (nodes, tables) = node_loads::read(connection).await?;
    let waiting: Vec<&str> = plan.moves().map(|table| table.name.as_str()).collect();
    let mut out = loads(&nodes, &tables);
    if !waiting.is_empty() {
        out.push_str(&format!(
            "not distributed yet: {}; `weir db distribute` moves them\n",
            waiting.join(", ")
        ));
    }
    Ok(out)
}

fn loads(nodes: &[NodeLoad], tables: &[TableLoad]) -> String {
    let head = |first: &str, last: &[&str]| {
        let words = std::iter::once(&first).chain(last);
        words.map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let mut rows = vec![head("node", &["shards", "bytes"])];
    rows.extend(
        nodes
            .iter()
            .map(|node| vec![node.node.clone(), node.shards.to_string(), size(node.bytes)]),
    );
    let mut out = columns(&rows, 1);
    let mut rows = vec![head("table", &["shards", "bytes", "largest shard"])];
    rows.extend(tables.iter().map(|table| {
        vec![
            table.name.clone(),
            table.shards.to_string(),
            size(table.bytes),
            size(table.largest),
        ]
    }));
    out.push_str(&columns(&rows, 1));
    out
}
