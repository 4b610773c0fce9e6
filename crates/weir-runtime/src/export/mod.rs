//! Jobs, history and changes as files for analysis and for training models: NDJSON, CSV, Parquet. A
//! format takes rows one after the other and must not hold more of them than it needs. Values leave
//! as they are: nothing is cut, and nothing is added for the program that may open the file. To add
//! a format, add a file with a [`ExportSheet`] and a name in [`ExportFormat`].

mod csv;
mod lines;
mod parquet;

use std::io::Write;
use weir_store::views::export::{ExportCell, ExportColumn};

/// A form that files may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A JSON object a line.
    Ndjson,
    /// Comma-separated, with a header (RFC 4180).
    Csv,
    /// Apache Parquet, compressed with Snappy.
    Parquet,
}

/// All forms.
pub const FORMATS: [ExportFormat; 3] = [
    ExportFormat::Ndjson,
    ExportFormat::Csv,
    ExportFormat::Parquet,
];

impl ExportFormat {
    /// Its name, which is also the usual ending of a file.
    pub fn name(self) -> &'static str {
        match self {
            ExportFormat::Ndjson => "ndjson",
            ExportFormat::Csv => "csv",
            ExportFormat::Parquet => "parquet",
        }
    }

    /// A table that is written in this form.
    ///
    /// # Errors
    /// The file.
    pub fn sheet<'o>(
        self,
        out: Box<dyn Write + Send + 'o>,
        columns: &[ExportColumn],
    ) -> std::io::Result<Box<dyn ExportSheet + 'o>> {
        Ok(match self {
            ExportFormat::Ndjson => Box::new(lines::JsonLines::new(out, columns)),
            ExportFormat::Csv => Box::new(csv::CsvTable::new(out, columns)?),
            ExportFormat::Parquet => Box::new(parquet::RowGroups::new(out, columns)?),
        })
    }
}

/// A table being written.
pub trait ExportSheet {
    /// Adds a row: a cell for each column.
    ///
    /// # Errors
    /// The file.
    fn add(&mut self, row: Vec<ExportCell>) -> std::io::Result<()>;

    /// Writes what is left, and ends the file.
    ///
    /// # Errors
    /// The file.
    fn end(self: Box<Self>) -> std::io::Result<()>;
}

#[cfg(test)]
mod tests;
