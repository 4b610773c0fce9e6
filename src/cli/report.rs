//! `weir report`.

use super::database::{Database, block_on};
use super::{DONE, Edge, Failure};
use crate::report::daily;
use serde_json::json;

/// The daily report.
#[derive(clap::Args)]
pub struct Report {
    /// The institution; all if none is named
    institution: Option<String>,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
}

impl Report {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let checked = edge.checked();
        let chosen = checked.institutions.iter().filter(|one| self.institution.as_ref().is_none_or(|wanted| *wanted == one.slug));
        let plans: Vec<_> = chosen.filter_map(|one| one.plan()).collect();
        if plans.is_empty() {
            return Err(Failure::nothing("no such institution, or its files have errors\nhelp: `weir check` shows them"));
        }
        block_on(async {
            let database = Database::open(edge).await?;
            let mut connection = database.store.connection().await?;
            let mut pages = Vec::new();
            for plan in plans {
                pages.push(daily::collect(&mut connection, &plan.tenant).await?);
            }
            drop(connection);
            if self.json {
                say!("{:#}", json!({ "format": 1, "institutions": pages }));
            } else {
                pages.iter().for_each(|page| say!("{}", daily::text(page)));
            }
            database.close().await?;
            Ok(DONE)
        })?
    }
}
