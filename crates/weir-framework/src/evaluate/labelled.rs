//! Labelled files: CSV, or values of YAML that the caller reads.

use serde::Deserialize;
use std::fmt;

/// A title with its role or group; none if nothing of the framework fits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LabelledTitle {
    /// The title.
    pub title: String,
    /// The id of the role or group.
    #[serde(rename = "role_id")]
    pub role: Option<String>,
}

/// A name with its company; none if it is no known one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LabelledName {
    /// The name.
    pub name: String,
    /// The id of the company.
    pub company: Option<String>,
}

/// The YAML of labelled texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledTexts {
    /// What they are, for people.
    #[serde(default)]
    pub about: Option<String>,
    /// Texts with their capabilities.
    pub texts: Vec<LabelledText>,
}

/// A text with its capabilities.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledText {
    /// The text.
    pub text: String,
    /// Its capabilities.
    #[serde(default)]
    pub capabilities: Vec<LabelledCapability>,
    /// The ids of its capabilities, where neither level nor kind counts.
    #[serde(default)]
    pub asks: Vec<String>,
}

/// A capability of a text; a level or kind that is left out does not count.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelledCapability {
    /// The capability.
    pub id: String,
    /// The level.
    #[serde(default)]
    pub level: Option<String>,
    /// The kind.
    #[serde(default)]
    pub kind: Option<String>,
}

impl LabelledText {
    /// All its labels.
    pub(super) fn labels(&self) -> Vec<LabelledCapability> {
        let asked = self.asks.iter().map(|id| LabelledCapability {
            id: id.clone(),
            level: None,
            kind: None,
        });
        self.capabilities.iter().cloned().chain(asked).collect()
    }
}

/// Why a labelled file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelFault {
    /// A row that cannot be read.
    Row(String),
    /// A label that nothing has as id.
    UnknownId(String),
    /// A kind that does not exist.
    UnknownKind(String),
    /// No labels at all.
    Empty,
}

impl fmt::Display for LabelFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LabelFault::Row(why) => write!(out, "the labelled file cannot be read: {why}"),
            LabelFault::UnknownId(id) => write!(out, "nothing has the id `{id}` of a label"),
            LabelFault::UnknownKind(kind) => write!(
                out,
                "no kind is named `{kind}`; the kinds are focus, complementary, mentioned, by-role"
            ),
            LabelFault::Empty => write!(out, "the labelled file has no rows"),
        }
    }
}

/// Reads a CSV of titles: `title,role_id`.
///
/// # Errors
/// A row cannot be read, or there are none.
pub fn read_titles(csv: &[u8]) -> Result<Vec<LabelledTitle>, LabelFault> {
    read(csv)
}

/// Reads a CSV of names: `name,company`.
///
/// # Errors
/// A row cannot be read, or there are none.
pub fn read_names(csv: &[u8]) -> Result<Vec<LabelledName>, LabelFault> {
    read(csv)
}

/// A row of a CSV of texts.
#[derive(Deserialize)]
struct LabelledTextRow {
    text: String,
    capability_id: Option<String>,
    #[serde(default)]
    level: Option<String>,
    #[serde(default)]
    kind: Option<String>,
}

/// Reads a CSV of texts: `text,capability_id,level,kind`; rows with one text belong together.
///
/// # Errors
/// A row cannot be read, or there are none.
pub fn read_texts(csv: &[u8]) -> Result<Vec<LabelledText>, LabelFault> {
    let mut texts: Vec<LabelledText> = Vec::new();
    for LabelledTextRow { text, capability_id, level, kind } in read::<LabelledTextRow>(csv)? {
        if texts.last().is_none_or(|last| last.text != text) {
            texts.push(LabelledText { text, capabilities: Vec::new(), asks: Vec::new() });
        }
        if let (Some(id), Some(last)) = (capability_id, texts.last_mut()) {
            last.capabilities.push(LabelledCapability { id, level, kind });
        }
    }
    Ok(texts)
}

fn read<T: for<'a> Deserialize<'a>>(csv: &[u8]) -> Result<Vec<T>, LabelFault> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(csv);
    let rows: Result<Vec<T>, csv::Error> = reader.deserialize().collect();
    let rows = rows.map_err(|error| LabelFault::Row(error.to_string()))?;
    if rows.is_empty() { Err(LabelFault::Empty) } else { Ok(rows) }
}
