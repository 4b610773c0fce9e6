//! `weir schedule`.

use super::{ClockArgs, CommandContext, CommandFailure, DONE, are_institutions, parse_span, show};
use crate::model::span::Span;
use crate::plan::Plan;
use crate::report::schedule;

/// Shows when institutions are due.
#[derive(clap::Args)]
#[command(
    after_help = "Times are those of each institution's zone. Where daylight saving skips a fixed \
                  time, it is due when the gap ends; where a fixed time comes twice, it is due the \
                  first time; a schedule that repeats, such as `*/15 * * * *`, goes on through \
                  both. Institutions with `active: false` are left out."
)]
pub struct ScheduleArgs {
    /// Institutions; by default all
    institutions: Vec<String>,
    /// How far to look ahead
    #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = parse_span)]
    next: Span,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: ClockArgs,
}

impl ScheduleArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let checked = edge.checked();
        are_institutions(&self.institutions, &checked)?;
        show(&checked, edge, &self.institutions);
        let plans: Vec<&Plan> = checked
            .ready(&self.institutions)
            .map(|plan| &**plan)
            .collect();
        let schedule = schedule::collect(&plans, self.at.clock(edge)?.0, self.next.0);
        if self.json {
            say!("{:#}", schedule::json(&schedule));
        } else {
            put!("{}", schedule::text(&schedule));
        }
        Ok(DONE)
    }
}
