//! `lists/*.yaml` and `lists/*.csv`: names that rules look up. In YAML a list of names, or a
//! mapping of names to values; a CSV has a header, names in its first column and values in the
//! second.

use super::{ParsedFile, named, text_of};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_rule::{NamedList, list};
use weir_yaml::diagnostic::{Diagnostics, FileTexts, Place};
use weir_yaml::yaml::{self, Node, Required};

/// Names in one list; a look-up is not a database.
const MOST: usize = 200_000;

/// A list in YAML; its name is the file's.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSpec {
    /// The names: a list, or a mapping of names to values.
    pub list: Required<Node>,
    /// What the list contains and where it comes from.
    #[serde(default)]
    pub about: Option<String>,
}

/// A name, its place, and its value.
type ListLine = (String, Place, Option<String>);

/// Reads the lists of a project folder.
pub(super) fn load(
    folder: &Path,
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> Vec<ParsedFile<Arc<NamedList>>> {
    let all: Vec<ParsedFile<Arc<NamedList>>> = files(&folder.join("lists"))
        .into_iter()
        .map(|path| read(&path, texts, out))
        .collect();
    for file in &all {
        if let Some(first) = all
            .iter()
            .find(|other| other.stem == file.stem && other.file < file.file)
        {
            out.error(
                &file.start(),
                "duplicate-list",
                format!("two files define the list `{}`", file.stem),
            )
            .related(&first.start(), "first defined here")
            .help("merge them into one file");
        }
    }
    all
}

fn read(path: &Path, texts: &mut FileTexts, out: &mut Diagnostics) -> ParsedFile<Arc<NamedList>> {
    let (file, stem) = named("lists", path);
    let is_csv = path.extension().is_some_and(|ending| ending == "csv");
    let lines = text_of(path, &file, texts, out).and_then(|bytes| {
        if is_csv {
            of_csv(&file, &bytes, out)
        } else {
            of_yaml(&file, &bytes, out)
        }
    });
    let is_name = stem.starts_with(|first: char| first.is_ascii_lowercase())
        && stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        out.error(
            &Place::start_of(file.as_str()),
            "bad-name",
            format!("`{stem}` cannot be the name of a list"),
        )
        .help("use lowercase letters, digits and `_`: rules refer to it as `lists.agencies`");
    }
    let spec = lines
        .and_then(|lines| checked(&file, lines, out))
        .map(Arc::new);
    ParsedFile {
        file,
        stem,
        spec,
        made_of: Vec::new(),
    }
}

/// The lists of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_list = |path: &PathBuf| {
        path.extension()
            .is_some_and(|ending| ["yaml", "yml", "csv"].iter().any(|known| ending == *known))
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_list)
        .collect();
    files.sort();
    files
}

fn of_yaml(file: &str, bytes: &[u8], out: &mut Diagnostics) -> Option<Vec<ListLine>> {
    let spec: ListSpec = yaml::read(file, bytes, out)?;
    let tree = spec.list.get()?;
    let mut lines = Vec::new();
    for item in tree.items() {
        lines.push((text(item, out)?, item.place().clone(), None));
    }
    for entry in tree.entries() {
        lines.push((
            entry.key_text(),
            entry.key.place().clone(),
            Some(text(&entry.value, out)?),
        ));
    }
    Some(lines)
}

fn text(node: &Node, out: &mut Diagnostics) -> Option<String> {
    let text = node.text().map(str::to_owned);
    if text.is_none() {
        out.error(node.place(), "wrong-type", format!("expected a name, found {}", node.described()))
            .help("a list has one name per line, such as `- NSW Health`, or maps names to values, such as `VPSG5: Officer`");
    }
    text
}

fn of_csv(file: &str, bytes: &[u8], out: &mut Diagnostics) -> Option<Vec<ListLine>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(true)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut lines = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(1, csv::Position::line);
                let place = Place {
                    line: usize::try_from(line).unwrap_or(1),
                    ..Place::start_of(file)
                };
                let value = record
                    .get(1)
                    .filter(|value| !value.is_empty())
                    .map(str::to_owned);
                lines.push((record.get(0).unwrap_or_default().to_owned(), place, value));
            }
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                let place = Place {
                    line: usize::try_from(line).unwrap_or(1),
                    ..Place::start_of(file)
                };
                out.error(
                    &place,
                    "bad-list",
                    format!("cannot read this line: {error}"),
                )
                .help("save the file as CSV in UTF-8");
                return None;
            }
        }
    }
    Some(lines)
}

fn checked(file: &str, lines: Vec<ListLine>, out: &mut Diagnostics) -> Option<NamedList> {
    let start = Place::start_of(file);
    if lines.is_empty() || lines.len() > MOST {
        let what = if lines.is_empty() {
            "the list is empty".to_owned()
        } else {
            format!("the list has more than {MOST} names")
        };
        out.error(&start, "bad-list", what).help(
            "a list has one name per line, such as `- NSW Health`; a CSV also needs a header row",
        );
        return None;
    }
    let mut first: HashMap<String, Place> = HashMap::new();
    for (name, place, _) in &lines {
        if let Some(earlier) = first.get(&list::key(name)) {
            out.warning(
                place,
                "duplicate-entry",
                format!("`{name}` appears twice in this list"),
            )
            .related(earlier, "first listed here")
            .help("remove one of them; case and repeated whitespace are ignored");
        } else {
            first.insert(list::key(name), place.clone());
        }
    }
    Some(NamedList::new(
        lines.into_iter().map(|(name, _, value)| (name, value)),
    ))
}
