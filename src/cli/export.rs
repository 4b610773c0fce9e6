//! `weir export`.

use super::database::with_connection;
use super::{DONE, Edge, Failure, named, out, parse_time};
use crate::export::{FORMATS, Format};
use crate::model::Clock;
use crate::plan::picture::thousands;
use crate::store::PgConnection;
use crate::store::views::export::{self, ExportFilter, ExportTable};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use futures::TryStreamExt;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Jobs, their history or their changes, for analysis and for training models.
#[derive(Args)]
#[command(after_help = "An instant is a day (midnight UTC) or a time such as \
                        2026-09-01T06:00:00+10:00. docs/reference/export.md lists the columns.")]
pub struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// One row per job: as it is now, or with --at as it was
    Jobs {
        /// The jobs as they were at an instant
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        at: Option<Clock>,
        /// Include the raw documents
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        choice: Choice,
    },
    /// One row per version: a complete snapshot, what changed, why, and by whom
    History {
        /// Include the raw documents
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        choice: Choice,
    },
    /// One row per changed field: its old and new value, why, and by whom
    Changes {
        #[command(flatten)]
        choice: Choice,
    },
}

/// Which rows to export, in which format, and where to.
#[derive(Args)]
struct Choice {
    /// The institutions; by default all
    institutions: Vec<String>,
    /// Only rows written at or after this instant
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Clock>,
    /// Only rows written before this instant
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Clock>,
    /// The format; by default it follows from the extension of --out, else ndjson
    #[arg(long, value_parser = format())]
    format: Option<Format>,
    /// The file; by default stdout. It appears only once it is complete
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn format() -> impl TypedValueParser<Value = Format> {
    let named = |name: String| {
        FORMATS
            .into_iter()
            .find(|format| format.name() == name)
            .unwrap_or(Format::Ndjson)
    };
    PossibleValuesParser::new(FORMATS.map(Format::name)).map(named)
}

impl Export {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let (table, choice, at, raw) = match &self.what {
            What::Jobs { at, raw, choice } => (ExportTable::Jobs, choice, *at, *raw),
            What::History { raw, choice } => (ExportTable::History, choice, None, *raw),
            What::Changes { choice } => (ExportTable::Changes, choice, None, false),
        };
        let format = choice.format()?;
        if format == Format::Parquet && choice.out.is_none() && out::is_terminal() {
            return Err(Failure::nothing("refusing to print Parquet to a terminal")
                .help("give a file with `--out`, or redirect the output"));
        }
        if let (Some(since), Some(until)) = (choice.since, choice.until)
            && since >= until
        {
            return Err(Failure::nothing("`--since` must be before `--until`")
                .help("swap them, or omit one"));
        }
        with_connection(edge, async |connection| {
            named::refuse_unknown(edge, connection, &choice.institutions).await?;
            let wanted = ExportFilter {
                institutions: choice.institutions.clone(),
                at,
                since: choice.since,
                until: choice.until,
                raw,
            };
            choice
                .write(connection, table, &wanted, format)
                .await
                .map(|()| DONE)
        })
    }
}

impl Choice {
    fn format(&self) -> Result<Format, Failure> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(out) = &self.out else {
            return Ok(Format::Ndjson);
        };
        let ending = out
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let found = FORMATS.into_iter().find(|format| format.name() == ending);
        found.ok_or_else(|| {
            Failure::nothing(format!("`{}` has no known file extension", out.display()))
                .help("use .ndjson, .csv or .parquet, or give `--format`")
        })
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        table: ExportTable,
        wanted: &ExportFilter,
        format: Format,
    ) -> Result<(), Failure> {
        let Some(file) = &self.out else {
            return match rows(connection, table, wanted, format, stdout(format)).await {
                Err(Trouble::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    Ok(())
                }
                other => other.map(drop).map_err(|trouble| trouble.of("stdout")),
            };
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let partial = file.with_file_name(format!(".{name}.{}", std::process::id()));
        let count = to_file(connection, table, wanted, format, &partial, file).await;
        if count.is_err() {
            // A leftover does no harm.
            let _ = std::fs::remove_file(&partial);
        }
        let count = count.map_err(|trouble| trouble.of(&format!("`{}`", file.display())))?;
        tell!("{} rows written to {}", thousands(count), file.display());
        Ok(())
    }
}

/// Stdout for a format: escaping loses nothing in JSON lines; it does in CSV, but a terminal must
/// be protected.
fn stdout(format: Format) -> Box<dyn Write + Send> {
    let is_seen = format == Format::Csv && out::is_terminal();
    if is_seen || format == Format::Ndjson {
        Box::new(out::lines())
    } else {
        Box::new(out::raw())
    }
}

/// Why an export failed.
enum Trouble {
    Write(std::io::Error),
    Read(Failure),
}

impl Trouble {
    fn of(self, place: &str) -> Failure {
        match self {
            Trouble::Write(error) => Failure::failed(format!("cannot write {place}: {error}")),
            Trouble::Read(failure) => failure,
        }
    }
}

async fn to_file(
    connection: &mut PgConnection,
    table: ExportTable,
    wanted: &ExportFilter,
    format: Format,
    partial: &Path,
    file: &Path,
) -> Result<i64, Trouble> {
    let out = std::fs::File::create(partial).map_err(Trouble::Write)?;
    let count = rows(connection, table, wanted, format, Box::new(&out)).await?;
    out.sync_all()
        .and_then(|()| std::fs::rename(partial, file))
        .map_err(Trouble::Write)?;
    Ok(count)
}

async fn rows(
    connection: &mut PgConnection,
    table: ExportTable,
    wanted: &ExportFilter,
    format: Format,
    out: Box<dyn Write + Send + '_>,
) -> Result<i64, Trouble> {
    let mut sheet = format
        .sheet(out, &table.columns(wanted.raw))
        .map_err(Trouble::Write)?;
    let mut rows = export::rows(connection, table, wanted);
    let mut count = 0;
    while let Some(row) = rows
        .try_next()
        .await
        .map_err(|error| Trouble::Read(error.into()))?
    {
        sheet.add(row).map_err(Trouble::Write)?;
        count += 1;
    }
    sheet.end().map_err(Trouble::Write)?;
    Ok(count)
}
