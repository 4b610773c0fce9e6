//! `weir report`.

use super::database::{Database, block_on};
use super::last_good::{self, Broken};
use super::{At, DONE, Edge, Failure, are_institutions};
use crate::plan::Plan;
use crate::report::daily;
use crate::report::health;
use crate::report::runs;
use crate::store::{Demand, PgConnection};
use serde_json::json;
use std::sync::Arc;

/// The daily report.
#[derive(clap::Args)]
pub struct Report {
    /// The institution; by default all
    institution: Option<String>,
    /// List the newest runs with their numbers instead (by default 20)
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20", value_parser = clap::value_parser!(i64).range(1..))]
    runs: Option<i64>,
    /// Print all institutions in full, not one line for each
    #[arg(long, conflicts_with = "runs")]
    full: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The clock, from which the age of runs is counted
    #[command(flatten)]
    at: At,
}

impl Report {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let checked = edge.checked();
        let chosen = checked.institutions.iter().filter(|one| {
            self.institution
                .as_ref()
                .is_none_or(|wanted| *wanted == one.slug)
        });
        let chosen: Vec<_> = chosen.collect();
        let mut plans: Vec<_> = chosen
            .iter()
            .filter_map(|one| one.plan())
            .cloned()
            .collect();
        let broken = Broken::of(chosen);
        are_institutions(self.institution.as_slice(), &checked)?;
        if plans.is_empty() && (broken.is_empty() || !last_good::may_be_known(edge)) {
            return Err(
                Failure::nothing("the files of all institutions have errors")
                    .help("`weir check` shows them"),
            );
        }
        block_on(async {
            let database = Database::open(edge, Demand::READ).await?;
            plans.extend(last_good::stand_in(edge, &database.store, broken).await?.0);
            let mut connection = database.store.connection().await?;
            match self.runs {
                Some(most) => self.list(&mut connection, &plans, most).await?,
                None if plans.len() > 1 && !self.full && !self.json => {
                    self.overview(edge, &mut connection, &plans).await?;
                }
                None => self.tell(&mut connection, &plans).await?,
            }
            drop(connection);
            database.close().await?;
            Ok(DONE)
        })?
    }

    /// One line for each institution.
    async fn overview(
        &self,
        edge: &Edge,
        connection: &mut PgConnection,
        plans: &[Arc<Plan>],
    ) -> Result<(), Failure> {
        let institutions = plans.iter().map(|plan| &plan.institution);
        let names: Vec<_> = institutions.map(|one| (one.id, one.slug.clone())).collect();
        let all = health::collect(connection, &names).await?;
        put!("{}", health::overview(&all, self.at.clock(edge)?));
        say!("`weir report INSTITUTION` shows one in full, `weir report --full` all of them");
        Ok(())
    }

    async fn tell(
        &self,
        connection: &mut PgConnection,
        plans: &[Arc<Plan>],
    ) -> Result<(), Failure> {
        let mut pages = Vec::new();
        for plan in plans {
            pages.push(daily::collect(connection, plan).await?);
        }
        if self.json {
            say!("{:#}", json!({ "format": 1, "institutions": pages }));
        } else {
            pages.iter().for_each(|page| say!("{}", daily::text(page)));
            put!("{}", daily::tables(connection, &pages).await?);
        }
        Ok(())
    }

    async fn list(
        &self,
        connection: &mut PgConnection,
        plans: &[Arc<Plan>],
        most: i64,
    ) -> Result<(), Failure> {
        let mut pages = Vec::new();
        for Plan { institution, .. } in plans.iter().map(Arc::as_ref) {
            pages.push(runs::collect(connection, institution.id, &institution.slug, most).await?);
        }
        if self.json {
            say!("{:#}", json!({ "format": 1, "institutions": pages }));
        } else {
            pages.iter().for_each(|page| put!("{}", runs::text(page)));
        }
        Ok(())
    }
}
