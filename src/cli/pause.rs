//! `weir pause` and `weir resume`.

use super::database::with_store;
use super::{CommandContext, CommandFailure, DONE, are_institutions, parse_time};
use crate::actions::pauses;
use crate::model::Clock;
use crate::plan::Plan;
use crate::span::Span;
use crate::store::schedules::InstitutionPause;
use crate::store::{DatabaseDemand, TableUse};
use chrono::{DateTime, Utc};

/// Hold back the schedule of institutions.
#[derive(clap::Args)]
#[command(
    after_help = "Runs by hand go on as ever. A run that was due meanwhile is made up for once \
                  when the pause ends, unless the schedule says `catch_up: none`."
)]
pub struct PauseArgs {
    /// The institutions
    #[arg(required = true)]
    institutions: Vec<String>,
    /// When it ends by itself: `3d`, 2026-12-24, or 2026-12-24T06:00:00+11:00; by default when you
    /// resume
    #[arg(long, value_name = "TIME", value_parser = parse_end)]
    until: Option<PauseEnd>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who, for the record; by default `USER`
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// Let the schedule of institutions go on.
#[derive(clap::Args)]
pub struct ResumeArgs {
    /// The institutions
    #[arg(required = true)]
    institutions: Vec<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "resumed")]
    reason: String,
    /// Who, for the record; by default `USER`
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// When a pause ends.
#[derive(Debug, Clone)]
enum PauseEnd {
    At(Clock),
    After(Span),
}

fn parse_end(text: &str) -> Result<PauseEnd, String> {
    if let Ok(span) = text.parse() {
        return Ok(PauseEnd::After(span));
    }
    parse_time(text).map(PauseEnd::At)
}

/// Deciding about schedules alone.
const DEMAND: DatabaseDemand = DatabaseDemand {
    need: TableUse::Write,
    least: 1,
    most: 2,
    is_private: false,
};

impl PauseArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let checked = edge.checked();
        are_institutions(&self.institutions, &checked)?;
        let (now, by) = ((edge.now)(), edge.person(self.by.as_deref())?);
        let until = self.end(now)?;
        let chosen: Vec<&Plan> = checked
            .chosen(&self.institutions)
            .filter_map(|one| one.plan().map(|plan| &**plan))
            .collect();
        let all: Vec<InstitutionPause> = chosen
            .iter()
            .map(|plan| InstitutionPause {
                institution_id: plan.institution.id,
                slug: plan.institution.slug.clone(),
                until,
                reason: self.reason.clone(),
                paused_by: by.clone(),
                paused_at: now,
            })
            .collect();
        with_store(edge, DEMAND, async |store| {
            Ok(pauses::pause(store, &all).await?)
        })?;
        for plan in chosen {
            let end = until.map_or_else(
                || format!("until `weir resume {}`", plan.institution.slug),
                |until| {
                    format!(
                        "until {}",
                        until
                            .with_timezone(&plan.zone)
                            .format("%a %Y-%m-%d %H:%M %Z")
                    )
                },
            );
            say!("{}: paused {end}: {}", plan.institution.slug, self.reason);
        }
        Ok(DONE)
    }

    fn end(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, CommandFailure> {
        let until = match &self.until {
            None => return Ok(None),
            Some(PauseEnd::At(at)) => at.0,
            Some(PauseEnd::After(span)) => now + span.0,
        };
        if until <= now {
            return Err(
                CommandFailure::nothing("the pause would end before it begins")
                    .help("write an instant in the future, or a span such as `--until 3d`"),
            );
        }
        Ok(Some(until))
    }
}

impl ResumeArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let checked = edge.checked();
        are_institutions(&self.institutions, &checked)?;
        let (now, by) = ((edge.now)(), edge.person(self.by.as_deref())?);
        let chosen: Vec<_> = checked
            .chosen(&self.institutions)
            .filter_map(|one| one.plan())
            .map(|plan| (plan.institution.id, plan.institution.slug.clone()))
            .collect();
        let resumed = with_store(edge, DEMAND, async |store| {
            Ok(pauses::resume(store, &chosen, &by, &self.reason, now).await?)
        })?;
        for (_, slug) in &chosen {
            if resumed.contains(slug) {
                say!("{slug}: resumed");
            } else {
                say!("{slug}: was not paused");
            }
        }
        Ok(DONE)
    }
}
