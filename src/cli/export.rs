//! `weir export`.

use super::database::with_connection;
use super::{CommandContext, CommandFailure, DONE, named, out, parse_time};
use crate::export::{ExportFormat, FORMATS};
use crate::model::Clock;
use crate::plan::picture::thousands;
use crate::report::columns::counted;
use crate::store::views::export::{self, ExportCell, ExportFilter, ExportTable};
use crate::store::views::feed::{self, FeedCursor};
use crate::store::{PgConnection, forgotten, retention};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use futures::TryStreamExt;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Jobs, their history or their changes, for analysis and for training models.
///
/// Without a table, the feed of changes after a cursor: every version and every refreshed address
/// once, in the order in which they were committed, whatever runs overlap.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "An instant is a day (midnight UTC) or a time such as \
                  2026-09-01T06:00:00+10:00. docs/reference/export.md lists the columns."
)]
pub struct ExportArgs {
    #[command(subcommand)]
    what: Option<ExportCommand>,
    #[command(flatten)]
    feed: FeedChoice,
}

/// From where to continue the feed, and where to.
#[derive(Args)]
struct FeedChoice {
    /// The institutions of the feed; by default all
    institutions: Vec<String>,
    /// Changes after a cursor: `start`, or the one that the last export ended with
    #[arg(long, value_name = "CURSOR", required = true)]
    since: Option<FeedCursor>,
    /// Include the raw documents
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    target: ExportTarget,
}

#[derive(Subcommand)]
enum ExportCommand {
    /// One row per job: as it is now, or with --at as it was
    Jobs {
        /// The jobs as they were at an instant
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        at: Option<Clock>,
        /// Include the raw documents
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        choice: ExportChoice,
    },
    /// One row per version: a complete snapshot, what changed, why, and by whom
    History {
        /// Include the raw documents
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        choice: ExportChoice,
    },
    /// One row per changed field: its old and new value, why, and by whom
    Changes {
        #[command(flatten)]
        choice: ExportChoice,
    },
    /// One row per opening, however many ads advertise it: its fields, and which ad each comes
    /// from.
    /// --since and --until choose by when it was first seen
    Openings {
        #[command(flatten)]
        choice: ExportChoice,
    },
}

/// Which rows to export, in which format, and where to.
#[derive(Args)]
struct ExportChoice {
    /// The institutions; by default all
    institutions: Vec<String>,
    /// Only rows written at or after this instant
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Clock>,
    /// Only rows written before this instant
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Clock>,
    #[command(flatten)]
    target: ExportTarget,
}

/// In which format to export, and where to.
#[derive(Args)]
struct ExportTarget {
    /// The format; by default it follows from the extension of --out, else ndjson
    #[arg(long, value_parser = format())]
    format: Option<ExportFormat>,
    /// The file; by default stdout. It appears only once it is complete
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn format() -> impl TypedValueParser<Value = ExportFormat> {
    let named = |name: String| {
        FORMATS
            .into_iter()
            .find(|format| format.name() == name)
            .unwrap_or(ExportFormat::Ndjson)
    };
    PossibleValuesParser::new(FORMATS.map(ExportFormat::name)).map(named)
}

impl ExportArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match &self.what {
            None => self.feed.run(edge),
            Some(ExportCommand::Jobs { at, raw, choice }) => {
                choice.run(edge, ExportTable::Jobs, *at, *raw)
            }
            Some(ExportCommand::History { raw, choice }) => {
                choice.run(edge, ExportTable::History, None, *raw)
            }
            Some(ExportCommand::Changes { choice }) => {
                choice.run(edge, ExportTable::Changes, None, false)
            }
            Some(ExportCommand::Openings { choice }) => {
                choice.run(edge, ExportTable::Openings, None, false)
            }
        }
    }
}

impl FeedChoice {
    fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let format = self.target.format()?;
        with_connection(edge, async |connection| {
            named::refuse_unknown(edge, connection, &self.institutions).await?;
            let after = known(connection, self.since.clone().unwrap_or_default()).await?;
            let wanted = ExportFilter {
                institutions: self.institutions.clone(),
                after: after.clone(),
                raw: self.raw,
                ..ExportFilter::default()
            };
            let written = self
                .target
                .write(connection, ExportTable::Feed, &wanted, format)
                .await?;
            if let Some(written) = written {
                tell!(
                    "next cursor: {}",
                    written.cursor.unwrap_or(after.to_string())
                );
            }
            Ok(DONE)
        })
    }
}

/// The cursor, if the database can continue from it.
async fn known(
    connection: &mut PgConnection,
    cursor: FeedCursor,
) -> Result<FeedCursor, CommandFailure> {
    const ANEW: &str = "begin anew with `--since start`, and replace what you have";
    let judged = feed::judge(connection, cursor).await?.accepted();
    judged.map_err(|refusal| {
        CommandFailure::nothing(refusal.why).help(refusal.remedy.unwrap_or(ANEW))
    })
}

impl ExportChoice {
    fn run(
        &self,
        edge: &CommandContext,
        table: ExportTable,
        at: Option<Clock>,
        raw: bool,
    ) -> Result<u8, CommandFailure> {
        let format = self.target.format()?;
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            return Err(
                CommandFailure::nothing("`--since` must be before `--until`")
                    .help("swap them, or omit one"),
            );
        }
        with_connection(edge, async |connection| {
            named::refuse_unknown(edge, connection, &self.institutions).await?;
            let wanted = ExportFilter {
                institutions: self.institutions.clone(),
                at,
                since: self.since,
                until: self.until,
                raw,
                ..ExportFilter::default()
            };
            self.tell_removed(connection, at).await?;
            self.target
                .write(connection, table, &wanted, format)
                .await
                .map(|_| DONE)
        })
    }
}

impl ExportChoice {
    /// Says how many jobs are left out because their version of then was removed.
    async fn tell_removed(
        &self,
        connection: &mut PgConnection,
        at: Option<Clock>,
    ) -> Result<(), CommandFailure> {
        let Some(at) = at else { return Ok(()) };
        let removed = retention::removed_at(connection, &self.institutions, at.0).await?;
        if removed > 0 {
            tell!(
                "warning: {} left out: their versions of {} were removed by retention",
                counted(usize::try_from(removed).unwrap_or(usize::MAX), "job"),
                at.0.format("%Y-%m-%d")
            );
        }
        let forgotten = forgotten::forgotten_at(connection, &self.institutions, at.0).await?;
        if forgotten > 0 {
            tell!(
                "warning: {} left out: removed on request",
                counted(usize::try_from(forgotten).unwrap_or(usize::MAX), "job")
            );
        }
        Ok(())
    }
}

/// What an export wrote.
#[derive(Default)]
struct WrittenRows {
    rows: i64,
    /// The cursor after the last row of a feed.
    cursor: Option<String>,
}

impl ExportTarget {
    /// The format that is wanted, unless that is one which a terminal cannot show.
    fn format(&self) -> Result<ExportFormat, CommandFailure> {
        let format = self.named_format()?;
        if format == ExportFormat::Parquet && self.out.is_none() && out::is_terminal() {
            return Err(
                CommandFailure::nothing("refusing to print Parquet to a terminal")
                    .help("give a file with `--out`, or redirect the output"),
            );
        }
        Ok(format)
    }

    fn named_format(&self) -> Result<ExportFormat, CommandFailure> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(out) = &self.out else {
            return Ok(ExportFormat::Ndjson);
        };
        let ending = out
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let found = FORMATS.into_iter().find(|format| format.name() == ending);
        found.ok_or_else(|| {
            CommandFailure::nothing(format!("`{}` has no known file extension", out.display()))
                .help("use .ndjson, .csv or .parquet, or give `--format`")
        })
    }

    /// Writes the rows; nothing is known of how many if the reader has gone away.
    async fn write(
        &self,
        connection: &mut PgConnection,
        table: ExportTable,
        wanted: &ExportFilter,
        format: ExportFormat,
    ) -> Result<Option<WrittenRows>, CommandFailure> {
        let Some(file) = &self.out else {
            return match rows(connection, table, wanted, format, stdout(format)).await {
                Err(ExportFailure::Write(error))
                    if error.kind() == std::io::ErrorKind::BrokenPipe =>
                {
                    Ok(None)
                }
                other => other.map(Some).map_err(|trouble| trouble.of("stdout")),
            };
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let partial = file.with_file_name(format!(".{name}.{}", std::process::id()));
        let written = to_file(connection, table, wanted, format, &partial, file).await;
        if written.is_err() {
            // A leftover does no harm.
            let _ = std::fs::remove_file(&partial);
        }
        let written = written.map_err(|trouble| trouble.of(&format!("`{}`", file.display())))?;
        tell!(
            "{} rows written to {}",
            thousands(written.rows),
            file.display()
        );
        Ok(Some(written))
    }
}

/// Stdout for a format: escaping loses nothing in JSON lines; it does in CSV, but a terminal must
/// be protected.
fn stdout(format: ExportFormat) -> Box<dyn Write + Send> {
    let is_seen = format == ExportFormat::Csv && out::is_terminal();
    if is_seen || format == ExportFormat::Ndjson {
        Box::new(out::lines())
    } else {
        Box::new(out::raw())
    }
}

/// Why an export failed.
enum ExportFailure {
    Write(std::io::Error),
    Read(CommandFailure),
}

impl ExportFailure {
    fn of(self, place: &str) -> CommandFailure {
        match self {
            ExportFailure::Write(error) => {
                CommandFailure::failed(format!("cannot write {place}: {error}"))
            }
            ExportFailure::Read(failure) => failure,
        }
    }
}

async fn to_file(
    connection: &mut PgConnection,
    table: ExportTable,
    wanted: &ExportFilter,
    format: ExportFormat,
    partial: &Path,
    file: &Path,
) -> Result<WrittenRows, ExportFailure> {
    let out = std::fs::File::create(partial).map_err(ExportFailure::Write)?;
    let written = rows(connection, table, wanted, format, Box::new(&out)).await?;
    out.sync_all()
        .and_then(|()| std::fs::rename(partial, file))
        .map_err(ExportFailure::Write)?;
    Ok(written)
}

async fn rows(
    connection: &mut PgConnection,
    table: ExportTable,
    wanted: &ExportFilter,
    format: ExportFormat,
    out: Box<dyn Write + Send + '_>,
) -> Result<WrittenRows, ExportFailure> {
    let place = table.cursor_place();
    let mut sheet = format
        .sheet(out, &table.columns(wanted.raw))
        .map_err(ExportFailure::Write)?;
    let mut rows = export::rows(connection, table, wanted);
    let mut written = WrittenRows::default();
    while let Some(row) = rows
        .try_next()
        .await
        .map_err(|error| ExportFailure::Read(error.into()))?
    {
        if let Some(ExportCell::Text(cursor)) = place.and_then(|place| row.get(place)) {
            written.cursor = Some(cursor.clone());
        }
        sheet.add(row).map_err(ExportFailure::Write)?;
        written.rows += 1;
    }
    sheet.end().map_err(ExportFailure::Write)?;
    Ok(written)
}
