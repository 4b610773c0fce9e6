//! The head of a framework as its author writes it: plain serde types.

use schemars::JsonSchema;
use serde::Deserialize;

/// The YAML of a framework.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameworkHead {
    /// The name that institutions use.
    pub framework: String,
    /// What its entries are.
    pub kind: FrameworkKind,
    /// What it is, for people.
    #[serde(default)]
    pub about: Option<String>,
    /// The version; several versions of a framework live side by side.
    pub version: String,
    /// Where it comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// What its use is bound to.
    #[serde(default)]
    pub licence: Option<String>,
    /// What a reader should know.
    #[serde(default)]
    pub note: Option<String>,
    /// A second framework whose titles say what titles of this one mean.
    #[serde(default)]
    pub bridge: Option<String>,
    /// The levels of capabilities, ascending.
    #[serde(default)]
    pub levels: Vec<LevelHead>,
    /// Groups of entries.
    #[serde(default)]
    pub groups: Vec<EntryHead>,
    /// Entries.
    #[serde(default)]
    pub entries: Vec<EntryHead>,
    /// Tables with more groups and entries.
    #[serde(default)]
    pub tables: Vec<TableHead>,
}

/// What the entries of a framework are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrameworkKind {
    /// Roles or occupations.
    Roles,
    /// Capabilities or skills.
    Capabilities,
}

/// A level of capabilities.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelHead {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Other names.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// An entry or a group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryHead {
    /// Its id, unique in the framework.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of its group.
    #[serde(default)]
    pub parent: Option<String>,
    /// Alternative titles.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether its source confirms it.
    #[serde(default = "confirmed")]
    pub confirmed: bool,
    /// What it is, in a sentence or two.
    #[serde(default)]
    pub about: Option<String>,
    /// Phrases that point to a capability.
    #[serde(default)]
    pub phrases: Vec<String>,
    /// Phrases that only hint at it: one alone decides little, several do.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Capabilities that come with a role.
    #[serde(default)]
    pub capabilities: Vec<CapabilityHead>,
}

fn confirmed() -> bool {
    true
}

/// A capability that comes with a role.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilityHead {
    /// The id of the capability.
    pub capability: String,
    /// The id of its level.
    #[serde(default)]
    pub level: Option<String>,
}

/// A CSV or TSV file with entries, `.gz` or not: which column is what.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableHead {
    /// The file, beside the head.
    pub file: String,
    /// What separates cells; by default a tab in `.tsv`, a comma elsewhere.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// Whether quotes in cells are only letters.
    #[serde(default)]
    pub unquoted: bool,
    /// The column of ids; several rows with one id are one entry.
    pub id: String,
    /// The column of names; without it the first title is the name.
    #[serde(default)]
    pub name: Option<String>,
    /// Columns of alternative titles.
    #[serde(default)]
    pub titles: Vec<String>,
    /// What separates titles in a cell; without it a cell is one title.
    #[serde(default)]
    pub separator: Option<String>,
    /// Cells that mean nothing: `n/a`.
    #[serde(default)]
    pub empty: Vec<String>,
    /// Whether a bracket at the end of a title is dropped: `Actuary (FSA)`.
    #[serde(default)]
    pub drop_brackets: bool,
    /// The column of descriptions.
    #[serde(default)]
    pub about: Option<String>,
    /// The column with the id of the parent.
    #[serde(default)]
    pub parent: Option<String>,
    /// How a parent is found where no column names it.
    #[serde(default)]
    pub parent_by: Option<ParentRule>,
    /// Columns of the groups above each row, the highest first.
    #[serde(default)]
    pub groups: Vec<GroupColumns>,
    /// Whether the rows are groups.
    #[serde(default)]
    pub are_groups: bool,
}

/// How a parent is found without a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ParentRule {
    /// The longest id of a group that the id begins with: `1120` is below `112`.
    Prefix,
}

/// The columns of a group that every row repeats.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupColumns {
    /// The column of ids.
    pub id: String,
    /// The column of names.
    pub name: String,
}
