//! `weir report`.

use super::database::{Database, block_on};
use super::last_good::{self, Broken};
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
        let chosen: Vec<_> = chosen.collect();
        let mut plans: Vec<_> = chosen.iter().filter_map(|one| one.plan()).cloned().collect();
        let broken = Broken::of(chosen);
        if plans.is_empty() && (broken.is_empty() || !last_good::may_be_known(edge)) {
            return Err(Failure::nothing("no such institution, or its files have errors\nhelp: `weir check` shows them"));
        }
        block_on(async {
            let database = Database::open(edge).await?;
            plans.extend(last_good::stand_in(edge, &database.store, broken).await?.0);
            let mut connection = database.store.connection().await?;
            let mut pages = Vec::new();
            for plan in plans {
                pages.push(daily::collect(&mut connection, &plan).await?);
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
