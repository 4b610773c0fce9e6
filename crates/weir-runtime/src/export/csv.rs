//! CSV: a header, then a line a row. Lists and JSON stand as JSON in one cell; an empty cell is
//! nothing, so an empty text cannot be told from it. A text that a spreadsheet would take for a
//! formula is led by `'`.

use super::ExportSheet;
use chrono::SecondsFormat;
use std::io::{Result, Write};
use weir_model::untrusted::csv_cell;
use weir_store::views::export::{ExportCell, ExportColumn};

/// Rows as lines of cells.
pub(super) struct CsvTable<W: Write>(csv::Writer<W>);

impl<W: Write> CsvTable<W> {
    pub(super) fn new(out: W, columns: &[ExportColumn]) -> Result<Self> {
        let mut out = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        out.write_record(columns.iter().map(|column| column.name))?;
        Ok(CsvTable(out))
    }
}

impl<W: Write> ExportSheet for CsvTable<W> {
    fn add(&mut self, row: Vec<ExportCell>) -> Result<()> {
        Ok(self.0.write_record(row.into_iter().map(text))?)
    }

    fn end(mut self: Box<Self>) -> Result<()> {
        self.0.flush()
    }
}

fn text(cell: ExportCell) -> String {
    match cell {
        ExportCell::Empty => String::new(),
        ExportCell::Text(text) => csv_cell(&text).into_owned(),
        ExportCell::Json(text) => text,
        ExportCell::Number(number) => number.to_string(),
        ExportCell::Instant(instant) => instant.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        ExportCell::Day(day) => day.to_string(),
        ExportCell::Texts(texts) => serde_json::Value::from(texts).to_string(),
    }
}
