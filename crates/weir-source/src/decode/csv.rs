//! CSV: each row is a record, an object of texts by column name. A row with a different width than
//! the header, or with more than one reading, is kept as unreadable.

use super::json::{DecodeSummary, DecodedItem};
use super::ration::ByteRation;
use super::rows::{CsvRow, CsvRows};
use super::{BodyFacts, CsvSpec, UNENDED, UnreadCause, record};
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read};

/// Longest row.
const MOST_OF_A_ROW: usize = 16 * 1024 * 1024;

/// A dialect.
#[derive(Debug, Clone)]
pub(super) struct CsvDialect {
    delimiter: u8,
    quote: u8,
    header: Vec<String>,
    skip: usize,
    comment: Option<u8>,
    lists: Vec<(String, String)>,
}

impl CsvDialect {
    pub(super) fn new(spec: &CsvSpec) -> CsvDialect {
        let byte = |letter: char| u8::try_from(letter).unwrap_or(b',');
        CsvDialect {
            delimiter: byte(spec.delimiter),
            quote: byte(spec.quote),
            header: spec.header.clone(),
            skip: spec.skip,
            comment: spec.comment.map(byte),
            lists: spec
                .lists
                .iter()
                .map(|(name, separator)| (name.clone(), separator.clone()))
                .collect(),
        }
    }

    pub(super) fn read(
        &self,
        text: &mut dyn BufRead,
        body: &BodyFacts,
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        for _ in 0..self.skip {
            let mut line = Vec::new();
            (&mut *text)
                .take(MOST_OF_A_ROW as u64)
                .read_until(b'\n', &mut line)?;
        }
        let delimiter = self.delimiter_of(text)?;
        let ration = ByteRation::new(MOST_OF_A_ROW as u64);
        let text = BufReader::new(ration.over(text, "a row, possibly with an unclosed quote,"));
        let mut rows = CsvRows::new(text, delimiter, self.quote, self.comment);
        let (mut row, mut columns, mut odd) = (CsvRow::default(), self.header.clone(), None);
        while rows.next(&mut row)? {
            ration.renew();
            if !row.is_closed {
                return Err(UnreadCause::Broken(
                    "a quote is not closed: the file may be truncated".to_owned(),
                ));
            }
            if body.is_open_ended && row.is_unended {
                return Err(UnreadCause::Broken(UNENDED.to_owned()));
            }
            if columns.is_empty() {
                columns = names(&row);
                continue;
            }
            if row.is_odd && row.doubt.is_none() {
                odd.get_or_insert_with(|| {
                    format!(
                        "line {}: a quote inside a quoted cell is not doubled; it is read as text",
                        row.line
                    )
                });
            }
            if !put(self.item(&row, &columns, delimiter)) {
                break;
            }
        }
        Ok(DecodeSummary {
            place_found: !columns.is_empty(),
            notes: odd.into_iter().collect(),
            columns: if self.header.is_empty() {
                columns
            } else {
                Vec::new()
            },
            ..DecodeSummary::default()
        })
    }

    /// The delimiter: given by a first line `sep=;`, as spreadsheets write it; else, if the header
    /// has no comma, the semicolon or tab in it; else as declared.
    fn delimiter_of(&self, text: &mut dyn BufRead) -> Result<u8, UnreadCause> {
        let head = text.fill_buf()?;
        let line = head
            .split(|byte| matches!(byte, b'\n' | b'\r'))
            .next()
            .unwrap_or_default();
        if let [b'S' | b's', b'E' | b'e', b'P' | b'p', b'=', sign] = *line {
            let whole = if head.get(5..7) == Some(b"\r\n") {
                7
            } else {
                6.min(head.len())
            };
            text.consume(whole);
            return Ok(sign);
        }
        let is_plain = self.delimiter == b',' && self.header.is_empty() && !line.contains(&b',');
        let others = [b';', b'\t']
            .into_iter()
            .filter(|sign| is_plain && line.contains(sign));
        Ok(others
            .max_by_key(|sign| line.iter().filter(|byte| *byte == sign).count())
            .unwrap_or(self.delimiter))
    }

    fn item(&self, row: &CsvRow, columns: &[String], delimiter: u8) -> DecodedItem {
        let line = row.line;
        let unreadable = |why: String| DecodedItem::Unreadable(row.raw(delimiter), why);
        if let Some(doubt) = row.doubt {
            return unreadable(format!("line {line}: {doubt}"));
        }
        if row.len() != columns.len() {
            return unreadable(format!(
                "line {line} has {} columns, but the header has {}",
                row.len(),
                columns.len()
            ));
        }
        let mut object = Map::new();
        for (name, bytes) in columns.iter().zip(row.cells()) {
            let Ok(text) = std::str::from_utf8(bytes) else {
                return unreadable(format!(
                    "line {line}: `{name}` is not valid in the character set; set `charset`"
                ));
            };
            let list = self.lists.iter().find(|(column, _)| column == name);
            let value = match list {
                Some((_, separator)) => text
                    .split(separator.as_str())
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .collect::<Json>(),
                None => Json::from(text.trim()),
            };
            object.insert(name.clone(), value);
        }
        record(&Json::Object(object))
    }
}

/// The column names; a repeated name gets a number. A row of nothing but commas has many of those.
fn names(row: &CsvRow) -> Vec<String> {
    let (mut taken, mut numbers) = (HashSet::new(), HashMap::new());
    let mut free = |name: String| {
        if taken.insert(name.clone()) {
            return name;
        }
        let number = numbers.entry(name.clone()).or_insert(1_usize);
        loop {
            *number += 1;
            let numbered = format!("{name}_{number}");
            if taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    };
    row.cells()
        .map(|bytes| free(String::from_utf8_lossy(bytes).trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(spec: &CsvSpec, text: &str) -> (Vec<Json>, Result<DecodeSummary, UnreadCause>) {
        let mut items = Vec::new();
        let found =
            CsvDialect::new(spec).read(&mut text.as_bytes(), &BodyFacts::default(), &mut |item| {
                items.push(match item {
                    DecodedItem::Record(text) => serde_json::from_str(&text).unwrap(),
                    DecodedItem::Unreadable(_, why) => json!(why),
                });
                true
            });
        (items, found)
    }

    #[test]
    fn a_last_line_without_a_break_is_trusted_only_where_its_length_was_stated() {
        let read = |text: &str, is_open_ended| {
            let mut items = 0;
            let body = BodyFacts {
                is_open_ended,
                ..BodyFacts::default()
            };
            let csv = CsvDialect::new(&CsvSpec::default());
            let found = csv.read(&mut text.as_bytes(), &body, &mut |_| {
                items += 1;
                true
            });
            (items, found.is_ok())
        };
        assert_eq!(read("id,title\n1,Cook\n2,Park Rang", false), (2, true));
        assert_eq!(read("id,title\n1,Cook\n2,Park Rang", true), (1, false));
        assert_eq!(read("id,title\n1,Cook\n", true), (1, true));
    }

    #[test]
    fn rows_are_objects_by_the_names_of_their_columns() {
        let lists = IndexMap::from([("Tags".to_owned(), ";".to_owned())]);
        let (items, found) = read(
            &CsvSpec {
                lists,
                ..CsvSpec::default()
            },
            "ID, Tags ,Name,Name\n1,a; b,\"x, \"\"y\"\"\",z\n2,c\n",
        );
        assert_eq!(
            items[0],
            json!({ "ID": "1", "Tags": ["a", "b"], "Name": "x, \"y\"", "Name_2": "z" })
        );
        assert_eq!(
            items[1],
            json!("line 3 has 2 columns, but the header has 4")
        );
        assert!(found.unwrap().place_found);
    }

    use indexmap::IndexMap;

    #[test]
    fn columns_without_a_name_are_told_apart_however_many_there_are() {
        let (items, _) = read(&CsvSpec::default(), "x,x_2,x,x\n1,2,3,4\n");
        assert_eq!(
            items[0],
            json!({ "x": "1", "x_2": "2", "x_3": "3", "x_4": "4" })
        );
        let commas = ",".repeat(50_000);
        assert_eq!(
            read(&CsvSpec::default(), &format!("{commas}\n{commas}\n")).0[0]
                .as_object()
                .unwrap()
                .len(),
            50_001
        );
    }

    #[test]
    fn dialects_and_files_that_are_cut_off() {
        let spec = CsvSpec {
            delimiter: '\t',
            header: vec!["a".into(), "b".into()],
            skip: 1,
            comment: Some('#'),
            ..CsvSpec::default()
        };
        assert_eq!(
            read(&spec, "exported today\n# note\n1\t2\n").0,
            [json!({ "a": "1", "b": "2" })]
        );
        assert!(
            read(&CsvSpec::default(), "a,b\n1,\"cut")
                .1
                .unwrap_err()
                .to_string()
                .contains("truncated")
        );
        assert!(!read(&CsvSpec::default(), "").1.unwrap().place_found);
    }

    #[test]
    fn a_quote_counts_where_a_field_begins_with_it() {
        let spec = CsvSpec {
            comment: Some('#'),
            ..CsvSpec::default()
        };
        for (text, is_whole) in [
            ("a,b\n1,for 5\" pipes\n", true),
            ("# the 5\" list\na,b\n1,2", true),
            ("a,b\n1,\"x\"\"\"\n", true),
            ("a,b\n1,\"x\"\"", false),
            ("a,b\n1,\"", false),
            ("a,\"b\n", false),
            ("a,b\n1,2\n\"", false),
        ] {
            let (items, found) = read(&spec, text);
            assert_eq!(
                (found.is_ok(), items.len() <= 1),
                (is_whole, true),
                "{text}: {items:?}"
            );
        }
        let odd = CsvSpec {
            delimiter: '\u{1c}',
            ..CsvSpec::default()
        };
        assert_eq!(
            read(&odd, "a\u{1c}b\n1\u{1c}2\n").0,
            [json!({ "a": "1", "b": "2" })]
        );
    }

    #[test]
    fn quotes_that_are_not_doubled_are_told() {
        let (items, found) = read(
            &CsvSpec::default(),
            "id,t,d\n1,\"Say \"hi\" to us\",N\n2,\"a \"b\", c\"\n3,x,W\n",
        );
        assert_eq!(items[0]["t"], json!("Say \"hi\" to us"));
        assert!(
            items[1].as_str().unwrap().starts_with("line 3: a quote"),
            "{items:?}"
        );
        assert_eq!(items[2]["t"], json!("x"));
        assert_eq!(
            found.unwrap().notes,
            ["line 2: a quote inside a quoted cell is not doubled; it is read as text"]
        );
    }

    #[test]
    fn spreadsheets_say_what_separates_columns() {
        for text in [
            "sep=;\r\na;b\r\n1;\"2;3\"\r\n",
            "SEP=;\na;b\n1;\"2;3\"\n",
            "a;b\n1;\"2;3\"\n",
            "a\tb\n1\t2;3\n",
        ] {
            assert_eq!(
                read(&CsvSpec::default(), text).0,
                [json!({ "a": "1", "b": "2;3" })],
                "{text}"
            );
        }
        assert_eq!(
            read(&CsvSpec::default(), "a,b;c\n1,2\n").0,
            [json!({ "a": "1", "b;c": "2" })]
        );
        assert!(!read(&CsvSpec::default(), "sep=;").1.unwrap().place_found);
    }

    #[test]
    fn who_has_seen_enough_is_told_nothing_of_the_rest() {
        let text = format!("a,b\n{}", "1,\"x\ny\"\n".repeat(5_000));
        let mut seen = 0;
        let found = CsvDialect::new(&CsvSpec::default()).read(
            &mut text.as_bytes(),
            &BodyFacts::default(),
            &mut |_| {
                seen += 1;
                seen < 50
            },
        );
        assert!(found.is_ok() && seen == 50, "{found:?}");
    }
}
