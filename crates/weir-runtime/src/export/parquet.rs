//! Apache Parquet: typed columns (days as DATE, instants as TIMESTAMP in microseconds UTC, lists as
//! LIST, JSON as JSON), Snappy, groups of a few thousand rows. A group is held by columns until it
//! is full; that is all that is held.

use super::ExportSheet;
use chrono::{Datelike, NaiveDate};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::{Error, Result, Write};
use std::sync::Arc;
use weir_store::views::export::{ColumnKind, ExportCell, ExportColumn};

/// Rows of a group.
const ROWS: usize = 8192;

/// Days from the first of our era to 1970-01-01, from which Parquet counts.
const EPOCH: i32 = 719_163;

/// Rows by columns.
pub(super) struct RowGroups<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: Vec<ColumnValues>,
    rows: usize,
}

impl<W: Write + Send> RowGroups<W> {
    pub(super) fn new(out: W, columns: &[ExportColumn]) -> Result<Self> {
        let fields = columns
            .iter()
            .map(field)
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(failed)?;
        let schema = Type::group_type_builder("schema")
            .with_fields(fields)
            .build()
            .map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("weir".to_owned())
            .build();
        let out = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
            .map_err(failed)?;
        Ok(RowGroups {
            out,
            columns: columns
                .iter()
                .map(|column| ColumnValues::new(column.kind))
                .collect(),
            rows: 0,
        })
    }

    fn write_group(&mut self) -> std::result::Result<(), ParquetError> {
        let mut group = self.out.next_row_group()?;
        for values in &mut self.columns {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            values.write(column.untyped())?;
            column.close()?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl<W: Write + Send> ExportSheet for RowGroups<W> {
    fn add(&mut self, row: Vec<ExportCell>) -> Result<()> {
        for (values, cell) in self.columns.iter_mut().zip(row) {
            values.add(cell);
        }
        self.rows += 1;
        if self.rows == ROWS {
            self.write_group().map_err(failed)
        } else {
            Ok(())
        }
    }

    fn end(mut self: Box<Self>) -> Result<()> {
        if self.rows > 0 {
            self.write_group().map_err(failed)?;
        }
        self.out.close().map_err(failed)?;
        Ok(())
    }
}

fn failed(error: ParquetError) -> Error {
    Error::other(error)
}

/// A column in the schema; every one may be empty.
fn field(column: &ExportColumn) -> std::result::Result<Arc<Type>, ParquetError> {
    let plain =
        |name: &str, physical: Physical, logical: Option<LogicalType>, repetition: Repetition| {
            Type::primitive_type_builder(name, physical)
                .with_logical_type(logical)
                .with_repetition(repetition)
                .build()
                .map(Arc::new)
        };
    let optional = |physical, logical| plain(column.name, physical, logical, Repetition::OPTIONAL);
    match column.kind {
        ColumnKind::Text => optional(Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnKind::Json => optional(Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        ColumnKind::Number => optional(Physical::INT64, None),
        ColumnKind::Day => optional(Physical::INT32, Some(LogicalType::Date)),
        ColumnKind::Instant => optional(
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
        ),
        ColumnKind::Texts => {
            let element = plain(
                "element",
                Physical::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            )?;
            let list = Type::group_type_builder("list")
                .with_repetition(Repetition::REPEATED)
                .with_fields(vec![element])
                .build()?;
            let group = Type::group_type_builder(column.name)
                .with_logical_type(Some(LogicalType::List))
                .with_repetition(Repetition::OPTIONAL);
            group
                .with_fields(vec![Arc::new(list)])
                .build()
                .map(Arc::new)
        }
    }
}

/// The values of one column of a group, with how deep each is defined and whether it goes on a
/// list.
enum ColumnValues {
    Bytes {
        values: Vec<ByteArray>,
        defined: Vec<i16>,
    },
    Numbers {
        values: Vec<i64>,
        defined: Vec<i16>,
    },
    Days {
        values: Vec<i32>,
        defined: Vec<i16>,
    },
    Lists {
        values: Vec<ByteArray>,
        defined: Vec<i16>,
        repeated: Vec<i16>,
    },
}

impl ColumnValues {
    fn new(kind: ColumnKind) -> ColumnValues {
        match kind {
            ColumnKind::Text | ColumnKind::Json => ColumnValues::Bytes {
                values: Vec::new(),
                defined: Vec::new(),
            },
            ColumnKind::Number | ColumnKind::Instant => ColumnValues::Numbers {
                values: Vec::new(),
                defined: Vec::new(),
            },
            ColumnKind::Day => ColumnValues::Days {
                values: Vec::new(),
                defined: Vec::new(),
            },
            ColumnKind::Texts => ColumnValues::Lists {
                values: Vec::new(),
                defined: Vec::new(),
                repeated: Vec::new(),
            },
        }
    }

    fn add(&mut self, cell: ExportCell) {
        match self {
            ColumnValues::Bytes { values, defined } => {
                put(
                    values,
                    defined,
                    if let ExportCell::Text(text) | ExportCell::Json(text) = cell {
                        Some(bytes(text))
                    } else {
                        None
                    },
                );
            }
            ColumnValues::Numbers { values, defined } => put(values, defined, number(&cell)),
            ColumnValues::Days { values, defined } => put(
                values,
                defined,
                if let ExportCell::Day(day) = cell {
                    Some(since_epoch(day))
                } else {
                    None
                },
            ),
            ColumnValues::Lists {
                values,
                defined,
                repeated,
            } => {
                let ExportCell::Texts(texts) = cell else {
                    defined.push(0);
                    return repeated.push(0);
                };
                if texts.is_empty() {
                    defined.push(1);
                    repeated.push(0);
                }
                for (nth, text) in texts.into_iter().enumerate() {
                    values.push(bytes(text));
                    defined.push(2);
                    repeated.push(i16::from(nth > 0));
                }
            }
        }
    }

    /// Writes them, and forgets them.
    fn write(&mut self, out: &mut ColumnWriter<'_>) -> std::result::Result<(), ParquetError> {
        match (self, out) {
            (ColumnValues::Bytes { values, defined }, ColumnWriter::ByteArrayColumnWriter(out)) => {
                out.write_batch(
                    &std::mem::take(values),
                    Some(&std::mem::take(defined)),
                    None,
                )?;
            }
            (ColumnValues::Numbers { values, defined }, ColumnWriter::Int64ColumnWriter(out)) => {
                out.write_batch(
                    &std::mem::take(values),
                    Some(&std::mem::take(defined)),
                    None,
                )?;
            }
            (ColumnValues::Days { values, defined }, ColumnWriter::Int32ColumnWriter(out)) => {
                out.write_batch(
                    &std::mem::take(values),
                    Some(&std::mem::take(defined)),
                    None,
                )?;
            }
            (
                ColumnValues::Lists {
                    values,
                    defined,
                    repeated,
                },
                ColumnWriter::ByteArrayColumnWriter(out),
            ) => {
                out.write_batch(
                    &std::mem::take(values),
                    Some(&std::mem::take(defined)),
                    Some(&std::mem::take(repeated)),
                )?;
            }
            _ => {
                return Err(ParquetError::General(
                    "a column has another type than its schema".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

fn put<T>(values: &mut Vec<T>, defined: &mut Vec<i16>, value: Option<T>) {
    defined.push(i16::from(value.is_some()));
    values.extend(value);
}

fn bytes(text: String) -> ByteArray {
    ByteArray::from(text.into_bytes())
}

fn number(cell: &ExportCell) -> Option<i64> {
    match cell {
        ExportCell::Number(number) => Some(*number),
        ExportCell::Instant(instant) => Some(instant.timestamp_micros()),
        _ => None,
    }
}

fn since_epoch(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - EPOCH
}
