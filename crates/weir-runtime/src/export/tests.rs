//! Whatever stands in cells is read back from each form as it was, by readers that are not ours.

use super::*;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::{Field, Row};
use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use weir_model::untrusted::csv_cell;
use weir_store::views::export::ColumnKind;

const COLUMNS: [ExportColumn; 6] = [
    ExportColumn {
        name: "text",
        kind: ColumnKind::Text,
    },
    ExportColumn {
        name: "number",
        kind: ColumnKind::Number,
    },
    ExportColumn {
        name: "instant",
        kind: ColumnKind::Instant,
    },
    ExportColumn {
        name: "day",
        kind: ColumnKind::Day,
    },
    ExportColumn {
        name: "texts",
        kind: ColumnKind::Texts,
    },
    ExportColumn {
        name: "json",
        kind: ColumnKind::Json,
    },
];

#[derive(Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(format: ExportFormat, rows: &[Vec<ExportCell>]) -> Vec<u8> {
    let out = SharedBuffer::default();
    let mut sheet = format.sheet(Box::new(out.clone()), &COLUMNS).unwrap();
    rows.iter().for_each(|row| sheet.add(row.clone()).unwrap());
    sheet.end().unwrap();
    let mut written = out.0.lock().unwrap();
    std::mem::take(&mut written)
}

/// A cell as JSON.
fn value(cell: &ExportCell) -> Json {
    match cell {
        ExportCell::Empty => Json::Null,
        ExportCell::Text(text) => json!(text),
        ExportCell::Number(number) => json!(number),
        ExportCell::Instant(instant) => json!(instant),
        ExportCell::Day(day) => json!(day),
        ExportCell::Texts(texts) => json!(texts),
        ExportCell::Json(json) => serde_json::from_str(json).unwrap(),
    }
}

fn from_field(field: &Field, kind: ColumnKind) -> Json {
    match (field, kind) {
        (Field::Null, _) => Json::Null,
        (Field::Str(text), ColumnKind::Json) => serde_json::from_str(text).unwrap(),
        (Field::Str(text), _) => json!(text),
        (Field::Long(number), _) => json!(number),
        (Field::Date(days), _) => json!(
            NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Duration::days(i64::from(*days))
        ),
        (Field::TimestampMicros(micros), _) => {
            json!(DateTime::from_timestamp_micros(*micros).unwrap())
        }
        (Field::ListInternal(list), _) => Json::Array(
            list.elements()
                .iter()
                .map(|one| from_field(one, ColumnKind::Text))
                .collect(),
        ),
        (other, _) => panic!("{other:?}"),
    }
}

fn from_parquet(bytes: &[u8]) -> (usize, Vec<Vec<Json>>) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let row = |row: Row| {
        row.get_column_iter()
            .zip(COLUMNS)
            .map(|((_, field), column)| from_field(field, column.kind))
            .collect()
    };
    let rows = reader
        .get_row_iter(None)
        .unwrap()
        .map(|one| row(one.unwrap()))
        .collect();
    (reader.num_row_groups(), rows)
}

/// A cell of CSV: nothing and an empty text are the same.
fn in_csv(cell: &ExportCell) -> String {
    match cell {
        ExportCell::Empty => String::new(),
        ExportCell::Text(text) => csv_cell(text).into_owned(),
        ExportCell::Json(text) => text.clone(),
        ExportCell::Number(number) => number.to_string(),
        other => value(other)
            .as_str()
            .map_or_else(|| value(other).to_string(), str::to_owned),
    }
}

fn cell(kind: ColumnKind) -> BoxedStrategy<ExportCell> {
    let text = "\\PC{0,12}|[=+@-]1\\+1|a,b\r\n\"c\"|\u{0}?";
    let filled = match kind {
        ColumnKind::Text => text.prop_map(ExportCell::Text).boxed(),
        ColumnKind::Number => any::<i64>().prop_map(ExportCell::Number).boxed(),
        ColumnKind::Instant => (0..4_102_444_800_000_000_i64)
            .prop_map(|micros| {
                ExportCell::Instant(DateTime::from_timestamp_micros(micros).unwrap())
            })
            .boxed(),
        ColumnKind::Day => (-200_000..200_000_i32)
            .prop_map(|days| {
                ExportCell::Day(NaiveDate::from_num_days_from_ce_opt(719_163 + days).unwrap())
            })
            .boxed(),
        ColumnKind::Texts => prop::collection::vec(text, 0..4)
            .prop_map(ExportCell::Texts)
            .boxed(),
        ColumnKind::Json => text
            .prop_map(|text| ExportCell::Json(json!({ "a": [text, null, 1.5] }).to_string()))
            .boxed(),
    };
    prop_oneof![1 => Just(ExportCell::Empty), 4 => filled].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_form_gives_back_what_was_put_in(rows in prop::collection::vec(COLUMNS.map(|column| cell(column.kind)), 0..20)) {
        let rows: Vec<Vec<ExportCell>> = rows.into_iter().map(|row| row.to_vec()).collect();
        let wanted: Vec<Vec<Json>> = rows.iter().map(|row| row.iter().map(value).collect()).collect();
        prop_assert_eq!(&from_parquet(&written(ExportFormat::Parquet, &rows)).1, &wanted);
        let lines = String::from_utf8(written(ExportFormat::Ndjson, &rows)).unwrap();
        let read: Vec<Vec<Json>> = lines.lines().map(|line| {
            let object: Json = serde_json::from_str(line).unwrap();
            COLUMNS.iter().map(|column| object[column.name].clone()).collect()
        }).collect();
        prop_assert_eq!(&read, &wanted);
        let table = written(ExportFormat::Csv, &rows);
        let mut reader = ::csv::Reader::from_reader(table.as_slice());
        prop_assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS.map(|column| column.name));
        let read: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        prop_assert_eq!(read, rows.iter().map(|row| row.iter().map(in_csv).collect::<Vec<_>>()).collect::<Vec<_>>());
    }
}

#[test]
fn many_rows_are_several_groups_and_none_is_a_file_too() {
    let row = |number: i64| {
        vec![
            ExportCell::Text("x".into()),
            ExportCell::Number(number),
            ExportCell::Empty,
            ExportCell::Empty,
            ExportCell::Texts(vec![]),
            ExportCell::Empty,
        ]
    };
    let (groups, rows) = from_parquet(&written(
        ExportFormat::Parquet,
        &(0..20_000).map(row).collect::<Vec<_>>(),
    ));
    assert_eq!((groups, rows.len()), (3, 20_000));
    assert_eq!(
        rows[19_999],
        [
            json!("x"),
            json!(19_999),
            Json::Null,
            Json::Null,
            json!([]),
            Json::Null
        ]
    );
    assert_eq!(
        from_parquet(&written(ExportFormat::Parquet, &[])).1,
        Vec::<Vec<Json>>::new()
    );
}
