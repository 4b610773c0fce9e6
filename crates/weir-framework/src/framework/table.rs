//! Rows of a table to entries.

use super::fault::{FaultCause, FaultPlace, FrameworkFault};
use super::head::TableHead;
use csv::StringRecord;
use std::io::Read;

/// What a row of a table says of an entry.
#[derive(Debug, Default)]
pub(super) struct EntryRow {
    pub(super) row: u64,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) titles: Vec<String>,
    pub(super) about: Option<String>,
    pub(super) parent: Option<String>,
    /// Id and name of the groups above it, the highest first.
    pub(super) groups: Vec<(String, String)>,
}

/// Where the columns of a head are in the file.
struct ColumnPlan<'a> {
    head: &'a TableHead,
    id: usize,
    name: Option<usize>,
    titles: Vec<usize>,
    about: Option<usize>,
    parent: Option<usize>,
    groups: Vec<(usize, usize)>,
}

/// The rows of a table.
pub(super) fn read(
    head: &TableHead,
    bytes: &[u8],
    faults: &mut Vec<FrameworkFault>,
) -> Vec<EntryRow> {
    let before = faults.len();
    let mut fault =
        |cause| faults.push(FrameworkFault { place: FaultPlace::Table(head.file.clone()), cause });
    if head.separator.as_deref() == Some("") {
        fault(FaultCause::EmptySeparator);
    }
    let delimiter = head.delimiter.unwrap_or(if is_tab_separated(&head.file) { '\t' } else { ',' });
    let delimiter = u8::try_from(delimiter).ok().filter(u8::is_ascii).unwrap_or_else(|| {
        fault(FaultCause::BadDelimiter(delimiter));
        b','
    });
    if faults.len() > before {
        return Vec::new();
    }
    let plain: Box<dyn Read + '_> = if bytes.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::read::MultiGzDecoder::new(bytes))
    } else {
        Box::new(bytes)
    };
    let mut reader = csv::ReaderBuilder::new();
    reader.delimiter(delimiter).quoting(!head.unquoted).flexible(true);
    read_rows(head, reader.from_reader(plain), faults)
}

fn is_tab_separated(file: &str) -> bool {
    file.trim_end_matches(".gz").ends_with(".tsv")
}

fn read_rows<R: Read>(
    head: &TableHead,
    mut reader: csv::Reader<R>,
    faults: &mut Vec<FrameworkFault>,
) -> Vec<EntryRow> {
    let table = || FaultPlace::Table(head.file.clone());
    let plan = match reader.headers() {
        Ok(columns) => ColumnPlan::new(head, columns, faults),
        Err(error) => {
            let cause = FaultCause::Unreadable(error.to_string());
            faults.push(FrameworkFault { place: table(), cause });
            None
        }
    };
    let Some(plan) = plan else { return Vec::new() };
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => rows.push(plan.row(&record)),
            Err(error) => {
                let row = error.position().map_or(0, csv::Position::line);
                let place = FaultPlace::Row { file: head.file.clone(), row };
                let cause = FaultCause::Unreadable(error.to_string());
                faults.push(FrameworkFault { place, cause });
                // What follows a broken row or stream cannot be trusted to be rows.
                break;
            }
        }
    }
    rows
}

impl<'a> ColumnPlan<'a> {
    fn new(
        head: &'a TableHead,
        columns: &StringRecord,
        faults: &mut Vec<FrameworkFault>,
    ) -> Option<ColumnPlan<'a>> {
        let before = faults.len();
        let plain = |column: &str| column.trim_start_matches('\u{feff}').trim().to_owned();
        let known: Vec<String> = columns.iter().map(plain).collect();
        let mut find = |name: &str| {
            known.iter().position(|column| column == name).unwrap_or_else(|| {
                let place = FaultPlace::Table(head.file.clone());
                let cause = FaultCause::UnknownColumn(name.to_owned(), known.clone());
                faults.push(FrameworkFault { place, cause });
                0
            })
        };
        let plan = ColumnPlan {
            id: find(&head.id),
            name: head.name.as_deref().map(&mut find),
            titles: head.titles.iter().map(|name| find(name)).collect(),
            about: head.about.as_deref().map(&mut find),
            parent: head.parent.as_deref().map(&mut find),
            groups: head.groups.iter().map(|group| (find(&group.id), find(&group.name))).collect(),
            head,
        };
        (faults.len() == before).then_some(plan)
    }

    fn row(&self, record: &StringRecord) -> EntryRow {
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let filled = |column: usize| Some(cell(column)).filter(|text| self.says_something(text));
        let owned = |column: Option<usize>| column.and_then(filled).map(str::to_owned);
        EntryRow {
            row: record.position().map_or(0, csv::Position::line),
            id: cell(self.id).to_owned(),
            name: owned(self.name),
            titles: self.titles.iter().flat_map(|column| self.titles_of(cell(*column))).collect(),
            about: owned(self.about),
            parent: owned(self.parent),
            groups: self
                .groups
                .iter()
                .filter_map(|(id, name)| Some((filled(*id)?.to_owned(), cell(*name).to_owned())))
                .collect(),
        }
    }

    fn says_something(&self, text: &str) -> bool {
        !text.is_empty() && !self.head.empty.iter().any(|empty| empty == text)
    }

    fn titles_of(&self, cell: &str) -> Vec<String> {
        let parts: Vec<&str> = match self.head.separator.as_deref() {
            Some(separator) => cell.split(separator).collect(),
            None => vec![cell],
        };
        let shortened = |part: &str| match self.head.drop_brackets {
            true => without_bracket(part.trim()).to_owned(),
            false => part.trim().to_owned(),
        };
        parts.into_iter().map(shortened).filter(|title| self.says_something(title)).collect()
    }
}

/// A title without a bracket at its end.
fn without_bracket(title: &str) -> &str {
    match title.rfind('(') {
        Some(begin) if begin > 0 && title.ends_with(')') => title[..begin].trim_end(),
        _ => title,
    }
}
