//! `weir metrics`.

use super::database::with_connection;
use super::{ClockArgs, CommandContext, CommandFailure, DONE, out};
use crate::report::metrics;
use crate::store;
use std::path::{Path, PathBuf};

/// Print the figures that `/metrics` of `weir serve` shows, for machines without a server.
#[derive(clap::Args)]
#[command(
    after_help = "The format is OpenMetrics. `--textfile` is for the textfile collector of \
                  node_exporter: the file is replaced as a whole, so that it is never read half \
                  written. docs/metrics.md lists every metric."
)]
pub struct MetricsArgs {
    /// Write to a file that ends with `.prom`, replaced as a whole
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
    #[command(flatten)]
    at: ClockArgs,
}

impl MetricsArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let now = self.at.clock(edge)?.0;
        let checked = edge.checked();
        let plans: Vec<_> = checked
            .institutions
            .iter()
            .filter_map(|one| one.plan().cloned())
            .collect();
        let scrape = with_connection(edge, async |connection| {
            Ok(store::metrics::scrape(connection).await?)
        })?;
        let text = metrics::text(&scrape, &plans, now);
        match &self.textfile {
            Some(file) => replace(&edge.project.join(file), &text)?,
            None => put!("{text}"),
        }
        Ok(DONE)
    }
}

/// Writes beside the file first: whoever reads it sees the old text or the new.
fn replace(file: &Path, text: &str) -> Result<(), CommandFailure> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    out::write_file(&beside, text)
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(|error| {
            let _ = std::fs::remove_file(&beside);
            CommandFailure::failed(format!("cannot write `{}`: {error}", file.display()))
        })
}
