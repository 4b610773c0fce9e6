//! `weir export`.

use super::database::with_connection;
use super::{DONE, Edge, FAILED, Failure, named, out, parse_time};
use crate::export::{FORMATS, Format};
use crate::model::Clock;
use crate::plan::picture::thousands;
use crate::store::export::{self, Table, Wanted};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use futures::TryStreamExt;
use sqlx::PgConnection;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Jobs, their history or their changes, for analysis and for training models.
#[derive(Args)]
#[command(after_help = "Instants are days (midnight UTC) or like 2026-09-01T06:00:00+10:00. docs/reference/export.md lists the columns.")]
pub struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A row a job, as it is, or with --at as it was
    Jobs {
        /// The jobs as they were at an instant
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        at: Option<Clock>,
        /// The raw documents, too
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        choice: Choice,
    },
    /// A row a version: a complete snapshot, what changed, why, by whom
    History {
        /// The raw documents, too
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        choice: Choice,
    },
    /// A row a changed field: its old and its new value, why, by whom
    Changes {
        #[command(flatten)]
        choice: Choice,
    },
}

/// Which rows, in which form, and where to.
#[derive(Args)]
struct Choice {
    /// Institutions; all if none is named
    institutions: Vec<String>,
    /// What was written at this instant or later
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Clock>,
    /// What was written before this instant
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Clock>,
    /// The form; by the ending of --out if that says it, else ndjson
    #[arg(long, value_parser = format())]
    format: Option<Format>,
    /// The file; stdout if none is named. It appears when it is whole
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn format() -> impl TypedValueParser<Value = Format> {
    let named = |name: String| FORMATS.into_iter().find(|format| format.name() == name).unwrap_or(Format::Ndjson);
    PossibleValuesParser::new(FORMATS.map(Format::name)).map(named)
}

impl Export {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let (table, choice, at, raw) = match &self.what {
            What::Jobs { at, raw, choice } => (Table::Jobs, choice, *at, *raw),
            What::History { raw, choice } => (Table::History, choice, None, *raw),
            What::Changes { choice } => (Table::Changes, choice, None, false),
        };
        let format = choice.format()?;
        if format == Format::Parquet && choice.out.is_none() && out::is_terminal() {
            return Err(Failure::nothing("Parquet is nothing for a terminal\nhelp: name a file with `--out`, or pipe it on"));
        }
        if let (Some(since), Some(until)) = (choice.since, choice.until)
            && since >= until
        {
            return Err(Failure::nothing("`--since` is not before `--until`\nhelp: nothing lies between them"));
        }
        with_connection(edge, async |connection| {
            named::refuse_unknown(connection, &choice.institutions).await?;
            let wanted = Wanted { institutions: choice.institutions.clone(), at, since: choice.since, until: choice.until, raw };
            choice.write(connection, table, &wanted, format).await.map(|()| DONE)
        })
    }
}

impl Choice {
    fn format(&self) -> Result<Format, Failure> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(out) = &self.out else { return Ok(Format::Ndjson) };
        let ending = out.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let found = FORMATS.into_iter().find(|format| format.name() == ending);
        found.ok_or_else(|| {
            Failure::nothing(format!(
                "the ending of `{}` names no form\nhelp: end it with .ndjson, .csv or .parquet, or say `--format`",
                out.display()
            ))
        })
    }

    async fn write(&self, connection: &mut PgConnection, table: Table, wanted: &Wanted, format: Format) -> Result<(), Failure> {
        let Some(file) = &self.out else {
            return match rows(connection, table, wanted, format, stdout(format)).await {
                Err(Trouble::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                other => other.map(drop).map_err(|trouble| trouble.of("stdout")),
            };
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let partial = file.with_file_name(format!(".{name}.{}", std::process::id()));
        let count = to_file(connection, table, wanted, format, &partial, file).await;
        if count.is_err() {
            // What is left over is in nobody's way.
            let _ = std::fs::remove_file(&partial);
        }
        let count = count.map_err(|trouble| trouble.of(&format!("`{}`", file.display())))?;
        tell!("{} rows written to {}", thousands(count), file.display());
        Ok(())
    }
}

/// Stdout as a form needs it: lines of JSON lose nothing by being escaped; CSV does, but nobody
/// may be harmed who looks at it on a terminal.
fn stdout(format: Format) -> Box<dyn Write + Send> {
    let is_seen = format == Format::Csv && out::is_terminal();
    if is_seen || format == Format::Ndjson { Box::new(out::lines()) } else { Box::new(out::raw()) }
}

/// Why an export failed.
enum Trouble {
    Write(std::io::Error),
    Read(Failure),
}

impl Trouble {
    fn of(self, place: &str) -> Failure {
        match self {
            Trouble::Write(error) => Failure { message: format!("{place} cannot be written: {error}"), code: FAILED },
            Trouble::Read(failure) => failure,
        }
    }
}

async fn to_file(connection: &mut PgConnection, table: Table, wanted: &Wanted, format: Format, partial: &Path, file: &Path) -> Result<i64, Trouble> {
    let out = std::fs::File::create(partial).map_err(Trouble::Write)?;
    let count = rows(connection, table, wanted, format, Box::new(&out)).await?;
    out.sync_all().and_then(|()| std::fs::rename(partial, file)).map_err(Trouble::Write)?;
    Ok(count)
}

async fn rows(connection: &mut PgConnection, table: Table, wanted: &Wanted, format: Format, out: Box<dyn Write + Send + '_>) -> Result<i64, Trouble> {
    let mut sheet = format.sheet(out, &table.columns(wanted.raw)).map_err(Trouble::Write)?;
    let mut rows = export::rows(connection, table, wanted);
    let mut count = 0;
    while let Some(row) = rows.try_next().await.map_err(|error| Trouble::Read(error.into()))? {
        sheet.add(row).map_err(Trouble::Write)?;
        count += 1;
    }
    sheet.end().map_err(Trouble::Write)?;
    Ok(count)
}
