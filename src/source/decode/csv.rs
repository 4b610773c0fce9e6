//! CSV: a row is a record, an object of texts by the names of the columns. A row of another width than the header is kept as unreadable.

use super::json::{Found, Item};
use super::ration::Ration;
use super::{CsvSpec, Unread, record};
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, Read};

/// Longest row.
const MOST_OF_A_ROW: usize = 16 * 1024 * 1024;

/// A dialect.
#[derive(Debug, Clone)]
pub(super) struct Csv {
    delimiter: u8,
    quote: u8,
    header: Vec<String>,
    skip: usize,
    comment: Option<u8>,
    lists: Vec<(String, String)>,
}

impl Csv {
    pub(super) fn new(spec: &CsvSpec) -> Csv {
        let byte = |letter: char| u8::try_from(letter).unwrap_or(b',');
        Csv {
            delimiter: byte(spec.delimiter),
            quote: byte(spec.quote),
            header: spec.header.clone(),
            skip: spec.skip,
            comment: spec.comment.map(byte),
            lists: spec.lists.iter().map(|(name, separator)| (name.clone(), separator.clone())).collect(),
        }
    }

    pub(super) fn read(&self, text: &mut dyn BufRead, put: &mut dyn FnMut(Item) -> bool) -> Result<Found, Unread> {
        for _ in 0..self.skip {
            let mut line = Vec::new();
            (&mut *text).take(MOST_OF_A_ROW as u64).read_until(b'\n', &mut line)?;
        }
        let ration = Ration::new(MOST_OF_A_ROW as u64);
        let end = self.end();
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(self.delimiter).quote(self.quote).comment(self.comment).flexible(true).has_headers(false);
        let mut reader = builder.from_reader(ration.over(text, "a row whose quote may not be closed").chain(&end[..]));
        let mut columns = self.header.clone();
        let (mut row, mut is_end) = (csv::ByteRecord::new(), false);
        while reader.read_byte_record(&mut row).map_err(unread)? {
            ration.renew();
            is_end = row.len() == 1 && row[0] == *end.trim_ascii();
            if is_end {
                continue;
            }
            if row.iter().next_back().is_some_and(|field| field.ends_with(&end)) {
                break;
            }
            if columns.is_empty() {
                columns = names(&row);
                continue;
            }
            let line = row.position().map_or(0, csv::Position::line);
            if !put(self.item(&row, &columns, line)) {
                is_end = true;
                break;
            }
        }
        if !is_end {
            return Err(Unread::Broken("a quote is not closed: the file may be cut off".to_owned()));
        }
        Ok(Found { place_found: !columns.is_empty(), ..Found::default() })
    }

    /// A last row of our own: where it does not come as one, it stands inside of a quote that was never closed.
    fn end(&self) -> Vec<u8> {
        let is_free = |sign: &u8| *sign != self.delimiter && *sign != self.quote && Some(*sign) != self.comment;
        let sign = (0x1c..=0x1f).find(is_free).unwrap_or(0x1f);
        [&b"\n"[..], &[sign; 16], b"\n"].concat()
    }

    fn item(&self, row: &csv::ByteRecord, columns: &[String], line: u64) -> Item {
        let unreadable = |why: String| Item::Unreadable(row.iter().collect::<Vec<_>>().join(&self.delimiter), why);
        if row.len() != columns.len() {
            return unreadable(format!("line {line} has {} columns, and the header has {}", row.len(), columns.len()));
        }
        let mut object = Map::new();
        for (name, bytes) in columns.iter().zip(row) {
            let Ok(text) = std::str::from_utf8(bytes) else {
                return unreadable(format!("line {line}: `{name}` is not in the character set; give it as `charset`"));
            };
            let list = self.lists.iter().find(|(column, _)| column == name);
            let value = match list {
                Some((_, separator)) => text.split(separator.as_str()).map(str::trim).filter(|item| !item.is_empty()).collect::<Json>(),
                None => Json::from(text.trim()),
            };
            object.insert(name.clone(), value);
        }
        record(&Json::Object(object))
    }
}

fn unread(error: csv::Error) -> Unread {
    let why = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        _ => Unread::Broken(why),
    }
}

/// The names of the columns; a name that comes again gets a number. A row of nothing but commas has many that do.
fn names(row: &csv::ByteRecord) -> Vec<String> {
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
    row.iter().map(|bytes| free(String::from_utf8_lossy(bytes).trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(spec: &CsvSpec, text: &str) -> (Vec<Json>, Result<Found, Unread>) {
        let mut items = Vec::new();
        let found = Csv::new(spec).read(&mut text.as_bytes(), &mut |item| {
            items.push(match item {
                Item::Record(text) => serde_json::from_str(&text).unwrap(),
                Item::Unreadable(_, why) => json!(why),
            });
            true
        });
        (items, found)
    }

    #[test]
    fn rows_are_objects_by_the_names_of_their_columns() {
        let lists = IndexMap::from([("Tags".to_owned(), ";".to_owned())]);
        let (items, found) = read(&CsvSpec { lists, ..CsvSpec::default() }, "ID, Tags ,Name,Name\n1,a; b,\"x, \"\"y\"\"\",z\n2,c\n");
        assert_eq!(items[0], json!({ "ID": "1", "Tags": ["a", "b"], "Name": "x, \"y\"", "Name_2": "z" }));
        assert_eq!(items[1], json!("line 3 has 2 columns, and the header has 4"));
        assert!(found.unwrap().place_found);
    }

    use indexmap::IndexMap;

    #[test]
    fn columns_without_a_name_are_told_apart_however_many_there_are() {
        let (items, _) = read(&CsvSpec::default(), "x,x_2,x,x\n1,2,3,4\n");
        assert_eq!(items[0], json!({ "x": "1", "x_2": "2", "x_3": "3", "x_4": "4" }));
        let commas = ",".repeat(50_000);
        assert_eq!(read(&CsvSpec::default(), &format!("{commas}\n{commas}\n")).0[0].as_object().unwrap().len(), 50_001);
    }

    #[test]
    fn dialects_and_files_that_are_cut_off() {
        let spec = CsvSpec { delimiter: '\t', header: vec!["a".into(), "b".into()], skip: 1, comment: Some('#'), ..CsvSpec::default() };
        assert_eq!(read(&spec, "exported today\n# note\n1\t2\n").0, [json!({ "a": "1", "b": "2" })]);
        assert!(read(&CsvSpec::default(), "a,b\n1,\"cut").1.unwrap_err().to_string().contains("cut off"));
        assert!(!read(&CsvSpec::default(), "").1.unwrap().place_found);
    }

    #[test]
    fn a_quote_counts_where_a_field_begins_with_it() {
        let spec = CsvSpec { comment: Some('#'), ..CsvSpec::default() };
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
            assert_eq!((found.is_ok(), items.len() <= 1), (is_whole, true), "{text}: {items:?}");
        }
        let odd = CsvSpec { delimiter: '\u{1c}', ..CsvSpec::default() };
        assert_eq!(read(&odd, "a\u{1c}b\n1\u{1c}2\n").0, [json!({ "a": "1", "b": "2" })]);
    }

    #[test]
    fn who_has_seen_enough_is_told_nothing_of_the_rest() {
        let text = format!("a,b\n{}", "1,\"x\ny\"\n".repeat(5_000));
        let mut seen = 0;
        let found = Csv::new(&CsvSpec::default()).read(&mut text.as_bytes(), &mut |_| {
            seen += 1;
            seen < 50
        });
        assert!(found.is_ok() && seen == 50, "{found:?}");
    }
}
