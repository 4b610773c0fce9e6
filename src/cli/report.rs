//! `weir report`.

use super::database::{Database, block_on};
use super::last_good::{self, BrokenInstitution};
use super::{ClockArgs, CommandContext, CommandFailure, DONE, are_institutions};
use crate::plan::Plan;
use crate::report::daily;
use crate::report::health;
use crate::report::morning;
use crate::report::runs;
use crate::store::{DatabaseDemand, PgConnection, daily_reports};
use serde_json::json;
use std::sync::Arc;

/// The daily report.
#[derive(clap::Args)]
pub struct ReportArgs {
    /// The institution; by default all
    institution: Option<String>,
    /// List the newest runs with their numbers instead (by default 20)
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20", value_parser = clap::value_parser!(i64).range(1..))]
    runs: Option<i64>,
    /// Print all institutions in full, not one line for each
    #[arg(long, conflicts_with = "runs")]
    full: bool,
    /// The report of the day, as channels are sent it: all institutions, then each beside a usual
    /// day
    #[arg(long, conflicts_with_all = ["runs", "full", "institution"])]
    morning: bool,
    /// With `--morning`, the report that was sent on a day
    #[arg(long, value_name = "DAY", requires = "morning")]
    sent: Option<chrono::NaiveDate>,
    /// With `--morning`, its form
    #[arg(long, value_enum, requires = "morning", conflicts_with = "json")]
    format: Option<MorningForm>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The clock, from which the age of runs is counted
    #[command(flatten)]
    at: ClockArgs,
}

/// A form of the report of the day.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum MorningForm {
    /// Plain text
    Text,
    /// Markdown
    Markdown,
    /// A page, as mail shows it
    Html,
}

impl ReportArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
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
        let broken = BrokenInstitution::of(chosen);
        are_institutions(self.institution.as_slice(), &checked)?;
        if plans.is_empty() && (broken.is_empty() || !last_good::may_be_known(edge)) {
            return Err(
                CommandFailure::nothing("the files of all institutions have errors")
                    .help("`weir check` shows them"),
            );
        }
        block_on(async {
            let database = Database::open(edge, DatabaseDemand::READ).await?;
            plans.extend(last_good::stand_in(edge, &database.store, broken).await?.0);
            let mut connection = database.store.connection().await?;
            match self.runs {
                _ if self.morning => self.morning(edge, &mut connection, &plans).await?,
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

    /// The report of the day, or one that was sent.
    async fn morning(
        &self,
        edge: &CommandContext,
        connection: &mut PgConnection,
        plans: &[Arc<Plan>],
    ) -> Result<(), CommandFailure> {
        let (text, markdown, page, json);
        if let Some(day) = self.sent {
            let kept = daily_reports::newest(connection, Some(day), 1).await?.pop();
            let Some(kept) = kept else {
                return Err(
                    CommandFailure::nothing(format!("no report was sent on {day}"))
                        .help("declare `report: { at: \"07:00\" }` in weir.yaml"),
                );
            };
            // What was sent was sent as text and as a page.
            (text, markdown, page, json) = (kept.text.clone(), kept.text, kept.html, kept.content);
        } else {
            let now = self.at.clock(edge)?.0;
            let report = morning::collect(connection, plans, now.date_naive(), now).await?;
            (text, markdown) = (morning::text(&report), morning::markdown(&report));
            (page, json) = (morning::html(&report), morning::json(&report));
        }
        match self.format {
            _ if self.json => say!("{json:#}"),
            Some(MorningForm::Html) => say!("{page}"),
            Some(MorningForm::Markdown) => put!("{markdown}"),
            Some(MorningForm::Text) | None => put!("{text}"),
        }
        Ok(())
    }

    /// One line for each institution.
    async fn overview(
        &self,
        edge: &CommandContext,
        connection: &mut PgConnection,
        plans: &[Arc<Plan>],
    ) -> Result<(), CommandFailure> {
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
    ) -> Result<(), CommandFailure> {
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
    ) -> Result<(), CommandFailure> {
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
