//! NDJSON: an object a row, with every column, in their order; empty cells are null, JSON stays
//! JSON.

use super::ExportSheet;
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::io::{BufWriter, Result, Write};
use weir_store::views::export::{ExportCell, ExportColumn};

/// Rows as lines.
pub(super) struct JsonLines<W: Write> {
    out: BufWriter<W>,
    columns: Vec<ExportColumn>,
}

impl<W: Write> JsonLines<W> {
    pub(super) fn new(out: W, columns: &[ExportColumn]) -> Self {
        JsonLines {
            out: BufWriter::new(out),
            columns: columns.to_vec(),
        }
    }
}

impl<W: Write> ExportSheet for JsonLines<W> {
    fn add(&mut self, row: Vec<ExportCell>) -> Result<()> {
        serde_json::to_writer(
            &mut self.out,
            &RowObject {
                columns: &self.columns,
                row: &row,
            },
        )?;
        self.out.write_all(b"\n")
    }

    fn end(mut self: Box<Self>) -> Result<()> {
        self.out.flush()
    }
}

struct RowObject<'r> {
    columns: &'r [ExportColumn],
    row: &'r [ExportCell],
}

impl Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        for (column, cell) in self.columns.iter().zip(self.row) {
            match cell {
                ExportCell::Empty => map.serialize_entry(column.name, &())?,
                ExportCell::Text(text) => map.serialize_entry(column.name, text)?,
                ExportCell::Number(number) => map.serialize_entry(column.name, number)?,
                ExportCell::Instant(instant) => map.serialize_entry(column.name, instant)?,
                ExportCell::Day(day) => map.serialize_entry(column.name, day)?,
                ExportCell::Texts(texts) => map.serialize_entry(column.name, texts)?,
                ExportCell::Json(json) => map.serialize_entry(
                    column.name,
                    serde_json::from_str::<&RawValue>(json).map_err(S::Error::custom)?,
                )?,
            }
        }
        map.end()
    }
}
